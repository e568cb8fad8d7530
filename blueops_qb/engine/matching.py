"""Matching: the read-only plan of the first synchronisation, the decisions on it, and going live.

Nothing is written to the books before every row is linked, created, skipped, or left waiting on purpose (then its
record is held).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.match_documents import PaperMatch, match_papers
from blueops_qb.domain.match_parties import Bucket, MatchRules
from blueops_qb.domain.matching import Matched, match_plan
from blueops_qb.domain.refs import NAMED_KINDS, RecordKind, RecordRef
from blueops_qb.engine import match_items, match_mark, outbox
from blueops_qb.engine.match_jobs import jobs_follow
from blueops_qb.engine.match_links import gone_targets, link_decided
from blueops_qb.engine.match_proposals import (
    books_kind,
    chosen,
    key_of,
    linked,
    party_row,
    settled,
    unless_gone,
)
from blueops_qb.engine.match_rows import (
    DECISIONS,
    ITEM,
    OPEN,
    Row,
    counted,
    key_condition,
    rows,
    rules_of,
    rules_text,
)
from blueops_qb.engine.match_sides import OurPaper, Ours, papers, read_ours, read_theirs, under_tops
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert

CUSTOMER = RecordKind.CUSTOMER.value
#: Parties of the books above which a page does not wait for the plan: comparing takes a second for some 2,000.
LARGE = 2000
_UNREAD = "the customers and vendors of the books are still being read; try again in a moment"


class NotListed(Exception):
    """The books' customers and vendors have not been read completely yet."""


class NotDecided(Exception):
    """Rows of the match plan that still need a decision."""


# -- making the plan -----------------------------------------------------------------------------------
def build(turn: Turn) -> dict[str, int]:
    """Make the plan anew for every record without a link or decision; answers rows per bucket.

    Nothing is written to the books. Raises NotListed before the first listing is complete.
    """
    return keep(turn, compare(turn))


def compare(turn: Turn) -> list[dict[str, Any]]:
    """The rows of a new plan. Reads only, so that a large company is compared without keeping others waiting."""
    if not is_listed(turn):
        raise NotListed(_UNREAD)
    return list(_planned(turn, settled(turn)))


def keep(turn: Turn, found: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Store the rows of a new plan beside what was decided or linked meanwhile; answers rows per bucket."""
    stands = linked(turn)
    decided = {row.key for row in rows(turn.connection, turn.id) if row.decision in DECISIONS}
    taken = {(books_kind(key), id) for key, id in settled(turn).items()}
    new = [
        unless_gone(row, taken) for row in found if key_of(row) not in stands and key_of(row) not in decided
    ]
    _forget_undecided(turn)
    upsert(
        turn.connection,
        t.matches,
        [{"connection_id": turn.id, "decided_by": "", "parent_id": "", **row} for row in new],
    )
    counts: dict[str, int] = {}
    for row in new:
        counts[row["bucket"]] = counts.get(row["bucket"], 0) + 1
    turn.note("match plan", f"connection {turn.id}", numbers=json.dumps(counts, sort_keys=True))
    return counts


def is_large(turn: Turn) -> bool:
    """Whether the books have so many parties that nobody should wait for the comparison: a round makes it."""
    m = t.mirror
    query = sa.select(sa.func.count()).where(
        m.c.connection_id == turn.id, m.c.kind.in_([kind.value for kind in NAMED_KINDS])
    )
    return int(turn.connection.execute(query).scalar_one()) > LARGE


def ask(turn: Turn) -> None:
    """Let a round make the plan anew. Raises NotListed before the first listing is complete."""
    if not is_listed(turn):
        raise NotListed(_UNREAD)
    turn.set(match_asked_at=turn.now)


def is_listed(turn: Turn) -> bool:
    """Whether what the books have was read completely once."""
    f = t.feeds
    query = sa.select(f.c.feed).where(f.c.connection_id == turn.id, f.c.feed == "listing")
    return turn.connection.execute(query).first() is not None


def _forget_undecided(turn: Turn) -> None:
    m = t.matches
    turn.connection.execute(
        m.delete().where(m.c.connection_id == turn.id, m.c.decision.not_in(list(DECISIONS)))
    )


def _planned(turn: Turn, standing: Mapping[str, str]) -> Iterable[dict[str, Any]]:
    ours, theirs, rules = read_ours(turn), read_theirs(turn), rules_of(turn.row)
    places = dict(standing)
    for match in match_plan(ours.parties, theirs.parties, rules=rules, settled=standing, chosen=chosen(turn)):
        if isinstance(match, Matched):
            places[match.ours.id] = match.books_id
        yield party_row(match, rules)
    invoices = _settled_of(standing, RecordKind.INVOICE)
    yield from _paper_rows(turn, ours, RecordKind.INVOICE, places, invoices, theirs.invoices, theirs.tops)
    yield from _paper_rows(
        turn, ours, RecordKind.PAYMENT, places, invoices, theirs.payments, theirs.tops, standing
    )
    yield from match_items.item_rows(turn, ours.keys)


def _settled_of(settled: Mapping[str, str], kind: RecordKind) -> dict[str, str]:
    start = f"{kind.value}:"
    return {key.removeprefix(start): id for key, id in settled.items() if key.startswith(start)}


def _paper_rows(
    turn: Turn,
    ours: Ours,
    kind: RecordKind,
    places: Mapping[str, str],
    invoices: dict[str, str],
    theirs: Any,
    tops: Mapping[str, str],
    settled: Mapping[str, str] | None = None,
) -> Iterable[dict[str, Any]]:
    """Rows of invoices, which are added to `invoices` as they match, or of payments."""
    is_invoice = kind is RecordKind.INVOICE
    mine = ours.invoices if is_invoice else ours.payments
    stands = invoices if is_invoice else _settled_of(settled or {}, kind)
    found = match_papers(
        papers(mine, places, invoices, tops),
        under_tops(theirs, tops),
        prefix=turn.policy.number_prefix,
        settled=dict(stands),
    )
    by_id = {one.id: one for one in mine}
    names = {party.id: party.name for party in ours.parties}
    for match in found:
        if is_invoice and match.books_id:
            invoices[match.ours.id] = match.books_id
        if is_invoice and match.bucket is Bucket.NONE and match.ours.id not in ours.open:
            continue  # paid here, and nothing like it there: there is nothing to decide
        yield _paper_row(turn, kind, match, by_id[match.ours.id], names)


def _paper_row(
    turn: Turn, kind: RecordKind, match: PaperMatch, one: OurPaper, names: Mapping[str, str]
) -> dict[str, Any]:
    start = turn.policy.post_from
    decision, reason = OPEN, match.reason
    if match.books_id:
        decision = "?link"
    elif match.bucket is Bucket.NONE:
        covered = start is not None and one.date >= start
        decision = "?create" if covered else "?wait"
        reason += (
            "" if covered else " It is from before: it is only written when you decide so, or by a backfill."
        )
    who = names.get(one.party, "")
    return {
        "ref_kind": kind.value,
        "ref_id": one.id,
        "name": " · ".join(filter(None, (one.number, who, one.date.isoformat(), f"{one.amount:.2f}"))),
        "bucket": match.bucket.value,
        "books_id": match.books_id,
        "candidates": " ".join(match.candidates),
        "reason": reason,
        "score": match.score,
        "decision": decision,
    }


def set_rules(turn: Turn, rules: MatchRules, *, actor: str) -> None:
    """Be more or less careful from the next plan on. Raises ValueError for rules that contradict each other."""
    if both := sorted(rules.require & rules.ignore):
        raise ValueError(f"{', '.join(both)} cannot be asked for and left out of account; choose one of both")
    turn.set(match_rules=rules_text(rules))
    turn.note("match rules", f"connection {turn.id}", numbers=rules_text(rules), actor=actor)


# -- decisions -----------------------------------------------------------------------------------------
def decide(
    turn: Turn,
    ref: RecordRef | str,
    decision: str,
    *,
    books_id: str = "",
    actor: str,
    carry_out: bool = True,
) -> None:
    """A person's decision on one row: link (with `books_id`), create, skip or wait. Raises ValueError."""
    key = str(ref)
    if decision not in DECISIONS or (decision == "link") != bool(books_id):
        raise ValueError("decide link with the id of a record in the books, or create, skip or wait")
    if key.startswith(f"{ITEM}:") and decision == "create":
        raise ValueError("an item is never created from here; create it in the books, or link or skip it")
    m = t.matches
    updated = turn.connection.execute(
        m.update()
        .where(m.c.connection_id == turn.id, key_condition([key]))
        .values(decision=decision, books_id=books_id, decided_by=actor)
    )
    if not updated.rowcount:
        raise ValueError(f"{key} is not in the match plan")
    turn.note("match decided", key, numbers=f"{decision} {books_id}".strip(), actor=actor)
    if carry_out:
        after_deciding(turn, actor, keys=[key])


def reopen(turn: Turn, keys: Iterable[str]) -> None:
    """Rows are undecided again and ask for no record of the books."""
    m, wanted = t.matches, list(keys)
    for start in range(0, len(wanted), 400):
        turn.connection.execute(
            m.update()
            .where(m.c.connection_id == turn.id, key_condition(wanted[start : start + 400]))
            .values(decision=OPEN, books_id="", decided_by="")
        )


def accept(turn: Turn, buckets: Iterable[Bucket], *, actor: str, seen: str | None = None) -> int:
    """Accept the proposals of whole buckets; answers how many rows are decided by it.

    `seen`: the mark of what somebody saw of them; raises PlanOvertaken when they stand otherwise now.
    """
    wanted = sorted({bucket.value for bucket in buckets})
    match_mark.check(turn, map(Bucket, wanted), seen)
    m, count = t.matches, 0
    for proposal in DECISIONS:
        count += turn.connection.execute(
            m.update()
            .where(m.c.connection_id == turn.id, m.c.decision == f"?{proposal}", m.c.bucket.in_(wanted))
            .values(decision=proposal, decided_by=actor)
        ).rowcount
    turn.note("match accepted", " ".join(wanted), numbers=str(count), actor=actor)
    after_deciding(turn, actor)
    return count


def settle_open(
    turn: Turn, buckets: Iterable[Bucket], decision: str, *, actor: str, seen: str | None = None
) -> int:
    """Decide all open rows of some buckets alike: create, skip or wait; answers how many.

    `seen`: the mark of what somebody saw of them; raises PlanOvertaken when they stand otherwise now.
    """
    if decision not in ("create", "skip", "wait"):
        raise ValueError("many rows at once can be created, skipped or left waiting; a link names one record")
    wanted = sorted({bucket.value for bucket in buckets})
    match_mark.check(turn, map(Bucket, wanted), seen)
    m = t.matches
    where = [m.c.connection_id == turn.id, m.c.decision == OPEN, m.c.bucket.in_(wanted)]
    if decision == "create":
        where.append(m.c.ref_kind != ITEM)
    customers = sa.select(m.c.ref_id).where(*where, m.c.ref_kind == RecordKind.CUSTOMER.value)
    parents = list(turn.connection.execute(customers).scalars())
    count = turn.connection.execute(
        m.update().where(*where).values(decision=decision, decided_by=actor)
    ).rowcount
    turn.note("match decided", " ".join(wanted), numbers=f"{decision} {count} rows", actor=actor)
    jobs_follow(turn, parents)
    after_deciding(turn, actor)
    return int(count)


def after_deciding(turn: Turn, actor: str, *, keys: Sequence[str] | None = None) -> None:
    """Jobs follow their customers among these rows; where the connection is live, what was decided is carried out."""
    jobs_follow(turn, [key.partition(":")[2] for key in keys or () if key.startswith(f"{CUSTOMER}:")])
    if turn.row["state"] == "live":
        link_decided(turn, actor, keys=keys)
        match_items.map_decided(
            turn, rows(turn.connection, turn.id, kinds=[ITEM], decision="link"), actor=actor
        )
        # What could not be linked as decided before is held as refused.
        holds = [Hold.MATCH, Hold.REFUSED]
        outbox.again(turn.connection, turn.tenant_id, turn.now, states=[State.HELD], holds=holds)


def undecided(connection: sa.Connection, connection_id: str) -> int:
    """How many rows wait for a decision."""
    return sum(n for (_, decision), n in counted(connection, connection_id).items() if decision == OPEN)


def approve(
    turn: Turn,
    *,
    actor: str,
    leave_open: bool = False,
    supervised: bool = False,
    seen: str | None = None,
) -> int:
    """Accept all proposals, link what matched, map items and go live; from here on the books are written.

    Answers how many records were linked. Raises NotDecided while a row is open, unless `leave_open`: then such rows
    wait on purpose and their records are held. `supervised`: somebody looks at the first records that are written
    before the rest follows (`canary`). `seen`: the mark of the plan that somebody saw; raises PlanOvertaken when it is
    another one now.
    """
    match_mark.check(turn, Bucket, seen)
    if gone := gone_targets(turn):
        if not leave_open:
            raise NotDecided(_gone(gone))
        for row in gone:
            decide(turn, row.key, "wait", actor=actor, carry_out=False)
    if leave_open:
        settle_open(turn, list(Bucket), "wait", actor=actor)
    if open_rows := undecided(turn.connection, turn.id):
        raise NotDecided(
            f"{open_rows} rows of the match plan are not decided yet, and nothing is written before they are: link, "
            "create or skip each, or leave them waiting on purpose"
        )
    accept(turn, list(Bucket), actor=actor)
    match_items.map_decided(turn, rows(turn.connection, turn.id, kinds=[ITEM], decision="link"), actor=actor)
    linked = link_decided(turn, actor)
    if turn.row["state"] == "matching":
        first = (turn.settings.canary_records or None) if supervised else None
        turn.set(state="live", live_since=turn.now, canary_left=first)
        # Conflicts with the books that were connected before mean nothing to these.
        outbox.again(turn.connection, turn.tenant_id, turn.now, states=[State.WAITING, State.CONFLICT])
    turn.note("match plan approved", f"connection {turn.id}", numbers=f"{linked} linked", actor=actor)
    return linked


def _gone(rows_: Sequence[Row]) -> str:
    named = ", ".join(f"{row.key} “{row.name}” with {row.books_id}" for row in rows_[:5])
    more = f" and {len(rows_) - 5} more" if len(rows_) > 5 else ""
    return (
        f"{len(rows_)} rows were to be linked with what is not in the books any more ({named}{more}), and nothing is "
        "written before they are decided: link each with another record, create or skip it"
    )


__all__ = ["NotDecided", "NotListed", "Row", "accept", "approve", "build", "decide", "rows"]
