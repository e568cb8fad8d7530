"""State: the signed word that goes to Intuit's consent page and must come back to the same person.

It is bound to tenant and user session and ends after ten minutes. That it is used once only is remembered by
whoever keeps the table of nonces.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json

import attrs

LIFE = dt.timedelta(minutes=10)
_CONTEXT = b"blueops-qb oauth state v1\0"


class StateRefused(Exception):
    """A state that must not be accepted; the sentence is for the admin."""


@attrs.frozen(kw_only=True)
class State:
    """What a state says once its signature has been checked."""

    tenant: str
    nonce: str
    expires_at: dt.datetime


def make_state(secret: bytes, tenant: str, session: str, nonce: str, now: dt.datetime) -> str:
    """A state in url-safe letters. `session` is the id of the user's session, `nonce` used once."""
    payload = {"t": tenant, "s": _digest(secret, session), "n": nonce, "e": int((now + LIFE).timestamp())}
    body = _b64(json.dumps(payload, separators=(",", ":"), sort_keys=True).encode())
    return f"{body}.{_sign(secret, body)}"


def check_state(secret: bytes, state: str, tenant: str, session: str, now: dt.datetime) -> State:
    """What the state says; raises StateRefused when it is not ours, not for this user, or too old."""
    body, _, signature = state.partition(".")
    if not hmac.compare_digest(_sign(secret, body).encode(), signature.encode("utf-8", "replace")):
        raise StateRefused(
            "The sign-in did not start here (its state is not ours). Start it again from this page."
        )
    try:
        payload = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
        said = State(
            tenant=str(payload["t"]),
            nonce=str(payload["n"]),
            expires_at=dt.datetime.fromtimestamp(payload["e"], dt.UTC),
        )
        holder = str(payload["s"])
    except (ValueError, KeyError, TypeError) as problem:
        raise StateRefused(
            "The state of the sign-in cannot be read. Start it again from this page."
        ) from problem
    if now >= said.expires_at or now < said.expires_at - 2 * LIFE:
        raise StateRefused("The sign-in took longer than ten minutes. Start it again from this page.")
    if said.tenant != tenant:
        raise StateRefused("The sign-in was started for another company. Start it again from this page.")
    if not hmac.compare_digest(holder, _digest(secret, session)):
        raise StateRefused(
            "The sign-in was started by another user or browser. Start it again from this page."
        )
    return said


def _digest(secret: bytes, session: str) -> str:
    return hmac.new(secret, _CONTEXT + b"session\0" + session.encode(), hashlib.sha256).hexdigest()


def _sign(secret: bytes, body: str) -> str:
    return _b64(hmac.new(secret, _CONTEXT + body.encode("utf-8", "replace"), hashlib.sha256).digest())


def _b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
