"""Lines and links of the twin's sales forms: bundles, shipping, markup, custom fields, estimates, billed costs."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.sales_forms import NEVADA, TAXED, accounts, discount, items, shipping
from tests.twin_calls import Caller, calling, expense_line, invoice, sales_line

D = Decimal


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


# --- bundles ------------------------------------------------------------------------------------------------


def make_bundle(qbo: Caller) -> str:
    """A bundle of one repair and three fittings, made on the screens."""
    ids = items(qbo)
    parts = [
        {"ItemRef": {"value": ids["Repair"]}, "Qty": 1},
        {"ItemRef": {"value": ids["Fixtures"]}, "Qty": 3},
    ]
    body = {"Name": "Bathroom set", "Type": "Group", "ItemGroupDetail": {"ItemGroupLine": parts}}
    made = qbo.admin("do", action="create", kind="Item", body=body | {"Description": "All in"})
    return str(made["result"]["Id"])


def bundle_line(bundle: str, **detail: Any) -> dict[str, Any]:
    inner = {"GroupItemRef": {"value": bundle}} | detail
    return {"DetailType": "GroupLineDetail", "GroupLineDetail": inner}


def test_a_bundle_is_expanded_into_its_parts(qbo: Caller) -> None:
    bundle = make_bundle(qbo)
    made = qbo.create(
        "Invoice", invoice("1", sales_line("10"), bundle_line(bundle, Quantity=2), TxnTaxDetail=NEVADA)
    )
    group = made["Line"][1]
    parts = group["GroupLineDetail"]["Line"]
    assert (group["Amount"], group["Description"]) == (1330, "All in")
    assert [(p["Amount"], p["SalesItemLineDetail"]["Qty"]) for p in parts] == [(250, 2), (1080, 6)]
    assert [line["Id"] for line in (made["Line"][0], group, *parts)] == ["1", "2", "3", "4"]
    assert made["Line"][2]["Amount"] == 1340
    assert made["TxnTaxDetail"]["TotalTax"] == 75.6
    assert qbo.ledger_of("Invoice", made["Id"]) == {
        "1100": D("1415.60"),
        "4010": D("-260.00"),
        "4110": D("-1080.00"),
        "2200": D("-75.60"),
    }
    parts[0]["Amount"], parts[0]["SalesItemLineDetail"]["UnitPrice"] = 240, 120
    lines = [line for line in made["Line"] if "Id" in line]
    changed = qbo.update("Invoice", made, Line=lines)
    assert changed["Line"][1]["Amount"] == 1320
    assert [p["Id"] for p in changed["Line"][1]["GroupLineDetail"]["Line"]] == ["3", "4"]


def test_what_is_wrong_with_a_bundle_has_its_code(qbo: Caller) -> None:
    bundle = make_bundle(qbo)
    read = qbo.read("Item", bundle)
    assert [row["Qty"] for row in read["ItemGroupDetail"]["ItemGroupLine"]] == [1, 3]
    assert qbo.refuses("Item", {"Name": "Set", "Type": "Group"}) == "6000"
    assert qbo.refuses("Invoice", invoice("1", bundle_line("1"))) == "2500"
    assert qbo.refuses("Invoice", invoice("1", sales_line("10", item=bundle))) == "2500"
    empty = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"Quantity": 2}}
    assert qbo.refuses("Invoice", invoice("1", empty)) == "2020"


# --- shipping, discount, markup, text -----------------------------------------------------------------------


def test_shipping_stands_below_the_subtotal_and_may_be_taxed(qbo: Caller) -> None:
    ids, chart = items(qbo), accounts(qbo)
    lines = [
        shipping(12, TaxCodeRef=TAXED) | {"Id": "9"},
        sales_line("100", item=ids["Fixtures"], TaxCodeRef=TAXED),
        discount(percent=10),
    ]
    body = invoice("1", *lines, TxnTaxDetail=NEVADA, ApplyTaxAfterDiscount=True)
    qbo.admin("preferences", **{"SalesFormsPrefs.DefaultShippingAccount": chart["4800"]})
    made = qbo.create("Invoice", body)
    kinds = [line["DetailType"] for line in made["Line"]]
    assert kinds == ["SalesItemLineDetail", "SubTotalLineDetail", "DiscountLineDetail", "SalesItemLineDetail"]
    last = made["Line"][-1]
    assert last == {
        "Amount": 12,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "SHIPPING_ITEM_ID"}, "TaxCodeRef": TAXED},
    }
    assert made["Line"][1]["Amount"] == 100
    # (100 - 10 + 12) taxed with 7 percent
    assert made["TotalAmt"] == 109.14
    assert qbo.ledger_of("Invoice", made["Id"])["4800"] == -12
    again = qbo.update(
        "Invoice", made, Line=[line for line in made["Line"] if "SubTotal" not in line["DetailType"]]
    )
    assert again["TotalAmt"] == 109.14
    assert again["Line"] == made["Line"]
    qbo.admin("preferences", **{"SalesFormsPrefs.AllowShipping": False})
    assert qbo.refuses("Invoice", body) == "6000"
    plain = invoice(
        "1", sales_line("1"), TrackingNum="1Z", ShipMethodRef={"value": "FedEx"}, ShipDate="2026-01-01"
    )
    assert not {"TrackingNum", "ShipMethodRef", "ShipDate"} & qbo.create("Invoice", plain).keys()


def test_ship_to_members_are_kept(qbo: Caller) -> None:
    shipped = {
        "ShipMethodRef": {"value": "FedEx", "name": "FedEx"},
        "ShipDate": "2026-01-09",
        "TrackingNum": "1Z",
        "ShipAddr": {"Line1": "9 Dock Rd", "City": "Truckee", "CountrySubDivisionCode": "CA"},
        "ShipFromAddr": {"Line1": "410 Truckee Ave"},
    }
    made = qbo.create("SalesReceipt", invoice("1", sales_line("5"), **shipped))
    assert {name: made[name] for name in shipped} == shipped


def test_markup_alone_is_a_percentage_of_what_stands_above(qbo: Caller) -> None:
    chart = accounts(qbo)
    income = {"MarkUpIncomeAccountRef": {"value": chart["4710"]}}
    by_rate = {"MarkupInfo": {"PercentBased": True, "Percent": 15} | income}
    fixed = {"MarkupInfo": {"PercentBased": False, "Value": 3} | income}
    lines = [
        sales_line("200"),
        {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": by_rate},
        {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": fixed},
    ]
    made = qbo.create("Invoice", invoice("1", *lines))
    assert [line["Amount"] for line in made["Line"]] == [200, 30, 3, 233]
    assert made["Line"][1]["SalesItemLineDetail"]["MarkupInfo"]["Percent"] == 15
    assert qbo.ledger_of("Invoice", made["Id"])["4710"] == -33
    kept = qbo.update("Invoice", made, PrivateNote="x")
    assert kept["TotalAmt"] == 233
    on_item = sales_line("50", MarkupInfo={"PercentBased": True, "Percent": 10})
    assert qbo.create("Invoice", invoice("1", on_item))["TotalAmt"] == 50


def test_text_lines_carry_no_amount_and_service_dates_are_kept(qbo: Caller) -> None:
    text = {"DetailType": "DescriptionOnly", "Description": "Upstairs", "Amount": 99}
    made = qbo.create("Estimate", invoice("1", text, sales_line("5", ServiceDate="2026-01-07")))
    assert "Amount" not in made["Line"][0]
    assert made["TotalAmt"] == 5
    assert made["Line"][1]["SalesItemLineDetail"]["ServiceDate"] == "2026-01-07"
    rate = sales_line("5", DiscountRate=5, DiscountAmt=1)
    detail = qbo.create("Invoice", invoice("1", rate))["Line"][0]["SalesItemLineDetail"]
    assert (detail["DiscountRate"], "DiscountAmt" in detail) == (5, False)


def test_a_deposit_on_the_form_goes_where_it_says(qbo: Caller) -> None:
    chart = accounts(qbo)
    made = qbo.create("Invoice", invoice("1", sales_line("100"), Deposit=30))
    assert made["DepositToAccountRef"]["name"] == "Undeposited Funds"
    bank = {"DepositToAccountRef": {"value": chart["1000"]}}
    other = qbo.create("Invoice", invoice("1", sales_line("100"), Deposit=40, **bank))
    assert qbo.ledger_of("Invoice", other["Id"]) == {"1100": D(60), "1000": D(40), "4010": D(-100)}
    income = {"DepositToAccountRef": {"value": chart["4010"]}}
    assert qbo.refuses("Invoice", invoice("1", sales_line("100"), Deposit=40, **income)) == "6430"
    assert qbo.refuses("Invoice", invoice("1", sales_line("100"), Deposit=-1)) == "6000"
    qbo.admin("preferences", **{"SalesFormsPrefs.AllowDeposit": False})
    assert qbo.refuses("Invoice", invoice("1", sales_line("100"), Deposit=40)) == "6000"


def test_taxed_forms_have_at_most_750_lines(qbo: Caller) -> None:
    lines = [sales_line("1", TaxCodeRef=TAXED) for _ in range(751)]
    assert qbo.refuses("Invoice", invoice("1", *lines, TxnTaxDetail=NEVADA)) == "6000"
    assert qbo.create("Invoice", invoice("1", *lines))["TotalAmt"] == 751


# --- custom fields ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Invoice", "Estimate", "CreditMemo", "SalesReceipt"])
def test_custom_fields_are_those_of_the_preferences(qbo: Caller, kind: str) -> None:
    field = {"DefinitionId": "1", "Type": "StringType", "StringValue": "Crew 7"}
    made = qbo.create(kind, invoice("1", sales_line("5"), CustomField=[field]))
    assert made["CustomField"] == [field | {"Name": "Crew #"}]
    cleared = qbo.update(kind, made, CustomField=[{"DefinitionId": "1", "StringValue": ""}])
    assert "CustomField" not in cleared
    second = [{"DefinitionId": "2", "StringValue": "x"}]
    assert qbo.refuses(kind, invoice("1", sales_line("5"), CustomField=second)) == "3000"
    prefs = qbo.get("/preferences")["Preferences"]["SalesFormsPrefs"]["CustomField"]
    prefs[0]["CustomField"][1]["BooleanValue"] = True
    prefs[1]["CustomField"].append(
        {"Name": "SalesFormsPrefs.SalesCustomName2", "Type": "StringType", "StringValue": "Gate"}
    )
    qbo.admin("preferences", **{"SalesFormsPrefs.CustomField": prefs})
    named = qbo.create(kind, invoice("1", sales_line("5"), CustomField=second))
    assert named["CustomField"][0]["Name"] == "Gate"


# --- links --------------------------------------------------------------------------------------------------


def test_an_invoice_closes_its_estimate_until_it_lets_go(qbo: Caller) -> None:
    agreed = qbo.create("Estimate", invoice("1", sales_line("80"), TxnStatus="Accepted"))
    link = [{"TxnId": agreed["Id"], "TxnType": "Estimate"}]
    made = qbo.create("Invoice", invoice("1", sales_line("80"), LinkedTxn=link))
    assert made["LinkedTxn"] == link
    closed = qbo.read("Estimate", agreed["Id"])
    assert (closed["TxnStatus"], closed["SyncToken"]) == ("Closed", "1")
    assert closed["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Invoice"}]
    assert qbo.refuses("Estimate", {"Id": agreed["Id"], "SyncToken": "1"}, operation="delete") == "6000"
    assert qbo.refuses("Invoice", invoice("1", sales_line("80"), LinkedTxn=link)) == "620"
    assert qbo.update("Estimate", closed, TxnStatus="Pending")["TxnStatus"] == "Closed"
    bare = qbo.update("Invoice", made, LinkedTxn=[])
    assert bare["LinkedTxn"] == []
    assert qbo.read("Estimate", agreed["Id"])["TxnStatus"] == "Pending"
    again = qbo.update("Invoice", bare, LinkedTxn=link)
    assert qbo.read("Estimate", agreed["Id"])["TxnStatus"] == "Closed"
    head = {"Id": made["Id"], "SyncToken": again["SyncToken"]}
    qbo.post("/invoice", head, operation="void")
    later = qbo.update("Invoice", qbo.read("Invoice", made["Id"]), PrivateNote="Voided - twice billed")
    assert later["LinkedTxn"] == []
    free = qbo.read("Estimate", agreed["Id"])
    assert (free["TxnStatus"], free["LinkedTxn"]) == ("Pending", [])
    qbo.delete("Estimate", free)


def test_a_full_update_that_forgets_its_estimate_lets_go_of_it(qbo: Caller) -> None:
    agreed = qbo.create("Estimate", invoice("1", sales_line("80")))
    link = [{"TxnId": agreed["Id"], "TxnType": "Estimate"}]
    made = qbo.create("Invoice", invoice("1", sales_line("80"), LinkedTxn=link))
    kept = qbo.update("Invoice", made, PrivateNote="sparse")
    assert kept["LinkedTxn"] == link
    head = {"Id": made["Id"], "SyncToken": kept["SyncToken"]}
    echoed = qbo.create("Invoice", head | invoice("1", sales_line("80"), LinkedTxn=kept["LinkedTxn"]))
    assert echoed["LinkedTxn"] == link
    whole = qbo.create("Invoice", head | {"SyncToken": echoed["SyncToken"]} | invoice("1", sales_line("80")))
    assert whole["LinkedTxn"] == []
    assert qbo.read("Estimate", agreed["Id"])["TxnStatus"] == "Pending"


@pytest.mark.parametrize(
    ("customer", "status", "code"),
    [("2", "Pending", "620"), ("1", "Closed", "620"), ("1", "Rejected", "620")],
)
def test_an_estimate_that_is_not_open_is_not_linked(
    qbo: Caller, customer: str, status: str, code: str
) -> None:
    made = qbo.create("Estimate", invoice(customer, sales_line("80"), TxnStatus=status))
    link = {"TxnId": made["Id"], "TxnType": "Estimate"}
    assert qbo.refuses("Invoice", invoice("1", sales_line("80"), LinkedTxn=[link])) == code
    assert qbo.refuses("Invoice", invoice("1", sales_line("80"), LinkedTxn=[link, link])) == "6000"
    unknown = link | {"TxnId": "99999"}
    assert qbo.refuses("Invoice", invoice("1", sales_line("80"), LinkedTxn=[unknown])) == "610"
    foreign = [{"TxnId": "1", "TxnType": "Payment"}]
    assert qbo.create("Invoice", invoice("1", sales_line("80"), LinkedTxn=foreign))["LinkedTxn"] == []


def test_a_billable_cost_is_billed_by_a_person_and_freed_with_the_invoice(qbo: Caller) -> None:
    cost = expense_line("64", accounts(qbo)["5010"], BillableStatus="Billable", CustomerRef={"value": "1"})
    bill = qbo.create("Bill", {"VendorRef": {"value": "34"}, "Line": [cost]})
    charge = bill["Line"][0]["LinkedTxn"][0]
    assert charge["TxnType"] == "ReimburseCharge"
    assert bill["LinkedTxn"] == [charge]
    line = sales_line("70") | {"LinkedTxn": [charge]}

    def status() -> str:
        read: str = qbo.read("Bill", bill["Id"])["Line"][0]["AccountBasedExpenseLineDetail"]["BillableStatus"]
        return read

    ignored = qbo.create("Invoice", invoice("1", line))
    assert (ignored["LinkedTxn"], status()) == ([], "Billable")
    made = qbo.admin("do", action="create", kind="Invoice", body=invoice("1", line))["result"]
    assert made["LinkedTxn"] == [charge]
    assert made["Line"][0]["LinkedTxn"] == [charge]
    assert status() == "HasBeenBilled"
    assert qbo.read("Bill", bill["Id"])["SyncToken"] == "1"
    removal = {"Id": bill["Id"], "SyncToken": "1"}
    assert qbo.refuses("Bill", removal, operation="delete") == "6400"
    kept = qbo.update("Invoice", made, Line=[line for line in made["Line"] if "Id" in line])
    assert (kept["LinkedTxn"], status()) == ([charge], "HasBeenBilled")
    qbo.update("Invoice", kept, Line=[sales_line("70")])
    assert status() == "Billable"
    answer = qbo.session.post(
        f"{qbo.twin.base_url}/twin/do",
        json={"action": "create", "kind": "Invoice", "body": invoice("2", line)},
        timeout=60,
    )
    assert answer.json()["Fault"]["Error"][0]["code"] == "620"
    last = qbo.admin("do", action="create", kind="Invoice", body=invoice("1", line))["result"]
    voided = qbo.post("/invoice", {"Id": last["Id"], "SyncToken": "0"}, operation="void")["Invoice"]
    assert (voided["LinkedTxn"], status()) == ([], "Billable")
    qbo.delete("Bill", qbo.read("Bill", bill["Id"]))
