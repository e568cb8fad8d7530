"""Bodies: the request for a creation, a change or a removal, checked before it is queued (sections 3.1, 5.1, 5.2).

A change names what moved under the lens and leaves all else as the bookkeeper has it; lines move all together. A
request that QuickBooks would stumble over never leaves: it is refused here with a sentence, so that it cannot spoil
the set that it would travel in.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from blueops_qb.domain.compare import as_decided
from blueops_qb.domain.documents import (
    BillPayment,
    CustomerPayment,
    CustomerRecord,
    Document,
    OrderStatus,
    PurchaseOrder,
    SalesForm,
    VendorRecord,
    kind_of,
)
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec import bill_payments, receipts
from blueops_qb.providers.qbd.codec.applied import applied_members
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.forms import Form, check, check_total, form_of
from blueops_qb.providers.qbd.codec.kept import kept, moved_place
from blueops_qb.providers.qbd.codec.lens import normal, one_way
from blueops_qb.providers.qbd.codec.line_changes import changed_lines, emptied
from blueops_qb.providers.qbd.codec.members import Unwritable, external_guid, flag, ref_of
from blueops_qb.providers.qbd.codec.parties import customer_of
from blueops_qb.providers.qbd.codec.refusals import checked
from blueops_qb.providers.qbd.entities import ENTITIES, VOIDABLE_TYPES
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf
from blueops_qb.providers.qbd.qbxml.reading import NoQbxml, read_text
from blueops_qb.providers.qbd.qbxml.tables import REQUESTS, block_of
from blueops_qb.sdk.capability import Removal
from blueops_qb.sdk.provider import Operation

#: Decided at creation and never part of a change.
_ONCE = frozenset({"ExternalGUID", "IsToBePrinted"})
_UNTAXED: dict[str, Any] = {"tax_code": None}
#: Terms and the day drive the due date, so that none travels without it.
_DATES = frozenset({"TxnDate", "DueDate", "TermsRef"})


def creation(document: Document, books: Books, *, marker: str = "") -> Element:
    """The Add request; raises Unwritable with a sentence for the admin."""
    form = form_of(document)
    check(document, books)
    if isinstance(document, PurchaseOrder) and document.status is OrderStatus.CLOSED:
        raise Unwritable(
            "The order is closed already; QuickBooks Desktop takes open ones only. It need not be sent."
        )
    document = kept(document, books)
    message = form.message(document)
    body = form.head(document, books, marker)
    if marker and books.settings.external_guid and "ExternalGUID" in block_of(f"{message}AddRq").places:
        body.append(leaf("ExternalGUID", external_guid(books.profile.company_id, marker)))
    if form.tail is not None:
        body += form.tail(document)
    if form.lines is not None:
        body += [
            _new_line(line.name, line.side, line.members)
            for line in form.lines(document, books, marker, True)
        ]
    check_total(document)
    return checked(f"{message}AddRq", [branch(f"{message}Add", body)])


def change(document: Document, operation: Operation, books: Books) -> Element:
    """The Mod request of an update; raises Unwritable."""
    return _Change.of(document, operation, books).request()


def removal(operation: Operation, kind: BooksKind, books: Books) -> Element:
    """The request by which a record is taken out, by the way of the table of entities; raises Unwritable."""
    entity = ENTITIES[kind]
    id = _needed(operation.target_id, "id")
    if entity.removal is Removal.DEACTIVATE:
        (message,) = entity.messages
        body = [
            leaf("ListID", id),
            leaf("EditSequence", _needed(operation.version, "version")),
            flag("IsActive", False),
        ]
        return checked(f"{message}ModRq", [branch(f"{message}Mod", body)])
    message = _message_of(operation, entity.messages)
    del books
    if entity.removal in (Removal.VOID, Removal.UNAPPLY_FIRST) and message in VOIDABLE_TYPES:
        return checked("TxnVoidRq", [leaf("TxnVoidType", message), leaf("TxnID", id)])
    return checked("TxnDelRq", [leaf("TxnDelType", message), leaf("TxnID", id)])


def shown_of(operation: Operation) -> Element | None:
    """The Ret that a change is laid over; None when it is not known any more."""
    if not operation.shown:
        return None
    try:
        return read_text(operation.shown)
    except NoQbxml:
        return None


def _message_of(operation: Operation, messages: Sequence[str]) -> str:
    """What a record is in Desktop, where a kind has several forms; raises Unwritable when nothing tells."""
    if len(messages) == 1:
        return messages[0]
    shown = shown_of(operation)
    if shown is not None:
        return shown.name.removesuffix("Ret")
    if operation.previous is not None:
        return form_of(operation.previous).message(operation.previous)
    raise Unwritable(
        f"What it is in QuickBooks Desktop ({' or '.join(messages)}) is not known here any more. Open and save it "
        "there, which brings it here anew, then retry."
    )


@attrs.frozen(kw_only=True)
class _Change:
    """One update: what moved since `previous`, and what has to be named with it."""

    document: Document
    previous: Document
    operation: Operation
    books: Books
    form: Form
    message: str
    shown: Element | None

    @classmethod
    def of(cls, document: Document, operation: Operation, books: Books) -> _Change:
        form = form_of(document)
        check(document, books)
        document = kept(moved_place(document, operation.told, books), books)
        message = form.message(document)
        shown = shown_of(operation)
        previous = operation.previous
        if previous is None or kind_of(previous) is not kind_of(document):
            raise Unwritable(
                "What QuickBooks shows of the record is not known here. Read it again (Refresh on its page), then "
                "retry."
            )
        was = shown.name.removesuffix("Ret") if shown is not None else form.message(previous)
        if was != message:
            raise Unwritable(
                f"It is a {was} in QuickBooks Desktop and would become a {message}, which cannot be changed into one "
                "another. Void it in BlueOps and enter it anew."
            )
        if f"{message}ModRq" not in REQUESTS:
            raise Unwritable(
                f"QuickBooks Desktop cannot change a {message} through qbXML. Void it in BlueOps and enter it anew."
            )
        return cls(
            document=document,
            # As the books show it; what they keep need not be taken out of it.
            previous=previous,
            operation=operation,
            books=books,
            form=form,
            message=message,
            shown=shown if shown is not None and shown.name == f"{message}Ret" else None,
        )

    def request(self) -> Element:
        """The Mod request; raises Unwritable."""
        mod = f"{self.message}ModRq"
        id = "ListID" if isinstance(self.document, CustomerRecord | VendorRecord) else "TxnID"
        body = [
            leaf(id, _needed(self.operation.target_id, "id")),
            leaf("EditSequence", _needed(self.operation.version, "version")),
            *self._head(frozenset(block_of(mod).places)),
            *self._lines(),
        ]
        check_total(self.document)
        return checked(mod, [branch(f"{self.message}Mod", body)])

    # -- the head
    def _head(self, changeable: frozenset[str]) -> list[Element]:
        now, before = self._with_tax_item(*self._told())
        ours, theirs = self._members(now, ""), self._before(before)
        moved = {name for name, member in ours.items() if theirs.get(name) != member}
        gone = {name: member for name, member in theirs.items() if name not in ours}
        if getattr(self.previous, "void", False) and not getattr(self.document, "void", False):
            moved.add("Memo")  # it begins with the word by which a void shows itself
        # Terms, too, move the day on which it is due.
        if (moved | gone.keys()) & (_DATES | {"TermsRef"}):
            moved |= _DATES & ours.keys()
        stuck = sorted((moved | gone.keys()) - changeable - _ONCE)
        if stuck:
            raise Unwritable(
                f"The change touches {', '.join(name.removesuffix('Ref') for name in stuck)}, which QuickBooks Desktop "
                f"does not let be changed on a {self.message}. Void it in BlueOps and enter it anew."
            )
        marked = self._members(now, self.operation.marker)
        body = [member for name, member in marked.items() if name in moved and name in changeable - _ONCE]
        body = [self._over(member, theirs.get(member.name)) for member in body]
        body += [emptied(member, self.books) for name, member in gone.items() if name in changeable - _ONCE]
        if isinstance(self.document, PurchaseOrder) and isinstance(self.previous, PurchaseOrder):
            closed = self.document.status is OrderStatus.CLOSED
            if closed != (self.previous.status is OrderStatus.CLOSED):
                body.append(flag("IsManuallyClosed", closed))
        return body

    def _over(self, member: Element, before: Element | None) -> Element:
        """An address with empty lines for what it had before, which would stay below the new one."""
        if before is None or not before.children or member.child("ListID") or member.child("FullName"):
            return member
        names = {child.name for child in member.children}
        left = (emptied(child, self.books) for child in before.children if child.name not in names)
        return branch(member.name, [*member.children, *left])

    def _told(self) -> tuple[Document, Document]:
        """Now and before under the lens, with what is only told beside it."""
        now, before = normal(self.document), self._previous()
        told = self.operation.told
        if told is None or type(told) is not type(self.document):
            return now, before
        told = kept(told, self.books)
        before = as_decided(normal(told), before)
        ours, theirs = one_way(self.document), one_way(told)
        ours.pop("lines", None)
        theirs.pop("lines", None)
        return _with(now, ours), _with(before, theirs)

    def _previous(self) -> Document:
        """What stood there, under the lens; of a job that becomes a customer with the tax that only its Ret tells."""
        document, previous = self.document, self.previous
        if not isinstance(document, CustomerRecord) or not isinstance(previous, CustomerRecord):
            return normal(previous)
        if document.parent is not None or previous.parent is None or self.shown is None:
            return normal(previous)
        there = customer_of(self.shown, self.books)
        return _with(normal(attrs.evolve(there, parent=None)), {"parent": previous.parent})

    def _with_tax_item(self, now: Document, before: Document) -> tuple[Document, Document]:
        """Both with the item that is charged, which the lens leaves out where the tax is QuickBooks' to say.

        Where we name none, the one that stands there stays.
        """
        item = self.document.tax_code if isinstance(self.document, SalesForm) else None
        if item is None:
            return _with(now, _UNTAXED) if isinstance(now, SalesForm) else now, (
                _with(before, _UNTAXED) if isinstance(before, SalesForm) else before
            )
        there = None if self.shown is None else ref_of(self.shown, "ItemSalesTaxRef", BooksKind.TAX_CODE)
        return _with(now, {"tax_code": item}), _with(before, {"tax_code": there})

    def _members(self, document: Document, marker: str) -> dict[str, Element]:
        return {member.name: member for member in self.form.head(document, self.books, marker)}

    def _before(self, before: Document) -> dict[str, Element]:
        # What was there may not be writable by our rules any more; then nothing is known to be the same or cleared.
        try:
            return self._members(before, "")
        except Unwritable:
            return {}

    # -- lines
    def _lines(self) -> list[Element]:
        if not self._lines_moved():
            return []
        if self.form.lines is not None:
            return changed_lines(
                self.document, self.shown, self.books, form=self.form, marker=self.operation.marker
            )
        document, previous = self.document, self.previous
        if isinstance(document, CustomerPayment) and isinstance(previous, CustomerPayment):
            receipts.payment_add_members(document)  # the same limits hold
            return applied_members(
                "AppliedToTxnMod", receipts.parts_of(document), before=receipts.parts_of(previous)
            )
        if isinstance(document, BillPayment) and isinstance(previous, BillPayment):
            bill_payments.bill_payment_add_members(document)
            return applied_members(
                "AppliedToTxnMod", bill_payments.parts_of(document), before=bill_payments.parts_of(previous)
            )
        return []

    def _lines_moved(self) -> bool:
        now, before = normal(self.document), normal(self.previous)
        if getattr(before, "void", False) != getattr(now, "void", False):
            return bool(self.form.lined)
        if any(getattr(now, field) != getattr(before, field) for field in self.form.lined):
            return True
        told = self.operation.told
        if told is None or type(told) is not type(self.document):
            return False
        return bool(one_way(self.document).get("lines") != one_way(kept(told, self.books)).get("lines"))


def _with(document: Document, values: dict[str, Any]) -> Document:
    changed: Any = document
    told: Document = attrs.evolve(changed, **values)
    return told


def _new_line(name: str, side: str, members: Sequence[Element]) -> Element:
    """A line of an Add; a posting bears its side in its name."""
    return branch(f"Journal{side}Line" if side else f"{name}LineAdd", members)


def _needed(value: str, what: str) -> str:
    if not value:
        raise Unwritable(f"The {what} of the record in QuickBooks is not known; read it again, then retry.")
    return value
