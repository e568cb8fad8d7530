"""Customers' money as a company file has it: payments, deposits, credits, what went back, and bank deposits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from blueops_qb.sandbox.reader.books_money import EARLY
from blueops_qb.sandbox.reader.desktop_tables import (
    DesktopTables,
    Raw,
    day_of,
    is_void,
    money,
    text_of,
    total_of,
)
from blueops_qb.sandbox.reader.values import (
    ZERO,
    Banked,
    Charged,
    Credited,
    Effect,
    PaidBack,
    Prepaid,
    Receipt,
    added,
)

#: Types of the accounts to which money goes back: what a customer owes again, and what was owed to him.
OWED = frozenset({"AccountsReceivable", "OtherCurrentLiability"})
Sums = dict[str, Decimal]


class DesktopMoney(DesktopTables):
    """What customers paid, and what they got back."""

    def _receipt(self, id: str, raw: Raw) -> Receipt:
        settles: Sums = {}
        uses: Sums = {}
        back: Sums = {}
        beside = ZERO
        taken_off = []
        for part in raw.iter("AppliedToTxnRet"):
            kind, target = text_of(part, "TxnType"), text_of(part, "TxnID")
            # A discount of the form itself settles too, and so do credits, which stand inside.
            discount = money(part, "DiscountAmount")
            amount = money(part, "Amount") + discount
            if discount:
                taken_off.append((self._account(text_of(part, "DiscountAccountRef/ListID")), discount))
            for link in part.iter("LinkedTxn"):
                credit, used = f"{text_of(link, 'TxnType')}:{text_of(link, 'TxnID')}", money(link, "Amount")
                uses[credit] = uses.get(credit, ZERO) + used
                amount += used
            beside -= discount
            named = self._kept.get(kind, {}).get(target)
            if named is None or (kind, target) in self._before:
                beside += amount
            elif kind != "Invoice" or self.takes_out(named):
                back[f"{kind}:{target}"] = back.get(f"{kind}:{target}", ZERO) + amount
            else:
                number = text_of(named, "RefNumber").removeprefix(self._prefix)
                settles[number] = settles.get(number, ZERO) + amount
        total = money(raw, "TotalAmount")
        return Receipt(
            payer=text_of(raw, "CustomerRef/FullName").split(":")[0],
            date=day_of(raw, "TxnDate"),
            amount=total,
            reference=text_of(raw, "RefNumber"),
            method=text_of(raw, "PaymentMethodRef/FullName"),
            account=self._account(text_of(raw, "DepositToAccountRef/ListID")),
            settles=settles,
            beside=beside,
            uses=uses,
            back=back,
            void=is_void(raw),
            effect=self._without(self._effect("ReceivePayment", id), raw, taken_off),
            under=text_of(raw, "CustomerRef/ListID"),
            label=f"payment {text_of(raw, 'RefNumber')} over {total} (id {id})",
            id=f"ReceivePayment:{id}",
        )

    def _without(self, effect: Effect, raw: Raw, taken_off: Iterable[tuple[str, Decimal]]) -> Effect:
        """What a payment does without discounts on its form: BlueOps is told of them as settled beside its money."""
        owed = self._account(text_of(raw, "ARAccountRef/ListID"))
        moves = [
            ((account, "", ""), sign * amount)
            for discounted, amount in taken_off
            for account, sign in ((discounted, -1), (owed, 1))
        ]
        return added(*effect.items(), *moves)

    def _deposit(self, id: str, raw: Raw) -> Banked:
        parts: Sums = {}
        # Parts of one payment are banked together and count once.
        payments: set[tuple[str, str]] = set()
        for line in raw.iter("DepositLineRet"):
            kind = text_of(line, "TxnType")
            paid = self._kept.get(kind, {}).get(text_of(line, "TxnID"))
            source = text_of(line, "AccountRef/ListID")
            if paid is not None:
                source = text_of(paid, "DepositToAccountRef/ListID")
                payer = text_of(paid, "CustomerRef/FullName").split(":")[0]
                payments.add((payer, text_of(paid, "CheckNumber" if kind == "SalesReceipt" else "RefNumber")))
            number = self._account(source)
            parts[number] = parts.get(number, ZERO) + money(line, "Amount")
        total = money(raw, "DepositTotal")
        return Banked(
            date=day_of(raw, "TxnDate"),
            account=self._account(text_of(raw, "DepositToAccountRef/ListID")),
            total=total,
            parts=parts,
            payments=tuple(sorted(reference for _, reference in payments)),
            effect=self._effect("Deposit", id),
            label=f"deposit over {total} (id {id})",
            id=f"Deposit:{id}",
        )

    # -- deposits before the work ----------------------------------------------------------------------
    def _prepaid(self, id: str, raw: Raw) -> Prepaid:
        reference, total = text_of(raw, "CheckNumber"), total_of(raw)
        return Prepaid(
            payer=text_of(raw, "CustomerRef/FullName"),
            date=day_of(raw, "TxnDate"),
            amount=total,
            reference=reference,
            method=text_of(raw, "PaymentMethodRef/FullName"),
            account=self._account(text_of(raw, "DepositToAccountRef/ListID")),
            effect=self._effect("SalesReceipt", id),
            void=is_void(raw),
            under=text_of(raw, "CustomerRef/ListID"),
            label=f"sales receipt {reference} over {total} (id {id})",
            id=f"SalesReceipt:{id}",
        )

    # -- credits ---------------------------------------------------------------------------------------
    def _credit(self, id: str, raw: Raw) -> Credited:
        lines = [line for line in raw.iter("CreditMemoLineRet") if text_of(line, "ItemRef/ListID")]
        taken = sum((money(line, "Amount") for line in lines if self._is_discount(line)), ZERO)
        sold = tuple(self._sold(line) for line in lines if not self._is_discount(line))
        early = len(sold) == 1 and sold[0].description.startswith(EARLY)
        number, total = text_of(raw, "RefNumber"), total_of(raw)
        return Credited(
            number="" if early else number.removeprefix(self._prefix),
            payer=text_of(raw, "CustomerRef/FullName"),
            date=day_of(raw, "TxnDate"),
            lines=sold,
            discount=-taken,
            tax=money(raw, "SalesTaxTotal"),
            total=total,
            left=money(raw, "CreditRemaining"),
            settles={},
            location="",
            effect=self._effect("CreditMemo", id),
            under=text_of(raw, "CustomerRef/ListID"),
            label=f"credit memo {number} over {total} (id {id})",
            id=f"CreditMemo:{id}",
        )

    # -- what went back --------------------------------------------------------------------------------
    def is_back(self, raw: Raw) -> bool:
        """Whether a check or a journal entry is money that left and that a customer owes again, or had as a deposit."""
        return any(self._type(id) in OWED for id in self._debited(raw))

    def takes_out(self, raw: Raw) -> bool:
        """Whether an invoice sells nothing but takes money out of where it waits."""
        items = [text_of(line, "ItemRef/ListID") for line in raw.iter("InvoiceLineRet")]
        accounts = {self._income(item) for item in items if item}
        return bool(accounts) and accounts <= self._waiting

    def _money_back(self) -> Iterator[PaidBack]:
        """What is void is left out."""
        for id, raw in self._living("Check"):
            if self.is_back(raw):
                account = self._account(text_of(raw, "AccountRef/ListID"))
                yield self._back("Check", id, raw, "PayeeEntityRef", account, money(raw, "Amount"))
        for id, raw in self._living("Invoice"):
            if self.takes_out(raw) and total_of(raw):
                (account,) = {
                    self._income(text_of(line, "ItemRef/ListID")) for line in raw.iter("InvoiceLineRet")
                }
                yield self._back("Invoice", id, raw, "CustomerRef", account, total_of(raw))
        for id, raw in self._living("JournalEntry"):
            if self.is_back(raw):
                for line in raw.iter("JournalCreditLine"):
                    account = self._account(text_of(line, "AccountRef/ListID"))
                    if account in self._waiting:
                        party = "JournalDebitLine/EntityRef"
                        yield self._back("JournalEntry", id, raw, party, account, money(line, "Amount"))

    def _back(self, kind: str, id: str, raw: Raw, party: str, account: str, amount: Decimal) -> PaidBack:
        said = (text_of(line, _SAID[line.tag]) for line in raw.iter() if line.tag in _SAID)
        # The lines of an entry bear our mark behind their words.
        words = next((text for text in said if text), "").partition(" [")[0].split()
        return PaidBack(
            payer=text_of(raw, f"{party}/FullName").split(":")[0],
            date=day_of(raw, "TxnDate"),
            amount=amount,
            account=account,
            words=(text_of(raw, "RefNumber") if kind == "Check" else "") or (words[-1] if words else ""),
            sources={},
            effect=self._effect(kind, id),
            under=text_of(raw, f"{party}/ListID"),
            label=f"{kind.lower()} over {amount} back to a customer (id {id})",
            id=f"{kind}:{id}",
        )

    # -- fees ------------------------------------------------------------------------------------------
    def is_fee(self, raw: Raw) -> bool:
        """Whether a check or a journal entry is what a bank or processor takes, and nobody's bill."""
        if raw.tag == "CheckRet":
            return raw.find("PayeeEntityRef") is None and not self.is_back(raw)
        paid = [self._account(text_of(line, "AccountRef/ListID")) for line in raw.iter("JournalCreditLine")]
        return len(paid) == 1 and paid[0] in self._waiting and not self.is_back(raw)

    def _charges(self) -> Iterator[Charged]:
        for id, raw in self._living("Check"):
            if self.is_fee(raw):
                paid_from = text_of(raw, "AccountRef/ListID")
                yield self._charged("Check", id, raw, money(raw, "Amount"), paid_from)
        for id, raw in self._living("JournalEntry"):
            if self.is_fee(raw):
                paid_from = text_of(raw, "JournalCreditLine/AccountRef/ListID")
                amount = money(raw, "JournalCreditLine/Amount")
                yield self._charged("JournalEntry", id, raw, amount, paid_from)

    def _charged(self, kind: str, id: str, raw: Raw, amount: Decimal, paid_from: str) -> Charged:
        return Charged(
            date=day_of(raw, "TxnDate"),
            amount=amount,
            account=self._account(next(self._debited(raw), "")),
            paid_from=self._account(paid_from),
            effect=self._effect(kind, id),
            label=f"{kind.lower()} over a fee of {amount} (id {id})",
            id=f"{kind}:{id}",
        )

    # -- accounts --------------------------------------------------------------------------------------
    def _living(self, kind: str) -> Iterator[tuple[str, Raw]]:
        for _, id, raw in self._new(kind):
            if any(money(line, "Amount") for line in raw.iter()):
                yield id, raw

    def _debited(self, raw: Raw) -> Iterator[str]:
        for tag in ("ExpenseLineRet", "JournalDebitLine"):
            for line in raw.iter(tag):
                yield text_of(line, "AccountRef/ListID")

    def _type(self, account: str) -> str:
        raw = self._kept["Account"].get(account)
        return "" if raw is None else text_of(raw, "AccountType")


#: Where a line says what it is for.
_SAID = {"ExpenseLineRet": "Memo", "InvoiceLineRet": "Desc", "JournalDebitLine": "Memo"}
