"""The soak's house: core with the plugin, and books beside it; what depends on the kind of books is one seam."""

from __future__ import annotations

import contextlib
import os
import random
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

import attrs
import sqlalchemy as sa

from blueops_qb import root
from blueops_qb.domain.mapping import Family
from blueops_qb.engine import census, connections, due, matching, rules_desk, sweep
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.engine.turn import Turn
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.keys import new_key
from blueops_qb.sandbox.core.seed import practice_company
from blueops_qb.sandbox.demo.chart import Rules
from blueops_qb.sandbox.reader import Chart, CoreReader, TheirReader
from blueops_qb.sandbox.reader.values import Found
from blueops_qb.sandbox.soak.chart import FORGOTTEN, rules_for
from blueops_qb.sandbox.soak.time import Time
from blueops_qb.sandbox.soak.witness import Obj, Place, Witness
from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.provider import Provider

if TYPE_CHECKING:
    from blueops_qb.sandbox.soak.excuses import Apart

TENANT = "soak"
PLUGIN = "quickbooks"
#: What the engine does by itself in time; everything else as in production.
SETTINGS = EngineSettings(
    guard_creates_per_hour=10**9,
    guard_removals_per_hour=10**9,
    guard_incoming_per_hour=10**9,
    guard_amount_per_hour=Decimal(10**15),
)


class NotEmpty(RuntimeError):
    """The database that was named holds something already."""


@attrs.define(eq=False)
class Worker:
    """A process that carries exchanges; `owner` is its name at the lease."""

    engine: Engine
    owner: str


@attrs.define(kw_only=True, eq=False)
class World(ABC):
    """Both sides and what is between them. `chance` decides everything that is not said.

    What depends on the kind of books is abstract here: `online_world` and `desktop.world` say it. Records of the books
    go by their kind and id there, as the witness in them names them.
    """

    #: The provider's name, what the reader and the administrator go by, and kinds of records by their names there.
    books: ClassVar[str]
    chart: ClassVar[Chart]
    rules: ClassVar[Rules]
    parties: ClassVar[tuple[str, ...]]
    #: Kinds of which every living record must be known to BlueOps.
    arriving: ClassVar[tuple[str, ...]]

    core: ReferenceCore
    time: Time
    chance: random.Random
    #: Makes ids of exchanges: how long a throttled one waits depends on its id.
    ids: random.Random
    witness: Witness
    environment: Mapping[str, str]
    #: Ids in the books of documents that the bookkeeper entered and BlueOps is not told of.
    theirs_only: set[Place] = attrs.field(factory=set)
    #: How often a person settled a conflict of a record.
    chosen: Counter[str] = attrs.field(factory=Counter)
    #: Those of which somebody had sent once more what the books made something else of.
    sent_again: set[str] = attrs.field(factory=set)
    #: Parties that somebody let be created under a marked name, as theirs is somebody else's in the books.
    told_apart: set[str] = attrs.field(factory=set)
    #: Records that a person has accepted although both sides differ.
    accepted: set[str] = attrs.field(factory=set)
    worker: Worker = attrs.field(init=False)
    #: Former processes that may still believe that they carry.
    zombies: list[Worker] = attrs.field(factory=list)
    connection_id: str = ""
    #: Whoever comes to fetch exchanges was sent away the last time: a process that ended in a call still counts as
    #: handling it. That nothing was carried says nothing then.
    turned_away: bool = False
    exchanges: int = 0
    processes: int = 0
    #: Numbers for whatever must be told apart: names, references.
    counted: int = 0

    # -- what depends on the books -------------------------------------------------------------------
    @abstractmethod
    def provider(self) -> Provider:
        """The provider as the host's configuration makes it, with its way to the books."""

    @abstractmethod
    def connect(self) -> None:
        """A person connects the company, or connects it again."""

    @abstractmethod
    def carry(self, most: int) -> int:
        """Carry exchanges until nothing is due, at most so many; answers how many."""

    @abstractmethod
    def calm(self) -> None:
        """End all trouble in the books and on the way to them, and set the clocks right."""

    @abstractmethod
    def lose_the_rest(self) -> None:
        """Exchanges that are out are heard or lost, and whatever else is on its way is lost."""

    @abstractmethod
    def readers(self) -> tuple[CoreReader, TheirReader]:
        """The independent readers of both sides."""

    @abstractmethod
    def records(self, kind: str) -> Mapping[str, Obj]:
        """The raw records of a kind by id."""

    @abstractmethod
    def place(self, books_kind: str, id: str) -> Place | None:
        """Where a record is that the product knows by this kind and id; None for kinds that are no matter here."""

    @abstractmethod
    def mark(self, kind: str, raw: Obj) -> str:
        """What tells one record of the app from another: its name, or the token in its note."""

    @abstractmethod
    def lives(self, kind: str, raw: Obj) -> bool:
        """Whether a party is active, or a document not void."""

    @abstractmethod
    def is_void(self, raw: Obj) -> bool:
        """Whether a document is void: nobody needs to hear what was written into it."""

    @abstractmethod
    def parent(self, customer: str) -> str:
        """The customer of whom this one is a job; empty where it is none's."""

    def alike(self, found: Found) -> Found:
        """One side without what these books cannot say."""
        return found

    @abstractmethod
    def cost_lines(self) -> Iterator[tuple[str, str, str]]:
        """(record of BlueOps, what the line says, number of its account) of every line of every cost that is ours."""

    @abstractmethod
    def check_books(self, apart: Apart) -> list[str]:
        """Every invariant that does not hold, in words."""

    # -- processes -----------------------------------------------------------------------------------
    def new_worker(self, core: Any = None) -> Worker:
        """A process of its own: nothing is kept in it from another."""
        self.processes += 1
        owner = f"soak-process-{self.processes}"
        host = core if core is not None else self.core.for_plugin(PLUGIN)
        settings = attrs.evolve(SETTINGS, owner=owner)
        engine = Engine(core=host, providers={self.books: self.provider()}, settings=settings)
        engine.turns = attrs.evolve(
            engine.turns, clock=self.time.of, new_exchange_id=lambda: f"{self.ids.getrandbits(96):024x}"
        )
        return Worker(engine, owner)

    def begin_process(self) -> None:
        """A new process takes the place of the former one; the lease is still the former's."""
        self.worker = self.new_worker()

    @contextlib.contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn of the connection, for what a person decides."""
        with self.worker.engine.turns.open(self.connection_id) as turn:
            assert turn is not None
            yield turn

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

    def only_theirs(self) -> set[Place]:
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
    def go_live(self) -> None:
        """What an admin does on the first day."""
        self.connect()
        self.carry(500)
        with self.turn() as turn:
            matching.build(turn)
            matching.approve(turn, actor="admin")
        with self.turn() as turn:
            keys = [key for key in self.rules if key != FORGOTTEN]
            rules_desk.change_mapping(turn, rules_for(turn.catalog, keys, table=self.rules), actor="admin")
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
            rules_desk.change_mapping(
                turn, rules_for(turn.catalog, [FORGOTTEN], table=self.rules), actor="admin"
            )

    def unmap_forgotten(self) -> None:
        """The admin takes that rule out again."""
        family, key = FORGOTTEN
        with self.turn() as turn:
            rules_desk.change_mapping(turn, [], actor="admin", remove=[(Family(family), key, "")])


@contextlib.contextmanager
def open_house(url: str, environment: Mapping[str, str], time: Time) -> Iterator[ReferenceCore]:
    """Core with the plugin on an empty database; raises NotEmpty."""
    with contextlib.ExitStack() as stack:
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
        yield core


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
