"""Overlay: our lines laid over those that the books show, so that what only the bookkeeper knows stays.

A Line array replaces the whole one (reference/quickbooks-online.md section 3). A line that is still there keeps its
id and every member that we do not model or did not change: a service date, a mark for billing, a class, a tax code,
links. Lines that no document shows (blank ones, kinds that we do not know) stay where they are; what QuickBooks
computes by itself (subtotals) is not sent back.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.providers.qbo.codec.members import Obj, Unfit, amount_of, folded, number_of, ref_id
from blueops_qb.providers.qbo.codec.sales_lines import is_subtotal
from blueops_qb.providers.qbo.codec.sendable import sendable

DISCOUNT, GROUP, SALE = "DiscountLineDetail", "GroupLineDetail", "SalesItemLineDetail"
#: The item by which QuickBooks shows a form's shipping charge, which stands below the subtotal.
SHIPPING = "SHIPPING_ITEM_ID"
#: Members that the lens keeps out: they follow us only when we changed them since we last told them.
HIDDEN = frozenset({"ServiceDate", "BillableStatus", "MarkupInfo", "LinkedTxn"})
_BILLED = "hasbeenbilled"


@attrs.frozen(kw_only=True)
class Place:
    """A line as the books show it: the object, how we would write it, and the bundle that it is part of."""

    shown: Obj
    was: Obj | None
    bundle: int | None = None


@attrs.frozen(kw_only=True)
class Told:
    """How we would write a line of ours now, and how we told it before, where that is known."""

    now: Obj
    at: int | None = None
    before: Obj | None = None


def overlaid(shown: Sequence[Obj], places: Sequence[Place], ours: Sequence[Told]) -> list[Obj]:
    """The Line array to send, without discounts; `places` are the lines of `shown` that a document can hold.

    Raises Unfit for a change inside a bundle, which QuickBooks keeps whole.
    """
    laid: list[tuple[int, Obj]] = []
    last = -1
    bundles: set[int] = set()
    top = {id(line): n for n, line in enumerate(shown)}
    unchanged = {n for n, line in enumerate(ours) if line.at is not None and _same(places[line.at], line)}
    for line in ours:
        place = None if line.at is None else places[line.at]
        if place is None:
            laid.append((last, line.now))
        elif place.bundle is not None:
            last = place.bundle
            if last not in bundles:
                bundles.add(last)
                _check_whole(shown[last], last, places, ours, unchanged)
                laid.append((last, sendable(shown[last])))
        else:
            last = top[id(place.shown)]
            laid.append((last, laid_over(place, line)))
    # A line that no document shows stays behind the line that it followed.
    held = {id(place.shown) for place in places}
    for n, other in enumerate(shown):
        if id(other) not in held and not _derived(other) and not _holds(n, places):
            behind = max((k for k, (at, _) in enumerate(laid, 1) if -1 < at < n), default=0)
            laid.insert(behind, (n, sendable(other)))
    return [line for _, line in laid]


def laid_over(place: Place, line: Told) -> Obj:
    """The line as the books show it, with what we changed."""
    shown, now = sendable(place.shown), line.now
    if folded(shown.get("DetailType")) != folded(now.get("DetailType")):
        return {**({"Id": shown["Id"]} if "Id" in shown else {}), **now}
    # What we could not have written counts as it is said now, and all else stays.
    laid = _over(shown, now, place.was or {}, line.before)
    return laid if laid == shown else _in_keeping(laid, shown)


def _in_keeping(line: Obj, shown: Obj) -> Obj:
    """The line without what our change made untrue: a product that is another amount, a cost billed to nobody."""
    for member, value in line.items():
        if not isinstance(value, dict) or not member.endswith("Detail"):
            continue
        detail: Obj = dict(value)
        amount, count, rate = product = _product(line, member)
        # A product that was another amount over there, by a discount on the line, stays what it was.
        told = product != _product(shown, member) and count is not None and rate is not None
        if told and half_up((count or ZERO) * (rate or ZERO)) != amount:
            del detail["Qty"], detail["UnitPrice"]  # refused with 6070
        bearer = {"CustomerRef", "Entity"} & detail.keys()
        if folded(detail.get("BillableStatus")) == "billable" and not bearer:
            detail["BillableStatus"] = "NotBillable"  # refused with 6310
            detail.pop("MarkupInfo", None)
        line = {**line, member: detail}
    return line


def _product(line: Obj, member: str) -> tuple[Decimal, Decimal | None, Decimal | None]:
    detail = line.get(member) or {}
    return amount_of(line, "Amount"), number_of(detail, "Qty"), number_of(detail, "UnitPrice")


def discounts(shown: Sequence[Obj], now: Sequence[Obj], lines: Sequence[Obj]) -> list[Obj]:
    """Our discount (none or one line) laid over those that the books show.

    A percentage stays one where it still gives our amount on the lines that are sent.
    """
    there = [line for line in shown if DISCOUNT in line]
    if not now or not there:
        return list(now)
    (ours,) = now
    if sum((amount_of(line, "Amount") for line in there), ZERO) == ours["Amount"] and len(there) > 1:
        return [sendable(line) for line in there]
    first = sendable(there[0])
    detail: Obj = {**first[DISCOUNT], **ours[DISCOUNT]}
    percent = first[DISCOUNT].get("DiscountPercent")
    if percent is not None and half_up(_sum(lines) * Decimal(percent) / 100) == ours["Amount"]:
        detail["PercentBased"] = True
    else:
        detail.pop("DiscountPercent", None)
    return [{**first, **ours, DISCOUNT: detail}]


def _sum(lines: Sequence[Obj]) -> Decimal:
    # What a discount is a percentage of: a line of words may show a sum that must not be counted twice.
    sold = (line for line in lines if GROUP in line or ref_id(line.get(SALE) or {}, "ItemRef"))
    counted = (line for line in sold if ref_id(line.get(SALE) or {}, "ItemRef") != SHIPPING)
    return sum((amount_of(line, "Amount") for line in counted), ZERO)


def _over(shown: Obj, now: Obj, was: Obj, before: Obj | None) -> Obj:
    result = dict(shown)
    for member in dict.fromkeys((*now, *was)):
        if member == "Id":
            continue
        value = now.get(member)
        if isinstance(value, dict) and member.endswith("Detail"):
            below = None if before is None else before.get(member) or {}
            result[member] = _over(shown.get(member) or {}, value, was.get(member) or {}, below)
        elif _moved(member, shown, now, was, before):
            result.pop(member, None)
            if value is not None:
                result[member] = value
    return result


def _moved(member: str, shown: Obj, now: Obj, was: Obj, before: Obj | None) -> bool:
    if member == "Description" and before is not None and not (member in now or member in before):
        return False  # QuickBooks took the item's, as we said none
    if member not in HIDDEN:
        return bool(now.get(member) != was.get(member))
    if folded(shown.get(member)) == _BILLED:
        return False  # the invoice that billed it keeps it
    if before is not None:
        return bool(now.get(member) != before.get(member))
    # A journal line has a bearer without a mark; a cost must never be left without one (section 4.17).
    return member in now and member not in shown and "Entity" not in shown


def _same(place: Place, line: Told) -> bool:
    shown: Obj = sendable(place.shown)
    return laid_over(place, line) == shown


def _check_whole(
    shown: Obj, bundle: int, places: Sequence[Place], ours: Sequence[Told], unchanged: set[int]
) -> None:
    inside = [at for at, place in enumerate(places) if place.bundle == bundle]
    mine = {line.at for n, line in enumerate(ours) if n in unchanged}
    if not set(inside) <= mine:
        name = str(shown.get("Description") or (shown[GROUP].get("GroupItemRef") or {}).get("name") or "")
        raise Unfit(
            f"The change touches lines of the bundle “{name}”, which QuickBooks keeps together; nothing of it was "
            "written. Change the bundle in QuickBooks, or replace it there by single lines, then retry."
        )


def _holds(n: int, places: Sequence[Place]) -> bool:
    return any(place.bundle == n for place in places)


def _derived(line: Obj) -> bool:
    return is_subtotal(line) or DISCOUNT in line
