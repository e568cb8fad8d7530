"""Estimates, credit memos, sales receipts and refund receipts of the twin: members, totals, postings, refusals."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from tests.sales_forms import NEVADA, TAXED, UNTAXED, accounts, discount, items
from tests.twin_calls import Caller, calling, invoice, sales_line

D = Decimal
FORMS = ("Estimate", "CreditMemo", "SalesReceipt", "RefundReceipt")


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


def body_of(kind: str, qbo: Caller, *lines: dict[str, Any], **members: Any) -> dict[str, Any]:
    """The smallest body of a kind."""
    body = invoice("1", *(lines or (sales_line("100"),)))
    if kind == "RefundReceipt":
        body["DepositToAccountRef"] = {"value": accounts(qbo)["1000"]}
    return body | members


@pytest.mark.parametrize(
    ("kind", "sign", "held"),
    [("SalesReceipt", 1, "1090"), ("CreditMemo", -1, "1100"), ("RefundReceipt", -1, "1000")],
)
def test_a_form_posts_income_discount_and_tax_to_the_right_side(
    qbo: Caller, kind: str, sign: int, held: str
) -> None:
    ids = items(qbo)
    lines = (
        sales_line("250", item=ids["Repair"], TaxCodeRef=UNTAXED),
        sales_line("56.85", item=ids["Fixtures"], TaxCodeRef=TAXED),
        discount(10),
    )
    made = qbo.create(kind, body_of(kind, qbo, *lines, TxnTaxDetail=NEVADA))
    assert made["TotalAmt"] == 300.83
    assert qbo.ledger_of(kind, made["Id"]) == {
        held: D("300.83") * sign,
        "4010": D("-250.00") * sign,
        "4110": D("-56.85") * sign,
        "4900": D("10.00") * sign,
        "2200": D("-3.98") * sign,
    }
    assert qbo.read("Customer", "1")["Balance"] == (-300.83 if kind == "CreditMemo" else 0)
    qbo.delete(kind, made)
    assert qbo.ledger_of(kind, made["Id"]) == {}
    assert qbo.read("Customer", "1")["Balance"] == 0
    assert qbo.fault("GET", f"/{kind.lower()}/{made['Id']}")[0] == "610"


def test_an_estimate_posts_nothing(qbo: Caller) -> None:
    made = qbo.create("Estimate", body_of("Estimate", qbo, ExpirationDate="2030-01-31", TxnDate="2030-01-01"))
    assert (made["TotalAmt"], made["TxnStatus"], made["ExpirationDate"]) == (100, "Pending", "2030-01-31")
    assert "Balance" not in made
    assert qbo.ledger_of("Estimate", made["Id"]) == {}
    agreed = qbo.update("Estimate", made, TxnStatus="Accepted", AcceptedBy="Ngozi", AcceptedDate="2030-01-05")
    assert (agreed["TxnStatus"], agreed["AcceptedBy"]) == ("Accepted", "Ngozi")
    assert qbo.refuses("Estimate", body_of("Estimate", qbo, TxnStatus="Perhaps")) == "2170"
    qbo.admin("preferences", **{"SalesFormsPrefs.AllowEstimates": False})
    assert qbo.refuses("Estimate", body_of("Estimate", qbo)) == "5020"


def test_what_each_form_shows_of_its_money(qbo: Caller) -> None:
    chart = accounts(qbo)
    memo = qbo.create("CreditMemo", body_of("CreditMemo", qbo, PaymentMethodRef={"value": "1"}))
    assert (memo["Balance"], memo["RemainingCredit"]) == (100, 100)
    assert "PaymentMethodRef" not in memo
    sold = qbo.create("SalesReceipt", body_of("SalesReceipt", qbo, PaymentRefNum="4711"))
    assert (sold["Balance"], sold["PrintStatus"], sold["PaymentRefNum"]) == (0, "NotSet", "4711")
    assert sold["DepositToAccountRef"] == {"value": chart["1090"], "name": "Undeposited Funds"}
    check = {"CheckNum": "88", "AcctNum": "1"}
    back = qbo.create("RefundReceipt", body_of("RefundReceipt", qbo, CheckPayment=check))
    assert (back["Balance"], back["CheckPayment"]) == (0, check)


@pytest.mark.parametrize("kind", ["SalesReceipt", "RefundReceipt"])
def test_a_receipt_may_be_for_nobody(qbo: Caller, kind: str) -> None:
    body = body_of(kind, qbo)
    del body["CustomerRef"]
    made = qbo.create(kind, body)
    assert "CustomerRef" not in made
    assert made["TotalAmt"] == 100
    # A full update that forgets the customer loses it, as the field notes say.
    named = qbo.create(kind, body_of(kind, qbo))
    head = {"Id": named["Id"], "SyncToken": named["SyncToken"]}
    assert "CustomerRef" not in qbo.create(kind, {**body, **head})


@pytest.mark.parametrize(
    ("kind", "change", "code", "element"),
    [
        ("Estimate", {"CustomerRef": None}, "2020", "CustomerRef"),
        ("CreditMemo", {"CustomerRef": None}, "2020", "CustomerRef"),
        ("RefundReceipt", {"DepositToAccountRef": None}, "2020", "DepositToAccountRef"),
        ("SalesReceipt", {"Line": []}, "2020", "Line"),
        ("SalesReceipt", {"DepositToAccountRef": {"value": "5"}}, "6430", "DepositToAccountRef"),
        ("SalesReceipt", {"CustomerRef": {"value": "9999"}}, "2500", "CustomerRef"),
        ("SalesReceipt", {"PaymentRefNum": "x" * 22}, "2050", "PaymentRefNum"),
        ("RefundReceipt", {"PrintStatus": "PrintComplete"}, "2020", "PaymentRefNum"),
        ("RefundReceipt", {"PaymentRefNum": "x" * 101}, "2050", "PaymentRefNum"),
        ("CreditMemo", {"DocNumber": "x" * 22}, "2050", "DocNumber"),
        ("CreditMemo", {"Line": [sales_line("-5")]}, "6000", ""),
        ("CreditMemo", {"Line": [sales_line("5", item="9999")]}, "2500", "ItemRef"),
        ("Estimate", {"Line": [sales_line("5", Qty=2, UnitPrice=3)]}, "6070", "Line.Amount"),
        ("Estimate", {"BillEmail": {"Address": "nobody"}}, "2210", "BillEmail"),
        ("Estimate", {"BillEmailCc": {"Address": "a@b"}}, "2210", "BillEmailCc"),
        ("CreditMemo", {"BillEmailBcc": {"Address": "a b@c.d"}}, "2210", "BillEmailBcc"),
        ("CreditMemo", {"Bogus": 1}, "2010", "Bogus"),
        ("Estimate", {"ExpirationDate": "soon"}, "2060", "ExpirationDate"),
    ],
)
def test_what_is_wrong_with_a_form_has_its_code(
    qbo: Caller, kind: str, change: dict[str, Any], code: str, element: str
) -> None:
    before = qbo.query(f"select count(*) from {kind}")["totalCount"]
    found, error = qbo.fault("POST", f"/{kind.lower()}", body_of(kind, qbo, **change))
    assert (found, error["element"]) == (code, element)
    assert qbo.query(f"select count(*) from {kind}")["totalCount"] == before


@pytest.mark.parametrize("kind", FORMS)
def test_versions_numbers_and_removal_of_a_form(qbo: Caller, kind: str) -> None:
    made = qbo.create(
        kind, body_of(kind, qbo, DocNumber="N-1", PrivateNote="first", CustomerMemo={"value": "Hi"})
    )
    assert made["SyncToken"] == "0"
    assert qbo.refuses(kind, body_of(kind, qbo, DocNumber="n-1")) == "6140"
    twin = qbo.create(kind, body_of(kind, qbo, DocNumber="n-1"), include="allowduplicatedocnum")
    assert twin["DocNumber"] == "n-1"
    changed = qbo.update(kind, made, PrivateNote="second")
    assert (changed["SyncToken"], changed["DocNumber"], changed["CustomerMemo"]) == (
        "1",
        "N-1",
        {"value": "Hi"},
    )
    head = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    assert qbo.refuses(kind, head | {"PrivateNote": "third"}) == "5010"
    whole = {"Id": made["Id"], "SyncToken": "1"} | body_of(kind, qbo)
    cleared = qbo.create(kind, whole)
    assert "PrivateNote" not in cleared
    assert "CustomerMemo" not in cleared
    assert "DocNumber" not in cleared
    assert [line["Id"] for line in cleared["Line"] if "Id" in line] == ["2"]
    found = qbo.query(f"select * from {kind} where DocNumber = 'N-1' and CustomerRef = '1'")[kind]
    assert [row["Id"] for row in found] == [twin["Id"]]
    assert qbo.delete(kind, cleared)["status"] == "Deleted"
    assert qbo.fault("POST", f"/{kind.lower()}", head, operation="delete")[0] == "610"
    since = made["MetaData"]["CreateTime"]
    blocks = qbo.get("/cdc", entities=kind, changedSince=since)["CDCResponse"][0]["QueryResponse"]
    shown = {row["Id"]: row.get("status", "") for row in blocks[0][kind]}
    assert shown[made["Id"]] == "Deleted"
    assert shown[twin["Id"]] == ""


@pytest.mark.parametrize("kind", ["CreditMemo", "RefundReceipt", "Estimate"])
@pytest.mark.parametrize("form", [{"operation": "void"}, {"operation": "update", "include": "void"}])
def test_only_invoices_payments_and_sales_receipts_are_voided(
    qbo: Caller, kind: str, form: dict[str, str]
) -> None:
    made = qbo.create(kind, body_of(kind, qbo))
    head = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True}
    assert qbo.refuses(kind, head, **form) == "500"
    assert qbo.read(kind, made["Id"])["TotalAmt"] == 100


@pytest.mark.parametrize("form", [{"operation": "void"}, {"operation": "update", "include": "void"}])
def test_a_sales_receipt_is_voided_in_both_forms(qbo: Caller, form: dict[str, str]) -> None:
    ids = items(qbo)
    line = sales_line("77", item=ids["Faucet Cartridge"], Qty=2, UnitPrice=38.5, TaxCodeRef=TAXED)
    made = qbo.create("SalesReceipt", body_of("SalesReceipt", qbo, line, TxnTaxDetail=NEVADA))
    assert qbo.read("Item", ids["Faucet Cartridge"])["QtyOnHand"] == 38
    head = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True}
    voided = qbo.post("/salesreceipt", head, **form)["SalesReceipt"]
    assert (voided["TotalAmt"], voided["PrivateNote"], voided["SyncToken"]) == (0, "Voided", "1")
    assert qbo.ledger_of("SalesReceipt", made["Id"]) == {}
    assert qbo.read("Item", ids["Faucet Cartridge"])["QtyOnHand"] == 40
    later = qbo.update("SalesReceipt", voided, PrivateNote="Voided - still")
    assert (later["TotalAmt"], later["TxnTaxDetail"]["TotalTax"]) == (0, 0)


def test_returned_goods_go_back_to_stock_at_what_they_cost(qbo: Caller) -> None:
    pump = items(qbo)["Sump Pump"]
    line = sales_line("620", item=pump, Qty=2, UnitPrice=310)
    qbo.create("Invoice", invoice("1", line))
    assert qbo.read("Item", pump)["QtyOnHand"] == 4
    back = sales_line("310", item=pump, Qty=1, UnitPrice=310)
    memo = qbo.create("CreditMemo", body_of("CreditMemo", qbo, back))
    assert qbo.read("Item", pump)["QtyOnHand"] == 5
    assert qbo.ledger_of("CreditMemo", memo["Id"]) == {
        "1100": D("-310.00"),
        "4100": D("310.00"),
        "1200": D("188.00"),
        "5290": D("-188.00"),
    }
    qbo.create("RefundReceipt", body_of("RefundReceipt", qbo, back))
    assert qbo.read("Item", pump)["QtyOnHand"] == 6
    qbo.create("Estimate", body_of("Estimate", qbo, line, TxnDate="2001-01-01"))
    assert qbo.read("Item", pump)["QtyOnHand"] == 6
    assert qbo.refuses("SalesReceipt", body_of("SalesReceipt", qbo, line, TxnDate="2001-01-01")) == "6270"
    qbo.delete("CreditMemo", memo)
    assert qbo.read("Item", pump)["QtyOnHand"] == 5
    assert qbo.admin("ledger")["difference"] == "0.00"


def test_forms_are_counted_together_and_estimates_apart(qbo: Caller) -> None:
    qbo.admin("preferences", **{"SalesFormsPrefs.CustomTxnNumbers": False})
    numbers = [
        qbo.create(kind, body_of(kind, qbo))["DocNumber"]
        for kind in ("Estimate", "Invoice", "SalesReceipt", "Estimate", "CreditMemo", "RefundReceipt")
    ]
    assert numbers == ["1001", "1001", "1002", "1002", "1003", "1004"]
    qbo.admin("preferences", **{"SalesFormsPrefs.CustomTxnNumbers": True})
    assert "DocNumber" not in qbo.create("CreditMemo", body_of("CreditMemo", qbo))
    asked = qbo.create("SalesReceipt", body_of("SalesReceipt", qbo, DocNumber="AUTO_GENERATE"))
    assert asked["DocNumber"] == "1005"


@pytest.mark.parametrize("kind", FORMS)
def test_sales_tax_of_a_form_in_the_three_modes(qbo: Caller, kind: str) -> None:
    line = sales_line("100", TaxCodeRef=TAXED)

    def made(**members: Any) -> dict[str, Any]:
        return qbo.create(kind, body_of(kind, qbo, line, **members))

    assert made(TxnTaxDetail=NEVADA)["TotalAmt"] == 107
    own = made(TxnTaxDetail=NEVADA | {"TotalTax": 7.02})
    assert own["TotalAmt"] == 107.02
    assert [row["Amount"] for row in own["TxnTaxDetail"]["TaxLine"]] == [6.02, 1.0]
    qbo.admin("tax", mode="ast")
    replaced = made(ShipAddr={"CountrySubDivisionCode": "CA"}, TxnTaxDetail=NEVADA)
    assert replaced["TotalAmt"] == 108.25
    assert replaced["TxnTaxDetail"]["TxnTaxCodeRef"]["value"] != "1"
    honoured = made(TxnTaxDetail={"TotalTax": 6.5})
    assert (honoured["TotalAmt"], honoured["TxnTaxDetail"]["TaxReviewStatus"]) == (106.5, "AST_TAX_OVERRIDE")
    qbo.admin("tax", mode="off")
    assert made(TxnTaxDetail={"TotalTax": 9})["TotalAmt"] == 100


def test_a_closed_period_holds_for_every_form(qbo: Caller) -> None:
    kept = {kind: qbo.create(kind, body_of(kind, qbo, TxnDate="2026-01-15")) for kind in FORMS}
    qbo.admin("closing", date="2026-01-31")
    for kind, made in kept.items():
        assert qbo.refuses(kind, body_of(kind, qbo, TxnDate="2026-01-31")) == "6210"
        head = {"Id": made["Id"], "SyncToken": "0"}
        assert qbo.refuses(kind, head, operation="delete") == "6210"
        assert qbo.refuses(kind, head | {"sparse": True, "PrivateNote": "x"}) == "6210"
    receipt = {"Id": kept["SalesReceipt"]["Id"], "SyncToken": "0", "sparse": True}
    assert qbo.refuses("SalesReceipt", receipt, include="void", operation="update") == "6210"


def test_a_batch_writes_every_form(qbo: Caller) -> None:
    requests = [
        {"bId": kind, "operation": "create", kind: body_of(kind, qbo, DocNumber=f"B-{kind[:3]}")}
        for kind in FORMS
    ]
    rows = qbo.post("/batch", {"BatchItemRequest": requests})["BatchItemResponse"]
    made = {row["bId"]: row[row["bId"]] for row in rows}
    assert {kind: record["TotalAmt"] for kind, record in made.items()} == dict.fromkeys(FORMS, 100)
    receipt = made["SalesReceipt"]
    head = {"Id": receipt["Id"], "SyncToken": "0"}
    again = [
        {"bId": "v", "operation": "update", "optionsData": "void", "SalesReceipt": head},
        {"bId": "w", "operation": "update", "optionsData": "void", "CreditMemo": head},
        {"bId": "d", "operation": "delete", "Estimate": {"Id": made["Estimate"]["Id"], "SyncToken": "0"}},
        {"bId": "n", "operation": "create", "CreditMemo": body_of("CreditMemo", qbo, DocNumber="B-Cre")},
    ]
    answers = {
        row["bId"]: row for row in qbo.post("/batch", {"BatchItemRequest": again})["BatchItemResponse"]
    }
    assert answers["v"]["SalesReceipt"]["TotalAmt"] == 0
    assert answers["w"]["Fault"]["Error"][0]["code"] == "500"
    assert answers["d"]["Estimate"]["status"] == "Deleted"
    assert answers["n"]["Fault"]["Error"][0]["code"] == "6140"
