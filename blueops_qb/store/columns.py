"""Columns: the few kinds of column all our tables are made of, and the metadata they hang on."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.store.types import UtcTime

PREFIX = "blueops_qb_"
VERSION_TABLE = "blueops_qb_alembic_version"

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False)


def text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null, server_default=None if null else "")


def key(name: str, length: int = 64) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=False)


def time(name: str, *, null: bool = True) -> sa.Column[object]:
    return sa.Column(name, UtcTime, nullable=null)
