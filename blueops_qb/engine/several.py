"""Several: the documents that one record has in the books together, and what must not befall all for one of them.

A payment may have a part per job and credit memos of discounts, an invoice what takes it back and its correction, a
refund and a credit a payment of 0.00 that settles. A change of one of them is no change of the others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs
import sqlalchemy as sa

from blueops_qb.domain.compare import GROUPS, group_of
from blueops_qb.domain.documents import AttachedFile, CustomerPayment, Document
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.payments import MAIN
from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind
from blueops_qb.domain.reverse import settles_elsewhere
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

#: Records that never have a second document.
_ONE = frozenset({RecordKind.CUSTOMER, RecordKind.JOB, RecordKind.VENDOR})


def documents_of(turn: Turn, known: Known) -> list[Known]:
    """All documents of the record behind one of them; that one as it is given."""
    if known.key.source.kind in _ONE:
        return [known]
    found = load_known(turn.connection, turn.id, [known.key.source])
    return [known, *(other for key, other in found.items() if key != known.key)]


# -- taken back ----------------------------------------------------------------------------------------
def check_only_one(turn: Turn, known: Known, what: str) -> None:
    """Raises NoPlace unless the document that was `what` ("voided") there is all money of the record."""
    standing = [str(other) for other in _standing_beside(turn, known)]
    if standing:
        raise NoPlace(
            f"has several documents in QuickBooks: {known.place} ({known.key}) was {what} there, but "
            f"{', '.join(standing)} still counts; void that there too, or void {known.key.source} in BlueOps, "
            "which takes all of them out"
        )


def _standing_beside(turn: Turn, known: Known) -> list[BooksRef | DocumentKey]:
    """Other documents of the record that count: where they are, or what they are while they are on their way."""
    found: list[BooksRef | DocumentKey] = []
    for other in documents_of(turn, known)[1:]:
        if other.kind is BooksKind.ATTACHMENT or not (other.linked or other.open):
            continue
        text: str | None = other.content
        if other.linked:
            text = _shown(turn, other.place)
        if text and _counts(wire.load_document(other.kind, text)):
            found.append(other.place if other.linked else other.key)
    return found


def _shown(turn: Turn, place: BooksRef) -> str | None:
    m = t.mirror
    query = sa.select(m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind == place.kind.value,
        m.c.books_id == place.id,
        m.c.deleted.is_(False),
    )
    text: str | None = turn.connection.execute(query).scalar_one_or_none()
    return text


def _counts(document: Document) -> bool:
    """It moves money or what is owed; a payment of 0.00 only settles, and goes with what it settles by."""
    if getattr(document, "void", False):
        return False
    return not isinstance(document, CustomerPayment) or bool(document.amount)


# -- changed -------------------------------------------------------------------------------------------
def whole_payment(
    record: Payment, key: DocumentKey, theirs: CustomerPayment, posted: Mapping[DocumentKey, Document]
) -> CustomerPayment:
    """The payment as one document: `theirs` (unbound) in place of its part `key`, beside the `posted` others.

    Raises NoPlace where the parts cannot be told apart.
    """
    parts = {
        k: d for k, d in posted.items() if k.role == MAIN and isinstance(d, CustomerPayment) and not d.void
    }
    if len(parts) < 2:
        return theirs
    before = parts[key]
    shared = record.elsewhere or record.given_back
    if shared or any(settles_elsewhere(a.invoice, record.ref, ()) for a in theirs.allocations):
        raise NoPlace(
            _IN_PARTS.format("settles documents there that BlueOps does not have, or gave money back")
        )
    if theirs.customer != before.customer:
        raise NoPlace(_IN_PARTS.format(f"is from {theirs.customer} there now"))
    parts[key] = theirs
    ordered = [parts[k] for k in sorted(parts)]
    return attrs.evolve(
        theirs,
        amount=sum((part.amount for part in ordered), ZERO),
        allocations=tuple(a for part in ordered for a in part.allocations),
    )


_IN_PARTS = (
    "is several payments in QuickBooks, one of which {}, and BlueOps cannot tell which part of the payment that is; "
    "undo the change there, or enter it in BlueOps"
)


def check_parts_agree(turn: Turn, known: Known, theirs: CustomerPayment, fields: Collection[str]) -> None:
    """Raises NoPlace unless all parts of a payment show these fields as `theirs` does, one part of it.

    A payment has one date, method and number: what one part shows alone is not the payment's.
    """
    if not fields or known.key.role != MAIN:
        return
    for other in documents_of(turn, known)[1:]:
        if other.kind is not BooksKind.PAYMENT or other.key.role != MAIN or not other.linked:
            continue
        text = _shown(turn, other.place)
        part = wire.load_document(other.kind, text) if text else None
        if not isinstance(part, CustomerPayment) or part.void:
            continue
        apart = sorted(name for name in fields if getattr(part, name) != getattr(theirs, name))
        if apart:
            names = ", ".join("number" if name == "reference" else name for name in apart)
            raise NoPlace(
                f"is several payments in QuickBooks, and {known.place} alone has another {names} now; change "
                f"{other.place} the same way there, or choose: QuickBooks' side changes all parts, BlueOps' this one"
            )


def check_others_same(
    key: DocumentKey, before: Mapping[DocumentKey, Document], after: Mapping[DocumentKey, Document]
) -> None:
    """Raises NoPlace if taking a change of `key` over would change the money of another document of the record."""
    for other in sorted((before.keys() | after.keys()) - {key}):
        was, would = before.get(other), after.get(other)
        if isinstance(was or would, AttachedFile):
            continue
        if was is None or would is None or type(was) is not type(would) or _money(was) != _money(would):
            raise NoPlace(
                f"has several documents in QuickBooks, and with the change of {key} {other} would change too; "
                "undo the change there, or enter in BlueOps what is right"
            )


def _money(document: Document) -> tuple[object, ...]:
    return group_of(document, GROUPS[type(document)].get("money", ()))
