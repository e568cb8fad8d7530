"""Batches, change data capture, repeated requests and news of writes (reference sections 2.3, 3, 6 and 8)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from blueops_qb.sandbox.qbo.news import News, Written
from tests.twin_calls import Caller, Json, calling, invoice, payment, sales_line


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        caller.admin("clock", advance_seconds=3600)
        yield caller


def batch(caller: Caller, *items: Json, **params: str) -> dict[str, Json]:
    numbered = [{"bId": f"b{n}"} | item for n, item in enumerate(items)]
    answer = caller.post("/batch", {"BatchItemRequest": numbered}, **params)["BatchItemResponse"]
    return {item["bId"]: item for item in answer}


def code_of(item: Json) -> str:
    return str(item["Fault"]["Error"][0]["code"])


def changes(caller: Caller, kinds: str, since: str) -> dict[str, list[Json]]:
    answer = caller.get("/cdc", entities=kinds, changedSince=since)["CDCResponse"][0]["QueryResponse"]
    return {kind: rows for block in answer for kind, rows in block.items() if isinstance(rows, list)}


# --- batch --------------------------------------------------------------------------------------------------


def test_each_item_has_its_own_fault_and_the_others_are_done(qbo: Caller) -> None:
    stale = qbo.create("Customer", {"DisplayName": "Will be stale"})
    qbo.update("Customer", stale, Notes="moved on")
    seen = batch(
        qbo,
        {"operation": "create", "Customer": {"DisplayName": "Fresh"}},
        {"operation": "update", "Customer": {"Id": stale["Id"], "SyncToken": "0", "sparse": True}},
        {"operation": "create", "Customer": {"DisplayName": "Abara, Ngozi"}},
        {"operation": "update", "Invoice": {"Id": "99999", "SyncToken": "0", "sparse": True}},
        {"operation": "create", "Invoice": invoice("1", sales_line("10", item="999"))},
        {"operation": "create", "Invoice": {"CustomerRef": {"value": "1"}}},
        {"operation": "create", "Widget": {"Name": "x"}},
        {"operation": "create"},
        {"operation": "create", "Customer": "Ada"},
        {"operation": "revert", "Customer": {"Id": "1", "SyncToken": "0"}},
        {"CDCQuery": "Customer"},
        {"Query": "select * from Widget"},
    )
    assert seen["b0"]["Customer"]["DisplayName"] == "Fresh"
    codes = [code_of(seen[f"b{n}"]) for n in range(1, 12)]
    assert codes == [*("5010", "6240", "610", "2500", "2020", "2000", "2010", "2010"), "500", "2010", "4001"]
    assert all(item["Fault"]["type"] == "ValidationFault" for bid, item in seen.items() if bid != "b0")


def test_every_operation_works_in_a_batch(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("50")))
    paid = qbo.create("Payment", payment("1", "5"))
    other = qbo.create("Invoice", invoice("2", sales_line("7")))
    since = made["MetaData"]["LastUpdatedTime"]
    head = {"Id": made["Id"], "SyncToken": made["SyncToken"]}
    seen = batch(
        qbo,
        {"operation": "update", "Invoice": head | {"sparse": True, "PrivateNote": "x"}},
        {"operation": "update", "optionsData": "void", "Payment": {"Id": paid["Id"], "SyncToken": "0"}},
        {"operation": "delete", "Invoice": {"Id": other["Id"], "SyncToken": other["SyncToken"]}},
        {"Query": "select count(*) from Invoice where PrivateNote = 'x'"},
        {"Query": "select * from Class where Name = 'Drain'"},
        {"CDCQuery": {"Entities": "Invoice,Payment", "ChangedSince": since}},
    )
    assert seen["b0"]["Invoice"]["PrivateNote"] == "x"
    assert (seen["b1"]["Payment"]["TotalAmt"], seen["b1"]["Payment"]["PrivateNote"]) == (0, "Voided")
    assert seen["b2"]["Invoice"] == {"domain": "QBO", "status": "Deleted", "Id": other["Id"]}
    assert code_of(seen["b3"]) == "4001"
    assert seen["b4"]["QueryResponse"]["maxResults"] == 1
    blocks = seen["b5"]["CDCResponse"][0]["QueryResponse"]
    assert {row["Id"] for row in blocks[0]["Invoice"]} == {made["Id"], other["Id"]}


def test_answers_of_a_batch_may_come_in_another_order(qbo: Caller) -> None:
    items = [
        {"bId": f"{n}", "operation": "create", "Customer": {"DisplayName": f"Order {n}"}} for n in range(4)
    ]
    qbo.admin("company", batch_shuffled=True)
    answer = qbo.post("/batch", {"BatchItemRequest": items})["BatchItemResponse"]
    assert [item["bId"] for item in answer] == ["3", "2", "1", "0"]
    assert all(item["Customer"]["DisplayName"] == f"Order {item['bId']}" for item in answer)


# --- repeated requests --------------------------------------------------------------------------------------


def test_one_requestid_is_one_answer_whatever_is_asked_under_it(qbo: Caller) -> None:
    first = qbo.raw("POST", "/customer", json={"DisplayName": "First"}, params={"requestid": "r"})
    same = qbo.raw("POST", "/customer", json={"DisplayName": "First"}, params={"requestid": "r"})
    body = qbo.raw("POST", "/customer", json={"DisplayName": "Second"}, params={"requestid": "r"})
    path = qbo.raw("POST", "/vendor", json={"DisplayName": "Third"}, params={"requestid": "r"})
    assert first.content == same.content == body.content == path.content
    counted = qbo.query("select count(*) from Customer where DisplayName in ('First', 'Second')")
    assert counted == {"totalCount": 1}
    assert qbo.raw("GET", "/customer/1", params={"requestid": "r"}).json()["Customer"]["Id"] == "1"
    assert qbo.create("Vendor", {"DisplayName": "Third"}, requestid="R")["DisplayName"] == "Third"


def test_a_call_that_failed_on_the_way_is_not_remembered(qbo: Caller) -> None:
    qbo.admin("faults", trouble="throttled")
    body = {"DisplayName": "After the throttle"}
    assert qbo.raw("POST", "/customer", json=body, params={"requestid": "t"}).status_code == 429
    assert qbo.create("Customer", body, requestid="t")["Id"]


# --- change data capture ------------------------------------------------------------------------------------


def test_a_block_for_each_kind_asked_for_in_its_order(qbo: Caller) -> None:
    made = qbo.create("Class", {"Name": "Seasonal"})
    since = made["MetaData"]["LastUpdatedTime"]
    answer = qbo.get("/cdc", entities="Term, class ,Vendor,Class", changedSince=since)
    blocks = answer["CDCResponse"][0]["QueryResponse"]
    assert [list(block)[:1] for block in blocks] == [[], ["Class"], []]
    assert (blocks[1]["startPosition"], blocks[1]["maxResults"], blocks[1]["totalCount"]) == (1, 1, 1)
    repeated = qbo.raw("GET", f"/cdc?entities=Class&entities=Term&changedSince={since}").json()
    assert len(repeated["CDCResponse"][0]["QueryResponse"]) == 2


@pytest.mark.parametrize(
    "kind", ["TaxAgency", "TaxCode", "TaxRate", "JournalCode", "TimeActivity", "Nonsense"]
)
def test_kinds_that_have_no_changes_feed(qbo: Caller, kind: str) -> None:
    yesterday = (dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).date().isoformat()
    assert qbo.fault("GET", "/cdc", entities=f"Invoice,{kind}", changedSince=yesterday)[0] == "6000"


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "1700000000"])
def test_moments_that_cannot_be_read(qbo: Caller, since: str) -> None:
    assert qbo.fault("GET", "/cdc", entities="Invoice", changedSince=since)[0] == "2060"


def test_inactive_voided_and_updated_records_come_whole_deleted_ones_as_stubs(qbo: Caller) -> None:
    inactive = qbo.update("Class", qbo.read("Class", "3"), Active=False)
    voided = qbo.void("Invoice", qbo.create("Invoice", invoice("1", sales_line("10"))))
    gone = qbo.create("Invoice", invoice("1", sales_line("10")))
    qbo.delete("Invoice", gone)
    seen = changes(qbo, "Class,Invoice", inactive["MetaData"]["LastUpdatedTime"])
    assert seen["Class"] == [qbo.read("Class", "3")]
    assert seen["Class"][0]["Active"] is False
    whole, stub = seen["Invoice"]
    assert (whole["Id"], whole["TotalAmt"], whole["PrivateNote"]) == (voided["Id"], 0, "Voided")
    assert stub == {
        "domain": "QBO",
        "status": "Deleted",
        "Id": gone["Id"],
        "MetaData": {"LastUpdatedTime": stub["MetaData"]["LastUpdatedTime"]},
    }


def test_an_update_may_be_told_as_a_deletion(qbo: Caller) -> None:
    made = qbo.update("Customer", qbo.read("Customer", "2"), Notes="still here")
    qbo.admin("company", false_deletes=["Customer:2"])
    told = changes(qbo, "Customer", made["MetaData"]["LastUpdatedTime"])["Customer"]
    assert [(row["Id"], row["status"]) for row in told] == [("2", "Deleted")]
    assert qbo.read("Customer", "2")["Notes"] == "still here"
    qbo.admin("company", false_deletes=[])
    assert (
        changes(qbo, "Customer", made["MetaData"]["LastUpdatedTime"])["Customer"][0]["Notes"] == "still here"
    )


def test_a_merge_leaves_a_stub_of_the_loser_and_changes_what_named_it(qbo: Caller) -> None:
    keep, lose = (qbo.create("Customer", {"DisplayName": name}) for name in ("Keeper", "Loser"))
    made = qbo.create("Invoice", invoice(lose["Id"], sales_line("30")))
    qbo.admin("clock", advance_seconds=60)
    since = qbo.twin.company.clock.now().isoformat()
    qbo.admin("do", action="merge", kind="Customer", keep=keep["Id"], lose=lose["Id"])
    seen = changes(qbo, "Customer,Invoice", since)
    assert {(row["Id"], row.get("status")) for row in seen["Customer"]} == {
        (keep["Id"], None),
        (lose["Id"], "Deleted"),
    }
    assert [(row["Id"], row["CustomerRef"]["value"]) for row in seen["Invoice"]] == [(made["Id"], keep["Id"])]


def test_at_most_a_thousand_objects_the_oldest_of_each_kind(qbo: Caller) -> None:
    company = qbo.twin.company
    pattern, now = company.records["Class"]["1"], company.clock.now()
    for n in range(1200):
        company.records["Class"][f"{100 + n}"] = {**pattern, "Id": f"{100 + n}"}
        company.stamps["Class"][f"{100 + n}"] = now + timedelta(seconds=n)
    since = (now - timedelta(seconds=1)).isoformat()
    seen = changes(qbo, "Class,Term", since)
    assert [row["Id"] for row in seen["Class"]] == [f"{100 + n}" for n in range(1000)]
    assert "Term" not in seen
    rest = changes(qbo, "Class", (now + timedelta(seconds=1000)).isoformat())
    assert len(rest["Class"]) == 200


def test_days_pass_and_history_is_forgotten(qbo: Caller) -> None:
    gone = qbo.create("Invoice", invoice("1", sales_line("10")))
    qbo.delete("Invoice", gone)
    since = gone["MetaData"]["LastUpdatedTime"]
    body = {"DisplayName": "Asked once"}
    first = qbo.create("Customer", body, requestid="days")
    qbo.admin("day", days=29)
    stubs = [row for row in changes(qbo, "Invoice", since)["Invoice"] if row.get("status") == "Deleted"]
    assert [row["Id"] for row in stubs] == [gone["Id"]]
    assert qbo.refuses("Customer", body, requestid="days") == "6240"
    assert first["SyncToken"] == "0"
    qbo.admin("day", days=2)
    code, error = qbo.fault("GET", "/cdc", entities="Invoice", changedSince=since)
    assert code == "6000"
    assert f"changedSince date {since} which is older than fixed days is not supported" in error["Detail"]
    assert qbo.admin("dump")["deleted"] == {}
    qbo.create("Invoice", invoice("1", sales_line("10")))
    assert qbo.admin("ledger")["difference"] == "0.00"


# --- news of writes -----------------------------------------------------------------------------------------


@pytest.fixture
def told(qbo: Caller) -> list[News]:
    heard: list[News] = []
    qbo.twin.company.news.listeners.append(heard.append)
    return heard


def words(news: list[News]) -> set[tuple[str, str, str, str]]:
    return {(each.kind, each.id, each.operation.value, each.deleted_id) for each in news}


def test_a_write_and_its_consequences_are_told_once_each(qbo: Caller, told: list[News]) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("100")))
    assert words(told) == {("Invoice", made["Id"], "Create", ""), ("Customer", "1", "Update", "")}
    told.clear()
    paid = qbo.create("Payment", payment("1", "40", (made["Id"], "40")))
    assert words(told) == {
        ("Payment", paid["Id"], "Create", ""),
        ("Invoice", made["Id"], "Update", ""),
        ("Customer", "1", "Update", ""),
    }
    assert len(told) == 3
    told.clear()
    qbo.void("Payment", paid)
    assert ("Payment", paid["Id"], "Void", "") in words(told)
    told.clear()
    qbo.delete("Invoice", qbo.read("Invoice", made["Id"]))
    assert ("Invoice", made["Id"], "Delete", "") in words(told)
    assert all(each.realm == qbo.twin.realm and each.time.tzinfo for each in told)


def test_a_refused_write_is_not_told(qbo: Caller, told: list[News]) -> None:
    qbo.refuses("Customer", {"DisplayName": "Abara, Ngozi"})
    qbo.refuses("Invoice", invoice("1", sales_line("10"), DocNumber="1001"))
    qbo.read("Customer", "1")
    assert told == []


def test_a_merge_is_told_of_the_survivor_with_the_loser(qbo: Caller, told: list[News]) -> None:
    keep, lose = (qbo.create("Vendor", {"DisplayName": name})["Id"] for name in ("Keeper", "Loser"))
    told.clear()
    qbo.admin("do", action="merge", kind="Vendor", keep=keep, lose=lose)
    assert words(told) == {("Vendor", keep, "Merge", lose)}


def test_a_batch_is_told_at_its_end_and_in_order(qbo: Caller, told: list[News]) -> None:
    creates: list[dict[str, Any]] = [
        {"operation": "create", "Class": {"Name": f"Batch {n}"}} for n in range(3)
    ]
    seen = batch(qbo, *creates)
    assert [each.id for each in told] == [seen[f"b{n}"]["Class"]["Id"] for n in range(3)]
    assert {each.operation for each in told} == {Written.CREATED}
