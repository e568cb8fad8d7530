"""Money back: credits and refunds that the office issues, applies, releases and takes back, at random."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.records import Application, Credit, CreditReason, Invoice, Payment, Refund, RefundPart
from blueops_qb.domain.refs import RecordKind as K
from blueops_qb.sandbox.core.crediting import CREDITED, credit_amount, credit_in_full, credit_of_lines
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.soak.office import CENT, NothingThere, amount, ids, read, some, today, young
from blueops_qb.sandbox.soak.world import World

ZERO = Decimal("0.00")
#: Why a customer is credited an amount.
REASONS = (CreditReason.GOODWILL, CreditReason.PRICE, CreditReason.WRITE_OFF, CreditReason.BAD_DEBT)


# -- credits -----------------------------------------------------------------------------------------
def issue_credit(w: World, tx: Transaction) -> Any:
    """An invoice in full, one of its lines, or an amount for a reason; applied to it as far as it is open, or not."""
    invoice = some(w, tx, K.INVOICE)
    draw = w.chance.random()
    if draw < 0.3:
        credit = credit_in_full(invoice, on=today(w))
    elif draw < 0.6:
        credit = _of_a_line(w, invoice)
    else:
        credit = credit_amount(
            invoice, amount(w, 100, 6_000), on=today(w), reason=w.chance.choice(REASONS), applied=ZERO
        )
    open_ = _open(tx, invoice)
    applied = min(open_, credit.total) if w.chance.random() < 0.7 else ZERO
    parts = (Application(invoice_id=invoice.id, amount=applied),) if applied else ()
    return tx.issue_credit(attrs.evolve(credit, applications=parts))


def _of_a_line(w: World, invoice: Invoice) -> Credit:
    lines = [line for line in invoice.lines if line.kind in CREDITED and line.amount > line.discount]
    if not lines:
        raise NothingThere
    line = w.chance.choice(lines)
    net = line.amount - line.discount
    part = net if w.chance.random() < 0.5 else max(CENT, (net / 3).quantize(CENT))
    return credit_of_lines(invoice, {line.line_id: part}, on=today(w))


def _open(tx: Transaction, invoice: Invoice) -> Decimal:
    row = tx.row(invoice.ref)
    return row.balance if row is not None and row.balance is not None else ZERO


def apply_credit(w: World, tx: Transaction) -> Any:
    """What is left of a credit settles another invoice of the same customer and job."""
    credit = some(w, tx, K.CREDIT)
    if credit.unapplied <= 0:
        raise NothingThere
    settled = {part.invoice_id for part in credit.applications}
    found = [
        invoice
        for id in ids(w, K.INVOICE, f"AND balance > 0 AND customer_id = '{int(credit.customer_id)}'")
        if id not in settled and (invoice := read(tx, K.INVOICE, id)).job_id == credit.job_id
    ]
    invoice = young(w, found)
    part = Application(invoice_id=invoice.id, amount=min(credit.unapplied, _open(tx, invoice)))
    return tx.update_credit(attrs.evolve(credit, applications=(*credit.applications, part)))


def release_credit(w: World, tx: Transaction) -> Any:
    """A credit settles nothing any more; the customer has it again."""
    credit = some(w, tx, K.CREDIT)
    if not credit.applications:
        raise NothingThere
    return tx.update_credit(attrs.evolve(credit, applications=()))


def void_credit(w: World, tx: Transaction) -> Any:
    """Taken back."""
    return tx.void_credit(some(w, tx, K.CREDIT).id)


# -- refunds -----------------------------------------------------------------------------------------
def issue_refund(w: World, tx: Transaction) -> Any:
    """What is left of a payment or a credit goes back, by the bank or by card."""
    holder: Payment | Credit = young(w, _with_rest(w, tx))
    left = holder.unapplied
    part = left if w.chance.random() < 0.7 else max(CENT, (left / 2).quantize(CENT))
    return tx.issue_refund(refund_of(w, holder, part))


def refund_of(w: World, holder: Payment | Credit, part: Decimal) -> Refund:
    """A refund of that much, by the bank or by card."""
    return Refund(
        id="",
        customer_id=holder.customer_id,
        date=today(w),
        amount=part,
        parts=(RefundPart(of=holder.ref, amount=part),),
        account_key=w.chance.choice(("checking", "")),
        reference=f"F{w.count()}",
    )


def _with_rest(w: World, tx: Transaction) -> list[Payment | Credit]:
    found: list[Payment | Credit] = []
    for kind in (K.PAYMENT, K.CREDIT):
        for id in ids(w, kind):
            record = read(tx, kind, id)
            if record.unapplied > 0 and not getattr(record, "deposit_for_job", None):
                found.append(record)
    return found


def void_refund(w: World, tx: Transaction) -> Any:
    """Recorded in error."""
    return tx.void_refund(some(w, tx, K.REFUND).id)
