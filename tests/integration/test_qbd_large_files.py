"""A file too large for one session of the Web Connector is read over several, and never in one answer."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D

import pytest

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd import parts
from blueops_qb.sdk.outcomes import BooksRecord, Found
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbd_bound import customer, invoice
from tests.qbd_meeting import Meeting, applied, new_meeting

#: Message sets that a session lasts for; a page has one row.
LASTS, MANY = 5, 60
#: Rows of the largest page.
MOST = 16


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    meeting = new_meeting()
    monkeypatch.setattr(parts, "PAGE", 1)
    return meeting


def invoices(meeting: Meeting, *, hours: int) -> list[BooksRef]:
    """Many invoices, so many hours between two of them."""
    written = []
    for _ in range(MANY):
        written.append(applied(meeting.create(invoice(meeting, customer(meeting), D("10.00")))).ref)
        meeting.desk.time.move(hours=hours)
    return written


def listed(meeting: Meeting, between: Callable[[], None] = lambda: None) -> list[BooksRecord]:
    """All invoices of the file as a comparison lists them; `between` happens between two sessions."""
    shown: list[BooksRecord] = []
    waiting = [Operation(id="1", verb=Verb.CHANGES, kind=BooksKind.INVOICE, params={"full": "yes"})]
    turn = 0
    while waiting:
        page = meeting.ask(waiting.pop())
        assert isinstance(page, Found), page
        assert page.complete is not bool(page.then)
        assert len(page.records) <= MOST
        shown += page.records
        waiting += [Operation(id="1", verb=w.verb, kind=w.kind, params=w.params) for w in page.then]
        turn += 1
        assert turn < 10 * MANY
        if not turn % LASTS:
            between()
            meeting.desk.session = meeting.desk.file.session()
    return shown


@pytest.mark.parametrize("hours", [3, 0], ids=["over a week", "in one moment"])
def test_all_of_it_is_shown_however_soon_the_sessions_end(meeting: Meeting, hours: int) -> None:
    written = invoices(meeting, hours=hours)
    assert set(written) <= {record.ref for record in listed(meeting)}


def test_what_is_changed_in_between_is_shown_as_it_is_then(meeting: Meeting) -> None:
    written = invoices(meeting, hours=3)
    changed: list[BooksRef] = []

    def somebody_changes_one() -> None:
        meeting.desk.time.move(minutes=5)
        ref = written.pop(len(written) // 2)
        (ret,) = meeting.desk.query("Invoice", f"<TxnID>{ref.id}</TxnID>")
        meeting.desk.mod(ret, "<Memo>Changed meanwhile</Memo>")
        changed.append(ref)

    newest = {record.ref: record.version for record in listed(meeting, somebody_changes_one)}
    assert changed
    assert {ref.id for ref in newest} == set(meeting.desk.file.company.records["Invoice"])
    for ref in changed[:-1]:
        (ret,) = meeting.desk.query("Invoice", f"<TxnID>{ref.id}</TxnID>")
        assert newest[ref] == ret.findtext("EditSequence")
