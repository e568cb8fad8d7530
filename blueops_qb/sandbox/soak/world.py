"""The soak's house: core with the plugin, the books' twin, and a carrier whose every move is played by the soak."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb import bootstrap, root
from blueops_qb.domain.mapping import Family
from blueops_qb.engine import census, connections, due, matching, rules_desk, sweep
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.engine.turn import Turn
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import NO_PACE, QboSettings
from blueops_qb.providers.qbo.tokens import TOKENS, Tokens
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.keys import new_key
from blueops_qb.sandbox.core.seed import practice_company
from blueops_qb.sandbox.qbo import people
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.running import REALM, RunningTwin, running_twin
from blueops_qb.sandbox.qbo.seed import account_ids
from blueops_qb.sandbox.qbo.seed import seed as fill
from blueops_qb.sandbox.qbo.server import Settings
from blueops_qb.sandbox.reader import BooksAddress, BooksReader, CoreReader
from blueops_qb.sandbox.soak.chart import CHART, FORGOTTEN, ITEMS, RULES, rules_for
from blueops_qb.sandbox.soak.line import Line
from blueops_qb.sandbox.soak.mail import Mail
from blueops_qb.sandbox.soak.time import BooksClock, Time
from blueops_qb.sandbox.soak.witness import Witness, WitnessedCompany
from blueops_qb.sdk.doors import Outgoing, Reply
from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.provider import Provider, Transport, Vault
from blueops_qb.web.gates import Gates

TENANT = "soak"
PLUGIN = "quickbooks"
VERIFIER = "soak-verifier"
#: What the engine does by itself in time; everything else as in production.
SETTINGS = EngineSettings(
    guard_creates_per_hour=10**9,
    guard_removals_per_hour=10**9,
    guard_incoming_per_hour=10**9,
    guard_amount_per_hour=10**15,  # type: ignore[arg-type]
)


class NotEmpty(RuntimeError):
    """The database that was named holds something already."""


@attrs.frozen(eq=False)
class LinedProvider(QboProvider):
    """The provider with its transports on the line instead of the network."""

    line: Line | None = None

    def transport(self, vault: Vault, company_id: str) -> Transport:
        """One connection's way to the twin in this process."""
        transport = super().transport(vault, company_id)
        transport._session.mount("http://", self.line)  # type: ignore[attr-defined]
        return transport


@attrs.define(eq=False)
class Worker:
    """A process that carries exchanges; `owner` is its name at the lease."""

    engine: Engine
    owner: str


@attrs.define(eq=False)
class Out:
    """An exchange that was handed out, and its reply once the books were called."""

    outgoing: Outgoing
    reply: Reply | None = None


@attrs.define(kw_only=True, eq=False)
class World:
    """Both sides and what is between them. `chance` decides everything that is not said."""

    core: ReferenceCore
    twin: RunningTwin
    time: Time
    chance: random.Random
    witness: Witness
    mail: Mail
    environment: Mapping[str, str]
    #: Ids in the books of documents that the bookkeeper entered and BlueOps is not told of.
    theirs_only: set[tuple[str, str]] = attrs.field(factory=set)
    #: How often a person settled a conflict of a record.
    chosen: Counter[str] = attrs.field(factory=Counter)
    #: Records that a person has accepted although both sides differ.
    accepted: set[str] = attrs.field(factory=set)
    worker: Worker = attrs.field(init=False)
    #: Former processes that may still believe that they carry.
    zombies: list[Worker] = attrs.field(factory=list)
    outs: list[Out] = attrs.field(factory=list)
    connection_id: str = ""
    exchanges: int = 0
    processes: int = 0
    #: The latest that the books' clock has shown before it was moved.
    books_latest: dt.datetime | None = None
    #: Where the feed of changes stood when the books' clock fell far behind.
    fell_at: str = ""
    #: Numbers for whatever must be told apart: names, references.
    counted: int = 0
    _transport: Transport | None = None

    # -- processes -----------------------------------------------------------------------------------
    def provider(self) -> Provider:
        """The provider as the host's configuration makes it, on the line."""
        settings = QboSettings.from_environment(self.environment)
        return LinedProvider(settings, self.time.now, line=Line(self.twin.app))

    def new_worker(self, core: Any = None) -> Worker:
        """A process of its own: nothing is kept in it from another."""
        self.processes += 1
        owner = f"soak-process-{self.processes}"
        host = core if core is not None else self.core.for_plugin(PLUGIN)
        settings = attrs.evolve(SETTINGS, owner=owner)
        engine = Engine(core=host, providers={"qbo": self.provider()}, settings=settings)
        engine.turns = attrs.evolve(engine.turns, clock=self.time.of)
        return Worker(engine, owner)

    def begin_process(self) -> None:
        """A new process takes the place of the former one; the lease is still the former's."""
        self.worker = self.new_worker()
        self._transport = None

    @property
    def company(self) -> Company:
        """The books."""
        return self.twin.company

    @contextlib.contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn of the connection, for what a person decides."""
        with self.worker.engine.turns.open(self.connection_id) as turn:
            assert turn is not None
            yield turn

    # -- carrying ------------------------------------------------------------------------------------
    def hand_out(self, worker: Worker | None = None) -> Out | None:
        """Ask for an exchange."""
        outgoing = (worker or self.worker).engine.next_exchange(self.connection_id)
        if outgoing is None:
            return None
        self.exchanges += 1
        self.witness.leaves(outgoing.exchange_id, outgoing.body)
        out = Out(outgoing)
        self.outs.append(out)
        return out

    def deliver(self, out: Out) -> None:
        """Call the books; the reply is at hand and not heard yet."""
        if out.reply is None:
            out.reply = self.transport().send(out.outgoing.body)

    def hear(self, out: Out) -> None:
        """Tell the engine how it ended, whichever process asked for it."""
        assert out.reply is not None
        if out in self.outs:
            self.outs.remove(out)
        self.worker.engine.finish(out.outgoing.exchange_id, out.reply)

    def carry_one(self) -> bool:
        """One exchange there and back; False when none is due."""
        out = self.hand_out()
        if out is None:
            return False
        self.deliver(out)
        self.hear(out)
        return True

    def carry(self, most: int) -> int:
        """Carry until nothing is due, at most so many."""
        return next((n for n in range(most) if not self.carry_one()), most)

    def transport(self) -> Transport:
        """The present process's way to the books."""
        if self._transport is None:
            engine = self.worker.engine
            found = engine.turns.provider(self.connection_id).transport(
                engine.vault(self.connection_id), self.twin.realm
            )
            assert found is not None
            self._transport = found
        return self._transport

    def keep_apart(self, kind: str, id: str) -> None:
        """The bookkeeper entered a document that BlueOps is not told of and has to leave alone."""
        self.theirs_only.add((kind, id))
        self.witness.own.add((kind, id))

    # -- looking -------------------------------------------------------------------------------------
    def quiet(self) -> bool:
        """Nothing is on its way, waiting for its turn or to be compared."""
        with self.core.engine.connect() as connection:
            return census.quiet(connection, TENANT, self.connection_id)

    def rows(self, statement: str, **values: Any) -> list[Any]:
        """A question to the database, in SQL."""
        with self.core.engine.connect() as connection:
            return list(connection.execute(sa.text(statement), {"tenant": TENANT, **values}))

    def row(self) -> dict[str, Any]:
        """The connection's row."""
        with self.core.engine.connect() as connection:
            found = connections.live(connection, TENANT)
        assert found is not None
        return found

    def readers(self) -> tuple[CoreReader, BooksReader]:
        """The independent readers of both sides."""
        address = BooksAddress(
            base_url=self.twin.base_url, realm=self.twin.realm, token=self.twin.access_token
        )
        before = frozenset(self.witness.before | self.only_theirs())
        return CoreReader(self.core.engine, TENANT, CHART), BooksReader(
            address, before=before, waiting=CHART.waiting
        )

    def only_theirs(self) -> set[tuple[str, str]]:
        """What people made in the books that BlueOps need not have, and has not taken in."""
        taken = self.rows(
            "SELECT books_id FROM blueops_qb_links WHERE state = 'live' AND books_kind = 'deposit'"
        )
        return self.theirs_only - {("Deposit", row.books_id) for row in taken}

    def count(self) -> int:
        """The next number."""
        self.counted += 1
        return self.counted

    # -- setting up ----------------------------------------------------------------------------------
    def sign_in(self) -> None:
        """A person connects, or connects again, through Intuit."""
        tokens = Tokens(
            access_token="expired",
            refresh_token=self.twin.app.connect(),
            obtained_at=self.time.now(),
            expires_at=self.time.now(),
        )
        signed_in = connections.SignedIn(
            company_id=self.twin.realm, company_name="Soak Books", secrets={TOKENS: tokens.dump()}
        )
        self.connection_id = connections.bind(
            self.core.for_plugin(PLUGIN),
            TENANT,
            "qbo",
            signed_in,
            actor="admin",
            keys=self.worker.engine.keys,
        )

    def go_live(self) -> None:
        """What an admin does on the first day."""
        self.sign_in()
        self.carry(500)
        with self.turn() as turn:
            matching.build(turn)
            matching.approve(turn, actor="admin")
        with self.turn() as turn:
            keys = [key for key in RULES if key != FORGOTTEN]
            rules_desk.change_mapping(turn, rules_for(turn.catalog, keys, table=RULES), actor="admin")
        self.carry(500)

    def look(self) -> None:
        """Have the books looked through for changes now."""
        with self.turn() as turn:
            due.hurry(turn)

    def sweep_core(self) -> None:
        """What the host's scheduler does every five minutes."""
        sweep.sweep(self.core.for_plugin(PLUGIN), TENANT)

    def map_forgotten(self) -> None:
        """The admin maps the key that nobody thought of."""
        with self.turn() as turn:
            rules_desk.change_mapping(turn, rules_for(turn.catalog, [FORGOTTEN], table=RULES), actor="admin")

    def unmap_forgotten(self) -> None:
        """The admin takes that rule out again."""
        family, key = FORGOTTEN
        with self.turn() as turn:
            rules_desk.change_mapping(turn, [], actor="admin", remove=[(Family(family), key, "")])


@contextlib.contextmanager
def open_world(*, url: str, seed: int) -> Iterator[World]:
    """Raise the house on an empty database and go live; raises NotEmpty."""
    time = Time()
    company = WitnessedCompany(realm=REALM, clock=BooksClock(time=time))
    company.lag_clock = lambda: time.passed
    fill(company, company.clock.today(), with_transactions=False, with_names=False)
    _items(company)
    with contextlib.ExitStack() as stack:
        twin = stack.enter_context(running_twin(company=company, settings=Settings()))
        environment = _environment(twin)
        stack.enter_context(_set(environment))
        core = open_core(url, keys=[new_key()], durable=False, now=time.now)
        stack.callback(core.stop)
        if core.tenants():
            raise NotEmpty("the database holds a company already; name an empty one with --db")
        practice_company(core, TENANT, "Soak Plumbing")
        (plugin,) = core.load_plugins([root()], [])
        if not plugin.ready:
            raise RuntimeError(f"core did not take the plugin: {plugin.reason}")
        core.set_switch(TENANT, PLUGIN, Switch.ON, actor="admin")
        world = World(
            core=core,
            twin=twin,
            time=time,
            chance=random.Random(seed),
            witness=Witness(company),
            mail=Mail(company, VERIFIER),
            environment=environment,
        )
        world.begin_process()
        world.go_live()
        yield world


def post(world: World, bodies: list[bytes]) -> None:
    """Deliver webhook messages to the plugin's gate."""
    gates = Gates(world.worker.engine)
    world.mail.post(gates, bodies)
    # The gate keeps hints at the database's own clock; here time is the soak's.
    with world.core.begin(TENANT) as tx:
        tx.connection.execute(
            sa.text("UPDATE blueops_qb_hints SET received_at = :now WHERE processed_at IS NULL"),
            {"now": int(world.time.now().timestamp() * 1_000_000)},
        )


def _items(company: Company) -> None:
    numbers, known = account_ids(company), {item["Name"] for item in company.all("Item")}
    for name, number in ITEMS.items():
        if name not in known:
            body = {"Name": name, "Type": "Service", "IncomeAccountRef": {"value": numbers[number]}}
            people.act(company, "create", {"kind": "Item", "body": body})


def _environment(twin: RunningTwin) -> dict[str, str]:
    prefix = "BLUEOPS_QB_QBO_"
    return {
        bootstrap.RUNNER_KEY: "none",
        f"{prefix}ENVIRONMENT": "sandbox",
        f"{prefix}CLIENT_ID": twin.client_id,
        f"{prefix}CLIENT_SECRET": twin.client_secret,
        f"{prefix}ALLOW_LOOPBACK_HTTP": "1",
        f"{prefix}API_BASE": twin.base_url,
        f"{prefix}DISCOVERY_URL": f"{twin.base_url}/.well-known/openid_sandbox_configuration",
        f"{prefix}WEBHOOK_TOKENS": VERIFIER,
        **NO_PACE,
    }


@contextlib.contextmanager
def _set(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
