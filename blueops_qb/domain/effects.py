"""The effect of a document on the ledger: its debits and credits as our sub-ledger keeps them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    BankDeposit,
    Bill,
    BillPayment,
    CreditMemo,
    CustomerPayment,
    Document,
    Estimate,
    ExpenseDocument,
    JournalEntry,
    PurchaseForm,
    PurchaseLine,
    PurchaseOrder,
    RefundReceipt,
    SalesForm,
    SalesInvoice,
    SalesLine,
    SalesReceipt,
    Side,
    Undated,
    VendorCredit,
)
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.mapping import Mapping as Rules
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.postings import Origin, Posting
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, Ref, record_of

RECEIVABLES = Origin(part="receivables", role="ar")
PAYABLES = Origin(part="payables", role="ap")
_PAID_FROM = Origin(part="paid from")


@attrs.frozen(kw_only=True)
class _Accounts:
    """Where items and special duties post to; an unknown account is the empty string."""

    roles: Mapping[str, str]
    income: Mapping[str, str]
    cost: Mapping[str, str]
    owners: Mapping[Ref, Ref]

    def role(self, key: str) -> str:
        return self.roles.get(key, "")

    def sale(self, account: BooksRef | None, item: BooksRef | None) -> str:
        if account is not None:
            return account.id
        return self.income.get(item.id, "") if item is not None else ""

    def purchase(self, line: PurchaseLine) -> str:
        if line.account is not None:
            return line.account.id
        return self.cost.get(line.item.id, "") if line.item is not None else ""


def effects(
    document: Document,
    *,
    roles: Mapping[str, str],
    item_accounts: Mapping[str, str] | None = None,
    item_cost_accounts: Mapping[str, str] | None = None,
    owners: Mapping[Ref, Ref] | None = None,
) -> tuple[Posting, ...]:
    """The postings of a document; they sum to 0.00, and a void document or a party has none.

    `roles` gives account ids by special duty (`ar`, `ap`, `undeposited`, `discounts`, `tax_payable`), the
    next two the income and cost account of items by item id, `owners` whose an invoice or payment is that the
    document names: a payment lowers the receivable of whoever owes it. Receivables and payables follow from the
    lines. In tax mode A the tax counts once the books have told it. The cost of goods that the books post
    by themselves for inventory items is theirs and not here. Raises ValueError for a journal entry whose
    debits and credits differ.
    """
    if isinstance(document, Undated) or document.void:
        return ()
    accounts = _Accounts(
        roles=roles, income=item_accounts or {}, cost=item_cost_accounts or {}, owners=owners or {}
    )
    return tuple(posting for posting in EFFECTS[type(document)](document, accounts) if posting.amount)


def roles_of(mapping: Rules, on: dt.date | None = None) -> dict[str, str]:
    """The account ids of the special duties that a company mapped, for `effects`, as they are on a day."""
    return {
        key: rule.target.account.id
        for (family, key, scope), rule in mapping.current(on).items()
        if family is Family.ROLE and not scope and rule.target.account is not None
    }


def _invoice(document: SalesInvoice, accounts: _Accounts) -> Iterator[Posting]:
    yield from _sale(document, accounts.role("ar"), RECEIVABLES, accounts, sign=1)
    if document.deposit:  # money taken on the form itself
        into = _id(document.deposit_to) or accounts.role("undeposited")
        pairs = (
            (into, document.deposit, _put_into(document)),
            (accounts.role("ar"), -document.deposit, RECEIVABLES),
        )
        for account, amount, origin in pairs:
            yield Posting(
                account=account,
                amount=amount,
                date=document.date,
                customer=document.customer,
                class_=_id(document.class_),
                location=_id(document.location),
                origin=origin,
            )


def _credit_memo(document: CreditMemo, accounts: _Accounts) -> Iterator[Posting]:
    yield from _sale(document, accounts.role("ar"), RECEIVABLES, accounts, sign=-1)


def _sales_receipt(document: SalesReceipt, accounts: _Accounts) -> Iterator[Posting]:
    into = _id(document.deposit_to) or accounts.role("undeposited")
    yield from _sale(document, into, _put_into(document), accounts, sign=1)


def _refund_receipt(document: RefundReceipt, accounts: _Accounts) -> Iterator[Posting]:
    if document.lines or not document.total:
        yield from _sale(document, document.paid_from.id, _PAID_FROM, accounts, sign=-1)
    else:
        yield from _paid_out(document, document.total, accounts)


def _paid_out(document: RefundReceipt, total: Decimal, accounts: _Accounts) -> Iterator[Posting]:
    """What the customers had to their credit leaves; what pays out nothing any more is the receipt's own customer's."""
    owed: dict[Ref | None, Decimal] = {document.customer: total}
    for part in document.pays_out:
        owner = accounts.owners.get(part.credit, document.customer)
        owed[document.customer] -= part.amount
        owed[owner] = owed.get(owner, ZERO) + part.amount
    rows = [(document.paid_from.id, -total, document.customer, _PAID_FROM)]
    rows += [(accounts.role("ar"), amount, owner, RECEIVABLES) for owner, amount in owed.items()]
    for account, amount, owner, origin in rows:
        yield Posting(account=account, amount=amount, date=document.date, customer=owner, origin=origin)


def _sale(
    document: SalesForm, against: str, origin: Origin, accounts: _Accounts, *, sign: int
) -> Iterator[Posting]:
    def posting(
        account: str, amount: Decimal, origin: Origin, class_: BooksRef | None = document.class_
    ) -> Posting:
        return Posting(
            account=account,
            origin=origin,
            amount=sign * amount,
            date=document.date,
            customer=document.customer,
            class_=_id(class_),
            location=_id(document.location),
        )

    tax = document.tax or ZERO
    net = sum((line.amount for line in document.lines), ZERO) - document.discount
    yield posting(against, net + tax, origin)
    for line in document.lines:
        account = accounts.sale(line.account, line.item)
        yield posting(account, -line.amount, _of_line(line), line.class_ or document.class_)
    discounts = Origin(part="discount", role="discounts")
    yield posting(_id(document.discount_account) or accounts.role("discounts"), document.discount, discounts)
    yield posting(accounts.role("tax_payable"), -tax, Origin(part="sales tax", role="tax_payable"))


def _nothing(*_: object) -> Iterator[Posting]:
    return iter(())


def _payment(document: CustomerPayment, accounts: _Accounts) -> Iterator[Posting]:
    yield Posting(
        account=_id(document.deposit_to) or accounts.role("undeposited"),
        amount=document.amount,
        date=document.date,
        customer=document.customer,
        origin=_put_into(document),
    )
    settled: dict[Ref, Decimal] = {}
    given = ZERO
    for allocation in document.allocations:
        if allocation.account is not None:
            given -= allocation.amount
            yield Posting(
                account=allocation.account.id,
                amount=-allocation.amount,
                date=document.date,
                customer=document.customer,
                class_=_id(allocation.class_),
                origin=Origin(part="discount"),
            )
            continue
        owner = accounts.owners.get(allocation.invoice, document.customer)
        settled[owner] = settled.get(owner, ZERO) + allocation.amount
    open_part = document.amount + given - sum(settled.values(), ZERO)
    settled[document.customer] = settled.get(document.customer, ZERO) + open_part
    for owner, amount in settled.items():
        yield Posting(
            account=accounts.role("ar"),
            amount=-amount,
            date=document.date,
            customer=owner,
            origin=RECEIVABLES,
        )


def _bill(document: Bill, accounts: _Accounts) -> Iterator[Posting]:
    payable = _id(document.ap_account) or accounts.role("ap")
    yield from _purchase(document, document.vendor, payable, PAYABLES, accounts, sign=1)


def _vendor_credit(document: VendorCredit, accounts: _Accounts) -> Iterator[Posting]:
    payable = _id(document.ap_account) or accounts.role("ap")
    yield from _purchase(document, document.vendor, payable, PAYABLES, accounts, sign=-1)


def _bill_payment(document: BillPayment, accounts: _Accounts) -> Iterator[Posting]:
    payable = _id(document.ap_account) or accounts.role("ap")
    taken = [part for part in document.settles if part.account is not None]
    settled = document.amount - sum((part.amount for part in taken), ZERO)
    rows = [
        (payable, settled, None, PAYABLES),
        (_id(document.account), -document.amount, None, Origin(part="paid from")),
        *((_id(part.account), part.amount, part.class_, Origin(part="discount")) for part in taken),
    ]
    for account, amount, class_, origin in rows:
        yield Posting(
            account=account,
            amount=amount,
            date=document.date,
            vendor=document.vendor,
            class_=_id(class_),
            location=_id(document.location),
            origin=origin,
        )


def _expense(document: ExpenseDocument, accounts: _Accounts) -> Iterator[Posting]:
    sign = -1 if document.refund else 1
    paid_from = Origin(part="paid from")
    # Whoever else is paid, a customer who gets money back say, is no vendor of the lines.
    vendor = document.payee if _is_vendor(document.payee) else None
    yield from _purchase(document, vendor, document.account.id, paid_from, accounts, sign=sign)


def _is_vendor(payee: Ref | None) -> bool:
    kind = None if payee is None else payee.kind if isinstance(payee, BooksRef) else record_of(payee).kind
    return kind in (BooksKind.VENDOR, RecordKind.VENDOR)


def _purchase(
    document: PurchaseForm, vendor: Any, against: str, origin: Origin, accounts: _Accounts, *, sign: int
) -> Iterator[Posting]:
    whole = ZERO
    location = _id(document.location)
    for line in document.lines:
        whole += line.amount
        yield Posting(
            account=accounts.purchase(line),
            amount=sign * line.amount,
            date=document.date,
            customer=line.customer,
            vendor=vendor,
            class_=_id(line.class_),
            location=location,
            origin=_of_line(line),
        )
    yield Posting(
        account=against,
        amount=-sign * whole,
        date=document.date,
        vendor=vendor,
        location=location,
        origin=origin,
    )


def _journal(document: JournalEntry, _: _Accounts) -> Iterator[Posting]:
    signed = [line.amount if line.side is Side.DEBIT else -line.amount for line in document.lines]
    if sum(signed, ZERO):
        raise ValueError(
            f"journal entry {document.number or document.date} is out of balance by {sum(signed)}"
        )
    for number, (line, amount) in enumerate(zip(document.lines, signed, strict=True), start=1):
        yield Posting(
            account=line.account.id,
            amount=amount,
            date=document.date,
            customer=line.customer,
            class_=_id(line.class_),
            location=_id(line.location),
            origin=Origin(part=f"journal line {number}"),
        )


def _deposit(document: BankDeposit, accounts: _Accounts) -> Iterator[Posting]:
    whole = sum((line.amount for line in document.lines), ZERO)
    into = Origin(part="deposited to")
    yield Posting(account=document.account.id, amount=whole, date=document.date, origin=into)
    for number, line in enumerate(document.lines, start=1):
        account = _id(line.account) or accounts.role("undeposited")
        role = "" if line.account is not None else "undeposited"
        origin = Origin(part=f"deposit line {number}", role=role)
        yield Posting(
            account=account,
            amount=-line.amount,
            date=document.date,
            customer=accounts.owners.get(line.payment) if line.payment is not None else None,
            origin=origin,
        )


def _put_into(document: CustomerPayment | SalesForm) -> Origin:
    chosen = getattr(document, "deposit_to", None) is not None
    return Origin(part="deposited to", role="" if chosen else "undeposited")


def _of_line(line: SalesLine | PurchaseLine) -> Origin:
    item = line.item.id if line.item is not None else ""
    return Origin(part=f"line {line.line_id}".rstrip(), line_id=line.line_id, item=item)


def _id(ref: BooksRef | None) -> str:
    return ref.id if ref is not None else ""


#: What each kind of document posts.
EFFECTS: dict[type[Document], Callable[[Any, _Accounts], Iterator[Posting]]] = {
    SalesInvoice: _invoice,
    Estimate: _nothing,
    CreditMemo: _credit_memo,
    SalesReceipt: _sales_receipt,
    RefundReceipt: _refund_receipt,
    CustomerPayment: _payment,
    Bill: _bill,
    BillPayment: _bill_payment,
    VendorCredit: _vendor_credit,
    PurchaseOrder: _nothing,
    ExpenseDocument: _expense,
    JournalEntry: _journal,
    BankDeposit: _deposit,
}
