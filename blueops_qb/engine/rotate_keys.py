"""Rotate keys: seals every secret again under core's newest key while everything runs.

Each secret is its own short statement, written only if it is still what was opened: a worker that renews a token
meanwhile wins, and is looked at again. So it may be killed and started again at any point. Chain keys of the audit
log are kept in the vault, so that a key of core can be withdrawn and the entries of its time still be verified.
"""

from __future__ import annotations

import attrs
import sqlalchemy as sa

from blueops_qb.engine import audit
from blueops_qb.engine.vault import MissingKey, Sealer
from blueops_qb.sdk.core import Core
from blueops_qb.store import tables as t
from blueops_qb.store.types import db_now

#: How often all secrets are looked through; after that somebody keeps sealing with an older key.
MOST_PASSES = 5
#: SQLite's way to begin as a writer; others ignore it.
_WRITING = {"sqlite_begin": "IMMEDIATE"}


@attrs.frozen(kw_only=True)
class Rotation:
    """What a rotation did. `unopened` names secrets that no key of core opens; they stay as they are."""

    newest: str
    resealed: int
    already: int
    chain_keys_kept: int
    #: Were replaced by somebody else meanwhile, also under an older key: run it again.
    left: int
    unopened: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class KeyStatus:
    """One key of core and what still hangs on it."""

    name: str
    newest: bool
    secrets: int
    audit_entries: int
    #: Nothing needs it any more: no secret is sealed with it, and its chain key is kept.
    withdrawable: bool


@attrs.frozen(kw_only=True)
class Status:
    """All keys, newest first, and secrets that none of them opens."""

    keys: tuple[KeyStatus, ...]
    unopened: tuple[str, ...]


def rotate(core: Core) -> Rotation:
    """Seal everything under the newest key; raises MissingKey when core gives none."""
    sealer = Sealer(core.secret_keys)
    names = sealer.names()
    if not names:
        raise MissingKey(
            "core gives no secret key, so nothing can be sealed; put a key into core's secret keys"
        )
    kept = _keep_chain_keys(core, sealer)
    resealed, already, left = 0, 0, 0
    unopened: tuple[str, ...] = ()
    for turn in range(MOST_PASSES):
        same, done, lost, unopened = _pass(core, sealer, names[0])
        resealed += done
        already = same if turn == 0 else already
        left = lost
        if not done and not lost:
            break
    return Rotation(
        newest=names[0],
        resealed=resealed,
        already=already,
        chain_keys_kept=kept,
        left=left,
        unopened=unopened,
    )


def _pass(core: Core, sealer: Sealer, newest: str) -> tuple[int, int, int, tuple[str, ...]]:
    """(sealed by the newest key already, sealed now, changed meanwhile, unopened)."""
    s = t.secrets
    with core.engine.connect() as connection:
        rows = connection.execute(sa.select(s).order_by(s.c.connection_id, s.c.purpose)).mappings().all()
    same = done = lost = 0
    unopened: list[str] = []
    for row in rows:
        name = sealer.name_of(row["sealed"])
        if name == newest:
            same += 1
        elif name is None:
            unopened.append(f"{row['connection_id']} {row['purpose']}")
        elif _reseal(core, sealer, row):
            done += 1
        else:
            lost += 1
    return same, done, lost, tuple(unopened)


def _reseal(core: Core, sealer: Sealer, row: sa.RowMapping) -> bool:
    """Seal one secret anew, unless somebody replaced it meanwhile."""
    s = t.secrets
    place = row["connection_id"], row["purpose"]
    sealed = sealer.seal(*place, sealer.open(*place, row["sealed"]))
    with core.engine.execution_options(**_WRITING).begin() as connection:
        result = connection.execute(
            s.update()
            .where(s.c.connection_id == place[0], s.c.purpose == place[1], s.c.sealed == row["sealed"])
            .values(sealed=sealed)
        )
    return result.rowcount == 1


def _keep_chain_keys(core: Core, sealer: Sealer) -> int:
    """Put every chain key that is not there yet into the vault; answers how many are kept."""
    s = t.secrets
    chain = audit.Keys(core.secret_keys).by_id()
    with core.engine.execution_options(**_WRITING).begin() as connection:
        there = set(
            connection.execute(sa.select(s.c.purpose).where(s.c.connection_id == audit.KEEPER)).scalars()
        )
        rows = [
            {
                "connection_id": audit.KEEPER,
                "purpose": key_id,
                "sealed": sealer.seal(audit.KEEPER, key_id, key.hex().encode()),
                "updated_at": db_now(connection),
            }
            for key_id, key in chain.items()
            if key_id not in there
        ]
        if rows:
            connection.execute(s.insert(), rows)
        return len(there | set(chain))


def status(core: Core) -> Status:
    """What hangs on each key; counts the audit entries of all tenants."""
    sealer, s, a = Sealer(core.secret_keys), t.secrets, t.audit
    chain_ids = list(audit.Keys(core.secret_keys).by_id())
    with core.engine.connect() as connection:
        rows = connection.execute(sa.select(s).order_by(s.c.connection_id, s.c.purpose)).mappings().all()
        counted = connection.execute(sa.select(a.c.key_id, sa.func.count()).group_by(a.c.key_id))
        entries: dict[str, int] = dict(tuple(row) for row in counted)
    sealed_by = [(row, sealer.name_of(row["sealed"])) for row in rows]
    kept = {row["purpose"] for row, name in sealed_by if row["connection_id"] == audit.KEEPER and name}
    names = sealer.names()
    keys = []
    for n, (name, chain_id) in enumerate(zip(names, chain_ids, strict=True)):
        secrets = sum(by == name for _, by in sealed_by)
        safe = not secrets and (chain_id in kept or chain_id not in entries)
        keys.append(
            KeyStatus(
                name=name,
                newest=n == 0,
                secrets=secrets,
                audit_entries=entries.get(chain_id, 0),
                withdrawable=n > 0 and safe,
            )
        )
    unopened = tuple(f"{row['connection_id']} {row['purpose']}" for row, by in sealed_by if by is None)
    return Status(keys=tuple(keys), unopened=unopened)
