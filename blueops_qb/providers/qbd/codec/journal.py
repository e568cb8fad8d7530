"""Journal entries (section 4.9): no memo of their own, so that every line bears memo and marker."""

from __future__ import annotations

from blueops_qb.domain.documents import JournalEntry, JournalLine, Side
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.currencies import currency_of
from blueops_qb.providers.qbd.codec.members import (
    Unwritable,
    amount_of,
    money,
    needed_day,
    needed_ref,
    note,
    plain_memo,
    put,
    put_ref,
    ref,
    ref_of,
    split_note,
)
from blueops_qb.providers.qbd.codec.short_names import Space, fitted
from blueops_qb.providers.qbd.qbxml.element import Element, leaf

SIDES = {Side.DEBIT: "JournalDebitLine", Side.CREDIT: "JournalCreditLine"}
TYPES = {Side.DEBIT: "Debit", Side.CREDIT: "Credit"}
_SIDES = {name: side for side, name in SIDES.items()}


def journal_head(document: JournalEntry, books: Books, marker: str) -> list[Element]:
    """The members of a journal entry without its lines; raises Unwritable."""
    del marker
    body = [leaf("TxnDate", document.date.isoformat())]
    put(body, "RefNumber", fitted(Space.NUMBER, document.number, books.names, "The journal number"))
    return body


def journal_lines(document: JournalEntry, marker: str) -> list[tuple[Side, list[Element]]]:
    """Side and members of every line; raises Unwritable."""
    sides = [line.amount if line.side is Side.DEBIT else -line.amount for line in document.lines]
    if len(sides) < 2 or sum(sides, ZERO) != ZERO:
        raise Unwritable(
            f"The debits and credits of the journal entry differ by {sum(sides, ZERO)}; QuickBooks Desktop takes two "
            "lines at least that come to 0.00. Correct it in BlueOps."
        )
    if not any(sides):
        raise Unwritable(
            "The journal entry posts nothing, which in QuickBooks Desktop is what a void one looks like. Take it out "
            "in BlueOps."
        )
    return [(line.side, _line(line, document, marker)) for line in document.lines]


def journal_of(ret: Element, books: Books) -> JournalEntry:
    """The document that a JournalEntryRet shows."""
    lines = [line for line in ret.all(*_SIDES) if line.has("AccountRef")]
    return JournalEntry(
        date=needed_day(ret, "TxnDate"),
        lines=tuple(_line_of(line) for line in lines),
        number=ret.get("RefNumber"),
        currency=currency_of(ret, books.profile),
        # An entry has no memo of its own that a void could mark; one that posts nothing says as much.
        void=bool(lines) and not any(amount_of(line, "Amount") for line in lines),
    )


def plain_line(line: JournalLine, memo: str) -> JournalLine:
    """A line as the lens sees it: one without a description bears the entry's memo. Who bears it is told by id."""
    return JournalLine(
        side=line.side,
        account=line.account,
        amount=half_up(line.amount),
        customer=line.customer,
        class_=line.class_,
        description=plain_memo(line.description) or plain_memo(memo),
    )


def _line(line: JournalLine, document: JournalEntry, marker: str) -> list[Element]:
    if line.amount < 0:
        raise Unwritable("A line of the journal entry is negative; put it on the other side in BlueOps.")
    body = [ref("AccountRef", line.account, "The account of a line"), leaf("Amount", money(line.amount))]
    put(body, "Memo", note(plain_memo(line.description) or plain_memo(document.memo), marker))
    put_ref(body, "EntityRef", line.customer, "The job of a journal line")
    put_ref(body, "ClassRef", line.class_, "The class of a journal line")
    return body


def _line_of(line: Element) -> JournalLine:
    return JournalLine(
        side=_SIDES[line.name],
        account=needed_ref(line, "AccountRef", BooksKind.ACCOUNT),
        amount=amount_of(line, "Amount"),
        customer=ref_of(line, "EntityRef", BooksKind.CUSTOMER),
        class_=ref_of(line, "ClassRef", BooksKind.CLASS),
        description=split_note(line.get("Memo"))[0],
        books_line_id=line.get("TxnLineID"),
    )
