"""Column types and keys: exact times, and ids that are known before a row is written."""

from __future__ import annotations

import datetime as dt
import secrets
import threading
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def micros(moment: dt.datetime) -> int:
    """Microseconds since 1970 in UTC; raises TypeError for a naive moment."""
    return (moment - EPOCH) // _MICROSECOND


def moment(value: int) -> dt.datetime:
    """The aware UTC moment of `micros`."""
    return EPOCH + dt.timedelta(microseconds=value)


class UtcTime(TypeDecorator[dt.datetime]):
    """An aware moment, stored as microseconds since 1970 on every database."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, _dialect: Any) -> int | None:
        return None if value is None else micros(value)

    def process_result_value(self, value: int | None, _dialect: Any) -> dt.datetime | None:
        return None if value is None else moment(value)


class _Sequence:
    """Ids of 62 bits: microseconds since 2020, then 15 random bits; rising within a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        ticks = time.time_ns() // 1000 - 1_577_836_800_000_000
        id = (ticks << 15) | secrets.randbits(15)
        with self._lock:
            if id <= self._last:
                id = self._last + 1
            self._last = id
        return id


_sequence = _Sequence()


def new_id() -> int:
    """An id for a row, unique over processes for all practical purposes, known before the insert."""
    return _sequence.next()


def db_clock(dialect: str) -> str:
    """SQL for the database's own clock in microseconds since 1970; a part of a larger statement."""
    if dialect == "sqlite":
        return (
            "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
            " + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000"
        )
    return "CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"


def db_now(connection: sa.Connection) -> dt.datetime:
    """The database's own clock; leases are measured on it."""
    text = f"SELECT {db_clock(connection.dialect.name)}"
    return moment(int(connection.exec_driver_sql(text).scalar_one()))
