"""Progress applications in core: the columns of earlier applications, and the lines that follow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import attrs
import sqlalchemy as sa

from blueops_qb.domain.applications import completed, faults, lines_of, retainage_to_date
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Invoice, InvoiceLine, ProgressApplication, SovLine
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.tables import records
from blueops_qb.sandbox.core.work import Refused

if TYPE_CHECKING:
    from blueops_qb.sandbox.core.invoices import InvoiceDraft


def applied(
    connection: sa.Connection, tenant_id: str, draft: InvoiceDraft, *, invoice_id: str
) -> InvoiceDraft:
    """The draft with the columns that earlier applications of the job fill, and the lines that follow.

    Refused where one is changed that is not the last, or where the application does not hold together.
    """
    application = draft.application
    assert application is not None
    if draft.job_id is None:
        raise Refused("a progress application needs its job; choose it")
    others = [i for i in of_job(connection, tenant_id, draft.job_id) if i.id != invoice_id]
    _check_last(application, draft.job_id, others)
    filled = _with_earlier(application, [i for i in others if i.application is not None])
    found = list(faults(filled))
    if found:
        raise Refused(f"the application {'; it '.join(found)}; correct it")
    return attrs.evolve(draft, application=filled, lines=[_draft(line) for line in lines_of(filled)])


def check_voidable(connection: sa.Connection, tenant_id: str, invoice: Invoice) -> None:
    """Refused for an application that later ones build on: they would bill on from work that nobody was billed for."""
    if invoice.application is not None and invoice.job_id is not None:
        _check_last(invoice.application, invoice.job_id, of_job(connection, tenant_id, invoice.job_id))


def of_job(connection: sa.Connection, tenant_id: str, job_id: str) -> Iterator[Invoice]:
    """The invoices of a job that bill progress applications, void ones left out, the newest first."""
    before: int | None = None
    there = [records.c.job_id == job_id, records.c.status != "void"]
    while page := rows.listed(
        connection, tenant_id, RecordKind.INVOICE, where=there, before=before, limit=200
    ):
        yield from (row.record for row in page if isinstance(row.record, Invoice) and row.record.application)
        before = int(page[-1].record.id)


def _check_last(application: ProgressApplication, job_id: str, others: Iterable[Invoice]) -> None:
    if any(i.application and i.application.number > application.number for i in others):
        raise Refused(
            f"application {application.number} is not the last of job {job_id}; correct it in the next one"
        )


def _with_earlier(application: ProgressApplication, earlier: list[Invoice]) -> ProgressApplication:
    numbers = {i.application.number for i in earlier if i.application is not None}
    if application.number in numbers:
        raise Refused(f"the job has an application {application.number} already; choose the next number")
    billed = [i.application for i in earlier if i.application is not None and i.application.lines]
    last = max(billed, key=lambda a: a.number, default=None)
    before = {line.sov_line_id: line for line in last.lines} if last is not None else {}
    released = sum((i.application.release for i in earlier if i.application is not None), ZERO)
    held = (retainage_to_date(last) if last is not None else ZERO) - released
    if not application.lines:
        return attrs.evolve(application, retainage_before=held)
    gone = before.keys() - {line.sov_line_id for line in application.lines}
    if gone:
        raise Refused(f"the application lacks line {min(gone)} of the schedule of values; enter all of them")
    lines = tuple(_filled(line, before.get(line.sov_line_id)) for line in application.lines)
    certified = sum((line.previous + line.stored_before for line in lines), ZERO) - held
    return attrs.evolve(application, lines=lines, retainage_before=held, previous_certificates=certified)


def _filled(line: SovLine, before: SovLine | None) -> SovLine:
    if before is None:
        return attrs.evolve(line, previous=ZERO, stored_before=ZERO)
    return attrs.evolve(line, previous=completed(before) - before.stored, stored_before=before.stored)


def _draft(line: InvoiceLine) -> LineDraft:
    return LineDraft(
        line_id=line.line_id,
        kind=line.kind,
        description=line.description,
        unit_price=line.unit_price,
        service_category=line.service_category,
        fee_type=line.fee_type,
        class_key=line.class_key,
    )
