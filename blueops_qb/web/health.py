"""Health: how a connection fares, as one sentence and one remedy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from blueops_qb.engine.heartbeat import Heartbeat
from blueops_qb.sdk.hooks import Switch


@attrs.frozen(kw_only=True)
class Health:
    """The state in one word, a tone, a sentence, and what helps: `remedy` names a button of the overview."""

    word: str
    tone: str
    sentence: str
    #: connect, sign_in, resume, match, switch or empty.
    remedy: str = ""


def of(row: Mapping[str, Any] | None, switch: Switch, beat: Heartbeat | None = None) -> Health:
    """The health of a connection's row; None = no books are connected. `beat` is of a client that calls us."""
    if row is None:
        return Health(
            word="Not connected",
            tone="quiet",
            sentence="No books are connected yet. Nothing is sent and nothing is read.",
            remedy="connect",
        )
    name = row["company_name"] or row["company_id"]
    if row["health"] == "sign_in":
        return Health(
            word="Sign in again",
            tone="bad",
            sentence=_sentence(row["health_reason"], f"The books of {name} no longer accept our sign-in.")
            + " Nothing is lost: changes wait and go out as soon as you have signed in.",
            remedy="sign_in",
        )
    if row["health"] == "stopped" and row.get("canary_left") == 0:
        return Health(
            word="Look at the first records",
            tone="busy",
            sentence=_sentence(row["health_reason"], f"The first records are in the books of {name}."),
            remedy="resume",
        )
    if row["health"] == "stopped":
        return Health(
            word="Stopped",
            tone="bad",
            sentence=_sentence(row["health_reason"], f"Work with {name} was stopped.")
            + " Mend the cause, then press the button.",
            remedy="resume",
        )
    if beat is not None and beat.quiet and switch is Switch.ON:
        return Health(
            word="Not heard of",
            tone="bad",
            sentence=f"{beat.sentence} {beat.remedy}".strip()
            + " Nothing is lost: it goes on as soon as it comes again.",
        )
    if row["health"] == "unreached":
        return Health(
            word="Not reached",
            tone="bad",
            sentence=_sentence(row["health_reason"], f"{name} was not reached.")
            + " Nothing is lost: it is tried again by itself.",
        )
    if switch is not Switch.ON:
        paused = switch is Switch.PAUSED
        return Health(
            word="Paused" if paused else "Switched off",
            tone="quiet",
            sentence="QuickBooks is "
            + ("paused" if paused else "switched off")
            + " in BlueOps under Settings, Plugins. "
            + (
                "Changes are kept and wait."
                if paused
                else "What changes meanwhile is found when it is on again."
            ),
            remedy="switch",
        )
    if row["state"] == "matching":
        return Health(
            word="Setting up",
            tone="busy",
            sentence=f"Connected to {name}. Nothing is written there before you accept the match plan.",
            remedy="match",
        )
    return Health(word="Running", tone="good", sentence=f"BlueOps and {name} are kept equal.")


def _sentence(reason: str, otherwise: str) -> str:
    text = (reason or otherwise).strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
