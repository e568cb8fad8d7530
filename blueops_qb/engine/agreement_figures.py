"""Figures of agreement: what the slices of a run come to, by account, customer and job, and what it found."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.agreement import Kind
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import agreement_sides as sides
from blueops_qb.engine.agreement_here import ACCEPTED, Here
from blueops_qb.engine.agreement_slice import BESIDES, DIFFERENCE, PENDING
from blueops_qb.engine.outbox import OPEN_STATES
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all

#: Where a record bears the day that it belongs to.
_DAYS = ("issue_date", "received_on", "date", "issued_on", "paid_on", "day")


@attrs.frozen(kw_only=True)
class Sum:
    """One account, or one account of one customer or job; debit positive.

    `held` is what the books hold of our documents, `besides` what they hold of others, `explained` how much of the
    difference between `held` and `expected` a rule explains.
    """

    account: str
    customer: str = ""
    #: Our record of the customer or job, and the customer of a job.
    ref: str = ""
    parent: str = ""
    expected: Decimal
    held: Decimal
    besides: Decimal
    explained: Decimal

    @property
    def difference(self) -> Decimal:
        """What nobody has explained."""
        return self.held - self.expected - self.explained


@attrs.frozen(kw_only=True)
class Finding:
    """A difference, something that only the books have, or something that is not in the books yet."""

    sort: str
    kind: str
    ref: str
    books: str
    document_id: int | None
    day: dt.date | None
    accounts: tuple[str, ...]
    customers: tuple[str, ...]
    amount: Decimal
    sentence: str
    remedy: str
    lines: dict[str, Any]


# -- one run -------------------------------------------------------------------------------------------
def add_up(turn: Turn, run_id: int, start: dt.date, end: dt.date, here: Here) -> dict[str, Any]:
    """The figures of a run whose slices are all compared; notes what is not in the books yet, and `here`."""
    connection = turn.connection
    pending = _note_pending(turn, run_id, start, end)
    first = sum(pending.values()) + 1
    rows = [{"owner_id": run_id, "number": number, **row} for number, row in enumerate(here.found, first)]
    insert_all(connection, t.agreement_findings, rows)
    parts = list(_slice_figures(connection, run_id))
    digest = hashlib.sha256()
    kinds: Counter[str] = Counter()
    for found in findings(connection, run_id, DIFFERENCE):
        kinds[found.kind] += 1
        digest.update(f"{found.kind} {found.ref} {found.books} {found.amount}\n".encode())
    rules: dict[str, dict[str, int]] = {}
    for part in parts:
        for rule, counted in part["explained"].items():
            sums = rules.setdefault(rule, {"documents": 0, "cents": 0})
            for name in sums:
                sums[name] += counted[name]
    kept = connection.execute(
        sa.select(t.agreement_run_slices.c.kept).where(t.agreement_run_slices.c.run_id == run_id)
    ).scalars()
    read = Counter(bool(one) for one in kept)
    totals = accounts(connection, run_id)
    zero = Decimal("0.00")
    return {
        "documents": sum(part["documents"] for part in parts),
        "moving": sum(part["moving"] for part in parts),
        "differences": sum(kinds.values()),
        "kinds": dict(sorted(kinds.items())),
        "accepted": sum(row["sort"] == ACCEPTED for row in here.found),
        "not_told": here.unknown,
        "digest": digest.hexdigest(),
        "besides": sum(part["besides"] for part in parts),
        "pending": pending,
        "explained": rules,
        "accounts": len(totals),
        "expected_debits": str(sum((max(one.expected, zero) for one in totals), zero)),
        "held_debits": str(sum((max(one.held, zero) for one in totals), zero)),
        "slices_read": read[False],
        "slices_kept": read[True],
        "balances": {k: v for part in parts for k, v in part["balances"].items()},
    }


def _slice_figures(connection: sa.Connection, run_id: int) -> Iterator[dict[str, Any]]:
    s, rs = t.agreement_slices, t.agreement_run_slices
    query = (
        sa.select(s.c.figures_json)
        .join(rs, rs.c.slice_id == s.c.id)
        .where(rs.c.run_id == run_id)
        .order_by(s.c.first_day)
    )
    for text in connection.execute(query).scalars():
        yield json.loads(text)


def _note_pending(turn: Turn, run_id: int, start: dt.date, end: dt.date) -> dict[str, int]:
    """What BlueOps has of the period and the books do not have yet, or not as it is now; by state."""
    f = t.agreement_findings
    turn.connection.execute(f.delete().where(f.c.owner_id == run_id))
    rows: list[dict[str, Any]] = []
    for number, one in enumerate(open_records(turn.connection, turn.tenant_id, start, end), start=1):
        rows.append(
            {
                "owner_id": run_id,
                "number": number,
                "sort": PENDING,
                "kind": one.state,
                "ref": one.ref,
                "day": one.day,
                # Why it waits may quote a name, which is not kept here: `with_reasons` adds it when it is shown.
                "sentence": f"{one.ref} is not in the books as it is now: {one.state}",
            }
        )
    insert_all(turn.connection, f, rows)
    return dict(sorted(Counter(row["kind"] for row in rows).items()))


@attrs.frozen(kw_only=True)
class OpenRecord:
    """A record of BlueOps whose newest event has not come to its end."""

    ref: str
    state: str
    hold: str
    day: dt.date
    reason: str
    remedy: str


def open_records(
    connection: sa.Connection, tenant_id: str, start: dt.date, end: dt.date
) -> Iterator[OpenRecord]:
    """Records dated in the period whose newest open event waits, is on its way or is held."""
    o = t.outbox
    query = (
        sa.select(o.c.ref_kind, o.c.ref_id, o.c.state, o.c.hold, o.c.reason, o.c.remedy, o.c.payload)
        .where(o.c.tenant_id == tenant_id, o.c.state.in_([state.value for state in OPEN_STATES]))
        .order_by(o.c.ref_kind, o.c.ref_id, o.c.revision.desc(), o.c.id.desc())
        .execution_options(yield_per=200)
    )
    last = ("", "")
    for row in connection.execute(query):
        if (row.ref_kind, row.ref_id) == last:
            continue
        last = (row.ref_kind, row.ref_id)
        day = day_in(row.payload)
        if day is not None and start <= day <= end:
            yield OpenRecord(
                ref=f"{row.ref_kind}:{row.ref_id}",
                state=row.state,
                hold=row.hold or "",
                day=day,
                reason=row.reason or "",
                remedy=row.remedy or "",
            )


def day_in(text: str | None) -> dt.date | None:
    """The day that a record or document in JSON belongs to; None when it bears none."""
    try:
        said = json.loads(text or "{}")
        said = said.get("record") or said
        return next((dt.date.fromisoformat(str(said[name])[:10]) for name in _DAYS if said.get(name)), None)
    except (ValueError, AttributeError):
        return None


# -- looking -------------------------------------------------------------------------------------------
def accounts(connection: sa.Connection, run_id: int) -> list[Sum]:
    """What each account comes to."""
    su = t.agreement_sums
    return [_sum(row) for row in connection.execute(_sums(run_id, su.c.account_id)).mappings()]


def parties(
    connection: sa.Connection, connection_id: str, run_id: int, *, account: str | None = None
) -> list[Sum]:
    """What each customer or job comes to on each account; lines that name none are left out."""
    su = t.agreement_sums
    query = _sums(run_id, su.c.account_id, su.c.customer_id).where(su.c.customer_id != "")
    if account is not None:
        query = query.where(su.c.account_id == account)
    rows = list(connection.execute(query).mappings())
    refs, parents = sides.parties(connection, connection_id), _parents(connection, connection_id)
    return [
        attrs.evolve(
            _sum(row),
            customer=row["customer_id"],
            ref=str(refs.get(row["customer_id"], "")),
            parent=parents.get(row["customer_id"], ""),
        )
        for row in rows
    ]


def findings(
    connection: sa.Connection, run_id: int, sort: str, *, limit: int | None = None
) -> Iterator[Finding]:
    """What a run found of one sort. What moved from one of its months to another is told once, as another date."""
    f, rs = t.agreement_findings, t.agreement_run_slices
    owners = sa.select(rs.c.slice_id).where(rs.c.run_id == run_id)
    query = (
        sa.select(f)
        .where(sa.or_(f.c.owner_id.in_(owners), f.c.owner_id == run_id), f.c.sort == sort)
        .order_by(f.c.day, f.c.ref, f.c.owner_id, f.c.number)
    )
    rows = list(connection.execute(query if limit is None else query.limit(limit)).mappings())
    moved = Counter(row["document_id"] for row in rows if row["kind"] == Kind.MOVED_PERIOD)
    told: set[tuple[Any, str]] = set()
    for row in rows:
        kind = row["kind"]
        if row["document_id"] is not None and moved[row["document_id"]] > 1:
            kind = Kind.DATE.value if kind == Kind.MOVED_PERIOD else kind
            if (row["document_id"], kind) in told:
                continue
            told.add((row["document_id"], kind))
        yield _finding(row, kind)


def with_reasons(connection: sa.Connection, tenant_id: str, found: Iterable[Finding]) -> list[Finding]:
    """What is not in the books yet, with the reason and remedy of each record as they are now."""
    waiting = {one.ref: one for one in open_records(connection, tenant_id, dt.date.min, dt.date.max)}
    told: list[Finding] = []
    for one in found:
        now = waiting.get(one.ref)
        if now is not None and now.reason:
            sentence = f"{one.ref} is not in the books as it is now: {now.state}, {now.reason}"
            one = attrs.evolve(one, sentence=sentence, remedy=now.remedy)
        told.append(one)
    return told


def _finding(row: Any, kind: str) -> Finding:
    books = f"{row['books_kind']}#{row['books_id']}" if row["books_kind"] else row["books_id"]
    return Finding(
        sort=row["sort"],
        kind=kind,
        ref=row["ref"],
        books=books,
        document_id=row["document_id"],
        day=row["day"],
        accounts=tuple(row["accounts"].split()),
        customers=tuple(row["customers"].split()),
        amount=Decimal(row["cents"]).scaleb(-2),
        sentence=row["sentence"],
        remedy=row["remedy"],
        lines=json.loads(row["lines_json"]) if row["lines_json"] else {},
    )


def _sums(run_id: int, *by: Any) -> sa.Select[Any]:
    su, rs = t.agreement_sums, t.agreement_run_slices
    names = ("expected_cents", "held_cents", "besides_cents", "explained_cents")
    return (
        sa.select(*by, *(sa.func.sum(su.c[name]).label(name) for name in names))
        .join(rs, rs.c.slice_id == su.c.slice_id)
        .where(rs.c.run_id == run_id)
        .group_by(*by)
        .order_by(*by)
    )


def _sum(row: Any) -> Sum:
    expected, held, besides, explained = (
        Decimal(int(row[f"{name}_cents"])).scaleb(-2) for name in ("expected", "held", "besides", "explained")
    )
    return Sum(account=row["account_id"], expected=expected, held=held, besides=besides, explained=explained)


def _parents(connection: sa.Connection, connection_id: str) -> dict[str, str]:
    """The books' id of the customer of each job."""
    m = t.mirror
    query = sa.select(m.c.books_id, m.c.facts_json).where(
        m.c.connection_id == connection_id,
        m.c.kind == BooksKind.CUSTOMER.value,
        m.c.facts_json.contains('"parent"'),
    )
    return {
        row.books_id: str(json.loads(row.facts_json).get("parent", "")) for row in connection.execute(query)
    }


def names(turn: Turn, ids: Iterable[str]) -> dict[str, str]:
    """What the catalog calls accounts: number and name."""
    wanted: Sequence[str] = list(ids)
    catalog = {e.ref.id: e for e in turn.catalog.of(BooksKind.ACCOUNT)}
    return {
        id: " ".join(filter(None, (catalog[id].facts.get("number", ""), catalog[id].name)))
        for id in wanted
        if id in catalog
    }


__all__ = [
    "ACCEPTED",
    "BESIDES",
    "DIFFERENCE",
    "PENDING",
    "Finding",
    "OpenRecord",
    "Sum",
    "accounts",
    "add_up",
    "day_in",
    "findings",
    "names",
    "open_records",
    "parties",
    "with_reasons",
]
