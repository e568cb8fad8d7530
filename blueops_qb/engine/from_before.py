"""From before: what is planned of records that somebody may have entered in the books before they were connected."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.match_parties import Bucket
from blueops_qb.domain.posting.context import Blocked
from blueops_qb.domain.records import Record, Voidable
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import backfill, outbox
from blueops_qb.engine.dates import date_of
from blueops_qb.engine.match_rows import Row
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t


def among(turn: Turn, records: Sequence[Record]) -> frozenset[RecordRef]:
    """Those that were known before we went live: somebody may have entered them in the books by hand."""
    live_since = turn.row["live_since"]
    refs = [record.ref for record in records if isinstance(record, Voidable)]
    if live_since is None or not refs:
        return frozenset()
    o = t.outbox
    query = sa.select(o.c.ref_kind, o.c.ref_id).where(
        o.c.tenant_id == turn.tenant_id,
        o.c.occurred_at < live_since,
        outbox.ref_condition(o.c.ref_kind, o.c.ref_id, refs),
    )
    start = turn.policy.post_from
    asked = backfill.covered(turn, records)
    old = {RecordRef(RecordKind(r.ref_kind), r.ref_id) for r in turn.connection.execute(query)}
    return frozenset(
        record.ref
        for record in records
        if record.ref in old and record.ref not in asked and (start is None or date_of(record) < start)
    )


def as_decided(ref: RecordRef, revision: int, row: Row, blocked: Blocked | None) -> Move | None:
    """What becomes of an invoice or payment that the match plan knows; None = it is planned like any other."""

    def move(state: State, reason: str, **more: Any) -> Move:
        return Move(ref=ref, revision=revision, state=state, reason=reason, **more)

    if blocked is not None:
        reason = f"{ref} is linked with {row.books_id} as soon as it can be told: {blocked.reason}"
        hold = Hold.MAPPING if blocked.missing else Hold.REFUSED
        return move(State.HELD, reason, remedy=blocked.remedy, hold=hold)
    undecided = row.chosen in ("open", "wait") and row.bucket != Bucket.NONE.value
    if row.chosen == "link" or undecided:
        word = (
            "nobody has decided yet which one it is"
            if undecided
            else "the one it was linked with is not there"
        )
        return move(
            State.HELD,
            f"{ref} may be in the books already, and {word} ({row.reason})",
            remedy="Decide on the matching page: link it, create it or skip it.",
            hold=Hold.MATCH,
        )
    return (
        move(State.NOT_POSTED, "a person left it out on the matching page") if row.chosen == "skip" else None
    )
