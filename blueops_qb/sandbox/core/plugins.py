"""Finds, admits and removes plugins: by entry point and by folder, each with migrations and reasons."""

from __future__ import annotations

import datetime as dt
import importlib
import importlib.machinery
import importlib.metadata
import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Protocol

import sqlalchemy as sa

from blueops_qb.sandbox.core import migrations
from blueops_qb.sandbox.core.calls import Calls, Plugin, PluginState
from blueops_qb.sandbox.core.database import writing
from blueops_qb.sandbox.core.manifest import Manifest, Unfit, read_manifest
from blueops_qb.sandbox.core.tables import plugins as plugins_table
from blueops_qb.sdk.hooks import RemovalPlan

GROUP = "blueops.plugins"
#: The package under which the hooks folders of all plugins are imported; it exists in memory only.
PACKAGE = "blueops_plugins"


class EntryPoint(Protocol):
    """What is asked of an entry point; it loads a callable that answers the folder of plugin.toml."""

    @property
    def name(self) -> str: ...

    def load(self) -> object: ...


class PluginWorld:
    """All plugins that were found, the unfit ones with their reason."""

    def __init__(self, *, engine: sa.Engine, calls: Calls, now: Callable[[], dt.datetime]) -> None:
        self._engine = engine
        self.calls = calls
        self._now = now
        self._lock = threading.RLock()
        self.plugins: list[Plugin] = []

    def load(
        self, folders: Iterable[Path] = (), entry_points: Iterable[EntryPoint] | None = None
    ) -> list[Plugin]:
        """Admit what is found by entry point (None: all that are installed), then what is in the folders."""
        points: Iterable[EntryPoint] = (
            importlib.metadata.entry_points(group=GROUP) if entry_points is None else entry_points
        )
        with self._lock:
            found = [self._by_entry_point(point) for point in sorted(points, key=lambda point: point.name)]
            found += [self._admit(Path(folder), source=str(folder)) for folder in folders]
            return [plugin for plugin in found if plugin is not None]

    def get(self, plugin_id: str) -> Plugin:
        """The plugin with this id, the admitted one first; raises KeyError."""
        found = [plugin for plugin in self.plugins if plugin.id == plugin_id]
        if not found:
            raise KeyError(plugin_id)
        return min(found, key=lambda plugin: plugin.state is PluginState.UNFIT)

    def ready(self) -> list[Plugin]:
        """Those that take part."""
        return [plugin for plugin in self.plugins if plugin.ready]

    def _by_entry_point(self, point: EntryPoint) -> Plugin | None:
        source = f"entry point {point.name}"
        try:
            root = point.load()
            folder = _folder(root)
        except (Exception, SystemExit) as problem:
            why = f"its entry point does not answer a folder: {type(problem).__name__}: {problem}"
            return self._list(Plugin(id=point.name, name=point.name, source=source, reason=why))
        return self._admit(folder, source=source)

    def _admit(self, folder: Path, *, source: str) -> Plugin | None:
        folder = folder.resolve()
        if any(other.manifest and other.manifest.folder == folder for other in self.plugins):
            return None  # found both ways
        plugin = Plugin(id=folder.name, name=folder.name, source=source)
        try:
            manifest = read_manifest(folder)
            plugin.id, plugin.name, plugin.manifest = manifest.id, manifest.name, manifest
            self._check_neighbours(manifest)
            if self._stored_state(manifest.id) == PluginState.REMOVED:
                plugin.state = PluginState.REMOVED
            else:
                self._start_using(plugin, manifest)
        except Unfit as unfit:
            plugin.unfit(str(unfit))
        return self._list(plugin)

    def _list(self, plugin: Plugin) -> Plugin:
        self.plugins.append(plugin)
        return plugin

    def _check_neighbours(self, manifest: Manifest) -> None:
        for other in (plugin.manifest for plugin in self.plugins if plugin.state is not PluginState.UNFIT):
            assert other is not None
            if other.id == manifest.id:
                raise Unfit(f"another plugin has the id {manifest.id!r}: the one in {other.folder}")
            if other.version_table and other.version_table == manifest.version_table:
                raise Unfit(
                    f"plugin {other.id} keeps its revisions in {other.version_table} too; each needs its own"
                )
            taken = {other.pages, other.gates} - {""}
            if shared := sorted(taken & {manifest.pages, manifest.gates}):
                raise Unfit(f"plugin {other.id} is mounted at {shared[0]} already; choose another path")

    def _start_using(self, plugin: Plugin, manifest: Manifest) -> None:
        plugin.modules = import_hooks(manifest)
        migrations.upgrade(self._engine, manifest)
        try:
            self.calls.register(plugin)
        except Exception as problem:
            raise Unfit(f"its hooks do not fit the contract: {problem}") from problem
        plugin.state, plugin.reason, plugin.started = PluginState.READY, "", False

    # -- coming and going ----------------------------------------------------------------------------
    def start(self, plugin: Plugin, core: object) -> None:
        """Tell a ready plugin that it was installed (the first time) and that the process started."""
        assert plugin.manifest is not None
        if self._stored_state(plugin.id) is None:
            answer = self.calls.ask(plugin, "plugin_installed", core=core)
            if answer is None or not answer.error:
                self.store_state(plugin, "installed")
        answer = self.calls.ask(plugin, "plugin_started", core=core)
        plugin.started = True
        if answer is not None and answer.error:
            self.calls.unregister(plugin)
            plugin.unfit(f"it could not start: {answer.error}")

    def stop(self, plugin: Plugin) -> None:
        """Tell a started plugin that the process ends."""
        if plugin.started:
            self.calls.ask(plugin, "plugin_stopped")
            plugin.started = False

    def removal_plan(self, plugin: Plugin, core: object) -> RemovalPlan:
        """The dry run of an uninstall; raises Unfit where the plugin cannot tell."""
        answer = self.calls.ask(plugin, "plugin_removal_plan", core=core)
        if answer is None or answer.value is None:
            if answer is not None and answer.error:
                raise Unfit(f"{plugin.id} cannot say what would be removed: {answer.error}")
            return RemovalPlan(tables={})
        if not isinstance(answer.value, RemovalPlan):
            raise Unfit(f"{plugin.id} answers no removal plan but {type(answer.value).__name__}")
        return answer.value

    def remove(self, plugin: Plugin, core: object) -> None:
        """Uninstall: the plugin or else core takes its migrations down. Where it raises Unfit it stays."""
        assert plugin.manifest is not None
        with self._lock:
            self.removal_plan(plugin, core)
            self.stop(plugin)
            answer = self.calls.ask(plugin, "plugin_uninstall", core=core)
            if answer is not None and answer.error:
                self.start(plugin, core)
                raise Unfit(
                    f"{plugin.id} could not be uninstalled, nothing was removed by core: {answer.error}"
                )
            migrations.downgrade(self._engine, plugin.manifest)
            self.calls.unregister(plugin)
            plugin.state, plugin.reason = PluginState.REMOVED, ""
            self.store_state(plugin, PluginState.REMOVED)

    def install(self, plugin: Plugin, core: object) -> None:
        """Take a removed plugin in again."""
        assert plugin.manifest is not None
        with self._lock:
            self.store_state(plugin, None)
            try:
                self._start_using(plugin, plugin.manifest)
            except Unfit as unfit:
                plugin.unfit(str(unfit))
                return
            self.start(plugin, core)

    def _stored_state(self, plugin_id: str) -> str | None:
        question = sa.select(plugins_table.c.state).where(plugins_table.c.id == plugin_id)
        with self._engine.connect() as connection:
            found: str | None = connection.execute(question).scalar_one_or_none()
        return found

    def store_state(self, plugin: Plugin, state: str | None) -> None:
        """Remember `installed` or `removed` beyond this process; None forgets it."""
        version = plugin.manifest.version if plugin.manifest else ""
        with writing(self._engine).begin() as connection:
            connection.execute(sa.delete(plugins_table).where(plugins_table.c.id == plugin.id))
            if state is not None:
                row = {"id": plugin.id, "state": str(state), "version": version, "changed_at": self._now()}
                connection.execute(sa.insert(plugins_table), row)


def _folder(answers: object) -> Path:
    """The folder that an entry point's callable answers; raises TypeError where it is none."""
    if not callable(answers):
        raise TypeError(f"{answers!r} cannot be called")
    folder = answers()
    if not isinstance(folder, str | os.PathLike):
        raise TypeError(f"{folder!r} is no path")
    return Path(folder)


def import_hooks(manifest: Manifest) -> list[ModuleType]:
    """Import the hook modules as `blueops_plugins.<id>.<module>`; raises Unfit with what went wrong."""
    root = _package(PACKAGE, [])
    name = f"{PACKAGE}.{manifest.id}"
    for stale in [known for known in sys.modules if known == name or known.startswith(f"{name}.")]:
        del sys.modules[stale]
    setattr(root, manifest.id, _package(name, [str(manifest.hooks)]))
    importlib.invalidate_caches()
    found = []
    for module in manifest.hook_modules:
        try:
            found.append(importlib.import_module(f"{name}.{module}"))
        except (Exception, SystemExit) as problem:
            raise Unfit(
                f"hooks/{module}.py cannot be imported: {type(problem).__name__}: {problem}"
            ) from problem
    return found


def _package(name: str, path: Sequence[str]) -> ModuleType:
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.machinery.ModuleSpec(name, None, is_package=True)
    package = ModuleType(name)
    package.__path__ = list(path)
    package.__spec__ = spec
    package.__package__ = name
    sys.modules[name] = package
    return package
