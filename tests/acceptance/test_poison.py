"""A network that loses, cuts, delays and stalls: nothing is lost, nothing is there twice, nothing needs a person.

The bench itself, with every wait at a fiftieth of its time and fewer documents; how long it takes is not judged here.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from blueops_qb.sandbox.bench.proxy import Ill
from tests.bench_verdicts import untimed

COMMAND = [sys.executable, "-c", "from blueops_qb.cli import main; main()", "bench", "poison"]


@pytest.mark.slow
def test_a_poisoned_network_loses_and_doubles_nothing(database_url: str) -> None:
    options = ["--scale", "0.02", "--documents", "200", "--changes", "30", "--db", database_url]
    done = subprocess.run([*COMMAND, *options], capture_output=True, text=True, timeout=900, check=False)
    assert done.stdout, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    (result,) = (value for value in figures.values() if isinstance(value, dict) and "spoiled" in value)
    assert untimed(figures["missed"]) == []
    assert done.returncode == (1 if figures["missed"] else 0)
    assert [result[what] for what in ("lost", "doubled", "wrong_links", "person")] == [[], [], [], []]
    assert result["documents"] == 200
    assert {name for name, number in result["ills"].items() if number} == {ill.value for ill in Ill}
    assert result["acted_unheard"] >= 5
    assert result["stalls"] == 2
    assert result["refreshes"] >= 1
