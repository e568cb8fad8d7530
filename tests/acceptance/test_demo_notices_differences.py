"""The independent reader notices whatever is altered in the books after the day, and the demo exits 1."""

import copy
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
import sqlalchemy as sa

from blueops_qb.sandbox.core.database import writing
from blueops_qb.sandbox.demo import run
from blueops_qb.sandbox.demo.bookkeeper import Bookkeeper
from blueops_qb.sandbox.demo.chart import CHART
from blueops_qb.sandbox.demo.day import Day
from blueops_qb.sandbox.demo.house import TENANT, DemoHouse, demo_house
from blueops_qb.sandbox.reader import BooksAddress, BooksReader, Comparison, CoreReader, compare
from blueops_qb.sandbox.reader.books import Known
from tests.acceptance.test_demo import PATIENCE

pytestmark = pytest.mark.xdist_group("demo")
Raw = dict[str, Any]
Alter = Callable[[Bookkeeper], None]


# -- what a person, or a bug, may do to the books ------------------------------------------------------
def edited(kind: str, change: Callable[[Bookkeeper, Raw], Raw], **where: str) -> Alter:
    """Change members of the one record with these values."""

    def alter(books: Bookkeeper) -> None:
        record = books.the(kind, **where)
        books.change(kind, str(record["Id"]), change(books, record))

    return alter


def lines_with(
    change: Callable[[Bookkeeper, Raw], None], *, position: int = 0
) -> Callable[[Bookkeeper, Raw], Raw]:
    """Change one line; the others are sent as they are."""

    def members(books: Bookkeeper, record: Raw) -> Raw:
        lines = copy.deepcopy(record["Line"])
        change(books, lines[position])
        return {"Line": lines}

    return members


def other_amount(_: Bookkeeper, line: Raw) -> None:
    line["Amount"] = Decimal(str(line["Amount"])) + 1


def other_account(books: Bookkeeper, line: Raw) -> None:
    line["AccountBasedExpenseLineDetail"]["AccountRef"] = books.account("6300")


def other_job(books: Bookkeeper, line: Raw) -> None:
    roughin = books.the("Customer", DisplayName="Operatory rough-in")
    line["AccountBasedExpenseLineDetail"]["CustomerRef"] = {"value": roughin["Id"]}


def other_item(books: Bookkeeper, line: Raw) -> None:
    line["SalesItemLineDetail"]["ItemRef"] = {"value": books.the("Item", Name="Drain")["Id"]}


def other_class(books: Bookkeeper, line: Raw) -> None:
    line["SalesItemLineDetail"]["ClassRef"] = {"value": books.the("Class", Name="Maintenance")["Id"]}


def other_location(books: Bookkeeper, _: Raw) -> Raw:
    return {"DepartmentRef": {"value": books.the("Department", Name="Sparks")["Id"]}}


def other_terms(books: Bookkeeper, record: Raw) -> Raw:
    return {"SalesTermRef": {"value": books.the("Term", Name="Net 15")["Id"]}, "DueDate": record["DueDate"]}


def other_quantity(_: Bookkeeper, line: Raw) -> None:
    detail = line["SalesItemLineDetail"]
    detail["Qty"], detail["UnitPrice"] = 1, line["Amount"]


def other_words(_: Bookkeeper, line: Raw) -> None:
    line["Description"] = "Something else"


def untaxed(_: Bookkeeper, line: Raw) -> None:
    line["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "NON"}


def again(kind: str, **where: str) -> Alter:
    """The same document once more."""

    def alter(books: Bookkeeper) -> None:
        record = dict(books.the(kind, **where))
        for own in (
            "Id",
            "SyncToken",
            "MetaData",
            "domain",
            "sparse",
            "Balance",
            "LinkedTxn",
            "UnappliedAmt",
        ):
            record.pop(own, None)
        if kind == "Payment":
            record["Line"] = []  # its invoices are paid
        else:
            del record["TotalAmt"]
        books.enter(kind, record)

    return alter


def removed(kind: str, **where: str) -> Alter:
    """Delete the document."""

    def alter(books: Bookkeeper) -> None:
        books.delete(kind, str(books.the(kind, **where)["Id"]))

    return alter


def moved_by_journal(books: Bookkeeper) -> None:
    lines = [
        {
            "Amount": 50,
            "DetailType": "JournalEntryLineDetail",
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": books.account(number)},
        }
        for side, number in (("Debit", "4010"), ("Credit", "4020"))
    ]
    books.enter("JournalEntry", {"Line": lines})


def new_customer(books: Bookkeeper) -> None:
    books.enter("Customer", {"DisplayName": "Ada Hill (2)"})


def unapplied(_: Bookkeeper, record: Raw) -> Raw:
    return {"Line": [], "CustomerRef": record["CustomerRef"], "TotalAmt": record["TotalAmt"]}


def another_card(books: Bookkeeper, record: Raw) -> Raw:
    card = {
        "Name": "Fuel Card",
        "AcctNum": "2110",
        "AccountType": "Credit Card",
        "AccountSubType": "CreditCard",
    }
    return {"AccountRef": {"value": books.enter("Account", card)["Id"]}, "Line": record["Line"]}


BILL, CARD = {"DocNumber": "OD-311"}, {"DocNumber": "R-8841"}
KITCHEN, DENTAL = {"DocNumber": "BO-1001"}, {"DocNumber": "BO-1006"}
ADA = {"DisplayName": "Ada Hill"}

#: What is done -> words that one of the sentences about it must hold.
ALTERATIONS: dict[str, tuple[Alter, str]] = {
    "phone": (
        edited("Customer", lambda *_: {"PrimaryPhone": {"FreeFormNumber": "775 555 9999"}}, **ADA),
        "customer Ada Hill: phone is 7755550000 in BlueOps, 7755559999 in QuickBooks.",
    ),
    "e-mail": (
        edited("Customer", lambda *_: {"PrimaryEmailAddr": {"Address": "x@example.com"}}, **ADA),
        "customer Ada Hill: email is ada.hill@example.com in BlueOps, x@example.com in QuickBooks.",
    ),
    "address": (
        edited("Customer", lambda *_: {"BillAddr": {"Line1": "1 Pump St", "City": "Reno"}}, **ADA),
        "customer Ada Hill: address is 99 New St, Reno, NV, 89502 in BlueOps, 1 Pump St, Reno in QuickBooks.",
    ),
    "site of a job": (
        edited("Customer", lambda *_: {"ShipAddr": {"Line1": "5 Far Rd"}}, DisplayName="Boiler room"),
        "job Harbor View Apartments:Boiler room: address is 12 Quay Rd, Reno, NV, 89501 in BlueOps, 5 Far Rd",
    ),
    "a customer too many": (new_customer, "customer Ada Hill (2) is in QuickBooks but not"),
    "due date": (
        edited("Invoice", lambda *_: {"DueDate": "2030-01-01"}, **DENTAL),
        "invoice 1006: due date is",
    ),
    "terms": (
        edited("Invoice", other_terms, **DENTAL),
        "invoice 1006: terms is Net 30 in BlueOps, Net 15 in QuickBooks.",
    ),
    "location": (
        edited(
            "Invoice",
            lambda b, _: {"DepartmentRef": {"value": b.the("Department", Name="Sparks")["Id"]}},
            **DENTAL,
        ),
        "invoice 1006: location is Reno in BlueOps, Sparks in QuickBooks.",
    ),
    "words of a line": (
        edited("Invoice", lines_with(other_words), **DENTAL),
        "invoice 1006, line 1: description is Rough-in inspected in BlueOps, Something else in QuickBooks.",
    ),
    "class of a line": (
        edited("Invoice", lines_with(other_class), **DENTAL),
        "invoice 1006, line 1: class is Install in BlueOps, Maintenance in QuickBooks.",
    ),
    "quantity": (
        edited("Invoice", lines_with(other_quantity), **DENTAL),
        "invoice 1006, line 1: quantity is",
    ),
    "income account": (
        edited("Invoice", lines_with(other_item), **DENTAL),
        "invoice 1006, line 1: account number is 4040 in BlueOps, 4030 in QuickBooks.",
    ),
    "taxable": (
        edited("Invoice", lines_with(untaxed, position=1), **KITCHEN),
        "invoice 1001, line 2: taxable is yes in BlueOps, no in QuickBooks.",
    ),
    "amount of a bill": (
        edited("Bill", lines_with(other_amount), **BILL),
        "OD-311 of Ortega Drywall, line 1: amount is",
    ),
    "account of a bill": (
        edited("Bill", lines_with(other_account), **BILL),
        "OD-311 of Ortega Drywall, line 1: account number is 5300 in BlueOps, 6300 in QuickBooks.",
    ),
    "job of a purchase": (
        edited("Purchase", lines_with(other_job), **CARD),
        "R-8841 of Copper & Main Supply, line 1: job is Ada Hill:Kitchen repipe in BlueOps,"
        " Marlow Dental Group:Operatory rough-in in QuickBooks.",
    ),
    "paid from another account": (
        edited("Purchase", another_card, **CARD),
        "R-8841 of Copper & Main Supply: account number is 2100 in BlueOps, 2110 in QuickBooks.",
    ),
    "a journal entry": (moved_by_journal, "QuickBooks has journal entry"),
    "reference of a payment": (
        edited("Payment", lambda *_: {"PaymentRefNum": "other"}, PaymentRefNum="ch_3Qf81"),
        "payment ch_3Qf81 of Ada Hill: reference is ch_3Qf81 in BlueOps, other in QuickBooks.",
    ),
    "a receipt taken off": (
        removed("Attachable", FileName="receipt-R-8841.png"),
        "R-8841 of Copper & Main Supply: files is receipt-R-8841.png (67 bytes) in BlueOps, empty in QuickBooks.",
    ),
    "a bill deleted": (
        removed("Bill", **BILL),
        "bill OD-311 of Ortega Drywall is in BlueOps but not in QuickBooks.",
    ),
    "a deposit deleted": (
        removed("Deposit", TotalAmt="333.47"),
        "bank deposit of 333.47 is in BlueOps but not",
    ),
    "an allocation undone": (
        edited("Payment", unapplied, PaymentRefNum="other"),
        "invoice 1001: balance is 0.00 in BlueOps, 343.74 in QuickBooks.",
    ),
    "inactive": (
        edited("Vendor", lambda *_: {"Active": False}, DisplayName="Copper & Main Supply"),
        "vendor Copper & Main Supply: active is yes in BlueOps, no in QuickBooks.",
    ),
}


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DemoHouse, Known]]:
    """A house after its day, and what was in the books before it."""
    url = f"sqlite:///{tmp_path_factory.mktemp('demo') / 'demo.db'}"
    with demo_house(db_url=url, port=0, books="empty", seconds=PATIENCE) as house:
        day = Day(house, seed=2026, tell=lambda _: None)
        day.open_the_books()
        with closing(BooksReader(house.books)) as early:
            before = early.everything()
        day.open_the_office()
        day.play()
        # From here on only the test works in the books; what it alters must not be brought over.
        runner = house.plugin.runner
        assert runner is not None
        runner.stop()
        yield house, before


def compared(house: DemoHouse, before: Known) -> Comparison:
    with closing(BooksReader(house.books, prefix=CHART.prefix, before=before)) as books:
        return compare(CoreReader(house.core.engine, TENANT, CHART), books)


def test_each_alteration_is_named(played: tuple[DemoHouse, Known]) -> None:
    house, before = played
    found = compared(house, before)
    assert found.agree
    assert found.compared >= 20
    seen = set(found.differences)
    unnoticed = []
    with closing(Bookkeeper(house.books)) as bookkeeper:
        for name, (alter, words) in ALTERATIONS.items():
            alter(bookkeeper)
            now = compared(house, before)
            fresh = set(now.differences) - seen
            if not any(words in sentence for sentence in fresh):
                unnoticed.append(f"{name}: {sorted(fresh)}")
            seen |= fresh
            assert not now.agree
    assert unnoticed == []


def test_a_reminder_after_the_payment_is_counted(played: tuple[DemoHouse, Known]) -> None:
    house, _ = played
    reader = CoreReader(house.core.engine, TENANT, CHART)
    assert reader.reminders_after_payment() == 0
    late = (
        "INSERT INTO core_reminders_sent (tenant_id, invoice_id, day, sent_at, email, balance, text)"
        " SELECT tenant_id, id, '2099-01-01', '2099-01-01 00:00:00', 'a@example.com', 1, 'late'"
        " FROM core_records WHERE kind = 'invoice' AND label = '1004'"
    )
    with writing(house.core.engine).begin() as connection:
        connection.execute(sa.text(late))
    try:
        assert reader.reminders_after_payment() == 1
    finally:
        with writing(house.core.engine).begin() as connection:
            connection.execute(sa.text("DELETE FROM core_reminders_sent WHERE text = 'late'"))


# -- the demo itself -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("alter", "words"),
    [
        pytest.param(*ALTERATIONS["phone"], id="one field"),
        pytest.param(*ALTERATIONS["amount of a bill"], id="one amount"),
        pytest.param(*ALTERATIONS["account of a bill"], id="one account"),
        pytest.param(again("Invoice", **DENTAL), "1 duplicates", id="one duplicate"),
        pytest.param(again("Payment", PaymentRefNum="2207"), "1 duplicates", id="one payment twice"),
    ],
)
def test_the_demo_exits_1_and_names_it(
    alter: Alter,
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))

    def before_compare(books: BooksAddress) -> None:
        # Somebody switched the warning about numbers that are in use off.
        switched = {"realm": books.realm, "warn_duplicate_number": False}
        assert requests.post(f"{books.base_url}/twin/company", json=switched, timeout=60).ok
        with closing(Bookkeeper(books)) as bookkeeper:
            alter(bookkeeper)

    assert run(once=True, seconds=PATIENCE, before_compare=before_compare) == 1
    told = capsys.readouterr().out
    assert words in told
    assert "BOTH SIDES DO NOT AGREE." in told
