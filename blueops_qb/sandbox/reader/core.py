"""Reads core's tables, with questions of its own, into the reader's values and expected postings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal

import sqlalchemy as sa

from blueops_qb.sandbox.reader.core_money import CoreMoney, is_deposit
from blueops_qb.sandbox.reader.core_tables import Raw, amount_of, day_of, place_of
from blueops_qb.sandbox.reader.values import ZERO, Cost, CostLine, Found, Party, Sale, added, last_digits

CENT = Decimal("0.01")

_LATE_REMINDERS = sa.text(
    "SELECT COUNT(*) FROM core_reminders_sent s"
    " JOIN core_records i ON i.tenant_id = s.tenant_id AND i.kind = 'invoice' AND i.id = s.invoice_id"
    " WHERE s.tenant_id = :tenant AND i.status = 'paid' AND s.day >= ("
    "  SELECT MAX(p.on_date) FROM core_applications a"
    "  JOIN core_records p ON p.tenant_id = a.tenant_id AND p.kind = 'payment' AND p.id = a.payment_id"
    "  WHERE a.tenant_id = s.tenant_id AND a.invoice_id = s.invoice_id AND p.status <> 'void')"
)


class CoreReader(CoreMoney):
    """One company's records as core keeps them."""

    def read(self) -> Found:
        """Everything the company has entered, void costs left out: the books do not keep them."""
        self._load()
        return Found(
            customers=tuple(self._customer(raw) for raw in self._all("customer")),
            jobs=tuple(self._job(raw) for raw in self._all("job")),
            vendors=tuple(self._vendor(raw) for raw in self._all("vendor")),
            sales=tuple(self._sale(raw) for raw in self._all("invoice")),
            receipts=tuple(self._receipt(raw) for raw in self._all("payment") if not is_deposit(raw)),
            costs=tuple(self._cost(raw) for raw in self._all("expense") if not raw.get("void")),
            banked=tuple(self._payout(raw) for raw in self._all("payout") if not raw.get("void")),
            credits=tuple(self._credits()),
            back=tuple(self._money_back()),
            prepaid=tuple(self._deposit(raw) for raw in self._all("payment") if is_deposit(raw)),
            charged=tuple(self._charges()),
        )

    def reminders_after_payment(self) -> int:
        """Reminders that went out for a paid invoice on or after the day of its last payment."""
        with self._engine.connect() as connection:
            return int(connection.execute(_LATE_REMINDERS, self._tenant).scalar_one())

    # -- parties -----------------------------------------------------------------------------------
    def _customer(self, raw: Raw) -> Party:
        return Party(
            name=raw["name"],
            email=raw.get("email", ""),
            phone=last_digits(raw.get("phone", "")),
            address=place_of(raw.get("billing")),
            active=raw.get("active", True),
            label=f"customer {raw['name']}",
            id=f"customer:{raw['id']}",
        )

    def _job(self, raw: Raw) -> Party:
        path = self._payer(raw["customer_id"], raw["id"])
        return Party(
            name=path,
            address=place_of(raw.get("site")),
            active=raw.get("active", True),
            label=f"job {path}",
            id=f"job:{raw['id']}",
        )

    def _vendor(self, raw: Raw) -> Party:
        return Party(
            name=raw["name"],
            email=raw.get("email", ""),
            phone=last_digits(raw.get("phone", "")),
            address=place_of(raw.get("address")),
            active=raw.get("active", True),
            label=f"vendor {raw['name']}",
            id=f"vendor:{raw['id']}",
        )

    # -- sales -------------------------------------------------------------------------------------
    def _sale(self, raw: Raw) -> Sale:
        void = bool(raw.get("void"))
        lines = () if void else tuple(self._sold(raw))
        discount, tax = (ZERO, ZERO) if void else (amount_of(raw, "discount"), amount_of(raw, "tax"))
        branch = raw.get("branch", "") or self._of_job(raw.get("job_id"), "branch")
        location = self._chart.branches[branch] if branch else ""
        total = sum((line.amount for line in lines), ZERO) - discount + tax
        used = sum(
            (line.amount for line in lines if line.account == self._chart.fees_charged.get("deposit")), ZERO
        )
        if not void and total - used != amount_of(raw, "total"):
            raise ValueError(f"invoice {raw['number']} does not add up in BlueOps: {total}")
        return Sale(
            number=raw["number"],
            payer=self._payer(raw["customer_id"], raw.get("job_id")),
            date=day_of(raw["issue_date"]),
            # What has no day of its own falls due when it is issued.
            due=day_of(raw.get("due_date") or raw["issue_date"]),
            terms=self._terms(raw),
            lines=lines,
            discount=discount,
            tax=tax,
            total=total,
            balance=self._balances[raw["id"]],
            location=location,
            void=void,
            effect=self._sale_effect(lines, discount=discount, tax=tax, total=total, location=location),
            label=f"invoice {raw['number']}",
            id=f"invoice:{raw['id']}",
        )

    # -- costs -------------------------------------------------------------------------------------
    def _cost(self, raw: Raw) -> Cost:
        kind = raw["type"] if raw["type"] in ("card", "cash", "check") else "bill"
        account = self._chart.payable if kind == "bill" else self._chart.money[raw["payment_account_key"]]
        location = self._chart.branches[raw["branch"]] if raw.get("branch") else ""
        lines = tuple(self._bought(raw))
        vendor = self._name("vendor", raw.get("vendor_id"))
        return Cost(
            kind=kind,
            vendor=vendor,
            date=day_of(raw["date"]),
            number=raw.get("vendor_invoice_number", ""),
            due=day_of(raw["due_date"]) if kind == "bill" and raw.get("due_date") else None,
            terms=self._terms(raw) if kind == "bill" else "",
            account=account,
            lines=lines,
            total=amount_of(raw, "total"),
            location=location,
            effect=added(
                *(((line.account, line.class_name, location), line.amount) for line in lines),
                ((account, "", location), -amount_of(raw, "total")),
            ),
            files=tuple(sorted(self._files[str(file["id"])] for file in raw.get("receipts", ())))
            if self._chart.files
            else (),
            label=f"{kind} {raw.get('vendor_invoice_number', '')} of {vendor}".replace("  ", " "),
            id=f"expense:{raw['id']}",
        )

    def _bought(self, raw: Raw) -> Iterator[CostLine]:
        """The lines with their share of the tax, then the freight spread over them."""
        goods = [amount_of(line, "amount") for line in raw["lines"]]
        if any(raw.get(name, "amount") != "amount" for name in ("tax_split", "freight_split")):
            raise ValueError(f"expense {raw['id']}: the reader only knows a split by amount")
        taxes, freights = _shares(amount_of(raw, "tax"), goods), _shares(amount_of(raw, "freight"), goods)
        lines = [
            CostLine(
                description=line.get("description", ""),
                amount=amount + tax,
                account=self._cost_account(line),
                job=self._bearer(line.get("job_id")),
                class_name=self._class(line, line.get("job_id")),
            )
            for line, amount, tax in zip(raw["lines"], goods, taxes, strict=True)
        ]
        yield from lines
        for line, share in zip(lines, freights, strict=True):
            if share:
                yield CostLine(
                    description=f"Freight: {line.description}",
                    amount=share,
                    account=self._chart.expenses["freight"],
                    job=line.job,
                    class_name=line.class_name,
                )

    def _cost_account(self, line: Raw) -> str:
        if line.get("material_category"):
            return self._chart.materials_bought[line["material_category"]]
        return self._chart.expenses[line["expense_category"]]


def _shares(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`total` spread in whole cents; what is left over goes, cent by cent, to the largest remainders."""
    whole = sum(weights, ZERO)
    if not total or not whole:
        return [ZERO for _ in weights]
    exact = [total * weight / whole for weight in weights]
    shares = [part.quantize(CENT, rounding=ROUND_FLOOR) for part in exact]
    left = int((total - sum(shares, ZERO)) / CENT)
    order = sorted(range(len(weights)), key=lambda n: (-(exact[n] - shares[n]), n))
    for n in order[:left]:
        shares[n] += CENT
    return shares
