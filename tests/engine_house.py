"""An engine between the reference core and books: one company, connected and live, ready for a test.

A test module takes its fixtures by `pytest_plugins = ["tests.engine_fixtures"]`; `house` runs a test with the
called and the calling fake on SQLite and PostgreSQL.
"""

import datetime as dt
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import attrs
import sqlalchemy as sa

from blueops_qb import bootstrap
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import Application, Customer, Invoice, Job, Payment, Vendor
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.engine import audit, census, connections, due, matching, rules_desk
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.engine.turn import Turn
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.database import create_tables, make_engine
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sdk.hooks import Switch
from blueops_qb.store import tables as t
from blueops_qb.store.types import db_now
from tests.fake_books import FakeBooks
from tests.fakes import AskedFake, Asker, CalledFake, CallingFake, FakeProvider

D = Decimal
TENANT = "acme"
PLUGIN = "quickbooks"
ROOT = Path(__file__).resolve().parent.parent
DAY = dt.date(2026, 3, 2)
KEY = b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER_KEY = b"OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="
FAKES: dict[str, type[FakeProvider]] = {
    "called": CalledFake,
    "calling": CallingFake,
    "asked": AskedFake,
}
#: Polls only when a test asks for it; retries at once.
SETTINGS = EngineSettings(backoff_seconds=0.0, sweep_seconds=3600.0)


def books_ref(kind: BooksKind, id: str) -> BooksRef:
    """A record of the books."""
    return BooksRef(kind, id)


def rule(family: Family, key: str, **target: Any) -> MapRule:
    """A rule of the mapping."""
    return MapRule(family=family, key=key, target=Target(**target))


def _account(id: str) -> BooksRef:
    return BooksRef(BooksKind.ACCOUNT, id)


#: What the company has mapped; service category `unmapped` is left out on purpose.
RULES: Sequence[MapRule] = (
    rule(Family.SERVICE, "repair", item=BooksRef(BooksKind.ITEM, "R")),
    rule(Family.FEE, "trip", item=BooksRef(BooksKind.ITEM, "T")),
    rule(Family.PAYMENT_METHOD, "check", method=BooksRef(BooksKind.PAYMENT_METHOD, "CK")),
    rule(Family.ROLE, "ar", account=_account("1100")),
    rule(Family.ROLE, "ap", account=_account("2000")),
    rule(Family.ROLE, "undeposited", account=_account("1090")),
    rule(Family.MONEY_ACCOUNT, "checking", account=_account("1000")),
    rule(Family.MONEY_ACCOUNT, "company_card", account=_account("2100")),
    rule(Family.EXPENSE, "materials", account=_account("5010")),
)


class Carries(Protocol):
    """A runner, or the books' own client."""

    def carry_one(self, connection_id: str) -> bool: ...

    def drain(self, connection_id: str, *, most: int = ...) -> int: ...


@attrs.define(kw_only=True)
class EngineHouse:
    """Everything a test of the engine touches: our side, the engine, the books and whoever carries."""

    core: ReferenceCore
    books: FakeBooks
    provider: FakeProvider
    engine: Engine
    carrier: Carries
    id: str
    tenant: str = TENANT

    # -- the engine --------------------------------------------------------------------------------
    def drain(self) -> int:
        """Carry until nothing is due."""
        return self.carrier.drain(self.id, most=500)

    def poll(self) -> int:
        """Look for changes in the books now, and carry until nothing is due."""
        with self.turn() as turn:
            due.hurry(turn)
        return self.drain() + self.drain()

    def restart(self, **settings: Any) -> Engine:
        """A new engine, as another process would have it."""
        self.engine = engine_for(self.core, self.provider, **settings)
        self.carrier = carrier_for(self.engine, self.provider)
        return self.engine

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn of the connection."""
        with self.engine.turns.open(self.id) as turn:
            assert turn is not None
            yield turn

    def map(self, *rules: MapRule) -> None:
        """Write a new version of the mapping."""
        with self.turn() as turn:
            rules_desk.change_mapping(turn, rules, actor="bookkeeper")

    # -- our side ----------------------------------------------------------------------------------
    @contextmanager
    def work(self) -> Iterator[Any]:
        """A transaction of core, as its pages would open it."""
        with self.core.begin(self.tenant, actor="office") as tx:
            yield tx

    def customer(self, name: str = "Ann Lee", **fields: Any) -> Customer:
        """A customer with an e-mail address."""
        with self.work() as tx:
            found: Customer = tx.create_customer(
                Customer(id="", name=name, **{"email": "ann@example.com", **fields})
            )
        return found

    def change(self, record: Any, **fields: Any) -> Any:
        """Change fields of a customer, job, vendor or payment."""
        with self.work() as tx:
            update = {
                Customer: tx.update_customer,
                Job: tx.update_job,
                Vendor: tx.update_vendor,
                Payment: tx.update_payment,
            }[type(record)]
            return update(attrs.evolve(record, **fields))

    def job(self, customer: Customer, name: str = "Kitchen", **fields: Any) -> Job:
        """A job of a customer."""
        with self.work() as tx:
            found: Job = tx.create_job(Job(id="", customer_id=customer.id, name=name, **fields))
        return found

    def vendor(self, name: str = "Copper Supply", **fields: Any) -> Vendor:
        """A vendor."""
        with self.work() as tx:
            found: Vendor = tx.create_vendor(Vendor(id="", name=name, **fields))
        return found

    def draft(
        self, customer_id: str, price: str = "100.00", *, service: str = "repair", **fields: Any
    ) -> InvoiceDraft:
        """An invoice of one line."""
        line = LineDraft(description="Repair", unit_price=D(price), service_category=service)
        return InvoiceDraft(**{"customer_id": customer_id, "issue_date": DAY, "lines": [line], **fields})

    def invoice(self, customer: Customer | Job, price: str = "100.00", **fields: Any) -> Invoice:
        """An invoice to a customer or job."""
        if isinstance(customer, Job):
            fields["job_id"] = customer.id
        id = customer.customer_id if isinstance(customer, Job) else customer.id
        with self.work() as tx:
            found: Invoice = tx.raise_invoice(self.draft(id, price, **fields))
        return found

    def reprice(self, invoice: Invoice, price: str, **fields: Any) -> Invoice:
        """The invoice at another price."""
        with self.work() as tx:
            found: Invoice = tx.update_invoice(
                invoice.id, self.draft(invoice.customer_id, price, job_id=invoice.job_id, **fields)
            )
        return found

    def pay(self, invoice: Invoice, amount: str, **fields: Any) -> Payment:
        """A check for an invoice."""
        standard = {"id": "", "customer_id": invoice.customer_id, "received_on": DAY, "method": "check"}
        parts = (Application(invoice_id=invoice.id, amount=D(amount)),)
        with self.work() as tx:
            found: Payment = tx.record_payment(
                Payment(amount=D(amount), applications=parts, **{**standard, **fields})
            )
        return found

    def here(self, ref: RecordRef) -> Any:
        """The record in BlueOps."""
        return self.core.read(self.tenant, [ref])[ref].record

    # -- looking -----------------------------------------------------------------------------------
    def rows(self, table: sa.Table, *where: Any) -> list[Any]:
        """Rows of one of our tables, in the order of their keys."""
        query = sa.select(table).where(*where).order_by(*table.primary_key)
        with self.core.engine.connect() as connection:
            return list(connection.execute(query))

    def set(self, table: sa.Table, where: Any, **values: Any) -> int:
        """Change rows of one of our tables behind the engine's back; answers how many."""
        with self.work() as tx:
            return int(tx.connection.execute(table.update().where(where).values(**values)).rowcount)

    def events(self, ref: RecordRef) -> list[Any]:
        """The events of a record, oldest first."""
        o = t.outbox
        return self.rows(
            o, o.c.tenant_id == self.tenant, o.c.ref_kind == ref.kind.value, o.c.ref_id == ref.id
        )

    def event(self, record: Any) -> Any:
        """The newest event of a record."""
        return max(self.events(record.ref), key=lambda row: (row.revision, row.id))

    def state(self, record: Any) -> str:
        """Where the newest event of a record stands."""
        return str(self.event(record).state)

    def place(self, record: Any) -> BooksRef:
        """Where a record is in the books."""
        d, lk = t.documents, t.links
        query = (
            sa.select(lk.c.books_kind, lk.c.books_id)
            .select_from(lk.join(d, d.c.id == lk.c.document_id))
            .where(
                lk.c.connection_id == self.id,
                lk.c.state == "live",
                d.c.source_kind == record.ref.kind.value,
                d.c.source_id == record.ref.id,
                d.c.role == "main",
            )
        )
        with self.core.engine.connect() as connection:
            found = connection.execute(query).one()
        return BooksRef(BooksKind(found.books_kind), found.books_id)

    def there(self, record: Any) -> Any:
        """The record's document in the books."""
        return self.books.document(self.place(record))

    def conflicts(self) -> list[Any]:
        """The conflicts that wait for a choice."""
        return self.rows(t.conflicts, t.conflicts.c.connection_id == self.id, t.conflicts.c.state == "open")

    def connection_row(self) -> Any:
        """The connection as it is stored."""
        (row,) = self.rows(t.connections, t.connections.c.id == self.id)
        return row

    def counted(self) -> dict[str, int]:
        """Events by state, the empty states left out."""
        with self.core.engine.connect() as connection:
            found = census.states(connection, self.tenant)
        return {state: count for state, count in found.items() if count}

    def quiet(self) -> bool:
        """Nothing is on its way or waiting."""
        with self.core.engine.connect() as connection:
            return census.quiet(connection, self.tenant, self.id)

    def verdict(self) -> audit.Verdict:
        """What the verifier says of the audit log."""
        with self.core.engine.connect() as connection:
            return audit.verify(connection, self.tenant, keys=self.engine.keys)


def engine_for(core: ReferenceCore, provider: FakeProvider, **settings: Any) -> Engine:
    """An engine as bootstrap wires it, with the provider added."""
    built = bootstrap.build(
        core.for_plugin(PLUGIN),
        settings=attrs.evolve(SETTINGS, **settings),
        extra={provider.name: provider},
        environment={},
    )
    return built.engine


def carrier_for(engine: Engine, provider: FakeProvider) -> Carries:
    """A runner for books that are called, the books' own client for those that call."""
    return Carrier(engine) if isinstance(provider, CalledFake) else Asker(engine, provider)


def found_company(core: ReferenceCore, tenant: str = TENANT, name: str = "Acme Plumbing") -> None:
    """A company in core with the plugin switched on."""
    core.create_tenant(tenant, name)
    core.set_switch(tenant, PLUGIN, Switch.ON, actor="admin")


def connect(engine: Engine, books: FakeBooks, provider: str, tenant: str = TENANT) -> str:
    """Bind a tenant to the books; answers the connection's id."""
    signed_in = connections.SignedIn(
        company_id=books.company_id,
        company_name=f"Books {books.company_id}",
        secrets={"token": b"open sesame"},
    )
    return connections.bind(engine.core, tenant, provider, signed_in, actor="admin", keys=engine.keys)


def go_live(house: EngineHouse) -> None:
    """Read catalog and lists, approve the match plan, map."""
    house.drain()
    with house.turn() as turn:
        matching.build(turn)
        matching.approve(turn, actor="admin")
    house.map(*RULES)


def copied_sqlite(live: Path) -> str:
    """The address of a fresh copy of the SQLite file; the copy before it is gone."""
    copy = live.with_name("copy.sqlite3")
    for rest in ("-wal", "-shm"):
        copy.with_name(copy.name + rest).unlink(missing_ok=True)
    return f"sqlite:///{shutil.copy(live, copy)}"


@cache
def _engine(url: str) -> sa.Engine:
    """One per address: what SQLAlchemy has compiled once serves all tests."""
    return make_engine(url, durable=False)


def open_with_plugin(url: str) -> ReferenceCore:
    """Core with the plugin of this checkout loaded from its folder."""
    engine = _engine(url)
    create_tables(engine)
    core = ReferenceCore(engine, keys=[KEY])
    (plugin,) = core.load_plugins([ROOT], entry_points=[])
    assert plugin.ready, plugin.reason
    return core


def move_in(core: ReferenceCore, kind: str, *, tenant: str = TENANT, company_id: str = "F1") -> EngineHouse:
    """The house of a tenant that is connected already, with empty books of the company.

    It goes live now, and has looked for changes now: what was copied may be older than a night or a sweep.
    """
    books = FakeBooks(company_id)
    provider = FAKES[kind](books)
    engine = engine_for(core, provider)
    c, f = t.connections, t.feeds
    with core.begin(tenant) as tx:
        now = db_now(tx.connection)
        values = {"provider": provider.name, "lease_owner": "", "lease_until": None, "live_since": now}
        tx.connection.execute(c.update().where(c.c.tenant_id == tenant).values(**values))
        id = tx.connection.execute(sa.select(c.c.id).where(c.c.tenant_id == tenant)).scalar_one()
        due_at = now + dt.timedelta(seconds=SETTINGS.sweep_seconds)
        looked = (f.c.connection_id == id) & (f.c.feed == due.CHANGES)
        tx.connection.execute(f.update().where(looked).values(moved_at=now, due_at=due_at))
    return EngineHouse(
        core=core,
        books=books,
        provider=provider,
        engine=engine,
        carrier=carrier_for(engine, provider),
        id=str(id),
        tenant=tenant,
    )
