"""What a customer payment settles: charges it pays and credits it uses (reference sections 4.13 and 4.14)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft, linked
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.wire import Obj, cents, money, ref_id

#: what a payment line may be linked to -> the stored kind
PAYABLE = {
    "Invoice": "Invoice",
    "CreditMemo": "CreditMemo",
    "JournalEntry": "JournalEntry",
    "Expense": "Purchase",
    "Check": "Purchase",
    "CreditCardCredit": "Purchase",
}
_RECEIVABLE = "Accounts Receivable"


def prepare_allocations(draft: Draft) -> None:
    """Complete the lines of a payment and its UnappliedAmt; raises Fault 610, 620, 2020 or 6000."""
    new = draft.new
    lines = [line for line in new.get("Line", []) if line.get("LinkedTxn")]
    for line in lines:
        _prepare_line(draft, line)
    _check_open(draft, lines)
    charges, credits = _sums(lines)
    if credits > charges:
        raise business(f"the lines use credits of {credits} for charges of {charges} only", "Line")
    if charges - credits > new["TotalAmt"]:
        raise business(
            f"the lines apply {charges - credits}, more than the payment amount {new['TotalAmt']}", "Line"
        )
    new["Line"] = lines
    new["UnappliedAmt"] = new["TotalAmt"] - charges + credits


def payment_links(payment: Obj) -> dict[Key, Decimal]:
    """What the payment settles, by charge and by credit; amounts are positive."""
    links: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for line in payment.get("Line", []):
        links[_target(line)] += line["Amount"]
    return dict(links)


def owed_by_customer(company: Company, payment: Obj) -> dict[str, Decimal]:
    """How far the payment lowers the receivable of each customer; what is unapplied counts for the payer."""
    owed: dict[str, Decimal] = defaultdict(lambda: ZERO)
    owed[ref_id(payment, "CustomerRef")] += payment["UnappliedAmt"]
    for line in payment.get("Line", []):
        owed[_owner(company, line)] += -line["Amount"] if _uses_credit(line) else line["Amount"]
    return {customer: amount for customer, amount in owed.items() if amount}


def lower_allocation(company: Company, payment_id: str, target: Key, amount: Decimal) -> None:
    """Set what a payment settles of a form that became smaller.

    Charges no longer covered are released, and credits no longer used; the rest of the money is unapplied.
    """
    payment = company.records["Payment"][payment_id]
    left = amount
    for line in payment["Line"]:
        if _target(line) == target:
            line["Amount"] = min(left, line["Amount"])
            left -= line["Amount"]
    charges, credits = _sums(payment["Line"])
    _release(payment["Line"], credits - charges, _uses_credit)
    charges, credits = _sums(payment["Line"])
    _release(payment["Line"], charges - credits - payment["TotalAmt"], lambda line: not _uses_credit(line))
    charges, credits = _sums(payment["Line"])
    payment["Line"] = [line for line in payment["Line"] if line["Amount"]]
    payment["UnappliedAmt"] = payment["TotalAmt"] - charges + credits


def face_amount(company: Company, key: Key) -> Decimal:
    """What a form is open for before anything settles it; of an entry, what it posts to the receivable."""
    record = company.records[key[0]][key[1]]
    if key[0] in ("Invoice", "CreditMemo"):
        return Decimal(record["TotalAmt"]) - money(record.get("Deposit"))
    return sum((abs(amount) for amount in _receivable(company, key).values()), ZERO)


def left_to_settle(company: Company, key: Key, *, without: Key | None = None) -> Decimal:
    """The open amount of a form, leaving out what one payment settles of it."""
    sources = company.links.get(key, {})
    settled = sum(
        (amount for source, amount in sources.items() if source != without and source[0] == "Payment"), ZERO
    )
    return face_amount(company, key) - settled


def _release(lines: list[Obj], excess: Decimal, concerned: Callable[[Obj], bool]) -> None:
    # The newest lines give way first.
    for line in reversed(lines):
        if excess <= 0:
            return
        if concerned(line):
            taken = min(excess, line["Amount"])
            line["Amount"] -= taken
            excess -= taken


def _sums(lines: list[Obj]) -> tuple[Decimal, Decimal]:
    charges = sum((line["Amount"] for line in lines if not _uses_credit(line)), ZERO)
    return charges, sum((line["Amount"] for line in lines if _uses_credit(line)), ZERO)


def _target(line: Obj) -> Key:
    link = line["LinkedTxn"][0]
    return PAYABLE[link["TxnType"]], link["TxnId"]


def _uses_credit(line: Obj) -> bool:
    return bool(line.get("_credit"))


def _owner(company: Company, line: Obj) -> str:
    kind, identity = _target(line)
    if kind in ("Invoice", "CreditMemo"):
        return ref_id(linked(company, kind, identity), "CustomerRef")
    return ref_id(line["_owner"], "CustomerRef")


def _prepare_line(draft: Draft, line: Obj) -> None:
    company, payer = draft.company, ref_id(draft.new, "CustomerRef")
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
    key = (kind, link["TxnId"])
    target = linked(company, *key)
    if kind in ("Invoice", "CreditMemo"):
        owner, credit = ref_id(target, "CustomerRef"), kind == "CreditMemo"
    else:
        owner, moved = _receivable_side(company, key, payer)
        credit = moved < 0
        if owner and line["Amount"] > abs(moved):
            raise business(
                f"{kind} {link['TxnId']} moves {abs(moved)} for customer {owner}; the payment applies "
                f"{line['Amount']} to it",
                "Line",
            )
    if not owner or not _may_pay(company, payer, owner):
        whose = f"belongs to customer {owner}" if owner else "holds no receivable of the customer"
        raise Fault(
            "620",
            f"Transaction {link['TxnId']} cannot be linked: it {whose}, the payment is from customer {payer}.",
            "LinkedTxn",
        )
    for name in line.keys() - {"Amount", "LinkedTxn"}:
        del line[name]
    line["LinkedTxn"] = [{"TxnId": link["TxnId"], "TxnType": link["TxnType"]}]
    if credit:
        line["_credit"] = True
    if kind not in ("Invoice", "CreditMemo"):
        line["_owner"] = {"CustomerRef": {"value": owner}}
    left = left_to_settle(company, key, without=("Payment", str(draft.new.get("Id", ""))))
    line["LineEx"] = _line_ex(target, left)


def _receivable(company: Company, key: Key) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for entry in company.posted.get(key, ()):
        if company.records["Account"][entry.account]["AccountType"] == _RECEIVABLE:
            sums[entry.customer] += entry.amount
    return {customer: amount for customer, amount in sums.items() if amount}


def _receivable_side(company: Company, key: Key, payer: str) -> tuple[str, Decimal]:
    # Whose receivable an entry moves, the payer's own first, and by how much: a credit is negative.
    sums = _receivable(company, key)
    for customer in sorted(sums, key=lambda identity: identity != payer):
        if customer and _may_pay(company, payer, customer):
            return customer, sums[customer]
    return "", ZERO


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
    for key, amount in payment_links({"Line": lines}).items():
        left = left_to_settle(draft.company, key, without=own)
        if amount > left:
            raise business(
                f"{key[0]} {key[1]} has an open balance of {left}; the payment applies {amount} to it", "Line"
            )


def _line_ex(target: Obj, left: Decimal) -> Obj:
    facts = {"txnId": target["Id"], "txnOpenBalance": str(left)}
    if target.get("DocNumber"):
        facts["txnReferenceNumber"] = str(target["DocNumber"])
    return {
        "any": [
            {
                "name": "{http://schema.intuit.com/finance/v3}NameValue",
                "declaredType": "com.intuit.schema.finance.v3.NameValue",
                "scope": "javax.xml.bind.JAXBElement$GlobalScope",
                "value": {"Name": name, "Value": value},
                "nil": False,
                "globalScope": True,
                "typeSubstituted": False,
            }
            for name, value in facts.items()
        ]
    }
