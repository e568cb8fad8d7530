"""Rules of customer payments and bank deposits (reference/quickbooks-online.md sections 4.14 and 4.20)."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO, Entry
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft, linked
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.sales import drop_line_classes, number_lines
from blueops_qb.sandbox.qbo.wire import Obj, cents, money, ref_id

#: what a payment line may be linked to -> the stored kind
PAYABLE = {"Invoice": "Invoice"}
#: what a deposit line may be linked to -> the stored kind
BANKABLE = {"Payment": "Payment"}
HOLDING_TYPES = ("Bank", "Other Current Asset")


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
    if not held:
        new["DepositToAccountRef"] = {"value": company.account_of_subtype("UndepositedFunds")}
    for name in ("ARAccountRef", "DocNumber", "TxnTaxDetail"):
        new.pop(name, None)
    draft.default("ProcessPayment", False)
    draft.default("CurrencyRef", {"value": "USD", "name": "United States Dollar"})
    if not company.preference("AccountingInfoPrefs.TrackDepartments"):
        new.pop("DepartmentRef", None)
    lines = [line for line in new.get("Line", []) if line.get("LinkedTxn")]
    for line in lines:
        _prepare_allocation(draft, line)
    _check_open(draft, lines)
    applied = sum((line["Amount"] for line in lines), ZERO)
    if applied > total:
        raise business(f"the lines apply {applied}, more than the payment amount {total}", "Line")
    new["Line"] = lines
    new["UnappliedAmt"] = total - applied


def payment_links(payment: Obj) -> dict[Key, Decimal]:
    """What the payment settles, by invoice."""
    links: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for line in payment.get("Line", []):
        link = line["LinkedTxn"][0]
        links[PAYABLE[link["TxnType"]], link["TxnId"]] += line["Amount"]
    return dict(links)


def payment_entries(company: Company, payment: Obj) -> list[Entry]:
    """Money in against the receivable, by the customer of each invoice; the rest under the payer."""
    payer, department = ref_id(payment, "CustomerRef"), ref_id(payment, "DepartmentRef")
    receivable = company.account_of_type("Accounts Receivable")
    owed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    owed[payer] += payment["UnappliedAmt"]
    for (kind, identity), amount in payment_links(payment).items():
        owed[ref_id(linked(company, kind, identity), "CustomerRef")] += amount
    held = ref_id(payment, "DepositToAccountRef")
    money_in = Entry(account=held, amount=payment["TotalAmt"], customer=payer, department=department)
    credits = [
        Entry(account=receivable, amount=-amount, customer=customer, department=department)
        for customer, amount in owed.items()
        if amount
    ]
    return [money_in, *credits]


def lower_allocation(company: Company, payment_id: str, target: Key, amount: Decimal) -> None:
    """Set what a payment applies to an invoice that became smaller; the rest becomes unapplied."""
    payment = company.records["Payment"][payment_id]
    kept: list[Obj] = []
    for line in payment["Line"]:
        link = line["LinkedTxn"][0]
        if (PAYABLE[link["TxnType"]], link["TxnId"]) != target:
            kept.append(line)
        elif amount:
            kept.append({**line, "Amount": amount})
    payment["Line"] = kept
    payment["UnappliedAmt"] = payment["TotalAmt"] - sum((line["Amount"] for line in kept), ZERO)


def prepare_deposit(draft: Draft) -> None:
    """Complete a bank deposit: payments out of undeposited funds, and lines of their own account."""
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
    draft.default("CurrencyRef", {"value": "USD", "name": "United States Dollar"})
    new.pop("TxnTaxDetail", None)
    back = new.get("CashBack")
    if back is not None and (not ref_id(back, "AccountRef") or "Amount" not in back):
        raise missing("CashBack.AccountRef")
    total = sum((line["Amount"] for line in lines), ZERO) - money((back or {}).get("Amount"))
    if total < 0:
        raise business(f"the total of a deposit must be 0 or greater, not {total}")
    new["TotalAmt"] = total


def deposit_links(deposit: Obj) -> dict[Key, Decimal]:
    """The payments inside the deposit."""
    return {
        (BANKABLE[line["LinkedTxn"][0]["TxnType"]], line["LinkedTxn"][0]["TxnId"]): line["Amount"]
        for line in deposit["Line"]
        if line.get("LinkedTxn")
    }


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
            payment = linked(company, "Payment", line["LinkedTxn"][0]["TxnId"])
            account, customer = ref_id(payment, "DepositToAccountRef"), ref_id(payment, "CustomerRef")
        else:
            account = ref_id(detail, "AccountRef")
            entity = str(detail.get("Entity", {}).get("value", ""))
            customer = entity if company.name_kind(entity) == "Customer" else ""
        entries.append(
            Entry(
                account=account,
                amount=-line["Amount"],
                customer=customer,
                class_id=ref_id(detail, "ClassRef"),
                department=department,
            )
        )
    return entries


def _prepare_allocation(draft: Draft, line: Obj) -> None:
    company = draft.company
    if len(line["LinkedTxn"]) != 1:
        raise business("a payment line links exactly one transaction", "LinkedTxn")
    link = line["LinkedTxn"][0]
    kind = PAYABLE.get(link.get("TxnType", ""))
    if not link.get("TxnId"):
        raise missing("LinkedTxn.TxnId")
    if kind is None:
        raise Fault("620", f"A payment cannot be linked to a transaction of type {link.get('TxnType')!r}.")
    if "Amount" not in line:
        raise missing("Amount")
    line["Amount"] = cents(line["Amount"])
    if line["Amount"] <= 0:
        raise business(f"the amount of a payment line must be positive, not {line['Amount']}", "Amount")
    target = linked(company, kind, link["TxnId"])
    if not _may_pay(company, ref_id(draft.new, "CustomerRef"), ref_id(target, "CustomerRef")):
        raise Fault(
            "620",
            f"Transaction {link['TxnId']} cannot be linked: it belongs to customer "
            f"{ref_id(target, 'CustomerRef')}, the payment to customer {ref_id(draft.new, 'CustomerRef')}.",
            "LinkedTxn",
        )
    line["LinkedTxn"] = [{"TxnId": link["TxnId"], "TxnType": link["TxnType"]}]
    line["LineEx"] = {"any": [{"name": "txnId", "value": link["TxnId"]}]}


def _may_pay(company: Company, payer: str, owner: str) -> bool:
    # A parent pays for a job only where the job is billed with its parent.
    while payer != owner:
        record = company.find("Customer", owner) or {}
        if not record.get("BillWithParent") or not ref_id(record, "ParentRef"):
            return False
        owner = ref_id(record, "ParentRef")
    return True


def _check_open(draft: Draft, lines: list[Obj]) -> None:
    own = ("Payment", str(draft.new.get("Id", "")))
    for (kind, identity), amount in payment_links({"Line": lines}).items():
        target = draft.company.records[kind][identity]
        others = draft.company.links.get((kind, identity), {})
        settled = sum((part for source, part in others.items() if source != own), ZERO)
        left = target["TotalAmt"] - money(target.get("Deposit")) - settled
        if amount > left:
            raise business(
                f"{kind} {identity} has an open balance of {left}; the payment applies {amount} to it", "Line"
            )


def _prepare_deposit_line(draft: Draft, line: Obj) -> None:
    company = draft.company
    line["DetailType"] = "DepositLineDetail"
    links = line.get("LinkedTxn")
    if not links:
        line.pop("LinkedTxn", None)
        detail = line.get("DepositLineDetail", {})
        if "Amount" not in line:
            raise missing("Amount")
        if not ref_id(detail, "AccountRef"):
            raise missing("AccountRef")
        line["Amount"] = cents(line["Amount"])
        return
    link = links[0]
    kind = BANKABLE.get(link.get("TxnType", ""))
    if kind is None:
        raise Fault("620", f"A deposit cannot be linked to a transaction of type {link.get('TxnType')!r}.")
    payment = linked(company, kind, link["TxnId"])
    line.setdefault("Amount", payment["TotalAmt"])
    line["Amount"] = cents(line["Amount"])
    if line["Amount"] != payment["TotalAmt"]:
        raise business(
            f"payment {link['TxnId']} is over {payment['TotalAmt']}, not {line['Amount']}", "Amount"
        )
    held = company.get("Account", ref_id(payment, "DepositToAccountRef"))
    others = set(company.links.get((kind, link["TxnId"]), {})) - {("Deposit", str(draft.new.get("Id", "")))}
    if others or held["AccountSubType"] != "UndepositedFunds":
        raise Fault("620", f"Payment {link['TxnId']} is not in undeposited funds, so it cannot be deposited.")
    line["LinkedTxn"] = [{"TxnId": link["TxnId"], "TxnType": link["TxnType"], "TxnLineId": "0"}]
    line.setdefault("DepositLineDetail", {})
