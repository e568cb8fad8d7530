"""Actions on customers, jobs and vendors: enter, change, merge, delete; close and cancel a job."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

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
    Record,
    Refund,
    Vendor,
)
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.tables import records
from blueops_qb.sandbox.core.work import Refused, Work
from blueops_qb.sdk.hooks import Action

P = TypeVar("P", Customer, Job, Vendor)
LONGEST_NAME = 200


def checked_name(record: Customer | Job | Vendor) -> str:
    """The name without spaces around it; Refused where it is empty, too long or not printable."""
    name, what = record.name.strip(), record.ref.kind.value
    if not name:
        raise Refused(f"a {what} needs a name; enter one")
    if len(name) > LONGEST_NAME:
        raise Refused(f"the name of the {what} has {len(name)} characters; shorten it to {LONGEST_NAME}")
    if not name.isprintable():
        raise Refused(f"the name of the {what} holds a character that cannot be printed; type it again")
    return name


class ContactActions(Work):
    """Customers, jobs and vendors."""

    # -- customers ---------------------------------------------------------------------------------
    def create_customer(self, record: Customer) -> Customer:
        """Enter a customer; the id is given here."""
        turn = self._turn(RecordKind.CUSTOMER)
        customer = attrs.evolve(record, id=str(turn.number), name=checked_name(record))
        self._create(customer, turn)
        return customer

    def update_customer(self, record: Customer) -> Customer:
        """Replace a customer by this full state."""
        return self._replace(Customer, RecordKind.CUSTOMER, record)

    def merge_customers(self, loser_id: str, survivor_id: str) -> None:
        """Move the loser's jobs, invoices and payments to the survivor; the loser is gone."""
        self._merge(Customer, RecordKind.CUSTOMER, loser_id, survivor_id)

    def delete_customer(self, id: str) -> None:
        """Delete a customer without jobs, invoices and payments; Refused for others."""
        self._delete(Customer, RecordKind.CUSTOMER, id)

    # -- jobs --------------------------------------------------------------------------------------
    def create_job(self, record: Job) -> Job:
        """Open a job of a customer; the id is given here."""
        turn = self._turn(RecordKind.JOB)
        self._existing(Customer, RecordKind.CUSTOMER, record.customer_id)
        job = attrs.evolve(record, id=str(turn.number), name=checked_name(record))
        self._create(job, turn)
        return job

    def update_job(self, record: Job) -> Job:
        """Replace a job by this full state; it may not move to another customer once it is invoiced."""
        self._existing(Customer, RecordKind.CUSTOMER, record.customer_id)
        found = self.read(record.ref)
        if found and isinstance(found.record, Job) and found.record.customer_id != record.customer_id:
            self._refuse_while_used(RecordKind.JOB, record.id, "moved to another customer")
        return self._replace(Job, RecordKind.JOB, record)

    def close_job(self, id: str) -> Job:
        """The work is done."""
        return self._end_job(id, status="closed", action=Action.CLOSED)

    def cancel_job(self, id: str, *, reason: str = "") -> Job:
        """The job is called off."""
        return self._end_job(id, status="cancelled", action=Action.CANCELLED, reason=reason)

    def merge_jobs(self, loser_id: str, survivor_id: str) -> None:
        """Move the loser's invoices, payments and costs to the survivor of the same customer."""
        loser, _ = self._existing(Job, RecordKind.JOB, loser_id)
        survivor, _ = self._existing(Job, RecordKind.JOB, survivor_id)
        if loser.customer_id != survivor.customer_id:
            raise Refused(
                f"jobs {loser_id} and {survivor_id} belong to different customers; merge those first"
            )
        self._merge(Job, RecordKind.JOB, loser_id, survivor_id)

    def delete_job(self, id: str) -> None:
        """Delete a job without invoices, payments and costs; Refused for others."""
        self._delete(Job, RecordKind.JOB, id)

    def _end_job(self, id: str, *, status: str, action: Action, reason: str = "") -> Job:
        turn = self._turn()
        job, _ = self._existing(Job, RecordKind.JOB, id)
        if job.status != "open":
            raise Refused(f"job {id} is {job.status} already; open it again first")
        return self._rewrite(attrs.evolve(job, status=status), turn, action=action, reason=reason)

    # -- vendors -----------------------------------------------------------------------------------
    def create_vendor(self, record: Vendor) -> Vendor:
        """Enter a vendor; the id is given here."""
        turn = self._turn(RecordKind.VENDOR)
        vendor = attrs.evolve(record, id=str(turn.number), name=checked_name(record))
        self._create(vendor, turn)
        return vendor

    def update_vendor(self, record: Vendor) -> Vendor:
        """Replace a vendor by this full state."""
        return self._replace(Vendor, RecordKind.VENDOR, record)

    def merge_vendors(self, loser_id: str, survivor_id: str) -> None:
        """Move the loser's costs to the survivor; the loser is gone."""
        self._merge(Vendor, RecordKind.VENDOR, loser_id, survivor_id)

    def delete_vendor(self, id: str) -> None:
        """Delete a vendor without costs; Refused for others."""
        self._delete(Vendor, RecordKind.VENDOR, id)

    def merge_parties(self, kind: RecordKind, loser_id: str, survivor_id: str) -> Record:
        """Merge two customers, jobs or vendors; answers the survivor. Refused for other kinds."""
        merge = {
            RecordKind.CUSTOMER: self.merge_customers,
            RecordKind.JOB: self.merge_jobs,
            RecordKind.VENDOR: self.merge_vendors,
        }.get(kind)
        if merge is None:
            raise Refused(f"a record of the kind {kind.value} is never merged; correct or void it")
        merge(loser_id, survivor_id)
        survivor = self.read(RecordRef(kind, survivor_id))
        assert survivor is not None
        return survivor.record

    # -- the same for all three --------------------------------------------------------------------
    def _replace(self, type_: type[P], kind: RecordKind, record: P) -> P:
        turn = self._turn()
        self._existing(type_, kind, record.id)
        return self._rewrite(attrs.evolve(record, name=checked_name(record)), turn)

    def _merge(self, type_: type[P], kind: RecordKind, loser_id: str, survivor_id: str) -> None:
        turn = self._turn()
        if loser_id == survivor_id:
            raise Refused(f"{kind.value} {loser_id} cannot be merged into itself; choose another")
        loser, _ = self._existing(type_, kind, loser_id)
        self._existing(type_, kind, survivor_id)
        for row in list(self._users_of(kind, loser_id)):
            self._move(row, kind, loser_id, survivor_id)
        turn = self._turn()  # the merge comes after what it moved
        self._remove(loser, turn, merged_into=survivor_id)

    def _delete(self, type_: type[P], kind: RecordKind, id: str) -> None:
        turn = self._turn()
        record, _ = self._existing(type_, kind, id)
        self._refuse_while_used(kind, id, "deleted")
        self._remove(record, turn)

    def _refuse_while_used(self, kind: RecordKind, id: str, what: str) -> None:
        used = next(self._users_of(kind, id), None)
        if used is not None:
            raise Refused(
                f"{kind.value} {id} cannot be {what}: {used.record.ref} belongs to it;"
                " merge it into another or make it inactive instead"
            )

    def _users_of(self, kind: RecordKind, id: str) -> Iterator[rows.Row]:
        """What belongs to a customer, job or vendor and is not gone."""
        column = {
            RecordKind.CUSTOMER: "customer_id",
            RecordKind.JOB: "job_id",
            RecordKind.VENDOR: "vendor_id",
        }[kind]
        there = records.c.status.not_in([rows.MERGED, rows.DELETED])
        for used in _USES:
            if kind is RecordKind.JOB and used is RecordKind.EXPENSE:
                # The jobs of a cost stand on its lines.
                fits: sa.ColumnElement[bool] = records.c.record.contains(f'"job_id":"{id}"', autoescape=True)
            else:
                fits = records.c[column] == id
            yield from self._all(used, there, fits)

    def _all(self, kind: RecordKind, *where: sa.ColumnElement[bool]) -> Iterator[rows.Row]:
        before: int | None = None
        while page := rows.listed(
            self._connection, self.tenant_id, kind, where=where, before=before, limit=200
        ):
            yield from page
            before = int(page[-1].record.id)

    def _move(self, row: rows.Row, kind: RecordKind, old: str, new: str) -> None:
        self._rewrite(_MOVES[kind](row.record, old, new), self._turn(), row=row)


#: What may belong to a customer, job or vendor.
_USES = (
    RecordKind.JOB,
    RecordKind.INVOICE,
    RecordKind.PAYMENT,
    RecordKind.EXPENSE,
    RecordKind.CREDIT,
    RecordKind.REFUND,
    RecordKind.PAYMENT_RETURN,
)


def _to_customer(record: Record, _: str, new: str) -> Record:
    assert isinstance(record, Job | Invoice | Payment | Credit | Refund | PaymentReturn)
    return attrs.evolve(record, customer_id=new)


def _to_job(record: Record, old: str, new: str) -> Record:
    if isinstance(record, Expense):
        lines = tuple(attrs.evolve(x, job_id=new) if x.job_id == old else x for x in record.lines)
        bill = record.subcontract
        if bill is not None and bill.job_id == old:
            bill = attrs.evolve(bill, job_id=new)
        return attrs.evolve(record, lines=lines, subcontract=bill)
    assert isinstance(record, Invoice | Payment | Credit)
    if isinstance(record, Payment) and record.deposit_for_job == old:
        record = attrs.evolve(record, deposit_for_job=new)
        return attrs.evolve(record, job_id=new) if record.job_id == old else record
    return attrs.evolve(record, job_id=new)


def _to_vendor(record: Record, _: str, new: str) -> Record:
    assert isinstance(record, Expense)
    return attrs.evolve(record, vendor_id=new)


_MOVES: dict[RecordKind, Callable[[Any, str, str], Record]] = {
    RecordKind.CUSTOMER: _to_customer,
    RecordKind.JOB: _to_job,
    RecordKind.VENDOR: _to_vendor,
}
