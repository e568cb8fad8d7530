"""A twin of QuickBooks Online in a process of its own, for benches that must not share its interpreter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import requests


@contextmanager
def twin_process(*, seed: str = "names", switches: Sequence[str] = ()) -> Iterator[dict[str, str]]:
    """Serve a twin until the block ends; answers its READY line. `switches` are thrown at once."""
    command = [sys.executable, "-c", "from blueops_qb.cli import main; main()", "sandbox", "qbo"]
    with subprocess.Popen([*command, "--seed", seed], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready: dict[str, str] = json.loads(process.stdout.readline().removeprefix("READY "))
            if switches:
                admin(ready, "switches", **dict.fromkeys(switches, True))
            yield ready
        finally:
            process.terminate()
            process.wait(10)


def admin(ready: dict[str, str], path: str, **body: Any) -> dict[str, Any]:
    """One call of the twin's own switches; raises for one that it refuses."""
    answer = requests.post(f"{ready['base_url']}/twin/{path}", json=body, timeout=10)
    answer.raise_for_status()
    return dict(answer.json())


def stats(ready: dict[str, str]) -> dict[str, Any]:
    """What the twin has counted so far."""
    return dict(requests.get(f"{ready['base_url']}/twin/stats", timeout=10).json())
