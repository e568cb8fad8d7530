"""Fields: a document of both sides as rows that a person can compare."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.compare import GROUPS, group_of
from blueops_qb.domain.documents import (
    Allocation,
    CustomValue,
    DepositLine,
    Document,
    JournalLine,
    PaidOut,
    PurchaseLine,
    SalesLine,
    Settled,
    TaxMode,
    TaxRate,
)
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import BooksRef, RecordRef, Ref

Name = Callable[[Ref], str]

LABELS = {
    "class_": "Class",
    "ap_account": "Payables account",
    "deposit_to": "Deposit to",
    "is_1099": "1099 vendor",
    "tax_mode": "Sales tax is computed by",
    "discount_before_tax": "Discount before tax",
    "exemption_reason": "Exemption reason no.",
    "parent": "Customer",
    "paid_by": "Paid by",
    "paid_from": "Paid from",
    "custom": "Fields of the company",
}
TAX_MODES = {TaxMode.BOOKS: "the books", TaxMode.OURS: "BlueOps", TaxMode.NONE: "nobody (a plain line)"}
#: What stands in a document for our own use and says nothing to a person.
UNSHOWN = frozenset({"currency"})
#: What a person looks for first: whom it is about, and with what it was paid.
FIRST = ("customer", "vendor", "paid_by", "account", "payee")


@attrs.frozen(kw_only=True)
class FieldRow:
    """One field on both sides; several values are lines. `moved` says who changed it since both agreed."""

    label: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    moved: str = ""


@attrs.frozen(kw_only=True)
class Sides:
    """A document as each side has it, with the moment both agreed on; all but the shown ones are normal.

    `ours_shown` and `theirs_shown` name parties by our references where they are known.
    """

    ours: Document | None
    theirs: Document | None
    base_ours: Document | None = None
    base_theirs: Document | None = None
    ours_shown: Document | None = None
    theirs_shown: Document | None = None


def rows(sides: Sides, name: Name) -> list[FieldRow]:
    """Every field that says something on either side."""
    one = sides.ours or sides.theirs
    if one is None:
        return []
    moved = _moved_fields(sides)
    ours_shown, theirs_shown = sides.ours_shown or sides.ours, sides.theirs_shown or sides.theirs
    found = []
    for field in sorted(attrs.fields(type(one)), key=_place):
        if field.name in UNSHOWN or (field.name == "discount_before_tax" and not _discounted(sides)):
            continue
        ours = texts(getattr(ours_shown, field.name, None), name)
        theirs = texts(getattr(theirs_shown, field.name, None), name)
        if ours or theirs:
            label = LABELS.get(field.name, field.name.replace("_", " ").capitalize())
            found.append(FieldRow(label=label, ours=ours, theirs=theirs, moved=moved.get(field.name, "")))
    return found


def _place(field: Any) -> int:
    return FIRST.index(field.name) if field.name in FIRST else len(FIRST)


def _discounted(sides: Sides) -> bool:
    return any(getattr(document, "discount", None) for document in (sides.ours, sides.theirs))


def _moved_fields(sides: Sides) -> dict[str, str]:
    """Fields of groups that moved: `here`, `there`, `both`, or `differs` where nothing was agreed."""
    ours, theirs = sides.ours, sides.theirs
    if ours is None or theirs is None or type(ours) is not type(theirs):
        return {}
    moved: dict[str, str] = {}
    for fields in GROUPS[type(ours)].values():
        word = _moved(sides, ours, theirs, fields)
        moved.update(dict.fromkeys(fields, word))
    return moved


def _moved(sides: Sides, ours: Document, theirs: Document, fields: tuple[str, ...]) -> str:
    if sides.base_ours is None or sides.base_theirs is None:
        return "differs" if group_of(ours, fields) != group_of(theirs, fields) else ""
    here = group_of(sides.base_ours, fields) != group_of(ours, fields)
    there = group_of(sides.base_theirs, fields) != group_of(theirs, fields)
    return "both" if here and there else "here" if here else "there" if there else ""


# -- values --------------------------------------------------------------------------------------------
def texts(value: Any, name: Name) -> tuple[str, ...]:
    """A value as lines of text; nothing for what is empty."""
    if isinstance(value, tuple):
        return tuple(line for part in value for line in texts(part, name))
    text = _text(value, name)
    return (text,) if text else ()


def _text(value: Any, name: Name) -> str:
    match value:
        case None | "" | False:
            return ""
        case True:
            return "yes"
        case RecordRef() | BooksRef():
            return name(value)
        case Decimal():
            return money(value) if value else ""
        case dt.date():
            return value.isoformat()
        case TaxMode():
            return TAX_MODES[value]
        case enum.Enum():
            return str(value.value).replace("_", " ")
        case Address():
            parts = (
                value.line1,
                value.line2,
                value.city,
                f"{value.state} {value.postal_code}",
                value.country,
            )
            return ", ".join(part.strip() for part in parts if part.strip())
        case CustomValue():
            return f"{value.name}: {value.value}"
        case TaxRate():
            return f"{value.name} · {_plain(value.percent)} % of {value.on.value} · {name(value.agency)}"
        case (
            SalesLine()
            | PurchaseLine()
            | JournalLine()
            | DepositLine()
            | Allocation()
            | Settled()
            | PaidOut()
        ):
            return " · ".join(_line(value, name))
        case _:
            return str(value)


def money(value: Decimal) -> str:
    """An amount with two decimals and thousands separated."""
    return f"{value:,.2f}"


def _line(line: Any, name: Name) -> Iterator[str]:
    match line:
        case Allocation() | Settled():
            if line.account is not None:
                yield f"Discount on {name(line.account)}"
            else:
                yield name(line.invoice if isinstance(line, Allocation) else line.document)
            yield money(line.amount)
            return
        case PaidOut():
            yield from (name(line.credit), money(line.amount))
            return
        case DepositLine():
            what = line.payment or line.account
            yield name(what) if what else line.description
        case JournalLine():
            yield f"{line.side.value.capitalize()} {name(line.account)}"
        case SalesLine():
            yield name(line.item) if line.item else "Text"
        case PurchaseLine():
            target = line.item or line.account
            yield name(target) if target else "No account"
    if line.description:
        yield line.description
    quantity = getattr(line, "quantity", None)
    price = getattr(line, "unit_price", None) or getattr(line, "unit_cost", None)
    if quantity is not None and price is not None:
        yield f"{_plain(quantity)} \u00d7 {_plain(price)}"
    if line.amount or not isinstance(line, SalesLine) or line.item:
        yield money(line.amount)
    yield from _tags(line, name)


def _tags(line: Any, name: Name) -> Iterator[str]:
    if getattr(line, "customer", None):
        yield f"for {name(line.customer)}"
    if getattr(line, "class_", None):
        yield f"class {name(line.class_)}"
    if getattr(line, "location", None):
        yield f"location {name(line.location)}"
    if getattr(line, "taxable", False):
        yield "taxable"
    if getattr(line, "billable", False):
        yield "billed" if line.billed else "billable"
    if getattr(line, "markup", None) is not None:
        yield f"{_plain(line.markup)} % on top"
    if getattr(line, "order", None):
        yield f"of {name(line.order)}"


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
