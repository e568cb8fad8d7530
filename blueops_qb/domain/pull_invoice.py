"""Pull an invoice: the BlueOps invoice that says what the books' invoice says, or why there is none.

Nothing is guessed: whoever calls posts the result again and compares it with the books before core is told.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.line_merge import PRODUCT, LineStep
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.invoices import DISCOUNT_KEY, SALES_TAX_KEY
from blueops_qb.domain.posting.salestax import DEFAULT_KEY
from blueops_qb.domain.pull_bundles import Bundles
from blueops_qb.domain.pulling import (
    Drafted,
    LineOption,
    NoPlace,
    Pull,
    ask_for_keys,
    key_for,
    next_line_id,
    payer_of,
)
from blueops_qb.domain.records import Invoice, InvoiceLine, LineKind
from blueops_qb.domain.reverse_keys import SOLD, Key, only_key

DISCOUNT_OF = "/discount"
#: Fields of the document that are fields of the record word for word.
_SAME = {
    "date": "issue_date",
    "due_date": "due_date",
    "memo": "memo",
    "email": "email",
    "shipping": "site",
    "discount": "discount",
    "discount_before_tax": "discount_before_tax",
}
#: What BlueOps has no place for, and how a sentence names it.
_NOWHERE = {
    "currency": "another currency",
    "deposit": "money taken on the invoice itself",
    "estimate": "an estimate that it bills",
    "custom": "fields of the company's own",
}


def invoice_from(record: Invoice, pull: Pull, *, customer_id: str | None = None) -> Drafted:
    """`record` with the fields of `pull` as the books have them; raises NoPlace.

    `customer_id` is the BlueOps customer behind the party that the books name, if that one is ours.
    """
    changes: dict[str, Any] = {}
    for field in sorted(pull.fields):
        if field in _NOWHERE:
            raise NoPlace(f"has {_NOWHERE[field]} in QuickBooks now, for which BlueOps has no place")
        if field in _SAME:
            changes[_SAME[field]] = getattr(pull.theirs, field)
        elif field in _HEAD:
            changes |= _HEAD[field](record, pull)
    if "customer" in pull.fields:
        changes |= payer_of(pull.theirs.customer, customer_id)
    ids: tuple[str, ...] | None = None
    if "lines" in pull.fields:
        lines, ids, more = _lines(record, pull)
        changes |= {"lines": lines, **more}
    draft: Invoice = attrs.evolve(record, **changes)
    draft = attrs.evolve(draft, total=_total(draft))
    if "total" in pull.fields and pull.theirs.total is not None and not pull.mixed:
        _check_total(draft, pull.theirs.total)
    return Drafted(record=draft, ids=ids)


def _check_total(draft: Invoice, total: Decimal) -> None:
    if draft.total != total:
        raise NoPlace(f"comes to {total} in QuickBooks, but to {draft.total} by its lines, discounts and tax")


def _total(invoice: Invoice) -> Decimal:
    net = sum((line.amount - line.discount for line in invoice.lines), ZERO)
    return net - invoice.discount + invoice.tax


# -- the head ------------------------------------------------------------------------------------------
def _number(record: Invoice, pull: Pull) -> dict[str, Any]:
    prefix, number = pull.policy.number_prefix, pull.theirs.number
    if not number.startswith(prefix):
        raise NoPlace(f"has the number {number or '(none)'} in QuickBooks now; ours begin with {prefix}")
    bare = prefix and not record.number.startswith(prefix)
    return {"number": number.removeprefix(prefix) if bare else number}


def _terms(_: Invoice, pull: Pull) -> dict[str, Any]:
    return {"terms": pull.key(Family.TERMS, "terms", pull.theirs.terms, "the terms")}


def _branch(record: Invoice, pull: Pull) -> dict[str, Any]:
    if pull.by_person:
        found = only_key(pull.mapping, Family.BRANCH, "location", pull.theirs.location)
        return {"branch": record.branch if found is None else found}
    return {"branch": pull.key(Family.BRANCH, "location", pull.theirs.location, "the location")}


def _class(record: Invoice, pull: Pull) -> dict[str, Any]:
    """The class of the whole document; where no single key leads there it is kept as an override."""
    found = only_key(pull.mapping, Family.CLASS, "class_", pull.theirs.class_)
    if found is None:
        return {}
    lines = tuple(
        line if line.kind is LineKind.TEXT else attrs.evolve(line, class_key=found) for line in record.lines
    )
    return {"lines": lines}


def _tax(_: Invoice, pull: Pull) -> dict[str, Any]:
    return {} if pull.theirs.tax is None else {"tax": pull.theirs.tax}


def _tax_code(record: Invoice, pull: Pull) -> dict[str, Any]:
    if pull.theirs.tax_code is None:
        return {}
    key = pull.key(Family.TAX, "tax_code", pull.theirs.tax_code, "the tax code")
    return {"tax_key": "" if key == DEFAULT_KEY and not record.tax_key else key}


_HEAD: dict[str, Callable[[Invoice, Pull], dict[str, Any]]] = {
    "number": _number,
    "terms": _terms,
    "location": _branch,
    "class_": _class,
    "tax": _tax,
    "tax_code": _tax_code,
}


# -- the lines -----------------------------------------------------------------------------------------
def _lines(record: Invoice, pull: Pull) -> tuple[tuple[InvoiceLine, ...], tuple[str, ...], dict[str, Any]]:
    """The record's lines, our id of each line of theirs, and what else of the record the lines say."""
    ours = {line.line_id: line for line in record.lines}
    shown = {step.ours_id: step for step in pull.steps if step.theirs is not None and step.ours_id}
    lines: list[InvoiceLine] = []
    ids: list[str] = []
    asked: list[LineOption] = []
    more: dict[str, Any] = {}
    bundles = Bundles(record, pull)
    for step in pull.steps:
        bundles.check(step)
        if step.theirs is None:
            if step.ours_id == SALES_TAX_KEY:
                more["tax"] = ZERO
            continue
        ids.append(step.ours_id)
        if step.ours_id == SALES_TAX_KEY:
            more["tax"] = step.theirs.amount
        elif step.ours_id.endswith(DISCOUNT_OF):
            _check_discounted(step, shown)
        elif bundle := bundles.of(step):
            lines.extend([bundle] if bundle.line_id not in {line.line_id for line in lines} else [])
        elif step.ours_id:
            discount = _discount(ours[step.ours_id], shown.get(step.ours_id + DISCOUNT_OF))
            lines.append(attrs.evolve(_changed(ours[step.ours_id], step, pull), discount=discount))
        else:
            added = _added(step, pull, next_line_id([*ours, *(line.line_id for line in lines)]))
            if isinstance(added, LineOption):
                asked.append(added)
            else:
                lines.append(added)
                ids[-1] = added.line_id
    ask_for_keys(asked)
    return _with_blank(record, tuple(lines)), tuple(ids), more


def _with_blank(record: Invoice, lines: tuple[InvoiceLine, ...]) -> tuple[InvoiceLine, ...]:
    """Lines without a word are not in the books, so nobody can have taken them away there."""
    blank = [x for x in record.lines if x.kind is LineKind.TEXT and not x.description.strip()]
    there = {line.line_id for line in lines}
    return (*lines, *(line for line in blank if line.line_id not in there))


def _check_discounted(step: LineStep, shown: dict[str, LineStep]) -> None:
    if step.ours_id.removesuffix(DISCOUNT_OF) not in shown:
        raise NoPlace("keeps the discount of a line in QuickBooks whose line is gone")


def _discount(line: InvoiceLine, step: LineStep | None) -> Decimal:
    if step is None:
        return ZERO
    if step.theirs.amount > 0:
        raise NoPlace(f"has a discount of line {line.line_id} in QuickBooks that adds {step.theirs.amount}")
    return abs(step.theirs.amount) if step.moved("amount") else line.discount


def _changed(line: InvoiceLine, step: LineStep, pull: Pull) -> InvoiceLine:
    theirs = step.theirs
    changes: dict[str, Any] = {}
    product = step.moved(*PRODUCT)
    if product:
        changes |= _product(theirs)
    if step.moved("description") or (product and step.ours.description != line.description):
        changes["description"] = _bare(theirs.description, line, step)
        if product:
            changes["description"] = theirs.description
    if step.moved("taxable"):
        changes["taxable"] = theirs.taxable
    if step.moved("class_"):
        key = only_key(pull.mapping, Family.CLASS, "class_", theirs.class_)
        changes |= {} if key is None else {"class_key": key}
    return attrs.evolve(line, **changes)


def _bare(text: str, line: InvoiceLine, step: LineStep) -> str:
    """The description without the real quantity that posting writes behind it."""
    sent = step.ours.description
    own = line.description.strip()
    suffix = sent.removeprefix(own) if own and sent.startswith(own) else ""
    return text.removesuffix(suffix) if suffix else text


def _product(theirs: Any) -> dict[str, Any]:
    if theirs.quantity is None or theirs.unit_price is None:
        return {"quantity": Decimal(1), "unit_price": theirs.amount, "amount": theirs.amount}
    return {"quantity": theirs.quantity, "unit_price": theirs.unit_price, "amount": theirs.amount}


def _added(step: LineStep, pull: Pull, line_id: str) -> InvoiceLine | LineOption:
    theirs = step.theirs
    if theirs.item is None:
        if theirs.amount:
            raise NoPlace(f"has got a line over {theirs.amount} without an item in QuickBooks")
        return InvoiceLine(line_id=line_id, kind=LineKind.TEXT, description=theirs.description)
    key = key_for(pull, SOLD, theirs, step.books_id, "item")
    if isinstance(key, LineOption):
        return key
    class_key = only_key(pull.mapping, Family.CLASS, "class_", theirs.class_)
    return InvoiceLine(
        line_id=line_id,
        description=theirs.description,
        taxable=theirs.taxable,
        class_key=class_key or "",
        **_product(theirs),
        **_kind(key, theirs.amount),
    )


def _kind(key: Key, amount: Decimal) -> dict[str, Any]:
    match key:
        case Family.SERVICE, name:
            return {"kind": LineKind.SERVICE, "service_category": name}
        case Family.MATERIAL_SOLD, name:
            return {"kind": LineKind.MATERIAL, "material_category": name}
        case _, name if name == DISCOUNT_KEY and amount < 0:
            return {"kind": LineKind.DISCOUNT, "fee_type": name}
        case _, name:
            return {"kind": LineKind.FEE, "fee_type": name}
