"""Providers on books in memory, called or calling, looked up in or asked: the engine knows none of them."""

import json
from collections.abc import Iterable, Mapping

import attrs

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.engine import Engine
from blueops_qb.providers.qbd import pictures
from blueops_qb.providers.qbd.gate import SoapGate
from blueops_qb.providers.qbd.gate_reply import load_reply
from blueops_qb.providers.qbd.qwc import OWNER_ID, QwcChoices, qwc_file
from blueops_qb.providers.qbd.sessions import WebConnector
from blueops_qb.sdk.calling import Caller, SetUpFile, Visit
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.doors import Answered, Reply
from blueops_qb.sdk.outcomes import BooksRecord, Found, NotKnown, Outcome, Refused, Why
from blueops_qb.sdk.provider import (
    WRITES,
    Description,
    Exchange,
    GateDesk,
    Limits,
    Operation,
    Settle,
    SetupStep,
    Transport,
    Vault,
)
from blueops_qb.sdk.simple import Change, Refusal, SimpleProvider
from tests.fake_books import FORGOTTEN, FakeBooks


class FakeProvider(SimpleProvider):
    """The five functions, straight on the books."""

    kinds = SimpleProvider.kinds | {BooksKind.ATTACHMENT}
    limits = Limits(
        open_exchanges=2, operations_per_exchange=10, settle_after_seconds=0.0, feed_overlap_seconds=0.0
    )
    also = frozenset({Feature.REPLAYS, Feature.LINE_IDS})

    def __init__(self, books: FakeBooks) -> None:
        self.books = books

    def envelope(self, operation: Operation) -> str:
        """Writes travel together."""
        return "writes" if operation.verb in WRITES else ""

    def deliver(self, body: bytes) -> Reply:
        """Hand an exchange to the books."""
        frame = json.loads(body)
        writes = any(operation["verb"] in WRITES for operation in frame["operations"])
        return self.books.answer(frame["exchange"], body, writes, self.perform)

    def write(self, operation: Operation) -> BooksRecord | None:
        return self.books.write(operation)

    def read(self, kind: BooksKind, id: str) -> BooksRecord | None:
        return self.books.read(kind, id)

    def find(self, operation: Operation) -> Iterable[Change]:
        return self.books.find(operation)

    def changes(self, cursor: str) -> tuple[Iterable[Change], str]:
        return self.books.changes(cursor)

    def catalog(self) -> tuple[BooksProfile, Iterable[BooksRecord]]:
        return self.books.catalog()


class CalledFake(FakeProvider):
    """Books that are called: a runner sends through the transport."""

    name = "called"

    def transport(self, vault: Vault, company_id: str) -> Transport:
        del vault, company_id
        return Line(self)


@attrs.frozen
class Line:
    """The transport of the called books."""

    provider: CalledFake

    def send(self, body: bytes) -> Reply:
        return self.provider.deliver(body)

    def close(self) -> None:
        """Nothing is open."""


class CallingFake(FakeProvider):
    """Books that call: `Asker` asks for work, as the Web Connector does."""

    name = "calling"

    def transport(self, vault: Vault, company_id: str) -> None:
        del vault, company_id


class AskedFake(CallingFake):
    """Books that call, one exchange at a time, and that can be asked what became of it, as QuickBooks Desktop can."""

    name = "asked"
    limits = attrs.evolve(FakeProvider.limits, open_exchanges=1)

    def describe(self) -> Description:
        steps = (SetupStep(key="allow", title="Allow BlueOps", text="Say yes.", picture=pictures.allow()),)
        return attrs.evolve(super().describe(), settle=Settle.STATUS, calls=True, steps=steps, witnesses=2)

    def why_silent(self, last: Visit | None) -> str:
        if last is None:
            return "It never came."
        how = "took its leave" if last.ended else "broke off"
        return f"It {how} and noted {last.notes.get('code', 'nothing')}."

    def _changes(self, params: Mapping[str, str]) -> Found:
        for kind, id, *_ in json.loads(params.get("witnesses", "[]")):
            if BooksRef(BooksKind(kind), id) not in self.books.records:
                raise Refusal(Why.NOT_ALLOWED, f"The {kind} {id} is not in the file.", "Open the right file.")
        return super()._changes(params)

    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        frame = json.loads(super().encode(exchange, profile))
        return json.dumps({**frame, "clears": exchange.clears}, sort_keys=True).encode()

    def status_check(self, exchange_id: str, body: bytes) -> bytes:
        frame = json.loads(body)
        assert frame["exchange"] == exchange_id
        return json.dumps({**frame, "asks": True}, sort_keys=True).encode()

    def deliver(self, body: bytes) -> Reply:
        frame = json.loads(body)
        if frame.get("asks"):
            return self.books.status(frame["exchange"])
        reply = super().deliver(body)
        if isinstance(reply, Answered):
            self.books.answers.pop(frame["clears"], None)
        return reply

    def gate(self, desk: GateDesk) -> SoapGate:
        """The Web Connector's, with JSON in place of qbXML."""
        return SoapGate(WebConnector(calls=desk.calls, owner_id=OWNER_ID, version="0"))

    def set_up_file(
        self, caller: Caller, *, gate_url: str, support_url: str, choices: Mapping[str, str]
    ) -> SetUpFile:
        chosen = QwcChoices.of(choices)
        return qwc_file(caller, gate_url=gate_url, support_url=support_url, choices=chosen)

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        try:
            failed = load_reply(reply)
        except ValueError:
            return super().decode(exchange, reply, profile)
        if failed.hresult:
            told: Outcome = NotKnown(message=failed.message)
            if failed.hresult == "0x80040400":
                told = Refused(why=Why.DEFECT, message=failed.message)
            return {op.id: told for op in exchange.operations}
        if reply == FORGOTTEN:
            assert exchange.asks
            return {op.id: NotKnown(message="they forgot it", forgotten=True) for op in exchange.operations}
        return super().decode(exchange, reply, profile)


@attrs.frozen
class Asker:
    """The books' own client: it comes by, asks what is to be done, and tells how it went."""

    engine: Engine
    provider: FakeProvider

    def carry_one(self, connection_id: str) -> bool:
        """Ask for one exchange and carry it; False when there was none."""
        outgoing = self.engine.next_exchange(connection_id)
        if outgoing is None:
            return False
        self.engine.finish(outgoing.exchange_id, self.provider.deliver(outgoing.body))
        return True

    def drain(self, connection_id: str, *, most: int = 500) -> int:
        """Carry until nothing is due; answers how many exchanges were carried."""
        carried = 0
        while carried < most and self.carry_one(connection_id):
            carried += 1
        return carried
