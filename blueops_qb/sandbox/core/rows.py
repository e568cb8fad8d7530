"""Reads and writes records: the JSON snapshot and the columns that follow from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import attrs
import sqlalchemy as sa

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
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.tables import records
from blueops_qb.sdk.core import Snapshot
from blueops_qb.sdk.wire import dump_record, load_record

#: `status` of records that are gone.
MERGED = "merged"
DELETED = "deleted"
#: How many ids one question names.
CHUNK = 400
#: What an index of PostgreSQL surely holds.
LONGEST_LABEL = 200
_LONGEST_NUMBER = 18


@attrs.frozen(kw_only=True)
class Row:
    """A record with what core keeps beside it; `balance` is set for invoices only."""

    record: Record
    revision: int
    status: str
    balance: Decimal | None = None
    merged_into: str | None = None

    @property
    def gone(self) -> bool:
        return self.status in (MERGED, DELETED)

    @property
    def snapshot(self) -> Snapshot:
        return Snapshot(
            record=self.record,
            revision=self.revision,
            merged_into=self.merged_into,
            deleted=self.status == DELETED,
        )


def cents(amount: Decimal) -> int:
    """Whole cents of an amount with two decimals."""
    return int(amount.scaleb(2))


def from_cents(value: int) -> Decimal:
    """The amount of whole cents."""
    return Decimal(value).scaleb(-2)


def number_of(id: str) -> int | None:
    """The number behind a record's id, or None where core never gave such an id."""
    if not (id.isascii() and id.isdecimal()) or len(id) > _LONGEST_NUMBER or id != str(int(id)):
        return None
    return int(id)


def columns(record: Record) -> dict[str, Any]:
    """What lists and questions need of a record."""
    found: dict[str, Any] = dict.fromkeys(
        ("customer_id", "job_id", "vendor_id", "on_date", "due_date", "total")
    )
    match record:
        case Customer() | Vendor():
            found |= {"label": record.name, "status": "active" if record.active else "inactive"}
        case Job():
            found |= {"label": record.name, "status": record.status, "customer_id": record.customer_id}
        case Invoice():
            found |= {
                "label": record.number,
                "status": "void" if record.void else "open",
                "customer_id": record.customer_id,
                "job_id": record.job_id,
                "on_date": record.issue_date,
                "due_date": record.due_date or record.issue_date,
                "total": cents(record.total),
            }
        case Payment():
            found |= {
                "label": record.reference[:LONGEST_LABEL],
                "status": "void" if record.void else "recorded",
                "customer_id": record.customer_id,
                "job_id": record.job_id or record.deposit_for_job,
                "on_date": record.received_on,
                "total": cents(record.amount),
            }
        case Expense():
            found |= {
                "label": record.vendor_invoice_number[:LONGEST_LABEL],
                "status": "void" if record.void else "recorded",
                "vendor_id": record.vendor_id,
                "on_date": record.date,
                "due_date": record.due_date,
                "total": cents(record.total),
            }
        case Credit():
            found |= {
                "label": record.number[:LONGEST_LABEL],
                "status": "void" if record.void else "issued",
                "customer_id": record.customer_id,
                "job_id": record.job_id,
                "on_date": record.issue_date,
                "total": cents(record.total),
            }
        case Refund() | PaymentReturn():
            found |= {
                "label": "",
                "status": "void" if record.void else "recorded",
                "customer_id": record.customer_id,
                "on_date": record.date,
                "total": cents(record.amount),
            }
        case Payout():
            status = "void" if record.void else "settled"
            found |= {"label": "", "status": status, "on_date": record.date, "total": cents(record.net)}
    return found


@cache
def _insert() -> sa.Insert:
    return sa.insert(records)


@cache
def _update() -> sa.Update:
    key = (records.c.tenant_id == sa.bindparam("at_tenant")) & (records.c.kind == sa.bindparam("at_kind"))
    return sa.update(records).where(key, records.c.id == sa.bindparam("at_id"))


@cache
def _select() -> sa.Select[Any]:
    c = records.c
    return sa.select(c.kind, c.id, c.revision, c.record, c.status, c.balance, c.merged_into).where(
        c.tenant_id == sa.bindparam("tenant")
    )


@cache
def _one() -> sa.Select[Any]:
    return _select().where(records.c.kind == sa.bindparam("of"), records.c.id == sa.bindparam("number"))


@cache
def _several() -> sa.Select[Any]:
    return _select().where(
        records.c.kind == sa.bindparam("of"), records.c.id.in_(sa.bindparam("numbers", expanding=True))
    )


def insert(
    connection: sa.Connection,
    tenant_id: str,
    record: Record,
    *,
    revision: int,
    balance: Decimal | None = None,
) -> None:
    """Write a new record."""
    connection.execute(
        _insert(),
        {
            "tenant_id": tenant_id,
            "kind": record.ref.kind.value,
            "id": int(record.id),
            "revision": revision,
            "record": dump_record(record),
            "balance": None if balance is None else cents(balance),
            "merged_into": None,
            **_with_balance(columns(record), balance),
        },
    )


def update(
    connection: sa.Connection,
    tenant_id: str,
    record: Record,
    *,
    revision: int,
    balance: Decimal | None = None,
    gone: str = "",
    merged_into: str | None = None,
) -> None:
    """Replace a record; `gone` is MERGED or DELETED where it stays only as a memory."""
    values = _with_balance(columns(record), balance)
    if gone:
        values["status"] = gone
    connection.execute(
        _update().values(
            revision=revision,
            record=dump_record(record),
            balance=None if balance is None else cents(balance),
            merged_into=merged_into,
            **values,
        ),
        {"at_tenant": tenant_id, "at_kind": record.ref.kind.value, "at_id": int(record.id)},
    )


def set_balance(connection: sa.Connection, tenant_id: str, invoice: Invoice, balance: Decimal) -> None:
    """What is still open of an invoice; not a change of the record, so its revision stays."""
    status = "open" if balance else "paid"
    connection.execute(
        _update().values(balance=cents(balance), status=status),
        {"at_tenant": tenant_id, "at_kind": RecordKind.INVOICE.value, "at_id": int(invoice.id)},
    )


def _with_balance(values: dict[str, Any], balance: Decimal | None) -> dict[str, Any]:
    if values["status"] == "open" and balance is not None and not balance:
        values["status"] = "paid"
    return values


def read(connection: sa.Connection, tenant_id: str, ref: RecordRef) -> Row | None:
    """One record, or None where there never was one."""
    number = number_of(ref.id)
    if number is None:
        return None
    found = connection.execute(
        _one(), {"tenant": tenant_id, "of": ref.kind.value, "number": number}
    ).one_or_none()
    return _row(found) if found is not None else None


def read_many(connection: sa.Connection, tenant_id: str, refs: Iterable[RecordRef]) -> dict[RecordRef, Row]:
    """Several records at once; what does not exist is left out."""
    wanted: dict[RecordKind, list[int]] = {}
    for ref in refs:
        number = number_of(ref.id)
        if number is not None:
            wanted.setdefault(ref.kind, []).append(number)
    found: dict[RecordRef, Row] = {}
    for kind, numbers in wanted.items():
        for start in range(0, len(numbers), CHUNK):
            chunk = numbers[start : start + CHUNK]
            rows = connection.execute(_several(), {"tenant": tenant_id, "of": kind.value, "numbers": chunk})
            for raw in rows:
                row = _row(raw)
                found[row.record.ref] = row
    return found


def since(
    connection: sa.Connection, tenant_id: str, *, revision: int, kinds: Sequence[RecordKind], limit: int
) -> Iterator[Row]:
    """Records above a revision, by revision."""
    question = _select().where(records.c.revision > revision).order_by(records.c.revision).limit(limit)
    if kinds:
        question = question.where(records.c.kind.in_([kind.value for kind in kinds]))
    return map(_row, connection.execute(question, {"tenant": tenant_id}))


def listed(
    connection: sa.Connection,
    tenant_id: str,
    kind: RecordKind,
    *,
    where: Sequence[sa.ColumnElement[bool]] = (),
    before: int | None = None,
    limit: int = 50,
) -> list[Row]:
    """One page of a list, newest first: records with a number below `before` (keyset-paged)."""
    question = _select().where(records.c.kind == kind.value, *where)
    if before is not None:
        question = question.where(records.c.id < before)
    question = question.order_by(records.c.id.desc()).limit(limit)
    return [_row(raw) for raw in connection.execute(question, {"tenant": tenant_id})]


def _row(raw: sa.Row[Any]) -> Row:
    return Row(
        record=load_record(RecordKind(raw.kind), raw.record),
        revision=raw.revision,
        status=raw.status,
        balance=None if raw.balance is None else from_cents(raw.balance),
        merged_into=raw.merged_into,
    )


def utc(value: dt.datetime) -> dt.datetime:
    """An aware time again: SQLite forgets the zone of what was stored as UTC."""
    return value if value.tzinfo else value.replace(tzinfo=dt.UTC)
