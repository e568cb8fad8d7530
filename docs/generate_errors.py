"""Writes docs/reference/qbo-faults.md from the provider's dictionary of refusals and its fault matrix.

python docs/generate_errors.py            write the page
python docs/generate_errors.py --check    exit 1 when the page is not as the dictionary wants it
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from from_tables import about, by_meaning, carry_out, outcome, part, pattern

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.fault_matrix import KINDS, NEVER, VERBS, Cell, cell, upload_cell
from blueops_qb.providers.qbo.fault_rules import Result, Rule
from blueops_qb.providers.qbo.faults import RULES, TOO_OLD
from blueops_qb.providers.qbo.matrix_trials import TRIALS, UPLOAD_TRIALS, Seen
from blueops_qb.sdk.outcomes import Why
from blueops_qb.sdk.provider import Verb

PAGE = Path(__file__).resolve().parent / "reference" / "qbo-faults.md"

HEAD = """# Faults of QuickBooks Online

<!-- Written by docs/generate_errors.py from blueops_qb/providers/qbo/faults.py; do not edit by hand. -->

What each fault of the v3 API comes to, what the page says, and what to do. The first row whose code and text fit
counts: some codes say two things, and the words of the fault tell which. "Text" is a regular expression that message or
detail must contain, or says at which write alone the row counts. The record is named in front of the sentence. Outcomes
are those of [states](states.md#outcomes).

A code that is not in the table, in an answer that otherwise went through, is refused with QuickBooks' own text. An
answer without a readable fault (HTML, a cut answer, a 5xx) is `NotKnown` for a write and simply asked again for a read;
429 is `Throttled`, 401 `SignIn` with a refresh, 403 `SignIn`, 413 `Refused`.
"""

MATRIX_HEAD = """## What becomes of each kind of write

Where the record's event stands once the answer has been heard, how the connection fares ([states](states.md)), and
what happens next. A row holds for the kinds of record that it names under create, update and withdraw. Each of them is
driven through the engine against the twin by a test, which also takes the next step and counts what the books hold. No
record of BlueOps becomes an estimate, credit memo, sales or refund receipt, bill payment, vendor credit or purchase
order yet: those are tried by rules that the test hands to the engine.

| fault | met in | create | update | withdraw | record | connection | next |
|---|---|---|---|---|---|---|---|"""
UPLOAD_HEAD = """### The upload of a file

A receipt goes up alone, after its cost, so that only what refuses a whole call can meet it. It is the cost's event that
stands there.

| fault | record | connection | next |
|---|---|---|---|"""
CANNOT_HEAD = """### Where a fault cannot occur

| fault | create | update | withdraw | why |
|---|---|---|---|---|"""
SEEN: dict[Seen, str] = {
    Seen.ITEM: "one item of a batch",
    Seen.CALL: "the whole call",
    Seen.ANSWER: "the answer",
}
OUTCOMES: dict[Result, str] = {
    Result.REFUSED: "Refused",
    Result.STALE: "Stale",
    Result.GONE: "Gone",
    Result.ABSENT: "Absent",
    Result.LATER: "Throttled",
    Result.REFRESH: "SignIn, refreshed by itself",
    Result.SIGN_IN: "SignIn",
    Result.UNKNOWN: "NotKnown",
    Result.TOO_OLD: "Found, too old",
}
#: What to do where the dictionary gives no remedy, because the engine goes on by itself or asks in its own words.
OTHERWISE: dict[Result, str] = {
    Result.GONE: "Choose on the conflicts page.",
    Result.ABSENT: "Choose on the conflicts page.",
    Result.STALE: "Nothing; both sides are compared again.",
    Result.LATER: "Nothing; it is tried again.",
    Result.UNKNOWN: "Nothing; it is looked up.",
    Result.TOO_OLD: "Nothing; everything is listed and compared.",
}
#: The parts of the page, in the order in which a reader looks for them.
PARTS: dict[str, frozenset[Why | Result]] = {
    "Sign-in and rights": frozenset({Result.REFRESH, Result.SIGN_IN, Why.NOT_ALLOWED, Why.NOT_AVAILABLE}),
    "What passes by itself": frozenset({Result.LATER, Result.UNKNOWN, Result.STALE, Result.TOO_OLD}),
    "The record and what it names": frozenset({Result.GONE, Result.ABSENT, Why.REFERENCE}),
    "Names, numbers and periods": frozenset({Why.NAME_TAKEN, Why.NUMBER_TAKEN, Why.CLOSED_PERIOD}),
    "Paid, deposited or linked": frozenset({Why.FROZEN}),
    "Content": frozenset({Why.INVALID}),
    "Defects of the connection": frozenset({Why.DEFECT}),
}


def page() -> str:
    """The whole page as Markdown; raises LookupError for a rule that belongs to no part."""
    rules = [*RULES, TOO_OLD]
    lost = [rule.code for rule in rules if not any(about(rule) in kinds for kinds in PARTS.values())]
    if lost:
        raise LookupError(f"these codes belong to no part of the page, add their kind to PARTS: {lost}")
    parts = [
        part(title, "text", _rows([rule for rule in rules if about(rule) in kinds]))
        for title, kinds in PARTS.items()
    ]
    return "\n".join(
        [HEAD, *parts, MATRIX_HEAD, *_matrix(), "", UPLOAD_HEAD, *_uploads(), "", CANNOT_HEAD, *_cannot(), ""]
    )


#: How the kinds of record are called in the matrix.
CALLED: dict[BooksKind, str] = {kind: kind.value for kind in KINDS}
EVERY = "all"


def called(verb: Verb, kinds: Iterable[BooksKind]) -> str:
    """The kinds in a cell of the matrix, `all` of those that the verb can meet; a dash for none."""
    kinds = frozenset(kinds)
    if kinds == {kind for kind in KINDS if (verb, kind) not in NEVER}:
        return EVERY
    return ", ".join(CALLED[kind] for kind in KINDS if kind in kinds) or "-"


def _matrix() -> Iterator[str]:
    """A row per fault and fate, with the kinds that meet it at each kind of write."""
    for trial in TRIALS:
        fates: dict[Cell, dict[Verb, set[BooksKind]]] = {}
        for verb in VERBS:
            for kind in KINDS:
                met = cell(trial, verb, kind)
                if not met.cannot:
                    fates.setdefault(met, {each: set() for each in VERBS})[verb].add(kind)
        for met, writes in fates.items():
            kinds = " | ".join(called(verb, writes[verb]) for verb in VERBS)
            assert met.stands is not None
            assert met.next is not None
            yield (
                f"| {trial.name} | {SEEN[trial.seen]} | {kinds} | `{met.stands.value}` | `{met.health.value}` "
                f"| {met.next.value}. |"
            )


def _uploads() -> Iterator[str]:
    """A row per fault that an upload can meet."""
    for trial in UPLOAD_TRIALS:
        met = upload_cell(trial)
        assert met.stands is not None
        assert met.next is not None
        yield f"| {trial.name} | `{met.stands.value}` | `{met.health.value}` | {met.next.value}. |"


def _cannot() -> Iterator[str]:
    """A row per reason, with the writes at which a fault cannot occur."""
    for (verb, kind), why in NEVER.items():
        kinds = " | ".join(called(each, {kind} if each is verb else ()) for each in VERBS)
        yield f"| every one | {kinds} | {why} |"
    for trial in TRIALS:
        reasons: dict[str, dict[Verb, set[BooksKind]]] = {}
        for verb in VERBS:
            for kind in KINDS:
                why = cell(trial, verb, kind).cannot
                if why and (verb, kind) not in NEVER:
                    reasons.setdefault(why, {each: set() for each in VERBS})[verb].add(kind)
        for why, writes in reasons.items():
            kinds = " | ".join(called(verb, writes[verb]) for verb in VERBS)
            yield f"| {trial.name} | {kinds} | {why} |"


def _rows(rules: list[Rule]) -> Iterator[str]:
    for rule, codes in by_meaning(rules, lambda rule: rule.code or "-"):
        text = pattern(rule)
        if rule.about is not None:
            text = f"writing a {rule.about.value.replace('_', ' ')}" + (f", {text}" if text else "")
        remedy = rule.remedy or OTHERWISE[rule.result]
        if rule.result is Result.REFRESH:
            remedy = f"Nothing, unless the refresh fails too: {remedy}"
        yield f"| {codes} | {text} | {outcome(rule, OUTCOMES)} | {rule.message} | {remedy} |"


if __name__ == "__main__":
    sys.exit(carry_out({PAGE: page}, sys.argv[1:]))
