"""The lens: a document as both sides can agree on it; every comparison and every base goes through it.

Folded away: our line keys, the accounts behind items, characters that Desktop does not know, quantities that only
repeat the amount, our marker, the order of expense and item lines, a form's discount (a line over there), a journal
entry's memo (each line's over there), and of a void document everything but who, when and which number. Never compared
but told when we change it (`one_way`): terms, payables accounts, addresses of forms, service dates, marks for billing,
orders that costs receive, fields of the company's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    AccountRecord,
    AttachedFile,
    BankDeposit,
    Bill,
    BillPayment,
    ClassRecord,
    CustomerPayment,
    CustomerRecord,
    Document,
    Estimate,
    EstimateStatus,
    ExpenseDocument,
    ItemRecord,
    JournalEntry,
    PaidBy,
    PaidOut,
    PurchaseLine,
    PurchaseOrder,
    RefundReceipt,
    SalesForm,
    SalesInvoice,
    SalesLine,
    SalesReceipt,
    TaxCodeRecord,
    TaxMode,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.lenses import told_only, uncompared, void_form
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec import cost_lines, journal, receipts, sale_lines
from blueops_qb.providers.qbd.codec.applied import allocation, merged, settled
from blueops_qb.providers.qbd.codec.members import COMPANY, REFERENCE, derived, plain_address, plain_memo
from blueops_qb.providers.qbd.codec.new_lists import one_account
from blueops_qb.providers.qbd.codec.sales import CHECK_NUMBER, is_open
from blueops_qb.providers.qbd.qbxml.characters import folded


def normal(document: Document) -> Document:
    """The document through the lens; looking twice changes nothing."""
    if getattr(document, "void", False):
        return void_form(document, folded)
    return next(look(document) for type_, look in _LENSES if isinstance(document, type_))


def one_way(document: Document) -> dict[str, Any]:
    """Fields that are told when we change them and never compared with what the books show, made plain."""
    return told_only(document, _TOLD, sold=_sold, bought=_bought)


def _sold(lines: tuple[SalesLine, ...]) -> tuple[Any, ...]:
    return tuple(line.service_date for line in lines if sale_lines.is_written(line))


def _bought(lines: tuple[PurchaseLine, ...]) -> tuple[Any, ...]:
    return tuple((line.billable, line.order, line.order_line) for line in cost_lines.in_order(lines))


_TOLD: dict[str, Callable[[Any], Any]] = {
    "terms": lambda ref: ref,
    "ap_account": lambda ref: ref,
    "shipping": plain_address,
    "custom": lambda values: tuple(sorted(values)),
}


def _shared(document: Any) -> dict[str, Any]:
    """What is plain in the same way wherever it occurs."""
    values = uncompared(document)
    if hasattr(document, "number"):
        values["number"] = folded(document.number)
    if hasattr(document, "memo"):
        values["memo"] = plain_memo(document.memo)
    return values


# -- parties ---------------------------------------------------------------------------------------
def _customer(document: CustomerRecord) -> CustomerRecord:
    exempt = document.exemption_reason is not None or document.taxable is False
    is_job = document.parent is not None
    return attrs.evolve(
        document,
        name=folded(document.name),
        company=derived(document.company, COMPANY),
        given_name=folded(document.given_name),
        family_name=folded(document.family_name),
        email=folded(document.email),
        phone=folded(document.phone),
        mobile=folded(document.mobile),
        billing=plain_address(document.billing),
        shipping=plain_address(document.shipping),
        taxable=None if is_job or not exempt else False,
        exemption_reason=None,
        certificate=folded(document.certificate) if exempt and not is_job else "",
    )


def _vendor(document: VendorRecord) -> VendorRecord:
    return attrs.evolve(
        document,
        name=folded(document.name),
        company=derived(document.company, COMPANY),
        email=folded(document.email),
        phone=folded(document.phone),
        address=plain_address(document.address),
        account_number=folded(document.account_number),
    )


# -- sales -----------------------------------------------------------------------------------------
def _invoice(document: SalesInvoice) -> Document:
    deposit = half_up(document.deposit)
    return _sale(
        document,
        due_date=document.due_date or (document.date if document.terms is None else None),
        deposit=deposit,
        deposit_to=document.deposit_to if deposit else None,
    )


def _estimate(document: Estimate) -> Document:
    status = EstimateStatus.PENDING if is_open(document.status) else EstimateStatus.CLOSED
    return _sale(document, status=status, expires=None, accepted_by="", accepted_on=None)


def _receipt(document: SalesReceipt) -> Document:
    return _sale(document, reference=derived(document.reference, CHECK_NUMBER))


def _card_refund(document: RefundReceipt) -> Document:
    parts = merged((part.credit, half_up(part.amount)) for part in document.pays_out)
    return _sale(document, pays_out=tuple(PaidOut(credit=credit, amount=amount) for credit, amount in parts))


def _sale(document: Any, **more: Any) -> Document:
    untaxed = document.tax_mode is TaxMode.NONE
    lines = tuple(sale_lines.plain_lines(document))
    tax = ZERO if untaxed else None if document.tax is None else half_up(document.tax)
    total = document.total
    if total is None and tax is not None:
        total = sum((line.amount for line in lines), ZERO) + tax
    sale: Document = attrs.evolve(
        document,
        lines=lines,
        discount=ZERO,
        discount_account=None,
        discount_before_tax=True,
        tax_mode=TaxMode.OURS,
        tax=tax,
        tax_code=document.tax_code if tax else None,
        total=None if total is None else half_up(total),
        **_shared(document),
        **more,
    )
    return sale


# -- money -----------------------------------------------------------------------------------------
def _payment(document: CustomerPayment) -> CustomerPayment:
    parts = merged((part.invoice, half_up(part.amount)) for part in document.allocations)
    return attrs.evolve(
        document,
        amount=half_up(document.amount),
        allocations=tuple(allocation(target, amount) for target, amount in parts),
        reference=derived(document.reference, REFERENCE),
        # Credits that settle something lie nowhere.
        deposit_to=document.deposit_to if half_up(document.amount) else None,
        **_shared(document),
    )


def _bill_payment(document: BillPayment) -> BillPayment:
    parts = merged((part.document, half_up(part.amount)) for part in document.settles)
    return attrs.evolve(
        document,
        amount=half_up(document.amount),
        settles=tuple(settled(target, amount) for target, amount in parts),
        paid_by=PaidBy.CARD if document.paid_by is PaidBy.CARD else PaidBy.CHECK,
        **_shared(document),
    )


def _deposit(document: BankDeposit) -> BankDeposit:
    lines = (receipts.plain_deposit_line(line) for line in document.lines)
    return attrs.evolve(
        document,
        lines=tuple(attrs.evolve(line, amount=half_up(line.amount)) for line in lines),
        total=half_up(document.total),
        **_shared(document),
    )


# -- costs -----------------------------------------------------------------------------------------
def _bill(document: Bill) -> Document:
    return _cost(document, due_date=document.due_date or (document.date if document.terms is None else None))


def _expense(document: ExpenseDocument) -> Document:
    # A Ret names the payee by id alone, without its kind.
    payee = document.payee
    plain = BooksRef(BooksKind.VENDOR, payee.id) if isinstance(payee, BooksRef) else payee
    paid_by = PaidBy.CARD if document.paid_by is PaidBy.CARD else PaidBy.CHECK
    return _cost(document, payee=plain, paid_by=paid_by, method=None)


def _cost(document: Any, **more: Any) -> Document:
    cost: Document = attrs.evolve(
        document,
        lines=tuple(cost_lines.plain_lines(document.lines)),
        total=half_up(document.total),
        **_shared(document),
        **more,
    )
    return cost


def _journal(document: JournalEntry) -> JournalEntry:
    lines = tuple(journal.plain_line(_by_id(line), plain_memo(document.memo)) for line in document.lines)
    return attrs.evolve(document, lines=lines, number=folded(document.number), memo="")


def _by_id(line: Any) -> Any:
    bearer = line.customer
    return (
        attrs.evolve(line, customer=BooksRef(BooksKind.CUSTOMER, bearer.id))
        if isinstance(bearer, BooksRef)
        else line
    )


def _as_it_is(document: Any) -> Any:
    return document


def _account(document: AccountRecord) -> AccountRecord:
    # Desktop has no detail types.
    return attrs.evolve(document, name=folded(document.name), detail="", number=folded(document.number))


def _item(document: ItemRecord) -> ItemRecord:
    return attrs.evolve(one_account(document), name=folded(document.name))


def _class(document: ClassRecord) -> ClassRecord:
    return ClassRecord(name=folded(document.name))


#: The first that fits counts.
_LENSES: tuple[tuple[Any, Callable[[Any], Document]], ...] = (
    (CustomerRecord, _customer),
    (VendorRecord, _vendor),
    (SalesInvoice, _invoice),
    (Estimate, _estimate),
    (SalesReceipt, _receipt),
    (RefundReceipt, _card_refund),
    (SalesForm, _sale),
    (CustomerPayment, _payment),
    (BillPayment, _bill_payment),
    (BankDeposit, _deposit),
    (Bill, _bill),
    (ExpenseDocument, _expense),
    (VendorCredit | PurchaseOrder, _cost),
    (JournalEntry, _journal),
    (AccountRecord, _account),
    (ItemRecord, _item),
    (ClassRecord, _class),
    (AttachedFile | TaxCodeRecord, _as_it_is),
)
