"""Posting rule for the plugin's own journal entries, never on receivables or payables (accounting-treatments 0.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from blueops_qb.domain.documents import Document, JournalEntry, JournalLine, Side
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.naming import derived_number
from blueops_qb.domain.own_entries import Entry, EntryLine
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.reclass import Reclass
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey

_FORBIDDEN = {"ar": "receivables", "ap": "payables"}


def entry(record: Entry, lookup: Lookup) -> dict[DocumentKey, Document]:
    """One journal entry on the accounts to which the keys of its lines lead."""
    return journal(record, [_line(line, record.memo, lookup) for line in record.lines], lookup)


def journal(
    record: Entry | Reclass, lines: Sequence[JournalLine], lookup: Lookup
) -> dict[DocumentKey, Document]:
    """One journal entry of these lines, under a number of our own."""
    if sum((line.amount for line in record.lines), ZERO):
        raise lookup.held("does not add up to 0.00", "Report it to BlueOps support.")
    check_accounts((line.account for line in lines), lookup)
    prefix = lookup.context.policy.number_prefix
    document = JournalEntry(
        date=record.date,
        lines=tuple(lines),
        number=derived_number(f"{prefix}{record.id}", length=lookup.context.number_length),
        memo=record.memo,
        currency=record.currency,
    )
    return {DocumentKey(record.ref): document}


def check_accounts(accounts: Iterable[BooksRef], lookup: Lookup) -> None:
    """Held where one is that of receivables or payables, whose amounts need documents."""
    used = set(accounts)
    for role, name in _FORBIDDEN.items():
        account = lookup.optional(Family.ROLE, role, where=name).account
        if account is not None and account in used:
            raise lookup.held(f"would touch {name}", "Move those amounts by documents in the books.")


def entry_of(document: JournalEntry, id: str) -> Entry:
    """The entry that a journal entry of ours was posted from, by its accounts."""
    return Entry(
        id=id,
        date=document.date,
        lines=tuple(
            EntryLine(
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


def _line(line: EntryLine, memo: str, lookup: Lookup) -> JournalLine:
    where = "what it moves"
    class_ = lookup.optional(Family.CLASS, line.class_key).class_ if line.class_key else line.class_
    return JournalLine(
        side=Side.DEBIT if line.amount > 0 else Side.CREDIT,
        account=lookup.use(line.account or _account(line, lookup), where=where),
        amount=abs(line.amount),
        customer=line.customer,
        class_=lookup.use_optional(class_, where=where),
        location=lookup.use_optional(line.location, where=where),
        description=memo,
    )


def _account(line: EntryLine, lookup: Lookup) -> BooksRef:
    """The account of the line's key, of an item where its cost goes; empty (and noted) where there is none."""
    assert line.family is not None
    where = "what it moves"
    target = lookup.target(line.family, line.key, where=where)
    if target is not None and target.account is not None:
        return target.account
    if target is not None and target.item is not None:
        cost = lookup.context.item_cost_accounts.get(target.item.id)
        if cost:
            return BooksRef(BooksKind.ACCOUNT, cost)
    lookup.miss(line.family, line.key, where=where)
    return BooksRef(BooksKind.ACCOUNT, "")
