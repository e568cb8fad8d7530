"""Queries, batches, change data capture, repeated requests and the shape of answers."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.twin_calls import Caller, calling, invoice, payment, sales_line


@pytest.fixture(scope="module")
def seeded() -> Iterator[Caller]:
    """A twin that no test of this module changes."""
    with calling() as caller:
        yield caller


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


# --- queries ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("select * from Invoice where DocNumber = '1003'", ["1003"]),
        (
            "SELECT * FROM Invoice WHERE DocNumber IN ('1003', '1001') ORDERBY DocNumber DESC",
            ["1003", "1001"],
        ),
        (
            "select * from invoice where docnumber like '100%' order by DocNumber asc maxresults 2",
            ["1001", "1002"],
        ),
        ("select * from Invoice where Balance > '1000.0' and TotalAmt = 1", None),
        ("select * from Invoice startposition 20 maxresults 5", ["1020"]),
        ("select * from Invoice where CustomerRef = '1'", ["1001"]),
        ("select *, DocNumber from Invoice where Id = '2'", ["1001"]),
        ("select * from Invoice where DocNumber = '1003' and Id = '2'", []),
    ],
)
def test_statements_find_what_they_ask_for(
    seeded: Caller, statement: str, expected: list[str] | None
) -> None:
    if expected is None:
        assert seeded.fault("GET", "/query", query=statement)[0] == "4001"
        return
    answer = seeded.query(statement)
    assert [row["DocNumber"] for row in answer.get("Invoice", [])] == expected
    if expected:
        assert answer["maxResults"] == len(expected)


@pytest.mark.parametrize(
    ("statement", "count"),
    [
        ("select count(*) from Invoice", 20),
        ("select count(*) from Customer where Job = true", 8),
        ("select count(*) from Customer where DisplayName = 'o\\'leary, siobhan'", 1),
        ("select count(*) from Customer where PrimaryEmailAddr = 'customer3@example.com'", 1),
        ("select count(*) from Item where Type IN ('Service','Inventory') and Active = true", 17),
        ("select count(*) from Account where Classification = 'Asset'", 15),
        ("select count(*) from Invoice where MetaData.LastUpdatedTime >= '2020-01-01T00:00:00Z'", 20),
        ("select count(*) from Invoice where MetaData.CreateTime > '2099-01-01'", 0),
        ("select count(*) from Purchase where PaymentType = 'Check'", 2),
        ("select count(*) from Bill where VendorRef = '34'", 1),
    ],
)
def test_counts(seeded: Caller, statement: str, count: int) -> None:
    assert seeded.query(statement) == {"totalCount": count}


@pytest.mark.parametrize(
    ("statement", "code", "words"),
    [
        ("select * from Invoice where DepartmentRef = '1'", "4001", "'DepartmentRef' is not queryable"),
        ("select * from Invoice where PrivateNote = 'x'", "4001", "not queryable"),
        ("select * from Payment where DocNumber = '1'", "4001", "DocNumber"),
        ("select * from Invoice where Nonsense = '1'", "4001", "Nonsense not found for Entity Invoice"),
        ("select * from Nonsense", "4001", "Nonsense"),
        ("select * from Invoice startposition 0", "4001", "value 0 is too small. Min allowed value is 1"),
        ("select * from Invoice where Balance > 'many'", "4001", "Balance"),
        ("select * from Invoice where DocNumber != '1'", "4000", "!"),
        ("select * from Invoice where DocNumber = '1' or DocNumber = '2'", "4000", "or"),
        ("select * from Invoice where DocNumber = \u20181\u2019", "4000", "unreadable"),
        ("select * from Customer where DisplayName = 'O''Leary'", "4000", "Leary"),
        ("selec * from Invoice", "4000", "selec"),
        ("select * from Invoice where DocNumber =", "4000", "end"),
        ("", "4000", "end"),
    ],
)
def test_bad_statements_are_refused(seeded: Caller, statement: str, code: str, words: str) -> None:
    found, error = seeded.fault("GET", "/query", query=statement)
    assert found == code
    assert words in error["Detail"]


def test_no_hit_is_an_empty_object_and_pages_have_a_hundred_rows(qbo: Caller) -> None:
    assert qbo.query("select * from Invoice where DocNumber = 'none'") == {}
    for n in range(101):
        qbo.twin.company.records["Class"][f"{100 + n}"] = {
            **qbo.twin.company.records["Class"]["1"],
            "Id": f"{100 + n}",
        }
    assert len(qbo.query("select * from Class")["Class"]) == 100
    assert len(qbo.query("select * from Class maxresults 5000")["Class"]) == 106
    page = qbo.query("select * from Class orderby Id startposition 101 maxresults 100")
    assert (page["startPosition"], page["maxResults"]) == (101, 6)


@pytest.mark.parametrize(
    "content_type", ["application/text", "text/plain", "application/text; charset=utf-8"]
)
def test_a_statement_may_be_posted(seeded: Caller, content_type: str) -> None:
    answer = seeded.raw(
        "POST",
        "/query?minorversion=99",
        data="select * from Customer where DisplayName like '%&%'",
        headers={"Content-Type": content_type},
    )
    assert answer.json()["QueryResponse"]["Customer"][0]["DisplayName"] == "Hollis & Sons Builders"


# --- batch --------------------------------------------------------------------------------------------------


def test_a_batch_answers_each_item_for_itself(qbo: Caller) -> None:
    made = qbo.create("Payment", payment("1", "5"))
    answer = qbo.post(
        "/batch",
        {
            "BatchItemRequest": [
                {"bId": "b1", "operation": "create", "Customer": {"DisplayName": "Sierra Pipe Supply"}},
                {"bId": "b2", "operation": "create", "Customer": {"DisplayName": "Batch one"}},
                {
                    "bId": "b3",
                    "operation": "update",
                    "optionsData": "void",
                    "Payment": {"Id": made["Id"], "SyncToken": "0"},
                },
                {"bId": "b4", "Query": "select * from Item where Active = true maxresults 3"},
                {"bId": "b5", "Query": "select rubbish"},
                {"bId": "b6", "operation": "delete", "Bill": {"Id": "99999", "SyncToken": "1"}},
                {"bId": "b7", "operation": "frobnicate", "Bill": {"Id": "1"}},
                {
                    "bId": "b8",
                    "CDCQuery": {"Entities": "Payment", "ChangedSince": made["MetaData"]["LastUpdatedTime"]},
                },
            ]
        },
    )
    by_id = {item["bId"]: item for item in answer["BatchItemResponse"]}
    assert by_id["b1"]["Fault"]["Error"][0]["code"] == "6240"
    assert by_id["b2"]["Customer"]["SyncToken"] == "0"
    assert by_id["b3"]["Payment"]["TotalAmt"] == 0
    assert len(by_id["b4"]["QueryResponse"]["Item"]) == 3
    assert by_id["b5"]["Fault"]["Error"][0]["code"] == "4000"
    assert by_id["b6"]["Fault"]["Error"][0]["code"] == "610"
    assert by_id["b7"]["Fault"]["Error"][0]["code"] == "500"
    assert by_id["b8"]["CDCResponse"][0]["QueryResponse"][0]["Payment"]


def test_batch_options_let_duplicate_numbers_through(qbo: Caller) -> None:
    body = invoice("1", sales_line("10"), DocNumber="1001")
    items = [
        {"bId": "a", "operation": "create", "Invoice": body},
        {"bId": "b", "operation": "create", "Invoice": body, "optionsData": "allowduplicatedocnum"},
    ]
    refused, passed = qbo.post("/batch", {"BatchItemRequest": items})["BatchItemResponse"]
    assert refused["Fault"]["Error"][0]["code"] == "6140"
    assert passed["Invoice"]["DocNumber"] == "1001"


def test_limits_of_a_batch(qbo: Caller) -> None:
    def items(count: int, bid: str = "b") -> dict[str, Any]:
        query = "select count(*) from Item"
        return {"BatchItemRequest": [{"bId": f"{bid}{n}", "Query": query} for n in range(count)]}

    assert len(qbo.post("/batch", items(30))["BatchItemResponse"]) == 30
    assert qbo.fault("POST", "/batch", items(31))[0] == "1040"
    assert qbo.fault("POST", "/batch", items(1, "longer-than-ten"), requestid="r1")[0] == "2130"
    assert qbo.fault("POST", "/batch", items(1), requestid="x" * 37)[0] == "2130"
    assert qbo.fault("POST", "/batch", {"BatchItemRequest": [{"Query": "x"}]})[0] == "2020"
    assert qbo.fault("POST", "/batch", {"BatchItemRequest": []})[0] == "2020"


# --- requestid ----------------------------------------------------------------------------------------------


def test_a_repeated_requestid_gets_the_first_answer_again(qbo: Caller) -> None:
    body = invoice("1", sales_line("10"))
    first = qbo.raw("POST", "/invoice", json=body, params={"requestid": "r-1"})
    again = qbo.raw("POST", "/invoice", json=body, params={"requestid": "r-1"})
    other = qbo.raw("POST", "/invoice", json=invoice("1", sales_line("99")), params={"requestid": "r-1"})
    assert first.content == again.content == other.content
    assert first.headers["intuit_tid"] != again.headers["intuit_tid"]
    refused = qbo.raw("POST", "/customer", json={"DisplayName": "Abara, Ngozi"}, params={"requestid": "r-2"})
    assert qbo.raw("POST", "/customer", json={"DisplayName": "New"}, params={"requestid": "r-2"}).text == (
        refused.text
    )
    assert qbo.admin("stats")["replays"] == 3
    assert qbo.fault("POST", "/invoice", body, requestid="x" * 51)[0] == "2130"


def test_a_repeated_batch_creates_nothing_twice(qbo: Caller) -> None:
    items = [{"bId": "1", "operation": "create", "Customer": {"DisplayName": "Once only"}}]
    first = qbo.post("/batch", {"BatchItemRequest": items}, requestid="batch-1")
    assert qbo.post("/batch", {"BatchItemRequest": items}, requestid="batch-1") == first
    assert qbo.query("select count(*) from Customer where DisplayName = 'Once only'") == {"totalCount": 1}


def test_a_requestid_is_forgotten_after_a_day_or_by_switch(qbo: Caller) -> None:
    body = invoice("1", sales_line("10"))
    first = qbo.create("Invoice", body, requestid="r-9")
    qbo.admin("clock", advance_seconds=25 * 3600)
    assert qbo.create("Invoice", body, requestid="r-9")["Id"] != first["Id"]
    qbo.admin("switches", requestid_ignored=True)
    once, twice = (qbo.create("Invoice", body, requestid="r-10")["Id"] for _ in range(2))
    assert once != twice


# --- change data capture ------------------------------------------------------------------------------------


def test_changes_and_stubs_in_one_block_per_kind(qbo: Caller) -> None:
    qbo.admin("clock", advance_seconds=3600)
    made = qbo.create("Invoice", invoice("1", sales_line("10")))
    gone = qbo.create("Invoice", invoice("1", sales_line("10")))
    qbo.delete("Invoice", gone)
    since = made["MetaData"]["LastUpdatedTime"]
    answer = qbo.get("/cdc", entities="Bill,Invoice,Customer", changedSince=since)
    bills, invoices, customers = answer["CDCResponse"][0]["QueryResponse"]
    assert bills == {}
    assert [row["Id"] for row in invoices["Invoice"]] == [made["Id"], gone["Id"]]
    stub = invoices["Invoice"][1]
    assert stub["status"] == "Deleted"
    assert set(stub) == {"domain", "status", "Id", "MetaData"}
    assert [row["Id"] for row in customers["Customer"]] == ["1"]


def test_change_data_capture_has_limits(qbo: Caller) -> None:
    assert qbo.fault("GET", "/cdc", entities="TaxCode", changedSince="2026-01-01")[0] == "6000"
    old = qbo.fault("GET", "/cdc", entities="Invoice", changedSince="2020-01-01T00:00:00Z")[1]
    assert "older than fixed days" in old["Detail"]
    assert qbo.fault("GET", "/cdc", entities="Invoice")[0] == "2020"
    company = qbo.twin.company
    for n in range(1100):
        company.records["Class"][f"{100 + n}"] = {**company.records["Class"]["1"], "Id": f"{100 + n}"}
        company.stamps["Class"][f"{100 + n}"] = company.clock.now()
    since = (company.clock.now().date()).isoformat()
    answer = qbo.get("/cdc", entities="Class,Item", changedSince=since)
    blocks = answer["CDCResponse"][0]["QueryResponse"]
    assert sum(len(rows) for block in blocks for rows in block.values() if isinstance(rows, list)) == 1000


# --- the wire -----------------------------------------------------------------------------------------------


def test_every_answer_carries_a_transaction_id_and_a_time(seeded: Caller) -> None:
    for path in ("/customer/1", "/customer/99999", "/nonsense/1"):
        response = seeded.raw("GET", path)
        assert re.fullmatch(r"1-[0-9a-f]{8}-[0-9a-f]{24}", response.headers["intuit_tid"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", response.json()["time"])


def test_answers_are_packed_only_when_asked(seeded: Caller) -> None:
    plain = seeded.raw("GET", "/query?query=select * from Account", headers={"Accept-Encoding": "identity"})
    packed = seeded.raw("GET", "/query?query=select * from Account", headers={"Accept-Encoding": "gzip"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.json()["QueryResponse"] == plain.json()["QueryResponse"]


def test_chunked_and_packed_bodies_are_understood(qbo: Caller) -> None:
    def chunks() -> Iterator[bytes]:
        for part in json.dumps({"DisplayName": "Chunky"}).encode().split(b" "):
            yield part + b" "

    headers = {"Content-Type": "application/json"}
    assert qbo.raw("POST", "/customer", data=chunks(), headers=headers).json()["Customer"]["Id"]
    body = gzip.compress(json.dumps({"DisplayName": "Packed"}).encode())
    packed = qbo.raw("POST", "/customer", data=body, headers=headers | {"Content-Encoding": "gzip"})
    assert packed.json()["Customer"]["DisplayName"] == "Packed"


def test_connections_are_kept_alive(seeded: Caller) -> None:
    for _ in range(3):
        response = seeded.raw("GET", "/customer/1")
        assert response.raw.version == 11
        assert response.headers.get("Connection", "keep-alive").lower() != "close"


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"", "500"), (b"{not json", "2010"), (b'{"DisplayName": "\xff"}', "2010"), (b"[1]", "2010")],
)
def test_unreadable_bodies_are_refused(seeded: Caller, body: bytes, code: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = seeded.raw("POST", "/customer", data=body, headers=headers)
    assert response.status_code == 400
    assert response.json()["Fault"]["Error"][0]["code"] == code


@pytest.mark.parametrize(
    ("method", "path"), [("PUT", "/customer/1"), ("GET", "/customer"), ("POST", "/nonsense"), ("GET", "/")]
)
def test_what_is_not_served_is_unsupported(seeded: Caller, method: str, path: str) -> None:
    assert seeded.raw(method, path, json={}).json()["Fault"]["Error"][0]["code"] == "500"


def test_names_outside_latin_and_quotes_survive(qbo: Caller) -> None:
    name = "Žižek \\ O'Brien & Søn"
    made = qbo.create("Customer", {"DisplayName": name})
    escaped = name.replace("\\", "\\\\").replace("'", "\\'")
    assert (
        qbo.query(f"select * from Customer where DisplayName = '{escaped}'")["Customer"][0]["Id"]
        == made["Id"]
    )


def test_no_token_no_company(seeded: Caller) -> None:
    accept = {"Accept": "application/json"}
    bare = requests.get(f"{seeded.root}/customer/1", headers=accept, timeout=60)
    assert (bare.status_code, bare.json()["fault"]["error"][0]["code"]) == (401, "3200")
    foreign = requests.get(
        f"{seeded.twin.base_url}/v3/company/123/customer/1",
        headers=accept | {"Authorization": f"Bearer {seeded.token}"},
        timeout=60,
    )
    assert (foreign.status_code, foreign.json()["Fault"]["Error"][0]["code"]) == (403, "3100")
