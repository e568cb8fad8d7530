"""Bank deposits: payments taken out of undeposited funds, other money, cash back."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd import forms
from blueops_qb.sandbox.qbd.changing import merged, without_empty
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import invalid, missing, not_found
from blueops_qb.sandbox.qbd.line_lists import paired
from blueops_qb.sandbox.qbd.notation import Part
from blueops_qb.sandbox.qbd.reading import MACRO
from blueops_qb.sandbox.qbd.refs import held, resolve
from blueops_qb.sandbox.qbd.values import Obj, amount_text, money, ref_id

_APART = (*forms.NOT_KEPT, MACRO, "DepositLineAdd", "DepositLineMod", "CashBackInfoAdd", "CashBackInfoMod")
_KIND, _LINES = "Deposit", "DepositLineRet"
#: what waits in undeposited funds -> the member with its amount
PAID = {"ReceivePayment": "TotalAmount", "SalesReceipt": "TotalAmount"}


def add(company: Company, *, block: Part, sent: Obj) -> str:
    """Enter a deposit and answer its TxnID."""
    resolve(company, block.nodes, sent)
    record = forms.begin(company, _KIND, sent)
    record.pop("RefNumber", None)
    record |= {name: value for name, value in without_empty(sent).items() if name not in _APART}
    if "CashBackInfoAdd" in sent:
        record["CashBackInfoRet"] = {
            "TxnLineID": company.new_line_id(),
            **without_empty(sent["CashBackInfoAdd"]),
        }
    record[_LINES] = [_line(company, line, record["TxnID"]) for line in sent.get("DepositLineAdd", [])]
    _complete(company, record)
    return forms.finish(company, _KIND, record)


def change(company: Company, *, block: Part, sent: Obj) -> str:
    """Change a deposit and answer its TxnID."""
    before = forms.change(company, _KIND, sent)
    forms.must_not_be_void(before)
    resolve(company, block.nodes, sent, known=held(before))
    kept = {name: value for name, value in sent.items() if name not in (*_APART, "TxnID", "EditSequence")}
    record = merged(before, {name: value for name, value in kept.items() if value or name != "TxnDate"})
    if "CashBackInfoMod" in sent:
        base = before.get("CashBackInfoRet") or {"TxnLineID": company.new_line_id()}
        record["CashBackInfoRet"] = merged(base, sent["CashBackInfoMod"])
    if "DepositLineMod" in sent:
        record[_LINES] = [
            _line(company, line, record["TxnID"]) if old is None else _changed(old, line)
            for old, line in paired(before.get(_LINES, []), sent["DepositLineMod"])
        ]
    _complete(company, record)
    return forms.finish(company, _KIND, record)


def undeposited(company: Company, identity: str) -> tuple[str, Obj] | None:
    """Kind and record of a payment that waits in undeposited funds, or None."""
    kind = company.kind_of.get(identity, "")
    record = company.get(kind, identity) if kind in PAID else None
    if record is None or ref_id(record, "DepositToAccountRef") != company.special_account("UndepositedFunds"):
        return None
    return kind, record


def _line(company: Company, sent: Obj, deposit: str) -> Obj:
    identity = company.new_line_id()
    if "PaymentTxnID" not in sent:
        line = {name: value for name, value in without_empty(sent).items() if name != "TxnLineID"}
        if not ref_id(line, "AccountRef"):
            raise missing("AccountRef")
        forms.must_not_post_to_non_posting(company, ref_id(line, "AccountRef"))
        return {"TxnLineID": identity, "Amount": "0.00", **line}
    payment = sent["PaymentTxnID"]
    found = undeposited(company, payment)
    if found is None or company.deposited.get(payment, deposit) != deposit:
        raise not_found("payment in undeposited funds", payment)
    kind, record = found
    line = {
        "TxnType": kind,
        "TxnID": payment,
        "TxnLineID": identity,
        "PaymentTxnLineID": record["_DepositLineID"],
        "EntityRef": record.get("CustomerRef"),
        "AccountRef": {"ListID": company.special_account("UndepositedFunds")},
        "Memo": sent.get("OverrideMemo") or record.get("Memo"),
        "CheckNumber": sent.get("OverrideCheckNumber")
        or record.get("CheckNumber")
        or record.get("RefNumber"),
        "PaymentMethodRef": record.get("PaymentMethodRef"),
        "ClassRef": sent.get("OverrideClassRef"),
        "Amount": record[PAID[kind]],
    }
    return {name: value for name, value in line.items() if value}


def _changed(old: Obj, sent: Obj) -> Obj:
    if "PaymentTxnID" in sent and sent["PaymentTxnID"] != old.get("TxnID"):
        raise not_found("payment on this line", sent["PaymentTxnID"])
    names = {"OverrideMemo": "Memo", "OverrideCheckNumber": "CheckNumber", "OverrideClassRef": "ClassRef"}
    fresh = {
        names.get(name, name): value
        for name, value in sent.items()
        if name not in ("TxnLineID", "PaymentTxnID", "PaymentTxnLineID")
    }
    if old.get("TxnID") and fresh.keys() & {"Amount", "AccountRef"}:
        raise invalid("Amount", str(sent.get("Amount")), "a deposited payment keeps its amount and account.")
    return merged(old, fresh)


def _complete(company: Company, record: Obj) -> None:
    forms.account(
        company, record, "DepositToAccountRef", types=("Bank", "OtherCurrentAsset", "CreditCard", "Equity")
    )
    payments = [line["TxnID"] for line in record[_LINES] if line.get("TxnID")]
    if len(set(payments)) != len(payments):
        raise invalid("PaymentTxnID", payments[0], "a payment is deposited twice.")
    back: Decimal = money(record.get("CashBackInfoRet", {}).get("Amount"))
    whole = sum((money(line["Amount"]) for line in record[_LINES]), ZERO) - back
    if whole < 0:
        raise invalid("Amount", str(whole), "the total of a deposit cannot be negative.")
    record["DepositTotal"] = amount_text(whole)
