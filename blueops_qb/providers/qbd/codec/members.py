"""Members: texts, numbers, days, references and addresses, as qbXML spells them (reference sections 3.1, 5.2)."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import textwrap
import uuid
from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.domain import lenses
from blueops_qb.domain.lenses import Notes
from blueops_qb.domain.money import CENT, ZERO, half_up
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksKind, BooksRef, Ref
from blueops_qb.providers.qbd.qbxml.characters import folded
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf

#: Longest memo, description and note; a memo leaves room for our marker.
TEXT, MEMO = 4095, 3980
#: Longest reference of a payment, address line and company name.
REFERENCE, LINE, COMPANY = 20, 41, 41
#: How the id of a list's member begins that is known by its full name only.
NAMED = "name:"
_WORD = re.compile(r"\w+")
_VOIDED = re.compile(r"^void(ed)?\s*:\s*", re.IGNORECASE)
_FIVE = Decimal("0.00001")
#: The name space of our ExternalGUIDs.
_GUIDS = uuid.UUID("6f0d2b52-2f7b-5d0a-9a57-6e2f3a3f1c11")


class Unwritable(Exception):
    """A document cannot be written to QuickBooks Desktop; the sentence says why and what to do.

    What it quotes is shown without characters that nobody can see and no database can keep.
    """

    def __init__(self, sentence: str) -> None:
        super().__init__("".join(mark if mark.isprintable() else " " for mark in sentence))


# -- words -----------------------------------------------------------------------------------------
def words(text: str, limit: int = TEXT) -> str:
    """Free text as Desktop keeps it: one line of its own characters, at most `limit` of them."""
    return folded(text)[:limit].rstrip()


def exactly(text: str, limit: int, what: str) -> str:
    """Text that must not be cut; raises Unwritable when it is longer than `limit`."""
    shown = folded(text)
    if len(shown) > limit:
        raise Unwritable(
            f"{what} “{shown[:40]}…” has {len(shown)} characters, QuickBooks Desktop keeps {limit}. "
            "Shorten it in BlueOps."
        )
    return shown


def derived(text: str, limit: int) -> str:
    """A text that is too long, as a shorter one that is the same every time and does not collide."""
    shown = folded(text)
    if len(shown) <= limit:
        return shown
    return f"{shown[: limit - 9].rstrip()}~{hashlib.sha256(shown.encode()).hexdigest()[:8]}"


_NOTES = Notes(words=lambda memo: words(memo, MEMO), voided=_VOIDED)
#: A memo with our marker behind it in brackets.
note, split_note, plain_memo = _NOTES.note, _NOTES.split, _NOTES.plain


def external_guid(company_id: str, marker: str) -> str:
    """The ExternalGUID of a creation: the same for the same marker in the same company, in braces."""
    return f"{{{uuid.uuid5(_GUIDS, f'{company_id}/{marker}')}}}"


# -- numbers and days ------------------------------------------------------------------------------
def money(value: Decimal) -> str:
    """An amount with two decimals; a fraction of a cent, or more than fits, raises Unwritable."""
    exact = value.quantize(CENT)
    if exact != value:
        raise Unwritable(f"The amount {value} has a fraction of a cent; correct it in BlueOps.")
    if abs(exact) >= Decimal(10) ** 13:
        raise Unwritable(
            f"The amount {value} is larger than QuickBooks Desktop can hold; correct it in BlueOps."
        )
    return f"{exact:f}"


def five(value: Decimal) -> str:
    """A price, quantity or percentage; the caller has made sure that five decimals hold it."""
    plain = value.quantize(_FIVE).normalize()
    return f"{plain:f}"


def rated(quantity: Decimal | None, price: Decimal | None, amount: Decimal) -> tuple[Decimal, Decimal] | None:
    """Quantity and price when they fit and multiply to the amount, else None: the amount then stands alone."""
    if quantity is None or price is None or quantity <= 0:
        return None
    for number in (quantity, price):
        if number != number.quantize(_FIVE) or abs(number) >= Decimal(10) ** 10:
            return None
    return (quantity, price) if half_up(quantity * price) == amount else None


def amount_of(element: Element, *path: str) -> Decimal:
    """An amount, 0.00 when absent."""
    text = element.get(*path)
    return half_up(Decimal(text)) if text else ZERO


def number_of(element: Element, name: str) -> Decimal | None:
    """A number of any precision, None when absent."""
    text = element.get(name)
    return Decimal(text) if text else None


def day_of(element: Element, name: str) -> dt.date | None:
    """A calendar day, None when absent."""
    text = element.get(name)
    return dt.date.fromisoformat(text[:10]) if text else None


def needed_day(element: Element, name: str) -> dt.date:
    """A calendar day that must be there; raises ValueError."""
    day = day_of(element, name)
    if day is None:
        raise ValueError(f"{name} is missing")
    return day


def is_set(element: Element, name: str, *, default: bool = False) -> bool:
    """A switch: `true`, or `1`."""
    text = element.get(name).lower()
    return text in ("true", "1") if text else default


def local_moment(element: Element, name: str) -> str:
    """The 19 characters of a moment in QuickBooks' own clock; its offset ignores summer time and is not used."""
    return element.get(name)[:19]


# -- leaves ----------------------------------------------------------------------------------------
def put(body: list[Element], name: str, text: str) -> None:
    """A leaf, when there is something to say."""
    if text:
        body.append(leaf(name, text))


def flag(name: str, value: bool) -> Element:
    """A switch."""
    return leaf(name, "true" if value else "false")


# -- references ------------------------------------------------------------------------------------
def ref(name: str, target: Ref | None, what: str) -> Element:
    """A reference by id, or by full name where no id is known (`NAMED`); raises Unwritable for an unbound one."""
    if not isinstance(target, BooksRef):
        raise Unwritable(f"{what} is not linked to a record in QuickBooks yet ({target}).")
    if target.id.startswith(NAMED):
        return named_ref(name, target.id.removeprefix(NAMED))
    return branch(name, [leaf("ListID", target.id)])


def put_ref(body: list[Element], name: str, target: Ref | None, what: str = "A reference") -> None:
    """A reference, when there is one."""
    if target is not None:
        body.append(ref(name, target, what))


def named_ref(name: str, full_name: str) -> Element:
    """A reference by full name."""
    return branch(name, [leaf("FullName", full_name)])


def txn_id(target: Ref | None, what: str) -> str:
    """The id of a transaction; raises Unwritable for one that is not bound to the books yet."""
    if not isinstance(target, BooksRef):
        raise Unwritable(f"{what} is not in QuickBooks yet ({target}).")
    return target.id


def ref_of(element: Element, name: str, kind: BooksKind) -> BooksRef | None:
    """The reference, None when absent or without an id."""
    id = element.get(name, "ListID")
    return BooksRef(kind, id) if id else None


def needed_ref(element: Element, name: str, kind: BooksKind) -> BooksRef:
    """A reference that must be there; raises ValueError."""
    found = ref_of(element, name, kind)
    if found is None:
        raise ValueError(f"{name} is missing")
    return found


# -- addresses -------------------------------------------------------------------------------------
_PARTS = (
    ("City", "city", 31),
    ("State", "state", 21),
    ("PostalCode", "postal_code", 13),
    ("Country", "country", 31),
)


def address(name: str, value: Address | None, *, label: str = "") -> Element | None:
    """An address block; lines longer than 41 characters go on below. None for no or an empty one. Raises Unwritable."""
    tidy = plain_address(value)
    if tidy is None:
        return None
    lines = [*([words(label, LINE)] if label else []), *_wrapped(tidy)]
    if len(lines) > 5:
        raise Unwritable(
            f"The address “{tidy.line1}…” needs {len(lines)} lines of {LINE} characters, QuickBooks Desktop has 5. "
            "Shorten it in BlueOps."
        )
    body = [leaf(f"Addr{n}", line) for n, line in enumerate(lines, 1)]
    for member, own, limit in _PARTS:
        put(body, member, exactly(getattr(tidy, own), limit, f"The address part {own.replace('_', ' ')}"))
    return branch(name, body)


def address_of(element: Element, name: str, *, labels: frozenset[str] = frozenset()) -> Address | None:
    """An address; a first line that only repeats the name (`labels`, in small letters) is left out.

    It may tell the name the other way round (“Hill, Ada”), as it stood when the address was entered.
    """
    inner = element.child(name)
    if inner is None:
        return None
    lines = [line for n in range(1, 6) if (line := folded(inner.get(f"Addr{n}")))]
    if lines and (lines[0].casefold() in labels or (len(lines) > 1 and _is_turned(lines[0], labels))):
        del lines[0]
    return plain_address(
        Address(
            line1=lines[0] if lines else "",
            line2=" ".join(lines[1:]),
            **{own: folded(inner.get(member)) for member, own, _ in _PARTS},
        )
    )


def _is_turned(line: str, labels: frozenset[str]) -> bool:
    """Whether a line is one of the names with its words in another order; a street has a number."""
    if any(mark.isdigit() for mark in line):
        return False
    said = sorted(_WORD.findall(line.casefold()))
    return any(said == sorted(_WORD.findall(label)) for label in labels)


def plain_address(value: Address | None) -> Address | None:
    """An address as the lens sees it: wrapped like the block, our own country left out, an empty one None."""
    lines = list(_wrapped(value)) if value is not None else []
    return lenses.plain_address(value, (lines[0] if lines else "", " ".join(lines[1:])), folded)


def _wrapped(value: Address) -> Iterator[str]:
    for line in (value.line1, value.line2):
        yield from textwrap.wrap(folded(line), LINE)
