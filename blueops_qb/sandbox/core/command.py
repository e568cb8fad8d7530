"""Serves the reference core for `blueops-qb sandbox core`."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import waitress

from blueops_qb.sandbox.core.core import open_core
from blueops_qb.sandbox.core.keys import host_keys
from blueops_qb.sandbox.core.pages.mount import make_wsgi
from blueops_qb.sandbox.core.schedule import Schedule
from blueops_qb.sandbox.core.seed import PASSWORD, practice_company

HOST = "127.0.0.1"
THREADS = 8


def run(*, db: str, port: int, folders: tuple[Path, ...] = ()) -> None:
    """Serve core on a loopback port until it is interrupted; `port` 0 takes a free one.

    An empty database gets the practice company. The first line of stdout is `READY {"url": ..., ...}`.
    """
    core = open_core(db, keys=host_keys(db, os.environ))
    if not core.tenants():
        practice_company(core)
    core.load_plugins(folders)
    server = waitress.create_server(make_wsgi(core), host=HOST, port=port, threads=THREADS)
    schedule = Schedule(core)
    schedule.start()
    signal.signal(signal.SIGTERM, _end)
    ready = {"url": f"http://{HOST}:{server.effective_port}/", "login": "admin", "password": PASSWORD}
    print("READY", json.dumps(ready), flush=True)
    for plugin in core.world.plugins:
        print(
            f"plugin {plugin.id}: {plugin.state.value} {plugin.reason}".rstrip(), file=sys.stderr, flush=True
        )
    try:
        server.run()
    finally:
        server.close()
        schedule.stop()
        core.stop()


def _end(number: int, _: FrameType | None) -> Any:
    raise SystemExit(128 + number)
