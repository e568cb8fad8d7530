"""Bills, vendor credits, checks, card charges and credits, purchase orders: entered and changed."""

from __future__ import annotations

from blueops_qb.sandbox.qbd import forms, links, open_items
from blueops_qb.sandbox.qbd.changing import merged, without_empty
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, invalid, missing
from blueops_qb.sandbox.qbd.kinds import TXN_KINDS
from blueops_qb.sandbox.qbd.messages_purchases import EXPENSES
from blueops_qb.sandbox.qbd.notation import Part
from blueops_qb.sandbox.qbd.purchase_lines import ItemLines, expense_lines, total
from blueops_qb.sandbox.qbd.reading import LINES, MACRO
from blueops_qb.sandbox.qbd.refs import held, resolve
from blueops_qb.sandbox.qbd.values import Obj, amount_text, money, ref_id

_APART = (
    *forms.NOT_KEPT,
    LINES,
    MACRO,
    "ExpenseLineAdd",
    "ExpenseLineMod",
    "ClearExpenseLines",
    "ClearItemLines",
    "LinkToTxnID",
    "ApplyCheckToTxnAdd",
    "ApplyCheckToTxnMod",
)
#: form -> the account it stands on and the types that this account may have
_ACCOUNTS = {
    "Bill": ("APAccountRef", ("AccountsPayable",)),
    "VendorCredit": ("APAccountRef", ("AccountsPayable",)),
    "Check": ("AccountRef", ("Bank",)),
    "CreditCardCharge": ("AccountRef", ("CreditCard",)),
    "CreditCardCredit": ("AccountRef", ("CreditCard",)),
}


def add(company: Company, *, kind: str, block: Part, sent: Obj) -> str:
    """Enter a purchase form and answer its TxnID."""
    forms.must_be_enabled(company, kind)
    resolve(company, block.nodes, sent)
    record = forms.begin(company, kind, sent)
    record |= {name: value for name, value in without_empty(sent).items() if name not in _APART}
    lines = [*links.lines_of_estimates(company, kind, sent), *sent.get(LINES, [])]
    record[EXPENSES] = expense_lines(company, [], sent.get("ExpenseLineAdd", []))
    record[LINES] = _items(company, kind).added(
        links.linked(company, kind, lines, cost="Cost") if kind == "Bill" else lines
    )
    links.note(record, sent)
    _complete(company, kind, record, fresh=True)
    _apply_check(company, kind, record, sent.get("ApplyCheckToTxnAdd", []))
    return forms.finish(company, kind, record)


def change(company: Company, *, kind: str, block: Part, sent: Obj) -> str:
    """Change a purchase form and answer its TxnID."""
    before = forms.change(company, kind, sent)
    forms.must_not_be_void(before)
    resolve(company, block.nodes, sent, known=held(before))
    kept = {
        name: value
        for name, value in sent.items()
        if name not in (*_APART, "TxnID", "EditSequence") and not (name == "TxnDate" and not value)
    }
    record = merged(before, kept)
    if "TermsRef" in sent and "DueDate" not in sent:
        record.pop("DueDate", None)
    if _cleared(sent, "ClearExpenseLines", "ExpenseLineMod"):
        record[EXPENSES] = []
    elif "ExpenseLineMod" in sent:
        record[EXPENSES] = expense_lines(company, before.get(EXPENSES, []), sent["ExpenseLineMod"])
    if _cleared(sent, "ClearItemLines", LINES):
        record[LINES] = []
    elif LINES in sent:
        record[LINES] = _items(company, kind).changed(before.get(LINES, []), sent[LINES])
    _complete(company, kind, record)
    if "ApplyCheckToTxnMod" in sent:
        _apply_check(company, kind, record, sent["ApplyCheckToTxnMod"])
    links.must_cover(company, kind, before, record)
    return forms.finish(company, kind, record)


def _items(company: Company, kind: str) -> ItemLines:
    if kind == "PurchaseOrder":
        return ItemLines(company=company, tag="PurchaseOrder", cost="Rate")
    return ItemLines(company=company)


def _cleared(sent: Obj, switch: str, lines: str) -> bool:
    if sent.get(switch) != "true":
        return False
    if lines in sent:
        raise Refusal(3153, f"{switch} must not be combined with lines of that kind.")
    return True


def _complete(company: Company, kind: str, record: Obj, *, fresh: bool = False) -> None:
    whole = total(record)
    if kind == "PurchaseOrder":
        record["TotalAmount"] = amount_text(whole)
        record.setdefault("IsManuallyClosed", "false")
        record.setdefault("DueDate", record["TxnDate"])
        return
    name, types = _ACCOUNTS[kind]
    default = company.special_account(types[0]) or company.account_of_type(types[0])
    forms.account(company, record, name, types=types, default=default if name == "APAccountRef" else "")
    for line in record[EXPENSES]:
        forms.must_not_post_to_non_posting(company, ref_id(line, "AccountRef"))
    if kind in ("Bill", "VendorCredit"):
        vendor = company.records["Vendor"].get(ref_id(record, "VendorRef"))
        if vendor is None:
            raise missing("VendorRef")
        if kind == "Bill":
            for name in ("TermsRef", "VendorAddress") if fresh else ():
                if vendor.get(name):
                    record.setdefault(name, vendor[name])
            if not record.get("DueDate"):
                record["DueDate"] = forms.due_date(company, record)
    else:
        record.setdefault("IsToBePrinted", "false")
        if kind != "Check":
            del record["IsToBePrinted"]
    if whole < 0:
        raise invalid("Amount", str(whole), "the total of a form cannot be negative.")
    record[TXN_KINDS[kind].total] = amount_text(whole)
    claim = open_items.claim_of(company, kind, record) if kind == "Check" else None
    if claim is not None and not claim.party:
        raise missing("CustomerRef")


def _apply_check(company: Company, kind: str, record: Obj, sent: list[Obj]) -> None:
    # A check that is coded to receivables pays a customer's credit back.
    if kind != "Check" or not sent:
        return
    claim = open_items.claim_of(company, kind, record)
    if claim is None or claim.side != open_items.RECEIVABLE:
        raise invalid("ApplyCheckToTxn", sent[0]["TxnID"], "the check has no line on accounts receivable.")
    if len({one["TxnID"] for one in sent}) != len(sent):
        raise invalid("TxnID", sent[0]["TxnID"], "a credit is named twice.")
    refunds = []
    left = claim.amount
    own = {part.source: part.amount for part in company.made.get(record["TxnID"], [])}
    for one in sent:
        source_kind, source = links.credit(
            company,
            one["TxnID"],
            side=claim.side,
            parties=links.family(company, claim.party),
            account=claim.account,
        )
        rest = open_items.remaining(company, source_kind, source) + own.get(one["TxnID"], money(None))
        amount = money(one["Amount"]) if one.get("Amount") else min(rest, left)
        if amount > rest or amount > left:
            raise invalid("Amount", str(amount), f"the credit has {rest} left, the check {left}.")
        left -= amount
        refunds.append({"TxnID": one["TxnID"], "RefundAmount": amount_text(amount)})
    record["_Refunds"] = refunds
