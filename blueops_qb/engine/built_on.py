"""Built on: the documents of other records that a record goes by when it is posted, and what of each counts."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence

from blueops_qb.domain.records import Customer, Expense, Job, PaymentReturn, Record, Refund, Vendor
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.related import named_by
from blueops_qb.engine.turn import Turn

#: Kinds of records whose documents depend on what stands in the books of the records they name.
_BUILD_ON = frozenset(
    {
        RecordKind.INVOICE,
        RecordKind.PAYMENT,
        RecordKind.CREDIT,
        RecordKind.REFUND,
        RecordKind.PAYMENT_RETURN,
    }
)


def built_on(record: Record) -> list[RecordRef]:
    """The records that this one builds on: what it settles, credits, gives back or deposits."""
    if isinstance(record, Customer | Job | Vendor | Expense):
        return []
    return [ref for ref in named_by(record) if ref.kind in _BUILD_ON]


def documents_of(
    turn: Turn, record: Record, known: MappingOf[RecordRef, Sequence[Known]] | None = None
) -> list[Known]:
    """Documents of the records that this one builds on."""
    wanted = built_on(record)
    if known is not None:
        return [document for ref in wanted for document in known.get(ref, ())]
    return list(load_known(turn.connection, turn.id, wanted).values())


def counts(known: Known, record: Record) -> str:
    """What counts of a document that a record builds on: what both sides agreed on last; empty = nothing of it.

    What gives a payment back goes by the parts that it is to have, as the payment itself does when it settles that.
    """
    if not known.linked:
        return ""
    if isinstance(record, PaymentReturn | Refund) and known.key.source.kind is RecordKind.PAYMENT:
        return known.content if known.state != "withdrawn" else ""
    return known.base_ours or known.content
