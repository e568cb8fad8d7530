"""Plain deposits: a payout that the bookkeeper has entered by himself, by lines on accounts instead of payments.

Card money waits on the processor's clearing account, where the books offer no payments to tick: whoever enters its
payout by hand takes the sum out of that account. One of the same bank account, total and sum per account, at most
`APART` away from ours, is that payout and is linked, so that the money reaches the bank once; day and note are
taken from the books then. Several deposits that could be it are for a person.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import BankDeposit, Document
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.records import Payout
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.engine.arrived_credits import Answer, NotTaken
from blueops_qb.engine.conflicts import settled_itself
from blueops_qb.engine.known import Known, load_known
from blueops_qb.engine.link_rows import live_link
from blueops_qb.engine.linking import link_document
from blueops_qb.engine.mirroring import CAME, make_dirty
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

#: How far apart the days may be: a processor names the day of the transfer, the bank that of its arrival.
APART = dt.timedelta(days=7)


def there_already(
    turn: Turn, payout: Payout, revision: int, posted: Posted, mine: Collection[Known]
) -> Move | None:
    """Where a payout goes that stands in the books already; None where it is written like any other."""
    key = DocumentKey(payout.ref)
    ours = posted.documents.get(key)
    if not isinstance(ours, BankDeposit) or any(known.linked or known.busy for known in mine):
        return None
    found = [
        row
        for row in _unlinked(turn, ours)
        if _same(ours, wire.load_document(BooksKind.DEPOSIT, row["document"]))
    ]
    if len(found) > 1:
        ids = ", ".join(sorted(row["books_id"] for row in found))
        return Move(
            ref=payout.ref,
            revision=revision,
            state=State.HELD,
            hold=Hold.MATCH,
            reason=f"{payout.ref} of {ours.total} may be in the books already: deposits {ids} there say the same",
            remedy="Delete the one that is too many in QuickBooks, or change what differs; then retry.",
        )
    if not found:
        return None
    _link(turn, key, revision, ours, found[0])
    reason = f"it is deposit {found[0]['books_id']}, which was entered in the books by hand"
    return Move(ref=payout.ref, revision=revision, state=State.WAITING, hold=Hold.BUSY, reason=reason)


def arrived(turn: Turn, row: Any, document: BankDeposit) -> Answer:
    """A deposit without payments came: it is the payout of ours that waits to be written and says the same.

    Of several, that of the nearest day: each is one movement of money, and the others are still written.
    False while one of them is on its way, so that nobody knows yet. One that says the same as a deposit that we have
    written is put to a person: one of the two is too many. What is nobody's stays the bookkeeper's own.
    """
    if not _taken_in(row):
        return True
    same = [known for known in _of_payouts(turn, document.total) if _same(_document(known), document)]
    waiting = [known for known in same if not known.linked]
    if any(known.busy for known in waiting):
        return False
    if waiting:
        known = min(waiting, key=lambda one: (abs(_document(one).date - document.date), one.id))
        _link(turn, known.key, known.revision, _document(known), row)
        return True
    if twice := [known for known in same if known.linked]:
        names = ", ".join(f"{known.key.source}, which is {known.place} there" for known in twice)
        return NotTaken(
            f"bank deposit {row['books_id']} of {document.total}",
            f"it says the same as {names}: the money reaches the bank once, so delete in QuickBooks the one that is "
            "too many; if it is another payout, record that in BlueOps, then this is taken in by itself",
        )
    return True


def _taken_in(row: Any) -> bool:
    """It was entered after the books were connected, by somebody there."""
    return row["origin"] in CAME and not row["marker"]


def _document(known: Known) -> BankDeposit:
    document: Document = wire.load_document(BooksKind.DEPOSIT, known.content)
    assert isinstance(document, BankDeposit)
    return document


def _link(turn: Turn, key: DocumentKey, revision: int, ours: BankDeposit, row: Any) -> None:
    """Both sides agree, but for the day and the note, which the next comparison brings to BlueOps."""
    theirs = wire.load_document(BooksKind.DEPOSIT, row["document"])
    assert isinstance(theirs, BankDeposit)
    place = BooksRef(BooksKind.DEPOSIT, row["books_id"])
    agreed = attrs.evolve(theirs, date=ours.date, memo=ours.memo)
    link_document(
        turn,
        key=key,
        revision=revision,
        ours=wire.dump_document(ours),
        place=place,
        version=row["version"],
        theirs=wire.dump_document(turn.provider.normal(agreed)),
    )
    make_dirty(turn, [place])
    settled_itself(turn, place, "arrival", "it is linked with a payout")
    turn.note("linked", str(key), numbers=f"{place} v{row['version']}", reason="entered in the books by hand")


def _same(ours: BankDeposit, theirs: Document) -> bool:
    """One payout, entered twice: the same accounts with the same sums, to the cent."""
    if not isinstance(theirs, BankDeposit) or theirs.void or ours.void:
        return False
    if any(line.payment is not None for line in (*ours.lines, *theirs.lines)):
        return False
    told = (ours.account, ours.total, ours.currency, _sums(ours))
    return told == (theirs.account, theirs.total, theirs.currency, _sums(theirs)) and (
        abs(ours.date - theirs.date) <= APART
    )


def _sums(document: BankDeposit) -> Mapping[BooksRef | None, Decimal]:
    found: dict[BooksRef | None, Decimal] = defaultdict(lambda: ZERO)
    for line in document.lines:
        found[line.account] += line.amount
    return {account: amount for account, amount in found.items() if amount}


def _unlinked(turn: Turn, ours: BankDeposit) -> list[Any]:
    """Deposits of the books on that bank account that are nobody's here."""
    m = t.mirror
    query = (
        sa.select(m)
        .where(
            m.c.connection_id == turn.id,
            m.c.kind == BooksKind.DEPOSIT.value,
            m.c.deleted.is_(False),
            m.c.marker == "",
            m.c.document.contains(f'"{ours.total}"', autoescape=True),
            m.c.document.contains(f'"{ours.account}"', autoescape=True),
            ~live_link(),
        )
        .order_by(m.c.books_id)
    )
    return list(turn.connection.execute(query).mappings())


def _of_payouts(turn: Turn, total: Decimal) -> list[Known]:
    """Deposits of payouts as we write them, those that are not in the books yet among them."""
    d = t.documents
    query = sa.select(d.c.source_id).where(
        d.c.connection_id == turn.id,
        d.c.source_kind == RecordKind.PAYOUT.value,
        d.c.books_kind == BooksKind.DEPOSIT.value,
        d.c.state.in_(["open", "linked"]),
        d.c.content.contains(f'"{total}"', autoescape=True),
    )
    refs = [RecordRef(RecordKind.PAYOUT, id) for id in turn.connection.execute(query).scalars()]
    found = load_known(turn.connection, turn.id, refs).values()
    return [known for known in found if known.key.role == "main" and known.state in ("open", "linked")]


__all__ = ["APART", "arrived", "there_already"]
