"""Rules of bill payments: what is paid, with which credits, from which bank or card (reference section 4.18)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo import numbering
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft, linked
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.wire import Obj, cents, ref_id

#: what a line may be linked to, by its TxnType, which is also the stored kind
PAYABLE = ("Bill", "VendorCredit", "JournalEntry", "Deposit")
#: links that the service accepts and then drops without a word
DROPPED = ("Purchase", "Expense", "Check", "CashPurchase", "CreditCardCharge", "CreditCardCredit")
#: PayType -> member that says where the money comes from, reference in it, account type it must have
_SOURCES = {
    "Check": ("CheckPayment", "BankAccountRef", "Bank"),
    "CreditCard": ("CreditCardPayment", "CCAccountRef", "Credit Card"),
}
_KIND = "BillPayment"


def prepare_bill_payment(draft: Draft) -> None:
    """Complete a bill payment: every line fits what is open, and charges less credits fit the amount."""
    new, company, old = draft.new, draft.company, draft.old
    if old is not None and old["PayType"] != new["PayType"]:
        raise business("the PayType of a bill payment cannot change", "PayType")
    new["TotalAmt"] = total = cents(new["TotalAmt"])
    if total < 0:
        raise business(f"the amount of a bill payment must be 0 or greater, not {total}", "TotalAmt")
    if not new["Line"]:
        raise missing("Line")
    lines = [line for line in new["Line"] if _prepare_line(draft, line)]
    new["Line"] = lines
    net = _check_amounts(draft)
    if net < 0:
        raise business(f"the credits exceed the bills by {-net}; apply less of them", "Line")
    if net > total:
        raise business(f"the lines pay {net}, more than the amount {total} of the payment", "TotalAmt")
    _prepare_source(draft)
    payable = ref_id(new, "APAccountRef")
    if payable and company.get("Account", payable)["AccountType"] != "Accounts Payable":
        raise Fault(
            "6430", f"Invalid account type: {payable} is no Accounts Payable account.", "APAccountRef"
        )
    if not company.preference("AccountingInfoPrefs.TrackDepartments"):
        new.pop("DepartmentRef", None)
    vendor = company.get("Vendor", ref_id(new, "VendorRef"))
    draft.default("VendorAddr", vendor.get("BillAddr"))
    draft.default("CurrencyRef", {"value": "USD", "name": "United States Dollar"})
    numbering.number_bill_payment(draft)


def bill_payment_links(payment: Obj) -> dict[Key, Decimal]:
    """What the payment pays or uses up, always as a positive amount."""
    links: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for line in payment.get("Line", []):
        link = line["LinkedTxn"][0]
        links[link["TxnType"], link["TxnId"]] += line["Amount"]
    return dict(links)


def bill_payment_entries(company: Company, payment: Obj) -> list[Entry]:
    """Money out of bank or card against the payable accounts; what no line uses stays with the vendor."""
    vendor, department = ref_id(payment, "VendorRef"), ref_id(payment, "DepartmentRef")
    paid: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for key, amount in bill_payment_links(payment).items():
        for account, share in _shares(company, key, vendor, amount):
            paid[account] += share
    rest = payment["TotalAmt"] - sum(paid.values(), ZERO)
    if rest:
        paid[ref_id(payment, "APAccountRef") or company.account_of_type("Accounts Payable")] += rest
    entries = [
        Entry(account=account, amount=amount, vendor=vendor, department=department)
        for account, amount in paid.items()
        if amount
    ]
    if payment["TotalAmt"]:
        part, reference, _ = _SOURCES[payment["PayType"]]
        money_out = Entry(
            account=ref_id(payment[part], reference),
            amount=-payment["TotalAmt"],
            vendor=vendor,
            department=department,
        )
        entries.insert(0, money_out)
    return entries


def linked_as(payment: Obj) -> str:
    """The TxnType under which a paid bill shows the payment."""
    return "BillPaymentCheck" if payment["PayType"] == "Check" else "BillPaymentCreditCard"


def lower_bill_payment(company: Company, payment_id: str, target: Key, amount: Decimal) -> None:
    """Set what a payment settles of a bill or credit that became smaller.

    Credits that have no bill left are released, and bills that no money covers; the rest of the money stays with
    the vendor.
    """
    payment = company.records[_KIND][payment_id]
    left = amount
    for line in payment["Line"]:
        link = line["LinkedTxn"][0]
        if (link["TxnType"], link["TxnId"]) == target:
            line["Amount"] = min(left, line["Amount"])
            left -= line["Amount"]
    _release(payment["Line"], -_net(payment["Line"]), credits=True)
    _release(payment["Line"], _net(payment["Line"]) - payment["TotalAmt"], credits=False)
    payment["Line"] = [line for line in payment["Line"] if line["Amount"]]


def face_amount(company: Company, key: Key) -> Decimal:
    """What an entry or deposit puts on payable accounts in the name of vendors: the most that can be paid of it."""
    vendors = {entry.vendor for entry in company.posted.get(key, []) if entry.vendor}
    return sum((abs(sum(owed_by(company, key, vendor).values(), ZERO)) for vendor in vendors), ZERO)


def owed_by(company: Company, key: Key, vendor: str) -> dict[str, Decimal]:
    """What a posted transaction adds to what we owe the vendor, by payable account; a credit is negative."""
    owed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for entry in company.posted.get(key, []):
        payable = company.get("Account", entry.account)["AccountType"] == "Accounts Payable"
        if payable and entry.vendor == vendor:
            owed[entry.account] -= entry.amount
    return {account: amount for account, amount in owed.items() if amount}


def _shares(company: Company, key: Key, vendor: str, amount: Decimal) -> list[tuple[str, Decimal]]:
    # Nearly always one account; a journal entry may carry the vendor on two, which are used up in turn.
    owed = owed_by(company, key, vendor)
    sign = 1 if sum(owed.values(), ZERO) >= 0 else -1
    shares: list[tuple[str, Decimal]] = []
    left = amount
    for account, part in owed.items():
        share = min(left, part * sign)
        if share > 0:
            shares.append((account, share * sign))
            left -= share
    return shares


def _prepare_line(draft: Draft, line: Obj) -> bool:
    links = line.get("LinkedTxn")
    if not links or not links[0].get("TxnId"):
        raise missing("LinkedTxn")
    if len(links) != 1:
        raise business("a bill payment line links exactly one transaction", "LinkedTxn")
    kind, identity = str(links[0].get("TxnType", "")), links[0]["TxnId"]
    if "Amount" not in line:
        raise missing("Amount")
    line["Amount"] = cents(line["Amount"])
    if line["Amount"] < 0:
        raise Fault(
            "2290", f"The amount of a bill payment line is {line['Amount']}; it must be positive.", "Amount"
        )
    if kind in DROPPED:
        return False
    if kind not in PAYABLE:
        raise Fault("620", f"A bill payment cannot be linked to a transaction of type {kind!r}.", "LinkedTxn")
    record = linked(draft.company, kind, identity)
    vendor = ref_id(draft.new, "VendorRef")
    if kind in ("Bill", "VendorCredit") and ref_id(record, "VendorRef") != vendor:
        raise Fault(
            "620",
            f"Transaction {identity} cannot be linked: it belongs to vendor {ref_id(record, 'VendorRef')}, "
            f"the payment to vendor {vendor}.",
            "LinkedTxn",
        )
    if kind in ("JournalEntry", "Deposit") and not owed_by(draft.company, (kind, identity), vendor):
        raise Fault("620", f"{kind} {identity} has no payable of vendor {vendor}.", "LinkedTxn")
    line["LinkedTxn"] = [{"TxnId": identity, "TxnType": kind}]
    line["_credit"] = sum(owed_by(draft.company, (kind, identity), vendor).values(), ZERO) < 0
    for name in ("Id", "Description"):
        line.pop(name, None)
    return bool(line["Amount"])


def _check_amounts(draft: Draft) -> Decimal:
    company, vendor = draft.company, ref_id(draft.new, "VendorRef")
    own = (_KIND, str(draft.new.get("Id", "")))
    for key, amount in bill_payment_links(draft.new).items():
        owed = sum(owed_by(company, key, vendor).values(), ZERO)
        others = company.links.get(key, {})
        used = sum((part for source, part in others.items() if source[0] == _KIND and source != own), ZERO)
        left = abs(owed) - used
        if amount > left:
            raise business(
                f"{key[0]} {key[1]} has an open balance of {left}; the payment applies {amount} to it", "Line"
            )
    return _net(draft.new["Line"])


def _net(lines: list[Obj]) -> Decimal:
    return sum((-line["Amount"] if line["_credit"] else line["Amount"] for line in lines), ZERO)


def _release(lines: list[Obj], excess: Decimal, *, credits: bool) -> None:
    # The newest lines give way first.
    for line in reversed(lines):
        if excess > 0 and bool(line["_credit"]) is credits:
            taken = min(excess, line["Amount"])
            line["Amount"] -= taken
            excess -= taken


def _prepare_source(draft: Draft) -> None:
    new, company = draft.new, draft.company
    part, reference, kind = _SOURCES[new["PayType"]]
    for other, _, _ in _SOURCES.values():
        if other != part:
            new.pop(other, None)
    detail = new.get(part)
    if detail is None:
        raise missing(part)
    if part == "CheckPayment":
        detail.setdefault("PrintStatus", "NotSet")
    account = ref_id(detail, reference)
    if not account:
        if new["TotalAmt"]:
            raise missing(f"{part}.{reference}")
        return
    if company.get("Account", account)["AccountType"] != kind:
        raise Fault("6430", f"Invalid account type: {reference} {account} is no {kind} account.", reference)
