"""Two hundred documents on their way to QuickBooks Desktop, and something goes wrong at every point of it in turn.

Such a run has nine sets. On the way a set arrives or it does not, and so does its answer: the suite plays two sets for
each mishap, others each time, so that none is left out. QuickBooks itself can end in the middle of a set, behind any of
the two hundred documents: the suite plays every tenth. `BLUEOPS_QB_EVERY_SET=1` plays all sets and all documents. Each
time the next two sessions settle what was out: nothing is lost, nothing is there twice, whether QuickBooks remembers
its message sets or has forgotten them.
"""

import contextlib
import os
from collections.abc import Callable, Iterator

import attrs
import pytest

from blueops_qb.sandbox.qbd.connector import Ended, Mishaps
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.sessions import Session
from tests.desktop_house import DesktopHouse, sqlite_house
from tests.renewed import Renewed

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("desktop every set")]

EVERY = os.environ.get("BLUEOPS_QB_EVERY_SET", "")
ADDED = {"Customer": 67, "Invoice": 67, "ReceivePayment": 66}
DOCUMENTS = sum(ADDED.values())
#: More sets than a session of two hundred documents has; behind its last one nothing goes wrong any more.
MOST = 60
#: Sets that such a run has at least, and how far apart two of them are that the suite plays for one mishap.
SETS, APART = 9, 5


def numbers(turn: int) -> list[int]:
    """The sets at which something happens: all in turn, or two, which are the same whatever was played before."""
    if EVERY:
        return list(range(1, MOST, int(EVERY)))
    return [1 + turn % SETS, 1 + (turn + APART) % SETS]


@attrs.define(kw_only=True)
class BreaksDown(QuickBooks):
    """A QuickBooks that breaks down at a set, after it was carried out; the Web Connector tells an HRESULT."""

    at: int
    count: int = 0

    def run(self, session: Session, text: str) -> str:
        self.count += 1
        if self.count == self.at:
            self.file.company.switches.crash_before = False
        return super().run(session, text)


def disturbed(house: DesktopHouse, mishaps: Mishaps) -> int:
    """A session with a mishap; how many sets it carried."""
    house.session(mishaps)
    return house.sets


def broken(house: DesktopHouse, number: int) -> int:
    house.session(quickbooks=BreaksDown(file=house.desktop.file, at=number))
    return house.sets


MISHAPS: dict[str, Callable[[DesktopHouse, int], int]] = {
    "the request is lost": lambda house, number: disturbed(house, Mishaps(drop_request=number)),
    "the answer is lost": lambda house, number: disturbed(house, Mishaps(drop_answer=number)),
    "the answer comes cut off": lambda house, number: disturbed(house, Mishaps(garbage=number)),
    "the answer comes twice": lambda house, number: disturbed(house, Mishaps(double_answer=number)),
    "QuickBooks breaks down": broken,
}


def settled_by_two_sessions(house: DesktopHouse, before: dict[str, int], number: int) -> None:
    for _ in range(2):
        house.session()
    assert house.states() == {}, (number, house.reasons())
    assert house.held() == {kind: before[kind] + ADDED[kind] for kind in before}, number
    assert house.twice() == 0, number
    assert house.desktop.file.company.ledger.trial_balance().difference == 0


@pytest.fixture(scope="module")
def houses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Renewed[DesktopHouse]]:
    with contextlib.closing(Renewed(lambda: sqlite_house(tmp_path_factory.mktemp("desktop")))) as houses:
        yield houses


@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
@pytest.mark.parametrize("mishap", MISHAPS.values(), ids=MISHAPS.keys())
def test_whichever_set_goes_wrong_two_sessions_settle_it(
    houses: Renewed[DesktopHouse], mishap: Callable[[DesktopHouse, int], int], forgets: bool
) -> None:
    met, planned = 0, numbers(2 * list(MISHAPS.values()).index(mishap) + forgets)
    for number in planned:
        house = houses.house()
        house.desktop.file.company.switches.forgets_message_sets = forgets
        before = house.held()
        house.documents(ADDED["Customer"], unpaid=1)
        carried = mishap(house, number)
        settled_by_two_sessions(house, before, number)
        if carried < number:
            break  # the session ended before it
        met += 1
    assert met == len(planned) or (met and EVERY), "nothing went wrong"


@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
def test_behind_whichever_document_quickbooks_breaks_down_two_sessions_settle_it(
    houses: Renewed[DesktopHouse], forgets: bool
) -> None:
    halved = 0
    for number in range(1, DOCUMENTS + 1, int(EVERY or 10)):
        house = houses.house()
        switches = house.desktop.file.company.switches
        switches.forgets_message_sets = forgets
        before = house.held()
        house.documents(ADDED["Customer"], unpaid=1)
        switches.crash_after = number
        assert house.session().ended is Ended.ERROR, number
        there = sum(house.held().values()) - sum(before.values())
        assert there == number
        halved += there % 25 > 0
        settled_by_two_sessions(house, before, number)
    assert halved
