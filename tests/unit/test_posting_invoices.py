"""How an invoice becomes a document: lines, discounts, tax modes, dimensions, and what holds it."""

import datetime as dt

import attrs
import pytest

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.posting.context import NotPosted
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.profile import SalesTax, Tracking
from blueops_qb.domain.records import Address, InvoiceLine, LineKind, TaxExemption
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from tests.plumbing import (
    CALL,
    CUSTOMER,
    DAY,
    JOB,
    KITS,
    REPAIR,
    D,
    blocked,
    class_,
    company,
    document,
    invoice,
    item,
    plain_invoice,
    simple_line,
    with_rules,
    without,
)

RENO = BooksRef(BooksKind.TAX_CODE, "TX7")
TAX_RULE = MapRule(family=Family.TAX, key="reno", target=Target(tax_code=RENO))


# -- lines ---------------------------------------------------------------------------------------------
def test_a_line_keeps_quantity_price_and_amount() -> None:
    line = document(plain_invoice()).lines[0]
    assert (line.quantity, line.unit_price, line.amount) == (D("2.5"), D("129.00"), D("322.50"))
    assert line.item == item("service_category:repair")
    assert line.account.id == "4010"


def test_a_line_the_books_would_multiply_otherwise_is_sent_as_one_piece() -> None:
    line = attrs.evolve(KITS, quantity=D(3), unit_price=D("33.33"), amount=D("100.00"))
    sent = document(invoice(line, total="100.00")).lines[0]
    assert (sent.quantity, sent.unit_price, sent.amount) == (D(1), D("100.00"), D("100.00"))
    assert sent.description == "Valve kit (3 x 33.33)"


def test_a_price_with_more_decimals_than_the_books_take_is_sent_as_one_piece() -> None:
    line = attrs.evolve(KITS, quantity=D(3), unit_price=D("33.33333333"), amount=D("100.00"))
    assert document(invoice(line, total="100.00")).lines[0].quantity == 1
    seven = attrs.evolve(line, unit_price=D("33.3333333"))
    assert document(invoice(seven, total="100.00")).lines[0].quantity == 3


def test_half_a_cent_is_rounded_away_from_zero() -> None:
    line = attrs.evolve(KITS, quantity=D("0.5"), unit_price=D("0.09"), amount=D("0.05"))
    assert document(invoice(line, total="0.05")).lines[0].quantity == D("0.5")


def test_text_lines_carry_words_only() -> None:
    text = InvoiceLine(line_id="9", kind=LineKind.TEXT, description="Thank you")
    sent = document(invoice(CALL, text, total="59.00")).lines[1]
    assert (sent.item, sent.quantity, sent.amount, sent.description) == (None, None, D("0.00"), "Thank you")


def test_a_line_discount_is_a_negative_line_below_its_line() -> None:
    taxed = attrs.evolve(KITS, discount=D("5.00"), class_key="install")
    lines = document(invoice(taxed, CALL, total="110.85")).lines
    assert [line.line_id for line in lines] == ["2", "2/discount", "3"]
    discount = lines[1]
    assert (discount.item, discount.amount, discount.unit_price) == (
        item("fee_type:discount"),
        D("-5.00"),
        D("-5.00"),
    )
    assert (discount.taxable, discount.class_) == (True, class_("C2"))


def test_a_discount_line_may_have_an_item_of_its_own() -> None:
    member = MapRule(family=Family.FEE, key="member_discount", target=Target(item=item("member")))
    line = InvoiceLine(
        line_id="4",
        kind=LineKind.DISCOUNT,
        fee_type="member_discount",
        amount=D("-9.00"),
        description="Member",
    )
    sent = document(invoice(CALL, line, total="50.00"), company(mapping=with_rules(member))).lines[1]
    assert (sent.item, sent.amount, sent.description) == (item("member"), D("-9.00"), "Member")


def test_the_narrowest_mapping_wins_segment_of_the_job_before_branch() -> None:
    rules = (
        MapRule(family=Family.SERVICE, key="repair", scope="commercial", target=Target(item=item("com"))),
        MapRule(family=Family.SERVICE, key="repair", scope="north", target=Target(item=item("north"))),
    )
    record = invoice(REPAIR, total="322.50", branch="north")
    by_branch = company(mapping=with_rules(*rules))
    by_segment = company(attrs.evolve(JOB, segment="commercial"), mapping=with_rules(*rules))
    assert document(record, by_branch).lines[0].item == item("north")
    assert document(record, by_segment).lines[0].item == item("com")
    assert document(invoice(REPAIR, total="322.50"), by_branch).lines[0].item.id == "service_category:repair"


# -- the document --------------------------------------------------------------------------------------
def test_the_job_is_invoiced_and_without_a_job_the_customer() -> None:
    assert document(plain_invoice()).customer == RecordRef(RecordKind.JOB, "J1")
    assert document(plain_invoice(job_id=None)).customer == RecordRef(RecordKind.CUSTOMER, "7")


def test_the_number_gets_our_prefix_once() -> None:
    assert document(plain_invoice()).number == "BO-1041"
    assert document(attrs.evolve(plain_invoice(), number="BO-77")).number == "BO-77"
    assert document(plain_invoice(), company(number_prefix="")).number == "1041"


def test_a_number_too_long_for_the_books_is_derived_and_stays_distinct() -> None:
    long = [attrs.evolve(plain_invoice(), number=f"2026-000000000000001041-{n}") for n in range(2)]
    one, other = (document(record).number for record in long)
    assert len(one) == len(other) == 21
    assert one != other
    assert one.startswith("BO-2026-")


def test_the_work_site_is_the_shipping_address() -> None:
    site, own = Address(line1="1 Pump St", state="NV"), Address(line1="2 Own St", state="NV")
    context = company(attrs.evolve(JOB, site=site))
    assert document(plain_invoice(), context).shipping == site
    assert document(plain_invoice(site=own), context).shipping == own
    assert document(plain_invoice()).shipping is None


def test_terms_are_sent_when_mapped_and_the_due_date_always() -> None:
    due = dt.date(2026, 4, 1)
    known = document(plain_invoice(terms="net30", due_date=due))
    unknown = document(plain_invoice(terms="net99", due_date=due))
    assert (known.terms, known.due_date) == (BooksRef(BooksKind.TERM, "T30"), due)
    assert (unknown.terms, unknown.due_date) == (None, due)


def test_the_document_discount_stands_apart_with_its_account() -> None:
    record = invoice(REPAIR, total="312.50", discount=D("10.00"), discount_before_tax=False)
    sent = document(record)
    assert (sent.discount, sent.discount_account.id, sent.discount_before_tax) == (D("10.00"), "4900", False)
    assert document(plain_invoice()).discount_account is None


def test_a_discount_that_the_books_do_not_allow_waits() -> None:
    record = invoice(REPAIR, total="312.50", discount=D("10.00"))
    answer = blocked(record, company(allows_discount=False))
    assert "discount of 10.00" in answer.reason


# -- class and location --------------------------------------------------------------------------------
def test_the_class_comes_from_the_line_then_the_item_then_the_job() -> None:
    rule = MapRule(
        family=Family.MATERIAL_SOLD, key="boiler", target=Target(item=item("b"), class_=class_("C9"))
    )
    boiler = simple_line(LineKind.MATERIAL, "boiler", "10.00", id="4")
    context = company(attrs.evolve(JOB, class_key="commercial"), mapping=with_rules(rule))
    sent = document(invoice(REPAIR, boiler, CALL, total="391.50"), context)
    assert [line.class_.id for line in sent.lines] == ["C1", "C9", "C3"]
    assert sent.class_ is None


def test_one_class_per_document_is_that_of_the_first_line_with_one() -> None:
    record = invoice(CALL, REPAIR, attrs.evolve(KITS, class_key="install"), total="438.35")
    sent = document(record, company(class_tracking=Tracking.PER_TRANSACTION))
    assert sent.class_ == class_("C1")
    assert {line.class_ for line in sent.lines} == {None}


def test_books_without_classes_get_none_and_ask_for_none() -> None:
    record = invoice(attrs.evolve(REPAIR, class_key="nobody knows"), total="322.50")
    sent = document(record, company(class_tracking=Tracking.OFF))
    assert sent.class_ is None
    assert sent.lines[0].class_ is None


def test_a_missing_class_is_allowed_but_an_unmapped_one_is_not() -> None:
    assert document(invoice(CALL, total="59.00")).lines[0].class_ is None
    answer = blocked(invoice(attrs.evolve(CALL, class_key="drains"), total="59.00"))
    assert [(m.family, m.key) for m in answer.missing] == [(Family.CLASS, "drains")]


def test_the_branch_is_the_location_where_locations_are_kept() -> None:
    assert document(plain_invoice(branch="north")).location.id == "L1"
    context = company(attrs.evolve(JOB, branch="north"))
    assert document(plain_invoice(), context).location.id == "L1"
    assert document(plain_invoice(branch="north"), company(locations=False)).location is None
    assert blocked(plain_invoice(branch="south")).missing[0].key == "south"


# -- sales tax -----------------------------------------------------------------------------------------
def test_mode_a_sends_flags_and_leaves_tax_and_total_to_the_books() -> None:
    sent = document(plain_invoice(), company(tax_mode=TaxMode.BOOKS))
    assert (sent.tax, sent.total, sent.tax_mode) == (None, None, TaxMode.BOOKS)
    assert [line.taxable for line in sent.lines] == [False, False, True, False]


def test_mode_b_sends_the_tax_that_was_charged() -> None:
    sent = document(plain_invoice())
    assert (sent.tax, sent.total, sent.tax_code) == (D("4.69"), D("410.79"), None)


def test_mode_c_has_a_tax_line_and_nothing_taxable() -> None:
    sent = document(plain_invoice(), company(tax_mode=TaxMode.NONE))
    assert (sent.tax, sent.total) == (D("0.00"), D("410.79"))
    assert not any(line.taxable for line in sent.lines)
    assert (sent.lines[-1].item, sent.lines[-1].amount) == (item("fee_type:sales_tax"), D("4.69"))


def test_mode_c_without_tax_has_no_tax_line() -> None:
    sent = document(invoice(CALL, total="59.00"), company(tax_mode=TaxMode.NONE))
    assert len(sent.lines) == 1


def test_a_mapped_jurisdiction_names_the_tax_code() -> None:
    sent = document(plain_invoice(tax_key="reno"), company(mapping=with_rules(TAX_RULE)))
    assert sent.tax_code == RENO


@pytest.mark.parametrize("mode", [TaxMode.OURS, TaxMode.BOOKS])
def test_books_with_codes_of_their_own_need_the_jurisdiction_mapped(mode: TaxMode) -> None:
    manual = company(sales_tax=SalesTax.MANUAL, tax_mode=mode)
    assert blocked(plain_invoice(tax_key="reno"), manual).missing[0].key == "reno"
    assert blocked(plain_invoice(), manual).missing[0].key == "default"
    untaxed = invoice(CALL, total="59.00", tax_key="reno")
    assert document(untaxed, manual).tax_code is None


def test_books_that_find_the_rate_themselves_need_no_code() -> None:
    sent = document(plain_invoice(tax_key="reno"), company(sales_tax=SalesTax.AUTOMATIC))
    assert (sent.tax_code, sent.tax) == (None, D("4.69"))


@pytest.mark.parametrize("mode", [TaxMode.OURS, TaxMode.BOOKS])
def test_tax_waits_where_the_books_have_sales_tax_switched_off(mode: TaxMode) -> None:
    answer = blocked(plain_invoice(), company(sales_tax=SalesTax.OFF, tax_mode=mode))
    assert "4.69 sales tax" in answer.reason
    assert "mode C" in answer.remedy
    assert document(invoice(CALL, total="59.00"), company(sales_tax=SalesTax.OFF)).tax == 0
    assert document(plain_invoice(), company(sales_tax=SalesTax.OFF, tax_mode=TaxMode.NONE)).tax == 0


def test_tax_without_a_taxable_line_waits() -> None:
    answer = blocked(invoice(CALL, total="60.00", tax="1.00"))
    assert "none of its lines is taxable" in answer.reason


@pytest.mark.parametrize(
    ("changes", "exempt"),
    [
        ({}, True),
        ({"valid_to": DAY}, True),
        ({"valid_to": DAY - dt.timedelta(days=1)}, False),
        ({"valid_from": DAY + dt.timedelta(days=1)}, False),
        ({"states": ("CA",)}, False),
        ({"states": ("CA", "NV")}, True),
    ],
)
def test_a_certificate_frees_on_its_days_and_in_its_states(changes: dict[str, object], exempt: bool) -> None:
    certificate = attrs.evolve(TaxExemption(reason=5), **changes)  # type: ignore[arg-type]
    customer = attrs.evolve(CUSTOMER, exemption=certificate)
    record = invoice(KITS, total="56.85", site=Address(state="NV"))
    sent = document(record, company(customer, tax_mode=TaxMode.BOOKS))
    assert sent.lines[0].taxable is not exempt


def test_tax_that_was_charged_in_spite_of_a_certificate_is_sent_as_charged() -> None:
    context = company(attrs.evolve(CUSTOMER, exemption=TaxExemption(reason=9)))
    sent = document(plain_invoice(), context)
    assert sent.tax == D("4.69")
    assert [line.taxable for line in sent.lines] == [False, False, True, False]


# -- what holds an invoice -----------------------------------------------------------------------------
def test_an_invoice_that_does_not_add_up_names_both_figures() -> None:
    answer = blocked(attrs.evolve(plain_invoice(), total=D("410.80")))
    assert "Invoice 1041" in answer.reason
    assert "410.79" in answer.reason
    assert "410.80" in answer.reason
    assert "BlueOps" in answer.remedy


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (invoice(total="0.00"), "no line"),
        (invoice(attrs.evolve(CALL, amount=D("59.005")), total="59.01"), "59.005"),
        (invoice(attrs.evolve(CALL, discount=D("-1.00")), total="60.00"), "raises the price"),
        (invoice(attrs.evolve(REPAIR, kind=LineKind.DISCOUNT), total="322.50"), "raises the price"),
        (invoice(attrs.evolve(CALL, kind=LineKind.TEXT), total="59.00"), "words only"),
        (invoice(CALL, total="60.00", discount=D("-1.00")), "negative"),
        (invoice(CALL, total="58.00", tax="-1.00"), "negative"),
        (invoice(attrs.evolve(CALL, service_category=""), total="59.00"), "no service category for line 3"),
        (attrs.evolve(plain_invoice(), currency="CAD"), "CAD"),
    ],
)
def test_an_invoice_that_cannot_be_right_waits_for_a_person(record: object, words: str) -> None:
    assert words in blocked(record).reason  # type: ignore[arg-type]


def test_a_zero_total_is_a_legal_invoice() -> None:
    free = attrs.evolve(CALL, discount=D("59.00"))
    assert document(invoice(free, total="0.00")).total == 0


def test_all_missing_keys_are_named_at_once() -> None:
    mapping = without(
        (Family.SERVICE, "repair"), (Family.FEE, "discount"), (Family.MATERIAL_SOLD, "pipe_fittings")
    )
    answer = blocked(plain_invoice(branch="south"), company(mapping=mapping))
    assert {(m.family, m.key) for m in answer.missing} == {
        (Family.SERVICE, "repair"),
        (Family.FEE, "discount"),
        (Family.MATERIAL_SOLD, "pipe_fittings"),
        (Family.BRANCH, "south"),
    }
    assert "Invoice 1041" in answer.missing[0].sentence
    assert "service category “repair”" in answer.reason


def test_a_key_that_leads_to_no_item_is_missing() -> None:
    empty = MapRule(family=Family.SERVICE, key="repair", scope="residential", target=Target())
    assert blocked(plain_invoice(), company(mapping=with_rules(empty))).missing[0].key == "repair"


def test_an_inactive_item_is_named_with_its_line() -> None:
    answer = blocked(plain_invoice(), company(inactive=frozenset({"item#service_category:repair"})))
    assert "item with id service_category:repair" in answer.reason
    assert "line 1 “Repair”" in answer.reason
    assert "active" in answer.remedy
    assert answer.missing == ()


def test_an_inactive_account_does_not_shadow_an_item_of_the_same_id() -> None:
    inactive = frozenset({"account#service_category:repair"})
    assert document(plain_invoice(), company(inactive=inactive)) == document(plain_invoice())


# -- void ----------------------------------------------------------------------------------------------
def test_a_void_invoice_is_what_was_posted_and_void() -> None:
    before = document(plain_invoice())
    void = attrs.evolve(plain_invoice(), void=True)
    posted = {DocumentKey(void.ref): before}
    no_mapping = without(*((rule.family, rule.key) for rule in company().mapping.rules))
    assert document(void, company(posted=posted, mapping=no_mapping)) == attrs.evolve(before, void=True)


def test_an_invoice_void_before_it_was_posted_needs_nobody() -> None:
    void = attrs.evolve(plain_invoice(), void=True)
    assert document(void).void
    unmapped = company(mapping=without((Family.SERVICE, "repair")))
    answer = post(void, unmapped)
    assert isinstance(answer, NotPosted)
    assert "Invoice 1041" in answer.reason
