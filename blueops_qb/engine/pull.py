"""Pull: what core and our side would become if fields were taken from the books, proven before anybody is told.

`draft` is free of side effects, so that comparing, previewing and resolving use the same code; `tell_core` carries
it out. The proof: the changed record is posted again and must show what the books show, to the cent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import attrs

from blueops_qb.domain.binding import refs_of, unbind
from blueops_qb.domain.documents import (
    BankDeposit,
    Bill,
    CreditMemo,
    CustomerPayment,
    CustomerRecord,
    Document,
    ExpenseDocument,
    SalesInvoice,
    VendorRecord,
)
from blueops_qb.domain.line_merge import LineStep, Unpaired, chosen
from blueops_qb.domain.overrides import HEAD_CODING, LineOverride, coding_of, overridden
from blueops_qb.domain.posting.context import Blocked, Posted
from blueops_qb.domain.pull_cost import expense_from
from blueops_qb.domain.pull_invoice import invoice_from
from blueops_qb.domain.pulling import Drafted, NoPlace, Pull
from blueops_qb.domain.records import (
    Credit,
    Customer,
    Expense,
    Invoice,
    Job,
    Payment,
    Payout,
    Record,
    Vendor,
)
from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef, record_of
from blueops_qb.domain.reverse import customer_from, job_from, payment_from, vendor_from
from blueops_qb.domain.reverse_credits import credit_applied, credit_changed, same_lines
from blueops_qb.domain.reverse_keys import Key
from blueops_qb.engine import arrived_deposits, to_core, used_credits
from blueops_qb.engine.free_names import kept_name
from blueops_qb.engine.known import sources_of
from blueops_qb.engine.overrides_desk import keep
from blueops_qb.engine.pull_proof import prove
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_as_open, post_record, rules_for
from blueops_qb.engine.several import (
    check_only_one,
    check_others_same,
    check_parts_agree,
    documents_of,
    whole_payment,
)
from blueops_qb.engine.sides import Sides
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Change

Overrides = tuple[LineOverride, ...]
#: Coding of the head that must have a key in BlueOps: the branch, and which account money left.
KEYED = frozenset({"location", "account"})


@attrs.frozen(kw_only=True)
class Draft:
    """What would be: `change` is for core (None = core has nothing to change), `ours` is posted from `record`.

    `pairs` are the line ids of both sides as they would be agreed on, None where lines were not looked at.
    """

    change: Change | None
    record: Record
    ours: Document
    fields: frozenset[str]
    overrides: Overrides = ()
    pairs: tuple[tuple[str, str], ...] | None = None
    #: Lines of both sides, as a person chose them one by one.
    mixed: bool = False


def draft(
    turn: Turn,
    sides: Sides,
    fields: Collection[str],
    *,
    picks: Mapping[str, Key] | None = None,
    by_person: bool = False,
    each: Mapping[str, str] | None = None,
) -> Draft:
    """Take `fields` (of the document) from the books; raises NoPlace, in words that continue “invoice 1041 ...”.

    `picks` are keys for lines that were added over there, by the books' line id. `by_person`: somebody looked at
    it and wants it so; then a job may move and coding without a key is kept as an override. `each` is a side per
    line (`line_merge.token`), which only a person can choose; what comes of it is no longer what the books show.
    """
    record, wanted = sides.snapshot.record, frozenset(fields)
    places = [r for r in refs_of(sides.theirs) if isinstance(r, BooksRef)]
    parties = sources_of(turn.connection, turn.id, places)
    theirs = unbind(sides.theirs, parties)
    if isinstance(record, Credit) and isinstance(theirs, CustomerPayment):
        return _used(turn, sides, record, theirs, wanted)
    if getattr(theirs, "void", False) != getattr(sides.normal_ours, "void", False):
        return _void(turn, sides, theirs, wanted)
    if _moves_job(record, theirs, wanted) and not by_person:
        raise NoPlace("stands below another customer in QuickBooks now; somebody must say whether it moves")
    try:
        lines = "lines" in wanted and isinstance(record, Invoice | Expense | Credit)
        steps = chosen(sides.steps(turn), each or {}) if lines else ()
    except Unpaired as problem:
        if not isinstance(record, Credit):
            raise NoPlace(f"has other lines in QuickBooks now; {problem}") from None
        steps = ()  # of a credit only the coding of its lines would be kept
    mapping, policy = rules_for(turn, record, documents_of(turn, sides.known))
    pull = Pull(
        theirs=theirs,
        fields=wanted,
        steps=steps,
        mapping=mapping,
        policy=policy,
        scopes=_scopes(turn, record),
        picks=picks or {},
        ours={place: record_of(ref) for place, ref in parties.items()},
        by_person=by_person,
        mixed=bool(each),
    )
    drafted = _drafted(turn, sides, pull)
    plain = _posted(turn, _standing(sides, theirs, wanted), drafted.record)
    overrides = _overrides(sides, plain, drafted, pull, steps)
    ours = overridden(plain, overrides, turn.catalog.item_accounts)
    pairs = None
    # The words and products of a credit's lines are the bookkeeper's; their coding alone is kept.
    ids = None if isinstance(record, Credit) else drafted.ids
    if ids is not None and not each:
        pairs = tuple((a, b) for a, b in zip(ids, sides.books_ids, strict=True) if a and b)
    found = Draft(
        change=None if drafted.record == record else to_core.saving(drafted.record),
        record=drafted.record,
        ours=ours,
        fields=wanted,
        overrides=overrides,
        pairs=pairs,
        mixed=bool(each),
    )
    if not each:
        prove(turn, sides, found.fields, ours, ids)
    return found


def _moves_job(record: Record, theirs: Document, wanted: frozenset[str]) -> bool:
    """A job stands below another customer; one whose customer was merged there has only another id."""
    if not isinstance(record, Job) or not isinstance(theirs, CustomerRecord) or "parent" not in wanted:
        return False
    return theirs.parent != RecordRef(RecordKind.CUSTOMER, record.customer_id)


def _void(turn: Turn, sides: Sides, theirs: Document, wanted: frozenset[str]) -> Draft:
    record: Any = sides.snapshot.record
    if not getattr(theirs, "void", False):
        raise NoPlace("is void in BlueOps and not in QuickBooks")
    check_only_one(turn, sides.known, "voided")
    gone = attrs.evolve(record, void=True)
    return Draft(
        change=None if record.void else to_core.voiding(record, "voided in QuickBooks"),
        record=gone,
        ours=_posted(turn, sides, gone),
        fields=wanted | {"void"},
        overrides=sides.known.overrides,
    )


def _used(turn: Turn, sides: Sides, record: Credit, theirs: CustomerPayment, wanted: frozenset[str]) -> Draft:
    """What the books settle with a credit, by a payment of 0.00 that names it; void, it settles nothing."""
    if other := wanted & {"date", "method", "reference", "deposit_to", "memo"}:
        raise NoPlace(f"is used by a payment in QuickBooks that has another {', '.join(sorted(other))} now")
    used = credit_applied(record, theirs, beside=used_credits.beside(turn, record.ref))
    change = None if used == record else to_core.saving(used)
    if theirs.void:
        base: Any = sides.base
        return Draft(change=change, record=used, ours=attrs.evolve(base, void=True), fields=wanted)
    ours = _posted(turn, _holding(sides, theirs), used)
    prove(turn, sides, wanted, ours, None)
    return Draft(change=change, record=used, ours=ours, fields=wanted)


def _scopes(turn: Turn, record: Record) -> tuple[str, ...]:
    """Segment and branch by which posting narrows the mapping of an invoice."""
    if not isinstance(record, Invoice):
        return ()
    found = {ref: s.record for ref, s in read_related(turn.read_all, [record]).items()}
    job = next((r for r in found.values() if isinstance(r, Job) and r.id == record.job_id), None)
    payer = next((r for r in found.values() if isinstance(r, Customer) and r.id == record.customer_id), None)
    segment = (job.segment if job else "") or (payer.segment if payer else "")
    branch = record.branch or (job.branch if job else "")
    return tuple(scope for scope in (segment, branch) if scope)


def _drafted(turn: Turn, sides: Sides, pull: Pull) -> Drafted:
    record, fields, theirs = sides.snapshot.record, pull.fields, pull.theirs
    match record, theirs:
        case Customer(), CustomerRecord():
            if "parent" in fields:
                raise NoPlace("is a job of another customer in QuickBooks now")
            return Drafted(record=customer_from(theirs, record, fields, pull.mapping))
        case Job(), CustomerRecord():
            return Drafted(record=job_from(theirs, record, fields))
        case Vendor(), VendorRecord():
            return Drafted(record=vendor_from(theirs, record, fields, pull.mapping))
        case Invoice(), SalesInvoice():
            return invoice_from(record, pull, customer_id=to_core.customer_of(turn, theirs.customer))
        case Expense(), Bill() | ExpenseDocument():
            return expense_from(record, pull)
        case Payment(), CustomerPayment():
            whole = theirs
            if not pull.by_person:
                check_parts_agree(turn, sides.known, theirs, fields & _OF_ALL)
            if _SPLIT & fields:
                whole = whole_payment(record, sides.known.key, theirs, sides.documents)
            return Drafted(record=_payment(turn, record, whole, fields))
        case Payout(), BankDeposit():
            return Drafted(record=_payout(turn, record, pull))
        case Credit(), CreditMemo():
            if other := fields & {"location", "class_"}:
                names = ", ".join(sorted(name.rstrip("_") for name in other))
                raise NoPlace(f"has another {names} in QuickBooks now")
            whose = to_core.customer_of(turn, theirs.customer)
            changed = credit_changed(theirs, record, fields, customer_id=whose)
            return Drafted(record=changed, ids=same_lines(record, changed, pull.steps))
        case _:
            raise NoPlace("was changed in QuickBooks, and BlueOps has no place for that kind of change")


#: What the parts of a payment share between them.
_SPLIT = frozenset({"customer", "amount", "allocations"})
#: What a payment says once, for all its parts. Its note too, but that is the bookkeeper's (accounting-treatments 10).
_OF_ALL = frozenset({"date", "method", "reference"})
#: Fields of the books' payment -> those of ours that say the same.
_PAYMENT = {
    "customer": ("customer_id",),
    "amount": ("amount",),
    "allocations": ("applications", "given_back", "elsewhere"),
    "date": ("received_on",),
    "method": ("method",),
    "reference": ("reference",),
    "memo": ("memo",),
}


def _payment(turn: Turn, record: Payment, theirs: CustomerPayment, fields: Collection[str]) -> Payment:
    party = theirs.customer
    customer_id = to_core.customer_of(turn, party)
    if customer_id is None or not isinstance(party, RecordRef):
        raise NoPlace(f"is from {party} in QuickBooks, which is nobody in BlueOps")
    shown = payment_from(
        theirs, id=record.id, party=party, customer_id=customer_id, mapping=turn.mapping, current=record
    )
    taken = {name: getattr(shown, name) for f in fields if f in _PAYMENT for name in _PAYMENT[f]}
    if taken.get("customer_id", record.customer_id) != record.customer_id:
        taken["job_id"] = shown.job_id
    return attrs.evolve(record, **taken)


#: Fields of the books' deposit that say which payments reached which account with how much.
_BANKED = frozenset({"account", "lines", "total"})


def _payout(turn: Turn, record: Payout, pull: Pull) -> Payout:
    if pull.fields & _BANKED:
        shown = arrived_deposits.changed(turn, record, pull.theirs, pull.mapping)
        record = attrs.evolve(shown, date=record.date, memo=record.memo)
    if "date" in pull.fields:
        record = attrs.evolve(record, date=pull.theirs.date)
    return attrs.evolve(record, memo=pull.theirs.memo) if "memo" in pull.fields else record


# -- posting it again ----------------------------------------------------------------------------------
def _posted(turn: Turn, sides: Sides, record: Record) -> Document:
    """The document of the changed record, without anybody's coding."""
    bare = attrs.evolve(sides.known, overrides=())
    related = read_related(turn.read_all, [record])
    result = post_record(turn, record, related, documents_of(turn, bare))
    if isinstance(result, Blocked) and turn.profile.closing_date is not None:
        # A closed period is closed to us: what the books let their own people change in it stands there already.
        result = post_as_open(turn, record, related, documents_of(turn, bare))
    if not isinstance(result, Posted) or sides.known.key not in result.documents:
        reason = getattr(result, "reason", "it would become another kind of document")
        raise NoPlace(f"could not be posted any more as QuickBooks shows it: {reason}")
    if not getattr(record, "void", False):
        check_others_same(sides.known.key, sides.documents, result.documents)
    return kept_name(turn, sides.known.key.source, result.documents[sides.known.key])


def _standing(sides: Sides, theirs: Document, wanted: frozenset[str]) -> Sides:
    """With the lines of a deposit as the books have them: those that are not ours stay as they are."""
    if not isinstance(theirs, BankDeposit) or "lines" not in wanted:
        return sides
    return _holding(sides, theirs)


def _holding(sides: Sides, document: Document) -> Sides:
    """With this as our document: what of it is not ours stands in it alone."""
    return attrs.evolve(sides, known=attrs.evolve(sides.known, content=wire.dump_document(document)))


def _overrides(
    sides: Sides, plain: Document, drafted: Drafted, pull: Pull, steps: Collection[LineStep]
) -> Overrides:
    """The coding that stays over there: what differs from posting where a bookkeeper had a hand in it."""
    kept = {o.line_id: dict(o.fields) for o in sides.known.overrides}
    if drafted.ids is not None:
        posted: dict[str, Any] = {line.line_id: line for line in getattr(plain, "lines", ())}
        shown = [step for step in steps if step.theirs is not None]
        head = {"": kept[""]} if "" in kept else {}
        kept = head | _coded_lines(drafted.ids, shown, posted, kept)
    taken = pull.fields & set(HEAD_CODING)
    coded = _coded_head(plain, pull, taken)
    kept[""] = {name: value for name, value in kept.get("", {}).items() if name not in taken} | coded
    return tuple(LineOverride(line_id=id, fields=fields) for id, fields in kept.items() if fields)


def _coded_lines(
    ids: Collection[str], shown: list[LineStep], posted: Mapping[str, Any], kept: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for id, step in zip(ids, shown, strict=True):
        line = posted.get(id)
        if line is None:
            continue
        ours, before = coding_of(line), kept.get(id, {})
        # Coding that nobody moved is ours to say still, on a line that was recoded otherwise too.
        found[id] = {
            name: value
            for name, value in coding_of(step.theirs).items()
            if value != ours[name] and _is_theirs(name, step, before)
        }
    return found


def _is_theirs(name: str, step: LineStep, before: Mapping[str, Any]) -> bool:
    """Somebody gave the line this very coding there, now or before; a line is on an item or on an account."""
    names = (name,) if name == "class_" else ("item", "account")
    return not step.ours_id or step.moved(*names) or bool(before.keys() & set(names))


def _coded_head(plain: Document, pull: Pull, taken: Collection[str]) -> dict[str, Any]:
    """Coding of the head is the bookkeeper's as well; where BlueOps has keys, only if a person wants it so."""
    return {
        name: getattr(pull.theirs, name)
        for name in taken
        if (name not in KEYED or pull.by_person) and getattr(plain, name, None) != getattr(pull.theirs, name)
    }


# -- telling core ----------------------------------------------------------------------------------------
def _note_credits(turn: Turn, sides: Sides, found: Draft, key: str) -> None:
    """Credits of ours that a payment uses up beside its money say so in core, once that was taken over."""
    now, before = sides.theirs, sides.base_theirs
    taken = found.fields & {"allocations", "void"} and isinstance(found.record, Payment)
    if taken and isinstance(now, CustomerPayment) and isinstance(before, CustomerPayment):
        used_credits.moved(turn, before, now, key=key)


def _told(turn: Turn, sides: Sides, record: Record) -> Document:
    """The document of the record as core has it now, with the bookkeeper's coding."""
    plain = _posted(turn, sides, record)
    return overridden(plain, sides.known.overrides, turn.catalog.item_accounts)


def tell_core(turn: Turn, sides: Sides, found: Draft, key: str) -> tuple[int, Document]:
    """Carry a draft out in core; answers core's revision and our document as it is posted then.

    Raises StaleCore, or NoPlace when core refuses or made something else of it (nothing is changed then).
    """
    coded = attrs.evolve(sides, known=attrs.evolve(sides.known, overrides=found.overrides))
    applied = isinstance(found.record, Credit) and isinstance(found.ours, CustomerPayment)
    if applied or isinstance(found.ours, BankDeposit):
        coded = _holding(coded, found.ours)
    with turn.connection.begin_nested():
        keep(turn, sides, found.overrides)
        revision = sides.snapshot.revision
        if found.change is not None:
            revision = to_core.applied(turn, sides.snapshot, found.change, key)
        _note_credits(turn, sides, found, key)
        if found.change is None:
            return revision, found.ours
        fresh = turn.tx.read(sides.known.key.source)
        assert fresh is not None
        if isinstance(found.record, Credit) and getattr(found.ours, "void", False):
            return revision, found.ours
        ours = _told(turn, coded, fresh.record)
        if not getattr(found.ours, "void", False) and not found.mixed:
            ids = None if found.pairs is None else [mine for mine, _ in found.pairs]
            prove(turn, sides, found.fields, ours, ids)
        return revision, ours
