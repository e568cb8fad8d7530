"""The dictionary of statuses: code and message of an answer, and what was asked, to what it comes to.

Facts: reference/quickbooks-desktop.md section 6. The first row of a code that fits counts. Codes of whole message sets
stand in `SETS`, failures of the connection to QuickBooks in `hresults`.
"""

from __future__ import annotations

import attrs

from blueops_qb.providers.qbd.status_rules import Result, Rule, later, other, refuse
from blueops_qb.sdk.outcomes import Why
from blueops_qb.sdk.provider import Verb

_OURS = "This is a defect of the connection: report it with the details below, then mark the record as done by hand."
_MAPPING = "Choose another target on the mapping page, or make it active again in QuickBooks, then retry."
_ADMIN = "Have the administrator of the QuickBooks file give the right (Users, Set Up Users and Roles), then retry."
_FIX = "Correct it in BlueOps or in QuickBooks as the text says, then retry."
_CLOSED = "The date lies in a closed period of QuickBooks."
_REOPEN = "Move the date to an open period, or have the closing date moved in QuickBooks, then retry."
_PREFERENCE = "Switch the feature on in QuickBooks (Edit, Preferences), refresh the catalog, then retry."
_WINDOW = "Close the window in QuickBooks in which it is open; it is sent again by itself."
_BUSY = r"another user|modified by|has been changed|in use"
#: Minutes pass until somebody has closed a window.
_LOCKED, _SOON = 300.0, 60.0

RULES: tuple[Rule, ...] = (
    # -- done
    other("0", Result.DONE, "done", "It is done."),
    other("530", Result.DONE, "field ignored", "It is done, but this edition of QuickBooks ignored a field."),
    other("531", Result.DONE, "word ignored", "It is done, but this edition of QuickBooks ignored a value."),
    other("550", Result.DONE, "notes not kept", "It is done, but QuickBooks did not keep the notes."),
    other(
        "560",
        Result.DONE,
        "field retired",
        "It is done, but QuickBooks ignored a field that it no longer has.",
    ),
    other(
        "570",
        Result.DONE,
        "link not made",
        "It is done, but the other transaction was closed, so it is not linked.",
    ),
    other("501", Result.DONE, "remark", "It is done, with a remark of QuickBooks.", sure=False),
    # -- not there
    other("1", Result.ABSENT, "nothing found", "QuickBooks has nothing like it."),
    other("500", Result.ABSENT, "not all found", "QuickBooks does not have all that was asked for."),
    other("510", Result.GONE, "not there any more", "It is not in QuickBooks any more.", sure=False),
    other(
        "3120",
        Result.GONE,
        "does not exist",
        "It is not in QuickBooks any more.",
        verbs=frozenset({Verb.UPDATE, Verb.WITHDRAW}),
    ),
    refuse(
        "3120",
        Why.REFERENCE,
        "does not exist",
        "Something that it settles or names is not in QuickBooks any more, or is settled already.",
        "Look at what it belongs to in QuickBooks; if that was deleted, merged or paid otherwise, link it anew.",
    ),
    other("3240", Result.GONE, "another record", "QuickBooks has another record under its id.", sure=False),
    # -- changed meanwhile
    other("3200", Result.STALE, "changed meanwhile", "Somebody changed it in QuickBooks meanwhile."),
    attrs.evolve(
        later("3170", "being changed", "Somebody is changing it, or its list, in QuickBooks.", wait=_SOON),
        pattern=_BUSY,
    ),
    refuse("3170", Why.FROZEN, "cannot be changed", "QuickBooks does not let it be changed.", _FIX),
    later("3175", "in use", "It is open in a window of QuickBooks.", _WINDOW, wait=_LOCKED),
    later(
        "3176",
        "related in use",
        "Something that belongs to it is open in a window of QuickBooks.",
        _WINDOW,
        wait=_LOCKED,
    ),
    attrs.evolve(
        later("3180", "being changed", "QuickBooks could not save it, as somebody works on it.", wait=_SOON),
        pattern=_BUSY,
    ),
    refuse("3180", Why.INVALID, "not saved", "QuickBooks could not save it.", _FIX),
    # -- names and what is referred to
    refuse(
        "3100",
        Why.NAME_TAKEN,
        "name taken",
        "The name is already used in QuickBooks (inactive ones count too): by an entry of the same list, or, of a "
        "customer or vendor, by any customer, vendor, employee or other name.",
        "Link it to the one that exists, or change the name on one side.",
    ),
    refuse(
        "3000",
        Why.REFERENCE,
        "id not valid",
        "QuickBooks does not know an id that it names; the file may have been restored from a backup.",
        "Refresh the catalog, then choose the target again on the mapping page.",
    ),
    refuse(
        "3130",
        Why.REFERENCE,
        "parent",
        "The customer or list element that it belongs to is missing in QuickBooks or cannot have parts.",
        "Check the customer that it belongs to in QuickBooks, then retry.",
    ),
    refuse(
        "3140",
        Why.REFERENCE,
        "reference",
        "It refers to something that does not exist, or is inactive, in this QuickBooks file.",
        _MAPPING,
    ),
    refuse(
        "3121",
        Why.DEFECT,
        "owner of a field",
        "The private field that it sets is not defined in QuickBooks.",
        _OURS,
        sure=False,
    ),
    refuse(
        "3270", Why.REFERENCE, "no posting account", "An item of it has no account in QuickBooks.", _MAPPING
    ),
    refuse(
        "3280",
        Why.REFERENCE,
        "item type",
        "An item of it has a type that does not fit here.",
        _MAPPING,
        sure=False,
    ),
    # -- closed periods, frozen
    refuse("3161", Why.CLOSED_PERIOD, "period closed", _CLOSED, _REOPEN),
    refuse("3171", Why.CLOSED_PERIOD, "period closed", _CLOSED, _REOPEN),
    refuse(
        "3160",
        Why.FROZEN,
        "in use",
        "It cannot be deleted, as it is used or linked in QuickBooks.",
        "Take the links away in QuickBooks (payments, deposits), then retry; a name can be made inactive instead.",
    ),
    refuse(
        "3185",
        Why.FROZEN,
        "not voided",
        "QuickBooks could not void it.",
        "Void it in QuickBooks by hand, then mark the record as done.",
        sure=False,
    ),
    refuse(
        "3190", Why.INVALID, "not cleared", "QuickBooks does not let a field be emptied.", _FIX, sure=False
    ),
    refuse(
        "3210",
        Why.INVALID,
        "more than is open",
        "The amount is more than is open on the document in QuickBooks.",
        "Compare the open balance in QuickBooks with the one in BlueOps, then correct the payment.",
        pattern=r"more than|amount due|open balance|overpa(y|id)",
    ),
    refuse("3210", Why.INVALID, "value", "QuickBooks does not accept a value of it.", _FIX),
    # -- not available, not allowed
    refuse(
        "1030",
        Why.NOT_AVAILABLE,
        "not supported",
        "This edition of QuickBooks cannot do it.",
        "Upgrade QuickBooks, or switch this kind of record off in the settings.",
    ),
    refuse(
        "3250",
        Why.NOT_AVAILABLE,
        "feature off",
        "The feature is switched off in this QuickBooks file.",
        _PREFERENCE,
    ),
    refuse("3220", Why.NOT_ALLOWED, "not authorised", "QuickBooks does not allow BlueOps to do it.", _ADMIN),
    refuse(
        "3260",
        Why.NOT_ALLOWED,
        "no right",
        "The QuickBooks user under whom BlueOps works lacks the right to it.",
        _ADMIN,
    ),
    refuse(
        "3261",
        Why.NOT_ALLOWED,
        "personal data",
        "BlueOps may not see personal data in this QuickBooks file.",
        _ADMIN,
    ),
    refuse(
        "3262",
        Why.NOT_ALLOWED,
        "payroll",
        "The QuickBooks user under whom BlueOps works has no right to payroll.",
        _ADMIN,
    ),
    refuse(
        "3263",
        Why.NOT_ALLOWED,
        "read only",
        "BlueOps was added to the Web Connector for reading only.",
        "Remove BlueOps from the Web Connector and add it again with a new file from the connection page.",
    ),
    refuse("3264", Why.NOT_ALLOWED, "card service", "QuickBooks has no card service for it.", _ADMIN),
    # -- later, or nobody knows
    other("1000", Result.UNKNOWN, "internal error", "QuickBooks had an internal error."),
    later("1010", "not available", "QuickBooks could not do it just now.", wait=_SOON),
    other("3231", Result.NOT_RUN, "not reached", "QuickBooks did not come to it."),
    other(
        "3230", Result.NOT_RUN, "taken back", "QuickBooks took it back with the rest of its set.", sure=False
    ),
    other(
        "3390", Result.RESTART, "too many pages", "QuickBooks has too many open questions; it is asked anew."
    ),
    other(
        "3391",
        Result.RESTART,
        "page is gone",
        "QuickBooks forgot the question in the middle; it is asked anew.",
    ),
    # -- content
    *(
        refuse(code, Why.INVALID, what, f"QuickBooks does not accept a value: {what}.", _FIX, sure=sure)
        for code, what, sure in (
            ("3020", "a date", True),
            ("3040", "an amount", True),
            ("3045", "a price", False),
            ("3050", "a percentage", False),
            ("3060", "a quantity", False),
            ("3070", "a text is too long", True),
        )
    ),
    refuse("3150", Why.INVALID, "missing", "Something that QuickBooks requires is missing.", _FIX),
    refuse("3500", Why.INVALID, "not merged", "QuickBooks refused to merge them.", _FIX),
    # -- our own mistakes
    *(
        refuse(
            code,
            Why.DEFECT,
            short,
            f"QuickBooks does not understand our request ({short}).",
            _OURS,
            sure=sure,
        )
        for code, short, sure in (
            ("1060", "id of the request too long", True),
            ("3010", "a switch", True),
            ("3030", "dates in the wrong order", True),
            ("3031", "names in the wrong order", True),
            ("3035", "a span of time", True),
            ("3065", "an identifier", False),
            ("3110", "an unknown word", False),
            ("3151", "a field that does not belong here", False),
            ("3153", "fields that exclude one another", False),
            ("3290", "lines in another order", True),
        )
    ),
)

#: Codes of a whole message set (section 3.3).
SETS: tuple[Rule, ...] = (
    other("0", Result.DONE, "known", "QuickBooks has carried the set out."),
    other(
        "600",
        Result.UNKNOWN,
        "set not known",
        "QuickBooks does not know the message set, or another file is open.",
    ),
    refuse(
        "9001", Why.DEFECT, "id used twice", "The id of a message set was used for another content.", _OURS
    ),
    other("9002", Result.UNKNOWN, "answer not kept", "QuickBooks kept no answer of the message set."),
    refuse("9003", Why.DEFECT, "message set", "QuickBooks does not understand the message set.", _OURS),
    refuse("9004", Why.DEFECT, "id too long", "The id of a message set is too long.", _OURS),
    other(
        "9005",
        Result.UNKNOWN,
        "answer not stored",
        "QuickBooks could not store the answer of the message set.",
    ),
)
#: Ranges for codes without a row: from, up to, what they come to (section 6).
_RANGES: tuple[tuple[int, int, Rule], ...] = (
    (0, 499, other("", Result.DONE, "remark", "It is done, with a remark of QuickBooks.")),
    (500, 999, other("", Result.DONE, "warning", "It is done, with a warning of QuickBooks.")),
    (1000, 1999, other("", Result.UNKNOWN, "system error", "QuickBooks had a failure of its own.")),
    (
        2000,
        2999,
        refuse(
            "",
            Why.NOT_AVAILABLE,
            "not supported",
            "This QuickBooks cannot do it.",
            "Upgrade QuickBooks, or switch this kind of record off in the settings.",
        ),
    ),
    (
        9100,
        9199,
        refuse("", Why.DEFECT, "macro", "QuickBooks does not understand our request (a macro).", _OURS),
    ),
)
_UNLISTED = refuse("", Why.INVALID, "refused", "QuickBooks refuses it.", _FIX)
#: An answer without a number; whatever it holds may have been carried out.
_UNTOLD = other("", Result.UNKNOWN, "no status", "QuickBooks does not say how it ended.")
_TABLE: dict[str, tuple[Rule, ...]] = {
    code: tuple(rule for rule in RULES if rule.code == code) for code in {rule.code for rule in RULES}
}
_SETS = {rule.code: rule for rule in SETS}


def rule_for(code: str, text: str, verb: Verb | None = None) -> Rule:
    """The first row of the code that fits; for a code without one the row of its range.

    The severity that QuickBooks tells is not looked at: errors have been seen as information.
    """
    found = next((rule for rule in _TABLE.get(code, ()) if rule.fits(text, verb)), None)
    if found is not None:
        return found
    if not code.isdecimal():
        return _UNTOLD
    number = int(code)
    return next((rule for low, high, rule in _RANGES if low <= number <= high), _UNLISTED)


def rule_for_set(code: str) -> Rule:
    """What a message set's own code comes to; one that is not known leaves the fate of its writes open."""
    return _SETS.get(
        code, other(code, Result.UNKNOWN, "message set", "QuickBooks answered the message set oddly.")
    )
