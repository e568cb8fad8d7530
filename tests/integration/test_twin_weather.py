"""Bad weather, throttles and the admin API of the twin."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from blueops_qb.sandbox.qbo import throttle
from blueops_qb.sandbox.qbo.server import Settings
from blueops_qb.sandbox.qbo.throttle import Limits
from tests.twin_calls import Caller, calling, invoice, payment, sales_line


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


def invoices(qbo: Caller) -> int:
    return int(qbo.query("select count(*) from Invoice")["totalCount"])


def raise_one(qbo: Caller, **params: str) -> requests.Response:
    return qbo.raw("POST", "/invoice", json=invoice("1", sales_line("10")), params=params)


@pytest.mark.parametrize(
    ("trouble", "created"), [("drop_before", 0), ("drop_after", 1), ("timeout_after", 1), ("truncated", 1)]
)
def test_lost_answers(qbo: Caller, trouble: str, created: int) -> None:
    before = invoices(qbo)
    qbo.admin("faults", trouble=trouble, match="/invoice", seconds=0.05)
    with pytest.raises(requests.RequestException):
        raise_one(qbo, requestid="once")
    assert invoices(qbo) == before + created
    assert raise_one(qbo, requestid="once").status_code == 200
    assert invoices(qbo) == before + 1


@pytest.mark.parametrize(
    ("trouble", "status", "created"),
    [
        ("error_before", 500, 0),
        ("error_after", 500, 1),
        ("unavailable", 503, 0),
        ("html", 200, 0),
        ("html_after", 200, 1),
        ("throttled", 429, 0),
        ("throttled_xml", 429, 0),
    ],
)
def test_wrong_answers(qbo: Caller, trouble: str, status: int, created: int) -> None:
    before = invoices(qbo)
    qbo.admin("faults", trouble=trouble, method="POST", match="/invoice")
    response = raise_one(qbo)
    assert response.status_code == status
    assert ("html" in response.headers["Content-Type"]) == (trouble in ("html", "html_after", "unavailable"))
    assert response.text.startswith("<?xml") == (trouble == "throttled_xml")
    assert invoices(qbo) == before + created
    assert raise_one(qbo).json()["Invoice"]["Id"]


def test_with_requestids_ignored_a_lost_answer_makes_a_twin(qbo: Caller) -> None:
    qbo.admin("switches", requestid_ignored=True)
    qbo.admin("faults", trouble="drop_after", match="/invoice")
    before = invoices(qbo)
    with pytest.raises(requests.RequestException):
        raise_one(qbo, requestid="once")
    raise_one(qbo, requestid="once")
    assert invoices(qbo) == before + 2


def test_trouble_can_wait_repeat_and_be_cleared(qbo: Caller) -> None:
    qbo.admin("faults", trouble="error_before", count=2, skip=1, match="/customer/")
    seen = [qbo.raw("GET", "/customer/1").status_code for _ in range(5)]
    assert seen == [200, 500, 500, 200, 200]
    qbo.admin("faults", trouble="error_before", count=99)
    assert qbo.admin("switches")["planned"]
    requests.post(f"{qbo.twin.base_url}/twin/faults/clear", json={}, timeout=60)
    assert qbo.raw("GET", "/customer/1").status_code == 200


def test_slow_answers_and_latency_pass_outside_the_lock(qbo: Caller) -> None:
    qbo.admin("faults", trouble="slow", seconds=0.2)
    started = time.monotonic()
    assert qbo.raw("GET", "/customer/1").status_code == 200
    assert time.monotonic() - started >= 0.2
    qbo.admin("switches", latency_ms=50)
    started = time.monotonic()
    qbo.raw("GET", "/customer/1")
    assert time.monotonic() - started >= 0.05


def test_the_token_endpoint_can_fail_too(qbo: Caller) -> None:
    qbo.admin("faults", trouble="drop_after", match="/oauth2/")
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": qbo.twin.refresh_token,
        "client_id": qbo.twin.client_id,
        "client_secret": qbo.twin.client_secret,
    }
    url = f"{qbo.twin.base_url}/oauth2/v1/tokens/bearer"
    with pytest.raises(requests.RequestException):
        requests.post(url, data=fields, timeout=60)
    assert requests.post(url, data=fields, timeout=60).status_code == 200


def test_one_requestid_from_many_threads_at_once_creates_one_invoice(qbo: Caller) -> None:
    before = invoices(qbo)

    def send(number: int) -> str:
        with requests.Session() as session:
            caller = Caller(twin=qbo.twin, session=session, token=qbo.token)
            return str(raise_one(caller, requestid=f"r-{number % 3}").json()["Invoice"]["Id"])

    with ThreadPoolExecutor(max_workers=12) as pool:
        made = list(pool.map(send, range(36)))
    assert len(set(made)) == 3
    assert invoices(qbo) == before + 3


# --- throttles ----------------------------------------------------------------------------------------------


class Seconds:
    """Stands for the module `time` where calls are counted: time passes when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


def test_limits_answer_429_as_the_service_does(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(per_minute=12, per_second=5, batches_per_minute=2)
    seconds = Seconds()
    monkeypatch.setattr(throttle, "time", seconds)
    with calling(settings=Settings(limits=limits)) as qbo:
        first = [qbo.raw("GET", "/customer/1") for _ in range(7)]
        assert [response.status_code for response in first] == [200] * 5 + [429] * 2
        error = first[-1].json()["Fault"]["Error"][0]
        assert (error["code"], first[-1].json()["Fault"]["type"]) == ("3001", "SERVICE")
        seconds.now += 1.05
        batch = {"BatchItemRequest": [{"bId": "1", "Query": "select count(*) from Item"}]}
        codes = [qbo.raw("POST", "/batch", json=batch).status_code for _ in range(3)]
        assert codes == [200, 200, 429]
        qbo.admin("switches", xml_throttle=True)
        seconds.now += 1.05
        later = [qbo.raw("GET", "/customer/1") for _ in range(6)]
        assert [response.status_code for response in later][:5] == [200] * 5
        assert later[5].headers["Content-Type"].startswith("application/xml")
        seconds.now += 1.05
        assert qbo.raw("GET", "/customer/1").status_code == 429
        qbo.admin("switches", limits=None)
        assert qbo.raw("GET", "/customer/1").status_code == 200


def test_limits_are_read_from_text() -> None:
    assert Limits.parse("") == Limits(per_minute=500, per_second=10, batches_per_minute=40)
    assert Limits.parse("60,2,4") == Limits(per_minute=60, per_second=2, batches_per_minute=4)
    with pytest.raises(ValueError, match="MIN,SEC,BATCH"):
        Limits.parse("60")


# --- what the admin API shows -------------------------------------------------------------------------------


def test_calls_are_counted(qbo: Caller) -> None:
    requests.post(f"{qbo.twin.base_url}/twin/stats/reset", json={}, timeout=60)
    raise_one(qbo)
    qbo.read("Customer", "1")
    items = [{"bId": str(n), "Query": "select count(*) from Item"} for n in range(3)]
    qbo.post("/batch", {"BatchItemRequest": items})
    qbo.refuses("Customer", {})
    stats = qbo.admin("stats")
    assert (stats["writes"], stats["reads"], stats["batches"], stats["batch_items"]) == (2, 1, 1, 3)
    assert stats["calls"] == {
        "POST /invoice": 1,
        "GET /customer": 1,
        "POST /batch": 1,
        "POST /customer": 1,
    }
    assert stats["faults"] == {"6080": 1}
    assert [call["status"] for call in qbo.admin("calls")["calls"]] == [200, 200, 200, 400]


def test_the_dump_shows_inactive_records_and_deleted_ids(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("10")))
    qbo.delete("Invoice", made)
    qbo.update("Class", qbo.read("Class", "3"), Active=False)
    dump = qbo.admin("dump")
    assert dump["deleted"]["Invoice"] == [made["Id"]]
    assert "Drain (deleted)" in {row["Name"] for row in dump["records"]["Class"]}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("nonsense", {"a": 1}, 404),
        ("tax", {"mode": "flat"}, 400),
        ("company", {"colour": "red"}, 400),
        ("faults", {"trouble": "meteor"}, 400),
        ("closing", {"date": "soon"}, 400),
        ("do", {"action": "dance"}, 400),
        ("do", {"action": "void", "kind": "Invoice"}, 400),
        ("do", {"action": "void", "kind": "Invoice", "id": "9999"}, 400),
    ],
)
def test_wrong_admin_calls_say_why(qbo: Caller, path: str, body: dict[str, Any], status: int) -> None:
    response = requests.post(f"{qbo.twin.base_url}/twin/{path}", json=body, timeout=60)
    assert response.status_code == status
    assert "error" in response.json() or "Fault" in response.json()


# --- people -------------------------------------------------------------------------------------------------


def test_a_person_edits_voids_deletes_and_inactivates(qbo: Caller) -> None:
    place = {"Line1": "9 New St", "City": "Reno"}
    edited = qbo.admin("do", action="edit", kind="Customer", id="1", changes={"BillAddr": place})
    assert edited["result"]["BillAddr"] == place
    before = int(edited["result"]["SyncToken"])
    made = qbo.create("Invoice", invoice("1", sales_line("10"), TxnDate="2026-01-05"))
    qbo.admin("closing", date="2026-01-31")
    qbo.admin("do", action="void", kind="Invoice", id=made["Id"])
    assert qbo.read("Invoice", made["Id"])["PrivateNote"] == "Voided"
    qbo.admin("do", action="delete", kind="Invoice", id=made["Id"])
    assert qbo.fault("GET", f"/invoice/{made['Id']}")[0] == "610"
    assert int(qbo.read("Customer", "1")["SyncToken"]) > before
    bill = qbo.query("select * from Bill maxresults 1")["Bill"][0]
    changed = qbo.admin("do", action="edit", kind="Bill", id=bill["Id"], changes={"PrivateNote": "seen"})
    assert changed["result"]["PrivateNote"] == "seen"
    gone = qbo.admin("do", action="inactivate", kind="Item", id="3")
    assert gone["result"]["Active"] is False


def test_a_person_receives_and_deposits_a_check(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("100")))
    got = qbo.admin(
        "do",
        action="receive_payment",
        customer="1",
        invoices={made["Id"]: "40.50"},
        total="50",
        number="1188",
    )["result"]
    assert (got["TotalAmt"], got["UnappliedAmt"], got["PaymentRefNum"]) == (50, 9.5, "1188")
    assert got["PaymentMethodRef"]["name"] == "Check"
    assert qbo.read("Invoice", made["Id"])["Balance"] == 59.5
    banked = qbo.admin("do", action="make_deposit", payments=[got["Id"]])["result"]
    assert banked["TotalAmt"] == 50


def test_merging_customers_moves_their_documents(qbo: Caller) -> None:
    keep = qbo.create("Customer", {"DisplayName": "Keeper"})
    lose = qbo.create("Customer", {"DisplayName": "Loser"})
    job = qbo.create(
        "Customer", {"DisplayName": "Loser's job", "Job": True, "ParentRef": {"value": lose["Id"]}}
    )
    made = qbo.create("Invoice", invoice(lose["Id"], sales_line("30")))
    paid = qbo.create("Payment", payment(lose["Id"], "10", (made["Id"], "10")))
    answer = qbo.admin("do", action="merge", kind="Customer", keep=keep["Id"], lose=lose["Id"])
    assert answer["result"] == {"kept": keep["Id"], "deleted": lose["Id"], "name": "Loser"}
    assert qbo.fault("GET", f"/customer/{lose['Id']}")[0] == "610"
    assert qbo.read("Invoice", made["Id"])["CustomerRef"]["value"] == keep["Id"]
    assert qbo.read("Payment", paid["Id"])["CustomerRef"]["value"] == keep["Id"]
    assert qbo.read("Customer", job["Id"])["FullyQualifiedName"] == "Keeper:Loser's job"
    assert qbo.read("Customer", keep["Id"])["Balance"] == 20
    assert qbo.admin("ledger")["difference"] == "0.00"
    assert qbo.create("Vendor", {"DisplayName": "Loser"})["Id"]
