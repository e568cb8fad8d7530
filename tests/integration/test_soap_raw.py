"""Calls as they come on the wire: prefixes, encodings, missing headers, nil, and what a description hides."""

from collections.abc import Mapping
from io import BytesIO

import attrs
import pytest
from lxml import etree
from werkzeug.test import Client

from blueops_qb.providers.qbd.gate import SoapGate
from blueops_qb.providers.qbd.soap_methods import METHODS
from blueops_qb.sdk.doors import Answered
from tests.web_connector import INTUIT, RawConnector, envelope

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"


@attrs.define
class Heard:
    """Answers every call with a fixed result, and keeps what came."""

    calls: list[tuple[str, dict[str, str]]] = attrs.field(factory=list)

    def answer(self, method: str, parameters: Mapping[str, str]) -> str | int | tuple[str, ...]:
        self.calls.append((method, dict(parameters)))
        if method == "authenticate":
            return ("TICKET", "")
        return 7 if method == "receiveResponseXML" else "said <&> \r\n é \x01"

    def knows(self, ticket: str) -> bool:
        return ticket == "known"


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def wire(heard: Heard) -> RawConnector:
    gate = SoapGate(heard)
    return RawConnector(
        client=Client(gate),
        user="u",
        password="p",
        path="/",
        deliver=lambda body: Answered(body=body),
    )


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_answered_in_its_own_element_and_namespace(
    wire: RawConnector, heard: Heard, method: str
) -> None:
    given = [(name, f"the {name}") for name in METHODS[method].parameters]
    answer = wire.post(envelope(method, given))
    assert heard.calls == [(method, dict(given))]
    root = etree.fromstring(answer.data)
    assert root.tag == f"{{{SOAP}}}Envelope"
    (body,) = root
    assert body.tag == f"{{{SOAP}}}Body"
    (response,) = body
    assert response.tag == f"{{{INTUIT}}}{method}Response"
    (result,) = response
    assert result.tag == f"{{{INTUIT}}}{method}Result"
    if method == "authenticate":
        assert [(e.tag, e.text or "") for e in result] == [
            (f"{{{INTUIT}}}string", "TICKET"),
            (f"{{{INTUIT}}}string", ""),
        ]
    elif method == "receiveResponseXML":
        assert result.text == "7"
    else:
        assert result.text == "said <&> \r\n é ?"


@pytest.mark.parametrize(
    "body",
    [
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><q:clientVersion xmlns:q="{INTUIT}"><q:strVersion>2.3</q:strVersion>'
        "</q:clientVersion></s:Body></s:Envelope>",
        f'<Envelope xmlns="{SOAP}"><Header><x xmlns="urn:x"><y/></x></Header><Body><clientVersion xmlns="{INTUIT}">'
        "<strVersion>2.3</strVersion></clientVersion></Body></Envelope>",
        f'<!-- hello --><s:Envelope xmlns:s="{SOAP}" xmlns:q="{INTUIT}">\n<s:Body>\n <q:clientVersion>\n'
        "  <q:strVersion>2<![CDATA[.]]>3</q:strVersion>\n  <q:other>z</q:other>\n </q:clientVersion>"
        "</s:Body></s:Envelope>",
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><q:clientVersion xmlns:q="{INTUIT}"><strVersion>2&#46;3</strVersion>'
        "</q:clientVersion></s:Body></s:Envelope>",
    ],
    ids=[
        "prefixes",
        "default namespace",
        "comment, CDATA, unknown parameter",
        "no namespace",
    ],
)
def test_spellings_of_the_same_call_are_the_same(wire: RawConnector, heard: Heard, body: str) -> None:
    assert wire.post(body).status_code == 200
    assert heard.calls == [("clientVersion", {"strVersion": "2.3"})]


@pytest.mark.parametrize(
    "inner",
    ["", "<serverVersion/>", "<strVersion/>", "<strVersion>1</strVersion>"],
    ids=["empty", "alone", "nil", "one"],
)
def test_server_version_may_come_with_or_without_a_version(
    wire: RawConnector, heard: Heard, inner: str
) -> None:
    if inner == "<serverVersion/>":
        body = f'<s:Envelope xmlns:s="{SOAP}"><s:Body><serverVersion xmlns="{INTUIT}"/></s:Body></s:Envelope>'
    else:
        body = (
            f'<s:Envelope xmlns:s="{SOAP}"><s:Body><serverVersion xmlns="{INTUIT}">{inner}</serverVersion></s:Body>'
            "</s:Envelope>"
        )
    assert wire.post(body).status_code == 200
    assert heard.calls == [("serverVersion", {"strVersion": "1" if "1" in inner else ""})]


def test_missing_empty_and_nil_parameters_are_empty(wire: RawConnector, heard: Heard) -> None:
    nil = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"'
    body = (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><receiveResponseXML xmlns="{INTUIT}"><ticket>known</ticket>'
        f"<response {nil}/><hresult></hresult></receiveResponseXML></s:Body></s:Envelope>"
    )
    assert wire.post(body).status_code == 200
    assert heard.calls[0][1] == {"ticket": "known", "response": "", "hresult": "", "message": ""}


@pytest.mark.parametrize(
    ("encoding", "header", "declared"),
    [
        ("utf-8", "text/xml; charset=utf-8", "utf-8"),
        ("utf-8", 'text/xml;charset="UTF-8"', ""),
        ("utf-8", "text/xml", ""),
        ("utf-8", "", "utf-8"),
        ("utf-8-sig", "text/xml; charset=utf-8", ""),
        ("iso-8859-1", "text/xml; charset=iso-8859-1", ""),
        ("iso-8859-1", "text/xml", "iso-8859-1"),
        ("windows-1252", "text/xml; charset=windows-1252", ""),
        ("utf-16", "text/xml; charset=utf-16", ""),
        ("utf-16", "text/xml", "utf-16"),
        ("utf-8", "application/soap+xml; charset=utf-8", ""),
    ],
)
def test_every_usual_encoding_is_read(
    wire: RawConnector, heard: Heard, encoding: str, header: str, declared: str
) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    body = (
        declaration
        + envelope("authenticate", [("strUserName", "Zoë"), ("strPassword", "x")])[
            len('<?xml version="1.0" encoding="utf-8"?>') :
        ]
    )
    assert wire.post(body.encode(encoding), **{"Content-Type": header}).status_code == 200
    assert heard.calls[0][1]["strUserName"] == "Zoë"


@pytest.mark.parametrize(
    "header", ["text/xml; charset=koi8-r", "application/json", "multipart/form-data; boundary=x"]
)
def test_what_is_no_xml_we_read_is_refused(wire: RawConnector, heard: Heard, header: str) -> None:
    answer = wire.post(envelope("serverVersion"), **{"Content-Type": header})
    assert answer.status_code == 415
    assert "faultstring" in answer.text
    assert heard.calls == []


@pytest.mark.parametrize("action", [None, "", '""', '"http://developer.intuit.com/closeConnection"', "urn:x"])
def test_the_action_header_may_be_missing_or_wrong(
    wire: RawConnector, heard: Heard, action: str | None
) -> None:
    headers = {} if action is None else {"SOAPAction": action}
    assert wire.post(envelope("getLastError", [("ticket", "t")]), **headers).status_code == 200
    assert heard.calls == [("getLastError", {"ticket": "t"})]


def test_qbxml_travels_as_text_and_comes_out_as_it_was(wire: RawConnector, heard: Heard) -> None:
    qbxml = '<?xml version="1.0" ?>\n<QBXML>\n<QBXMLMsgsRs><Name>A &amp; B &#233; é "x"</Name></QBXMLMsgsRs></QBXML>'
    wire.post(envelope("receiveResponseXML", [("ticket", "known"), ("response", qbxml)]))
    assert heard.calls[0][1]["response"] == qbxml


def test_a_long_answer_of_a_known_ticket_is_read_whole(wire: RawConnector, heard: Heard) -> None:
    qbxml = "<QBXML>" + "<Name>A &amp; é</Name>\r\n" * 100_000 + "</QBXML>"
    parts = [
        ("ticket", "known"),
        ("response", qbxml.replace("\r\n", "\n")),
        ("hresult", ""),
        ("message", "m"),
    ]
    assert wire.post(envelope("receiveResponseXML", parts)).status_code == 200
    assert heard.calls[0][1]["response"] == qbxml.replace("\r\n", "\n")
    assert heard.calls[0][1]["message"] == "m"


def test_a_body_in_chunks_without_a_length_is_read(heard: Heard) -> None:
    started: list[str] = []
    gate = SoapGate(heard)
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "",
        "CONTENT_TYPE": "text/xml",
        "wsgi.input": BytesIO(envelope("serverVersion").encode()),
        "wsgi.input_terminated": True,
    }
    answer = b"".join(gate(environ, lambda status, _: started.append(status)))
    assert started == ["200 OK"]
    assert b"serverVersionResult" in answer


@pytest.mark.parametrize("address", ["/", "/?wsdl", "/?WSDL", "/?singleWsdl&wsdl=1"])
def test_looking_at_the_address_shows_a_page_or_the_description(wire: RawConnector, address: str) -> None:
    answer = wire.client.get(address)
    assert answer.status_code == 200
    if "wsdl" in address.lower():
        assert etree.fromstring(answer.data).tag == "{http://schemas.xmlsoap.org/wsdl/}definitions"
    else:
        assert "for the QuickBooks Web Connector" in answer.text
    assert wire.client.head(address).status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_other_methods_and_addresses_are_refused(wire: RawConnector) -> None:
    assert wire.client.put("/").status_code == 405
    assert wire.client.put("/").headers["Allow"] == "GET, HEAD, POST"
    assert wire.client.get("/other").status_code == 404
    assert wire.client.post("/other", data="x").status_code == 404
