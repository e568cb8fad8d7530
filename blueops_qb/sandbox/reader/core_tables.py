"""What questions of core's tables have in common: loading, names, lines that were sold."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

from blueops_qb.sandbox.reader.values import (
    Chart,
    Effect,
    Place,
    SoldLine,
    added,
    file_label,
)

Raw = dict[str, Any]

_RECORDS = sa.text(
    "SELECT kind, id, record, balance FROM core_records"
    " WHERE tenant_id = :tenant AND status NOT IN ('merged', 'deleted') ORDER BY kind, id"
)
_APPLIED = sa.text("SELECT payment_id, invoice_id, amount FROM core_applications WHERE tenant_id = :tenant")
_FILES = sa.text("SELECT id, filename, LENGTH(content) FROM core_receipts WHERE tenant_id = :tenant")


class CoreTables:
    """One company's records as core keeps them, and what several kinds of them are read by."""

    def __init__(self, engine: sa.Engine, tenant_id: str, chart: Chart) -> None:
        self._engine = engine
        self._tenant = {"tenant": tenant_id}
        self._chart = chart
        self._records: dict[str, dict[str, Raw]] = {}
        self._balances: dict[str, Decimal] = {}
        self._settled: dict[str, dict[str, Decimal]] = {}
        self._files: dict[str, str] = {}

    # -- reading -----------------------------------------------------------------------------------
    def _load(self) -> None:
        self._records, self._balances, self._settled = {}, {}, {}
        with self._engine.connect() as connection:
            for kind, id, record, balance in connection.execute(_RECORDS, self._tenant):
                self._records.setdefault(kind, {})[str(id)] = json.loads(record)
                if balance is not None:
                    self._balances[str(id)] = cents(balance)
            for payment_id, invoice_id, amount in connection.execute(_APPLIED, self._tenant):
                self._settled.setdefault(str(payment_id), {})[str(invoice_id)] = cents(amount)
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

    # -- lines -------------------------------------------------------------------------------------
    def _sold(self, raw: Raw, fee: str = "discount") -> Iterator[SoldLine]:
        """Its lines; `fee` is the fee type of those that name none."""
        for line in raw.get("lines", ()):
            if line["kind"] == "text":
                continue
            amount, price = amount_of(line, "amount"), amount_of(line, "unit_price")
            sold = SoldLine(
                description=line.get("description", ""),
                quantity=Decimal(line.get("quantity", "1")),
                price=price,
                amount=amount,
                account=self._income(line, fee),
                class_name=self._class(line, raw.get("job_id")),
                taxable=bool(line.get("taxable", False)),
            )
            yield sold
            taken = amount_of(line, "discount")
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

    def _income(self, line: Raw, fee: str) -> str:
        chart = self._chart
        if line["kind"] == "deposit_applied":
            return chart.fees_charged["deposit"]
        if line["kind"] == "service":
            return chart.services[line["service_category"]]
        if line["kind"] in ("material", "equipment"):
            return chart.materials_sold[line["material_category"]]
        return chart.fees_charged[line.get("fee_type") or fee]

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


def cents(value: int) -> Decimal:
    return Decimal(value).scaleb(-2)


def amount_of(raw: Raw, name: str) -> Decimal:
    return Decimal(raw.get(name, "0.00"))


def day_of(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def place_of(raw: Raw | None) -> Place:
    found = raw or {}
    return Place(
        street=found.get("line1", ""),
        city=found.get("city", ""),
        state=found.get("state", ""),
        postal_code=found.get("postal_code", ""),
    )
