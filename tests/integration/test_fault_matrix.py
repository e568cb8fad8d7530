"""Every fault at every kind of write: where the record stands, what its sentence says, and that the next step helps.

What is expected is read from the matrix that the documentation page is made from; the books are the twin, which
refuses on demand or because what it is asked for is wrong.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import attrs
import pytest

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.fault_matrix import (
    KINDS,
    NEVER,
    VERBS,
    Cell,
    Health,
    Next,
    Stands,
    cell,
    result_of,
    upload_cell,
)
from blueops_qb.providers.qbo.fault_rules import Result
from blueops_qb.providers.qbo.faults import rule_for
from blueops_qb.providers.qbo.matrix_trials import TRIALS, UPLOAD_TRIALS, Trial
from blueops_qb.sdk.provider import Verb
from tests.fault_house import FaultHouse, Write, fault_house


@attrs.define
class FaultHouses:
    """One house for many trials, and a fresh one after a trial that failed."""

    folder: Path
    _stack: ExitStack = attrs.field(factory=ExitStack)
    _house: FaultHouse | None = None
    _number: int = 0

    @contextmanager
    def open(self) -> Iterator[FaultHouse]:
        """The house; it is given up when the block raises."""
        if self._house is None:
            self._number += 1
            url = f"sqlite:///{self.folder / f'house{self._number}.sqlite3'}"
            self._house = self._stack.enter_context(fault_house(url))
        try:
            yield self._house
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the house."""
        self._stack.close()
        self._house = None


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultHouses]:
    found = FaultHouses(tmp_path_factory.mktemp("matrix"))
    yield found
    found.close()


#: One batch takes 30 writes, and what refuses a call refuses one: two lots of each trial.
LOTS = {
    "parties, invoices, payments, costs": KINDS[:8],
    "other sales and purchases": KINDS[8:],
}


def possible(trial: Trial, kinds: Sequence[BooksKind] = KINDS) -> dict[Write, Cell]:
    found = {(verb, kind): cell(trial, verb, kind) for verb in VERBS for kind in kinds}
    return {write: met for write, met in found.items() if not met.cannot}


@pytest.mark.parametrize(
    ("trial", "kinds"),
    [
        pytest.param(trial, kinds, id=f"{trial.name}: {lot}")
        for trial in TRIALS
        for lot, kinds in LOTS.items()
        if possible(trial, kinds)
    ],
)
def test_a_write_that_meets_the_fault(houses: FaultHouses, trial: Trial, kinds: Sequence[BooksKind]) -> None:
    expected = possible(trial, kinds)
    with houses.open() as house:
        records = house.write(expected, numbered=trial.code == "6140")
        house.meet(trial, records)
        try:
            _stand_as_expected(house, trial, records, expected)
        finally:
            house.heal()
        gone = result_of(trial)[0] in (Result.GONE, Result.ABSENT)
        _next_steps(house, records, expected)
        house.until_quiet()
        house.in_the_books_once(records, gone=gone)


@pytest.mark.parametrize("trial", UPLOAD_TRIALS, ids=lambda trial: trial.name)
def test_an_upload_that_meets_the_fault(houses: FaultHouses, trial: Trial) -> None:
    write = (Verb.CREATE, BooksKind.EXPENSE)
    with houses.open() as house:
        cost = house.cost_with_receipt()
        house.plan(trial, "/upload")
        try:
            _stand_as_expected(house, trial, {write: cost}, {write: upload_cell(trial)})
        finally:
            house.heal()
        _next_steps(house, {write: cost}, {write: upload_cell(trial)})
        house.until_quiet()
        house.in_the_books_once({write: cost}, gone=False)
        (receipt,) = cost.receipts
        names = [row["FileName"] for row in house.books()["Attachable"]]
        assert names.count(receipt.filename) == 1


def _stand_as_expected(
    house: FaultHouse, trial: Trial, records: dict[Write, object], expected: dict[Write, Cell]
) -> None:
    seen: dict[Write, set[tuple[str, str]]] = defaultdict(set)
    told: dict[Write, tuple[str, str]] = {}

    def look() -> bool:
        health = house.shop.row()["health"]
        for write, record in records.items():
            event = house.event(record.ref)  # type: ignore[attr-defined]
            if event.reason == "queued":
                continue  # another document of it has landed; this one has not met the fault yet
            seen[write].add((event.state, health))
            met = expected[write]
            if (event.state, health) == (met.stands, met.health):
                told[write] = (event.reason or "", event.remedy or "")
        return all((met.stands, met.health) in seen[write] for write, met in expected.items())

    house.step_until(f"{trial.name} to be met", look)
    for write, met in expected.items():
        if met.stands in (Stands.DONE, Stands.COMPARED):
            continue
        reason, remedy = told[write]
        record = records[write]
        assert house.names(record, reason), f"{write}: does not name the record: {reason!r}"
        assert remedy, f"{write}: no remedy: {reason!r}"
        rule = rule_for(trial.code, f"{trial.message} {trial.detail}") if trial.code else None
        if rule is not None and rule.result is not Result.ABSENT and rule.result is not Result.GONE:
            assert rule.message.rstrip(".)") in reason, f"{write}: does not say why: {reason!r}"
        if rule is not None and met.stands is Stands.HELD and rule.result is Result.REFUSED:
            assert rule.remedy in remedy, write


def _next_steps(house: FaultHouse, records: dict[Write, object], expected: dict[Write, Cell]) -> None:
    steps: dict[Next, list[object]] = defaultdict(list)
    for write, met in expected.items():
        assert met.next is not None
        steps[met.next].append(records[write])
    for step, concerned in steps.items():
        match step:
            case Next.RETRY:
                assert house.retry(concerned) >= len(concerned)
            case Next.RESUME:
                house.resume()
            case Next.SIGN_IN:
                house.sign_in()
            case Next.ITSELF:
                house.time_passes()
            case Next.CHOOSE:
                house.choose(concerned, "again")


def test_every_state_and_health_of_the_matrix_is_one_of_the_engine() -> None:
    from blueops_qb.engine.outbox import State

    assert {stands.value for stands in Stands} <= {state.value for state in State}
    used = {(met.health, met.next) for trial in TRIALS for met in possible(trial).values()}
    assert {health for health, _ in used} == set(Health)
    assert {step for _, step in used} == set(Next)


def test_what_cannot_occur_says_why() -> None:
    for trial in TRIALS:
        for verb in VERBS:
            for kind in KINDS:
                met = cell(trial, verb, kind)
                assert bool(met.cannot) == (met.stands is None)
                assert met.cannot or (kind in trial.kinds and verb in trial.verbs)
    assert set(NEVER) == {(Verb.UPDATE, BooksKind.DEPOSIT)}
