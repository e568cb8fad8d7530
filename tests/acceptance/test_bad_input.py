"""Bad input of every kind against the real parts: each gives a state and a sentence, blocks nobody, loses nothing."""

import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Customer, Invoice
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import sweep
from blueops_qb.engine.intake import intake
from blueops_qb.engine.outbox import State
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sandbox.qbo.server import Server
from blueops_qb.sdk import wire
from blueops_qb.sdk.hooks import Action, Event
from blueops_qb.store import tables as t
from tests.bad_day import BadDay, bad_day, count
from tests.core_house import KEY, Browser, draft
from tests.engine_house import OTHER_KEY
from tests.office import OTHER_TENANT, OTHER_USER, PAGES, PLUGIN, SECOND_REALM, Office, consent, inner


@pytest.fixture
def day(sqlite_url: str, tmp_path: Path) -> Iterator[BadDay]:
    """A bad day on SQLite, where the database does not matter."""
    with bad_day(sqlite_url, tmp_path) as made:
        yield made


@pytest.fixture
def day_on_both(database_url: str, tmp_path: Path) -> Iterator[BadDay]:
    """A bad day on either database."""
    with bad_day(database_url, tmp_path) as made:
        yield made


# -- sign-in -------------------------------------------------------------------------------------------
def kept(shop: Office) -> tuple[Any, ...]:
    """Everything that a sign-in could change: the connections and their secrets."""
    with shop.core.engine.connect() as connection:
        rows = [connection.execute(sa.select(table)).all() for table in (t.connections, t.secrets)]
    return tuple(tuple(row) for found in rows for row in found)


def begin(browser: Browser) -> str:
    """Press the button; answers the consent page's address."""
    browser.get(f"{PAGES}/connect")
    browser.get(f"{PAGES}/reconnect")  # where a company that is connected already presses it
    return str(browser.post(f"{PAGES}/connect/qbo").headers["Location"])


def answer_of(browser: Browser, **how: Any) -> str:
    """The answer of the consent page to a sign-in that this browser began."""
    return inner(consent(begin(browser), **how))


def expired(day: BadDay, browser: Browser) -> str:
    answer = answer_of(browser)
    with day.shop.core.begin(day.shop.tenant) as tx:
        past = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=1)
        tx.connection.execute(t.sign_in_states.update().values(expires_at=past))
    return answer


def replayed(_: BadDay, browser: Browser) -> str:
    used = answer_of(browser)
    assert browser.get(used).status_code == 303
    return used


def replayed_with_a_fresh_code(_: BadDay, browser: Browser) -> str:
    used, fresh = answer_of(browser), answer_of(browser)
    assert browser.get(used).status_code == 303
    state = used.partition("state=")[2].partition("&")[0]
    other = fresh.partition("state=")[2].partition("&")[0]
    return fresh.replace(other, state)


#: What is wrong with the state -> the answer that arrives in the admin's browser.
STATES: dict[str, Callable[[BadDay, Browser], str]] = {
    "none": lambda _, __: f"{PAGES}/callback/qbo?code=x&realmId=1",
    "made up": lambda _, __: f"{PAGES}/callback/qbo?code=x&realmId=1&state=made.up",
    "not text": lambda _, __: f"{PAGES}/callback/qbo?code=x&realmId=1&state=%ff%00%e2%82%ac",
    "of another browser": lambda day, _: answer_of(day.shop.browser()),
    "of another company": lambda day, _: answer_of(Browser(day.shop.core, OTHER_USER), realm=SECOND_REALM),
    "expired": expired,
    "replayed": replayed,
    "replayed with a fresh code": replayed_with_a_fresh_code,
}


def test_an_oauth_state_that_is_not_ours_changes_nothing(day_on_both: BadDay) -> None:
    day = day_on_both
    shop = day.shop
    waiting = day.others()
    admin = shop.browser()
    for what, answer in STATES.items():
        url = answer(day, admin)
        before = kept(shop)
        calls = day.calls()
        page = admin.get(url)
        assert page.status_code == 400, what
        assert "sign-in answer does not belong to a sign-in that you started here" in page.text, what
        assert "Nothing was changed; press Connect again" in page.text, what
        assert kept(shop) == before, what
        assert day.calls() == calls, f"{what}: a code was exchanged"
    rival = Browser(shop.core, OTHER_USER)
    assert rival.get(answer_of(shop.browser())).status_code == 400
    assert attrs.evolve(shop, tenant=OTHER_TENANT).row() is None
    day.until_done(*waiting)  # the connection works as before
    assert shop.connect(shop.browser()).status_code == 200  # and a sign-in of one's own goes through
    day.others()
    day.whole()


def revoked(day: BadDay) -> None:
    """Somebody disconnected the app in QuickBooks."""
    day.shop.twin_call("tokens/revoke")


def lapsed(day: BadDay) -> None:
    """Nobody used the connection for 101 days."""
    day.shop.twin_call("clock", advance_seconds=101 * 86_400)


def must_sign_in(day: BadDay) -> bool:
    return bool(day.shop.row()["health"] == "sign_in")


@pytest.mark.parametrize("end", [revoked, lapsed])
def test_a_refresh_token_that_ended_asks_for_a_sign_in_and_the_queue_waits(
    day_on_both: BadDay, end: Callable[[BadDay], None]
) -> None:
    day = day_on_both
    shop = day.shop
    early = day.invoice()
    day.until_done(early)
    connection, mapping, links = shop.id, shop.row()["mapping_version"], day.links()
    end(day)
    queue = [day.invoice(), *day.others(), shop.change(day.heard[0].record, phone="775 555 0199")]
    day.until("the sign-in to be asked for", lambda: must_sign_in(day))
    assert shop.row()["health_reason"].startswith("Sign in again: ")
    assert "expired or was revoked" in shop.row()["health_reason"]
    page = day.overview()
    for words in ("Sign in again", "Three Peaks Plumbing", "Nothing is lost", f"{PAGES}/reconnect"):
        assert words in page
    # The queue waits, visible, and the books are not asked again and again.
    calls = day.calls()
    queue.append(day.pay(early))
    for _ in range(5):
        shop.drain()
    assert day.calls() == calls
    assert {shop.state(record.ref) for record in queue} <= {State.PENDING, State.WAITING}
    day.nothing_lost()
    # After the sign-in everything goes out; the connection is the one it was.
    assert shop.connect(shop.browser()).status_code == 200
    day.until_done(*queue)
    assert (shop.id, shop.row()["mapping_version"]) == (connection, mapping)
    assert links <= day.links()
    day.whole()


def test_another_company_on_reconnect_is_refused_and_the_queue_waits_for_the_right_one(day: BadDay) -> None:
    shop = day.shop
    revoked(day)
    queue = day.others()
    day.until("the sign-in to be asked for", lambda: must_sign_in(day))
    before, empty = kept(shop), count(shop, SECOND_REALM)
    page = shop.connect(shop.browser(), realm=SECOND_REALM)
    assert page.status_code == 400
    other = shop.twin.app.companies[SECOND_REALM].info["CompanyName"]
    for words in (
        other,
        SECOND_REALM,
        "is connected to “Three Peaks Plumbing”",
        "Nothing was changed",
        "again",
    ):
        assert words in page.text
    assert kept(shop) == before
    for _ in range(3):
        shop.drain()
    assert must_sign_in(day)
    assert count(shop, SECOND_REALM) == empty
    day.nothing_lost()
    assert shop.connect(shop.browser()).status_code == 200
    day.until_done(*queue)
    assert count(shop, SECOND_REALM) == empty
    day.whole()


def test_a_company_that_must_sign_in_again_does_not_hold_up_another(day: BadDay) -> None:
    shop = day.shop
    rival = attrs.evolve(shop, tenant=OTHER_TENANT)
    assert rival.connect(Browser(shop.core, OTHER_USER), realm=SECOND_REALM).status_code == 200
    rival.go_live()
    for grant in shop.twin.app.tokens.grants:
        grant.revoked = grant.realm == shop.twin.realm
    mine, theirs = day.invoice(), rival.invoice(rival.customer())
    day.until("the sign-in to be asked for", lambda: must_sign_in(day))
    attrs.evolve(day, shop=rival).until_done(theirs)
    assert count(shop, SECOND_REALM)["Invoice"] == 1
    assert shop.state(mine.ref) in (State.PENDING, State.WAITING)
    assert shop.connect(shop.browser()).status_code == 200
    day.until_done(mine)


# -- events --------------------------------------------------------------------------------------------
def changed(**values: Any) -> Callable[[Any], Any]:
    return lambda event: {**event, **values}


def record_changed(**values: Any) -> Callable[[Any], Any]:
    return lambda event: {**event, "record": {**event["record"], **values}}


def record_without(name: str) -> Callable[[Any], Any]:
    return lambda event: {
        **event,
        "record": {key: value for key, value in event["record"].items() if key != name},
    }


#: What is wrong with a payload -> (how it comes about, words about the cause).
PAYLOADS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "an array": (lambda _: [], "not an object"),
    "of a later release": (changed(schema=99), "99"),
    "without its record": (lambda event: {k: v for k, v in event.items() if k != "record"}, "record"),
    "with a record of words": (changed(record="the record"), "record"),
    "with an unknown kind": (changed(ref="banana:1"), "ref"),
    "about another record": (changed(ref="invoice:1"), "invoice:1"),
    "with an unknown action": (changed(action="exploded"), "action"),
    "without its customer": (record_without("customer_id"), "customer_id"),
    "with an amount as a float": (record_changed(total=12.5), "total"),
    "with an amount that is no number": (record_changed(total="NaN"), "total"),
    "with a date that is none": (record_changed(issue_date="yesterday"), "issue_date"),
    "with lines that are none": (record_changed(lines="two"), "lines"),
}


def test_a_broken_payload_is_held_with_its_problems_and_saving_again_cures_it(day_on_both: BadDay) -> None:
    day = day_on_both
    customer = day.customer()
    broken = {what: day.invoice(customer) for what in [*PAYLOADS, "cut off"]}
    for what, (spoil, _) in PAYLOADS.items():
        day.tamper(broken[what], json.dumps(spoil(json.loads(day.payload(broken[what])))))
    day.tamper(broken["cut off"], day.payload(broken["cut off"])[:100])
    beside = day.others()
    day.until_done(*beside)
    causes = {what: cause for what, (_, cause) in PAYLOADS.items()} | {"cut off": "not JSON"}
    for what, cause in causes.items():
        day.told(broken[what], State.HELD, "cannot be read", cause, "save it again")
        assert not day.in_books(broken[what]), what
    day.nothing_lost()
    for invoice in broken.values():
        with day.shop.core.begin(day.shop.tenant, actor="office") as tx:
            tx.update_invoice(invoice.id, draft_of(invoice))
    day.until_done(*broken.values())
    day.whole()


def test_a_row_that_this_release_does_not_know_stops_nobody_else(day_on_both: BadDay) -> None:
    """Rows of a kind that only a later release writes, left behind by a downgrade."""
    day = day_on_both
    strange = day.invoice()
    o = t.outbox
    mine = o.c.ref_id == strange.id
    with day.shop.core.begin(day.shop.tenant) as tx:
        tx.connection.execute(o.update().where(mine).values(ref_kind="credit_memo"))
    beside = day.others()
    day.until_done(*beside)
    with day.shop.core.engine.connect() as connection:
        row = connection.execute(sa.select(o).where(mine, o.c.ref_kind == "credit_memo")).one()
    assert row.state == State.HELD
    assert "credit_memo" in row.reason
    assert row.remedy
    with day.shop.core.begin(day.shop.tenant) as tx:
        tx.connection.execute(o.update().where(mine).values(ref_kind="invoice", state="pending"))
    day.until_done(strange)
    day.whole()


def event_of(day: BadDay, **values: Any) -> Event:
    """The event of an invoice that core never had, with these values."""
    genuine = day.heard[-1]
    ref = RecordRef(RecordKind.INVOICE, "ghost")
    return attrs.evolve(genuine, **{"ref": ref, "action": Action.CREATED, "record": None, **values})


#: What a hook may be called with by mistake; none of it can be kept.
RUBBISH: dict[str, Callable[[BadDay], Any]] = {
    "nothing": lambda _: None,
    "words": lambda _: "invoice 7 was created",
    "an empty object": lambda _: object(),
    "no tenant": lambda day: event_of(day, tenant_id=None),
    "a tenant that cannot be looked up": lambda day: event_of(day, tenant_id=["acme"]),
    "a ref of words": lambda day: event_of(day, ref="invoice:7"),
    "an action of words": lambda day: event_of(day, action="exploded"),
    "no revision": lambda day: event_of(day, revision=None),
    "a revision of words": lambda day: event_of(day, revision="seven"),
    "a day without a zone": lambda day: event_of(day, occurred_at="yesterday"),
    "a record that cannot be written down": lambda day: event_of(day, record={1: object()}),
    "a cause that is no text": lambda day: event_of(day, cause=object()),
}


def test_a_hook_called_with_rubbish_leaves_cores_transaction_whole(day_on_both: BadDay) -> None:
    day = day_on_both
    core, tenant = day.shop.core, day.shop.tenant
    quickbooks = core.world.get(PLUGIN)
    day.others()
    made: list[Invoice] = []
    for what, rubbish in RUBBISH.items():
        event = rubbish(day)
        failures, heard = quickbooks.failures, list(day.heard)
        with core.begin(tenant, actor="office") as tx:
            customer = tx.create_customer(Customer(id="", name=f"Before {what}"))
            core.announce("invoice_created", event, tx.connection, core.switches(tenant))
            day.heard.remove(event)  # the witness keeps what it is given
            made.append(tx.raise_invoice(draft(customer.id)))
        assert quickbooks.failures == failures, f"{what}: it raised into core"
        assert [event.ref for event in day.heard[len(heard) :]] == [customer.ref, made[-1].ref], what
    day.until_done(*made)
    day.nothing_lost()
    day.whole()


def test_an_event_that_could_not_be_kept_is_found_by_the_core_sweep(
    day_on_both: BadDay, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = day_on_both
    shop = day.shop
    customer = day.customer()
    missed = intake.missed
    with monkeypatch.context() as patch:
        patch.setattr(wire, "dump", no_events)
        invoice = day.invoice(customer)
    assert intake.missed == missed + 1
    day.others()
    assert sum(day.counted().values()) == len(day.heard) - 1
    assert sweep.sweep(shop.core, shop.tenant) == 1
    day.until_done(invoice)
    day.whole()


def no_events(value: Any, dump: Callable[[Any], str] = wire.dump) -> str:
    """As `wire.dump`, which for once cannot write events down."""
    if isinstance(value, Event):
        raise ValueError("the payload cannot be written")
    return dump(value)


# -- keys ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("lost", "words", "back"),
    [
        pytest.param((), "core gives no secret key", (KEY,), id="no key"),
        pytest.param(
            (OTHER_KEY,),
            "was sealed with a key that core no longer gives",
            (OTHER_KEY, KEY),
            id="another key, then both",
        ),
    ],
)
def test_a_lost_key_is_a_clean_refusal_and_with_the_key_back_it_goes_on(
    day: BadDay, monkeypatch: pytest.MonkeyPatch, lost: tuple[bytes, ...], words: str, back: tuple[bytes, ...]
) -> None:
    shop = day.shop
    early = day.invoice()
    day.until_done(early)
    admin = shop.browser()
    admin.get(f"{PAGES}/")
    sealed = kept(shop)[1:]
    monkeypatch.setattr(shop.engine.core, "_keys", lost)
    queue = [day.invoice(), day.pay(early), *day.others()]  # core itself is not disturbed
    calls = day.calls()
    day.until("the connection to stop", lambda: shop.row()["health"] == "stopped")
    told = shop.row()["health_reason"]
    assert words in told
    assert "put th" in told  # the remedy: put the key back
    if lost:
        assert "tokens" in told
        assert shop.id in told
    assert day.calls() == calls
    page = admin.get(f"{PAGES}/").text
    assert "Stopped" in page
    assert words in page
    # Pressing on without the key ends in the same sentence, not in a defect.
    pressed = admin.post(f"{PAGES}/resume")
    assert pressed.status_code in (303, 503)
    day.until("the connection to stop again", lambda: shop.row()["health"] == "stopped")
    assert {shop.state(record.ref) for record in queue} == {State.PENDING}
    assert kept(shop)[1:] == sealed
    day.nothing_lost()
    monkeypatch.setattr(shop.engine.core, "_keys", back)
    assert admin.post(f"{PAGES}/resume").status_code == 303
    day.until_done(*queue)
    day.whole()


# -- the server of the books -----------------------------------------------------------------------------
class Door:
    """A port of this machine behind which the books are, open or closed."""

    def __init__(self, day: BadDay) -> None:
        self._app = day.shop.twin.app
        self._port = 0
        self.open()

    def open(self) -> None:
        self._server = Server(self._app, port=self._port)
        self.address = self._server.base_url
        self._port = int(self.address.rpartition(":")[2])
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.stop()
        self._thread.join(timeout=10)


@contextmanager
def behind_a_door(day: BadDay) -> Iterator[Door]:
    """The plugin reaches the books, sign-in included, through a door that the test can close."""
    door, twin = Door(day), day.shop.twin
    settings = QboSettings.sandbox(door.address, client_id=twin.client_id, client_secret=twin.client_secret)
    day.shop.engine.turns.providers["qbo"] = QboProvider(settings)
    day.shop.carrier.close()  # so that it asks the provider for a new transport
    try:
        yield door
    finally:
        door.close()


def test_a_dead_books_server_is_waited_for(day: BadDay) -> None:
    shop = day.shop
    with behind_a_door(day) as door:
        early = day.invoice()
        day.until_done(early)
        door.close()
        queue = [day.invoice(), day.pay(early), *day.others()]
        payment = queue[1]  # everything that it needs is in the books already
        day.until("the refusal to be seen", lambda: "refused" in day.line(payment).reason)
        day.told(payment, State.WAITING, "refused the connection", "by itself")
        assert "are kept equal" not in day.overview()
        assert shop.row()["health"] in ("ok", "stopped")
        day.nothing_lost()
        door.open()
        day.until_done(*queue)
        day.whole()


@pytest.mark.parametrize("done", ["drop_before", "drop_after"])
def test_books_that_die_in_the_middle_of_a_call_have_everything_once_when_they_are_back(
    day: BadDay, done: str
) -> None:
    with behind_a_door(day) as door:
        queue = day.others()
        invoice = queue[0]
        day.trouble(done, match="/batch")
        day.until("nobody to know", lambda: day.counted()["uncertain"] > 0)
        door.close()
        day.told(day.first(State.UNCERTAIN), State.UNCERTAIN, "was lost", "looked up")
        for _ in range(3):
            day.shop.drain()
        day.nothing_lost()
        door.open()
        day.until_done(*queue)
        assert len(day.in_books(invoice)) == 1
        day.whole()


@pytest.mark.parametrize("trouble", ["html", "throttled_xml"])
def test_trouble_while_the_sign_in_is_renewed_needs_no_person(day: BadDay, trouble: str) -> None:
    queue = day.others()
    day.shop.twin_call("tokens/expire")
    day.trouble(trouble, match="/oauth2/v1/tokens")
    day.until_done(*queue)
    assert day.shop.row()["health"] == "ok"
    day.whole()


def test_dead_books_while_the_sign_in_is_renewed_need_no_person(day: BadDay) -> None:
    with behind_a_door(day) as door:
        queue = day.others()
        day.shop.twin_call("tokens/expire")
        while day.shop.row()["health"] != "refresh":
            assert day.shop.carrier.carry_one(day.shop.id)
        door.close()
        for _ in range(5):
            day.shop.drain()
        assert day.shop.row()["health"] != "sign_in"
        door.open()
        day.until_done(*queue)
        day.whole()


# -- answers -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("trouble", "cause"),
    [("html", "cannot be read"), ("html_after", "cannot be read"), ("truncated", "was lost")],
)
def test_an_answer_that_is_no_json_leaves_the_record_uncertain_until_it_is_looked_up(
    day: BadDay, trouble: str, cause: str
) -> None:
    invoice = day.invoice()
    day.trouble(trouble, match="/batch", count=2)  # the customer's batch and its invoice's, or the same again
    day.until("nobody to know", lambda: day.counted()["uncertain"] > 0)
    day.told(day.first(State.UNCERTAIN), State.UNCERTAIN, cause, "looked up")
    beside = day.others()
    day.nothing_lost()
    day.until_done(*beside, invoice)
    day.whole()


@pytest.mark.parametrize("match", ["/cdc", "/query"])
def test_questions_that_are_answered_in_html_are_asked_again(day: BadDay, match: str) -> None:
    shop = day.shop
    day.trouble("html", match=match, count=2)
    if match == "/query":
        day.trouble("html_after", match="/batch")  # so that something has to be looked up
    queue = day.others()
    shop.twin_call("do", action="create", kind="Customer", body={"DisplayName": "Mailed In"})
    shop.poll()
    day.until_done(*queue)
    day.until("the new customer to arrive", lambda: "Mailed In" in names(day))
    day.whole()


def names(day: BadDay) -> set[str]:
    """The names of core's customers."""
    found = day.shop.core.iterate(day.shop.tenant, kinds=[RecordKind.CUSTOMER])
    return {snapshot.record.name for snapshot in found if isinstance(snapshot.record, Customer)}


def test_429_with_an_xml_body_makes_the_connection_rest_and_then_go_on(day: BadDay) -> None:
    shop = day.shop
    invoice = day.invoice()
    day.trouble("throttled_xml", match="/batch")
    day.until("the rest to begin", lambda: shop.row()["rest_until"] is not None)
    day.told(day.first(State.WAITING, "pause"), State.WAITING, "too many calls", "by itself")
    calls = day.calls()
    beside = day.others()
    for _ in range(3):
        shop.drain()
    assert day.calls() == calls, "it called during the rest"
    assert shop.row()["health"] == "ok"
    day.nothing_lost()
    day.until_done(invoice, *beside)
    day.whole()


# -- what a person must decide -------------------------------------------------------------------------
def test_an_unmapped_category_is_held_by_name_and_released_by_mapping(day: BadDay) -> None:
    shop = day.shop
    held = day.invoice(service="gold_plating")
    payment = day.pay(held)
    beside = day.others()
    day.until_done(*beside)
    day.told(held, State.HELD, "not mapped", "“gold_plating”", "Map the named keys", "by itself")
    assert held.number in day.line(held).reason
    assert shop.state(payment.ref) == State.WAITING
    assert f"waits for {held.ref}" in day.line(payment).reason
    assert not day.in_books(held)
    assert not day.in_books(payment)
    day.nothing_lost()
    shop.map(Family.SERVICE, "gold_plating", item=shop.item("Repair"))
    day.until_done(held, payment)
    day.whole()


@pytest.mark.parametrize(
    ("known", "cure"),
    [
        pytest.param(False, "active again", id="found out by sending, active again"),
        pytest.param(True, "active again", id="seen before, active again"),
        pytest.param(True, "another item", id="seen before, another item"),
    ],
)
def test_an_inactive_item_is_held_by_name(day: BadDay, known: bool, cure: str) -> None:
    shop = day.shop
    item = shop.item("Repair")
    shop.map(Family.SERVICE, "other", item=shop.item("Install"))
    shop.twin_call("do", action="inactivate", kind="Item", id=item.id)
    if known:
        shop.poll()
    held = day.invoice(price="80.00")
    customer = day.customer()
    beside = [day.invoice(customer, service="other"), day.bill()]
    day.until_done(*beside)
    day.until_state(State.HELD, held)
    day.told(held, State.HELD, "inactive", "Repair", "active", "again")
    assert not day.in_books(held)
    day.nothing_lost()
    if cure == "another item":
        shop.map(Family.SERVICE, "repair", item=shop.item("Install"))
    else:
        shop.twin_call("do", action="edit", kind="Item", id=item.id, changes={"Active": True})
        shop.poll()
        day.retry_if_told_so(held)
    day.until_done(held)
    day.whole()


@pytest.mark.parametrize(
    ("known", "cure"),
    [
        pytest.param(False, "renamed in BlueOps", id="found out by sending, renamed in BlueOps"),
        pytest.param(False, "renamed in the books", id="found out by sending, renamed in the books"),
        pytest.param(True, "renamed in the books", id="seen before, renamed in the books"),
    ],
)
def test_a_customer_with_the_name_of_a_vendor_is_held_and_its_invoice_follows(
    day: BadDay, known: bool, cure: str
) -> None:
    shop = day.shop
    name = "Copper Kettle"
    vendor = shop.twin_call("do", action="create", kind="Vendor", body={"DisplayName": name})["result"]
    if known:
        shop.poll()
    held = day.customer(name)
    invoice = day.invoice(held)
    beside = day.others()
    day.until_done(*beside)
    day.until_state(State.HELD, held)
    day.told(held, State.HELD, "name is already used", "change the name")
    assert str(held.ref) in day.line(invoice).reason
    assert day.line(invoice).state in (State.HELD, State.WAITING)
    assert not day.in_books(invoice)
    day.nothing_lost()
    if cure == "renamed in BlueOps":
        held = shop.change(held, name=f"{name} Café")
    else:
        changes = {"DisplayName": f"{name} Supply"}
        shop.twin_call("do", action="edit", kind="Vendor", id=vendor["Id"], changes=changes)
        shop.poll()
        day.retry_if_told_so(held)
    day.until_done(held, invoice)
    assert day.in_books(invoice)[0]["CustomerRef"]["value"] == day.in_books(held)[0]["Id"]
    before = {**day.before, "Vendor": day.before["Vendor"] + 1}  # theirs, entered during the day
    attrs.evolve(day, before=before).whole()


def test_amounts_that_do_not_add_up_are_held_with_both_figures(day: BadDay) -> None:
    shop = day.shop
    invoice = day.invoice(price="100.00")
    bill = day.bill("40.00")
    for record, total in ((invoice, "100.01"), (bill, "41.00")):
        event = json.loads(day.payload(record))
        event["record"]["total"] = total
        day.tamper(record, json.dumps(event))
    beside = day.others()
    day.until_done(*beside)
    day.told(invoice, State.HELD, "does not add up", "100.00", "100.01", "Correct the invoice in BlueOps")
    day.told(bill, State.HELD, "40.00", "41.00", "Correct")
    assert not day.in_books(invoice)
    assert not day.in_books(bill)
    day.nothing_lost()
    with shop.core.begin(shop.tenant, actor="office") as tx:
        tx.update_invoice(invoice.id, draft_of(invoice))
        tx.update_expense(bill)
    day.until_done(invoice, bill)
    day.whole()


def test_a_payment_of_more_than_it_says_is_held_with_both_figures(day: BadDay) -> None:
    invoice = day.invoice()
    payment = day.pay(invoice)
    event = json.loads(day.payload(payment))
    event["record"]["amount"] = "99.00"
    day.tamper(payment, json.dumps(event))
    beside = day.others()
    day.until_done(*beside, invoice)
    day.told(payment, State.HELD, "99.00", "100.00")
    assert not day.in_books(payment)
    with day.shop.core.begin(day.shop.tenant, actor="office") as tx:
        tx.update_payment(attrs.evolve(payment, amount=Decimal("100.00")))
    day.until_done(payment)
    day.whole()
