"""The matrix: what BlueOps can do with each kind of record in QuickBooks Desktop, and why not where it cannot.

The documentation page and the tests read it here; a cell names the request that is made, an empty one has a reason.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from blueops_qb.domain.documents import DOCUMENT_TYPES
from blueops_qb.domain.list_entries import LIST_KINDS
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec.forms import FORMS, UNWRITTEN
from blueops_qb.providers.qbd.codec.new_lists import MESSAGES
from blueops_qb.providers.qbd.entities import ENTITIES, VOIDABLE_TYPES, Entity
from blueops_qb.providers.qbd.qbxml.tables import REQUESTS
from blueops_qb.sdk.capability import Removal
from blueops_qb.sdk.provider import Verb

#: The operations of the matrix; changes and catalog are asked for all kinds together.
VERBS = (Verb.CREATE, Verb.UPDATE, Verb.WITHDRAW, Verb.READ)
KINDS = tuple(DOCUMENT_TYPES)
_CREATED_ONCE = "Entries of lists are created once; they are changed and removed in QuickBooks."
_NO_FORM = "QuickBooks Desktop has no such form in qbXML."


@attrs.frozen(kw_only=True)
class Cell:
    """`requests` by which it is done, in the order of the kind's forms; `cannot` where it is not, or not for all."""

    requests: tuple[str, ...] = ()
    cannot: str = ""


#: What is done in another way than the kind's own forms.
_OTHERWISE: Mapping[tuple[BooksKind, Verb], Cell] = {
    (BooksKind.ITEM, Verb.CREATE): Cell(requests=tuple(f"{message}AddRq" for message in MESSAGES.values())),
    **{
        (kind, verb): Cell(cannot=_CREATED_ONCE)
        for kind in LIST_KINDS
        for verb in (Verb.UPDATE, Verb.WITHDRAW)
    },
    (BooksKind.REFUND_RECEIPT, Verb.CREATE): Cell(
        requests=("CreditMemoAddRq", "ARRefundCreditCardAddRq"),
        cannot="Not in one step: a credit memo first, then the refund to the card that pays it out.",
    ),
    (BooksKind.REFUND_RECEIPT, Verb.UPDATE): Cell(
        cannot="A refund to a card cannot be changed; it is voided."
    ),
    (BooksKind.BILL_PAYMENT, Verb.UPDATE): Cell(
        requests=("BillPaymentCheckModRq",),
        cannot="A payment by card cannot be changed; it is voided and entered anew. The vendor can never be changed.",
    ),
}


def cell(kind: BooksKind, verb: Verb) -> Cell:
    """What is done with a kind of document."""
    entity = ENTITIES.get(kind)
    if (kind, verb) in _OTHERWISE:
        return _OTHERWISE[kind, verb]
    if entity is None:
        return Cell(cannot=UNWRITTEN.get(DOCUMENT_TYPES[kind].__name__, _NO_FORM))
    if verb is Verb.READ:
        return Cell(requests=entity.queries)
    if DOCUMENT_TYPES[kind] not in FORMS and kind is not BooksKind.REFUND_RECEIPT:
        return Cell(cannot=UNWRITTEN[DOCUMENT_TYPES[kind].__name__])
    if verb is Verb.WITHDRAW:
        return Cell(requests=_removals(entity))
    ending = "Add" if verb is Verb.CREATE else "Mod"
    made = tuple(f"{name}{ending}Rq" for name in entity.messages if f"{name}{ending}Rq" in REQUESTS)
    return Cell(requests=made)


def _removals(entity: Entity) -> tuple[str, ...]:
    if entity.removal is Removal.DEACTIVATE:
        return tuple(f"{name}ModRq" for name in entity.messages)
    voided = (
        entity.removal in (Removal.VOID, Removal.UNAPPLY_FIRST) and set(entity.messages) <= VOIDABLE_TYPES
    )
    return ("TxnVoidRq",) if voided else ("TxnDelRq",)
