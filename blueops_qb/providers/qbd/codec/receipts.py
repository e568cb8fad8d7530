"""Payments of customers, deposits at the bank, refunds to cards (section 4.7 and the schema)."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.domain.documents import BankDeposit, CustomerPayment, DepositLine, PaidOut, RefundReceipt
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.applied import allocation, applied_members, applied_of, kind_of_type
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.currencies import currency_of
from blueops_qb.providers.qbd.codec.members import (
    REFERENCE,
    Unwritable,
    amount_of,
    derived,
    external_guid,
    flag,
    money,
    needed_day,
    needed_ref,
    note,
    put,
    put_ref,
    ref,
    ref_of,
    split_note,
    txn_id,
    words,
)
from blueops_qb.providers.qbd.codec.refusals import checked
from blueops_qb.providers.qbd.codec.short_names import Space, fitted
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf


# -- payments --------------------------------------------------------------------------------------
def parts_of(document: CustomerPayment) -> list[tuple[BooksRef, Decimal]]:
    """What a payment settles, as parts; raises Unwritable for what is not in the books yet."""
    parts: list[tuple[BooksRef, Decimal]] = []
    for part in document.allocations:
        txn_id(part.invoice, "An invoice of the payment")
        assert isinstance(part.invoice, BooksRef)
        parts.append((part.invoice, part.amount))
    return parts


def payment_head(document: CustomerPayment, books: Books, marker: str) -> list[Element]:
    """The members of a payment without what it settles; raises Unwritable."""
    del books
    body = [
        ref("CustomerRef", document.customer, "The customer"),
        leaf("TxnDate", document.date.isoformat()),
    ]
    put(body, "RefNumber", derived(document.reference, REFERENCE))
    body.append(leaf("TotalAmount", money(document.amount)))
    put_ref(body, "PaymentMethodRef", document.method, "The payment method")
    put(body, "Memo", note(document.memo, marker))
    put_ref(body, "DepositToAccountRef", document.deposit_to, "The account the money goes to")
    return body


def payment_add_members(document: CustomerPayment) -> list[Element]:
    """What a new payment settles; the rest waits as the customer's credit and is applied to nothing by itself."""
    parts = parts_of(document)
    settled = sum((amount for _, amount in parts), ZERO)
    if settled > document.amount:
        raise Unwritable(
            f"The payment of {document.amount} settles {settled}; QuickBooks Desktop takes no more than was paid. "
            "Correct the amount or what it settles in BlueOps."
        )
    return applied_members("AppliedToTxnAdd", parts) or [flag("IsAutoApply", False)]


def payment_of(ret: Element, books: Books) -> CustomerPayment:
    """The document that a ReceivePaymentRet shows; a credit that it uses up is a negative allocation."""
    memo, _, voided = split_note(ret.get("Memo"))
    amount = amount_of(ret, "TotalAmount")
    parts = applied_of(ret, holds_credits=books.settings.applied_holds_credits)
    return CustomerPayment(
        customer=needed_ref(ret, "CustomerRef", BooksKind.CUSTOMER),
        date=needed_day(ret, "TxnDate"),
        amount=amount,
        allocations=tuple(allocation(target, part) for target, part in parts),
        method=ref_of(ret, "PaymentMethodRef", BooksKind.PAYMENT_METHOD),
        reference=ret.get("RefNumber"),
        deposit_to=ref_of(ret, "DepositToAccountRef", BooksKind.ACCOUNT),
        memo=memo,
        currency=currency_of(ret, books.profile),
        void=voided and amount == ZERO and not parts,
    )


# -- deposits --------------------------------------------------------------------------------------
def deposit_head(document: BankDeposit, books: Books, marker: str) -> list[Element]:
    """The members of a deposit without its lines; raises Unwritable."""
    del books
    body = [
        leaf("TxnDate", document.date.isoformat()),
        ref("DepositToAccountRef", document.account, "The bank account"),
    ]
    put(body, "Memo", note(document.memo, marker))
    return body


def deposit_lines(document: BankDeposit) -> list[list[Element]]:
    """The members of every line of a deposit; raises Unwritable."""
    if not document.lines:
        raise Unwritable("The deposit has no lines; QuickBooks Desktop needs at least one.")
    return [_deposit_line(line) for line in document.lines]


def deposit_of(ret: Element, books: Books) -> BankDeposit:
    """The document that a DepositRet shows; cash kept back is a negative line."""
    memo, _, voided = split_note(ret.get("Memo"))
    total = amount_of(ret, "DepositTotal")
    lines = [_deposit_line_of(line) for line in ret.all("DepositLineRet")]
    for back in ret.all("CashBackInfoRet"):
        account = ref_of(back, "AccountRef", BooksKind.ACCOUNT)
        lines.append(
            DepositLine(account=account, amount=-amount_of(back, "Amount"), description=back.get("Memo"))
        )
    return BankDeposit(
        account=needed_ref(ret, "DepositToAccountRef", BooksKind.ACCOUNT),
        date=needed_day(ret, "TxnDate"),
        lines=tuple(lines),
        total=total,
        memo=memo,
        currency=currency_of(ret, books.profile),
        void=voided and total == ZERO and not any(line.amount for line in lines),
    )


def plain_deposit_line(line: DepositLine) -> DepositLine:
    """A line of a deposit as the lens sees it; one that brings a payment says nothing else."""
    if line.payment is not None:
        return DepositLine(payment=line.payment, amount=line.amount)
    return DepositLine(account=line.account, amount=line.amount, description=words(line.description))


def _deposit_line(line: DepositLine) -> list[Element]:
    if line.payment is not None:
        return [leaf("PaymentTxnID", txn_id(line.payment, "A payment of the deposit"))]
    body = [ref("AccountRef", line.account, "The account of a line")]
    put(body, "Memo", words(line.description))
    return [*body, leaf("Amount", money(line.amount))]


def _deposit_line_of(line: Element) -> DepositLine:
    id = line.get("TxnID")
    return DepositLine(
        payment=kind_of_type(line.get("TxnType"), id) if id else None,
        account=None if id else ref_of(line, "AccountRef", BooksKind.ACCOUNT),
        amount=amount_of(line, "Amount"),
        description=line.get("Memo"),
        books_line_id=line.get("TxnLineID"),
    )


# -- refunds ---------------------------------------------------------------------------------------
def card_refund_request(document: RefundReceipt, books: Books, marker: str, *, credit_id: str) -> Element:
    """The request for a refund to a card, which pays out the credit memo `credit_id`; raises Unwritable.

    Desktop has no refund receipt: what is given back is a credit memo, and a refund that settles it.
    """
    if document.total is None:
        raise Unwritable(
            "The refund has no total yet; it is sent once the credit memo that it pays out shows one."
        )
    body = [
        ref("CustomerRef", document.customer, "The customer"),
        ref("RefundFromAccountRef", document.paid_from, "The account the money leaves"),
        leaf("TxnDate", document.date.isoformat()),
    ]
    put(body, "RefNumber", fitted(Space.NUMBER, document.number, books.names, "The number of the refund"))
    put_ref(body, "PaymentMethodRef", document.method, "The payment method")
    put(body, "Memo", note(document.memo, marker))
    if marker and books.settings.external_guid:
        body.append(leaf("ExternalGUID", external_guid(books.profile.company_id, marker)))
    applied = [leaf("TxnID", credit_id), leaf("RefundAmount", money(document.total))]
    block = branch("ARRefundCreditCardAdd", [*body, branch("RefundAppliedToTxnAdd", applied)])
    return checked("ARRefundCreditCardAddRq", [block])


def card_refund_of(ret: Element, books: Books) -> RefundReceipt:
    """The document that an ARRefundCreditCardRet shows: no lines, and the credits that it pays out."""
    memo, _, voided = split_note(ret.get("Memo"))
    total = amount_of(ret, "TotalAmount")
    parts = tuple(_paid_out(part) for part in ret.all("RefundAppliedToTxnRet"))
    return RefundReceipt(
        customer=ref_of(ret, "CustomerRef", BooksKind.CUSTOMER),
        date=needed_day(ret, "TxnDate"),
        number=ret.get("RefNumber"),
        total=total,
        method=ref_of(ret, "PaymentMethodRef", BooksKind.PAYMENT_METHOD),
        paid_from=needed_ref(ret, "RefundFromAccountRef", BooksKind.ACCOUNT),
        pays_out=parts,
        memo=memo,
        currency=currency_of(ret, books.profile),
        void=voided and total == ZERO and not parts,
    )


def _paid_out(part: Element) -> PaidOut:
    credit = kind_of_type(part.get("TxnType"), part.get("TxnID"))
    return PaidOut(credit=credit, amount=amount_of(part, "RefundAmount"))
