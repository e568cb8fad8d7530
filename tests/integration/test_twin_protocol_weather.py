"""The twin's trouble on demand: resets, stalls, bursts, disfigured answers, by count or by seeded chance."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import urllib3

from blueops_qb.sandbox.qbo.weather import Trouble
from tests.twin_calls import Caller, calling, invoice, sales_line


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling(seed="names") as caller:
        yield caller


def invoices(caller: Caller) -> int:
    return int(caller.query("select count(*) from Invoice")["totalCount"])


def raise_one(caller: Caller, *, timeout: float = 20, **params: str) -> requests.Response:
    """Create an invoice on a connection of its own."""
    return requests.post(
        f"{caller.root}/invoice",
        json=invoice("1", sales_line("10")),
        params=params,
        headers={"Authorization": f"Bearer {caller.token}", "Accept": "application/json"},
        timeout=timeout,
    )


def until_there_are(caller: Caller, wanted: int) -> None:
    """A client that is impatient may be gone before the work is done."""
    end = time.monotonic() + 60
    while (found := invoices(caller)) != wanted:
        assert time.monotonic() < end, f"{found} invoices"
        time.sleep(0.02)


def reads(caller: Caller, count: int) -> list[int]:
    return [caller.raw("GET", "/customer/1").status_code for _ in range(count)]


# --- connections --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("trouble", "created", "words"),
    [
        ("reset_before", 0, "Connection reset by peer"),
        ("reset_after", 1, "Connection reset by peer"),
        ("drop_before", 0, "closed connection without response"),
        ("drop_after", 1, "closed connection without response"),
    ],
)
def test_a_connection_is_reset_or_closed_before_or_after_the_work(
    qbo: Caller, trouble: str, created: int, words: str
) -> None:
    qbo.admin("faults", trouble=trouble, match="/invoice")
    with pytest.raises(requests.ConnectionError, match=words):
        raise_one(qbo, requestid="once")
    assert invoices(qbo) == created
    assert raise_one(qbo, requestid="once").status_code == 200
    assert invoices(qbo) == 1


@pytest.mark.parametrize(("trouble", "created"), [("stall", 0), ("timeout_after", 1)])
def test_silence_outlasts_the_client(qbo: Caller, trouble: str, created: int) -> None:
    qbo.admin("faults", trouble=trouble, match="/invoice", seconds=600)
    with pytest.raises(requests.ReadTimeout):
        raise_one(qbo, timeout=0.3)
    until_there_are(qbo, created)


def test_a_body_may_stall_in_the_middle(qbo: Caller) -> None:
    qbo.admin("faults", trouble="stalled_body", match="/invoice", seconds=600)
    with pytest.raises((requests.ConnectionError, requests.ReadTimeout), match="timed out"):
        raise_one(qbo, timeout=0.4)
    until_there_are(qbo, 1)
    qbo.admin("faults", trouble="stalled_body", match="/invoice", seconds=0.1)
    with pytest.raises((requests.exceptions.ChunkedEncodingError, urllib3.exceptions.ProtocolError)):
        raise_one(qbo)
    assert invoices(qbo) == 2


@pytest.mark.parametrize(
    ("trouble", "status", "created"), [("bad_gateway", 502, 0), ("gateway_timeout", 504, 1)]
)
def test_pages_of_the_gateway(qbo: Caller, trouble: str, status: int, created: int) -> None:
    qbo.admin("faults", trouble=trouble, match="/invoice")
    response = raise_one(qbo)
    assert (response.status_code, response.headers["Content-Type"]) == (status, "text/html")
    assert invoices(qbo) == created


# --- disfigured answers -------------------------------------------------------------------------------------


def test_members_nobody_knows(qbo: Caller) -> None:
    qbo.admin("faults", trouble="extra_members", count=3)
    made = raise_one(qbo).json()
    for place in (made, made["Invoice"], made["Invoice"]["CustomerRef"], made["Invoice"]["Line"][0]):
        assert place["memberOfTomorrow"] == {"kind": ["new", 1, None]}
    assert made["Invoice"]["TotalAmt"] == 10
    empty = qbo.get("/query", query="select * from Invoice where DocNumber = 'none'")
    assert empty["QueryResponse"] == {}
    qbo.get("/customer/1")
    assert "memberOfTomorrow" not in qbo.get("/customer/1")


def test_members_left_out(qbo: Caller) -> None:
    qbo.admin("faults", trouble="members_omitted")
    bare = raise_one(qbo).json()
    assert bare.keys() == {"Invoice"}
    assert not {"domain", "sparse"} & bare["Invoice"].keys()
    assert bare["Invoice"]["CustomerRef"] == {"value": "1"}
    qbo.admin("faults", trouble="members_omitted", members=["MetaData", "SyncToken"])
    other = raise_one(qbo).json()
    assert not {"MetaData", "SyncToken"} & other["Invoice"].keys()
    assert other["Invoice"]["CustomerRef"]["name"] == "Abara, Ngozi"


def test_enumerations_in_their_older_spelling(qbo: Caller) -> None:
    qbo.admin("faults", trouble="old_spelling")
    shouted = raise_one(qbo).json()["Invoice"]
    assert shouted["Line"][0]["DetailType"] == "SALES_ITEM_LINE_DETAIL"
    assert shouted["EmailStatus"] == "NOT_SET"
    assert qbo.read("Invoice", shouted["Id"])["Line"][0]["DetailType"] == "SalesItemLineDetail"


def test_a_disfigured_refusal_is_still_a_refusal(qbo: Caller) -> None:
    qbo.admin("faults", trouble="extra_members")
    response = qbo.raw("GET", "/invoice/99999")
    assert (response.status_code, response.json()["Fault"]["Error"][0]["code"]) == (400, "610")


# --- by count, by chance, in bursts -------------------------------------------------------------------------


def test_trouble_lasts_until_it_is_cleared_where_no_count_is_given(qbo: Caller) -> None:
    qbo.admin("faults", trouble="unavailable", count=0, match="/customer/")
    assert reads(qbo, 7) == [503] * 7
    assert qbo.query("select count(*) from Customer")["totalCount"] > 0
    assert qbo.admin("switches")["planned"][0]["trouble"] == "unavailable"
    requests.post(f"{qbo.twin.base_url}/twin/faults/clear", json={}, timeout=60)
    assert reads(qbo, 1) == [200]


def test_chance_is_seeded_and_near_its_rate(qbo: Caller) -> None:
    runs: list[list[int]] = []
    for _ in range(2):
        requests.post(f"{qbo.twin.base_url}/twin/faults/clear", json={}, timeout=60)
        qbo.admin("faults", trouble="throttled", count=0, rate=0.2, seed=7, match="/customer/")
        runs.append(reads(qbo, 120))
    assert runs[0] == runs[1]
    assert 10 <= runs[0].count(429) <= 40
    requests.post(f"{qbo.twin.base_url}/twin/faults/clear", json={}, timeout=60)
    qbo.admin("faults", trouble="throttled", count=0, rate=0.2, seed=8, match="/customer/")
    assert reads(qbo, 120) != runs[0]


def test_a_strike_by_chance_may_go_on_for_some_calls(qbo: Caller) -> None:
    qbo.admin("faults", trouble="error_before", count=0, rate=0.05, burst=4, seed=3, match="/customer/")
    words = "".join("x" if status == 500 else "." for status in reads(qbo, 120))
    bursts = [burst for burst in words.rstrip("x").split(".") if burst]
    assert bursts
    assert all(len(burst) % 4 == 0 or len(burst) > 4 for burst in bursts)
    assert min(len(burst) for burst in bursts) == 4


def test_several_plans_at_once_strike_one_after_the_other(qbo: Caller) -> None:
    qbo.admin("faults", trouble="unavailable", count=2, match="/customer/")
    qbo.admin("faults", trouble="throttled", count=1, match="/customer/")
    assert reads(qbo, 4) == [503, 503, 429, 200]


@pytest.mark.parametrize(
    "plan",
    [
        {"trouble": "slow", "rate": 1.5},
        {"trouble": "slow", "rate": -0.1},
        {"trouble": "slow", "burst": 0},
        {"trouble": "slow", "count": -1},
        {"trouble": "slow", "skip": -1},
    ],
)
def test_impossible_plans_are_refused(qbo: Caller, plan: dict[str, object]) -> None:
    response = requests.post(f"{qbo.twin.base_url}/twin/faults", json=plan, timeout=60)
    assert response.status_code == 400
    assert "rate is from 0 to 1" in response.json()["error"]
    assert qbo.admin("switches")["planned"] == []


def test_the_handbook_names_every_trouble_switch_and_condition(qbo: Caller, project_root: Path) -> None:
    text = (project_root / "docs" / "how-to" / "practise-against-the-twin.md").read_text(encoding="utf-8")
    switches = set(qbo.admin("switches")) - {"planned"}
    conditions = set(qbo.admin("company", lapsed=False))
    names = {trouble.value for trouble in Trouble} | switches | conditions
    assert sorted(name for name in names if f"`{name}`" not in text and f'"{name}"' not in text) == []


def test_only_some_reads_can_lag(qbo: Caller) -> None:
    body = {"stale_seconds": 1, "stale_reads": ["report"]}
    response = requests.post(f"{qbo.twin.base_url}/twin/switches", json=body, timeout=60)
    assert response.status_code == 400
    assert "query, cdc, read" in response.json()["error"]
    assert qbo.admin("switches")["stale_seconds"] == 0
