"""SOAP methods: what the Web Connector calls, with parameters and results, and the WSDL that says so.

Facts: reference/quickbooks-desktop.md sections 1.1 and 1.2. Of the two public WSDL variants one gives `serverVersion` a
`strVersion` and the other none; ours has it optional, which is both.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping

import attrs
from lxml import etree

TARGET = "http://developer.intuit.com/"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_WSDL = "http://schemas.xmlsoap.org/wsdl/"
_SOAP = "http://schemas.xmlsoap.org/wsdl/soap/"
_XSD = "http://www.w3.org/2001/XMLSchema"
_HTTP = "http://schemas.xmlsoap.org/soap/http"
_SERVICE = "QBWebConnectorSvc"


class Result(enum.StrEnum):
    """What a method answers."""

    TEXT = "string"
    NUMBER = "int"
    TEXTS = "ArrayOfString"


@attrs.frozen(kw_only=True)
class Method:
    """One call of the Web Connector; parameters are texts, except those in `numbers`."""

    parameters: tuple[str, ...] = ()
    result: Result = Result.TEXT
    numbers: frozenset[str] = frozenset()
    #: In the WSDL; the others are answered, and never called by a Web Connector that we invite.
    told: bool = True


METHODS: Mapping[str, Method] = {
    "serverVersion": Method(parameters=("strVersion",)),
    "clientVersion": Method(parameters=("strVersion",)),
    "authenticate": Method(parameters=("strUserName", "strPassword"), result=Result.TEXTS),
    "sendRequestXML": Method(
        parameters=(
            "ticket",
            "strHCPResponse",
            "strCompanyFileName",
            "qbXMLCountry",
            "qbXMLMajorVers",
            "qbXMLMinorVers",
        ),
        numbers=frozenset({"qbXMLMajorVers", "qbXMLMinorVers"}),
    ),
    "receiveResponseXML": Method(
        parameters=("ticket", "response", "hresult", "message"), result=Result.NUMBER
    ),
    "connectionError": Method(parameters=("ticket", "hresult", "message")),
    "getLastError": Method(parameters=("ticket",)),
    "closeConnection": Method(parameters=("ticket",)),
    "getServerVersion": Method(parameters=("ticket",), told=False),
    "getInteractiveURL": Method(parameters=("wcTicket", "sessionID"), told=False),
    "interactiveDone": Method(parameters=("wcTicket",), told=False),
    "isInteractiveDone": Method(parameters=("wcTicket",), told=False),
    "interactiveRejected": Method(parameters=("wcTicket", "reason"), told=False),
}


def wsdl(address: str) -> bytes:
    """Our own description of the service at an address."""
    namespaces = {"wsdl": _WSDL, "soap": _SOAP, "s": _XSD, "tns": TARGET}
    root = etree.Element(_w("definitions"), {"targetNamespace": TARGET}, nsmap=namespaces)
    told = [(name, method) for name, method in METHODS.items() if method.told]
    schema = etree.SubElement(
        etree.SubElement(root, _w("types")),
        _x("schema"),
        {"elementFormDefault": "qualified", "targetNamespace": TARGET},
    )
    for name, method in told:
        parts = [(p, "s:int" if p in method.numbers else "s:string") for p in method.parameters]
        _element(schema, name, parts)
        prefix = "tns" if method.result is Result.TEXTS else "s"
        _element(schema, f"{name}Response", [(f"{name}Result", f"{prefix}:{method.result}")])
    _array(schema)
    for name, _ in told:
        for message, element in ((f"{name}SoapIn", name), (f"{name}SoapOut", f"{name}Response")):
            part = {"name": "parameters", "element": f"tns:{element}"}
            etree.SubElement(etree.SubElement(root, _w("message"), {"name": message}), _w("part"), part)
    _port_type(root, [name for name, _ in told])
    _binding(root, [name for name, _ in told])
    service = etree.SubElement(root, _w("service"), {"name": _SERVICE})
    port = etree.SubElement(
        service, _w("port"), {"name": f"{_SERVICE}Soap", "binding": f"tns:{_SERVICE}Soap"}
    )
    etree.SubElement(port, _s("address"), {"location": address})
    return bytes(etree.tostring(root, encoding="utf-8", xml_declaration=True, pretty_print=True))


def _w(name: str) -> str:
    return f"{{{_WSDL}}}{name}"


def _s(name: str) -> str:
    return f"{{{_SOAP}}}{name}"


def _x(name: str) -> str:
    return f"{{{_XSD}}}{name}"


def _element(schema: etree._Element, name: str, parts: list[tuple[str, str]]) -> None:
    element = etree.SubElement(schema, _x("element"), {"name": name})
    sequence = etree.SubElement(etree.SubElement(element, _x("complexType")), _x("sequence"))
    for part, type_ in parts:
        least = "1" if type_ == "s:int" else "0"
        etree.SubElement(
            sequence,
            _x("element"),
            {"minOccurs": least, "maxOccurs": "1", "name": part, "type": type_},
        )


def _array(schema: etree._Element) -> None:
    array = etree.SubElement(schema, _x("complexType"), {"name": Result.TEXTS.value})
    etree.SubElement(
        etree.SubElement(array, _x("sequence")),
        _x("element"),
        {
            "minOccurs": "0",
            "maxOccurs": "unbounded",
            "name": "string",
            "nillable": "true",
            "type": "s:string",
        },
    )


def _port_type(root: etree._Element, names: list[str]) -> None:
    port_type = etree.SubElement(root, _w("portType"), {"name": f"{_SERVICE}Soap"})
    for name in names:
        operation = etree.SubElement(port_type, _w("operation"), {"name": name})
        etree.SubElement(operation, _w("input"), {"message": f"tns:{name}SoapIn"})
        etree.SubElement(operation, _w("output"), {"message": f"tns:{name}SoapOut"})


def _binding(root: etree._Element, names: list[str]) -> None:
    binding = etree.SubElement(
        root, _w("binding"), {"name": f"{_SERVICE}Soap", "type": f"tns:{_SERVICE}Soap"}
    )
    etree.SubElement(binding, _s("binding"), {"transport": _HTTP, "style": "document"})
    for name in names:
        operation = etree.SubElement(binding, _w("operation"), {"name": name})
        etree.SubElement(operation, _s("operation"), {"soapAction": f"{TARGET}{name}", "style": "document"})
        for way in ("input", "output"):
            etree.SubElement(etree.SubElement(operation, _w(way)), _s("body"), {"use": "literal"})
