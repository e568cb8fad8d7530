"""Over jobs: books that refuse one payment for several jobs of a customer get one per job from then on."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.records import Invoice, Payment
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.outcomes import Refused, Why
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.store import tables as t


def split_instead(turn: Turn, ready: Ready, operation: Operation, outcome: Refused) -> bool:
    """Whether a refused payment is to be planned again, one document per job; remembered for these books.

    QuickBooks lets a customer pay for his jobs only where they are billed with him (fault 620;
    reference/quickbooks-online.md section 4.14, not verified).
    """
    if (
        operation.verb not in (Verb.CREATE, Verb.UPDATE)
        or outcome.why is not Why.REFERENCE
        or ready.source is None
    ):
        return False
    if turn.row["splits_payments"] or not isinstance(operation.document, CustomerPayment):
        return False
    if len(_parties(turn, ready.source)) < 2:
        return False
    turn.set(splits_payments=True)
    _as_agreed(turn, ready)
    turn.note("splits payments", str(ready.source), reason=outcome.message)
    return True


def _as_agreed(turn: Turn, ready: Ready) -> None:
    """A refused change is not what the payment is to be: its parts are made from what both sides agreed on."""
    d, lk = t.documents, t.links
    agreed = sa.select(lk.c.base_ours).where(
        lk.c.document_id == ready.row.document_id, lk.c.state == "live", lk.c.base_ours.is_not(None)
    )
    content = turn.connection.execute(agreed).scalar_one_or_none()
    if content is not None:
        turn.connection.execute(d.update().where(d.c.id == ready.row.document_id).values(content=content))


def _parties(turn: Turn, ref: RecordRef) -> set[str | None]:
    """The jobs whose invoices a payment settles; None stands for the customer himself."""
    snapshot = turn.tx.read(ref)
    if snapshot is None or not isinstance(snapshot.record, Payment):
        return set()
    refs = (RecordRef(RecordKind.INVOICE, part.invoice_id) for part in snapshot.record.applications)
    invoices = (turn.tx.read(invoice) for invoice in refs)
    return {i.record.job_id for i in invoices if i is not None and isinstance(i.record, Invoice)}
