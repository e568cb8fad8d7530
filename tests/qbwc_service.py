"""A service for the Web Connector, written for tests: scripted answers, and a record of every call it got."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import attrs
from lxml import etree

NAMESPACE = "http://developer.intuit.com/"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSDL = "http://schemas.xmlsoap.org/wsdl/"
XSD = "http://www.w3.org/2001/XMLSchema"


def call_schema(shared: Path) -> etree.XMLSchema:
    """The schema of the calls, out of the service's description in the shared reference."""
    wsdl = etree.parse(shared / "reference" / "qbd-schema" / "QBWebConnectorSvc.wsdl")
    (schema,) = wsdl.iter(f"{{{XSD}}}schema")
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


@attrs.define
class Called:
    """One call: its name, its parameters, the header and the element it came as."""

    name: str
    parameters: dict[str, str]
    action: str
    element: etree._Element


def envelope(inner: str) -> bytes:
    """A SOAP 1.1 answer."""
    return f'<soap:Envelope xmlns:soap="{SOAP}"><soap:Body>{inner}</soap:Body></soap:Envelope>'.encode()


def result(name: str, inner: str) -> bytes:
    """The answer to a call with this result."""
    return envelope(
        f'<{name}Response xmlns="{NAMESPACE}"><{name}Result>{inner}</{name}Result></{name}Response>'
    )


def escaped(text: str) -> str:
    """Text for an element."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@attrs.define(kw_only=True)
class Script:
    """A service that hands out message sets one by one and hears their answers."""

    sets: list[str] = attrs.field(factory=list)
    user: str = "bo"
    password: str = "secret"
    #: the array of authenticate behind the ticket, where the password is right
    welcome: list[str] = attrs.field(factory=lambda: [""])
    client_version: str = ""
    last_error: list[str] = attrs.field(factory=list)
    #: answers to connectionError, one after another; then ``done``
    paths: list[str] = attrs.field(factory=list)
    #: answers instead of the usual percentage, one after another
    percent: list[int] = attrs.field(factory=list)
    #: raw bodies instead of the usual answer, by call
    raw: dict[str, bytes] = attrs.field(factory=dict)
    status: dict[str, str] = attrs.field(factory=dict)
    calls: list[Called] = attrs.field(factory=list)
    heard: list[tuple[str, str]] = attrs.field(factory=list)
    tickets: int = 0
    given: int = 0

    def names(self) -> list[str]:
        """The calls so far, by name."""
        return [called.name for called in self.calls]

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        assert environ["REQUEST_METHOD"] == "POST"
        assert environ["CONTENT_TYPE"] == "text/xml; charset=utf-8"
        element = etree.fromstring(body).find(f"{{{SOAP}}}Body")
        assert element is not None
        (call,) = element
        name = etree.QName(call).localname
        parameters = {etree.QName(child).localname: child.text or "" for child in call}
        self.calls.append(
            Called(name=name, parameters=parameters, action=environ["HTTP_SOAPACTION"], element=call)
        )
        answer = self.raw.get(name) or result(name, self._answer(name, parameters))
        headers = [("Content-Type", "text/xml; charset=utf-8"), ("Content-Length", str(len(answer)))]
        start_response(self.status.get(name, "200 OK"), headers)
        return [answer]

    def _answer(self, name: str, parameters: dict[str, str]) -> str:
        match name:
            case "serverVersion":
                return "1.0"
            case "clientVersion":
                return escaped(self.client_version)
            case "authenticate":
                return self._authenticate(parameters)
            case "sendRequestXML":
                if self.given >= len(self.sets):
                    return ""
                self.given += 1
                return escaped(self.sets[self.given - 1])
            case "receiveResponseXML":
                self.heard.append((parameters["response"], parameters["hresult"]))
                left = len(self.sets) - self.given
                usual = 100 if not left else 50
                return str(self.percent.pop(0) if self.percent else usual)
            case "connectionError":
                return escaped(self.paths.pop(0) if self.paths else "done")
            case "getLastError":
                return escaped(self.last_error.pop(0) if self.last_error else "nothing to do")
            case _:
                return "closed"

    def _authenticate(self, parameters: dict[str, str]) -> str:
        self.tickets += 1
        right = (parameters["strUserName"], parameters["strPassword"]) == (self.user, self.password)
        strings = [f"ticket-{self.tickets}", *self.welcome] if right else ["", "nvu"]
        return "".join(f"<string>{escaped(text)}</string>" for text in strings)
