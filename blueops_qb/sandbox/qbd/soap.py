"""SOAP 1.1 as the Web Connector speaks it: one POST per call, and an answer that is looked at closely.

The namespace, the names of elements and the form of each result are those of section 1 of the Desktop reference;
anything else in an answer is an error that ends the session, as it does in the field.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

import attrs
import requests
from lxml import etree

NAMESPACE = "http://developer.intuit.com/"
_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

#: call -> the code that the Web Connector shows when it fails
CODES = {
    "authenticate": "QBWC1012",
    "clientVersion": "QBWC1036",
    "sendRequestXML": "QBWC1041",
    "receiveResponseXML": "QBWC1042",
    "connectionError": "QBWC1043",
    "getLastError": "QBWC1044",
    "closeConnection": "QBWC1045",
}


class Wsdl(enum.Enum):
    """The two descriptions of the service that are about differ in serverVersion alone."""

    EMPTY = "empty"  #: ``<serverVersion/>``, as the real Web Connector sends it
    VERSIONED = "versioned"  #: with an element ``strVersion`` inside


class ServiceError(Exception):
    """The service could not be called, or its answer is none of the contract."""

    def __init__(self, call: str, why: str) -> None:
        code = CODES.get(call, "QBWC1012")
        super().__init__(f"{code}: {call}: {why}")
        self.code = code


@attrs.define(kw_only=True)
class Service:
    """The service behind a URL; every call raises ServiceError where it does not go as the contract says."""

    url: str
    wsdl: Wsdl = Wsdl.EMPTY
    timeout: float = 1200
    http: requests.Session = attrs.field(factory=requests.Session)

    def server_version(self) -> str:
        """What the service calls its version."""
        return self._text("serverVersion", {"strVersion": ""} if self.wsdl is Wsdl.VERSIONED else {})

    def client_version(self, version: str) -> str:
        """What the service thinks of this version of the Web Connector: empty, or a text behind W:, E: or O:."""
        return self._text("clientVersion", {"strVersion": version})

    def authenticate(self, user: str, password: str) -> list[str]:
        """The array of two to four strings: ticket, what to do, seconds to wait, least interval."""
        name = "authenticate"
        result = self._call(name, {"strUserName": user, "strPassword": password})
        strings = [child for child in result if isinstance(child.tag, str)]
        if any(child.tag != f"{{{NAMESPACE}}}string" for child in strings):
            raise ServiceError(
                name, "Index Out Of Range: authenticateResult holds other elements than string"
            )
        if not 2 <= len(strings) <= 4:
            raise ServiceError(name, f"Index Out Of Range: authenticateResult holds {len(strings)} strings")
        return [child.text or "" for child in strings]

    def send_request_xml(
        self, ticket: str, *, hcp: str, file: str, country: str, version: tuple[int, int]
    ) -> str:
        """The next message set, or an empty text."""
        return self._text(
            "sendRequestXML",
            {
                "ticket": ticket,
                "strHCPResponse": hcp,
                "strCompanyFileName": file,
                "qbXMLCountry": country,
                "qbXMLMajorVers": str(version[0]),
                "qbXMLMinorVers": str(version[1]),
            },
        )

    def receive_response_xml(self, ticket: str, *, response: str, hresult: str, message: str) -> int:
        """How far the service is: 0 to 100, negative for an error."""
        name = "receiveResponseXML"
        text = self._text(
            name, {"ticket": ticket, "response": response, "hresult": hresult, "message": message}
        )
        try:
            done = int(text)
        except ValueError:
            raise ServiceError(name, f"the result {text!r} is no integer") from None
        if done > 100:
            raise ServiceError(name, f"the result {done} is more than 100 percent")
        return done

    def connection_error(self, ticket: str, *, hresult: str, message: str) -> str:
        """``done``, or the company file to try next."""
        return self._text("connectionError", {"ticket": ticket, "hresult": hresult, "message": message})

    def get_last_error(self, ticket: str) -> str:
        """A text for people, or ``NoOp``."""
        return self._text("getLastError", {"ticket": ticket})

    def close_connection(self, ticket: str) -> str:
        """The text that is shown as the status."""
        return self._text("closeConnection", {"ticket": ticket})

    def _text(self, name: str, parameters: Mapping[str, str]) -> str:
        result = self._call(name, parameters)
        if len(result):
            raise ServiceError(name, f"{name}Result holds elements where text is due")
        return result.text or ""

    def _call(self, name: str, parameters: Mapping[str, str]) -> etree._Element:
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{NAMESPACE}{name}"',
            "User-Agent": "Mozilla/4.0 (compatible; MSIE 6.0; MS Web Services Client Protocol)",
        }
        try:
            answer = self.http.post(
                self.url,
                data=_envelope(name, parameters),
                headers=headers,
                timeout=self.timeout,
                allow_redirects=False,
            )
        except requests.RequestException as error:
            raise ServiceError(name, f"{self.url} cannot be reached ({error})") from error
        if answer.status_code != 200:
            raise ServiceError(name, f"HTTP status {answer.status_code}: {_fault(answer.content)}")
        return _result(name, answer.content)


def _envelope(name: str, parameters: Mapping[str, str]) -> bytes:
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap={"soap": _SOAP})
    body = etree.SubElement(envelope, f"{{{_SOAP}}}Body")
    # The call stands in the default namespace, without a prefix, as in the field.
    call = etree.fromstring(f'<{name} xmlns="{NAMESPACE}"/>')
    body.append(call)
    for parameter, value in parameters.items():
        etree.SubElement(call, f"{{{NAMESPACE}}}{parameter}").text = value
    return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")


def _parsed(content: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    return etree.fromstring(content, parser)


def _result(name: str, content: bytes) -> etree._Element:
    try:
        root = _parsed(content)
    except etree.XMLSyntaxError as error:
        raise ServiceError(name, f"the answer is not well-formed XML ({error})") from None
    body = root.find(f"{{{_SOAP}}}Body")
    if root.tag != f"{{{_SOAP}}}Envelope" or body is None:
        raise ServiceError(name, "the answer is no SOAP 1.1 envelope")
    if body.find(f"{{{_SOAP}}}Fault") is not None:
        raise ServiceError(name, _fault(content))
    response = body.find(f"{{{NAMESPACE}}}{name}Response")
    if response is None:
        found = ", ".join(str(child.tag) for child in body)
        raise ServiceError(
            name, f"the body holds {found or 'nothing'} instead of {{{NAMESPACE}}}{name}Response"
        )
    result = response.find(f"{{{NAMESPACE}}}{name}Result")
    if result is None:
        raise ServiceError(name, f"{name}Response holds no {{{NAMESPACE}}}{name}Result")
    return result


def _fault(content: bytes) -> str:
    try:
        text = _parsed(content).findtext(".//faultstring")
    except etree.XMLSyntaxError:
        text = None
    return text or content[:200].decode("utf-8", errors="replace")
