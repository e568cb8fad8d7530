"""A company whose every kind of write meets one fault: what was written before, what is written now, where it ends.

`fault_house` opens it on the twin; `FaultHouse.write` makes one write of each kind asked for, `FaultHouse.books`
tells by the twin's own answers what became of them. Nothing here asks the engine what the books hold.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.records import (
    Application,
    CostLine,
    Customer,
    Expense,
    ExpenseType,
    Invoice,
    Payment,
    Payout,
    Vendor,
)
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.engine import by_hand, resolve
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.providers.qbo.matrix_trials import Seen, Trial
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sdk.provider import WRITES, Verb
from blueops_qb.store import tables as t
from tests.bad_day import dump, sign_in
from tests.fault_writes import ACTS, is_out, shows_the_change, word_of, words
from tests.office import DAY, Office, office
from tests.other_documents import OTHER_RULES

D = Decimal
K = BooksKind
Write = tuple[Verb, BooksKind]
#: Everything that is counted in seconds takes a hundredth of it; an hour of trials takes out more than a guard allows.
QUICK = EngineSettings(
    time_scale=0.01, backoff_longest_seconds=20.0, sweep_seconds=1e9, guard_removals_per_hour=100_000
)


@attrs.define(kw_only=True)
class FaultHouse:
    """The company; each record carries a word of its own, by which it is found in the books."""

    shop: Office
    payer: Customer
    supplier: Vendor
    owed: Invoice
    #: A big bill for each verb, by its id in the books.
    bills: Mapping[Verb, str]
    _count: int = 0
    _numbered: bool = False

    # -- the office ------------------------------------------------------------------------------------
    def write(self, wanted: Iterable[Write], *, numbered: bool) -> dict[Write, Any]:
        """One write of each, none of which touches another; answers the records. Nothing is carried yet.

        `numbered`: bills have their vendor's number, about which the books are asked first.
        """
        wanted = list(wanted)
        self._numbered = numbered
        before = {w: self._prepared(w) for w in wanted}
        self.until_quiet()
        with self.shop.core.begin(self.shop.tenant, actor="office") as tx:
            return {(verb, kind): ACTS[verb][kind](self, tx, before[verb, kind]) for verb, kind in wanted}

    def _prepared(self, write: Write) -> Any:
        """What must be in the books before the write."""
        verb, kind = write
        with self.shop.core.begin(self.shop.tenant, actor="office") as tx:
            if verb is Verb.CREATE:
                return self._before(tx, verb, kind)
            if kind is K.DEPOSIT:
                return self.payout(tx, self.pay(tx, advance=True))
            if kind is K.PAYMENT:
                return self.pay(tx, advance=True)
            return ACTS[Verb.CREATE][kind](self, tx, self._before(tx, verb, kind))

    def _before(self, tx: Any, verb: Verb, kind: BooksKind) -> Any:
        """What a new record of the kind names. Writes that pay the same bill would wait for one another."""
        if kind is K.DEPOSIT:
            return self.pay(tx, advance=True)
        return self.bills[verb] if kind is K.BILL_PAYMENT else None

    def word(self) -> str:
        """A word that no other record of the run has."""
        self._count += 1
        return f"F{self._count}"

    def customer(self, tx: Any) -> Customer:
        found: Customer = tx.create_customer(Customer(id="", name=f"Customer {self.word()}"))
        return found

    def vendor(self, tx: Any) -> Vendor:
        found: Vendor = tx.create_vendor(Vendor(id="", name=f"Vendor {self.word()}"))
        return found

    def invoice(self, tx: Any, price: str = "10.00", *, memo: str = "") -> Invoice:
        """An invoice, or what `memo` says that it becomes."""
        line = LineDraft(description="Repair", unit_price=D(price), service_category="repair")
        draft = InvoiceDraft(customer_id=self.payer.id, issue_date=DAY, lines=[line], memo=memo)
        found: Invoice = tx.raise_invoice(draft)
        return found

    def pay(self, tx: Any, *, advance: bool) -> Payment:
        parts = () if advance else (Application(invoice_id=self.owed.id, amount=D("1.00")),)
        payment = Payment(
            id="",
            customer_id=self.payer.id,
            received_on=DAY,
            amount=D("1.00"),
            method="check",
            reference=self.word(),
            applications=parts,
        )
        found: Payment = tx.record_payment(payment)
        return found

    def cost(self, tx: Any, type: ExpenseType, *, memo: str = "") -> Expense:
        """A cost of one line, or what `memo` says that it becomes."""
        line = CostLine(line_id="1", amount=D("10.00"), expense_category="rental")
        expense = Expense(
            id="",
            type=type,
            date=DAY,
            lines=(line,),
            total=D("10.00"),
            memo=f"{memo} {self.word()}".strip(),
            vendor_id=self.supplier.id if type is ExpenseType.BILL else None,
            vendor_invoice_number=self.word() if type is ExpenseType.BILL and self._numbered else "",
            payment_account_key="checking" if type is ExpenseType.CHECK else "",
        )
        found: Expense = tx.record_expense(expense)
        return found

    def cost_with_receipt(self) -> Expense:
        """A cost of which a picture was taken."""
        with self.shop.core.begin(self.shop.tenant, actor="office") as tx:
            name = f"{self.word()}.png"
            receipt = tx.keep_receipt(
                filename=name, content_type="image/png", content=b"\x89PNG " + name.encode()
            )
            found: Expense = tx.record_expense(
                Expense(
                    id="",
                    type=ExpenseType.CHECK,
                    date=DAY,
                    lines=(CostLine(line_id="1", amount=D("10.00"), expense_category="rental"),),
                    total=D("10.00"),
                    memo=self.word(),
                    payment_account_key="checking",
                    receipts=(receipt,),
                )
            )
        return found

    def payout(self, tx: Any, payment: Payment) -> Payout:
        payout = Payout(
            id="",
            date=DAY,
            account_key="checking",
            payment_ids=(payment.id,),
            net=payment.amount,
            memo=self.word(),
        )
        found: Payout = tx.settle_payout(payout)
        return found

    # -- the engine ------------------------------------------------------------------------------------
    def meet(self, trial: Trial, records: Mapping[Write, Any]) -> None:
        """The books answer as the trial says, from now on and until `heal`.

        Stale and deleted are no words of the books only: somebody changes or deletes the records there.
        """
        if trial.code in ("610", "5010") and Verb.CREATE not in trial.verbs:
            for record in records.values():
                self._over_there(record, delete=trial.code == "610")
            return
        self.plan(trial, "/batch")

    def plan(self, trial: Trial, match: str) -> None:
        """The next call to such an address meets the trial; of a batch, the items of the next ones."""
        if trial.seen is Seen.ANSWER:
            self.shop.twin_call("faults", trouble=trial.form, match=match, count=1)
            return
        refusal = {
            name: getattr(trial, name) for name in ("code", "message", "detail", "type", "status") if name
        }
        refusal["shape"] = trial.form
        item = trial.seen is Seen.ITEM
        trouble = "refused_items" if item else "refused"
        # A call that is refused twice after a renewal is another story: see the token races.
        self.shop.twin_call("faults", trouble=trouble, match=match, count=50 if item else 1, refusal=refusal)

    def _over_there(self, record: Any, *, delete: bool) -> None:
        """The bookkeeper deletes the record, or saves it once more as it is, which makes a new version of it."""
        place = self.place(record.ref)
        entity = ENTITIES[place.kind].name
        if delete:
            self.shop.twin_call("do", action="delete", kind=entity, id=place.id)
            return
        there = self.shop.read(entity, place.id)
        change = {"Id": there["Id"], "SyncToken": there["SyncToken"], "sparse": True}
        if entity == "Payment":
            change |= {"CustomerRef": there["CustomerRef"], "TotalAmt": there["TotalAmt"]}
        elif entity not in ("Customer", "Vendor"):
            change["Line"] = there["Line"]
        # What QuickBooks wants on every update of such a transaction.
        needed = ("VendorRef", "PaymentType", "PayType", *(("TotalAmt",) if entity == "BillPayment" else ()))
        change |= {member: there[member] for member in needed if member in there}
        self.shop.api(entity, change)

    def heal(self) -> None:
        """The books answer as they should."""
        self.shop.twin_call("faults/clear")

    def step_until(self, what: str, condition: Callable[[], bool], seconds: float = 60.0) -> None:
        """Carry one exchange at a time until something is so."""
        give_up_at = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < give_up_at, f"still waiting for {what}: {self.lines()}"
            if not self.shop.carrier.carry_one(self.shop.id):
                time.sleep(0.005)

    def until_quiet(self) -> None:
        """Carry until everything has ended."""
        self.step_until("everything to end", lambda: not self.open())

    def open(self) -> set[str]:
        """The states of events that have not ended, and of operations that are on their way."""
        o, p = t.outbox, t.operations
        ended = ["done", "superseded", "not_posted"]
        with self.shop.core.engine.connect() as connection:
            events = connection.execute(sa.select(o.c.state).where(o.c.state.not_in(ended)).distinct())
            moving = connection.execute(
                sa.select(p.c.state).where(p.c.state.in_(["ready", "out", "uncertain"])).distinct()
            )
            return {*events.scalars(), *moving.scalars()}

    def lines(self) -> list[str]:
        """Everything that is open, for a test that fails."""
        o = t.outbox
        query = sa.select(o.c.ref_kind, o.c.ref_id, o.c.state, o.c.reason, o.c.remedy).where(
            o.c.state.not_in(["done", "superseded", "not_posted"])
        )
        with self.shop.core.engine.connect() as connection:
            found = [" ".join(str(part) for part in row) for row in connection.execute(query)]
        row = self.shop.row()
        return [*found, f"connection {row['health']} {row['health_reason']}"]

    def event(self, ref: RecordRef) -> Any:
        """The newest event of a record."""
        o = t.outbox
        query = (
            sa.select(o)
            .where(o.c.ref_kind == ref.kind.value, o.c.ref_id == ref.id)
            .order_by(o.c.revision.desc(), o.c.id.desc())
            .limit(1)
        )
        with self.shop.core.engine.connect() as connection:
            return connection.execute(query).one()

    # -- people ----------------------------------------------------------------------------------------
    def retry(self, records: Iterable[Any]) -> int:
        """Press Retry on each record."""
        with self.shop.turn() as turn:
            return by_hand.try_again(turn, [record.ref for record in records], actor="admin")

    def resume(self) -> None:
        """Press “It is mended, go on”."""
        with self.shop.turn() as turn:
            resolve.resume(turn, "admin")

    def time_passes(self) -> None:
        """What the books asked to wait for is over."""
        with self.shop.core.begin(self.shop.tenant) as tx:
            tx.connection.execute(t.operations.update().values(not_before=None))
            tx.connection.execute(t.connections.update().values(rest_until=None))

    def sign_in(self) -> None:
        """An administrator signs in again."""
        sign_in(self.shop)

    # -- the books, by their own answers ---------------------------------------------------------------
    def books(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that the books hold."""
        return dump(self.shop)

    def names(self, record: Any, sentence: str) -> bool:
        """Whether a sentence says which record it is about."""
        return str(record.ref) in sentence

    def choose(self, records: Iterable[Any], choice: str) -> None:
        """On the conflicts page: the same choice for each of these records, which are all that wait for one."""
        asked: set[str] = set()

        def settled() -> bool:
            for conflict in self.conflicts():
                asked.add(conflict.ref)
                with self.shop.turn() as turn:
                    if not self._is_busy(conflict):
                        resolve.resolve(turn, conflict.id, choice, "admin")
            return not self.open() and not self.conflicts()

        self.step_until("the choices to be carried out", settled)
        assert asked == {str(record.ref) for record in records}

    def _is_busy(self, conflict: Any) -> bool:
        p = t.operations
        moving = sa.select(p.c.id).where(
            p.c.document_id == conflict.document_id, p.c.state.in_(["ready", "out", "uncertain"])
        )
        with self.shop.core.engine.connect() as connection:
            return connection.execute(moving).first() is not None

    def conflicts(self) -> list[Any]:
        """The conflicts that wait for a choice."""
        c = t.conflicts
        with self.shop.core.engine.connect() as connection:
            return list(connection.execute(sa.select(c).where(c.c.state == "open")))

    def in_the_books_once(self, records: Mapping[Write, Any], *, gone: bool) -> None:
        """Each record is there exactly once as it was written, or taken out; by the twin's own answers.

        `gone`: the bookkeeper had deleted them, so that what was created again has another id.
        """
        held = self.books()
        for (verb, kind), record in records.items():
            there = [row for row in held[ENTITIES[kind].name] if word_of(record) in words(kind, row)]
            assert self.event(record.ref).state == "done", (verb, kind, self.event(record.ref))
            if verb is Verb.WITHDRAW:
                assert all(is_out(kind, row) for row in there), (verb, kind, there)
                continue
            assert len(there) == 1, (verb, kind, record, there)
            (row,) = there
            assert gone or row["Id"] == self.place(record.ref).id
            if verb is Verb.UPDATE:
                assert shows_the_change(kind, row, record), (kind, row)

    def place(self, ref: RecordRef) -> BooksRef:
        """Where the record is in the books, by our link."""
        d, lk = t.documents, t.links
        query = (
            sa.select(lk.c.books_kind, lk.c.books_id)
            .select_from(lk.join(d, d.c.id == lk.c.document_id))
            .where(d.c.source_kind == ref.kind.value, d.c.source_id == ref.id, d.c.role == "main")
        )
        with self.shop.core.engine.connect() as connection:
            found = connection.execute(query).one()
        return BooksRef(BooksKind(found.books_kind), found.books_id)


def _big_bill(supplier: Vendor) -> Expense:
    line = CostLine(line_id="1", amount=D(100_000), expense_category="rental")
    return Expense(
        id="", type=ExpenseType.BILL, date=DAY, lines=(line,), total=D(100_000), vendor_id=supplier.id
    )


@contextmanager
def fault_house(url: str) -> Iterator[FaultHouse]:
    """The company on a database: signed in, live, mapped, with a customer, a vendor and an invoice in the books."""
    with office(url, seed="empty") as shop:
        shop.engine.turns = attrs.evolve(shop.engine.turns, settings=QUICK, rules=OTHER_RULES)
        sign_in(shop)
        shop.go_live()
        with shop.core.begin(shop.tenant, actor="office") as tx:
            payer = tx.create_customer(Customer(id="", name="Payer"))
            supplier = tx.create_vendor(Vendor(id="", name="Supplier"))
            line = LineDraft(description="Big job", unit_price=D(100_000), service_category="repair")
            owed = tx.raise_invoice(InvoiceDraft(customer_id=payer.id, issue_date=DAY, lines=[line]))
            bills = {verb: tx.record_expense(_big_bill(supplier)) for verb in sorted(WRITES)}
        house = FaultHouse(shop=shop, payer=payer, supplier=supplier, owed=owed, bills={})
        house.until_quiet()
        house.bills = {verb: house.place(bill.ref).id for verb, bill in bills.items()}
        yield house
