"""Customers' money as the books have it: payments, deposits, credits, what went back, and bank deposits."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.sandbox.reader.books_tables import BooksTables, Raw, day_of, id_of, money
from blueops_qb.sandbox.reader.values import ZERO, Banked, Charged, Credited, PaidBack, Prepaid, Receipt

RECEIVABLE = "Accounts Receivable"
#: How the line of a credit begins that a payment raised for being early.
EARLY = "Early payment"
Sums = dict[str, Decimal]


class BooksMoney(BooksTables):
    """What customers paid, and what they got back."""

    def _receipt(self, raw: Raw) -> Receipt:
        settles: Sums = {}
        uses: Sums = {}
        back: Sums = {}
        beside = ZERO
        for line in raw.get("Line", ()):
            link, amount = line["LinkedTxn"][0], money(line.get("Amount"))
            kind = link["TxnType"] if link["TxnType"] in ("Invoice", "CreditMemo") else "Purchase"
            place = f"{kind}:{link['TxnId']}"
            named = self._kept[kind].get(link["TxnId"], {})
            if (kind, link["TxnId"]) in self._before:
                beside += -amount if kind == "CreditMemo" else amount
            elif kind == "CreditMemo":
                uses[place] = uses.get(place, ZERO) + amount
            elif kind == "Purchase" or self.takes_out(named):
                back[place] = back.get(place, ZERO) + amount
            else:
                number = str(named.get("DocNumber", place)).removeprefix(self._prefix)
                settles[number] = settles.get(number, ZERO) + amount
        method = id_of(raw, "PaymentMethodRef")
        total = money(raw.get("TotalAmt"))
        return Receipt(
            payer=self._payer(id_of(raw, "CustomerRef")).split(":")[0],
            date=day_of(raw["TxnDate"]),
            amount=total,
            reference=str(raw.get("PaymentRefNum", "")),
            method=self._listed("PaymentMethod", method) if method else "",
            account=self._account(id_of(raw, "DepositToAccountRef")),
            settles=settles,
            void=not total and not raw.get("Line"),
            beside=beside,
            uses=uses,
            back=back,
            effect=self._effect("Payment", raw),
            under=id_of(raw, "CustomerRef"),
            label=f"payment {raw.get('PaymentRefNum', '')} over {total} (id {raw['Id']})",
            id=f"Payment:{raw['Id']}",
        )

    def _deposit(self, raw: Raw) -> Banked:
        parts: dict[str, Decimal] = {}
        # Parts of one payment are banked together and count once.
        payments: set[tuple[str, str]] = set()
        for line in raw["Line"]:
            if line.get("LinkedTxn"):
                id = str(line["LinkedTxn"][0]["TxnId"])
                payment = self._kept[str(line["LinkedTxn"][0]["TxnType"])].get(id, {})
                reference = str(payment.get("PaymentRefNum", ""))
                payer = self._payer(id_of(payment, "CustomerRef")).split(":")[0] if reference else id
                payments.add((payer, reference))
                source = self._account(id_of(payment, "DepositToAccountRef"))
            else:
                source = self._account(id_of(line["DepositLineDetail"], "AccountRef"))
            parts[source] = parts.get(source, ZERO) + money(line.get("Amount"))
        total = money(raw.get("TotalAmt"))
        return Banked(
            date=day_of(raw["TxnDate"]),
            account=self._account(id_of(raw, "DepositToAccountRef")),
            total=total,
            parts=parts,
            payments=tuple(sorted(reference for _, reference in payments)),
            effect=self._effect("Deposit", raw),
            label=f"deposit over {total} (id {raw['Id']})",
            id=f"Deposit:{raw['Id']}",
        )

    # -- deposits before the work ----------------------------------------------------------------------
    def _prepaid(self, raw: Raw) -> Prepaid:
        total = money(raw.get("TotalAmt"))
        method = id_of(raw, "PaymentMethodRef")
        return Prepaid(
            payer=self._payer(id_of(raw, "CustomerRef")),
            date=day_of(raw["TxnDate"]),
            amount=total,
            reference=str(raw.get("PaymentRefNum", "")),
            method=self._listed("PaymentMethod", method) if method else "",
            account=self._account(id_of(raw, "DepositToAccountRef")),
            effect=self._effect("SalesReceipt", raw),
            void=not total,
            under=id_of(raw, "CustomerRef"),
            label=f"sales receipt {raw.get('PaymentRefNum', '')} over {total} (id {raw['Id']})",
            id=f"SalesReceipt:{raw['Id']}",
        )

    # -- credits ---------------------------------------------------------------------------------------
    def _credit(self, raw: Raw) -> Credited:
        number, total = str(raw.get("DocNumber", "")).removeprefix(self._prefix), money(raw.get("TotalAmt"))
        discounts = [line for line in raw["Line"] if line["DetailType"] == "DiscountLineDetail"]
        items = [line for line in raw["Line"] if line["DetailType"] == "SalesItemLineDetail"]
        early = len(items) == 1 and str(items[0].get("Description", "")).startswith(EARLY)
        return Credited(
            number="" if early else number,
            payer=self._payer(id_of(raw, "CustomerRef")),
            date=day_of(raw["TxnDate"]),
            lines=tuple(self._sold(line) for line in items),
            discount=sum((money(line.get("Amount")) for line in discounts), ZERO),
            tax=money(raw.get("TxnTaxDetail", {}).get("TotalTax")),
            total=total,
            left=money(raw.get("RemainingCredit")),
            settles={},
            location=self._location(raw),
            effect=self._effect("CreditMemo", raw),
            under=id_of(raw, "CustomerRef"),
            label=f"credit memo {raw.get('DocNumber', '')} over {total} (id {raw['Id']})",
            id=f"CreditMemo:{raw['Id']}",
        )

    # -- what went back --------------------------------------------------------------------------------
    def owed_again(self, raw: Raw) -> bool:
        """Whether a purchase is money that left and that a customer owes again."""
        accounts = {
            id_of(line.get("AccountBasedExpenseLineDetail", {}), "AccountRef") for line in raw["Line"]
        }
        kept = self._kept["Account"]
        return any(kept.get(id, {}).get("AccountType") == RECEIVABLE for id in accounts)

    def takes_out(self, raw: Raw) -> bool:
        """Whether an invoice sells nothing but takes money out of where it waits."""
        items = [line["SalesItemLineDetail"] for line in raw.get("Line", ()) if "SalesItemLineDetail" in line]
        kept = self._kept["Item"]
        accounts = {
            self._account(id_of(kept.get(id_of(item, "ItemRef"), {}), "IncomeAccountRef")) for item in items
        }
        return bool(accounts) and accounts <= self._waiting

    def _money_back(self) -> Iterator[PaidBack]:
        """What is void is left out."""
        for raw in self._new("Purchase"):
            if self.owed_again(raw):
                yield self._back(
                    "Purchase", raw, party="EntityRef", account=self._account(id_of(raw, "AccountRef"))
                )
        for raw in self._new("Invoice"):
            if self.takes_out(raw) and money(raw.get("TotalAmt")):
                item = self._kept["Item"][id_of(_first(raw)["SalesItemLineDetail"], "ItemRef")]
                account = self._account(id_of(item, "IncomeAccountRef"))
                yield self._back("Invoice", raw, party="CustomerRef", account=account)
        for raw in self._new("RefundReceipt"):
            account = self._account(id_of(raw, "DepositToAccountRef"))
            yield self._back("RefundReceipt", raw, party="CustomerRef", account=account)

    def _back(self, kind: str, raw: Raw, *, party: str, account: str) -> PaidBack:
        amount, words = money(raw.get("TotalAmt")), str(_first(raw).get("Description", "")).split()
        who = id_of(raw, party)
        return PaidBack(
            payer=self._payer(who).split(":")[0],
            date=day_of(raw["TxnDate"]),
            amount=amount,
            account=account,
            words=str(raw.get("PaymentRefNum") or (words[-1] if words else "")),
            sources={},
            effect=self._effect(kind, raw),
            under=who,
            label=f"{kind.lower()} over {amount} back to a customer (id {raw['Id']})",
            id=f"{kind}:{raw['Id']}",
        )

    # -- fees ------------------------------------------------------------------------------------------
    def is_fee(self, raw: Raw) -> bool:
        """Whether a journal entry takes a fee out of where money waits."""
        sides = {line["JournalEntryLineDetail"]["PostingType"]: line for line in raw["Line"]}
        credit = sides.get("Credit", {}).get("JournalEntryLineDetail", {})
        waits = self._account(id_of(credit, "AccountRef")) in self._waiting
        return len(raw["Line"]) == len(sides) and waits

    def _charges(self) -> Iterator[Charged]:
        for raw in self._new("Purchase"):
            if not raw.get("EntityRef") and not self.owed_again(raw):
                spent = id_of(raw["Line"][0].get("AccountBasedExpenseLineDetail", {}), "AccountRef")
                yield self._charged("Purchase", raw, spent=spent, paid=id_of(raw, "AccountRef"))
        for raw in self._new("JournalEntry"):
            if self.is_fee(raw):
                sides = {line["JournalEntryLineDetail"]["PostingType"]: line for line in raw["Line"]}
                spent, paid = (
                    id_of(sides[side]["JournalEntryLineDetail"], "AccountRef") for side in ("Debit", "Credit")
                )
                yield self._charged("JournalEntry", raw, spent=spent, paid=paid)

    def _charged(self, kind: str, raw: Raw, *, spent: str, paid: str) -> Charged:
        amount = money(raw["Line"][0].get("Amount"))
        return Charged(
            date=day_of(raw["TxnDate"]),
            amount=amount,
            account=self._account(spent),
            paid_from=self._account(paid),
            effect=self._effect(kind, raw),
            label=f"{kind.lower()} over a fee of {amount} (id {raw['Id']})",
            id=f"{kind}:{raw['Id']}",
        )


def _first(raw: Raw) -> Raw:
    """Its first line that counts."""
    found: Raw = raw["Line"][0]
    return found
