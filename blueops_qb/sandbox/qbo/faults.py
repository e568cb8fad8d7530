"""The refusals of the v3 API as values, with the one table of their codes.

Codes and HTTP statuses: reference/quickbooks-online.md sections 1.7, 9.2 and 10.
"""

from __future__ import annotations

import attrs

from blueops_qb.sandbox.qbo.wire import Obj

#: code -> (short message, HTTP status, fault type)
CODES: dict[str, tuple[str, int, str]] = {
    "120": ("Authorization Failure", 401, "AuthorizationFault"),
    "500": ("Unsupported Operation", 400, "ValidationFault"),
    "600": ("Duplicate Request ID", 400, "ValidationFault"),
    "610": ("Object Not Found", 400, "ValidationFault"),
    "620": ("Transaction cannot be linked", 400, "ValidationFault"),
    "700": ("Parent is not valid", 400, "ValidationFault"),
    "900": ("Object cannot be its own parent", 400, "ValidationFault"),
    "1040": ("Batch is too large", 400, "ValidationFault"),
    "2010": ("Request has invalid or unsupported property", 400, "ValidationFault"),
    "2020": ("Required param missing, need to supply the required value for the API", 400, "ValidationFault"),
    "2030": ("Invalid ID", 400, "ValidationFault"),
    "2040": ("Invalid String", 400, "ValidationFault"),
    "2050": ("String length is either shorter or longer than supported", 400, "ValidationFault"),
    "2060": ("Invalid Date", 400, "ValidationFault"),
    "2070": ("Invalid Number", 400, "ValidationFault"),
    "2080": ("Invalid Decimal", 400, "ValidationFault"),
    "2120": ("Invalid Type", 400, "ValidationFault"),
    "2130": ("Invalid Request Id Format", 400, "ValidationFault"),
    "2170": ("Invalid Enumeration", 400, "ValidationFault"),
    "2210": ("Invalid Email Address", 400, "ValidationFault"),
    "2260": ("Posting type is missing", 400, "ValidationFault"),
    "2300": ("Debits and credits are not equal", 400, "ValidationFault"),
    "2500": ("Invalid Reference Id", 400, "ValidationFault"),
    "3001": ("message=ThrottleExceeded; errorCode=003001; statusCode=429", 429, "SERVICE"),
    "3100": ("message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403", 403, "SERVICE"),
    "3200": ("message=AuthenticationFailed; errorCode=003200; statusCode=401", 401, "AUTHENTICATION"),
    "4000": ("Error parsing query", 400, "ValidationFault"),
    "4001": ("Invalid query", 400, "ValidationFault"),
    "5010": ("Stale Object Error", 400, "ValidationFault"),
    "5020": ("Permission Denied", 400, "ValidationFault"),
    "6000": (
        "A business validation error has occurred",
        400,
        "ValidationFault",
    ),
    "6010": ("Invalid account type", 400, "ValidationFault"),
    "6070": ("Amount is not equal to UnitPrice * Qty", 400, "ValidationFault"),
    "6080": ("No name provided", 400, "ValidationFault"),
    "6090": ("Discount line is incomplete", 400, "ValidationFault"),
    "6100": ("Invalid tax code on a line", 400, "ValidationFault"),
    "6130": ("Cannot change whom the customer bills with", 400, "ValidationFault"),
    "6140": ("Duplicate Document Number Error", 400, "ValidationFault"),
    "6150": ("Parent reference is required", 400, "ValidationFault"),
    "6180": ("Too many levels", 400, "ValidationFault"),
    "6190": ("Invalid Company Status", 400, "ValidationFault"),
    "6210": ("Account Period Closed, Cannot Update Through Services API", 400, "ValidationFault"),
    "6220": ("Cannot deactivate while a balance is open", 400, "ValidationFault"),
    "6240": ("Duplicate Name Exists Error", 400, "ValidationFault"),
    "6270": ("Transaction date is before the inventory start date", 400, "ValidationFault"),
    "6310": ("Billable line without a customer", 400, "ValidationFault"),
    "6430": ("Invalid account type", 400, "ValidationFault"),
    "6440": ("Item or account is required on a line", 400, "ValidationFault"),
    "6540": ("Deposited Transaction cannot be changed", 400, "ValidationFault"),
    "10000": ("An application error has occurred while processing your request", 500, "SystemFault"),
}


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
        error = {"Message": message, "Detail": self.detail, "code": self.code, "element": self.element}
        return {"Error": [error], "type": kind}


def missing(name: str) -> Fault:
    """A required member is not in the request."""
    return Fault("2020", f"Required parameter {name} is missing in the request", name)


def business(detail: str, element: str = "") -> Fault:
    """A rule of the books refuses the request; the text says which."""
    return Fault("6000", f"Business Validation Error: {detail}", element)


def gone(kind: str, identity: str) -> Fault:
    """The id is unknown, or the transaction was deleted."""
    return Fault("610", f"Object Not Found : no {kind} with id {identity}; another user may have deleted it.")


def bad_token(detail: str, now_ms: int) -> Obj:
    """The lower-case envelope with which the gateway answers a dead access token (section 1.7)."""
    message = CODES["3200"][0]
    error = {"message": message, "detail": detail, "code": "3200", "element": None}
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
