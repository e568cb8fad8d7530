"""A few weeks of business for the sample company, all dated before a given day."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from blueops_qb.sandbox.qbo import seed_purchases, seed_sales, writing
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.wire import Obj

#: customer, days ago, lines of (item, quantity, unit price, taxed)
_INVOICES: tuple[tuple[str, int, tuple[tuple[str, str, str, bool], ...]], ...] = (
    ("Abara, Ngozi", 58, (("Repair", "2", "125", False), ("Faucet Cartridge", "1", "38.5", True))),
    (
        "Bellweather Unit 12 Repipe",
        55,
        (("Install", "16", "140", False), ("Pipe & Fittings", "40", "12.5", True)),
    ),
    ("Castellano, Rita", 52, (("Drain", "1", "180", False), ("Service Call", "1", "59", False))),
    ("Dunmore Dental", 50, (("Inspection", "3", "95", False),)),
    ("Eastgate Bakery", 47, (("Repair", "4", "125", False), ("Pressure Valve", "2", "86", True))),
    ("Fairbanks, Tom", 44, (("Water Heater", "1", "1150", True), ("Install", "4", "140", False))),
    ("Grayling Kitchen Drain", 41, (("Drain", "5", "180", False), ("Fee", "1", "45", False))),
    ("Hollis Lot 7 Rough-in", 38, (("Install", "40", "140", False), ("Job Materials", "1", "2315.4", True))),
    ("Iverson, Dag", 35, (("Repair", "1.5", "125", False),)),
    ("Juniper Montessori", 32, (("Fixtures", "6", "180", True), ("Install", "12", "140", False))),
    ("Kowalczyk, Ewa", 29, (("Service Call", "1", "59", False), ("Repair", "1", "125", False))),
    ("Larkspur 40 Mill St", 26, (("Sump Pump", "1", "310", True), ("Install", "3", "140", False))),
    ("Mendoza, Luis", 23, (("Drain", "2", "180", False),)),
    ("Northfork Brewing", 20, (("Repair", "8", "125", False), ("Pipe & Fittings", "22", "12.5", True))),
    ("O'Leary, Siobhan", 17, (("Maintenance Plan", "1", "240", False),)),
    ("Pinecrest Pool House", 14, (("Install", "10", "140", False), ("Fixtures", "2", "180", True))),
    ("Quill Bookshop", 11, (("Inspection", "1", "95", False),)),
    ("Tahoe Ridge School District", 9, (("Repair", "20", "125", False), ("Pressure Valve", "4", "86", True))),
    ("Sato, Kenji", 6, (("Water Heater", "1", "1150", True), ("Install", "5", "140", False))),
    ("Westlake Gym", 3, (("Drain", "3", "180", False), ("Repair", "2", "125", False))),
)
#: position of the invoice, days after it, part of its balance that is paid, method
_PAYMENTS = (
    (0, 6, "1", "Check"),
    (1, 20, "0.5", "ACH"),
    (2, 3, "1", "Visa"),
    (3, 14, "1", "Check"),
    (5, 10, "1", "Visa"),
    (6, 9, "1", "Check"),
    (8, 7, "1", "Cash"),
    (10, 5, "1", "MasterCard"),
    (12, 8, "1", "Check"),
    (13, 4, "0.25", "ACH"),
)
#: vendor, days ago, account number, amount, job (or nothing)
_BILLS = (
    ("Sierra Pipe Supply", 54, "5010", "248.80", "Bellweather Unit 12 Repipe"),
    ("Heatwell Distributors", 45, "5030", "690.00", "Fairbanks, Tom"),
    ("Delgado Excavation", 40, "5300", "1850.00", "Hollis Lot 7 Rough-in"),
    ("Copperline Fixtures", 33, "5020", "576.00", "Juniper Montessori"),
    ("Basin Plumbing Wholesale", 28, "5290", "1402.75", "Hollis Lot 7 Rough-in"),
    ("Northstar Insurance", 25, "6150", "890.00", ""),
    ("Palisade Landlord Trust", 22, "6400", "2400.00", ""),
    ("Brightside Drywall", 16, "5300", "640.00", "Pinecrest Pool House"),
    ("Truckee Power & Light", 12, "6500", "312.48", ""),
    ("Ledger & Lamp CPAs", 5, "6350", "475.00", ""),
)
#: vendor, days ago, payment type, paid from, account, amount, job
_PURCHASES = (
    ("Meridian Fuel Card", 57, "CreditCard", "2100", "6050", "86.20", ""),
    ("Hillside Rentals", 48, "CreditCard", "2100", "5500", "210.00", "Grayling Kitchen Drain"),
    ("Washoe County Permits", 39, "Check", "1000", "5600", "145.00", "Hollis Lot 7 Rough-in"),
    ("Gator Tool House", 36, "CreditCard", "2100", "6600", "318.99", ""),
    ("Meridian Fuel Card", 30, "CreditCard", "2100", "6050", "92.75", ""),
    ("Bluebell Telecom", 24, "Cash", "1000", "6550", "129.00", ""),
    ("Sierra Pipe Supply", 19, "CreditCard", "2100", "5010", "64.20", "Northfork Brewing"),
    ("Summit Truck Repair", 13, "Check", "1000", "6450", "733.10", ""),
    ("Quickprint Reno", 8, "CreditCard", "2100", "6000", "154.00", ""),
    ("Papertrail Office Store", 2, "CreditCard", "2100", "6300", "47.63", ""),
)


def add_transactions(company: Company, accounts: dict[str, str], today: date) -> None:
    """Opening equity, invoices, payments (some deposited), bills, purchases and a journal entry."""
    names = {r["DisplayName"]: r["Id"] for kind in ("Customer", "Vendor") for r in company.all(kind)}
    items = {r["Name"]: r for r in company.all("Item")}
    methods = {r["Name"]: r["Id"] for r in company.all("PaymentMethod")}
    _journal(company, accounts, _ago(today, 90), ("1000", "3100"), "25000.00", "Owner puts money in")
    invoices = [
        _invoice(company, names, items, today, position, *row) for position, row in enumerate(_INVOICES)
    ]
    payments = [
        _payment(company, invoices[position], days, Decimal(part), methods[method], today)
        for position, days, part, method in _PAYMENTS
    ]
    _deposit(company, accounts, [payments[0], payments[3]], today)
    for vendor, days, account, amount, job in _BILLS:
        line = _expense_line(accounts[account], amount, names.get(job, ""))
        body: Obj = {"VendorRef": {"value": names[vendor]}, "TxnDate": _ago(today, days), "Line": [line]}
        writing.create(company, "Bill", body)
    for number, (vendor, days, kind, paid, account, amount, job) in enumerate(_PURCHASES, start=1):
        body = {
            "PaymentType": kind,
            "AccountRef": {"value": accounts[paid]},
            "EntityRef": {"value": names[vendor], "type": "Vendor"},
            "TxnDate": _ago(today, days),
            "Line": [_expense_line(accounts[account], amount, names.get(job, ""))],
        }
        if kind == "Check":
            body["DocNumber"] = str(5000 + number)
        writing.create(company, "Purchase", body)
    _journal(company, accounts, _ago(today, 31), ("7500", "1590"), "350.00", "Depreciation of the month")
    seed_sales.add_sales_forms(company, accounts, today)
    seed_purchases.add_purchases(company, accounts, today)


def _ago(today: date, days: int) -> str:
    return (today - timedelta(days=days)).isoformat()


def _invoice(
    company: Company,
    names: dict[str, str],
    items: dict[str, Obj],
    today: date,
    position: int,
    customer: str,
    days: int,
    rows: tuple[tuple[str, str, str, bool], ...],
) -> Obj:
    lines = []
    for name, quantity, price, taxed in rows:
        count, unit = Decimal(quantity), Decimal(price)
        detail: Obj = {
            "ItemRef": {"value": items[name]["Id"]},
            "Qty": count,
            "UnitPrice": unit,
            "TaxCodeRef": {"value": "TAX" if taxed else "NON"},
            "ClassRef": {"value": str(1 + position % 5)},
        }
        amount = (count * unit).quantize(Decimal("0.01"))
        lines.append({"DetailType": "SalesItemLineDetail", "Amount": amount, "SalesItemLineDetail": detail})
    body: Obj = {
        "CustomerRef": {"value": names[customer]},
        "DocNumber": str(1001 + position),
        "TxnDate": _ago(today, days),
        "DepartmentRef": {"value": str(1 + position % 3)},
        "Line": lines,
    }
    if any(taxed for *_, taxed in rows):
        body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": company.hidden.tax_codes_by_state["NV"]}}
    return writing.create(company, "Invoice", body)


def _payment(company: Company, invoice: Obj, days: int, part: Decimal, method: str, today: date) -> Obj:
    amount = (invoice["TotalAmt"] * part).quantize(Decimal("0.01"))
    day = min(date.fromisoformat(invoice["TxnDate"]) + timedelta(days=days), today)
    line = {"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
    body: Obj = {
        "CustomerRef": {"value": invoice["CustomerRef"]["value"]},
        "TotalAmt": amount,
        "TxnDate": day.isoformat(),
        "PaymentMethodRef": {"value": method},
        "Line": [line],
    }
    return writing.create(company, "Payment", body)


def _deposit(company: Company, accounts: dict[str, str], payments: list[Obj], today: date) -> None:
    lines = [
        {"Amount": payment["TotalAmt"], "LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]}
        for payment in payments
    ]
    body: Obj = {
        "DepositToAccountRef": {"value": accounts["1000"]},
        "TxnDate": _ago(today, 30),
        "Line": lines,
    }
    writing.create(company, "Deposit", body)


def _journal(
    company: Company, accounts: dict[str, str], day: str, sides: tuple[str, str], amount: str, note: str
) -> None:
    lines = [
        {
            "DetailType": "JournalEntryLineDetail",
            "Amount": Decimal(amount),
            "JournalEntryLineDetail": {"PostingType": side, "AccountRef": {"value": accounts[number]}},
        }
        for side, number in zip(("Debit", "Credit"), sides, strict=True)
    ]
    writing.create(company, "JournalEntry", {"TxnDate": day, "PrivateNote": note, "Line": lines})


def _expense_line(account: str, amount: str, job: str) -> Obj:
    detail: Obj = {"AccountRef": {"value": account}, "BillableStatus": "NotBillable"}
    if job:
        detail["CustomerRef"] = {"value": job}
    return {
        "DetailType": "AccountBasedExpenseLineDetail",
        "Amount": Decimal(amount),
        "AccountBasedExpenseLineDetail": detail,
    }
