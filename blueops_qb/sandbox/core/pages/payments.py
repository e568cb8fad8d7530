"""Pages: payments of customers."""

from __future__ import annotations

import uuid

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Application, Customer, DepositPurpose, Payment
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import rows
from blueops_qb.sandbox.core.pages import forms, here
from blueops_qb.sandbox.core.pages.contacts import Shown, found
from blueops_qb.sandbox.core.pages.listing import active, names, page
from blueops_qb.sandbox.core.pages.money_back import RETURNS
from blueops_qb.sandbox.core.rows import Row
from blueops_qb.sandbox.core.tables import records
from blueops_qb.sandbox.core.work import Refused

pages = Blueprint("payments", __name__)
#: How many open invoices the form lists, oldest due date first.
OFFERED = 200


@pages.get("/payments")
def payments() -> str:
    """The list."""
    return page(RecordKind.PAYMENT, "Payments", new=url_for(".new_payment"))


@pages.route("/payments/new", methods=["GET", "POST"])
@here.editors
def new_payment() -> Shown:
    """First the customer, then the money and the invoices that it settles."""
    customer_id = request.values.get("customer_id", "")
    if not customer_id:
        return render_template(
            "choose_customer.html",
            title="Take a payment",
            customers=active(RecordKind.CUSTOMER),
            action=url_for(".new_payment"),
        )
    customer = found(Customer, RecordKind.CUSTOMER, customer_id)
    invoices = _open_invoices(customer.id)
    status = 200
    if request.method == "POST":
        try:
            payment = _payment(customer, invoices)
            with here.changing() as tx:
                ref = tx.once(here.once(), lambda: tx.record_payment(payment))
        except Refused as refused:
            here.refuse(refused.why)
            status = 422
        else:
            here.done(f"Payment {ref.id} is recorded.")
            return redirect(url_for(".payment", id=ref.id), code=303)
    return render_template(
        "payment_form.html",
        customer=customer,
        invoices=invoices,
        jobs=[(job.id, job.name) for job in active(RecordKind.JOB, customer_id=customer.id)],
        fields=request.form if request.method == "POST" else _start(invoices),
        once=request.form.get("once") or uuid.uuid4().hex,
        purposes=[
            (DepositPurpose.WORK.value, "The work"),
            (DepositPurpose.PERMIT_FUNDS.value, "Permits and fees"),
        ],
        **here.options(),
    ), status


def _start(invoices: list[Row]) -> dict[str, object]:
    """The form's start: today, and the invoice from whose page one came, in full."""
    wanted = request.args.get("invoice", "")
    for row in invoices:
        if row.record.id == wanted:
            return {"received_on": here.today(), "amount": row.balance, f"apply-{wanted}": row.balance}
    return {"received_on": here.today()}


def _open_invoices(customer_id: str) -> list[Row]:
    where = [records.c.customer_id == customer_id, records.c.status == "open"]
    with here.core().engine.connect() as connection:
        found = rows.listed(
            connection, here.member().tenant_id, RecordKind.INVOICE, where=where, limit=OFFERED
        )
    return found[::-1]


def _payment(customer: Customer, invoices: list[Row]) -> Payment:
    form = request.form
    parts = {
        row.record.id: forms.money(form.get(f"apply-{row.record.id}", ""), f"Invoice {row.record.id}")
        for row in invoices
    }
    discounts = {
        row.record.id: forms.money(form.get(f"discount-{row.record.id}", ""), f"Discount {row.record.id}")
        for row in invoices
    }
    return Payment(
        id="",
        customer_id=customer.id,
        received_on=forms.needed_day(form.get("received_on", ""), "Day of receipt"),
        amount=forms.money(form.get("amount", ""), "Amount") or sum(parts.values(), ZERO),
        method=forms.text(form, "method"),
        reference=forms.text(form, "reference"),
        applications=tuple(
            Application(invoice_id=id, amount=part, discount=discounts[id])
            for id, part in parts.items()
            if part
        ),
        deposit_for_job=forms.text(form, "deposit_for_job") or None,
        deposit_purpose=_purpose(),
        fee=forms.money(form.get("fee", ""), "Fee"),
        memo=forms.text(form, "memo"),
        currency=customer.currency,
    )


def _purpose() -> DepositPurpose:
    chosen = forms.text(request.form, "deposit_purpose") or DepositPurpose.WORK.value
    if chosen not in set(DepositPurpose):
        raise Refused("choose what the deposit is for")
    return DepositPurpose(chosen)


@pages.get("/payments/<id>")
def payment(id: str) -> str:
    """One payment with what it settles."""
    record = found(Payment, RecordKind.PAYMENT, id)
    customer = names(RecordKind.CUSTOMER, {record.customer_id}).get(record.customer_id, "")
    return render_template(
        "payment.html", payment=record, customer=customer, returns=RETURNS, once=uuid.uuid4().hex
    )


@pages.post("/payments/<id>/void")
@here.editors
def void_payment(id: str) -> Response:
    """Take one back."""
    try:
        with here.changing() as tx:
            tx.void_payment(id, reason=forms.text(request.form, "reason"))
    except Refused as refused:
        here.refuse(refused.why)
    else:
        here.done(f"Payment {id} is void; its invoices are open again.")
    return redirect(url_for(".payment", id=id), code=303)
