"""Agreement over the documents of `bench backfill`: none apart as they are, then planted differences, each by name.

What is planted is entered as a bookkeeper would, over HTTP, on one document each; the comparison sees nothing else.
"""

from __future__ import annotations

import datetime as dt
import time
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.engine import agreement, agreement_figures
from blueops_qb.engine.agreement import Run
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.bench.backfill_work import FIRST, LAST, connection_of, numbers, open_house
from blueops_qb.sandbox.bench.figures import rss_mib
from blueops_qb.sandbox.bench.house import BenchHouse
from blueops_qb.sandbox.bench.kill_work import TwinBooks
from blueops_qb.sandbox.bench.twins import admin
from blueops_qb.sandbox.demo.bookkeeper import Bookkeeper
from blueops_qb.sandbox.reader import BooksAddress

Raw = dict[str, Any]
Change = Callable[[Raw], Raw]
_OUTSIDE = dt.date(2025, 11, 20)
_DEADLINE = 1800.0
#: What a copy of a record does not take along.
_OWN = ("Id", "SyncToken", "MetaData", "domain", "sparse", "Balance", "LinkedTxn", "TotalAmt", "PrivateNote")


def agree(url: str, ready: Mapping[str, str]) -> dict[str, Any]:
    """Compare, plant, compare once more; says what was found too much and too little."""
    with open_house(url, ready) as house:
        connection_id = connection_of(house)
        wall, cpu = time.monotonic(), time.process_time()
        before = _compared(house, connection_id)
        wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        planting = Planting.of(house, ready)
        try:
            planting.plant()
        finally:
            planting.books.close()
        after = _compared(house, connection_id)
        with house.core.engine.connect() as connection:
            named = agreement_figures.findings(connection, after.id, agreement_figures.DIFFERENCE)
            found = Counter((one.kind, one.ref) for one in named)
    planted = Counter(planting.planted)
    return {
        "documents": before.figures["documents"],
        "differences": before.figures["differences"],
        "wall_s": round(wall, 1),
        "cpu_s": round(cpu, 1),
        "rss_mib": rss_mib(),
        "planted": planted.total(),
        "kinds": len({kind for kind, _ in planted}),
        "found": (found & planted).total(),
        "missed": sorted(map(str, (planted - found).elements())),
        "not_planted": sorted(map(str, (found - planted).elements())),
    }


def _compared(house: BenchHouse, connection_id: str) -> Run:
    """A finished run over the whole period, every month read from the books."""
    with house.engine.turns.open(connection_id) as turn:
        assert turn is not None
        id = agreement.ask(turn, FIRST, LAST, whole=True)
    carrier = Carrier(house.engine)
    give_up = time.monotonic() + _DEADLINE
    try:
        while (run := agreement.advance(house.engine, connection_id, id)).open:
            if time.monotonic() > give_up:
                raise RuntimeError(f"the comparison did not end: {run}")
            if not carrier.carry_one(connection_id):
                time.sleep(0.02)
    finally:
        carrier.close()
    if run.state is not agreement.RunState.DONE:
        raise RuntimeError(f"the comparison failed: {run.reason}")
    return run


@attrs.define(kw_only=True)
class Planting:
    """Works in the books on documents of the company, each once."""

    ready: Mapping[str, str]
    books: Bookkeeper
    #: Unpaid invoices and payments as the books show them, with core's own id.
    invoices: list[tuple[str, Raw]]
    payments: list[tuple[str, Raw]]
    accounts: Mapping[str, str]
    planted: list[tuple[str, str]] = attrs.field(factory=list)

    @classmethod
    def of(cls, house: BenchHouse, ready: Mapping[str, str]) -> Planting:
        """With everything that the books show now."""
        shown = TwinBooks(ready)
        ours = numbers(house)
        invoices = [
            (ours["invoice", raw["DocNumber"]], raw)
            for raw in shown.all("Invoice")
            if ("invoice", raw.get("DocNumber")) in ours and raw["Balance"] == raw["TotalAmt"]
        ]
        payments = [
            (ours["payment", raw["PaymentRefNum"]], raw)
            for raw in shown.all("Payment")
            if ("payment", raw.get("PaymentRefNum")) in ours
        ]
        address = BooksAddress(base_url=ready["base_url"], realm=ready["realm"], token=ready["access_token"])
        return cls(
            ready=ready,
            books=Bookkeeper(address),
            invoices=invoices,
            payments=payments,
            accounts={a["AcctNum"]: a["Id"] for a in shown.all("Account") if a.get("AcctNum")},
        )

    def plant(self) -> None:
        """Twenty-nine differences of thirteen kinds."""
        classes = [one["Id"] for one in self.books.find("Class")]
        locations = [one["Id"] for one in self.books.find("Department")]
        items = [
            one["Id"] for one in self.books.find("Item") if one["Type"] == "Service" and one["Id"] != "1"
        ]
        stranger = next(
            one["Id"] for one in self.books.find("Customer") if not one["DisplayName"].startswith("Backfill")
        )
        for by in ("1.00", "-0.01", "0.01", "100.00"):
            self._invoice("amount", _on_line(_amount(by)))
        self._invoice("amount", _one_more)
        for item in items[:2]:
            self._invoice("account", _on_line(_member("ItemRef", item)))
        self._payment(
            "account",
            lambda raw: {"DepositToAccountRef": {"value": self.accounts["1010"]}, "Line": raw["Line"]},
        )
        for class_ in classes[:2]:
            self._invoice("class", _on_line(_member("ClassRef", class_)))
        for place in locations[:2]:
            self._invoice("location", _always(DepartmentRef={"value": place}))
        self._invoice("customer", _always(CustomerRef={"value": stranger}))
        for _ in range(2):
            self._invoice("date", lambda raw: {"TxnDate": _other_day(raw["TxnDate"])})
            self._payment("unapplied", _always(Line=[]))
        # Another day of a payment is no case: the payments are read beside the ledger, and where they come in several
        # pages such a change has reached BlueOps before both sides are compared.
        self._invoice("date", lambda raw: {"TxnDate": _other_day(raw["TxnDate"])})
        self._invoice("moved_period", _always(TxnDate=_OUTSIDE.isoformat()))
        self._gone()
        self._too_much()
        self.books.change("Item", "1", {"IncomeAccountRef": {"value": self.accounts["4800"]}})
        self._invoice("item_account", _on_line(lambda *_: None))

    def _gone(self) -> None:
        for entity, rows, kind in (
            ("Invoice", self.invoices, "invoice"),
            ("Payment", self.payments, "payment"),
        ):
            for _ in range(2):
                id, raw = rows.pop()
                self.books.delete(entity, raw["Id"])
                self.planted.append(("missing", f"{kind}:{id}"))
        id, raw = self.invoices.pop()
        self.books.void("Invoice", raw["Id"])
        self.planted.append(("voided", f"invoice:{id}"))

    def _too_much(self) -> None:
        admin(dict(self.ready), "company", warn_duplicate_number=False)
        for _ in range(2):
            id, raw = self.invoices.pop()
            self.books.enter("Invoice", {name: value for name, value in raw.items() if name not in _OWN})
            self.planted.append(("doubled", f"invoice:{id}"))

    def _invoice(self, kind: str, change: Change) -> None:
        id, raw = self.invoices.pop()
        self.books.change("Invoice", raw["Id"], change(raw))
        self.planted.append((kind, f"invoice:{id}"))

    def _payment(self, kind: str, change: Change) -> None:
        id, raw = self.payments.pop()
        self.books.change("Payment", raw["Id"], change(raw))
        self.planted.append((kind, f"payment:{id}"))


# -- changes of one document -----------------------------------------------------------------------------
def _always(**members: Any) -> Change:
    return lambda _: dict(members)


def _lines(raw: Raw) -> list[Raw]:
    return [line for line in raw["Line"] if line["DetailType"] != "SubTotalLineDetail"]


def _on_line(change: Callable[[Raw, Raw], None]) -> Change:
    def members(raw: Raw) -> Raw:
        lines = _lines(raw)
        change(lines[0], lines[0]["SalesItemLineDetail"])
        return {"Line": lines}

    return members


def _amount(by: str) -> Callable[[Raw, Raw], None]:
    def change(line: Raw, detail: Raw) -> None:
        for name in ("Qty", "UnitPrice"):
            detail.pop(name, None)
        line["Amount"] = Decimal(str(line["Amount"])) + Decimal(by)

    return change


def _member(name: str, id: str) -> Callable[[Raw, Raw], None]:
    def change(_: Raw, detail: Raw) -> None:
        detail[name] = {"value": id}

    return change


def _one_more(raw: Raw) -> Raw:
    lines = _lines(raw)
    return {"Line": [*lines, {k: v for k, v in lines[0].items() if k not in ("Id", "LineNum")}]}


def _other_day(text: str) -> str:
    """Another day of the period."""
    day = dt.date.fromisoformat(text)
    return (FIRST if day != FIRST else LAST).isoformat()
