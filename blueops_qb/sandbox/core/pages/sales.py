"""Pages: invoices."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.records import Customer, Invoice, InvoiceLine, LineKind, Payment, PermitPayer
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.credits import credits_of
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pages import bundles, forms, here
from blueops_qb.sandbox.core.pages.contacts import Shown, found
from blueops_qb.sandbox.core.pages.listing import active, names, page
from blueops_qb.sandbox.core.pages.money_back import REASONS
from blueops_qb.sandbox.core.payments import paid_on
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.tables import records
from blueops_qb.sandbox.core.work import Refused

pages = Blueprint("sales", __name__)
#: Lines that the empty form offers, and how many more a press of "More lines" adds.
LINES = 5
#: How many payments are looked through for deposits.
OFFERED = 200
FIELDS = ("description", "unit_price", "line_id", "what", "quantity", "line_discount", "taxable", "class_key")
#: What only some lines have.
MORE_FIELDS = ("parts",)
#: What a line can be, and the list from which its key comes.
WHATS = {
    LineKind.SERVICE: "service_options",
    LineKind.MATERIAL: "material_options",
    LineKind.EQUIPMENT: "material_options",
    LineKind.FEE: "fee_options",
}


@pages.get("/invoices")
def invoices() -> str:
    """The list."""
    return page(RecordKind.INVOICE, "Invoices", new=url_for(".new_invoice"))


@pages.route("/invoices/new", methods=["GET", "POST"])
@here.editors
def new_invoice() -> Shown:
    """First the customer, then everything else."""
    customer_id = request.values.get("customer_id", "")
    if not customer_id:
        return render_template(
            "choose_customer.html",
            title="New invoice",
            customers=active(RecordKind.CUSTOMER),
            action=url_for(".new_invoice"),
        )
    customer = found(Customer, RecordKind.CUSTOMER, customer_id)
    start: dict[str, Any] = {"issue_date": here.today(), "terms": customer.terms, "email": customer.email}
    if request.method == "GET":
        return _form(customer, start, [{}] * LINES)
    return _post(customer, None)


@pages.route("/invoices/<id>/edit", methods=["GET", "POST"])
@here.editors
def edit_invoice(id: str) -> Shown:
    """Change an issued invoice."""
    invoice = found(Invoice, RecordKind.INVOICE, id)
    customer = found(Customer, RecordKind.CUSTOMER, invoice.customer_id)
    if request.method == "POST":
        return _post(customer, invoice)
    fields = {
        "number": invoice.number,
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date or "",
        "terms": invoice.terms,
        "email": invoice.email,
        "job_id": invoice.job_id or "",
        "branch": invoice.branch,
        "discount": invoice.discount or "",
        "tax_key": invoice.tax_key,
        "memo": invoice.memo,
    }
    typed = [line for line in invoice.lines if line.kind is not LineKind.DEPOSIT_APPLIED]
    return _form(customer, fields, [*map(_line_fields, typed), {}, {}], invoice=invoice)


def _post(customer: Customer, invoice: Invoice | None) -> Shown:
    form = request.form
    if form.get("press") == "more":
        return _form(customer, form, [*_typed_lines(), *([{}] * LINES)], invoice=invoice)
    try:
        draft = _draft(customer, invoice)
        with here.changing() as tx:
            if invoice is not None:
                ref = tx.update_invoice(invoice.id, draft).ref
            else:
                ref = tx.once(here.once(), lambda: tx.raise_invoice(draft))
    except Refused as refused:
        here.refuse(refused.why)
        return _form(customer, form, [*_typed_lines(), {}, {}], invoice=invoice, status=422)
    here.done(f"Invoice {ref.id} is saved.")
    return redirect(url_for(".invoice", id=ref.id), code=303)


def _form(
    customer: Customer,
    fields: Any,
    lines: list[dict[str, Any]],
    *,
    invoice: Invoice | None = None,
    status: int = 200,
) -> Shown:
    offered = here.options()
    return render_template(
        "invoice_form.html",
        customer=customer,
        invoice=invoice,
        fields=fields,
        lines=lines,
        jobs=active(RecordKind.JOB, customer_id=customer.id),
        whats=[
            (kind.value, [(f"{kind.value}:{key}", label) for key, label in offered[options]])
            for kind, options in WHATS.items()
        ],
        once=request.form.get("once") or uuid.uuid4().hex,
        deposits=_deposits_of(customer),
        used={line.deposit_id: -line.amount for line in invoice.deposits} if invoice else {},
        **offered,
    ), status


def _typed_lines() -> list[dict[str, str]]:
    return list(forms.table(request.form, *FIELDS, *MORE_FIELDS))


def _line_fields(line: InvoiceLine) -> dict[str, Any]:
    key = line.service_category or line.material_category or line.fee_type or line.permit_payer or ""
    return {
        "line_id": line.line_id,
        "what": f"{line.kind.value}:{key}",
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "line_discount": line.discount or "",
        "taxable": "yes" if line.taxable else "no",
        "class_key": line.class_key,
        "parts": bundles.shown(line),
    }


def _draft(customer: Customer, invoice: Invoice | None) -> InvoiceDraft:
    form = request.form
    discount = forms.text(form, "discount")
    percent = discount.endswith("%")
    former = {line.line_id: line for line in invoice.lines} if invoice is not None else {}
    return InvoiceDraft(
        customer_id=customer.id,
        number=forms.text(form, "number"),
        issue_date=forms.needed_day(form.get("issue_date", ""), "Date of issue"),
        due_date=forms.day(form.get("due_date", ""), "Due date"),
        terms=forms.text(form, "terms"),
        job_id=forms.text(form, "job_id") or None,
        branch=forms.text(form, "branch"),
        application=invoice.application if invoice is not None else None,
        lines=[
            *(_line(n, row, former.get(row["line_id"])) for n, row in enumerate(_typed_lines(), start=1)),
            *_deposits(customer),
        ],
        discount=forms.money("" if percent else discount, "Discount"),
        discount_percent=forms.decimal(discount if percent else "", "Discount"),
        tax_key=forms.text(form, "tax_key"),
        memo=forms.text(form, "memo"),
        email=forms.text(form, "email"),
        site=invoice.site if invoice else None,
    )


def _deposits_of(customer: Customer) -> list[Payment]:
    """The customer's deposits that are not used up."""
    where = [records.c.customer_id == customer.id, records.c.status == "recorded"]
    with here.core().engine.connect() as connection:
        found = rows.listed(
            connection, here.member().tenant_id, RecordKind.PAYMENT, where=where, limit=OFFERED
        )
    payments = (row.record for row in found if isinstance(row.record, Payment))
    return [payment for payment in payments if payment.deposit_for_job]


def _deposits(customer: Customer) -> list[LineDraft]:
    """The lines by which the invoice uses deposits up."""
    lines = []
    for deposit in _deposits_of(customer):
        amount = forms.money(request.form.get(f"deposit-{deposit.id}", ""), f"Deposit {deposit.id}")
        if amount:
            lines.append(
                LineDraft(
                    kind=LineKind.DEPOSIT_APPLIED,
                    description=f"Deposit of {deposit.received_on}",
                    unit_price=amount,
                    deposit_id=deposit.id,
                )
            )
    return lines


def _line(number: int, row: dict[str, str], former: InvoiceLine | None) -> LineDraft:
    kind_name, _, key = row["what"].partition(":")
    if kind_name not in set(LineKind):
        raise Refused(f"line {number}: choose what was done or delivered")
    kind, label = LineKind(kind_name), f"Line {number}"
    discount = row["line_discount"]
    percent = discount.endswith("%")
    return LineDraft(
        line_id=row["line_id"],
        kind=kind,
        permit_payer=PermitPayer(key) if kind is LineKind.PERMIT and key in set(PermitPayer) else None,
        parts=bundles.typed(row["parts"], label, former) if kind is LineKind.BUNDLE else (),
        description=row["description"],
        quantity=forms.decimal(row["quantity"], f"{label}, quantity"),
        unit_price=forms.decimal(row["unit_price"], f"{label}, price"),
        discount=forms.money("" if percent else discount, f"{label}, discount"),
        discount_percent=forms.decimal(discount if percent else "", f"{label}, discount"),
        service_category=key if kind is LineKind.SERVICE else "",
        material_category=key if kind in (LineKind.MATERIAL, LineKind.EQUIPMENT) else "",
        fee_type=key if kind is LineKind.FEE else "",
        class_key=row["class_key"],
        taxable=row["taxable"] == "yes",
    )


@pages.get("/invoices/<id>")
def invoice(id: str) -> str:
    """One invoice with what was paid on it."""
    record = found(Invoice, RecordKind.INVOICE, id)
    tenant = here.member().tenant_id
    with here.core().engine.connect() as connection:
        row = rows.read(connection, tenant, record.ref)
        paid = paid_on(connection, tenant, id)
        credits = credits_of(connection, tenant, record)
    return render_template(
        "invoice.html",
        invoice=record,
        row=row,
        paid=paid,
        customer=names(RecordKind.CUSTOMER, {record.customer_id}).get(record.customer_id, ""),
        once=uuid.uuid4().hex,
        reasons=REASONS,
        credits=credits,
        job=names(RecordKind.JOB, {record.job_id}).get(record.job_id, "") if record.job_id else "",
    )


@pages.post("/invoices/<id>/void")
@here.editors
def void_invoice(id: str) -> Response:
    """Void one."""
    try:
        with here.changing() as tx:
            tx.void_invoice(id, reason=forms.text(request.form, "reason"))
    except Refused as refused:
        here.refuse(refused.why)
    else:
        here.done(f"Invoice {id} is void; its number stays used.")
    return redirect(url_for(".invoice", id=id), code=303)
