"""Pages: progress applications of a job, and the release of what was held back."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from blueops_qb.domain.records import Job, ProgressApplication, SovLine
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core.applications import of_job
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pages import forms, here
from blueops_qb.sandbox.core.pages.contacts import Shown, found
from blueops_qb.sandbox.core.work import Refused

pages = Blueprint("applications", __name__)
#: Empty lines that the form offers beside those of the last application.
LINES = 3
FIELDS = (
    "sov_line_id",
    "description",
    "scheduled",
    "change_order_id",
    "this_period",
    "stored",
    "retainage_percent",
)


@pages.route("/jobs/<id>/applications/new", methods=["GET", "POST"])
@here.editors
def new_application(id: str) -> Shown:
    """Enter the next application of a job as it was certified."""
    job = found(Job, RecordKind.JOB, id)
    earlier = _earlier(job)
    lines = list(forms.table(request.form, *FIELDS))
    status = 200
    if request.method == "POST" and request.form.get("press") != "more":
        try:
            draft = _draft(job, lines)
            with here.changing() as tx:
                ref = tx.once(here.once(), lambda: tx.raise_invoice(draft))
        except Refused as refused:
            here.refuse(refused.why)
            status = 422
        else:
            here.done(f"The application is invoice {ref.id}.")
            return redirect(url_for("sales.invoice", id=ref.id), code=303)
    shown = lines if request.method == "POST" else [_fields(line) for line in earlier.lines]
    fields: Any = request.form if request.method == "POST" else _start(earlier)
    return render_template(
        "application_form.html",
        job=job,
        fields=fields,
        lines=[*shown, *({} for _ in range(LINES))],
        once=request.form.get("once") or uuid.uuid4().hex,
    ), status


def _earlier(job: Job) -> ProgressApplication:
    """The last application of the job with a schedule of values; an empty one before the first."""
    with here.core().engine.connect() as connection:
        made = list(of_job(connection, here.member().tenant_id, job.id))
    applications = [i.application for i in made if i.application is not None]
    number = max((a.number for a in applications), default=0)
    billed = [a for a in applications if a.lines]
    last = max(billed, key=lambda a: a.number, default=ProgressApplication(number=0))
    return ProgressApplication(
        number=number,
        original_contract=last.original_contract,
        approved_changes=last.approved_changes,
        lines=last.lines,
        retainage_cap=last.retainage_cap,
    )


def _start(earlier: ProgressApplication) -> dict[str, Any]:
    return {
        "number": earlier.number + 1,
        "issue_date": here.today(),
        "original_contract": earlier.original_contract or "",
        "approved_changes": earlier.approved_changes or "",
        "retainage_cap": earlier.retainage_cap if earlier.retainage_cap is not None else "",
    }


def _fields(line: SovLine) -> dict[str, Any]:
    return {
        "sov_line_id": line.sov_line_id,
        "description": line.description,
        "scheduled": line.scheduled,
        "change_order_id": line.change_order_id,
        "this_period": "",
        "stored": line.stored or "",
        "retainage_percent": line.retainage_percent,
    }


def _draft(job: Job, lines: list[dict[str, str]]) -> InvoiceDraft:
    form = request.form
    number = forms.text(form, "number")
    if not number.isdecimal():
        raise Refused("give the application its number, such as 3")
    cap = forms.text(form, "retainage_cap")
    application = ProgressApplication(
        number=int(number[:6]),
        period_to=forms.day(form.get("period_to", ""), "Period to"),
        original_contract=forms.money(form.get("original_contract", ""), "Original contract"),
        approved_changes=forms.money(form.get("approved_changes", ""), "Approved change orders"),
        lines=tuple(_line(n, row) for n, row in enumerate(lines, start=1)),
        retainage_cap=forms.money(cap, "Most that is held back") if cap else None,
        release=forms.money(form.get("release", ""), "Release"),
        back_charge=forms.money(form.get("back_charge", ""), "Back-charge"),
    )
    return InvoiceDraft(
        customer_id=job.customer_id,
        job_id=job.id,
        issue_date=forms.needed_day(form.get("issue_date", ""), "Date of issue"),
        number=f"{job.id}-APP-{application.number}",
        lines=[],
        memo=forms.text(form, "memo"),
        application=application,
    )


def _line(number: int, row: dict[str, str]) -> SovLine:
    label = f"Line {number}"
    return SovLine(
        sov_line_id=row["sov_line_id"],
        description=row["description"],
        scheduled=forms.money(row["scheduled"], f"{label}, scheduled value"),
        this_period=forms.money(row["this_period"], f"{label}, this period"),
        stored=forms.money(row["stored"], f"{label}, stored material"),
        retainage_percent=forms.decimal(row["retainage_percent"], f"{label}, retainage", empty=Decimal(0)),
        change_order_id=row["change_order_id"],
    )
