"""Asked: keys that records need and a mapping lacks, found by running the posting rules dry."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.mapping_findings import Finding, Subject
from blueops_qb.domain.mapping_lint import lint
from blueops_qb.domain.posting.context import Blocked
from blueops_qb.domain.records import Record
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_record, post_under
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.what_if import KINDS
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

#: How many held events, and how many of core's newest records, are looked through for keys.
HELD_LOOKED_AT, RECORDS_LOOKED_AT = 200, 200
Key = tuple[Family, str]


def asked_for(
    turn: Turn, *, records: int = RECORDS_LOOKED_AT, mapping: Mapping | None = None
) -> dict[Key, list[str]]:
    """Keys that records need and the mapping (default: the present one) lacks, each with what asks for it."""
    looked_at = {record.ref: record for record in [*_held(turn), *_newest(turn, records)]}
    related = read_related(turn.read_all, looked_at.values())
    found: dict[Key, list[str]] = {}
    for record in looked_at.values():
        if mapping is None:
            result = post_record(turn, record, related, [])
        else:
            result = post_under(turn, record, related, [], mapping)
        if isinstance(result, Blocked):
            for missing in result.missing:
                found.setdefault((missing.family, missing.key), []).append(missing.used_for)
    return found


def lint_of(
    turn: Turn, mapping: Mapping | None = None, *, records: int = RECORDS_LOOKED_AT
) -> tuple[Finding, ...]:
    """The findings in a mapping (default: the present one), with the keys that records ask for."""
    asked = asked_for(turn, records=records, mapping=mapping)
    return lint(
        Subject(
            mapping=turn.mapping if mapping is None else mapping,
            catalog=turn.catalog.entries,
            profile=turn.profile,
            policy=turn.policy,
            used={key: uses[0] for key, uses in asked.items()},
        )
    )


def _held(turn: Turn) -> Iterator[Record]:
    o = t.outbox
    query = (
        sa.select(o.c.payload)
        .where(
            o.c.tenant_id == turn.tenant_id,
            o.c.state == State.HELD.value,
            o.c.hold == Hold.MAPPING.value,
        )
        .order_by(o.c.id.desc())
        .limit(HELD_LOOKED_AT)
    )
    for payload in turn.connection.execute(query).scalars():
        try:
            record = wire.load_event(payload).record
        except wire.Malformed:
            continue
        if record is not None:
            yield record


def _newest(turn: Turn, limit: int) -> Iterator[Record]:
    """Core's newest records: those within the last revisions that the outbox knows."""
    if not limit:
        return
    newest = turn.connection.execute(
        sa.select(sa.func.max(t.outbox.c.revision)).where(t.outbox.c.tenant_id == turn.tenant_id)
    ).scalar_one()
    since = max(0, (newest or 0) - 5 * limit)
    for snapshot in turn.core.iterate(turn.tenant_id, since_revision=since, kinds=KINDS, limit=5 * limit):
        if not snapshot.deleted and snapshot.merged_into is None:
            yield snapshot.record
