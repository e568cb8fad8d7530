"""The reference core: the host's side of `blueops_qb.sdk.core`, on one database."""

from __future__ import annotations

import copy
import datetime as dt
import json
import os
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.sandbox.core import people, rows
from blueops_qb.sandbox.core.calls import Answer, Calls, Plugin
from blueops_qb.sandbox.core.database import create_tables, make_engine, writing
from blueops_qb.sandbox.core.plugins import EntryPoint, PluginWorld
from blueops_qb.sandbox.core.settings import stored
from blueops_qb.sandbox.core.tables import plugin_settings, receipts, tenants
from blueops_qb.sandbox.core.transaction import Transaction
from blueops_qb.sandbox.core.work import Refused, read_switches
from blueops_qb.sdk.core import Permission, Snapshot, Tenant
from blueops_qb.sdk.hooks import Event, RemovalPlan, Switch


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _random_id() -> str:
    return uuid.uuid4().hex


class ReferenceCore:
    """Tenants, records and plugins; what a plugin is handed is the view of `for_plugin`.

    `plugin_id` is the plugin whose switch `tenants()` shows and whose permissions `may()` follows. `keys` are
    the secret keys, newest first (Fernet).
    """

    def __init__(
        self,
        engine: sa.Engine,
        *,
        keys: Sequence[bytes],
        now: Callable[[], dt.datetime] = _utc_now,
        new_id: Callable[[], str] = _random_id,
        plugin_id: str = "quickbooks",
    ) -> None:
        self._engine = engine
        self._writer = writing(engine)
        self._keys = tuple(keys)
        self._now = now
        self._new_id = new_id
        self._default_actor = ""
        self._known: set[str] = set()
        self._started_in: int | None = None
        self.plugin_id = plugin_id
        self.world = PluginWorld(engine=engine, calls=Calls(now), now=now)

    # -- what a plugin asks for (sdk.core.Core) ----------------------------------------------------
    @property
    def engine(self) -> sa.Engine:
        """Core's database; on SQLite take `database.writing(engine)` for a transaction that writes."""
        return self._engine

    def now(self) -> dt.datetime:
        """The host's clock, aware."""
        return self._now()

    def tenants(self) -> Sequence[Tenant]:
        """All tenants, with the switch of `plugin_id`."""
        with self._engine.connect() as connection:
            found = connection.execute(sa.select(tenants).order_by(tenants.c.id)).all()
        return [
            Tenant(
                id=row.id,
                name=row.name,
                zone=row.zone,
                currency=row.currency,
                switch=read_switches(row.switches).get(self.plugin_id, Switch.OFF),
            )
            for row in found
        ]

    def tenant(self, tenant_id: str) -> Tenant:
        """One tenant; raises KeyError."""
        for tenant in self.tenants():
            if tenant.id == tenant_id:
                return tenant
        raise KeyError(tenant_id)

    def read(self, tenant_id: str, refs: Sequence[RecordRef]) -> dict[RecordRef, Snapshot]:
        """The newest committed state of several records; what does not exist is left out."""
        with self._engine.connect() as connection:
            found = rows.read_many(connection, tenant_id, refs)
        return {ref: row.snapshot for ref, row in found.items()}

    def iterate(
        self, tenant_id: str, *, since_revision: int = 0, kinds: Sequence[RecordKind] = (), limit: int = 500
    ) -> Iterator[Snapshot]:
        """Records above a revision, by revision, at most `limit`; merged and deleted ones included."""
        with self._engine.connect() as connection:
            found = list(rows.since(connection, tenant_id, revision=since_revision, kinds=kinds, limit=limit))
        return (row.snapshot for row in found)

    @contextmanager
    def begin(self, tenant_id: str, *, actor: str = "") -> Iterator[Transaction]:
        """A transaction; commits when the block ends, rolls back when it raises. KeyError: no such tenant."""
        if tenant_id not in self._known:
            self._known.add(self.tenant(tenant_id).id)
        with self._writer.begin() as connection:
            yield Transaction(
                host=self,
                connection=connection,
                tenant_id=tenant_id,
                actor=actor or self._default_actor,
            )

    def may(self, tenant_id: str, user_id: str, permission: Permission) -> bool:
        """Whether the user's role allows it: as the plugin's plugin.toml says, else as core's own table."""
        with self._engine.connect() as connection:
            role = people.role_of(connection, tenant_id, user_id)
        allowed = people.PERMISSIONS[permission]
        try:
            manifest = self.world.get(self.plugin_id).manifest
        except KeyError:
            manifest = None
        if manifest is not None:
            allowed = manifest.permissions.get(permission, allowed)
        return role is not None and role.value in allowed

    def settings(self, tenant_id: str) -> Mapping[str, str]:
        """What was entered for the plugin's settings."""
        return stored(self._engine, tenant_id, self.plugin_id)

    def attachment(self, tenant_id: str, id: str) -> bytes:
        """The content of a receipt; raises KeyError."""
        return self.receipt(tenant_id, id)

    def secret_keys(self) -> Sequence[bytes]:
        """Keys to seal secrets with, newest first."""
        return self._keys

    # -- what transactions ask for -----------------------------------------------------------------
    def new_id(self) -> str:
        """A fresh id for an event or a receipt."""
        return self._new_id()

    def announce(
        self, hook: str, event: Event, connection: sa.Connection, switches: Mapping[str, Switch]
    ) -> None:
        """Tell the plugins of an event on core's own connection."""
        self.world.calls.tell(hook, event, connection, switches)

    # -- tenants and files -------------------------------------------------------------------------
    def create_tenant(
        self, id: str, name: str, *, zone: str = "America/Los_Angeles", currency: str = "USD"
    ) -> Tenant:
        """Enter a company; every plugin is off."""
        with self._writer.begin() as connection:
            connection.execute(sa.insert(tenants).values(id=id, name=name, zone=zone, currency=currency))
        return Tenant(id=id, name=name, zone=zone, currency=currency)

    def receipt(self, tenant_id: str, receipt_id: str) -> bytes:
        """The content of a receipt; raises KeyError."""
        c = receipts.c
        question = sa.select(c.content).where(c.tenant_id == tenant_id, c.id == receipt_id)
        with self._engine.connect() as connection:
            content: bytes | None = connection.execute(question).scalar_one_or_none()
        if content is None:
            raise KeyError(receipt_id)
        return content

    # -- plugins -----------------------------------------------------------------------------------
    def for_plugin(self, plugin_id: str) -> ReferenceCore:
        """Core as this plugin sees it: its switch, its permissions, its name as the actor."""
        view = copy.copy(self)
        view.plugin_id = plugin_id
        view._default_actor = f"plugin:{plugin_id}"
        return view

    def load_plugins(
        self, folders: Iterable[Path] = (), entry_points: Iterable[EntryPoint] | None = None
    ) -> list[Plugin]:
        """Find and admit plugins (see `PluginWorld.load`) and start them once in this process."""
        found = self.world.load(folders, entry_points)
        self.start()
        return found

    def start(self) -> None:
        """Tell the plugins that the process started: each once, and once more after a fork."""
        if self.forked:
            self._engine.dispose(close=False)  # the parent's connections are the parent's
            for plugin in self.world.plugins:
                plugin.started = False
        self._started_in = os.getpid()
        for plugin in self.world.ready():
            if not plugin.started:
                self.world.start(plugin, self.for_plugin(plugin.id))

    @property
    def forked(self) -> bool:
        """Whether this process is a child of the one in which the plugins were started."""
        return self._started_in not in (None, os.getpid())

    def stop(self) -> None:
        """Tell the plugins that the process ends, and let go of the database."""
        for plugin in self.world.ready():
            self.world.stop(plugin)
        self._engine.dispose()

    def switches(self, tenant_id: str) -> Mapping[str, Switch]:
        """The tenant's switches; a plugin that is not named is off. Raises KeyError."""
        with self._engine.connect() as connection:
            stored = connection.execute(
                sa.select(tenants.c.switches).where(tenants.c.id == tenant_id)
            ).scalar_one_or_none()
        if stored is None:
            raise KeyError(tenant_id)
        return read_switches(stored)

    def set_switch(self, tenant_id: str, plugin_id: str, switch: Switch, *, actor: str) -> None:
        """Turn a plugin's switch for a tenant, then tell the plugin. Refused where the plugin is unfit."""
        plugin = self.world.get(plugin_id)
        if not plugin.ready:
            raise Refused(f"plugin {plugin_id} cannot be switched: {plugin.reason or plugin.state.value}")
        self._store_switch(tenant_id, plugin_id, switch)
        self.world.calls.ask(plugin, "plugin_switched", tenant_id=tenant_id, switch=switch, actor=actor)

    def health(self, tenant_id: str) -> dict[str, Answer]:
        """How the tenant's plugins fare, by their ids; those that are off, or have no word for it, are left out."""
        switches = self.switches(tenant_id)
        on = [p for p in self.world.ready() if switches.get(p.id, Switch.OFF) is not Switch.OFF]
        with self._engine.connect() as connection, connection.begin():
            answers = self.world.calls.ask_in(connection, on, "plugin_health", tenant_id=tenant_id)
        return {answer.plugin.id: answer for answer in answers if answer.value is not None or answer.error}

    def _store_switch(self, tenant_id: str, plugin_id: str, switch: Switch | None) -> None:
        with self._writer.begin() as connection:
            mine = tenants.c.id == tenant_id
            stored = connection.execute(
                sa.select(tenants.c.switches).where(mine).with_for_update()
            ).scalar_one()
            now: dict[str, str] = {**json.loads(stored), plugin_id: switch.value if switch else ""}
            kept = json.dumps({id: value for id, value in sorted(now.items()) if value})
            connection.execute(sa.update(tenants).where(mine).values(switches=kept))

    def removal_plan(self, plugin_id: str) -> RemovalPlan:
        """The dry run of an uninstall."""
        return self.world.removal_plan(self.world.get(plugin_id), self.for_plugin(plugin_id))

    def uninstall(self, plugin_id: str) -> None:
        """Remove a plugin with its tables; raises Unfit where it cannot be."""
        self.world.remove(self.world.get(plugin_id), self.for_plugin(plugin_id))
        for tenant in self.tenants():
            self._store_switch(tenant.id, plugin_id, None)
        with self._writer.begin() as connection:
            connection.execute(sa.delete(plugin_settings).where(plugin_settings.c.plugin_id == plugin_id))

    def install(self, plugin_id: str) -> None:
        """Take a removed plugin in again."""
        self.world.install(self.world.get(plugin_id), self.for_plugin(plugin_id))


def open_core(
    url: str,
    *,
    keys: Sequence[bytes],
    durable: bool = True,
    now: Callable[[], dt.datetime] = _utc_now,
) -> ReferenceCore:
    """Core on a database, its tables made where they are missing; no plugin is loaded yet."""
    engine = make_engine(url, durable=durable)
    create_tables(engine)
    return ReferenceCore(engine, keys=keys, now=now)
