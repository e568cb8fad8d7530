"""Events of credits, refunds and returned payments: each goes into the intake, in core's own transaction."""

from __future__ import annotations

import pluggy
import sqlalchemy as sa

from blueops_qb.engine.intake import intake
from blueops_qb.sdk.hooks import Event

hookimpl = pluggy.HookimplMarker("blueops")


@hookimpl
def credit_issued(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def credit_updated(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def credit_voided(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def refund_issued(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def refund_updated(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def refund_voided(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def payment_returned(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def payment_return_updated(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)


@hookimpl
def payment_return_voided(event: Event, connection: sa.Connection) -> None:
    intake.take(event, connection)
