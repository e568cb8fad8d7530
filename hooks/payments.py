"""Events of payments and payouts: each goes into the intake, in core's own transaction."""

from __future__ import annotations

import pluggy
import sqlalchemy as sa

from blueops_qb.engine.intake import intake
from blueops_qb.sdk.hooks import Event

hookimpl = pluggy.HookimplMarker("blueops")


@hookimpl
def payment_recorded(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def payment_updated(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def payment_voided(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def payout_settled(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def payout_updated(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def payout_voided(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)
