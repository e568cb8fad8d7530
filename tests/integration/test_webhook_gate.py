"""The webhook gate over real HTTP: signatures, both formats, replays, floods, and what it must never do."""

import base64
import hashlib
import hmac
import http.client
import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest
import requests
import sqlalchemy as sa

from blueops_qb.engine import hints as hint_rows
from blueops_qb.engine.engine import Engine
from blueops_qb.providers.qbo.gate import LARGEST_BODY, Unreadable, is_signed, read_hints
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.sandbox.core.pages.mount import make_wsgi
from blueops_qb.store import tables as t
from blueops_qb.web.gates import HintDesk, make_gates
from tests.core_house import TENANT
from tests.office import OTHER_TENANT, Office, office
from tests.served import served

TOKEN, OLDER = "verifier-of-today", "verifier-of-yesterday"
ADDRESS = "/gates/quickbooks/qbo/webhook"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def everything(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Office, str]]:
    """Core with the gate, connected, and its address; one for all tests of a database."""
    if request.param == "sqlite":
        database = f"sqlite:///{tmp_path_factory.mktemp('gate') / 'core.db'}"
    else:
        database = request.getfixturevalue("postgres_server").create(f"gate{uuid.uuid4().hex[:12]}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BLUEOPS_QB_QBO_WEBHOOK_TOKENS", f"{TOKEN}, {OLDER}")
        with office(database, seed="empty") as made, served(make_wsgi(made.core)) as base:
            made.bind()
            yield made, base + ADDRESS


@pytest.fixture
def shop(everything: tuple[Office, str]) -> Iterator[Office]:
    made, _ = everything
    yield made
    with made.core.begin(TENANT) as tx:
        tx.connection.execute(t.hints.delete())
        tx.connection.execute(t.connections.delete().where(t.connections.c.id.in_(["other", "gone"])))


@pytest.fixture
def url(everything: tuple[Office, str]) -> str:
    return everything[1]


def signature(body: bytes, token: str = TOKEN) -> str:
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()


def send(url: str, value: Any, *, token: str = TOKEN, **headers: str) -> requests.Response:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    usual = {"intuit-signature": signature(body, token), "Content-Type": "application/json"}
    return requests.post(url, data=body, headers={**usual, **headers}, timeout=60, allow_redirects=False)


def classic(realm: str, *entities: dict[str, str]) -> dict[str, Any]:
    return {"eventNotifications": [{"realmId": realm, "dataChangeEvent": {"entities": list(entities)}}]}


def event(realm: str, id: str = "231", *, kind: str = "payment.created", **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"evt-{id}",
        "source": "intuit.demo",
        "type": f"qbo.{kind}.v1",
        "time": "2026-01-02T03:04:05.179851517Z",
        "intuitentityid": id,
        "intuitaccountid": realm,
        **more,
    }


PAYMENT = {"name": "Payment", "id": "231", "operation": "Create", "lastUpdated": "2026-01-02T03:04:05.000Z"}
MERGE = {"name": "Customer", "id": "59", "operation": "Merge", "lastUpdated": "2026-01-02", "deletedId": "44"}


def kept(shop: Office) -> list[tuple[str, dict[str, str]]]:
    query = sa.select(t.hints).order_by(t.hints.c.id)
    with shop.core.engine.connect() as connection:
        rows = connection.execute(query).all()
    assert all(row.provider == "qbo" and row.received_at is not None for row in rows)
    assert all(row.processed_at is None for row in rows)
    return [(row.company_id, json.loads(row.payload)) for row in rows]


# -- the signature -------------------------------------------------------------------------------------
def test_the_reference_vector_fits_and_a_changed_byte_does_not() -> None:
    body = (
        b'[{"specversion":"1.0","id":"evt-1","source":"intuit.demo","type":"qbo.invoice.updated.v1",'
        b'"time":"2026-01-02T03:04:05Z","intuitentityid":"145","intuitaccountid":"9130350000000001"}]'
    )
    header = "kv75vQVp1IfVkP5XjB28u7lhWkZzUKLbajk2NvWDJYQ="
    assert len(body) == 181
    assert is_signed(body, header, ("another", "blueops-verifier-token"))
    assert not is_signed(body + b" ", header, ("blueops-verifier-token",))
    assert not is_signed(body, header, ("another", ""))
    assert not is_signed(body, header, ())
    for odd in ("", "=", "kv75", header.lower(), header[:-2], header + "A", "ü" * 44, header + ", " + header):
        assert not is_signed(body, odd, ("blueops-verifier-token",)), odd


def test_an_empty_token_opens_nothing() -> None:
    empty = base64.b64encode(hmac.new(b"", b"{}", hashlib.sha256).digest()).decode()
    assert not is_signed(b"{}", empty, ("",))


def test_a_message_with_another_signature_is_refused_without_a_word(shop: Office, url: str) -> None:
    good = classic(shop.twin.realm, PAYMENT)
    for answer in (
        send(url, good, token="somebody else"),
        send(url, good, **{"intuit-signature": "bm90IGEgc2lnbmF0dXJl"}),
        send(url, good, **{"intuit-signature": ""}),
        send(url, good, **{"intuit-signature": signature(b"another body")}),
        requests.post(url, json=good, timeout=60),
    ):
        assert (answer.status_code, answer.content) == (401, b"")
        assert "WWW-Authenticate" not in answer.headers
    assert kept(shop) == []


@pytest.mark.parametrize("token", [TOKEN, OLDER])
def test_while_a_token_is_replaced_both_are_accepted(shop: Office, url: str, token: str) -> None:
    assert send(url, classic(shop.twin.realm, PAYMENT), token=token).status_code == 200
    assert len(kept(shop)) == 1


# -- both formats --------------------------------------------------------------------------------------
def test_the_classic_format_leaves_hints(shop: Office, url: str) -> None:
    answer = send(url, classic(shop.twin.realm, PAYMENT, MERGE))
    assert (answer.status_code, answer.content) == (200, b"")
    assert "Set-Cookie" not in answer.headers
    first, second = kept(shop)
    when = "2026-01-02T03:04:05.000Z"
    assert first == (
        shop.twin.realm,
        {"entity": "Payment", "id": "231", "operation": "create", "time": when},
    )
    assert second[1]["deleted"] == "44"
    assert second[1]["operation"] == "merge"


def test_cloud_events_leave_the_same_hints(shop: Office, url: str) -> None:
    merged = event(shop.twin.realm, "59", kind="customer.merged", data={"deletedid": "27"})
    plain = event(shop.twin.realm, datacontenttype="application/json", data={})
    kind = "application/cloudevents-batch+json; charset=utf-8"
    assert send(url, [plain, merged], **{"Content-Type": kind}).status_code == 200
    (_, first), (_, second) = kept(shop)
    assert (first["entity"], first["id"], first["operation"], first["event"]) == (
        "Payment",
        "231",
        "create",
        "evt-231",
    )
    assert (second["entity"], second["operation"], second["deleted"]) == ("Customer", "merge", "27")


def test_one_post_tells_of_several_companies_and_unknown_ones_are_ignored(shop: Office, url: str) -> None:
    second = "9130000000000002"
    with shop.core.begin(OTHER_TENANT) as tx:
        row = tx.connection.execute(sa.select(t.connections)).mappings().one()
        other = {**row, "id": "other", "tenant_id": OTHER_TENANT, "company_id": second}
        tx.connection.execute(t.connections.insert(), other)
        retired = {**other, "id": "gone", "company_id": "4711", "state": "retired"}
        tx.connection.execute(t.connections.insert(), retired)
    events = [
        event(shop.twin.realm),
        event(second, "7"),
        event("4711", "8"),
        event("999", "9"),
        event("x'", "1"),
    ]
    assert send(url, events).status_code == 200
    assert [company for company, _ in kept(shop)] == [shop.twin.realm, second]
    assert send(url, [event("999"), event("4711")]).status_code == 200
    assert len(kept(shop)) == 2


def test_hints_are_written_with_one_statement(shop: Office) -> None:
    statements: list[str] = []

    def note(_: Any, __: Any, statement: str, *___: Any) -> None:
        statements.append(statement)

    told = {shop.twin.realm: [{"id": str(n)} for n in range(200)], "unknown": [{"id": "1"}]}
    sa.event.listen(shop.core.engine, "before_cursor_execute", note)
    HintDesk(shop.engine, "qbo").tell_all(told)
    sa.event.remove(shop.core.engine, "before_cursor_execute", note)
    (statement,) = (s for s in statements if not s.startswith("BEGIN"))
    assert "INSERT INTO blueops_qb_hints" in statement
    assert len(kept(shop)) == 200


# -- repeated, shuffled, flooded -----------------------------------------------------------------------
def test_what_is_repeated_or_shuffled_waits_once(shop: Office, url: str) -> None:
    entities = [{**PAYMENT, "id": str(n)} for n in range(6)]
    for order in (entities, entities[::-1], entities[:3] * 2, entities):
        assert send(url, classic(shop.twin.realm, *order)).status_code == 200
    assert sorted(hint["id"] for _, hint in kept(shop)) == [str(n) for n in range(6)]


def test_a_message_that_was_worked_already_is_looked_after_again(shop: Office, url: str) -> None:
    message = classic(shop.twin.realm, PAYMENT)
    for _ in range(2):
        assert send(url, message).status_code == 200
        with shop.core.engine.begin() as connection:
            count = connection.execute(t.hints.update().values(processed_at=sa.func.coalesce(1, 1))).rowcount
    assert count == 2


def test_a_flood_is_cut_fairly_because_each_hint_only_says_look() -> None:
    told = {"1": [{"id": str(n)} for n in range(900)], "2": [{"id": "7"}]}
    rows = hint_rows._rows(told)
    assert len(rows) == hint_rows.MOST_HINTS
    assert {row[1] for row in rows} == {"1", "2"}


# -- what is not a message -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"17",
        b'"text"',
        b"{}",
        b'{"eventNotifications": 3}',
        b"[" * 5000,
        b'{"realmId":' + b"9" * 5000 + b"}",
    ],
    ids=range(9),
)
def test_what_cannot_be_read_is_acknowledged_because_it_would_only_come_again(
    shop: Office, url: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "blueops_qb"):
        assert send(url, body).status_code == 200
    (record,) = [r for r in caplog.records if r.levelno == logging.WARNING]
    assert f"of {len(body)} bytes cannot be read" in record.getMessage()
    assert kept(shop) == []


def test_odd_entries_do_not_spoil_their_neighbours() -> None:
    realm = "123"
    odd: list[Any] = [None, 3, "x", [], {}, {"intuitaccountid": True}, {"intuitaccountid": "a\u0000b"}]
    found = read_hints(json.dumps([*odd, event(realm, kind="thing.exploded"), event(realm, 5)]).encode())  # type: ignore[arg-type]
    assert [hint["operation"] for hint in found[realm]] == ["exploded", "create"]
    assert found[realm][0]["entity"] == "thing"
    assert found[realm][1]["id"] == "5"
    notifications = [
        None,
        {"realmId": "1"},
        {"realmId": "2", "dataChangeEvent": {"entities": [None, PAYMENT]}},
    ]
    assert set(read_hints(json.dumps({"eventNotifications": notifications}).encode())) == {"2"}
    long = read_hints(json.dumps([event(realm, "9" * 4000)]).encode())[realm][0]
    assert len(long["id"]) == 100
    with pytest.raises(Unreadable):
        read_hints(b'{"eventNotifications": {}}')


def test_only_posts_of_json_to_the_one_address_are_heard(shop: Office, url: str) -> None:
    for method in ("GET", "PUT", "DELETE", "HEAD", "OPTIONS"):
        answer = requests.request(method, url, timeout=60)
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    message = classic(shop.twin.realm, PAYMENT)
    for kind in ("text/html", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        assert send(url, message, **{"Content-Type": kind}).status_code == 415
    for place in (url + "/", url + "/x", url.removesuffix("/webhook"), url.removesuffix("webhook")):
        assert send(place, message).status_code == 404
    assert kept(shop) == []


def test_a_body_that_is_too_large_is_not_read(shop: Office, url: str) -> None:
    assert send(url, b"[" + b" " * LARGEST_BODY + b"]").status_code == 413
    assert send(url, b"[" + b" " * (LARGEST_BODY - 2) + b"]").status_code == 200

    def endless() -> Iterator[bytes]:
        for _ in range(LARGEST_BODY // 65536 + 2):
            yield b" " * 65536

    answer = requests.post(url, data=endless(), headers={"Content-Type": "application/json"}, timeout=60)
    assert answer.status_code == 413
    assert kept(shop) == []


def test_a_chunked_message_is_heard(shop: Office, url: str) -> None:
    body = json.dumps(classic(shop.twin.realm, PAYMENT)).encode()
    headers = {"intuit-signature": signature(body), "Content-Type": "application/json"}
    answer = requests.post(url, data=iter([body[:20], body[20:]]), headers=headers, timeout=60)
    assert answer.status_code == 200
    assert len(kept(shop)) == 1


def test_a_message_without_a_type_is_heard_because_its_signature_decides(shop: Office, url: str) -> None:
    body = json.dumps(classic(shop.twin.realm, PAYMENT)).encode()
    parts = urlsplit(url)
    assert parts.hostname
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    connection.request("POST", parts.path, body, {"Intuit-Signature": signature(body)})
    assert connection.getresponse().status == 200
    connection.close()
    assert len(kept(shop)) == 1


# -- around it -----------------------------------------------------------------------------------------
def test_without_a_token_there_is_no_gate(shop: Office) -> None:
    provider = shop.engine.providers["qbo"]
    assert isinstance(provider, QboProvider)
    bare = attrs.evolve(provider, settings=attrs.evolve(provider.settings, webhook_tokens=()))
    gates = make_gates(Engine(core=shop.engine.core, providers={"qbo": bare}))
    with served(gates) as base:
        assert send(f"{base}/qbo/webhook", [], token="").status_code == 404


def test_a_dead_database_asks_intuit_to_come_again_and_logs_no_value(
    shop: Office, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with shop.core.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE blueops_qb_hints RENAME TO blueops_qb_hints_away"))
    with caplog.at_level(logging.DEBUG):
        answer = send(url, [event(shop.twin.realm, "SECRET-ENTITY-77")])
    assert (answer.status_code, answer.content) == (503, b"")
    with shop.core.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE blueops_qb_hints_away RENAME TO blueops_qb_hints"))
    assert "could not be kept" in caplog.text
    assert "SECRET-ENTITY-77" not in caplog.text
    assert shop.twin.realm not in caplog.text


@pytest.mark.postgres
def test_work_in_progress_does_not_keep_intuit_waiting(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn holds the connection's row for as long as it decides; SQLite has one writer, the bench tells of it."""
    monkeypatch.setenv("BLUEOPS_QB_QBO_WEBHOOK_TOKENS", TOKEN)
    with office(postgres_url, seed="empty") as made, served(make_wsgi(made.core)) as base:
        made.bind()
        with made.turn() as turn:
            turn.set(health_reason="in the middle of a decision")
            # Whoever waited for the row would wait until the turn ends, which is after this answer.
            answer = send(base + ADDRESS, [event(made.twin.realm)])
            assert answer.status_code == 200
        assert len(kept(made)) == 1


def test_the_tokens_show_in_no_representation(shop: Office) -> None:
    provider = shop.engine.providers["qbo"]
    assert isinstance(provider, QboProvider)
    gate = provider.gate(HintDesk(shop.engine, "qbo"))
    for thing in (provider, provider.settings, gate):
        assert TOKEN not in repr(thing)
