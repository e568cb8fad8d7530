"""A soak beside QuickBooks Online: its twin, and a carrier whose every move is played by the soak."""

from __future__ import annotations

import contextlib
import datetime as dt
import random
from collections.abc import Iterator, Mapping

import attrs
import sqlalchemy as sa

from blueops_qb import bootstrap
from blueops_qb.engine import connections
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import NO_PACE, QboSettings
from blueops_qb.providers.qbo.tokens import TOKENS, Tokens
from blueops_qb.providers.qbo.transport import QboTransport
from blueops_qb.sandbox.qbo import people
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.running import REALM, RunningTwin, running_twin
from blueops_qb.sandbox.qbo.seed import account_ids
from blueops_qb.sandbox.qbo.seed import seed as fill
from blueops_qb.sandbox.qbo.server import Settings
from blueops_qb.sandbox.reader import BooksAddress, BooksReader, CoreReader
from blueops_qb.sandbox.soak.chart import CHART, ITEMS, RULES
from blueops_qb.sandbox.soak.excuses import Apart
from blueops_qb.sandbox.soak.invariants import check_books
from blueops_qb.sandbox.soak.ledger import Books
from blueops_qb.sandbox.soak.line import Line
from blueops_qb.sandbox.soak.mail import Mail
from blueops_qb.sandbox.soak.online_costs import lines_of
from blueops_qb.sandbox.soak.online_witness import PARTIES, OnlineWitness, WitnessedCompany, mark_of
from blueops_qb.sandbox.soak.time import BooksClock, Time
from blueops_qb.sandbox.soak.witness import Obj, Place
from blueops_qb.sandbox.soak.world import PLUGIN, TENANT, Worker, World, open_house
from blueops_qb.sdk.doors import Outgoing, Reply
from blueops_qb.sdk.provider import Provider, Transport, Vault
from blueops_qb.web.gates import Gates

VERIFIER = "soak-verifier"
#: Farther behind than this, the books' clock goes right only by an action of its own.
FAR = dt.timedelta(seconds=240)
#: The product's words for kinds of records -> the books' own.
KINDS = {
    "customer": "Customer",
    "vendor": "Vendor",
    "invoice": "Invoice",
    "payment": "Payment",
    "bill": "Bill",
    "expense": "Purchase",
    "deposit": "Deposit",
    "journal": "JournalEntry",
    "credit_memo": "CreditMemo",
    "sales_receipt": "SalesReceipt",
    "refund_receipt": "RefundReceipt",
}


@attrs.frozen(eq=False)
class LinedProvider(QboProvider):
    """The provider with its transports on the line instead of the network."""

    line: Line | None = None

    def transport(self, vault: Vault, company_id: str) -> QboTransport:
        """One connection's way to the twin in this process."""
        transport = super().transport(vault, company_id)
        if self.line is not None:
            transport.session.mount("http://", self.line)
        return transport


@attrs.define(eq=False)
class Out:
    """An exchange that was handed out, and its reply once the books were called."""

    outgoing: Outgoing
    reply: Reply | None = None


@attrs.define(kw_only=True, eq=False)
class OnlineWorld(World):
    """Core and QuickBooks Online."""

    books = "qbo"
    chart = CHART
    rules = RULES
    parties = PARTIES
    arriving = ("Customer", "Payment", "CreditMemo")

    twin: RunningTwin
    mail: Mail
    outs: list[Out] = attrs.field(factory=list)
    #: The latest that the books' clock has shown before it was moved.
    books_latest: dt.datetime | None = None
    #: Where the feed of changes stood when the books' clock fell far behind.
    fell_at: str = ""
    _transport: Transport | None = None

    def provider(self) -> Provider:
        """The provider as the host's configuration makes it, on the line."""
        settings = QboSettings.from_environment(self.environment)
        return LinedProvider(settings, self.time.now, line=Line(self.twin.app))

    def begin_process(self) -> None:
        """A new process takes the place of the former one; the lease is still the former's."""
        super().begin_process()
        self._transport = None

    @property
    def company(self) -> Company:
        """The books."""
        return self.twin.company

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

    def calm(self) -> None:
        """The weather clears up, and both clocks are right again."""
        self.twin.app.weather.clear()
        self.twin.app.weather.requestid_ignored = False
        self.company.lag(0)
        # Ours is set right, or theirs catches up: the books' clock does not go back for it. One far behind stays so.
        if self.company.clock.shift >= -FAR:
            self.time.advance(max(0.0, self.company.clock.shift.total_seconds()))
            self.company.clock.shift = dt.timedelta(0)

    def lose_the_rest(self) -> None:
        """Answers that are at hand are heard or lost, all others lost, and no message arrives any more."""
        for out in list(self.outs):
            if out.reply is not None and self.chance.random() < 0.5:
                self.hear(out)
        self.outs.clear()
        self.mail.news.clear()

    def connect(self) -> None:
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

    # -- looking -------------------------------------------------------------------------------------
    def readers(self) -> tuple[CoreReader, BooksReader]:
        """The independent readers of both sides."""
        address = BooksAddress(
            base_url=self.twin.base_url, realm=self.twin.realm, token=self.twin.access_token
        )
        before = frozenset(self.witness.before | self.only_theirs())
        return CoreReader(self.core.engine, TENANT, CHART), BooksReader(
            address, before=before, waiting=CHART.waiting
        )

    def records(self, kind: str) -> Mapping[str, Obj]:
        """The raw records of a kind by id."""
        return self.company.records[kind]

    def place(self, books_kind: str, id: str) -> Place | None:
        """Where a record is."""
        kind = KINDS.get(books_kind)
        return None if kind is None else (kind, id)

    def mark(self, kind: str, raw: Obj) -> str:
        """Its name, or the token in its note."""
        return mark_of(kind, raw)

    def lives(self, kind: str, raw: Obj) -> bool:
        """Whether a party is active, or a document not void."""
        return bool(raw["Active"] if kind in PARTIES else raw.get("TotalAmt") or raw.get("Line"))

    def is_void(self, raw: Obj) -> bool:
        """Whether a document comes to nothing."""
        return bool(raw.get("TotalAmt") == 0)

    def parent(self, customer: str) -> str:
        """The customer of whom this one is a job."""
        return str(self.company.records["Customer"][customer].get("ParentRef", {}).get("value", ""))

    def cost_lines(self) -> Iterator[tuple[str, str, str]]:
        """Lines of costs that are ours."""
        return lines_of(self.company)

    def check_books(self, apart: Apart) -> list[str]:
        """Every invariant that does not hold, in words."""
        return check_books(self, Books.of(self.company), apart)


@contextlib.contextmanager
def open_world(*, url: str, seed: int) -> Iterator[OnlineWorld]:
    """Raise the house on an empty database and go live; raises NotEmpty."""
    time = Time()
    company = WitnessedCompany(realm=REALM, clock=BooksClock(time=time))
    company.lag_clock = lambda: time.passed
    fill(company, company.clock.today(), with_transactions=False, with_names=False)
    _items(company)
    with running_twin(company=company, settings=Settings()) as twin:
        environment = _environment(twin)
        with open_house(url, environment, time) as core:
            world = OnlineWorld(
                core=core,
                twin=twin,
                time=time,
                chance=random.Random(seed),
                ids=random.Random(seed),
                witness=OnlineWitness(company=company),
                mail=Mail(company, VERIFIER),
                environment=environment,
            )
            world.begin_process()
            world.go_live()
            yield world


def post(world: OnlineWorld, bodies: list[bytes]) -> None:
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
