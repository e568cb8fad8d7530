"""What QuickBooks applies by itself: credits and unapplied payments to open invoices (sections 4.3 and 4.13).

Two preferences that the API only reads switch it on: ``AutoApplyCredit`` for credit memos, and
``AutoApplyPayments`` for money that a payment leaves unapplied; money already there also goes to a new invoice
when only the first is on.  The oldest document comes first.  A credit is applied through a payment of 0.00.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.wire import Obj, money, ref_id

NOTE = "Created by QB Online to link credits to charges."
#: writing.create or writing.update
Write = Callable[..., Obj]


def apply_by_itself(company: Company, kind: str, record: Obj, *, create: Write, update: Write) -> None:
    """Apply what a new invoice, credit memo or payment makes possible, as far as the preferences say."""
    credits = bool(company.preference("SalesFormsPrefs.AutoApplyCredit"))
    payments = bool(company.preference("SalesFormsPrefs.AutoApplyPayments"))
    if not credits and not payments:
        return
    customer = ref_id(record, "CustomerRef")
    if kind == "CreditMemo" and credits:
        _use_credit(company, record, _open(company, "Invoice", customer), create=create)
    elif kind == "Payment" and payments:
        _extend(company, record, _open(company, "Invoice", customer), update=update)
    elif kind == "Invoice":
        if credits:
            for memo in _open(company, "CreditMemo", customer):
                _use_credit(company, memo, [record], create=create)
        for payment in _unapplied(company, customer):
            _extend(company, payment, [record], update=update)


def _use_credit(company: Company, memo: Obj, invoices: Iterable[Obj], *, create: Write) -> None:
    pairs = _shares(company, memo["Balance"], invoices)
    if not pairs:
        return
    lines: list[Obj] = []
    for invoice, amount in pairs:
        lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]})
    used = sum((amount for _, amount in pairs), Decimal(0))
    lines.append({"Amount": used, "LinkedTxn": [{"TxnId": memo["Id"], "TxnType": "CreditMemo"}]})
    body: Obj = {
        "CustomerRef": {"value": ref_id(memo, "CustomerRef")},
        "TotalAmt": Decimal(0),
        "TxnDate": max([memo["TxnDate"], *(invoice["TxnDate"] for invoice, _ in pairs)]),
        "PrivateNote": NOTE,
        "Line": lines,
    }
    create(company, "Payment", body, by_person=True)


def _extend(company: Company, payment: Obj, invoices: Iterable[Obj], *, update: Write) -> None:
    pairs = _shares(company, payment["UnappliedAmt"], invoices)
    if not pairs:
        return
    kept = [{"Amount": line["Amount"], "LinkedTxn": line["LinkedTxn"]} for line in payment["Line"]]
    added = [
        {"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}
        for invoice, amount in pairs
    ]
    body = {
        "Id": payment["Id"],
        "SyncToken": payment["SyncToken"],
        "sparse": True,
        "Line": [*kept, *added],
    }
    update(company, "Payment", body, by_person=True)


def _shares(company: Company, available: Decimal, invoices: Iterable[Obj]) -> list[tuple[Obj, Decimal]]:
    pairs: list[tuple[Obj, Decimal]] = []
    for invoice in invoices:
        # The record may have been written anew since it was listed.
        amount = min(available, money(company.records["Invoice"][invoice["Id"]]["Balance"]))
        if amount > 0:
            pairs.append((invoice, amount))
            available -= amount
    return pairs


def _open(company: Company, kind: str, customer: str) -> list[Obj]:
    rows = (
        record
        for record in company.all(kind)
        if record["Balance"] > 0 and ref_id(record, "CustomerRef") == customer
    )
    return _oldest_first(rows)


def _unapplied(company: Company, customer: str) -> list[Obj]:
    # What lies in a deposit or in the closed books is left alone.
    closed = company.close_date
    rows = (
        record
        for record in company.all("Payment")
        if record["UnappliedAmt"] > 0
        and ref_id(record, "CustomerRef") == customer
        and not company.links.get(("Payment", record["Id"]))
        and (closed is None or record["TxnDate"] > closed.isoformat())
    )
    return _oldest_first(rows)


def _oldest_first(records: Iterable[Obj]) -> list[Obj]:
    return sorted(records, key=lambda record: (record["TxnDate"], int(record["Id"])))
