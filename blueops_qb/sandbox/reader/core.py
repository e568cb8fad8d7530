"""Reads core's tables, with questions of its own, into the reader's values and expected postings."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from decimal import ROUND_FLOOR, Decimal
from typing import Any

import sqlalchemy as sa

from blueops_qb.sandbox.reader.values import (
    ZERO,
    Banked,
    Chart,
    Cost,
    CostLine,
    Effect,
    Found,
    Party,
    Place,
    Receipt,
    Sale,
    SoldLine,
    added,
    file_label,
    last_digits,
)

CENT = Decimal("0.01")
Raw = dict[str, Any]

_RECORDS = sa.text(
    "SELECT kind, id, record, balance FROM core_records"
    " WHERE tenant_id = :tenant AND status NOT IN ('merged', 'deleted') ORDER BY kind, id"
)
_APPLIED = sa.text("SELECT payment_id, invoice_id, amount FROM core_applications WHERE tenant_id = :tenant")
_FILES = sa.text("SELECT id, filename, LENGTH(content) FROM core_receipts WHERE tenant_id = :tenant")
_LATE_REMINDERS = sa.text(
    "SELECT COUNT(*) FROM core_reminders_sent s"
    " JOIN core_records i ON i.tenant_id = s.tenant_id AND i.kind = 'invoice' AND i.id = s.invoice_id"
    " WHERE s.tenant_id = :tenant AND i.status = 'paid' AND s.day >= ("
    "  SELECT MAX(p.on_date) FROM core_applications a"
    "  JOIN core_records p ON p.tenant_id = a.tenant_id AND p.kind = 'payment' AND p.id = a.payment_id"
    "  WHERE a.tenant_id = s.tenant_id AND a.invoice_id = s.invoice_id AND p.status <> 'void')"
)


class CoreReader:
    """One company's records as core keeps them."""

    def __init__(self, engine: sa.Engine, tenant_id: str, chart: Chart) -> None:
        self._engine = engine
        self._tenant = {"tenant": tenant_id}
        self._chart = chart
        self._records: dict[str, dict[str, Raw]] = {}
        self._balances: dict[str, Decimal] = {}
        self._settled: dict[str, dict[str, Decimal]] = {}
        self._files: dict[str, str] = {}

    def read(self) -> Found:
        """Everything the company has entered, void costs left out: the books do not keep them."""
        self._load()
        return Found(
            customers=tuple(self._customer(raw) for raw in self._all("customer")),
            jobs=tuple(self._job(raw) for raw in self._all("job")),
            vendors=tuple(self._vendor(raw) for raw in self._all("vendor")),
            sales=tuple(self._sale(raw) for raw in self._all("invoice")),
            receipts=tuple(self._receipt(raw) for raw in self._all("payment")),
            costs=tuple(self._cost(raw) for raw in self._all("expense") if not raw.get("void")),
            banked=tuple(self._payout(raw) for raw in self._all("payout") if not raw.get("void")),
        )

    def reminders_after_payment(self) -> int:
        """Reminders that went out for a paid invoice on or after the day of its last payment."""
        with self._engine.connect() as connection:
            return int(connection.execute(_LATE_REMINDERS, self._tenant).scalar_one())

    # -- reading -----------------------------------------------------------------------------------
    def _load(self) -> None:
        self._records, self._balances, self._settled = {}, {}, {}
        with self._engine.connect() as connection:
            for kind, id, record, balance in connection.execute(_RECORDS, self._tenant):
                self._records.setdefault(kind, {})[str(id)] = json.loads(record)
                if balance is not None:
                    self._balances[str(id)] = _cents(balance)
            for payment_id, invoice_id, amount in connection.execute(_APPLIED, self._tenant):
                self._settled.setdefault(str(payment_id), {})[str(invoice_id)] = _cents(amount)
            for id, name, size in connection.execute(_FILES, self._tenant):
                self._files[str(id)] = file_label(name, size)

    def _all(self, kind: str) -> Iterator[Raw]:
        yield from self._records.get(kind, {}).values()

    def _name(self, kind: str, id: str | None) -> str:
        return str(self._records[kind][id]["name"]) if id else ""

    def _payer(self, customer_id: str, job_id: str | None) -> str:
        name = self._name("customer", customer_id)
        return f"{name}:{self._name('job', job_id)}" if job_id else name

    def _bearer(self, job_id: str | None) -> str:
        return self._payer(self._records["job"][job_id]["customer_id"], job_id) if job_id else ""

    def _of_job(self, job_id: str | None, field: str) -> str:
        return str(self._records["job"][job_id].get(field, "")) if job_id else ""

    # -- parties -----------------------------------------------------------------------------------
    def _customer(self, raw: Raw) -> Party:
        return Party(
            name=raw["name"],
            email=raw.get("email", ""),
            phone=last_digits(raw.get("phone", "")),
            address=_place(raw.get("billing")),
            active=raw.get("active", True),
            label=f"customer {raw['name']}",
            id=f"customer:{raw['id']}",
        )

    def _job(self, raw: Raw) -> Party:
        path = self._payer(raw["customer_id"], raw["id"])
        return Party(
            name=path,
            address=_place(raw.get("site")),
            active=raw.get("active", True),
            label=f"job {path}",
            id=f"job:{raw['id']}",
        )

    def _vendor(self, raw: Raw) -> Party:
        return Party(
            name=raw["name"],
            email=raw.get("email", ""),
            phone=last_digits(raw.get("phone", "")),
            address=_place(raw.get("address")),
            active=raw.get("active", True),
            label=f"vendor {raw['name']}",
            id=f"vendor:{raw['id']}",
        )

    # -- sales -------------------------------------------------------------------------------------
    def _sale(self, raw: Raw) -> Sale:
        void = bool(raw.get("void"))
        lines = () if void else tuple(self._sold(raw))
        discount, tax = (ZERO, ZERO) if void else (_amount(raw, "discount"), _amount(raw, "tax"))
        branch = raw.get("branch", "") or self._of_job(raw.get("job_id"), "branch")
        location = self._chart.branches[branch] if branch else ""
        total = sum((line.amount for line in lines), ZERO) - discount + tax
        if not void and total != _amount(raw, "total"):
            raise ValueError(f"invoice {raw['number']} does not add up in BlueOps: {total}")
        return Sale(
            number=raw["number"],
            payer=self._payer(raw["customer_id"], raw.get("job_id")),
            date=_day(raw["issue_date"]),
            # What has no day of its own falls due when it is issued.
            due=_day(raw.get("due_date") or raw["issue_date"]),
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

    def _sold(self, raw: Raw) -> Iterator[SoldLine]:
        for line in raw.get("lines", ()):
            if line["kind"] == "text":
                continue
            amount, price = _amount(line, "amount"), _amount(line, "unit_price")
            sold = SoldLine(
                description=line.get("description", ""),
                quantity=Decimal(line.get("quantity", "1")),
                price=price,
                amount=amount,
                account=self._income(line),
                class_name=self._class(line, raw.get("job_id")),
                taxable=bool(line.get("taxable", False)),
            )
            yield sold
            taken = _amount(line, "discount")
            if taken:
                yield SoldLine(
                    description=f"Discount: {sold.description}",
                    quantity=Decimal(1),
                    price=-taken,
                    amount=-taken,
                    account=self._chart.fees_charged["discount"],
                    class_name=sold.class_name,
                    taxable=sold.taxable,
                )

    def _income(self, line: Raw) -> str:
        chart = self._chart
        if line["kind"] == "service":
            return chart.services[line["service_category"]]
        if line["kind"] in ("material", "equipment"):
            return chart.materials_sold[line["material_category"]]
        return chart.fees_charged[line.get("fee_type") or "discount"]

    def _terms(self, raw: Raw) -> str:
        key = raw.get("terms", "")
        return self._chart.terms[key] if key else ""

    def _class(self, line: Raw, job_id: str | None) -> str:
        key = line.get("class_key", "") or self._of_job(job_id, "class_key")
        return self._chart.classes[key] if key else ""

    def _sale_effect(
        self, lines: Sequence[SoldLine], *, discount: Decimal, tax: Decimal, total: Decimal, location: str
    ) -> Effect:
        chart = self._chart
        return added(
            ((chart.receivable, "", location), total),
            *(((line.account, line.class_name, location), -line.amount) for line in lines),
            ((chart.discounts, "", location), discount),
            ((chart.sales_tax, "", location), -tax),
        )

    # -- money -------------------------------------------------------------------------------------
    def _receipt(self, raw: Raw) -> Receipt:
        void = bool(raw.get("void"))
        amount = ZERO if void else _amount(raw, "amount")
        account = self._chart.received_in[raw["method"]]
        invoices = self._records.get("invoice", {})
        settled = {} if void else self._settled.get(raw["id"], {})
        payer = self._name("customer", raw["customer_id"])
        return Receipt(
            payer=payer,
            date=_day(raw["received_on"]),
            amount=amount,
            reference=raw.get("reference", ""),
            method=self._chart.methods[raw["method"]],
            account=account,
            settles={invoices[id]["number"]: part for id, part in settled.items()},
            void=void,
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
            source = self._chart.received_in[payment["method"]]
            parts[source] = parts.get(source, ZERO) + _amount(payment, "amount")
            if source == self._chart.undeposited:
                waited.append(str(payment.get("reference", "")))
        fees = _amount(raw, "fees")
        if fees:
            parts[self._chart.fees] = parts.get(self._chart.fees, ZERO) - fees
        return Banked(
            date=_day(raw["date"]),
            account=account,
            total=_amount(raw, "net"),
            parts=parts,
            payments=tuple(sorted(waited)),
            effect=added(
                ((account, "", ""), _amount(raw, "net")),
                *(((source, "", ""), -amount) for source, amount in parts.items()),
            ),
            label=f"bank deposit of {_amount(raw, 'net')}",
            id=f"payout:{raw['id']}",
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
            date=_day(raw["date"]),
            number=raw.get("vendor_invoice_number", ""),
            due=_day(raw["due_date"]) if kind == "bill" and raw.get("due_date") else None,
            terms=self._terms(raw) if kind == "bill" else "",
            account=account,
            lines=lines,
            total=_amount(raw, "total"),
            location=location,
            effect=added(
                *(((line.account, line.class_name, location), line.amount) for line in lines),
                ((account, "", location), -_amount(raw, "total")),
            ),
            files=tuple(sorted(self._files[str(file["id"])] for file in raw.get("receipts", ()))),
            label=f"{kind} {raw.get('vendor_invoice_number', '')} of {vendor}".replace("  ", " "),
            id=f"expense:{raw['id']}",
        )

    def _bought(self, raw: Raw) -> Iterator[CostLine]:
        """The lines with their share of the tax, then the freight spread over them."""
        goods = [_amount(line, "amount") for line in raw["lines"]]
        if any(raw.get(name, "amount") != "amount" for name in ("tax_split", "freight_split")):
            raise ValueError(f"expense {raw['id']}: the reader only knows a split by amount")
        taxes, freights = _shares(_amount(raw, "tax"), goods), _shares(_amount(raw, "freight"), goods)
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


def _cents(value: int) -> Decimal:
    return Decimal(value).scaleb(-2)


def _amount(raw: Raw, name: str) -> Decimal:
    return Decimal(raw.get(name, "0.00"))


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _place(raw: Raw | None) -> Place:
    found = raw or {}
    return Place(
        street=found.get("line1", ""),
        city=found.get("city", ""),
        state=found.get("state", ""),
        postal_code=found.get("postal_code", ""),
    )
