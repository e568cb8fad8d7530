"""BlueOps in a process of its own, as a host serves it: core, the plugin with its threads, and the gate over HTTP.

`python -m tests.desktop_service_process` has everything imported, and nothing more, before it reads its stdin. Each
line `URL PORT DIES_AT` is a service: a process split off from that one. It writes `READY PID` once it answers; the key
of core comes in `BLUEOPS_CORE_KEYS`. When it has ended, by whatever, `ENDED CODE` follows, and the next line is read.
With `DIES_AT` above zero it kills itself with signal 9 at that point, counted from READY: before or after a commit of
the engine. The name of the point is the line before its end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from blueops_qb import bootstrap, root
from blueops_qb.sandbox.bench.kill_points import PointedCore, die
from blueops_qb.sandbox.core.core import open_core
from blueops_qb.sandbox.core.pages.mount import make_wsgi
from blueops_qb.sandbox.qbo.server import Server
from blueops_qb.web.app import make_gates

PLUGIN = "quickbooks"
#: Where the host mounts the plugin's gates.
MOUNT = f"/gates/{PLUGIN}"


def main(url: str, port: int, dies_at: int) -> None:
    """Serve until the end."""
    os.environ[bootstrap.RUNNER_KEY] = "none" if dies_at else "threads"
    core = open_core(url, keys=[os.environ["BLUEOPS_CORE_KEYS"].encode()])
    core.load_plugins([root()])
    app = _pointed(core.for_plugin(PLUGIN), dies_at) if dies_at else make_wsgi(core)
    server = Server(app, host="127.0.0.1", port=port)
    print(f"READY {os.getpid()}", flush=True)
    server.run()


def one_after_another(lines: Iterable[str]) -> None:
    """A service for each line, the next one when the last has ended."""
    for line in lines:
        url, port, dies_at = line.split()
        child = os.fork()
        if not child:
            main(url, int(port), int(dies_at))
            return
        _, status = os.waitpid(child, 0)
        print(f"ENDED {os.waitstatus_to_exitcode(status)}", flush=True)


def _pointed(core: Any, dies_at: int) -> Callable[..., Iterable[bytes]]:
    left = dies_at

    def passed(place: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            print(place, flush=True)
            die()

    gates = make_gates(bootstrap.build(PointedCore(core, passed, [""])).engine)

    def mounted(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        environ["PATH_INFO"] = environ["PATH_INFO"].removeprefix(MOUNT)
        answer: Iterable[bytes] = gates(environ, start)
        return answer

    return mounted


if __name__ == "__main__":
    one_after_another(sys.stdin)
