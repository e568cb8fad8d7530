"""Vault: secrets sealed together with the connection and the purpose they belong to."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence

import sqlalchemy as sa
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from blueops_qb.sdk.core import Core
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert


class MissingKey(Exception):
    """A secret cannot be opened with the keys that core gave."""


def key_name(key: bytes) -> str:
    """Twelve hex digits that name a key and tell nothing of it."""
    material = base64.urlsafe_b64decode(key)
    return hmac.new(material, b"blueops_qb key name", hashlib.sha256).hexdigest()[:12]


class Sealer:
    """Seals and opens with core's keys, newest first."""

    def __init__(self, keys: Callable[[], Sequence[bytes]]) -> None:
        self._keys = keys

    def _fernet(self) -> MultiFernet:
        keys = list(self._keys())
        if not keys:
            raise MissingKey(
                "core gives no secret key, so nothing can be sealed or opened; "
                "put the key back into core's secret keys and try again"
            )
        return MultiFernet([Fernet(key) for key in keys])

    def seal(self, connection_id: str, purpose: str, secret: bytes) -> str:
        """The sealed text; it opens only for the same connection and purpose."""
        body = json.dumps([connection_id, purpose, secret.decode("utf-8")]).encode()
        return self._fernet().encrypt(body).decode("ascii")

    def name_of(self, sealed: str) -> str | None:
        """The name of the key that a sealed text opens with; None when core gives no such key."""
        for key in self._keys():
            try:
                Fernet(key).decrypt(sealed.encode("ascii"))
            except InvalidToken:
                continue
            return key_name(key)
        return None

    def names(self) -> list[str]:
        """The names of core's keys, newest first."""
        return [key_name(key) for key in self._keys()]

    def open(self, connection_id: str, purpose: str, sealed: str) -> bytes:
        """The secret; raises MissingKey when no key fits or it belongs elsewhere."""
        try:
            owner, meant, secret = json.loads(self._fernet().decrypt(sealed.encode("ascii")))
        except InvalidToken:
            raise MissingKey(
                f"the {purpose} of connection {connection_id} was sealed with a key that core no longer gives; "
                "put that key back at the end of core's secret keys, or connect again"
            ) from None
        if (owner, meant) != (connection_id, purpose):
            raise MissingKey(f"the {purpose} stored for connection {connection_id} belongs to another one")
        return str(secret).encode("utf-8")


class SealedVault:
    """The vault of one connection (`sdk.provider.Vault`); each call is a short transaction of its own.

    With `inside`, secrets are read through that open transaction instead of another connection.
    """

    def __init__(
        self, core: Core, tenant_id: str, connection_id: str, *, inside: sa.Connection | None = None
    ) -> None:
        self._inside = inside
        self._core = core
        self._tenant_id = tenant_id
        self._connection_id = connection_id
        self._sealer = Sealer(core.secret_keys)

    def get(self, purpose: str) -> bytes | None:
        """The secret or None; raises MissingKey."""
        query = sa.select(t.secrets.c.sealed).where(
            t.secrets.c.connection_id == self._connection_id, t.secrets.c.purpose == purpose
        )
        if self._inside is not None:
            sealed = self._inside.execute(query).scalar_one_or_none()
        else:
            with self._core.engine.connect() as connection:
                sealed = connection.execute(query).scalar_one_or_none()
        return None if sealed is None else self._sealer.open(self._connection_id, purpose, sealed)

    def put(self, purpose: str, secret: bytes) -> None:
        """Store it; committed when this returns."""
        with self._core.begin(self._tenant_id) as tx:
            put_secret(tx.connection, self._sealer, self._connection_id, purpose, secret, self._core.now())

    def drop(self, purpose: str) -> None:
        """Forget it."""
        with self._core.begin(self._tenant_id) as tx:
            tx.connection.execute(
                t.secrets.delete().where(
                    t.secrets.c.connection_id == self._connection_id, t.secrets.c.purpose == purpose
                )
            )


def put_secret(
    connection: sa.Connection,
    sealer: Sealer,
    connection_id: str,
    purpose: str,
    secret: bytes,
    now: dt.datetime,
) -> None:
    """Store a secret inside a transaction that is already open."""
    row = {
        "connection_id": connection_id,
        "purpose": purpose,
        "sealed": sealer.seal(connection_id, purpose, secret),
        "updated_at": now,
    }
    upsert(connection, t.secrets, [row])
