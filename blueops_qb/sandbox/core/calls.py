"""Calls plugins one by one, so that none can stop another or spoil core's transaction."""

from __future__ import annotations

import collections
import datetime as dt
import enum
import logging
from collections.abc import Callable, Iterable, Mapping
from types import ModuleType
from typing import Any

import attrs
import pluggy
import sqlalchemy as sa

from blueops_qb.sandbox.core.manifest import Manifest
from blueops_qb.sdk.hooks import PROJECT, Event, Hooks, Switch

log = logging.getLogger(__name__)
#: How many of a plugin's last errors are kept for the settings page.
KEPT_ERRORS = 20


class PluginState(enum.StrEnum):
    """Whether a plugin takes part."""

    READY = "ready"
    #: Skipped; the reason is shown.
    UNFIT = "unfit"
    #: Uninstalled by an admin; its tables are gone.
    REMOVED = "removed"


@attrs.frozen(kw_only=True)
class PluginError:
    """A hook that raised."""

    at: dt.datetime
    hook: str
    text: str


@attrs.define(kw_only=True, eq=False)
class Plugin:
    """A plugin that was found, whatever became of it."""

    id: str
    #: Where it was found: a folder or an entry point.
    source: str
    name: str = ""
    manifest: Manifest | None = None
    state: PluginState = PluginState.UNFIT
    reason: str = ""
    modules: list[ModuleType] = attrs.field(factory=list)
    started: bool = False
    #: How often a hook raised, and the last times.
    failures: int = 0
    errors: collections.deque[PluginError] = attrs.field(
        factory=lambda: collections.deque(maxlen=KEPT_ERRORS)
    )

    @property
    def ready(self) -> bool:
        return self.state is PluginState.READY

    def unfit(self, reason: str) -> None:
        """Skip it from now on, for this reason."""
        self.state, self.reason = PluginState.UNFIT, reason


class TransactionEnded(RuntimeError):
    """A plugin committed or rolled back core's own transaction, which therefore cannot go on."""


@attrs.frozen
class Answer:
    """What one plugin answered; `error` is set where it raised."""

    plugin: Plugin
    value: Any = None
    error: str = ""


class Calls:
    """The hooks of the ready plugins, each reached through a caller that knows this plugin only."""

    def __init__(self, now: Callable[[], dt.datetime]) -> None:
        self._now = now
        self._world = pluggy.PluginManager(PROJECT)
        self._world.add_hookspecs(Hooks)
        self._plugins: list[Plugin] = []
        self._callers: dict[str, list[tuple[Plugin, pluggy.HookCaller]]] = {}

    def register(self, plugin: Plugin) -> None:
        """Let a plugin take part; raises pluggy's error for a hook that is unknown or has other arguments."""
        try:
            for module in plugin.modules:
                self._world.register(module, name=module.__name__)
            self._world.check_pending()
        except BaseException:
            self._drop(plugin)
            raise
        self._plugins.append(plugin)
        self._arrange()

    def unregister(self, plugin: Plugin) -> None:
        """Call a plugin no more."""
        self._drop(plugin)
        self._plugins = [other for other in self._plugins if other is not plugin]
        self._arrange()

    def _drop(self, plugin: Plugin) -> None:
        for module in plugin.modules:
            if self._world.is_registered(module):
                self._world.unregister(module)

    def _arrange(self) -> None:
        names = [name for name in vars(Hooks) if not name.startswith("_")]
        callers: dict[str, list[tuple[Plugin, pluggy.HookCaller]]] = {}
        for plugin in self._plugins:
            others = [module for other in self._plugins if other is not plugin for module in other.modules]
            for name in names:
                caller = self._world.subset_hook_caller(name, remove_plugins=others)
                if caller.get_hookimpls():
                    callers.setdefault(name, []).append((plugin, caller))
        self._callers = callers

    # -- calling -----------------------------------------------------------------------------------
    def tell(
        self, hook: str, event: Event, connection: sa.Connection, switches: Mapping[str, Switch]
    ) -> None:
        """Hand an event to every plugin that is not off for the tenant; what one raises is kept, not raised.

        A plugin that does not protect core's transaction by itself runs in a savepoint. Raises
        TransactionEnded where one ended that transaction.
        """
        for plugin, caller in self._callers.get(hook, ()):
            if switches.get(plugin.id, Switch.OFF) is Switch.OFF:
                continue
            try:
                if plugin.manifest and plugin.manifest.protects_itself:
                    caller(event=event, connection=connection)
                else:
                    with connection.begin_nested():
                        caller(event=event, connection=connection)
            except Exception as problem:
                self.note(plugin, hook, problem)
            _check_transaction(plugin, hook, connection)

    def ask(self, plugin: Plugin, hook: str, **arguments: Any) -> Answer | None:
        """Call a hook of one plugin; None where the plugin has no such hook."""
        for other, caller in self._callers.get(hook, ()):
            if other is plugin:
                try:
                    return Answer(plugin, caller(**arguments))
                except Exception as problem:
                    return Answer(plugin, error=self.note(plugin, hook, problem))
        return None

    def ask_in(
        self, connection: sa.Connection, plugins: Iterable[Plugin], hook: str, **arguments: Any
    ) -> list[Answer]:
        """Ask several plugins on core's connection, each in a savepoint; one that raises answers `error`."""
        answers = []
        for plugin in plugins:
            savepoint = connection.begin_nested()
            answer = self.ask(plugin, hook, connection=connection, **arguments)
            _check_transaction(plugin, hook, connection)
            if answer is not None and answer.error:
                savepoint.rollback()
            else:
                savepoint.commit()
            if answer is not None:
                answers.append(answer)
        return answers

    def note(self, plugin: Plugin, hook: str, problem: Exception) -> str:
        """Keep an error of a plugin for the settings page; answers its text."""
        text = f"{type(problem).__name__}: {problem}"
        plugin.failures += 1
        log.warning("plugin %s failed in %s", plugin.id, hook, exc_info=problem)
        plugin.errors.append(PluginError(at=self._now(), hook=hook, text=text))
        return text


def _check_transaction(plugin: Plugin, hook: str, connection: sa.Connection) -> None:
    if not connection.in_transaction():
        raise TransactionEnded(
            f"plugin {plugin.id} ended core's transaction in its hook {hook}, so what was entered is not"
            " saved;"
            " switch the plugin off and report it to its author"
        )
