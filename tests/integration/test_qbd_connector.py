"""The twin's Web Connector against services over real HTTP: order of calls, every answer of the contract, mishaps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from lxml import etree

from blueops_qb.sandbox.qbd import custom_data
from blueops_qb.sandbox.qbd.connector import Connector, Ended, Mishaps
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.qwc import QwcError, read_qwc
from blueops_qb.sandbox.qbd.soap import Service, Wsdl
from tests.qbd_twin import Desk, message_set, new_desk, text
from tests.qbwc_service import NAMESPACE, Script, call_schema, envelope, result
from tests.served import served

OWNER, FILE_ID = "{5B0F2C1E-0000-4000-8000-0000000000A1}", "{0D3A0000-0000-4000-8000-0000000000F1}"


def add(name: str, *, ids: str = "") -> str:
    request = f"<CustomerAddRq><CustomerAdd><Name>{name}</Name></CustomerAdd></CustomerAddRq>"
    return message_set(request, attributes=f'onError="continueOnError"{ids}')


@contextmanager
def connected(
    script: Script,
    desk: Desk,
    *,
    mishaps: Mishaps | None = None,
    password: str = "secret",
    wsdl: Wsdl = Wsdl.EMPTY,
) -> Iterator[Connector]:
    with served(script) as url:
        yield Connector(
            service=Service(url=url, wsdl=wsdl, timeout=60),
            quickbooks=QuickBooks(file=desk.file, owner=OWNER),
            user="bo",
            password=password,
            mishaps=mishaps or Mishaps(),
            sleep=lambda _: None,
        )


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def there(desk: Desk, name: str) -> bool:
    return bool(desk.query("Customer", f"<FullName>{name}</FullName>"))


def test_a_session_goes_from_server_version_to_close_connection(desk: Desk) -> None:
    script = Script(sets=[add("One"), add("Two")])
    with connected(script, desk) as connector:
        outcome = connector.run_session()
    assert script.names() == [
        "serverVersion",
        "clientVersion",
        "authenticate",
        *("sendRequestXML", "receiveResponseXML") * 2,
        "closeConnection",
    ]
    assert (outcome.ended, outcome.status) == (Ended.DONE, "closed")
    assert [called.action for called in script.calls] == [f'"{NAMESPACE}{name}"' for name in script.names()]
    assert there(desk, "One")
    assert there(desk, "Two")
    assert {called.parameters["ticket"] for called in script.calls[3:]} == {"ticket-1"}


@pytest.mark.shared
@pytest.mark.parametrize("wsdl", Wsdl)
def test_every_call_fits_the_description_of_the_service(shared: Path, desk: Desk, wsdl: Wsdl) -> None:
    schema = call_schema(shared)
    script = Script(sets=[add("One")], percent=[-1], last_error=["bad"], welcome=[""])
    with connected(script, desk, wsdl=wsdl) as connector:
        connector.run_session()
        desk.bookkeeper.open_dialog()
        connector.run_session()
    assert {"connectionError", "getLastError"} <= set(script.names())
    for called in script.calls:
        schema.assertValid(etree.ElementTree(called.element))
    assert ("strVersion" in script.calls[0].parameters) is (wsdl is Wsdl.VERSIONED)


def test_only_the_first_request_of_a_session_carries_host_company_and_preferences(desk: Desk) -> None:
    custom_data.set_file_id(desk.file.company, owner=OWNER, file_id=FILE_ID)
    script = Script(sets=[add("One"), add("Two")])
    with connected(script, desk) as connector:
        connector.run_session()
    first, second = (called.parameters for called in script.calls if called.name == "sendRequestXML")
    profile = etree.fromstring(first["strHCPResponse"].encode())
    assert [child.tag for child in profile[0]] == ["HostQueryRs", "CompanyQueryRs", "PreferencesQueryRs"]
    assert text(profile, ".//DataExtRet/DataExtValue") == FILE_ID
    assert second["strHCPResponse"] == ""
    assert [first[name] for name in ("qbXMLCountry", "qbXMLMajorVers", "qbXMLMinorVers")] == ["US", "13", "0"]
    assert first["strCompanyFileName"] == desk.file.path


@pytest.mark.parametrize(
    ("welcome", "ended"),
    [(["none"], Ended.NOTHING), (["NONE"], Ended.NOTHING), (["busy"], Ended.BUSY), (["", "30"], Ended.BUSY)],
)
def test_a_service_without_work_is_left_alone(desk: Desk, welcome: list[str], ended: Ended) -> None:
    script = Script(sets=[add("One")], welcome=welcome)
    with connected(script, desk) as connector:
        outcome = connector.run_session()
    assert (outcome.ended, script.names()[2:]) == (ended, ["authenticate", "closeConnection"])


def test_a_wrong_password_ends_with_nvu(desk: Desk) -> None:
    script = Script(sets=[add("One")])
    with connected(script, desk, password="guess") as connector:
        assert connector.run_session().ended is Ended.REFUSED
    assert script.names()[-1] == "closeConnection"


def test_the_least_interval_is_handed_on(desk: Desk) -> None:
    with connected(Script(welcome=["", "0", "120"]), desk) as connector:
        assert connector.run_session().interval == 120


@pytest.mark.parametrize(
    ("word", "ended"), [("W:old", Ended.DONE), ("E:too old", Ended.OUTDATED), ("O:9.9", Ended.OUTDATED)]
)
def test_the_service_judges_the_version(desk: Desk, word: str, ended: Ended) -> None:
    with connected(Script(client_version=word, sets=[add("One")]), desk) as connector:
        assert connector.run_session().ended is ended


def test_no_work_asks_for_the_last_error_and_no_op_tries_again(desk: Desk) -> None:
    script = Script(last_error=["NoOp", "all quiet"])
    with connected(script, desk) as connector:
        outcome = connector.run_session()
    assert script.names()[3:] == ["sendRequestXML", "getLastError"] * 2 + ["closeConnection"]
    assert outcome.error == "all quiet"


def test_a_negative_answer_ends_the_session_with_its_error(desk: Desk) -> None:
    script = Script(sets=[add("One"), add("Two")], percent=[-7], last_error=["stop it"])
    with connected(script, desk) as connector:
        outcome = connector.run_session()
    assert (outcome.ended, outcome.error) == (Ended.ERROR, "stop it")
    assert not there(desk, "Two")


def test_a_message_set_that_is_no_qbxml_comes_back_as_an_hresult(desk: Desk) -> None:
    script = Script(sets=["<QBXML>", add("Fine")])
    with connected(script, desk) as connector:
        connector.run_session()
    assert [hresult for _, hresult in script.heard] == ["0x80040400", ""]
    assert script.heard[0][0] == ""
    assert connector.hresults == {"0x80040400": 1}


def test_quickbooks_that_is_closed_is_opened_by_the_path_the_service_gives(desk: Desk) -> None:
    desk.file.company.switches.closed = True
    script = Script(sets=[add("One")], paths=[desk.file.path])
    with connected(script, desk) as connector:
        assert connector.run_session().ended is Ended.DONE
    asked = next(called for called in script.calls if called.name == "connectionError")
    assert asked.parameters["hresult"] == "0x80040416"


@pytest.mark.parametrize(
    ("switch", "hresult"),
    [("dialog_open", "0x80040414"), ("other_file", "0x8004040a"), ("no_file_open", "0x80040417")],
)
def test_quickbooks_that_cannot_be_opened_ends_with_done(desk: Desk, switch: str, hresult: str) -> None:
    setattr(desk.file.company.switches, switch, True)
    script = Script(sets=[add("One")], paths=["DONE"])
    with connected(script, desk) as connector:
        assert connector.run_session().ended is Ended.ERROR
    assert script.names()[3:] == ["connectionError", "closeConnection"]
    assert script.calls[3].parameters["hresult"] == hresult


def test_the_connector_gives_up_after_a_few_paths(desk: Desk) -> None:
    desk.file.company.switches.dialog_open = True
    script = Script(paths=[""] * 20)
    with connected(script, desk) as connector:
        assert connector.run_session().ended is Ended.ERROR
    assert script.names().count("connectionError") == 3


@pytest.mark.parametrize(
    ("call", "body", "why"),
    [
        ("serverVersion", result("serverVersion", "1").replace(b"intuit.com/", b"intuit.com"), "instead of"),
        ("authenticate", result("authenticate", "<string>t</string>" * 5), "Index Out Of Range"),
        ("authenticate", result("authenticate", "<string>t</string>"), "Index Out Of Range"),
        (
            "authenticate",
            result("authenticate", "<string xmlns='urn:x'>t</string>" * 2),
            "Index Out Of Range",
        ),
        ("sendRequestXML", envelope("<soap:Fault><faultstring>boom</faultstring></soap:Fault>"), "boom"),
        ("receiveResponseXML", result("receiveResponseXML", "101"), "101"),
        ("receiveResponseXML", result("receiveResponseXML", "soon"), "no integer"),
        ("receiveResponseXML", b"Warning: oops" + result("receiveResponseXML", "100"), "not well-formed"),
        ("closeConnection", result("sendRequestXML", "OK"), "instead of"),
    ],
)
def test_an_answer_beside_the_contract_breaks_the_session(
    desk: Desk, call: str, body: bytes, why: str
) -> None:
    script = Script(sets=[add("One")], raw={call: body})
    with connected(script, desk) as connector:
        outcome = connector.run_session()
    assert outcome.ended is Ended.BROKEN
    assert why in outcome.error


def test_an_http_error_breaks_the_session(desk: Desk) -> None:
    script = Script(sets=[add("One")], status={"sendRequestXML": "500 Internal Server Error"})
    with connected(script, desk) as connector:
        outcome = connector.run_session()
    assert (outcome.ended, "QBWC1041" in outcome.error) == (Ended.BROKEN, True)


@pytest.mark.parametrize(
    ("mishaps", "run", "heard"),
    [
        (Mishaps(drop_request=1), False, 0),
        (Mishaps(drop_answer=1), True, 0),
        (Mishaps(garbage=1), True, 1),
        (Mishaps(double_answer=1), True, 2),
        (Mishaps(drop_close=True), True, 1),
    ],
)
def test_mishaps_happen_where_they_are_told_to(desk: Desk, mishaps: Mishaps, run: bool, heard: int) -> None:
    script = Script(sets=[add("One")])
    with connected(script, desk, mishaps=mishaps) as connector:
        outcome = connector.run_session()
    assert there(desk, "One") is run
    assert len(script.heard) == heard
    stopped = mishaps.drop_request or mishaps.drop_answer or mishaps.drop_close
    assert (outcome.ended is Ended.STOPPED) is bool(stopped)
    assert ("closeConnection" in script.names()) is not bool(stopped)
    if mishaps.garbage:
        with pytest.raises(etree.XMLSyntaxError):
            etree.fromstring(script.heard[0][0].encode())


def test_after_a_lost_answer_the_same_set_is_answered_from_memory(desk: Desk) -> None:
    ids = ' newMessageSetID="a1"'
    script = Script(sets=[add("One", ids=ids)])
    with connected(script, desk, mishaps=Mishaps(drop_answer=1)) as connector:
        connector.run_session()
        script.sets.append(add("One", ids=f'{ids} oldMessageSetID="a1"'))
        connector.run_session()
    answer = etree.fromstring(script.heard[0][0].encode())
    assert (answer[0].get("messageSetStatusCode"), text(answer, ".//CustomerRet/Name")) == ("0", "One")
    assert desk.file.processor.executed["CustomerAdd"] == 1


def qwc(**changes: str | None) -> str:
    values: dict[str, str | None] = {
        "AppName": "BlueOps",
        "AppID": "",
        "AppURL": "https://ops.example.com/qbwc/1",
        "AppDescription": "d",
        "AppSupport": "https://ops.example.com/help",
        "UserName": "bo",
        "OwnerID": OWNER,
        "FileID": FILE_ID,
        "QBType": "QBFS",
        **changes,
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in values.items() if value is not None)
    schedule = (
        "<Scheduler><RunEveryNSeconds>30</RunEveryNSeconds><RunEveryNMinutes>9</RunEveryNMinutes></Scheduler>"
    )
    return f"<?xml version='1.0'?><QBWCXML>{inner}{schedule}</QBWCXML>"


def test_an_application_is_added_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "app.qwc"
    path.write_text(qwc())
    application = read_qwc(path)
    assert (application.url, application.user, application.every) == (
        "https://ops.example.com/qbwc/1",
        "bo",
        30,
    )
    assert (application.owner_id, application.file_id) == (OWNER, FILE_ID)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"AppURL": "http://ops.example.com/qbwc"}, "QBWC1010"),
        ({"AppURL": "https://10.0.0.1/qbwc"}, "QBWC1001"),
        ({"AppSupport": "https://10.0.0.1/help"}, "QBWC1002"),
        ({"AppSupport": "https://other.example.com/help"}, "QBWC1000"),
        ({"FileID": "0D3A"}, "no GUID"),
        ({"UserName": None}, "UserName is missing"),
        ({"AppID": None}, "AppID is missing"),
        ({"QBType": "QBPOS"}, "QBFS"),
    ],
)
def test_an_application_beside_the_rules_is_not_added(
    tmp_path: Path, changes: dict[str, str | None], why: str
) -> None:
    path = tmp_path / "app.qwc"
    path.write_text(qwc(**changes))
    with pytest.raises(QwcError, match=why):
        read_qwc(path)
