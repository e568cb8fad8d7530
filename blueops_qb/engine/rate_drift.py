"""Rate drift: sales tax rates by which BlueOps charges and those of the tax codes they are mapped to.

A round looks at them after every reading of the lists and every change of the mapping; pages only show what was found.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Invoice
from blueops_qb.domain.refs import BooksKind, RecordKind
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.look import NotConnected, looking
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: How many of core's newest revisions are looked through for rates.
REVISIONS = 2000


@attrs.frozen(kw_only=True)
class Drift:
    """A tax key whose rate differs: in percent, BlueOps' own and that of the books' code."""

    key: str
    ours: Decimal
    theirs: Decimal


@attrs.frozen(kw_only=True)
class Looked:
    """What was found, and when; `at` is None before anybody looked."""

    at: dt.datetime | None = None
    drifts: tuple[Drift, ...] = ()


def found(row: Mapping[str, Any]) -> Looked:
    """What the last look found, from a connection's row."""
    kept = _kept(row)
    return Looked(
        at=row["drifts_at"],
        drifts=tuple(
            Drift(key=key, ours=Decimal(ours), theirs=Decimal(theirs))
            for key, ours, theirs in kept.get("drifts", ())
        ),
    )


def is_due(row: Mapping[str, Any]) -> bool:
    """The lists were read, or the mapping changed, since somebody looked."""
    return bool(row["profile_json"]) and _kept(row).get("basis") != _basis(row)


def look(engine: Engine, connection_id: str) -> None:
    """Look now and keep what is found. Reads core's newest invoices without a transaction that others wait for."""
    try:
        with looking(engine, engine.turns.place(connection_id)[0]) as turn:
            basis, seen = _basis(turn.row), drifts(turn)
    except NotConnected:
        return
    kept = {"basis": basis, "drifts": [[one.key, str(one.ours), str(one.theirs)] for one in seen]}
    with engine.turns.open(connection_id) as turn:
        assert turn is not None
        turn.set(drifts_at=turn.now, drifts_json=json.dumps(kept))


def _kept(row: Mapping[str, Any]) -> dict[str, Any]:
    return dict(json.loads(row["drifts_json"])) if row["drifts_json"] else {}


def _basis(row: Mapping[str, Any]) -> str:
    read = row["catalog_at"]
    return f"{read.isoformat() if read else ''} {row['mapping_version']}"


def drifts(turn: Turn) -> list[Drift]:
    """Mapped tax keys whose rate in the books is another than on BlueOps' newest invoice, by key."""
    charged = _charged(turn)
    rates = {e.ref.id: e.facts.get("rate", "") for e in turn.catalog.of(BooksKind.TAX_RATE)}
    codes = {e.ref: e.facts.get("rates", "").split() for e in turn.catalog.of(BooksKind.TAX_CODE)}
    differing = []
    for rule in turn.mapping.rules:
        ours = charged.get(rule.key) if rule.family is Family.TAX else None
        parts = codes.get(rule.target.tax_code, []) if rule.target.tax_code is not None else []
        theirs = _sum([rates.get(id, "") for id in parts])
        if ours is not None and theirs is not None and ours != theirs:
            differing.append(Drift(key=rule.key, ours=ours, theirs=theirs))
    return sorted(differing, key=lambda drift: drift.key)


def _charged(turn: Turn) -> dict[str, Decimal]:
    """The rate of each tax key on the newest invoice that carries one."""
    swept = turn.connection.execute(
        sa.select(t.tenants.c.swept_revision).where(t.tenants.c.tenant_id == turn.tenant_id)
    ).scalar_one_or_none()
    since = max(0, (swept or 0) - REVISIONS)
    newest: dict[str, Decimal] = {}
    while True:
        page = list(
            turn.core.iterate(turn.tenant_id, since_revision=since, kinds=[RecordKind.INVOICE], limit=500)
        )
        for snapshot in page:
            record = snapshot.record
            if isinstance(record, Invoice) and record.tax_key and record.tax_percent is not None:
                newest[record.tax_key] = record.tax_percent
        if len(page) < 500:
            return newest
        since = page[-1].revision


def _sum(texts: list[str]) -> Decimal | None:
    """The rates together; None where one of them is not told."""
    try:
        return sum((Decimal(text) for text in texts), Decimal(0)) if texts else None
    except InvalidOperation:
        return None
