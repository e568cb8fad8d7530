"""Queries of the Desktop twin: filters, iterators, counts, the ledger as transactions, deletions."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from lxml import etree

from tests.qbd_twin import Desk, new_desk, ref, text


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def invoice(
    desk: Desk, amount: str, *, day: str = "2026-03-01", number: str = "", members: str = ""
) -> etree._Element:
    numbered = f"<RefNumber>{number}</RefNumber>" if number else ""
    return desk.add(
        "Invoice",
        f"{ref('CustomerRef', 'Larkin Offices')}<TxnDate>{day}</TxnDate>{numbered}"
        f"{ref('ItemSalesTaxRef', 'No Tax')}{members}<InvoiceLineAdd>{ref('ItemRef', 'Repair')}"
        f"<Amount>{amount}</Amount></InvoiceLineAdd>",
    )


def numbers(found: list[etree._Element]) -> list[str]:
    return [text(record, "RefNumber") for record in found]


def days(first: str, last: str) -> str:
    return f"<TxnDateRangeFilter><FromTxnDate>{first}</FromTxnDate><ToTxnDate>{last}</ToTxnDate></TxnDateRangeFilter>"


def named(name: str) -> str:
    return f"<NameFilter><MatchCriterion>Contains</MatchCriterion><Name>{name}</Name></NameFilter>"


def customers(desk: Desk, *names: str) -> None:
    for name in names:
        desk.add("Customer", f"<Name>{name}</Name>")


def test_an_id_that_is_not_there_is_told_beside_those_that_are(desk: Desk) -> None:
    found = invoice(desk, "1.00")
    answer = desk.ask(
        f"<InvoiceQueryRq><TxnID>{text(found, 'TxnID')}</TxnID><TxnID>F-1</TxnID></InvoiceQueryRq>"
    )
    assert (answer.get("statusCode"), answer.get("statusSeverity"), len(answer)) == ("500", "Warn", 1)
    nothing = desk.ask(
        "<InvoiceQueryRq><RefNumberFilter><MatchCriterion>Contains</MatchCriterion><RefNumber>zz"
        "</RefNumber></RefNumberFilter></InvoiceQueryRq>"
    )
    assert (nothing.get("statusCode"), nothing.get("statusSeverity")) == ("1", "Info")


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (
            "<NameFilter><MatchCriterion>StartsWith</MatchCriterion><Name>zeb</Name></NameFilter>",
            ["Zebra", "Zebu"],
        ),
        ("<NameFilter><MatchCriterion>EndsWith</MatchCriterion><Name>BRA</Name></NameFilter>", ["Zebra"]),
        ("<NameFilter><MatchCriterion>Contains</MatchCriterion><Name>aK</Name></NameFilter>", ["Yak"]),
        ("<NameRangeFilter><FromName>Y</FromName><ToName>Zebr</ToName></NameRangeFilter>", ["Yak", "Zebra"]),
        ("<MaxReturned>1</MaxReturned><NameRangeFilter><FromName>Y</FromName></NameRangeFilter>", ["Yak"]),
    ],
)
def test_names_are_filtered_without_regard_to_case(desk: Desk, filters: str, expected: list[str]) -> None:
    customers(desk, "Zebu", "Zebra", "Yak")
    assert [text(record, "Name") for record in desk.query("Customer", filters)] == expected


def test_transactions_are_filtered_by_day_number_party_and_payment(desk: Desk) -> None:
    invoice(desk, "1.00", day="2026-01-31", number="BO-1")
    invoice(desk, "2.00", day="2026-02-01", number="BO-2")
    invoice(desk, "0.00", day="2026-02-28", number="X-3")
    dates = days("2026-02-01", "2026-02-28")
    assert numbers(desk.query("Invoice", dates)) == ["BO-2", "X-3"]
    macro = "<TxnDateRangeFilter><DateMacro>LastMonth</DateMacro></TxnDateRangeFilter>"
    assert numbers(desk.query("Invoice", macro)) == ["BO-2", "X-3"]
    assert numbers(desk.query("Invoice", "<PaidStatus>NotPaidOnly</PaidStatus>")) == ["BO-1", "BO-2"]
    assert numbers(desk.query("Invoice", "<PaidStatus>PaidOnly</PaidStatus>")) == ["X-3"]
    starts = "<RefNumberFilter><MatchCriterion>StartsWith</MatchCriterion><RefNumber>bo</RefNumber></RefNumberFilter>"
    assert numbers(desk.query("Invoice", starts)) == ["BO-1", "BO-2"]
    whose = "<EntityFilter><FullNameWithChildren>{}</FullNameWithChildren></EntityFilter>"
    assert len(desk.query("Invoice", whose.format("Larkin Offices"))) == 3
    assert desk.query("Invoice", whose.format("Ashby, Nora")) == []
    account = "<AccountFilter><FullName>Repair &amp; Service Labor</FullName></AccountFilter>"
    assert len(desk.query("Invoice", account)) == 3


def test_lines_and_links_come_only_when_asked_for(desk: Desk) -> None:
    invoice(desk, "1.00")
    (plain,), (full,) = (
        desk.query("Invoice"),
        desk.query("Invoice", "<IncludeLineItems>true</IncludeLineItems>"),
    )
    assert (plain.find("InvoiceLineRet"), text(full, "InvoiceLineRet/Amount")) == (None, "1.00")


def test_changes_are_found_by_the_local_clock(desk: Desk) -> None:
    first = invoice(desk, "1.00", number="A")
    assert text(first, "TimeModified") == "2026-03-04T10:00:00-05:00"
    desk.time.move(hours=1)
    invoice(desk, "2.00", number="B")
    since = "<ModifiedDateRangeFilter><FromModifiedDate>{}</FromModifiedDate></ModifiedDateRangeFilter>"
    assert numbers(desk.query("Invoice", since.format("2026-03-04T10:00:01"))) == ["B"]
    assert numbers(desk.query("Invoice", since.format("2026-03-04T11:00:00-05:00"))) == ["B"]
    assert numbers(desk.query("Invoice", since.format("2026-03-04"))) == ["A", "B"]
    assert desk.query("Invoice", since.format("2026-03-05")) == []


def test_in_summer_the_digits_are_local_and_the_offset_is_that_of_winter(desk: Desk) -> None:
    desk.time.now = datetime(2026, 7, 4, 14, 0, tzinfo=UTC)
    record = invoice(desk, "1.00")
    assert text(record, "TimeCreated") == "2026-07-04T10:00:00-05:00"
    since = f"<FromModifiedDate>{text(record, 'TimeCreated')}</FromModifiedDate>"
    window = f"<ModifiedDateRangeFilter>{since}</ModifiedDateRangeFilter>"
    assert len(desk.query("Invoice", window)) == 1


def test_a_range_the_wrong_way_round_is_refused(desk: Desk) -> None:
    invoice(desk, "1.00")
    backwards = days("2026-03-02", "2026-03-01")
    assert desk.ask(f"<InvoiceQueryRq>{backwards}</InvoiceQueryRq>").get("statusCode") == "3030"


def page(desk: Desk, attributes: str, filters: str = "<MaxReturned>2</MaxReturned>") -> etree._Element:
    return desk.ask(f"<CustomerQueryRq requestID='p' {attributes}>{filters}</CustomerQueryRq>")


def test_an_iterator_gives_every_record_once(desk: Desk) -> None:
    every = [text(record, "ListID") for record in desk.query("Customer")]
    seen: list[str] = []
    answer = page(desk, "iterator='Start'")
    while True:
        seen += [text(record, "ListID") for record in answer]
        if answer.get("iteratorRemainingCount") == "0":
            break
        answer = page(desk, f"iterator='Continue' iteratorID='{answer.get('iteratorID')}'")
    assert seen == every
    last = page(desk, f"iterator='Continue' iteratorID='{answer.get('iteratorID')}'")
    assert last.get("statusCode") == "3391"


def test_an_iterator_is_of_its_session_and_its_filter(desk: Desk) -> None:
    first = page(desk, "iterator='Start'")
    goes_on = f"iterator='Continue' iteratorID='{first.get('iteratorID')}'"
    assert page(desk, goes_on, "<MaxReturned>3</MaxReturned>").get("statusCode") == "3391"
    desk.session = desk.file.session()
    assert page(desk, goes_on).get("statusCode") == "3391"
    assert page(desk, "iterator='Start'", "").get("statusCode") == "3150"


def test_an_iterator_over_nothing_has_no_id(desk: Desk) -> None:
    answer = page(desk, "iterator='Start'", f"<MaxReturned>2</MaxReturned>{named('zz')}")
    assert (answer.get("statusCode"), answer.get("iteratorID")) == ("1", None)


def test_records_are_counted_with_and_without_data(desk: Desk) -> None:
    only = desk.ask("<CustomerQueryRq metaData='MetaDataOnly'/>")
    one = "<MaxReturned>1</MaxReturned>"
    both = desk.ask(f"<CustomerQueryRq metaData='MetaDataAndResponseData'>{one}</CustomerQueryRq>")
    assert (only.get("retCount"), len(only), both.get("retCount"), len(both)) == ("4", 0, "1", 1)


def test_transactions_are_the_ledger_line_by_line(desk: Desk) -> None:
    invoice(desk, "100.00")
    desk.add(
        "Bill",
        f"{ref('VendorRef', 'Pipe Depot')}<ItemLineAdd>{ref('ItemRef', 'Valve Kit')}<Quantity>2</Quantity><Cost>5"
        "</Cost></ItemLineAdd>",
    )
    desk.add(
        "SalesReceipt",
        f"{ref('CustomerRef', 'Larkin Offices')}<SalesReceiptLineAdd>{ref('ItemRef', 'Valve Kit')}"
        f"<Quantity>1</Quantity>{ref('SalesTaxCodeRef', 'Tax')}</SalesReceiptLineAdd>",
    )
    desk.add(
        "Estimate",
        f"{ref('CustomerRef', 'Larkin Offices')}<EstimateLineAdd>{ref('ItemRef', 'Repair')}<Amount>9.00</Amount>"
        "</EstimateLineAdd>",
    )
    every = "<TransactionDetailLevelFilter>All</TransactionDetailLevelFilter>"
    posting = "<TransactionPostingStatusFilter>Posting</TransactionPostingStatusFilter>"
    rows = desk.query("Transaction", every + posting)
    sums: dict[str, Decimal] = {}
    for row in rows:
        account = text(row, "AccountRef/FullName")
        sums[account] = sums.get(account, Decimal(0)) + Decimal(text(row, "Amount"))
    assert {account: f"{amount:.2f}" for account, amount in sums.items() if amount} == desk.balances()
    marks = [(text(row, "TxnID"), text(row, "TxnLineID")) for row in rows]
    assert len(set(marks)) == len(marks)
    heads = desk.query("Transaction")
    assert [text(row, "TxnType") for row in heads] == ["Invoice", "Bill", "SalesReceipt", "Estimate"]
    assert [text(row, "Amount") for row in heads] == ["100.00", "-10.00", "20.50", "9.75"]


def test_transactions_are_filtered_by_account_type_and_class(desk: Desk) -> None:
    invoice(desk, "10.00", members="")
    desk.add(
        "Check",
        f"{ref('AccountRef', 'Operating Checking')}<ExpenseLineAdd>{ref('AccountRef', 'Fuel')}<Amount>5.00</Amount>"
        f"{ref('ClassRef', 'Drain')}</ExpenseLineAdd>",
    )
    every = "<TransactionDetailLevelFilter>All</TransactionDetailLevelFilter>"
    kinds = "<AccountTypeFilter>ExpenseAndOtherExpense</AccountTypeFilter>"
    expenses = f"<TransactionAccountFilter>{kinds}</TransactionAccountFilter>"
    (row,) = desk.query("Transaction", expenses + every)
    assert (text(row, "AccountRef/FullName"), text(row, "Amount")) == ("Fuel", "5.00")
    drains = "<TransactionClassFilter><FullName>Drain</FullName></TransactionClassFilter>"
    assert len(desk.query("Transaction", drains + every)) == 1
    types = "<TransactionTypeFilter><TxnTypeFilter>Check</TxnTypeFilter></TransactionTypeFilter>"
    assert [text(row, "TxnType") for row in desk.query("Transaction", types)] == ["Check"]
    unpaid = "<TransactionPaidStatusFilter>Open</TransactionPaidStatusFilter>"
    assert [text(row, "TxnType") for row in desk.query("Transaction", unpaid)] == ["Invoice"]


def test_rows_of_the_ledger_can_be_read_page_by_page(desk: Desk) -> None:
    for number in range(5):
        invoice(desk, f"{number + 1}.00")
    level = "<TransactionDetailLevelFilter>All</TransactionDetailLevelFilter>"
    rows, attributes = [], "iterator='Start'"
    while True:
        answer = desk.ask(
            f"<TransactionQueryRq {attributes}><MaxReturned>3</MaxReturned>{level}</TransactionQueryRq>"
        )
        rows += [text(row, "Amount") for row in answer]
        if answer.get("iteratorRemainingCount") == "0":
            break
        attributes = f"iterator='Continue' iteratorID='{answer.get('iteratorID')}'"
    assert len(rows) == 10
    assert sum(map(Decimal, rows)) == 0


def test_balances_filter_customers(desk: Desk) -> None:
    invoice(desk, "10.00")
    owing = "<TotalBalanceFilter><Operator>GreaterThan</Operator><Amount>5.00</Amount></TotalBalanceFilter>"
    assert [text(record, "Name") for record in desk.query("Customer", owing)] == ["Larkin Offices"]


def test_deletions_are_filtered_by_time(desk: Desk) -> None:
    for _ in range(2):
        gone = invoice(desk, "1.00")
        desk.time.move(hours=1)
        desk.done(
            f"<TxnDelRq><TxnDelType>Invoice</TxnDelType><TxnID>{text(gone, 'TxnID')}</TxnID></TxnDelRq>"
        )
    window = "<DeletedDateRangeFilter><FromDeletedDate>2026-03-04T11:30:00</FromDeletedDate></DeletedDateRangeFilter>"
    asked = "<TxnDelType>Invoice</TxnDelType><TxnDelType>Bill</TxnDelType>"
    assert len(desk.query("TxnDeleted", asked)) == 2
    assert len(desk.query("TxnDeleted", asked + window)) == 1


def test_the_host_tells_its_versions_and_the_room_in_its_lists(desk: Desk) -> None:
    host = desk.done(
        "<HostQueryRq><IncludeListMetaData><IncludeMaxCapacity>true</IncludeMaxCapacity></IncludeListMetaData>"
        "</HostQueryRq>"
    )
    assert text(host, "Country") == "US"
    assert "13.0" in [child.text for child in host.findall("SupportedQBXMLVersion")]
    assert int(text(host, "ListMetaData/EntityMetaData/MaxCapacity")) > 0
