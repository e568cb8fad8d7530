"""The fakes and the toy keep to the interface; a provider that does not is found out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.outcomes import Applied, BooksRecord, NotKnown, Outcome
from blueops_qb.sdk.provider import Description, Exchange, Operation
from blueops_qb.sdk.testing.kit import CHECKS, PURE, Check, Subject
from tests.engine_house import FAKES
from tests.fake_books import FakeBooks
from tests.fakes import AskedFake, CalledFake, CallingFake, FakeProvider
from tests.fixtures.toy_provider.toy_books import ToyBooks


@pytest.fixture(params=["called", "calling", "asked", "toy"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
    if request.param == "toy":
        toy = ToyBooks(tmp_path / "toy.jsonl")
        transport = toy.transport(NoVault(), "T1")
        assert transport is not None
        return Subject(provider=toy, carry=transport.send, company_id="T1")
    fake = FAKES[request.param](FakeBooks())
    return Subject(provider=fake, carry=fake.deliver, company_id="F1")


class NoVault:
    """Nothing is kept."""

    def get(self, purpose: str) -> None: ...

    def put(self, purpose: str, secret: bytes) -> None: ...

    def drop(self, purpose: str) -> None: ...


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_conformance(check: Check, subject: Subject) -> None:
    check.run(subject)


# -- and the kit itself --------------------------------------------------------------------------------
class Forgetful(CalledFake):
    """Describes less than there is."""

    def describe(self) -> Description:
        return attrs.evolve(super().describe(), capabilities=super().describe().capabilities[1:])


class Impatient(CalledFake):
    """Takes everything for done."""

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        del reply, profile
        return {operation.id: Applied() for operation in exchange.operations}


class Restless(CalledFake):
    """Never the same bytes twice."""

    times = 0

    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        self.times += 1
        return super().encode(exchange, profile) + b" " * self.times


class Shortening(CalledFake):
    """Cuts the exchange's id."""

    def encode(self, exchange: Exchange, profile: BooksProfile) -> bytes:
        frame = json.loads(super().encode(exchange, profile))
        return json.dumps({**frame, "exchange": exchange.id[:10]}).encode()


class Growing(CalledFake):
    """A lens that adds something with every look."""

    def normal(self, document: Document) -> Document:
        change: Any = {"memo": f"{document.memo}!"} if hasattr(document, "memo") else {}
        return attrs.evolve(super().normal(document), **change)


class Rounding(CalledFake):
    """Books that keep another amount than was sent."""

    def write(self, operation: Operation) -> BooksRecord | None:
        record = super().write(operation)
        if record is None or record.kind is not BooksKind.INVOICE:
            return record
        assert record.document is not None
        more: dict[str, Any] = {"total": 1}
        return attrs.evolve(record, document=attrs.evolve(record.document, **more))


class Unmarked(CalledFake):
    """Books that lose our marker."""

    def find(self, operation: Operation) -> Any:
        nothing: dict[str, Any] = {"marker": ""}
        return [attrs.evolve(record, **nothing) for record in super().find(operation)]


class Heedless(CalledFake):
    """Writes over whatever version is there."""

    def write(self, operation: Operation) -> BooksRecord | None:
        if operation.target_id and operation.kind is not None:
            now = self.books.read(operation.kind, operation.target_id)
            operation = attrs.evolve(operation, version=now.version if now else "")
        return super().write(operation)


class Rerunning(AskedFake):
    """Asks by sending it once more."""

    def status_check(self, exchange_id: str, body: bytes) -> bytes:
        assert exchange_id.encode() in body
        return body + b" "


class Unforgetting(AskedFake):
    """Does not say that the books know nothing of it."""

    def decode(self, exchange: Exchange, reply: bytes, profile: BooksProfile) -> Mapping[str, Outcome]:
        told = super().decode(exchange, reply, profile)
        return {
            id: attrs.evolve(one, forgotten=False) if isinstance(one, NotKnown) else one
            for id, one in told.items()
        }


@pytest.mark.parametrize(
    ("bad", "check"),
    [
        (Rerunning, "asks_and_runs_nothing"),
        (Unforgetting, "asks_and_runs_nothing"),
        (Forgetful, "describes_itself"),
        (Impatient, "takes_garbage_for_not_known"),
        (Impatient, "never_finds_anything_in_garbage"),
        (Restless, "encodes_the_same_exchange_to_the_same_bytes"),
        (Shortening, "encodes_the_same_exchange_to_the_same_bytes"),
        (Growing, "looks_through_the_lens_once"),
        (Rounding, "writes_and_reads_back_invoices"),
        (Unmarked, "writes_and_reads_back_invoices"),
        (Heedless, "changes_a_record_on_the_version_it_was_compared_with"),
        (Impatient, "tells_absent_from_unreadable"),
    ],
)
def test_the_kit_finds_out_who_does_not_keep_to_it(bad: type[FakeProvider], check: str) -> None:
    fake = bad(FakeBooks())
    (named,) = [one for one in CHECKS if one.name == check]
    with pytest.raises(AssertionError):
        named.run(Subject(provider=fake, carry=fake.deliver, company_id="F1"))


def test_what_needs_no_books_runs_without_any() -> None:
    for check in PURE:
        check.run(Subject(provider=CallingFake(FakeBooks())))
