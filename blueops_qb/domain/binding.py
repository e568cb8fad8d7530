"""Binding: which references a document holds, and the same document with them replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

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
    PurchaseLine,
    PurchaseOrder,
    RefundReceipt,
    SalesInvoice,
    SalesReceipt,
    TaxCodeRecord,
    VendorCredit,
    VendorRecord,
)
from blueops_qb.domain.refs import BooksRef, OurRef, Ref

Replace = Callable[[Ref], Ref]
_Value = TypeVar("_Value", bound=attrs.AttrsInstance)


def replace_refs(document: Document, replace: Replace) -> Document:
    """The document with every reference to a party or document passed through `replace`."""

    def maybe(ref: Ref | None) -> Ref | None:
        return None if ref is None else replace(ref)

    def cost(line: PurchaseLine) -> PurchaseLine:
        return _with(line, customer=maybe(line.customer), order=maybe(line.order))

    match document:
        case CustomerRecord():
            return _with(document, parent=maybe(document.parent))
        case VendorRecord() | TaxCodeRecord() | AccountRecord() | ItemRecord() | ClassRecord():
            return document
        case SalesInvoice():
            customer, estimate = replace(document.customer), maybe(document.estimate)
            return _with(document, customer=customer, estimate=estimate)
        case Estimate() | CreditMemo():
            return _with(document, customer=replace(document.customer))
        case SalesReceipt():
            return _with(document, customer=maybe(document.customer))
        case RefundReceipt():
            parts = tuple(_with(part, credit=replace(part.credit)) for part in document.pays_out)
            return _with(document, customer=maybe(document.customer), pays_out=parts)
        case CustomerPayment():
            return _with(
                document,
                customer=replace(document.customer),
                allocations=tuple(_with(a, invoice=replace(a.invoice)) for a in document.allocations),
            )
        case Bill() | VendorCredit() | PurchaseOrder():
            vendor = replace(document.vendor)
            return _with(document, vendor=vendor, lines=tuple(map(cost, document.lines)))
        case BillPayment():
            vendor = replace(document.vendor)
            settles = tuple(_with(s, document=replace(s.document)) for s in document.settles)
            return _with(document, vendor=vendor, settles=settles)
        case ExpenseDocument():
            payee = maybe(document.payee)
            return _with(document, payee=payee, lines=tuple(map(cost, document.lines)))
        case JournalEntry():
            postings = tuple(_with(line, customer=maybe(line.customer)) for line in document.lines)
            return _with(document, lines=postings)
        case AttachedFile():
            return _with(document, to=replace(document.to))
        case BankDeposit():
            held = tuple(_with(line, payment=maybe(line.payment)) for line in document.lines)
            return _with(document, lines=held)


def _with(value: _Value, **replaced: Any) -> _Value:
    """`value` with these members; itself where they are what it has, as most references stay as they are."""
    same = all(_is(new, getattr(value, name)) for name, new in replaced.items())
    if same:
        return value
    evolving: Any = value
    changed: _Value = attrs.evolve(evolving, **replaced)
    return changed


def _is(new: Any, old: Any) -> bool:
    if new is old:
        return True
    if not isinstance(new, tuple) or len(new) != len(old):
        return False
    return all(one is other for one, other in zip(new, old, strict=True))


def refs_of(document: Document) -> tuple[Ref, ...]:
    """Every party and document it names, each once, in order of appearance."""
    seen: dict[Ref, None] = {}

    def note(ref: Ref) -> Ref:
        seen[ref] = None
        return ref

    replace_refs(document, note)
    return tuple(seen)


def linked_refs(document: Document) -> tuple[Ref, ...]:
    """The documents it is directly linked with: writing it changes them too."""
    match document:
        case CustomerPayment():
            return tuple(dict.fromkeys(a.invoice for a in document.allocations))
        case AttachedFile():
            return (document.to,)
        case BankDeposit():
            return tuple(dict.fromkeys(line.payment for line in document.lines if line.payment is not None))
        case BillPayment():
            return tuple(dict.fromkeys(settled.document for settled in document.settles))
        case RefundReceipt():
            return tuple(dict.fromkeys(part.credit for part in document.pays_out))
        case SalesInvoice(estimate=estimate) if estimate is not None:
            return (estimate,)
        case Bill():
            return tuple(dict.fromkeys(line.order for line in document.lines if line.order is not None))
        case _:
            return ()


class Unbound(LookupError):
    """A document names a record that has no place in the books yet; `refs` lists them."""

    def __init__(self, refs: tuple[OurRef, ...]) -> None:
        super().__init__("not in the books yet: " + ", ".join(str(ref) for ref in refs))
        self.refs = refs


def bind(document: Document, places: Mapping[OurRef, Ref]) -> Document:
    """The document with our references replaced by the books'; raises Unbound naming what has no place."""
    missing = tuple(ref for ref in refs_of(document) if not isinstance(ref, BooksRef) and ref not in places)
    if missing:
        raise Unbound(missing)
    return replace_refs(document, lambda ref: ref if isinstance(ref, BooksRef) else places[ref])


def loosely_bound(document: Document, places: Mapping[OurRef, Ref]) -> Document:
    """Like `bind`, but what has no place stays ours (for previews and comparisons)."""
    return replace_refs(document, lambda ref: ref if isinstance(ref, BooksRef) else places.get(ref, ref))


def unbind(document: Document, ours: Mapping[Ref, OurRef]) -> Document:
    """The books' references replaced by ours where they are known."""
    return replace_refs(document, lambda ref: ours.get(ref, ref))
