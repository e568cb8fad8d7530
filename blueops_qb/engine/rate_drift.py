"""Rate drift: sales tax rates by which BlueOps charges and those of the tax codes they are mapped to."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Invoice
from blueops_qb.domain.refs import BooksKind, RecordKind
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


def drifts(turn: Turn) -> list[Drift]:
    """Mapped tax keys whose rate in the books is another than on BlueOps' newest invoice, by key."""
    charged = _charged(turn)
    rates = {e.ref.id: e.facts.get("rate", "") for e in turn.catalog.of(BooksKind.TAX_RATE)}
    codes = {e.ref: e.facts.get("rates", "").split() for e in turn.catalog.of(BooksKind.TAX_CODE)}
    found = []
    for rule in turn.mapping.rules:
        ours = charged.get(rule.key) if rule.family is Family.TAX else None
        parts = codes.get(rule.target.tax_code, []) if rule.target.tax_code is not None else []
        theirs = _sum([rates.get(id, "") for id in parts])
        if ours is not None and theirs is not None and ours != theirs:
            found.append(Drift(key=rule.key, ours=ours, theirs=theirs))
    return sorted(found, key=lambda drift: drift.key)


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
