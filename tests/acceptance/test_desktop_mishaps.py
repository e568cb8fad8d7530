"""Sets that go wrong on the way to QuickBooks Desktop: nothing is lost or there twice, and the guilty one waits."""

from collections.abc import Callable, Iterator

import attrs
import pytest

from blueops_qb.sandbox.qbd.connector import Ended, Mishaps
from blueops_qb.sandbox.qbd.faults import ProcessorError
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.sessions import Session
from blueops_qb.sandbox.qbd.switches import Switches
from tests.desktop_house import DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("desktop")) as house:
        yield house


def all_is_there_once(house: DesktopHouse, before: dict[str, int], added: dict[str, int]) -> None:
    assert house.states() == {}, house.reasons()
    assert house.held() == {kind: before[kind] + added[kind] for kind in before}
    assert house.twice() == 0
    assert house.desktop.file.company.ledger.trial_balance().difference == 0


THIRTY = {"Customer": 10, "Invoice": 10, "ReceivePayment": 10}
MISHAPS: dict[str, Callable[[int], Mishaps]] = {
    "the request is lost": lambda number: Mishaps(drop_request=number),
    "the answer is lost": lambda number: Mishaps(drop_answer=number),
    "the answer comes cut off": lambda number: Mishaps(garbage=number),
    "the answer comes twice": lambda number: Mishaps(double_answer=number),
}


@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
@pytest.mark.parametrize("set_", [1, 2, 3])
@pytest.mark.parametrize("mishap", MISHAPS.values(), ids=MISHAPS.keys())
def test_what_goes_wrong_on_the_way_is_settled_within_two_sessions(
    sqlite: DesktopHouse, mishap: Callable[[int], Mishaps], set_: int, forgets: bool
) -> None:
    goes_wrong(sqlite, mishap(set_), forgets=forgets)


def goes_wrong(house: DesktopHouse, mishaps: Mishaps, *, forgets: bool) -> None:
    company = house.desktop.file.company
    company.switches.forgets_message_sets = forgets
    before = house.held()
    house.thirty_documents()
    house.session(mishaps)
    for _ in range(2):
        house.session()
    all_is_there_once(house, before, THIRTY)


@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
@pytest.mark.parametrize("set_", [1, 2, 3])
def test_jobs_of_one_name_whose_answer_was_lost_are_found_below_their_customers(
    sqlite: DesktopHouse, set_: int, forgets: bool
) -> None:
    company = sqlite.desktop.file.company
    company.switches.forgets_message_sets = forgets
    before = sqlite.held()
    sqlite.jobs(6)
    sqlite.session(Mishaps(drop_answer=set_))
    for _ in range(2):
        sqlite.session()
    all_is_there_once(sqlite, before, {"Customer": 12, "Invoice": 6, "ReceivePayment": 0})
    names = [company.full_name(id) for id in company.records["Customer"]]
    assert len(set(names)) == len(names)
    assert not [name for name in names if "Kitchen (" in name], "jobs of others may bear the same name"


@attrs.define(kw_only=True)
class Unlucky(QuickBooks):
    """A QuickBooks to which something happens at its first set."""

    happens: Callable[[Switches], None]
    begun: bool = False

    def run(self, session: Session, text: str) -> str:
        if not self.begun:
            self.begun = True
            self.happens(self.file.company.switches)
        return super().run(session, text)


@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
@pytest.mark.parametrize("crash_before", [True, False], ids=["before it is run", "after it was run"])
def test_a_quickbooks_that_breaks_down_is_asked_what_it_did(
    sqlite: DesktopHouse, crash_before: bool, forgets: bool
) -> None:
    company = sqlite.desktop.file.company
    company.switches.forgets_message_sets = forgets
    before = sqlite.held()
    sqlite.thirty_documents()

    def crash(switches: Switches) -> None:
        switches.crash_before = crash_before

    unlucky = Unlucky(file=sqlite.desktop.file, happens=crash)
    outcome = sqlite.session(quickbooks=unlucky)
    assert outcome.ended is Ended.ERROR
    assert "broke down" in outcome.error
    for _ in range(2):
        sqlite.session()
    all_is_there_once(sqlite, before, THIRTY)


def test_while_a_dialog_is_open_nothing_goes_and_afterwards_everything(sqlite: DesktopHouse) -> None:
    def opens(switches: Switches) -> None:
        switches.dialog_open = True

    before = sqlite.held()
    sqlite.thirty_documents()
    outcome = sqlite.session(quickbooks=Unlucky(file=sqlite.desktop.file, happens=opens))
    assert outcome.ended is Ended.ERROR
    assert "A dialog is open in QuickBooks" in outcome.error
    assert sqlite.held() == before
    sqlite.desktop.bookkeeper.close_windows()
    sqlite.session()
    all_is_there_once(sqlite, before, THIRTY)


def test_an_invoice_that_was_found_after_its_answer_was_lost_can_be_voided(sqlite: DesktopHouse) -> None:
    sqlite.desktop.file.company.switches.forgets_message_sets = True
    (customer,) = sqlite.customers(1)
    sqlite.session()
    before = sqlite.held()
    invoice = sqlite.invoice(customer)
    sqlite.session(Mishaps(drop_answer=1))
    for _ in range(2):
        sqlite.session()
    all_is_there_once(sqlite, before, {"Customer": 0, "Invoice": 1, "ReceivePayment": 0})
    sqlite.office.voided(invoice, "it was somebody else's")
    for _ in range(2):
        sqlite.session()
    assert sqlite.states() == {}, sqlite.reasons()
    assert sqlite.asked() == []


# -- a set that cannot be read -----------------------------------------------------------------------
@attrs.define(kw_only=True)
class Choking(QuickBooks):
    """A QuickBooks that cannot read any set with certain words in it, and does not say why."""

    words: str
    sets: list[int] = attrs.field(factory=list)

    def run(self, session: Session, text: str) -> str:
        self.sets.append(text.count("<InvoiceAddRq"))
        if self.words in text:
            raise ProcessorError(
                "0x80040400", "QuickBooks found an error when parsing the provided XML text stream."
            )
        return super().run(session, text)


@pytest.mark.parametrize("guilty", [0, 11, 19])
def test_the_guilty_document_of_an_unreadable_set_is_held_and_all_others_land(
    sqlite: DesktopHouse, guilty: int
) -> None:
    sqlite.desktop.file.company.switches.forgets_message_sets = False
    customers = sqlite.customers(20)
    sqlite.session()
    before = sqlite.held()
    invoices = [
        sqlite.invoice(customer, f"poison {guilty}" if n == guilty else "Supply lines replaced")
        for n, customer in enumerate(customers)
    ]
    choking = Choking(file=sqlite.desktop.file, words=f"poison {guilty}")
    outcome = sqlite.session(quickbooks=choking)
    assert outcome.ended is Ended.DONE, outcome
    assert sqlite.states() == {"held": 1}
    (said,) = sqlite.reasons()
    assert said.startswith(str(invoices[guilty].ref))
    assert "QuickBooks could not read our request; nothing of it was carried out." in said
    assert sqlite.held() == {**before, "Invoice": before["Invoice"] + 19}
    assert max(choking.sets) == 20, "independent documents travel together"
    assert len([size for size in choking.sets if size]) <= 12, "it is found by halving, not one by one"
    assert sqlite.twice() == 0
    sqlite.office.voided(invoices[guilty], "it could not be written")
    sqlite.session()
    assert sqlite.states() == {}
