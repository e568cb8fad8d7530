"""Posting rule for invoices: lines, discounts, sales tax in its three modes (accounting-treatments 1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal

import attrs

from blueops_qb.domain.bundles import fault, unbundled
from blueops_qb.domain.documents import CreditMemo, Document, SalesInvoice, SalesLine, TaxMode
from blueops_qb.domain.mapping import Family, Target
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.naming import derived_number
from blueops_qb.domain.posting import permits, prepayments, progress
from blueops_qb.domain.posting.kinds import key_by_kind
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.posting.salestax import (
    exempts,
    frees,
    one_jurisdiction,
    tax_code,
    tax_gap,
    without_included_tax,
)
from blueops_qb.domain.profile import Tracking
from blueops_qb.domain.records import Customer, Invoice, InvoiceLine, Job, LineKind
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef

#: Fee types whose items carry what is no service, material or fee of its own.
DISCOUNT_KEY = "discount"
SALES_TAX_KEY = "sales_tax"
#: QuickBooks takes unit prices of at most seven decimals (accounting-treatments 0.3).
PRICE_DECIMALS = 7
#: QuickBooks refuses a longer document number (reference/quickbooks-online.md section 4.16).
NUMBER_LENGTH = 21


@attrs.frozen(kw_only=True)
class _Work:
    """What every line of one invoice is looked up with."""

    record: Invoice
    job: Job | None
    customer: Customer | None
    scopes: tuple[str, ...]
    exempt: bool
    tax_mode: TaxMode
    lookup: Lookup
    #: Lines of an earlier document that lines of the same id follow, whatever was mapped since.
    mirror: Mapping[str, SalesLine]


def invoice(record: Invoice, lookup: Lookup) -> dict[DocumentKey, Document]:
    """One invoice, total to the cent as BlueOps shows it; in mode A tax and total are left to the books.

    One below zero is a credit memo of the opposite amounts.
    """
    if record.total >= 0:
        sale = form(record, lookup)
        key = key_by_kind(record.ref, sale, lookup)
        return {key: tax_gap(sale, key, lookup)}
    memo = as_credit(form(_opposite(record), lookup))
    key = key_by_kind(record.ref, memo, lookup)
    return {key: tax_gap(memo, key, lookup)}


def as_credit(document: SalesInvoice) -> CreditMemo:
    """The credit memo with the same lines."""
    shared = {field.name: getattr(document, field.name) for field in attrs.fields(CreditMemo)}
    return CreditMemo(**shared)


def _opposite(record: Invoice) -> Invoice:
    lines = tuple(
        attrs.evolve(
            line,
            amount=-line.amount,
            discount=-line.discount,
            unit_price=-line.unit_price,
            kind=LineKind.FEE if line.kind is LineKind.DISCOUNT else line.kind,
            fee_type=(line.fee_type or DISCOUNT_KEY) if line.kind is LineKind.DISCOUNT else line.fee_type,
        )
        for line in record.lines
    )
    return attrs.evolve(record, lines=lines, discount=-record.discount, tax=-record.tax, total=-record.total)


def form(record: Invoice, lookup: Lookup, *, mirror: Mapping[str, SalesLine] | None = None) -> SalesInvoice:
    """The form of an invoice, or of anything that is built like one.

    Lines with the id of a line in `mirror` take item, account, class and taxability from there.
    """
    progress.check(record, lookup)
    record = _in_cents(without_included_tax(_unbundled(record, lookup), lookup), lookup)
    _check_sum(record, lookup)
    record = one_jurisdiction(record, lookup)
    work = attrs.evolve(_work(record, lookup), mirror=mirror or {})
    lines = tuple(line for source in record.lines for line in _lines(source, work))
    own_tax = record.tax if work.tax_mode is TaxMode.OURS else ZERO
    if work.tax_mode is TaxMode.NONE and record.tax:
        lines = (*lines, _tax_line(work))
    code = tax_code(record, lookup, mode=work.tax_mode, taxed=any(line.taxable for line in lines))
    lines, header_class = _place_classes(lines, lookup)
    branch = record.branch or (work.job.branch if work.job else "")
    document = SalesInvoice(
        customer=_payer(record),
        date=record.issue_date,
        number=_number(record, lookup),
        due_date=record.due_date,
        terms=lookup.terms(record.terms),
        lines=lines,
        discount=record.discount,
        discount_account=_discount_account(record, lookup),
        discount_before_tax=record.discount_before_tax,
        tax_mode=work.tax_mode,
        tax=None if work.tax_mode is TaxMode.BOOKS else own_tax,
        tax_code=code,
        total=None if work.tax_mode is TaxMode.BOOKS else record.total + prepayments.used(record, lookup),
        location=lookup.location(branch),
        class_=header_class,
        shipping=record.site or (work.job.site if work.job else None),
        email=record.email,
        memo=record.memo,
        currency=record.currency,
    )
    return document


def _work(record: Invoice, lookup: Lookup) -> _Work:
    job = lookup.job(record.job_id)
    customer = lookup.related(Customer, RecordRef(RecordKind.CUSTOMER, record.customer_id))
    segment = (job.segment if job else "") or (customer.segment if customer else "")
    branch = record.branch or (job.branch if job else "")
    mode = lookup.context.policy.tax_mode
    state = next((site.state for site in (record.site, job.site if job else None) if site), "")
    exempt = customer is not None and exempts(customer.exemption, state=state, on=record.issue_date)
    return _Work(
        record=record,
        job=job,
        customer=customer,
        scopes=tuple(scope for scope in (segment, branch) if scope),
        exempt=exempt and (mode is TaxMode.BOOKS or not record.tax),
        tax_mode=mode,
        lookup=lookup,
        mirror={},
    )


# -- amounts -------------------------------------------------------------------------------------------
def _unbundled(record: Invoice, lookup: Lookup) -> Invoice:
    """The parts of each bundle in its place."""
    bundles = [line for line in record.lines if line.kind is LineKind.BUNDLE]
    for line in bundles:
        if problem := fault(line):
            raise lookup.held(
                f"has {_where(line)}, which {problem}",
                "Correct the bundle in BlueOps; it is sent by itself then.",
            )
    if not bundles:
        return record
    exact = _in_cents(record, lookup)
    return attrs.evolve(exact, lines=unbundled(exact.lines))


def _in_cents(record: Invoice, lookup: Lookup) -> Invoice:
    lines = tuple(
        attrs.evolve(
            line,
            amount=lookup.cents(line.amount, where=_where(line)),
            discount=lookup.cents(line.discount, where=f"the discount of {_where(line)}"),
        )
        for line in record.lines
    )
    return attrs.evolve(
        record,
        lines=lines,
        discount=lookup.cents(record.discount, where="the discount"),
        tax=lookup.cents(record.tax, where="the tax"),
        total=lookup.cents(record.total, where="the total"),
    )


def _check_sum(record: Invoice, lookup: Lookup) -> None:
    remedy = "Correct the invoice in BlueOps; it is sent by itself then."
    if not record.lines:
        raise lookup.held("has no line", remedy)
    for line in record.lines:
        if line.kind is LineKind.TEXT and (line.amount or line.discount):
            raise lookup.held(
                f"has an amount of {line.amount} on {_where(line)}, which is words only", remedy
            )
        if line.discount < 0 or (line.kind is LineKind.DISCOUNT and line.amount > 0):
            raise lookup.held(f"has a discount on {_where(line)} that raises the price", remedy)
    if record.discount < 0 or record.tax < 0:
        raise lookup.held(
            f"has a discount of {record.discount} and tax of {record.tax}; one is negative", remedy
        )
    sold = [line for line in record.lines if line.kind is not LineKind.DEPOSIT_APPLIED]
    net = sum((line.amount - line.discount for line in sold), ZERO) - record.discount
    if net + record.tax != record.total:
        raise lookup.held(
            f"does not add up: its lines, discounts and tax come to {net + record.tax}, "
            f"its total says {record.total}",
            remedy,
        )
    if record.amount_due < 0 <= record.total:
        raise lookup.held(
            f"uses up deposits of {record.total - record.amount_due}, more than its total of {record.total}",
            "Lower the deposit on the invoice in BlueOps; the rest stays the customer's deposit.",
        )


# -- lines ---------------------------------------------------------------------------------------------
def _lines(line: InvoiceLine, work: _Work) -> Iterator[SalesLine]:
    """The line, gross, and its discount as a line of its own below it."""
    if line.kind is LineKind.TEXT:
        yield SalesLine(line_id=line.line_id, description=line.description)
        return
    lookup, where = work.lookup, _where(line)
    if line.kind is LineKind.DEPOSIT_APPLIED and not prepayments.is_liability(line.deposit_id, lookup):
        return  # the deposit is a payment there, and is applied to the invoice
    target = _target(line.line_id, *_key(line, lookup), work=work, where=where)
    class_ = lookup.class_of(line.class_key, target, work.job, where=where)
    if line.line_id in work.mirror:
        class_ = work.mirror[line.line_id].class_
    taxable = _taxable(line, work)
    quantity, price, description = _quantity(line)
    yield SalesLine(
        line_id=line.line_id,
        item=target.item,
        account=_income_account(target, lookup),
        description=description,
        quantity=quantity,
        unit_price=price,
        amount=line.amount,
        taxable=taxable,
        class_=class_,
        service_date=line.service_date,
    )
    if line.discount:
        discount_id = f"{line.line_id}/discount"
        target = _target(discount_id, Family.FEE, DISCOUNT_KEY, work=work, where=f"the discount of {where}")
        yield _single(
            discount_id,
            -line.discount,
            target,
            description=f"Discount: {line.description}" if line.description else "Discount",
            lookup=lookup,
            taxable=taxable,
            class_=class_,
        )


def _target(line_id: str, family: Family, key: str, *, work: _Work, where: str) -> Target:
    """Where a line goes: as the line that it mirrors, else as its key is mapped."""
    mirrored = work.mirror.get(line_id)
    if mirrored is not None and mirrored.item is not None:
        return Target(item=mirrored.item)
    return work.lookup.item(family, key, where=where, scopes=work.scopes)


def _key(line: InvoiceLine, lookup: Lookup) -> tuple[Family, str]:
    match line.kind:
        case LineKind.SERVICE:
            return Family.SERVICE, line.service_category
        case LineKind.MATERIAL | LineKind.EQUIPMENT:
            return Family.MATERIAL_SOLD, line.material_category
        case LineKind.DISCOUNT:
            return Family.FEE, line.fee_type or DISCOUNT_KEY
        case LineKind.DEPOSIT_APPLIED:
            return Family.FEE, prepayments.key_of(prepayments.of(line.deposit_id, lookup))
        case LineKind.PERMIT:
            return permits.billed(line.permit_payer, where=_where(line), lookup=lookup)
        case _:
            return Family.FEE, line.fee_type


def _quantity(line: InvoiceLine) -> tuple[Decimal, Decimal, str]:
    """Quantity, price and description; 1 times the amount where the books would multiply to another one."""
    decimals = line.unit_price.normalize().as_tuple().exponent
    fits = isinstance(decimals, int) and -decimals <= PRICE_DECIMALS
    if (
        line.kind is not LineKind.DISCOUNT
        and fits
        and half_up(line.quantity * line.unit_price) == line.amount
    ):
        return line.quantity, line.unit_price, line.description
    if line.quantity == 1:
        return Decimal(1), line.amount, line.description
    real = f"({line.quantity} x {line.unit_price})"
    return Decimal(1), line.amount, f"{line.description} {real}".strip()


def _taxable(line: InvoiceLine, work: _Work) -> bool:
    if work.tax_mode is TaxMode.NONE or not line.taxable:
        return False
    if line.line_id in work.mirror:
        return work.mirror[line.line_id].taxable
    return not (work.exempt and frees(work.customer, line))


def _tax_line(work: _Work) -> SalesLine:
    """Mode C: the tax as a plain line on the item of fee type `sales_tax`."""
    target = work.lookup.item(Family.FEE, SALES_TAX_KEY, where="its sales tax", scopes=work.scopes)
    return _single(
        SALES_TAX_KEY, work.record.tax, target, description="Sales tax", lookup=work.lookup, taxable=False
    )


def _single(
    line_id: str,
    amount: Decimal,
    target: Target,
    *,
    description: str,
    lookup: Lookup,
    taxable: bool,
    class_: BooksRef | None = None,
) -> SalesLine:
    return SalesLine(
        line_id=line_id,
        item=target.item,
        account=_income_account(target, lookup),
        description=description,
        quantity=Decimal(1),
        unit_price=amount,
        amount=amount,
        taxable=taxable,
        class_=class_,
    )


def _income_account(target: Target, lookup: Lookup) -> BooksRef | None:
    account = lookup.context.item_accounts.get(target.item.id) if target.item else None
    return BooksRef(BooksKind.ACCOUNT, account) if account else None


# -- the document --------------------------------------------------------------------------------------
def _payer(record: Invoice) -> RecordRef:
    if record.job_id:
        return RecordRef(RecordKind.JOB, record.job_id)
    return RecordRef(RecordKind.CUSTOMER, record.customer_id)


def _number(record: Invoice, lookup: Lookup) -> str:
    prefix = lookup.context.policy.number_prefix
    number = record.number if record.number.startswith(prefix) else f"{prefix}{record.number}"
    return derived_number(number, length=NUMBER_LENGTH) if record.number else ""


def _discount_account(record: Invoice, lookup: Lookup) -> BooksRef | None:
    if not record.discount:
        return None
    if not lookup.context.profile.allows_discount:
        raise lookup.held(
            f"has a discount of {record.discount}, but discounts are switched off in the books",
            "Switch discounts on in the sales settings of the books, or discount the lines in BlueOps.",
        )
    return lookup.role("discounts", where="its discount")


def _place_classes(
    lines: tuple[SalesLine, ...], lookup: Lookup
) -> tuple[tuple[SalesLine, ...], BooksRef | None]:
    """Classes where the books keep them; a document has one only, that of the first line with one."""
    if lookup.context.profile.class_tracking is not Tracking.PER_TRANSACTION:
        return lines, None
    first = next((line.class_ for line in lines if line.class_ is not None), None)
    return tuple(attrs.evolve(line, class_=None) for line in lines), first


def _where(line: InvoiceLine) -> str:
    return f"line {line.line_id}" + (f" “{line.description}”" if line.description else "")
