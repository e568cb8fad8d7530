"""Money that settles documents: customer payments, bill payments by check and card, refunds to cards."""

from __future__ import annotations

from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd import forms, links, open_items
from blueops_qb.sandbox.qbd.changing import merged, related_must_be_free, without_empty
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, invalid, missing, not_found
from blueops_qb.sandbox.qbd.notation import Part
from blueops_qb.sandbox.qbd.reading import MACRO
from blueops_qb.sandbox.qbd.refs import held, resolve
from blueops_qb.sandbox.qbd.values import Obj, amount_text, money, ref_id

_LISTS = ("AppliedToTxnAdd", "AppliedToTxnMod", "IsAutoApply", "RefundAppliedToTxnAdd")
_APART = (*forms.NOT_KEPT, MACRO, *_LISTS)
_CASH = ("Bank", "OtherCurrentAsset", "CreditCard", "OtherCurrentLiability")


@attrs.frozen(kw_only=True)
class _Form:
    """How one kind of payment names its parts."""

    party: str
    money: str  #: the account the money goes to or comes from
    money_types: tuple[str, ...]
    against: str  #: the account that is settled
    side: str
    total: str


_FORMS = {
    "ReceivePayment": _Form(
        party="CustomerRef",
        money="DepositToAccountRef",
        money_types=_CASH,
        against="ARAccountRef",
        side=open_items.RECEIVABLE,
        total="TotalAmount",
    ),
    "BillPaymentCheck": _Form(
        party="PayeeEntityRef",
        money="BankAccountRef",
        money_types=("Bank",),
        against="APAccountRef",
        side=open_items.PAYABLE,
        total="Amount",
    ),
    "BillPaymentCreditCard": _Form(
        party="PayeeEntityRef",
        money="CreditCardAccountRef",
        money_types=("CreditCard",),
        against="APAccountRef",
        side=open_items.PAYABLE,
        total="Amount",
    ),
    "ARRefundCreditCard": _Form(
        party="CustomerRef",
        money="RefundFromAccountRef",
        money_types=("Bank", "CreditCard", "OtherCurrentAsset"),
        against="ARAccountRef",
        side=open_items.RECEIVABLE,
        total="TotalAmount",
    ),
}


def add(company: Company, *, kind: str, block: Part, sent: Obj) -> str:
    """Enter a payment and answer its TxnID; raises Refusal 3120, 3150, 3210 for what it cannot settle."""
    resolve(company, block.nodes, sent)
    record = forms.begin(company, kind, sent)
    record |= {name: value for name, value in without_empty(sent).items() if name not in _APART}
    _accounts(company, kind, record)
    if kind == "ReceivePayment":
        record["_DepositLineID"] = company.new_line_id()
    if kind == "ARRefundCreditCard":
        _refund(company, record, sent["RefundAppliedToTxnAdd"])
        return forms.finish(company, kind, record)
    rows = sent.get("AppliedToTxnAdd", [])
    record["_Applied"] = [_row(row) for row in rows]
    paid = sum((money(row.get("PaymentAmount")) for row in rows), ZERO)
    if kind == "ReceivePayment":
        record.setdefault("TotalAmount", amount_text(paid))
        if not rows and _applies_itself(company, sent):
            record["_Applied"] = _auto_apply(company, record)
    else:
        record["Amount"] = amount_text(paid)
    _check(company, kind, record)
    return _finish(company, kind, record)


def change(company: Company, *, kind: str, block: Part, sent: Obj) -> str:
    """Change a payment and answer its TxnID; an application that is not named stays, one of 0.00 goes."""
    before = forms.change(company, kind, sent)
    forms.must_not_be_void(before)
    form = _FORMS[kind]
    links.must_not_be_deposited(company, before, sent, ("TotalAmount", "DepositToAccountRef"))
    resolve(company, block.nodes, sent, known=held(before))
    kept = {name: value for name, value in sent.items() if name not in (*_APART, "TxnID", "EditSequence")}
    record = merged(before, {name: value for name, value in kept.items() if value or name != "TxnDate"})
    if "RefNumber" in sent:
        record.pop("IsToBePrinted", None)
    _accounts(company, kind, record)
    rows = {row["TxnID"]: row for row in before.get("_Applied", [])}
    for row in sent.get("AppliedToTxnMod", []):
        rows[row["TxnID"]] = merged(rows.get(row["TxnID"], {}), _row(row))
    record["_Applied"] = [row for row in rows.values() if _settles(row)]
    if kind != "ReceivePayment" and "AppliedToTxnMod" in sent and not sent.get("Amount"):
        record[form.total] = amount_text(
            sum((money(row.get("PaymentAmount")) for row in record["_Applied"]), ZERO)
        )
    _check(company, kind, record)
    return _finish(company, kind, record)


def _finish(company: Company, kind: str, record: Obj) -> str:
    identity = forms.finish(company, kind, record)
    if company.switches.payments_touch_documents:
        for row in record["_Applied"]:
            target_kind = company.kind_of[row["TxnID"]]
            fresh = dict(company.records[target_kind][row["TxnID"]])
            company.stamp(fresh)
            company.put(target_kind, row["TxnID"], fresh)
    return identity


def _accounts(company: Company, kind: str, record: Obj) -> None:
    form = _FORMS[kind]
    default = company.special_account(form.side) or company.account_of_type(form.side)
    forms.account(company, record, form.against, types=(form.side,), default=default)
    cash = company.special_account("UndepositedFunds") if kind == "ReceivePayment" else ""
    forms.account(company, record, form.money, types=form.money_types, default=cash)


def _row(row: Obj) -> Obj:
    return {name: value for name, value in row.items() if name not in (MACRO,) and value not in ("", None)}


def _settles(row: Obj) -> bool:
    credits = [one for one in row.get("SetCredit", []) if money(one["AppliedAmount"])]
    return bool(money(row.get("PaymentAmount")) or money(row.get("DiscountAmount")) or credits)


def _applies_itself(company: Company, sent: Obj) -> bool:
    said = sent.get("IsAutoApply")
    if said:
        return bool(said == "true")
    return company.preference("SalesAndCustomersPreferences", "IsAutoApplyingPayments")


def _auto_apply(company: Company, record: Obj) -> list[Obj]:
    # One document of exactly this amount, else the oldest first.
    left = money(record["TotalAmount"])
    parties = links.family(company, ref_id(record, "CustomerRef"))
    waiting = [
        (one["TxnID"], rest)
        for _, one, claim, rest in open_items.open_claims(company, open_items.RECEIVABLE, parties)
        if claim.amount > 0 and claim.account == ref_id(record, "ARAccountRef")
    ]
    waiting = [row for row in waiting if row[1] == left][:1] or waiting
    rows = []
    for identity, rest in waiting:
        part = min(rest, left)
        if part > 0:
            rows.append({"TxnID": identity, "PaymentAmount": amount_text(part)})
            left -= part
    return rows


def _check(company: Company, kind: str, record: Obj) -> None:
    form = _FORMS[kind]
    whole = money(record.get(form.total))
    if whole < 0:
        raise invalid(form.total, str(whole), "a payment cannot be negative.")
    parties = links.family(company, ref_id(record, form.party))
    own = company.made.get(record["TxnID"], [])
    gone = sum((part.amount for part in company.spent.get(record["TxnID"], []) if part not in own), ZERO)
    paid = sum((money(row.get("PaymentAmount")) for row in record["_Applied"]), ZERO)
    if paid + gone > whole:
        raise invalid("PaymentAmount", str(paid), f"the payment is of {whole} only.")
    targets = [row["TxnID"] for row in record["_Applied"]]
    if len(set(targets)) != len(targets):
        raise invalid("TxnID", targets[0], "a transaction is named twice.")
    from_credits: dict[str, Decimal] = {}
    for row in record["_Applied"]:
        _check_row(company, record, row, form=form, parties=parties)
        for one in row.get("SetCredit", []):
            identity = one["CreditTxnID"]
            from_credits[identity] = from_credits.get(identity, ZERO) + money(one["AppliedAmount"])
    for identity, amount in from_credits.items():
        source_kind, source = links.credit(
            company, identity, side=form.side, parties=parties, account=ref_id(record, form.against)
        )
        used = sum((part.amount for part in own if part.source == identity), ZERO)
        left = open_items.remaining(company, source_kind, source) + used
        if amount > left or identity == record["TxnID"]:
            raise invalid("AppliedAmount", str(amount), f"the credit has {left} left.")


def _check_row(company: Company, record: Obj, row: Obj, *, form: _Form, parties: set[str]) -> None:
    identity = row["TxnID"]
    kind = company.kind_of.get(identity, "")
    target = company.get(kind, identity)
    claim = open_items.claim_of(company, kind, target) if target is not None else None
    if (
        target is None
        or claim is None
        or claim.amount <= 0
        or claim.side != form.side
        or claim.party not in parties
        or claim.account != ref_id(record, form.against)
    ):
        raise not_found("transaction to apply to", identity)
    related_must_be_free(company, identity)
    amounts = {name: money(row.get(name)) for name in ("PaymentAmount", "DiscountAmount")}
    credits = [money(one["AppliedAmount"]) for one in row.get("SetCredit", [])]
    if not any(amounts.values()) and not any(credits):
        raise missing("PaymentAmount, SetCredit or DiscountAmount")
    if min([*amounts.values(), *credits]) < 0:
        raise invalid("PaymentAmount", str(min(amounts.values())), "an application cannot be negative.")
    if amounts["DiscountAmount"] and not ref_id(row, "DiscountAccountRef"):
        raise missing("DiscountAccountRef")
    own = [part for part in company.made.get(record["TxnID"], []) if part.target == identity]
    before = sum((part.amount + part.discount for part in own), ZERO)
    rest = open_items.remaining(company, kind, target) + before
    if rest <= 0:
        raise not_found("open transaction to apply to", identity)
    asked = sum(amounts.values(), ZERO) + sum(credits, ZERO)
    if asked > rest:
        raise Refusal(
            3210,
            f'The "PaymentAmount" field has an invalid value "{asked}". QuickBooks error message: '
            f"You cannot pay more than the amount due ({rest}).",
        )


def _refund(company: Company, record: Obj, sent: list[Obj]) -> None:
    form = _FORMS["ARRefundCreditCard"]
    parties = links.family(company, ref_id(record, "CustomerRef"))
    whole = ZERO
    for one in sent:
        kind, source = links.credit(
            company, one["TxnID"], side=form.side, parties=parties, account=ref_id(record, form.against)
        )
        left, amount = open_items.remaining(company, kind, source), money(one["RefundAmount"])
        if amount <= 0 or amount > left:
            raise invalid("RefundAmount", str(amount), f"the credit has {left} left.")
        whole += amount
    if len({one["TxnID"] for one in sent}) != len(sent):
        raise invalid("TxnID", sent[0]["TxnID"], "a credit is named twice.")
    record["_Refunds"] = [{"TxnID": one["TxnID"], "RefundAmount": one["RefundAmount"]} for one in sent]
    record["TotalAmount"] = amount_text(whole)
