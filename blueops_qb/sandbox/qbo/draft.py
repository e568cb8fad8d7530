"""A write on its way: the record as it was, what was asked for, and the record as it shall be."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import attrs

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.currencies import check_currency
from blueops_qb.sandbox.qbo.entities import ENTITIES, Family
from blueops_qb.sandbox.qbo.faults import Fault, business, gone, made_inactive
from blueops_qb.sandbox.qbo.fields import Shape, Table
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

HOME = {"value": "USD", "name": "United States Dollar"}
#: the item that stands for the shipping charge of a sales form; no record of the item list
SHIPPING = "SHIPPING_ITEM_ID"


@attrs.define(kw_only=True)
class Draft:
    """``new`` is what the rules complete; ``sent`` are the typed members of the request."""

    company: Company
    kind: str
    new: Obj
    sent: Obj
    old: Obj | None = None
    cleared: frozenset[str] = frozenset()
    include: frozenset[str] = frozenset()
    by_person: bool = False  #: done on the screens of the books, not through the API
    whole: bool = False  #: a full update: writable members that were not sent are cleared

    @property
    def created(self) -> bool:
        """Is this a create?"""
        return self.old is None

    def account(self, name: str) -> Obj:
        """The account record that member ``name`` of the new record points to."""
        return self.company.get("Account", ref_id(self.new, name))

    def default(self, name: str, value: object) -> None:
        """Set a member unless it has a value."""
        if value is not None and name not in self.new:
            self.new[name] = value


def check_refs(draft: Draft) -> None:
    """Every reference must name a record of this company (2500) that is active (610)."""
    _check(draft, draft.sent, ENTITIES[draft.kind].fields)


def _check(draft: Draft, values: Obj, table: Table) -> None:
    for name, value in values.items():
        field = table.get(name)
        if field is None:
            continue
        if field.shape is Shape.REF:
            _check_ref(draft, name, value, field.target, values)
        elif field.shape is Shape.PART:
            _check(draft, value, field.table)
        elif field.shape is Shape.ROWS:
            for row in value:
                _check(draft, row, field.table)


def _check_ref(draft: Draft, name: str, ref: Obj, target: str, holder: Obj) -> None:
    company, identity = draft.company, ref["value"]
    if name == "CurrencyRef":
        check_currency(company, draft.kind, ref)
        return
    if name == "ItemRef" and identity == SHIPPING:
        return
    kind = target or str(holder.get("Type") or "") or _spelled(ref) or company.name_kind(identity)
    known = kind in ENTITIES and (bool(target) or ENTITIES[kind].family is Family.NAME)
    record = company.find(kind, identity) if known else None
    if record is None:
        raise Fault("2500", f"Invalid Reference Id : {name} {identity!r} names no {kind or 'record'}", name)
    inactive = record.get("Active") is False
    # A document that named the record before it was made inactive may go on naming it.
    named_before = draft.old is not None and _names(draft.old, name, identity)
    if inactive and ENTITIES[draft.kind].family is Family.TXN and not named_before:
        shown = record.get("DisplayName") or record.get("Name")
        raise made_inactive(name, identity, shown)


def _names(value: object, name: str, identity: str) -> bool:
    if isinstance(value, list):
        return any(_names(row, name, identity) for row in value)
    if not isinstance(value, dict):
        return False
    return ref_id(value, name) == identity or any(_names(member, name, identity) for member in value.values())


def _spelled(ref: Obj) -> str:
    return str(ref.get("type") or "").capitalize()


def due_day(company: Company, term_id: str, txn_day: date) -> date:
    """Due date by a term: days after the transaction, or a day of a later month; no term = same day."""
    term = company.find("Term", term_id) if term_id else None
    if term is None:
        return txn_day
    if term.get("DayOfMonthDue"):
        return _day_of_month(term, txn_day)
    return txn_day + timedelta(days=int(term.get("DueDays") or 0))


def _day_of_month(term: Obj, txn_day: date) -> date:
    target = int(term["DayOfMonthDue"])
    first = txn_day.replace(day=1)
    months = 0 if txn_day.day + int(term.get("DueNextMonthDays") or 0) <= target else 1
    if months:
        first = (first + timedelta(days=32)).replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    return min(first + timedelta(days=target - 1), last)


def check_open_period(company: Company, days: list[str]) -> None:
    """Refuse (6210) a write that is dated on or before the closing date."""
    closed = company.close_date
    if closed is None:
        return
    for text in days:
        if text and date.fromisoformat(text) <= closed:
            raise Fault(
                company.hidden.closed_period_code,
                f"The account period has closed: {text} is on or before the closing date {closed}, and books "
                "before it cannot be changed through this service.",
                "TxnDate",
            )


def positive(amount: Decimal, what: str) -> Decimal:
    """An amount that must not be negative; raises Fault 6000."""
    if amount < 0:
        raise business(f"{what} must be 0 or greater, not {amount}")
    return amount


def linked(company: Company, kind: str, identity: str) -> Obj:
    """A transaction that a link points to; raises Fault 610."""
    record = company.find(kind, identity)
    if record is None:
        raise gone(kind, identity)
    return record
