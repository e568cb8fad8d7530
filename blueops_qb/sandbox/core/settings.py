"""Keeps what admins enter for the settings that plugins declare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from blueops_qb.sandbox.core.calls import Plugin
from blueops_qb.sandbox.core.database import writing
from blueops_qb.sandbox.core.tables import plugin_settings
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sdk.hooks import Setting, SettingType

if TYPE_CHECKING:
    from blueops_qb.sandbox.core.core import ReferenceCore


def declared(core: ReferenceCore, plugin: Plugin) -> list[Setting]:
    """The settings that a plugin declares."""
    answer = core.world.calls.ask(plugin, "plugin_settings") if plugin.ready else None
    lists = answer.value if answer is not None and not answer.error else []
    return [setting for some in lists for setting in some if isinstance(setting, Setting)]


def stored(engine: sa.Engine, tenant_id: str, plugin_id: str) -> dict[str, str]:
    """What was entered for a tenant; a setting that nobody touched is not in it."""
    c = plugin_settings.c
    question = sa.select(c.key, c.value).where(c.tenant_id == tenant_id, c.plugin_id == plugin_id)
    with engine.connect() as connection:
        return {row.key: row.value for row in connection.execute(question)}


def store(core: ReferenceCore, tenant_id: str, plugin: Plugin, values: Mapping[str, str]) -> None:
    """Keep values of declared settings; Refused for one that does not fit its type."""
    rows = []
    for setting in declared(core, plugin):
        if setting.key in values:
            value = _checked(setting, values[setting.key].strip())
            rows.append({"key": setting.key, "value": value, "tenant_id": tenant_id, "plugin_id": plugin.id})
    c = plugin_settings.c
    with writing(core.engine).begin() as connection:
        for row in rows:
            same = (c.tenant_id == tenant_id) & (c.plugin_id == plugin.id) & (c.key == row["key"])
            connection.execute(sa.delete(plugin_settings).where(same))
            connection.execute(sa.insert(plugin_settings), row)


def _checked(setting: Setting, value: str) -> str:
    if setting.type is SettingType.CHOICE and value not in setting.choices:
        raise Refused(f"{setting.label}: {value!r} is not one of {_listed(setting.choices)}; choose one")
    if setting.type is SettingType.SWITCH and value not in ("on", "off"):
        raise Refused(f"{setting.label} is either on or off; choose one")
    if setting.type is SettingType.NUMBER and not value.removeprefix("-").isdecimal():
        raise Refused(f"{setting.label}: {value!r} is not a whole number; correct it")
    return value


def _listed(choices: Sequence[str]) -> str:
    return ", ".join(choices)
