"""What holds for every record that can be posted: invariants I3, I6, I23 to I25, balance, determinism."""

import datetime as dt
import itertools
from collections.abc import Mapping as MappingOf
from decimal import Decimal

import attrs
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.bundles import PART_KINDS, unbundled
from blueops_qb.domain.documents import (
    BankDeposit,
    Bill,
    CustomerPayment,
    Document,
    ExpenseDocument,
    JournalEntry,
    SalesInvoice,
    TaxMode,
)
from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.policy import PurchaseTax
from blueops_qb.domain.posting.context import Blocked, Posted, PostingContext
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.profile import SalesTax, Tracking
from blueops_qb.domain.records import (
    Application,
    BundlePart,
    CostLine,
    Expense,
    ExpenseType,
    Invoice,
    InvoiceLine,
    LineKind,
    Payment,
    Payout,
    Record,
    SplitBasis,
)
from blueops_qb.domain.refs import DocumentKey, order_of
from tests.plumbing import COST_ACCOUNTS, COST_ITEMS, MAPPING, MONEY, SALES_ITEMS, company, postings

DAY = dt.date(2026, 3, 2)
D = Decimal


def cents(least: int, most: int) -> st.SearchStrategy[Decimal]:
    return st.integers(least, most).map(lambda value: Decimal(value) / 100)


def keys(family: Family) -> st.SearchStrategy[str]:
    sold = [key for its, key in SALES_ITEMS if its is family]
    return st.sampled_from(sold + [key for its, key in COST_ACCOUNTS if its is family])


# -- records -------------------------------------------------------------------------------------------
@st.composite
def bundle_parts(draw: st.DrawFn, number: int) -> BundlePart:
    kind = draw(st.sampled_from(sorted(PART_KINDS)))
    return BundlePart(
        part_id=str(number),
        kind=kind,
        ssp=draw(cents(1, 50_000)),
        service_category=draw(keys(Family.SERVICE)) if kind is LineKind.SERVICE else "",
        material_category=draw(keys(Family.MATERIAL_SOLD)),
        fee_type=draw(keys(Family.FEE)) if kind is LineKind.FEE else "",
        taxable=draw(st.booleans()),
    )


@st.composite
def invoice_lines(draw: st.DrawFn, number: int) -> InvoiceLine:
    kind = draw(st.sampled_from(sorted(set(LineKind) - {LineKind.DEPOSIT_APPLIED})))
    if kind is LineKind.TEXT:
        return InvoiceLine(line_id=str(number), kind=kind, description="words")
    if kind is LineKind.DISCOUNT:
        return InvoiceLine(
            line_id=str(number), kind=kind, amount=-draw(cents(0, 500)), taxable=draw(st.booleans())
        )
    quantity, price = draw(cents(1, 2000)), draw(cents(0, 50_000))
    parts: tuple[BundlePart, ...] = ()
    if kind is LineKind.BUNDLE:
        parts = tuple(draw(bundle_parts(n)) for n in range(draw(st.integers(1, 3))))
    exact = half_up(quantity * price)
    amount = exact + draw(st.sampled_from([ZERO, ZERO, D("0.01")]))
    return InvoiceLine(
        line_id=str(number),
        kind=kind,
        description=draw(st.sampled_from(["", "Work"])),
        quantity=quantity,
        unit_price=price,
        amount=amount,
        service_category=draw(keys(Family.SERVICE)) if kind is LineKind.SERVICE else "",
        material_category=draw(keys(Family.MATERIAL_SOLD)),
        fee_type=draw(keys(Family.FEE)) if kind is LineKind.FEE else "",
        class_key=draw(st.sampled_from(["", "service", "install"])),
        taxable=draw(st.booleans()),
        discount=draw(st.sampled_from([ZERO, half_up(amount / 10)])),
        parts=parts,
    )


@st.composite
def invoices(draw: st.DrawFn) -> Invoice:
    count = draw(st.integers(1, 5))
    lines = tuple(draw(invoice_lines(number)) for number in range(count))
    net = sum((line.amount - line.discount for line in lines), ZERO)
    if net < 0:
        more = InvoiceLine(
            line_id="m", kind=LineKind.SERVICE, service_category="repair", unit_price=-net, amount=-net
        )
        lines, net = (*lines, more), ZERO
    discount = draw(st.sampled_from([ZERO, half_up(net / 10)]))
    taxed = any(line.taxable and line.amount for line in unbundled(lines))
    tax = draw(cents(0, 5000)) if taxed else ZERO
    return Invoice(
        id="41",
        number="1041",
        customer_id="7",
        job_id=draw(st.sampled_from([None, "J1"])),
        issue_date=DAY,
        branch=draw(st.sampled_from(["", "north"])),
        lines=lines,
        discount=discount,
        tax=tax,
        total=net - discount + tax,
    )


@st.composite
def payments(draw: st.DrawFn) -> Payment:
    parts = draw(st.lists(cents(1, 100_000), max_size=4))
    rest = draw(cents(0 if parts else 1, 10_000))
    ids = draw(st.lists(st.sampled_from("123"), min_size=len(parts), max_size=len(parts)))
    return Payment(
        id="1",
        customer_id="7",
        received_on=DAY,
        amount=sum(parts, ZERO) + rest,
        method=draw(st.sampled_from(["check", "cash", "card", "ach", "financing"])),
        applications=tuple(
            Application(invoice_id=id, amount=part) for id, part in zip(ids, parts, strict=True)
        ),
    )


@st.composite
def expenses(draw: st.DrawFn) -> Expense:
    lines = tuple(
        CostLine(
            line_id=str(number),
            amount=draw(cents(0, 500_000)),
            quantity=draw(cents(0, 5000)),
            unit_cost=draw(cents(0, 5000)),
            cost_code=draw(st.sampled_from(["", "", *COST_ITEMS])),
            material_category=draw(keys(Family.MATERIAL_COST)),
            expense_category=draw(st.sampled_from(["", "warranty", "warranty_labor"])),
            job_id=draw(st.sampled_from([None, "J1", "J2"])),
            class_key=draw(st.sampled_from(["", "commercial"])),
            billable=draw(st.booleans()),
        )
        for number in range(draw(st.integers(1, 5)))
    )
    tax, freight = draw(cents(0, 50_000)), draw(cents(0, 50_000))
    shares = draw(st.lists(st.integers(0, 100), min_size=len(lines) - 1, max_size=len(lines) - 1))
    marks = [0, *sorted(shares), 100]
    return Expense(
        id="5",
        type=draw(st.sampled_from(ExpenseType)),
        date=DAY,
        vendor_id="9",
        payment_account_key=draw(st.sampled_from(sorted(MONEY))),
        lines=lines,
        tax=tax,
        tax_split=draw(st.sampled_from(SplitBasis)),
        freight=freight,
        freight_split=draw(st.sampled_from(SplitBasis)),
        split_percents=tuple(D(after - before) for before, after in itertools.pairwise(marks)),
        total=sum((line.amount for line in lines), ZERO) + tax + freight,
        branch=draw(st.sampled_from(["", "north"])),
    )


CHECKS = [
    Payment(id=str(n), customer_id="7", received_on=DAY, amount=D(f"{n}.50"), method=method)
    for n, method in enumerate(["check", "card", "cash", "ach"], start=1)
]


@st.composite
def payouts(draw: st.DrawFn) -> Payout:
    chosen = draw(st.lists(st.sampled_from(CHECKS), min_size=1, unique_by=lambda payment: payment.id))
    gross, fees = sum((payment.amount for payment in chosen), ZERO), draw(cents(0, 100))
    ids = tuple(payment.id for payment in chosen)
    return Payout(id="3", date=DAY, account_key="checking", payment_ids=ids, fees=fees, net=gross - fees)


records: st.SearchStrategy[Record] = st.one_of(invoices(), payments(), expenses(), payouts())


@st.composite
def contexts(draw: st.DrawFn) -> PostingContext:
    return company(
        *CHECKS,
        tax_mode=draw(st.sampled_from(TaxMode)),
        purchase_tax=draw(st.sampled_from(PurchaseTax)),
        post_labor=draw(st.booleans()),
        send_billable=draw(st.booleans()),
        class_tracking=draw(st.sampled_from(Tracking)),
        sales_tax=draw(st.sampled_from([SalesTax.AUTOMATIC, SalesTax.UNKNOWN])),
        locations=draw(st.booleans()),
        item_costs=draw(st.booleans()),
    )


def posted(record: Record, context: PostingContext) -> MappingOf[DocumentKey, Document]:
    result = post(record, context)
    if isinstance(result, Posted):
        return result.documents
    assert not isinstance(result, Blocked), result
    return {}


# -- properties ----------------------------------------------------------------------------------------
@given(record=records, context=contexts())
def test_the_effect_of_every_document_sums_to_zero(record: Record, context: PostingContext) -> None:
    for document in posted(record, context).values():
        found = postings(document, context)
        assert sum((posting.amount for posting in found), ZERO) == 0
        assert all(posting.account for posting in found)


@given(record=records, context=contexts())
def test_posting_is_deterministic_and_rests(record: Record, context: PostingContext) -> None:
    first = post(record, context)
    assert post(attrs.evolve(record), attrs.evolve(context)) == first
    if isinstance(first, Posted):
        again = attrs.evolve(context, posted={**context.posted, **first.documents})
        assert post(record, again) == first


@given(record=records, context=contexts())
def test_a_void_record_has_no_effect(record: Record, context: PostingContext) -> None:
    documents = posted(record, context)
    void = attrs.evolve(record, void=True)  # type: ignore[arg-type]
    for document in posted(void, attrs.evolve(context, posted=documents)).values():
        assert postings(document, context) == ()


@given(record=invoices(), context=contexts())
def test_the_total_is_the_total_that_the_customer_saw(record: Invoice, context: PostingContext) -> None:
    (document,) = posted(record, context).values()
    assert isinstance(document, SalesInvoice)
    net = sum((line.amount for line in document.lines), ZERO) - document.discount
    if document.tax_mode is TaxMode.BOOKS:
        assert (document.tax, document.total, net) == (None, None, record.total - record.tax)
        return
    assert document.tax is not None
    assert net + document.tax == document.total == record.total
    receivable = sum((p.amount for p in postings(document, context) if p.account == "1100"), ZERO)
    assert receivable == record.total


@given(record=invoices(), context=contexts())
def test_every_line_multiplies_to_its_amount(record: Invoice, context: PostingContext) -> None:
    (document,) = posted(record, context).values()
    assert isinstance(document, SalesInvoice)
    for line in document.lines:
        if line.item is not None:
            assert line.quantity is not None
            assert line.unit_price is not None
            assert half_up(line.quantity * line.unit_price) == line.amount
        assert line.amount.as_tuple().exponent == -2
    assert len({line.line_id for line in document.lines}) == len(document.lines)


@given(record=invoices(), context=contexts())
def test_the_tax_account_moves_by_the_tax_of_the_invoice(record: Invoice, context: PostingContext) -> None:
    (document,) = posted(record, context).values()
    assert isinstance(document, SalesInvoice)
    taxes = [line for line in unbundled(record.lines) if line.fee_type == "sales_tax"]
    fees = sum((line.amount - line.discount for line in taxes), ZERO)
    moved = -sum((p.amount for p in postings(document, context) if p.account == "2200"), ZERO)
    discounts = sum((line.discount for line in taxes), ZERO)
    expected = ZERO if document.tax_mode is TaxMode.BOOKS else record.tax
    assert moved == expected + fees + discounts
    if document.tax_mode is TaxMode.NONE:
        assert not any(line.taxable for line in document.lines)


@given(record=payments(), context=contexts())
def test_allocations_and_rest_are_the_amount(record: Payment, context: PostingContext) -> None:
    (document,) = posted(record, context).values()
    assert isinstance(document, CustomerPayment)
    applied = sum((allocation.amount for allocation in document.allocations), ZERO)
    assert document.amount == record.amount == applied + record.unapplied
    assert len({allocation.invoice for allocation in document.allocations}) == len(document.allocations)


@given(record=expenses(), context=contexts())
def test_job_parts_and_overhead_are_the_whole_cost(record: Expense, context: PostingContext) -> None:
    for document in posted(record, context).values():
        if isinstance(document, JournalEntry):
            debits = sum((p.amount for p in postings(document, context) if p.amount > 0), ZERO)
            hours = sum((x.amount for x in record.lines if x.expense_category == "warranty_labor"), ZERO)
            left_out = record.type is ExpenseType.WARRANTY and not context.policy.post_labor
            assert debits == record.total - (hours if left_out else ZERO)
            continue
        assert isinstance(document, (Bill, ExpenseDocument))
        assert sum((line.amount for line in document.lines), ZERO) == document.total == record.total
        wanted = context.policy.send_billable
        assert all(wanted and line.customer for line in document.lines if line.billable)
        assert all((line.item is None) != (line.account is None) for line in document.lines)
        jobs = {line.job_id for line in record.lines}
        assert {order_of(line.customer)[1] if line.customer else None for line in document.lines} <= jobs


@given(record=payouts(), context=contexts())
def test_a_deposit_is_what_reached_the_bank(record: Payout, context: PostingContext) -> None:
    (document,) = posted(record, context).values()
    assert isinstance(document, BankDeposit)
    assert sum((line.amount for line in document.lines), ZERO) == document.total == record.net
    emptied = {p.account: ZERO for p in postings(document, context) if p.account in ("1050", "1090")}
    for payment in CHECKS:
        if payment.id in record.payment_ids:
            (received,) = posted(payment, context).values()
            emptied_by = [*postings(received, context)]
            for p in emptied_by:
                if p.account in emptied:
                    emptied[p.account] += p.amount
    for p in postings(document, context):
        if p.account in emptied:
            emptied[p.account] += p.amount
    assert set(emptied.values()) <= {ZERO}


@given(record=records, context=contexts(), data=st.data())
def test_a_key_that_is_not_mapped_is_never_posted(
    record: Record, context: PostingContext, data: st.DataObject
) -> None:
    """Take one rule away: the answer is either the same, because nothing used it, or the record waits."""
    before = post(record, context)
    dropped = data.draw(st.sampled_from(MAPPING.rules))
    fewer = Mapping(version=2, rules=tuple(rule for rule in MAPPING.rules if rule is not dropped))
    after = post(record, attrs.evolve(context, mapping=fewer))
    if isinstance(after, Blocked):
        assert [(missing.family, missing.key) for missing in after.missing] == [(dropped.family, dropped.key)]
        return
    optional = {Family.PAYMENT_METHOD, Family.TERMS}
    if dropped.family in optional or (dropped.family, dropped.key) in OPTIONAL_ROLES:
        return
    assert after == before


#: Without them there is another place that a person chose, or the books know by themselves.
OPTIONAL_ROLES = {(Family.ROLE, "clearing"), (Family.ROLE, "ap")}
