"""Left over: what an ended job has left of permits paid for its customer goes to cost, by an entry of our own.

What an agent's permit cost beyond what was billed would stay on the account of what was advanced for ever
(accounting-treatments 6.2). The entry follows the sub-ledger: it is made when the job ends, changes with what is posted
for the job later, and goes when the job is opened again or everything is billed after all. One in a closed period
stays, and what it lacks or has too much goes into another one of an open day.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.own_entries import Entry, EntryLine
from blueops_qb.domain.posting.permits import PERMIT_KEY, WAITS_IN
from blueops_qb.domain.records import Job, PermitPayer, Record
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.engine import own_events
from blueops_qb.engine.known import places_of, sources_of
from blueops_qb.engine.newest import newest
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Snapshot
from blueops_qb.sdk.hooks import Action
from blueops_qb.store import tables as t

ROLE = WAITS_IN[PermitPayer.AGENT]
#: What core says of a job on which nobody works any more.
ENDED = frozenset({"closed", "cancelled"})
_PREFIX = "permits-"
_CHUNK = 400


def posted(turn: Turn, document_ids: Sequence[int]) -> None:
    """Documents were posted, or count no more: jobs that they concern may have another rest now."""
    accounts = _accounts(turn)
    if not accounts:
        return
    p = t.postings
    names: set[str] = set()
    for start in range(0, len(document_ids), _CHUNK):
        query = sa.select(p.c.customer).where(
            p.c.document_id.in_(document_ids[start : start + _CHUNK]),
            p.c.account.in_(accounts),
            p.c.customer != "",
        )
        names |= set(turn.connection.execute(query.distinct()).scalars())
    places = [BooksRef(BooksKind.CUSTOMER, name.partition("#")[2]) for name in sorted(names)]
    found = sources_of(turn.connection, turn.id, places)
    look(turn, [ref for ref in found.values() if isinstance(ref, RecordRef)])


def look(turn: Turn, jobs: Iterable[RecordRef]) -> None:
    """Bring the entries of these jobs to what their permits have left."""
    wanted = [ref for ref in jobs if ref.kind is RecordKind.JOB]
    if not wanted or not _accounts(turn):
        return
    for ref, snapshot in turn.read_all(wanted).items():
        if isinstance(snapshot.record, Job):
            _bring(turn, ref, snapshot.record)


def _accounts(turn: Turn) -> list[str]:
    """The accounts on which permits wait that were paid for customers, by id; none where no company needs one."""
    if turn.mapping.find(Family.ROLE, ROLE) is None:
        return []
    rules = [rule for rule in turn.mapping.rules if (rule.family, rule.key) == (Family.ROLE, ROLE)]
    return sorted({rule.target.account.id for rule in rules if rule.target.account is not None})


def _bring(turn: Turn, ref: RecordRef, job: Job) -> None:
    made = _made(turn, ref)
    current = made.pop() if made and not _is_closed(turn, made[-1].record) else None
    # Billed and never bought is nothing that a journal entry puts right.
    rest = max(_rest(turn, ref), ZERO) if job.status in ENDED else ZERO
    rest -= sum((_stands(one.record) for one in made), ZERO)
    before = current.record if current is not None else None
    if rest == _stands(before):
        return
    revision = current.revision + 1 if current is not None else 1
    if isinstance(before, Entry) and not rest:
        _tell(turn, attrs.evolve(before, void=True), revision, Action.VOIDED)
        return
    day = before.date if isinstance(before, Entry) and not before.void else _open_day(turn)
    entry = Entry(
        id=_id(ref, len(made) + 1),
        date=day,
        lines=(
            EntryLine(
                amount=rest, family=Family.EXPENSE, key=PERMIT_KEY, customer=ref, class_key=job.class_key
            ),
            EntryLine(amount=-rest, family=Family.ROLE, key=ROLE, customer=ref, class_key=job.class_key),
        ),
        memo=f"Permits of {job.name} that were not billed",
        currency=turn.profile.currency,
    )
    _tell(turn, entry, revision, Action.CREATED if current is None else Action.UPDATED)


def _id(job: RecordRef, number: int) -> str:
    return f"{_PREFIX}{job.id}" if number == 1 else f"{_PREFIX}{job.id}-{number}"


def _made(turn: Turn, job: RecordRef) -> list[Snapshot]:
    """The entries of the job: all but the last are in closed periods, and stay as they are."""
    found: list[Snapshot] = []
    while one := newest(turn, RecordRef(RecordKind.ENTRY, _id(job, len(found) + 1))):
        found.append(one)
    return found


def _stands(entry: Record | None) -> Decimal:
    return entry.lines[0].amount if isinstance(entry, Entry) and not entry.void else ZERO


def _is_closed(turn: Turn, entry: Record) -> bool:
    closing = turn.profile.closing_date
    return closing is not None and isinstance(entry, Entry) and entry.date <= closing


def _open_day(turn: Turn) -> dt.date:
    """Today, or the first day after a closed period that reaches further."""
    today, closing = turn.now.astimezone(turn.zone).date(), turn.profile.closing_date
    return today if closing is None else max(today, closing + dt.timedelta(days=1))


def _rest(turn: Turn, job: RecordRef) -> Decimal:
    """What the sub-ledger has of the job on that account, our own entries left out; a debit is positive."""
    place = places_of(turn.connection, turn.id, [job]).get(job)
    if not isinstance(place, BooksRef):
        return ZERO
    p, d = t.postings, t.documents
    query = (
        sa.select(sa.func.coalesce(sa.func.sum(p.c.cents), 0))
        .select_from(p.join(d, d.c.id == p.c.document_id))
        .where(
            p.c.connection_id == turn.id,
            p.c.customer == str(place),
            p.c.account.in_(_accounts(turn)),
            p.c.counts,
            d.c.source_kind != RecordKind.ENTRY.value,
        )
    )
    return Decimal(int(turn.connection.execute(query).scalar_one())).scaleb(-2)


def _tell(turn: Turn, entry: Entry, revision: int, action: Action) -> None:
    """Put the entry into the outbox; it goes out like any other record."""
    id = f"entry-{entry.id}-{revision}"
    own_events.tell(turn, entry, id=id, actor="engine", action=action, revision=revision)
    turn.note("own entry", str(entry.ref), numbers=f"{entry.lines[0].amount} {action.value}")
