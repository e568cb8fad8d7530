"""Posting rule for moves between accounts: one journal entry, never on receivables (accounting-treatments 0.1)."""

from __future__ import annotations

from blueops_qb.domain.documents import Document, JournalEntry, JournalLine, Side
from blueops_qb.domain.posting.entries import journal
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.reclass import Reclass, ReclassLine
from blueops_qb.domain.refs import DocumentKey


def reclass(record: Reclass, lookup: Lookup) -> dict[DocumentKey, Document]:
    """One journal entry that moves what stands on the old accounts to the new ones."""
    return journal(record, [_line(line, record.memo, lookup) for line in record.lines], lookup)


def reclass_of(document: JournalEntry, id: str) -> Reclass:
    """The move that a journal entry of ours was posted from."""
    return Reclass(
        id=id,
        date=document.date,
        lines=tuple(
            ReclassLine(
                account=line.account,
                amount=line.amount if line.side is Side.DEBIT else -line.amount,
                customer=line.customer,
                class_=line.class_,
                location=line.location,
            )
            for line in document.lines
        ),
        memo=document.memo,
        currency=document.currency,
        void=document.void,
    )


def _line(line: ReclassLine, memo: str, lookup: Lookup) -> JournalLine:
    where = "what it moves"
    return JournalLine(
        side=Side.DEBIT if line.amount > 0 else Side.CREDIT,
        account=lookup.use(line.account, where=where),
        amount=abs(line.amount),
        customer=line.customer,
        class_=lookup.use_optional(line.class_, where=where),
        location=lookup.use_optional(line.location, where=where),
        description=memo,
    )
