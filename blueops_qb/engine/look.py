"""Look: what a page or a round may read without a lock: the live connection with its rules, catalog and profile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import sqlalchemy as sa

from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import connections
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import ApplyAnswer, Change, Core, RefusedChange, Snapshot
from blueops_qb.store.types import db_now


class NotConnected(Exception):
    """The company has no live connection."""


class NotInstalled(Exception):
    """The provider of the connection is not installed here; the sentence names it."""


@attrs.frozen
class ReadOnly:
    """A transaction that only reads (`sdk.core.CoreTransaction`)."""

    connection: sa.Connection
    core: Core
    tenant_id: str

    def read(self, ref: RecordRef) -> Snapshot | None:
        """The record as committed."""
        return self.core.read(self.tenant_id, [ref]).get(ref)

    def apply(self, change: Change, *, expected_revision: int | None, key: str) -> ApplyAnswer:
        """Never: a page that looks changes nothing."""
        return RefusedChange(why=f"{type(change).__name__} {key} {expected_revision}: this only looks")


@contextmanager
def looking(engine: Engine, tenant_id: str) -> Iterator[Turn]:
    """The live connection as a turn that takes no lock and writes nothing.

    Raises NotConnected, or NotInstalled when its provider is missing from this installation.
    """
    with engine.core.engine.connect() as connection:
        row = connections.live(connection, tenant_id)
        if row is None:
            raise NotConnected
        name = row["provider"]
        if name not in engine.providers:
            raise NotInstalled(
                f"This company is connected through “{name}”, which is not installed here. Nothing "
                "is lost; install that provider again and the work goes on."
            )
        yield Turn(
            core=engine.core,
            tx=ReadOnly(connection, engine.core, tenant_id),
            row=row,
            provider=engine.providers[name],
            description=engine.turns.describe(name),
            settings=engine.settings,
            rulebook=engine.rulebook,
            now=db_now(connection),
            rules=engine.turns.rules,
        )


@contextmanager
def acting(engine: Engine, tenant_id: str) -> Iterator[Turn]:
    """A turn of the tenant's live connection that may write; commits when the block ends."""
    with engine.core.engine.connect() as connection:
        row = connections.live(connection, tenant_id)
    if row is None:
        raise NotConnected
    with engine.turns.open(row["id"]) as turn:
        assert turn is not None, "a turn without a lease is always given"
        yield turn
