"""Match jobs: once a customer is decided, its jobs that are not decided yet are compared, in the same plan."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.match_parties import Candidate
from blueops_qb.domain.matching import match_plan
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef, RecordKind, RecordRef, id_in_books
from blueops_qb.engine.match_proposals import books_kind as kind_of_key
from blueops_qb.engine.match_proposals import chosen, key_of, party_row, settled, unless_gone
from blueops_qb.engine.match_rows import DECISIONS, rules_of
from blueops_qb.engine.match_sides import candidate_of, their_party
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert

#: Customers whose jobs are compared at once, and names that are looked up with one statement.
CHUNK = 200


def jobs_follow(turn: Turn, customers: Sequence[str]) -> int:
    """Compare the undecided jobs of these customers (our ids) anew; answers how many rows it wrote.

    Only customers that are linked or decided count: the jobs of others go on waiting for theirs. Reads the books'
    jobs of the customers that have some, and nothing where no job waits.
    """
    waiting = _waiting(turn, customers)
    if not waiting:
        return 0
    standing, others = settled(turn), chosen(turn)
    keys = {parent: f"{RecordKind.CUSTOMER.value}:{parent}" for parent in waiting}
    ready = [parent for parent, key in keys.items() if key in standing or key in others]
    count = 0
    for start in range(0, len(ready), CHUNK):
        few = ready[start : start + CHUNK]
        count += _compare(turn, few, [id for parent in few for id in waiting[parent]], standing, others)
    return count


def _waiting(turn: Turn, customers: Sequence[str]) -> dict[str, list[str]]:
    """Undecided jobs in the plan by our id of their customer."""
    m = t.matches
    found: dict[str, list[str]] = {}
    for start in range(0, len(customers), CHUNK):
        query = sa.select(m.c.parent_id, m.c.ref_id).where(
            m.c.connection_id == turn.id,
            m.c.parent_id.in_(customers[start : start + CHUNK]),
            m.c.ref_kind == RecordKind.JOB.value,
            m.c.decision.not_in(DECISIONS),
        )
        for row in turn.connection.execute(query):
            found.setdefault(row.parent_id, []).append(row.ref_id)
    return found


def _compare(
    turn: Turn, parents: list[str], jobs: list[str], standing: dict[str, str], others: dict[str, str]
) -> int:
    refs = [RecordRef(RecordKind.CUSTOMER, id) for id in parents]
    refs += [RecordRef(RecordKind.JOB, id) for id in jobs]
    ours = [
        candidate_of(snapshot)
        for snapshot in turn.read_all(refs).values()
        if not snapshot.deleted and snapshot.merged_into is None
    ]
    places = {standing[key] for ref in refs[: len(parents)] if (key := str(ref)) in standing}
    theirs = [*_jobs_there(turn, places), *_bearers(turn, {name_key(one.name) for one in ours})]
    rules = rules_of(turn.row)
    taken = {(kind_of_key(key), id) for key, id in standing.items()}
    open_jobs = {f"{RecordKind.JOB.value}:{id}" for id in jobs}
    rows = [
        unless_gone(party_row(match, rules), taken)
        for match in match_plan(
            ours,
            list({(one.kind, one.id): one for one in theirs}.values()),
            rules=rules,
            settled=standing,
            chosen=others,
        )
        if match.ours.id in open_jobs
    ]
    upsert(
        turn.connection,
        t.matches,
        [{"connection_id": turn.id, "decided_by": "", **row} for row in rows if key_of(row) not in standing],
    )
    return len(rows)


def _jobs_there(turn: Turn, parents: Iterable[str]) -> list[Candidate]:
    """The books' jobs of these customers (the books' ids)."""
    m, wanted = t.mirror, set(parents)
    if not wanted:
        return []
    query = sa.select(m.c.books_id, m.c.name, m.c.active, m.c.document).where(
        m.c.connection_id == turn.id,
        m.c.kind == BooksKind.CUSTOMER.value,
        m.c.deleted.is_(False),
        sa.or_(
            *(
                m.c.document.contains(f'"{BooksRef(BooksKind.CUSTOMER, id)}"', autoescape=True)
                for id in sorted(wanted)
            )
        ),
    )
    found = []
    for row in turn.connection.execute(query):
        record = wire.load_document(BooksKind.CUSTOMER, row.document)
        if isinstance(record, CustomerRecord) and id_in_books(record.parent) in wanted:
            found.append(their_party(BooksKind.CUSTOMER, row, record))
    return found


def _bearers(turn: Turn, names: set[str]) -> list[Candidate]:
    """Vendors and employees of the books that bear one of these names: a job cannot have it then."""
    m, wanted, found = t.mirror, sorted(names), []
    for start in range(0, len(wanted), CHUNK):
        query = sa.select(m.c.kind, m.c.books_id, m.c.name, m.c.active).where(
            m.c.connection_id == turn.id,
            m.c.kind.in_([kind.value for kind in NAMED_KINDS if kind is not BooksKind.CUSTOMER]),
            m.c.name_key.in_(wanted[start : start + CHUNK]),
            m.c.deleted.is_(False),
        )
        found += [their_party(BooksKind(row.kind), row, None) for row in turn.connection.execute(query)]
    return found
