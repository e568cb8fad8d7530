"""First matching: which of our customers, jobs and vendors are in the books already.

Two records match by exactly the same normalised name or by the same e-mail. Whatever leaves a doubt is
`Ambiguous` and waits for a person; a record in the books is never given to two of ours.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs

from blueops_qb.domain.naming import name_key
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind

#: Forms of business. They stay part of a name, and after a comma they are no given name.
COMPANY_FORMS = frozenset(
    {
        "inc",
        "incorporated",
        "llc",
        "llp",
        "lp",
        "lllp",
        "co",
        "corp",
        "corporation",
        "company",
        "ltd",
        "limited",
    }
    | {"pc", "pllc", "plc", "dba", "jr", "sr", "ii", "iii", "iv"}
)
#: What QuickBooks Online appends to the name of what was made inactive (reference section 3).
DELETED_MARK = " (deleted)"
_SILENT = re.compile(r"[.'\u2019`]+")
_OTHER = re.compile(r"[^\w]+|_+")


@attrs.frozen(kw_only=True)
class Candidate:
    """A party of either side. A job is of kind CUSTOMER; its `parent_id` is the customer's id on its side."""

    id: str
    name: str
    kind: BooksKind = attrs.field(validator=attrs.validators.in_(NAMED_KINDS))
    email: str = ""
    phone: str = ""
    parent_id: str = ""
    active: bool = True


@attrs.frozen(kw_only=True)
class Matched:
    """Ours is the record in the books with the id `books_id`."""

    ours: Candidate
    books_id: str
    reason: str


@attrs.frozen(kw_only=True)
class Create:
    """Nothing in the books looks like ours; it may be created."""

    ours: Candidate
    reason: str


@attrs.frozen(kw_only=True)
class Ambiguous:
    """A person chooses among `candidates` (ids in the books, possibly none) or creates anew."""

    ours: Candidate
    candidates: tuple[str, ...]
    reason: str


@attrs.frozen(kw_only=True)
class Taken:
    """Nothing matches, but the name cannot be given in the books: `by` bears it there as something else."""

    ours: Candidate
    by: Candidate
    reason: str


Match = Matched | Create | Ambiguous | Taken


def normal_name(text: str) -> str:
    """A name for comparison: compatibility characters, case, punctuation and spaces do not count.

    `Last, First` is `First Last`. The form of a company counts (`Acme Inc` is not `Acme LLC`), its
    spelling does not (`A.B.C. Inc.` is `abc inc`). Text without a letter or digit stays as it is.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    last, comma, first = folded.partition(",")
    if comma and "," not in first and _words(first) and not COMPANY_FORMS & set(_words(first)):
        folded = f"{first} {last}"
    return " ".join(_words(folded)) or " ".join(folded.split())


def _words(folded: str) -> list[str]:
    return _OTHER.sub(" ", _SILENT.sub("", folded.replace("&", " and "))).split()


def _telling_words(name: str) -> set[str]:
    return set(normal_name(name).split()) - COMPANY_FORMS - {"and", "the", "of"}


def normal_email(text: str) -> str:
    """An e-mail address for comparison."""
    return text.strip().lower()


def normal_phone(text: str) -> str:
    """The last ten digits of a phone number, empty for fewer than seven."""
    digits = "".join(char for char in text if char.isdecimal())
    return digits[-10:] if len(digits) >= 7 else ""


def match_plan(ours: Sequence[Candidate], theirs: Sequence[Candidate]) -> tuple[Match, ...]:
    """One answer for each of `ours`, in its order.

    Jobs are matched by name among the jobs of the customer that their own customer matched.
    """
    tops = [one for one in ours if not one.parent_id]
    jobs = [one for one in ours if one.parent_id]
    answers: dict[tuple[BooksKind, str, str], Match] = {}
    for kind in (BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.EMPLOYEE):
        group = [one for one in tops if one.kind is kind]
        pool = [other for other in theirs if other.kind is kind and not other.parent_id]
        answers |= {_key(match.ours): match for match in _match_group(group, pool)}
    answers |= {_key(match.ours): match for match in _match_jobs(jobs, theirs, answers)}
    names = _bearers(theirs)
    return tuple(_unless_taken(answers[_key(one)], names) for one in ours)


def _key(one: Candidate) -> tuple[BooksKind, str, str]:
    return one.kind, one.parent_id, one.id


# -- one group of one kind -----------------------------------------------------------------------------
@attrs.frozen(kw_only=True)
class _Claim:
    """The record in the books that one of ours asks for; a higher `strength` goes first."""

    ours: Candidate
    theirs: Candidate
    strength: int
    reason: str


def _match_group(
    ours: Iterable[Candidate], pool: Sequence[Candidate], *, by_email: bool = True
) -> list[Match]:
    names, emails = _index(pool)
    decided = [_decide(one, names, emails if by_email else {}) for one in ours]
    claims: dict[str, list[_Claim]] = defaultdict(list)
    for answer in decided:
        if isinstance(answer, _Claim):
            claims[answer.theirs.id].append(answer)
    return [
        _granted(answer, claims[answer.theirs.id]) if isinstance(answer, _Claim) else answer
        for answer in decided
    ]


def _index(
    pool: Iterable[Candidate],
) -> tuple[dict[str, list[Candidate]], dict[str, list[Candidate]]]:
    names: dict[str, list[Candidate]] = defaultdict(list)
    emails: dict[str, list[Candidate]] = defaultdict(list)
    for other in pool:
        names[normal_name(_books_name(other))].append(other)
        if email := normal_email(other.email):
            emails[email].append(other)
    return names, emails


def _books_name(other: Candidate) -> str:
    return other.name if other.active else other.name.removesuffix(DELETED_MARK)


def _decide(
    one: Candidate, names: Mapping[str, list[Candidate]], emails: Mapping[str, list[Candidate]]
) -> _Claim | Match:
    same_name = _active_first(names.get(normal_name(one.name), []))
    email = normal_email(one.email)
    same_email = _active_first(emails.get(email, [])) if email else []
    if not same_name and not same_email:
        return Create(ours=one, reason="Nobody in the books has this name or e-mail.")
    both = [other for other in same_name if other in same_email]
    if len(both) == 1:
        return _claim(one, both[0], strength=3, reason="Same name and same e-mail.")
    if same_name:
        return _by_name(one, same_name, same_email)
    return _by_email(one, same_email)


def _active_first(others: Sequence[Candidate]) -> Sequence[Candidate]:
    """The active ones; the inactive only where there is no other."""
    return [other for other in others if other.active] or others


def _by_name(
    one: Candidate, same_name: Sequence[Candidate], same_email: Sequence[Candidate]
) -> _Claim | Match:
    if same_email and not any(other in same_name for other in same_email):
        return _doubt(
            one, [*same_name, *same_email], "The name leads to one record and the e-mail to another."
        )
    if len(same_name) == 1:
        return _claim(one, same_name[0], strength=2, reason="Same name.")
    phone = normal_phone(one.phone)
    same_phone = [other for other in same_name if phone and normal_phone(other.phone) == phone]
    if len(same_phone) == 1:
        return _claim(one, same_phone[0], strength=2, reason="Same name and same phone.")
    return _doubt(one, same_name, f"{len(same_name)} records in the books have this name.")


def _by_email(one: Candidate, same_email: Sequence[Candidate]) -> _Claim | Match:
    if len(same_email) > 1:
        return _doubt(one, same_email, f"{len(same_email)} records in the books have this e-mail.")
    other = same_email[0]
    if not _telling_words(one.name) & _telling_words(_books_name(other)):
        return _doubt(one, same_email, f"Same e-mail, but the name in the books is “{other.name}”.")
    return _claim(one, other, strength=1, reason=f"Same e-mail; the name in the books is “{other.name}”.")


def _claim(one: Candidate, other: Candidate, *, strength: int, reason: str) -> _Claim | Match:
    if not other.active:
        return _doubt(
            one, [other], f"“{other.name}” is inactive in the books; make it active there or choose."
        )
    return _Claim(ours=one, theirs=other, strength=strength, reason=reason)


def _doubt(one: Candidate, others: Iterable[Candidate], reason: str) -> Ambiguous:
    return Ambiguous(ours=one, candidates=tuple(dict.fromkeys(other.id for other in others)), reason=reason)


def _granted(claim: _Claim, rivals: Sequence[_Claim]) -> Match:
    """The record goes to the one strongest claim; who else asked for it waits for a person."""
    best = max(rival.strength for rival in rivals)
    strongest = [rival for rival in rivals if rival.strength == best]
    if strongest == [claim]:
        return Matched(ours=claim.ours, books_id=claim.theirs.id, reason=claim.reason)
    others = ", ".join(f"“{rival.ours.name}” ({rival.ours.id})" for rival in rivals if rival is not claim)
    return _doubt(claim.ours, [claim.theirs], f"{claim.reason} But it fits {others} in BlueOps too.")


# -- jobs, and names that are in use -------------------------------------------------------------------
def _match_jobs(
    jobs: Sequence[Candidate],
    theirs: Sequence[Candidate],
    answers: Mapping[tuple[BooksKind, str, str], Match],
) -> list[Match]:
    by_parent: dict[str, list[Candidate]] = defaultdict(list)
    for job in jobs:
        by_parent[job.parent_id].append(job)
    pools: dict[str, list[Candidate]] = defaultdict(list)
    for other in theirs:
        if other.kind is BooksKind.CUSTOMER and other.parent_id:
            pools[other.parent_id].append(other)
    result: list[Match] = []
    for parent_id, group in by_parent.items():
        parent = answers.get((BooksKind.CUSTOMER, "", parent_id))
        if isinstance(parent, Matched):
            result += _match_group(group, pools[parent.books_id], by_email=False)
        elif isinstance(parent, Create):
            result += [Create(ours=job, reason="Its customer is new in the books.") for job in group]
        else:
            result += [_doubt(job, [], "Its customer must be decided first.") for job in group]
    return result


def _bearers(theirs: Iterable[Candidate]) -> dict[str, list[Candidate]]:
    names: dict[str, list[Candidate]] = defaultdict(list)
    for other in theirs:
        names[name_key(other.name)].append(other)
    return names


def _unless_taken(match: Match, names: Mapping[str, list[Candidate]]) -> Match:
    """A name that a party of another kind bears cannot be given again: they share one list of names.

    A customer cannot have the name of a job either; a job that meets its like elsewhere gets a derived name.
    """
    if not isinstance(match, Create):
        return match
    ours = match.ours
    for other in names.get(name_key(ours.name), []):
        if other.kind is not ours.kind or (other.parent_id and not ours.parent_id):
            what = "job" if other.parent_id else other.kind.value
            reason = (
                f"“{ours.name}” ({ours.id}): the name belongs to a {what} in the books (id {other.id}), and "
                "customers, vendors and employees share one list of names there. Rename one of the two, "
                "or let ours be created under a name derived from it."
            )
            return Taken(ours=ours, by=other, reason=reason)
    return match
