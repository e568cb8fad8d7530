"""Intake: keeps an event in core's own transaction, fast, and never raises into core.

The payload is serialised first; then a SAVEPOINT, one INSERT and a RELEASE go through core's own connection.
What fails here is counted, logged and found again by the core sweep.
"""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
import threading
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.sdk import wire
from blueops_qb.sdk.hooks import Event
from blueops_qb.store import tables as t
from blueops_qb.store.types import micros, new_id

log = logging.getLogger(__name__)

_COLUMNS = "id, tenant_id, ref_kind, ref_id, action, revision, payload, occurred_at, cause, state, at"
_SAVEPOINT = "blueops_qb_intake"


class Intake:
    """Takes events of switched-on tenants into the outbox."""

    def __init__(self) -> None:
        self._on: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        #: Events that could not be kept since the process started; the sweep finds them.
        self.missed = 0

    def switched_on(self, tenants: Collection[str]) -> None:
        """Replace the set of tenants whose events are kept (on and paused alike)."""
        self._on = frozenset(tenants)

    def switch(self, tenant_id: str, *, keep: bool) -> None:
        """Keep, or no longer keep, the events of one tenant."""
        with self._lock:
            self._on = self._on | {tenant_id} if keep else self._on - {tenant_id}

    def take(self, event: Event, connection: sa.Connection) -> None:
        """Keep the event. Never raises."""
        try:
            if event.tenant_id not in self._on:
                return
            values = _values(event)
            if connection.dialect.name == "sqlite":
                _insert_sqlite(connection, values)
            else:
                _insert_postgres(connection, values)
        except Exception as problem:
            self.missed += 1
            what = getattr(event, "ref", type(event).__name__)
            log_trouble(
                log, "an event of %s was not kept; the core sweep will find it", what, problem=problem
            )


def _values(event: Event) -> tuple[Any, ...]:
    return (
        new_id(),
        event.tenant_id,
        event.ref.kind.value,
        event.ref.id,
        event.action.value,
        int(event.revision),
        wire.dump(event),
        micros(event.occurred_at),
        event.cause,
        "pending",
        micros(dt.datetime.now(dt.UTC)),
    )


_SQLITE = f"INSERT INTO {t.outbox.name} ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?)"
_POSTGRES = f"INSERT INTO {t.outbox.name} ({_COLUMNS}) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"


def _insert_sqlite(connection: sa.Connection, values: tuple[Any, ...]) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    if not driver.in_transaction:
        # A SAVEPOINT outside a transaction would commit on its RELEASE.
        driver.execute("BEGIN")
    driver.execute(f"SAVEPOINT {_SAVEPOINT}")
    try:
        driver.execute(_SQLITE, values)
    except BaseException:
        driver.execute(f"ROLLBACK TO {_SAVEPOINT}")
        raise
    finally:
        driver.execute(f"RELEASE {_SAVEPOINT}")


def _insert_postgres(connection: sa.Connection, values: tuple[Any, ...]) -> None:
    driver: Any = connection.connection.driver_connection
    try:
        # One round trip for the three statements; a failure leaves the savepoint to roll back to.
        with driver.pipeline(), driver.cursor() as cursor:
            cursor.execute(f"SAVEPOINT {_SAVEPOINT}")
            cursor.execute(_POSTGRES, values)
            cursor.execute(f"RELEASE SAVEPOINT {_SAVEPOINT}")
    except BaseException:
        driver.execute(f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}")
        raise


#: The process's intake; hooks call it, bootstrap tells it who is switched on.
intake = Intake()
