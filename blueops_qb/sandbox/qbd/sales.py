"""Invoices, credit memos, sales receipts and estimates: entered and changed."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd import forms, links, open_items, tax
from blueops_qb.sandbox.qbd.changing import merged, without_empty
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import invalid, missing
from blueops_qb.sandbox.qbd.notation import Part
from blueops_qb.sandbox.qbd.reading import LINES, MACRO
from blueops_qb.sandbox.qbd.refs import held, resolve
from blueops_qb.sandbox.qbd.sales_lines import SalesLines, flat, subtotal, taxable_base
from blueops_qb.sandbox.qbd.values import Obj, amount_text, fine_text, ref_id

_APART = (*forms.NOT_KEPT, LINES, MACRO, "SetCredit", "LinkToTxnID", "CreateChangeOrder")
#: what a sale takes from its customer where it says nothing itself
_FROM_CUSTOMER = {
    "TermsRef": "TermsRef",
    "BillAddress": "BillAddress",
    "ShipAddress": "ShipAddress",
    "SalesRepRef": "SalesRepRef",
    "CustomerSalesTaxCodeRef": "SalesTaxCodeRef",
}
_FLAGS = {
    "Invoice": ("IsPending", "IsFinanceCharge", "IsToBePrinted", "IsToBeEmailed"),
    "CreditMemo": ("IsPending", "IsToBePrinted", "IsToBeEmailed"),
    "SalesReceipt": ("IsPending", "IsToBePrinted", "IsToBeEmailed"),
    "Estimate": ("IsToBeEmailed",),
}
#: money that a sales receipt may go to
_CASH = ("Bank", "OtherCurrentAsset", "CreditCard", "OtherCurrentLiability")


def add(company: Company, *, kind: str, block: Part, sent: Obj) -> str:
    """Enter a sales form and answer its TxnID."""
    forms.must_be_enabled(company, kind)
    resolve(company, block.nodes, sent)
    record = forms.begin(company, kind, sent)
    record |= {name: value for name, value in without_empty(sent).items() if name not in _APART}
    record |= {name: record.get(name, "false") for name in _FLAGS[kind]}
    if kind == "Estimate":
        record.setdefault("IsActive", "true")
    if kind == "SalesReceipt":
        record["_DepositLineID"] = company.new_line_id()
    _default(company, kind, record, fresh=True)
    lines = [*links.lines_of_estimates(company, kind, sent), *sent.get(LINES, [])]
    record[LINES] = SalesLines(company=company, kind=kind, header=record).added(
        links.linked(company, kind, lines)
    )
    links.note(record, sent)
    _total(company, kind, record)
    links.set_credits(company, kind, record, sent.get("SetCredit", []))
    identity = forms.finish(company, kind, record)
    links.close_estimates(company, record)
    return identity


def change(company: Company, *, kind: str, block: Part, sent: Obj) -> str:
    """Change a sales form and answer its TxnID."""
    before = forms.change(company, kind, sent)
    forms.must_not_be_void(before)
    links.must_not_be_deposited(company, before, sent, ("DepositToAccountRef", LINES))
    resolve(company, block.nodes, sent, known=held(before))
    record = merged(
        before,
        {
            name: value
            for name, value in sent.items()
            if name not in (*_APART, "TxnID", "EditSequence") and not (name == "TxnDate" and not value)
        },
    )
    if "CustomerRef" in sent and not ref_id(record, "CustomerRef") and kind != "SalesReceipt":
        raise missing("CustomerRef")
    if "TermsRef" in sent and "DueDate" not in sent:
        record.pop("DueDate", None)
    _default(company, kind, record)
    lines = SalesLines(company=company, kind=kind, header=record)
    if LINES in sent:
        record[LINES] = lines.changed(before.get(LINES, []), sent[LINES])
    else:
        record[LINES] = lines.repriced(before.get(LINES, []))
    _total(company, kind, record)
    links.set_credits(company, kind, record, sent.get("SetCredit", []))
    links.must_cover(company, kind, before, record)
    return forms.finish(company, kind, record)


def _default(company: Company, kind: str, record: Obj, *, fresh: bool = False) -> None:
    customer = company.records["Customer"].get(ref_id(record, "CustomerRef"), {})
    taxed = "SalesTaxPreferences" in company.meta("preferences")
    for name, source in _FROM_CUSTOMER.items():
        if fresh and name not in record and customer.get(source) and _has(kind, name):
            record[name] = customer[source]
    item = tax.default_item(company, customer)
    if taxed and item and not ref_id(record, "ItemSalesTaxRef"):
        record["ItemSalesTaxRef"] = {"ListID": item}
    if kind in ("Invoice", "CreditMemo"):
        default = company.special_account("AccountsReceivable") or company.account_of_type(
            "AccountsReceivable"
        )
        forms.account(company, record, "ARAccountRef", types=("AccountsReceivable",), default=default)
    if kind == "SalesReceipt":
        default = company.special_account("UndepositedFunds")
        forms.account(company, record, "DepositToAccountRef", types=_CASH, default=default)
    if kind != "SalesReceipt" and not record.get("DueDate"):
        record["DueDate"] = forms.due_date(company, record)


def _has(kind: str, name: str) -> bool:
    # A sales receipt is paid at once and has no terms.
    return not (kind == "SalesReceipt" and name == "TermsRef")


def _total(company: Company, kind: str, record: Obj) -> None:
    lines = list(flat(record, kind))
    base = taxable_base(company, lines)
    reckoned = tax.tax_on(company, ref_id(record, "ItemSalesTaxRef"), base)
    record["Subtotal"] = amount_text(subtotal(company, lines))
    record["SalesTaxPercentage"] = fine_text(reckoned.percentage)
    record["SalesTaxTotal"] = amount_text(reckoned.total)
    record["_Taxes"] = reckoned.kept()
    whole = open_items.sales_total(record)
    if whole < 0:
        raise invalid("Amount", str(whole), "the total of a form cannot be negative.")
    if kind == "Invoice":
        record.update(_offer(company, record, whole))
    else:
        record["TotalAmount"] = amount_text(whole)


def _offer(company: Company, record: Obj, whole: Decimal) -> Obj:
    amount, last = forms.suggested_discount(company, record, whole)
    return {
        "SuggestedDiscountAmount": amount_text(amount) if amount > ZERO else "",
        "SuggestedDiscountDate": last,
    }
