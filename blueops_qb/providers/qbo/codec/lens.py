"""The lens: a document as both sides can agree on it; every comparison and every base goes through it.

Folded away: our line keys, the accounts behind items, subtotal lines, quantities that only repeat the amount,
our memo token, shipping and e-mail of transactions (QuickBooks flattens or fills them in), terms of
transactions (the due date says it), billable flags, service dates and payables accounts (QuickBooks keeps or
chooses them by its own preferences), and of a void document everything but who, when and which number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    BankDeposit,
    Bill,
    CustomerPayment,
    CustomerRecord,
    DepositLine,
    Document,
    ExpenseDocument,
    JournalEntry,
    JournalLine,
    PurchaseLine,
    SalesInvoice,
    SalesLine,
    TaxMode,
    VendorRecord,
)
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.providers.qbo.codec.members import (
    REFERENCE,
    derived,
    plain_address,
    plain_memo,
    rated,
    words,
)
from blueops_qb.providers.qbo.codec.receipts import merged


def normal(document: Document) -> Document:
    """The document through the lens; looking twice changes nothing."""
    return _LENSES[type(document)](document)


def kept(document: Document, profile: BooksProfile) -> Document:
    """What a company with these preferences will show of it: what it drops or decides is left out."""
    match document:
        case SalesInvoice():
            return _kept_invoice(document, profile)
        case Bill() | ExpenseDocument():
            lines = tuple(_kept_class(line, profile) for line in document.lines)
            location = document.location if profile.locations else None
            return attrs.evolve(document, lines=lines, location=location)
        case JournalEntry():
            postings = tuple(_kept_posting(line, profile) for line in document.lines)
            return attrs.evolve(document, lines=postings)
        case CustomerRecord() if profile.sales_tax not in (SalesTax.MANUAL, SalesTax.AUTOMATIC):
            return attrs.evolve(document, taxable=None, exemption_reason=None, certificate="")
        case CustomerRecord(exemption_reason=int()) if profile.sales_tax is SalesTax.MANUAL:
            return attrs.evolve(document, taxable=False, exemption_reason=None)
        case _:
            return document


def _kept_invoice(document: SalesInvoice, profile: BooksProfile) -> SalesInvoice:
    off = profile.sales_tax is SalesTax.OFF
    per_transaction = profile.class_tracking is Tracking.PER_TRANSACTION
    books_decide = document.tax_mode is TaxMode.BOOKS and not off
    lines = (_kept_class(line, profile) for line in document.lines)
    return attrs.evolve(
        document,
        number=document.number if profile.custom_numbers else "",
        lines=tuple(attrs.evolve(line, taxable=False) if off else line for line in lines),
        tax=None if books_decide else ZERO if off else document.tax or ZERO,
        total=None if books_decide else document.total,
        tax_code=document.tax_code if profile.sales_tax is SalesTax.MANUAL else None,
        location=document.location if profile.locations else None,
        class_=document.class_ if per_transaction else None,
    )


def _kept_class(line: Any, profile: BooksProfile) -> Any:
    keeps = line.class_ is None or profile.class_tracking is Tracking.PER_LINE
    return line if keeps else attrs.evolve(line, class_=None)


def _kept_posting(line: JournalLine, profile: BooksProfile) -> JournalLine:
    line = _kept_class(line, profile)
    return line if profile.locations else attrs.evolve(line, location=None)


# -- one lens per document -------------------------------------------------------------------------
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


def _invoice(document: SalesInvoice) -> SalesInvoice:
    if document.void:
        return SalesInvoice(
            customer=document.customer,
            date=document.date,
            number=document.number.strip(),
            tax=ZERO,
            total=ZERO,
            currency=document.currency,
            void=True,
        )
    untaxed = document.tax_mode is TaxMode.NONE
    lines = tuple(_sales_lines(document.lines, untaxed=untaxed))
    discount = half_up(document.discount)
    tax = ZERO if untaxed else None if document.tax is None else half_up(document.tax)
    total = document.total
    if total is None and tax is not None:
        total = sum((line.amount for line in lines), ZERO) - discount + tax
    return attrs.evolve(
        document,
        number=document.number.strip(),
        due_date=document.due_date or (document.date if document.terms is None else None),
        terms=None,
        lines=lines,
        discount=discount,
        discount_account=document.discount_account if discount else None,
        # Before or after tax makes a difference only where there are both.
        discount_before_tax=document.discount_before_tax or not discount or tax == ZERO,
        tax_mode=TaxMode.OURS,
        tax=tax,
        tax_code=document.tax_code if tax else None,
        total=None if total is None else half_up(total),
        shipping=None,
        email="",
        memo=plain_memo(document.memo),
    )


def _sales_lines(lines: tuple[SalesLine, ...], *, untaxed: bool) -> Iterator[SalesLine]:
    for line in lines:
        text = words(line.description)
        if line.item is None and not line.amount:
            if text:
                # The running subtotal inside is computed over there.
                yield SalesLine(description="Subtotal:" if text.startswith("Subtotal:") else text)
            continue
        amount = half_up(line.amount)
        quantity, price = _product(line.quantity, line.unit_price, amount)
        yield SalesLine(
            item=line.item,
            description=text,
            quantity=quantity,
            unit_price=price,
            amount=amount,
            taxable=line.taxable and not untaxed,
            class_=line.class_,
        )


def _product(
    quantity: Decimal | None, price: Decimal | None, amount: Decimal
) -> tuple[Decimal, Decimal] | tuple[None, None]:
    product = rated(quantity, price, amount)
    if product is None or product[0] == 1 or not amount:
        return None, None
    return product


def _payment(document: CustomerPayment) -> CustomerPayment:
    if document.void:
        return CustomerPayment(
            customer=document.customer, date=document.date, amount=ZERO, currency=document.currency, void=True
        )
    allocations = tuple(
        attrs.evolve(allocation, amount=half_up(allocation.amount))
        for allocation in merged(document.allocations)
    )
    return attrs.evolve(
        document,
        amount=half_up(document.amount),
        allocations=allocations,
        reference=derived(document.reference, REFERENCE),
        memo=plain_memo(document.memo),
    )


def _bill(document: Bill) -> Bill:
    if document.void:
        return Bill(
            vendor=document.vendor,
            date=document.date,
            number=document.number.strip(),
            total=ZERO,
            currency=document.currency,
            void=True,
        )
    return attrs.evolve(
        document,
        number=document.number.strip(),
        due_date=document.due_date or (document.date if document.terms is None else None),
        terms=None,
        ap_account=None,
        lines=tuple(_cost_lines(document.lines)),
        total=half_up(document.total),
        memo=plain_memo(document.memo),
    )


def _expense(document: ExpenseDocument) -> ExpenseDocument:
    if document.void:
        return ExpenseDocument(
            paid_by=document.paid_by,
            account=document.account,
            date=document.date,
            number=document.number.strip(),
            total=ZERO,
            currency=document.currency,
            void=True,
        )
    return attrs.evolve(
        document,
        number=document.number.strip(),
        lines=tuple(_cost_lines(document.lines)),
        total=half_up(document.total),
        memo=plain_memo(document.memo),
    )


def _cost_lines(lines: tuple[PurchaseLine, ...]) -> Iterator[PurchaseLine]:
    for line in lines:
        amount = half_up(line.amount)
        if not (line.account or line.item or amount):
            continue
        # Only item lines have a quantity over there.
        quantity, price = (
            _product(line.quantity, line.unit_cost, amount) if line.item is not None else (None, None)
        )
        yield PurchaseLine(
            account=line.account,
            item=line.item,
            description=words(line.description),
            quantity=quantity,
            unit_cost=price,
            amount=amount,
            customer=line.customer,
            class_=line.class_,
        )


def _journal(document: JournalEntry) -> JournalEntry:
    if document.void:
        return JournalEntry(
            date=document.date,
            lines=(),
            number=document.number.strip(),
            currency=document.currency,
            void=True,
        )
    lines = tuple(
        attrs.evolve(line, amount=half_up(line.amount), description=words(line.description), books_line_id="")
        for line in document.lines
    )
    return attrs.evolve(document, lines=lines, number=document.number.strip(), memo=plain_memo(document.memo))


def _deposit(document: BankDeposit) -> BankDeposit:
    if document.void:
        return BankDeposit(
            account=document.account,
            date=document.date,
            lines=(),
            total=ZERO,
            currency=document.currency,
            void=True,
        )
    return attrs.evolve(
        document,
        lines=tuple(_deposit_line(line) for line in document.lines),
        total=half_up(document.total),
        memo=plain_memo(document.memo),
    )


def _deposit_line(line: DepositLine) -> DepositLine:
    if line.payment is not None:
        return DepositLine(payment=line.payment, amount=half_up(line.amount))
    return DepositLine(account=line.account, amount=half_up(line.amount), description=words(line.description))


_LENSES: dict[type[Document], Callable[[Any], Document]] = {
    CustomerRecord: _customer,
    VendorRecord: _vendor,
    SalesInvoice: _invoice,
    CustomerPayment: _payment,
    Bill: _bill,
    ExpenseDocument: _expense,
    JournalEntry: _journal,
    BankDeposit: _deposit,
}
