"""Writes docs/reference/qbd-statuses.md and docs/reference/books.md from the providers' own tables.

python docs/generate_desktop.py            write the pages
python docs/generate_desktop.py --check    exit 1 when a page is not as the tables want it
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from from_tables import about, by_meaning, carry_out, outcome, part, pattern

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd import matrix
from blueops_qb.providers.qbd.hresults import FAILURES, UNLISTED, Failure, Fate, Next
from blueops_qb.providers.qbd.status import RULES, SETS
from blueops_qb.providers.qbd.status_rules import Result, Rule
from blueops_qb.providers.qbo.entities import ENTITIES, VOIDABLE
from blueops_qb.sdk.capability import Removal
from blueops_qb.sdk.outcomes import Why
from blueops_qb.sdk.provider import Verb

FOLDER = Path(__file__).resolve().parent / "reference"

STATUS_HEAD = """# Statuses of QuickBooks Desktop

<!-- Written by docs/generate_desktop.py from blueops_qb/providers/qbd; do not edit by hand. -->

What each status of a qbXML answer comes to, what the page says, and what to do. The first row whose code and text fit
counts. "When" is a regular expression that the message must contain, or says at which writes alone the row counts. The
record is named in front of the sentence. Outcomes are those of [states](states.md#outcomes). The severity that
QuickBooks tells is not looked at. A row with an asterisk is not confirmed by a public text.

A code without a row goes by its range: below 1000 it is done with a remark, 1000 to 1999 nobody can say, 2000 to 2999
this QuickBooks cannot do it, 9100 to 9199 is a defect, and everything else is refused with QuickBooks' own text.
"""
SETS_HEAD = """## Message sets

What QuickBooks says of a whole set, when it is asked what became of one whose answer was lost.

| code | it comes to | meaning |
|---|---|---|"""
FAILURES_HEAD = """## Failures of the connection

What the Web Connector reports instead of an answer (HRESULT), in one spelling whatever it was told in. "Not run" means
that nothing of the message set was carried out; about one that writes QuickBooks is asked all the same, unless it could
not read it.

| code | the set that was out | next | the page says | what to do |
|---|---|---|---|---|"""
OUTCOMES: dict[Result, str] = {
    Result.DONE: "Applied or Found",
    Result.ABSENT: "Absent",
    Result.GONE: "Gone",
    Result.REFUSED: "Refused",
    Result.STALE: "Stale",
    Result.LATER: "Throttled",
    Result.NOT_RUN: "Throttled, sent again at once",
    Result.UNKNOWN: "NotKnown for a write, asked again for a read",
    Result.RESTART: "Throttled, the reading begins anew",
}
#: What to do where the dictionary gives no remedy, because the engine goes on by itself or asks in its own words.
OTHERWISE: dict[Result, str] = {
    Result.DONE: "Nothing.",
    Result.ABSENT: "Nothing, or choose on the conflicts page.",
    Result.GONE: "Choose on the conflicts page.",
    Result.STALE: "Nothing; both sides are compared again.",
    Result.LATER: "Nothing; it is tried again.",
    Result.NOT_RUN: "Nothing; it is sent again.",
    Result.UNKNOWN: "Nothing; it is looked up.",
    Result.RESTART: "Nothing; it is asked again.",
}
#: The parts of the page, in the order in which a reader looks for them.
PARTS: dict[str, frozenset[Why | Result]] = {
    "Done": frozenset({Result.DONE}),
    "Rights and features": frozenset({Why.NOT_ALLOWED, Why.NOT_AVAILABLE}),
    "What passes by itself": frozenset(
        {Result.LATER, Result.UNKNOWN, Result.STALE, Result.NOT_RUN, Result.RESTART}
    ),
    "The record and what it names": frozenset({Result.GONE, Result.ABSENT, Why.REFERENCE}),
    "Names and periods": frozenset({Why.NAME_TAKEN, Why.NUMBER_TAKEN, Why.CLOSED_PERIOD}),
    "Paid, deposited or linked": frozenset({Why.FROZEN}),
    "Content": frozenset({Why.INVALID}),
    "Defects of the connection": frozenset({Why.DEFECT}),
}
FATES: dict[Fate, str] = {
    Fate.NOT_RUN: "not run",
    Fate.UNKNOWN: "nobody can say",
    Fate.UNREADABLE: "not run, unreadable",
}
NEXT: dict[Next, str] = {
    Next.LATER: "at the next visit",
    Next.STOP: "waits for a person",
    Next.OFFER_PATH: "the file's path is offered once",
    Next.HALVE: "the set is halved",
    Next.LOOK_UP: "the books are asked",
    Next.LOWER_VERSION: "an older version is spoken",
}

BOOKS_HEAD = """# What can be done in which books

<!-- Written by docs/generate_desktop.py from the providers' own tables; do not edit by hand. -->

For each kind of document the objects of QuickBooks Online and the requests of QuickBooks Desktop by which it is
created, changed, taken out and read. A dash is a gap, with its reason below. What it all comes to in the accounts:
[treatments](treatments.md).

"""
GAPS_HEAD = """## Gaps

| document | operation | books | why |
|---|---|---|---|"""
CALLED = {Verb.CREATE: "create", Verb.UPDATE: "change", Verb.WITHDRAW: "take out", Verb.READ: "read"}
#: Gaps of QuickBooks Online.
ONLINE_GAPS: dict[tuple[BooksKind, Verb], str] = {
    (BooksKind.TAX_CODE, Verb.UPDATE): "The tax service cannot change a code; it is changed in QuickBooks.",
    (BooksKind.TAX_CODE, Verb.WITHDRAW): "The tax service cannot remove a code; it is removed in QuickBooks.",
    (BooksKind.ATTACHMENT, Verb.UPDATE): "A file is never changed; another one is attached.",
}


# --- statuses ---


def statuses_page() -> str:
    """The page of statuses; raises LookupError for a rule that belongs to no part."""
    lost = [rule.code for rule in RULES if not any(about(rule) in kinds for kinds in PARTS.values())]
    if lost:
        raise LookupError(f"these codes belong to no part of the page, add their kind to PARTS: {lost}")
    parts = [
        part(title, "when", _rows([rule for rule in RULES if about(rule) in kinds]))
        for title, kinds in PARTS.items()
    ]
    sets = (f"| {rule.code} | {OUTCOMES[rule.result]} | {rule.message} |" for rule in SETS)
    failures = (_failure(failure) for failure in (*FAILURES, UNLISTED))
    return "\n".join([STATUS_HEAD, *parts, SETS_HEAD, *sets, "", FAILURES_HEAD, *failures, ""])


def _rows(rules: list[Rule]) -> Iterator[str]:
    for rule, codes in by_meaning(rules, lambda rule: rule.code if rule.sure else f"{rule.code}*", sure=True):
        when = pattern(rule)
        if rule.verbs:
            when = " or ".join(sorted(CALLED[verb] for verb in rule.verbs))
        remedy = rule.remedy or OTHERWISE[rule.result]
        yield f"| {codes} | {when} | {outcome(rule, OUTCOMES)} | {rule.message} | {remedy} |"


def _failure(failure: Failure) -> str:
    codes = ", ".join(f"`{code}`" for code in failure.codes) or "any other"
    return (
        f"| {codes} | {FATES[failure.fate]} | {NEXT[failure.next]} | {failure.message} | {failure.remedy} |"
    )


# --- the matrix of both kinds of books ---


def books_page() -> str:
    """The page of the matrix."""
    return "\n".join([BOOKS_HEAD + _heading(), *_matrix(), "", GAPS_HEAD, *_gaps(), ""])


def _heading() -> str:
    verbs = [f"{CALLED[verb]}: {books}" for verb in matrix.VERBS for books in ("Online", "Desktop")]
    return f"| document | {' | '.join(verbs)} |\n|---|{'---|' * len(verbs)}"


def _matrix() -> Iterator[str]:
    for kind in matrix.KINDS:
        cells = [text for verb in matrix.VERBS for text in (_online(kind, verb), _desktop(kind, verb))]
        yield f"| {kind.value.replace('_', ' ')} | {' | '.join(cells)} |"


def _online(kind: BooksKind, verb: Verb) -> str:
    if (kind, verb) in ONLINE_GAPS:
        return "-"
    entity = ENTITIES[kind]
    if verb is not Verb.WITHDRAW:
        name = "TaxService" if (kind, verb) == (BooksKind.TAX_CODE, Verb.CREATE) else entity.name
        return f"`{name}`"
    if kind in VOIDABLE:
        return "void"
    return "set inactive" if entity.removal is Removal.DEACTIVATE else "delete"


def _desktop(kind: BooksKind, verb: Verb) -> str:
    return _listed(matrix.cell(kind, verb).requests)


def _listed(requests: Iterable[str]) -> str:
    return ", ".join(f"`{name.removesuffix('Rq')}`" for name in requests) or "-"


def _gaps() -> Iterator[str]:
    for kind in matrix.KINDS:
        for verb in matrix.VERBS:
            called = f"| {kind.value.replace('_', ' ')} | {CALLED[verb]} |"
            if (kind, verb) in ONLINE_GAPS:
                yield f"{called} Online | {ONLINE_GAPS[kind, verb]} |"
            why = matrix.cell(kind, verb).cannot
            if why:
                yield f"{called} Desktop | {why} |"


PAGES = {FOLDER / "qbd-statuses.md": statuses_page, FOLDER / "books.md": books_page}


if __name__ == "__main__":
    sys.exit(carry_out(PAGES, sys.argv[1:]))
