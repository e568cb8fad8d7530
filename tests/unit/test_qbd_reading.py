"""What QuickBooks Desktop shows is read as records, facts and a profile; what is odd in it breaks nothing."""

import datetime as dt
from decimal import Decimal as D

import attrs
import pytest

from blueops_qb.domain.documents import (
    CustomerPayment,
    CustomerRecord,
    ExpenseDocument,
    JournalEntry,
    PaidBy,
    SalesInvoice,
    TaxMode,
)
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec import members
from blueops_qb.providers.qbd.codec.bodies import change, creation
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.company import file_id_of, profile_of, versions_of
from blueops_qb.providers.qbd.codec.members import Unwritable
from blueops_qb.providers.qbd.codec.places import place_of
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.qbxml.reading import read_text
from blueops_qb.providers.qbd.qbxml.writing import as_text
from blueops_qb.providers.qbd.settings import LocationAs, QbdSettings, SettingRefused
from blueops_qb.sdk.outcomes import BooksRecord
from tests.qbd_echo import Echo
from tests.qbd_samples import CUSTOMER, INVOICE, TAX, USUAL, read_back, update

HEAD = "<TimeModified>2026-01-02T03:04:05-08:00</TimeModified><EditSequence>17</EditSequence>"


def record(text: str, books: Books = USUAL) -> BooksRecord:
    found = record_of(read_text(text), books)
    assert found is not None
    return found


# --- the company ---

PREFERENCES = """<PreferencesRet>
<AccountingPreferences><IsUsingClassTracking>true</IsUsingClassTracking><ClosingDate>2025-12-31</ClosingDate>
</AccountingPreferences><MultiCurrencyPreferences><IsMultiCurrencyOn>true</IsMultiCurrencyOn><HomeCurrencyRef>
<ListID>1</ListID><FullName>US Dollar</FullName></HomeCurrencyRef></MultiCurrencyPreferences>
<SalesAndCustomersPreferences><IsAutoApplyingPayments>true</IsAutoApplyingPayments></SalesAndCustomersPreferences>
<SalesTaxPreferences><DefaultTaxableSalesTaxCodeRef><FullName>TX</FullName></DefaultTaxableSalesTaxCodeRef>
<DefaultNonTaxableSalesTaxCodeRef><FullName>NT</FullName></DefaultNonTaxableSalesTaxCodeRef></SalesTaxPreferences>
</PreferencesRet>"""
HOST = """<HostRet><ProductName>QuickBooks Enterprise</ProductName><MajorVersion>34</MajorVersion><Country>US</Country>
<SupportedQBXMLVersion>1.0</SupportedQBXMLVersion><SupportedQBXMLVersion>16.0</SupportedQBXMLVersion></HostRet>"""
COMPANY = """<CompanyRet><CompanyName>Ada Plumbing</CompanyName><DataExtRet><OwnerID>{1}</OwnerID>
<DataExtName>FileID</DataExtName><DataExtValue>{F-1}</DataExtValue></DataExtRet></CompanyRet>"""

DISCOUNTS = "<AccountRef><ListID>A-9</ListID></AccountRef>"


def test_host_company_and_preferences_become_one_profile() -> None:
    items = [
        read_text(
            f"<ItemDiscountRet><ListID>{id}</ListID><IsActive>{active}</IsActive>{DISCOUNTS}</ItemDiscountRet>"
        )
        for id, active in (("D-1", "false"), ("D-2", "true"), ("D-3", "true"))
    ]
    profile = profile_of(
        "file-1",
        host=read_text(HOST),
        company=read_text(COMPANY),
        preferences=read_text(PREFERENCES),
        items=items,
        settings=QbdSettings(location_as=LocationAs.CLASS),
    )
    assert profile == BooksProfile(
        discount_items={"A-9": "D-2"},
        company_id="file-1",
        company_name="Ada Plumbing",
        country="US",
        currency="USD",
        multicurrency=True,
        sales_tax=SalesTax.MANUAL,
        class_tracking=Tracking.PER_LINE,
        locations=True,
        closing_date=dt.date(2025, 12, 31),
        auto_apply_credits=True,
        plan="QuickBooks Enterprise 34",
        taxed_code="TX",
        untaxed_code="NT",
    )
    assert file_id_of(read_text(COMPANY)) == "{F-1}"
    assert versions_of(read_text(HOST)) == ("1.0", "16.0")


def test_what_a_company_does_not_say_keeps_the_cautious_default() -> None:
    bare = profile_of("f", host=None, company=None, preferences=read_text("<PreferencesRet/>"))
    assert (bare.sales_tax, bare.class_tracking, bare.closing_date) == (SalesTax.OFF, Tracking.OFF, None)
    silent = profile_of("f", host=None, company=None, preferences=None)
    assert silent.sales_tax is SalesTax.UNKNOWN


def test_the_company_s_own_words_mark_what_is_taxed() -> None:
    books = Books(profile=BooksProfile(sales_tax=SalesTax.MANUAL, taxed_code="TX", untaxed_code="NT"))
    codes = [
        line.get("SalesTaxCodeRef", "FullName")
        for line in creation(INVOICE, books).children[0].all("InvoiceLineAdd")
    ]
    assert codes == ["NT", "TX", "TX"]


# --- lists ---


@pytest.mark.parametrize(
    ("text", "kind", "facts"),
    [
        (
            "<AccountRet><ListID>1</ListID><Name>Payroll</Name><FullName>Cash:Payroll</FullName><ParentRef>"
            "<ListID>2</ListID></ParentRef><AccountType>OtherCurrentAsset</AccountType><SpecialAccountType>"
            "UndepositedFunds</SpecialAccountType><AccountNumber>1090</AccountNumber></AccountRet>",
            BooksKind.ACCOUNT,
            {"account_type": "OtherCurrentAsset", "account_subtype": "UndepositedFunds", "parent": "2"},
        ),
        (
            "<ItemServiceRet><ListID>1</ListID><Name>Labor</Name><SalesAndPurchase><IncomeAccountRef><ListID>7</ListID>"
            "</IncomeAccountRef><ExpenseAccountRef><ListID>8</ListID></ExpenseAccountRef></SalesAndPurchase>"
            "</ItemServiceRet>",
            BooksKind.ITEM,
            {"item_type": "Service", "income_account": "7", "expense_account": "8"},
        ),
        (
            "<ItemSalesTaxGroupRet><ListID>1</ListID><Name>Reno</Name><ItemSalesTaxRef><ListID>5</ListID>"
            "</ItemSalesTaxRef><ItemSalesTaxRef><ListID>6</ListID></ItemSalesTaxRef></ItemSalesTaxGroupRet>",
            BooksKind.TAX_CODE,
            {"group": "true", "rates": "5 6"},
        ),
        (
            "<StandardTermsRet><ListID>1</ListID><Name>Net 30</Name><StdDueDays>30</StdDueDays></StandardTermsRet>",
            BooksKind.TERM,
            {"due_days": "30"},
        ),
        (
            "<OtherNameRet><ListID>1</ListID><Name>Bob</Name></OtherNameRet>",
            BooksKind.EMPLOYEE,
            {"type": "OtherName"},
        ),
    ],
)
def test_lists_are_read_with_the_facts_that_the_mapping_asks_for(
    text: str, kind: BooksKind, facts: dict[str, str]
) -> None:
    found = record(text)
    assert found.kind is kind
    assert facts.items() <= found.facts.items()
    assert found.active
    assert found.document is None


def test_a_job_bears_its_full_name_in_the_books_and_its_own_in_the_document() -> None:
    found = record(
        f"<CustomerRet><ListID>1</ListID>{HEAD}<Name>Kitchen</Name><FullName>Ada:Kitchen</FullName>"
        "<ParentRef><ListID>8</ListID></ParentRef><IsActive>false</IsActive></CustomerRet>"
    )
    assert (found.name, found.active, found.version) == ("Ada:Kitchen", False, "17")
    assert found.document is not None
    assert getattr(found.document, "name", "") == "Kitchen"
    assert found.facts["modified"] == "2026-01-02T03:04:05"


# --- transactions ---


def test_a_void_check_is_seen_by_its_memo_and_its_amounts() -> None:
    text = (
        f"<CheckRet><TxnID>1</TxnID>{HEAD}<AccountRef><ListID>C</ListID></AccountRef><RefNumber>12</RefNumber>"
        "<TxnDate>2026-01-02</TxnDate><Amount>0.00</Amount><Memo>VOID: Pump [BO:expense:3.1]</Memo></CheckRet>"
    )
    found = record(text)
    assert isinstance(found.document, ExpenseDocument)
    assert found.document.void
    assert found.document.paid_by is PaidBy.CHECK
    assert found.marker == "expense:3.1"
    paid = record(text.replace("0.00", "5.00"))
    assert isinstance(paid.document, ExpenseDocument)
    assert not paid.document.void


def test_a_payment_shows_what_it_settles_with_money_and_with_credits() -> None:
    text = (
        f"<ReceivePaymentRet><TxnID>1</TxnID>{HEAD}<CustomerRef><ListID>8</ListID></CustomerRef>"
        "<TxnDate>2026-01-02</TxnDate><TotalAmount>70</TotalAmount><AppliedToTxnRet><TxnID>I</TxnID><TxnType>Invoice"
        "</TxnType><Amount>70.00</Amount><LinkedTxn><TxnID>M</TxnID><TxnType>CreditMemo</TxnType><Amount>-30.00</Amount>"
        "</LinkedTxn></AppliedToTxnRet></ReceivePaymentRet>"
    )
    found = record(text)
    assert isinstance(found.document, CustomerPayment)
    parts = [(part.invoice, part.amount) for part in found.document.allocations]
    memo = BooksRef(BooksKind.CREDIT_MEMO, "M")
    assert parts == [(BooksRef(BooksKind.INVOICE, "I"), D("100.00")), (memo, D("-30.00"))]
    assert found.linked == (BooksRef(BooksKind.INVOICE, "I"), memo)
    held = record(text, attrs.evolve(USUAL, settings=QbdSettings(applied_holds_credits=True)))
    assert isinstance(held.document, CustomerPayment)
    assert held.document.allocations[0].amount == D("70.00")


def test_a_journal_entry_finds_its_marker_in_its_lines() -> None:
    line = "<TxnLineID>1</TxnLineID><AccountRef><ListID>A</ListID></AccountRef><Amount>5.00</Amount>"
    found = record(
        f"<JournalEntryRet><TxnID>1</TxnID>{HEAD}<TxnDate>2026-01-02</TxnDate><JournalDebitLine>{line}"
        f"<Memo>Use tax [BO:invoice:7/use_tax/1.1]</Memo></JournalDebitLine><JournalCreditLine>{line}"
        "</JournalCreditLine></JournalEntryRet>"
    )
    assert found.marker == "invoice:7/use_tax/1.1"
    assert isinstance(found.document, JournalEntry)
    assert [line_.description for line_ in found.document.lines] == ["Use tax", ""]


def test_what_cannot_be_read_leaves_a_record_without_a_document() -> None:
    found = record(f"<InvoiceRet><TxnID>1</TxnID>{HEAD}<TxnDate>soon</TxnDate></InvoiceRet>")
    assert found.document is None
    assert found.facts["unreadable"].startswith("ValueError")
    assert record_of(read_text("<VehicleRet><ListID>1</ListID></VehicleRet>")) is None
    assert record_of(read_text("<InvoiceRet><RefNumber>7</RefNumber></InvoiceRet>")) is None


# --- changes ---


def test_only_the_line_that_changed_is_told_and_the_others_keep_their_place() -> None:
    shown = read_back(INVOICE, USUAL, creation(INVOICE, USUAL))
    first, second = INVOICE.lines
    moved = attrs.evolve(INVOICE, lines=(first, attrs.evolve(second, description="Valve kit, brass")))
    block = change(moved, update(shown, moved, told=INVOICE), USUAL).children[0]
    lines = list(block.all("InvoiceLineMod"))
    assert [len(line.children) for line in lines] == [1, 5, 1]
    assert lines[1].get("Desc") == "Valve kit, brass"


def test_a_line_put_between_others_is_written_behind_them_with_all_that_follow() -> None:
    shown = read_back(INVOICE, USUAL, creation(INVOICE, USUAL))
    first, second = INVOICE.lines
    new = attrs.evolve(first, description="Inspection")
    moved = attrs.evolve(INVOICE, lines=(first, new, second), total=None)
    ids = [
        line.get("TxnLineID")
        for line in change(moved, update(shown, moved), USUAL).children[0].all("InvoiceLineMod")
    ]
    assert ids == ["L1", "-1", "-1", "-1"]
    between = attrs.evolve(USUAL, settings=QbdSettings(lines_between=True))
    ids = [
        line.get("TxnLineID")
        for line in change(moved, update(shown, moved), between).children[0].all("InvoiceLineMod")
    ]
    assert ids == ["L1", "-1", "L2", "L3"]


def test_another_tax_item_is_told_also_where_the_tax_is_quickbooks_to_say() -> None:
    shown = read_back(INVOICE, USUAL, creation(INVOICE, USUAL))
    other = BooksRef(BooksKind.TAX_CODE, "T-2")
    theirs = attrs.evolve(INVOICE, tax_mode=TaxMode.BOOKS, tax=None, total=None)
    assert theirs.tax_code == TAX
    moved = attrs.evolve(theirs, tax_code=other)
    block = change(moved, update(shown, moved, told=theirs), USUAL).children[0]
    assert block.get("ItemSalesTaxRef", "ListID") == "T-2"
    same = change(theirs, update(shown, theirs, told=theirs), USUAL).children[0]
    assert not same.has("ItemSalesTaxRef")


def test_a_line_that_stands_there_as_taxable_is_told_not_to_be_where_we_charge_no_tax() -> None:
    """Also where QuickBooks computed a tax of 0.00 on it, so that the tax itself did not move."""
    theirs = attrs.evolve(INVOICE, tax_mode=TaxMode.BOOKS, tax=None, total=None, discount=D("0.00"))
    record = record_of(Echo().show(creation(theirs, USUAL)), USUAL)
    assert record is not None
    free = attrs.evolve(INVOICE, tax=D("0.00"), total=D("400.00"), discount=D("0.00"))
    block = change(free, update(record, free), USUAL).children[0]
    codes = [line.get("SalesTaxCodeRef", "FullName") for line in block.all("InvoiceLineMod")]
    assert codes == ["", "Non"]


def test_a_job_that_becomes_a_customer_loses_the_certificate_that_stood_there() -> None:
    job = CustomerRecord(name="Kitchen", parent=CUSTOMER, taxable=False, certificate="R-1")
    shown = read_back(job, USUAL, creation(job, USUAL))
    alone = attrs.evolve(job, parent=None, certificate="")
    block = change(alone, update(shown, alone, told=job), USUAL).children[0]
    assert [(child.name, child.text) for child in block.children][2:] == [
        ("ParentRef", ""),
        ("ResaleNumber", ""),
    ]


GROUPED = (
    f"<InvoiceRet><TxnID>1</TxnID>{HEAD}<CustomerRef><ListID>8-1</ListID></CustomerRef><TxnDate>2026-01-02</TxnDate>"
    "<RefNumber>BO-10023</RefNumber><Subtotal>30.00</Subtotal><SalesTaxTotal>0.00</SalesTaxTotal><InvoiceLineRet>"
    "<TxnLineID>L1</TxnLineID><ItemRef><ListID>9-1</ListID></ItemRef><Desc>Trip</Desc><Amount>10.00</Amount>"
    "</InvoiceLineRet><InvoiceLineGroupRet><TxnLineID>G1</TxnLineID><ItemGroupRef><ListID>G</ListID><FullName>Heater"
    "</FullName></ItemGroupRef><TotalAmount>20.00</TotalAmount><InvoiceLineRet><TxnLineID>L2</TxnLineID><ItemRef>"
    "<ListID>9-1</ListID></ItemRef><Desc>Tank</Desc><Amount>20.00</Amount></InvoiceLineRet></InvoiceLineGroupRet>"
    "</InvoiceRet>"
)


def test_a_group_stays_whole_or_the_change_is_refused() -> None:
    books = Books(profile=BooksProfile(sales_tax=SalesTax.OFF))
    shown = record(GROUPED, books)
    assert isinstance(shown.document, SalesInvoice)
    trip, tank = shown.document.lines
    assert (trip.amount, tank.amount) == (D("10.00"), D("20.00"))
    moved = attrs.evolve(shown.document, lines=(attrs.evolve(trip, description="Travel"), tank))
    block = change(moved, update(shown, moved), books).children[0]
    assert [
        (child.name, child.get("TxnLineID")) for child in block.all("InvoiceLineMod", "InvoiceLineGroupMod")
    ] == [
        ("InvoiceLineMod", "L1"),
        ("InvoiceLineGroupMod", "G1"),
    ]
    broken = attrs.evolve(shown.document, lines=(trip, attrs.evolve(tank, description="Larger tank")))
    with pytest.raises(Unwritable, match="group “Heater”"):
        change(broken, update(shown, broken), books)


# --- addresses, fields, places ---


def test_a_long_address_goes_on_below_and_the_name_above_is_no_part_of_it() -> None:
    long = Address(line1="c/o Building Management, 1200 Mountain View Boulevard, Suite 400", city="Reno")
    block = members.address("BillAddress", long, label="Ada Plumbing")
    assert block is not None
    assert [block.get(f"Addr{n}") for n in (1, 2, 3, 4)] == [
        "Ada Plumbing",
        "c/o Building Management, 1200 Mountain",
        "View Boulevard, Suite 400",
        "",
    ]
    holder = read_text(f"<R>{as_text(block)}</R>")
    found = members.address_of(holder, "BillAddress", labels=frozenset({"ada plumbing"}))
    assert found == members.plain_address(long)
    with pytest.raises(Unwritable, match="needs 6 lines"):
        members.address("BillAddress", Address(line1="word " * 40), label="Ada")


@pytest.mark.parametrize(
    ("lines", "street"),
    [
        (("Hill, Ada", "1 Pump St"), "1 Pump St"),
        (("Ada Hill", "1 Pump St"), "1 Pump St"),
        (("Hill House", "1 Pump St"), "Hill House"),
        (("Hill, Ada",), "Hill, Ada"),
    ],
)
def test_a_name_above_an_address_may_tell_its_words_the_other_way_round(
    lines: tuple[str, ...], street: str
) -> None:
    block = "".join(f"<Addr{n}>{line}</Addr{n}>" for n, line in enumerate(lines, 1))
    ret = f"<CustomerRet><ListID>1</ListID><Name>Ada Hill</Name><BillAddress>{block}</BillAddress></CustomerRet>"
    found = record_of(read_text(ret), USUAL)
    assert found is not None
    assert isinstance(found.document, CustomerRecord)
    assert found.document.billing is not None
    assert found.document.billing.line1 == street


def test_above_the_address_of_a_job_stands_its_customer_never_its_own_name() -> None:
    ret = (
        "<CustomerRet><ListID>1</ListID><Name>12 Quay Rd</Name><ParentRef><FullName>Ada Hill</FullName></ParentRef>"
        "<BillAddress><Addr1>{}</Addr1></BillAddress></CustomerRet>"
    )
    for line, kept in (("12 Quay Rd", "12 Quay Rd"), ("Ada Hill", None)):
        found = record_of(read_text(ret.format(line)), USUAL)
        assert found is not None
        assert isinstance(found.document, CustomerRecord)
        billing = found.document.billing
        assert (None if billing is None else billing.line1) == kept


@pytest.mark.parametrize("way", LocationAs)
def test_a_location_is_told_in_the_field_other_by_that_policy_alone(way: LocationAs) -> None:
    settings = QbdSettings(location_as=way, locations=("North",))
    books = attrs.evolve(USUAL, settings=settings)
    placed = attrs.evolve(INVOICE, location=BooksRef(BooksKind.LOCATION, "North"))
    told = creation(placed, books).children[0].get("Other")
    assert told == ("North" if way is LocationAs.FIELD else "")
    for shown, place in (("North", "North"), (" north", "North"), ("Truck 5", None), ("", None)):
        found = place_of(read_text(f"<InvoiceRet><Other>{shown}</Other></InvoiceRet>"), books)
        assert found == (BooksRef(BooksKind.LOCATION, place) if place and way is LocationAs.FIELD else None)


@pytest.mark.parametrize(
    ("key", "text", "words"),
    [
        ("LOCATION_AS", "field", "LOCATIONS names no places"),
        ("LOCATIONS", "North; north", "names 'north' twice"),
        ("LOCATIONS", "N" * 30, "keeps at most 29 of its own characters"),
        ("LOCATIONS", "Łódź", "of its own characters"),
    ],
)
def test_places_that_cannot_be_told_are_refused(key: str, text: str, words: str) -> None:
    with pytest.raises(SettingRefused, match=words):
        QbdSettings.from_environment({f"BLUEOPS_QB_QBD_{key}": text})


def test_places_are_named_with_semicolons() -> None:
    told = {"BLUEOPS_QB_QBD_LOCATION_AS": "field", "BLUEOPS_QB_QBD_LOCATIONS": " Reno ;Carson City; "}
    assert QbdSettings.from_environment(told).locations == ("Reno", "Carson City")


def test_a_location_as_a_class_is_that_of_every_line_without_one() -> None:
    books = attrs.evolve(USUAL, settings=QbdSettings(location_as=LocationAs.CLASS))
    placed = attrs.evolve(INVOICE, location=BooksRef(BooksKind.LOCATION, "N-1"))
    lines = creation(placed, books).children[0].all("InvoiceLineAdd")
    assert {line.get("ClassRef", "ListID") for line in lines if line.get("ItemRef", "ListID") == "9-1"} == {
        "N-1"
    }
