"""Both sides change one invoice at random, choices are made and taken back at random; in the end both are equal."""

import random
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import SalesLine
from blueops_qb.domain.policy import Overlap, Policy
from blueops_qb.domain.records import InvoiceLine, LineKind
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import resolve, rules_desk, take_back
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.store import tables as t
from tests.engine_house import D, EngineHouse
from tests.traps import ON_SQLITE

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE

REPAIR, TRIP = BooksRef(BooksKind.ITEM, "R"), BooksRef(BooksKind.ITEM, "T")
KEYS: dict[str, dict[str, Any]] = {
    "R": {"kind": LineKind.SERVICE, "service_category": "repair"},
    "T": {"kind": LineKind.FEE, "fee_type": "trip"},
}
STEPS = 30


class Day:
    """One invoice, two people, one engine."""

    def __init__(self, house: EngineHouse, seed: int) -> None:
        self.house, self.chance = house, random.Random(seed)
        lines = [
            LineDraft(description=f"Repair {n}", unit_price=D(10 * n), service_category="repair")
            for n in (1, 2, 3)
        ]
        ann = house.customer()
        with house.work() as tx:
            self.ref = tx.raise_invoice(house.draft(ann.id, lines=lines)).ref
        house.drain()

    # -- what either side does -----------------------------------------------------------------------
    def bookkeeper(self) -> None:
        """Changes the invoice over there."""
        house, chance = self.house, self.chance
        place = house.place(house.here(self.ref))
        lines = list(house.books.document(place).lines)
        what = chance.choice(["price", "words", "item", "add", "remove", "turn", "memo"])
        at = chance.randrange(len(lines))
        price = D(chance.randint(1, 99))
        match what:
            case "price":
                lines[at] = attrs.evolve(lines[at], quantity=D(1), unit_price=price, amount=price)
            case "words":
                lines[at] = attrs.evolve(lines[at], description=f"words {chance.randint(1, 99)}")
            case "item":
                lines[at] = attrs.evolve(lines[at], item=chance.choice([REPAIR, TRIP]))
            case "add":
                new = SalesLine(
                    item=chance.choice([REPAIR, TRIP]),
                    description="new",
                    quantity=D(1),
                    unit_price=price,
                    amount=price,
                )
                lines.insert(at, new)
            case "remove" if len(lines) > 1:
                del lines[at]
            case "turn":
                chance.shuffle(lines)
            case _:
                house.books.edit(place, memo=f"there {chance.randint(1, 99)}")
                return
        total = sum((line.amount for line in lines), D("0.00"))
        house.books.edit(place, lines=tuple(lines), total=total)

    def office(self) -> None:
        """Changes the invoice in BlueOps."""
        chance, now = self.chance, self.house.here(self.ref)
        lines = list(now.lines)
        at, price = chance.randrange(len(lines)), D(chance.randint(1, 99)).quantize(D("0.01"))
        match chance.choice(["price", "words", "add", "remove", "memo"]):
            case "price":
                lines[at] = attrs.evolve(lines[at], quantity=D(1), unit_price=price, amount=price)
            case "words":
                lines[at] = attrs.evolve(lines[at], description=f"here {chance.randint(1, 99)}")
            case "add":
                id = str(max(int(line.line_id) for line in lines) + 1)
                key = KEYS[chance.choice("RT")]
                lines.append(
                    InvoiceLine(line_id=id, description="ours", unit_price=price, amount=price, **key)
                )
            case "remove" if len(lines) > 1:
                del lines[at]
            case _:
                now = attrs.evolve(now, memo=f"here {chance.randint(1, 99)}")
        total = sum((line.amount for line in lines), D("0.00"))
        with self.house.work() as tx:
            tx.save_invoice(attrs.evolve(now, lines=tuple(lines), total=total))

    def person(self) -> None:
        """Settles a conflict, or takes a choice back."""
        conflicts = self.house.conflicts()
        try:
            with self.house.turn() as turn:
                if conflicts and self.chance.random() < 0.7:
                    row = self.chance.choice(conflicts)
                    resolve.resolve(turn, row.id, self.chance.choice(["ours", "theirs"]), "admin")
                elif done := self.house.rows(t.conflicts, t.conflicts.c.state == "resolved"):
                    take_back.undo(turn, self.chance.choice(done).id, "admin")
        except resolve.CannotResolve:
            pass  # nothing was changed

    def run(self) -> None:
        """Everybody at once."""
        for _ in range(STEPS):
            step = self.chance.choice(
                [self.bookkeeper, self.office, self.both, self.person, self.house.poll, self.house.drain]
            )
            step()
            self.sums()

    def both(self) -> None:
        """Both sides at once, seen, and perhaps settled, written and taken back."""
        self.bookkeeper()
        self.office()
        for step in (self.house.poll, self.person, self.house.drain, self.person):
            if self.chance.random() < 0.8:
                step()

    # -- what must hold ------------------------------------------------------------------------------
    def sums(self) -> None:
        """Core's invariant, always."""
        now = self.house.here(self.ref)
        assert sum((line.amount for line in now.lines), D("0.00")) == now.total

    def settle(self) -> None:
        """Settle what is open, one way or the other, until nothing is."""
        house = self.house
        for _ in range(12):
            house.poll()
            rows = house.conflicts()
            if not rows and house.quiet():
                return
            for row in rows:
                self.choose(row)
        raise AssertionError(f"never settled: {[(r.cause, r.group, r.reason) for r in house.conflicts()]}")

    def choose(self, row: Any) -> None:
        for choice in self.chance.sample(["ours", "theirs"], 2):
            try:
                with self.house.turn() as turn:
                    resolve.resolve(turn, row.id, choice, "admin")
            except resolve.CannotResolve:
                continue
            return

    def equal(self) -> None:
        """Both sides say the same, line by line, and stay so."""
        here = self.house.here(self.ref)
        there = self.house.books.document(self.house.place(here))
        assert here.total == there.total
        assert here.memo == there.memo
        ours = sorted((line.amount, line.description) for line in here.lines)
        assert ours == sorted((line.amount, line.description) for line in there.lines)
        before = len(self.house.books.log)
        self.house.poll()
        assert len(self.house.books.log) == before
        assert self.house.conflicts() == []


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("policy", list(Overlap))
def test_both_sides_are_equal_in_the_end(house: EngineHouse, policy: Overlap, seed: int) -> None:
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(money_overlap=policy), actor="admin")
    day = Day(house, seed)
    day.run()
    day.settle()
    day.equal()
