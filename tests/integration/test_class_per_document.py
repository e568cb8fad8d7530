"""Books that keep one class for a whole document, with the twin: the class is on the head, lines keep what they are."""

from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.profile import Tracking
from blueops_qb.domain.records import CostLine, Expense, ExpenseType, Invoice
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import due
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from tests.integration.test_two_way_qbo import edit, now, settled, sold, there
from tests.office import DAY, D, Office, office

K = BooksKind


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as opened:
        track(opened, by_line=False)
        opened.go_live()
        opened.map(Family.SERVICE, "repair", item=opened.item("Repair"))
        for key, name in (("drain", "Drain"), ("install", "Install")):
            opened.map(Family.CLASS, key, class_=opened.entry(K.CLASS, name))
        with opened.turn() as turn:
            assert turn.profile.class_tracking is Tracking.PER_TRANSACTION
        yield opened


def track(shop: Office, *, by_line: bool) -> None:
    """What the bookkeeper sets in the books: one class per line, or one for a whole document."""
    prefs = "AccountingInfoPrefs.ClassTrackingPerTxn"
    off_first = {f"{prefs}Line": by_line, prefs: not by_line}
    shop.twin_call("preferences", **dict(sorted(off_first.items(), key=lambda one: one[1])))


def change(shop: Office, invoice: Invoice, *lines: Any) -> None:
    """Save the invoice in BlueOps with these lines."""
    total = sum((line.amount for line in lines), D(0))
    with shop.core.begin(shop.tenant, actor="office") as tx:
        tx.save_invoice(evolve(now(shop, invoice), lines=lines, total=total))
    shop.drain()


def issued(shop: Office, *classes: str, to: str = "Ann Lee") -> Invoice:
    lines = [
        LineDraft(
            description=f"Repair {n}", unit_price=D("100.00"), service_category="repair", class_key=class_key
        )
        for n, class_key in enumerate(classes, start=1)
    ]
    ann = shop.customer(to)
    with shop.core.begin(shop.tenant, actor="office") as tx:
        found = tx.raise_invoice(InvoiceDraft(customer_id=ann.id, issue_date=DAY, lines=lines))
    shop.drain()
    return found


def class_of(shop: Office, name: str) -> str:
    return shop.entry(K.CLASS, name).id


def head(shop: Office, invoice: Invoice) -> Any:
    return there(shop, invoice).get("ClassRef", {}).get("value")


def test_the_first_class_of_the_lines_is_that_of_the_document(shop: Office) -> None:
    invoice = issued(shop, "", "install", "drain")
    assert head(shop, invoice) == class_of(shop, "Install")
    assert [line["SalesItemLineDetail"].get("ClassRef") for line in sold(there(shop, invoice))] == [None] * 3
    settled(shop, invoice)
    assert [line.class_key for line in now(shop, invoice).lines] == ["", "install", "drain"]


def test_a_document_without_a_class_has_none(shop: Office) -> None:
    invoice = issued(shop, "", "")
    assert head(shop, invoice) is None
    settled(shop, invoice)


def test_a_changed_class_in_blueops_changes_the_head_only(shop: Office) -> None:
    invoice = issued(shop, "install", "drain")
    lines = sold(there(shop, invoice))
    first, second = invoice.lines
    change(shop, invoice, evolve(first, class_key="drain"), second)
    assert head(shop, invoice) == class_of(shop, "Drain")
    assert sold(there(shop, invoice)) == lines
    settled(shop, invoice)


def test_a_line_that_a_bookkeeper_coded_anew_keeps_its_item_beside_the_class(shop: Office) -> None:
    invoice = issued(shop, "install", "drain")
    first, second = sold(there(shop, invoice))
    other = shop.item("Install")
    second["SalesItemLineDetail"] |= {"ItemRef": {"value": other.id}}
    edit(shop, invoice, Line=[first, second])
    assert head(shop, invoice) == class_of(shop, "Install")
    settled(shop, invoice)
    # An edit in BlueOps sends the new price with the bookkeeper's item, and the class stays on the head.
    one, two = now(shop, invoice).lines
    change(shop, invoice, one, evolve(two, unit_price=D("120.00"), amount=D("120.00")))
    one_there, two_there = sold(there(shop, invoice))
    assert two_there["SalesItemLineDetail"]["ItemRef"]["value"] == other.id
    assert two_there["Amount"] == 120
    assert one_there["Amount"] == 100
    assert head(shop, invoice) == class_of(shop, "Install")
    settled(shop, invoice)


def test_another_class_that_a_bookkeeper_gives_the_head_is_that_of_every_line_and_stays(shop: Office) -> None:
    invoice = issued(shop, "install", "drain")
    edit(shop, invoice, ClassRef={"value": class_of(shop, "Drain")})
    assert head(shop, invoice) == class_of(shop, "Drain")
    shown = now(shop, invoice)
    # One class for the whole document is that of every line here.
    assert [line.class_key for line in shown.lines] == ["drain", "drain"]
    settled(shop, invoice)
    one, two = shown.lines
    change(shop, invoice, evolve(one, unit_price=D("130.00"), amount=D("130.00")), two)
    assert head(shop, invoice) == class_of(shop, "Drain")


def test_the_books_change_to_one_class_per_line_and_old_invoices_stay(shop: Office) -> None:
    invoice = issued(shop, "install", "drain")
    track(shop, by_line=True)
    with shop.turn() as turn:
        due.read_catalog(turn)
    shop.drain()
    later = issued(shop, "install", "drain", to="Bob Stone")
    classes = [line["SalesItemLineDetail"]["ClassRef"]["value"] for line in sold(there(shop, later))]
    assert classes == [class_of(shop, "Install"), class_of(shop, "Drain")]
    assert head(shop, invoice) == class_of(shop, "Install")


def test_a_cost_has_no_class_there_and_that_is_no_difference(shop: Office) -> None:
    line = CostLine(
        line_id="1", description="Pipe", amount=D("80.00"), expense_category="materials", class_key="drain"
    )
    cost = Expense(
        id="",
        type=ExpenseType.CARD,
        date=DAY,
        total=D("80.00"),
        payment_account_key="company_card",
        lines=(line,),
    )
    with shop.core.begin(shop.tenant, actor="office") as tx:
        cost = tx.record_expense(cost)
    shop.drain()
    shown = there(shop, cost, "Purchase")
    assert "ClassRef" not in shown
    assert "ClassRef" not in shown["Line"][0]["AccountBasedExpenseLineDetail"]
    settled(shop, cost, "Purchase")
