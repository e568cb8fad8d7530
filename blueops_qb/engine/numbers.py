"""Numbers: asks the books whether a document's number is free before the document is created there.

Books that take a number twice without a word (reference/quickbooks-online.md section 4.16) would show two invoices
of one number. Numbers under the prefix that is reserved for us are ours alone and are not asked for. The look-up is
an operation of its own, and while it runs the creation counts as out without an exchange: whatever goes wrong with
the look-up, nothing is created before it has been answered.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import Document
from blueops_qb.domain.refs import BooksKind, RecordRef, Ref
from blueops_qb.engine import outbox
from blueops_qb.engine.due import operation_row
from blueops_qb.engine.known import places_of
from blueops_qb.engine.landing import Landing
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.outcomes import BooksRecord, Found
from blueops_qb.sdk.provider import Lane, Operation, Verb, Want
from blueops_qb.store import tables as t

_FOR, _NUMBER = "for", "number"
#: An answer is good for so many seconds; a creation that has waited for longer is asked for anew.
_GOOD_FOR = 600.0


def unasked(turn: Turn, chosen: Sequence[Ready]) -> list[Ready]:
    """The creations among them whose number has to be asked for first."""
    kinds = turn.description.numbers_asked
    if not kinds or not turn.profile.custom_numbers:
        return []
    return [ready for ready in chosen if ready.row.verb == Verb.CREATE.value and _to_ask(turn, ready, kinds)]


def ask(turn: Turn, readies: Sequence[Ready]) -> None:
    """Queue a look-up per number; their creations wait until it is answered."""
    o = t.operations
    _forget(turn, readies)
    rows = [
        operation_row(
            turn,
            Verb.FIND,
            kind=BooksKind(ready.row.kind),
            params={"by": "number", "number": _number(ready.document), _FOR: str(ready.id)},
            lane=Lane(ready.row.lane),
        )
        for ready in readies
    ]
    turn.connection.execute(o.insert(), rows)
    turn.connection.execute(
        o.update().where(o.c.id.in_([ready.id for ready in readies])).values(state="out", exchange_id=None)
    )
    moves = [
        Move(
            ref=ready.source,
            revision=ready.row.revision,
            state=State.WAITING,
            reason=f"{ready.source}: the books are asked whether its number {_number(ready.document)} is free",
            remedy="Nothing to do: it is written by itself as soon as the books have answered.",
        )
        for ready in readies
        if ready.source is not None
    ]
    outbox.move(turn.connection, turn.tenant_id, moves, turn.now)


def told(landing: Landing, asking: Ready, found: Found | None) -> None:
    """The answer to a look-up, None = nothing bears it: the creation goes on, or is held as the number is taken.

    A page of an answer only tells that a number is taken; that it is free is known once all of it has come.
    """
    turn = landing.turn
    ready = waits_for(turn, asking)
    if ready is None or ready.document is None:
        return
    number = _number(ready.document)
    vendor = _vendor(turn, ready.document)
    taken = [record for record in (found.records if found else ()) if _takes(record, number, vendor)]
    if taken:
        names = " and ".join(f"{record.kind.value} {record.id}" for record in taken)
        landing.failed(
            ready,
            f"its number {number} is already used in the books, by {names}; nothing was written",
            "Give it another number in BlueOps, or change the number of the other one in the books; then retry.",
        )
        return
    if found is not None and not found.complete:
        return
    o = t.operations
    before = json.loads(ready.row.params_json or "{}")
    turn.connection.execute(
        o.update()
        .where(o.c.id == ready.id)
        .values(
            state="ready", params_json=json.dumps({**before, _NUMBER: turn.now.isoformat()}, sort_keys=True)
        )
    )
    if ready.source is not None:
        # A newer revision has waited for this one; its own event goes on without being planned again.
        outbox.again(
            turn.connection,
            turn.tenant_id,
            turn.now,
            refs=[ready.source],
            states=[State.WAITING],
            holds=[Hold.BUSY],
        )


def is_asking(operation: Operation) -> bool:
    """Whether a look-up asks for the number of a document that waits."""
    return _FOR in operation.params


def is_cut(operation: Operation, found: Found) -> bool:
    """The answer does not reach its end and names no next page: nothing is known by it."""
    return is_asking(operation) and not found.complete and not found.then


def onward(operation: Operation, want: Want) -> Want:
    """The next page of a look-up still asks for the same creation."""
    kept = {name: operation.params[name] for name in ("by", _NUMBER, _FOR) if name in operation.params}
    return attrs.evolve(want, params={**want.params, **kept}) if is_asking(operation) else want


def waits_for(turn: Turn, asking: Ready) -> Ready | None:
    """The creation that waits for a look-up's answer; None when it was given up meanwhile."""
    return _waiting(turn, json.loads(asking.row.params_json or "{}").get(_FOR, ""))


def _forget(turn: Turn, readies: Sequence[Ready]) -> None:
    """What was told about the same numbers to others that still wait does not hold once these have gone."""
    o = t.operations
    asked = {key for ready in readies for key in ready.touches if key.startswith("n")}
    query = sa.select(o.c.id, o.c.touches).where(
        o.c.connection_id == turn.id,
        o.c.state == "ready",
        o.c.verb == Verb.CREATE.value,
        o.c.params_json.contains(f'"{_NUMBER}"'),
    )
    stale = [row.id for row in turn.connection.execute(query) if asked & set((row.touches or "").split())]
    if stale:
        turn.connection.execute(o.update().where(o.c.id.in_(stale)).values(params_json=""))


def _to_ask(turn: Turn, ready: Ready, kinds: frozenset[BooksKind]) -> bool:
    if ready.row.kind not in kinds:
        return False
    number, prefix = _number(ready.document), turn.policy.number_prefix
    if not number or (prefix and number.startswith(prefix)):
        return False
    free_at = json.loads(ready.row.params_json or "{}").get(_NUMBER)
    if free_at is None:
        return True
    return not dt.timedelta(0) <= turn.now - dt.datetime.fromisoformat(free_at) < turn.scaled(_GOOD_FOR)


def _waiting(turn: Turn, id: str) -> Ready | None:
    """The creation that waits for the answer; None when it was given up meanwhile."""
    if not id.isdigit():
        return None
    o, d = t.operations, t.documents
    query = (
        sa.select(o, d.c.source_kind, d.c.source_id)
        .select_from(o.join(d, d.c.id == o.c.document_id))
        .where(o.c.id == int(id), o.c.state == "out", o.c.exchange_id.is_(None))
    )
    row = turn.connection.execute(query).one_or_none()
    return None if row is None else Ready(row=row)


def _vendor(turn: Turn, document: Document) -> Ref | None:
    vendor = getattr(document, "vendor", None)
    return (
        places_of(turn.connection, turn.id, [vendor]).get(vendor) if isinstance(vendor, RecordRef) else vendor
    )


def _takes(record: BooksRecord, number: str, vendor: Ref | None) -> bool:
    """A bill's number is its vendor's: another vendor may have given the same."""
    shown = record.document
    theirs = record.facts.get("number", "") if shown is None else _number(shown)
    if theirs.casefold() != number.casefold():
        return False
    their_vendor = getattr(shown, "vendor", None)
    return their_vendor is None or vendor is None or bool(their_vendor == vendor)


def _number(document: Document | None) -> str:
    return str(getattr(document, "number", "") or "")
