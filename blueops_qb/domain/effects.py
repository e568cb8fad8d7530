"""The effect of a document on the ledger: its debits and credits as our sub-ledger keeps them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    AttachedFile,
    BankDeposit,
    Bill,
    BillPayment,
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
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
    SalesReceipt,
    Side,
    TaxCodeRecord,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.mapping import Mapping as Rules
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.postings import Posting
from blueops_qb.domain.refs import BooksRef, Ref


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
    if isinstance(document, (CustomerRecord, VendorRecord, AttachedFile, TaxCodeRecord)) or document.void:
        return ()
    accounts = _Accounts(
        roles=roles, income=item_accounts or {}, cost=item_cost_accounts or {}, owners=owners or {}
    )
    return tuple(posting for posting in EFFECTS[type(document)](document, accounts) if posting.amount)


def roles_of(mapping: Rules) -> dict[str, str]:
    """The account ids of the special duties that a company mapped, for `effects`."""
    return {
        rule.key: rule.target.account.id
        for rule in mapping.rules
        if rule.family is Family.ROLE and not rule.scope and rule.target.account is not None
    }


def _invoice(document: SalesInvoice, accounts: _Accounts) -> Iterator[Posting]:
    yield from _sale(document, accounts.role("ar"), accounts, sign=1, duty="ar")
    if document.deposit:  # money taken on the form itself
        into = _id(document.deposit_to) or accounts.role("undeposited")
        held = "" if document.deposit_to else "undeposited"
        receivable = accounts.role("ar")
        for account, amount, duty in ((into, document.deposit, held), (receivable, -document.deposit, "ar")):
            yield Posting(
                account=account,
                amount=amount,
                date=document.date,
                customer=document.customer,
                class_=_id(document.class_),
                location=_id(document.location),
                duty=duty,
            )


def _credit_memo(document: CreditMemo, accounts: _Accounts) -> Iterator[Posting]:
    yield from _sale(document, accounts.role("ar"), accounts, sign=-1, duty="ar")


def _sales_receipt(document: SalesReceipt, accounts: _Accounts) -> Iterator[Posting]:
    into = _id(document.deposit_to) or accounts.role("undeposited")
    duty = "" if document.deposit_to else "undeposited"
    yield from _sale(document, into, accounts, sign=1, duty=duty)


def _refund_receipt(document: RefundReceipt, accounts: _Accounts) -> Iterator[Posting]:
    yield from _sale(document, document.paid_from.id, accounts, sign=-1)


def _sale(
    document: SalesForm, against: str, accounts: _Accounts, *, sign: int, duty: str = ""
) -> Iterator[Posting]:
    def posting(
        account: str,
        amount: Decimal,
        class_: BooksRef | None = document.class_,
        *,
        duty: str = "",
        item: str = "",
    ) -> Posting:
        return Posting(
            account=account,
            amount=sign * amount,
            date=document.date,
            customer=document.customer,
            class_=_id(class_),
            location=_id(document.location),
            duty=duty,
            item=item,
        )

    tax = document.tax or ZERO
    net = sum((line.amount for line in document.lines), ZERO) - document.discount
    yield posting(against, net + tax, duty=duty)
    for line in document.lines:
        account = accounts.sale(line.account, line.item)
        yield posting(account, -line.amount, line.class_ or document.class_, item=_id(line.item))
    chosen = _id(document.discount_account)
    yield posting(chosen or accounts.role("discounts"), document.discount, duty="" if chosen else "discounts")
    yield posting(accounts.role("tax_payable"), -tax, duty="tax_payable")


def _nothing(*_: object) -> Iterator[Posting]:
    return iter(())


def _payment(document: CustomerPayment, accounts: _Accounts) -> Iterator[Posting]:
    into = _id(document.deposit_to) or accounts.role("undeposited")
    yield Posting(
        account=into,
        amount=document.amount,
        date=document.date,
        customer=document.customer,
        duty="" if document.deposit_to else "undeposited",
    )
    settled: dict[Ref, Decimal] = {}
    for allocation in document.allocations:
        owner = accounts.owners.get(allocation.invoice, document.customer)
        settled[owner] = settled.get(owner, ZERO) + allocation.amount
    open_part = document.amount - sum(settled.values(), ZERO)
    settled[document.customer] = settled.get(document.customer, ZERO) + open_part
    for owner, amount in settled.items():
        yield Posting(
            account=accounts.role("ar"), amount=-amount, date=document.date, customer=owner, duty="ar"
        )


def _bill(document: Bill, accounts: _Accounts) -> Iterator[Posting]:
    yield from _purchase(
        document,
        document.vendor,
        _id(document.ap_account) or accounts.role("ap"),
        accounts,
        sign=1,
        duty="ap",
    )


def _vendor_credit(document: VendorCredit, accounts: _Accounts) -> Iterator[Posting]:
    yield from _purchase(
        document,
        document.vendor,
        _id(document.ap_account) or accounts.role("ap"),
        accounts,
        sign=-1,
        duty="ap",
    )


def _bill_payment(document: BillPayment, accounts: _Accounts) -> Iterator[Posting]:
    payable = _id(document.ap_account) or accounts.role("ap")
    location = _id(document.location)
    duties = ((payable, document.amount, "ap"), (_id(document.account), -document.amount, ""))
    for account, amount, duty in duties:
        yield Posting(
            account=account,
            amount=amount,
            date=document.date,
            vendor=document.vendor,
            location=location,
            duty=duty,
        )


def _expense(document: ExpenseDocument, accounts: _Accounts) -> Iterator[Posting]:
    sign = -1 if document.refund else 1
    yield from _purchase(document, document.payee, document.account.id, accounts, sign=sign)


def _purchase(
    document: PurchaseForm, vendor: Any, against: str, accounts: _Accounts, *, sign: int, duty: str = ""
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
            item="" if line.account is not None else _id(line.item),
        )
    yield Posting(
        account=against,
        amount=-sign * whole,
        date=document.date,
        vendor=vendor,
        location=location,
        duty=duty,
    )


def _journal(document: JournalEntry, _: _Accounts) -> Iterator[Posting]:
    signed = [line.amount if line.side is Side.DEBIT else -line.amount for line in document.lines]
    if sum(signed, ZERO):
        raise ValueError(
            f"journal entry {document.number or document.date} is out of balance by {sum(signed)}"
        )
    for line, amount in zip(document.lines, signed, strict=True):
        yield Posting(
            account=line.account.id,
            amount=amount,
            date=document.date,
            customer=line.customer,
            class_=_id(line.class_),
            location=_id(line.location),
        )


def _deposit(document: BankDeposit, accounts: _Accounts) -> Iterator[Posting]:
    whole = sum((line.amount for line in document.lines), ZERO)
    yield Posting(account=document.account.id, amount=whole, date=document.date)
    for line in document.lines:
        own = _id(line.account)
        yield Posting(
            account=own or accounts.role("undeposited"),
            amount=-line.amount,
            date=document.date,
            customer=accounts.owners.get(line.payment) if line.payment is not None else None,
            duty="" if own else "undeposited",
        )


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
