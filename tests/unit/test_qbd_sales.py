"""Sales forms of the Desktop twin: line arithmetic, discounts, sales tax by the file, numbers, terms, estimates."""

from __future__ import annotations

import pytest

from tests.qbd_twin import Desk, modification, new_desk, ref, text

NORA = ref("CustomerRef", "Ashby, Nora")


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def line(item: str, members: str = "", *, code: str = "Non") -> str:
    tax = f"<SalesTaxCodeRef><FullName>{code}</FullName></SalesTaxCodeRef>" if code else ""
    return f"<InvoiceLineAdd>{ref('ItemRef', item)}{members}{tax}</InvoiceLineAdd>"


def invoice(*lines: str, head: str = "", tax: str = "No Tax") -> str:
    return f"{NORA}{head}{ref('ItemSalesTaxRef', tax)}{''.join(lines)}"


@pytest.mark.parametrize(
    ("members", "quantity", "rate", "amount"),
    [
        ("<Quantity>2.5</Quantity><Rate>129.00</Rate>", "2.5", "129.00", "322.50"),
        ("<Quantity>3</Quantity><Amount>10.00</Amount>", "3", "3.33333", "10.00"),
        ("<Quantity>2</Quantity><Rate>9.00</Rate><Amount>10.00</Amount>", "2", "5.00", "10.00"),
        ("<Amount>10.00</Amount>", "", "10.00", "10.00"),
        ("<Rate>7.005</Rate>", "", "7.005", "7.01"),
        ("<Quantity>2</Quantity>", "2", "129.00", "258.00"),
        ("", "1", "129.00", "129.00"),
    ],
)
def test_quantity_rate_and_amount_complete_each_other(
    desk: Desk, members: str, quantity: str, rate: str, amount: str
) -> None:
    record = desk.add("Invoice", invoice(line("Repair", members)))
    shown = record.find("InvoiceLineRet")
    assert shown is not None
    assert (text(shown, "Quantity"), text(shown, "Rate"), text(shown, "Amount")) == (quantity, rate, amount)
    assert text(record, "BalanceRemaining") == amount


def test_the_standard_invoice_posts_as_the_treatment_says(desk: Desk) -> None:
    """Treatment 1.1, with the discount right under the labour."""
    record = desk.add(
        "Invoice",
        invoice(
            line("Repair", "<Quantity>2.5</Quantity><Rate>129.00</Rate>"),
            line("Discount", "<RatePercent>10</RatePercent>"),
            line("Pipe &amp; Fittings", "<Quantity>3</Quantity><Rate>18.95</Rate>", code="Tax"),
            line("Service Call"),
            tax="District 8.25%",
        ),
    )
    # 56.85 at 1, 0.5, 0.5 and 6.25 %: every member is rounded by itself.
    assert text(record, "SalesTaxTotal") == "4.68"
    assert desk.balances() == {
        "Accounts Receivable": "410.78",
        "Sales Tax Payable": "-4.68",
        "Repair & Service Labor": "-322.50",
        "Service Call Fees": "-59.00",
        "Parts & Materials Sales": "-56.85",
        "Discounts Given": "32.25",
    }


def test_each_member_of_a_tax_group_is_rounded_by_itself(desk: Desk) -> None:
    """Treatment 1.4a: 2.94 by the group, where one rate of 8.25 % gives 2.93."""
    parts = line("Pipe &amp; Fittings", "<Amount>35.50</Amount>", code="Tax")
    record = desk.add("Invoice", invoice(parts, tax="District 8.25%"))
    assert (text(record, "SalesTaxPercentage"), text(record, "SalesTaxTotal")) == ("8.25", "2.94")
    company = desk.file.company
    payable = [
        held.entry.amount for held in company.ledger.lines(account=company.special_account("SalesTaxPayable"))
    ]
    assert sorted(str(amount) for amount in payable) == ["-0.18", "-0.18", "-0.36", "-2.22"]
    desk.add(
        "ItemSalesTax", f"<Name>One Rate</Name><TaxRate>8.25</TaxRate>{ref('TaxVendorRef', 'Pipe Depot')}"
    )
    assert text(desk.add("Invoice", invoice(parts, tax="One Rate")), "SalesTaxTotal") == "2.93"


def test_tax_is_rounded_on_the_document_and_not_by_line(desk: Desk) -> None:
    desk.add("ItemSalesTax", f"<Name>Six</Name><TaxRate>6.5</TaxRate>{ref('TaxVendorRef', 'Pipe Depot')}")
    lines = [line("Materials", "<Amount>5.15</Amount>", code="Tax")] * 3
    assert text(desk.add("Invoice", invoice(*lines, tax="Six")), "SalesTaxTotal") == "1.00"


def test_a_percentage_acts_on_the_line_above_and_on_a_subtotal_as_a_whole(desk: Desk) -> None:
    record = desk.add(
        "Invoice",
        invoice(
            line("Repair", "<Amount>100.00</Amount>"),
            line("Materials", "<Amount>50.00</Amount>", code="Tax"),
            line("Subtotal", code=""),
            line("Discount", "<RatePercent>10</RatePercent>", code="Tax"),
            tax="County 7%",
        ),
    )
    amounts = [text(shown, "Amount") for shown in record.findall("InvoiceLineRet")]
    assert amounts == ["100.00", "50.00", "150.00", "-15.00"]
    # The discount takes 5.00 off what is taxable: 45.00 at 7 %.
    assert (text(record, "Subtotal"), text(record, "SalesTaxTotal")) == ("135.00", "3.15")


def test_a_flat_discount_spreads_over_every_line_above(desk: Desk) -> None:
    record = desk.add(
        "Invoice",
        invoice(
            line("Repair", "<Amount>300.00</Amount>"),
            line("Materials", "<Amount>100.00</Amount>", code="Tax"),
            line("Discount", "<Amount>40.00</Amount>", code="Tax"),
            tax="County 7%",
        ),
    )
    assert (text(record, "Subtotal"), text(record, "SalesTaxTotal")) == ("360.00", "6.30")


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (line("Discount", "<Quantity>1</Quantity><Rate>5</Rate>"), 3151),
        (line("Subtotal", "<Quantity>1</Quantity>", code=""), 3151),
        ("<InvoiceLineAdd><Desc>words</Desc><Amount>5.00</Amount></InvoiceLineAdd>", 3150),
        (line("District 8.25%", "<Amount>1.00</Amount>", code=""), 3280),
        (line("Tap Repair"), 3280),
        (line("Repair", "<Amount>-5.00</Amount>"), 3210),
        (line("Repair", "<Quantity>1.123456</Quantity>"), 3060),
        (line("Repair", "<Rate>x</Rate>"), 3045),
    ],
)
def test_lines_that_quickbooks_does_not_take(desk: Desk, lines: str, code: int) -> None:
    assert desk.refused(f"<InvoiceAddRq><InvoiceAdd>{invoice(lines)}</InvoiceAdd></InvoiceAddRq>") == code


def test_a_line_of_words_counts_nothing(desk: Desk) -> None:
    words = "<InvoiceLineAdd><Desc>Thank you</Desc></InvoiceLineAdd>"
    record = desk.add("Invoice", invoice(words, line("Repair", "<Amount>1.00</Amount>")))
    assert [text(shown, "Desc") for shown in record.findall("InvoiceLineRet")] == ["Thank you", ""]


def test_the_code_of_the_line_goes_before_the_customers_and_that_before_the_items(desk: Desk) -> None:
    church = ref("CustomerRef", "St. Mark&apos;s Church") + ref("ItemSalesTaxRef", "County 7%")
    record = desk.add(
        "Invoice",
        church
        + line("Materials", "<Amount>100.00</Amount>", code="")
        + line("Materials", "<Amount>100.00</Amount>", code="Tax"),
    )
    codes = [text(shown, "SalesTaxCodeRef/FullName") for shown in record.findall("InvoiceLineRet")]
    assert codes == ["Non", "Tax"]
    assert text(record, "SalesTaxTotal") == "7.00"


def test_the_form_takes_tax_item_terms_address_and_number_from_customer_and_file(desk: Desk) -> None:
    lines = line("Repair", "<Amount>1.00</Amount>")
    first = desk.add("Invoice", f"{NORA}<TxnDate>2026-03-01</TxnDate><RefNumber>BO-099</RefNumber>{lines}")
    second = desk.add("Invoice", f"{NORA}{lines}")
    assert text(first, "ItemSalesTaxRef/FullName") == "County 7%"
    assert (text(first, "TermsRef/FullName"), text(first, "DueDate")) == ("Net 15", "2026-03-16")
    assert text(first, "BillAddressBlock/Addr1") == "Nora Ashby"
    assert (text(second, "RefNumber"), text(second, "TxnDate")) == ("BO-100", "2026-03-04")
    assert (text(first, "TxnNumber"), text(second, "TxnNumber")) == ("1", "2")


def test_two_invoices_may_have_the_same_number(desk: Desk) -> None:
    for _ in range(2):
        desk.add("Invoice", f"{NORA}<RefNumber>X</RefNumber>{line('Repair')}")
    assert len(desk.query("Invoice", "<RefNumber>x</RefNumber>")) == 2
    assert desk.query("Invoice", "<RefNumberCaseSensitive>x</RefNumberCaseSensitive>") == []


def test_the_class_of_the_form_flows_to_lines_without_one(desk: Desk) -> None:
    record = desk.add(
        "Invoice",
        f"{NORA}{ref('ClassRef', 'Service')}"
        f"<InvoiceLineAdd>{ref('ItemRef', 'Repair')}{ref('ClassRef', 'Drain')}<Amount>1.00</Amount></InvoiceLineAdd>"
        f"{line('Install', '<Amount>2.00</Amount>')}",
    )
    classes = [text(shown, "ClassRef/FullName") for shown in record.findall("InvoiceLineRet")]
    assert classes == ["Drain", "Service"]


def test_a_group_brings_its_members_times_its_quantity(desk: Desk) -> None:
    group = f"<InvoiceLineGroupAdd>{ref('ItemGroupRef', 'Tap Repair')}<Quantity>2</Quantity></InvoiceLineGroupAdd>"
    record = desk.add("Invoice", invoice(group))
    shown = record.find("InvoiceLineGroupRet")
    assert shown is not None
    members = [
        (text(one, "ItemRef/FullName"), text(one, "Quantity")) for one in shown.findall("InvoiceLineRet")
    ]
    assert members == [("Service Call", "2"), ("Pipe & Fittings", "4")]
    assert text(shown, "TotalAmount") == text(record, "Subtotal") == "193.80"


def test_a_mod_takes_the_whole_list_and_deletes_what_it_leaves_out(desk: Desk) -> None:
    record = desk.add(
        "Invoice",
        invoice(*(line(item, "<Amount>10.00</Amount>") for item in ("Repair", "Install", "Drain"))),
    )
    first, _, third = (text(shown, "TxnLineID") for shown in record.findall("InvoiceLineRet"))
    changed = desk.mod(
        record,
        f"<InvoiceLineMod><TxnLineID>{first}</TxnLineID></InvoiceLineMod>"
        f"<InvoiceLineMod><TxnLineID>{third}</TxnLineID><Quantity>3</Quantity><Rate>5</Rate></InvoiceLineMod>"
        f"<InvoiceLineMod><TxnLineID>-1</TxnLineID>{ref('ItemRef', 'Inspection')}<Amount>7.00</Amount>"
        f"{ref('SalesTaxCodeRef', 'Non')}</InvoiceLineMod>",
    )
    lines = changed.findall("InvoiceLineRet")
    assert [text(shown, "ItemRef/FullName") for shown in lines] == ["Repair", "Drain", "Inspection"]
    assert [text(shown, "Amount") for shown in lines] == ["10.00", "15.00", "7.00"]
    assert text(lines[0], "TxnLineID") == first
    assert text(lines[2], "TxnLineID") not in (first, third, "-1")
    assert "Installation Labor" not in desk.balances()


def test_a_mod_without_lines_keeps_them_and_one_in_another_order_is_refused(desk: Desk) -> None:
    record = desk.add(
        "Invoice", invoice(line("Repair", "<Amount>1.00</Amount>"), line("Drain", "<Amount>2.00</Amount>"))
    )
    changed = desk.mod(record, "<Memo>kept</Memo>")
    ids = [text(shown, "TxnLineID") for shown in changed.findall("InvoiceLineRet")]
    assert ids == [text(shown, "TxnLineID") for shown in record.findall("InvoiceLineRet")]
    swapped = "".join(
        f"<InvoiceLineMod><TxnLineID>{one}</TxnLineID></InvoiceLineMod>" for one in reversed(ids)
    )
    assert desk.refused(modification("Invoice", changed, swapped)) == 3290
    unknown = "<InvoiceLineMod><TxnLineID>FFF-1</TxnLineID></InvoiceLineMod>"
    assert desk.refused(modification("Invoice", changed, unknown)) == 3120


def test_what_a_mod_clears_is_not_filled_in_from_the_customer_again(desk: Desk) -> None:
    record = desk.add("Invoice", f"{NORA}{line('Repair', '<Amount>1.00</Amount>')}")
    assert text(record, "TermsRef/FullName") == "Net 15"
    changed = desk.mod(record, "<BillAddress></BillAddress><TermsRef></TermsRef>")
    assert (changed.find("TermsRef"), changed.find("BillAddress")) == (None, None)
    assert text(changed, "DueDate") == "2026-03-04"


def test_a_pending_invoice_posts_nothing_until_it_is_final(desk: Desk) -> None:
    record = desk.add(
        "Invoice", invoice(line("Repair", "<Amount>9.00</Amount>"), head="<IsPending>true</IsPending>")
    )
    assert desk.balances() == {}
    desk.mod(record, "<IsPending>false</IsPending>")
    assert desk.balances()["Accounts Receivable"] == "9.00"


def test_nothing_is_written_into_closed_books(desk: Desk) -> None:
    old = invoice(line("Repair"), head="<TxnDate>2026-01-31</TxnDate>")
    record = desk.add("Invoice", old)
    desk.bookkeeper.close_books("2026-01-31")
    assert desk.refused(f"<InvoiceAddRq><InvoiceAdd>{old}</InvoiceAdd></InvoiceAddRq>") == 3171
    assert desk.refused(modification("Invoice", record, "<Memo>x</Memo>")) == 3171
    fresh = desk.add("Invoice", invoice(line("Repair"), head="<TxnDate>2026-02-01</TxnDate>"))
    assert desk.refused(modification("Invoice", fresh, "<TxnDate>2026-01-01</TxnDate>")) == 3171
    identity = text(record, "TxnID")
    for message in ("Void", "Del"):
        request = f"<Txn{message}Rq><Txn{message}Type>Invoice</Txn{message}Type><TxnID>{identity}</TxnID>"
        assert desk.refused(f"{request}</Txn{message}Rq>") == (3171 if message == "Void" else 3161)


def test_an_inactive_reference_is_refused_on_what_is_new_and_kept_on_what_has_it(desk: Desk) -> None:
    record = desk.add("Invoice", invoice(line("Drain", "<Amount>1.00</Amount>")))
    (item,) = desk.query("Item", "<FullName>Drain</FullName>")
    desk.bookkeeper.inactivate("ItemService", text(item, "ListID"))
    assert (
        desk.refused(f"<InvoiceAddRq><InvoiceAdd>{invoice(line('Drain'))}</InvoiceAdd></InvoiceAddRq>")
        == 3140
    )
    shown = record.find("InvoiceLineRet")
    assert shown is not None
    desk.mod(
        record,
        f"<InvoiceLineMod><TxnLineID>{text(shown, 'TxnLineID')}</TxnLineID>"
        f"<ItemRef><ListID>{text(item, 'ListID')}</ListID></ItemRef><Amount>2.00</Amount></InvoiceLineMod>",
    )


def test_an_estimate_posts_nothing_and_becomes_an_invoice(desk: Desk) -> None:
    body = f"<EstimateLineAdd>{ref('ItemRef', 'Install')}<Quantity>4</Quantity><Rate>110</Rate></EstimateLineAdd>"
    estimate = desk.add("Estimate", f"{NORA}{ref('ItemSalesTaxRef', 'No Tax')}{body}")
    assert (desk.balances(), text(estimate, "TotalAmount")) == ({}, "440.00")
    identity = text(estimate, "TxnID")
    made = desk.add(
        "Invoice", f"{NORA}{ref('ItemSalesTaxRef', 'No Tax')}<LinkToTxnID>{identity}</LinkToTxnID>"
    )
    assert text(made, "BalanceRemaining") == "440.00"
    linked = "<IncludeLinkedTxns>true</IncludeLinkedTxns>"
    (after,) = desk.query("Estimate", f"<TxnID>{identity}</TxnID>{linked}")
    assert (text(after, "IsActive"), text(after, "LinkedTxn/TxnID")) == ("false", text(made, "TxnID"))
    assert (
        desk.refused(f"<TxnDelRq><TxnDelType>Estimate</TxnDelType><TxnID>{identity}</TxnID></TxnDelRq>")
        == 3160
    )


def test_a_credit_memo_and_a_receipt_post_the_other_way_and_at_once(desk: Desk) -> None:
    head = f"{NORA}{ref('ItemSalesTaxRef', 'County 7%')}"
    item = f"{ref('ItemRef', 'Materials')}<Amount>100.00</Amount>{ref('SalesTaxCodeRef', 'Tax')}"
    memo = desk.add("CreditMemo", f"{head}<CreditMemoLineAdd>{item}</CreditMemoLineAdd>")
    assert (text(memo, "TotalAmount"), text(memo, "CreditRemaining")) == ("107.00", "107.00")
    desk.add("SalesReceipt", f"{head}<SalesReceiptLineAdd>{item}</SalesReceiptLineAdd>")
    assert desk.balances() == {"Accounts Receivable": "-107.00", "Undeposited Funds": "107.00"}


def test_an_early_payment_discount_is_suggested_by_the_terms(desk: Desk) -> None:
    head = f"<TxnDate>2026-03-01</TxnDate>{ref('TermsRef', '2% 10 Net 30')}"
    record = desk.add("Invoice", invoice(line("Repair", "<Amount>50.00</Amount>"), head=head))
    assert (text(record, "SuggestedDiscountAmount"), text(record, "SuggestedDiscountDate")) == (
        "1.00",
        "2026-03-11",
    )
