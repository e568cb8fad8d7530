"""The dictionary of refusals: what a fault of QuickBooks Online means and what to do now.

One table, used for every operation: by code, then by the words of the fault where one code says two things
(5010 is a stale object and a closed period; 610 is deleted, unknown and inactive), or by the kind that is written.
Codes and their meaning: reference/quickbooks-online.md section 10. Sentences are for the
admin; the engine puts the record in front.
"""

from __future__ import annotations

from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.fault_rules import Result, Rule, later, other, refuse
from blueops_qb.sdk.outcomes import Why

_OURS = (
    "This is a defect of the QuickBooks connection, not of your data: send the support bundle to your vendor."
)
_FIX = "Correct it in BlueOps; it is sent again by itself."
_CLOSED = "The date lies in a period that is closed in QuickBooks."
_REOPEN = (
    "Change the date to an open day, or have an accountant move the closing date in QuickBooks, then retry."
)
_MAPPING = (
    "Choose another target on the mapping page, or make the record active again in QuickBooks, then retry."
)
_UNLINK = "Undo that in QuickBooks first, then retry, or leave the record as it is there."
_CONNECT = "Sign in to QuickBooks again on the connection page, as an administrator of the company."

_DEFECTS = {
    "500": "unsupported operation",
    "1040": "batch too large",
    "2000": "unsupported object",
    "2010": "unsupported property",
    "2020": "required member missing",
    "2030": "invalid id",
    "2120": "invalid type",
    "2130": "invalid request id",
    "2170": "invalid enumeration",
    "2200": "malformed address of the call",
    "2250": "missing lines",
    "2260": "posting type missing",
    "2300": "debits and credits differ",
    "2600": "conflicting elements",
    "4000": "query cannot be parsed",
    "4001": "query not allowed",
    "5000": "deprecated member",
    "6090": "discount line incomplete",
    "6100": "tax code of a line must be TAX or NON",
    "6560": "customer missing",
    "10100": "result set too large",
}
_VALUES = {
    "2040": "text with characters that are not allowed",
    "2050": "text of a length that is not allowed",
    "2060": "date",
    "2070": "number",
    "2080": "decimal number",
    "2090": "amount",
    "2100": "percentage",
    "2110": "value",
    "2140": "value",
    "2150": "value",
    "2160": "quantity",
    "2240": "value out of range",
    "2210": "e-mail address",
    "2290": "negative amount on a line",
    "3000": "custom field",
    "6070": "amount that is not quantity times price",
    "6080": "empty name",
    "6270": "date before the inventory was started",
    "6310": "billable cost without a customer",
    "6320": "billable cost that cannot be billed",
    "6420": "missing e-mail address",
}
_FILES = {
    "6030": "The file is too large (QuickBooks takes 100 MB).",
    "6040": "The description of the file is not acceptable.",
    "6041": "QuickBooks does not take this type of file.",
    "6050": "QuickBooks does not attach files to this kind of record.",
}

#: What a tax code is refused for in words of its own; it is written by a service that names it differently.
_TAX_CODES = (
    refuse(
        "6240",
        Why.NAME_TAKEN,
        "name taken",
        "QuickBooks already has a tax code or tax rate of that name (inactive ones count too).",
        "Map the jurisdiction to the tax code that exists, or give the new one, and its rates, another name.",
        about=BooksKind.TAX_CODE,
    ),
    *(
        refuse(
            code,
            Why.REFERENCE,
            "tax agency",
            "It names a tax agency that is not in this QuickBooks company.",
            "Refresh the catalog, choose an agency that is there, or add it in QuickBooks under Taxes, then retry.",
            about=BooksKind.TAX_CODE,
        )
        for code in ("610", "2500")
    ),
)

#: Names of lists are apart from those of customers, vendors and employees, and another remedy helps.
_ENTRIES = tuple(
    refuse(
        "6240",
        Why.NAME_TAKEN,
        "name taken",
        f"QuickBooks already has {article} {kind.value} of that name (inactive ones count too).",
        "Point the template's row to the one that exists, after making it active again, or give the row another name.",
        about=kind,
    )
    for kind, article in ((BooksKind.ACCOUNT, "an"), (BooksKind.ITEM, "an"), (BooksKind.CLASS, "a"))
)

RULES: tuple[Rule, ...] = (
    *_TAX_CODES,
    *_ENTRIES,
    # -- sign-in and rights
    other(
        "100", Result.REFRESH, "authentication", "QuickBooks does not accept the sign-in any more.", _CONNECT
    ),
    other(
        "110", Result.REFRESH, "authentication", "QuickBooks does not accept the sign-in any more.", _CONNECT
    ),
    refuse(
        "120",
        Why.NOT_AVAILABLE,
        "not in the plan",
        "The QuickBooks plan of this company does not include it.",
        "Upgrade the QuickBooks plan, or switch this kind of record off in the settings.",
        pattern=r"\bplan\b|subscription|feature",
    ),
    other(
        "120",
        Result.SIGN_IN,
        "no rights",
        "Whoever connected QuickBooks has no right to this any more (an administrator is needed).",
        _CONNECT,
    ),
    other(
        "3100",
        Result.SIGN_IN,
        "connection ended",
        "QuickBooks says that the connection is not authorised.",
        _CONNECT,
    ),
    other("3200", Result.REFRESH, "token expired", "The access to QuickBooks has expired.", _CONNECT),
    other("3202", Result.REFRESH, "token missing", "The access to QuickBooks is missing.", _CONNECT),
    refuse(
        "5020",
        Why.NOT_AVAILABLE,
        "permission denied",
        "QuickBooks does not allow it: the company's plan or settings lack the feature.",
        "Switch the feature on in QuickBooks or upgrade the plan, then refresh the catalog and retry.",
    ),
    refuse(
        "5030",
        Why.NOT_AVAILABLE,
        "not supported",
        "QuickBooks does not offer this feature to the company.",
        "Upgrade the QuickBooks plan, or switch this kind of record off in the settings.",
    ),
    refuse(
        "6190",
        Why.NOT_ALLOWED,
        "subscription lapsed",
        "The QuickBooks subscription has lapsed, so the company can only be read.",
        "Renew the subscription in QuickBooks, then press “It is mended, go on” on the overview.",
    ),
    refuse(
        "10200",
        Why.NOT_ALLOWED,
        "company reset",
        "The company's data in QuickBooks has been wiped.",
        "Disconnect, connect anew and match the records again.",
    ),
    # -- later
    later("130", "wrong cluster", "QuickBooks is moving the company.", wait=60, connection=True),
    later(
        "140",
        "company locked",
        "The company is locked in QuickBooks for the moment.",
        wait=1800,
        connection=True,
    ),
    later(
        "150", "maintenance", "The company is under maintenance in QuickBooks.", wait=1800, connection=True
    ),
    later("3001", "throttled", "QuickBooks asks for a pause (too many calls).", wait=60, connection=True),
    *(
        later(code, "operation failed", "QuickBooks could not do it just now.", wait=30)
        for code in ("1000", "1010", "1020")
    ),
    later("4002", "query failed", "QuickBooks could not answer a question just now.", wait=30),
    other("10000", Result.UNKNOWN, "internal error", "QuickBooks had an internal error."),
    other("600", Result.UNKNOWN, "repeated request", "QuickBooks has seen this request before."),
    # -- the record and what it refers to
    refuse(
        "610",
        Why.REFERENCE,
        "reference inactive",
        "Something that it uses has been made inactive in QuickBooks.",
        _MAPPING,
        pattern=r"inactive",
    ),
    other("610", Result.GONE, "deleted", "It has been deleted in QuickBooks.", pattern=r"deleted"),
    other("610", Result.ABSENT, "not found", "QuickBooks has no such record."),
    refuse("5010", Why.CLOSED_PERIOD, "period closed", _CLOSED, _REOPEN, pattern=r"clos(ed|ing)"),
    other("5010", Result.STALE, "stale", "Somebody changed it in QuickBooks meanwhile."),
    refuse(
        "620",
        Why.REFERENCE,
        "cannot be linked",
        "QuickBooks cannot link it: the other document is of another customer, or closed or inactive.",
        "Check that payment and invoice are for the same customer or job in both systems, then retry.",
    ),
    refuse(
        "630",
        Why.NAME_TAKEN,
        "duplicate",
        "QuickBooks already has one like it.",
        "Link it to the one that exists, or give it another name.",
    ),
    *(
        refuse(
            code,
            Why.REFERENCE,
            "hierarchy",
            "It does not fit into the hierarchy in QuickBooks (parent missing or unsuitable, or too deep).",
            "Check the customer that it belongs to in QuickBooks, then retry.",
        )
        for code in ("700", "900", "6150", "6180")
    ),
    refuse(
        "2500",
        Why.REFERENCE,
        "invalid reference",
        "It refers to something that does not exist, or is inactive, in this QuickBooks company.",
        _MAPPING,
    ),
    *(
        refuse(
            code,
            Why.REFERENCE,
            "account type",
            "The chosen account has a type that does not fit here.",
            _MAPPING,
        )
        for code in ("6010", "6430")
    ),
    *(
        refuse(code, Why.REFERENCE, "tax code", "The tax code is not allowed here.", _MAPPING)
        for code in ("6160", "6170", "6230", "6470")
    ),
    refuse("6250", Why.REFERENCE, "customer", "The customer is missing or inactive in QuickBooks.", _MAPPING),
    refuse("6440", Why.REFERENCE, "no item or account", "A line has no item or account.", _MAPPING),
    # -- names, numbers, periods
    refuse(
        "6240",
        Why.NAME_TAKEN,
        "name taken",
        "The name is already used in QuickBooks by a customer, vendor or employee (inactive ones count too).",
        "Link it to the one that exists, or change the name on one side.",
    ),
    refuse(
        "6140",
        Why.NUMBER_TAKEN,
        "number taken",
        "The document number is already used in QuickBooks.",
        "Link it to the document that exists, or change the number.",
    ),
    *(refuse(code, Why.CLOSED_PERIOD, "period closed", _CLOSED, _REOPEN) for code in ("6200", "6210")),
    # -- frozen
    refuse("800", Why.FROZEN, "dependencies", "Other records in QuickBooks depend on it.", _UNLINK),
    *(
        refuse(
            code,
            Why.FROZEN,
            "open balance",
            "It still has an open balance or unbilled charges in QuickBooks.",
            "Settle what is open in QuickBooks, then retry.",
        )
        for code in ("6220", "6280")
    ),
    refuse(
        "6130",
        Why.FROZEN,
        "billing parent",
        "QuickBooks does not let the job change who is billed for it.",
        "Set 'bill with parent' as it was on the job in QuickBooks, then retry.",
    ),
    refuse(
        "6400",
        Why.FROZEN,
        "billed",
        "It is linked to an invoice in QuickBooks and cannot be deleted.",
        _UNLINK,
    ),
    refuse(
        "6480",
        Why.FROZEN,
        "bank feed",
        "It is matched with the bank in QuickBooks and cannot be deleted.",
        _UNLINK,
    ),
    refuse("6450", Why.FROZEN, "settled", "It is already settled and cannot be voided.", _UNLINK),
    refuse(
        "6540",
        Why.FROZEN,
        "deposited",
        "The payment is part of a bank deposit in QuickBooks and cannot be changed.",
        "Take the payment out of its deposit in QuickBooks, then retry.",
    ),
    # -- free text: 6000 says many things
    refuse(
        "6000",
        Why.CLOSED_PERIOD,
        "period closed",
        _CLOSED,
        _REOPEN,
        pattern=r"closing date|period .{0,20}closed",
    ),
    refuse(
        "6000",
        Why.FROZEN,
        "linked",
        "It is paid, deposited or linked in QuickBooks, so this change is refused.",
        "Undo the payment, deposit or link in QuickBooks first, then retry.",
        pattern=r"\bdeposited\b|\blinked\b|(payment|credit)s? .{0,40}(applied|attached)|reconciled",
    ),
    refuse(
        "6000",
        Why.INVALID,
        "more than is open",
        "The amount is more than is open on the document in QuickBooks.",
        "Compare the open balance in QuickBooks with the one in BlueOps, then correct the payment.",
        pattern=r"open balance|balance due|overpa(y|id)",
    ),
    refuse("6000", Why.INVALID, "refused", "QuickBooks refuses it by one of its own rules.", _FIX),
    # -- content
    *(
        refuse(code, Why.INVALID, what, f"QuickBooks does not accept a value: {what}.", _FIX)
        for code, what in _VALUES.items()
    ),
    *(refuse(code, Why.INVALID, "file", message, "Attach another file.") for code, message in _FILES.items()),
    *(
        refuse(code, Why.DEFECT, short, f"QuickBooks does not understand our request ({short}).", _OURS)
        for code, short in _DEFECTS.items()
    ),
)

#: A change feed that is asked about a time too long ago answers in free text (section 6).
TOO_OLD = Rule(
    code="",
    short="feed too old",
    result=Result.TOO_OLD,
    pattern=r"changedSince date .* older than",
    message="QuickBooks no longer lists changes from that long ago; everything is compared instead.",
)
_TABLE: dict[str, tuple[Rule, ...]] = {
    code: tuple(rule for rule in RULES if rule.code == code) for code in {rule.code for rule in RULES}
}


def rule_for(code: str, text: str, about: BooksKind | None = None) -> Rule | None:
    """The first row of the code that fits; None for a code that is not in the dictionary.

    `about` is the kind that is written, for codes that mean something of their own there.
    """
    if TOO_OLD.fits(text):
        return TOO_OLD
    return next((rule for rule in _TABLE.get(code, ()) if rule.fits(text, about)), None)
