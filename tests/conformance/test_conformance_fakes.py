"""The fakes and the toy keep to the interface; a provider that does not is found out."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.outcomes import Applied, BooksRecord, NotKnown, Outcome
from blueops_qb.sdk.provider import Description, Exchange, Operation
from blueops_qb.sdk.references import references
from blueops_qb.sdk.testing.case import FINDS_DELETED, NUMBERS
from blueops_qb.sdk.testing.conformance import CarryOut, ProviderConformance
from blueops_qb.sdk.testing.kit import CASES, PURE, Subject
from tests.engine_house import FAKES
from tests.fake_books import FakeBooks
from tests.fakes import AskedFake, CalledFake, CallingFake, FakeProvider
from tests.fixtures.toy_provider.toy_books import ToyBooks


class StrictBooks(FakeBooks):
    """Fake books that know their lists, as the engine's own tests do not always care."""

    def _check(self, ref: BooksRef, document: Document) -> None:
        for named in references(document):
            if named.kind is not BooksKind.CREDIT:
                self._live(named)
        super()._check(ref, document)


#: What neither the fakes nor the toy do: they have no ledger, no closed periods, and nothing is deleted.
LEFT_OUT = frozenset(
    case.name
    for case in CASES
    if "ledger" in case.name
    or case.name in ("keeps_a_closed_period_closed", "tells_what_was_deleted")
    or case.need in (FINDS_DELETED, NUMBERS)
    or "_new_" in case.name
) | {"overlaps_its_last_position", "creates_a_tax_code_once"}


def of_fake(kind: str) -> type[ProviderConformance]:
    """The kit over one of the fakes."""

    class OfFake(ProviderConformance):
        declares = FAKES[kind](FakeBooks()).describe()
        left_out = LEFT_OUT | (set() if kind == "asked" else {"asks_and_runs_nothing"})

        @pytest.fixture(scope="class")
        @classmethod
        def provider(cls) -> FakeProvider:
            return FAKES[kind](StrictBooks())

        @pytest.fixture(scope="class")
        @classmethod
        def carry(cls, provider: FakeProvider) -> CarryOut:
            return provider.deliver

    return OfFake


class TestCalled(of_fake("called")):  # type: ignore[misc]
    """Books that are called."""


class TestCalling(of_fake("calling")):  # type: ignore[misc]
    """Books that call."""


class TestAsked(of_fake("asked")):  # type: ignore[misc]
    """Books that are asked what became of an exchange."""


class TestToy(ProviderConformance):
    """Books in a file."""

    declares = ToyBooks(Path("never written")).describe()
    left_out = (
        LEFT_OUT
        | {"asks_and_runs_nothing", "carries_out_a_repeated_exchange_once"}
        | {case.name for case in CASES if "line_ids" in case.need.words or "attachments" in case.name}
    )

    @pytest.fixture(scope="class")
    @classmethod
    def provider(cls, tmp_path_factory: pytest.TempPathFactory) -> ToyBooks:
        return ToyBooks(tmp_path_factory.mktemp("toy") / "toy.jsonl")


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
    ("bad", "case"),
    [
        (Rerunning, "asks_and_runs_nothing"),
        (Unforgetting, "asks_and_runs_nothing"),
        (Forgetful, "describes_itself"),
        (Impatient, "takes_garbage_for_not_known"),
        (Impatient, "never_finds_anything_in_garbage"),
        (Restless, "encodes_the_same_exchange_to_the_same_bytes"),
        (Shortening, "carries_the_id_of_the_exchange"),
        (Growing, "looks_through_the_lens_once"),
        (Rounding, "writes_and_reads_back_invoices"),
        (Unmarked, "finds_invoices_after_a_lost_answer"),
        (Heedless, "refuses_an_old_version"),
        (Impatient, "tells_absent_from_unreadable"),
    ],
)
def test_the_kit_finds_out_who_does_not_keep_to_it(bad: type[FakeProvider], case: str) -> None:
    fake = bad(FakeBooks())
    (named,) = [one for one in CASES if one.name == case]
    with pytest.raises(AssertionError):
        named.run(Subject(provider=fake, carry=fake.deliver, company_id="F1"))


def test_what_needs_no_books_runs_without_any() -> None:
    for case in PURE:
        case.run(Subject(provider=CallingFake(FakeBooks())))
