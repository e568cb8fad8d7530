"""Actions on money that goes back: refunds, returned payments, disputes; balances follow."""

from __future__ import annotations

import datetime as dt
import json

import attrs
import sqlalchemy as sa

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import (
    Application,
    Credit,
    GivenBack,
    Invoice,
    LineKind,
    Payment,
    PaymentReturn,
    Refund,
    RefundPart,
    ReturnReason,
)
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core.credits import CreditActions
from blueops_qb.sandbox.core.invoices import InvoiceActions, InvoiceDraft
from blueops_qb.sandbox.core.payments import checked_amount
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.tables import records
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sdk.hooks import Action

#: How a payout names what the processor kept back of it.
_TAKEN_OUT = {RecordKind.REFUND: "refund_ids", RecordKind.PAYMENT_RETURN: "return_ids"}


class MoneyBackActions(InvoiceActions, CreditActions):
    """Refunds and returned payments."""

    def issue_refund(self, record: Refund) -> Refund:
        """Give money back; the id is given here. `parts` say of which payments and credits."""
        turn = self._turn(RecordKind.REFUND)
        refund = attrs.evolve(record, id=str(turn.number), void=False)
        checked_amount(refund.amount, "a refund")
        whole = sum((checked_amount(part.amount, "a part") for part in refund.parts), ZERO)
        if not whole or whole != refund.amount + checked_amount(refund.kept_amount, "what is kept"):
            raise Refused(
                f"the parts of the refund come to {whole}, not to {refund.amount} and {refund.kept_amount} kept"
            )
        for of in dict.fromkeys(part.of for part in refund.parts):
            mine = sum((part.amount for part in refund.parts if part.of == of), ZERO)
            self._check_part(RefundPart(of=of, amount=mine), refund)
        self._create(refund, turn)
        for part in refund.parts:
            self._give_back(part, refund.ref)
        return refund

    def void_refund(self, refund_id: str, *, reason: str = "") -> Refund:
        """Take back a refund recorded in error; the customer has his credit again."""
        turn = self._turn()
        refund, _ = self._existing(Refund, RecordKind.REFUND, refund_id)
        if refund.void:
            raise Refused(f"refund {refund_id} is void already; nothing to do")
        self._check_not_paid_out(refund.ref)
        voided = self._rewrite(attrs.evolve(refund, void=True), turn, action=Action.VOIDED, reason=reason)
        for part in refund.parts:
            self._take_again(part, refund.ref)
        return voided

    def return_payment(self, record: PaymentReturn) -> PaymentReturn:
        """The bank took a payment back: its invoices are open again, and the customer is charged a fee if asked.

        The id is given here, the amount is the payment's.
        """
        turn = self._turn(RecordKind.PAYMENT_RETURN)
        payment = self._live_payment(record.payment_id, "returned")
        if payment.given_back or payment.elsewhere:
            raise Refused(
                f"part of payment {payment.id} went back or is applied in the books; settle that first"
            )
        if payment.deposit_for_job and payment.applications:
            raise Refused(f"the deposit {payment.id} is used up by an invoice; take it off that first")
        back = attrs.evolve(
            record,
            id=str(turn.number),
            customer_id=payment.customer_id,
            amount=payment.amount,
            currency=payment.currency,
            applications=payment.applications,
            void=False,
        )
        checked_amount(back.bank_fee, "the bank's fee")
        if checked_amount(back.customer_fee, "the customer's fee"):
            back = attrs.evolve(back, nsf_invoice_id=self._charge(back, payment).id)
            turn = attrs.evolve(turn, revision=self._turn().revision)
        self._create(back, turn)
        given = (GivenBack(by=back.ref, amount=payment.amount),)
        returned = attrs.evolve(payment, applications=(), given_back=given)
        self._apply_to_invoices(returned, before=payment.applications)
        self._rewrite(returned, self._turn())
        return back

    def win_dispute(self, return_id: str, *, on: dt.date, reference: str = "") -> Payment:
        """A disputed payment comes back to us: a new payment of what is still open of its invoices."""
        self._turn()
        back = self._live_return(return_id)
        if back.won_by_payment_id:
            raise Refused(f"the dispute {return_id} is won already, by payment {back.won_by_payment_id}")
        old, _ = self._existing(Payment, RecordKind.PAYMENT, back.payment_id)
        payment = Payment(
            id="",
            customer_id=back.customer_id,
            received_on=on,
            amount=back.amount,
            method=old.method,
            reference=reference or old.reference,
            applications=tuple(self._still_open(back)),
            job_id=old.job_id,
            processor=old.processor,
            won_return_id=back.id,
            currency=back.currency,
        )
        payment = self.record_payment(payment)
        self._rewrite(attrs.evolve(back, won_by_payment_id=payment.id), self._turn())
        return payment

    def void_return(self, return_id: str, *, reason: str = "") -> PaymentReturn:
        """A return recorded in error: the payment settles its invoices again, as far as they are open."""
        turn = self._turn()
        back = self._live_return(return_id)
        if back.won_by_payment_id:
            raise Refused(f"payment {back.won_by_payment_id} came of it; void that first")
        self._check_not_paid_out(back.ref)
        payment, _ = self._existing(Payment, RecordKind.PAYMENT, back.payment_id)
        again = attrs.evolve(payment, given_back=(), applications=tuple(self._still_open(back)))
        self._apply_to_invoices(again, before=())
        voided = self._rewrite(attrs.evolve(back, void=True), turn, action=Action.VOIDED, reason=reason)
        self._rewrite(again, self._turn())
        return voided

    # -- steps -------------------------------------------------------------------------------------
    def _live_return(self, id: str) -> PaymentReturn:
        back, _ = self._existing(PaymentReturn, RecordKind.PAYMENT_RETURN, id)
        if back.void:
            raise Refused(f"the return {id} is void; nothing to do")
        return back

    def _check_not_paid_out(self, ref: RecordRef) -> None:
        """Refused for what the processor kept back of a payout: the bank has got that much less."""
        c = records.c
        question = sa.select(c.id, c.record).where(
            c.tenant_id == self.tenant_id,
            c.kind == RecordKind.PAYOUT.value,
            c.status == "settled",
            c.record.contains(_TAKEN_OUT[ref.kind]),
        )
        for row in self._connection.execute(question.order_by(c.id)):
            if ref.id in json.loads(row.record)[_TAKEN_OUT[ref.kind]]:
                words = ref.kind.value.replace("_", " ")
                raise Refused(f"{words} {ref.id} was kept back from payout {row.id}; void that payout first")

    def _still_open(self, back: PaymentReturn) -> list[Application]:
        """What the payment settled, as far as it is open; it may have been corrected to another customer's since."""
        found = []
        for part in back.applications:
            row = self.row(RecordRef(RecordKind.INVOICE, part.invoice_id))
            if (
                row is None
                or not isinstance(row.record, Invoice)
                or row.record.customer_id != back.customer_id
            ):
                continue
            if row.balance and row.status == "open":
                found.append(attrs.evolve(part, amount=min(part.amount, row.balance), discount=ZERO))
        return found

    def _charge(self, back: PaymentReturn, payment: Payment) -> Invoice:
        """The invoice of what a returned payment costs the customer."""
        words = {ReturnReason.CHARGEBACK: "Chargeback fee"}.get(back.reason, "Returned payment fee")
        jobs = {self._job(part) for part in payment.applications}
        line = LineDraft(kind=LineKind.FEE, fee_type="nsf", description=words, unit_price=back.customer_fee)
        draft = InvoiceDraft(
            customer_id=payment.customer_id,
            issue_date=back.date,
            due_date=back.date,
            job_id=jobs.pop() if len(jobs) == 1 else None,
            lines=[line],
        )
        return self.raise_invoice(draft)

    def _job(self, part: Application) -> str | None:
        row = self.row(RecordRef(RecordKind.INVOICE, part.invoice_id))
        return row.record.job_id if row is not None and isinstance(row.record, Invoice) else None

    def _check_part(self, part: RefundPart, refund: Refund) -> None:
        holder = self._holder(part)
        if holder.customer_id != refund.customer_id or part.amount > holder.unapplied:
            raise Refused(f"{part.of} has {holder.unapplied} to give back, not {part.amount}; refund less")
        if isinstance(holder, Payment) and holder.deposit_for_job != refund.deposit_for_job:
            raise Refused(f"{part.of} is no deposit of that job; refund it by itself")

    def _holder(self, part: RefundPart) -> Payment | Credit:
        if part.of.kind is RecordKind.CREDIT:
            return self._live_credit(part.of.id)
        return self._live_payment(part.of.id, "refunded")

    def _give_back(self, part: RefundPart, by: RecordRef) -> None:
        holder = self._holder(part)
        if isinstance(holder, Credit):
            self._rewrite(attrs.evolve(holder, given_back=holder.given_back + part.amount), self._turn())
        else:
            given = (*holder.given_back, GivenBack(by=by, amount=part.amount))
            self._rewrite(attrs.evolve(holder, given_back=given), self._turn())

    def _take_again(self, part: RefundPart, by: RecordRef) -> None:
        holder = self._holder(part)
        if isinstance(holder, Credit):
            self._rewrite(attrs.evolve(holder, given_back=holder.given_back - part.amount), self._turn())
        else:
            given = tuple(back for back in holder.given_back if back.by != by)
            self._rewrite(attrs.evolve(holder, given_back=given), self._turn())
