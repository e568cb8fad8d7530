"""Pages: credits, refunds and returned payments; each is entered from the invoice or payment it is about."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import attrs
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import (
    Application,
    Credit,
    CreditReason,
    Invoice,
    Payment,
    PaymentReturn,
    Record,
    Refund,
    RefundPart,
    ReturnReason,
)
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core.crediting import credit_amount, credit_in_full
from blueops_qb.sandbox.core.pages import forms, here
from blueops_qb.sandbox.core.pages.contacts import found
from blueops_qb.sandbox.core.pages.listing import names, page
from blueops_qb.sandbox.core.work import Refused

pages = Blueprint("money_back", __name__)
REASONS = [(reason.value, reason.value.replace("_", " ")) for reason in CreditReason]
RETURNS = [(reason.value, reason.value.replace("_", " ")) for reason in ReturnReason]
Act = dict[str, Any]


@pages.get("/credits")
def credits() -> str:
    """The list of credits."""
    return page(RecordKind.CREDIT, "Credits", new=url_for("sales.invoices"))


@pages.get("/refunds")
def refunds() -> str:
    """The list of refunds."""
    return page(RecordKind.REFUND, "Refunds", new=url_for("payments.payments"))


@pages.get("/payment_returns")
def returns() -> str:
    """The list of returned payments."""
    return page(RecordKind.PAYMENT_RETURN, "Returned payments", new=url_for("payments.payments"))


# -- one record ----------------------------------------------------------------------------------------
@pages.get("/credits/<id>")
def credit(id: str) -> str:
    """One credit, what it settles, and what may be done with the rest."""
    record = found(Credit, RecordKind.CREDIT, id)
    facts = [
        ("Issued", record.issue_date),
        ("Reason", record.reason.value.replace("_", " ")),
        *((f"Settles invoice {part.invoice_id}", part.amount) for part in record.applications),
        *((("Refunded", record.given_back),) if record.given_back else ()),
        *((("Applied in the books only", record.elsewhere),) if record.elsewhere else ()),
        ("Not applied", record.unapplied),
        ("Total", record.total),
    ]
    acts: list[Act] = []
    if record.unapplied and not record.void:
        acts = [
            _act("apply_credit", id, "Apply", ("invoice_id", "Invoice no."), ("amount", "Amount")),
            _act(
                "refund_credit",
                id,
                "Refund",
                ("amount", "Amount"),
                ("account_key", "From account (empty: card)"),
            ),
        ]
    return _page(f"Credit {record.number}", record, facts, [*acts, *_void("credits", record)])


@pages.get("/refunds/<id>")
def refund(id: str) -> str:
    """One refund."""
    record = found(Refund, RecordKind.REFUND, id)
    facts = [
        ("Date", record.date),
        *((f"Of {part.of}", part.amount) for part in record.parts),
        *((("Kept", record.kept_amount),) if record.kept_amount else ()),
        ("Amount", record.amount),
    ]
    return _page(f"Refund {id}", record, facts, _void("refunds", record))


@pages.get("/payment_returns/<id>")
def returned(id: str) -> str:
    """One returned payment."""
    record = found(PaymentReturn, RecordKind.PAYMENT_RETURN, id)
    facts = [
        ("Date", record.date),
        ("Reason", record.reason.value.replace("_", " ")),
        ("Payment", record.payment_id),
        ("Amount", record.amount),
        ("Our fee", record.bank_fee),
        ("Charged to the customer", f"{record.customer_fee} by invoice {record.nsf_invoice_id}"),
        ("Won back by payment", record.won_by_payment_id or ""),
    ]
    acts = [_act("win", id, "The dispute is won", ("date", "Day"))] if not record.won_by_payment_id else []
    return _page(f"Returned payment {id}", record, facts, [*acts, *_void("payment_returns", record)])


def _page(title: str, record: Any, facts: list[tuple[str, Any]], acts: list[Act]) -> str:
    customer = names(RecordKind.CUSTOMER, {record.customer_id}).get(record.customer_id, "")
    return render_template(
        "money.html",
        title=title,
        record=record,
        customer=customer,
        facts=facts,
        acts=[] if record.void else acts,
    )


def _act(view: str, id: str, text: str, *fields: tuple[str, str], plural: str = "") -> Act:
    url = url_for(f".{view}", id=id, plural=plural) if plural else url_for(f".{view}", id=id)
    return {"url": url, "text": text, "fields": fields, "once": uuid.uuid4().hex}


def _void(plural: str, record: Any) -> list[Act]:
    return [_act("void", record.id, "Void", ("reason", "Reason"), plural=plural)]


# -- acts ----------------------------------------------------------------------------------------------
@pages.post("/invoices/<id>/credit")
@here.editors
def issue_credit(id: str) -> Response:
    """Credit an invoice: an amount with its tax, or all of it where no amount is given."""
    invoice = found(Invoice, RecordKind.INVOICE, id)

    def issue(tx: Any) -> Record:
        amount = forms.money(request.form.get("amount", ""), "Amount")
        reason, today = CreditReason(request.form.get("reason", "")), here.today()
        if not amount:
            whole = credit_in_full(invoice, on=today, reason=reason)
            row = tx.row(invoice.ref)
            applied = (Application(invoice_id=id, amount=row.balance),) if row and row.balance else ()
            record: Record = tx.issue_credit(attrs.evolve(whole, applications=applied))
            return record
        tax = forms.money(request.form.get("tax", ""), "Tax")
        settles = None if request.form.get("apply") else ZERO
        drawn = credit_amount(invoice, amount, tax=tax, on=today, reason=reason, applied=settles)
        record = tx.issue_credit(drawn)
        return record

    return _do(issue, url_for("sales.invoice", id=id))


@pages.post("/credits/<id>/apply")
@here.editors
def apply_credit(id: str) -> Response:
    """Apply what is left of a credit to an invoice."""

    def apply(tx: Any) -> Record:
        record = found(Credit, RecordKind.CREDIT, id)
        amount = forms.money(request.form.get("amount", ""), "Amount") or record.unapplied
        part = Application(invoice_id=forms.text(request.form, "invoice_id"), amount=amount)
        changed: Record = tx.update_credit(attrs.evolve(record, applications=(*record.applications, part)))
        return changed

    return _do(apply, url_for(".credit", id=id))


@pages.post("/credits/<id>/refund")
@here.editors
def refund_credit(id: str) -> Response:
    """Give what is left of a credit back."""
    record = found(Credit, RecordKind.CREDIT, id)
    return _do(lambda tx: _refund(tx, record), url_for(".credit", id=id))


@pages.post("/payments/<id>/refund")
@here.editors
def refund_payment(id: str) -> Response:
    """Give back what a payment has not settled; of a deposit less what is kept."""
    record = found(Payment, RecordKind.PAYMENT, id)
    return _do(lambda tx: _refund(tx, record), url_for("payments.payment", id=id))


def _refund(tx: Any, of: Payment | Credit) -> Record:
    amount = forms.money(request.form.get("amount", ""), "Amount") or of.unapplied
    kept = forms.money(request.form.get("kept", ""), "Kept")
    account = forms.text(request.form, "account_key")
    record: Record = tx.issue_refund(
        Refund(
            id="",
            customer_id=of.customer_id,
            date=here.today(),
            amount=amount - kept,
            kept_amount=kept,
            parts=(RefundPart(of=of.ref, amount=amount),),
            method="check" if account else "card",
            account_key=account,
            deposit_for_job=of.deposit_for_job if isinstance(of, Payment) else None,
            currency=of.currency,
        )
    )
    return record


@pages.post("/payments/<id>/return")
@here.editors
def return_payment(id: str) -> Response:
    """The bank or the processor took a payment back."""
    payment = found(Payment, RecordKind.PAYMENT, id)

    def back(tx: Any) -> Record:
        form = request.form
        record: Record = tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=id,
                customer_id=payment.customer_id,
                date=forms.day(form.get("date", ""), "Day") or here.today(),
                reason=ReturnReason(form.get("reason", "")),
                amount=payment.amount,
                account_key=forms.text(form, "account_key"),
                bank_fee=forms.money(form.get("bank_fee", ""), "Our fee"),
                customer_fee=forms.money(form.get("customer_fee", ""), "Fee for the customer"),
            )
        )
        return record

    return _do(back, url_for("payments.payment", id=id))


@pages.post("/payment_returns/<id>/win")
@here.editors
def win(id: str) -> Response:
    """A dispute is won: the money comes back as a payment."""

    def won(tx: Any) -> Record:
        day = forms.day(request.form.get("date", ""), "Day") or here.today()
        record: Record = tx.win_dispute(id, on=day)
        return record

    return _do(won, url_for(".returned", id=id))


@pages.post("/<any(credits, refunds, payment_returns):plural>/<id>/void")
@here.editors
def void(plural: str, id: str) -> Response:
    """Take one back."""
    reason = forms.text(request.form, "reason")
    action = {"credits": "void_credit", "refunds": "void_refund", "payment_returns": "void_return"}[plural]
    view = {"credits": ".credit", "refunds": ".refund", "payment_returns": ".returned"}[plural]
    return _do(lambda tx: getattr(tx, action)(id, reason=reason), url_for(view, id=id))


def _do(action: Callable[[Any], Record], back: str) -> Response:
    """Carry a form out once; to the new record's page, or back with the reason."""
    try:
        with here.changing() as tx:
            ref = tx.once(here.once(), lambda: action(tx))
    except (Refused, ValueError) as problem:
        here.refuse(getattr(problem, "why", str(problem)))
        return redirect(back, code=303)
    here.done(f"{ref.kind.value.replace('_', ' ').capitalize()} {ref.id} is saved.")
    return redirect(here.place(ref.kind, ref.id), code=303)
