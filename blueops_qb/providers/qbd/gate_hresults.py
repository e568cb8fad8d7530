"""HRESULTs: why QuickBooks could not be worked with, as sentences for the Web Connector's log and our pages.

Codes and advice: reference/quickbooks-desktop.md section 6. What a code means for an exchange that was out is the
decoder's business; here it is only about whether the session goes on and what a person is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import attrs


@attrs.frozen(kw_only=True)
class Trouble:
    """One code: what is the matter and what to do."""

    sentence: str
    #: The company file that we know may be opened instead.
    by_path: bool = False
    #: The session goes on: only this exchange was refused.
    goes_on: bool = False


def _person(what: str, remedy: str) -> Trouble:
    return Trouble(sentence=f"{what} {remedy}")


_LATER = "It is tried again at the next run."

TROUBLES: Mapping[str, Trouble] = {
    "0x80040400": Trouble(
        sentence="QuickBooks could not read a request; nothing of it was done. BlueOps shows which record it was.",
        goes_on=True,
    ),
    "0x80040401": _person(
        "The Web Connector could not reach QuickBooks.", "Start QuickBooks again; reinstall it if that fails."
    ),
    "0x80040402": _person("QuickBooks ended unexpectedly.", "Start it again."),
    "0x80040403": _person("The company file could not be opened.", "Check that it is there and may be read."),
    "0x80040406": _person(
        "The name of the company file is not valid.", "Open the company file by hand once."
    ),
    "0x80040408": _person(
        "QuickBooks could not be started.",
        "Run the Web Connector as the same Windows user as QuickBooks, and not as administrator.",
    ),
    "0x80040409": _person(
        "The company file belongs to another version of QuickBooks.", "Open it there and update it."
    ),
    "0x8004040a": _person("Another company file is open in QuickBooks.", f"Close it. {_LATER}"),
    "0x8004040d": _person("QuickBooks has ended the session.", _LATER),
    "0x80040410": _person("The company file is open in another mode.", _LATER),
    "0x80040414": _person("A window in QuickBooks waits for an answer.", "Close that window in QuickBooks."),
    "0x80040416": Trouble(
        sentence="QuickBooks is not running. Start it and open the company file, or allow automatic login.",
        by_path=True,
    ),
    "0x80040417": Trouble(
        sentence="No company file is open in QuickBooks. Open it, or allow automatic login.", by_path=True
    ),
    "0x80040418": _person(
        "QuickBooks has not allowed BlueOps yet.",
        "Sign in to QuickBooks as Admin in single-user mode and say yes to the certificate.",
    ),
    "0x8004041a": _person(
        "The QuickBooks user lacks a permission.", "Let the Admin choose another user for BlueOps."
    ),
    "0x8004041b": _person("The company file is locked.", _LATER),
    "0x8004041c": _person("QuickBooks had an internal error.", _LATER),
    "0x8004041d": _person(
        "Automatic login is not allowed for BlueOps.",
        "Let the Admin allow it under Preferences, Integrated Applications, or keep QuickBooks open.",
    ),
    "0x8004041e": _person(
        "The certificate of BlueOps has expired.", "Tell whoever runs BlueOps to renew it."
    ),
    "0x8004041f": _person(
        "This edition of QuickBooks cannot be connected.", "Pro, Premier or Enterprise is needed."
    ),
    "0x80040420": _person(
        "Access was denied in QuickBooks.", "Let the Admin allow BlueOps under Integrated Applications."
    ),
    "0x80040422": _person("QuickBooks needs single-user mode for this.", _LATER),
    "0x80040423": _person(
        "QuickBooks is too old for what BlueOps asks.", "Update QuickBooks, or ask whoever runs BlueOps."
    ),
    "0x80040424": _person("QuickBooks is still starting.", _LATER),
    "0x80040427": _person("This QuickBooks is not registered.", "Register it."),
    "0x8004042a": _person("Access from afar is not allowed.", "Allow it in the preferences of QuickBooks."),
    "0x8004042c": _person(
        "The certificate of BlueOps was revoked.", "Tell whoever runs BlueOps to renew it."
    ),
    "0x80040154": _person(
        "QuickBooks' request processor is not installed.", "Install the Web Connector again."
    ),
}


def spelled(hresult: str) -> str:
    """A code as `0x` and eight lower-case digits; some arrive as negative decimals, some without the `0x`."""
    text = hresult.strip().lower()
    if re.fullmatch(r"-?\d{9,10}", text):
        return f"0x{int(text) & 0xFFFFFFFF:08x}"
    digits = text.removeprefix("0x")
    return f"0x{digits:0>8}" if re.fullmatch(r"[0-9a-f]{1,8}", digits) else text[:40]


def trouble(hresult: str, message: str) -> Trouble:
    """What a code means; QuickBooks' own message for one that is not known or only passes it on."""
    known = TROUBLES.get(spelled(hresult))
    if known is not None:
        return known
    said = " ".join(message.split())[:300] or "It gave no reason."
    return Trouble(sentence=f"QuickBooks could not be worked with ({spelled(hresult)}): {said}")
