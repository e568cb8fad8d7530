"""An update of lines in QuickBooks Online is laid over what the bookkeeper has there."""

from decimal import Decimal as D
from typing import Any

import attrs
import pytest
from hypothesis import assume, given

from blueops_qb.domain.documents import (
    CustomerRecord,
    Document,
    ExpenseDocument,
    SalesForm,
    SalesLine,
    kind_of,
)
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec import Unfit, from_qbo, kept, normal
from blueops_qb.providers.qbo.exact_json import loads
from tests.qbo_changes import (
    ACCOUNT,
    BANK,
    BILL,
    COST,
    COSTS,
    INVOICE,
    OTHER,
    PROFILE,
    SALE,
    shown,
    sold,
    update,
    with_lines,
)
from tests.qbo_documents import PAIRS, PROFILES
from tests.qbo_echo import Echo


def words(body: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    return [(line.get("Id"), line.get("Description")) for line in body["Line"]]


def test_what_quickbooks_shows_is_kept_digit_by_digit_for_kinds_that_we_write() -> None:
    obj = shown(INVOICE)
    record = from_qbo(BooksKind.INVOICE, obj, PROFILE)
    assert loads(record.shown) == obj
    assert from_qbo(BooksKind.TERM, {"Id": "3", "Name": "Net 30"}).shown == ""


def test_a_line_that_did_not_change_is_sent_as_it_stands_there() -> None:
    obj = shown(INVOICE)
    mine = {"ServiceDate": "2026-01-01", "ClassRef": {"value": "5"}, "MarkupInfo": {"Percent": 10}}
    obj["Line"][1][SALE].update(mine, TaxCodeRef={"value": "3"})
    obj["Line"][1]["LinkedTxn"] = [{"TxnId": "8", "TxnType": "ReimburseCharge"}]
    body = update(with_lines(*INVOICE.lines[:2], sold("c", "31.00")), obj)
    untouched = {k: v for k, v in obj["Line"][1].items() if k != SALE}
    assert {k: v for k, v in body["Line"][1].items() if k != SALE} == untouched
    detail = body["Line"][1][SALE]
    # The class is compared: ours, which has none, counts. All else is the bookkeeper's.
    assert detail == {**{k: v for k, v in obj["Line"][1][SALE].items() if k != "ClassRef"}}
    assert body["Line"][2]["Amount"] == D("31.00")
    assert [line["Id"] for line in body["Line"]] == ["1", "2", "3"]


def test_a_tax_code_of_the_bookkeepers_stays_until_ours_says_otherwise() -> None:
    obj = shown(INVOICE)
    obj["Line"][0][SALE]["TaxCodeRef"] = {"value": "7"}
    changed = with_lines(sold("a", "11.00"), *INVOICE.lines[1:])
    assert update(changed, obj)["Line"][0][SALE]["TaxCodeRef"] == {"value": "7"}
    taxed = with_lines(sold("a", "11.00", taxable=True), *INVOICE.lines[1:])
    assert update(taxed, obj)["Line"][0][SALE]["TaxCodeRef"] == {"value": "TAX"}


def test_lines_are_told_apart_when_one_goes_and_another_changes() -> None:
    # b changed words and amount at once; a went: only our own line keys can tell.
    body = update(
        with_lines(sold("b", "25.00", description="B!"), INVOICE.lines[2]), shown(INVOICE), told=INVOICE
    )
    assert words(body) == [("2", "B!"), ("3", "c")]


def test_reordered_and_added_lines_keep_and_get_ids() -> None:
    new = sold("d", "5.00", item=OTHER)
    a, b, c = INVOICE.lines
    assert words(update(with_lines(c, new, a, b), shown(INVOICE))) == [
        ("3", "c"),
        (None, "d"),
        ("1", "a"),
        ("2", "b"),
    ]


def test_no_line_of_theirs_is_taken_twice() -> None:
    twins = (sold("x", "10.00", description="a"), sold("y", "10.00", description="a"))
    body = update(with_lines(*twins, *INVOICE.lines), shown(INVOICE))
    ids = [line["Id"] for line in body["Line"] if "Id" in line]
    assert sorted(ids) == ["1", "2", "3"]
    assert len(body["Line"]) == 5


def test_lines_that_no_document_shows_stay_where_they_are() -> None:
    obj = shown(INVOICE)
    blank = {"Id": "9", "DetailType": "DescriptionOnly", "DescriptionLineDetail": {}}
    obj["Line"].insert(1, blank)
    body = update(with_lines(*INVOICE.lines[:2], sold("c", "31.00")), obj)
    assert [line["Id"] for line in body["Line"]] == ["1", "9", "2", "3"]
    assert not any("SubTotalLineDetail" in line for line in body["Line"])


def bundled() -> dict[str, Any]:
    obj = shown(INVOICE)
    a, b, *rest = obj["Line"]
    bundle = {
        "Id": "10",
        "DetailType": "GroupLineDetail",
        "Amount": D(30),
        "GroupLineDetail": {"GroupItemRef": {"value": "40", "name": "Kit"}, "Line": [a, b], "Quantity": D(1)},
    }
    obj["Line"] = [bundle, *rest]
    return obj


def test_a_bundle_stays_whole_while_its_lines_do_not_change() -> None:
    obj = bundled()
    body = update(with_lines(*INVOICE.lines[:2], sold("c", "31.00")), obj)
    assert body["Line"][0] == obj["Line"][0]
    assert [line["Id"] for line in body["Line"]] == ["10", "3"]


@pytest.mark.parametrize(
    "lines",
    [
        (sold("a", "11.00"), *INVOICE.lines[1:]),
        INVOICE.lines[1:],
    ],
)
def test_a_change_inside_a_bundle_is_refused_in_words(lines: tuple[SalesLine, ...]) -> None:
    with pytest.raises(Unfit, match="bundle “Kit”"):
        update(with_lines(*lines), bundled())


def test_a_bundle_goes_when_none_of_its_lines_is_ours_any_more() -> None:
    assert words(update(with_lines(INVOICE.lines[2]), bundled())) == [("3", "c")]


def test_a_percentage_stays_one_where_it_still_gives_our_discount() -> None:
    invoice = attrs.evolve(INVOICE, discount=D("6.00"), discount_account=ACCOUNT, total=D("54.00"))
    obj = shown(invoice)
    (theirs,) = (line for line in obj["Line"] if "DiscountLineDetail" in line)
    theirs["DiscountLineDetail"].update(PercentBased=True, DiscountPercent=D(10), ClassRef={"value": "5"})
    lines = (*invoice.lines[:2], sold("c", "40.00"))
    more = attrs.evolve(invoice, lines=lines, discount=D("7.00"), total=D("63.00"))
    (line,) = (line for line in update(more, obj)["Line"] if "DiscountLineDetail" in line)
    assert line["Id"] == theirs["Id"]
    assert (line["Amount"], line["DiscountLineDetail"]["DiscountPercent"]) == (D("7.00"), D(10))
    assert line["DiscountLineDetail"]["ClassRef"]["value"] == "5"
    fixed = attrs.evolve(more, discount=D("6.50"), total=D("63.50"))
    (line,) = (line for line in update(fixed, obj)["Line"] if "DiscountLineDetail" in line)
    assert line["DiscountLineDetail"]["PercentBased"] is False
    assert "DiscountPercent" not in line["DiscountLineDetail"]


def test_a_mark_for_billing_is_the_bookkeepers_until_we_change_it() -> None:
    obj = shown(BILL)
    obj["Line"][0][COST]["BillableStatus"] = "Billable"
    changed = attrs.evolve(
        BILL, lines=(COSTS[0], attrs.evolve(COSTS[1], amount=D("21.00"))), total=D("31.00")
    )
    assert update(changed, obj, told=BILL)["Line"][0][COST]["BillableStatus"] == "Billable"
    assert update(changed, obj)["Line"][0][COST]["BillableStatus"] == "Billable"  # nothing is known of before
    marked = attrs.evolve(BILL, lines=(COSTS[0], attrs.evolve(COSTS[1], billable=True, markup=D(15))))
    detail = update(marked, obj, told=BILL)["Line"][1][COST]
    assert (detail["BillableStatus"], detail["MarkupInfo"]["Percent"]) == ("Billable", D(15))


def test_what_has_been_billed_stays_billed() -> None:
    obj = shown(BILL)
    obj["Line"][0][COST]["BillableStatus"] = "HasBeenBilled"
    told = attrs.evolve(BILL, lines=(attrs.evolve(COSTS[0], billable=True), COSTS[1]))
    body = update(BILL, obj, told=told)
    assert body["Line"][0][COST]["BillableStatus"] == "HasBeenBilled"


def test_a_line_that_moves_to_another_account_keeps_its_id_and_its_bearer() -> None:
    obj = shown(BILL)
    moved = attrs.evolve(COSTS[1], account=BANK)
    body = update(attrs.evolve(BILL, lines=(COSTS[0], moved)), obj, told=BILL)
    assert [line["Id"] for line in body["Line"]] == ["1", "2"]
    assert body["Line"][1][COST]["AccountRef"] == {"value": "35"}


@given(PAIRS, PROFILES)
def test_an_update_over_what_is_shown_is_what_was_sent(
    pair: tuple[Document, Document], profile: BooksProfile
) -> None:
    document, before = pair
    taxed = [d for d in pair if isinstance(d, SalesForm) and d.tax]
    assume(not taxed or profile.sales_tax is not SalesTax.OFF)
    if isinstance(document, ExpenseDocument) and isinstance(before, ExpenseDocument):
        assume(document.paid_by is before.paid_by)  # never changes in QuickBooks
    kind = kind_of(document)
    obj = shown(before, profile)
    body = update(document, obj, told=before, profile=profile)
    ids = [line["Id"] for line in body.get("Line", []) if "Id" in line]
    assert len(ids) == len(set(ids))
    there = obj if body.pop("sparse", False) else {}
    afterwards = from_qbo(kind, Echo(profile).show(kind, {**there, **body}), profile).document
    assert afterwards is not None
    assert comparable(normal(afterwards)) == comparable(normal(kept(document, profile)))


def comparable(document: Document) -> Document:
    # Without what the echo or QuickBooks decides: tax and total of mode A, tax codes, taxability.
    match document:
        case SalesForm():
            return attrs.evolve(document, tax=None, total=None, tax_code=None, discount_before_tax=True)
        case CustomerRecord():
            return attrs.evolve(document, taxable=None, exemption_reason=None, certificate="")
        case _:
            return document
