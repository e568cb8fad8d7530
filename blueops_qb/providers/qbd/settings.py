"""Settings of the Desktop provider: choices where QuickBooks Desktop lacks something or is not known well enough.

Where reference/quickbooks-desktop.md calls a behaviour unverified, the switch for it stands here with the cautious
side as default.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any

import attrs

from blueops_qb.providers.qbd.qbxml.characters import folded

#: What the keys of the environment begin with; the rest is the name of a field in capitals.
PREFIX = "BLUEOPS_QB_QBD_"
#: What the field “Other” of a form keeps.
LONGEST_LOCATION = 29
_BOOLEANS = {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False}


class SettingRefused(ValueError):
    """The host's configuration cannot be used; the sentence names the key and what it may be."""


class LocationAs(enum.StrEnum):
    """What a location becomes, as QuickBooks Desktop tracks none (section 5.6)."""

    #: Left out.
    NOTHING = "nothing"
    #: A class: the mapping offers the classes as locations, and lines without a class of their own bear it.
    CLASS = "class"
    #: The field “Other” of sales forms: the mapping offers the names in `locations`. It goes with the form itself; a
    #: custom field (DataExt) would be a request of its own behind it, and a document without it stands meanwhile.
    FIELD = "field"


class LedgerSigns(enum.StrEnum):
    """Which sign the rows of TransactionQuery bear; no public source tells (section 4.13)."""

    #: A debit is positive, a credit negative.
    DEBIT = "debit"
    #: What makes an account of its type grow is positive.
    NATURAL = "natural"


@attrs.frozen(kw_only=True)
class QbdSettings:
    """How documents are written to QuickBooks Desktop and read from it."""

    #: Who owns our private fields: a GUID in braces, one per application (section 2); empty = they are not read.
    owner_id: str = ""
    #: Whether a company file that bears no FileID of ours is given one when its lists are read. The Web Connector does
    #: that itself (section 2); this is for a client of ours that does not.
    mark_company: bool = False
    location_as: LocationAs = LocationAs.NOTHING
    #: The names of the places where `location_as` is a field; at most 29 characters each (section 4.5).
    locations: tuple[str, ...] = ()
    #: Codes of taxable and other lines where the company does not tell its own.
    taxed_code: str = "Tax"
    untaxed_code: str = "Non"
    #: The name goes above the address, as printed forms show the block only (section 4.1).
    name_in_address: bool = True
    #: Whether ExternalGUID is set at creation; what QuickBooks does with one that it has is not verified (section 8).
    external_guid: bool = True
    #: A discount's amount is sent with a minus; the sign that QuickBooks wants is not verified.
    discount_negative: bool = True
    #: Whether a reference is cleared by an empty full name; the schema allows it, real files are not verified.
    clear_references: bool = True
    #: Whether the field “Other” is cleared by an empty element, as fields are said to be (section 3.1); no public
    #: source tells it of this one.
    clear_other: bool = True
    #: Whether a new line may be put between others in a change; otherwise it goes to the end, and the lines behind
    #: it are written anew (gotcha 17).
    lines_between: bool = False
    #: Whether the amount that a payment shows per invoice already holds the credits that it uses (section 4.7).
    applied_holds_credits: bool = False
    ledger_signs: LedgerSigns = LedgerSigns.DEBIT
    #: Members of lists are named by their full names, not by their ids: for work that is made ready before the file
    #: was seen. Renaming a member then is a change of everything that names it.
    lists_by_name: bool = False
    #: Whether a number is looked up before a document is created under it: QuickBooks takes one twice without a word.
    ask_numbers: bool = True
    #: After so many seconds a session of the Web Connector ends once its set is answered, and the rest goes at its next
    #: run: the window of QuickBooks is hardly usable meanwhile (gotcha 22). 0 = it goes on until nothing is due.
    session_seconds: int = 300

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], **otherwise: Any) -> QbdSettings:
        """From the host's configuration; `otherwise` where it is silent. Raises SettingRefused."""
        given: dict[str, Any] = dict(otherwise)
        for field in attrs.fields(cls):
            key = f"{PREFIX}{field.name.upper()}"
            if (text := environment.get(key, "").strip()) != "":
                given[field.name] = _value(key, text, field.default)
        found = cls(**given)
        if found.location_as is LocationAs.FIELD and not found.locations:
            raise SettingRefused(
                f"{PREFIX}LOCATION_AS is field, and {PREFIX}LOCATIONS names no places that could be told in it; write "
                "their names there, with semicolons between them."
            )
        return found


def _value(key: str, text: str, default: object) -> object:
    if isinstance(default, bool):
        if text.lower() not in _BOOLEANS:
            raise SettingRefused(f"{key} is {text!r}; write yes or no.")
        return _BOOLEANS[text.lower()]
    if isinstance(default, int):
        if not text.isdecimal():
            raise SettingRefused(f"{key} is {text!r}; write a whole number, 0 or more.")
        return int(text)
    if isinstance(default, tuple):
        return _places(key, text)
    if isinstance(default, enum.Enum):
        words = [str(member.value) for member in type(default)]
        if text.lower() not in words:
            raise SettingRefused(f"{key} is {text!r}; write one of {', '.join(words)}.")
        return type(default)(text.lower())
    return text


def _places(key: str, text: str) -> tuple[str, ...]:
    """Names with semicolons between them, each as QuickBooks would keep it."""
    names = tuple(name for part in text.split(";") if (name := part.strip()))
    for place, name in enumerate(names):
        if len(name) > LONGEST_LOCATION or folded(name) != name:
            raise SettingRefused(
                f"{key} names {name!r}; QuickBooks Desktop keeps at most {LONGEST_LOCATION} of its own characters "
                f"there, such as {folded(name)[:LONGEST_LOCATION].rstrip()!r}."
            )
        if name.casefold() in (other.casefold() for other in names[:place]):
            raise SettingRefused(f"{key} names {name!r} twice; write every place once.")
    return names
