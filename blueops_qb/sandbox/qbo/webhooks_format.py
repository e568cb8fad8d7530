"""What a webhook says: the classic format and CloudEvents, and the signature over it (reference section 7)."""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

from blueops_qb.sandbox.qbo.news import News, Written
from blueops_qb.sandbox.qbo.wire import Obj, dumps

SIGNATURE = "intuit-signature"


class Format(enum.Enum):
    """How the body is written."""

    OLD = "old"  #: eventNotifications, one block per company
    CLOUDEVENTS = "cloudevents"  #: a list of CloudEvents 1.0


#: kind of record -> its name in a webhook; other kinds raise none (section 7.2)
TOLD: dict[str, str] = {
    **{
        kind: kind for kind in ("Account", "Bill", "BillPayment", "Budget", "Class", "CreditMemo", "Customer")
    },
    **{kind: kind for kind in ("Department", "Deposit", "Employee", "Estimate", "Invoice", "Item")},
    **{kind: kind for kind in ("JournalCode", "JournalEntry", "Payment", "PaymentMethod", "Preferences")},
    **{kind: kind for kind in ("Purchase", "PurchaseOrder", "RefundReceipt", "SalesReceipt", "TaxAgency")},
    **{kind: kind for kind in ("Term", "TimeActivity", "Transfer", "Vendor", "VendorCredit")},
    "CompanyCurrency": "Currency",
}
_VERBS = {
    Written.CREATED: "created",
    Written.UPDATED: "updated",
    Written.DELETED: "deleted",
    Written.MERGED: "merged",
    Written.VOIDED: "voided",
    Written.EMAILED: "emailed",
}


def body_of(news: Sequence[News], style: Format, *, source: str) -> bytes:
    """The raw body for these changes, of as many companies as they are of."""
    if style is Format.OLD:
        return dumps(_classic(news))
    return dumps([_cloud_event(each, source) for each in news])


def signature(body: bytes, token: str) -> str:
    """Base64 of the HMAC-SHA256 over the raw body with the verifier token."""
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()


def _classic(news: Sequence[News]) -> Obj:
    realms: dict[str, list[Obj]] = {}
    for each in news:
        entity: Obj = {
            "name": TOLD[each.kind],
            "id": each.id,
            "operation": each.operation.value,
            "lastUpdated": each.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        }
        if each.deleted_id:
            entity["deletedId"] = each.deleted_id
        realms.setdefault(each.realm, []).append(entity)
    return {
        "eventNotifications": [
            {"realmId": realm, "dataChangeEvent": {"entities": entities}}
            for realm, entities in realms.items()
        ]
    }


def _cloud_event(news: News, source: str) -> Obj:
    return {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": source,
        "type": f"qbo.{TOLD[news.kind].lower()}.{_VERBS[news.operation]}.v1",
        "datacontenttype": "application/json",
        "time": _nanoseconds(news.time),
        "intuitentityid": news.id,
        "intuitaccountid": news.realm,
        "data": {"deletedid": news.deleted_id} if news.deleted_id else {},
    }


def _nanoseconds(moment: datetime) -> str:
    # Nine decimals, as Intuit sends them; more than a datetime can hold.
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "000Z"
