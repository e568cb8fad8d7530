"""After the demo's day, with its returns, corrections and what the bookkeeper did, both ledgers agree."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from blueops_qb.cli import main
from blueops_qb.sandbox.demo import run as run_demo
from tests.acceptance.test_demo import PATIENCE


@pytest.mark.xdist_group("demo")
def test_the_demo_agrees_and_its_certificate_verifies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("BLUEOPS_QB_RUNNER", raising=False)
    file = tmp_path / "certificate.json"
    seen: list[Any] = []

    def agree(_: Any) -> None:
        call = ["agree", "--from", "2024-01-01", "--to", "2028-12-31", "--json", "--certificate", str(file)]
        seen.append(CliRunner().invoke(main, call))

    assert run_demo(once=True, seconds=PATIENCE, before_compare=agree) == 0
    (told,) = seen
    assert told.exit_code == 0, told.output
    value = json.loads(told.stdout)
    assert value["agrees"]
    assert value["figures"]["documents"] >= 8
    assert value["figures"]["pending"] == {}
    assert CliRunner().invoke(main, ["agree", "verify", str(file)]).exit_code == 0
