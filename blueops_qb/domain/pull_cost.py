"""Pull a cost: the BlueOps expense that says what the books' bill or expense says, or why there is none.

Nothing is guessed: whoever calls posts the result again and compares it with the books before core is told.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import ExpenseDocument
from blueops_qb.domain.line_merge import PRODUCT, LineStep
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.costs import FREIGHT_KEY, PURCHASE_TAX_KEY
from blueops_qb.domain.posting.expenses import PAID_BY
from blueops_qb.domain.posting.subcontracts import LINE as RETAINAGE
from blueops_qb.domain.posting.subcontracts import bare, held_back
from blueops_qb.domain.pulling import (
    Drafted,
    LineOption,
    NoPlace,
    Pull,
    ask_for_keys,
    key_for,
    next_line_id,
)
from blueops_qb.domain.records import CostLine, Expense
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.domain.reverse_keys import BOUGHT, only_key

#: Fields of the document that are fields of the record word for word.
_SAME = {
    "date": "date",
    "due_date": "due_date",
    "memo": "memo",
    "number": "vendor_invoice_number",
    "refund": "refund",
}
#: Lines that posting makes of what is said once for the whole cost: the end of their id -> the record's field.
_WHOLE = {FREIGHT_KEY: "freight", PURCHASE_TAX_KEY: "tax"}
_CATEGORY = {
    Family.EXPENSE: "expense_category",
    Family.MATERIAL_COST: "material_category",
    Family.COST_CODE: "cost_code",
}


def expense_from(record: Expense, pull: Pull) -> Drafted:
    """`record` with the fields of `pull` as the books have them; raises NoPlace."""
    changes: dict[str, Any] = {}
    for field in sorted(pull.fields):
        if field == "currency":
            raise NoPlace("is in another currency in QuickBooks now, for which BlueOps has no place")
        if field in _SAME:
            changes[_SAME[field]] = getattr(pull.theirs, field)
        elif field in _HEAD:
            changes |= _HEAD[field](record, pull)
    ids: tuple[str, ...] | None = None
    if "lines" in pull.fields:
        lines, ids, more = _lines(record, pull)
        changes |= {"lines": lines, **more}
    draft: Expense = attrs.evolve(record, **changes)
    total = sum((line.amount for line in draft.lines), ZERO) + draft.tax + draft.freight - held_back(draft)
    return Drafted(record=attrs.evolve(draft, total=total), ids=ids)


# -- the head ------------------------------------------------------------------------------------------
def _vendor(_: Expense, pull: Pull) -> dict[str, Any]:
    party = getattr(pull.theirs, "vendor", None) or getattr(pull.theirs, "payee", None)
    if party is None:
        return {"vendor_id": None}
    if not isinstance(party, RecordRef) or party.kind is not RecordKind.VENDOR:
        raise NoPlace(f"was given to {party} in QuickBooks, which is no vendor of BlueOps")
    return {"vendor_id": party.id}


def _terms(_: Expense, pull: Pull) -> dict[str, Any]:
    return {"terms": pull.key(Family.TERMS, "terms", pull.theirs.terms, "the terms")}


def _branch(record: Expense, pull: Pull) -> dict[str, Any]:
    if pull.by_person:
        found = only_key(pull.mapping, Family.BRANCH, "location", pull.theirs.location)
        return {"branch": record.branch if found is None else found}
    return {"branch": pull.key(Family.BRANCH, "location", pull.theirs.location, "the location")}


def _account(record: Expense, pull: Pull) -> dict[str, Any]:
    if pull.by_person:
        found = only_key(pull.mapping, Family.MONEY_ACCOUNT, "account", pull.theirs.account)
        return {"payment_account_key": found or record.payment_account_key}
    key = pull.key(Family.MONEY_ACCOUNT, "account", pull.theirs.account, "as the account it was paid from")
    return {"payment_account_key": key}


def _paid_by(_: Expense, pull: Pull) -> dict[str, Any]:
    assert isinstance(pull.theirs, ExpenseDocument)
    return {"type": next(type for type, way in PAID_BY.items() if way is pull.theirs.paid_by)}


_HEAD: dict[str, Callable[[Expense, Pull], dict[str, Any]]] = {
    "vendor": _vendor,
    "payee": _vendor,
    "terms": _terms,
    "location": _branch,
    "account": _account,
    "paid_by": _paid_by,
}


# -- the lines -----------------------------------------------------------------------------------------
def _lines(record: Expense, pull: Pull) -> tuple[tuple[CostLine, ...], tuple[str, ...], dict[str, Any]]:
    """The record's lines, our id of each line of theirs, and tax and freight as their own lines say them."""
    ours = {line.line_id: line for line in record.lines}
    lines: list[CostLine] = []
    ids: list[str] = []
    asked: list[LineOption] = []
    whole: dict[str, Any] = {}
    for step in pull.steps:
        tail = step.ours_id.rpartition("/")[2] if "/" in step.ours_id else ""
        if tail in _WHOLE:
            amount = ZERO if step.theirs is None else step.theirs.amount
            whole[_WHOLE[tail]] = whole.get(_WHOLE[tail], ZERO) + amount
        if step.ours_id == RETAINAGE:
            whole |= _retainage(record, step)
        if step.theirs is None:
            continue
        ids.append(step.ours_id)
        if tail in _WHOLE or step.ours_id == RETAINAGE:
            continue
        if step.ours_id:
            lines.append(_changed(ours[step.ours_id], step, pull))
            continue
        added = _added(step, pull, next_line_id([*ours, *(line.line_id for line in lines)]))
        if isinstance(added, LineOption):
            asked.append(added)
        else:
            lines.append(added)
            ids[-1] = added.line_id
    ask_for_keys(asked)
    return tuple(lines), tuple(ids), whole


def _retainage(record: Expense, step: LineStep) -> dict[str, Any]:
    """What is held back, or released, as the line of it says over there."""
    bill, amount = record.subcontract, ZERO if step.theirs is None else step.theirs.amount
    assert bill is not None, "only the bill of a subcontract has that line"
    if bill.retainage and bill.release:
        raise NoPlace("holds back and releases retainage in one line, which was changed in QuickBooks alone")
    changed = attrs.evolve(bill, retainage=max(-amount, ZERO), release=max(amount, ZERO))
    return {"subcontract": changed}


def _changed(line: CostLine, step: LineStep, pull: Pull) -> CostLine:
    theirs = step.theirs
    changes: dict[str, Any] = {}
    product = step.moved(*PRODUCT)
    if product:
        # What posting put on top of the line (its share of the tax) stays on top.
        on_top = step.ours.amount - line.amount
        changes |= _product(theirs, theirs.amount - on_top)
    if step.moved("description") or (product and step.ours.description != line.description):
        changes["description"] = bare(theirs.description, line)
    if step.moved("customer"):
        changes["job_id"] = _job(theirs, pull)
    if step.moved("class_"):
        key = only_key(pull.mapping, Family.CLASS, "class_", theirs.class_)
        changes |= {} if key is None else {"class_key": key}
    return attrs.evolve(line, **changes)


def _product(theirs: Any, amount: Decimal) -> dict[str, Any]:
    if theirs.quantity is None or theirs.unit_cost is None:
        return {"quantity": Decimal(1), "unit_cost": amount, "amount": amount}
    return {"quantity": theirs.quantity, "unit_cost": theirs.unit_cost, "amount": amount}


def _job(theirs: Any, pull: Pull) -> str | None:
    bearer = pull.ours.get(theirs.customer, theirs.customer)
    if bearer is None:
        return None
    if not isinstance(bearer, RecordRef) or bearer.kind is not RecordKind.JOB:
        raise NoPlace(f"has a line on {bearer} in QuickBooks; in BlueOps only jobs bear costs")
    return bearer.id


def _added(step: LineStep, pull: Pull, line_id: str) -> CostLine | LineOption:
    theirs = step.theirs
    field = "item" if theirs.item is not None else "account"
    if getattr(theirs, field) is None:
        raise NoPlace(f"has got a line over {theirs.amount} without an account in QuickBooks")
    key = key_for(pull, BOUGHT, theirs, step.books_id, field)
    if isinstance(key, LineOption):
        return key
    category: dict[str, Any] = {_CATEGORY[key[0]]: key[1]}
    return CostLine(
        line_id=line_id,
        description=theirs.description,
        job_id=_job(theirs, pull),
        class_key=only_key(pull.mapping, Family.CLASS, "class_", theirs.class_) or "",
        **_product(theirs, theirs.amount),
        **category,
    )
