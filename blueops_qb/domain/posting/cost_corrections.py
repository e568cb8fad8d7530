"""Changes of costs in a closed period, under the policy `adjust` (accounting-treatments sections 9 and 10).

Case: the bill of October is wrong, and October is closed. What was posted stays. A vendor credit of the day of the
event takes it back, a new bill of that day has the right amount, and a bill payment of 0.00 applies the credit: first
to what is open of the old bill, the rest to the new one. What was paid at once, use tax and labor are taken back by a
journal entry with the sides changed. A void is the reversal alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import (
    AttachedFile,
    Bill,
    BillPayment,
    Document,
    ExpenseDocument,
    JournalEntry,
    Settled,
    VendorCredit,
)
from blueops_qb.domain.effects import effects, roles_of
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.naming import derived_number
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.posting.allocations import CORRECTED
from blueops_qb.domain.posting.closing import changed_in_substance, closed_policy, first_open_day
from blueops_qb.domain.posting.invoices import NUMBER_LENGTH
from blueops_qb.domain.posting.kinds import BESIDE, REVERSAL, SETTLED
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.records import Expense
from blueops_qb.domain.refs import DocumentKey, OurRef, RecordRef
from blueops_qb.domain.reversal import UNDO_ROLES, Irreversible, reversal_of

Documents = Mapping[DocumentKey, Document]
Cost = Bill | ExpenseDocument | JournalEntry


def corrected(record: Expense, wanted: Documents, lookup: Lookup) -> Documents:
    """The documents of a changed cost; `wanted` is what it would be in an open period (void or not)."""
    earlier = _earlier(record, lookup)
    key = _current(earlier)
    posted, new = earlier.get(key) if key is not None else None, _cost_in(wanted)
    if key is None or not isinstance(posted, Cost) or new is None:
        return wanted
    files = {k: d for k, d in wanted.items() if isinstance(d, AttachedFile)}
    if key.role == CORRECTED:
        new = lookup.coded(key, _in_its_place(_where_moved(key, new, lookup), posted))
    closing = lookup.context.profile.closing_date
    if closing is None or posted.date > closing or posted.void:
        return {**earlier, **files, key: new} if key.role == CORRECTED else wanted
    number = sum(doc_key.role == REVERSAL for doc_key in earlier)
    if number > (key.part if key.role == CORRECTED else 0):
        return {**earlier, **files}  # taken back already, by a void
    if not changed_in_substance(posted, new):
        return {**earlier, **files}
    if closed_policy(lookup) is not ClosedPeriod.ADJUST:
        return {**earlier, **files, key: new} if key.role == CORRECTED else wanted
    new = _where_moved(key, new, lookup)
    return {**earlier, **files, **_correction(key, posted, new, number + 1, lookup)}


def voided(record: Expense, void: Documents, lookup: Lookup) -> Documents:
    """The documents of a voided cost: `void` where nothing of it lies in a closed period."""
    key = _current(_earlier(record, lookup))
    if key is None or key not in void:
        return void
    taken_back = corrected(record, {key: void[key]}, lookup)
    return taken_back if DocumentKey(record.ref, REVERSAL, 1) in taken_back else void


def _earlier(record: Expense, lookup: Lookup) -> dict[DocumentKey, Document]:
    return {
        key: doc
        for key, doc in lookup.context.posted.items()
        if key.source == record.ref and key.role not in UNDO_ROLES
    }


def _current(earlier: Documents) -> DocumentKey | None:
    """The document that stands for the cost now: the last that took its place, or the one that was posted first."""
    later = [key for key in earlier if key.role == CORRECTED]
    first = [k for k, d in earlier.items() if k.role not in BESIDE and isinstance(d, Cost)]
    if later:
        return max(later, key=lambda key: key.part)
    return first[0] if len(first) == 1 else None


def _cost_in(wanted: Documents) -> Cost | None:
    found = [doc for doc in wanted.values() if isinstance(doc, Cost)]
    return found[0] if len(found) == 1 else None


def _where_moved(key: DocumentKey, new: Cost, lookup: Lookup) -> Cost:
    """What takes the place of a cost stands where that was moved to."""
    found = lookup.context.as_moved.get(key)
    return found if isinstance(found, Cost) and type(found) is type(new) and not new.void else new


def _in_its_place(new: Cost, posted: Cost) -> Cost:
    """A later state of a cost that took the place of another: date and number are its own."""
    placed = attrs.evolve(new, date=posted.date, number=posted.number, memo=posted.memo)
    if isinstance(placed, Bill) and isinstance(posted, Bill):
        placed = attrs.evolve(placed, due_date=posted.due_date)
    return placed


def _correction(
    key: DocumentKey, posted: Cost, new: Cost, n: int, lookup: Lookup
) -> dict[DocumentKey, Document]:
    day = first_open_day(lookup)
    back, place = DocumentKey(key.source, REVERSAL, n), DocumentKey(key.source, CORRECTED, n)
    words = f"Corrects {posted.number or key.source} of {posted.date}"
    documents: dict[DocumentKey, Document] = {back: _reversal(posted, day, n, words, lookup)}
    if not new.void:
        documents[place] = _dated(new, day, n, words)
    credit = documents[back]
    if isinstance(credit, VendorCredit):
        used = _settled(key, posted, documents.get(place), place, lookup)
        if used:
            documents[DocumentKey(key.source, SETTLED, n)] = _settling(credit, back, used)
    return documents


def _reversal(posted: Cost, day: dt.date, n: int, words: str, lookup: Lookup) -> Document:
    context = lookup.context
    postings = effects(
        posted,
        roles=roles_of(context.mapping, posted.date),
        item_accounts=context.item_accounts,
        item_cost_accounts=context.item_cost_accounts,
    )
    try:
        return reversal_of(posted, postings, day=day, number=_number(posted.number, f"C{n}"), memo=words)
    except Irreversible as problem:
        raise lookup.held(
            f"was posted on {posted.date}, in a closed period, and cannot be taken back in an open one: {problem}",
            "Move the closing date in the books for a moment, or correct it there with your accountant.",
        ) from None


def _dated(new: Cost, day: dt.date, n: int, words: str) -> Cost:
    memo = f"{new.memo} ({words[0].lower()}{words[1:]})".strip()
    placed = attrs.evolve(new, date=day, number=_number(new.number, f"R{n}"), memo=memo)
    if isinstance(placed, Bill) and placed.due_date is not None:
        placed = attrs.evolve(placed, due_date=max(placed.due_date, day))
    return placed


def _settled(
    key: DocumentKey, posted: Cost, new: Document | None, place: DocumentKey, lookup: Lookup
) -> list[Settled]:
    """What the vendor credit settles: what is open of the old bill, the rest of the new one."""
    total = getattr(posted, "total", ZERO)
    open_there: Decimal = min(lookup.context.open_in_books.get(key, total), total)
    found = [Settled(document=_name(key), amount=open_there)] if open_there else []
    rest = total - open_there
    if isinstance(new, Bill) and (taken := min(rest, new.total)):
        found.append(Settled(document=place, amount=taken))
    return found


def _settling(credit: VendorCredit, back: DocumentKey, used: list[Settled]) -> BillPayment:
    whole = sum((part.amount for part in used), ZERO)
    return BillPayment(
        vendor=credit.vendor,
        date=credit.date,
        amount=ZERO,
        settles=(*used, Settled(document=back, amount=-whole)),
        ap_account=credit.ap_account,
        location=credit.location,
        memo=credit.memo,
        currency=credit.currency,
    )


def _name(key: DocumentKey) -> OurRef:
    """How other documents name a cost: by its record, whatever kind it became."""
    return key if key.role == CORRECTED else RecordRef(key.source.kind, key.source.id)


def _number(number: str, tail: str) -> str:
    return derived_number(f"{number}-{tail}", length=NUMBER_LENGTH) if number else ""
