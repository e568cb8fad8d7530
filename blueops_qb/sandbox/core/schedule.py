"""Runs the plugins' regular tasks, per switched-on tenant; each plugin in a thread of its own."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import attrs

from blueops_qb.sandbox.core.calls import Plugin
from blueops_qb.sdk.hooks import Switch, Task

if TYPE_CHECKING:
    from blueops_qb.sandbox.core.core import ReferenceCore

#: How often it looks for what is due.
TICK_SECONDS = 1.0


@attrs.frozen
class Ran:
    """A task that ran; `error` is set where it raised or took too long."""

    plugin_id: str
    task: str
    tenant_id: str
    error: str = ""


class Schedule:
    """The clock of the plugins' tasks; `start` runs it in the background, `run_due` turns it by hand."""

    def __init__(self, core: ReferenceCore) -> None:
        self._core = core
        self._next: dict[tuple[str, str, str], float] = {}
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def run_due(self, plugin: Plugin, now: float) -> list[Ran]:
        """Run what is due at `now` (seconds of a steady clock); a task that is new runs at once."""
        return [
            self._run(plugin, task, tenant.id)
            for task in self._tasks(plugin)
            for tenant in self._core.for_plugin(plugin.id).tenants()
            if tenant.switch is Switch.ON and self._is_due(plugin, task, tenant.id, now)
        ]

    def _is_due(self, plugin: Plugin, task: Task, tenant_id: str, now: float) -> bool:
        key = (plugin.id, task.name, tenant_id)
        if now < self._next.get(key, now):
            return False
        self._next[key] = now + task.every_seconds
        return True

    def _tasks(self, plugin: Plugin) -> list[Task]:
        answer = self._core.world.calls.ask(plugin, "plugin_schedule") if plugin.ready else None
        lists = answer.value if answer is not None and not answer.error else []
        return [task for tasks in lists for task in tasks if isinstance(task, Task)]

    def _run(self, plugin: Plugin, task: Task, tenant_id: str) -> Ran:
        began = time.monotonic()
        error = ""
        try:
            task.run(tenant_id)
            took = time.monotonic() - began
            if took > task.limit_seconds:
                raise TimeoutError(f"it ran for {took:.0f} s, allowed are {task.limit_seconds} s")
        except Exception as problem:
            error = self._core.world.calls.note(plugin, f"task {task.name} of tenant {tenant_id}", problem)
        return Ran(plugin.id, task.name, tenant_id, error)

    def start(self) -> None:
        """Run in the background until `stop`."""
        for plugin in self._core.world.ready():
            thread = threading.Thread(
                target=self._loop, args=(plugin,), name=f"tasks-{plugin.id}", daemon=True
            )
            self._threads.append(thread)
            thread.start()

    def _loop(self, plugin: Plugin) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            self.run_due(plugin, time.monotonic())

    def stop(self) -> None:
        """Start no more tasks, and wait for those that run."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
