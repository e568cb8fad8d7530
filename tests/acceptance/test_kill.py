"""The worker is killed before and after every commit and every call; nothing is lost, doubled or left for a person."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

COMMAND = [sys.executable, "-c", "from blueops_qb.cli import main; main()", "bench", "kill"]


def killed(url: str, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [*COMMAND, "--db", url, *options], capture_output=True, text=True, timeout=1200, check=False
    )
    assert done.stdout, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    (result,) = (value for value in figures.values() if isinstance(value, dict) and "kills" in value)
    assert figures["missed"] == [], figures["missed"]
    assert done.returncode == 0
    return result


def settled(result: dict[str, Any]) -> tuple[list[str], list[str], list[str]]:
    return result["lost"], result["doubled"], result["person"]


@pytest.mark.slow
def test_every_distinct_place_kills_twice(database_url: str) -> None:
    result = killed(database_url, "--places", "2")
    assert settled(result) == ([], [], [])
    assert result["documents"] == 200
    assert result["changes"] >= 95
    assert result["places"] >= 25
    assert result["kills"] >= 2 * 25


@pytest.mark.slow
def test_the_look_up_alone_is_enough_when_the_books_ignore_the_request_id(sqlite_url: str) -> None:
    result = killed(
        sqlite_url,
        *("--places", "1", "--documents", "60", "--changes", "20", "--switch", "requestid_ignored"),
    )
    assert settled(result) == ([], [], [])
    assert result["kills"] >= 20
