"""The question how the plugin fares."""

from __future__ import annotations

import pluggy
import sqlalchemy as sa

from blueops_qb import bootstrap
from blueops_qb.bootstrap import telling
from blueops_qb.sdk.hooks import PluginHealth

hookimpl = pluggy.HookimplMarker("blueops")


@hookimpl
def plugin_health(tenant_id: str, connection: sa.Connection) -> PluginHealth | None:
    return telling.plugin_health(bootstrap.house().engine, tenant_id, connection)
