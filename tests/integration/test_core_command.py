"""`sandbox core` serves the practice company on loopback until it is told to stop."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

CODE = "import sys; from blueops_qb.sandbox.core.command import run; run(db=sys.argv[1], port=0)"


def test_core_is_served_until_it_is_told_to_stop(sqlite_url: str, project_root: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(project_root)}
    command = [sys.executable, "-c", CODE, sqlite_url]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            word, _, rest = process.stdout.readline().partition(" ")
            assert word == "READY"
            with urllib.request.urlopen(json.loads(rest)["url"], timeout=60) as answer:
                assert "Sign in" in answer.read().decode()
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) in (0, 128 + signal.SIGTERM)
