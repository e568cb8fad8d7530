"""A backup of the company file that was restored, and a copy of it, are known before anything is read from them."""

import json
import shutil
from decimal import Decimal as D
from pathlib import Path

import pytest

from blueops_qb.domain.refs import BooksRef
from blueops_qb.sdk.outcomes import BooksRecord, Found, Outcome, Refused, Why
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbd_bound import bill, customer, invoice, vendor
from tests.qbd_meeting import Meeting, applied, found, new_meeting


@pytest.fixture
def meeting() -> Meeting:
    return new_meeting()


def look(meeting: Meeting, *witnesses: BooksRecord, cursor: str) -> Outcome:
    told = [
        [r.kind.value, r.id, r.version, r.updated_at.isoformat() if r.updated_at else ""] for r in witnesses
    ]
    params = {"cursor": cursor, "witnesses": json.dumps(told)}
    return meeting.ask(Operation(id="1", verb=Verb.CHANGES, params=params))


def position(meeting: Meeting) -> str:
    *_, last = meeting.pages(Verb.CHANGES, cursor="")
    assert last.cursor
    return last.cursor


def written(meeting: Meeting) -> tuple[BooksRecord, BooksRecord]:
    return (
        applied(meeting.create(invoice(meeting, customer(meeting), D("10.00")))),
        applied(meeting.create(bill(meeting, vendor(meeting), D("7.00")))),
    )


def test_a_file_that_holds_what_is_known_goes_on(meeting: Meeting) -> None:
    cursor = position(meeting)
    meeting.desk.time.move(minutes=5)
    sale, cost = written(meeting)
    outcome = look(meeting, sale, cost, cursor=cursor)
    assert isinstance(outcome, Found)
    assert {sale.ref, cost.ref} <= {record.ref for record in outcome.records}


def test_what_was_changed_or_deleted_over_there_proves_nothing(meeting: Meeting) -> None:
    sale, cost = written(meeting)
    cursor = position(meeting)
    meeting.desk.time.move(hours=3)
    meeting.desk.bookkeeper.delete("Bill", cost.id)
    meeting.desk.bookkeeper.edit("Invoice", sale.id, {"Memo": "called twice"})
    outcome = look(meeting, sale, cost, cursor=cursor)
    assert isinstance(outcome, Found)
    assert cost.ref in outcome.deleted


def backup(tmp_path: Path) -> tuple[Meeting, Path]:
    path = tmp_path / "acme.qbw"
    return new_meeting(path), path


def restored(meeting: Meeting, path: Path) -> Meeting:
    """The same provider on the file that was put back, at the same time of day."""
    other = new_meeting(path)
    other.desk.time.now = meeting.desk.time.now
    return other


def test_a_restored_backup_lacks_what_was_written_since(tmp_path: Path) -> None:
    meeting, path = backup(tmp_path)
    cursor = position(meeting)
    shutil.copy(path, tmp_path / "backup.qbw")
    meeting.desk.time.move(hours=1)
    sale, _ = written(meeting)
    outcome = look(restored(meeting, tmp_path / "backup.qbw"), sale, cursor=cursor)
    assert isinstance(outcome, Refused)
    assert (outcome.why, outcome.code) == (Why.NOT_ALLOWED, "restored")
    assert f"the invoice {sale.id} is not in it" in outcome.message
    assert "It is mended, go on" in outcome.remedy


def test_a_restored_backup_shows_a_record_as_it_was_before_its_last_change(tmp_path: Path) -> None:
    meeting, path = backup(tmp_path)
    sale, _ = written(meeting)
    cursor = position(meeting)
    shutil.copy(path, tmp_path / "backup.qbw")
    meeting.desk.time.move(hours=5)
    meeting.desk.bookkeeper.edit("Invoice", sale.id, {"Memo": "called twice"})
    now = found(meeting.read(sale.ref))
    outcome = look(restored(meeting, tmp_path / "backup.qbw"), now, cursor=cursor)
    assert isinstance(outcome, Refused)
    assert f"the invoice {sale.id} stands in it as it was before its last change" in outcome.message


def test_a_witness_that_nobody_can_read_proves_nothing(meeting: Meeting) -> None:
    sale, _ = written(meeting)
    cursor = position(meeting)
    lost = BooksRecord(kind=sale.kind, id=BooksRef(sale.kind, "FFFF-1").id)
    assert isinstance(look(meeting, lost, cursor=cursor), Refused)
    operation = Operation(
        id="1",
        verb=Verb.CHANGES,
        params={"cursor": cursor, "witnesses": json.dumps([["invoice", "FFFF-1", "", ""]])},
    )
    exchange = meeting.exchange(operation)
    meeting.carry(meeting.provider.encode(exchange, meeting.profile))
    busy = meeting.heard.replace(b'statusCode="500"', b'statusCode="3260"').replace(
        b'statusCode="1"', b'statusCode="3260"'
    )
    outcome = meeting.provider.decode(exchange, busy, meeting.profile)["1"]
    assert not isinstance(outcome, Refused) or outcome.code != "restored"
