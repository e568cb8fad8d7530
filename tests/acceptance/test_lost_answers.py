"""The answer to every write is lost after the books have acted: exactly what was entered is there, linked rightly.

The bench itself with fewer answers; one run in which the books remember request ids, one in which they ignore them.
How long it takes is not judged here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.bench_verdicts import untimed

COMMAND = [sys.executable, "-c", "from blueops_qb.cli import main; main()", "bench", "lost"]
ANSWERS = 40


@pytest.mark.slow
@pytest.mark.parametrize("promise", ["kept", "ignored"])
def test_lost_answers_leave_each_document_exactly_once(sqlite_url: str, promise: str) -> None:
    _lose(sqlite_url, promise)


@pytest.mark.slow
@pytest.mark.postgres
def test_lost_answers_on_postgresql(postgres_url: str) -> None:
    _lose(postgres_url, "ignored")


def _lose(url: str, promise: str) -> None:
    options = ["--answers", str(ANSWERS), "--request-ids", promise, "--db", url]
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=900, check=False)
    assert done.stdout, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    (result,) = (value for value in figures.values() if isinstance(value, dict) and "answers" in value)
    assert untimed(figures["missed"]) == []
    assert done.returncode == (1 if figures["missed"] else 0)
    assert result["answers"] >= ANSWERS
    assert result["objects"] == result["documents"] >= ANSWERS * 0.8
    assert [result[what] for what in ("lost", "doubled", "wrong_links", "person")] == [[], [], [], []]
