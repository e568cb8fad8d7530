"""Customers' money as core's tables have it: payments, deposits, credits, what went back, and payouts."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.sandbox.reader.core_tables import CoreTables, Raw, amount_of, day_of
from blueops_qb.sandbox.reader.values import (
    ZERO,
    Banked,
    Charged,
    Credited,
    Effect,
    PaidBack,
    Prepaid,
    Receipt,
    SoldLine,
    added,
)

#: Where a credit without lines of an invoice goes, by its reason: the fee type.
BY_REASON = {
    "goodwill": "allowance",
    "price": "allowance",
    "cancel": "allowance",
    "return": "allowance",
    "tax": "sales_tax",
    "write_off": "write_off",
    "bad_debt": "bad_debt",
    "early_payment": "early_payment",
}


def is_deposit(raw: Raw) -> bool:
    """Whether a payment is a deposit before the work."""
    return bool(raw.get("deposit_for_job"))


class CoreMoney(CoreTables):
    """What customers paid, and what they got back."""

    def _receipt(self, raw: Raw) -> Receipt:
        void = bool(raw.get("void"))
        amount = ZERO if void else amount_of(raw, "amount")
        account = self._received_in(raw)
        invoices = self._records.get("invoice", {})
        settled = {} if void else self._settled.get(raw["id"], {})
        payer = self._name("customer", raw["customer_id"])
        early = sum((amount_of(part, "discount") for part in raw.get("applications", ())), ZERO)
        beside = amount_of(raw, "elsewhere") + sum(
            (amount_of(b, "amount") for b in raw.get("given_back", ())), ZERO
        )
        return Receipt(
            payer=payer,
            date=day_of(raw["received_on"]),
            amount=amount,
            reference=raw.get("reference", ""),
            method=self._chart.methods.get(raw.get("method", ""), ""),
            account=account,
            settles={invoices[id]["number"]: part for id, part in settled.items()},
            void=void,
            beside=ZERO if void else beside - early,
            effect=added(((account, "", ""), amount), ((self._chart.receivable, "", ""), -amount)),
            label=f"payment {raw.get('reference') or raw['id']} of {payer}",
            id=f"payment:{raw['id']}",
        )

    def _payout(self, raw: Raw) -> Banked:
        account = self._chart.money[raw["account_key"]]
        parts: dict[str, Decimal] = {}
        waited = []
        for id in raw["payment_ids"]:
            payment = self._records["payment"][id]
            source = self._received_in(payment)
            parts[source] = parts.get(source, ZERO) + amount_of(payment, "amount")
            if source == self._chart.undeposited:
                waited.append(str(payment.get("reference", "")))
        for id in raw.get("refund_ids", ()):
            refund = self._records["refund"][id]
            left = self._left_by(refund, "")
            parts[left] = parts.get(left, ZERO) - amount_of(refund, "amount")
        for id in raw.get("return_ids", ()):
            back = self._records["payment_return"][id]
            left = self._left_by(back, back["payment_id"])
            parts[left] = parts.get(left, ZERO) - amount_of(back, "amount") - amount_of(back, "bank_fee")
        fees = amount_of(raw, "fees")
        if fees:
            parts[self._chart.fees] = parts.get(self._chart.fees, ZERO) - fees
        return Banked(
            date=day_of(raw["date"]),
            account=account,
            total=amount_of(raw, "net"),
            parts=parts,
            payments=tuple(sorted(waited)),
            effect=added(
                ((account, "", ""), amount_of(raw, "net")),
                *(((source, "", ""), -amount) for source, amount in parts.items()),
            ),
            label=f"bank deposit of {amount_of(raw, 'net')}",
            id=f"payout:{raw['id']}",
        )

    # -- deposits before the work ------------------------------------------------------------------
    def _deposit(self, raw: Raw) -> Prepaid:
        void = bool(raw.get("void"))
        amount = ZERO if void else amount_of(raw, "amount")
        account = self._received_in(raw)
        payer = self._bearer(raw["deposit_for_job"])
        return Prepaid(
            payer=payer,
            date=day_of(raw["received_on"]),
            amount=amount,
            reference=raw.get("reference", ""),
            method=self._chart.methods.get(raw.get("method", ""), ""),
            account=account,
            effect=added(
                ((account, "", ""), amount), ((self._chart.fees_charged.get("deposit", ""), "", ""), -amount)
            ),
            void=void,
            label=f"deposit {raw.get('reference') or raw['id']} of {payer}",
            id=f"payment:{raw['id']}",
        )

    # -- credits -----------------------------------------------------------------------------------
    def _credits(self) -> Iterator[Credited]:
        """Credits that are not void: the books do not keep such ones; and those of payments that came early."""
        for raw in self._all("credit"):
            if not raw.get("void"):
                yield self._credit(raw)
        for raw in self._all("payment"):
            if not raw.get("void"):
                yield from self._early(raw)

    def _credit(self, raw: Raw) -> Credited:
        lines = tuple(self._sold(raw, BY_REASON[raw["reason"]]))
        discount, tax, total = (amount_of(raw, name) for name in ("discount", "tax", "total"))
        branch = raw.get("branch", "") or self._of_job(raw.get("job_id"), "branch")
        location = self._chart.branches[branch] if branch else ""
        invoices = self._records.get("invoice", {})
        applied = {part["invoice_id"]: amount_of(part, "amount") for part in raw.get("applications", ())}
        used = sum(applied.values(), amount_of(raw, "given_back") + amount_of(raw, "elsewhere"))
        sold = self._sale_effect(lines, discount=discount, tax=tax, total=total, location=location)
        return Credited(
            number=raw["number"],
            payer=self._payer(raw["customer_id"], raw.get("job_id")),
            date=day_of(raw["issue_date"]),
            lines=lines,
            discount=discount,
            tax=tax,
            total=total,
            left=total - used,
            settles={invoices[id]["number"]: part for id, part in applied.items()},
            location=location,
            effect={key: -amount for key, amount in sold.items()},
            of=f"invoice:{raw['invoice_id']}" if raw.get("invoice_id") else "",
            label=f"credit {raw['number']}",
            id=f"credit:{raw['id']}",
        )

    def _early(self, raw: Raw) -> Iterator[Credited]:
        """The discount of a payment that came early: a credit that it uses up itself."""
        account = self._chart.fees_charged.get("early_payment", "")
        for part in raw.get("applications", ()):
            amount = amount_of(part, "discount")
            if amount:
                invoice = self._records["invoice"][part["invoice_id"]]
                line = SoldLine(
                    description=f"Early payment of invoice {invoice['number']}",
                    quantity=Decimal(1),
                    price=amount,
                    amount=amount,
                    account=account,
                )
                yield Credited(
                    number="",
                    payer=self._payer(raw["customer_id"], invoice.get("job_id")),
                    date=day_of(raw["received_on"]),
                    lines=(line,),
                    discount=ZERO,
                    tax=ZERO,
                    total=amount,
                    left=ZERO,
                    settles={},
                    location="",
                    effect=added(((account, "", ""), amount), ((self._chart.receivable, "", ""), -amount)),
                    label=f"early payment of invoice {invoice['number']}",
                    id=f"payment:{raw['id']}",
                )

    # -- what went back ----------------------------------------------------------------------------
    def _money_back(self) -> Iterator[PaidBack]:
        """Refunds and returned payments that are not void: the books do not keep such ones."""
        yield from (self._refund(raw) for raw in self._all("refund") if not raw.get("void"))
        yield from (self._returned(raw) for raw in self._all("payment_return") if not raw.get("void"))

    def _refund(self, raw: Raw) -> PaidBack:
        amount, kept = amount_of(raw, "amount"), amount_of(raw, "kept_amount")
        account, chart = self._left_by(raw, ""), self._chart
        of_deposit = bool(raw.get("deposit_for_job"))
        owed = chart.fees_charged["deposit"] if of_deposit else chart.receivable
        parts = [((owed, "", ""), amount + kept), ((account, "", ""), -amount)]
        if kept:
            parts.append(((chart.fees_charged["cancellation"], "", ""), -kept))
        return PaidBack(
            payer=self._name("customer", raw["customer_id"]),
            date=day_of(raw["date"]),
            amount=amount,
            account=account,
            words=raw.get("reference") or raw["id"],
            sources={}
            if of_deposit
            else {self._source(part["of"]): amount_of(part, "amount") for part in raw["parts"]},
            effect=added(*parts),
            label=f"refund {raw.get('reference') or raw['id']} of {amount}",
            id=f"refund:{raw['id']}",
        )

    def _source(self, ref: str) -> str:
        kind, _, id = ref.partition(":")
        raw = self._records[kind][id]
        return f"{kind} {raw['number'] if kind == 'credit' else raw.get('reference', '')}"

    def _returned(self, raw: Raw) -> PaidBack:
        amount, account = amount_of(raw, "amount"), self._left_by(raw, raw["payment_id"])
        payment = self._records["payment"][raw["payment_id"]]
        owed = self._chart.fees_charged["deposit"] if is_deposit(payment) else self._chart.receivable
        return PaidBack(
            payer=self._name("customer", raw["customer_id"]),
            date=day_of(raw["date"]),
            amount=amount,
            account=account,
            words=payment.get("reference") or payment["id"],
            sources={} if is_deposit(payment) else {self._source(f"payment:{payment['id']}"): amount},
            effect=added(((owed, "", ""), amount), ((account, "", ""), -amount)),
            label=f"return of payment {payment.get('reference') or payment['id']}",
            id=f"payment_return:{raw['id']}",
        )

    def _charges(self) -> Iterator[Charged]:
        for raw in self._all("payment_return"):
            fee, account = amount_of(raw, "bank_fee"), self._left_by(raw, raw["payment_id"])
            if fee and not raw.get("void"):
                charged = self._chart.fees if raw["reason"] == "chargeback" else self._chart.bank_charges
                effect: Effect = added(((charged, "", ""), fee), ((account, "", ""), -fee))
                yield Charged(
                    date=day_of(raw["date"]),
                    amount=fee,
                    account=charged,
                    paid_from=account,
                    effect=effect,
                    label=f"fee of {fee} for a returned payment",
                    id=f"payment_return:{raw['id']}",
                )

    def _left_by(self, raw: Raw, payment_id: str) -> str:
        """The account that money left: as said, else where the payment waits, else the processor's."""
        if raw.get("account_key"):
            return self._chart.money[raw["account_key"]]
        return self._received_in(self._records["payment"][payment_id] if payment_id else {"method": "card"})

    def _received_in(self, payment: Raw) -> str:
        """Where money of the payment's method waits; what came by no method that is known waits with the checks."""
        return self._chart.received_in.get(payment.get("method", ""), self._chart.undeposited)
