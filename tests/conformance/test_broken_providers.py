"""Every case of the kit finds out the provider that is broken in its place, and finds nothing wrong elsewhere."""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from blueops_qb.sdk.testing.kit import CASES
from tests.conformance.broken_providers import BROKEN
from tests.kit_report import tried

HERE = Path(__file__).parent


def test_every_case_has_a_broken_provider() -> None:
    assert BROKEN.keys() == {case.name for case in CASES}


@pytest.mark.slow
def test_each_broken_provider_fails_its_case_and_no_other(project_root: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    options = [
        "-q",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:xdist",
        "--noconftest",
        "--tb=line",
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, f"--junitxml={report}", HERE / "broken_providers.py"],
        cwd=project_root,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert ran.returncode == 1, ran.stdout[-4000:] + ran.stderr
    failing: dict[str, set[str]] = defaultdict(set)
    for test in tried(report):
        failing[test.where] |= set() if test.passed else {test.name}
    assert failing == {f"Test_{name}": {name} for name in BROKEN}
