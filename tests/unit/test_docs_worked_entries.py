"""The table of worked entries is as the fixture has it, and every block in it is played through the whole path."""

import subprocess
import sys

from tests.doc_pages import REFERENCE, ROOT
from tests.treatments import blocks


def test_the_table_is_as_the_fixture_has_it() -> None:
    made = subprocess.run(
        [sys.executable, "docs/generate_worked_entries.py", "--check"], cwd=ROOT, check=False
    )
    assert made.returncode == 0, "run: python docs/generate_worked_entries.py"


def test_every_block_of_the_table_is_played_by_an_acceptance_test() -> None:
    told = (ROOT / "tests" / "acceptance").glob("test_*.py")
    played = "\n".join(path.read_text(encoding="utf-8") for path in told)
    page = (REFERENCE / "treatments.md").read_text(encoding="utf-8")
    shown = [id for id in blocks() if f"| {id} step 1 |" in page]
    assert len(shown) > 20
    for id in shown:
        assert f'worked("{id}", ' in played, f"no test plays the entries of {id}"
        for number in range(1, len(blocks()[id]) + 1):
            assert f"| {id} step {number} |" in page
