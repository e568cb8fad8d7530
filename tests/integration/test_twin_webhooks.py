"""The twin tells what changed: signed, gathered, in both formats, again until acknowledged, in any disorder."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
import requests

from blueops_qb.providers.qbo.gate import PATH, WebhookGate
from blueops_qb.sandbox.qbo import people, webhooks
from blueops_qb.sandbox.qbo.running import new_company, running_twin
from blueops_qb.sandbox.qbo.server import serve
from blueops_qb.sandbox.qbo.webhooks import SCHEDULE, Hook
from blueops_qb.sandbox.qbo.webhooks_format import Format, signature
from blueops_qb.sdk.provider import Hints
from tests.twin_calls import Caller, calling, invoice, payment, sales_line
from tests.webhook_receiver import Receiver, receiving


@pytest.fixture(scope="module")
def books() -> Iterator[Caller]:
    with pytest.MonkeyPatch.context() as patch:
        # What is acknowledged late is sent again; a machine that stands still for a while is no such receiver.
        patch.setattr(webhooks, "PATIENCE", 60.0)
        with calling(seed="names") as caller:
            yield caller


@pytest.fixture
def hooked(books: Caller) -> Iterator[tuple[Caller, Receiver]]:
    """A twin that tells a receiver; nothing is told of what other tests did."""
    with receiving() as receiver:
        books.admin(
            "webhooks", url=receiver.url, token=receiver.token, gather_seconds=0.05, retry_scale=0.001
        )
        try:
            yield books, receiver
        finally:
            books.admin("webhooks", url=None)
            # The next test starts with the usual settings.
            assert books.admin("webhooks")["url"] is None


def events(bodies: list[Any]) -> list[tuple[str, str]]:
    """(type, entity id) of every CloudEvent."""
    return [(event["type"], event["intuitentityid"]) for body in bodies for event in body]


def entities(body: Any) -> list[dict[str, Any]]:
    return [e for block in body["eventNotifications"] for e in block["dataChangeEvent"]["entities"]]


def test_the_signature_is_that_of_the_reference() -> None:
    body = (
        b'[{"specversion":"1.0","id":"evt-1","source":"intuit.demo","type":"qbo.invoice.updated.v1",'
        b'"time":"2026-01-02T03:04:05Z","intuitentityid":"145","intuitaccountid":"9130350000000001"}]'
    )
    assert len(body) == 181
    assert signature(body, "blueops-verifier-token") == "kv75vQVp1IfVkP5XjB28u7lhWkZzUKLbajk2NvWDJYQ="


def test_a_write_is_told_as_a_cloud_event_with_ids_only(hooked: tuple[Caller, Receiver]) -> None:
    books, receiver = hooked
    made = books.create("Customer", {"DisplayName": "Ada Told", "Notes": "never told"})
    (body,) = receiver.wait_for(1)
    (event,) = body
    assert re.fullmatch(r"[0-9a-f-]{36}", event.pop("id"))
    assert event.pop("source").startswith("intuit.")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", event.pop("time"))
    assert event == {
        "specversion": "1.0",
        "type": "qbo.customer.created.v1",
        "datacontenttype": "application/json",
        "intuitentityid": made["Id"],
        "intuitaccountid": books.twin.realm,
        "data": {},
    }
    assert b"Ada" not in receiver.posts[0][0]
    assert b"never told" not in receiver.posts[0][0]


def test_what_a_write_moves_is_told_with_it_each_record_once(hooked: tuple[Caller, Receiver]) -> None:
    books, receiver = hooked
    books.admin("webhooks", hold=True)
    bill = books.create("Invoice", invoice("1", sales_line("120.00")))
    paid = books.create("Payment", payment("1", "120.00", (bill["Id"], "120.00")))
    books.admin("webhooks", hold=False)
    told = events(receiver.wait_for(1))
    assert ("qbo.invoice.created.v1", bill["Id"]) in told
    assert ("qbo.payment.created.v1", paid["Id"]) in told
    assert ("qbo.invoice.updated.v1", bill["Id"]) in told, "its balance fell"
    assert told.count(("qbo.customer.updated.v1", "1")) == 1, "two changes in one delivery are one event"


def test_void_delete_and_a_refused_write(hooked: tuple[Caller, Receiver]) -> None:
    books, receiver = hooked
    first = books.create("Invoice", invoice("1", sales_line("50.00")))
    second = books.create("Invoice", invoice("1", sales_line("60.00")))
    assert books.refuses("Invoice", {"CustomerRef": {"value": "1"}}) == "2020"
    books.void("Invoice", books.read("Invoice", first["Id"]))
    books.delete("Invoice", books.read("Invoice", second["Id"]))
    books.admin("webhooks/flush", seconds=45)
    told = events([json.loads(body) for body, _ in receiver.posts])
    assert ("qbo.invoice.voided.v1", first["Id"]) in told
    assert ("qbo.invoice.deleted.v1", second["Id"]) in told
    assert {id for kind, id in told if ".invoice." in kind} == {first["Id"], second["Id"]}


def test_the_classic_format_with_a_merge(hooked: tuple[Caller, Receiver]) -> None:
    books, receiver = hooked
    keep = books.create("Customer", {"DisplayName": "Kept & Sons"})["Id"]
    lose = books.create("Customer", {"DisplayName": "Lost & Sons"})["Id"]
    books.admin("webhooks/flush", seconds=45)
    receiver.posts.clear()
    books.admin("webhooks", format="old", hold=True)
    books.admin("do", action="merge", kind="Customer", keep=keep, lose=lose)
    books.admin("webhooks", hold=False)
    (body,) = receiver.wait_for(1)
    assert [block["realmId"] for block in body["eventNotifications"]] == [books.twin.realm]
    merged = [entity for entity in entities(body) if entity["name"] == "Customer"]
    assert [(e["id"], e["operation"], e["deletedId"]) for e in merged] == [(keep, "Merge", lose)]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", merged[0]["lastUpdated"])


def test_a_merge_as_a_cloud_event_carries_the_loser_in_its_data(hooked: tuple[Caller, Receiver]) -> None:
    books, receiver = hooked
    keep = books.create("Vendor", {"DisplayName": "Pipes Kept"})["Id"]
    lose = books.create("Vendor", {"DisplayName": "Pipes Lost"})["Id"]
    books.admin("webhooks/flush", seconds=45)
    receiver.posts.clear()
    books.admin("webhooks", hold=True)
    books.admin("do", action="merge", kind="Vendor", keep=keep, lose=lose)
    books.admin("webhooks", hold=False)
    (body,) = receiver.wait_for(1)
    (event,) = [event for event in body if event["type"] == "qbo.vendor.merged.v1"]
    assert (event["intuitentityid"], event["data"]) == (keep, {"deletedid": lose})
    assert not [event for event in body if event["intuitentityid"] == lose]


def test_kinds_without_webhooks_are_not_told(hooked: tuple[Caller, Receiver]) -> None:
    books, receiver = hooked
    info = books.read("CompanyInfo", books.twin.realm)
    books.update("CompanyInfo", info, LegalName="Told of nowhere Inc.")
    books.create("Class", {"Name": "Told of"})
    bodies = receiver.wait_for(1)
    assert {kind for kind, _ in events(bodies)} == {"qbo.class.created.v1"}


def test_several_companies_share_one_delivery() -> None:
    second = new_company(realm="9130000000000002", seed="names")
    with receiving() as receiver:
        hook = Hook(url=receiver.url, token=receiver.token, style=Format.OLD, hold=True)
        with running_twin(seed="names", others=[second]) as twin:
            twin.app.webhooks.configure(hook)
            for company in (twin.company, second):
                people.add(company, kind="Customer", body={"DisplayName": "Same Name"})
            twin.app.webhooks.configure(attrs.evolve(hook, hold=False))
            (body,) = receiver.wait_for(1)
    realms = [block["realmId"] for block in body["eventNotifications"]]
    assert sorted(realms) == sorted([twin.realm, second.realm])


def test_a_failed_delivery_is_sent_again_byte_for_byte_and_holds_back_later_ones(
    hooked: tuple[Caller, Receiver],
) -> None:
    books, receiver = hooked
    receiver.answers = [500, 302, 404]
    books.admin("webhooks", retry_seconds=[100, 200, 300], retry_scale=0.001)
    first = books.create("Class", {"Name": "First told"})["Id"]
    receiver.wait_for(1)
    second = books.create("Class", {"Name": "Second told"})["Id"]
    bodies = receiver.wait_for(5)
    assert receiver.posts[0] == receiver.posts[1] == receiver.posts[2] == receiver.posts[3]
    assert events(bodies[:1]) == [("qbo.class.created.v1", first)]
    assert events(bodies[4:]) == [("qbo.class.created.v1", second)]
    waits = [b - a for a, b in zip(receiver.moments[:4], receiver.moments[1:4], strict=False)]
    assert [wait >= least for wait, least in zip(waits, (0.1, 0.2, 0.3), strict=True)] == [True] * 3
    books.admin("webhooks/flush", seconds=45)
    statuses = [attempt["status"] for attempt in books.admin("webhooks")["attempts"]][-5:]
    assert statuses == [500, 302, 404, 200, 200], "a redirect is not followed"


def test_the_usual_schedule_is_the_newest_of_the_reference() -> None:
    assert Hook(url="http://127.0.0.1/hook").schedule == SCHEDULE
    assert SCHEDULE == (10, 20, 30, 5 * 60, 20 * 60, 2 * 3600, 4 * 3600, 6 * 3600)


def test_an_address_that_does_not_answer_is_tried_again(books: Caller) -> None:
    with receiving() as receiver:
        gone = receiver.url
    books.admin("webhooks", url=gone, retry_seconds=[0.05], gather_seconds=0.0)
    try:
        books.create("Class", {"Name": "Told to nobody"})
        end = time.monotonic() + 60
        while len([a for a in books.admin("webhooks")["attempts"] if a["status"] == 0]) < 3:
            assert time.monotonic() < end, "it was not tried again"
            time.sleep(0.02)
        state = books.admin("webhooks")
        assert state["queued"] == 1
    finally:
        books.admin("webhooks", url=None)
    assert books.admin("webhooks")["queued"] == 0


def test_deliveries_are_repeated_shuffled_and_lost_on_demand(hooked: tuple[Caller, Receiver]) -> None:
    books, receiver = hooked
    books.admin("webhooks", hold=True, repeat=2, shuffle=4, most=3)
    ids = [books.create("Class", {"Name": f"Shuffled {n}"})["Id"] for n in range(12)]
    books.admin("webhooks", hold=False)
    bodies = receiver.wait_for(12)
    told = [id for _, id in events(bodies)]
    assert sorted(told) == sorted(ids * 3), "each one three times"
    firsts = list(dict.fromkeys(told))
    assert firsts != ids, "in another order"
    raw = [body for body, _ in receiver.posts]
    assert len(set(raw)) == 4, "a repeated delivery has the same bytes"

    receiver.posts.clear()
    books.admin("webhooks", repeat=0, shuffle=None, lose=0.5, hold=True)
    ids = [books.create("Class", {"Name": f"Lost {n}"})["Id"] for n in range(12)]
    books.admin("webhooks", hold=False, lose=0.0)
    books.admin("webhooks/flush", seconds=45)
    told = [id for _, id in events([json.loads(body) for body, _ in receiver.posts])]
    assert 0 < len(told) < 12
    assert set(told) < set(ids)


def test_old_deliveries_are_replayed_in_another_order(hooked: tuple[Caller, Receiver]) -> None:
    books, receiver = hooked
    for n in range(5):
        books.create("Class", {"Name": f"Replayed {n}"})
        books.admin("webhooks/flush", seconds=45)
    before = [body for body, _ in receiver.posts]
    assert len(before) == 5
    assert books.admin("webhooks/replay", count=5, seed=3) == {"queued": 5}
    receiver.wait_for(10)
    after = [body for body, _ in receiver.posts][5:]
    assert sorted(after) == sorted(before)
    assert after != before


def test_a_wrong_set_up_is_refused_with_a_sentence(books: Caller) -> None:
    def refused(**body: Any) -> str:
        response = requests.post(f"{books.twin.base_url}/twin/webhooks", json=body, timeout=60)
        assert response.status_code == 400
        return str(response.json()["error"])

    assert "on this machine" in refused(url="https://example.com/hook")
    assert "give a url" in refused(hold=True)
    assert "'speed'" in refused(url="http://127.0.0.1:1/", speed=9)
    assert "xml" in refused(url="http://127.0.0.1:1/", format="xml")
    assert books.admin("webhooks")["url"] is None


@attrs.define
class Desk:
    """Keeps what a gate is told; each gate's messages in the order in which they came."""

    told: list[Mapping[str, Hints]] = attrs.field(factory=list)

    def tell(self, company_id: str, hints: Hints) -> None:
        self.told.append({company_id: hints})

    def tell_all(self, hints: Mapping[str, Hints]) -> None:
        self.told.append(hints)


@pytest.mark.parametrize("style", list(Format), ids=lambda style: style.value)
def test_the_products_own_gate_takes_what_the_twin_tells(books: Caller, style: Format) -> None:
    desk = Desk()
    server = serve(WebhookGate(desk, ("other token", "the token")))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        books.admin("webhooks", url=f"{server.base_url}{PATH}", token="the token", format=style.value)
        made = books.create("Class", {"Name": f"Taken by the gate {style.value}"})
        assert books.admin("webhooks/flush", seconds=45)["acknowledged_all"] is True
        ((hint,),) = [told[books.twin.realm] for told in desk.told]
        assert (hint["entity"], hint["id"]) == ("Class", made["Id"])
        books.admin("webhooks", token="a wrong token", retry_seconds=[60])
        books.create("Class", {"Name": f"Refused by the gate {style.value}"})
        end = time.monotonic() + 60
        while books.admin("webhooks")["attempts"][-1]["status"] != 401:
            assert time.monotonic() < end, "it was not refused"
            time.sleep(0.02)
        assert books.admin("webhooks/flush", seconds=0.1)["acknowledged_all"] is False
        assert len(desk.told) == 1
    finally:
        books.admin("webhooks", url=None)
        server.stop()
        thread.join(timeout=60)


def test_the_command_tells_changes_to_its_webhook() -> None:
    with receiving() as receiver:
        arguments = ["--seed", "empty", "--webhook", receiver.url, "--webhook-format", "old"]
        code = "from blueops_qb.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", code, "sandbox", "qbo", *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        )
        assert process.stdout is not None
        try:
            ready = json.loads(process.stdout.readline().removeprefix("READY "))
            assert ready["webhook"] == receiver.url
            receiver.token = ready["webhook_token"]
            made = requests.post(
                f"{ready['base_url']}/v3/company/{ready['realm']}/customer",
                json={"DisplayName": "Told by the command"},
                headers={"Authorization": f"Bearer {ready['access_token']}", "Accept": "application/json"},
                timeout=60,
            ).json()["Customer"]
            (body,) = receiver.wait_for(1)
            assert [(e["name"], e["id"], e["operation"]) for e in entities(body)] == [
                ("Customer", made["Id"], "Create")
            ]
        finally:
            process.send_signal(signal.SIGTERM)
            ended = process.wait(timeout=60)
            process.stdout.close()
        assert ended == 0
