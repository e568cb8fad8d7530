"""Related: the records that a record names, read from core for the posting rules."""

from __future__ import annotations

from collections.abc import Iterable

from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.records import Expense, Invoice, Job, Payment, Payout, Record
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sdk.core import Core, Snapshot


def named_by(record: Record) -> list[RecordRef]:
    """The records that `record` names directly."""
    refs: list[RecordRef] = []

    def add(kind: RecordKind, id: str | None) -> None:
        if id:
            refs.append(RecordRef(kind, id))

    match record:
        case Job():
            add(RecordKind.CUSTOMER, record.customer_id)
        case Invoice():
            add(RecordKind.CUSTOMER, record.customer_id)
            add(RecordKind.JOB, record.job_id)
        case Payment():
            add(RecordKind.CUSTOMER, record.customer_id)
            add(RecordKind.JOB, record.job_id)
            for application in record.applications:
                add(RecordKind.INVOICE, application.invoice_id)
        case Expense():
            add(RecordKind.VENDOR, record.vendor_id)
            for line in record.lines:
                add(RecordKind.JOB, line.job_id)
        case Payout():
            for payment_id in record.payment_ids:
                add(RecordKind.PAYMENT, payment_id)
        case Reclass():
            refs += [line.customer for line in record.lines if isinstance(line.customer, RecordRef)]
    return refs


#: Kinds whose own names matter too: the job of an invoice that a payment settles, a job's customer.
_DEPTH = 3


def read_related(core: Core, tenant_id: str, records: Iterable[Record]) -> dict[RecordRef, Snapshot]:
    """Everything that `records` name, and what those name, as core shows it now."""
    found: dict[RecordRef, Snapshot] = {}
    wanted = list(dict.fromkeys(ref for record in records for ref in named_by(record)))
    for _ in range(_DEPTH):
        wanted = [ref for ref in wanted if ref not in found]
        if not wanted:
            break
        fresh = core.read(tenant_id, wanted)
        found.update(fresh)
        wanted = list(dict.fromkeys(ref for s in fresh.values() for ref in named_by(s.record)))
    return found
