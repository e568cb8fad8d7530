"""The feeds of the Desktop provider on a company file: changes, deletions, listings, creations, the ledger."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal as D
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd import parts
from blueops_qb.providers.qbd.feeds import REACH
from blueops_qb.providers.qbd.provider import QbdProvider
from blueops_qb.providers.qbd.settings import LedgerSigns, QbdSettings
from blueops_qb.sandbox.qbd.bookkeeper import Bookkeeper
from blueops_qb.sdk.outcomes import Found, LedgerLine, NotKnown, Refused, Throttled, Why
from blueops_qb.sdk.provider import Operation, Unencodable, Verb
from tests.qbd_bound import bill, customer, invoice, vendor
from tests.qbd_meeting import Meeting, applied, new_meeting


@pytest.fixture
def meeting() -> Meeting:
    """A seeded file with the provider; its clock stands still."""
    return new_meeting()


def changes(meeting: Meeting, cursor: str = "", **params: str) -> tuple[set[BooksRef], set[BooksRef], str]:
    """What a whole window shows, what it calls deleted, and the position after it."""
    pages = list(meeting.pages(Verb.CHANGES, kind=None, cursor=cursor, **params))
    assert all(page.cursor is None for page in pages[:-1])
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    shown = {record.ref for page in pages for record in page.records}
    return shown, {ref for page in pages for ref in page.deleted}, pages[-1].cursor or ""


def new_invoice(meeting: Meeting, amount: str = "10.00") -> BooksRef:
    return applied(meeting.create(invoice(meeting, customer(meeting), D(amount)))).ref


def test_a_window_shows_what_was_written_since_and_nothing_older_than_its_overlap(meeting: Meeting) -> None:
    before = new_invoice(meeting)
    _, _, cursor = changes(meeting)
    meeting.desk.time.move(hours=30)
    _, _, cursor = changes(meeting, cursor)
    meeting.desk.time.move(hours=5)
    after = new_invoice(meeting)
    shown, _, _ = changes(meeting, cursor)
    assert after in shown
    _, _, cursor = changes(meeting, cursor)
    meeting.desk.time.move(hours=5)
    _, _, cursor = changes(meeting, cursor)
    latest = new_invoice(meeting)
    shown, _, _ = changes(meeting, cursor)
    assert latest in shown
    assert before not in shown


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Honolulu", "America/Los_Angeles"])
@pytest.mark.parametrize("at", [(2026, 3, 8, 5), (2026, 11, 1, 4), (2026, 7, 1, 12)])
def test_no_change_is_missed_around_the_ends_of_summer_time(
    meeting: Meeting, zone: str, at: tuple[int, int, int, int]
) -> None:
    meeting.desk.file.company.clock.zone = zone
    meeting.desk.time.now = dt.datetime(*at, tzinfo=dt.UTC)
    _, _, cursor = changes(meeting)
    for _ in range(10):
        written = new_invoice(meeting)
        shown, _, cursor = changes(meeting, cursor)
        assert written in shown
        meeting.desk.time.move(minutes=20)
        unseen = new_invoice(meeting)
        meeting.desk.time.move(minutes=25)
        shown, _, cursor = changes(meeting, cursor)
        assert unseen in shown


@pytest.mark.parametrize(
    ("first", "then"),
    [(0, 0), (0, -100), (100, 0), (3 * 1440, 0), (-400, 0), (50, -50)],
    ids=["right", "set back", "was fast", "was days fast", "was slow", "off both ways"],
)
def test_no_change_is_missed_while_the_clock_of_quickbooks_is_off(
    meeting: Meeting, first: int, then: int
) -> None:
    """Minutes by which the clock over there is ahead, before and after somebody sets it."""

    def set_clock(ahead: int) -> None:
        meeting.desk.file.company.clock.now = lambda: meeting.desk.time() + dt.timedelta(minutes=ahead)

    set_clock(first)
    _, _, cursor = changes(meeting)
    meeting.desk.time.move(minutes=15)
    new_invoice(meeting)
    meeting.desk.time.move(minutes=15)
    _, _, cursor = changes(meeting, cursor)
    set_clock(then)
    for _ in range(3):
        meeting.desk.time.move(minutes=5)
        written = new_invoice(meeting)
        meeting.desk.time.move(minutes=5)
        shown, _, cursor = changes(meeting, cursor)
        assert written in shown


def test_what_was_deleted_is_told_of_transactions_and_of_lists(meeting: Meeting) -> None:
    made = new_invoice(meeting)
    name = applied(meeting.create(CustomerRecord(name="Soon gone")))
    _, _, cursor = changes(meeting)
    meeting.desk.time.move(days=20)
    meeting.desk.bookkeeper.delete("Invoice", made.id)
    meeting.desk.bookkeeper.delete("Customer", name.id)
    _, deleted, _ = changes(meeting, cursor)
    assert {made, name.ref} <= deleted


def test_after_ninety_days_everything_is_compared(meeting: Meeting) -> None:
    _, _, cursor = changes(meeting)
    meeting.desk.time.move(days=REACH.days, hours=-1)
    assert not any(page.too_old for page in meeting.pages(Verb.CHANGES, cursor=cursor))
    meeting.desk.time.move(hours=2)
    (page,) = meeting.pages(Verb.CHANGES, cursor=cursor)
    assert page.too_old
    assert page.cursor
    assert not any(later.too_old for later in meeting.pages(Verb.CHANGES, cursor=page.cursor))


def test_a_window_is_read_page_by_page(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "PAGE", 3)
    _, _, cursor = changes(meeting)
    written = {new_invoice(meeting) for _ in range(10)}
    pages = list(meeting.pages(Verb.CHANGES, cursor=cursor))
    assert len(pages) >= 4
    assert written <= {record.ref for page in pages for record in page.records}


def test_a_query_begins_anew_when_its_session_has_ended_and_ends_where_every_page_finds_another_one(
    meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "PAGE", 3)
    _, _, cursor = changes(meeting)
    written = {new_invoice(meeting) for _ in range(10)}
    shown: set[BooksRef] = set()
    waiting = [Operation(id="1", verb=Verb.CHANGES, params={"cursor": cursor})]
    turns = 0
    while waiting:
        outcome = meeting.ask(waiting.pop())
        assert isinstance(outcome, Found), outcome
        shown |= {record.ref for record in outcome.records}
        waiting += [Operation(id="1", verb=want.verb, params=want.params) for want in outcome.then]
        meeting.desk.session = meeting.desk.file.session()  # every page finds another session
        turns += 1
        assert turns < 20
    assert written <= shown


def test_a_position_that_cannot_be_read_is_named(meeting: Meeting) -> None:
    with pytest.raises(Unencodable, match="position 'yesterday'"):
        meeting.ask(Operation(id="1", verb=Verb.CHANGES, params={"cursor": "yesterday"}))


def test_a_comparison_lists_every_record_and_the_first_listing_what_is_matched(meeting: Meeting) -> None:
    made = new_invoice(meeting)
    owed = applied(meeting.create(bill(meeting, vendor(meeting), D("7.00")))).ref
    meeting.desk.time.move(days=400)
    first, _, position = changes(meeting, full="1")
    assert position == ""
    assert {made, customer(meeting)} <= first
    assert owed not in first
    every, _, _ = changes(meeting, full="1", compare="1")
    assert {made, owed, customer(meeting)} <= every
    assert {record.ref for record in meeting.catalog if record.kind is not BooksKind.COMPANY} <= every


def created(meeting: Meeting, since: dt.datetime) -> Found:
    operation = Operation(
        id="1", verb=Verb.FIND, kind=BooksKind.INVOICE, params={"by": "created", "since": since.isoformat()}
    )
    outcome = meeting.ask(operation)
    assert isinstance(outcome, Found)
    return outcome


def test_a_look_up_by_creation_shows_what_was_created_since_and_what_is_gone_again(meeting: Meeting) -> None:
    old, touched = new_invoice(meeting), new_invoice(meeting)
    meeting.desk.time.move(hours=6)
    since = meeting.desk.time()
    assert created(meeting, since).records == ()
    meeting.desk.bookkeeper.edit("Invoice", touched.id, {"Memo": "changed by hand"})
    made, gone = new_invoice(meeting), new_invoice(meeting)
    meeting.desk.bookkeeper.delete("Invoice", gone.id)
    meeting.desk.bookkeeper.delete("Invoice", old.id)
    found = created(meeting, since)
    assert [record.ref for record in found.records] == [made]
    assert found.deleted == (gone,)


# -- the ledger ------------------------------------------------------------------------------------
def ledger(meeting: Meeting, start: str, end: str) -> list[LedgerLine]:
    pages = list(meeting.pages(Verb.LEDGER, kind=None, start=start, end=end, reading="1"))
    return [line for page in pages for line in page.ledger]


def test_the_ledger_of_a_period_is_the_ledger_of_the_file(meeting: Meeting) -> None:
    for day in ("2026-01-31", "2026-02-01", "2026-03-04"):
        date = dt.date.fromisoformat(day)
        sold = attrs.evolve(invoice(meeting, customer(meeting), D("10.10")), date=date, due_date=date)
        owed = attrs.evolve(bill(meeting, vendor(meeting), D("3.30")), date=date, due_date=date)
        applied(meeting.create(sold))
        applied(meeting.create(owed))
    lines = ledger(meeting, "2026-01-01", "2026-03-31")
    sums: dict[str, Any] = {}
    for line in lines:
        sums[line.account.id] = sums.get(line.account.id, ZERO) + line.amount
    balances = meeting.desk.file.company.ledger.balances()
    assert {id: amount for id, amount in sums.items() if amount} == {k: v for k, v in balances.items() if v}
    assert {line.date.month for line in ledger(meeting, "2026-02-01", "2026-02-28")} == {2}
    assert {line.customer for line in lines if line.kind is BooksKind.INVOICE} == {customer(meeting)}


def test_payments_of_the_period_come_along_where_they_are_asked_for(meeting: Meeting) -> None:
    pages = list(meeting.pages(Verb.LEDGER, start="2026-03-01", end="2026-03-31", settled="1"))
    assert [page.records for page in pages] == [()]
    assert b"ReceivePaymentQueryRq" in meeting.sent


def test_a_ledger_that_does_not_add_up_is_refused_as_a_whole(meeting: Meeting) -> None:
    new_invoice(meeting)
    operation = Operation(id="1", verb=Verb.LEDGER, params={"start": "2026-03-01", "end": "2026-03-31"})
    exchange = meeting.exchange(operation)
    meeting.carry(meeting.provider.encode(exchange, meeting.profile))
    odd = meeting.heard.replace(b"<Amount>10.00</Amount>", b"<Amount>10.01</Amount>", 1)
    outcome = meeting.provider.decode(exchange, odd, meeting.profile)["1"]
    assert isinstance(outcome, Refused)
    assert outcome.why is Why.INVALID
    assert "come to 0.01" in outcome.message


def test_signs_by_the_nature_of_accounts_are_turned_into_debits_and_credits(meeting: Meeting) -> None:
    new_invoice(meeting)
    debit = ledger(meeting, "2026-03-01", "2026-03-31")
    natural = QbdProvider(settings=QbdSettings(ledger_signs=LedgerSigns.NATURAL))
    operation = Operation(id="1", verb=Verb.LEDGER, params={"start": "2026-03-01", "end": "2026-03-31"})
    exchange = meeting.exchange(operation)
    meeting.carry(natural.encode(exchange, meeting.profile))
    # A file that tells income as positive: the invoice stands on both accounts with what makes them grow.
    told = meeting.heard.replace(b"<Amount>-10.00</Amount>", b"<Amount>10.00</Amount>")
    outcome = natural.decode(exchange, told, meeting.profile)["1"]
    assert isinstance(outcome, Found), outcome
    assert list(outcome.ledger) == debit


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"start": "2026-03-01"}, "start and end as days"),
        ({"start": "2026-03-02", "end": "2026-03-01"}, "turn the days round"),
    ],
)
def test_a_period_that_is_none_is_refused(meeting: Meeting, params: dict[str, str], said: str) -> None:
    with pytest.raises(Unencodable, match=said):
        meeting.ask(Operation(id="1", verb=Verb.LEDGER, params=params))


@pytest.mark.parametrize("verb", [Verb.CHANGES, Verb.LEDGER])
def test_half_an_answer_is_asked_again_and_never_taken_for_nothing(meeting: Meeting, verb: Verb) -> None:
    operation = Operation(
        id="1", verb=verb, params={"cursor": "", "start": "2026-03-01", "end": "2026-03-31", "settled": "1"}
    )
    if verb is Verb.CHANGES:
        operation = attrs.evolve(operation, params={"cursor": ""})
    exchange = meeting.exchange(operation)
    meeting.carry(meeting.provider.encode(exchange, meeting.profile))
    place = meeting.heard.rindex(b'requestID="1.')
    lost = meeting.heard[:place] + b'requestID="9.' + meeting.heard[place + 13 :]
    for reply in (lost, meeting.heard[: len(meeting.heard) // 2]):
        outcome = meeting.provider.decode(exchange, reply, meeting.profile)["1"]
        assert isinstance(outcome, Throttled | NotKnown)


# -- a look-up beside the clock --------------------------------------------------------------------------
def missed(meeting: Meeting, kind: BooksKind, **params: str) -> dict[BooksRef, str]:
    """What a look-up shows that asks for what left two hours from now, with the markers that it bears."""
    since = (meeting.desk.time.now + dt.timedelta(days=2)).isoformat()
    pages = meeting.pages(Verb.FIND, kind=kind, by="created", since=since, **params)
    return {record.ref: record.marker for page in pages for record in page.records}


def test_a_document_is_found_by_its_day_and_our_marker_whatever_the_clock_shows(meeting: Meeting) -> None:
    document = invoice(meeting, customer(meeting), D("10.00"))
    place = applied(meeting.create(document, marker="invoice:7.1")).ref
    applied(meeting.create(document, marker="invoice:8.1"))
    sought = {"markers": '["invoice:7.1"]', "days": f"{document.date}/{document.date}"}
    assert missed(meeting, BooksKind.INVOICE) == {}
    assert missed(meeting, BooksKind.INVOICE, **sought) == {place: "invoice:7.1"}
    earlier = document.date - dt.timedelta(days=1)
    assert missed(meeting, BooksKind.INVOICE, **{**sought, "days": f"{earlier}/{earlier}"}) == {}


def test_a_document_whose_memo_was_written_over_is_found_by_its_external_guid(meeting: Meeting) -> None:
    document = invoice(meeting, customer(meeting), D("10.00"))
    place = applied(meeting.create(document, marker="invoice:7.1")).ref
    Bookkeeper(company=meeting.desk.file.company).edit("Invoice", place.id, {"Memo": "Call first"})
    sought = {"markers": '["invoice:7.1"]', "days": f"{document.date}/{document.date}"}
    assert missed(meeting, BooksKind.INVOICE, **sought) == {place: "invoice:7.1"}


def test_a_party_is_found_by_its_name_and_our_marker(meeting: Meeting) -> None:
    place = applied(meeting.create(CustomerRecord(name="Ada Hill"), marker="customer:7.1")).ref
    applied(meeting.create(CustomerRecord(name="Ada Hill & Sons"), marker="customer:8.1"))
    names = {"names": '["Ada Hill"]'}
    assert missed(meeting, BooksKind.CUSTOMER, markers='["customer:7.1"]', **names) == {place: "customer:7.1"}
    assert missed(meeting, BooksKind.CUSTOMER, markers='["customer:9.1"]', **names) == {}
