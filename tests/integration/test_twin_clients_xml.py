"""Clients of the older sort, such as quickbooks-ruby and Intuit's PHP kit: XML out and XML in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from tests.twin_calls import Caller, calling

SPACE = "http://schema.intuit.com/finance/v3"
HEADERS = {"Accept": "application/xml", "Content-Type": "application/xml"}


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


def send(caller: Caller, path: str, body: str, *, status: int = 200) -> ElementTree.Element:
    """Post a document of the service's schema and answer the root of what comes back."""
    text = (
        f'<?xml version="1.0" encoding="utf-8"?>{body.replace("XMLNS", f"xmlns={chr(34)}{SPACE}{chr(34)}")}'
    )
    response = caller.raw("POST", path, data=text.encode(), headers=HEADERS)
    assert response.status_code == status, response.text
    return ElementTree.fromstring(response.content)


def text(element: ElementTree.Element, path: str) -> str | None:
    return element.findtext("/".join(f"{{{SPACE}}}{step}" for step in path.split("/")))


def code(root: ElementTree.Element) -> str | None:
    error = root.find(f".//{{{SPACE}}}Error")
    assert error is not None
    return error.get("code")


def test_an_invoice_is_made_changed_and_deleted(qbo: Caller) -> None:
    line = """<Line><Amount>{amount}</Amount><DetailType>SalesItemLineDetail</DetailType><SalesItemLineDetail>
        <ItemRef name="Repair">1</ItemRef><Qty>1</Qty><UnitPrice>{amount}</UnitPrice>
        <TaxCodeRef>NON</TaxCodeRef></SalesItemLineDetail></Line>"""
    lines = line.format(amount="40.50") + line.format(amount="9.50")
    made = send(
        qbo,
        "/invoice",
        f"<Invoice XMLNS>{lines}<CustomerRef>1</CustomerRef><PrivateNote>A &amp; B &lt;3</PrivateNote></Invoice>",
    )
    assert text(made, "Invoice/TotalAmt") == "50.0"
    identity, note = text(made, "Invoice/Id"), text(made, "Invoice/PrivateNote")
    assert note == "A & B <3"
    assert identity is not None
    changed = send(
        qbo,
        "/invoice",
        f'<Invoice XMLNS sparse="true"><Id>{identity}</Id><SyncToken>0</SyncToken>'
        "<PrivateNote>changed</PrivateNote></Invoice>",
    )
    assert text(changed, "Invoice/PrivateNote") == "changed"
    assert text(changed, "Invoice/TotalAmt") == "50.0"
    stale = f"<Invoice XMLNS><Id>{identity}</Id><SyncToken>0</SyncToken></Invoice>"
    assert code(send(qbo, "/invoice?operation=delete", stale, status=400)) == "5010"
    gone = send(qbo, "/invoice?operation=delete", stale.replace(">0<", ">1<"))
    record = gone.find(f"{{{SPACE}}}Invoice")
    assert record is not None
    assert record.get("status") == "Deleted"
    assert qbo.fault("GET", f"/invoice/{identity}")[0] == "610"


def test_a_customer_with_parts_and_a_name_that_is_taken(qbo: Caller) -> None:
    body = """<Customer XMLNS><DisplayName>Hill, Ada</DisplayName>
        <PrimaryEmailAddr><Address>ada@example.com</Address></PrimaryEmailAddr>
        <BillAddr><Line1>1 Pump St</Line1><City>Reno</City></BillAddr><Taxable>false</Taxable></Customer>"""
    made = send(qbo, "/customer", body)
    assert text(made, "Customer/PrimaryEmailAddr/Address") == "ada@example.com"
    assert text(made, "Customer/BillAddr/City") == "Reno"
    assert text(made, "Customer/Taxable") == "false"
    assert code(send(qbo, "/customer", body, status=400)) == "6240"


def test_a_batch_with_a_write_a_query_and_changes(qbo: Caller) -> None:
    yesterday = (dt.datetime.now(dt.UTC) - dt.timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    root = send(
        qbo,
        "/batch",
        f"""<IntuitBatchRequest XMLNS>
        <BatchItemRequest bId="1" operation="create"><Vendor><DisplayName>By XML</DisplayName></Vendor>
        </BatchItemRequest>
        <BatchItemRequest bId="2"><Query>select * from Class where Name = 'Drain'</Query></BatchItemRequest>
        <BatchItemRequest bId="3"><CDCQuery><Entities>Vendor</Entities>
          <ChangedSince>{yesterday}</ChangedSince></CDCQuery></BatchItemRequest>
        <BatchItemRequest bId="4" operation="create"><Widget/></BatchItemRequest>
        </IntuitBatchRequest>""",
    )
    items = {item.get("bId"): item for item in root}
    assert text(items["1"], "Vendor/DisplayName") == "By XML"
    assert text(items["2"], "QueryResponse/Class/Name") == "Drain"
    assert text(items["3"], "CDCResponse/QueryResponse/Vendor/Id")
    assert code(items["4"]) == "2000"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<Customer XMLNS><DisplayName>", "2010"),
        ("<Widget XMLNS/>", "2000"),
        ("<Customer XMLNS><Colour>red</Colour><DisplayName>X</DisplayName></Customer>", "2010"),
        ("<Customer XMLNS><DisplayName>X</DisplayName><Taxable>perhaps</Taxable></Customer>", "2120"),
        ('<!DOCTYPE a [<!ENTITY b "c">]><Customer XMLNS><DisplayName>&b;</DisplayName></Customer>', "2010"),
    ],
)
def test_documents_that_are_refused(qbo: Caller, body: str, expected: str) -> None:
    assert code(send(qbo, "/customer", body, status=400)) == expected
