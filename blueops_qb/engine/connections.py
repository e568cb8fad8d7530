"""Connections: binding a tenant to one company of the books, for ever; sign-in states; switching off."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine import audit, outbox
from blueops_qb.engine.vault import MissingKey, Sealer, put_secret
from blueops_qb.sdk.core import Core, CoreTransaction
from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert
from blueops_qb.store.types import db_now

STATE_MINUTES = 10


class ConnectRefused(Exception):
    """A connection cannot be made; the sentence says why and what to do."""


@attrs.frozen(kw_only=True)
class SignedIn:
    """Who was signed in to: the company as the books named it, and the secrets to keep."""

    company_id: str
    company_name: str
    secrets: Mapping[str, bytes]


def live(connection: sa.Connection, tenant_id: str) -> dict[str, Any] | None:
    """The tenant's connection that is not retired."""
    c = t.connections
    row = (
        connection.execute(sa.select(c).where(c.c.tenant_id == tenant_id, c.c.state != "retired"))
        .mappings()
        .one_or_none()
    )
    return dict(row) if row else None


def all_open(connection: sa.Connection) -> list[tuple[str, str]]:
    """(connection id, tenant id) of every connection that may have work: switched on, not retired."""
    c, n = t.connections, t.tenants
    query = (
        sa.select(c.c.id, c.c.tenant_id)
        .select_from(c.join(n, n.c.tenant_id == c.c.tenant_id))
        .where(c.c.state != "retired", n.c.switch == Switch.ON.value)
        .order_by(c.c.id)
    )
    return [(row.id, row.tenant_id) for row in connection.execute(query)]


def switched_on(connection: sa.Connection) -> list[str]:
    """Tenants whose events are kept: on or paused."""
    n = t.tenants
    query = sa.select(n.c.tenant_id).where(n.c.switch != Switch.OFF.value)
    return list(connection.execute(query).scalars())


def remember_switch(tx: CoreTransaction, tenant_id: str, switch: Switch) -> None:
    """Keep core's switch beside our rows."""
    row = {"tenant_id": tenant_id, "switch": switch.value, "swept_revision": 0}
    upsert(tx.connection, t.tenants, [row], keep=("swept_revision",))


def switch_of(connection: sa.Connection, tenant_id: str) -> Switch:
    """The switch as core last told us; off when it never did."""
    text = connection.execute(
        sa.select(t.tenants.c.switch).where(t.tenants.c.tenant_id == tenant_id)
    ).scalar_one_or_none()
    return Switch(text) if text else Switch.OFF


# -- sign-in states ----------------------------------------------------------------------------------
def open_state(core: Core, tenant_id: str, provider: str, session: str) -> str:
    """A single-use state for a sign-in, bound to the user's session and the tenant; lives ten minutes."""
    nonce = secrets.token_urlsafe(24)
    state = f"{nonce}.{_signatures(core, nonce, tenant_id, session)[0]}"
    with core.begin(tenant_id) as tx:
        tx.connection.execute(
            t.sign_in_states.insert(),
            {
                "nonce": _state_hash(state, tenant_id, session),
                "tenant_id": tenant_id,
                "provider": provider,
                "expires_at": db_now(tx.connection) + dt.timedelta(minutes=STATE_MINUTES),
            },
        )
    return state


def _signatures(core: Core, nonce: str, tenant_id: str, session: str) -> list[str]:
    """Say that the state was made here, for this tenant and session; one per key, the newest first."""
    keys = list(core.secret_keys())
    if not keys:
        raise MissingKey("core gives no secret key, so no sign-in can be started; put the key back")
    text = f"sign-in state\x1f{nonce}\x1f{tenant_id}\x1f{session}".encode()
    return [hmac.new(key, text, hashlib.sha256).hexdigest()[:32] for key in keys]


def use_state(core: Core, tenant_id: str, provider: str, session: str, state: str) -> None:
    """Use up a state; raises ConnectRefused for one that is wrong, foreign, expired or used."""
    s = t.sign_in_states
    nonce, _, signature = state.partition(".")
    # Any key of core's: another process may have begun to use a newer one meanwhile.
    signed = any(
        hmac.compare_digest(own.encode(), signature.encode())
        for own in _signatures(core, nonce, tenant_id, session)
    )
    with core.begin(tenant_id) as tx:
        now = db_now(tx.connection)
        used = tx.connection.execute(
            s.update()
            .where(
                s.c.nonce == _state_hash(state, tenant_id, session),
                s.c.tenant_id == tenant_id,
                s.c.provider == provider,
                s.c.used_at.is_(None),
                s.c.expires_at > now,
            )
            .values(used_at=now)
        ).rowcount
        tx.connection.execute(s.delete().where(s.c.expires_at < now - dt.timedelta(days=1)))
    if not (used and signed):
        raise ConnectRefused(
            "This sign-in answer does not belong to a sign-in that you started here within the last "
            f"{STATE_MINUTES} minutes, or it was used already. Nothing was changed; press Connect again."
        )


def _state_hash(state: str, tenant_id: str, session: str) -> str:
    return hashlib.sha256(f"{state}\x1f{tenant_id}\x1f{session}".encode()).hexdigest()


# -- binding -----------------------------------------------------------------------------------------
def bind(
    core: Core, tenant_id: str, provider: str, signed_in: SignedIn, *, actor: str, keys: audit.Keys
) -> str:
    """Bind the tenant to the company, or renew the sign-in of its connection; answers the connection's id.

    Raises ConnectRefused when the tenant has another company, or the company another tenant.
    """
    c = t.connections
    with core.begin(tenant_id) as tx:
        now = db_now(tx.connection)
        row = live(tx.connection, tenant_id)
        if row is None:
            taken = tx.connection.execute(
                sa.select(c.c.tenant_id).where(
                    c.c.provider == provider, c.c.company_id == signed_in.company_id, c.c.state != "retired"
                )
            ).scalar_one_or_none()
            if taken is not None:
                raise ConnectRefused(
                    f"The company “{signed_in.company_name}” is connected to another BlueOps company already. "
                    "Disconnect it there first, or sign in to the right company."
                )
            row = _returning(tx.connection, tenant_id, provider, signed_in)
        connection_id = row["id"] if row else _new(tx.connection, tenant_id, provider, signed_in, now)
        if row is not None:
            if (row["provider"], row["company_id"]) != (provider, signed_in.company_id):
                raise ConnectRefused(
                    f"You signed in to “{signed_in.company_name}” ({signed_in.company_id}), but this BlueOps company "
                    f"is connected to “{row['company_name']}” ({row['company_id']}). Nothing was changed. Sign in "
                    "again and choose that company, or disconnect first."
                )
            tx.connection.execute(
                c.update()
                .where(c.c.id == connection_id)
                .values(health="ok", health_reason="", rest_until=None)
            )
        sealer = Sealer(core.secret_keys)
        for purpose, secret in signed_in.secrets.items():
            put_secret(tx.connection, sealer, connection_id, purpose, secret, now)
        entry = audit.Entry(
            action="reconnected" if row else "connected",
            subject=f"connection {connection_id}",
            actor=actor,
            numbers=f"{provider} {signed_in.company_id}",
        )
        audit.append(tx.connection, tenant_id, [entry], keys=keys, now=now)
    return str(connection_id)


def _returning(
    connection: sa.Connection, tenant_id: str, provider: str, signed_in: SignedIn
) -> dict[str, Any] | None:
    """A retired connection of the same tenant and company comes back with its links and mapping."""
    c = t.connections
    found = (
        connection.execute(
            sa.select(c)
            .where(
                c.c.tenant_id == tenant_id, c.c.provider == provider, c.c.company_id == signed_in.company_id
            )
            .order_by(c.c.created_at.desc())
        )
        .mappings()
        .first()
    )
    if found is None:
        return None
    state = "live" if found["live_since"] is not None else "matching"
    connection.execute(c.update().where(c.c.id == found["id"]).values(state=state))
    f = t.feeds
    connection.execute(f.delete().where(f.c.connection_id == found["id"], f.c.feed == "catalog"))
    return dict(found)


def _new(
    connection: sa.Connection, tenant_id: str, provider: str, signed_in: SignedIn, now: dt.datetime
) -> str:
    connection_id = secrets.token_hex(8)
    connection.execute(
        t.connections.insert(),
        {
            "id": connection_id,
            "tenant_id": tenant_id,
            "provider": provider,
            "company_id": signed_in.company_id,
            "company_name": signed_in.company_name,
            "state": "matching",
            "created_at": now,
        },
    )
    return connection_id


def retire(core: Core, connection_id: str, tenant_id: str, *, actor: str, keys: audit.Keys) -> None:
    """Disconnect: forget the secrets, keep links, mapping, mirror and audit; nothing is handed out any more."""
    c = t.connections
    with core.begin(tenant_id) as tx:
        tx.connection.execute(c.update().where(c.c.id == connection_id).values(state="retired"))
        tx.connection.execute(t.secrets.delete().where(t.secrets.c.connection_id == connection_id))
        k, s = t.callers, t.sessions
        tx.connection.execute(k.update().where(k.c.connection_id == connection_id).values(password_digest=""))
        still = s.c.connection_id == connection_id, s.c.state == "open"
        tx.connection.execute(s.update().where(*still).values(state="closed"))
        o, now = t.operations, db_now(tx.connection)
        tx.connection.execute(
            o.update()
            .where(
                o.c.connection_id == connection_id,
                # What waits for a number to be looked up has not left either.
                sa.or_(o.c.state == "ready", sa.and_(o.c.state == "out", o.c.exchange_id.is_(None))),
                # What was still to be read is read when the same company comes back: nothing else tells of it.
                sa.or_(o.c.document_id.is_not(None), o.c.verb.not_in([Verb.READ.value, Verb.CHANGES.value])),
                # A look-up that is not made has not found nothing: what it settles would be sent once more.
                o.c.settles.is_(None),
            )
            .values(
                # A document that is still to be written counts as undone, also where another one of its record lands.
                state=sa.case((o.c.document_id.is_not(None), "failed"), else_="cancelled"),
                reason="disconnected",
                closed_at=now,
            )
        )
        # What had not left yet is planned for whatever books come next.
        outbox.again(tx.connection, tenant_id, now, states=[outbox.State.WAITING])
        entry = audit.Entry(action="disconnected", subject=f"connection {connection_id}", actor=actor)
        audit.append(tx.connection, tenant_id, [entry], keys=keys, now=db_now(tx.connection))
