"""Names and document numbers in the twin: who may have which, and what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.twin_calls import Caller, calling, expense_line, invoice, sales_line


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


def test_a_customer_who_owes_stays_active(qbo: Caller) -> None:
    customer = qbo.create("Customer", {"DisplayName": "Debtor"})
    qbo.create("Invoice", invoice(customer["Id"], sales_line("1")))
    now = qbo.read("Customer", customer["Id"])
    head = {"Id": now["Id"], "SyncToken": now["SyncToken"], "sparse": True, "Active": False}
    assert qbo.refuses("Customer", head) == "6220"


def test_one_pool_of_names_inactive_ones_included(qbo: Caller) -> None:
    made = qbo.create("Vendor", {"DisplayName": "Pool Name"})
    assert qbo.refuses("Customer", {"DisplayName": "POOL name"}) == "6240"
    gone = qbo.update("Vendor", made, Active=False)
    assert gone["DisplayName"] == "Pool Name (deleted)"
    assert qbo.refuses("Employee", {"GivenName": "Pool", "FamilyName": "Name"}) == "6240"
    back = qbo.update("Vendor", gone, Active=True)
    assert back["DisplayName"] == "Pool Name"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "6080"),
        ({"DisplayName": "a:b"}, "2040"),
        ({"DisplayName": "Job", "Job": True}, "6150"),
        ({"DisplayName": "Job", "Job": True, "ParentRef": {"value": "34"}}, "2500"),
        ({"DisplayName": "x" * 501}, "2050"),
        ({"DisplayName": "Mail", "PrimaryEmailAddr": {"Address": "nobody"}}, "2210"),
        ({"DisplayName": "Mail", "PrimaryEmailAddr": {"Address": "a@b.c, d@e"}}, "2210"),
    ],
)
def test_what_is_wrong_with_a_customer_has_its_code(qbo: Caller, body: dict[str, Any], code: str) -> None:
    assert qbo.refuses("Customer", body) == code


def test_jobs_nest_five_levels_and_follow_a_rename(qbo: Caller) -> None:
    top = qbo.create("Customer", {"GivenName": "Deep", "FamilyName": "Water"})
    assert top["DisplayName"] == "Deep Water"
    above = top
    for level in range(1, 5):
        body = {"DisplayName": f"Level {level}", "Job": True, "ParentRef": {"value": above["Id"]}}
        above = qbo.create("Customer", body)
        assert above["Level"] == level
    too_deep = {"DisplayName": "Level 5", "Job": True, "ParentRef": {"value": above["Id"]}}
    assert qbo.refuses("Customer", too_deep) == "6180"
    qbo.update("Customer", top, DisplayName="Deeper Water")
    assert qbo.read("Customer", above["Id"])["FullyQualifiedName"].startswith("Deeper Water:Level 1:")
    looped = {"Id": top["Id"], "SyncToken": "1", "sparse": True, "ParentRef": {"value": above["Id"]}}
    assert qbo.refuses("Customer", looped) == "900"


def test_parent_shows_the_balance_with_jobs(qbo: Caller) -> None:
    parent = qbo.create("Customer", {"DisplayName": "Summing"})
    job = qbo.create("Customer", {"DisplayName": "Summed", "Job": True, "ParentRef": {"value": parent["Id"]}})
    qbo.create("Invoice", invoice(job["Id"], sales_line("70")))
    qbo.create("Invoice", invoice(parent["Id"], sales_line("5")))
    read = qbo.read("Customer", parent["Id"])
    assert (read["Balance"], read["BalanceWithJobs"]) == (5, 75)


def test_a_vendors_tax_number_is_masked(qbo: Caller) -> None:
    made = qbo.create("Vendor", {"DisplayName": "Taxed", "TaxIdentifier": "12-3456789"})
    assert made["TaxIdentifier"] == "XXXXX6789"
    again = qbo.update("Vendor", made, TaxIdentifier="XXXXX6789", Notes="n")
    assert again["TaxIdentifier"] == "XXXXX6789"
    assert qbo.twin.company.records["Vendor"][made["Id"]]["TaxIdentifier"] == "12-3456789"


def test_own_numbers_are_guarded_and_may_be_let_through(qbo: Caller) -> None:
    body = invoice("1", sales_line("10"), DocNumber="BO-1")
    qbo.create("Invoice", body)
    code, error = qbo.fault("POST", "/invoice", body)
    assert code == "6140"
    assert "TxnId=" in error["Detail"]
    assert qbo.create("Invoice", body, include="allowduplicatedocnum")["DocNumber"] == "BO-1"
    qbo.admin("company", warn_duplicate_number=False)
    assert qbo.create("Invoice", body)["DocNumber"] == "BO-1"
    assert "DocNumber" not in qbo.create("Invoice", invoice("1", sales_line("10")))
    generated = qbo.create("Invoice", invoice("1", sales_line("10"), DocNumber="AUTO_GENERATE"))
    assert generated["DocNumber"] == "1021"


def test_the_company_numbers_when_custom_numbers_are_off(qbo: Caller) -> None:
    qbo.admin("preferences", **{"SalesFormsPrefs.CustomTxnNumbers": False})
    first = qbo.create("Invoice", invoice("1", sales_line("10")))
    second = qbo.create("Invoice", invoice("1", sales_line("10")))
    assert [first["DocNumber"], second["DocNumber"]] == ["1021", "1022"]
    assert "DocNumber" not in qbo.create("Invoice", invoice("1", sales_line("10"), DocNumber=""))
    assert qbo.create("Invoice", invoice("1", sales_line("10"), DocNumber="1021"))["DocNumber"] == "1021"


def test_a_vendors_bill_number_is_guarded_per_vendor(qbo: Caller) -> None:
    def bill(vendor: str) -> dict[str, Any]:
        return {"VendorRef": {"value": vendor}, "DocNumber": "INV-9", "Line": [expense_line("5", "45")]}

    qbo.create("Bill", bill("34"))
    assert qbo.refuses("Bill", bill("34")) == "6140"
    assert qbo.create("Bill", bill("35"))["DocNumber"] == "INV-9"


def test_check_numbers_are_guarded_by_a_preference(qbo: Caller) -> None:
    body = {
        "PaymentType": "Check",
        "AccountRef": {"value": "1"},
        "DocNumber": "7001",
        "Line": [expense_line("5", "45")],
    }
    qbo.create("Purchase", body)
    assert qbo.refuses("Purchase", body) == "6140"
    pairs = [{"Name": "WarnDuplicateCheckNumber", "Value": "false"}]
    qbo.admin("preferences", **{"OtherPrefs.NameValue": pairs})
    assert qbo.create("Purchase", body)["DocNumber"] == "7001"
