"""Lists of the Desktop twin: names, parents, use, deletion, what a Mod clears and keeps."""

from __future__ import annotations

import pytest

from blueops_qb.sandbox.qbd.kinds import LIST_KINDS
from tests.qbd_twin import Desk, modification, new_desk, ref, text


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def add(kind: str, members: str) -> str:
    return f"<{kind}AddRq><{kind}Add>{members}</{kind}Add></{kind}AddRq>"


def test_a_name_is_taken_whatever_its_case_and_kind(desk: Desk) -> None:
    for kind in ("Customer", "Vendor", "OtherName"):
        assert desk.refused(add(kind, "<Name>PIPE depot</Name>")) == 3100
    assert desk.refused(add("Employee", "<FirstName>Pipe</FirstName><LastName>Depot</LastName>")) == 3100


def test_a_job_needs_a_name_of_its_own_under_its_parent_only(desk: Desk) -> None:
    parent = ref("ParentRef", "Larkin Offices")
    job = desk.add("Customer", f"<Name>Kitchen</Name>{parent}")
    assert (text(job, "FullName"), text(job, "Sublevel")) == ("Larkin Offices:Kitchen", "1")
    assert desk.refused(add("Customer", f"<Name>kitchen</Name>{parent}")) == 3100


def test_names_of_items_are_unique_over_all_kinds_of_item(desk: Desk) -> None:
    members = f"<Name>repair</Name><SalesOrPurchase>{ref('AccountRef', 'Inspections')}</SalesOrPurchase>"
    assert desk.refused(add("ItemNonInventory", members)) == 3100


def test_an_inactive_name_stays_taken_and_is_hidden_from_a_plain_query(desk: Desk) -> None:
    record = desk.add("Customer", "<Name>Gone Fishing</Name><IsActive>false</IsActive>")
    plain = [text(found, "Name") for found in desk.query("Customer")]
    every = [text(found, "Name") for found in desk.query("Customer", "<ActiveStatus>All</ActiveStatus>")]
    assert "Gone Fishing" not in plain
    assert "Gone Fishing" in every
    assert desk.refused(add("Customer", "<Name>Gone Fishing</Name>")) == 3100
    assert len(desk.query("Customer", f"<ListID>{text(record, 'ListID')}</ListID>")) == 1


def test_a_colon_an_empty_name_and_a_sixth_level_are_refused(desk: Desk) -> None:
    assert desk.refused(add("Customer", "<Name>A:B</Name>")) == 3210
    assert desk.refused(add("Customer", "<Name>  </Name>")) == 3150
    path = "L1"
    desk.add("Customer", "<Name>L1</Name>")
    for level in range(2, 6):
        desk.add("Customer", f"<Name>L{level}</Name>{ref('ParentRef', path)}")
        path += f":L{level}"
    assert desk.refused(add("Customer", f"<Name>L6</Name>{ref('ParentRef', path)}")) == 3130


def test_a_member_cannot_stand_below_itself(desk: Desk) -> None:
    (parent,) = desk.query("Customer", "<FullName>Ashby, Nora</FullName>")
    assert desk.refused(modification("Customer", parent, ref("ParentRef", "Ashby, Nora:Kitchen"))) == 3130


def test_renaming_a_customer_renames_its_jobs_and_keeps_the_ids(desk: Desk) -> None:
    (parent,) = desk.query("Customer", "<FullName>Ashby, Nora</FullName>")
    (job,) = desk.query("Customer", "<FullName>Ashby, Nora:Kitchen</FullName>")
    desk.mod(parent, "<Name>Ashby, N.</Name>")
    (found,) = desk.query("Customer", "<FullName>ashby, n.:kitchen</FullName>")
    assert text(found, "ListID") == text(job, "ListID")
    assert (
        desk.ask("<CustomerQueryRq><FullName>Ashby, Nora</FullName></CustomerQueryRq>").get("statusCode")
        == "500"
    )


def test_a_mod_keeps_what_it_does_not_name_and_clears_what_is_empty(desk: Desk) -> None:
    record = desk.add(
        "Customer", f"<Name>Clear Me</Name><Phone>1</Phone><Fax>2</Fax>{ref('TermsRef', 'Net 30')}"
    )
    changed = desk.mod(record, "<Phone></Phone><TermsRef></TermsRef>")
    assert (text(changed, "Phone"), text(changed, "Fax"), changed.find("TermsRef")) == ("", "2", None)
    assert int(text(changed, "EditSequence")) > int(text(record, "EditSequence"))


def test_what_is_used_cannot_be_deleted_and_what_is_not_is_remembered(desk: Desk) -> None:
    def delete(kind: str, identity: str) -> str:
        return f"<ListDelRq><ListDelType>{kind}</ListDelType><ListID>{identity}</ListID></ListDelRq>"

    (parent,) = desk.query("Customer", "<FullName>Ashby, Nora</FullName>")
    assert desk.refused(delete("Customer", text(parent, "ListID"))) == 3160
    (undeposited,) = desk.query("Account", "<FullName>Undeposited Funds</FullName>")
    assert desk.refused(delete("Account", text(undeposited, "ListID"))) == 3160
    spare = desk.add("Customer", "<Name>Spare</Name>")
    assert text(desk.done(delete("Customer", text(spare, "ListID"))), "FullName") == "Spare"
    asked = "<ListDeletedQueryRq><ListDelType>Customer</ListDelType></ListDeletedQueryRq>"
    assert [text(note, "ListID") for note in desk.ask(asked)] == [text(spare, "ListID")]
    desk.time.move(days=91)
    assert desk.ask(asked).get("statusCode") == "1"
    assert desk.add("Customer", "<Name>Spare</Name>") is not None


def test_an_open_window_holds_a_record(desk: Desk) -> None:
    (record,) = desk.query("Vendor", "<FullName>Pipe Depot</FullName>")
    desk.bookkeeper.open_window(text(record, "ListID"))
    assert desk.refused(modification("Vendor", record, "<Phone>1</Phone>")) == 3175
    desk.bookkeeper.close_windows()
    desk.mod(record, "<Phone>1</Phone>")


def test_an_item_is_sold_on_one_account_until_it_is_bought_too(desk: Desk) -> None:
    item = desk.add(
        "ItemService",
        f"<Name>Camera</Name><SalesOrPurchase><Price>80</Price>{ref('AccountRef', 'Inspections')}</SalesOrPurchase>",
    )
    assert text(item, "SalesOrPurchase/Price") == "80.00"
    both = desk.mod(
        item,
        f"<SalesAndPurchaseMod><SalesPrice>90.5</SalesPrice>{ref('IncomeAccountRef', 'Inspections')}<PurchaseCost>40"
        f"</PurchaseCost>{ref('ExpenseAccountRef', 'Equipment Rental')}</SalesAndPurchaseMod>",
    )
    assert (text(both, "SalesAndPurchase/SalesPrice"), both.find("SalesOrPurchase")) == ("90.50", None)
    back = f"<SalesOrPurchaseMod>{ref('AccountRef', 'Inspections')}</SalesOrPurchaseMod>"
    assert desk.refused(modification("ItemService", both, back)) == 3210


def test_an_item_without_the_account_it_needs_is_refused(desk: Desk) -> None:
    assert (
        desk.refused(add("ItemService", "<Name>X</Name><SalesOrPurchase><Price>1</Price></SalesOrPurchase>"))
        == 3150
    )


def test_an_account_is_made_but_none_of_quickbooks_own(desk: Desk) -> None:
    parent = ref("ParentRef", "Fuel")
    made = desk.add("Account", f"<Name>Diesel</Name>{parent}<AccountType>Expense</AccountType>")
    assert (text(made, "FullName"), text(made, "TotalBalance")) == ("Fuel:Diesel", "0.00")
    assert desk.refused(add("Account", "<Name>Quotes</Name><AccountType>NonPosting</AccountType>")) == 3210
    opened = "<Name>Till</Name><AccountType>Bank</AccountType><OpenBalance>5.00</OpenBalance>"
    assert desk.refused(add("Account", opened)) == 1030


def test_classes_are_refused_where_the_company_does_not_track_them(desk: Desk) -> None:
    members = f"<Name>Classy</Name>{ref('ClassRef', 'Drain')}"
    desk.bookkeeper.prefer("AccountingPreferences", "IsUsingClassTracking", "false")
    assert desk.refused(add("Customer", members)) == 3250


def test_sales_tax_is_refused_where_it_is_off(desk: Desk) -> None:
    desk.bookkeeper.without_sales_tax()
    assert desk.refused(add("Customer", f"<Name>Taxed</Name>{ref('SalesTaxCodeRef', 'Tax')}")) == 3250
    assert desk.done("<PreferencesQueryRq/>").find("SalesTaxPreferences") is None


def test_merging_moves_everything_and_shows_as_a_deletion(desk: Desk) -> None:
    loser, winner = (desk.add("Customer", f"<Name>{name}</Name>") for name in ("Twice", "Once"))
    line = f"<InvoiceLineAdd>{ref('ItemRef', 'Repair')}<Amount>5.00</Amount></InvoiceLineAdd>"
    invoice = desk.add("Invoice", f"{ref('CustomerRef', 'Twice')}{line}")
    desk.bookkeeper.merge("Customer", text(loser, "ListID"), text(winner, "ListID"))
    (found,) = desk.query("Invoice", f"<TxnID>{text(invoice, 'TxnID')}</TxnID>")
    assert text(found, "CustomerRef/FullName") == "Once"
    (now,) = desk.query("Customer", "<FullName>Once</FullName>")
    assert text(now, "Balance") == "5.00"
    asked = "<ListDeletedQueryRq><ListDelType>Customer</ListDelType></ListDeletedQueryRq>"
    assert [text(note, "ListID") for note in desk.ask(asked)] == [text(loser, "ListID")]


def test_who_holds_a_name_is_told_over_all_kinds(desk: Desk) -> None:
    found = desk.query("Entity", "<FullName>Pipe Depot</FullName><FullName>Omar Reyes</FullName>")
    assert [record.tag for record in found] == ["VendorRet", "EmployeeRet"]


def test_private_data_needs_a_definition_and_is_shown_to_its_owner_only(desk: Desk) -> None:
    owner = "{00000000-0000-4000-8000-0000000000aa}"
    write = (
        f"<DataExtAddRq><DataExtAdd><OwnerID>{owner}</OwnerID><DataExtName>Link</DataExtName><ListDataExtType>Customer"
        f"</ListDataExtType>{ref('ListObjRef', 'Larkin Offices')}<DataExtValue>42</DataExtValue></DataExtAdd>"
        "</DataExtAddRq>"
    )
    assert desk.refused(write) == 3121
    desk.done(
        f"<DataExtDefAddRq><DataExtDefAdd><OwnerID>{owner}</OwnerID><DataExtName>Link</DataExtName><DataExtType>"
        "STR255TYPE</DataExtType><AssignToObject>Customer</AssignToObject></DataExtDefAdd></DataExtDefAddRq>"
    )
    desk.done(write)
    name = "<FullName>Larkin Offices</FullName>"
    (plain,), (mine,) = (desk.query("Customer", name + tail) for tail in ("", f"<OwnerID>{owner}</OwnerID>"))
    assert (plain.find("DataExtRet"), text(mine, "DataExtRet/DataExtValue")) == (None, "42")


def test_every_kind_of_list_can_be_asked_for(desk: Desk) -> None:
    kinds = [*LIST_KINDS, "Terms", "Item", "Entity"]
    empty = [kind for kind in kinds if not desk.query(kind)]
    assert empty == ["SalesRep"]
