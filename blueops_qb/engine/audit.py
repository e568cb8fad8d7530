"""Audit: an append-only log per tenant, chained by HMAC so that any change, removal, reorder or cut shows.

Chained entries hold ids, kinds, numbers and a salted digest; what people read lies in side rows that can be
erased without breaking the chain.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine.vault import MissingKey, Sealer
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all, upsert
from blueops_qb.store.types import micros

START = "0" * 64
#: Under this name, instead of a connection's, the vault keeps chain keys of withdrawn keys of core.
KEEPER = "audit"


@attrs.frozen(kw_only=True)
class Entry:
    """One thing that happened. `numbers` are ids and amounts for the chain, `payload` is erasable."""

    action: str
    subject: str = ""
    actor: str = "engine"
    numbers: str = ""
    payload: dict[str, Any] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Verdict:
    """What the verifier found; `broken_at` is the first entry that does not fit.

    `erased` counts entries whose readable text was taken out; their place in the chain was checked all the same.
    """

    ok: bool
    entries: int
    head: str
    erased: int = 0
    problem: str = ""
    broken_at: int | None = None


class Keys:
    """Chain keys derived from core's secret keys; the newest one signs, all verify.

    A chain key outlives the key it came from: `rotate_keys` seals it in the vault, so that entries of a withdrawn
    key can be verified for ever. Nothing but the chain can be made with it.
    """

    def __init__(self, source: Callable[[], Sequence[bytes]]) -> None:
        self._source = source

    def newest(self) -> tuple[str, bytes]:
        """(key id, key); raises MissingKey."""
        keys = list(self._source())
        if not keys:
            raise MissingKey("core gives no secret key, so the audit log cannot be written; put the key back")
        return _derive(keys[0])

    def by_id(self) -> dict[str, bytes]:
        """The keys that core gives, by id, newest first."""
        return dict(_derive(key) for key in self._source())

    def all(self, connection: sa.Connection) -> dict[str, bytes]:
        """Those and the ones kept in the vault; one that cannot be opened is left out."""
        s = t.secrets
        query = sa.select(s.c.purpose, s.c.sealed).where(s.c.connection_id == KEEPER)
        sealer, kept = Sealer(self._source), {}
        for purpose, sealed in connection.execute(query):
            with contextlib.suppress(MissingKey):
                kept[purpose] = bytes.fromhex(sealer.open(KEEPER, purpose, sealed).decode())
        return {**kept, **self.by_id()}


def _derive(key: bytes) -> tuple[str, bytes]:
    material = base64.urlsafe_b64decode(key)
    chain = hmac.new(material, b"blueops_qb audit chain", hashlib.sha256).digest()
    return hashlib.sha256(chain).hexdigest()[:12], chain


def _mac(key: bytes, previous: str, row: dict[str, Any]) -> str:
    text = "\x1f".join(
        (
            previous,
            row["tenant_id"],
            str(row["seq"]),
            str(micros(row["at"])),
            row["actor"],
            row["action"],
            row["subject"],
            row["numbers"],
            row["digest"],
            row["key_id"],
        )
    )
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def append(
    connection: sa.Connection, tenant_id: str, entries: Sequence[Entry], *, keys: Keys, now: dt.datetime
) -> None:
    """Append entries inside the caller's transaction; the tenant's head row is locked until it ends."""
    if not entries:
        return
    head = connection.execute(
        sa.select(t.audit_heads.c.seq, t.audit_heads.c.mac)
        .where(t.audit_heads.c.tenant_id == tenant_id)
        .with_for_update()
    ).one_or_none()
    seq, previous = (0, START) if head is None else (head.seq, head.mac)
    key_id, key = keys.newest()
    rows: list[dict[str, Any]] = []
    payloads: list[dict[str, Any]] = []
    for entry in entries:
        seq += 1
        digest = ""
        if entry.payload:
            salt = secrets.token_hex(8)
            payload = json.dumps(entry.payload, separators=(",", ":"), sort_keys=True, default=str)
            digest = hashlib.sha256((salt + payload).encode()).hexdigest()
            payloads.append({"tenant_id": tenant_id, "seq": seq, "salt": salt, "payload": payload})
        row = {
            "tenant_id": tenant_id,
            "seq": seq,
            "at": now,
            "actor": entry.actor,
            "action": entry.action,
            "subject": entry.subject,
            "numbers": entry.numbers,
            "digest": digest,
            "key_id": key_id,
        }
        row["mac"] = previous = _mac(key, previous, row)
        rows.append(row)
    insert_all(connection, t.audit, rows)
    insert_all(connection, t.audit_payloads, payloads)
    upsert(connection, t.audit_heads, [{"tenant_id": tenant_id, "seq": seq, "mac": previous}])


def verify(connection: sa.Connection, tenant_id: str, *, keys: Keys) -> Verdict:
    """Walk the chain from its start to its head and recompute every link."""
    known = keys.all(connection)
    head = connection.execute(
        sa.select(t.audit_heads.c.seq, t.audit_heads.c.mac).where(t.audit_heads.c.tenant_id == tenant_id)
    ).one_or_none()
    payload = t.audit_payloads
    query = (
        sa.select(t.audit, payload.c.salt, payload.c.payload)
        .outerjoin(payload, (payload.c.tenant_id == t.audit.c.tenant_id) & (payload.c.seq == t.audit.c.seq))
        .where(t.audit.c.tenant_id == tenant_id)
        .order_by(t.audit.c.seq)
    )
    previous, count, erased = START, 0, 0

    def broken(at: int, problem: str) -> Verdict:
        return Verdict(ok=False, entries=count, head=previous, erased=erased, problem=problem, broken_at=at)

    with connection.execute(query.execution_options(yield_per=1000)) as result:
        for row in result.mappings():
            count += 1
            if row["seq"] != count:
                return broken(count, f"entry {count} is missing")
            key = known.get(row["key_id"])
            if key is None:
                return broken(
                    count, f"entry {count} was signed with a key ({row['key_id']}) that core no longer gives"
                )
            if not hmac.compare_digest(_mac(key, previous, dict(row)), row["mac"]):
                return broken(count, f"entry {count} was changed, or an entry before it was")
            if row["payload"] is None:
                erased += bool(row["digest"])
            else:
                digest = hashlib.sha256((row["salt"] + row["payload"]).encode()).hexdigest()
                if digest != row["digest"]:
                    return broken(count, f"the text of entry {count} was changed")
            previous = row["mac"]
    expected = (0, START) if head is None else (head.seq, head.mac)
    if expected != (count, previous):
        return broken(count + 1, f"the log ends at entry {count} but its head says {expected[0]}")
    return Verdict(ok=True, entries=count, head=previous, erased=erased)
