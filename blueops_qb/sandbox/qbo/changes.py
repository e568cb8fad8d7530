"""Change data capture: what changed since a moment, deletions included (reference section 6)."""

from __future__ import annotations

from datetime import datetime, timedelta

from blueops_qb.sandbox.qbo.clock import stamp
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.entities import BY_PATH, ENTITIES
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.view import shown, stub
from blueops_qb.sandbox.qbo.wire import Obj

WINDOW = timedelta(days=30)
LARGEST = 1000


def changed_since(company: Company, kinds: str, since: str) -> Obj:
    """One CDCResponse: a block per kind asked for, an empty one where nothing changed; raises Fault."""
    if not kinds:
        raise missing("entities")
    if not since:
        raise missing("changedSince")
    try:
        moment = company.clock.parse(since)
    except ValueError:
        raise Fault("2060", f"changedSince {since!r} is not a date", "changedSince") from None
    if company.clock.now() - moment > WINDOW:
        raise business(
            f"Operation cdc with changedSince date {since} which is older than fixed days is not supported"
        )
    blocks: list[Obj] = []
    left = LARGEST
    for name in kinds.split(","):
        entity = ENTITIES.get(name.strip()) or BY_PATH.get(name.strip().lower())
        if entity is None or not entity.in_cdc:
            raise business(f"entity {name.strip()} is not supported by cdc", "entities")
        rows = _rows(company, entity.kind, moment)[:left]
        left -= len(rows)
        blocks.append(
            {entity.kind: rows, "startPosition": 1, "maxResults": len(rows), "totalCount": len(rows)}
            if rows
            else {}
        )
    return {"QueryResponse": blocks}


def _rows(company: Company, kind: str, since: datetime) -> list[Obj]:
    since = since.replace(microsecond=0)
    changed = [(when, identity) for identity, when in company.stamps[kind].items() if when >= since]
    deleted = [(when, identity) for identity, when in company.stubs[kind].items() if when >= since]
    rows: list[tuple[datetime, Obj]] = [
        (when, shown(company, kind, company.records[kind][identity])) for when, identity in changed
    ]
    rows += [(when, stub(company, kind, identity, stamp(when))) for when, identity in deleted]
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])]
