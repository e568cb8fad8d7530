"""Bootstrap: the composition root; wires host, store, providers, engine, runner and pages.

`start` is called once per process (again after a fork). What it made is `house()`; nothing else in the product
holds global state but the intake.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING

import attrs
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from blueops_qb import root
from blueops_qb.bootstrap.qbo_desk import QboSignInDesk
from blueops_qb.domain.posting.rules import RULES, Rules
from blueops_qb.engine import agreement_schedule, connections, heartbeat, retention, rounds, sweep
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.intake import intake
from blueops_qb.engine.log_trouble import kind_of, log_trouble
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.providers.qbd.provider import make_qbd
from blueops_qb.providers.qbo.provider import QboProvider, make_provider
from blueops_qb.runners.threads import ThreadRunner
from blueops_qb.sdk.core import Core
from blueops_qb.sdk.hooks import RemovalPlan, RunsTask, Setting, SettingType, Switch, Task
from blueops_qb.sdk.provider import Provider, WSGIApp
from blueops_qb.sdk.registry import Listed, discover
from blueops_qb.store.tables import PREFIX, VERSION_TABLE, metadata

if TYPE_CHECKING:
    from blueops_qb.web.signin import SignInDesk

log = logging.getLogger(__name__)

#: Set to `none` where another process (`blueops-qb worker`) or job engine works the connections.
RUNNER_KEY = "BLUEOPS_QB_RUNNER"

SETTINGS: Sequence[Setting] = (
    Setting(
        key="sweep_seconds",
        label="Look for changes in the books at least every (seconds)",
        type=SettingType.NUMBER,
        default="60",
        help="A webhook is faster; this is the net below it.",
    ),
    Setting(
        key=agreement_schedule.KEY,
        label="Compare the open month with the books every night at (hour, 0 to 23)",
        type=SettingType.TEXT,
        default=str(agreement_schedule.USUAL_HOUR),
        help="In the company's time zone. Empty compares only when somebody asks.",
    ),
    Setting(
        key=heartbeat.KEY,
        label="Warn when the client of QuickBooks Desktop has not come for (minutes)",
        type=SettingType.NUMBER,
        default=str(heartbeat.USUAL_MINUTES),
        help="Whatever it is that calls BlueOps from the computer with the books. 0 never warns.",
    ),
    Setting(
        key=retention.KEY,
        label="Keep what was sent and received for so many days after it is settled",
        type=SettingType.NUMBER,
        default=str(retention.USUAL_DAYS),
        help="Afterwards the contents are emptied; ids, amounts and states stay. 0 keeps them for ever.",
    ),
    Setting(
        key=retention.AUDIT_KEY,
        label="Keep the readable texts of the audit log for so many days",
        type=SettingType.NUMBER,
        default="0",
        help="The log itself stays whole and verifiable. 0 keeps the texts for ever.",
    ),
)


@attrs.define(kw_only=True)
class House:
    """Everything that `start` wired in this process."""

    core: Core
    engine: Engine
    listed: list[Listed]
    sign_ins: Mapping[str, SignInDesk]
    runner: ThreadRunner | None
    pid: int


_lock = threading.Lock()
_house: House | None = None


class NotStarted(RuntimeError):
    """The host has not called `plugin_started` in this process."""


def house() -> House:
    """What was wired; raises NotStarted."""
    if _house is None:
        raise NotStarted(
            "the QuickBooks plugin was not started in this process: core calls plugin_started first"
        )
    return _house


def providers(environment: Mapping[str, str] | None = None) -> list[Listed]:
    """Our own providers and those of other packages, unfit ones with their reason."""
    return discover({"qbo": lambda: make_provider(environment), "qbd": lambda: make_qbd(environment)})


def build(
    core: Core,
    *,
    settings: EngineSettings | None = None,
    extra: Mapping[str, Provider] | None = None,
    environment: Mapping[str, str] | None = None,
    rules: Rules = RULES,
) -> House:
    """Wire a house without starting anything.

    `extra` adds or replaces providers by name, `rules` say what each kind of record becomes in the books.
    """
    listed = providers(environment)
    fit = {one.name: one.provider for one in listed if one.provider is not None}
    for one in listed:
        if one.provider is None:
            log.warning("provider %s is left out: %s", one.name, one.reason)
    fit |= dict(extra or {})
    engine = Engine(core=core, providers=fit, settings=settings, rules=rules)
    desks: dict[str, SignInDesk] = {
        name: QboSignInDesk(provider, core.now)
        for name, provider in fit.items()
        if isinstance(provider, QboProvider)
    }
    return House(core=core, engine=engine, listed=listed, sign_ins=desks, runner=None, pid=os.getpid())


def start(core: Core) -> None:
    """Wire everything for this process and start the runner, unless the host works connections itself."""
    global _house
    with _lock:
        if _house is not None and _house.pid == os.getpid() and _house.core is core:
            return
        _house = build(core)
        keep_in_step(core)
        if os.environ.get(RUNNER_KEY, "threads") == "threads":
            _house.runner = ThreadRunner(_house.engine)
            _house.runner.start()


def stop() -> None:
    """Stop the runner after what is on its way has been heard."""
    global _house
    with _lock:
        if _house is not None and _house.runner is not None:
            _house.runner.stop()
        _house = None
    intake.switched_on(())


def keep_in_step(core: Core) -> None:
    """Take over core's switches: who is switched on decides whose events are kept."""
    tenants = core.tenants()
    intake.switched_on([tenant.id for tenant in tenants if tenant.switch is not Switch.OFF])
    for tenant in tenants:
        with core.begin(tenant.id) as tx:
            connections.remember_switch(tx, tenant.id, tenant.switch)


def switched(tenant_id: str, switch: Switch, actor: str) -> None:
    """A tenant's switch was turned: keep events while on or paused, catch up when on."""
    log.info("tenant %s was switched %s by %s", tenant_id, switch.value, actor)
    intake.switch(tenant_id, keep=switch is not Switch.OFF)
    current = house()
    with current.core.begin(tenant_id) as tx:
        connections.remember_switch(tx, tenant_id, switch)
    if switch is Switch.ON:
        sweep.sweep(current.core, tenant_id)
        if current.runner is not None:
            current.runner.wake()


def schedule() -> Sequence[Task]:
    """What the host's scheduler may run where no runner of ours does."""
    return (
        Task(name="quickbooks core sweep", every_seconds=300, run=_sweep_task),
        Task(name="quickbooks planning", every_seconds=60, run=_plan_task),
        Task(name="quickbooks rounds", every_seconds=60, limit_seconds=600, run=_rounds_task),
        Task(name="quickbooks retention", every_seconds=86_400, limit_seconds=600, run=_retention_task),
    )


class TaskFailed(RuntimeError):
    """A task of the schedule failed; the log has where and why, without a word of what was worked on."""


def _told_plainly(run: Callable[[str], None]) -> RunsTask:
    """Hosts log what a task raises; messages of exceptions quote data, so only their kind gets out."""

    @wraps(run)
    def told(tenant_id: str) -> None:
        try:
            run(tenant_id)
        except Exception as problem:
            log_trouble(log, "%s failed for tenant %s", run.__name__, tenant_id, problem=problem)
            raise TaskFailed(f"{kind_of(problem)}; see the log. It runs again at its next time.") from None

    return told


@_told_plainly
def _sweep_task(tenant_id: str) -> None:
    with house().core.engine.connect() as connection:
        intake.switched_on(connections.switched_on(connection))
    sweep.sweep(house().core, tenant_id)


@_told_plainly
def _plan_task(tenant_id: str) -> None:
    current = house()
    with current.core.engine.connect() as connection:
        row = connections.live(connection, tenant_id)
    if row is not None:
        current.engine.work_pending(row["id"])


@_told_plainly
def _rounds_task(tenant_id: str) -> None:
    current = house()
    with current.core.engine.connect() as connection:
        row = connections.live(connection, tenant_id)
    if row is not None:
        rounds.go(current.engine, row["id"])


@_told_plainly
def _retention_task(tenant_id: str) -> None:
    purged = retention.purge(house().core, tenant_id)
    if purged.total:
        log.info("retention emptied %d rows of tenant %s", purged.total, tenant_id)


# -- database ----------------------------------------------------------------------------------------
def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Alembic for our migrations; on an open connection its transaction decides."""
    config = Config()
    config.set_main_option("script_location", str(root() / "migrations"))
    if connection is not None:
        config.attributes["connection"] = connection
    return config


def migrate(engine: sa.Engine, *, to: str = "head") -> None:
    """Bring our tables to a revision (`head`, `base` or an id)."""
    # On SQLite the host may read this option; a writer that begins as a reader can fail half-way.
    with engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        step = command.downgrade if to == "base" else command.upgrade
        step(alembic_config(connection), to)


def installed(core: Core) -> None:
    """Called once after the first migration."""
    log.info("QuickBooks plugin installed: %d tables on %s", len(metadata.tables), core.engine.dialect.name)


def removal_plan(core: Core) -> RemovalPlan:
    """Every table of ours with its number of rows. Reads only."""
    with core.engine.connect() as connection:
        present = [name for name in sa.inspect(connection).get_table_names() if name.startswith(PREFIX)]
        rows = {
            name: int(connection.execute(sa.select(sa.func.count()).select_from(sa.table(name))).scalar_one())
            for name in sorted(present)
        }
    return RemovalPlan(tables=rows)


def uninstall(core: Core) -> bool:
    """Stop, then drop our tables and nothing else."""
    stop()
    migrate(core.engine, to="base")
    with core.engine.begin() as connection:
        connection.execute(sa.text(f"DROP TABLE IF EXISTS {VERSION_TABLE}"))
    return True


# -- pages -------------------------------------------------------------------------------------------
def mounts(core: Core) -> tuple[WSGIApp, WSGIApp]:
    """The two WSGI apps: pages behind core's login, gates outside it."""
    # Only processes that show pages load the web framework.
    from blueops_qb.web.app import make_gates, make_pages

    current = house() if _house is not None else build(core)
    keys = [hmac.new(key, b"blueops_qb pages", hashlib.sha256).digest() for key in core.secret_keys()]
    pages = make_pages(
        current.engine,
        sign_ins=current.sign_ins,
        secret=keys[0],
        older=keys[1:],
        prefix="/settings/quickbooks",
    )
    return pages, make_gates(current.engine)
