"""Clients that are not written in Python: the very HTTP that they send, and what they do with the answers.

Described from the behaviour of node-quickbooks (Node.js) and tap-quickbooks (Singer); nothing of them runs here.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests
from requests_oauthlib import OAuth2Session

from tests.twin_calls import Caller, Json, calling, expense_line, invoice, sales_line


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


def node(caller: Caller, method: str, path: str, body: Json | None = None, **query: str) -> Json:
    """A call as node-quickbooks makes it: minorversion and format in the query, a header QuickBooks ignores."""
    headers = {
        "User-Agent": "node-quickbooks: version 2.0.39",
        "Request-Id": "5f1c7a10-0000-11ee-8c99-0242ac120002",
        "Authorization": f"Bearer {caller.token}",
        "Accept": "application/json",
        "Accept-Encoding": "gzip, deflate",
    }
    joined = "&".join(f"{name}={value}" for name, value in (query | {"minorversion": "65"}).items())
    url = f"{caller.root}{path}{'&' if '?' in path else '?'}{joined}&format=json"
    response = requests.request(method, url, json=body, headers=headers, timeout=60)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert isinstance(answer, dict)
    return answer


# --- node-quickbooks ----------------------------------------------------------------------------------------


def test_node_creates_reads_updates_and_deletes_what_it_read(qbo: Caller) -> None:
    made = node(qbo, "POST", "/bill", {"VendorRef": {"value": "34"}, "Line": [expense_line("5", "45")]})[
        "Bill"
    ]
    read = node(qbo, "GET", f"/bill/{made['Id']}")["Bill"]
    read["PrivateNote"] = "by node"
    changed = node(qbo, "POST", "/bill?operation=update", read | {"sparse": True})["Bill"]
    assert (changed["PrivateNote"], changed["SyncToken"]) == ("by node", "1")
    gone = node(qbo, "POST", "/bill?operation=delete", node(qbo, "GET", f"/bill/{made['Id']}")["Bill"])
    assert gone["Bill"]["status"] == "Deleted"


def test_node_voids_with_an_update_and_an_include(qbo: Caller) -> None:
    made = node(qbo, "POST", "/invoice", invoice("1", sales_line("10")))["Invoice"]
    head = {"Id": made["Id"], "SyncToken": made["SyncToken"], "sparse": True}
    voided = node(qbo, "POST", "/invoice?operation=update", head, include="void")["Invoice"]
    assert (voided["TotalAmt"], voided["PrivateNote"]) == (0, "Voided")


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("select * from invoice where DocNumber %3D %271003%27 startposition 1 maxresults 1000", 1),
        ("select * from Customer where DisplayName LIKE %27%25 %26 %25%27 startposition 1 maxresults 10", 1),
        ("select * from item where Type IN (%27Service%27,%27Inventory%27) and Active %3D true "
         "orderby Name desc startposition 1 maxresults 1000", 17),
        ("select * from invoice where Balance %3E 0 and TxnDate %3E%3D %272020-01-01%27 "
         "startposition 1 maxresults 3", 3),
    ],
)  # fmt: skip
def test_node_encodes_only_part_of_a_statement(qbo: Caller, statement: str, count: int) -> None:
    answer = node(qbo, "GET", f"/query?query={statement.replace(' ', '%20')}")["QueryResponse"]
    key = next(name for name in answer if name.lower() in statement.lower())
    assert len(answer[key]) == count
    assert answer["maxResults"] == count


def test_node_counts_and_asks_for_changes_with_an_unencoded_plus(qbo: Caller) -> None:
    counted = node(qbo, "GET", "/query?query=select%20count(*)%20from%20Invoice")
    assert counted["QueryResponse"] == {"totalCount": 20}
    yesterday = (dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).isoformat(timespec="seconds")
    answer = node(qbo, "GET", f"/cdc?entities=Invoice,Customer&changedSince={yesterday}")
    assert len(answer["CDCResponse"][0]["QueryResponse"]) == 2


def test_node_sends_batches_with_lower_case_member_names_of_its_own(qbo: Caller) -> None:
    items: list[Json] = [
        {"bId": "1", "operation": "create", "Customer": {"DisplayName": "Node one"}},
        {"bId": "2", "Query": "select * from Customer where DisplayName = 'nobody'"},
    ]
    answer = node(qbo, "POST", "/batch", {"BatchItemRequest": items})["BatchItemResponse"]
    assert answer[0]["Customer"]["Active"] is True
    assert answer[1]["QueryResponse"] == {}


def test_node_reads_singles_and_posts_a_body_in_chunks(qbo: Caller) -> None:
    assert node(qbo, "GET", f"/companyinfo/{qbo.twin.realm}")["CompanyInfo"]["Country"] == "US"
    assert node(qbo, "GET", "/preferences")["Preferences"]["CurrencyPrefs"]["MultiCurrencyEnabled"] is False

    def chunks() -> Iterator[bytes]:
        text = json.dumps({"DisplayName": "Streamed \u00e9", "Notes": "x" * 1500}).encode()
        for start in range(0, len(text), 64):
            yield text[start : start + 64]

    headers = {"Content-Type": "application/json"}
    response = qbo.raw("POST", "/customer?minorversion=65", data=chunks(), headers=headers)
    assert len(response.json()["Customer"]["Notes"]) == 1500


def test_node_refreshes_with_basic_and_revokes_with_a_form(qbo: Caller) -> None:
    twin = qbo.twin
    keys = (twin.client_id, twin.client_secret)
    form = {"grant_type": "refresh_token", "refresh_token": twin.refresh_token}
    token = requests.post(f"{twin.base_url}/oauth2/v1/tokens/bearer", data=form, auth=keys, timeout=60).json()
    assert token["token_type"] == "bearer"
    url = f"{twin.base_url}/v2/oauth2/tokens/revoke"
    ended = requests.post(url, data={"token": token["access_token"]}, auth=keys, timeout=60)
    assert (ended.status_code, ended.content) == (200, b"")
    dead = qbo.raw("GET", "/customer/1", headers={"Authorization": f"Bearer {token['access_token']}"})
    assert dead.status_code == 401


# --- queries that are posted --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    ["application/text", "application/text;charset=UTF-8", "text/plain", "text/plain; charset=utf-8", None],
)
def test_a_posted_statement_is_the_body_as_it_is(qbo: Caller, content_type: str | None) -> None:
    statement = "select * from Customer where DisplayName = 'O\\'Leary, Siobhan' and Notes2 = 1"
    for text, status in ((statement, 400), (statement.partition(" and ")[0], 200)):
        response = qbo.raw(
            "POST",
            "/query?minorversion=75",
            data=f"\n{text}\n".encode(),
            headers={"Content-Type": content_type},
        )
        assert response.status_code == status
    assert response.json()["QueryResponse"]["Customer"][0]["FamilyName"] == "O'Leary"


def test_a_statement_with_a_plus_is_a_plus_when_encoded_and_a_blank_when_not(qbo: Caller) -> None:
    made = qbo.create("Customer", {"DisplayName": "A+B"})
    statement = "select * from Customer where DisplayName = 'A+B'"
    found = qbo.raw("GET", f"/query?query={quote(statement)}").json()["QueryResponse"]
    assert found["Customer"][0]["Id"] == made["Id"]
    assert qbo.raw("GET", f"/query?query={statement.replace(' ', '+')}").json()["QueryResponse"] == {}


# --- tap-quickbooks -----------------------------------------------------------------------------------------


def tap_session(
    caller: Caller, saved: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> OAuth2Session:
    """A session that believes its token is over, so that it first refreshes, with its keys in the body."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    twin = caller.twin
    return OAuth2Session(
        twin.client_id,
        token={
            "refresh_token": twin.refresh_token,
            "access_token": "wrong",
            "token_type": "Bearer",
            "expires_in": "-30",
        },
        auto_refresh_url=f"{twin.base_url}/oauth2/v1/tokens/bearer",
        auto_refresh_kwargs={"client_id": twin.client_id, "client_secret": twin.client_secret},
        token_updater=saved.append,
    )


def test_tap_refreshes_with_its_keys_in_the_body_and_reads_every_table(
    qbo: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[dict[str, Any]] = []
    tables = {
        "Account": True,
        "Customer": True,
        "Vendor": True,
        "Item": True,
        "Class": True,
        "Department": True,
        "Term": True,
        "PaymentMethod": True,
        "TaxCode": True,
        "TaxRate": True,
        "Employee": True,
        "TaxAgency": False,
        "Invoice": False,
        "Payment": False,
        "Bill": False,
        "Purchase": False,
        "JournalEntry": False,
        "Deposit": False,
    }
    with tap_session(qbo, saved, monkeypatch) as session:
        headers = {"Accept": "application/json", "User-Agent": "tap-quickbooks test@example.com"}

        def get(endpoint: str, **params: str) -> Json:
            response = session.get(f"{qbo.root}{endpoint}", headers=headers, params=params, timeout=60)
            assert response.status_code == 200, response.text
            answer = response.json()
            assert isinstance(answer, dict)
            return answer

        first = get("/query", query="SELECT * FROM CompanyInfo", minorversion="75")
        assert first["QueryResponse"]["CompanyInfo"][0]["Country"] == "US"
        for kind, is_list in tables.items():
            seen: list[Json] = []
            while True:
                where = " AND Active IN (true, false)" if is_list else ""
                statement = (
                    f"SELECT * FROM {kind} WHERE Metadata.LastUpdatedTime >= '2020-01-01T00:00:00Z'{where} "
                    f"ORDER BY Metadata.LastUpdatedTime ASC STARTPOSITION {len(seen) + 1} MAXRESULTS 7"
                )
                page = get("/query", query=statement, minorversion="75")["QueryResponse"].get(kind, [])
                seen += page
                if len(page) < 7:
                    break
            moments = [row["MetaData"]["LastUpdatedTime"] for row in seen]
            assert moments == sorted(moments)
            assert {row["Id"] for row in seen} == set(qbo.twin.company.records[kind]), kind
        kinds = (
            "Account,Bill,Class,Customer,Deposit,Employee,Invoice,Item,JournalEntry,Payment,Purchase,Vendor"
        )
        since = qbo.twin.company.clock.now().isoformat()
        assert len(get("/cdc", entities=kinds, changedSince=since)["CDCResponse"][0]["QueryResponse"]) == 12
    assert len(saved) == 1
    assert saved[0]["refresh_token"]
    assert saved[0]["access_token"] != "wrong"


def test_tap_reads_the_fault_of_a_dead_token_in_either_case(qbo: Caller) -> None:
    dead = qbo.raw("GET", "/query?query=select", headers={"Authorization": "Bearer wrong"}).json()
    errors = dead.get("Fault", {}).get("Error", dead.get("fault", {}).get("error"))
    assert errors[0].get("Message", errors[0].get("message")).startswith("message=AuthenticationFailed")
