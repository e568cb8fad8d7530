"""Payments of customers and deposits at the bank (reference/quickbooks-online.md sections 4.14 and 4.20)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from blueops_qb.domain.documents import Allocation, BankDeposit, CustomerPayment, DepositLine
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef, Ref, order_of
from blueops_qb.providers.qbo.codec.members import (
    REFERENCE,
    Obj,
    Unfit,
    amount_of,
    cents,
    derived,
    needed_day,
    needed_ref,
    note,
    put_ref,
    ref,
    ref_id,
    ref_of,
    split_note,
    words,
)

DETAIL = "DepositLineDetail"
#: What a payment settles, as the wire names it. A check on receivables is money that the customer owes again:
#: a payment that came back, or a refund of what he had in credit.
SETTLED = {BooksKind.INVOICE: "Invoice", BooksKind.JOURNAL: "JournalEntry", BooksKind.EXPENSE: "Check"}
SETTLED_KINDS = {name: kind for kind, name in SETTLED.items()}
_CREDIT_MEMO = "CreditMemo"
#: What a payment uses up beside its money.
USED_UP = frozenset({_CREDIT_MEMO, "CreditCardCredit"})
#: What a deposit takes to the bank, as the wire names it.
DEPOSITED = {
    BooksKind.PAYMENT: "Payment",
    BooksKind.SALES_RECEIPT: "SalesReceipt",
    BooksKind.REFUND_RECEIPT: "RefundReceipt",
    BooksKind.JOURNAL: "JournalEntry",
}
_DEPOSITED_KINDS = {name: kind for kind, name in DEPOSITED.items()}


def merged(allocations: Iterable[Allocation]) -> tuple[Allocation, ...]:
    """One allocation per document, in the order of their references; nothing is left of a sum of 0.00."""
    sums: dict[Ref, Decimal] = {}
    for allocation in allocations:
        sums[allocation.invoice] = sums.get(allocation.invoice, ZERO) + allocation.amount
    ordered = sorted(sums.items(), key=lambda pair: order_of(pair[0]))
    return tuple(Allocation(invoice=invoice, amount=amount) for invoice, amount in ordered if amount)


def payment_body(document: CustomerPayment, _: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of a payment, with amount and lines when `whole`; raises Unfit.

    Lines go all together: one left out would un-apply its invoice, or the credit that settles it.
    """
    body: Obj = {
        "CustomerRef": ref(document.customer, "The customer"),
        "TxnDate": document.date.isoformat(),
    }
    put_ref(body, "PaymentMethodRef", document.method, "The payment method")
    reference = derived(document.reference, REFERENCE)
    if reference:
        body["PaymentRefNum"] = reference
    put_ref(body, "DepositToAccountRef", document.deposit_to, "The account the money goes to")
    body["ProcessPayment"] = False
    private = note(document.memo, marker)
    if private:
        body["PrivateNote"] = private
    if whole:
        body["TotalAmt"] = cents(document.amount)
        body["Line"] = [_allocation(allocation) for allocation in merged(document.allocations)]
    return body


def payment_of(obj: Obj, profile: BooksProfile) -> CustomerPayment:
    """The document that a Payment object shows.

    A credit that it uses up is a negative allocation: with it the allocations add up to what TotalAmt settles.
    One of 0.00 only applies credits; a void one settles nothing.
    """
    memo, _, voided = split_note(str(obj.get("PrivateNote") or ""))
    amount = amount_of(obj, "TotalAmt")
    allocations = [_allocation_of(link, settled) for link, settled in _links(obj)]
    return CustomerPayment(
        customer=needed_ref(obj, "CustomerRef", BooksKind.CUSTOMER),
        date=needed_day(obj, "TxnDate"),
        amount=amount,
        allocations=tuple(allocations),
        method=ref_of(obj, "PaymentMethodRef", BooksKind.PAYMENT_METHOD),
        reference=str(obj.get("PaymentRefNum") or ""),
        deposit_to=ref_of(obj, "DepositToAccountRef", BooksKind.ACCOUNT),
        memo=memo,
        currency=ref_id(obj, "CurrencyRef") or profile.currency,
        void=voided and amount == ZERO and not any(part.amount for part in allocations),
    )


def other_links(obj: Obj) -> str:
    """Links of a payment to credits and the like: `CreditMemo:12=20.00`, parted by blanks."""
    return " ".join(
        f"{link.get('TxnType')}:{link.get('TxnId')}={settled}"
        for link, settled in _links(obj)
        if link.get("TxnType") not in SETTLED_KINDS
    )


def deposit_body(document: BankDeposit, _: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of a deposit, with its lines when `whole`; raises Unfit."""
    if whole and not document.lines:
        raise Unfit("The deposit has no lines; QuickBooks Online needs at least one.")
    body: Obj = {
        "DepositToAccountRef": ref(document.account, "The bank account"),
        "TxnDate": document.date.isoformat(),
    }
    private = note(document.memo, marker)
    if private:
        body["PrivateNote"] = private
    if whole:
        body["Line"] = [_deposit_line(line) for line in document.lines]
    return body


def deposit_of(obj: Obj, profile: BooksProfile) -> BankDeposit:
    """The document that a Deposit object shows; cash kept back is a line of its own, negative."""
    lines = [_deposit_line_of(line) for line in obj.get("Line") or []]
    back = obj.get("CashBack")
    if isinstance(back, dict) and amount_of(back, "Amount"):
        account = ref_of(back, "AccountRef", BooksKind.ACCOUNT)
        memo = str(back.get("Memo") or "")
        lines.append(DepositLine(account=account, amount=-amount_of(back, "Amount"), description=memo))
    return BankDeposit(
        account=needed_ref(obj, "DepositToAccountRef", BooksKind.ACCOUNT),
        date=needed_day(obj, "TxnDate"),
        lines=tuple(lines),
        total=amount_of(obj, "TotalAmt"),
        memo=split_note(str(obj.get("PrivateNote") or ""))[0],
        currency=ref_id(obj, "CurrencyRef") or profile.currency,
    )


def flat_lines(obj: Obj) -> list[tuple[Obj, int | None]]:
    """The lines of a deposit; cash kept back is a member of its own and comes after them when it is read."""
    return [(line, None) for line in obj.get("Line") or []]


def _links(obj: Obj) -> list[tuple[Obj, Decimal]]:
    # One link per line (section 4.14); further ones would share the amount and are not guessed at.
    found = []
    for line in obj.get("Line") or []:
        links = line.get("LinkedTxn") or []
        if links:
            found.append((links[0], amount_of(line, "Amount")))
    return found


def _allocation(allocation: Allocation) -> Obj:
    type, id = _settled(allocation.invoice)
    amount = -allocation.amount if type in USED_UP else allocation.amount
    return {"Amount": cents(amount), "LinkedTxn": [{"TxnId": id, "TxnType": type}]}


def _settled(invoice: Ref) -> tuple[str, str]:
    if isinstance(invoice, BooksRef):
        if invoice.kind is BooksKind.CREDIT:
            type, _, id = invoice.id.partition(":")
            return type, id
        if invoice.kind is BooksKind.CREDIT_MEMO:
            return _CREDIT_MEMO, invoice.id
        if invoice.kind in SETTLED:
            return SETTLED[invoice.kind], invoice.id
    raise Unfit(f"An invoice of the payment is not in QuickBooks yet ({invoice}).")


def _allocation_of(link: Obj, settled: Decimal) -> Allocation:
    type, id = str(link.get("TxnType") or ""), str(link["TxnId"])
    kind = SETTLED_KINDS.get(type)
    if kind is not None:
        return Allocation(invoice=BooksRef(kind, id), amount=settled)
    other = BooksRef(BooksKind.CREDIT, f"{type}:{id}")
    if type == _CREDIT_MEMO:
        other = BooksRef(BooksKind.CREDIT_MEMO, id)
    return Allocation(invoice=other, amount=-settled if type in USED_UP else settled)


def _deposit_line(line: DepositLine) -> Obj:
    body: Obj = {"Id": line.books_line_id} if line.books_line_id else {}
    body["Amount"] = cents(line.amount)
    if line.payment is not None:
        if not isinstance(line.payment, BooksRef) or line.payment.kind not in DEPOSITED:
            raise Unfit(f"A payment of the deposit is not in QuickBooks yet ({line.payment}).")
        type = DEPOSITED[line.payment.kind]
        body["LinkedTxn"] = [{"TxnId": line.payment.id, "TxnType": type, "TxnLineId": "0"}]
        return body
    if line.account is None:
        raise Unfit(f"The deposit line “{line.description}” has neither a payment nor an account; map it.")
    text = words(line.description)
    if text:
        body["Description"] = text
    return {**body, "DetailType": DETAIL, DETAIL: {"AccountRef": {"value": line.account.id}}}


def _deposit_line_of(line: Obj) -> DepositLine:
    link: Obj = next(iter(line.get("LinkedTxn") or []), {})
    kind = _DEPOSITED_KINDS.get(str(link.get("TxnType")))
    payment = BooksRef(kind, str(link["TxnId"])) if kind is not None else None
    return DepositLine(
        payment=payment,
        account=None if payment else ref_of(line.get(DETAIL) or {}, "AccountRef", BooksKind.ACCOUNT),
        amount=amount_of(line, "Amount"),
        description=str(line.get("Description") or ""),
        books_line_id=str(line.get("Id") or ""),
    )
