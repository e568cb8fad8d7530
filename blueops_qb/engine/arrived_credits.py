"""Arrived credits: credit memos, their applications and refunds of deposits that were entered in the books."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.binding import refs_of, unbind
from blueops_qb.domain.documents import (
    BankDeposit,
    CreditMemo,
    CustomerPayment,
    Document,
    RefundReceipt,
    kind_of,
)
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.overrides import LineOverride, head_coding, line_coding, overridden
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.posting.credits import APPLIED
from blueops_qb.domain.posting.kinds import REVERSAL, SETTLED
from blueops_qb.domain.posting.prepayments import KEYS as DEPOSIT_KEYS
from blueops_qb.domain.records import Credit, DepositPurpose, Payment, Record, Refund, RefundPart
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef, record_of
from blueops_qb.domain.reversal import UNDO_ROLE, UNDO_SETTLED
from blueops_qb.domain.reverse import key_of_account
from blueops_qb.domain.reverse_credits import credit_applied, credit_from
from blueops_qb.engine import card_refunds, to_core, used_credits
from blueops_qb.engine.known import Known, load_known, sources_of
from blueops_qb.engine.linking import link_document
from blueops_qb.engine.overrides_desk import store
from blueops_qb.engine.pull_proof import without_elsewhere
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_as_open
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Applied, SaveCredit, SaveRefund
from blueops_qb.store import tables as t


@attrs.frozen
class NotTaken:
    """BlueOps did not take it in: what it is, and why; it is shown to a person."""

    what: str
    why: str


#: True = settled, False = to be looked at again.
Answer = bool | NotTaken


def credit_memo(turn: Turn, row: Any) -> Answer:
    """A credit memo of a customer of ours becomes a credit, whatever items it is on."""
    document = wire.load_document(BooksKind.CREDIT_MEMO, row["document"])
    assert isinstance(document, CreditMemo)
    if document.void or not document.total:
        return True
    unbound = _unbound(turn, document)
    party = unbound.customer
    if not isinstance(party, RecordRef) or (customer_id := to_core.customer_of(turn, party)) is None:
        return True
    record = credit_from(unbound, party=party, customer_id=customer_id)
    answer = turn.tx.apply(SaveCredit(record=record), expected_revision=None, key=_key(turn, row))
    if not isinstance(answer, Applied):
        return NotTaken(
            f"credit memo {row['books_id']} of {document.total}", getattr(answer, "why", "it moved")
        )
    link(turn, row, DocumentKey(answer.ref), answer.revision)
    return True


def applied_credit(turn: Turn, row: Any, payment: CustomerPayment) -> Answer | None:
    """A payment of 0.00 that applies one credit of ours; None when it is none. `payment` is unbound."""
    used = [part for part in payment.allocations if part.amount < 0]
    if payment.amount or len(used) != 1:
        return None
    name = used[0].invoice
    if isinstance(name, DocumentKey) and name.role in _SETTLED_BY:
        return _settled_correction(turn, row, payment, name)
    if not isinstance(name, RecordRef) or name.kind is not RecordKind.CREDIT:
        return None
    snapshot = turn.tx.read(name)
    if snapshot is None or not isinstance(snapshot.record, Credit):
        return True
    key = DocumentKey(name, APPLIED)
    known = load_known(turn.connection, turn.id, [name]).get(key)
    what = f"payment {row['books_id']}, which applies {name},"
    if known is not None and (known.linked or known.busy):
        return NotTaken(what, "another payment applies that credit already; put both into one in QuickBooks")
    beside = used_credits.beside(turn, name)
    record, revision = credit_applied(snapshot.record, payment, beside=beside), snapshot.revision
    if record != snapshot.record:
        answer = turn.tx.apply(SaveCredit(record=record), expected_revision=revision, key=_key(turn, row))
        if not isinstance(answer, Applied):
            why = getattr(answer, "why", "")
            return NotTaken(what, why) if why else False
        revision = answer.revision
    link(turn, row, key, revision, like=payment)
    return True


#: What takes an invoice back -> what settles the two with one another.
_SETTLED_BY = {REVERSAL: SETTLED, UNDO_ROLE: UNDO_SETTLED}


def _settled_correction(
    turn: Turn, row: Any, payment: CustomerPayment, reversal: DocumentKey
) -> Answer | None:
    """The credit memo of a correction, or of an undo, was applied to its own invoice, by the books or by hand."""
    own = {record_of(part.invoice) for part in payment.allocations if not isinstance(part.invoice, BooksRef)}
    theirs = any(isinstance(part.invoice, BooksRef) for part in payment.allocations)
    key = DocumentKey(reversal.source, _SETTLED_BY[reversal.role], reversal.part)
    known = load_known(turn.connection, turn.id, [reversal.source]).get(key)
    snapshot = turn.tx.read(reversal.source)
    if theirs or own != {reversal.source} or snapshot is None or (known is not None and known.linked):
        return None
    link(turn, row, key, snapshot.revision, like=payment)
    return True


def refund_receipt(turn: Turn, row: Any) -> Answer:
    """A refund receipt on the deposit item gives deposits of a job back; any other one of goods is only shown.

    One without lines pays out credits: to a card, in books that have no refund receipts.
    """
    document = wire.load_document(BooksKind.REFUND_RECEIPT, row["document"])
    assert isinstance(document, RefundReceipt)
    if document.void or not document.lines:
        return _card_refund(turn, row, document)
    unbound = _unbound(turn, document)
    party = unbound.customer
    if not isinstance(party, RecordRef):
        return True
    customer_id = to_core.customer_of(turn, party)
    if customer_id is None:
        return True
    what = f"refund receipt {row['books_id']} of {document.total}"
    items = {line.item for line in document.lines if line.item is not None}
    purpose = _purpose_of(turn, items)
    if purpose is None or party.kind is not RecordKind.JOB:
        return NotTaken(what, "BlueOps only knows refunds of deposits, overpayments and credits")
    parts = _deposits(turn, party, document.total or ZERO, purpose)
    if parts is None:
        return NotTaken(what, f"{party} has no deposits of that amount in BlueOps")
    record = Refund(
        id="",
        customer_id=customer_id,
        date=document.date,
        amount=document.total or ZERO,
        parts=parts,
        account_key=key_of_account(document.paid_from, turn.mapping),
        reference=document.reference,
        deposit_for_job=party.id,
        memo=document.memo,
        currency=document.currency,
    )
    answer = turn.tx.apply(SaveRefund(record=record), expected_revision=None, key=_key(turn, row))
    if not isinstance(answer, Applied):
        return NotTaken(what, getattr(answer, "why", "it moved meanwhile"))
    link(turn, row, DocumentKey(answer.ref), answer.revision)
    return True


def _card_refund(turn: Turn, row: Any, document: RefundReceipt) -> Answer:
    """Credits of ours say what is paid out of them; money of a payment of ours that goes so is put to a person."""
    if not card_refunds.recounted(turn, row):
        return False
    names = {
        part.credit for part in _unbound(turn, document).pays_out if not isinstance(part.credit, BooksRef)
    }
    payments = sorted(str(ref) for name in names if (ref := record_of(name)).kind is RecordKind.PAYMENT)
    if not payments:
        return True
    return NotTaken(
        f"refund {row['books_id']} of {document.total} to a card",
        f"it pays out what is left of {', '.join(payments)}, which is free in BlueOps still; give that back by a "
        "refund in BlueOps, and delete this one in QuickBooks",
    )


def _purpose_of(turn: Turn, items: set[BooksRef]) -> DepositPurpose | None:
    """What deposits on these items are for; None where it is not the one item of deposits."""
    for purpose, key in DEPOSIT_KEYS.items():
        target = turn.mapping.find(Family.FEE, key)
        if target is not None and target.item is not None and items == {target.item}:
            return purpose
    return None


def _deposits(
    turn: Turn, job: RecordRef, amount: Decimal, purpose: DepositPurpose
) -> tuple[RefundPart, ...] | None:
    """Deposits of the job for that purpose that make up the amount, the oldest first; None where they do not."""
    d = t.documents
    query = (
        sa.select(d.c.source_id)
        .where(
            d.c.connection_id == turn.id,
            d.c.source_kind == RecordKind.PAYMENT.value,
            d.c.books_kind == BooksKind.SALES_RECEIPT.value,
            d.c.content.contains(f'"{job}"', autoescape=True),
        )
        .order_by(d.c.id)
    )
    parts: list[RefundPart] = []
    for id in turn.connection.execute(query).scalars():
        snapshot = turn.tx.read(RecordRef(RecordKind.PAYMENT, id))
        record = snapshot.record if snapshot is not None else None
        if not isinstance(record, Payment) or record.void or record.deposit_purpose is not purpose:
            continue
        if amount and record.unapplied > 0:
            taken = min(amount, record.unapplied)
            parts.append(RefundPart(of=record.ref, amount=taken))
            amount -= taken
    return None if amount or not parts else tuple(parts)


def link(
    turn: Turn,
    row: Any,
    key: DocumentKey,
    revision: int,
    *,
    like: CustomerPayment | BankDeposit | None = None,
) -> None:
    """Link what arrived as that document of a record; both sides agree from the start.

    `like` is what it is taken for where the rules only write it when it is there already. It stands in the books on its
    own day, whether that is closed by now or not; how the bookkeeper coded a credit of one line is his, and stays so.
    """
    snapshot = turn.tx.read(key.source)
    assert snapshot is not None
    theirs = wire.load_document(BooksKind(row["kind"]), row["document"])
    mine = []
    if like is not None:
        known = load_known(turn.connection, turn.id, [key.source])
        mine = [
            *(other for other in known.values() if other.key != key),
            Known(
                id=0,
                key=key,
                kind=kind_of(like),
                generation=1,
                revision=revision,
                content=wire.dump_document(like),
                state="open",
            ),
        ]
    related = read_related(turn.read_all, [snapshot.record])
    result = post_as_open(turn, snapshot.record, related, mine)
    document = result.documents.get(key) if isinstance(result, Posted) else None
    own = _coding(document, theirs)
    if document is not None:
        document = overridden(document, own, turn.catalog.item_accounts)
    id = link_document(
        turn,
        key=key,
        revision=revision,
        ours=wire.dump_document(document or _as_posted(turn, snapshot.record, like or theirs)),
        place=BooksRef(kind_of(theirs), row["books_id"]),
        version=row["version"],
        theirs=row["document"],
    )
    store(turn, id, own, version=row["version"])
    turn.note("arrived", str(key), numbers=f"{row['kind']}#{row['books_id']} v{row['version']}")


def _coding(document: Document | None, theirs: Document) -> tuple[LineOverride, ...]:
    """What is coded otherwise than posting would do it, of a credit memo."""
    if not isinstance(document, CreditMemo) or not isinstance(theirs, CreditMemo):
        return ()
    return (*head_coding(document, theirs), *line_coding(document, theirs))


def _as_posted(turn: Turn, record: Record, document: Document) -> Document:
    """What cannot be posted now as posting will say it one day: nothing of what is settled `elsewhere`."""
    return without_elsewhere(turn, record, document) if isinstance(record, Credit) else document


def _unbound(turn: Turn, document: Any) -> Any:
    places = [ref for ref in refs_of(document) if isinstance(ref, BooksRef)]
    return unbind(document, sources_of(turn.connection, turn.id, places))


def _key(turn: Turn, row: Any) -> str:
    return f"{turn.id}:{BooksRef(BooksKind(row['kind']), row['books_id'])}:{row['version']}"
