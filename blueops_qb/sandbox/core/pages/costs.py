"""Pages: expenses and vendor bills."""

from __future__ import annotations

import uuid
from decimal import Decimal

import attrs
from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import (
    CostLine,
    Expense,
    ExpenseType,
    Permit,
    PermitPayer,
    Receipt,
    SubcontractBill,
)
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core.pages import forms, here
from blueops_qb.sandbox.core.pages.contacts import Shown, found
from blueops_qb.sandbox.core.pages.listing import active, names, page
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.core.work import Refused

pages = Blueprint("costs", __name__)
LINES = 4
FIELDS = ("description", "line_amount", "category", "job_id", "class_key", "change_order_id")
#: What a permit can be on the form: as the policy says, a role, or part of a contract's price.
INCLUDED = "included"
PERMITS = {
    "policy": "As the company's policy says",
    PermitPayer.PRINCIPAL.value: "In our own name",
    PermitPayer.AGENT.value: "For the customer",
    PermitPayer.HELD_FUNDS.value: "From the customer's money",
    INCLUDED: "Part of the contract's price",
}
#: What is shown in the browser; anything else is only handed out as a file.
SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})


@pages.get("/expenses")
def expenses() -> str:
    """The list."""
    return page(RecordKind.EXPENSE, "Expenses and bills", new=url_for(".new_expense"))


@pages.route("/expenses/new", methods=["GET", "POST"])
@here.editors
def new_expense() -> Shown:
    """Record a cost."""
    lines: list[dict[str, str]] = list(forms.table(request.form, *FIELDS))
    status = 200
    if request.method == "POST" and request.form.get("press") != "more":
        try:
            expense = _expense(lines)
            with here.changing() as tx:
                ref = tx.once(here.once(), lambda: tx.record_expense(_with_receipt(tx, expense)))
        except Refused as refused:
            here.refuse(refused.why)
            status = 422
        else:
            here.done(f"Expense {ref.id} is recorded.")
            return redirect(url_for(".expense", id=ref.id), code=303)
    return render_template(
        "expense_form.html",
        fields=request.form if request.method == "POST" else {"date": here.today()},
        lines=lines + [{}] * LINES,
        types=list(ExpenseType),
        permits=list(PERMITS.items()),
        vendors=active(RecordKind.VENDOR),
        jobs=active(RecordKind.JOB),
        once=request.form.get("once") or uuid.uuid4().hex,
        **here.options(),
    ), status


def _expense(rows: list[dict[str, str]]) -> Expense:
    form = request.form
    type_ = form.get("type", "")
    if type_ not in set(ExpenseType):
        raise Refused("choose what kind of cost it is")
    lines = tuple(_line(n, row) for n, row in enumerate(rows, start=1))
    tax, freight = forms.money(form.get("tax", ""), "Tax"), forms.money(form.get("freight", ""), "Freight")
    bill = _subcontract(lines)
    computed = sum((line.amount for line in lines), ZERO) + tax + freight - (bill.held_back if bill else ZERO)
    return Expense(
        id="",
        type=ExpenseType(type_),
        date=forms.needed_day(form.get("date", ""), "Date"),
        total=forms.money(form.get("total", ""), "Total") or computed,
        vendor_id=forms.text(form, "vendor_id") or None,
        vendor_invoice_number=forms.text(form, "vendor_invoice_number"),
        due_date=forms.day(form.get("due_date", ""), "Due date"),
        payment_account_key=forms.text(form, "payment_account_key"),
        lines=lines,
        tax=tax,
        freight=freight,
        branch=forms.text(form, "branch"),
        memo=forms.text(form, "memo"),
        refund=form.get("refund") == "yes",
        permit=_permit(),
        subcontract=bill,
        currency=here.core().tenant(here.member().tenant_id).currency,
    )


def _permit() -> Permit | None:
    """What the form says of a permit; None where the cost is none."""
    chosen = forms.text(request.form, "permit")
    if not chosen:
        return None
    if chosen not in PERMITS:
        raise Refused("choose in which role the company paid for the permit")
    return Permit(
        number=forms.text(request.form, "permit_number"),
        payer=PermitPayer(chosen) if chosen in set(PermitPayer) else None,
        included_in_contract=chosen == INCLUDED,
        handling_fee=forms.money(request.form.get("handling_fee", ""), "Handling fee"),
    )


def _subcontract(lines: tuple[CostLine, ...]) -> SubcontractBill | None:
    """What the form says of a subcontract; None where the cost is of none."""
    form = request.form
    name = forms.text(form, "subcontract_id")
    if not name:
        return None
    agreed = forms.text(form, "contract_sum")
    return SubcontractBill(
        subcontract_id=name,
        job_id=forms.text(form, "subcontract_job_id") or next((x.job_id for x in lines if x.job_id), ""),
        application=forms.text(form, "application"),
        contract_sum=forms.money(agreed, "Subcontract sum") if agreed else None,
        retainage=forms.money(form.get("retainage", ""), "Retainage"),
        release=forms.money(form.get("release", ""), "Release"),
        holds=tuple(word.strip() for word in forms.text(form, "holds").split(";") if word.strip()),
        joint_payee=forms.text(form, "joint_payee"),
    )


def _line(number: int, row: dict[str, str]) -> CostLine:
    family, _, key = row["category"].partition(":")
    if not key:
        raise Refused(f"line {number}: choose a category")
    amount = forms.money(row["line_amount"], f"Line {number}, amount")
    return CostLine(
        line_id=str(number),
        amount=amount,
        description=row["description"],
        quantity=Decimal(1),
        unit_cost=amount,
        expense_category=key if family == "expense" else "",
        material_category=key if family == "material" else "",
        job_id=row["job_id"] or None,
        class_key=row["class_key"],
        change_order_id=row["change_order_id"],
    )


def _with_receipt(tx: Transaction, expense: Expense) -> Expense:
    upload = request.files.get("receipt")
    if upload is None or not upload.filename:
        return expense
    receipt = tx.keep_receipt(
        filename=upload.filename[-200:],
        content_type=(upload.mimetype or "application/octet-stream")[:100],
        content=upload.read(),
    )
    return attrs.evolve(expense, receipts=(receipt,))


@pages.get("/expenses/<id>")
def expense(id: str) -> str:
    """One cost with its lines."""
    record = found(Expense, RecordKind.EXPENSE, id)
    vendor = (
        names(RecordKind.VENDOR, {record.vendor_id}).get(record.vendor_id, "") if record.vendor_id else ""
    )
    jobs = names(RecordKind.JOB, {line.job_id for line in record.lines if line.job_id})
    return render_template("expense.html", expense=record, vendor=vendor, jobs=jobs)


@pages.post("/expenses/<id>/void")
@here.editors
def void_expense(id: str) -> Response:
    """Take one back."""
    try:
        with here.changing() as tx:
            tx.void_expense(id, reason=forms.text(request.form, "reason"))
    except Refused as refused:
        here.refuse(refused.why)
    else:
        here.done(f"Expense {id} is void.")
    return redirect(url_for(".expense", id=id), code=303)


@pages.get("/expenses/<id>/receipts/<receipt_id>")
def receipt(id: str, receipt_id: str) -> FlaskResponse:
    """The file of a receipt."""
    record = found(Expense, RecordKind.EXPENSE, id)
    kept: Receipt | None = next((r for r in record.receipts if r.id == receipt_id), None)
    if kept is None:
        abort(404)
    content = here.core().receipt(here.member().tenant_id, receipt_id)
    shown = kept.content_type in SHOWN_TYPES
    response = FlaskResponse(content, mimetype=kept.content_type if shown else "application/octet-stream")
    response.headers.set("Content-Disposition", "inline" if shown else "attachment", filename=kept.filename)
    return response
