"""Match documents: which open invoices and payments of ours stand in the books already.

An invoice is known by number, customer, date and total; a payment by reference, customer, date, amount and what it
settles. Amounts that differ are never linked by themselves. One of theirs is never given to two of ours.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.match_parties import Bucket

#: Days within which two dates may be one event, typed on the day or when the post came.
CLOSE, NEAR = 3, 31
_NUMBER = re.compile(r"0*(\d+)")


@attrs.frozen(kw_only=True, slots=True)
class Paper:
    """An invoice or payment of either side. `party` is the books' id of its customer or job, empty when unknown.

    `number` is an invoice's number or a payment's reference, which `repeats`: a standing order bears the same one every
    month. `settles` are the books' ids of the invoices that a payment pays, as far as they are known.
    """

    id: str
    number: str
    party: str
    date: dt.date
    amount: Decimal
    settles: frozenset[str] = frozenset()
    repeats: bool = False


@attrs.frozen(kw_only=True, slots=True)
class PaperMatch:
    """What the plan proposes for one paper of ours; `books_id` is set for exact and strong."""

    ours: Paper
    bucket: Bucket
    books_id: str = ""
    candidates: tuple[str, ...] = ()
    score: int = 0
    reason: str = ""


def number_key(text: str, prefix: str = "") -> str:
    """A number for comparison: without our prefix, punctuation, case and leading zeros."""
    bare = text.strip().casefold()
    if prefix and bare.startswith(prefix.casefold()):
        bare = bare[len(prefix) :]
    bare = re.sub(r"^(invoice|inv|no|nr|check|ck|chk)\b[\s.#:-]*|[\s#.]+", "", bare)
    return _NUMBER.sub(r"\1", bare, count=1) if bare[:1] == "0" else bare


def match_papers(
    ours: Sequence[Paper],
    theirs: Iterable[Paper],
    *,
    prefix: str = "",
    settled: Mapping[str, str] | None = None,
) -> list[PaperMatch]:
    """One answer for each of `ours`; `settled` are matches that stand (our id -> books' id)."""
    stands = settled or {}
    gone = set(stands.values())
    by_number: dict[str, list[Paper]] = defaultdict(list)
    by_amount: dict[tuple[str, Decimal], list[Paper]] = defaultdict(list)
    for other in theirs:
        if other.id in gone:
            continue
        if key := number_key(other.number, prefix):
            by_number[key].append(other)
        by_amount[other.party, other.amount].append(other)
    free = [one for one in ours if one.id not in stands]
    ranked: dict[str, list[tuple[int, str, Paper]]] = {}
    for one in free:
        key = number_key(one.number, prefix)
        near = {other.id: other for other in by_number.get(key, ())} if key else {}
        if one.party:
            near |= {other.id: other for other in by_amount.get((one.party, one.amount), ())}
        found = [(*scored, other) for other in near.values() if (scored := _score(one, other, prefix))]
        ranked[one.id] = sorted(found, key=lambda entry: (-entry[0], entry[2].id))
    answers = _answers(free, ranked)
    given = {answer.books_id: answer.ours.id for answer in answers if answer.books_id}
    # What surely is somebody's is no candidate for others: the same amount comes every month.
    left = {
        id: [entry for entry in found if given.get(entry[2].id, id) == id] for id, found in ranked.items()
    }
    return _answers(free, left)


def _answers(free: Sequence[Paper], ranked: Mapping[str, list[tuple[int, str, Paper]]]) -> list[PaperMatch]:
    wanted: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for id, found in ranked.items():
        if found:
            wanted[found[0][2].id].append((id, found[0][0]))
    return [_answer(one, ranked[one.id], wanted) for one in free]


def _score(one: Paper, other: Paper, prefix: str) -> tuple[int, str] | None:
    """Points of 100 and words; 80 and more may be proposed."""
    mine, number = number_key(one.number, prefix), number_key(other.number, prefix)
    same_number, other_number = bool(mine and mine == number), bool(mine and number and mine != number)
    same_party = bool(one.party and one.party == other.party)
    other_party = bool(one.party and other.party and one.party != other.party)
    # Both sides count invoices from 1001: without its customer a number tells nothing.
    no_party = bool(other.party and not one.party)
    same_amount = one.amount == other.amount
    days = abs((one.date - other.date).days)
    same_invoices = bool(one.settles and one.settles == other.settles)
    other_invoices = bool(one.settles and other.settles and not one.settles & other.settles)
    said = [
        word
        for word, holds in (
            ("same number", same_number),
            ("same customer", same_party),
            ("same amount", same_amount),
            ("same date", days == 0),
            ("settles the same invoices", same_invoices),
            ("another number", other_number),
            ("another customer", other_party),
            ("its customer is not known in the books", no_party),
            ("settles other invoices", other_invoices),
            (f"the amount there is {other.amount}", not same_amount),
            (f"{days} days apart", days > 0),
        )
        if holds
    ]
    words = ", ".join(said)
    if not same_amount:
        return (55, words) if same_number and (same_party or days <= CLOSE) else None
    if same_number and not (other_party or no_party or other_invoices):
        near = days <= (CLOSE if one.repeats and not same_invoices else NEAR)
        return (100 if same_party and near else 90 if near else 70), words
    if same_number:
        return (60, words) if days <= NEAR else None
    if not same_party:
        return None
    if other_invoices:
        return (50, words) if days <= CLOSE else None
    if same_invoices and days <= CLOSE:
        return 92, words
    if days <= CLOSE:
        return (82 if days == 0 and not other_number else 72 if not other_number else 62), words
    return (45, words) if days <= NEAR and not other_number else None


def _answer(
    one: Paper, ranked: Sequence[tuple[int, str, Paper]], wanted: Mapping[str, list[tuple[str, int]]]
) -> PaperMatch:
    if not ranked:
        return PaperMatch(
            ours=one,
            bucket=Bucket.NONE,
            reason="Nothing in the books has this number, or this customer and amount.",
        )
    points, words, best = ranked[0]
    sentence = f"{words[0].upper()}{words[1:]}."
    ids = tuple(other.id for _, _, other in ranked[:6])
    equal = [other for score, _, other in ranked if points - score < 8]
    rivals = [id for id, score in wanted[best.id] if id != one.id and points - score < 8]
    if len(equal) > 1:
        bucket, sentence = Bucket.AMBIGUOUS, f"{len(equal)} in the books fit: {sentence}"
    elif rivals:
        bucket, sentence = Bucket.AMBIGUOUS, f"{sentence} But it fits {', '.join(rivals[:3])} in BlueOps too."
    elif points >= 100:
        bucket = Bucket.EXACT
    elif points >= 80:
        bucket = Bucket.STRONG
    else:
        bucket = Bucket.WEAK
    sure = bucket in (Bucket.EXACT, Bucket.STRONG)
    return PaperMatch(
        ours=one,
        bucket=bucket,
        books_id=best.id if sure else "",
        candidates=() if sure else ids,
        score=points,
        reason=sentence,
    )
