"""What the soak has found about closed periods: what lies there keeps its job's class."""

import dataclasses
import datetime as dt
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest

from blueops_qb.sandbox.reader.comparison import differ
from blueops_qb.sandbox.reader.values import Cost, CostLine, Found, Sale, SoldLine
from blueops_qb.sandbox.soak.closed import as_closed, note_closing
from blueops_qb.sandbox.soak.witness import Witness
from blueops_qb.sandbox.soak.world import World
from tests.plumbing import D

DAY = dt.date(2026, 3, 2)
CLOSED = "2026-03-02"
#: When the document's job, first the kitchen, became the bath and then the attic, which has no class.
JOBS = ((5, "1"), (20, "2"), (40, "3"))
PLACES = [("expense:3", "Bill:5"), ("invoice:7", "Invoice:9")]


def at(revision: int) -> dt.datetime:
    """Core counts a revision a day."""
    return dt.datetime(2026, 3, 1, tzinfo=dt.UTC) + dt.timedelta(days=revision)


class House:
    """As much of a soak's world as is looked at: invoice 7 is of the job, and so is the first line of expense 3."""

    chart = SimpleNamespace(
        classes={"service": "Service", "install": "Install"},
        branches={"north": "Reno", "south": "Carson City"},
    )

    def __init__(self, *closings: tuple[int, str], own_class: str = "") -> None:
        self.witness = Witness()
        self.own_class, self.branch, self.last = own_class, "", 0
        self.time = SimpleNamespace()
        for self.last, day in closings:
            self.time.moment = at(self.last)
            note_closing(cast(World, self), day)

    def rows(self, statement: str, **_: Any) -> list[Any]:
        if "MAX(revision)" in statement:
            return [SimpleNamespace(last=self.last)]
        if "kind = 'job'" in statement:
            jobs = {1: ("service", "north"), 2: ("install", ""), 3: ("", "south")}
            return [
                SimpleNamespace(id=id, record=json.dumps({"class_key": key, "branch": branch}))
                for id, (key, branch) in jobs.items()
            ]
        return [row for revision, job in JOBS for row in self.told(revision, job)]

    def told(self, revision: int, job: str) -> list[Any]:
        """What core tells of both while the job is this one."""
        bought = {"description": "Bought 1", "job_id": job, "class_key": self.own_class}
        expense = {"lines": [bought, {"description": "Bought 2"}]}
        invoice = {"lines": [{"description": "Work 1"}], "job_id": job, "branch": self.branch}
        return [
            SimpleNamespace(
                ref_kind=kind,
                ref_id=id,
                revision=revision,
                payload=json.dumps({"occurred_at": at(revision).isoformat(), "record": record}),
            )
            for kind, id, record in (("expense", "3", expense), ("invoice", "7", invoice))
        ]


def cost(id: str, *classes: str, account: str = "6310", job: str = "Ann Lee:Attic") -> Cost:
    """Lines of 10.00 with these classes, the first one with its freight of 1.00."""
    amounts = (("Bought 1", "10.00"), ("Bought 2", "10.00"), ("Freight: Bought 1", "1.00"))
    lines = tuple(
        CostLine(description=text, amount=D(amount), account=account, job=job, class_name=class_name)
        for (text, amount), class_name in zip(amounts, classes, strict=True)
    )
    effect: dict[tuple[str, str, str], Any] = {("2000", "", ""): D("-21.00")}
    for line in lines:
        key = line.account, line.class_name, ""
        effect[key] = effect.get(key, D("0.00")) + line.amount
    return Cost(
        kind="bill",
        vendor="Copper Supply",
        date=DAY,
        number="V3",
        due=None,
        terms="",
        account="2000",
        lines=lines,
        total=D("21.00"),
        location="",
        effect=effect,
        id=id,
    )


def faults(house: House, theirs: Cost, ours: Cost | None = None) -> list[str]:
    here, there = Found(costs=(ours or cost("expense:3", "", "", ""),)), Found(costs=(theirs,))
    left = as_closed(cast(World, house), here, there, PLACES)
    return differ(left, there, frozenset())[1]


@pytest.mark.parametrize("class_name", ["Service", "Install"])
def test_a_cost_of_a_closed_period_keeps_the_class_of_a_job_that_it_had(
    class_name: str,
) -> None:
    theirs = cost("Bill:5", class_name, "", class_name)
    assert faults(House((10, CLOSED)), theirs) == []
    assert len(faults(House(), theirs)) == 3, "two lines and the effect"


@pytest.mark.parametrize(
    ("closings", "allowed"),
    [
        ([(10, CLOSED)], True),
        ([(30, CLOSED)], True),
        ([(10, CLOSED), (30, "")], True),
        ([(10, CLOSED), (19, "")], True),
        ([(10, CLOSED), (15, "")], False),
        ([(10, "2026-03-01")], False),
    ],
    ids=[
        "when it was merged",
        "before it was written",
        "open again since",
        "open again, as BlueOps did not know yet",
        "open again before",
        "another day",
    ],
)
def test_the_period_was_closed_when_the_job_became_another_one_or_since(
    closings: list[tuple[int, str]], allowed: bool
) -> None:
    assert (not faults(House(*closings), cost("Bill:5", "Service", "", "Service"))) is allowed


def sale(id: str, class_name: str, location: str) -> Sale:
    """Work for 10.00 less 1.00."""
    lines = tuple(
        SoldLine(
            description=text,
            quantity=D("1"),
            price=D(amount),
            amount=D(amount),
            account="4100",
            class_name=class_name,
        )
        for text, amount in (("Work 1", "10.00"), ("Discount: Work 1", "-1.00"))
    )
    return Sale(
        number="51",
        payer="Ann Lee:Attic",
        date=DAY,
        due=None,
        terms="",
        lines=lines,
        discount=D("0.00"),
        tax=D("0.00"),
        total=D("9.00"),
        balance=D("9.00"),
        location=location,
        effect={("1100", "", location): D("9.00"), ("4100", class_name, location): D("-9.00")},
        id=id,
    )


@pytest.mark.parametrize("location", ["Reno", "", "Carson City"])
@pytest.mark.parametrize("class_name", ["Service", "Install", ""])
def test_an_invoice_of_a_closed_period_keeps_class_and_location(class_name: str, location: str) -> None:
    here = Found(sales=(sale("invoice:7", "", "Carson City"),))
    there = Found(sales=(sale("Invoice:9", class_name, location),))
    left = as_closed(cast(World, House((10, CLOSED))), here, there, PLACES)
    assert differ(left, there, frozenset())[1] == []
    left = as_closed(cast(World, House()), here, there, PLACES)
    differences = (class_name != "") * 2 + (location != "Carson City")
    assert len(differ(left, there, frozenset())[1]) == differences + bool(differences), "and the effect"


def test_a_location_that_no_job_brought_and_one_of_the_invoice_itself_are_compared() -> None:
    here, there = sale("invoice:7", "", "Carson City"), sale("Invoice:9", "", "Elko")
    house = House((10, CLOSED))
    left = as_closed(cast(World, house), Found(sales=(here,)), Found(sales=(there,)), PLACES)
    assert len(differ(left, Found(sales=(there,)), frozenset())[1]) == 2
    house.branch, there = "south", sale("Invoice:9", "", "Reno")
    left = as_closed(cast(World, house), Found(sales=(here,)), Found(sales=(there,)), PLACES)
    assert len(differ(left, Found(sales=(there,)), frozenset())[1]) == 2


def test_only_the_class_of_a_job_that_the_line_had_is_kept() -> None:
    assert len(faults(House((10, CLOSED)), cost("Bill:5", "Lawn Care", "", "Lawn Care"))) == 3
    assert len(faults(House((10, CLOSED)), cost("Bill:5", "", "Service", ""))) == 2, "no job, no class"
    own = House((10, CLOSED), own_class="service")
    ours = cost("expense:3", "Service", "", "Service")
    assert len(faults(own, cost("Bill:5", "Install", "", "Install"), ours)) == 3, "the line has its own"


def test_accounts_jobs_and_other_documents_are_compared_all_the_same() -> None:
    house = House((10, CLOSED))
    assert faults(house, cost("Bill:5", "Service", "", "Service", account="6320"))
    assert faults(house, cost("Bill:5", "Service", "", "Service", job="Ann Lee:Kitchen"))
    assert faults(house, cost("Bill:6", "Service", "", "Service"))
    later = dataclasses.replace(cost("Bill:5", "Service", "", "Service"), date=DAY + dt.timedelta(days=1))
    assert any("class" in fault for fault in faults(house, later)), "it was written on an open day"
