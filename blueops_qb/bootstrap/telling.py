"""Telling: how the plugin fares for a tenant, as core asks for it."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.engine import connections
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.heartbeat import heartbeat
from blueops_qb.sdk.hooks import PluginHealth
from blueops_qb.web import health


def plugin_health(engine: Engine, tenant_id: str, connection: sa.Connection) -> PluginHealth | None:
    """What the overview says of the tenant's books, and when they were last heard of; None without books."""
    row = connections.live(connection, tenant_id)
    if row is None:
        return None
    beat = heartbeat(
        connection,
        row,
        core=engine.core,
        providers=engine.providers,
        now=engine.turns.clock(connection),
    )
    told = health.of(row, connections.switch_of(connection, tenant_id), beat)
    came = None if beat is None else beat.came_at
    heard = [moment for moment in (row["last_contact_at"], came) if moment is not None]
    return PluginHealth(
        ok=told.tone != "bad",
        sentence=told.sentence,
        last_contact_at=max(heard, default=None),
        quiet=beat is not None and beat.quiet,
    )
