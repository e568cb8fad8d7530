"""Gate: takes Intuit's webhook messages, checks their signature and keeps hints; the work begins elsewhere.

Facts: reference/quickbooks-online.md section 7. Intuit wants 200 within three seconds and may withhold later events
until it has it, so nothing is read from the books here, and what can never be read is acknowledged all the same:
the same bytes would only come again. A message names records and holds no values; it is never believed, only looked
after. That makes it harmless when it is repeated, late, out of order or replayed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from blueops_qb.sdk.provider import Tells

log = logging.getLogger(__name__)

PATH = "/webhook"
#: Intuit sends ids only; thousands of them fit.
LARGEST_BODY = 1024 * 1024
_HEADER = "HTTP_INTUIT_SIGNATURE"
#: Texts of a hint are cut here; ids and names of records are far shorter.
_LONGEST = 100
#: Records that webhooks tell of (section 7.2), for one spelling whichever format said it.
ENTITIES: Mapping[str, str] = {
    name.lower(): name
    for name in (
        "Account",
        "Bill",
        "BillPayment",
        "Budget",
        "Class",
        "CreditMemo",
        "Currency",
        "Customer",
        "Department",
        "Deposit",
        "Employee",
        "Estimate",
        "Invoice",
        "Item",
        "JournalCode",
        "JournalEntry",
        "Payment",
        "PaymentMethod",
        "Preferences",
        "Purchase",
        "PurchaseOrder",
        "RefundReceipt",
        "SalesReceipt",
        "TaxAgency",
        "Term",
        "TimeActivity",
        "Transfer",
        "Vendor",
        "VendorCredit",
    )
}
#: The newer format writes what happened as a participle.
_OPERATIONS = {
    "created": "create",
    "updated": "update",
    "deleted": "delete",
    "merged": "merge",
    "voided": "void",
}
Hint = dict[str, str]


class Unreadable(Exception):
    """A message with a good signature that has neither of the two known forms."""


@attrs.frozen(eq=False)
class WebhookGate:
    """A WSGI app with one address. `tokens` are verifier tokens; several are accepted while one replaces another."""

    desk: Tells
    tokens: tuple[str, ...] = attrs.field(repr=False)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, headers = self._answer(environ)
        fixed = [
            ("Content-Length", "0"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        start_response(status, [*fixed, *headers])
        return []

    def _answer(self, environ: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]]]:
        if environ.get("PATH_INFO", "") != PATH:
            return "404 Not Found", []
        if environ.get("REQUEST_METHOD") != "POST":
            return "405 Method Not Allowed", [("Allow", "POST")]
        if not is_json(environ.get("CONTENT_TYPE", "")):
            return "415 Unsupported Media Type", []
        body = read_body(environ)
        if body is None:
            return "413 Content Too Large", []
        if not is_signed(body, environ.get(_HEADER, ""), self.tokens):
            log.warning("a webhook message of %d bytes was refused: its signature does not fit", len(body))
            return "401 Unauthorized", []
        return self._take(body), []

    def _take(self, body: bytes) -> str:
        try:
            hints = read_hints(body)
        except Unreadable as problem:
            # It comes from Intuit and will not become readable; the sweep finds what it was about.
            log.warning("a webhook message of %d bytes cannot be read: %s", len(body), problem)
            return "200 OK"
        try:
            self.desk.tell_all(hints)
        except Exception as problem:  # a dead database: Intuit sends it again
            log.error(
                "a webhook message could not be kept (%s); Intuit will repeat it", type(problem).__name__
            )
            return "503 Service Unavailable"
        log.debug("a webhook message told of %d records", sum(map(len, hints.values())))
        return "200 OK"


def is_json(content_type: str) -> bool:
    """Whether a body may be JSON: either format's type, or none named at all; the signature decides."""
    kind = content_type.partition(";")[0].strip().lower()
    return (
        not kind or kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))
    )


def read_body(environ: Mapping[str, Any]) -> bytes | None:
    """The raw body; None for one that is too large or ends early, or whose length is no number."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length:
        if not length.isascii() or not length.isdigit() or int(length) > LARGEST_BODY:
            return None
        wanted = int(length)
    elif environ.get("wsgi.input_terminated"):
        wanted = LARGEST_BODY + 1
    else:
        return b""
    stream, parts, left = environ["wsgi.input"], [], wanted
    while left:
        part = stream.read(left)
        if not part:
            break
        parts.append(part)
        left -= len(part)
    body = b"".join(parts)
    return None if len(body) > LARGEST_BODY or (length and left) else body


def is_signed(body: bytes, header: str, tokens: Sequence[str]) -> bool:
    """Whether the header is the base64 HMAC-SHA256 of the body under one of the tokens; in constant time."""
    try:
        given = base64.b64decode(header.strip().encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return False
    fits = [
        hmac.compare_digest(hmac.new(token.encode(), body, hashlib.sha256).digest(), given)
        for token in tokens
        if token
    ]
    return any(fits)


def read_hints(body: bytes) -> dict[str, list[Hint]]:
    """Hints by realm, of either format; raises Unreadable. What is odd in single entries is left out."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError) as problem:
        raise Unreadable(f"it is not JSON ({type(problem).__name__})") from None
    if isinstance(value, Mapping) and isinstance(value.get("eventNotifications"), list):
        told = _classic(value["eventNotifications"])
    elif isinstance(value, list):
        told = _cloud_events(value)
    elif isinstance(value, Mapping) and "specversion" in value:
        told = _cloud_events([value])
    else:
        raise Unreadable("it is neither a list of events nor an object with eventNotifications")
    found: dict[str, list[Hint]] = {}
    for realm, hint in told:
        found.setdefault(realm, []).append({name: text for name, text in hint.items() if text})
    return found


def _classic(notifications: Sequence[Any]) -> Iterator[tuple[str, Hint]]:
    for notification in notifications:
        if not isinstance(notification, Mapping):
            continue
        realm = _realm(notification.get("realmId"))
        changes = notification.get("dataChangeEvent")
        entities = changes.get("entities") if isinstance(changes, Mapping) else None
        for entity in entities if realm and isinstance(entities, list) else ():
            if isinstance(entity, Mapping):
                yield (
                    realm,
                    {
                        "entity": _entity(entity.get("name")),
                        "id": _text(entity.get("id")),
                        "operation": _text(entity.get("operation")).lower(),
                        "time": _text(entity.get("lastUpdated")),
                        "deleted": _text(entity.get("deletedId")),
                    },
                )


def _cloud_events(events: Sequence[Any]) -> Iterator[tuple[str, Hint]]:
    for event in events:
        if not isinstance(event, Mapping):
            continue
        realm = _realm(event.get("intuitaccountid"))
        if not realm:
            continue
        _, _, what = _text(event.get("type")).partition("qbo.")
        entity, _, happened = what.partition(".")
        operation = happened.partition(".")[0].lower()
        data = event.get("data")
        yield (
            realm,
            {
                "entity": _entity(entity),
                "id": _text(event.get("intuitentityid")),
                "operation": _OPERATIONS.get(operation, operation),
                "time": _text(event.get("time")),
                "deleted": _text(data.get("deletedid")) if isinstance(data, Mapping) else "",
                "event": _text(event.get("id")),
            },
        )


def _realm(value: Any) -> str:
    """A company's id; nothing for what cannot be one."""
    text = _text(value)
    return text if text.isascii() and text.isalnum() else ""


def _entity(name: Any) -> str:
    text = _text(name)
    return ENTITIES.get(text.lower(), text)


def _text(value: Any) -> str:
    """A short text or number; anything else is nothing."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()[:_LONGEST]
