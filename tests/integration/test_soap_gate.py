"""Sessions of the Web Connector: who comes in, what is handed out, what is settled when one breaks off."""

import re
import socket
import threading
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from werkzeug.test import Client

from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import callers, connections
from blueops_qb.engine.connections import ConnectRefused
from blueops_qb.engine.sessions import LONGEST_CALL, LONGEST_SILENCE, ConnectionCalls
from blueops_qb.providers.qbd.qwc import OWNER_ID
from blueops_qb.providers.qbd.sessions import WebConnector
from blueops_qb.sdk.doors import Answered, Reply
from blueops_qb.sdk.hooks import Switch
from blueops_qb.store import tables as t
from blueops_qb.store.tables import metadata
from blueops_qb.web.app import make_gates
from tests.engine_house import PLUGIN, TENANT, EngineHouse, engine_for
from tests.fake_books import Fault
from tests.web_connector import RawConnector, Stopped, host_answers

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind


def invited(house: EngineHouse) -> callers.Invited:
    return callers.new_password(house.core, TENANT, house.id, actor="admin", keys=house.engine.keys)


def connector(house: EngineHouse, who: callers.Invited, **fields: Any) -> RawConnector:
    return RawConnector(
        client=Client(make_gates(house.engine)),
        user=who.caller.user,
        password=who.password,
        deliver=house.provider.deliver,
        hcp=host_answers(file_id="F1", owner_id=OWNER_ID),
        **fields,
    )


@pytest.fixture
def qbwc(asking: EngineHouse) -> RawConnector:
    """A Web Connector that was let in to the company's connection."""
    return connector(asking, invited(asking))


def session(house: EngineHouse) -> Any:
    (row,) = house.rows(t.sessions, t.sessions.c.state == "open")
    return row


def test_a_run_carries_all_that_is_due_children_as_soon_as_their_parents_are_answered(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    invoice = asking.invoice(asking.customer())
    asking.pay(invoice, "40.00")
    assert qbwc.run() == "All is done."
    assert asking.counted() == {"done": 3}
    assert asking.quiet()
    assert qbwc.calls[:4] == ["serverVersion", "clientVersion", "authenticate", "sendRequestXML"]
    assert qbwc.calls[-3:] == ["sendRequestXML", "getLastError", "closeConnection"]
    assert asking.rows(t.sessions, t.sessions.c.state == "open") == []
    assert asking.connection_row().last_contact_at is not None


def test_a_run_without_work_says_so(qbwc: RawConnector) -> None:
    qbwc.run()
    qbwc.calls.clear()
    assert qbwc.run() == "All is done."
    assert qbwc.calls.count("sendRequestXML") == 1
    assert "receiveResponseXML" not in qbwc.calls


def test_a_run_that_leaves_something_waiting_does_not_say_that_all_is_done(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    ann = asking.customer()
    qbwc.run()
    asking.change(ann, email="new@example.com")
    qbwc.authenticate()
    qbwc.send(qbwc.hcp)
    asking.books.loses_status = 1
    assert qbwc.receive("", "0x80040402") == -1
    asking.change(ann, phone="+1 415 555 0123")
    asking.restart(backoff_seconds=600.0)
    qbwc.client = Client(make_gates(asking.engine))
    said = qbwc.run()  # the question is lost, and asked again only after a while
    assert "broke down" in said
    with asking.turn() as turn:
        turn.set(rest_until=turn.now + LONGEST_CALL)
    asking.customer("Bob", email="bob@example.com")
    assert "Nothing more can go just now" in qbwc.run()


def test_closing_tells_how_much_was_carried(asking: EngineHouse, qbwc: RawConnector) -> None:
    asking.customer()
    qbwc.authenticate()
    request = qbwc.send(qbwc.hcp)
    reply = qbwc.deliver(request.encode())
    assert isinstance(reply, Answered)
    assert 0 <= qbwc.receive(reply.body.decode()) <= 99
    assert qbwc.send() == ""
    assert qbwc.close() == "All is done. Exchanges: 1."


def test_any_process_answers_any_call(asking: EngineHouse, qbwc: RawConnector) -> None:
    """Every call goes to an engine of its own; nothing is kept between them but what the tables keep."""
    engines = [engine_for(asking.core, asking.provider, owner=f"host:{n}:1") for n in range(3)]
    apps = [Client(make_gates(engine)) for engine in engines]
    turn = iter(range(10_000))

    class Spread:
        def post(self, *args: Any, **kwargs: Any) -> Any:
            return apps[next(turn) % len(apps)].post(*args, **kwargs)

    spread: Any = Spread()
    qbwc.client = spread
    invoice = asking.invoice(asking.customer())
    asking.pay(invoice, "40.00")
    assert qbwc.run() == "All is done."
    assert asking.counted() == {"done": 3}


# -- who comes in --------------------------------------------------------------------------------------
def test_a_wrong_password_is_refused_at_once_and_locks_nobody_out(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    right = qbwc.password
    for wrong in ("", "x", right.upper(), right + " ", right[:-1]):
        qbwc.password = wrong
        assert qbwc.authenticate() == ["", "nvu"]
        assert "password are wrong" in qbwc.last_error()
        assert "password are wrong" in qbwc.close()
    assert asking.rows(t.sessions) == []
    qbwc.password = right
    ticket, file = qbwc.authenticate()
    assert re.fullmatch("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", ticket)
    assert file == ""


@pytest.mark.parametrize("user", ["", "nobody", "blueops-"])
def test_a_user_who_is_not_known_is_answered_like_a_wrong_password(qbwc: RawConnector, user: str) -> None:
    qbwc.user = user
    assert qbwc.authenticate() == ["", "nvu"]


def test_a_password_has_160_random_bits_and_only_its_digest_is_stored(asking: EngineHouse) -> None:
    one, other = invited(asking), invited(asking)
    assert re.fullmatch("[a-z2-7]{32}", one.password)
    assert one.password != other.password
    assert one.caller.user == other.caller.user
    (row,) = asking.rows(t.callers)
    assert row.password_digest == callers.digest(other.password)
    assert other.password not in repr(other)
    with asking.core.engine.connect() as connection:
        for table in metadata.sorted_tables:
            assert other.password not in str(connection.execute(sa.select(table)).all())


def test_a_new_password_ends_the_old_one_and_is_in_the_audit_log(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    newer = connector(asking, invited(asking))
    assert qbwc.authenticate() == ["", "nvu"]
    assert newer.authenticate()[1] == ""
    with asking.core.engine.connect() as connection:
        entries = connection.execute(
            sa.select(t.audit.c.action, t.audit.c.actor).where(t.audit.c.action == "new password")
        ).all()
    assert [tuple(entry) for entry in entries] == [("new password", "admin")] * 2
    assert asking.verdict().ok


def test_no_ticket_is_stored_in_the_clear(asking: EngineHouse, qbwc: RawConnector) -> None:
    ticket, _ = qbwc.authenticate()
    row = session(asking)
    assert ticket not in str(tuple(row))
    assert row.ticket_digest == callers.digest(ticket)


def test_who_was_disconnected_does_not_come_in_and_his_session_is_over(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    qbwc.authenticate()
    connections.retire(asking.core, asking.id, TENANT, actor="admin", keys=asking.engine.keys)
    assert qbwc.send() == ""
    assert "over" in qbwc.last_error()
    assert qbwc.authenticate() == ["", "nvu"]


# -- a session that breaks off -------------------------------------------------------------------------
@pytest.mark.parametrize("point", ["asked", "carried out"])
def test_a_new_run_ends_the_one_before_and_asks_at_once_what_became_of_its_exchange(
    asking: EngineHouse, qbwc: RawConnector, point: str
) -> None:
    invoice = asking.invoice(asking.customer())
    qbwc.stop_at = (point, 1)
    with pytest.raises(Stopped):
        qbwc.run()
    dead = qbwc.ticket
    (out,) = asking.rows(t.exchanges, t.exchanges.c.state == "sent")
    ticket, _ = qbwc.authenticate()
    assert ticket != dead
    (row,) = asking.rows(t.exchanges, t.exchanges.c.id == out.id)
    assert row.state == "uncertain"
    request = qbwc.send(qbwc.hcp)
    assert out.id in request
    assert '"asks": true' in request
    reply = qbwc.deliver(request.encode())
    assert isinstance(reply, Answered)
    qbwc.receive(reply.body.decode())
    qbwc.run()
    assert asking.counted() == {"done": 2}
    assert asking.place(invoice).id == asking.books.one(K.INVOICE).id
    assert len(asking.books.of(K.CUSTOMER)) == 1
    assert asking.quiet()


def test_a_new_run_asks_at_once_also_where_asking_failed_before(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    asking.restart(backoff_seconds=3600.0)
    qbwc.client = Client(make_gates(asking.engine))
    asking.customer()
    qbwc.stop_at = ("carried out", 1)
    with pytest.raises(Stopped):
        qbwc.run()
    for times in (1, 2):
        qbwc.authenticate()
        assert '"asks": true' in qbwc.send(qbwc.hcp)
        (row,) = asking.rows(t.exchanges, t.exchanges.c.state == "asked")
        assert row.asked == times
    qbwc.stop_at = None
    qbwc.run()
    assert asking.counted() == {"done": 1}
    assert len(asking.books.of(K.CUSTOMER)) == 1


def test_a_dead_ticket_is_told_so_and_its_answer_is_not_heard(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    asking.customer()
    qbwc.authenticate()
    request = qbwc.send(qbwc.hcp)
    dead = qbwc.ticket
    qbwc.authenticate()
    fresh, qbwc.ticket = qbwc.ticket, dead
    reply = qbwc.deliver(request.encode())
    assert isinstance(reply, Answered)
    assert qbwc.receive(reply.body.decode()) == -1
    assert qbwc.send() == ""
    assert "next run" in qbwc.last_error()
    assert qbwc.connection_error("0x80040416") == "done"
    qbwc.ticket = fresh
    assert '"asks": true' in qbwc.send()


@pytest.mark.parametrize("ticket", ["", "made-up", "00000000-0000-4000-8000-000000000000"])
def test_an_unknown_ticket_gets_plain_answers_and_never_a_fault(qbwc: RawConnector, ticket: str) -> None:
    qbwc.ticket = ticket
    assert qbwc.send() == ""
    assert qbwc.receive("<QBXML/>") == -1
    assert qbwc.last_error()
    assert qbwc.close()
    assert qbwc.connection_error("0x80040416") == "done"


def test_a_request_before_the_answer_means_that_the_answer_was_lost(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    asking.customer()
    qbwc.authenticate()
    first = qbwc.send(qbwc.hcp)
    asking.provider.deliver(first.encode())
    second = qbwc.send()
    assert '"asks": true' in second
    reply = qbwc.deliver(second.encode())
    assert isinstance(reply, Answered)
    qbwc.receive(reply.body.decode())
    assert qbwc.send() == ""
    assert asking.counted() == {"done": 1}
    assert len(asking.books.of(K.CUSTOMER)) == 1


def test_closing_with_an_exchange_out_leaves_it_to_be_asked_about(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    ann = asking.customer()
    qbwc.authenticate()
    qbwc.send(qbwc.hcp)
    qbwc.close()
    assert asking.state(ann) == "uncertain"
    qbwc.run()
    assert asking.counted() == {"done": 1}


def test_a_repeated_answer_changes_nothing(asking: EngineHouse, qbwc: RawConnector) -> None:
    asking.invoice(asking.customer())
    qbwc.authenticate()
    reply = qbwc.deliver(qbwc.send(qbwc.hcp).encode())
    assert isinstance(reply, Answered)
    assert qbwc.receive(reply.body.decode()) >= 0
    before = asking.rows(t.operations)
    assert qbwc.receive(reply.body.decode()) >= 0
    assert asking.rows(t.operations) == before
    assert qbwc.send() != ""


def test_an_answer_of_another_message_set_is_not_taken_for_the_one_that_is_out(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    ann = asking.customer()
    qbwc.authenticate()
    qbwc.send(qbwc.hcp)
    late = '<QBXML><QBXMLMsgsRs newMessageSetID="0123456789abcdef01234567" messageSetStatusCode="0"/></QBXML>'
    assert qbwc.receive(late) >= 0
    assert asking.state(ann) == "out"


def test_a_call_in_progress_elsewhere_makes_others_wait_and_a_new_run_busy(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    asking.customer()
    qbwc.authenticate()
    calls = ConnectionCalls(engine=asking.engine, provider="asked")
    with calls.call(qbwc.ticket) as call:
        assert call is not None
        assert qbwc.send() == "NoOp"
        assert qbwc.last_error() == "NoOp"
        ticket = qbwc.ticket
        assert qbwc.authenticate() == ["", "busy"]
        qbwc.ticket = ticket
    assert qbwc.send() != ""
    assert qbwc.authenticate()[1] == ""


def test_the_mark_of_a_process_that_is_gone_makes_nobody_wait(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    qbwc.authenticate()
    row = session(asking)
    gone = f"0123 {socket.gethostname()}:999999999:12345"
    asking.set(
        t.sessions,
        t.sessions.c.state == "open",
        call_owner=gone,
        call_until=row.seen_at + LONGEST_CALL,
    )
    assert qbwc.send(qbwc.hcp) == ""
    assert qbwc.last_error() == "All is done."
    asking.set(t.sessions, t.sessions.c.state == "open", call_owner=gone)
    assert qbwc.authenticate()[1] == ""


def test_a_ticket_that_was_silent_for_hours_is_dead(asking: EngineHouse, qbwc: RawConnector) -> None:
    asking.customer()
    qbwc.authenticate()
    then = session(asking).seen_at - 2 * LONGEST_SILENCE
    asking.set(t.sessions, t.sessions.c.state == "open", seen_at=then)
    assert qbwc.send(qbwc.hcp) == ""


def test_a_session_that_lost_the_carriage_hands_out_nothing(asking: EngineHouse, qbwc: RawConnector) -> None:
    """The fence: whoever began a session later carries, however late the other one's call comes."""
    asking.customer()
    qbwc.authenticate()
    asking.set(t.connections, t.connections.c.id == asking.id, lease_owner="session of somebody else")
    assert qbwc.send(qbwc.hcp) == ""
    assert asking.rows(t.exchanges, t.exchanges.c.state == "sent") == []


def test_a_host_that_plans_ahead_takes_nothing_away_from_a_session(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    asking.customer()
    qbwc.authenticate()
    assert asking.engine.work_pending(asking.id)
    assert qbwc.send(qbwc.hcp) != ""


def test_closed_sessions_are_forgotten_after_a_week(asking: EngineHouse, qbwc: RawConnector) -> None:
    qbwc.run()
    (row,) = asking.rows(t.sessions)
    asking.set(t.sessions, t.sessions.c.state == "closed", began_at=row.began_at - 50 * LONGEST_SILENCE)
    qbwc.run()
    assert [r.ticket_digest for r in asking.rows(t.sessions)] != [row.ticket_digest]
    assert len(asking.rows(t.sessions)) == 1


# -- paused, stopped, failed ---------------------------------------------------------------------------
def test_paused_is_an_empty_request_and_a_sentence(asking: EngineHouse, qbwc: RawConnector) -> None:
    asking.customer()
    asking.core.set_switch(TENANT, PLUGIN, Switch.PAUSED, actor="admin")
    assert "has paused QuickBooks" in qbwc.run()
    assert asking.rows(t.exchanges, t.exchanges.c.state != "closed") == []
    asking.core.set_switch(TENANT, PLUGIN, Switch.ON, actor="admin")
    assert qbwc.run() == "All is done."
    assert asking.counted() == {"done": 1}


def test_what_is_out_when_somebody_pauses_is_still_heard(asking: EngineHouse, qbwc: RawConnector) -> None:
    asking.invoice(asking.customer())
    qbwc.authenticate()
    request = qbwc.send(qbwc.hcp)
    asking.core.set_switch(TENANT, PLUGIN, Switch.PAUSED, actor="admin")
    reply = qbwc.deliver(request.encode())
    assert isinstance(reply, Answered)
    assert qbwc.receive(reply.body.decode()) >= 0
    assert len(asking.rows(t.links, t.links.c.state == "live")) == 1
    assert qbwc.send() == ""
    assert "paused" in qbwc.last_error()


def test_a_stopped_connection_says_why(asking: EngineHouse, qbwc: RawConnector) -> None:
    with asking.turn() as turn:
        turn.set(health="stopped", health_reason="The subscription has lapsed.")
    assert "The subscription has lapsed." in qbwc.run()


def test_quickbooks_that_fails_ends_the_run_with_a_sentence(asking: EngineHouse, qbwc: RawConnector) -> None:
    ann = asking.customer()
    qbwc.authenticate()
    qbwc.send(qbwc.hcp)
    assert qbwc.receive("", "-2147220478", "it went away") == -1  # 0x80040402 as some send it
    assert qbwc.last_error().startswith("QuickBooks broke down while it worked.")
    assert asking.connection_row().health_reason == qbwc.last_error()
    assert asking.state(ann) == "uncertain"
    qbwc.close()
    assert "broke down" in qbwc.last_error()  # also of a session that is closed
    qbwc.run()
    assert asking.counted() == {"done": 1}
    assert asking.connection_row().health == "ok"


def test_a_request_that_quickbooks_cannot_read_stops_only_itself(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    ann = asking.customer()
    bob = asking.customer("Bob", email="bob@example.com")
    qbwc.authenticate()
    qbwc.send(qbwc.hcp)
    assert qbwc.receive("", "0x80040400", "error when parsing") >= 0
    assert qbwc.send() == ""
    assert {asking.state(ann), asking.state(bob)} == {"held"}


# -- QuickBooks is not reached ---------------------------------------------------------------------------
def test_the_known_company_file_is_tried_once_where_quickbooks_is_not_running(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    qbwc.authenticate()
    assert qbwc.connection_error("0x80040416", "not running") == "done"  # no file is known yet
    qbwc.run()
    qbwc.authenticate()
    assert qbwc.connection_error("0x80040416", "not running") == r"C:\Books\acme.qbw"
    assert qbwc.connection_error("0x80040417", "no file") == "done"
    assert "No company file is open" in qbwc.last_error()
    assert asking.connection_row().health == "unreached"
    qbwc.run()
    assert qbwc.authenticate()[1] == ""
    assert qbwc.connection_error("0x80040416", "not running") == r"C:\Books\acme.qbw"


@pytest.mark.parametrize(
    ("hresult", "words"),
    [
        ("0x80040414", "A dialog is open in QuickBooks"),
        ("-2147220460", "A dialog is open in QuickBooks"),
        ("0x8004040A", "Another company file is open"),
        ("0x80040418", "as its administrator in single-user mode"),
        ("0x8004041D", "Integrated Applications"),
        ("0x80049999", "(0x80049999: something new happened)"),
        ("0x80040421", "(0x80040421: it gives no reason)"),
    ],
)
def test_every_failure_to_reach_quickbooks_is_a_sentence_there_and_here(
    asking: EngineHouse, qbwc: RawConnector, hresult: str, words: str
) -> None:
    message = "something\n new   happened" if "9999" in hresult else ""
    qbwc.authenticate()
    assert qbwc.connection_error(hresult, message) == "done"
    assert words in qbwc.last_error()
    assert words in asking.connection_row().health_reason


# -- which company is open -----------------------------------------------------------------------------
def test_another_company_is_refused_with_a_sentence_and_nothing_is_handed_out(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    asking.customer()
    qbwc.hcp = host_answers(file_id="F2", owner_id=OWNER_ID, company="Rival & Sons")
    said = qbwc.run()
    assert "“Rival & Sons”" in said
    assert "belongs to “Books F1”" in said
    assert asking.rows(t.exchanges, t.exchanges.c.state != "closed") == []
    assert "“Rival & Sons”" in asking.connection_row().health_reason
    assert asking.connection_row().company_name == "Books F1"
    qbwc.authenticate()
    assert qbwc.send(qbwc.hcp) == qbwc.send() == ""  # nor later in the same run
    qbwc.hcp = host_answers(file_id="f1", owner_id=OWNER_ID.lower())
    assert qbwc.run() == "All is done."
    assert asking.counted() == {"done": 1}


def test_a_company_without_our_mark_is_another_one_where_the_mark_was_seen_before(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    qbwc.run()
    asking.customer()
    marked, qbwc.hcp = qbwc.hcp, host_answers(company="Rival & Sons")
    assert "“Rival & Sons”" in qbwc.run()
    assert asking.counted() == {"pending": 1}
    qbwc.hcp = marked
    assert qbwc.run() == "All is done."
    assert asking.counted() == {"done": 1}


@pytest.mark.parametrize(
    "hcp",
    [
        "",
        "   ",
        "not XML <",
        '<?xml version="1.0"?><QBXML><QBXMLMsgsRs/></QBXML>',
        host_answers(),
        host_answers(file_id="F2", owner_id="00000000-0000-0000-0000-000000000000"),
        host_answers(
            extra=f"<DataExtRet><OwnerID>{{{OWNER_ID}}}</OwnerID><DataExtName>Colour</DataExtName>"
            "<DataExtValue>F2</DataExtValue></DataExtRet>"
        ),
        host_answers(
            extra=f"<DataExtRet><OwnerID>{{{OWNER_ID}}}</OwnerID><DataExtName>FileID</DataExtName></DataExtRet>"
        ),
        '<!DOCTYPE QBXML [<!ENTITY a "F2">]>'
        + host_answers(file_id="F2", owner_id=OWNER_ID).partition("?>")[2],
    ],
    ids=[
        "nothing",
        "blank",
        "no XML",
        "bare",
        "no mark",
        "another owner's",
        "another name",
        "empty",
        "doctype",
    ],
)
def test_what_does_not_say_which_company_it_is_is_unknown_and_never_different(
    asking: EngineHouse, qbwc: RawConnector, hcp: str
) -> None:
    asking.customer()
    qbwc.hcp = hcp
    assert qbwc.run() == "All is done."
    assert asking.counted() == {"done": 1}


def test_what_is_told_of_the_company_is_kept_for_the_provider(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    qbwc.hcp = host_answers(file_id="F1", owner_id=OWNER_ID, company="Acme, Inc.", closing="2025-12-31")
    qbwc.run()
    calls = ConnectionCalls(engine=asking.engine, provider="asked")
    assert calls.facts("F1") == {
        "product": "QuickBooks Pro 2021",
        "country": "US",
        "file_mode": "SingleUser",
        "company": "Acme, Inc.",
        "class_tracking": "true",
        "closing_date": "2025-12-31",
        "versions": "12.0 13.0",
        "file_id": "F1",
        "file": r"C:\Books\acme.qbw",
        "processor": "13.0",
    }
    assert asking.connection_row().company_name == "Acme, Inc."
    assert calls.facts("F2") == {}
    qbwc.hcp = ""
    qbwc.run()
    assert calls.facts("F1")["closing_date"] == "2025-12-31"  # not told is not changed


def test_preferences_that_moved_have_the_lists_read_again(asking: EngineHouse, qbwc: RawConnector) -> None:
    def read() -> int:
        return len(asking.rows(t.operations, t.operations.c.verb == "catalog"))

    qbwc.run()
    before = read()
    qbwc.run()
    assert read() == before
    qbwc.hcp = host_answers(file_id="F1", owner_id=OWNER_ID, closing="2026-01-31")
    qbwc.run()
    assert read() == before + 1


# -- something of ours fails -----------------------------------------------------------------------------
def test_a_defect_of_ours_is_answered_in_the_words_of_the_protocol(
    asking: EngineHouse, qbwc: RawConnector, caplog: pytest.LogCaptureFixture
) -> None:
    asking.customer()
    qbwc.authenticate()
    broken = WebConnector(
        calls=Broken(ConnectionCalls(engine=asking.engine, provider="asked")), owner_id=OWNER_ID, version="0"
    )
    assert broken.answer("authenticate", {"strUserName": "u", "strPassword": "p"}) == ("", "busy")
    names = ("strHCPResponse", "strCompanyFileName", "qbXMLMajorVers", "response", "hresult", "message")
    parts = {"ticket": "some", **dict.fromkeys(names, "")}
    assert broken.answer("sendRequestXML", parts) == ""
    assert broken.answer("receiveResponseXML", parts) == -1
    assert broken.answer("connectionError", parts) == "done"
    assert "BlueOps could not answer" in str(broken.answer("getLastError", parts))
    assert "could not be answered (OSError at " in caplog.text
    assert "a secret" not in caplog.text


@attrs.frozen
class Broken:
    """Calls on a database that is gone."""

    calls: ConnectionCalls

    def enter(self, user: str, password: str) -> Any:
        raise OSError(user, password, "a secret")

    def call(self, ticket: str) -> Any:
        raise OSError(ticket)

    def session(self, ticket: str) -> Any:
        raise OSError(ticket)

    def facts(self, company_id: str) -> Any:
        raise OSError(company_id)


# -- killed anywhere -----------------------------------------------------------------------------------
@pytest.mark.parametrize("point", ["asked", "carried out", "told"])
@pytest.mark.parametrize("time", [1, 2, 3])
def test_stopped_at_any_point_of_any_exchange_everything_arrives_exactly_once(
    asking: EngineHouse, qbwc: RawConnector, point: str, time: int
) -> None:
    invoice = asking.invoice(asking.customer())
    asking.pay(invoice, "40.00")
    asking.books.script.append(Fault.CUT)
    qbwc.stop_at = (point, time)
    try:
        qbwc.run()
    except Stopped:
        asking.restart()
        qbwc.client = Client(make_gates(asking.engine))
        qbwc.run()
        # What the books do not know yet may still be with a second computer: it is asked about once more.
        qbwc.run()
    assert asking.counted() == {"done": 3}
    assert [len(asking.books.of(kind)) for kind in (K.CUSTOMER, K.INVOICE, K.PAYMENT)] == [1, 1, 1]
    assert asking.quiet()


def test_several_that_come_with_the_same_name_at_once_double_nothing(
    asking: EngineHouse, qbwc: RawConnector
) -> None:
    """A second Web Connector with a copy of the settings: each ends the other's session, nobody does work twice."""
    for n in range(3):
        invoice = asking.invoice(asking.customer(f"Customer {n}", email=f"c{n}@example.com"))
        asking.pay(invoice, "40.00")
    one_at_a_time = threading.Lock()

    def deliver(body: bytes) -> Reply:
        with one_at_a_time:
            return asking.provider.deliver(body)

    problems: list[BaseException] = []

    def come() -> None:
        mine = attrs.evolve(qbwc, client=Client(make_gates(asking.engine)), deliver=deliver, calls=[])
        try:
            for _ in range(3):
                mine.run()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=come) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    qbwc.run()
    assert asking.counted() == {"done": 9}
    assert [len(asking.books.of(kind)) for kind in (K.CUSTOMER, K.INVOICE, K.PAYMENT)] == [3, 3, 3]
    sent = [id for id, _ in asking.books.heard]
    assert len(sent) == len(set(sent))
    assert asking.quiet()


# -- letting somebody in -------------------------------------------------------------------------------
@pytest.fixture
def fresh(asking: EngineHouse) -> EngineHouse:
    """The house after its company was disconnected."""
    invited(asking)
    connections.retire(asking.core, asking.id, TENANT, actor="admin", keys=asking.engine.keys)
    return asking


def invite(house: EngineHouse, *, returning: bool = False) -> callers.Invited:
    return callers.invite(
        house.core,
        TENANT,
        "asked",
        company_name="Acme Plumbing",
        actor="admin",
        keys=house.engine.keys,
        returning=returning,
    )


def test_an_invitation_binds_a_company_by_a_mark_of_ours(fresh: EngineHouse) -> None:
    who = invite(fresh)
    assert re.fullmatch("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", who.caller.company_id)
    with fresh.core.engine.connect() as connection:
        row = connections.live(connection, TENANT)
    assert row is not None
    assert (row["company_id"], row["state"]) == (who.caller.company_id, "matching")
    with pytest.raises(ConnectRefused, match="connected to “Acme Plumbing” already"):
        invite(fresh)


def test_a_company_that_comes_back_keeps_its_mark_and_its_links(fresh: EngineHouse) -> None:
    who = invite(fresh, returning=True)
    assert who.caller.company_id == "F1"
    assert who.caller.connection_id == fresh.id
    assert connector(fresh, who).authenticate()[1] == ""


def test_nothing_comes_back_where_nothing_was(asking: EngineHouse) -> None:
    connections.retire(asking.core, asking.id, TENANT, actor="admin", keys=asking.engine.keys)
    with pytest.raises(ConnectRefused, match="No company file was connected before"):
        invite(asking, returning=True)
