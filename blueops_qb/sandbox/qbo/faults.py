"""The refusals of the v3 API as values, with the one table of their codes.

Codes and HTTP statuses: reference/quickbooks-online.md sections 1.7, 9.2 and 10.
"""

from __future__ import annotations

import attrs

from blueops_qb.sandbox.qbo.wire import Obj

_SPECIAL: dict[str, tuple[str, int, str]] = {
    "100": ("Authentication required", 401, "AuthenticationFault"),
    "110": ("OAuth authentication failed", 401, "AuthenticationFault"),
    "120": ("Authorization Failure", 401, "AuthorizationFault"),
    "130": ("Company is served by another cluster", 400, "SystemFault"),
    "140": ("Company is locked", 400, "SystemFault"),
    "150": ("Company is under maintenance", 400, "SystemFault"),
    "1000": ("The operation failed", 400, "SystemFault"),
    "1010": ("The create failed", 400, "SystemFault"),
    "1020": ("The update failed", 400, "SystemFault"),
    "3001": ("message=ThrottleExceeded; errorCode=003001; statusCode=429", 429, "SERVICE"),
    "3100": ("message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403", 403, "SERVICE"),
    "3200": ("message=AuthenticationFailed; errorCode=003200; statusCode=401", 401, "AUTHENTICATION"),
    "3202": ("message=TokenEmpty; errorCode=003202; statusCode=401", 401, "AUTHENTICATION"),
    "10000": ("An application error has occurred while processing your request", 500, "SystemFault"),
    "10200": ("Company was reset", 400, "SystemFault"),
}
_VALIDATION: dict[str, str] = {
    "500": "Unsupported Operation",
    "600": "Duplicate Request ID",
    "610": "Object Not Found",
    "620": "Txn ID cannot be linked",
    "630": "Duplicate Object",
    "700": "Parent is not valid",
    "800": "Object cannot be deleted, others depend on it",
    "900": "Object cannot be its own parent",
    "1040": "Batch is too large",
    "2000": "Request has unsupported object",
    "2010": "Request has invalid or unsupported property",
    "2020": "Required param missing, need to supply the required value for the API",
    "2030": "Invalid ID",
    "2040": "Invalid String",
    "2050": "String length is either shorter or longer than supported",
    "2060": "Invalid Date",
    "2070": "Invalid Number",
    "2080": "Invalid Decimal",
    "2090": "Invalid Amount",
    "2100": "Invalid Percent",
    "2110": "Invalid Quantity",
    "2120": "Invalid Type",
    "2130": "Invalid Request Id Format",
    "2140": "Number is too small",
    "2150": "Number is too large",
    "2160": "Invalid Range",
    "2170": "Invalid Enumeration",
    "2200": "Malformed URL",
    "2210": "Invalid Email Address",
    "2240": "Invalid Value",
    "2250": "Lines are missing",
    "2260": "Posting type is missing",
    "2290": "Negative amounts are not supported on transaction lines",
    "2300": "Debits and credits are not equal",
    "2500": "Invalid Reference Id",
    "2600": "Conflicting elements",
    "3000": "Invalid custom field",
    "4000": "Error parsing query",
    "4001": "Invalid query",
    "4002": "Query could not be processed",
    "5000": "Deprecated field",
    "5010": "Stale Object Error",
    "5020": "Permission Denied",
    "5030": "Feature Not Supported",
    "6000": "A business validation error has occurred",
    "6010": "Invalid account type",
    "6030": "Upload is too large",
    "6040": "Upload has invalid metadata",
    "6041": "Upload has an unsupported file type",
    "6050": "Entity cannot have attachments",
    "6070": "Amount is not equal to UnitPrice * Qty",
    "6080": "No name provided",
    "6090": "Discount line is incomplete",
    "6100": "Invalid tax code on a line",
    "6130": "Cannot change whom the customer bills with",
    "6140": "Duplicate Document Number Error",
    "6150": "Parent reference is required",
    "6160": "Tax code is not allowed",
    "6170": "Tax detail is not allowed",
    "6180": "Too many levels",
    "6190": "Invalid Company Status",
    "6200": "Account Period Closed",
    "6210": "Account Period Closed, Cannot Update Through Services API",
    "6220": "Cannot deactivate while a balance is open",
    "6230": "Tax code is not allowed here",
    "6240": "Duplicate Name Exists Error",
    "6250": "Invalid Customer",
    "6270": "Transaction date is before the inventory start date",
    "6280": "Cannot deactivate while charges are unbilled",
    "6310": "Billable line without a customer",
    "6320": "Line cannot be billable",
    "6400": "Purchase is linked to an invoice",
    "6420": "E-mail address is required",
    "6430": "Invalid account type",
    "6440": "Item or account is required on a line",
    "6450": "Cannot void, already settled",
    "6470": "Tax is not allowed",
    "6480": "Transaction is matched in the bank feed",
    "6540": "Deposited Transaction cannot be changed",
    "6560": "Customer reference is missing",
    "10100": "Result set is too big",
}
#: code -> (short message, HTTP status, fault type)
CODES: dict[str, tuple[str, int, str]] = _SPECIAL | {
    code: (message, 400, "ValidationFault") for code, message in _VALIDATION.items()
}
#: fault types of the gateway in front of the API: their errors name no element
_GATEWAY = ("SERVICE", "AUTHENTICATION")


@attrs.frozen
class Fault(Exception):
    """A refused request: code, free text, and the member it is about (or an empty string)."""

    code: str
    detail: str
    element: str = ""

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return CODES[self.code][1]

    def body(self) -> Obj:
        """The ``Fault`` member of an answer."""
        message, _, kind = CODES[self.code]
        error = {"Message": message, "Detail": self.detail, "code": self.code}
        if kind not in _GATEWAY:
            error["element"] = self.element
        return {"Error": [error], "type": kind}


def missing(name: str) -> Fault:
    """A required member is not in the request."""
    return Fault("2020", f"Required parameter {name} is missing in the request", name)


def business(detail: str, element: str = "") -> Fault:
    """A rule of the books refuses the request; the text says which."""
    return Fault("6000", f"Business Validation Error: {detail}", element)


def gone(kind: str, identity: str) -> Fault:
    """The id is unknown, or the transaction was deleted."""
    return Fault(
        "610",
        f"Object Not Found : Another user has deleted this transaction, or it never was: no {kind} with id "
        f"{identity}.",
    )


def made_inactive(name: str, identity: str, shown: object) -> Fault:
    """A reference names a record that was made inactive."""
    return Fault(
        "610",
        f"Object Not Found : Something you're trying to use has been made inactive: {name} {identity} ({shown}). "
        "Reactivate it.",
        name,
    )


def unsupported(method: str, rest: list[str], why: str = "is not supported") -> Fault:
    """There is no such call."""
    return Fault("500", f"Unsupported Operation : {method} /{'/'.join(rest)} {why}.")


def bad_token(detail: str, now_ms: int, *, code: str = "3200") -> Obj:
    """The lower-case envelope with which the gateway answers a dead access token (section 1.7)."""
    message = CODES[code][0]
    error = {"message": message, "detail": detail, "code": code, "element": None}
    return {
        "warnings": None,
        "intuitObject": None,
        "fault": {"error": [error], "type": "AUTHENTICATION"},
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "time": now_ms,
        "status": None,
        "cdcresponse": [],
    }


THROTTLED_XML = (
    b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    b'<IntuitResponse xmlns="http://schema.intuit.com/finance/v3"><Fault type="SERVICE"><Error code="3001">'
    b"<Message>message=ThrottleExceeded; errorCode=003001; statusCode=429</Message>"
    b"<Detail>The request limit was reached.  Try again later</Detail></Error></Fault></IntuitResponse>"
)
