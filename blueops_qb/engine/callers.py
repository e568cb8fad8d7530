"""Callers: who may come in for a connection whose books call us; passwords are shown once and kept as a digest.

A password has 160 random bits, so a fast digest is enough: it cannot be guessed from it, and a wrong one costs nothing.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import uuid
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine import audit, connections
from blueops_qb.engine.connections import ConnectRefused
from blueops_qb.sdk.calling import Caller
from blueops_qb.sdk.core import Core
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert
from blueops_qb.store.types import db_now

_BITS = 160


@attrs.frozen(kw_only=True)
class Invited:
    """A caller, and the password that is shown this once."""

    caller: Caller
    password: str = attrs.field(repr=False)


def digest(text: str) -> str:
    """SHA-256 in hex."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def is_password(stored: str, given: str) -> bool:
    """Whether it is the one with this digest; in constant time, and never where none is stored."""
    return hmac.compare_digest((stored or "-" * 64).encode(), digest(given).encode()) and bool(stored)


def invite(
    core: Core,
    tenant_id: str,
    provider: str,
    *,
    company_name: str,
    actor: str,
    keys: audit.Keys,
    returning: bool = False,
) -> Invited:
    """Bind the tenant to a company that will call, and let its client in with a new password.

    The company is known by a mark that we give it, which its client writes into it. `returning` = it is the company
    that was connected last and still holds its mark. Raises ConnectRefused when the tenant is connected already, or
    never was to a company that could return.
    """
    with core.engine.connect() as connection:
        row = connections.live(connection, tenant_id)
        mark = _last_mark(connection, tenant_id, provider) if returning else str(uuid.uuid4()).upper()
    if row is not None:
        raise ConnectRefused(
            f"This company is connected to “{row['company_name']}” already, and one company has one set of books. "
            "Disconnect it first; for another password ask for a new password."
        )
    if mark is None:
        raise ConnectRefused(
            "No company file was connected before that could come back. Connect it as a new one."
        )
    signed_in = connections.SignedIn(company_id=mark, company_name=company_name, secrets={})
    connection_id = connections.bind(core, tenant_id, provider, signed_in, actor=actor, keys=keys)
    return new_password(core, tenant_id, connection_id, actor=actor, keys=keys)


def new_password(core: Core, tenant_id: str, connection_id: str, *, actor: str, keys: audit.Keys) -> Invited:
    """Another password for the connection's client; the one before is void at once."""
    password = base64.b32encode(secrets.token_bytes(_BITS // 8)).decode("ascii").lower()
    with core.begin(tenant_id) as tx:
        now = db_now(tx.connection)
        row = {
            "connection_id": connection_id,
            "user_name": f"blueops-{connection_id}",
            "password_digest": digest(password),
            "password_at": now,
        }
        upsert(tx.connection, t.callers, [row])
        entry = audit.Entry(action="new password", subject=f"connection {connection_id}", actor=actor)
        audit.append(tx.connection, tenant_id, [entry], keys=keys, now=now)
        found = of(tx.connection, connection_id)
    assert found is not None
    return Invited(caller=found, password=password)


def of(connection: sa.Connection, connection_id: str) -> Caller | None:
    """The caller of a connection; None when its books do not call."""
    row = connection.execute(_query().where(t.callers.c.connection_id == connection_id)).one_or_none()
    return None if row is None else as_caller(row)


def known(connection: sa.Connection, user: str) -> Any | None:
    """The row of a user whose connection is not retired: caller, `password_digest`, `tenant_id`, `provider`."""
    query = _query().where(t.callers.c.user_name == user, t.connections.c.state != "retired")
    return connection.execute(query).one_or_none()


def as_caller(row: Any) -> Caller:
    """The caller in a row of `known`."""
    return Caller(
        connection_id=row.connection_id,
        user=row.user_name,
        company_id=row.company_id,
        company_name=row.company_name,
    )


def _query() -> sa.Select[Any]:
    k, c = t.callers, t.connections
    return sa.select(
        k.c.connection_id,
        k.c.user_name,
        k.c.password_digest,
        k.c.facts_json,
        c.c.tenant_id,
        c.c.provider,
        c.c.company_id,
        c.c.company_name,
    ).select_from(k.join(c, c.c.id == k.c.connection_id))


def _last_mark(connection: sa.Connection, tenant_id: str, provider: str) -> str | None:
    c, k = t.connections, t.callers
    query = (
        sa.select(c.c.company_id)
        .select_from(c.join(k, k.c.connection_id == c.c.id))
        .where(c.c.tenant_id == tenant_id, c.c.provider == provider, c.c.state == "retired")
        .order_by(k.c.password_at.desc())
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()
