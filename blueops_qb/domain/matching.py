"""First matching: which of our customers, jobs and vendors are in the books already.

Every pair that has something in common gets a score with reasons (`match_parties`). Only what is sure is proposed;
whatever leaves a doubt is `Ambiguous` and waits for a person; a record in the books is never given to two of ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import attrs

from blueops_qb.domain.match_index import Index
from blueops_qb.domain.match_names import Grade
from blueops_qb.domain.match_parties import (
    STANDARD,
    Bucket,
    Candidate,
    MatchRules,
    Score,
    Shared,
    Traits,
    score,
    traits_of,
)
from blueops_qb.domain.match_words import normal_email, normal_name, normal_phone
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.refs import BooksKind

#: Two records are told apart when one has so many more points (of 100) than the other.
APART = 8
#: Candidates that a person is shown, at most.
SHOWN = 6


@attrs.frozen(kw_only=True)
class Matched:
    """Ours is the record in the books with the id `books_id`; `bucket` is exact or strong."""

    ours: Candidate
    books_id: str
    reason: str
    bucket: Bucket = Bucket.EXACT
    score: int = 100


@attrs.frozen(kw_only=True)
class Create:
    """Nothing in the books looks like ours; it may be created."""

    ours: Candidate
    reason: str
    bucket: Bucket = Bucket.NONE
    score: int = 0


@attrs.frozen(kw_only=True)
class Ambiguous:
    """A person chooses among `candidates` (ids in the books, the likeliest first, possibly none) or creates anew.

    `bucket` is weak where one record may be it and too little agrees, ambiguous where several may.
    """

    ours: Candidate
    candidates: tuple[str, ...]
    reason: str
    bucket: Bucket = Bucket.AMBIGUOUS
    score: int = 0


@attrs.frozen(kw_only=True)
class Taken:
    """Nothing matches, but the name cannot be given in the books: `by` bears it there as something else."""

    ours: Candidate
    by: Candidate
    reason: str
    bucket: Bucket = Bucket.TAKEN
    score: int = 0


@attrs.frozen(kw_only=True)
class Chosen:
    """Nothing is left to find out: a person chose for ours, or for the customer of our job.

    `decision` is create, skip (leave it out) or wait (write nothing before somebody decides).
    """

    ours: Candidate
    decision: str
    reason: str
    bucket: Bucket = Bucket.NONE
    score: int = 0


Match = Matched | Create | Ambiguous | Taken | Chosen
Key = tuple[BooksKind, str, str]


def match_plan(
    ours: Sequence[Candidate],
    theirs: Sequence[Candidate],
    *,
    rules: MatchRules = STANDARD,
    settled: Mapping[str, str] | None = None,
    chosen: Mapping[str, str] | None = None,
) -> tuple[Match, ...]:
    """One answer for each of `ours`, in its order.

    Jobs are matched by name among the jobs of the customer that their own customer matched. `settled` are matches
    that stand already (our id -> books' id): their records are nobody else's. `chosen` are those for whom a person
    chose otherwise (our id -> create, skip or wait): they ask for no record, and their jobs follow. All of one kind
    and parent are compared through an index; memory grows with the number of parties.
    """
    stands = settled or {}
    fixed = {id: decision for id, decision in (chosen or {}).items() if id not in stands}
    tops = [one for one in ours if not one.parent_id]
    jobs = [one for one in ours if one.parent_id]
    answers: dict[Key, Match] = {}
    for kind in (BooksKind.CUSTOMER, BooksKind.VENDOR, BooksKind.EMPLOYEE):
        group = [one for one in tops if one.kind is kind and one.id not in fixed]
        pool = [other for other in theirs if other.kind is kind and not other.parent_id]
        answers |= {_key(match.ours): match for match in _match_group(group, pool, stands, rules)}
    answers |= {_key(one): _chosen(one, fixed[one.id]) for one in ours if one.id in fixed}
    free = [job for job in jobs if job.id not in fixed]
    answers |= {_key(match.ours): match for match in _match_jobs(free, theirs, answers, stands, rules)}
    names = _bearers(theirs)
    return tuple(_unless_taken(answers[_key(one)], names) for one in ours)


def _key(one: Candidate) -> Key:
    return one.kind, one.parent_id, one.id


def _chosen(one: Candidate, decision: str) -> Chosen:
    return Chosen(ours=one, decision=decision, reason="Decided already.")


# -- one group of one kind -----------------------------------------------------------------------------
def _match_group(
    ours: Sequence[Candidate],
    pool: Sequence[Candidate],
    settled: Mapping[str, str],
    rules: MatchRules,
    *,
    is_job: bool = False,
) -> list[Match]:
    standing = [_stands(one, settled[one.id]) for one in ours if one.id in settled]
    gone = {match.books_id for match in standing}
    free = [one for one in ours if one.id not in settled]
    if not free:
        return [*standing]
    theirs = [traits_of(other) for other in pool]
    mine = [traits_of(one) for one in free]
    shared = Shared.among(mine, theirs)
    index = Index.of(traits for traits in theirs if traits.one.id not in gone)
    scored = {one.one.id: _ranked(one, index.near(one), shared, rules, is_job=is_job) for one in mine}
    wanted: dict[str, list[tuple[Candidate, Score]]] = defaultdict(list)
    for one in free:
        if (first := _best(scored[one.id], rules) or next(iter(scored[one.id]), None)) is not None:
            wanted[first.other.id].append((one, first))
    return [*standing, *(_answer(one, scored[one.id], wanted, rules) for one in free)]


def _stands(one: Candidate, books_id: str) -> Matched:
    return Matched(ours=one, books_id=books_id, reason="Linked already.")


def _ranked(
    one: Traits, others: Iterable[Traits], shared: Shared, rules: MatchRules, *, is_job: bool
) -> list[Score]:
    """What the books may have of it, the likeliest first; inactive ones only where no active one is likely."""
    found = [
        scored
        for other in others
        if (scored := score(one, other, shared, is_job=is_job, rules=rules)) is not None
    ]
    if any(s.other.active and s.bucket is not Bucket.WEAK for s in found):
        found = [s for s in found if s.other.active]
    return sorted(found, key=lambda s: (s.bucket is Bucket.WEAK, -s.points, s.grade, s.other.id))


def _best(scored: Sequence[Score], rules: MatchRules) -> Score | None:
    """The one that stands out and may be proposed."""
    sure = [s for s in scored if s.bucket is not Bucket.WEAK]
    if not sure or not sure[0].other.active:
        return None
    if len(sure) > 1 and sure[0].points - sure[1].points < APART:
        return None
    if any(s.grade < sure[0].grade for s in scored[1:] if s.grade <= Grade.MOVED):
        return None  # the name leads to another record
    if not sure[0].agreeing and any(s.agreeing > 1 for s in scored[1:]):
        return None  # e-mail or phone leads to another record
    return sure[0] if rules.accept is Bucket.STRONG or sure[0].bucket is Bucket.EXACT else None


def _answer(
    one: Candidate,
    scored: Sequence[Score],
    wanted: Mapping[str, list[tuple[Candidate, Score]]],
    rules: MatchRules,
) -> Match:
    if not scored:
        return Create(ours=one, reason="Nobody in the books has this name, e-mail, phone or address.")
    best = _best(scored, rules)
    if best is not None:
        rivals = [(rival, s) for rival, s in wanted[best.other.id] if rival is not one]
        if all(s.bucket is Bucket.WEAK or best.points - s.points >= APART for _, s in rivals):
            return Matched(
                ours=one,
                books_id=best.other.id,
                reason=f"{_said(one, best)}.",
                bucket=best.bucket,
                score=best.points,
            )
        return _doubt(one, scored, f"{_said(one, best)}. {_fits_too(rivals)}")
    rivals = [(rival, s) for rival, s in wanted[scored[0].other.id] if rival is not one]
    return _undecided(one, scored, rules, rivals)


def _fits_too(rivals: Sequence[tuple[Candidate, Score]]) -> str:
    others = ", ".join(f"“{rival.name}” ({rival.id})" for rival, _ in rivals[:3])
    return f"But it fits {others} in BlueOps too."


def _undecided(
    one: Candidate, scored: Sequence[Score], rules: MatchRules, rivals: Sequence[tuple[Candidate, Score]]
) -> Ambiguous:
    first = scored[0]
    if not first.other.active:
        name = first.other.name
        return _doubt(one, scored, f"“{name}” is inactive in the books; make it active there or choose.")
    sure = [s for s in scored if s.bucket is not Bucket.WEAK]
    if len(sure) > 1 and sure[0].points - sure[1].points < APART:
        names = ", ".join(f"“{s.other.name}” ({s.reason.lower()})" for s in sure[:3])
        return _doubt(one, scored, f"{len(sure)} records in the books fit: {names}.")
    alike = [s for s in scored if first.points - s.points < APART]
    if len(alike) > 1:
        names = ", ".join(f"“{s.other.name}”" for s in alike[:3])
        return _doubt(one, scored, f"{len(alike)} records in the books may be it, for example {names}.")
    equal = [(rival, s) for rival, s in rivals if abs(first.points - s.points) < APART]
    if equal:
        return _doubt(one, scored, f"{_said(one, first)}. {_fits_too(equal)}")
    tail = "" if not sure or rules.accept is Bucket.STRONG else " Only exact matches are proposed here."
    return _doubt(
        one, scored, f"{_said(one, first)}.{tail}", bucket=Bucket.WEAK if not sure else first.bucket
    )


def _said(one: Candidate, found: Score) -> str:
    tail = "" if found.other.name == one.name else f" (“{found.other.name}”)"
    words, separator, rest = found.reason.partition("; ")
    return f"{words}{tail}{separator}{rest}"


def _doubt(
    one: Candidate, scored: Sequence[Score], reason: str, *, bucket: Bucket = Bucket.AMBIGUOUS
) -> Ambiguous:
    return Ambiguous(
        ours=one,
        candidates=tuple(dict.fromkeys(s.other.id for s in scored[:SHOWN])),
        reason=reason,
        bucket=bucket,
        score=scored[0].points if scored else 0,
    )


# -- jobs, and names that are in use -------------------------------------------------------------------
def _match_jobs(
    jobs: Sequence[Candidate],
    theirs: Sequence[Candidate],
    answers: Mapping[Key, Match],
    settled: Mapping[str, str],
    rules: MatchRules,
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
            result += _match_group(group, pools[parent.books_id], settled, _for_jobs(rules), is_job=True)
        elif isinstance(parent, Chosen) and parent.decision != "create":
            why = _FOLLOWS[parent.decision]
            result += [Chosen(ours=job, decision=parent.decision, reason=why) for job in group]
        elif isinstance(parent, Create | Chosen):
            result += [Create(ours=job, reason="Its customer is new in the books.") for job in group]
        else:
            result += [_doubt(job, [], "Its customer must be decided first.") for job in group]
    return result


#: What is said of a job whose customer was decided so.
_FOLLOWS = {"skip": "Its customer is left out.", "wait": "Its customer waits until somebody decides."}


def _for_jobs(rules: MatchRules) -> MatchRules:
    """A job has no contacts of its own: its customer's have been asked for."""
    return attrs.evolve(rules, require=rules.require & {"name"})


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


__all__ = [
    "Ambiguous",
    "Bucket",
    "Candidate",
    "Chosen",
    "Create",
    "Match",
    "MatchRules",
    "Matched",
    "Taken",
    "match_plan",
    "normal_email",
    "normal_name",
    "normal_phone",
]
