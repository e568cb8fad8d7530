"""SIGKILL of BlueOps at every message set of a run to QuickBooks Desktop: nothing is lost, nothing is there twice.

The service is a process of its own; signal 9 ends it before or after QuickBooks has carried the set out, or before or
after a commit of its own. It is started again, and the Web Connector goes on. The suite plays every tenth set and every
ninth end of a commit, before it and after it in turn; a run of two hundred documents has nine sets, so each way of
going wrong takes one, and another one than the way before it. `BLUEOPS_QB_EVERY_SET=1` plays all of them for each way.
Between two documents of one set the service has nothing to do that could be lost.
"""

import contextlib
import os
from collections.abc import Callable, Iterator

import pytest

from blueops_qb.sandbox.qbd.connector import At, Ended, Outcome
from tests.desktop_service import KillableHouse, killable_house
from tests.renewed import Renewed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("desktop kill")]

EVERY = os.environ.get("BLUEOPS_QB_EVERY_SET", "")
COMMITS = int(EVERY) if EVERY else 9
#: Customers of a run of two hundred documents, and of a shorter one that is cut at commits.
MANY, FEW = 67, 10
#: More sets and commits than such sessions have.
MOST, MOST_COMMITS = 60, 1000
#: Sets that a run of two hundred documents has at least.
SETS = 9
#: The sessions within which all is settled.
CYCLES = 2


def goes_on(house: KillableHouse, number: int, at: At) -> Outcome | None:
    """Killed and started again before the Web Connector calls: its session goes on with the new process."""

    def killed() -> bool:
        house.service.kill()
        house.service.start()
        return True

    outcome = house.stopped_at(number, at, killed)
    assert outcome is not None
    assert outcome.ended is Ended.DONE, outcome
    return outcome


def finds_nobody(house: KillableHouse, number: int, at: At) -> Outcome | None:
    """The Web Connector calls while nobody is there, and gives its session up."""

    def killed() -> bool:
        house.service.kill()
        return True

    outcome = house.stopped_at(number, at, killed)
    if house.service.pid is None:
        assert outcome is not None
        assert outcome.ended is Ended.BROKEN, outcome
        house.service.start()
    return outcome


def begins_anew(house: KillableHouse, number: int, at: At) -> Outcome | None:
    """Killed, and the Web Connector abandons its session as well; it authenticates anew with the new process."""

    def killed() -> bool:
        house.service.kill()
        house.service.start()
        return False

    return house.stopped_at(number, at, killed)


def abandons(house: KillableHouse, number: int, at: At) -> Outcome | None:
    """Nobody is killed: the Web Connector abandons its session and authenticates anew."""
    return house.stopped_at(number, at, lambda: False)


WAYS: dict[str, Callable[[KillableHouse, int, At], Outcome | None]] = {
    "the session goes on": goes_on,
    "the session finds nobody": finds_nobody,
    "a new session begins": begins_anew,
    "a session is abandoned": abandons,
}


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renewed[KillableHouse]]:
    def build() -> contextlib.AbstractContextManager[KillableHouse]:
        return killable_house(f"sqlite:///{tmp_path_factory.mktemp('kill') / 'kill.db'}")

    with contextlib.closing(Renewed(build)) as houses:
        yield houses


def raised(house: KillableHouse, customers: int) -> dict[str, int]:
    """A customer with an invoice each, all of them paid but one; answers what the file will hold then."""
    before = house.held()
    house.documents(customers, unpaid=1)
    added = {"Customer": customers, "Invoice": customers, "ReceivePayment": customers - 1}
    return {kind: before[kind] + added[kind] for kind in before}


def all_is_there_once(house: KillableHouse, then: dict[str, int], told: object) -> None:
    for _ in range(CYCLES):
        assert house.session().ended is Ended.DONE, told
    assert house.states() == {}, (told, house.reasons())
    assert house.held() == then, told
    assert house.twice() == 0, told
    assert house.desktop.file.company.ledger.trial_balance().difference == 0


def killed_at(
    house: KillableHouse,
    number: int,
    *,
    way: Callable[..., Outcome | None],
    at: At,
    forgets: bool,
    customers: int = MANY,
) -> bool:
    """A run that goes wrong at a set; False where it ends before that one."""
    house.desktop.file.company.switches.forgets_message_sets = forgets
    then = raised(house, customers)
    way(house, number, at)
    all_is_there_once(house, then, (number, house.met))
    return house.met


def numbers(turn: int) -> range:
    """The sets at which something happens: all in turn, or one, and one before it where the run has fewer sets.

    Each way of going wrong has a turn of its own, so that it meets the same set whatever was played before it.
    """
    if EVERY:
        return range(1, MOST, int(EVERY))
    return range(1 + 4 * turn % SETS, 0, -3)


@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
@pytest.mark.parametrize("at", [At.ASKED, At.RAN], ids=["before the books acted", "after the books acted"])
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_whichever_set_blueops_is_killed_at_two_sessions_settle_it(
    houses: Renewed[KillableHouse], way: Callable[..., Outcome | None], at: At, forgets: bool
) -> None:
    met = 0
    turn = 4 * list(WAYS.values()).index(way) + 2 * (at is At.RAN) + forgets
    for number in numbers(turn):
        reached = killed_at(houses.house(), number, way=way, at=at, forgets=forgets)
        met += reached
        if reached != bool(EVERY):
            break
    assert met, "nothing was killed"


@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
def test_whichever_commit_it_is_killed_at_two_sessions_settle_it(
    houses: Renewed[KillableHouse], forgets: bool
) -> None:
    places = set()
    for point in range(1, MOST_COMMITS, COMMITS):
        house = houses.house()
        house.desktop.file.company.switches.forgets_message_sets = forgets
        then = raised(house, FEW)
        house.service.kill()
        house.service.start(dies_at=point)
        outcome = house.session()
        alive = outcome.ended is Ended.DONE
        place = "" if alive else house.service.died_at()
        house.service.kill()
        house.service.start()
        all_is_there_once(house, then, (point, place))
        if alive:
            break  # the session ended before it
        places.add(place)
    assert any(place.startswith("before commit") for place in places)
    assert any(place.startswith("after commit") for place in places)


@pytest.mark.postgres
def test_on_postgresql(postgres_url: str) -> None:
    with killable_house(postgres_url) as house:
        for forgets in (False, True):
            assert killed_at(house, 2, way=goes_on, at=At.RAN, forgets=forgets, customers=FEW)
