"""Members: how single values go into and come out of the objects of the v3 API.

Limits are those of reference/quickbooks-online.md section 4. Names, numbers and addresses that do not fit are
refused with a sentence, never cut; words (descriptions, memos) end at the limit, here and in the lens.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from decimal import Decimal
from typing import Any

from blueops_qb.domain import lenses
from blueops_qb.domain.lenses import Notes
from blueops_qb.domain.money import CENT, ZERO, half_up
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef, Ref

Obj = dict[str, Any]

#: Longest description of a line and longest memo; the rest of PrivateNote's 4000 is kept for our marker.
DESCRIPTION, MEMO, REFERENCE, NUMBER = 4000, 3900, 21, 21
_RATE_DIGITS = Decimal("0.0000001")
_DIGITS = 15
_VOIDED = re.compile(r"^voided\b[\s:;.,-]*", re.IGNORECASE)
_LINE_END = re.compile(r"\r*\n|\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_DELETED = " (deleted)"


class Unfit(Exception):
    """A document cannot be written to QuickBooks Online; the sentence says why and what to do."""


# -- words -----------------------------------------------------------------------------------------
def words(text: str, limit: int = DESCRIPTION) -> str:
    """Free text as it is stored: control characters out, line ends alike, trimmed, at most `limit` characters."""
    return _CONTROL.sub(" ", _LINE_END.sub("\n", text)).strip()[:limit].rstrip()


def exactly(text: str, limit: int, what: str) -> str:
    """Text that must not be cut; raises Unfit when it is longer than `limit`."""
    shown = _CONTROL.sub(" ", text).strip()
    if len(shown) > limit:
        raise Unfit(
            f"{what} “{shown[:40]}…” has {len(shown)} characters, QuickBooks Online keeps {limit}. "
            f"Shorten it in BlueOps."
        )
    return shown


def derived(text: str, limit: int) -> str:
    """A reference that is too long, as a shorter one that is the same every time and does not collide."""
    shown = _CONTROL.sub(" ", text).strip()
    if len(shown) <= limit:
        return shown
    return f"{shown[: limit - 9]}~{hashlib.sha256(shown.encode()).hexdigest()[:8]}"


_NOTES = Notes(words=lambda memo: words(memo, MEMO), voided=_VOIDED)
#: PrivateNote: the memo, then our marker in brackets.
note, split_note, plain_memo = _NOTES.note, _NOTES.split, _NOTES.plain


def shown_name(obj: Obj, member: str) -> str:
    """A name without the suffix that inactive records carry."""
    return str(obj.get(member) or "").strip().removesuffix(_DELETED)


# -- numbers and days ------------------------------------------------------------------------------
def cents(value: Decimal) -> Decimal:
    """Two decimals; a fraction of a cent raises Unfit."""
    exact = value.quantize(CENT)
    if exact != value:
        raise Unfit(f"The amount {value} has a fraction of a cent; correct it in BlueOps.")
    return exact


def amount_of(obj: Obj, member: str) -> Decimal:
    """An amount, 0.00 when absent."""
    value = obj.get(member)
    if value is None or value == "":
        return ZERO
    return half_up(Decimal(value) if not isinstance(value, Decimal) else value)


def number_of(obj: Obj, member: str) -> Decimal | None:
    """A number of any precision, None when absent."""
    value = obj.get(member)
    if value is None or value == "":
        return None
    return value if isinstance(value, Decimal) else Decimal(value)


def plain(value: Decimal) -> Decimal:
    """The same number without trailing zeros or exponent, at most seven decimals."""
    cut = value.quantize(_RATE_DIGITS) if int(value.as_tuple().exponent) < -7 else value
    if cut == cut.to_integral_value():
        return cut.quantize(Decimal(1))
    return cut.normalize()


def rated(quantity: Decimal | None, price: Decimal | None, amount: Decimal) -> tuple[Decimal, Decimal] | None:
    """Quantity and unit price when they multiply to the amount, else None: the amount then stands alone.

    QuickBooks refuses a product that differs from the amount (code 6070).
    """
    if quantity is None or price is None or quantity <= 0:
        return None
    count, rate = plain(quantity), plain(price)
    if max(len(count.as_tuple().digits), len(rate.as_tuple().digits)) > _DIGITS:
        return None
    return (count, rate) if half_up(count * rate) == amount else None


def day_of(obj: Obj, member: str) -> dt.date | None:
    """A calendar day, None when absent."""
    value = obj.get(member)
    return dt.date.fromisoformat(str(value)[:10]) if value else None


def moment_of(obj: Obj, member: str) -> dt.datetime | None:
    """A moment of `MetaData`, None when absent or unreadable."""
    try:
        moment = dt.datetime.fromisoformat(obj["MetaData"][member])
    except (KeyError, TypeError, ValueError):
        return None
    return moment if moment.tzinfo else None


def changed_by(obj: Obj) -> str:
    """Who changed an object last, by name or else by the number of his sign-in; empty where it is not told.

    QuickBooks Online documents the two moments of `MetaData` only (reference section 4); the schema names
    `LastModifiedByRef` for the desktop product. It is read where an answer has it.
    """
    meta = obj.get("MetaData")
    ref = meta.get("LastModifiedByRef") if isinstance(meta, dict) else None
    if not isinstance(ref, dict):
        return ""
    name, id = str(ref.get("name") or "").strip(), str(ref.get("value") or "").strip()
    return name or (f"user {id}" if id else "")


def is_set(obj: Obj, member: str) -> bool:
    """Whether a switch is on, in whatever form it is shown."""
    return folded(obj.get(member)) == "true"


def is_active(obj: Obj) -> bool:
    """Whether a name of a list is active; one that does not say is."""
    return str(obj.get("Active")).lower() != "false"


def needed_day(obj: Obj, member: str) -> dt.date:
    """A calendar day that must be there; raises ValueError."""
    day = day_of(obj, member)
    if day is None:
        raise ValueError(f"{member} is missing")
    return day


# -- references ------------------------------------------------------------------------------------
def ref(target: Ref | None, what: str) -> Obj:
    """`{"value": id}`; raises Unfit for a reference that is not bound to the books yet."""
    if not isinstance(target, BooksRef):
        raise Unfit(f"{what} is not linked to a record in QuickBooks yet ({target}).")
    return {"value": target.id}


def put_ref(body: Obj, member: str, target: Ref | None, what: str = "A reference") -> None:
    """Set a reference when there is one."""
    if target is not None:
        body[member] = ref(target, what)


def ref_id(obj: Obj, member: str) -> str:
    """The id inside a reference, empty when absent."""
    inner = obj.get(member)
    return str(inner.get("value") or "") if isinstance(inner, dict) else ""


def ref_of(obj: Obj, member: str, kind: BooksKind) -> BooksRef | None:
    """The reference, None when absent."""
    id = ref_id(obj, member)
    return BooksRef(kind, id) if id else None


def needed_ref(obj: Obj, member: str, kind: BooksKind) -> BooksRef:
    """A reference that must be there; raises ValueError."""
    found = ref_of(obj, member, kind)
    if found is None:
        raise ValueError(f"{member} is missing")
    return found


def folded(value: Any) -> str:
    """An enumeration without regard to spelling: QuickBooks answers `NotSet` and `NOT_SET` (section 2.4)."""
    return str(value or "").replace("_", "").lower()


# -- addresses, phones, e-mail ---------------------------------------------------------------------
_ADDRESS = (
    ("Line1", "line1", 500),
    ("Line2", "line2", 500),
    ("City", "city", 255),
    ("CountrySubDivisionCode", "state", 255),
    ("PostalCode", "postal_code", 30),
    ("Country", "country", 255),
)
#: The parts by which an address is written or emptied; further lines only come from the bookkeeper.
ADDRESS_PARTS = (*(name for name, _, _ in _ADDRESS), "Line3", "Line4", "Line5")


def address(value: Address | None) -> Obj | None:
    """A PhysicalAddress with the parts that are set; None for no or an empty one."""
    if value is None:
        return None
    parts = {
        name: exactly(getattr(value, own), limit, f"The address part {own}") for name, own, limit in _ADDRESS
    }
    return {name: part for name, part in parts.items() if part} or None


def address_of(obj: Obj, member: str) -> Address | None:
    """An address; further lines are joined to the second. None when absent or empty."""
    inner = obj.get(member)
    if not isinstance(inner, dict):
        return None
    values = {own: str(inner.get(name) or "").strip() for name, own, _ in _ADDRESS}
    lines = [str(inner.get(f"Line{n}") or "").strip() for n in range(2, 6)]
    values["line2"] = ", ".join(line for line in lines if line)
    return plain_address(Address(**values))


def plain_address(value: Address | None) -> Address | None:
    """An address as the lens sees it: trimmed, our own country left out, an empty one None."""
    lines = (value.line1.strip(), value.line2.strip()) if value is not None else ("", "")
    return lenses.plain_address(value, lines, str.strip)


def leaf_of(obj: Obj, member: str, leaf: str) -> str:
    """The text inside a phone number, e-mail address or the like; empty when absent."""
    inner = obj.get(member)
    return str(inner.get(leaf) or "").strip() if isinstance(inner, dict) else ""
