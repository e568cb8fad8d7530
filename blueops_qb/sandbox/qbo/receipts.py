"""Rules of customer payments and bank deposits (reference/quickbooks-online.md sections 4.14 and 4.20)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo.allocations import owed_by_customer, prepare_allocations
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import HOME, Draft, linked
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.journal import NEEDS_NAME
from blueops_qb.sandbox.qbo.sales import drop_line_classes, number_lines
from blueops_qb.sandbox.qbo.wire import Obj, cents, money, ref_id

#: what a deposit line may be linked to; the stored kind has the same name
BANKABLE = ("Payment", "SalesReceipt", "RefundReceipt", "JournalEntry")
HOLDING_TYPES = ("Bank", "Other Current Asset")
UNDEPOSITED = "UndepositedFunds"


def prepare_payment(draft: Draft) -> None:
    """Complete a payment: every allocation must fit its invoice and all of them the amount."""
    new, company = draft.new, draft.company
    total = new.get("TotalAmt")
    if total is None:
        raise business("You must set a transaction amount.", "TotalAmt")
    new["TotalAmt"] = total = cents(total)
    if total < 0:
        raise business(f"the amount of a payment must be 0 or greater, not {total}", "TotalAmt")
    held = ref_id(new, "DepositToAccountRef")
    if held and company.get("Account", held)["AccountType"] not in HOLDING_TYPES:
        raise Fault(
            "6430", f"Invalid account type: account {held} cannot hold payments.", "DepositToAccountRef"
        )
    if not held and total:
        # A payment of 0.00, which only links credits to charges, names no account.
        new["DepositToAccountRef"] = {"value": company.account_of_subtype(UNDEPOSITED)}
    for name in ("ARAccountRef", "DocNumber", "TxnTaxDetail"):
        new.pop(name, None)
    draft.default("ProcessPayment", False)
    draft.default("CurrencyRef", dict(HOME))
    if not company.preference("AccountingInfoPrefs.TrackDepartments"):
        new.pop("DepartmentRef", None)
    prepare_allocations(draft)


def payment_entries(company: Company, payment: Obj) -> list[Entry]:
    """Money in against the receivable, by the customer of each charge and credit; the rest under the payer."""
    payer, department = ref_id(payment, "CustomerRef"), ref_id(payment, "DepartmentRef")
    receivable = company.account_of_type("Accounts Receivable")
    entries = [
        Entry(account=receivable, amount=-amount, customer=customer, department=department)
        for customer, amount in owed_by_customer(company, payment).items()
    ]
    held = ref_id(payment, "DepositToAccountRef")
    if held:
        money_in = Entry(account=held, amount=payment["TotalAmt"], customer=payer, department=department)
        entries.insert(0, money_in)
    return entries


def prepare_deposit(draft: Draft) -> None:
    """Complete a bank deposit: money out of undeposited funds, and lines of their own account."""
    new, company = draft.new, draft.company
    bank = company.get("Account", ref_id(new, "DepositToAccountRef"))
    if bank["AccountType"] not in HOLDING_TYPES:
        raise Fault(
            "6430", f"Invalid account type: {bank['Name']!r} takes no deposits.", "DepositToAccountRef"
        )
    lines = new["Line"]
    if not lines:
        raise missing("Line")
    if not company.preference("AccountingInfoPrefs.TrackDepartments"):
        new.pop("DepartmentRef", None)
    drop_line_classes(company, lines)
    for line in lines:
        _prepare_deposit_line(draft, line)
    number_lines(draft, lines)
    draft.default("CurrencyRef", dict(HOME))
    new.pop("TxnTaxDetail", None)
    back = new.get("CashBack")
    cash = _prepare_cash_back(company, back) if back is not None else ZERO
    total = sum((line["Amount"] for line in lines), ZERO) - cash
    if total < 0:
        raise business(f"the total of a deposit must be 0 or greater, not {total}")
    new["TotalAmt"] = total


def deposit_links(deposit: Obj) -> dict[Key, Decimal]:
    """The payments, receipts and entries inside the deposit."""
    links: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for line in deposit["Line"]:
        if line.get("LinkedTxn"):
            link = line["LinkedTxn"][0]
            links[link["TxnType"], link["TxnId"]] += line["Amount"]
    return dict(links)


def deposit_entries(company: Company, deposit: Obj) -> list[Entry]:
    """Bank against undeposited funds and against the accounts of the other lines."""
    department = ref_id(deposit, "DepartmentRef")
    entries = [
        Entry(
            account=ref_id(deposit, "DepositToAccountRef"), amount=deposit["TotalAmt"], department=department
        )
    ]
    back = deposit.get("CashBack")
    if back:
        entries.append(Entry(account=ref_id(back, "AccountRef"), amount=money(back["Amount"])))
    for line in deposit["Line"]:
        detail = line.get("DepositLineDetail", {})
        if line.get("LinkedTxn"):
            link = line["LinkedTxn"][0]
            source = linked(company, link["TxnType"], link["TxnId"])
            account = ref_id(source, "DepositToAccountRef") or company.account_of_subtype(UNDEPOSITED)
            name = ref_id(source, "CustomerRef")
        else:
            account = ref_id(detail, "AccountRef")
            name = str(detail.get("Entity", {}).get("value", ""))
        who = company.name_kind(name)
        entries.append(
            Entry(
                account=account,
                amount=-line["Amount"],
                customer=name if who == "Customer" else "",
                vendor=name if who == "Vendor" else "",
                employee=name if who == "Employee" else "",
                class_id=ref_id(detail, "ClassRef"),
                department=department,
            )
        )
    return entries


def _prepare_deposit_line(draft: Draft, line: Obj) -> None:
    line["DetailType"] = "DepositLineDetail"
    if line.get("LinkedTxn"):
        _prepare_banked_line(draft, line)
        return
    line.pop("LinkedTxn", None)
    detail = line.get("DepositLineDetail", {})
    if "Amount" not in line:
        raise missing("Amount")
    if not ref_id(detail, "AccountRef"):
        raise missing("AccountRef")
    line["Amount"] = cents(line["Amount"])
    _check_name(draft.company, detail)


def _check_name(company: Company, detail: Obj) -> None:
    # The entity of a deposit line is written in capitals; receivables and payables must name theirs.
    entity = detail.get("Entity")
    who = company.name_kind(entity["value"]) if entity else ""
    if entity:
        entity["type"] = who.upper()
    account = company.get("Account", ref_id(detail, "AccountRef"))
    needed = NEEDS_NAME.get(account["AccountType"])
    if needed and who != needed:
        raise business(
            f"the line on {account['Name']!r} ({account['AccountType']}) must name a {needed.lower()}",
            "Entity",
        )


def _prepare_cash_back(company: Company, back: Obj) -> Decimal:
    if not ref_id(back, "AccountRef") or "Amount" not in back:
        raise missing("CashBack.AccountRef")
    back["Amount"] = cents(back["Amount"])
    if back["Amount"] < 0:
        raise business(f"cash back must be 0 or greater, not {back['Amount']}", "CashBack")
    account = company.get("Account", ref_id(back, "AccountRef"))
    if account["AccountType"] in NEEDS_NAME:
        raise Fault("6430", f"Invalid account type: {account['Name']!r} takes no cash back.", "CashBack")
    return Decimal(back["Amount"])


def _prepare_banked_line(draft: Draft, line: Obj) -> None:
    company, link = draft.company, line["LinkedTxn"][0]
    kind = link.get("TxnType", "")
    if kind not in BANKABLE:
        raise Fault("620", f"A deposit cannot be linked to a transaction of type {kind!r}.")
    if not link.get("TxnId"):
        raise missing("LinkedTxn.TxnId")
    key = (kind, link["TxnId"])
    linked(company, *key)
    there = _undeposited(company, key)
    others = {source for source in company.links.get(key, {}) if source[0] == "Deposit"}
    if not there or others - {("Deposit", str(draft.new.get("Id", "")))}:
        raise Fault(
            "620",
            f"{kind} {link['TxnId']} is not in undeposited funds, so it cannot be deposited.",
            "LinkedTxn",
        )
    line.setdefault("Amount", there)
    line["Amount"] = cents(line["Amount"])
    if line["Amount"] != there:
        raise business(f"{kind} {link['TxnId']} is over {there}, not {line['Amount']}", "Amount")
    line["LinkedTxn"] = [{"TxnId": link["TxnId"], "TxnType": kind, "TxnLineId": "0"}]
    line.setdefault("DepositLineDetail", {})


def _undeposited(company: Company, key: Key) -> Decimal:
    # What a transaction holds in undeposited funds: negative for a refund paid out of them.
    return sum(
        (
            entry.amount
            for entry in company.posted.get(key, ())
            if company.records["Account"][entry.account]["AccountSubType"] == UNDEPOSITED
        ),
        ZERO,
    )
