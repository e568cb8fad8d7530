"""Events of warranty visits: each goes into the intake, in core's own transaction."""

from __future__ import annotations

import pluggy
import sqlalchemy as sa

from blueops_qb.engine.intake import intake
from blueops_qb.sdk.hooks import Event

hookimpl = pluggy.HookimplMarker("blueops")


@hookimpl
def warranty_visit(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def warranty_visit_updated(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def warranty_visit_voided(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)
