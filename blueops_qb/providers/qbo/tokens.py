"""Tokens: what a sign-in leaves behind, kept in the vault as one sealed value.

One value and one put, so that a rotated refresh token and its access token are never apart
(reference/quickbooks-online.md section 1.5).
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import attrs

from blueops_qb.sdk.provider import Vault

TOKENS, ACCESS_TOKEN = "tokens", "access_token"
#: A token that is about to expire is renewed before it is used.
SLACK = dt.timedelta(seconds=300)
_HOUR, _HUNDRED_DAYS = 3600, 8_726_400
#: Every refresh token dies after five years, however often it is used.
HARD_LIFE = dt.timedelta(days=5 * 365)


@attrs.frozen(kw_only=True)
class Tokens:
    """The two tokens and their ends; None = no end is known. Moments are aware."""

    access_token: str = attrs.field(repr=False)
    refresh_token: str = attrs.field(default="", repr=False)
    obtained_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    #: The refresh token lapses when it is not used until then.
    refresh_expires_at: dt.datetime | None = None
    #: And by then in any case: an administrator must sign in again.
    hard_expires_at: dt.datetime | None = None

    def is_stale(self, now: dt.datetime) -> bool:
        """Whether the access token ends within five minutes."""
        return self.expires_at is not None and self.expires_at - now < SLACK

    def dump(self) -> bytes:
        """For the vault."""
        values = attrs.asdict(
            self, value_serializer=lambda _, __, v: v.isoformat() if isinstance(v, dt.datetime) else v
        )
        return json.dumps(values, separators=(",", ":"), sort_keys=True).encode()

    @classmethod
    def load(cls, secret: bytes) -> Tokens:
        """From the vault; raises ValueError for anything else."""
        values = json.loads(secret)
        if not isinstance(values, dict) or not values.get("access_token"):
            raise ValueError("the stored tokens have another form")
        moments = {name: _moment(values.get(name)) for name in _MOMENTS}
        return cls(
            access_token=str(values["access_token"]),
            refresh_token=str(values.get("refresh_token") or ""),
            **moments,
        )


_MOMENTS = ("obtained_at", "expires_at", "refresh_expires_at", "hard_expires_at")


def from_answer(answer: Mapping[str, Any], now: dt.datetime, before: Tokens | None = None) -> Tokens:
    """The tokens of a token endpoint's answer; raises ValueError when one is missing.

    The five-year end is kept from `before` when the answer does not say it anew.
    """
    access, refresh = answer.get("access_token"), answer.get("refresh_token")
    if not access or not refresh or answer.get("error"):
        raise ValueError("the answer holds no tokens")
    hard = _seconds(answer, "x_refresh_token_hard_expires_in", 0)
    known = before.hard_expires_at if before is not None else None
    return Tokens(
        access_token=str(access),
        refresh_token=str(refresh),
        obtained_at=now,
        expires_at=now + dt.timedelta(seconds=_seconds(answer, "expires_in", _HOUR)),
        refresh_expires_at=now
        + dt.timedelta(seconds=_seconds(answer, "x_refresh_token_expires_in", _HUNDRED_DAYS)),
        hard_expires_at=now + dt.timedelta(seconds=hard) if hard else known or now + HARD_LIFE,
    )


def stored(vault: Vault) -> Tokens | None:
    """The tokens of a connection; None when there are none. An access token alone never expires here."""
    secret = vault.get(TOKENS)
    if secret is not None:
        return Tokens.load(secret)
    single = vault.get(ACCESS_TOKEN)
    return None if single is None else Tokens(access_token=single.decode())


def keep(vault: Vault, tokens: Tokens) -> None:
    """Store both in one put."""
    vault.put(TOKENS, tokens.dump())


def forget(vault: Vault) -> None:
    """Drop whatever is stored."""
    vault.drop(TOKENS)
    vault.drop(ACCESS_TOKEN)


def _moment(text: Any) -> dt.datetime | None:
    return dt.datetime.fromisoformat(str(text)) if text else None


def _seconds(answer: Mapping[str, Any], name: str, default: int) -> int:
    try:
        return int(answer.get(name) or default)
    except (TypeError, ValueError):
        return default
