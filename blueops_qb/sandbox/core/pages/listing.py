"""Lists of records: one template, newest first, paged by the last number shown."""

from __future__ import annotations

import sqlalchemy as sa
from flask import render_template, request

from blueops_qb.domain.records import (
    Credit,
    Customer,
    Expense,
    Invoice,
    Job,
    Payment,
    PaymentReturn,
    Record,
    Refund,
    Vendor,
)
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.pages import here
from blueops_qb.sandbox.core.rows import Row
from blueops_qb.sandbox.core.tables import records

PAGE = 50
#: How many names a choice offers.
OFFERED = 1000
COLUMNS: dict[RecordKind, tuple[str, ...]] = {
    RecordKind.CUSTOMER: ("No.", "Name", "E-mail", "Phone", "Status"),
    RecordKind.JOB: ("No.", "Job", "Customer", "Branch", "Status"),
    RecordKind.VENDOR: ("No.", "Name", "Type", "Phone", "Status"),
    RecordKind.INVOICE: ("No.", "Customer", "Issued", "Due", "Total", "Open", "Status"),
    RecordKind.PAYMENT: ("No.", "Customer", "Received", "Method", "Reference", "Amount", "Status"),
    RecordKind.CREDIT: ("No.", "Customer", "Issued", "Reason", "Total", "Open", "Status"),
    RecordKind.REFUND: ("No.", "Customer", "Date", "Method", "Amount", "Status"),
    RecordKind.PAYMENT_RETURN: ("No.", "Customer", "Date", "Payment", "Reason", "Amount", "Status"),
    RecordKind.EXPENSE: ("No.", "Vendor", "Type", "Number", "Date", "Total", "Status"),
}


def names(kind: RecordKind, ids: set[str]) -> dict[str, str]:
    """Names of customers, jobs or vendors by id."""
    with here.core().engine.connect() as connection:
        found = rows.read_many(connection, here.member().tenant_id, (RecordRef(kind, id) for id in ids))
    return {ref.id: getattr(row.record, "name", "") for ref, row in found.items()}


def active(kind: RecordKind, *, customer_id: str | None = None) -> list[Customer | Job | Vendor]:
    """What a form offers to choose from, by name."""
    where: list[sa.ColumnElement[bool]] = [records.c.status.in_(["active", "open"])]
    if customer_id is not None:
        where.append(records.c.customer_id == customer_id)
    with here.core().engine.connect() as connection:
        found = rows.listed(connection, here.member().tenant_id, kind, where=where, limit=OFFERED)
    offered = [row.record for row in found if isinstance(row.record, Customer | Job | Vendor)]
    return sorted(offered, key=lambda record: record.name.casefold())


def page(kind: RecordKind, title: str, *, new: str) -> str:
    """A page of the list; `?before=NUMBER` shows what is older."""
    before = rows.number_of(request.args.get("before", ""))
    there = records.c.status.not_in([rows.MERGED, rows.DELETED])
    with here.core().engine.connect() as connection:
        found = rows.listed(
            connection, here.member().tenant_id, kind, where=[there], before=before, limit=PAGE + 1
        )
    shown = found[:PAGE]
    parties = _parties(shown)
    return render_template(
        "list.html",
        title=title,
        new=new,
        columns=COLUMNS[kind],
        rows=[(here.place(kind, row.record.id), _cells(row, parties)) for row in shown],
        older=shown[-1].record.id if len(found) > PAGE else None,
    )


def _parties(shown: list[Row]) -> dict[str, str]:
    records = [row.record for row in shown]
    customers = {
        r.customer_id
        for r in records
        if isinstance(r, Job | Invoice | Payment | Credit | Refund | PaymentReturn)
    }
    vendors = {r.vendor_id for r in records if isinstance(r, Expense) and r.vendor_id}
    return names(RecordKind.CUSTOMER, customers) if customers else names(RecordKind.VENDOR, vendors)


def _cells(row: Row, parties: dict[str, str]) -> tuple[object, ...]:
    record: Record = row.record
    match record:
        case Customer():
            return record.id, record.name, record.email, record.phone, row.status
        case Job():
            return record.id, record.name, parties.get(record.customer_id, ""), record.branch, row.status
        case Vendor():
            return record.id, record.name, record.vendor_type, record.phone, row.status
        case Invoice():
            who = parties.get(record.customer_id, "")
            dates = record.issue_date, record.due_date or ""
            return record.number, who, *dates, record.total, row.balance, row.status
        case Payment():
            who = parties.get(record.customer_id, "")
            return (
                record.id,
                who,
                record.received_on,
                record.method,
                record.reference,
                record.amount,
                row.status,
            )
        case Credit():
            who = parties.get(record.customer_id, "")
            reason = record.reason.value.replace("_", " ")
            return record.number, who, record.issue_date, reason, record.total, record.unapplied, row.status
        case Refund():
            who = parties.get(record.customer_id, "")
            return record.id, who, record.date, record.method, record.amount, row.status
        case PaymentReturn():
            who = parties.get(record.customer_id, "")
            reason = record.reason.value.replace("_", " ")
            return record.id, who, record.date, record.payment_id, reason, record.amount, row.status
        case Expense():
            who = parties.get(record.vendor_id or "", "")
            what = record.type.value, record.vendor_invoice_number, record.date
            return record.id, who, *what, record.total, row.status
        case _:
            return record.id, row.status
