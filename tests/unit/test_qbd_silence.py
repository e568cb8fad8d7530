"""Why the Web Connector does not come: guessed from how it came last."""

import datetime as dt
from pathlib import Path

import pytest

from blueops_qb.providers.qbd.hresults import FAILURES
from blueops_qb.providers.qbd.provider import make_qbd
from blueops_qb.providers.qbd.silence import BY_CODE, CODE, GUESSES, why_silent
from blueops_qb.sdk.calling import Visit

MONDAY = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)
SATURDAY = dt.datetime(2026, 3, 7, 10, 0, tzinfo=dt.UTC)


def visit(at: dt.datetime = MONDAY, *, ended: bool = True, code: str = "") -> Visit:
    return Visit(at=at, ended=ended, notes={CODE: code} if code else {})


@pytest.mark.parametrize(
    ("last", "word"),
    [
        (None, "tick Auto-Run"),
        (visit(), "Auto-Run is probably no longer ticked"),
        (visit(MONDAY.replace(hour=19)), "switched off or asleep"),
        (visit(MONDAY.replace(hour=6)), "switched off or asleep"),
        (visit(SATURDAY), "switched off or asleep"),
        (visit(ended=False), "gone to sleep"),
        (visit(code="0x80040416"), "the company file was closed"),
        (visit(code="0x80040408"), "QuickBooks was not running"),
        (visit(code="0x80040410"), "single-user mode"),
        (visit(code="0x80040414"), "a dialog was open"),
        (visit(SATURDAY, ended=False, code="0x80040420"), "was not allowed into the company file"),
    ],
)
def test_the_guess_follows_the_last_visit(last: Visit | None, word: str) -> None:
    assert word in why_silent(last)
    assert make_qbd({}).why_silent(last) == why_silent(last)


@pytest.mark.parametrize("code", [code for failure in FAILURES for code in failure.codes])
def test_every_failure_of_the_dictionary_has_something_to_say(code: str) -> None:
    assert why_silent(visit(code=code)).startswith("When it last came")


def test_a_failure_without_a_row_tells_itself() -> None:
    (failure,) = (failure for failure in FAILURES if "0x80040427" in failure.codes)
    assert why_silent(visit(code="0x80040427")) == f"When it last came: {failure.message} {failure.remedy}"
    assert "(0x8123)" in why_silent(visit(code="0x8123"))


def test_every_guess_is_in_the_docs() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "connect-desktop.md").read_text()
    for guess in (*BY_CODE, *GUESSES):
        assert f"| {guess.name} | {guess.sentence} |" in page
