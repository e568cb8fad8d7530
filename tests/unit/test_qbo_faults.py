"""Every refusal of QuickBooks Online leads to an outcome with words for the admin, from one dictionary."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.fault_rules import Result
from blueops_qb.providers.qbo.fault_text import Fault, fault_of
from blueops_qb.providers.qbo.faults import RULES, rule_for
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.providers.qbo.verdicts import Heard, verdict
from blueops_qb.sdk.outcomes import (
    Absent,
    Applied,
    Gone,
    NotKnown,
    Outcome,
    Refused,
    SignIn,
    Stale,
    Throttled,
    Why,
)
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbo_documents import exchange, operation

PROVIDER = QboProvider(QboSettings())
CREATE = operation(CustomerRecord(name="Hill, Ada"))
UPDATE = operation(CustomerRecord(name="Hill, Ada"), verb=Verb.UPDATE, target_id="59", version="3")
READ = Operation(id="op1", verb=Verb.READ, kind=BooksKind.CUSTOMER, target_id="59")

THROTTLED_XML = (
    '<?xml version="1.0"?><IntuitResponse xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE">'
    '<Error code="003001"><Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>'
    "<Detail>The request limit was reached.</Detail></Error></Fault></IntuitResponse>"
)
LOWER_CASE: dict[str, Any] = {
    "warnings": None,
    "fault": {
        "error": [{"message": "message=AuthenticationFailed", "detail": "Token expired", "code": "3200"}],
        "type": "AUTHENTICATION",
    },
    "batchItemResponse": [],
    "time": 1767323045000,
}


def fault_json(
    code: str, detail: str = "", *, message: str = "", type: str = "ValidationFault"
) -> dict[str, Any]:
    error = {"Message": message, "Detail": detail, "code": code, "element": ""}
    return {"Fault": {"Error": [error], "type": type}, "time": "2026-01-02T03:04:05.123-08:00"}


def heard(op: Operation, status: int, text: Any, **headers: str) -> Outcome:
    """What an answer to a lone operation comes to."""
    body = text if isinstance(text, str) else json.dumps(text)
    answer = Answer(status=status, headers={"intuit_tid": "1-abc", **headers}, text=body)
    return PROVIDER.decode(exchange(op), answer.to_bytes(), BooksProfile())[op.id]


def in_batch(op: Operation, code: str, detail: str = "", *, message: str = "") -> Outcome:
    """What a fault in the batch item of an operation comes to."""
    item = {"bId": "0", **fault_json(code, detail, message=message)}
    return heard(op, 200, {"BatchItemResponse": [item], "time": "x"})


def test_every_row_says_what_happened_and_refusals_say_what_to_do() -> None:
    for rule in RULES:
        assert rule.message.endswith((".", ")", "!")), rule
        assert rule.code == rule.code.lstrip("0"), rule
        if rule.result is Result.REFUSED:
            assert rule.why is not None, rule
            assert len(rule.remedy) > 10, rule
        re.compile(rule.pattern)


def test_a_row_without_a_pattern_is_the_last_of_its_code() -> None:
    by_code: dict[tuple[str, object], list[str]] = {}
    for rule in RULES:
        by_code.setdefault((rule.code, rule.about), []).append(rule.pattern)
    for code, patterns in by_code.items():
        assert [n for n, pattern in enumerate(patterns) if not pattern] == [len(patterns) - 1], code


def test_a_row_about_a_kind_comes_before_those_about_any() -> None:
    own = [rule for rule in RULES if rule.about is not None]
    assert own
    for rule in own:
        assert rule_for(rule.code, "any text", rule.about) is rule
        assert rule_for(rule.code, "any text") not in (None, rule)


@pytest.mark.shared
def test_every_code_of_the_reference_is_in_the_dictionary(shared: Path) -> None:
    text = (shared / "reference" / "quickbooks-online.md").read_text()
    section = text.split("## 10. Fault codes")[1].split("\n## 11.")[0]
    codes: set[int] = set()
    for row in re.findall(r"^\| ([0-9][0-9, -]*[0-9]) \|", section, re.MULTILINE):
        for part in row.split(","):
            first, _, last = part.strip().partition("-")
            codes |= set(range(int(first), int(last or first) + 1, 10)) if last else {int(first)}
    assert len(codes) > 70
    assert sorted(code for code in codes if rule_for(str(code), "") is None) == []


@pytest.mark.parametrize(
    ("code", "detail", "why"),
    [
        ("6240", "The name supplied already exists.", Why.NAME_TAKEN),
        ("6140", "Duplicate Document Number Error", Why.NUMBER_TAKEN),
        ("6210", "The account period has closed", Why.CLOSED_PERIOD),
        ("5010", "The account period closed and cannot be changed", Why.CLOSED_PERIOD),
        ("6000", "The transaction date is prior to the closing date", Why.CLOSED_PERIOD),
        ("6540", "Deposited Transaction cannot be changed", Why.FROZEN),
        ("6000", "Invoice 5 cannot be voided: Payment 7 is linked to it", Why.FROZEN),
        ("6000", "You must set a transaction amount.", Why.INVALID),
        ("2500", "Invalid Reference Id : Names element id 99 not found", Why.REFERENCE),
        ("610", "Something you're trying to use has been made inactive.", Why.REFERENCE),
        ("610", "Object Not Found", Why.REFERENCE),
        ("620", "TxnID Cannot Be Linked", Why.REFERENCE),
        ("6430", "Invalid account type", Why.REFERENCE),
        ("5020", "Permission Denied", Why.NOT_AVAILABLE),
        ("6190", "Invalid Company Status", Why.NOT_ALLOWED),
        ("120", "-11014-You do not have access", Why.NOT_AVAILABLE),
        ("120", "This feature is not in your subscription", Why.NOT_AVAILABLE),
        ("2010", "Property Name:Colour is unsupported", Why.DEFECT),
        ("2210", "Email Address does not conform", Why.INVALID),
        ("7777", "Something new", Why.INVALID),
    ],
)
def test_a_create_is_refused_for_a_reason(code: str, detail: str, why: Why) -> None:
    outcome = in_batch(CREATE, code, detail)
    assert isinstance(outcome, Refused)
    assert outcome.why is why
    assert outcome.code == code
    assert outcome.remedy
    assert outcome.reference == "1-abc"
    assert code in outcome.detail


def test_what_quickbooks_says_is_passed_on_where_our_words_are_general() -> None:
    outcome = in_batch(CREATE, "6000", "The widget is blue.")
    assert isinstance(outcome, Refused)
    assert outcome.message.endswith("QuickBooks says: The widget is blue.")


def test_stale_and_deleted_are_told_apart() -> None:
    assert isinstance(in_batch(UPDATE, "5010", "Stale Object Error : You and another user ..."), Stale)
    gone = in_batch(UPDATE, "610", "Another user has deleted this transaction.")
    assert isinstance(gone, Gone)
    assert [(want.verb, want.target_id) for want in gone.then] == [(Verb.READ, "59")]


def test_a_read_knows_deleted_from_unknown() -> None:
    deleted = fault_json("610", "Another user has deleted this transaction.", message="Object Not Found")
    assert isinstance(heard(READ, 400, deleted), Gone)
    assert isinstance(heard(READ, 400, fault_json("610", message="Object Not Found")), Absent)
    assert isinstance(heard(READ, 200, {"Customer": {"Id": "59", "status": "Deleted"}}), Gone)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, fault_json("3001", "The request limit was reached.", type="SERVICE")),
        (429, fault_json("003001", type="SERVICE")),
        (429, THROTTLED_XML),
        (403, fault_json("", message="message=ThrottleExceeded; statusCode=403", type="SERVICE")),
        (429, ""),
        (429, "<html>slow down</html>"),
    ],
)
def test_a_throttle_in_any_form_rests_the_connection_for_a_minute(status: int, body: Any) -> None:
    for op in (CREATE, READ):
        outcome = heard(op, status, body)
        assert isinstance(outcome, Throttled)
        assert (outcome.retry_after, outcome.connection) == (60.0, True)


def test_a_wait_that_is_asked_for_is_kept() -> None:
    outcome = heard(CREATE, 429, THROTTLED_XML, **{"Retry-After": "17"})
    assert isinstance(outcome, Throttled)
    assert outcome.retry_after == 17.0


@pytest.mark.parametrize(
    ("status", "body", "refresh"),
    [
        (401, LOWER_CASE, True),
        (401, fault_json("003200", type="AUTHENTICATION"), True),
        (401, "", True),
        (401, "<html>Unauthorized</html>", True),
        (403, fault_json("003100", message="ApplicationAuthorizationFailed", type="SERVICE"), False),
        (403, "", False),
        (401, fault_json("120", "-11014-You do not have access", type="AuthorizationFault"), False),
    ],
)
def test_a_dead_sign_in_is_refreshed_or_needs_a_person(status: int, body: Any, refresh: bool) -> None:
    outcome = heard(CREATE, status, body)
    assert isinstance(outcome, SignIn)
    assert outcome.refresh is refresh
    assert outcome.message


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, fault_json("10000", "An application error", type="SystemFault")),
        (500, ""),
        (502, "<html><body>Bad gateway</body></html>"),
        (503, "busy"),
        (504, ""),
        (404, "<html>not here</html>"),
        (301, ""),
        (200, "<html><h1>We'll be right back</h1></html>"),
        (200, ""),
        (200, '{"BatchItemResponse": [{"bId": "0", "Customer": {"Id'),
        (200, "[]"),
        (200, "{}"),
        (200, {"BatchItemResponse": []}),
        (200, {"BatchItemResponse": [{"bId": "0"}]}),
        (200, fault_json("10000", type="SystemFault")),
        (200, "<Fault"),
    ],
)
def test_what_says_nothing_leaves_a_write_unknown_and_a_read_for_later(status: int, body: Any) -> None:
    written, read = heard(CREATE, status, body), heard(READ, status, body)
    assert isinstance(written, NotKnown)
    assert isinstance(read, Throttled)
    assert written.message
    assert not read.connection


def test_a_redirect_names_the_configuration() -> None:
    assert "host's configuration" in heard(CREATE, 302, "").message


def test_a_fault_with_status_200_is_heard() -> None:
    assert isinstance(heard(CREATE, 200, fault_json("6190")), Refused)


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"{}", b"[1]", b'{"status": "x"}', b'{"status": 200, "text": 7}']
)
def test_a_frame_that_is_none_never_raises(body: bytes) -> None:
    for op, kind in ((CREATE, NotKnown), (READ, Throttled)):
        outcome = PROVIDER.decode(exchange(op), body, BooksProfile())[op.id]
        assert isinstance(outcome, kind)


def test_an_item_that_went_through_beside_a_fault_is_applied() -> None:
    ops = (operation(CustomerRecord(name="A"), id="a"), operation(CustomerRecord(name="B"), id="b"))
    rows = [
        {"bId": "1", "Customer": {"Id": "7", "SyncToken": "0", "DisplayName": "B"}},
        {"bId": "0", **fault_json("6240")},
    ]
    answer = Answer(status=200, text=json.dumps({"BatchItemResponse": rows}))
    outcomes = PROVIDER.decode(exchange(*ops), answer.to_bytes(), BooksProfile())
    assert isinstance(outcomes["a"], Refused)
    assert isinstance(outcomes["b"], Applied)
    assert outcomes["b"].record is not None
    assert outcomes["b"].record.id == "7"


def test_entities_in_xml_are_not_expanded() -> None:
    entities = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;">]>'
    bomb = f'{entities}<Fault><Error code="3001"><Detail>&b;</Detail></Error></Fault>'
    fault = fault_of(Answer(status=429, text=bomb), None)
    assert fault is not None
    assert "aaaaaaaaaa" not in fault.detail


def test_every_row_comes_to_an_outcome_for_every_verb() -> None:
    for rule in RULES:
        for op in (CREATE, UPDATE, READ):
            for item in (True, False):
                outcome = verdict(Fault(code=rule.code, detail="detail"), op, Heard(status=400, item=item))
                assert outcome.message
