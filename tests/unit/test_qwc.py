"""The .qwc file: what the Web Connector wants of it, and that it is the same every time."""

import re
from typing import Any

import attrs
import pytest
from lxml import etree

from blueops_qb.providers.qbd.qwc import OWNER_ID, QwcChoices, qwc_file
from blueops_qb.sdk.calling import Caller

CALLER = Caller(
    connection_id="0a1b2c3d4e5f6071",
    user="blueops-0a1b2c3d4e5f6071",
    company_id="9A8B7C6D-1111-4222-8333-444455556666",
    company_name="Acme & Söhne",
)
GATE, SUPPORT = (
    "https://ops.example.com/gates/quickbooks/qbd",
    "https://ops.example.com/gates/quickbooks/status",
)


def made(caller: Caller = CALLER, gate: str = GATE, support: str = SUPPORT, **choices: str) -> Any:
    file = qwc_file(caller, gate_url=gate, support_url=support, choices=QwcChoices.of(choices))
    return etree.fromstring(file.content)


def test_it_holds_what_the_reference_wants_and_no_password() -> None:
    root = made()
    assert root.tag == "QBWCXML"
    assert {child.tag: (child.text or "").strip() for child in root} == {
        "AppName": "BlueOps 0A1B2C",
        "AppID": "",
        "AppURL": GATE,
        "AppDescription": "Keeps BlueOps and QuickBooks equal",
        "AppSupport": SUPPORT,
        "UserName": CALLER.user,
        "OwnerID": f"{{{OWNER_ID}}}",
        "FileID": "{9A8B7C6D-1111-4222-8333-444455556666}",
        "QBType": "QBFS",
        "Style": "Document",
        "IsReadOnly": "false",
        "PersonalDataPref": "pdpNotNeeded",
        "UnattendedModePref": "umpOptional",
        "Scheduler": "",
    }
    assert root.findtext("Scheduler/RunEveryNMinutes") == "15"
    assert re.fullmatch("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", OWNER_ID)
    assert len(root.findtext("AppDescription")) <= 80


def test_it_is_the_same_every_time_whatever_the_company_is_called() -> None:
    renamed = attrs.evolve(CALLER, company_name="Another name")
    files = [
        qwc_file(caller, gate_url=GATE, support_url=SUPPORT, choices=QwcChoices())
        for caller in (CALLER, renamed)
    ]
    assert files[0] == files[1]
    assert files[0].name == "blueops-0a1b2c.qwc"
    assert files[0].content.isascii()


def test_two_connections_differ_in_what_must_differ() -> None:
    other = attrs.evolve(CALLER, user="blueops-ffff00001111", company_id="0" * 8 + CALLER.company_id[8:])
    one, two = made(), made(other)
    for tag in ("AppName", "UserName", "FileID"):
        assert one.findtext(tag) != two.findtext(tag)
    assert one.findtext("OwnerID") == two.findtext("OwnerID")


def test_choices_are_written() -> None:
    root = made(every_minutes="60", read_only="yes", personal_data="optional", unattended="required")
    assert root.findtext("Scheduler/RunEveryNMinutes") == "60"
    assert root.findtext("IsReadOnly") == "true"
    assert root.findtext("PersonalDataPref") == "pdpOptional"
    assert root.findtext("UnattendedModePref") == "umpRequired"


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"every_minutes": "0"}, "every 1 to 1440 minutes"),
        ({"every_minutes": "1441"}, "every 1 to 1440 minutes"),
        ({"every_minutes": "often"}, "not every 'often'"),
        ({"every_minutes": "²"}, "not every"),
        ({"read_only": "perhaps"}, "choose one of yes, no"),
        ({"personal_data": "all"}, "not_needed, optional, required"),
        ({"unattended": "never"}, "optional, required"),
        ({"colour": "red"}, "no choice named colour"),
    ],
)
def test_choices_that_do_not_exist_are_named(choices: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        QwcChoices.of(choices)


@pytest.mark.parametrize(
    ("gate", "support", "words"),
    [
        ("http://ops.example.com/q", SUPPORT, "QBWC1010"),
        ("https://192.0.2.7/q", SUPPORT, "QBWC1001"),
        ("https://[2001:db8::7]/q", SUPPORT, "QBWC1001"),
        (GATE, "https://help.example.com/", "QBWC1000"),
        (GATE, "http://ops.example.com/status", "QBWC1010"),
        ("ops.example.com/q", SUPPORT, "is no web address"),
        ("https:///q", SUPPORT, "is no web address"),
        ("https://user:secret@ops.example.com/q", SUPPORT, "is no web address"),
        ("ftp://ops.example.com/q", SUPPORT, "is not https"),
    ],
)
def test_addresses_that_the_web_connector_refuses_are_refused_here(
    gate: str, support: str, words: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(words)):
        made(gate=gate, support=support)


def test_plain_http_is_for_this_machine() -> None:
    root = made(gate="http://localhost:8080/gates/quickbooks/qbd", support="http://localhost:8080/status")
    assert root.findtext("AppURL").startswith("http://localhost:8080/")


def test_a_mark_that_is_no_guid_is_refused() -> None:
    with pytest.raises(ValueError, match="which is no GUID"):
        made(attrs.evolve(CALLER, company_id="F1"))
