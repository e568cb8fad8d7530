"""The outside of a call: methods, media types, envelopes, fault shapes, headers (reference sections 1.7, 2, 9, 10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
import requests

from blueops_qb.sandbox.qbo.faults import CODES
from tests.twin_calls import Caller, calling, expense_line, invoice, payment, sales_line

NAMESPACE = "{http://schema.intuit.com/finance/v3}"


@pytest.fixture(scope="module")
def seeded() -> Iterator[Caller]:
    """A twin that no test of this module changes."""
    with calling() as caller:
        yield caller


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


def plain(caller: Caller, method: str, path: str, **kwargs: Any) -> requests.Response:
    """A call with no header but those given: requests alone would ask for ``*/*``."""
    headers = {"Accept": None, "Authorization": f"Bearer {caller.token}"} | kwargs.pop("headers", {})
    return requests.request(method, caller.root + path, headers=headers, timeout=60, **kwargs)


# --- XML unless JSON is asked for ---------------------------------------------------------------------------


@pytest.mark.parametrize("accept", [None, "*/*", "application/xml", "text/html"])
def test_xml_comes_where_json_was_not_asked_for(seeded: Caller, accept: str | None) -> None:
    response = plain(seeded, "GET", "/invoice/2", headers={"Accept": accept})
    assert response.headers["Content-Type"] == "application/xml;charset=UTF-8"
    root = ElementTree.fromstring(response.content)
    assert root.tag == f"{NAMESPACE}IntuitResponse"
    assert root.get("time")
    record = root.find(f"{NAMESPACE}Invoice")
    assert record is not None
    assert (record.get("domain"), record.get("sparse")) == ("QBO", "false")
    told = seeded.read("Invoice", "2")
    assert record.findtext(f"{NAMESPACE}Id") == "2"
    assert record.findtext(f"{NAMESPACE}DocNumber") == told["DocNumber"]
    customer = record.find(f"{NAMESPACE}CustomerRef")
    assert customer is not None
    assert (customer.text, customer.get("name")) == ("1", "Abara, Ngozi")
    assert len(record.findall(f"{NAMESPACE}Line")) == len(told["Line"])


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/invoice/2", {"Accept": "application/json"}),
        ("/invoice/2", {"Accept": "text/plain, application/json;q=0.9"}),
        ("/invoice/2?format=json", {}),
    ],
)
def test_json_comes_where_it_was_asked_for(seeded: Caller, path: str, headers: dict[str, str]) -> None:
    assert plain(seeded, "GET", path, headers=headers).json()["Invoice"]["Id"] == "2"


def test_faults_queries_batches_and_changes_have_an_xml_form_too(qbo: Caller) -> None:
    fault = ElementTree.fromstring(plain(qbo, "GET", "/invoice/99999").content).find(f"{NAMESPACE}Fault")
    assert fault is not None
    assert (fault.get("type"), fault[0].get("code")) == ("ValidationFault", "610")
    statement = {"query": "select * from Class maxresults 2"}
    answer = ElementTree.fromstring(plain(qbo, "GET", "/query", params=statement).content)[0]
    assert (answer.get("startPosition"), answer.get("maxResults"), len(answer)) == ("1", "2", 2)
    batch = {"BatchItemRequest": [{"bId": "b1", "Query": "select count(*) from Class"}]}
    item = ElementTree.fromstring(plain(qbo, "POST", "/batch", json=batch).content)[0]
    assert (item.tag, item.get("bId"), item[0].get("totalCount")) == (
        f"{NAMESPACE}BatchItemResponse",
        "b1",
        "5",
    )
    gone = qbo.create("Invoice", invoice("1", sales_line("10")))
    qbo.delete("Invoice", gone)
    params = {"entities": "Invoice", "changedSince": gone["MetaData"]["LastUpdatedTime"]}
    changes = ElementTree.fromstring(plain(qbo, "GET", "/cdc", params=params).content)
    stub = [each for each in changes.iter(f"{NAMESPACE}Invoice") if each.get("status") == "Deleted"]
    assert [each.findtext(f"{NAMESPACE}Id") for each in stub] == [gone["Id"]]
    report = ElementTree.fromstring(plain(qbo, "GET", "/reports/TrialBalance").content)
    assert report.tag == f"{NAMESPACE}Report"
    dead = plain(qbo, "GET", "/invoice/2", headers={"Authorization": "Bearer dead"})
    error = ElementTree.fromstring(dead.content).find(f"{NAMESPACE}Fault/{NAMESPACE}Error")
    assert error is not None
    assert (dead.status_code, error.get("code")) == (401, "3200")


def test_a_replayed_answer_comes_in_the_form_asked_for_this_time(qbo: Caller) -> None:
    first = plain(qbo, "POST", "/customer?requestid=r1", json={"DisplayName": "Two forms \u0160 <&>"})
    again = qbo.raw("POST", "/customer", json={"DisplayName": "Two forms"}, params={"requestid": "r1"})
    record = ElementTree.fromstring(first.content).find(f"{NAMESPACE}Customer")
    assert record is not None
    assert record.findtext(f"{NAMESPACE}Id") == again.json()["Customer"]["Id"]
    assert record.findtext(f"{NAMESPACE}DisplayName") == again.json()["Customer"]["DisplayName"]


# --- methods and paths --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_head_and_options_are_not_served(seeded: Caller, method: str) -> None:
    response = seeded.raw(method, "/customer/1")
    assert (response.status_code, response.headers["Allow"], response.content) == (405, "GET, POST", b"")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_only_get_and_post_reach_records(seeded: Caller, method: str) -> None:
    response = seeded.raw(method, "/customer/1", json={"Id": "1"})
    assert (response.status_code, response.json()["Fault"]["Error"][0]["code"]) == (400, "500")


@pytest.mark.parametrize(
    "path", ["/Invoice/2", "/INVOICE/2", "/Query?query=select * from Invoice", "/invoice/2/lines", "/invoice"]
)
def test_paths_have_case_and_a_fixed_depth(seeded: Caller, path: str) -> None:
    assert seeded.fault("GET", path)[0] == "500"


def test_printing_and_mailing_say_that_they_are_not_here(seeded: Caller) -> None:
    assert seeded.raw("GET", "/invoice/2/pdf").status_code == 501
    assert seeded.raw("POST", "/invoice/2/send?sendTo=a@example.com").status_code == 501
    assert seeded.fault("GET", "/invoice/99999/pdf")[0] == "610"


# --- bodies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "500"),
        (b"   ", "500"),
        (b"{", "2010"),
        (b"[1]", "2010"),
        (b"null", "2010"),
        (b"[" * 100_000, "2010"),
        ('{"DisplayName": "Bj\u00f6rn"}'.encode("latin-1"), "2010"),
        (b"<Customer><DisplayName>X</DisplayName></Customer>", "2010"),
    ],
)
def test_unreadable_bodies_have_their_codes(seeded: Caller, body: bytes, code: str) -> None:
    response = seeded.raw("POST", "/customer", data=body, headers={"Content-Type": "application/json"})
    assert (response.status_code, response.json()["Fault"]["Error"][0]["code"]) == (400, code)


def test_a_body_that_only_claims_to_be_packed_is_unreadable(seeded: Caller) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    response = seeded.raw("POST", "/customer", data=b"\x1f\x8bnot gzip", headers=headers)
    assert response.json()["Fault"]["Error"][0]["code"] == "2010"


def test_ids_and_versions_may_be_numbers(qbo: Caller) -> None:
    made = qbo.create("Customer", {"DisplayName": "Numbers"})
    head = {"Id": int(made["Id"]), "SyncToken": int(made["SyncToken"]), "sparse": "true"}
    changed = qbo.create("Customer", head | {"Notes": "x", "GivenName": "", "BillAddr": {"City": ""}})
    assert (changed["SyncToken"], changed["Notes"]) == ("1", "x")
    job = {"DisplayName": "Job by number", "Job": True, "ParentRef": {"value": int(made["Id"])}}
    assert qbo.create("Customer", job)["ParentRef"]["value"] == made["Id"]
    assert qbo.refuses("Customer", head | {"SyncToken": 0, "Notes": "y"}) == "5010"


# --- the shapes of refusals ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authorization", "code", "detail"),
    [
        ("", "3200", "Token missing"),
        ("Bearer", "3202", "Token missing"),
        ("Bearer nonsense", "3200", "Token expired"),
        ("Basic abc", "3200", "Token expired"),
    ],
)
def test_the_gateway_answers_401_in_lower_case(
    seeded: Caller, authorization: str, code: str, detail: str
) -> None:
    response = seeded.raw("GET", "/invoice/2", headers={"Authorization": authorization})
    body = response.json()
    assert response.status_code == 401
    assert body["fault"]["type"] == "AUTHENTICATION"
    assert (body["fault"]["error"][0]["code"], body["fault"]["error"][0]["detail"]) == (code, detail)
    assert body["time"] > 1_700_000_000_000
    assert {name for name in body if body[name] is None} == {
        *("warnings", "intuitObject", "report", "queryResponse", "syncErrorResponse", "requestId", "status")
    }
    assert response.headers["intuit_tid"].startswith("1-")


def test_a_throttle_and_a_foreign_company_name_no_element(qbo: Caller) -> None:
    qbo.admin("faults", trouble="throttled", count=2)
    throttled = qbo.raw("GET", "/invoice/2")
    error = throttled.json()["Fault"]["Error"][0]
    assert (throttled.status_code, error) == (
        429,
        {
            "Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
            "Detail": "The request limit was reached.  Try again later",
            "code": "3001",
        },
    )
    qbo.admin("switches", padded_codes=True)
    padded = qbo.raw("GET", "/invoice/2").json()
    assert (padded["Fault"]["Error"][0]["code"], padded["Fault"]["type"]) == ("003001", "SERVICE")
    assert qbo.fault("GET", "/invoice/99999")[0] == "610"
    foreign = requests.get(
        f"{qbo.twin.base_url}/v3/company/123/invoice/2",
        headers={"Authorization": f"Bearer {qbo.token}", "Accept": "application/json"},
        timeout=60,
    )
    assert foreign.status_code == 403
    assert "element" not in foreign.json()["Fault"]["Error"][0]


def test_company_wide_refusals(qbo: Caller) -> None:
    body = {"DisplayName": "Refused"}
    qbo.admin("company", lapsed=True)
    assert qbo.refuses("Customer", body) == "6190"
    assert qbo.read("Customer", "1")["Id"] == "1"
    qbo.admin("company", lapsed=False, plan_lacks=["Bill"])
    bill = {"VendorRef": {"value": "34"}, "Line": [expense_line("5", "45")]}
    assert qbo.refuses("Bill", bill) == "5020"
    qbo.admin("company", plan_lacks=[], locked_out=True)
    locked = qbo.raw("GET", "/customer/1")
    fault = locked.json()["Fault"]
    assert (locked.status_code, fault["type"], fault["Error"][0]["code"]) == (
        401,
        "AuthorizationFault",
        "120",
    )
    assert fault["Error"][0]["Detail"].startswith("-11014-You do not have access")


@pytest.mark.parametrize("code", ["6210", "6200", "5010"])
def test_a_closed_period_has_more_than_one_code(qbo: Caller, code: str) -> None:
    qbo.admin("closing", date="2026-01-31")
    qbo.admin("company", closed_period_code=code)
    found, error = qbo.fault("POST", "/invoice", invoice("1", sales_line("10"), TxnDate="2026-01-31"))
    assert found == code
    assert "2026-01-31 is on or before the closing date 2026-01-31" in error["Detail"]
    assert qbo.create("Invoice", invoice("1", sales_line("10"), TxnDate="2026-02-01"))["Id"]
    preferences = qbo.get("/preferences")["Preferences"]["AccountingInfoPrefs"]
    assert preferences["BookCloseDate"] == "2026-01-31"


def test_words_of_the_refusals_that_clients_tell_apart(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("10")))
    qbo.delete("Invoice", made)
    gone = qbo.fault("GET", f"/invoice/{made['Id']}")[1]
    assert "Another user has deleted this transaction" in gone["Detail"]
    qbo.admin("do", action="inactivate", kind="Item", id="3")
    inactive = qbo.fault("POST", "/invoice", invoice("1", sales_line("10", item="3")))[1]
    assert inactive["code"] == "610"
    assert "Something you're trying to use has been made inactive" in inactive["Detail"]
    assert qbo.refuses("Invoice", invoice("999", sales_line("10"))) == "2500"
    other = qbo.create("Invoice", invoice("2", sales_line("10")))
    code, linked = qbo.fault("POST", "/payment", payment("1", "10", (other["Id"], "10")))
    assert (code, linked["Message"]) == ("620", "Txn ID cannot be linked")
    assert qbo.refuses("Payment", {"CustomerRef": {"value": "1"}}) == "6000"
    assert qbo.refuses("Customer", {"DisplayName": "Sierra Pipe Supply"}) == "6240"


@pytest.mark.parametrize(
    ("uri", "code"),
    [
        ("https://pump.example.com/a", None),
        ("pump.example.com", None),
        ("", None),
        ("pump", "2200"),
        ("http://localhost", "2200"),
        ("pump .example.com", "2200"),
        ("https://.", "2200"),
    ],
)
def test_web_addresses_are_checked(qbo: Caller, uri: str, code: str | None) -> None:
    body = {"DisplayName": "On the web", "WebAddr": {"URI": uri}}
    if code is None:
        assert qbo.create("Customer", body).get("WebAddr", {"URI": ""})["URI"] == uri
    else:
        assert qbo.refuses("Customer", body) == code


def test_every_code_has_a_message_a_status_and_a_type() -> None:
    for code, (message, status, kind) in CODES.items():
        assert code.isdecimal(), code
        assert message, code
        assert status in (400, 401, 403, 429, 500), code
        assert kind in (
            *("ValidationFault", "SystemFault", "AuthenticationFault", "AuthorizationFault"),
            *("SERVICE", "AUTHENTICATION"),
        )


# --- options of a call --------------------------------------------------------------------------------------


def test_a_payment_link_comes_only_when_asked_with_online_payment_and_an_address(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("10"), BillEmail={"Address": "a@example.com"}))
    shy = qbo.create("Customer", {"DisplayName": "No address"})
    bare = qbo.create("Invoice", invoice(shy["Id"], sales_line("10")))
    path = f"/invoice/{made['Id']}"
    assert "InvoiceLink" not in qbo.get(path, include="invoiceLink")["Invoice"]
    qbo.admin("preferences", **{"SalesFormsPrefs.ETransactionPaymentEnabled": True})
    assert "InvoiceLink" not in qbo.get(path)["Invoice"]
    assert made["Id"] in qbo.get(path, include="invoiceLink")["Invoice"]["InvoiceLink"]
    assert "InvoiceLink" not in qbo.get(f"/invoice/{bare['Id']}", include="invoiceLink")["Invoice"]
    statement = f"select * from Invoice where Id in ('{made['Id']}', '{bare['Id']}')"
    rows = qbo.get("/query", query=statement, include="invoiceLink")["QueryResponse"]["Invoice"]
    assert ["InvoiceLink" in row for row in rows] == [bool(row.get("BillEmail")) for row in rows]


@pytest.mark.parametrize("minorversion", ["", "1", "4", "65", "75", "76", "200", "x"])
def test_every_minorversion_means_the_same(seeded: Caller, minorversion: str) -> None:
    answer = seeded.get("/invoice/2", minorversion=minorversion)["Invoice"]
    assert answer == seeded.read("Invoice", "2")


def test_includes_may_be_repeated_or_listed(qbo: Caller) -> None:
    body = invoice("1", sales_line("10"), DocNumber="1001")
    assert qbo.refuses("Invoice", body) == "6140"
    for params in ("include=a&include=allowduplicatedocnum", "include=invoiceLink,allowduplicatedocnum"):
        assert qbo.raw("POST", f"/invoice?{params}", json=body).status_code == 200


def test_a_company_may_keep_latin_characters_only(qbo: Caller) -> None:
    body = {"DisplayName": "S\u00f8n \u017di\u017eek", "BillAddr": {"City": "\u0141\u00f3d\u017a"}}
    assert qbo.create("Customer", body)["DisplayName"] == "S\u00f8n \u017di\u017eek"
    qbo.admin("company", latin_only=True)
    kept = qbo.create("Customer", body | {"DisplayName": "S\u00f8n \u017div"})
    assert (kept["DisplayName"], kept["BillAddr"]["City"]) == ("S\u00f8n ?iv", "?\u00f3d?")


def test_accounting_scope_and_company_decide_what_a_token_opens(qbo: Caller) -> None:
    tokens, app = qbo.twin.app.tokens, next(iter(qbo.twin.app.tokens.apps.values()))
    grant = tokens.connect(app, realm=qbo.twin.realm, scope="openid profile")
    token = tokens.refresh(app, refresh_token=grant.refresh_token)["access_token"]
    response = qbo.raw("GET", "/customer/1", headers={"Authorization": f"Bearer {token}"})
    assert (response.status_code, response.json()["Fault"]["Error"][0]["code"]) == (403, "3100")


def test_answers_are_utf8_json_with_money_as_numbers(qbo: Caller) -> None:
    made = qbo.create(
        "Invoice", invoice("1", sales_line("0.1"), sales_line("0.2"), PrivateNote="S\u00f8n \u2764")
    )
    raw = qbo.raw("GET", f"/invoice/{made['Id']}")
    assert raw.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert '"TotalAmt":0.3,' in raw.text
    assert json.loads(raw.content.decode("utf-8"))["Invoice"]["PrivateNote"] == "S\u00f8n \u2764"
