"""Choices: what a person decided for one record where the policy says to ask."""

from __future__ import annotations

from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.posting.closing import CHOICE
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import outbox
from blueops_qb.engine.outbox import State
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert

#: What may be chosen, by topic.
CHOICES: dict[str, tuple[str, ...]] = {
    CHOICE: (ClosedPeriod.REDATE.value, ClosedPeriod.ADJUST.value),
}


class NoSuchChoice(ValueError):
    """A topic or value that nobody offers; the sentence lists those that are."""


def choose(turn: Turn, ref: RecordRef, topic: str, value: str, *, actor: str) -> None:
    """Keep what was chosen and plan the record again. Raises NoSuchChoice."""
    if value not in CHOICES.get(topic, ()):
        offered = ", ".join(CHOICES.get(topic, ())) or "nothing"
        raise NoSuchChoice(f"{ref}: {value!r} cannot be chosen for {topic!r}; choose one of: {offered}")
    row = {
        "connection_id": turn.id,
        "ref_kind": ref.kind.value,
        "ref_id": ref.id,
        "topic": topic,
        "value": value,
        "actor": actor,
        "at": turn.now,
    }
    upsert(turn.connection, t.record_choices, [row])
    outbox.again(turn.connection, turn.tenant_id, turn.now, refs=[ref], states=[State.HELD])
    turn.note("chosen", str(ref), actor=actor, numbers=f"{topic} {value}")


def choices_of(turn: Turn, ref: RecordRef) -> dict[str, str]:
    """What was chosen for a record, by topic."""
    c = t.record_choices.c
    query = t.record_choices.select().where(
        c.connection_id == turn.id, c.ref_kind == ref.kind.value, c.ref_id == ref.id
    )
    return {row.topic: row.value for row in turn.connection.execute(query)}
