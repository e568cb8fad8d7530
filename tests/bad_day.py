"""A company on a bad day: live on the twin of QuickBooks Online, with every event and every record counted.

What BlueOps announced is heard by a second plugin, and what the books hold is told by the twin itself: neither
asks the engine. `bad_day` opens it; `BadDay.until` carries until something is so, `BadDay.told` is how a test
reads a sentence, `BadDay.whole` is the proof that nothing was lost and nothing is there twice.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import requests
import sqlalchemy as sa

from blueops_qb.domain.records import (
    Application,
    CostLine,
    Customer,
    Expense,
    ExpenseType,
    Invoice,
    Payment,
    Vendor,
)
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import audit, census, connections
from blueops_qb.engine.connections import SignedIn
from blueops_qb.engine.outbox import END_STATES, OPEN_STATES, State
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.tokens import TOKENS, from_answer
from blueops_qb.sandbox.core.work import ALL_HOOKS
from blueops_qb.sdk.hooks import Event, Switch
from blueops_qb.store import tables as t
from tests.core_house import write_plugin
from tests.office import DAY, PAGES, Office, office

#: Everything that providers count in seconds takes a fiftieth of it.
FAST = EngineSettings(time_scale=0.02, backoff_longest_seconds=20.0)
WITNESS = "witness"
_HEARS = "heard = []\n" + "\n".join(
    f"@hookimpl\ndef {hook}(event):\n    heard.append(event)\n" for hook in sorted(ALL_HOOKS)
)
Raw = dict[str, Any]


@attrs.define(kw_only=True)
class BadDay:
    """One company, its books, and who hears what happens."""

    shop: Office
    #: Every event that core announced.
    heard: list[Event]
    #: What the books held before the day, by kind.
    before: Mapping[str, int]
    _numbers: Counter[str] = attrs.field(factory=Counter)

    # -- what the office enters ----------------------------------------------------------------------
    def customer(self, name: str = "") -> Customer:
        """A new customer; each has a name of its own."""
        return self.shop.customer(name or f"Customer {self._next('customer')}", email="")

    def invoice(self, customer: Customer | None = None, price: str = "100.00", **more: Any) -> Invoice:
        """An invoice of one line, by default of a new customer."""
        return self.shop.invoice(customer or self.customer(), price, **more)

    def pay(self, invoice: Invoice) -> Payment:
        """The whole invoice paid by check; each check has a number of its own."""
        payment = Payment(
            id="",
            customer_id=invoice.customer_id,
            received_on=DAY,
            amount=invoice.total,
            applications=(Application(invoice_id=invoice.id, amount=invoice.total),),
            method="check",
            reference=f"{7000 + self._next('check')}",
        )
        with self.shop.core.begin(self.shop.tenant, actor="office") as tx:
            return tx.record_payment(payment)

    def bill(self, amount: str = "40.00") -> Expense:
        """A bill of a new vendor."""
        number = self._next("bill")
        line = CostLine(line_id="1", amount=Decimal(amount), expense_category="rental")
        with self.shop.core.begin(self.shop.tenant, actor="office") as tx:
            vendor = tx.create_vendor(Vendor(id="", name=f"Vendor {number}"))
            return tx.record_expense(
                Expense(
                    id="",
                    type=ExpenseType.BILL,
                    vendor_id=vendor.id,
                    vendor_invoice_number=f"V-{number}",
                    date=DAY,
                    lines=(line,),
                    total=Decimal(amount),
                )
            )

    def others(self) -> list[Any]:
        """What the office enters beside it: an invoice of another customer, its payment, a bill."""
        invoice = self.invoice(price="55.00")
        return [invoice, self.pay(invoice), self.bill()]

    def _next(self, what: str) -> int:
        self._numbers[what] += 1
        return self._numbers[what]

    # -- what the engine does ------------------------------------------------------------------------
    def step_until(self, what: str, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Carry one exchange at a time until something is so, so that a passing state is not missed."""
        give_up_at = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < give_up_at, f"still waiting for {what}: {self.open()}"
            if not self.shop.carrier.carry_one(self.shop.id):
                time.sleep(0.01)

    def until(self, what: str, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Carry until something is so; fails with what is still open when it takes too long."""
        give_up_at = time.monotonic() + seconds
        while True:
            self.shop.drain()
            if condition():
                return
            assert time.monotonic() < give_up_at, f"still waiting for {what}: {self.open()}"
            time.sleep(0.02)

    def until_done(self, *records: Any) -> None:
        """Carry until the newest event of each record is done."""
        self.until(
            f"{', '.join(str(r.ref) for r in records)} to be done",
            lambda: all(self.shop.state(record.ref) == State.DONE for record in records),
        )

    def until_state(self, state: State, *records: Any) -> None:
        """Carry until the newest event of each record is in a state."""
        self.until(
            f"{', '.join(str(r.ref) for r in records)} to be {state}",
            lambda: all(self.shop.state(record.ref) == state for record in records),
        )

    def line(self, record: Any) -> census.EventLine:
        """The newest event of a record, as the list of records shows it."""
        with self.shop.core.engine.connect() as connection:
            lines = [line for _, line in census.lines(connection, self.shop.tenant, limit=1000)]
        return max((line for line in lines if line.ref == record.ref), key=lambda line: line.revision)

    def told(self, record: Any, state: State, *words: str) -> census.EventLine:
        """The record is in a state whose sentence names the record and holds the words, and says what to do."""
        line = self.line(record)
        assert line.state == state, line
        called = f"{record.ref.kind.value} {record.ref.id}"
        names = {str(record.ref), called, called.capitalize(), getattr(record, "number", "")} - {""}
        assert any(name in line.reason for name in names), f"does not name {record.ref}: {line.reason!r}"
        for word in words:
            assert word in f"{line.reason} {line.remedy}", f"{word!r} is not in {line}"
        assert line.remedy, f"no remedy: {line}"
        return line

    def first(self, state: State, word: str = "") -> Any:
        """The first record of the day whose newest event is in a state, with a word in its sentence."""
        lines = ((event.record, self.line(event)) for event in self.heard)
        return next(record for record, line in lines if line.state == state and word in line.reason)

    def retry_if_told_so(self, record: Any) -> None:
        """Press Retry, where the sentence about a held record says so."""
        line = self.line(record)
        if line.state == State.HELD and "retry" in line.remedy:
            admin = self.shop.browser()
            address = f"{PAGES}/records/{record.ref.kind.value}/{record.ref.id}"
            admin.get(address)
            assert admin.post(f"{address}/retry").status_code == 303

    def open(self) -> list[str]:
        """What has not ended, and how the connection fares."""
        with self.shop.core.engine.connect() as connection:
            lines = census.lines(connection, self.shop.tenant, states=OPEN_STATES, limit=100)
        row = self.shop.row()
        health = f"connection is {row['health']} {row['health_reason']}"
        return [*(f"{line.ref} {line.state} {line.reason}" for _, line in lines), health]

    def counted(self) -> dict[str, int]:
        """Events by state."""
        with self.shop.core.engine.connect() as connection:
            return census.states(connection, self.shop.tenant)

    def links(self) -> set[tuple[Any, ...]]:
        """Every live link: record, kind and id in the books."""
        d, lk = t.documents, t.links
        query = (
            sa.select(d.c.source_kind, d.c.source_id, d.c.role, lk.c.books_kind, lk.c.books_id)
            .select_from(lk.join(d, d.c.id == lk.c.document_id))
            .where(lk.c.connection_id == self.shop.id, lk.c.state == "live")
        )
        with self.shop.core.engine.connect() as connection:
            return {tuple(row) for row in connection.execute(query)}

    def tamper(self, record: Any, payload: str) -> None:
        """Replace what the newest event of a record holds in the outbox."""
        o = t.outbox
        newest = max(event.revision for event in self.heard if event.ref == record.ref)
        where = (o.c.tenant_id == self.shop.tenant, o.c.ref_id == record.ref.id, o.c.revision == newest)
        with self.shop.core.begin(self.shop.tenant) as tx:
            assert tx.connection.execute(o.update().where(*where).values(payload=payload)).rowcount == 1

    def payload(self, record: Any) -> str:
        """What the newest event of a record holds in the outbox."""
        o = t.outbox
        query = (
            sa.select(o.c.payload)
            .where(o.c.ref_kind == record.ref.kind.value, o.c.ref_id == record.ref.id)
            .order_by(o.c.revision.desc())
        )
        with self.shop.core.engine.connect() as connection:
            return str(connection.execute(query).scalars().first())

    # -- pages -----------------------------------------------------------------------------------------
    def overview(self) -> str:
        """What the overview shows to an admin."""
        page = self.shop.browser().get(f"{PAGES}/")
        assert page.status_code == 200, page.text
        return str(page.text)

    # -- the books, by their own answers ---------------------------------------------------------------
    def calls(self) -> int:
        """How many calls the books have had so far."""
        answer = requests.get(f"{self.shop.twin.base_url}/twin/stats", timeout=60).json()
        return int(answer["total"])

    def trouble(self, trouble: str, *, match: str, count: int = 1, **more: Any) -> None:
        """Plan trouble for the next calls whose address holds `match`."""
        self.shop.twin_call("faults", trouble=trouble, match=match, count=count, **more)

    def planned_trouble(self) -> list[Raw]:
        """What was planned and has not happened yet."""
        answer = requests.get(f"{self.shop.twin.base_url}/twin/switches", timeout=60).json()
        found: list[Raw] = answer["planned"]
        return found

    def in_books(self, record: Any) -> list[Raw]:
        """Every record of the books that is this one, found by what a bookkeeper would look for."""
        return found_in(dump(self.shop), record)

    # -- the end ---------------------------------------------------------------------------------------
    def nothing_lost(self, *, unheard: int = 0) -> None:
        """Every event that core announced is in exactly one state; `unheard` came by the core sweep."""
        assert sum(self.counted().values()) == len(self.heard) + unheard
        newest: dict[RecordRef, int] = {}
        for event in self.heard:
            newest[event.ref] = max(event.revision, newest.get(event.ref, 0))
        o = t.outbox
        query = sa.select(o.c.ref_kind, o.c.ref_id, sa.func.max(o.c.revision)).group_by(
            o.c.ref_kind, o.c.ref_id
        )
        with self.shop.core.engine.connect() as connection:
            kept = {(kind, id): revision for kind, id, revision in connection.execute(query)}
        assert {(ref.kind.value, ref.id): revision for ref, revision in newest.items()} == kept

    def whole(self, *, unheard: int = 0) -> None:
        """The end of the day: all events have ended, every record is in the books once, with its amount."""
        self.until("everything to end", self._ended)
        assert not self.planned_trouble(), "the trouble that the test planned never came"
        self.nothing_lost(unheard=unheard)
        found = [s.record for s in self.shop.core.iterate(self.shop.tenant) if not s.deleted]
        held = dump(self.shop)
        for record in found:
            assert self.line(record).state == State.DONE, self.line(record)
            there = found_in(held, record)
            assert len(there) == 1, f"{record.ref} is {len(there)} times in the books"
            amount = getattr(record, "total", getattr(record, "amount", None))
            if amount is not None:
                assert Decimal(str(there[0]["TotalAmt"])) == amount, there[0]
        ours = Counter(LOOKED_FOR[type(record)][0] for record in found)
        now = {kind: len(held[kind]) for kind in self.before}
        assert {kind: now[kind] - self.before[kind] for kind in now} == {kind: ours[kind] for kind in now}
        with self.shop.core.engine.connect() as connection:
            assert not census.open_conflicts(connection, self.shop.id)
            assert audit.verify(connection, self.shop.tenant, keys=self.shop.engine.keys).ok
        assert self.shop.row()["health"] == "ok"

    def _ended(self) -> bool:
        with self.shop.core.engine.connect() as connection:
            quiet = census.quiet(connection, self.shop.tenant, self.shop.id)
        return quiet and all(state in END_STATES for state, number in self.counted().items() if number)


#: Kind in the books, the member that a bookkeeper looks for, and what it is in BlueOps.
LOOKED_FOR: dict[type[Any], tuple[str, str, Callable[[Any], str]]] = {
    Customer: ("Customer", "DisplayName", lambda customer: customer.name),
    Vendor: ("Vendor", "DisplayName", lambda vendor: vendor.name),
    Invoice: ("Invoice", "DocNumber", lambda invoice: f"BO-{invoice.number}"),
    Payment: ("Payment", "PaymentRefNum", lambda payment: payment.reference),
    Expense: ("Bill", "DocNumber", lambda expense: expense.vendor_invoice_number),
}


def found_in(held: Mapping[str, list[Raw]], record: Any) -> list[Raw]:
    """What the books hold of a record of BlueOps."""
    kind, member, of = LOOKED_FOR[type(record)]
    return [there for there in held[kind] if there.get(member) == of(record)]


def dump(shop: Office, realm: str = "") -> dict[str, list[Raw]]:
    """Everything that a company of the books holds, as its API would show it."""
    address = f"{shop.twin.base_url}/twin/dump"
    answer = requests.get(address, params={"realm": realm or shop.twin.realm}, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, list[Raw]] = answer.json()["records"]
    return found


def count(shop: Office, realm: str = "") -> dict[str, int]:
    """How many records of each kind that we write a company of the books holds."""
    held = dump(shop, realm)
    return {kind: len(held[kind]) for kind, _, _ in LOOKED_FOR.values()}


@contextmanager
def bad_day(url: str, folder: Path) -> Iterator[BadDay]:
    """The company on a database, signed in, live and mapped; clocks run fast."""
    with office(url, seed="empty") as shop:
        shop.engine.turns = attrs.evolve(shop.engine.turns, settings=FAST)
        (witness,) = shop.core.load_plugins(
            [write_plugin(folder / WITNESS, hooks=_HEARS, id=f'"{WITNESS}"')], entry_points=[]
        )
        assert witness.ready, witness.reason
        shop.core.set_switch(shop.tenant, WITNESS, Switch.ON, actor="admin")
        sign_in(shop)
        shop.go_live()
        yield BadDay(shop=shop, heard=witness.modules[0].heard, before=count(shop))


def sign_in(shop: Office) -> None:
    """Bind the company with tokens that expire and end like those of the consent page, only sooner here."""
    provider = shop.engine.providers["qbo"]
    assert isinstance(provider, QboProvider)
    form = {"grant_type": "refresh_token", "refresh_token": shop.twin.refresh_token}
    answer = provider.signin.ask_tokens(form)
    assert isinstance(answer, Answer), answer
    tokens = from_answer(answer.json() or {}, shop.core.now())
    signed_in = SignedIn(
        company_id=shop.twin.realm, company_name="Three Peaks Plumbing", secrets={TOKENS: tokens.dump()}
    )
    connections.bind(shop.core, shop.tenant, "qbo", signed_in, actor="admin", keys=shop.engine.keys)
