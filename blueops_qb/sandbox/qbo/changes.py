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
    for kind in dict.fromkeys(_kind(name) for name in map(str.strip, kinds.split(",")) if name):
        rows = _rows(company, kind, moment, left)
        left -= len(rows)
        blocks.append(
            {kind: rows, "startPosition": 1, "maxResults": len(rows), "totalCount": len(rows)} if rows else {}
        )
    return {"QueryResponse": blocks}


def _kind(name: str) -> str:
    entity = ENTITIES.get(name) or BY_PATH.get(name.lower())
    if entity is None or not entity.in_cdc:
        raise business(f"entity {name} is not supported by cdc", "entities")
    return entity.kind


def _rows(company: Company, kind: str, since: datetime, most: int) -> list[Obj]:
    # Oldest first, so that a client that meets the cap can step forward from the newest moment it saw.
    since = since.replace(microsecond=0)
    stamps, stubs = company.moments(kind)
    records = company.rows(kind, asked="cdc")
    found = [(when, identity, False) for identity, when in stamps.items() if when >= since]
    found += [(when, identity, True) for identity, when in stubs.items() if when >= since]
    found.sort(key=lambda each: each[0])
    rows: list[Obj] = []
    for when, identity, deleted in found[:most]:
        # One report says that an entity which was only updated came as Deleted (reference section 6).
        if deleted or f"{kind}:{identity}" in company.hidden.false_deletes:
            rows.append(stub(company, kind, identity, stamp(when)))
        else:
            rows.append(shown(company, kind, records[identity]))
    return rows
