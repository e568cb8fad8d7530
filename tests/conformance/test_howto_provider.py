"""The provider that the how-to writes is run as it is written there, by the class that is written there."""

import subprocess
import sys
from pathlib import Path

import pytest

from blueops_qb.sdk.testing.kit import CASES, cases_for
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from tests.doc_pages import DOCS, blocks
from tests.kit_report import tried

HOW_TO = DOCS / "how-to" / "write-a-provider.md"


@pytest.fixture(scope="module")
def ran(
    project_root: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[subprocess.CompletedProcess[str], Path]:
    """pytest over the marked examples of the page, in a folder of their own; what it said, and its report."""
    folder = tmp_path_factory.mktemp("notebook")
    code = "\n".join(text for marked, _, text in blocks(HOW_TO) if marked)
    (folder / "test_notebook.py").write_text(code, encoding="utf-8")
    options = [
        "-q",
        "-W",
        "error",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--import-mode=importlib",
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--junitxml=report.xml", "test_notebook.py"],
        cwd=folder,
        env={"PYTHONPATH": str(project_root)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return ran, folder / "report.xml"


def test_it_passes_every_case_of_what_it_declares(
    ran: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, report = ran
    assert done.returncode == 0, done.stdout + done.stderr
    passed = {test.name for test in tried(report) if test.passed}
    assert {case.name for case in CASES if case.need.words == "basic"} <= passed


def test_the_end_of_the_run_says_what_was_not_run(
    ran: tuple[subprocess.CompletedProcess[str], Path],
) -> None:
    done, report = ran
    names = {test.name for test in tried(report)}
    left = [case for case in CASES if case.name not in names]
    assert len(left) > 5
    assert f"TestNotebook: {len(CASES) - len(left)} cases run, {len(left)} not" in done.stdout
    for case in left:
        assert f"not run: {case.name} (needs {case.need.words})" in done.stdout
    assert "skipped" not in done.stdout


def test_what_is_declared_decides_what_is_run() -> None:
    assert cases_for(ReferenceProvider().describe()) == CASES
