"""Accepted differences: a person left both sides of a document as they are; who, when, why, and how long it holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import attrs

from blueops_qb.engine.known import Known
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert


@attrs.frozen(kw_only=True)
class Acceptance:
    """What a person accepted: `value` is the digest of both sides, and it holds for just that difference."""

    value: str
    by: str
    at: dt.datetime
    why: str

    @property
    def words(self) -> str:
        """The end of a sentence about the difference."""
        return f"{self.by} accepted that difference on {self.at:%Y-%m-%d}" + (
            f": {self.why}" if self.why else ""
        )


def keep(turn: Turn, known: Known, value: str, *, actor: str, why: str = "") -> None:
    """A person accepts what both sides of a document come to."""
    source = known.key.source
    row = {
        "connection_id": turn.id,
        "ref_kind": source.kind.value,
        "ref_id": source.id,
        "topic": _topic(known.id),
        "value": value,
        "actor": actor,
        "at": turn.now,
        "reason": why,
    }
    upsert(turn.connection, t.record_choices, [row])


def kept(turn: Turn, knowns: Iterable[Known]) -> dict[int, Acceptance]:
    """What people accepted, by document."""
    c = t.record_choices.c
    ids = {_topic(known.id): known.id for known in knowns}
    if not ids:
        return {}
    query = t.record_choices.select().where(c.connection_id == turn.id, c.topic.in_(list(ids)))
    return {
        ids[row.topic]: Acceptance(value=row.value, by=row.actor, at=row.at, why=row.reason)
        for row in turn.connection.execute(query)
    }


def end(turn: Turn, knowns: Iterable[Known]) -> None:
    """A side has moved: what was accepted is no more, and does not come back should it move back."""
    ended = list(knowns)
    if not ended:
        return
    c = t.record_choices.c
    topics = [_topic(known.id) for known in ended]
    turn.connection.execute(t.record_choices.delete().where(c.connection_id == turn.id, c.topic.in_(topics)))
    for known in ended:
        turn.note("acceptance ended", str(known.key.source), numbers=str(known.place))


def _topic(document_id: int) -> str:
    return f"as_is:{document_id}"
