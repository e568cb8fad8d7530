"""Reclass: moves what was posted in open periods to the accounts of the present mapping, once, as shown before.

For each document of ours that still stands as it was posted, the rules run under the new mapping; what differs from the
sub-ledger, less what earlier moves have moved already, is summed by account, customer or job, class and location into
one journal entry per month. The documents themselves stay as they are and keep the version they were posted with.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Mapping as Rules
from blueops_qb.domain.posting.rules import dated
from blueops_qb.domain.reclass import Reclass, ReclassLine
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.engine import own_events
from blueops_qb.engine.moves import alive_moves
from blueops_qb.engine.reclass_parts import judged, moved_with
from blueops_qb.engine.rules_desk import Overtaken
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.what_if import Cents, Line, Told, amount, dated_records, label
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all

#: Skipped documents that are named.
NAMED = 20


@attrs.frozen(kw_only=True)
class PlannedLine:
    """One posting of a move: `side` Dr or Cr."""

    side: str
    account_id: str
    account: str
    amount: Decimal
    customer: str
    class_: str
    location: str


@attrs.frozen(kw_only=True)
class Month:
    """The journal entry of one month."""

    month: str
    date: dt.date
    documents: int
    lines: tuple[PlannedLine, ...]


@attrs.frozen(kw_only=True)
class ReclassPlan:
    """What would be moved, and what would not and why; `digest` is what a person approves."""

    months: tuple[Month, ...]
    skipped: tuple[Told, ...]
    skipped_count: int
    digest: str

    @property
    def documents(self) -> int:
        return sum(month.documents for month in self.months)


@attrs.frozen(kw_only=True)
class _Move:
    """What one document's postings are moved by."""

    document_id: int
    day: dt.date
    lines: Cents


@attrs.define(kw_only=True)
class _Sums:
    """Moves by month."""

    lines: dict[str, Cents] = attrs.field(factory=dict)
    last: dict[str, dt.date] = attrs.field(factory=dict)
    documents: Counter[str] = attrs.field(factory=Counter)
    skipped: list[Told] = attrs.field(factory=list)
    skipped_count: int = 0

    def add(self, move: _Move) -> str:
        month = f"{move.day:%Y-%m}"
        self.lines.setdefault(month, Counter()).update(move.lines)
        self.last[month] = max(move.day, self.last.get(month, move.day))
        self.documents[month] += 1
        return month

    def skip(self, document: str, reason: str) -> None:
        self.skipped_count += 1
        if len(self.skipped) < NAMED:
            self.skipped.append(Told(ref=document, reason=reason))


def plan(turn: Turn, mapping: Rules, *, since: dt.date | None = None) -> ReclassPlan:
    """What bringing the past to `mapping` would move, from a day on (default: all open periods); writes nothing."""
    sums = _Sums()
    for move in _moves(turn, mapping, since, sums):
        sums.add(move)
    return _planned(turn, sums)


def carry_out(
    turn: Turn, *, actor: str, approved: str, since: dt.date | None = None
) -> tuple[RecordRef, ...]:
    """Move the past to the present mapping, as approved: the entries go through the outbox, each under its own key.

    Call it in the turn that saved the mapping. Raises Overtaken, and nothing is written, when something has moved
    since the plan with the digest `approved` was shown.
    """
    version = int(turn.row["mapping_version"])
    mapping = turn.rulebook.mapping(turn.connection, turn.id, version)
    sums, rows = _Sums(), list[dict[str, Any]]()
    ids: dict[str, str] = {}
    for move in _moves(turn, mapping, since, sums):
        month = sums.add(move)
        if month not in ids:
            ids[month] = _fresh_id(turn, version, month)
        rows += rows_of(turn, ids[month], move.document_id, move.lines)
        if len(rows) > 500:
            insert_all(turn.connection, t.moved, rows)
            rows = []
    insert_all(turn.connection, t.moved, rows)
    planned = _planned(turn, sums)
    if planned.digest != approved:
        raise Overtaken(
            "something was posted or changed since the move was shown, so nothing was saved; look at it again"
        )
    refs = []
    for entry in planned.months:
        memo = f"Moved to the accounts of mapping version {version}: {entry.documents} documents of {entry.month}"
        record = record_of(turn, ids[entry.month], entry.date, sums.lines[entry.month], memo)
        refs.append(record.ref)
        announce(turn, record, actor)
    turn.note(
        "past moved",
        f"connection {turn.id}",
        numbers=f"version {version}, {planned.documents} documents, {len(refs)} entries",
        actor=actor,
    )
    return tuple(refs)


# -- document by document ------------------------------------------------------------------------------
def _moves(turn: Turn, mapping: Rules, since: dt.date | None, sums: _Sums) -> Iterator[_Move]:
    closing = turn.profile.closing_date
    first = max(
        filter(None, (since, closing + dt.timedelta(days=1) if closing else None)), default=dt.date.min
    )
    alive = alive_moves(turn.connection, turn.id)
    for ref, record, related, found in dated_records(turn, since=first, until=dt.date.max):
        mine = found.get(ref, [])
        mirrors = moved_with(turn, record, related, found, mapping, first, alive)
        for one in judged(turn, record, related, mine, mapping, alive, known=found, mirrors=mirrors):
            if one.reason:
                sums.skip(str(one.known.key), one.reason)
            elif one.lines:
                day = dated(record)
                assert day is not None, f"{ref} was chosen by its date"
                yield _Move(document_id=one.known.id, day=day, lines=one.lines)


# -- the entries ---------------------------------------------------------------------------------------
def _planned(turn: Turn, sums: _Sums) -> ReclassPlan:
    months = tuple(
        Month(
            month=month,
            date=sums.last[month],
            documents=sums.documents[month],
            lines=tuple(_line(turn, line, cents) for line, cents in sorted(lines.items()) if cents),
        )
        for month, lines in sorted(sums.lines.items())
        if any(lines.values())
    )
    said = [
        [m.month, str(m.date), m.documents, [[str(v) for v in attrs.astuple(line)] for line in m.lines]]
        for m in months
    ]
    digest = hashlib.sha256(json.dumps([said, sums.skipped_count]).encode()).hexdigest()
    return ReclassPlan(
        months=months, skipped=tuple(sums.skipped), skipped_count=sums.skipped_count, digest=digest
    )


def _line(turn: Turn, line: Line, cents: int) -> PlannedLine:
    return PlannedLine(
        side="Dr" if cents > 0 else "Cr",
        account_id=line.account,
        account=label(turn, BooksKind.ACCOUNT, line.account),
        amount=amount(abs(cents)),
        customer=line.customer,
        class_=label(turn, BooksKind.CLASS, line.class_),
        location=label(turn, BooksKind.LOCATION, line.location),
    )


def _fresh_id(turn: Turn, version: int, month: str) -> str:
    """`m7-202603`, and with a number behind where something of that month was moved to that version before."""
    base = f"m{version}-{month.replace('-', '')}"
    m = t.moved
    query = sa.select(m.c.reclass_id).where(m.c.connection_id == turn.id).distinct()
    taken = {id for id in turn.connection.execute(query).scalars() if id.partition(".")[0] == base}
    return base if not taken else f"{base}.{len(taken) + 1}"


def rows_of(turn: Turn, reclass_id: str, document_id: int, lines: Cents) -> Iterator[dict[str, Any]]:
    """What is kept of a document's part in a move."""
    for number, (line, cents) in enumerate(sorted(lines.items()), start=1):
        yield {
            "reclass_id": reclass_id,
            "document_id": document_id,
            "line": number,
            "connection_id": turn.id,
            "account": line.account,
            "customer": line.customer,
            "class_id": line.class_,
            "location_id": line.location,
            "cents": cents,
        }


def record_of(turn: Turn, id: str, date: dt.date, lines: Cents, memo: str) -> Reclass:
    """A move of these amounts."""
    return Reclass(
        id=id,
        date=date,
        lines=tuple(
            ReclassLine(
                account=BooksRef(BooksKind.ACCOUNT, line.account),
                amount=amount(cents),
                customer=wire.parse_ref(line.customer) if line.customer else None,
                class_=BooksRef(BooksKind.CLASS, line.class_) if line.class_ else None,
                location=BooksRef(BooksKind.LOCATION, line.location) if line.location else None,
            )
            for line, cents in sorted(lines.items())
            if cents
        ),
        memo=memo,
        currency=turn.profile.currency,
    )


def announce(turn: Turn, record: Reclass, actor: str) -> None:
    """Put a move into the outbox; it goes out like any other record."""
    own_events.tell(turn, record, id=f"reclass-{record.id}", actor=actor)
