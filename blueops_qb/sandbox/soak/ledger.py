"""The soak's own ledger: what documents of the books do to accounts, read from their raw members.

It shares nothing with the product's effects nor with the twin's posting: each raw document is interpreted anew
(reference/quickbooks-online.md section 4). `invariants` lays it beside what the twin has posted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import attrs

from blueops_qb.sandbox.qbo.admin import dump_records, ledger_lines
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.soak.any_books import ZERO, AnyBooks, Effect, clean
from blueops_qb.sandbox.soak.chart import CHART
from blueops_qb.sandbox.soak.online_witness import DOCUMENTS

CENT = Decimal("0.01")
Raw = Mapping[str, Any]
HOME = "USD"


def money(value: object) -> Decimal:
    """An amount as it stands, in whole cents."""
    return Decimal(str(value or 0)).quantize(CENT)


def ref(raw: Raw, name: str) -> str:
    """The id in a reference."""
    return str((raw.get(name) or {}).get("value", ""))


@attrs.define
class Books(AnyBooks[Raw]):
    """The raw documents of a company and what the twin has posted for them."""

    forms: ClassVar[tuple[str, ...]] = DOCUMENTS

    records: dict[str, dict[str, Raw]]
    #: (kind, id) -> what the twin posted.
    posted: dict[tuple[str, str], Effect]
    #: (account, customer) -> what the twin posted there under his name.
    of_customer: dict[tuple[str, str], Decimal]

    @classmethod
    def of(cls, company: Company) -> Books:
        """Everything there is now."""
        records = {
            kind: {str(raw["Id"]): raw for raw in rows}
            for kind, rows in dump_records(company)["records"].items()
        }
        posted: dict[tuple[str, str], Effect] = defaultdict(lambda: defaultdict(lambda: ZERO))
        of_customer: dict[tuple[str, str], Decimal] = defaultdict(lambda: ZERO)
        for line in ledger_lines(company)["lines"]:
            amount = Decimal(line["amount"])
            posted[line["txn_type"], line["txn_id"]][line["account"]] += amount
            of_customer[line["account"], line["customer"] or ""] += amount
        return cls(records, {key: clean(effect) for key, effect in posted.items()}, dict(of_customer))

    def documents(self) -> Iterator[tuple[str, str, Raw]]:
        """(kind, id, raw) of every document."""
        for kind in DOCUMENTS:
            for id, raw in self.records[kind].items():
                yield kind, id, raw

    def find(self, kind: str, id: str) -> Raw | None:
        """A record of any kind; None where it is not there."""
        return self.records[kind].get(id)

    def account(self, number: str) -> str:
        """Id of an account by number; empty where there is none."""
        found = (id for id, raw in self.records["Account"].items() if raw.get("AcctNum") == number)
        return next(found, "")

    def number(self, id: str) -> str:
        """Number of an account."""
        return str(self.records["Account"].get(id, {}).get("AcctNum", ""))

    def customer(self, raw: Raw) -> str:
        """The customer or job whom a document names."""
        return ref(raw, "CustomerRef")

    def parent(self, customer: str) -> str:
        """The customer of whom this one is a sub-customer; empty where it is none's."""
        return ref(self.records["Customer"].get(customer, {}), "ParentRef")

    def received(self, kind: str, raw: Raw) -> tuple[Decimal, Decimal] | None:
        """What a payment of a customer comes to, and what of it is unapplied; None for what is none."""
        if kind != "Payment":
            return None
        return money(raw.get("TotalAmt")), money(raw.get("UnappliedAmt"))

    def foreign(self, raw: Raw) -> str:
        """The currency of a document; empty for the company's own."""
        return ref(raw, "CurrencyRef").removeprefix(HOME)

    # -- interpreting --------------------------------------------------------------------------------
    def effect(self, kind: str, raw: Raw) -> Effect:
        """What the document does, by the rules of its form."""
        return clean(_EFFECTS[kind](self, raw))

    def _invoice(self, raw: Raw) -> Effect:
        return self._sold(raw, self.account(CHART.receivable))

    def _credit_memo(self, raw: Raw) -> Effect:
        return _opposite(self._sold(raw, self.account(CHART.receivable)))

    def _sales_receipt(self, raw: Raw) -> Effect:
        return self._sold(raw, ref(raw, "DepositToAccountRef"))

    def _refund_receipt(self, raw: Raw) -> Effect:
        return _opposite(self._sold(raw, ref(raw, "DepositToAccountRef")))

    def _sold(self, raw: Raw, against: str) -> Effect:
        """What a form that sells does, its total on one account."""
        found = _sums((against, money(raw.get("TotalAmt"))))
        for line in raw.get("Line", ()):
            amount = money(line.get("Amount"))
            if line["DetailType"] == "SalesItemLineDetail":
                item = self.records["Item"][ref(line["SalesItemLineDetail"], "ItemRef")]
                found[ref(item, "IncomeAccountRef")] -= amount
            elif line["DetailType"] == "DiscountLineDetail":
                found[ref(line["DiscountLineDetail"], "DiscountAccountRef")] += amount
        found[self.account(CHART.sales_tax)] -= money(raw.get("TxnTaxDetail", {}).get("TotalTax"))
        return found

    def _payment(self, raw: Raw) -> Effect:
        amount = money(raw.get("TotalAmt"))
        return _sums((ref(raw, "DepositToAccountRef"), amount), (self.account(CHART.receivable), -amount))

    def _bill(self, raw: Raw) -> Effect:
        found = self._costs(raw)
        found[ref(raw, "APAccountRef")] -= money(raw.get("TotalAmt"))
        return found

    def _purchase(self, raw: Raw) -> Effect:
        found = self._costs(raw)
        found[ref(raw, "AccountRef")] -= money(raw.get("TotalAmt"))
        return _opposite(found) if raw.get("Credit") else found

    def _costs(self, raw: Raw) -> Effect:
        found = _sums()
        for line in raw.get("Line", ()):
            detail = line[line["DetailType"]]
            account = ref(detail, "AccountRef")
            if not account:
                account = ref(self.records["Item"][ref(detail, "ItemRef")], "ExpenseAccountRef")
            found[account] += money(line.get("Amount"))
        return found

    def _deposit(self, raw: Raw) -> Effect:
        found = _sums((ref(raw, "DepositToAccountRef"), money(raw.get("TotalAmt"))))
        for line in raw.get("Line", ()):
            if line.get("LinkedTxn"):
                link = line["LinkedTxn"][0]
                source = ref(self.records[link["TxnType"]].get(link["TxnId"], {}), "DepositToAccountRef")
            else:
                source = ref(line["DepositLineDetail"], "AccountRef")
            found[source] -= money(line.get("Amount"))
        return found

    def _journal(self, raw: Raw) -> Effect:
        found = _sums()
        for line in raw.get("Line", ()):
            detail = line.get("JournalEntryLineDetail")
            if detail:
                sign = 1 if detail["PostingType"] == "Debit" else -1
                found[ref(detail, "AccountRef")] += sign * money(line.get("Amount"))
        return found


_EFFECTS: Mapping[str, Callable[[Books, Raw], Effect]] = {
    "Invoice": Books._invoice,
    "Payment": Books._payment,
    "Bill": Books._bill,
    "Purchase": Books._purchase,
    "Deposit": Books._deposit,
    "JournalEntry": Books._journal,
    "CreditMemo": Books._credit_memo,
    "SalesReceipt": Books._sales_receipt,
    "RefundReceipt": Books._refund_receipt,
}


def _sums(*parts: tuple[str, Decimal]) -> Effect:
    found: Effect = defaultdict(lambda: ZERO)
    for account, amount in parts:
        found[account] += amount
    return found


def _opposite(effect: Mapping[str, Decimal]) -> Effect:
    return {account: -amount for account, amount in effect.items()}
