"""Plain lens: what a document says, without what books commonly drop, fill in or reorder."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    Allocation,
    BillPayment,
    CustomerPayment,
    Document,
    SalesForm,
    Settled,
    TaxMode,
)
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import Ref

#: Keys of lines that name the line and not what it says.
_OURS = ("line_id", "books_line_id")
#: Decimals that are no amounts: their decimals beyond the cent count.
_RATES = frozenset({"quantity", "unit_price", "unit_cost", "markup", "percent"})
#: What a void document still says.
_VOID_KEEPS = frozenset(
    {"customer", "vendor", "payee", "account", "paid_by", "paid_from", "date", "number", "currency", "void"}
)


def plain(document: Document) -> Document:
    """The document through the lens; looking twice changes nothing.

    Texts lose outer spaces, amounts have two decimals, line keys and empty addresses go, allocations are
    merged per document and sorted, and a void document keeps only who, when and which number, at 0.00.
    """
    if getattr(document, "void", False):
        return _void(document)
    tidy: Document = _tidied(document)
    if isinstance(tidy, CustomerPayment):
        return attrs.evolve(tidy, allocations=_merged(tidy.allocations))
    if isinstance(tidy, BillPayment):
        return attrs.evolve(tidy, settles=_merged_settled(tidy.settles))
    return _sale(tidy) if isinstance(tidy, SalesForm) else tidy


def _tidied(value: Any) -> Any:
    changes = {
        field.name: _tidy(field.name, getattr(value, field.name)) for field in attrs.fields(type(value))
    }
    changes |= {name: "" for name in _OURS if name in changes}
    if "unit_price" in changes:
        changes["account"] = None
    return attrs.evolve(value, **changes)


def _tidy(name: str, value: Any) -> Any:
    match value:
        case str() if type(value) is str:
            return value.strip()
        case Decimal():
            return _exact(value) if name in _RATES else half_up(value)
        case tuple():
            return tuple(_tidied(part) if attrs.has(type(part)) else part for part in value)
        case Address():
            address = _tidied(value)
            return None if address == Address() else address
        case _:
            return value


def _exact(value: Decimal) -> Decimal:
    return Decimal(format(value.normalize(), "f"))


def _merged(allocations: tuple[Allocation, ...]) -> tuple[Allocation, ...]:
    sums = _sums((a.invoice, a.amount) for a in allocations)
    return tuple(Allocation(invoice=ref, amount=amount) for ref, amount in sums)


def _merged_settled(settles: tuple[Settled, ...]) -> tuple[Settled, ...]:
    return tuple(Settled(document=r, amount=a) for r, a in _sums((s.document, s.amount) for s in settles))


def _sums(pairs: Iterable[tuple[Ref, Decimal]]) -> list[tuple[Ref, Decimal]]:
    summed: dict[Ref, Decimal] = {}
    for ref, amount in pairs:
        summed[ref] = summed.get(ref, ZERO) + amount
    return sorted(summed.items(), key=lambda pair: str(pair[0]))


def _sale(document: Document) -> Document:
    assert isinstance(document, SalesForm)
    tax = ZERO if document.tax_mode is TaxMode.NONE else document.tax
    return attrs.evolve(
        document,
        tax_mode=TaxMode.OURS,
        tax=tax,
        tax_code=document.tax_code if tax else None,
        discount_account=document.discount_account if document.discount else None,
        discount_before_tax=document.discount_before_tax or not document.discount,
    )


def _void(document: Document) -> Document:
    """Fields that must be given and are not kept are emptied: amounts to 0.00, lines to none."""
    values: dict[str, Any] = {}
    for field in attrs.fields(type(document)):
        value = getattr(document, field.name)
        if field.name in _VOID_KEEPS:
            values[field.name] = value.strip() if type(value) is str else value
        elif isinstance(value, Decimal) or field.name in ("total", "tax"):
            values[field.name] = ZERO
        elif field.default is attrs.NOTHING:
            values[field.name] = ()
    return type(document)(**values)
