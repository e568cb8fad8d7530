"""Statuses and failures of QuickBooks Desktop become the outcomes that the engine knows, with a remedy for people."""

import subprocess
import sys

import pytest

from blueops_qb.domain.documents import DOCUMENT_TYPES
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd import matrix
from blueops_qb.providers.qbd.codec.forms import FORMS
from blueops_qb.providers.qbd.hresults import FAILURES, Fate, Next, code_of, failure_of
from blueops_qb.providers.qbd.qbxml.tables import REQUESTS
from blueops_qb.providers.qbd.status import RULES, SETS, rule_for, rule_for_set
from blueops_qb.providers.qbd.status_rules import Result
from blueops_qb.providers.qbd.verdicts import Status, is_done, verdict
from blueops_qb.sdk.outcomes import Absent, Gone, NotKnown, Outcome, Refused, Stale, Throttled, Why
from blueops_qb.sdk.provider import Operation, Verb
from tests.doc_pages import REFERENCE, ROOT


def op(verb: Verb) -> Operation:
    return Operation(id="op1", verb=verb, kind=BooksKind.INVOICE, target_id="1A-1")


CASES: list[tuple[str, str, Verb, type[Outcome]]] = [
    ("3200", "The provided edit sequence is out-of-date.", Verb.UPDATE, Stale),
    (
        "3170",
        "There was an error when modifying a list: the list has been modified by another user.",
        Verb.UPDATE,
        Throttled,
    ),
    ("3170", "The transaction cannot be modified.", Verb.UPDATE, Refused),
    ("3180", "There was an error when saving: another user is in it.", Verb.CREATE, Throttled),
    ("3180", "There was an error when saving.", Verb.CREATE, Refused),
    ("3175", "The object is in use.", Verb.UPDATE, Throttled),
    ("3120", 'Object "1A-1" cannot be found.', Verb.UPDATE, Gone),
    ("3120", 'Object "1A-1" cannot be found.', Verb.CREATE, Refused),
    ("500", "The query request has not been fully completed.", Verb.READ, Absent),
    ("1", "A query request did not find a matching object.", Verb.READ, Absent),
    ("1000", "There has been an internal error.", Verb.CREATE, NotKnown),
    ("1000", "There has been an internal error.", Verb.READ, Throttled),
    ("3231", "The request has not been processed.", Verb.CREATE, Throttled),
    ("3391", "The iterator is not valid.", Verb.CHANGES, Throttled),
    ("4711", "Something new.", Verb.CREATE, Refused),
    ("1999", "Some system error.", Verb.CREATE, NotKnown),
    ("2500", "Not in this version.", Verb.CREATE, Refused),
    ("odd", "No number at all.", Verb.CREATE, NotKnown),
]


@pytest.mark.parametrize(("code", "message", "verb", "outcome"), CASES)
def test_code_and_message_and_what_was_asked_decide(
    code: str, message: str, verb: Verb, outcome: type[Outcome]
) -> None:
    found = verdict(Status(code=code, message=message, reference="set 7"), op(verb))
    assert isinstance(found, outcome)
    assert found.message
    assert found.reference == "set 7"
    assert code in found.detail
    if isinstance(found, Refused):
        assert found.remedy


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("3100", Why.NAME_TAKEN),
        ("3161", Why.CLOSED_PERIOD),
        ("3171", Why.CLOSED_PERIOD),
        ("3140", Why.REFERENCE),
        ("3160", Why.FROZEN),
        ("3250", Why.NOT_AVAILABLE),
        ("3260", Why.NOT_ALLOWED),
        ("3263", Why.NOT_ALLOWED),
        ("3070", Why.INVALID),
        ("3290", Why.DEFECT),
        ("9101", Why.DEFECT),
    ],
)
def test_what_no_retry_cures_is_refused_with_its_reason(code: str, why: Why) -> None:
    found = verdict(Status(code=code, message="QuickBooks' own words."), op(Verb.CREATE))
    assert isinstance(found, Refused)
    assert found.why is why
    assert found.code == code


def test_a_remark_is_no_failure_whatever_severity_it_is_told_with() -> None:
    for code in ("0", "530", "550", "570", "777"):
        assert is_done(Status(code=code, severity="Warn"), op(Verb.CREATE))
    # A refusal was seen with the severity of an information.
    paid = Status(code="3210", message="You cannot pay more than the amount due.", severity="Info")
    assert not is_done(paid, op(Verb.CREATE))
    found = verdict(paid, op(Verb.CREATE))
    assert isinstance(found, Refused)
    assert "open" in found.message


def test_a_record_that_moved_is_read_before_it_is_compared_again() -> None:
    found = verdict(Status(code="3200"), op(Verb.UPDATE))
    assert [(want.verb, want.kind, want.target_id) for want in found.then] == [
        (Verb.READ, BooksKind.INVOICE, "1A-1")
    ]


def test_no_row_stands_behind_one_that_takes_all() -> None:
    for code in {rule.code for rule in RULES}:
        rows = [rule for rule in RULES if rule.code == code]
        assert all(row.pattern or row.verbs for row in rows[:-1]), f"{code}: a row can never be reached"


def test_every_refusal_tells_what_to_do_and_what_waits_says_for_how_long() -> None:
    for rule in (*RULES, *SETS):
        assert rule.message.endswith(".")
        assert bool(rule.why) == (rule.result is Result.REFUSED)
        assert bool(rule.remedy) or rule.result is not Result.REFUSED
        assert (rule.wait is not None) == (rule.result is Result.LATER)


def test_the_codes_of_the_reference_are_all_there() -> None:
    told = {rule.code for rule in RULES}
    named = "0 1 500 501 510 530 531 550 560 570 1000 1010 1030 1060 3000 3010 3020 3030 3031 3035 3040 3045 3050 3060"
    named += " 3065 3070 3100 3110 3120 3121 3130 3140 3150 3151 3153 3160 3161 3170 3171 3175 3176 3180 3185 3190 3200"
    named += " 3210 3220 3230 3231 3240 3250 3260 3261 3262 3263 3264 3270 3280 3290 3390 3391 3500"
    assert set(named.split()) <= told
    assert {rule.code for rule in SETS} == {"0", "600", "9001", "9002", "9003", "9004", "9005"}
    assert rule_for_set("9999").result is Result.UNKNOWN
    assert rule_for("3180", "by another user").result is Result.LATER


# --- the connection ---


@pytest.mark.parametrize("told", ["0x80040400", "0X80040400", " 0x80040400 ", "-2147220480", "2147746816"])
def test_a_failure_is_known_in_every_spelling(told: str) -> None:
    assert code_of(told) == "0x80040400"
    assert failure_of(told).next is Next.HALVE


def test_only_what_is_known_not_to_have_run_counts_as_not_run() -> None:
    assert failure_of("0x80040402").fate is Fate.UNKNOWN
    assert failure_of("0x80010105").fate is Fate.UNKNOWN
    assert failure_of("0x8badf00d").fate is Fate.UNKNOWN
    assert failure_of("nonsense").fate is Fate.UNKNOWN
    assert failure_of("0x80040414").fate is Fate.NOT_RUN
    codes = [code for failure in FAILURES for code in failure.codes]
    assert len(codes) == len(set(codes))
    assert all(
        failure.remedy.endswith(".") and code_of(code) == code
        for failure in FAILURES
        for code in failure.codes
    )


# --- the matrix and the pages ---


def test_every_cell_of_the_matrix_names_a_request_or_a_reason() -> None:
    for kind in matrix.KINDS:
        for verb in matrix.VERBS:
            cell = matrix.cell(kind, verb)
            assert cell.requests or cell.cannot.endswith("."), f"{kind} {verb}"
            assert set(cell.requests) <= set(REQUESTS)


def test_the_matrix_writes_exactly_what_the_codec_has_forms_for() -> None:
    written = {kind for kind in matrix.KINDS if matrix.cell(kind, Verb.CREATE).requests}
    assert written == {kind for kind, type_ in DOCUMENT_TYPES.items() if type_ in FORMS} | {
        BooksKind.REFUND_RECEIPT
    }


def test_the_pages_are_as_the_tables_want_them() -> None:
    made = subprocess.run([sys.executable, "docs/generate_desktop.py", "--check"], cwd=ROOT, check=False)
    assert made.returncode == 0, "run: python docs/generate_desktop.py"


def test_every_status_has_a_row_with_sentence_and_remedy() -> None:
    lines = (REFERENCE / "qbd-statuses.md").read_text(encoding="utf-8").splitlines()
    for rule in RULES:
        found = [
            line
            for line in lines
            if line.startswith("|")
            and rule.code in [code.strip(" *") for code in line.split("|")[1].split(",")]
            and rule.message in line
        ]
        assert any(rule.remedy in line for line in found), f"docs/reference/qbd-statuses.md: code {rule.code}"
    for failure in FAILURES:
        assert any(all(code in line for code in failure.codes) and failure.remedy in line for line in lines)
