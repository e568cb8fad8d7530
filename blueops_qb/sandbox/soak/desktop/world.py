"""A soak beside QuickBooks Desktop: a company file that nobody calls, and the Web Connector that comes by."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import random
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import attrs

from blueops_qb import bootstrap
from blueops_qb.engine import callers
from blueops_qb.providers.qbd.provider import make_qbd
from blueops_qb.providers.qbd.qwc import OWNER_ID
from blueops_qb.sandbox.qbd import custom_data
from blueops_qb.sandbox.qbd.bookkeeper import Bookkeeper
from blueops_qb.sandbox.qbd.clock import Clock
from blueops_qb.sandbox.qbd.company_file import CompanyFile
from blueops_qb.sandbox.qbd.connector import At, Connector, Ended, Mishaps
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.values import is_true, ref_id
from blueops_qb.sandbox.reader import CoreReader, DesktopReader, FileAddress, Posted
from blueops_qb.sandbox.reader.values import Credited, Found, Sale
from blueops_qb.sandbox.soak.desktop.chart import CHART, RULES
from blueops_qb.sandbox.soak.desktop.file import (
    PARTIES,
    DesktopWitness,
    WitnessedFile,
    mark_of,
    open_soak_file,
    ours,
)
from blueops_qb.sandbox.soak.desktop.invariants import check_books
from blueops_qb.sandbox.soak.desktop.ledger import Books
from blueops_qb.sandbox.soak.desktop.visit import Visit, connector
from blueops_qb.sandbox.soak.excuses import Apart
from blueops_qb.sandbox.soak.time import Time
from blueops_qb.sandbox.soak.witness import Obj, Place
from blueops_qb.sandbox.soak.world import PLUGIN, TENANT, World, open_house
from blueops_qb.sdk.provider import Provider
from blueops_qb.web.gates import Gates

F = TypeVar("F", Sale, Credited)
#: The product's words for kinds of records -> the file's own; costs that are paid at once are of three kinds there.
KINDS = {
    "customer": ("Customer",),
    "vendor": ("Vendor",),
    "invoice": ("Invoice",),
    "payment": ("ReceivePayment",),
    "bill": ("Bill",),
    "expense": ("Check", "CreditCardCharge", "CreditCardCredit"),
    "deposit": ("Deposit",),
    "journal": ("JournalEntry",),
    "credit_memo": ("CreditMemo",),
    "sales_receipt": ("SalesReceipt",),
    "refund_receipt": ("ARRefundCreditCard",),
}
#: How long the Web Connector waits before it comes again where a session ended otherwise than done.
AGAIN = 60.0


@attrs.define(kw_only=True, eq=False)
class DesktopWorld(World):
    """Core and a company file."""

    books = "qbd"
    chart = CHART
    rules = RULES
    parties = PARTIES
    arriving = ("Customer", "ReceivePayment", "CreditMemo")

    witness: DesktopWitness
    file: CompanyFile
    shift: dt.timedelta = dt.timedelta(0)
    #: The Web Connector with our application, and the session that is open in it.
    connector: Connector | None = None
    visit: Visit | None = None
    #: Sessions that were only asleep when the next one began.
    former: list[Visit] = attrs.field(factory=list)
    gates: Any = None
    #: Payments that the person at QuickBooks received -> the method that he named.
    methods: dict[str, str] = attrs.field(factory=dict)

    def provider(self) -> Provider:
        """The provider as the host's configuration makes it."""
        return make_qbd(self.environment)

    def begin_process(self) -> None:
        """A new process takes the place of the former one; a session goes on with it."""
        super().begin_process()
        self.gates = Gates(self.worker.engine)

    @property
    def company(self) -> WitnessedFile:
        """The company file."""
        return self.witness.company

    @property
    def person(self) -> Bookkeeper:
        """The person in the window of QuickBooks."""
        return Bookkeeper(company=self.company)

    @contextlib.contextmanager
    def untroubled(self) -> Iterator[None]:
        """What is to go wrong goes wrong with a message set of the app, not with what a person does."""
        switches = self.company.switches
        kept = attrs.evolve(switches)
        switches.no_mishaps()
        try:
            yield
        finally:
            switches.crash_before, switches.crash_after = kept.crash_before, kept.crash_after
            switches.internal_errors = kept.internal_errors

    # -- the Web Connector ---------------------------------------------------------------------------
    def connect(self) -> None:
        """An admin invites the Web Connector, and its user adds the application."""
        invited = callers.invite(
            self.core.for_plugin(PLUGIN),
            TENANT,
            self.books,
            company_name="Soak Books",
            actor="admin",
            keys=self.worker.engine.keys,
            returning=bool(self.connection_id),
        )
        self.connection_id = invited.caller.connection_id
        owner = f"{{{OWNER_ID}}}"
        custom_data.set_file_id(self.company, owner=owner, file_id=f"{{{invited.caller.company_id}}}")
        self.company.commit()
        self.visit = None
        self.connector = connector(
            self._call,
            QuickBooks(file=self.file, owner=owner),
            user=invited.caller.user,
            password=invited.password,
            sleep=self.time.advance,
        )

    def _call(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        """Whichever process is there answers."""
        answer: Iterable[bytes] = self.gates(environ, start)
        return answer

    def go(self) -> At | None:
        """The next move of the session that is open, or of a new one; None where it has ended."""
        if self.visit is None:
            assert self.connector is not None
            self.visit = Visit(self.connector.steps())
        visit = self.visit
        at = visit.go()
        if at is At.ASKED:
            self.exchanges += 1
            if visit.exchange_id:
                self.witness.leaves(visit.exchange_id, visit.body)
        if at is None:
            self.turned_away = visit.over is None or visit.over.ended in (Ended.BUSY, Ended.BROKEN)
            self.visit = None
        return at

    def go_to(self, wanted: At) -> bool:
        """Go on until the session stands there; False where it ended first."""
        while (at := self.go()) is not None:
            if at is wanted:
                return True
        return False

    def carry(self, most: int) -> int:
        """Message sets there and back until the service has no more, at most so many."""
        return next((n for n in range(most) if not self.go_to(At.TOLD)), most)

    def drop(self) -> None:
        """The machine goes away; what was under way in the session is never told."""
        self.visit = None

    def calm(self) -> None:
        """Windows and dialogs are closed, QuickBooks runs with its file, and its clock is right."""
        switches = self.company.switches
        switches.forgets_message_sets = switches.closed = switches.no_file_open = switches.other_file = False
        switches.no_mishaps()
        self.person.close_windows()
        if self.connector is not None:
            self.connector.mishaps = Mishaps()
        # The books' clock does not go back for it: ours waits.
        self.time.advance(max(0.0, self.shift.total_seconds()))
        self.shift = dt.timedelta(0)

    def lose_the_rest(self) -> None:
        """The session that is open goes on, or its machine went away."""
        self.former.clear()
        if self.chance.random() < 0.5:
            self.drop()

    # -- looking -------------------------------------------------------------------------------------
    def readers(self) -> tuple[CoreReader, DesktopReader]:
        """The independent readers of both sides."""
        before = frozenset(self.witness.before | self.only_theirs())
        reader = DesktopReader(
            self.address, prefix=self.chart.prefix, before=before, waiting=self.chart.waiting
        )
        return CoreReader(self.core.engine, TENANT, self.chart), reader

    @property
    def address(self) -> FileAddress:
        """How the file is asked by whoever looks from outside."""
        return FileAddress(
            ask=lambda text: self.file.processor.process(self.file.session(), text), ledger=self._ledger
        )

    def _ledger(self) -> Iterator[Posted]:
        for line in self.company.ledger.lines():
            entry = line.entry
            yield Posted(
                kind=line.txn.kind,
                id=line.txn.id,
                account=entry.account,
                class_name=self.company.full_name(entry.class_id) if entry.class_id else "",
                amount=entry.amount,
            )

    def records(self, kind: str) -> Mapping[str, Obj]:
        """The raw records of a kind by id."""
        return self.company.records[kind]

    def place(self, books_kind: str, id: str) -> Place | None:
        """Where a record is, or was."""
        kinds = KINDS.get(books_kind)
        if kinds is None:
            return None
        kind = self.witness.kinds.get(id, "")
        return (kind if kind in kinds else kinds[0], id)

    def mark(self, kind: str, raw: Obj) -> str:
        """Its name, or the token in its memo."""
        return mark_of(self.company, kind, raw)

    def lives(self, kind: str, raw: Obj) -> bool:
        """Whether a party is active, or a document not void."""
        return is_true(raw, "IsActive", default=True) if kind in PARTIES else not self.is_void(raw)

    def is_void(self, raw: Obj) -> bool:
        """Whether a document is void."""
        return "_Void" in raw

    def parent(self, customer: str) -> str:
        """The customer of whom this one is a job."""
        return ref_id(self.company.records["Customer"].get(customer, {}), "ParentRef")

    def alike(self, found: Found) -> Found:
        """Where no tax is charged, a form here does not say which lines would be taxable.

        Days of an invoice that was voided while they were disputed are not settled any more: it posts nothing on any.
        A method that no key leads to is none in BlueOps; whether it stays in the books is asked there.
        """
        known = frozenset(self.chart.methods.values())
        return dataclasses.replace(
            found,
            sales=tuple(_said(sale) for sale in found.sales),
            credits=tuple(_untaxed(credit) for credit in found.credits),
            receipts=tuple(
                one if one.method in known else dataclasses.replace(one, method="") for one in found.receipts
            ),
        )

    def cost_lines(self) -> Iterator[tuple[str, str, str]]:
        """Lines of costs that are ours."""
        for kind in ("Bill", "Check", "CreditCardCharge"):
            for raw in self.company.records[kind].values():
                if (ref := ours(raw)).startswith("expense:"):
                    for line in raw.get("ExpenseLineRet", ()):
                        account = self.company.records["Account"].get(ref_id(line, "AccountRef"), {})
                        yield ref, str(line.get("Memo", "")), str(account.get("AccountNumber", ""))

    def check_books(self, apart: Apart) -> list[str]:
        """Every invariant that does not hold, in words."""
        return check_books(self, Books.of(self.address, self.company.ledger), apart)


def _said(sale: Sale) -> Sale:
    if sale.void:
        return dataclasses.replace(sale, date=dt.date.min, due=None)
    return _untaxed(sale)


def _untaxed(form: F) -> F:
    """A form without tax does not say which of its lines would be taxable."""
    if form.tax:
        return form
    lines = tuple(dataclasses.replace(line, taxable=False) for line in form.lines)
    return dataclasses.replace(form, lines=lines)


@contextlib.contextmanager
def open_desktop(*, url: str, seed: int) -> Iterator[DesktopWorld]:
    """Raise the house on an empty database and go live; raises NotEmpty."""
    time = Time()
    world: DesktopWorld | None = None

    def now() -> dt.datetime:
        return time.now() + (world.shift if world is not None else dt.timedelta(0))

    file = open_soak_file(Clock(now=now))
    environment = {bootstrap.RUNNER_KEY: "none"}
    with contextlib.closing(file), open_house(url, environment, time) as core:
        company = file.company
        assert isinstance(company, WitnessedFile)
        world = DesktopWorld(
            core=core,
            time=time,
            chance=random.Random(seed),
            ids=random.Random(seed),
            witness=DesktopWitness(company=company),
            file=file,
            environment=environment,
        )
        world.begin_process()
        world.go_live()
        yield world
