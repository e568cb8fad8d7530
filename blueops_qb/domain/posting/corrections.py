"""Changes of invoices in a closed period, under the policy `adjust` (accounting-treatments section 9).

Case: the invoice of October is wrong, and October is closed. What was posted stays. A credit memo of the day of the
event takes it back (same items, classes and tax), a new invoice of that day has the right amount, and a payment of
0.00 applies the credit: first to what is open of the old invoice, the rest to the new one. A void is the credit
memo alone. Entry of a void: the opposite of the invoice, dated in the open period.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import Allocation, Document, SalesInvoice
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.naming import derived_number
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.posting.allocations import CORRECTED, current
from blueops_qb.domain.posting.closing import changed_in_substance, closed_policy, first_open_day
from blueops_qb.domain.posting.credits import settling
from blueops_qb.domain.posting.invoices import as_credit
from blueops_qb.domain.posting.kinds import REVERSAL, SETTLED
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.recoding import coded_as
from blueops_qb.domain.records import Invoice
from blueops_qb.domain.refs import DocumentKey, ref_of_key
from blueops_qb.domain.reversal import with_their_tax

#: What an invoice comes to by itself; a person's undo keeps a document of its own beside them.
OWN_ROLES = frozenset({"main", CORRECTED, REVERSAL, SETTLED})


def corrected(
    record: Invoice, wanted: Mapping[DocumentKey, Document], lookup: Lookup
) -> Mapping[DocumentKey, Document]:
    """The documents of a changed invoice; `wanted` is what it would be in an open period (void or not)."""
    main = DocumentKey(record.ref)
    earlier = {
        key: doc
        for key, doc in lookup.context.posted.items()
        if key.source == record.ref and key.role in OWN_ROLES
    }
    key = current(record.ref, lookup)
    posted, new = earlier.get(key), wanted.get(main)
    if not isinstance(posted, SalesInvoice) or not isinstance(new, SalesInvoice):
        return wanted
    if key != main:
        new = lookup.coded(key, _in_its_place(_where_moved(key, new, lookup), posted))
    closing = lookup.context.profile.closing_date
    if closing is None or posted.date > closing or posted.void:
        return {**earlier, key: new} if key != main else wanted
    number = sum(doc_key.role == REVERSAL for doc_key in earlier)
    if number > key.part - (key == main):
        return earlier  # taken back already, by a void
    if not changed_in_substance(posted, new):
        return earlier
    if closed_policy(lookup) is not ClosedPeriod.ADJUST:
        return {**earlier, key: new}
    new = _where_moved(key, new, lookup)
    return {**earlier, **_correction(key, posted, new, number + 1, lookup)}


def voided(
    record: Invoice, void: Mapping[DocumentKey, Document], lookup: Lookup
) -> Mapping[DocumentKey, Document]:
    """The documents of a voided invoice: `void` where nothing of it lies in a closed period."""
    key = current(record.ref, lookup)
    if key not in void:
        return void  # it stands there as a credit memo
    taken_back = corrected(record, {DocumentKey(record.ref): void[key]}, lookup)
    if DocumentKey(record.ref, REVERSAL, 1) not in taken_back:
        return void
    return taken_back


def _where_moved(key: DocumentKey, new: SalesInvoice, lookup: Lookup) -> SalesInvoice:
    """What takes the place of an invoice stands where that was moved to."""
    other = lookup.context.as_moved.get(key)
    return coded_as(new, other) if isinstance(other, SalesInvoice) and not new.void else new


def _in_its_place(new: SalesInvoice, posted: SalesInvoice) -> SalesInvoice:
    """A later state of an invoice that took the place of another: date and number are its own."""
    return attrs.evolve(new, date=posted.date, due_date=posted.due_date, number=posted.number)


def _correction(
    key: DocumentKey, posted: SalesInvoice, new: SalesInvoice, n: int, lookup: Lookup
) -> dict[DocumentKey, Document]:
    day = first_open_day(lookup)
    posted = with_their_tax(posted, lookup.context.theirs.get(key))
    words = f"Corrects {posted.number or key.source} of {posted.date}"
    memo = attrs.evolve(
        as_credit(posted), date=day, number=_number(posted.number, f"C{n}", lookup), memo=words, email=""
    )
    reversal = DocumentKey(key.source, REVERSAL, n)
    documents: dict[DocumentKey, Document] = {reversal: memo}
    total = posted.total or ZERO
    open_there = min(lookup.context.open_in_books.get(key, total), total)
    settled = [Allocation(invoice=ref_of_key(key), amount=open_there)] if open_there else []
    rest = total - open_there
    if not new.void:
        place = DocumentKey(key.source, CORRECTED, n)
        documents[place] = _dated(new, day, _number(new.number, f"R{n}", lookup))
        taken = min(rest, _total(new, rest))
        if taken:
            settled.append(Allocation(invoice=place, amount=taken))
    if settled and not lookup.context.profile.auto_apply_credits:
        documents[DocumentKey(key.source, SETTLED, n)] = settling(memo, reversal, tuple(settled))
    return documents


def _dated(new: SalesInvoice, day: dt.date, number: str) -> SalesInvoice:
    due = max(new.due_date, day) if new.due_date is not None else None
    return attrs.evolve(new, date=day, due_date=due, number=number)


def _number(number: str, tail: str, lookup: Lookup) -> str:
    return derived_number(f"{number}-{tail}", length=lookup.context.number_length) if number else ""


def _total(new: SalesInvoice, otherwise: Decimal) -> Decimal:
    return otherwise if new.total is None else new.total
