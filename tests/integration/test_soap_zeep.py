"""zeep, an independent SOAP client, plays the Web Connector over HTTP with each public description and with ours."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import zeep
from lxml import etree

from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import callers
from blueops_qb.providers.qbd.qwc import OWNER_ID
from blueops_qb.sdk.doors import Answered
from blueops_qb.web.app import make_gates
from tests.engine_house import TENANT, EngineHouse
from tests.fake_books import Fault
from tests.served import served
from tests.web_connector import host_answers

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
BINDING = "{http://developer.intuit.com/}QBWebConnectorSvcSoap"
XSD = "{http://www.w3.org/2001/XMLSchema}"
#: zeep has no types of its own.
Client: Any = zeep.Client


@pytest.fixture
def address(asking: EngineHouse) -> Iterator[str]:
    with served(make_gates(asking.engine)) as base:
        yield f"{base}/asked"


@pytest.fixture(params=["reference", "reference without a version", "ours"])
def wsdl(request: pytest.FixtureRequest, address: str, tmp_path: Path) -> str:
    """Where zeep reads the description."""
    if request.param == "ours":
        return f"{address}?wsdl"
    shared: Path = request.getfixturevalue("shared")
    public = shared / "reference" / "qbd-schema" / "QBWebConnectorSvc.wsdl"
    if request.param == "reference":
        return str(public)
    tree = etree.parse(str(public))
    (element,) = tree.iterfind(f".//{XSD}element[@name='serverVersion']")
    (sequence,) = element.iter(f"{XSD}sequence")
    for part in list(sequence):
        sequence.remove(part)
    other = tmp_path / "other.wsdl"
    tree.write(str(other))
    return str(other)


@pytest.fixture
def service(wsdl: str, address: str) -> Iterator[Any]:
    with Client(wsdl) as client:
        yield client.create_service(BINDING, address)


def test_a_whole_run(asking: EngineHouse, service: Any) -> None:
    who = callers.new_password(asking.core, TENANT, asking.id, actor="admin", keys=asking.engine.keys)
    invoice = asking.invoice(asking.customer())
    asking.pay(invoice, "40.00")
    asking.books.script.append(Fault.CUT)  # one answer is asked for again
    assert service.serverVersion().startswith("BlueOps")
    assert not service.clientVersion("2.3.0.215")
    assert service.authenticate(who.caller.user, "wrong") == [None, "nvu"]
    ticket, file = service.authenticate(who.caller.user, who.password)
    assert not file
    assert service.connectionError(ticket, "0x80040414", "a dialog") == "done"
    hcp: str | None = host_answers(file_id="F1", owner_id=OWNER_ID)
    carried = 0
    while request := service.sendRequestXML(ticket, hcp, r"C:\acme.qbw", "US", 13, 0):
        hcp = None
        reply = asking.provider.deliver(request.encode())
        assert isinstance(reply, Answered)
        assert 0 <= service.receiveResponseXML(ticket, reply.body.decode(), None, None) < 100
        carried += 1
    assert service.getLastError(ticket) == "All is done."
    assert service.closeConnection(ticket) == f"All is done. Exchanges: {carried}."
    assert service.receiveResponseXML(ticket, "<QBXML/>", "", "") == -1
    assert asking.counted() == {"done": 3}
    assert [len(asking.books.of(kind)) for kind in (K.CUSTOMER, K.INVOICE, K.PAYMENT)] == [1, 1, 1]


def test_our_description_says_what_the_public_one_says(address: str, shared: Path) -> None:
    def told(where: str) -> Any:
        with Client(where) as client:
            binding = client.wsdl.bindings[BINDING]
            return {
                name: (
                    operation.soapaction,
                    operation.style,
                    operation.input.signature(),
                    operation.output.signature(),
                )
                for name, operation in binding._operations.items()
            }

    public = told(str(shared / "reference" / "qbd-schema" / "QBWebConnectorSvc.wsdl"))
    assert told(f"{address}?wsdl") == public
    with Client(f"{address}?wsdl") as client:
        (port,) = client.wsdl.services["QBWebConnectorSvc"].ports.values()
        assert port.binding_options["address"] == address
