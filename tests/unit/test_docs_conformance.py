"""The page of conformance cases is as the kit wants it: a row and a heading for each, nothing that is gone."""

import subprocess
import sys

from blueops_qb.sdk.testing.kit import CASES
from tests.doc_pages import REFERENCE, ROOT, headings


def test_the_page_is_as_the_cases_want_it() -> None:
    made = subprocess.run([sys.executable, "docs/generate_conformance.py", "--check"], cwd=ROOT, check=False)
    assert made.returncode == 0, "run: python docs/generate_conformance.py"


def test_every_case_has_a_heading_and_none_is_left_over() -> None:
    assert headings("conformance.md")[1:] == [case.name for case in CASES]


def test_every_case_has_a_row_with_what_it_needs_proves_and_rests_on() -> None:
    lines = (REFERENCE / "conformance.md").read_text(encoding="utf-8").splitlines()
    rows = {line.split("|")[1].strip(" `"): line for line in lines if line.startswith("| `")}
    for case in CASES:
        assert case.proves.endswith("."), f"{case} does not say in a sentence what it proves"
        for cell in (case.need.words, case.proves, case.source):
            assert f"| {cell} |" in rows[case.name], f"{case}: {cell}"
    assert len({case.name for case in CASES}) == len(CASES)
