"""Clearing references in QuickBooks Online, and telling what is never compared."""

from decimal import Decimal as D
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import (
    BankDeposit,
    CustomerRecord,
    CustomValue,
    DepositLine,
    ExpenseDocument,
    PaidBy,
    VendorRecord,
)
from blueops_qb.domain.profile import SalesTax
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec import Unfit
from tests.qbo_changes import (
    ACCOUNT,
    BANK,
    BILL,
    COSTS,
    DAY,
    INVOICE,
    LOCATION,
    PROFILE,
    TERM,
    VENDOR,
    shown,
    update,
)


# -- clearing --------------------------------------------------------------------------------------
def test_a_cleared_reference_is_a_full_update_of_all_that_was_read() -> None:
    obj = shown(BILL)
    obj.update(
        SalesTermRef={"value": "3"},
        VendorAddr={"Line1": "1 Pipe Ave"},
        CustomField=[{"DefinitionId": "2", "StringValue": "kept"}],
        LinkedTxn=[{"TxnId": "5", "TxnType": "BillPaymentCheck"}],
        BillEx={"any": []},
        Balance=D(30),
    )
    body = update(attrs.evolve(BILL, location=None, memo="No branch"), obj)
    assert "sparse" not in body
    assert (
        not {"DepartmentRef", "BillEx", "Balance", "MetaData", "TotalAmt", "LinkedTxn", "domain"}
        & body.keys()
    )
    assert body["PrivateNote"] == "No branch [BO:x:1.1]"
    for member in (
        "SalesTermRef",
        "VendorAddr",
        "CustomField",
        "APAccountRef",
        "TxnDate",
        "DueDate",
    ):
        assert body[member] == obj[member], member
    assert body["Line"] == obj["Line"]


def test_a_refund_stays_a_refund_when_its_payee_is_cleared() -> None:
    refund = ExpenseDocument(
        paid_by=PaidBy.CARD,
        account=BANK,
        payee=VENDOR,
        date=DAY,
        lines=COSTS,
        total=D("30.00"),
        refund=True,
    )
    obj = {**shown(refund), "PurchaseEx": {"any": []}, "PrintStatus": "NEED_TO_PRINT"}
    body = update(attrs.evolve(refund, payee=None), obj)
    assert (body["Credit"], body["PaymentType"]) == (True, "CreditCard")
    assert body["PrintStatus"] == "NeedToPrint"
    assert not {"EntityRef", "PurchaseEx", "sparse"} & body.keys()


def test_an_invoice_keeps_tax_links_and_states_when_its_location_is_cleared() -> None:
    invoice = attrs.evolve(INVOICE, location=LOCATION, tax=D("4.00"), total=D("64.00"))
    obj = shown(invoice)
    obj["LinkedTxn"] = [{"TxnId": "5", "TxnType": "Payment"}, {"TxnId": "6", "TxnType": "Estimate"}]
    obj["TxnTaxDetail"]["TaxLine"] = [{"Amount": 4, "DetailType": "TaxLineDetail"}]
    body = update(attrs.evolve(invoice, location=None), obj)
    assert body["LinkedTxn"] == [{"TxnId": "6", "TxnType": "Estimate"}]
    assert body["TxnTaxDetail"] == {"TotalTax": D(4)}
    assert (body["EmailStatus"], body["PrintStatus"]) == ("NotSet", "NeedToPrint")
    assert not any("SubTotalLineDetail" in line for line in body["Line"])


def test_a_tax_that_the_engine_computed_is_left_to_it_and_an_override_is_kept() -> None:
    profile = attrs.evolve(PROFILE, sales_tax=SalesTax.AUTOMATIC)
    invoice = attrs.evolve(INVOICE, location=LOCATION, tax=D("4.00"), total=D("64.00"))
    obj = shown(invoice, profile)
    without = attrs.evolve(invoice, location=None)
    assert update(without, obj, profile=profile)["TxnTaxDetail"] == {
        "TxnTaxCodeRef": {"value": "ENGINE", "name": "shown ENGINE"}
    }
    obj["TxnTaxDetail"]["TaxReviewStatus"] = "AST_TAX_OVERRIDE"
    assert update(without, obj, profile=profile)["TxnTaxDetail"]["TotalTax"] == 4


def test_a_vendor_with_a_masked_tax_number_is_not_written_anew() -> None:
    vendor = VendorRecord(name="Peak", terms=TERM)
    obj = {**shown(vendor), "TaxIdentifier": "XXXXX1234"}
    with pytest.raises(Unfit, match="tax number"):
        update(attrs.evolve(vendor, terms=None), obj)


def test_a_customer_keeps_everything_else_when_its_terms_are_cleared() -> None:
    customer = CustomerRecord(name="Ada", terms=TERM, phone="1")
    obj = {**shown(customer), "Notes": "Dog", "Balance": D(5), "FullyQualifiedName": "Ada"}
    body = update(attrs.evolve(customer, terms=None), obj)
    assert body["Notes"] == "Dog"
    assert not {"SalesTermRef", "Balance", "FullyQualifiedName", "sparse"} & body.keys()


def test_cash_kept_back_from_a_deposit_is_no_line_and_goes_only_when_ours_says_so() -> None:
    payment = DepositLine(payment=BooksRef(BooksKind.PAYMENT, "9"), amount=D("50.00"))
    fee = DepositLine(account=ACCOUNT, amount=D("-2.00"), description="Fee")
    deposit = BankDeposit(account=BANK, date=DAY, lines=(payment, fee), total=D("48.00"))
    obj = shown(deposit)
    obj["CashBack"] = {"AccountRef": {"value": "99"}, "Amount": D("8.00"), "Memo": "Float"}
    obj["TotalAmt"] = D("40.00")
    more = attrs.evolve(fee, amount=D("-3.00"))
    back = DepositLine(account=BooksRef(BooksKind.ACCOUNT, "99"), amount=D("-8.00"), description="Float")
    kept_back = attrs.evolve(deposit, lines=(payment, more, back), total=D("39.00"))
    body = update(kept_back, obj)
    assert body["sparse"] is True
    assert [line["Amount"] for line in body["Line"]] == [D("50.00"), D("-3.00")]
    gone = update(attrs.evolve(deposit, lines=(payment, more), total=D("47.00")), obj)
    assert not {"sparse", "CashBack"} & gone.keys()
    assert len(gone["Line"]) == 2


# -- what is told and never compared ---------------------------------------------------------------
SITE = Address(line1="1 Pump St", city="Reno")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"terms": TERM}, {"SalesTermRef": {"value": "3"}}),
        ({"email": "new@example.com"}, {"BillEmail": {"Address": "new@example.com"}}),
        ({"custom": (CustomValue(name="Crew", value="7"),)}, {"CustomField": "7"}),
        ({"estimate": BooksRef(BooksKind.ESTIMATE, "6")}, {"LinkedTxn": "6"}),
    ],
)
def test_a_change_of_what_is_never_compared_is_told_alone(
    changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    obj = shown(INVOICE)
    obj["CustomField"] = [{"DefinitionId": "2", "Name": "Gate", "Type": "StringType", "StringValue": "9"}]
    body = update(attrs.evolve(INVOICE, **changes), obj, told=INVOICE)
    assert "Line" not in body
    for member, value in expected.items():
        told = body[member]
        if member == "CustomField":
            assert [row["StringValue"] for row in told] == ["9", "7"]
        elif member == "LinkedTxn":
            assert told == [{"TxnId": "6", "TxnType": "Estimate"}]
        else:
            assert told == value
    head = {"Id", "SyncToken", "sparse", *expected}
    assert body.keys() - head <= {"TxnDate", "DueDate"}


def test_what_quickbooks_filled_in_is_left_alone_when_ours_did_not_change() -> None:
    body = update(attrs.evolve(INVOICE, memo="x"), shown(INVOICE), told=INVOICE)
    assert body.keys() == {"Id", "SyncToken", "sparse", "PrivateNote"}


def test_a_new_place_of_work_empties_the_lines_into_which_quickbooks_flattened_the_old() -> None:
    before, after = (
        attrs.evolve(INVOICE, shipping=SITE),
        attrs.evolve(INVOICE, shipping=Address(line1="2 Oak")),
    )
    obj = shown(before)
    assert obj["ShipAddr"].keys() == {"Line1", "Line2", "Line3"}
    address = update(after, obj, told=before)["ShipAddr"]
    assert address == {"Line1": "2 Oak", "Line2": "", "City": "", "Line3": ""}
    gone = update(INVOICE, obj, told=before)["ShipAddr"]
    assert set(gone.values()) == {""}


def test_terms_that_were_taken_away_are_cleared() -> None:
    before = attrs.evolve(INVOICE, terms=TERM)
    body = update(INVOICE, shown(before), told=before)
    assert not {"SalesTermRef", "sparse"} & body.keys()
