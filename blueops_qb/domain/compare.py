"""Comparison: what changed on which side since both agreed, and what follows from it.

Fields are compared in groups that belong together, because half of a group taken from each side would be a
record that nobody ever wrote (total with status, amount with allocations, the lines).
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs

from blueops_qb.domain.documents import (
    AccountRecord,
    AttachedFile,
    BankDeposit,
    Bill,
    BillPayment,
    ClassRecord,
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
    Document,
    Estimate,
    ExpenseDocument,
    ItemRecord,
    JournalEntry,
    PurchaseForm,
    PurchaseOrder,
    RefundReceipt,
    SalesForm,
    SalesInvoice,
    SalesReceipt,
    TaxCodeRecord,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.policy import Overlap

Groups = Mapping[str, tuple[str, ...]]

_SALES_MONEY = (
    "lines",
    "discount",
    "discount_account",
    "discount_before_tax",
    "tax",
    "tax_code",
    "tax_mode",
    "total",
    "void",
    "currency",
)
_SALES_TAGS = ("location", "class_")
_SALES_NOTES = ("memo", "email", "shipping", "custom")

GROUPS: Mapping[type[Any], Groups] = {
    CustomerRecord: {
        "name": ("name", "company", "given_name", "family_name"),
        "parent": ("parent",),
        "email": ("email",),
        "phone": ("phone",),
        "mobile": ("mobile",),
        "billing": ("billing",),
        "shipping": ("shipping",),
        "terms": ("terms",),
        "tax": ("taxable", "exemption_reason", "certificate"),
        "currency": ("currency",),
        "active": ("active",),
    },
    VendorRecord: {
        "name": ("name", "company"),
        "email": ("email",),
        "phone": ("phone",),
        "address": ("address",),
        "account_number": ("account_number",),
        "is_1099": ("is_1099",),
        "terms": ("terms",),
        "currency": ("currency",),
        "active": ("active",),
    },
    SalesInvoice: {
        "customer": ("customer",),
        "money": (*_SALES_MONEY, "deposit", "deposit_to"),
        "dates": ("date", "due_date", "terms"),
        "number": ("number",),
        "tags": _SALES_TAGS,
        "notes": _SALES_NOTES,
        "links": ("estimate",),
    },
    Estimate: {
        "customer": ("customer",),
        "money": _SALES_MONEY,
        "dates": ("date", "expires"),
        "number": ("number",),
        "status": ("status", "accepted_by", "accepted_on"),
        "tags": _SALES_TAGS,
        "notes": _SALES_NOTES,
    },
    CreditMemo: {
        "customer": ("customer",),
        "money": _SALES_MONEY,
        "dates": ("date",),
        "number": ("number",),
        "tags": _SALES_TAGS,
        "notes": _SALES_NOTES,
    },
    SalesReceipt: {
        "customer": ("customer",),
        "money": _SALES_MONEY,
        "dates": ("date",),
        "number": ("number",),
        "method": ("method", "reference", "deposit_to"),
        "tags": _SALES_TAGS,
        "notes": _SALES_NOTES,
    },
    RefundReceipt: {
        "customer": ("customer",),
        "money": (*_SALES_MONEY, "paid_from", "pays_out"),
        "dates": ("date",),
        "number": ("number",),
        "method": ("method", "reference"),
        "tags": _SALES_TAGS,
        "notes": _SALES_NOTES,
    },
    CustomerPayment: {
        "money": ("customer", "amount", "allocations", "void", "currency"),
        "dates": ("date",),
        "method": ("method", "reference", "deposit_to"),
        "notes": ("memo",),
    },
    Bill: {
        "vendor": ("vendor",),
        "money": ("lines", "total", "ap_account", "void", "currency"),
        "dates": ("date", "due_date", "terms"),
        "number": ("number",),
        "tags": ("location",),
        "notes": ("memo",),
    },
    BillPayment: {
        "vendor": ("vendor",),
        "money": ("amount", "settles", "paid_by", "account", "ap_account", "void", "currency"),
        "dates": ("date",),
        "number": ("number",),
        "tags": ("location",),
        "notes": ("memo",),
    },
    VendorCredit: {
        "vendor": ("vendor",),
        "money": ("lines", "total", "ap_account", "void", "currency"),
        "dates": ("date",),
        "number": ("number",),
        "tags": ("location",),
        "notes": ("memo",),
    },
    PurchaseOrder: {
        "vendor": ("vendor",),
        "money": ("lines", "total", "ap_account", "void", "currency"),
        "dates": ("date",),
        "number": ("number",),
        "status": ("status",),
        "tags": ("location",),
        "notes": ("memo", "email", "shipping"),
    },
    ExpenseDocument: {
        "payee": ("payee",),
        "money": ("lines", "total", "paid_by", "account", "refund", "void", "currency"),
        "dates": ("date",),
        "number": ("number", "method"),
        "tags": ("location",),
        "notes": ("memo",),
    },
    JournalEntry: {"money": ("lines", "void", "currency"), "dates": ("date",), "notes": ("number", "memo")},
    BankDeposit: {
        "money": ("account", "lines", "total", "void", "currency"),
        "dates": ("date",),
        "notes": ("memo",),
    },
    AttachedFile: {"file": ("to", "of", "filename", "file_id", "content_type")},
    TaxCodeRecord: {"code": ("name", "rates")},
    AccountRecord: {"account": ("name", "type", "detail", "number")},
    ItemRecord: {"item": ("name", "kind", "income_account", "expense_account", "taxable")},
    ClassRecord: {"class": ("name",)},
}

#: Groups on which an overlap is a matter of contacts, not of money.
CONTACT_TYPES = (CustomerRecord, VendorRecord)


class Step(enum.StrEnum):
    """What happens with one group."""

    #: Nothing moved, or both moved to the same.
    AGREE = "agree"
    #: Our side moved: write it to the books.
    PUSH = "push"
    #: Their side moved: bring it to core.
    PULL = "pull"
    #: Both moved, differently, and no policy decides.
    CONFLICT = "conflict"


#: What follows from who wins an overlap.
_OVERLAP = {Overlap.ASK: Step.CONFLICT, Overlap.OURS: Step.PUSH, Overlap.THEIRS: Step.PULL}
#: Groups of which a person chooses all or nothing: half of one would be a record that nobody ever wrote.
WHOLE = frozenset({"money", "tax", "method", "customer", "vendor", "payee", "parent"})


@attrs.frozen(kw_only=True)
class Decision:
    """The step per group."""

    steps: Mapping[str, Step]

    def groups(self, step: Step) -> tuple[str, ...]:
        """The groups with that step."""
        return tuple(group for group, taken in self.steps.items() if taken is step)


def group_of(document: Document, fields: tuple[str, ...]) -> tuple[Any, ...]:
    """The values of a group."""
    return tuple(getattr(document, field) for field in fields)


#: Forms that books number by themselves where they come without a number.
NUMBERED = (SalesForm, JournalEntry)


def as_decided(sent: Document, shown: Document) -> Document:
    """`shown` with what `sent` left to the books taken from `sent`.

    That is tax and total in tax mode A, the due date where only terms were given, the description of a line that had
    none (the books take the item's), the number of a form that was sent without one (the books give their next),
    and the detail type of an account that names none.
    """
    if isinstance(sent, NUMBERED) and type(sent) is type(shown) and not sent.number:
        shown = attrs.evolve(shown, number="")
    if isinstance(sent, SalesForm) and isinstance(shown, SalesForm):
        if not sent.void and sent.tax is None and sent.total is None:
            shown = attrs.evolve(shown, tax=None, total=None, tax_code=sent.tax_code, tax_mode=sent.tax_mode)
        shown = attrs.evolve(shown, lines=_described(sent.lines, shown.lines))
    elif isinstance(sent, PurchaseForm) and isinstance(shown, PurchaseForm):
        shown = attrs.evolve(shown, lines=_described(sent.lines, shown.lines))
    if isinstance(sent, SalesInvoice | Bill) and type(sent) is type(shown) and sent.due_date is None:
        shown = attrs.evolve(shown, due_date=None)
    if isinstance(sent, AccountRecord) and isinstance(shown, AccountRecord) and not sent.detail:
        shown = attrs.evolve(shown, detail="")
    return shown


def _described(sent: tuple[Any, ...], shown: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(sent) != len(shown):
        return shown
    pairs = zip(sent, shown, strict=True)
    return tuple(s if o.description else attrs.evolve(s, description="") for o, s in pairs)


def differing(one: Document, other: Document) -> tuple[str, ...]:
    """The groups in which two documents of one type differ."""
    groups = GROUPS[type(one)]
    return tuple(g for g, fields in groups.items() if group_of(one, fields) != group_of(other, fields))


def apart(type_: type[Document], one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """The groups of a document type that hold a field in which two sets of values differ."""
    fields = {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}
    return tuple(group for group, members in GROUPS[type_].items() if fields & set(members))


def decide(
    *,
    base_ours: Document,
    ours: Document,
    base_theirs: Document,
    theirs: Document,
    policy: Overlap | Callable[[str], Overlap] = Overlap.ASK,
) -> Decision:
    """Three-way comparison by group; all four are normal and of one type.

    `base_ours` and `base_theirs` are the two snapshots of the moment of agreement. `ours` and `theirs` are
    compared with each other only after both were found to have moved. `policy` is one for all groups, or says
    it for each.
    """
    steps: dict[str, Step] = {}
    for group, fields in GROUPS[type(ours)].items():
        we_moved = group_of(base_ours, fields) != group_of(ours, fields)
        they_moved = group_of(base_theirs, fields) != group_of(theirs, fields)
        if not we_moved and not they_moved:
            step = Step.AGREE
        elif not they_moved:
            step = Step.PUSH
        elif not we_moved:
            step = Step.PULL
        elif group_of(ours, fields) == group_of(theirs, fields):
            step = Step.AGREE
        else:
            step = _OVERLAP[policy if isinstance(policy, Overlap) else policy(group)]
        steps[group] = step
    return Decision(steps=steps)


def group_with(type_: type[Document], field: str) -> str:
    """The group that a field belongs to; raises KeyError."""
    for group, fields in GROUPS[type_].items():
        if field in fields:
            return group
    raise KeyError(field)


def choosable(type_: type[Document], group: str) -> tuple[tuple[str, ...], ...]:
    """The fields of a group that a person chooses between together: each by itself, or all at once."""
    fields = GROUPS[type_].get(group, ())
    return (fields,) if group in WHOLE else tuple((field,) for field in fields)


def moved_fields(
    fields: Iterable[str], *, base_ours: Document, ours: Document, base_theirs: Document, theirs: Document
) -> frozenset[str]:
    """Those of the fields that either side moved since both agreed."""
    return frozenset(
        f
        for f in fields
        if getattr(base_ours, f) != getattr(ours, f) or getattr(base_theirs, f) != getattr(theirs, f)
    )


def with_fields(into: Document, source: Document, fields: Iterable[str]) -> Document:
    """`into` with the named fields taken from `source`."""
    evolving: Any = into
    changed: Document = attrs.evolve(evolving, **{field: getattr(source, field) for field in fields})
    return changed


def merged(into: Document, source: Document, groups: tuple[str, ...]) -> Document:
    """`into` with the named groups taken from `source`."""
    table = GROUPS[type(into)]
    values = {field: getattr(source, field) for group in groups for field in table[group]}
    return attrs.evolve(into, **values) if values else into
