"""The lens: a document as both sides can agree on it; every comparison and every base goes through it.

Folded away: our line keys, the accounts behind items, subtotal lines, quantities that only repeat the amount, our
memo token, and of a void document everything but who, when and which number. What QuickBooks fills in, flattens or
keeps by its own preferences is never compared either, but told when we change it (`one_way`): terms, shipping and
e-mail of transactions, payables accounts, fields of the company's own, the estimate that an invoice bills, service
dates, marks for billing and the orders that costs receive.
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
    ExpenseDocument,
    ItemRecord,
    JournalEntry,
    PaidBy,
    PurchaseLine,
    PurchaseOrder,
    SalesForm,
    SalesInvoice,
    SalesLine,
    TaxCodeRecord,
    TaxMode,
    TaxUse,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.lenses import told_only, uncompared, void_form
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.providers.qbo.codec import cost_lines, lens_lines, sales_lines
from blueops_qb.providers.qbo.codec.bill_payments import merged_settled
from blueops_qb.providers.qbo.codec.list_entries import plain_kind
from blueops_qb.providers.qbo.codec.members import REFERENCE, derived, plain_address, plain_memo
from blueops_qb.providers.qbo.codec.receipts import merged
from blueops_qb.providers.qbo.codec.sales import is_one_address
from blueops_qb.providers.qbo.codec.tax_services import plain_percent


def normal(document: Document) -> Document:
    """The document through the lens; looking twice changes nothing."""
    if getattr(document, "void", False):
        return void_form(document, str.strip)
    return next(look(document) for type_, look in _LENSES if isinstance(document, type_))


def one_way(document: Document) -> dict[str, Any]:
    """Fields that are told when we change them and never compared with what the books show, made plain."""
    return told_only(document, _PLAIN, sold=_sold, bought=_bought)


def _sold(lines: tuple[SalesLine, ...]) -> tuple[Any, ...]:
    return tuple(line.service_date for line in lines if sales_lines.is_written(line))


def _bought(lines: tuple[PurchaseLine, ...]) -> tuple[Any, ...]:
    return tuple(
        (line.billable, line.markup, line.order, line.order_line)
        for line in lines
        if cost_lines.is_written(line)
    )


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "terms": lambda ref: ref,
    "ap_account": lambda ref: ref,
    "estimate": lambda ref: ref,
    "shipping": plain_address,
    "email": lambda text: text.strip() if is_one_address(text) else "",
    "custom": lambda values: tuple(sorted(values)),
}


def _shared(document: Any) -> dict[str, Any]:
    """What is plain in the same way wherever it occurs."""
    values = uncompared(document)
    if hasattr(document, "number"):
        values["number"] = document.number.strip()
    if hasattr(document, "reference"):
        values["reference"] = derived(document.reference, REFERENCE)
    return {**values, "memo": plain_memo(document.memo)}


# -- parties ---------------------------------------------------------------------------------------
def _customer(document: CustomerRecord) -> CustomerRecord:
    exempt = document.exemption_reason is not None or document.taxable is False
    is_job = document.parent is not None
    return attrs.evolve(
        document,
        name=document.name.strip(),
        company=document.company.strip(),
        given_name=document.given_name.strip(),
        family_name=document.family_name.strip(),
        email=document.email.strip(),
        phone=document.phone.strip(),
        mobile=document.mobile.strip(),
        billing=plain_address(document.billing),
        shipping=plain_address(document.shipping),
        taxable=None if is_job or not exempt else False,
        exemption_reason=None if is_job else document.exemption_reason,
        certificate=document.certificate.strip() if exempt and not is_job else "",
    )


def _vendor(document: VendorRecord) -> VendorRecord:
    return attrs.evolve(
        document,
        name=document.name.strip(),
        company=document.company.strip(),
        email=document.email.strip(),
        phone=document.phone.strip(),
        address=plain_address(document.address),
        account_number=document.account_number.strip(),
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
    return _sale(document, accepted_by=document.accepted_by.strip())


def _sale(document: Any, **more: Any) -> Document:
    untaxed = document.tax_mode is TaxMode.NONE
    lines = tuple(lens_lines.sales(document.lines, untaxed=untaxed))
    discount = half_up(document.discount)
    tax = ZERO if untaxed else None if document.tax is None else half_up(document.tax)
    total = document.total
    if total is None and tax is not None:
        total = sum((line.amount for line in lines), ZERO) - discount + tax
    sale: Document = attrs.evolve(
        document,
        lines=lines,
        discount=discount,
        discount_account=document.discount_account if discount else None,
        # Before or after tax makes a difference only where there are both.
        discount_before_tax=document.discount_before_tax or not discount or tax == ZERO,
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
    allocations = tuple(
        attrs.evolve(allocation, amount=half_up(allocation.amount))
        for allocation in merged(document.allocations)
    )
    return attrs.evolve(
        document, amount=half_up(document.amount), allocations=allocations, **_shared(document)
    )


def _bill_payment(document: BillPayment) -> BillPayment:
    settles = tuple(
        attrs.evolve(part, amount=half_up(part.amount)) for part in merged_settled(document.settles)
    )
    return attrs.evolve(
        document,
        amount=half_up(document.amount),
        settles=settles,
        paid_by=PaidBy.CARD if document.paid_by is PaidBy.CARD else PaidBy.CHECK,
        **_shared(document),
    )


def _deposit(document: BankDeposit) -> BankDeposit:
    lines = tuple(lens_lines.deposited(line) for line in document.lines)
    return attrs.evolve(document, lines=lines, total=half_up(document.total), **_shared(document))


# -- costs -----------------------------------------------------------------------------------------
def _bill(document: Bill) -> Document:
    due = document.due_date or (document.date if document.terms is None else None)
    return _cost(document, due_date=due)


def _cost(document: Any, **more: Any) -> Document:
    lines = tuple(lens_lines.costs(document.lines))
    cost: Document = attrs.evolve(
        document, lines=lines, total=half_up(document.total), **_shared(document), **more
    )
    return cost


def _journal(document: JournalEntry) -> JournalEntry:
    lines = tuple(lens_lines.posting(line) for line in document.lines)
    return attrs.evolve(document, lines=lines, **_shared(document))


def _attached(document: AttachedFile) -> AttachedFile:
    # QuickBooks finds out the type for itself.
    return AttachedFile(to=document.to, filename=document.filename.strip())


def _tax_code(document: TaxCodeRecord) -> TaxCodeRecord:
    # The books list rates by what they are charged on.
    rates = (
        attrs.evolve(rate, name=rate.name.strip(), percent=plain_percent(rate.percent))
        for rate in document.rates
    )
    ordered = sorted(rates, key=lambda rate: (rate.on is TaxUse.PURCHASES, rate.name))
    return TaxCodeRecord(name=document.name.strip(), rates=tuple(ordered))


def _account(document: AccountRecord) -> AccountRecord:
    return attrs.evolve(document, name=document.name.strip(), number=document.number.strip())


def _item(document: ItemRecord) -> ItemRecord:
    return attrs.evolve(document, name=document.name.strip(), kind=plain_kind(document))


def _class(document: ClassRecord) -> ClassRecord:
    return ClassRecord(name=document.name.strip())


#: The first that fits counts.
_LENSES: tuple[tuple[Any, Callable[[Any], Document]], ...] = (
    (CustomerRecord, _customer),
    (VendorRecord, _vendor),
    (SalesInvoice, _invoice),
    (Estimate, _estimate),
    (SalesForm, _sale),
    (CustomerPayment, _payment),
    (BillPayment, _bill_payment),
    (BankDeposit, _deposit),
    (Bill, _bill),
    (VendorCredit | PurchaseOrder | ExpenseDocument, _cost),
    (JournalEntry, _journal),
    (AttachedFile, _attached),
    (TaxCodeRecord, _tax_code),
    (AccountRecord, _account),
    (ItemRecord, _item),
    (ClassRecord, _class),
)
