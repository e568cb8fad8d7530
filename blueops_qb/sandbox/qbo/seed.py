"""Fills a company in the likeness of Intuit's US sample company: a plumbing firm with invented names."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from blueops_qb.sandbox.qbo import seed_lists as lists
from blueops_qb.sandbox.qbo import seed_txns, taxservice, writing
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.seed_preferences import preferences
from blueops_qb.sandbox.qbo.wire import Obj

COMPANY_NAME = "Three Peaks Plumbing"


def seed(
    company: Company,
    today: date,
    with_transactions: bool = True,
    with_names: bool = True,
    *,
    name: str = COMPANY_NAME,
) -> None:
    """Fill an empty company.

    Lists, tax and preferences are always there.  ``with_names`` adds customers with jobs, vendors and
    employees (else only customer 1); ``with_transactions`` adds a few weeks of business before ``today``.
    """
    with company.lock:
        _single(company, name, today)
        accounts = _accounts(company)
        _tax(company)
        _lists(company)
        _items(company, accounts, today)
        company.put("Preferences", preferences(company, accounts, name=name))
        company.hidden.tax_account = accounts["2200"]
        _names(company, full=with_names or with_transactions)
        if with_transactions:
            seed_txns.add_transactions(company, accounts, today)


def account_ids(company: Company) -> dict[str, str]:
    """Account number -> id."""
    return {record["AcctNum"]: record["Id"] for record in company.all("Account") if "AcctNum" in record}


def _single(company: Company, name: str, today: date) -> None:
    place = {
        "Line1": "410 Truckee Ave",
        "City": "Reno",
        "CountrySubDivisionCode": "NV",
        "PostalCode": "89501",
        "Country": "USA",
    }
    facts = {
        "NeoEnabled": "true",
        "IndustryType": "Plumbing, Heating, and Air-Conditioning Contractors",
        "CompanyType": "LLC",
        "SubscriptionStatus": "PAID",
        "OfferingSku": "QuickBooks Online Plus",
    }
    info: Obj = {
        "CompanyName": name,
        "LegalName": f"{name} LLC",
        "CompanyAddr": dict(place),
        "LegalAddr": dict(place),
        "CustomerCommunicationAddr": dict(place),
        "CompanyStartDate": (today - timedelta(days=900)).isoformat(),
        "FiscalYearStartMonth": "January",
        "Country": "US",
        "Email": {"Address": "office@threepeaks.example.com"},
        "PrimaryPhone": {"FreeFormNumber": "(775) 555-0100"},
        "SupportedLanguages": "en",
        "NameValue": [{"Name": key, "Value": value} for key, value in facts.items()],
    }
    _put_single(company, "CompanyInfo", info)
    _put_single(company, "Preferences", {})


def _put_single(company: Company, kind: str, record: Obj) -> None:
    company.put(kind, {**record, "Id": "1", "domain": "QBO", "sparse": False})
    company.touch(kind, "1", first=True)


def _accounts(company: Company) -> dict[str, str]:
    ids: dict[str, str] = {}
    for number, name, kind, subtype in lists.ACCOUNTS:
        body = {"Name": name, "AcctNum": number, "AccountType": kind, "AccountSubType": subtype}
        ids[number] = writing.create(company, "Account", body)["Id"]
    return ids


def _tax(company: Company) -> None:
    taxservice.add_pseudo_code(company, name="TAX", taxable=True)
    taxservice.add_pseudo_code(company, name="NON", taxable=False)
    for name, state, agency, rates in lists.TAX_CODES:
        agency_id = writing.create(company, "TaxAgency", {"DisplayName": agency})["Id"]
        rate_ids = [
            taxservice.add_tax_rate(company, name=rate, percent=Decimal(percent), agency=agency_id)
            for rate, percent in rates
        ]
        code = taxservice.add_tax_code(company, name=name, rate_ids=rate_ids)
        company.hidden.tax_codes_by_state[state] = code


def _lists(company: Company) -> None:
    for name in lists.CLASSES:
        writing.create(company, "Class", {"Name": name})
    for name in lists.LOCATIONS:
        writing.create(company, "Department", {"Name": name})
    for name, days in lists.TERMS:
        writing.create(company, "Term", {"Name": name, "DueDays": days})
    for name, card in lists.METHODS:
        kind = "CREDIT_CARD" if card else "NON_CREDIT_CARD"
        writing.create(company, "PaymentMethod", {"Name": name, "Type": kind})


def _items(company: Company, accounts: dict[str, str], today: date) -> None:
    for name, kind, income, expense, price, cost, taxable, on_hand in lists.ITEMS:
        body: Obj = {
            "Name": name,
            "Type": kind,
            "UnitPrice": Decimal(price),
            "PurchaseCost": Decimal(cost),
            "Taxable": taxable,
        }
        if income:
            body["IncomeAccountRef"] = {"value": accounts[income]}
        if expense:
            body["ExpenseAccountRef"] = {"value": accounts[expense]}
        if on_hand:
            body["TrackQtyOnHand"] = True
            body["QtyOnHand"] = Decimal(on_hand)
            body["InvStartDate"] = (today - timedelta(days=400)).isoformat()
            body["AssetAccountRef"] = {"value": accounts["1200"]}
        writing.create(company, "Item", body)


def _names(company: Company, *, full: bool) -> None:
    for position, (shown, given, family, firm) in enumerate(lists.CUSTOMERS if full else lists.CUSTOMERS[:1]):
        body: Obj = {
            "DisplayName": shown,
            "PrimaryEmailAddr": {"Address": f"customer{position + 1}@example.com"},
            "PrimaryPhone": {"FreeFormNumber": f"(775) 555-{1000 + position * 7}"},
            "BillAddr": address(position),
            "SalesTermRef": {"value": "3"},
        }
        body["ShipAddr"] = dict(body["BillAddr"])
        body |= {key: value for key, value in _parts(given, family, firm).items() if value}
        if shown == "Tahoe Ridge School District":
            body |= {"Taxable": False, "TaxExemptionReasonId": "7"}
        writing.create(company, "Customer", body)
    if not full:
        return
    ids = {record["DisplayName"]: record["Id"] for record in company.all("Customer")}
    for parent, job in lists.JOBS:
        body = {"DisplayName": job, "Job": True, "ParentRef": {"value": ids[parent]}}
        body["BillWithParent"] = parent == "Larkspur Property Management"
        writing.create(company, "Customer", body)
    for position, (shown, contractor) in enumerate(lists.VENDORS):
        body = {
            "DisplayName": shown,
            "CompanyName": shown,
            "Vendor1099": contractor,
            "BillAddr": address(position + 3),
            "TermRef": {"value": "3"},
            "PrimaryPhone": {"FreeFormNumber": f"(775) 555-{2000 + position * 3}"},
        }
        if contractor:
            body["TaxIdentifier"] = f"00-{7700100 + position}"
        writing.create(company, "Vendor", body)
    for given, family in lists.EMPLOYEES:
        writing.create(company, "Employee", {"GivenName": given, "FamilyName": family})


def address(position: int) -> Obj:
    """An invented address, the same for the same number."""
    town, state, code = lists.TOWNS[position % len(lists.TOWNS)]
    street = lists.STREETS[position % len(lists.STREETS)]
    return {
        "Line1": f"{101 + 17 * position} {street}",
        "City": town,
        "CountrySubDivisionCode": state,
        "PostalCode": code,
    }


def _parts(given: str, family: str, firm: str) -> Obj:
    return {"GivenName": given, "FamilyName": family, "CompanyName": firm}
