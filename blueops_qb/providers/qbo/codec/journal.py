"""Journal entries (reference/quickbooks-online.md section 4.20)."""

from __future__ import annotations

from blueops_qb.domain.documents import JournalEntry, JournalLine, Side
from blueops_qb.domain.profile import BooksProfile, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec.costs import PAYEE_KINDS, PAYEES
from blueops_qb.providers.qbo.codec.members import (
    NUMBER,
    Obj,
    Unfit,
    amount_of,
    cents,
    exactly,
    folded,
    needed_day,
    needed_ref,
    note,
    put_ref,
    ref,
    ref_id,
    ref_of,
    split_note,
    words,
)

DETAIL = "JournalEntryLineDetail"
_SIDES = {Side.DEBIT: "Debit", Side.CREDIT: "Credit"}


def journal_body(document: JournalEntry, profile: BooksProfile, marker: str, *, whole: bool = True) -> Obj:
    """The members of a journal entry, with its lines when `whole`; raises Unfit."""
    body: Obj = {"TxnDate": document.date.isoformat()}
    if document.number:
        body["DocNumber"] = exactly(document.number, NUMBER, "The journal number")
    private = note(document.memo, marker)
    if private:
        body["PrivateNote"] = private
    if whole:
        body["Line"] = [_line(line, profile) for line in document.lines]
    return body


def journal_of(obj: Obj, profile: BooksProfile) -> JournalEntry:
    """The document that a JournalEntry object shows; lines of words only are left out."""
    return JournalEntry(
        date=needed_day(obj, "TxnDate"),
        lines=tuple(_line_of(line) for line, _ in flat_lines(obj)),
        number=str(obj.get("DocNumber") or ""),
        memo=split_note(str(obj.get("PrivateNote") or ""))[0],
        currency=ref_id(obj, "CurrencyRef") or profile.currency,
    )


def flat_lines(obj: Obj) -> list[tuple[Obj, int | None]]:
    """The lines that post something."""
    return [(line, None) for line in obj.get("Line") or [] if line.get(DETAIL)]


def _line(line: JournalLine, profile: BooksProfile) -> Obj:
    body: Obj = {"Id": line.books_line_id} if line.books_line_id else {}
    detail: Obj = {"PostingType": _SIDES[line.side], "AccountRef": ref(line.account, "The account of a line")}
    if line.customer is not None:
        if not isinstance(line.customer, BooksRef) or line.customer.kind not in PAYEES:
            raise Unfit(f"The job of a journal line is not linked to QuickBooks yet ({line.customer}).")
        detail["Entity"] = {"Type": PAYEES[line.customer.kind], "EntityRef": {"value": line.customer.id}}
        detail["BillableStatus"] = "NotBillable"
    if profile.class_tracking is Tracking.PER_LINE:
        put_ref(detail, "ClassRef", line.class_, "The class of a journal line")
    if profile.locations:
        put_ref(detail, "DepartmentRef", line.location, "The location of a journal line")
    body["DetailType"] = DETAIL
    body["Amount"] = cents(line.amount)
    text = words(line.description)
    if text:
        body["Description"] = text
    body[DETAIL] = detail
    return body


def _line_of(line: Obj) -> JournalLine:
    detail = line[DETAIL]
    entity = detail.get("Entity") or {}
    name = ref_id(entity, "EntityRef")
    kind = PAYEE_KINDS.get(folded(entity.get("Type")), BooksKind.CUSTOMER)
    return JournalLine(
        side=Side.DEBIT if folded(detail.get("PostingType")) == "debit" else Side.CREDIT,
        account=needed_ref(detail, "AccountRef", BooksKind.ACCOUNT),
        amount=amount_of(line, "Amount"),
        customer=BooksRef(kind, name) if name else None,
        class_=ref_of(detail, "ClassRef", BooksKind.CLASS),
        location=ref_of(detail, "DepartmentRef", BooksKind.LOCATION),
        description=str(line.get("Description") or ""),
        books_line_id=str(line.get("Id") or ""),
    )
