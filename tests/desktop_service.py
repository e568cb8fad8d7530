"""BlueOps in a process of its own that can be killed, and beside it a company file with its Web Connector."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs
import pytest

from blueops_qb import bootstrap, root
from blueops_qb.engine import callers, connections, matching, rules_desk
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.intake import intake
from blueops_qb.engine.turn import Turn
from blueops_qb.providers.qbd.qwc import OWNER_ID
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.keys import new_key
from blueops_qb.sandbox.core.seed import practice_company
from blueops_qb.sandbox.demo.chart import rules_for
from blueops_qb.sandbox.demo.desktop import Desktop
from blueops_qb.sandbox.demo.house import TENANT
from blueops_qb.sandbox.demo.office import Office
from blueops_qb.sandbox.qbd import custom_data
from blueops_qb.sandbox.qbd.connector import At, Connector, Outcome
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.soap import Service
from blueops_qb.sdk.hooks import Switch
from tests.desktop_house import ADMIN, DesktopHouse
from tests.desktop_service_process import MOUNT, PLUGIN
from tests.served import lasting_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60.0


@attrs.define(kw_only=True)
class ServiceProcess:
    """The service; always at the same address, and each time another process."""

    database: str
    key: str
    port: int
    #: The process that runs, None where none does.
    pid: int | None = None
    #: What each of them is split off from.
    _parent: subprocess.Popen[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self._parent = subprocess.Popen(
            [sys.executable, "-m", "tests.desktop_service_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "BLUEOPS_CORE_KEYS": self.key},
        )

    @property
    def url(self) -> str:
        """Where the Web Connector calls it."""
        return f"http://localhost:{self.port}{MOUNT}/qbd"

    def start(self, dies_at: int = 0) -> None:
        """Start it, and wait until it answers."""
        assert self._parent.stdin is not None
        print(self.database, self.port, dies_at, file=self._parent.stdin, flush=True)
        said, pid = self._said().split()
        assert said == "READY"
        self.pid = int(pid)

    def kill(self) -> None:
        """End it as a power cut would, if it still runs."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            self._until_its_end()

    def died_at(self) -> str:
        """Where it has killed itself."""
        return self._until_its_end()[-1]

    def close(self) -> None:
        """End it for good."""
        self.kill()
        assert self._parent.stdin is not None
        assert self._parent.stdout is not None
        self._parent.stdin.close()
        self._parent.wait(PATIENCE)
        self._parent.stdout.close()

    def _until_its_end(self) -> list[str]:
        lines = list(iter(self._said, f"ENDED {-signal.SIGKILL}"))
        self.pid = None
        return lines

    def _said(self) -> str:
        assert self._parent.stdout is not None
        line = self._parent.stdout.readline()
        assert line, "the service's parent has ended"
        return line.strip()


@attrs.define(kw_only=True)
class Home:
    """Core as the office works with it; the plugin in this process only takes in what core tells it."""

    core: ReferenceCore
    engine: Engine

    @contextlib.contextmanager
    def turn(self) -> Iterator[Turn]:
        """What a person decides."""
        with self.core.engine.connect() as connection:
            row = connections.live(connection, TENANT)
        assert row is not None
        with self.engine.turns.open(str(row["id"])) as turn:
            assert turn is not None
            yield turn


@attrs.define
class KillableHouse(DesktopHouse):
    """The house whose service is another process."""

    service: ServiceProcess = attrs.field(kw_only=True)
    #: Whether the newest session came to the set at which it was to stand still.
    met: bool = False

    def documents(self, count: int, *, unpaid: int = 0) -> None:
        """As in any house; whose events are taken in is known per process, and another house of it may have ended."""
        intake.switch(TENANT, keep=True)
        super().documents(count, unpaid=unpaid)

    def stopped_at(self, number: int, at: At, then: Callable[[], bool]) -> Outcome | None:
        """A session that stands still at its `number`-th message set, where `then` happens.

        It goes on if `then` says so; None where it was let go of.
        """
        usual = self.desktop.connector
        assert usual is not None
        connector = attrs.evolve(usual, sets=0, hresults=type(usual.hresults)())
        steps = connector.steps()
        self.met = False
        while True:
            try:
                where, _ = next(steps)
            except StopIteration as end:
                self.sets = connector.sets
                outcome: Outcome = end.value
                return outcome
            if where is at and connector.sets == number:
                self.met = True
                if not then():
                    return None


@contextlib.contextmanager
def killable_house(url: str) -> Iterator[KillableHouse]:
    """Connected, matched, mapped; the service runs and nothing is pending."""
    key = new_key()
    with contextlib.ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv(bootstrap.RUNNER_KEY, "none")
        core = open_core(url, keys=[key])
        stack.callback(core.stop)
        practice_company(core, TENANT)
        core.load_plugins([root()])
        core.set_switch(TENANT, PLUGIN, Switch.ON, actor=ADMIN)
        host = core.for_plugin(PLUGIN)
        engine = bootstrap.build(host).engine
        desktop = Desktop()
        stack.callback(desktop.end)
        desktop.prepare()
        service = ServiceProcess(database=url, key=key.decode(), port=lasting_port())
        stack.callback(service.close)
        service.start()
        desktop.connector = _let_in(engine, desktop, service)
        desktop.come_by()
        home = Home(core=core, engine=engine)
        with home.turn() as turn:
            matching.build(turn)
            matching.approve(turn, actor=ADMIN)
            rules_desk.change_mapping(
                turn, rules_for(turn.catalog, desktop.rules, table=desktop.rules), actor=ADMIN
            )
        yield KillableHouse(home, desktop, Office(core, TENANT, random.Random(7)), service=service)


def _let_in(engine: Engine, desktop: Desktop, service: ServiceProcess) -> Connector:
    invited = callers.invite(engine.core, TENANT, "qbd", company_name="", actor=ADMIN, keys=engine.keys)
    owner = f"{{{OWNER_ID}}}"
    company = desktop.file.company
    custom_data.set_file_id(company, owner=owner, file_id=f"{{{invited.caller.company_id}}}")
    company.commit()
    return Connector(
        service=Service(url=service.url, timeout=PATIENCE),
        quickbooks=QuickBooks(file=desktop.file, owner=owner),
        user=invited.caller.user,
        password=invited.password,
        pause=0.05,
    )
