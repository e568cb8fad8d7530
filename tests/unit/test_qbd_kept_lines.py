"""What a bookkeeper added to a form or a payment stays when BlueOps changes something else on it."""

from decimal import Decimal as D

import attrs
import pytest

from blueops_qb.domain.documents import BankDeposit, CustomerPayment, PurchaseOrder, SalesInvoice, SalesLine
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.providers.qbd.codec.bodies import change
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.qbxml.reading import read_text
from blueops_qb.sdk.outcomes import BooksRecord
from tests.qbd_samples import update

BOOKS = Books(profile=BooksProfile(sales_tax=SalesTax.OFF, subtotal_items=("S-1",)))
HEAD = "<EditSequence>17</EditSequence><TimeModified>2026-01-02T03:04:05-08:00</TimeModified>"


def record(text: str) -> BooksRecord:
    found = record_of(read_text(text), BOOKS)
    assert found is not None
    return found


def line(form: str, id: str, content: str = "") -> str:
    return f"<{form}LineRet><TxnLineID>{id}</TxnLineID>{content}</{form}LineRet>"


def item(words: str, amount: str) -> str:
    return f"<ItemRef><ListID>9-1</ListID></ItemRef><Desc>{words}</Desc><Amount>{amount}</Amount>"


def form(name: str, party: str, *lines: str) -> BooksRecord:
    return record(
        f"<{name}Ret><TxnID>1-1</TxnID>{HEAD}<{party}Ref><ListID>8-1</ListID></{party}Ref>"
        f"<TxnDate>2026-01-02</TxnDate><Subtotal>30.00</Subtotal>{''.join(lines)}</{name}Ret>"
    )


def test_blank_lines_keep_their_place_and_cost_the_other_lines_nothing() -> None:
    shown = form(
        "Invoice",
        "Customer",
        line("Invoice", "L1", item("Trip", "10.00")),
        line("Invoice", "L2"),
        line("Invoice", "L3", item("Tank", "20.00")),
    )
    assert isinstance(shown.document, SalesInvoice)
    trip, *_, tank = shown.document.lines
    moved = attrs.evolve(shown.document, lines=(trip, attrs.evolve(tank, description="Larger tank")))
    lines = change(moved, update(shown, moved), BOOKS).children[0].all("InvoiceLineMod")
    assert [one.get("TxnLineID") for one in lines] == ["L1", "L2", "L3"]


SUBTOTAL = "<ItemRef><ListID>S-1</ListID></ItemRef><Desc>Subtotal</Desc><Amount>{}</Amount>"
SUMMED = (
    line("Invoice", "L1", item("Trip", "10.00")),
    line("Invoice", "L2", SUBTOTAL.format("10.00")),
    line("Invoice", "L3", item("Tank", "20.00")),
    line("Invoice", "L4"),
    line("Invoice", "L5", SUBTOTAL.format("20.00")),
)


def with_subtotals() -> BooksRecord:
    shown = form("Invoice", "Customer", *SUMMED)
    assert isinstance(shown.document, SalesInvoice)
    assert [one.amount for one in shown.document.lines] == [D("10.00"), D("20.00"), D("0.00")]
    return shown


def changed_ids(shown: BooksRecord, *lines: SalesLine) -> list[str]:
    assert isinstance(shown.document, SalesInvoice)
    moved = attrs.evolve(shown.document, lines=lines)
    told = list(change(moved, update(shown, moved), BOOKS).children[0].all("InvoiceLineMod"))
    assert all(not one.has("Amount") for one in told if one.get("TxnLineID") in ("L2", "L4", "L5"))
    return [one.get("TxnLineID") for one in told]


def test_subtotals_bring_no_money_and_stay_where_they_are() -> None:
    shown = with_subtotals()
    assert isinstance(shown.document, SalesInvoice)
    trip, tank, _ = shown.document.lines
    longer = attrs.evolve(tank, description="Larger tank")
    assert changed_ids(shown, trip, longer) == ["L1", "L2", "L3", "L4", "L5"]
    assert changed_ids(shown, longer, tank)[-2:] == ["L4", "L5"]
    assert changed_ids(shown, trip) == ["L1", "L2", "L4", "L5"], (
        "a subtotal stays where the line below it goes"
    )
    new = attrs.evolve(tank, books_line_id="", description="Pump")
    assert changed_ids(shown, trip, tank, new) == ["L1", "L2", "L3", "L4", "L5", "-1"]


def test_words_on_an_order_keep_the_lines_that_are_received_on_it() -> None:
    shown = form(
        "PurchaseOrder",
        "Vendor",
        line("PurchaseOrder", "L1", "<Desc>For the cellar</Desc>"),
        line("PurchaseOrder", "L2", item("Pipe", "30.00")),
    )
    assert isinstance(shown.document, PurchaseOrder)
    (pipe,) = shown.document.lines
    moved = attrs.evolve(shown.document, lines=(attrs.evolve(pipe, description="Copper pipe"),))
    lines = change(moved, update(shown, moved), BOOKS).children[0].all("PurchaseOrderLineMod")
    assert [one.get("TxnLineID") for one in lines] == ["L1", "L2"]


def test_cash_that_was_kept_back_is_not_written_once_more_as_a_line() -> None:
    shown = record(
        f"<DepositRet><TxnID>1-1</TxnID>{HEAD}<TxnDate>2026-01-02</TxnDate><DepositToAccountRef><ListID>1-1</ListID>"
        "</DepositToAccountRef><DepositTotal>80.00</DepositTotal><CashBackInfoRet><TxnLineID>C1</TxnLineID><AccountRef>"
        "<ListID>1-2</ListID></AccountRef><Amount>20.00</Amount></CashBackInfoRet><DepositLineRet><TxnLineID>L1"
        "</TxnLineID><AccountRef><ListID>1-3</ListID></AccountRef><Amount>100.00</Amount></DepositLineRet></DepositRet>"
    )
    assert isinstance(shown.document, BankDeposit)
    first, back = shown.document.lines
    moved = attrs.evolve(shown.document, lines=(attrs.evolve(first, description="Monday"), back))
    with pytest.raises(Unwritable, match="cash back"):
        change(moved, update(shown, moved), BOOKS)


def test_what_a_payment_settles_of_a_type_without_a_word_here_is_named_by_its_id() -> None:
    shown = record(
        f"<ReceivePaymentRet><TxnID>1-1</TxnID>{HEAD}<CustomerRef><ListID>8-1</ListID></CustomerRef>"
        "<TxnDate>2026-01-02</TxnDate><TotalAmount>70.00</TotalAmount><DepositToAccountRef><ListID>1-1</ListID>"
        "</DepositToAccountRef><AppliedToTxnRet><TxnID>A-1</TxnID><TxnType>Invoice</TxnType><Amount>50.00</Amount>"
        "</AppliedToTxnRet><AppliedToTxnRet><TxnID>A-2</TxnID><TxnType>Charge</TxnType><Amount>20.00</Amount>"
        "</AppliedToTxnRet></ReceivePaymentRet>"
    )
    assert isinstance(shown.document, CustomerPayment)
    invoice, charge = shown.document.allocations
    moved = attrs.evolve(
        shown.document, allocations=(attrs.evolve(invoice, amount=D("40.00")), charge), amount=D("60.00")
    )
    parts = change(moved, update(shown, moved), BOOKS).children[0].all("AppliedToTxnMod")
    assert {part.get("TxnID"): part.get("PaymentAmount") for part in parts} == {
        "A-1": "40.00",
        "A-2": "20.00",
    }
