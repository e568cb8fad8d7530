"""The estimate, sales receipt, refund and credit memo of the sample company."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from blueops_qb.sandbox.qbo import writing
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.wire import Obj


def add_sales_forms(company: Company, accounts: dict[str, str], today: date) -> None:
    """One of each, dated before ``today``; the numbers do not take part in the count of invoices."""
    customers = {record["DisplayName"]: record["Id"] for record in company.all("Customer")}
    items = {record["Name"]: record["Id"] for record in company.all("Item")}
    methods = {record["Name"]: record["Id"] for record in company.all("PaymentMethod")}
    taxed = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": company.hidden.tax_codes_by_state["NV"]}}}

    def form(customer: str, number: str, days: int, *lines: Obj) -> Obj:
        return {
            "CustomerRef": {"value": customers[customer]},
            "DocNumber": number,
            "TxnDate": (today - timedelta(days=days)).isoformat(),
            "Line": list(lines),
        }

    def line(item: str, quantity: str, price: str, *, taxable: bool = False) -> Obj:
        count, unit = Decimal(quantity), Decimal(price)
        detail = {
            "ItemRef": {"value": items[item]},
            "Qty": count,
            "UnitPrice": unit,
            "TaxCodeRef": {"value": "TAX" if taxable else "NON"},
        }
        return {"DetailType": "SalesItemLineDetail", "Amount": count * unit, "SalesItemLineDetail": detail}

    estimate = form("Zephyr Car Wash", "E-101", 15, line("Install", "8", "140"))
    expires = (today + timedelta(days=15)).isoformat()
    writing.create(company, "Estimate", estimate | {"ExpirationDate": expires})
    sold = form("Underhill, Bree", "S-101", 13, line("Faucet Cartridge", "2", "38.5", taxable=True))
    paid = {
        "PaymentMethodRef": {"value": methods["Visa"]},
        "DepositToAccountRef": {"value": accounts["1090"]},
    }
    writing.create(company, "SalesReceipt", sold | paid | taxed)
    back = form("Underhill, Bree", "R-101", 7, line("Faucet Cartridge", "1", "38.5", taxable=True))
    from_bank = {"PaymentMethodRef": {"value": methods["Check"]}, "PrintStatus": "NotSet"}
    refunded = back | from_bank | {"DepositToAccountRef": {"value": accounts["1000"]}}
    writing.create(company, "RefundReceipt", refunded | taxed)
    credit = form("Westlake Gym", "C-101", 2, line("Drain", "0.5", "180"))
    writing.create(company, "CreditMemo", credit)
