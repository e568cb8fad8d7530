"""Sign-in ends: how long the books still accept a connection's sign-in, and when a person should renew it."""

from __future__ import annotations

import datetime as dt
import enum

import attrs

from blueops_qb.engine.vault import MissingKey
from blueops_qb.sdk.provider import Provider, Vault

#: Days ahead at which the admin is told, warned and urged (reference/quickbooks-online.md section 1.5).
TOLD, WARNED, URGED = 60, 30, 7


class Urgency(enum.StrEnum):
    """How soon somebody should act."""

    QUIET = "quiet"
    TOLD = "told"
    WARNED = "warned"
    URGED = "urged"


@attrs.frozen(kw_only=True)
class Countdown:
    """The nearest end of a sign-in: whole `days` left (0 = within a day, below 0 = over), and the sentence for it."""

    at: dt.datetime
    days: int
    urgency: Urgency
    sentence: str
    #: It lapses for want of use; any exchange with the books puts it off.
    by_disuse: bool


def countdown(provider: Provider, vault: Vault, now: dt.datetime) -> Countdown | None:
    """What ends first, disuse or the final end; None when the provider knows of none or the secrets are closed."""
    try:
        ends = provider.sign_in_ends(vault)
    except (MissingKey, ValueError):
        return None  # the connection's health says so already
    if ends is None:
        return None
    known = [(at, disuse) for at, disuse in ((ends.final, False), (ends.unused, True)) if at is not None]
    if not known:
        return None
    # Disuse is put off by every renewal: it counts only once it has really come close.
    near = [(at, disuse) for at, disuse in known if not disuse or (at - now).days <= WARNED]
    at, by_disuse = min(near or known)
    days = (at - now).days
    return Countdown(
        at=at, days=days, urgency=_urgency(days), sentence=_sentence(at, days, by_disuse), by_disuse=by_disuse
    )


def _urgency(days: int) -> Urgency:
    if days > TOLD:
        return Urgency.QUIET
    if days > WARNED:
        return Urgency.TOLD
    return Urgency.WARNED if days > URGED else Urgency.URGED


def _sentence(at: dt.datetime, days: int, by_disuse: bool) -> str:
    day = at.date().isoformat()
    left = "today" if days == 0 else f"in {days} day{'' if days == 1 else 's'}"
    if days < 0:
        return (
            f"The sign-in ended on {day}; an administrator must sign in again. Everything waits until then."
        )
    if by_disuse:
        return (
            f"The sign-in lapses on {day} ({left}), as nothing has been exchanged with the books for long. Switch "
            "the plugin on again, or sign in again before that day."
        )
    return (
        f"The sign-in ends on {day} ({left}), however often it is used; an administrator must sign in again by "
        "then. Nothing is lost by doing it early."
    )
