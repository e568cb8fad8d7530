"""The kit's class for pytest: what an author forgets fails with a sentence, and nothing is skipped."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from blueops_qb.sdk.testing.kit import CASES, PURE
from tests.conformance.broken_providers import BROKEN
from tests.kit_report import tried

HERE = Path(__file__).parent
OPTIONS = (
    "-q",
    "-p",
    "no:randomly",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "--noconftest",
    "--tb=short",
)
DECLARED = "test_declares_what_it_describes"
NO_HAND = {"keeps_a_closed_period_closed", "ledger_ties_to_the_trial_balance"}


def run_pytest(root: Path, file: Path, report: Path) -> str:
    """What pytest says of a file; its report is left where it is wanted."""
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, f"--junitxml={report}", file],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    return ran.stdout


@pytest.fixture(scope="module")
def said(project_root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, set[str]]]:
    """What pytest said of the careless authors, and what failed for each."""
    report = tmp_path_factory.mktemp("careless") / "report.xml"
    text = run_pytest(project_root, HERE / "careless_authors.py", report)
    failed: dict[str, set[str]] = defaultdict(set)
    for test in tried(report):
        failed[test.where] |= set() if test.passed else {test.name}
    return text, failed


def test_who_declares_what_needs_a_hand_and_gives_none_is_told(
    said: tuple[str, dict[str, set[str]]],
) -> None:
    text, failed = said
    assert failed["TestWithoutHands"] == NO_HAND
    assert "the provider declares `closing`: give the kit `close_books`" in text
    assert "the provider declares `ledger`: give the kit `trial_balance`" in text


def test_who_declares_less_than_the_provider_does_is_told(said: tuple[str, dict[str, set[str]]]) -> None:
    text, failed = said
    assert failed["TestLess"] == {DECLARED}
    assert "`declares` of TestLess leads to other cases than describe() of its provider" in text
    assert "TestLess: 95 cases run, 3 not, as they are not declared" in text
    assert "not run: reads_a_ledger_that_balances (needs ledger)" in text


def test_what_is_left_out_is_compared_with_what_its_author_names(
    said: tuple[str, dict[str, set[str]]],
) -> None:
    assert said[1]["TestForgetful"] == {DECLARED}


def test_without_books_what_needs_none_is_tried_and_the_rest_fails(
    said: tuple[str, dict[str, set[str]]],
) -> None:
    text, failed = said
    assert failed["TestNoBooks"] == {case.name for case in CASES if case.needs_books}
    assert {case.name for case in CASES} - failed["TestNoBooks"] == {case.name for case in PURE}
    assert "needs books: give the subject `carry`" in text


def test_without_a_provider_everything_fails(said: tuple[str, dict[str, set[str]]]) -> None:
    text, failed = said
    assert failed["TestNoProvider"] == {case.name for case in CASES} | {DECLARED}
    assert "TestNoProvider needs the fixture `provider`" in text


def test_a_class_that_declares_nothing_is_told(project_root: Path, tmp_path: Path) -> None:
    file = tmp_path / "test_mute.py"
    file.write_text(
        "from blueops_qb.sdk.testing.conformance import ProviderConformance\n"
        "class TestMute(ProviderConformance): ...\n"
    )
    text = run_pytest(project_root, file, tmp_path / "report.xml")
    assert "TestMute needs `declares`, what describe() of its provider answers" in text
    assert "1 error" in text


def test_without_pytest_the_cases_can_be_run_all_the_same(project_root: Path) -> None:
    question = "import sys, blueops_qb.sdk.testing.kit as kit; print('pytest' in sys.modules, len(kit.CASES))"
    ran = subprocess.run(
        [sys.executable, "-c", question], cwd=project_root, capture_output=True, text=True, check=True
    )
    assert ran.stdout.split() == ["False", str(len(CASES))]


# -- the kit against the broken --------------------------------------------------------------------
def test_every_case_has_a_broken_provider() -> None:
    assert {broken.case for broken in BROKEN.values()} == {case.name for case in CASES}


@pytest.mark.slow
def test_each_broken_provider_fails_its_case_and_no_other(project_root: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    text = run_pytest(project_root, HERE / "broken_providers.py", report)
    assert report.exists(), text[-4000:]
    failing: dict[str, set[str]] = defaultdict(set)
    for test in tried(report):
        failing[test.where] |= set() if test.passed else {test.name}
    assert failing == {f"Test{name}": {broken.case} for name, broken in BROKEN.items()}
