"""Failures of the connection to QuickBooks itself, by HRESULT, as the Web Connector reports them.

Facts: reference/quickbooks-desktop.md section 6. They come with `connectionError`, before anything was sent, or with
`receiveResponseXML`, instead of an answer.
"""

from __future__ import annotations

import enum

import attrs


class Fate(enum.StrEnum):
    """What became of the message set that was out."""

    #: Nothing of it was carried out.
    NOT_RUN = "not_run"
    #: Nobody can say.
    UNKNOWN = "unknown"
    #: QuickBooks could not read it: one request of it is wrong, none was carried out.
    UNREADABLE = "unreadable"


class Next(enum.StrEnum):
    """What the connection does then."""

    #: It is tried again at the next visit of the Web Connector.
    LATER = "later"
    #: Writing rests until a person has done something.
    STOP = "stop"
    #: The path of the company file is offered once.
    OFFER_PATH = "offer_path"
    #: The set is halved until the guilty request is found.
    HALVE = "halve"
    #: The books are asked what became of it.
    LOOK_UP = "look_up"
    #: An older version of qbXML is spoken.
    LOWER_VERSION = "lower_version"


@attrs.frozen(kw_only=True)
class Failure:
    """One row: codes in small letters with `0x`."""

    codes: tuple[str, ...]
    message: str
    remedy: str
    next: Next
    fate: Fate = Fate.NOT_RUN


_NOTHING = "Nothing; it is tried again."
_LOOKED_UP = "Nothing; it is looked up. If it happens often, look at the QuickBooks machine."
_ADMIN_IN = "Open the company file as its administrator in single-user mode and allow BlueOps in the dialog."

FAILURES: tuple[Failure, ...] = (
    Failure(
        codes=("0x80040400",),
        message="QuickBooks could not read what BlueOps sent; nothing of it was carried out.",
        remedy="Nothing; the guilty part is found by itself and then held.",
        next=Next.HALVE,
        fate=Fate.UNREADABLE,
    ),
    Failure(
        codes=("0x80040401",),
        message="The Web Connector could not reach QuickBooks on its machine.",
        remedy="Start QuickBooks there once; if that does not help, install the Web Connector anew.",
        next=Next.LATER,
    ),
    Failure(
        codes=("0x80040402",),
        message="QuickBooks broke down while it worked.",
        remedy=_LOOKED_UP,
        next=Next.LOOK_UP,
        fate=Fate.UNKNOWN,
    ),
    Failure(
        codes=("0x80040403",),
        message="QuickBooks could not open the company file.",
        remedy="Check that the file is where it was and that the Windows user of the Web Connector may open it.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x80040406",),
        message="QuickBooks does not accept the path of the company file.",
        remedy="Open the company file in QuickBooks and start an update in the Web Connector; the path is learnt anew.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x80040408",),
        message="QuickBooks could not be started; it may run under another Windows user.",
        remedy="Start QuickBooks and the Web Connector under the same Windows user, neither of them as administrator.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x80040409",),
        message="The company file is of another version of QuickBooks.",
        remedy="Open the company file in QuickBooks and let it be updated.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x8004040a",),
        message="Another company file is open in QuickBooks.",
        remedy="Close the other company file when it is convenient; it is tried again.",
        next=Next.LATER,
    ),
    Failure(
        codes=("0x8004040d",),
        message="The session with QuickBooks has ended.",
        remedy=_NOTHING,
        next=Next.LATER,
    ),
    Failure(
        codes=("0x80040410",),
        message="The company file is open in another mode.",
        remedy="Switch between single-user and multi-user mode in QuickBooks, or wait until the other user is done.",
        next=Next.LATER,
    ),
    Failure(
        codes=("0x80040414",),
        message="A dialog is open in QuickBooks.",
        remedy="Close the dialog in QuickBooks; it is tried again.",
        next=Next.LATER,
    ),
    Failure(
        codes=("0x80040416", "0x80040417"),
        message="No company file is open in QuickBooks.",
        remedy="Open the company file in QuickBooks, or allow BlueOps to work while QuickBooks is closed.",
        next=Next.OFFER_PATH,
    ),
    Failure(
        codes=("0x80040418",),
        message="BlueOps has not been allowed in this company file yet.",
        remedy=_ADMIN_IN,
        next=Next.STOP,
    ),
    Failure(
        codes=("0x8004041a",),
        message="The QuickBooks user under whom BlueOps works lacks a right.",
        remedy="Have the administrator of the QuickBooks file give the right (Users, Set Up Users and Roles).",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x8004041b", "0x80040422"),
        message="The company file cannot be locked, as others work in it.",
        remedy="Wait until the others have closed the file; it is tried again.",
        next=Next.LATER,
    ),
    Failure(
        codes=("0x8004041c",),
        message="QuickBooks had an internal error.",
        remedy=_LOOKED_UP,
        next=Next.LOOK_UP,
        fate=Fate.UNKNOWN,
    ),
    Failure(
        codes=("0x8004041d",),
        message="BlueOps may not open the company file by itself.",
        remedy="Allow it in QuickBooks (Preferences, Integrated Applications), or keep QuickBooks open.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x8004041e", "0x8004042c"),
        message="The certificate by which QuickBooks knows BlueOps is not valid any more.",
        remedy="Have the certificate of the BlueOps address renewed, then allow BlueOps in QuickBooks again.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x8004041f",),
        message="This edition of QuickBooks does not work with other applications.",
        remedy="Upgrade to QuickBooks Pro, Premier or Enterprise.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x80040420",),
        message="Somebody refused BlueOps access to the company file.",
        remedy=_ADMIN_IN,
        next=Next.STOP,
    ),
    Failure(
        codes=("0x80040421",),
        message="QuickBooks says what is wrong.",
        remedy="Do as its text says.",
        next=Next.STOP,
        # A text of any kind: nobody may assume that nothing of the set ran before it came.
        fate=Fate.UNKNOWN,
    ),
    Failure(
        codes=("0x80040423",),
        message="QuickBooks does not speak the version of qbXML.",
        remedy="Update QuickBooks to 2014 or newer.",
        next=Next.LOWER_VERSION,
    ),
    Failure(codes=("0x80040424",), message="QuickBooks is still starting.", remedy=_NOTHING, next=Next.LATER),
    Failure(
        codes=("0x80040427",),
        message="QuickBooks is not registered.",
        remedy="Register QuickBooks (Help, Register QuickBooks), then start an update in the Web Connector.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x8004042a",),
        message="QuickBooks does not allow access from another machine.",
        remedy="Run the Web Connector on the machine on which QuickBooks runs.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x80040154",),
        message="The part of QuickBooks that the Web Connector works with is not installed.",
        remedy="Repair the installation of QuickBooks, or install the Web Connector anew.",
        next=Next.STOP,
    ),
    Failure(
        codes=("0x80040308", "0x80010105", "0x800706ba"),
        message="The connection between the Web Connector and QuickBooks broke while it worked.",
        remedy=_LOOKED_UP,
        next=Next.LOOK_UP,
        fate=Fate.UNKNOWN,
    ),
)
#: For a code that is not listed: nobody may assume that nothing happened.
UNLISTED = Failure(
    codes=(),
    message="QuickBooks reports a failure that is not known here.",
    remedy=_LOOKED_UP,
    next=Next.LOOK_UP,
    fate=Fate.UNKNOWN,
)
_TABLE = {code: failure for failure in FAILURES for code in failure.codes}


def code_of(hresult: str) -> str:
    """The code in one spelling; some Web Connectors tell it as a negative decimal number."""
    text = hresult.strip().lower()
    try:
        number = int(text, 16) if text.startswith("0x") else int(text)
    except ValueError:
        return text
    return f"0x{number & 0xFFFFFFFF:08x}"


def failure_of(hresult: str) -> Failure:
    """What a failure means; one that is not listed leaves the fate of what was out open."""
    return _TABLE.get(code_of(hresult), UNLISTED)
