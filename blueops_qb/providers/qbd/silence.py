"""Silence: why the Web Connector probably does not come any more, guessed from how it came last.

Facts: reference/quickbooks-desktop.md sections 1.5, 1.6 and 6. The first row that fits counts.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from blueops_qb.providers.qbd.hresults import UNLISTED, failure_of
from blueops_qb.sdk.calling import Visit

#: Under this name a session notes the failure that ended it.
CODE = "code"
#: Working hours, by the company's clock: whoever came last outside of them went home.
MORNING, EVENING, SATURDAY = 7, 17, 5


@attrs.frozen(kw_only=True)
class Guess:
    """One row: `fits` says of which visits, `sentence` what is probably so and what helps."""

    name: str
    fits: Callable[[Visit | None], bool]
    sentence: str


def _told(*codes: str) -> Callable[[Visit | None], bool]:
    return lambda visit: visit is not None and visit.notes.get(CODE, "") in codes


def _is_late(visit: Visit | None) -> bool:
    return visit is not None and (not MORNING <= visit.at.hour < EVENING or visit.at.weekday() >= SATURDAY)


#: By the failure that ended the last visit.
BY_CODE: tuple[Guess, ...] = (
    Guess(
        name="company file closed",
        fits=_told("0x80040416", "0x80040417"),
        sentence="When it last came, the company file was closed. Open it in QuickBooks and press Update "
        "Selected in the Web Connector, or allow BlueOps to work while QuickBooks is closed.",
    ),
    Guess(
        name="QuickBooks not running",
        fits=_told("0x80040401", "0x80040408", "0x80040424", "0x80040154", "0x800706ba"),
        sentence="When it last came, QuickBooks was not running or could not be started. Start QuickBooks "
        "under the same Windows user as the Web Connector, then press Update Selected there.",
    ),
    Guess(
        name="single-user mode",
        fits=_told("0x80040410", "0x8004041b", "0x80040422"),
        sentence="When it last came, somebody had the company file in single-user mode. Switch QuickBooks back"
        " to multi-user mode, then press Update Selected in the Web Connector.",
    ),
    Guess(
        name="dialog open",
        fits=_told("0x80040414"),
        sentence="When it last came, a dialog was open in QuickBooks. Close it, then press Update Selected in "
        "the Web Connector.",
    ),
    Guess(
        name="not allowed",
        fits=_told("0x80040418", "0x8004041d", "0x80040420"),
        sentence="When it last came, BlueOps was not allowed into the company file. Open the file as its "
        "administrator in single-user mode, press Update Selected in the Web Connector and allow "
        "BlueOps in the dialog.",
    ),
)
#: By the visit itself; the last row always fits.
GUESSES: tuple[Guess, ...] = (
    Guess(
        name="never",
        fits=lambda visit: visit is None,
        sentence="Open the set-up file on the computer with QuickBooks, enter the password in the Web "
        "Connector and tick Auto-Run.",
    ),
    Guess(
        name="went away in the middle",
        fits=lambda visit: visit is not None and not visit.ended,
        sentence="It went away in the middle of its work: the computer has gone to sleep, was switched off or "
        "lost its network. Wake it, let it not sleep while QuickBooks is to be kept equal, then press"
        " Update Selected in the Web Connector.",
    ),
    Guess(
        name="outside of working hours",
        fits=_is_late,
        sentence="It came last outside of working hours, and all went well: the computer is probably switched "
        "off or asleep. It goes on when the computer is on and the Web Connector runs.",
    ),
    Guess(
        name="Auto-Run off",
        fits=lambda _: True,
        sentence="It came last in working hours, and all went well: Auto-Run is probably no longer ticked in "
        "the Web Connector, or the Web Connector was closed. Open it, tick Auto-Run and press Update "
        "Selected; if the computer was asleep, let it not sleep.",
    ),
)


def why_silent(visit: Visit | None) -> str:
    """What probably keeps the Web Connector away, and what helps."""
    return next(guess for guess in (*BY_CODE, _by_itself(visit), *GUESSES) if guess.fits(visit)).sentence


def _by_itself(visit: Visit | None) -> Guess:
    """A failure without a row of its own says what it is."""
    code = "" if visit is None else visit.notes.get(CODE, "")
    failure = failure_of(code)
    said = f" ({code})" if failure is UNLISTED else ""
    sentence = f"When it last came: {failure.message}{said} {failure.remedy}"
    return Guess(name="another failure", fits=lambda _: bool(code), sentence=sentence)
