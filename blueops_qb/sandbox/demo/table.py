"""Shows what arrived where: one row per record, both sides beside each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.list_entries import ListEntry
from blueops_qb.domain.own_entries import Entry
from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.records import (
    Credit,
    Customer,
    Expense,
    Invoice,
    Job,
    Payment,
    PaymentReturn,
    Payout,
    Record,
    Refund,
    Vendor,
)
from blueops_qb.domain.refs import RecordKind
from blueops_qb.engine import census
from blueops_qb.sandbox.demo.house import TENANT, DemoHouse
from blueops_qb.sandbox.demo.theirs import Shown
from blueops_qb.sdk.core import Snapshot

HEADS = ("Record", "BlueOps", "Amount", "QuickBooks", "Amount", "State")
RIGHT = frozenset({2, 4})
ORDER = tuple(RecordKind)


@attrs.frozen(kw_only=True)
class Arrived:
    """One row: a record, where it is in the books, and what both sides say it is worth."""

    record: str
    ours: str
    our_amount: Decimal | None
    theirs: str
    their_amount: Decimal | None
    state: str

    def cells(self) -> tuple[str, ...]:
        """The row as text."""
        ours, theirs = _money(self.our_amount), _money(self.their_amount)
        return self.record, self.ours, ours, self.theirs, theirs, self.state


def arrived(house: DemoHouse) -> list[Arrived]:
    """Every record of the company, in the order customers, jobs, vendors, sales, money, costs."""
    snapshots = {s.record.ref: s for s in house.core.iterate(TENANT, limit=10_000)}
    with house.core.engine.connect() as connection:
        lines = [
            line
            for _, line in census.lines(connection, TENANT, connection_id=house.connection_id, limit=10_000)
        ]
    names = {str(ref): s for ref, s in snapshots.items()}
    rows = []
    books, nothing = house.theirs, Shown(title="")
    kept: dict[str, Mapping[str, Shown]] = {}
    for line in sorted(lines, key=lambda x: (ORDER.index(x.ref.kind), len(x.ref.id), x.ref.id)):
        kind = line.books_kind
        if kind and kind not in kept:
            kept[kind] = books.shown(kind)
        shown = kept[kind].get(line.books_id, nothing) if kind else nothing
        record = snapshots[line.ref].record
        rows.append(
            Arrived(
                record=str(line.ref),
                ours=_title(record, names),
                our_amount=_amount(record),
                theirs=f"{books.word(kind)} {line.books_id}: {shown.title}" if kind else "-",
                their_amount=shown.amount,
                state=line.state.value,
            )
        )
    return rows


def render(rows: Sequence[Arrived]) -> str:
    """The rows as an aligned table."""
    cells = [HEADS, *(row.cells() for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADS))]
    lines = ["  ".join(_aligned(text, n, widths[n]) for n, text in enumerate(row)).rstrip() for row in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])


def _aligned(text: str, column: int, width: int) -> str:
    return text.rjust(width) if column in RIGHT else text.ljust(width)


def _money(amount: Decimal | None) -> str:
    return "" if amount is None else f"{amount:,.2f}"


def _title(record: Record, known: Mapping[str, Snapshot]) -> str:
    match record:
        case Customer() | Vendor():
            return record.name
        case Job():
            return f"{_name(known, f'customer:{record.customer_id}')}: {record.name}"
        case Invoice():
            void = " (void)" if record.void else ""
            return f"{record.number} {_name(known, f'customer:{record.customer_id}')}{void}"
        case Payment():
            return f"{record.method} {record.reference} {_name(known, f'customer:{record.customer_id}')}"
        case Expense():
            return f"{record.type.value} {record.vendor_invoice_number} {_name(known, f'vendor:{record.vendor_id}')}"
        case Payout():
            return f"{record.date} to {record.account_key}"
        case ListEntry():
            return record.document.name
        case Reclass() | Entry():
            return record.memo
        case Credit():
            return f"{record.number} {_name(known, f'customer:{record.customer_id}')}"
        case Refund() | PaymentReturn():
            return _name(known, f"customer:{record.customer_id}")


def _name(known: Mapping[str, Snapshot], ref: str) -> str:
    found = known.get(ref)
    return str(getattr(found.record, "name", ref)) if found else ref


def _amount(record: Record) -> Decimal | None:
    match record:
        case Invoice() | Payment() | Expense() if record.void:
            return Decimal("0.00")
        case Invoice() | Expense():
            return record.total
        case Payment():
            return record.amount
        case Payout():
            return record.net
        case Credit():
            return record.total
        case Refund() | PaymentReturn():
            return record.amount
    return None
