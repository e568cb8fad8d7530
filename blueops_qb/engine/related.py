"""Related: the records that a record names, read from core for the posting rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.records import (
    Credit,
    Entry,
    Expense,
    Invoice,
    Job,
    Payment,
    PaymentReturn,
    Payout,
    Record,
    Refund,
)
from blueops_qb.domain.refs import BooksRef, DocumentKey, RecordKind, RecordRef, record_of
from blueops_qb.engine.known import Known
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot

#: Several records as core shows them, as `Turn.read_all`; what does not exist is left out.
Read = Callable[[Sequence[RecordRef]], dict[RecordRef, Snapshot]]


def named_by(record: Record) -> list[RecordRef]:
    """The records that `record` names directly."""
    refs: list[RecordRef] = []

    def add(kind: RecordKind, id: str | None) -> None:
        if id:
            refs.append(RecordRef(kind, id))

    match record:
        case Credit():
            add(RecordKind.CUSTOMER, record.customer_id)
            add(RecordKind.JOB, record.job_id)
            add(RecordKind.INVOICE, record.invoice_id)
            for application in record.applications:
                add(RecordKind.INVOICE, application.invoice_id)
        case Refund():
            add(RecordKind.CUSTOMER, record.customer_id)
            add(RecordKind.JOB, record.job_id)
            add(RecordKind.JOB, record.deposit_for_job)
            refs += [part.of for part in record.parts]
        case PaymentReturn():
            add(RecordKind.CUSTOMER, record.customer_id)
            add(RecordKind.PAYMENT, record.payment_id)
        case Job():
            add(RecordKind.CUSTOMER, record.customer_id)
        case Invoice():
            add(RecordKind.CUSTOMER, record.customer_id)
            add(RecordKind.JOB, record.job_id)
            for deposit in record.deposits:
                add(RecordKind.PAYMENT, deposit.deposit_id)
        case Payment():
            add(RecordKind.CUSTOMER, record.customer_id)
            add(RecordKind.JOB, record.job_id)
            add(RecordKind.JOB, record.deposit_for_job)
            for application in record.applications:
                add(RecordKind.INVOICE, application.invoice_id)
            refs += [back.by for back in record.given_back]
        case Expense():
            add(RecordKind.VENDOR, record.vendor_id)
            for line in record.lines:
                add(RecordKind.JOB, line.job_id)
            add(RecordKind.JOB, record.subcontract.job_id if record.subcontract is not None else None)
        case Payout():
            for payment_id in record.payment_ids:
                add(RecordKind.PAYMENT, payment_id)
            for refund_id in record.refund_ids:
                add(RecordKind.REFUND, refund_id)
            for return_id in record.return_ids:
                add(RecordKind.PAYMENT_RETURN, return_id)
        case Reclass() | Entry():
            refs += [line.customer for line in record.lines if isinstance(line.customer, RecordRef)]
    return refs


#: Kinds whose own names matter too: the job of an invoice that a payment settles, a job's customer.
_DEPTH = 3


def read_related(
    read: Read, records: Iterable[Record], *, also: Iterable[RecordRef] = ()
) -> dict[RecordRef, Snapshot]:
    """Everything that `records` name, and `also`, and what those name, as `read` shows it."""
    found: dict[RecordRef, Snapshot] = {}
    wanted = list(dict.fromkeys([*also, *(ref for record in records for ref in named_by(record))]))
    for _ in range(_DEPTH):
        wanted = [ref for ref in wanted if ref not in found]
        if not wanted:
            break
        fresh = read(wanted)
        found.update(fresh)
        wanted = list(dict.fromkeys(ref for s in fresh.values() for ref in named_by(s.record)))
    return found


def named_there(records: Iterable[Record], known: Mapping[DocumentKey, Known]) -> set[RecordRef]:
    """Whom payments name in the books that settle no invoice any more: nothing here says it now.

    Nor is it said here what the books have applied a credit to beside its invoices, such as what a bounced check left.
    """
    back = {
        record.ref
        for record in records
        if (isinstance(record, Payment) and not record.applications)
        or (isinstance(record, Credit) and record.elsewhere)
    }
    named: set[RecordRef] = set()
    for document in (k for k in known.values() if k.key.source in back):
        try:
            refs = refs_of(wire.load_document(document.kind, document.content))
        except wire.Malformed:
            continue  # planning the record itself finds it, and holds that record alone
        named |= {record_of(ref) for ref in refs if not isinstance(ref, BooksRef)}
    return named
