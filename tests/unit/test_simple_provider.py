"""Simple providers: five functions are enough, and what they raise becomes an outcome."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given

from blueops_qb.domain.documents import (
    Allocation,
    CustomerPayment,
    CustomerRecord,
    Document,
    SalesInvoice,
    SalesLine,
    TaxMode,
    kind_of,
)
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk import wire
from blueops_qb.sdk.capability import Feature, Removal
from blueops_qb.sdk.doors import Answered, NotSent
from blueops_qb.sdk.outcomes import (
    Absent,
    Applied,
    BooksRecord,
    Found,
    LedgerLine,
    NotKnown,
    Outcome,
    Refused,
    SignIn,
    Stale,
    Throttled,
    Why,
)
from blueops_qb.sdk.plain import plain
from blueops_qb.sdk.provider import Operation, Unencodable, Verb
from blueops_qb.sdk.references import references
from blueops_qb.sdk.simple import Change, Refusal, SimpleProvider, Told
from blueops_qb.sdk.simple_wire import (
    operation_from_json,
    operation_to_json,
    outcome_from_json,
    outcome_to_json,
    record_from_json,
    record_to_json,
)
from tests.qbo_documents import DOCUMENTS, NOON, MemoryVault, exchange
from tests.qbo_drawn_forms import DAYS

K = BooksKind
ANN = BooksRecord(
    kind=K.CUSTOMER,
    id="7",
    version="3",
    name="Ann",
    document=CustomerRecord(name="Ann", billing=Address(city="Reno")),
    facts={"balance": "1.00"},
    linked=(BooksRef(K.INVOICE, "9"),),
    marker="customer:1.1",
    updated_at=NOON,
)
PROFILE = BooksProfile(company_name="Small books")


class Small(SimpleProvider):
    """Answers what it is told to answer."""

    name = "small"
    kinds = frozenset({K.CUSTOMER, K.INVOICE})
    removals = {K.INVOICE: Removal.DELETE}  # noqa: RUF012

    def __init__(self, told: Any = ANN) -> None:
        self.told = told
        self.asked: list[Any] = []

    def _tell(self, *asked: Any) -> Any:
        self.asked.append(asked)
        if isinstance(self.told, Exception):
            raise self.told
        return self.told

    def write(self, operation: Operation) -> BooksRecord | None:
        found: BooksRecord | None = self._tell(operation)
        return found

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        found: BooksRecord | None = self._tell(kind, id)
        return found

    def find(self, operation: Operation) -> Iterable[Change]:
        return [self._tell(operation)]

    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        return [self._tell(cursor), BooksRef(K.INVOICE, "5")], "12"

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        return PROFILE, [self._tell()]


def op(verb: Verb, **fields: Any) -> Operation:
    standard: dict[str, Any] = {"id": "1", "kind": K.CUSTOMER, "document": None}
    return Operation(verb=verb, **{**standard, **fields})


def through(provider: SimpleProvider, operation: Operation) -> Outcome:
    """There and back, by the transport."""
    envelope = exchange(operation)
    transport = provider.transport(MemoryVault(), "9130")
    assert transport is not None
    reply = transport.send(provider.encode(envelope, PROFILE))
    transport.close()
    assert isinstance(reply, Answered)
    return provider.decode(envelope, reply.body, PROFILE)[operation.id]


CREATE = op(Verb.CREATE, document=CustomerRecord(name="Ann"), marker="customer:1.1")


def test_each_verb_calls_its_function_with_what_it_needs() -> None:
    small = Small()
    assert through(small, CREATE) == Applied(record=ANN)
    assert small.asked.pop() == (CREATE,)
    assert through(small, op(Verb.READ, target_id="7")) == Found(records=(ANN,))
    assert small.asked.pop() == (K.CUSTOMER, "7")
    look_up = op(Verb.FIND, params={"by": "created", "since": NOON.isoformat()})
    assert through(small, look_up) == Found(records=(ANN,))
    assert small.asked.pop() == (look_up,)
    assert through(small, op(Verb.CATALOG, kind=None)) == Found(records=(ANN,), profile=PROFILE)


def test_a_feed_starts_now_goes_on_from_its_cursor_and_lists_everything_when_asked() -> None:
    small = Small()
    gone = (BooksRef(K.INVOICE, "5"),)
    first = through(small, op(Verb.CHANGES, kind=None, params={"cursor": ""}))
    assert first == Found(cursor="12")
    later = through(small, op(Verb.CHANGES, kind=None, params={"cursor": "3"}))
    assert later == Found(records=(ANN,), deleted=gone, cursor="12")
    assert small.asked[-1] == ("3",)
    everything = through(small, op(Verb.CHANGES, kind=None, params={"full": "1"}))
    assert everything == Found(records=(ANN,))
    assert small.asked[-1] == ("",)


def test_nothing_there_is_absent_and_a_removal_may_leave_nothing() -> None:
    assert through(Small(None), op(Verb.READ, target_id="7")) == Absent()
    assert through(Small(None), attrs.evolve(CREATE, verb=Verb.WITHDRAW, target_id="7")) == Applied()


@pytest.mark.parametrize(
    "outcome",
    [
        Stale(message="It moved."),
        Throttled(retry_after=2.5, connection=False),
        SignIn(refresh=True),
        Absent(detail="x", reference="r"),
    ],
    ids=lambda outcome: type(outcome).__name__,
)
def test_a_function_may_tell_any_outcome(outcome: Outcome) -> None:
    assert through(Small(Told(outcome)), CREATE) == outcome


def test_a_refusal_carries_why_message_and_remedy() -> None:
    refusal = Refusal(Why.NAME_TAKEN, "Ann is there already.", "Rename one of the two.")
    assert str(refusal) == "Ann is there already."
    assert through(Small(refusal), CREATE) == Refused(
        why=Why.NAME_TAKEN, message="Ann is there already.", remedy="Rename one of the two."
    )


def test_whatever_else_it_raises_means_that_nobody_knows() -> None:
    outcome = through(Small(ConnectionResetError("cut off")), CREATE)
    assert isinstance(outcome, NotKnown)
    assert "small broke off" in outcome.message
    assert outcome.detail == "ConnectionResetError: cut off"


def test_one_that_fails_does_not_stop_the_others_of_its_exchange() -> None:
    small = Small()
    envelope = exchange(attrs.evolve(CREATE, id="1"), op(Verb.LEDGER, id="2"), attrs.evolve(CREATE, id="3"))
    outcomes = small.decode(envelope, small.perform(small.encode(envelope, PROFILE)), PROFILE)
    assert [type(outcomes[id]) for id in ("1", "2", "3")] == [Applied, Refused, Applied]


def test_an_answer_to_another_exchange_tells_nothing() -> None:
    small = Small()
    mine, other = exchange(CREATE, id="mine"), exchange(CREATE, id="other")
    reply = small.perform(small.encode(other, PROFILE))
    assert isinstance(small.decode(mine, reply, PROFILE)["1"], NotKnown)


def test_what_is_no_exchange_is_not_sent() -> None:
    transport = Small().transport(MemoryVault(), "9130")
    assert transport is not None
    for body in (b"", b"<html>", b"{}", b"[]", b'{"exchange": "1", "operations": [{}]}'):
        assert isinstance(transport.send(body), NotSent)


def test_a_kind_that_is_not_kept_is_said_before_anything_is_sent() -> None:
    bill = op(Verb.CREATE, id="4", kind=K.BILL)
    with pytest.raises(Unencodable, match="small keeps no bill") as refused:
        Small().encode(exchange(bill), PROFILE)
    assert refused.value.operation_id == "4"


def test_it_describes_itself_from_its_attributes() -> None:
    described = Small().describe()
    able = {capability.feature for capability in described.capabilities if capability.able}
    assert able == {
        Feature.CUSTOMERS,
        Feature.JOBS,
        Feature.INVOICES,
        Feature.CHANGES,
        Feature.TAX_OVERRIDE,
    }
    assert described.removals == {K.CUSTOMER: Removal.DEACTIVATE, K.INVOICE: Removal.DELETE}
    assert all(capability.reason for capability in described.capabilities)


class Bookish(Small):
    """Keeps a ledger of one line."""

    also = frozenset({Feature.LEDGER, Feature.REPLAYS, Feature.CLOSING, Feature.LINE_IDS})
    LINE = LedgerLine(account=BooksRef(K.ACCOUNT, "1000"), date=dt.date(2026, 3, 2), amount=Decimal("1.00"))

    def ledger(self, start: dt.date, end: dt.date) -> Iterable[LedgerLine]:
        self.asked.append((start, end))
        return [self.LINE]


LEDGER = op(Verb.LEDGER, kind=None, params={"start": "2026-03-01", "end": "2026-03-31", "reading": "1"})


def test_what_else_the_books_do_is_declared_with_a_reason_each() -> None:
    told = {one.feature: one for one in Bookish().describe().capabilities}
    reasons = {feature: told[feature].reason for feature in Bookish.also if told[feature].able}
    assert reasons == {
        Feature.LEDGER: "small keeps ledger lines.",
        Feature.REPLAYS: "small keeps a memory of exchanges that arrive twice.",
        Feature.CLOSING: "small keeps closed periods.",
        Feature.LINE_IDS: "small keeps ids of lines.",
    }
    without = {one.feature for one in Small().describe().capabilities if one.able}
    assert not without & Bookish.also


def test_the_ledger_of_a_period_is_asked_by_its_days() -> None:
    books = Bookish()
    assert through(books, LEDGER) == Found(ledger=(Bookish.LINE,))
    assert books.asked == [(dt.date(2026, 3, 1), dt.date(2026, 3, 31))]


def test_without_a_ledger_there_is_none_to_read() -> None:
    outcome = through(Small(), LEDGER)
    assert isinstance(outcome, Refused)
    assert outcome.why is Why.NOT_AVAILABLE


def test_a_ledger_that_is_declared_and_missing_is_named() -> None:
    class Forgetful(Small):
        also = frozenset({Feature.LEDGER})

    outcome = through(Forgetful(), LEDGER)
    assert isinstance(outcome, NotKnown)
    assert "names the ledger in `also` and has no function ledger()" in outcome.detail


def test_a_document_names_records_and_list_entries_down_to_its_lines() -> None:
    customer, item, place = BooksRef(K.CUSTOMER, "7"), BooksRef(K.ITEM, "R"), BooksRef(K.LOCATION, "2")
    line = SalesLine(item=item, amount=Decimal("1.00"))
    document = SalesInvoice(customer=customer, date=dt.date(2026, 3, 2), lines=(line, line), location=place)
    assert sorted(references(document)) == sorted([customer, item, item, place])


def test_a_provider_of_several_companies_says_which_one_serves() -> None:
    class Many(Small):
        def of_company(self, company_id: str, vault: Any) -> SimpleProvider:
            assert vault.get("token") == b"secret"
            return Small(attrs.evolve(ANN, name=company_id))

    transport = Many().transport(MemoryVault(token=b"secret"), "C7")
    assert transport is not None
    envelope = exchange(CREATE)
    reply = transport.send(Many().encode(envelope, PROFILE))
    assert isinstance(reply, Answered)
    outcome = Many().decode(envelope, reply.body, PROFILE)["1"]
    assert isinstance(outcome, Applied)
    assert outcome.record is not None
    assert outcome.record.name == "C7"


# -- the wire -----------------------------------------------------------------------------------------
@given(DOCUMENTS)
def test_operations_and_records_survive_the_wire(document: Document) -> None:
    operation = op(
        Verb.UPDATE, kind=kind_of(document), document=document, previous=document, params={"a": "b"}
    )
    assert operation_from_json(operation_to_json(operation)) == operation
    record = attrs.evolve(ANN, kind=kind_of(document), document=document)
    assert record_from_json(record_to_json(record)) == record
    outcome = Applied(record=record, also=(ANN,), message="done")
    assert outcome_from_json(outcome_to_json(outcome)) == outcome


# -- the plain lens ------------------------------------------------------------------------------------
@given(DOCUMENTS)
def test_the_plain_lens_is_idempotent_and_survives_storing(document: Document) -> None:
    once = plain(document)
    assert plain(once) == once
    stored = wire.load_document(kind_of(document), wire.dump_document(once))
    assert stored == once
    assert wire.dump_document(plain(stored)) == wire.dump_document(once)


@given(DOCUMENTS)
def test_a_void_document_counts_nothing(document: Document) -> None:
    if hasattr(document, "void"):
        gone: dict[str, Any] = {"void": True}
        void: Any = plain(attrs.evolve(document, **gone))
        assert void.void
        assert {getattr(void, name, None) for name in ("total", "amount")} <= {None, Decimal("0.00")}
        assert not getattr(void, "lines", ())
        assert plain(void) == void


@given(DAYS)
def test_the_order_of_allocations_and_parts_of_one_do_not_matter(day: Any) -> None:
    one, two = BooksRef(K.INVOICE, "1"), BooksRef(K.INVOICE, "2")

    def payment(*parts: tuple[BooksRef, str]) -> CustomerPayment:
        allocations = tuple(Allocation(invoice=ref, amount=Decimal(part)) for ref, part in parts)
        return CustomerPayment(
            customer=BooksRef(K.CUSTOMER, "7"), date=day, amount=Decimal("30"), allocations=allocations
        )

    assert plain(payment((two, "10"), (one, "5"), (one, "15"))) == plain(
        payment((one, "20.00"), (two, "10.00"))
    )


def test_what_only_we_know_of_a_line_is_folded_away() -> None:
    def invoice(**line: Any) -> SalesInvoice:
        item = BooksRef(K.ITEM, "1")
        return SalesInvoice(
            customer=BooksRef(K.CUSTOMER, "7"),
            date=NOON.date(),
            lines=(SalesLine(item=item, amount=Decimal("10.00"), **line),),
            total=Decimal("10.00"),
            tax=Decimal("0.00"),
        )

    ours = invoice(
        line_id="1", account=BooksRef(K.ACCOUNT, "4"), description=" Repair ", quantity=Decimal("2.50")
    )
    theirs = invoice(books_line_id="77", description="Repair", quantity=Decimal("2.5"))
    assert plain(ours) == plain(theirs)
    assert plain(attrs.evolve(ours, tax_mode=TaxMode.NONE, tax=None)) == plain(theirs)
    assert plain(ours) != plain(invoice(description="Repair", quantity=Decimal("2.6")))
