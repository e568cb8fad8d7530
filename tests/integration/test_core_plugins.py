"""Plugins live side by side: found, admitted, called alone, switched, removed; one cannot harm another."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.sandbox.core.calls import TransactionEnded
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.manifest import Unfit
from blueops_qb.sandbox.core.schedule import Schedule
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sdk.hooks import Switch
from tests.core_house import KEY, PLUGINS, TENANT, customer, house, invoice, payment_of, rows, write_plugin


@pytest.fixture
def core(database_url: str) -> Iterator[ReferenceCore]:
    with house(database_url) as opened:
        yield opened


@attrs.frozen
class FakeEntryPoint:
    """An entry point as an installed distribution would have it."""

    name: str
    root: Callable[[], object]

    def load(self) -> object:
        return self.root


def load(core: ReferenceCore, *names: str) -> dict[str, str]:
    """Load fixture plugins by folder; answers state or reason by id."""
    core.load_plugins([PLUGINS / name for name in names], entry_points=[])
    return {plugin.id: plugin.reason or plugin.state.value for plugin in core.world.plugins}


def on(core: ReferenceCore, *names: str) -> None:
    for name in names:
        core.set_switch(TENANT, name, Switch.ON, actor="admin")


def told() -> list[object]:
    found: list[object] = sys.modules["blueops_plugins.good.life"].told
    return found


def tables(core: ReferenceCore) -> set[str]:
    return set(sa.inspect(core.engine).get_table_names())


def test_a_plugin_is_found_by_entry_point_or_folder_and_once_only(core: ReferenceCore) -> None:
    point = FakeEntryPoint("good_dist", lambda: PLUGINS / "good")
    found = core.load_plugins([PLUGINS / "good"], entry_points=[point])
    assert [(plugin.id, plugin.source, plugin.ready) for plugin in found] == [
        ("good", "entry point good_dist", True)
    ]


def test_an_entry_point_that_fails_is_listed_with_its_reason(core: ReferenceCore) -> None:
    def broken() -> object:
        raise ImportError("no module named plumbing")

    points = [FakeEntryPoint("broken", broken), FakeEntryPoint("none", lambda: None)]
    broken_one, none = core.load_plugins(entry_points=points)
    assert "ImportError: no module named plumbing" in broken_one.reason
    assert "does not answer a folder" in none.reason


def test_unfit_plugins_are_skipped_with_a_reason_and_stop_nobody(core: ReferenceCore, tmp_path: Path) -> None:
    write_plugin(tmp_path / "import", id='"bad_import"', hooks="import there_is_no_such_module")
    write_plugin(tmp_path / "hook", id='"bad_hook"', hooks="@hookimpl\ndef invoice_eaten(event): pass")
    write_plugin(tmp_path / "args", id='"bad_args"', hooks="@hookimpl\ndef invoice_created(eventt): pass")
    write_plugin(tmp_path / "start", id='"bad_start"', hooks="@hookimpl\ndef plugin_started(core): 1 / 0")
    write_plugin(tmp_path / "exit", id='"bad_exit"', hooks="raise SystemExit(3)")
    folders = [tmp_path / name for name in ("import", "hook", "args", "start", "exit")]
    core.load_plugins([*folders, PLUGINS / "old_host", PLUGINS / "good"], entry_points=[])
    reasons = {plugin.id: plugin.reason for plugin in core.world.plugins}
    assert "ModuleNotFoundError" in reasons["bad_import"]
    assert "invoice_eaten" in reasons["bad_hook"]
    assert "eventt" in reasons["bad_args"]
    assert "could not start: ZeroDivisionError" in reasons["bad_start"]
    assert "SystemExit" in reasons["bad_exit"]
    assert "needs a host <1.0" in reasons["old_host"]
    assert [plugin.id for plugin in core.world.ready()] == ["good"]
    on(core, "good")
    customer(core)
    assert rows(core, "SELECT ref FROM good_seen") == [("customer:1",)]


def test_migrations_that_would_share_alembics_default_table_are_not_run(core: ReferenceCore) -> None:
    states = load(core, "shares_left", "shares_right", "good")
    assert "needs a table of its own" in states["shares_left"]
    assert "needs a table of its own" in states["shares_right"]
    assert states["good"] == "ready"
    assert {"good_seen", "good_alembic_version"} <= tables(core)
    assert not {"shares_left", "shares_right", "alembic_version"} & tables(core)


def migrating(folder: Path, id: str, body: str, *, env: str | None = None, table: str = "") -> Path:
    """A plugin with one migration whose upgrade is `body`."""
    table = table or f"{id}_v"
    write_plugin(
        folder,
        id=f'"{id}"',
        manifest=f"[migrations]\nfolder = 'migrations'\nversion_table = '{table}'\n",
    )
    versions = folder / "migrations" / "versions"
    versions.mkdir(parents=True)
    good_env = (PLUGINS / "good" / "migrations" / "env.py").read_text()
    (folder / "migrations" / "env.py").write_text(env or good_env)
    (versions / "v1.py").write_text(
        "import sqlalchemy as sa\nfrom alembic import op\nrevision = '0001'\ndown_revision = None\n"
        f"def upgrade():\n    {body}\ndef downgrade():\n    pass\n"
    )
    return folder


def test_a_failing_migration_leaves_nothing_behind(core: ReferenceCore, tmp_path: Path) -> None:
    body = "op.create_table('half', sa.Column('id', sa.Integer)); raise RuntimeError('disk full')"
    core.load_plugins([migrating(tmp_path / "p", "half", body)], entry_points=[])
    assert "disk full" in core.world.get("half").reason
    assert not {"half", "half_v"} & tables(core)


def test_an_env_that_ignores_its_version_table_is_found_out(core: ReferenceCore, tmp_path: Path) -> None:
    env = (PLUGINS / "shares_left" / "migrations" / "env.py").read_text()
    body = "op.create_table('sneaky', sa.Column('id', sa.Integer))"
    core.load_plugins([migrating(tmp_path / "p", "sneaky", body, env=env)], entry_points=[])
    assert "do not keep their revision in sneaky_v" in core.world.get("sneaky").reason
    assert not {"sneaky", "alembic_version"} & tables(core)


def test_two_plugins_cannot_have_one_id_version_table_or_path(core: ReferenceCore, tmp_path: Path) -> None:
    same_table = migrating(tmp_path / "t", "other", "pass", table="good_alembic_version")
    same_id = write_plugin(tmp_path / "i", id='"good"')
    same_path = write_plugin(tmp_path / "p", id='"third"', manifest="[mount]\npages = '/settings/good'\n")
    core.load_plugins([PLUGINS / "good", same_table, same_id, same_path], entry_points=[])
    reasons = [plugin.reason for plugin in core.world.plugins]
    assert reasons[0] == ""
    assert "keeps its revisions in good_alembic_version too" in reasons[1]
    assert "another plugin has the id 'good'" in reasons[2]
    assert "mounted at /settings/good already" in reasons[3]
    assert core.world.get("good").ready


def test_a_raising_hook_stops_neither_core_nor_the_other_plugin(core: ReferenceCore) -> None:
    load(core, "raises", "good")
    on(core, "raises", "good")
    customer(core)
    invoice(core)
    with core.begin(TENANT) as tx:
        tx.record_payment(payment_of("100.00", ("1001", "100.00")))
    assert [row[0] for row in rows(core, "SELECT ref FROM good_seen ORDER BY revision")] == [
        "customer:1",
        "invoice:1001",
        "payment:1",
    ]
    raising = core.world.get("raises")
    assert raising.failures == 3
    assert [error.hook for error in raising.errors] == [
        "plugin_switched",
        "invoice_created",
        "payment_recorded",
    ]
    assert raising.errors[1].text == "ValueError: I cannot read invoices"


def test_a_hook_that_ends_cores_transaction_is_named_and_nothing_is_saved(core: ReferenceCore) -> None:
    load(core, "raises")
    on(core, "raises")
    saved = customer(core)
    with (
        pytest.raises(TransactionEnded, match="plugin raises ended core's transaction"),
        core.begin(TENANT) as tx,
    ):
        tx.update_customer(attrs.evolve(saved, name="Ann B. Lee"))
    assert core.read(TENANT, [saved.ref])[saved.ref].record == saved


def test_a_plugin_hears_of_a_company_only_while_it_is_not_off(core: ReferenceCore) -> None:
    load(core, "good")
    core.create_tenant("other", "Other company")
    customer(core, "before")
    core.set_switch(TENANT, "good", Switch.PAUSED, actor="admin")
    customer(core, "paused")
    on(core, "good")
    customer(core, "on")
    core.set_switch(TENANT, "good", Switch.OFF, actor="admin")
    customer(core, "after")
    assert [row[0] for row in rows(core, "SELECT ref FROM good_seen")] == ["customer:2", "customer:3"]
    assert [item for item in told() if isinstance(item, tuple)] == [
        (TENANT, Switch.PAUSED, "admin"),
        (TENANT, Switch.ON, "admin"),
        (TENANT, Switch.OFF, "admin"),
    ]
    assert core.switches("other") == {}


def test_installed_is_told_once_and_started_once_per_process(core: ReferenceCore, database_url: str) -> None:
    load(core, "good")
    core.start()
    assert told() == ["installed", "started"]
    with house_again(database_url) as again:
        again.load_plugins([PLUGINS / "good"], entry_points=[])
        assert told() == ["started"]
        again.world.stop(again.world.get("good"))
        assert told() == ["started", "stopped"]


@contextmanager
def house_again(url: str) -> Iterator[ReferenceCore]:
    """A second process on the same database, as far as plugins can tell."""
    core = open_core(url, keys=[KEY], durable=False)
    yield core
    core.engine.dispose()


def test_after_a_fork_the_child_starts_its_plugins(
    core: ReferenceCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(core, "good")
    assert not core.forked
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert core.forked
    core.engine.dispose()  # a true child would leave these connections to its parent
    core.start()
    assert not core.forked
    assert told() == ["installed", "started", "started"]


def test_uninstalling_takes_the_plugins_tables_and_nothing_else(
    core: ReferenceCore, database_url: str
) -> None:
    before = tables(core)
    load(core, "good")
    on(core, "good")
    customer(core)
    assert core.removal_plan("good").tables == {"good_seen": 1}
    assert "good_seen" in tables(core)
    core.uninstall("good")
    assert tables(core) == before
    assert core.world.get("good").state.value == "removed"
    assert core.switches(TENANT) == {}
    assert customer(core, "Bob").id == "2"
    with pytest.raises(Refused, match="cannot be switched: removed"):
        on(core, "good")
    with house_again(database_url) as again:
        again.load_plugins([PLUGINS / "good"], entry_points=[])
        assert again.world.get("good").state.value == "removed"
    core.install("good")
    assert core.world.get("good").ready
    assert told() == ["installed", "started"]
    assert rows(core, "SELECT count(*) FROM good_seen") == [(0,)]


def test_an_uninstall_that_fails_keeps_the_plugin(core: ReferenceCore, tmp_path: Path) -> None:
    hooks = "@hookimpl\ndef plugin_uninstall(): raise RuntimeError('still busy')"
    core.load_plugins([write_plugin(tmp_path / "p", id='"busy"', hooks=hooks)], entry_points=[])
    with pytest.raises(Unfit, match="still busy"):
        core.uninstall("busy")
    assert core.world.get("busy").ready


def test_tasks_run_when_they_are_due_for_companies_that_switched_on(
    core: ReferenceCore, tmp_path: Path
) -> None:
    slow = """
        from blueops_qb.sdk.hooks import Task
        def run(tenant_id): raise OSError("disk")
        @hookimpl
        def plugin_schedule(): return [Task(name="bad", every_seconds=5, run=run)]
        """
    core.load_plugins([PLUGINS / "good", write_plugin(tmp_path / "p", hooks=slow)], entry_points=[])
    core.create_tenant("other", "Other company")
    on(core, "good", "tried")
    schedule, good = Schedule(core), core.world.get("good")
    assert [(ran.task, ran.tenant_id) for ran in schedule.run_due(good, 0.0)] == [("tidy", TENANT)]
    assert schedule.run_due(good, 59.0) == []
    assert len(schedule.run_due(good, 60.0)) == 1
    assert told().count(("tidy", TENANT)) == 2
    assert [ran.error for ran in schedule.run_due(core.world.get("tried"), 0.0)] == ["OSError: disk"]
