"""Purchases in the Desktop twin: bills and their payment, checks, cards, orders, stock at average cost, journals."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.qbd_twin import Desk, modification, new_desk, ref, text

DEPOT = ref("VendorRef", "Pipe Depot")
BANK = ref("BankAccountRef", "Operating Checking")


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def expense(account: str, amount: str, members: str = "") -> str:
    return f"<ExpenseLineAdd>{ref('AccountRef', account)}<Amount>{amount}</Amount>{members}</ExpenseLineAdd>"


def item(name: str, members: str) -> str:
    return f"<ItemLineAdd>{ref('ItemRef', name)}{members}</ItemLineAdd>"


def bill(desk: Desk, amount: str) -> etree._Element:
    return desk.add("Bill", f"{DEPOT}<RefNumber>77-{amount}</RefNumber>{expense('Freight', amount)}")


def payment(*rows: tuple[etree._Element, str]) -> str:
    applied = "".join(
        f"<AppliedToTxnAdd><TxnID>{text(record, 'TxnID')}</TxnID>{members}</AppliedToTxnAdd>"
        for record, members in rows
    )
    return f"{ref('PayeeEntityRef', 'Pipe Depot')}{BANK}<RefNumber>501</RefNumber>{applied}"


def to_pay(desk: Desk) -> dict[str, str]:
    found = desk.query("BillToPay", ref("PayeeEntityRef", "Pipe Depot"))
    return {
        text(row[0], "TxnID"): text(row[0], "AmountDue") or "-" + text(row[0], "CreditRemaining")
        for row in found
    }


def journal(*lines: tuple[str, str, str, str]) -> str:
    return "".join(
        f"<Journal{side}Line>{ref('AccountRef', account)}<Amount>{amount}</Amount>{members}</Journal{side}Line>"
        for side, account, amount, members in lines
    )


def test_a_bill_posts_its_lines_with_job_and_class(desk: Desk) -> None:
    record = desk.add(
        "Bill",
        f"{DEPOT}<TxnDate>2026-03-01</TxnDate>"
        + expense("Freight", "12.00", ref("CustomerRef", "Ashby, Nora:Kitchen") + ref("ClassRef", "Install"))
        + item("Pipe &amp; Fittings", "<Quantity>10</Quantity><Cost>4.75</Cost>")
        + item("Subcontract", "<Amount>200.00</Amount>"),
    )
    assert (text(record, "AmountDue"), text(record, "DueDate"), text(record, "IsPaid")) == (
        "259.50",
        "2026-03-31",
        "false",
    )
    assert desk.balances() == {
        "Accounts Payable": "-259.50",
        "COGS Pipe & Fittings": "47.50",
        "Subcontractors": "200.00",
        "Freight": "12.00",
    }
    company = desk.file.company
    (freight,) = company.ledger.lines(account=company.named("Account", "Freight"))
    assert company.full_name(freight.entry.customer) == "Ashby, Nora:Kitchen"
    assert company.full_name(freight.entry.class_id) == "Install"


def test_a_mod_of_a_bill_takes_each_kind_of_line_for_itself(desk: Desk) -> None:
    record = desk.add(
        "Bill", DEPOT + expense("Freight", "12.00") + item("Materials", "<Amount>5.00</Amount>")
    )
    line = text(record, "ItemLineRet/TxnLineID")
    changed = desk.mod(
        record, f"<ItemLineMod><TxnLineID>{line}</TxnLineID><Amount>8.00</Amount></ItemLineMod>"
    )
    assert (text(changed, "AmountDue"), len(changed.findall("ExpenseLineRet"))) == ("20.00", 1)
    cleared = desk.mod(changed, "<ClearExpenseLines>true</ClearExpenseLines>")
    assert text(cleared, "AmountDue") == "8.00"
    both = f"<ClearItemLines>true</ClearItemLines><ItemLineMod><TxnLineID>{line}</TxnLineID></ItemLineMod>"
    assert desk.refused(modification("Bill", cleared, both)) == 3153


def test_a_mod_that_names_a_line_only_leaves_its_cost_to_the_last_digit(desk: Desk) -> None:
    pipes = "<Quantity>12.7</Quantity><Cost>0.413</Cost>"
    record = desk.add("Bill", f"{DEPOT}<RefNumber>A-9</RefNumber>{item('Materials', pipes)}")
    line = text(record, "ItemLineRet/TxnLineID")
    record = desk.mod(record, f"<ItemLineMod><TxnLineID>{line}</TxnLineID></ItemLineMod>")
    kept = [text(record, f"ItemLineRet/{name}") for name in ("Quantity", "Cost", "Amount")]
    assert kept == ["12.7", "0.413", "5.25"]


def test_bills_are_paid_with_check_credit_and_discount(desk: Desk) -> None:
    first, second = bill(desk, "100.00"), bill(desk, "40.00")
    credit = desk.add("VendorCredit", f"{DEPOT}{expense('Freight', '15.00')}")
    assert to_pay(desk) == {
        text(first, "TxnID"): "100.00",
        text(second, "TxnID"): "40.00",
        text(credit, "TxnID"): "-15.00",
    }
    source = f"<CreditTxnID>{text(credit, 'TxnID')}</CreditTxnID>"
    used = f"<SetCredit>{source}<AppliedAmount>15.00</AppliedAmount></SetCredit>"
    off = f"<DiscountAmount>2.00</DiscountAmount>{ref('DiscountAccountRef', 'Purchase Price Variance')}"
    paid = desk.add(
        "BillPaymentCheck",
        payment(
            (first, f"<PaymentAmount>83.00</PaymentAmount>{used}{off}"),
            (second, "<PaymentAmount>10.00</PaymentAmount>"),
        ),
    )
    assert text(paid, "Amount") == "93.00"
    assert to_pay(desk) == {text(second, "TxnID"): "30.00"}
    (shown,) = desk.query(
        "Bill", f"<TxnID>{text(first, 'TxnID')}</TxnID><IncludeLinkedTxns>true</IncludeLinkedTxns>"
    )
    assert (text(shown, "IsPaid"), len(shown.findall("LinkedTxn"))) == ("true", 2)
    assert desk.balances() == {
        "Operating Checking": "-93.00",
        "Accounts Payable": "-30.00",
        "Freight": "125.00",
        "Purchase Price Variance": "-2.00",
    }
    (vendor,) = desk.query("Vendor", "<FullName>Pipe Depot</FullName>")
    assert text(vendor, "Balance") == "30.00"


def test_a_bill_cannot_be_paid_beyond_what_is_due(desk: Desk) -> None:
    record = bill(desk, "10.00")
    request = payment((record, "<PaymentAmount>10.01</PaymentAmount>"))
    assert (
        desk.refused(
            f"<BillPaymentCheckAddRq><BillPaymentCheckAdd>{request}</BillPaymentCheckAdd></BillPaymentCheckAddRq>"
        )
        == 3210
    )


def test_a_card_pays_a_bill_and_a_deleted_payment_opens_it(desk: Desk) -> None:
    record = bill(desk, "10.00")
    card = ref("CreditCardAccountRef", "Company Credit Card")
    target = f"<TxnID>{text(record, 'TxnID')}</TxnID>"
    row = f"<AppliedToTxnAdd>{target}<PaymentAmount>10.00</PaymentAmount></AppliedToTxnAdd>"
    paid = desk.add("BillPaymentCreditCard", f"{ref('PayeeEntityRef', 'Pipe Depot')}{card}{row}")
    assert desk.balances() == {"Company Credit Card": "-10.00", "Freight": "10.00"}
    identity = text(paid, "TxnID")
    desk.done(f"<TxnDelRq><TxnDelType>BillPaymentCreditCard</TxnDelType><TxnID>{identity}</TxnID></TxnDelRq>")
    assert to_pay(desk) == {text(record, "TxnID"): "10.00"}


def test_a_payment_whose_bill_was_deleted_keeps_its_money_as_a_credit(desk: Desk) -> None:
    record = bill(desk, "10.00")
    paid = desk.add("BillPaymentCheck", payment((record, "<PaymentAmount>10.00</PaymentAmount>")))
    desk.done(f"<TxnDelRq><TxnDelType>Bill</TxnDelType><TxnID>{text(record, 'TxnID')}</TxnID></TxnDelRq>")
    assert to_pay(desk) == {text(paid, "TxnID"): "-10.00"}
    (now,) = desk.query("BillPaymentCheck", f"<TxnID>{text(paid, 'TxnID')}</TxnID>")
    assert text(desk.mod(now, "<Memo>still there</Memo>"), "Amount") == "10.00"
    assert desk.balances() == {"Operating Checking": "-10.00", "Accounts Payable": "10.00"}


def test_checks_and_cards_post_at_once(desk: Desk) -> None:
    payee = ref("PayeeEntityRef", "Pipe Depot")
    desk.add("Check", f"{ref('AccountRef', 'Operating Checking')}{payee}{expense('Fuel', '10.00')}")
    card = ref("AccountRef", "Company Credit Card")
    charge = desk.add(
        "CreditCardCharge",
        f"{card}{payee}{expense('Tools', '20.00')}{item('Materials', '<Amount>5.00</Amount>')}",
    )
    desk.add("CreditCardCredit", f"{card}{payee}{expense('Tools', '4.00')}")
    assert text(charge, "Amount") == "25.00"
    assert desk.balances() == {
        "Operating Checking": "-10.00",
        "Company Credit Card": "-21.00",
        "Job Materials": "5.00",
        "Fuel": "10.00",
        "Tools": "16.00",
    }
    wrong = f"<CheckAdd>{card}{expense('Fuel', '1.00')}</CheckAdd>"
    assert desk.refused(f"<CheckAddRq>{wrong}</CheckAddRq>") == 3210


def test_billable_needs_a_customer_and_billed_is_quickbooks_own_word(desk: Desk) -> None:
    for status, code in (("Billable", 3150), ("HasBeenBilled", 3210)):
        line = expense("Fuel", "1.00", f"<BillableStatus>{status}</BillableStatus>")
        assert desk.refused(f"<BillAddRq><BillAdd>{DEPOT}{line}</BillAdd></BillAddRq>") == code


def test_stock_goes_out_at_its_average_cost(desk: Desk) -> None:
    """Treatment 1.2: the sale posts cost and asset by itself."""
    for quantity, cost in (("10", "9.40"), ("10", "10.60")):
        desk.add("Bill", DEPOT + item("Valve Kit", f"<Quantity>{quantity}</Quantity><Cost>{cost}</Cost>"))
    sale = desk.add(
        "Invoice",
        f"{ref('CustomerRef', 'Ashby, Nora:Kitchen')}{ref('ItemSalesTaxRef', 'No Tax')}<InvoiceLineAdd>"
        f"{ref('ItemRef', 'Valve Kit')}<Quantity>3</Quantity></InvoiceLineAdd>",
    )
    assert desk.balances() == {
        "Accounts Receivable": "56.85",
        "Inventory Asset": "170.00",
        "Accounts Payable": "-200.00",
        "Parts & Materials Sales": "-56.85",
        "COGS Pipe & Fittings": "30.00",
    }
    (kit,) = desk.query("ItemInventory", "<FullName>Valve Kit</FullName>")
    assert (text(kit, "QuantityOnHand"), text(kit, "AverageCost")) == ("17", "10.00")
    line = text(sale, "InvoiceLineRet/TxnLineID")
    desk.mod(sale, f"<InvoiceLineMod><TxnLineID>{line}</TxnLineID><Quantity>1</Quantity></InvoiceLineMod>")
    assert desk.balances()["COGS Pipe & Fittings"] == "10.00"
    desk.done(
        f"<TxnVoidRq><TxnVoidType>Invoice</TxnVoidType><TxnID>{text(sale, 'TxnID')}</TxnID></TxnVoidRq>"
    )
    assert "COGS Pipe & Fittings" not in desk.balances()


def test_a_line_of_stock_that_is_taken_off_takes_its_cost_along(desk: Desk) -> None:
    lines = "".join(
        f"<InvoiceLineAdd>{ref('ItemRef', name)}<Quantity>1</Quantity></InvoiceLineAdd>"
        for name in ("Repair", "Valve Kit")
    )
    sale = desk.add("Invoice", f"{ref('CustomerRef', 'Ashby, Nora')}{lines}")
    assert desk.balances()["COGS Pipe & Fittings"] == "9.40"
    first = text(sale, "InvoiceLineRet/TxnLineID")
    desk.mod(sale, f"<InvoiceLineMod><TxnLineID>{first}</TxnLineID></InvoiceLineMod>")
    assert "COGS Pipe & Fittings" not in desk.balances()


def test_an_item_opens_with_stock_against_opening_equity(desk: Desk) -> None:
    desk.add(
        "ItemInventory",
        f"<Name>Pump</Name>{ref('IncomeAccountRef', 'Equipment Sales')}<PurchaseCost>50</PurchaseCost>"
        f"{ref('COGSAccountRef', 'COGS Fixtures')}{ref('AssetAccountRef', 'Inventory Asset')}"
        "<QuantityOnHand>4</QuantityOnHand><InventoryDate>2026-01-01</InventoryDate>",
    )
    assert desk.balances() == {"Inventory Asset": "200.00", "Opening Balance Equity": "-200.00"}


def test_a_purchase_order_posts_nothing_and_fills_up_by_bills(desk: Desk) -> None:
    order = desk.add(
        "PurchaseOrder",
        f"{DEPOT}<PurchaseOrderLineAdd>{ref('ItemRef', 'Materials')}<Quantity>10</Quantity><Rate>2</Rate>"
        "</PurchaseOrderLineAdd>",
    )
    assert (text(order, "TotalAmount"), desk.balances()) == ("20.00", {})
    identity, line = text(order, "TxnID"), text(order, "PurchaseOrderLineRet/TxnLineID")
    link = f"<LinkToTxn><TxnID>{identity}</TxnID><TxnLineID>{line}</TxnLineID></LinkToTxn>"
    part = desk.add("Bill", f"{DEPOT}<ItemLineAdd><Quantity>4</Quantity>{link}</ItemLineAdd>")
    assert text(part, "AmountDue") == "8.00"
    asked = f"<TxnID>{identity}</TxnID><IncludeLineItems>true</IncludeLineItems>"
    (shown,) = desk.query("PurchaseOrder", asked)
    assert (text(shown, "PurchaseOrderLineRet/ReceivedQuantity"), text(shown, "IsFullyReceived")) == (
        "4",
        "false",
    )
    rest = desk.add("Bill", f"{DEPOT}<LinkToTxnID>{identity}</LinkToTxnID>")
    assert text(rest, "AmountDue") == "12.00"
    (shown,) = desk.query("PurchaseOrder", asked)
    assert text(shown, "IsFullyReceived") == "true"
    with_item = f"<ItemLineAdd>{ref('ItemRef', 'Materials')}{link}</ItemLineAdd>"
    assert desk.refused(f"<BillAddRq><BillAdd>{DEPOT}{with_item}</BillAdd></BillAddRq>") == 3153


def test_a_journal_entry_balances_and_names_whom_it_owes(desk: Desk) -> None:
    def entry(*lines: tuple[str, str, str, str]) -> str:
        return f"<JournalEntryAddRq><JournalEntryAdd>{journal(*lines)}</JournalEntryAdd></JournalEntryAddRq>"

    nora = ref("EntityRef", "Ashby, Nora")
    debit = ("Debit", "Bad Debt", "5.00", "<Memo>m</Memo>")
    assert desk.refused(entry(debit, ("Credit", "Deferred Agreements", "4.99", ""))) == 3210
    assert desk.refused(entry(debit, ("Credit", "Accounts Receivable", "5.00", ""))) == 3150
    assert desk.refused(entry(debit, ("Credit", "Accounts Payable", "5.00", nora))) == 3210
    two = (("Credit", "Accounts Receivable", "2.00", nora), ("Credit", "Accounts Receivable", "3.00", nora))
    assert desk.refused(entry(debit, *two)) == 3210
    done = desk.done(entry(debit, ("Credit", "Accounts Receivable", "5.00", nora)))
    assert [child.tag for child in done if child.tag.endswith("Line")] == [
        "JournalDebitLine",
        "JournalCreditLine",
    ]
    assert desk.balances() == {"Accounts Receivable": "-5.00", "Bad Debt": "5.00"}
    changed = desk.mod(
        done,
        "".join(
            f"<JournalLineMod><TxnLineID>{text(line, 'TxnLineID')}</TxnLineID><Amount>6.00</Amount></JournalLineMod>"
            for line in done
            if line.tag.endswith("Line")
        ),
    )
    assert text(changed, "JournalDebitLine/Amount") == "6.00"
    assert text(changed, "RefNumber") == "1"
