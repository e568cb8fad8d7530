"""Close check: what stands in the way of closing a month, and what should be looked at before.

In the way is whatever would change the month later: records held or not posted, open conflicts, differences, and what
could not be compared. Money that
settles nothing yet and balances that wait for a deposit are shown with their age, because they may be quite in order.
"""

from __future__ import annotations

import calendar
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.effects import roles_of
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine.agreement_figures import OpenRecord, day_in, names, open_records
from blueops_qb.engine.agreement_runs import Run, RunState
from blueops_qb.engine.agreement_sides import parties
from blueops_qb.engine.outbox import State
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: Accounts on which money waits for its deposit, by duty.
CLEARING = ("undeposited", "clearing")
#: Ages in days at the end of the month: up to so many, and older.
AGES = (7, 30, 60)
#: Kind -> the facts that say what of it is open.
_OPEN = {
    BooksKind.PAYMENT: ("unapplied",),
    BooksKind.CREDIT_MEMO: ("remaining_credit", "balance"),
    BooksKind.VENDOR_CREDIT: ("balance",),
}


@attrs.frozen(kw_only=True)
class Unapplied:
    """A payment or credit of which something is open in the books. `ref` is our record, empty where we have none."""

    books: str
    ref: str
    party: str
    day: dt.date
    amount: Decimal


@attrs.frozen(kw_only=True)
class Waiting:
    """An account on which money waits: its balance at the end of the month, and how old what makes it up is."""

    account: str
    name: str
    duty: str
    balance: Decimal
    #: `books` where their ledger told it, else `ours`.
    told_by: str
    ages: dict[str, Decimal]


@attrs.frozen(kw_only=True)
class OpenConflict:
    """A conflict that waits for a choice."""

    id: int
    ref: str
    books: str
    day: dt.date | None
    reason: str
    remedy: str


@attrs.frozen(kw_only=True)
class CloseCheck:
    """A month before it is closed."""

    start: dt.date
    end: dt.date
    agreement: Run
    held: tuple[OpenRecord, ...]
    unposted: tuple[OpenRecord, ...]
    conflicts: tuple[OpenConflict, ...]
    unapplied: tuple[Unapplied, ...]
    clearing: tuple[Waiting, ...]

    @property
    def in_the_way(self) -> tuple[str, ...]:
        """Why the month cannot be closed yet; empty = it can."""
        found = [
            (len(self.held), "held records"),
            (len(self.unposted), "records not posted yet"),
            (len(self.conflicts), "open conflicts"),
            (int(self.agreement.figures.get("differences", 0)), "differences"),
            (int(self.agreement.figures.get("moving", 0)), "documents on their way, not compared"),
            (int(self.agreement.figures.get("not_told", 0)), "documents whose record cannot be posted now"),
        ]
        reasons = [f"{count} {what}" for count, what in found if count]
        if self.agreement.state is not RunState.DONE:
            reasons.append(f"no agreement: {self.agreement.reason or self.agreement.state.value}")
        return tuple(reasons)


def month(text: str) -> tuple[dt.date, dt.date]:
    """The days of `YYYY-MM`; raises ValueError."""
    try:
        start = dt.datetime.strptime(text, "%Y-%m").date()
    except ValueError:
        raise ValueError(f"{text!r} is no month: write it as 2026-03") from None
    return start, start.replace(day=calendar.monthrange(start.year, start.month)[1])


def check(turn: Turn, start: dt.date, end: dt.date, agreement: Run) -> CloseCheck:
    """Everything about the month, with the run of its agreement."""
    records = list(open_records(turn.connection, turn.tenant_id, start, end))
    held = [one for one in records if one.state in (State.HELD, State.CONFLICT)]
    return CloseCheck(
        start=start,
        end=end,
        agreement=agreement,
        held=tuple(held),
        unposted=tuple(one for one in records if one not in held),
        conflicts=tuple(_conflicts(turn, start, end)),
        unapplied=tuple(_unapplied(turn, end)),
        clearing=tuple(_clearing(turn, end, agreement)),
    )


def _conflicts(turn: Turn, start: dt.date, end: dt.date) -> Iterator[OpenConflict]:
    """Open conflicts about the month; one whose day nobody knows counts in every month."""
    c, d = t.conflicts, t.documents
    query = (
        sa.select(c, d.c.content)
        .select_from(c.outerjoin(d, d.c.id == c.c.document_id))
        .where(c.c.connection_id == turn.id, c.c.state == "open")
        .order_by(c.c.id)
    )
    for row in turn.connection.execute(query).mappings():
        days = {day_in(row[text]) for text in ("content", "theirs", "ours", "base")} - {None}
        if days and not any(day is not None and start <= day <= end for day in days):
            continue
        yield OpenConflict(
            id=row["id"],
            ref=row["ref"],
            books=f"{row['books_kind']}#{row['books_id']}",
            day=min(filter(None, days), default=None),
            reason=row["reason"],
            remedy=row["remedy"],
        )


def _unapplied(turn: Turn, end: dt.date) -> Iterator[Unapplied]:
    """As the books last showed it, for what is linked or belongs to a customer of ours."""
    m, lk, d = t.mirror, t.links, t.documents
    ours = parties(turn.connection, turn.id)
    linked = sa.and_(
        lk.c.connection_id == m.c.connection_id,
        lk.c.books_kind == m.c.kind,
        lk.c.books_id == m.c.books_id,
        lk.c.state == "live",
    )
    query = (
        sa.select(m.c.kind, m.c.books_id, m.c.document, m.c.facts_json, d.c.source_kind, d.c.source_id)
        .select_from(m.outerjoin(lk, linked).outerjoin(d, d.c.id == lk.c.document_id))
        .where(
            m.c.connection_id == turn.id,
            m.c.kind.in_([kind.value for kind in _OPEN]),
            m.c.deleted.is_(False),
            m.c.facts_json != "",
        )
        .order_by(m.c.kind, m.c.books_id)
    )
    for row in turn.connection.execute(query):
        facts: dict[str, Any] = json.loads(row.facts_json)
        amount = next((Decimal(facts[name]) for name in _OPEN[BooksKind(row.kind)] if facts.get(name)), None)
        day, customer = day_in(row.document), str(facts.get("customer", ""))
        if not amount or day is None or day > end or not (row.source_id or customer in ours):
            continue
        yield Unapplied(
            books=f"{row.kind}#{row.books_id}",
            ref=f"{row.source_kind}:{row.source_id}" if row.source_id else "",
            party=str(ours.get(customer, "")),
            day=day,
            amount=amount,
        )


def _clearing(turn: Turn, end: dt.date, agreement: Run) -> Iterator[Waiting]:
    roles = roles_of(turn.mapping)
    told: dict[str, int] = agreement.figures.get("balances", {})
    accounts = {roles[duty]: duty for duty in CLEARING if duty in roles}
    called = names(turn, accounts)
    for account, duty in accounts.items():
        debits, ours = _debits(turn, account, end)
        cents = told.get(account, ours)
        if cents or debits:
            yield Waiting(
                account=account,
                name=called.get(account, ""),
                duty=duty,
                balance=_money(cents),
                told_by="books" if account in told else "ours",
                ages=aged(cents, debits, end),
            )


def _debits(turn: Turn, account: str, end: dt.date) -> tuple[list[tuple[dt.date, int]], int]:
    """What came in by day, newest first, and what is left of it by our sub-ledger."""
    p, lk = t.postings, t.links
    query = (
        sa.select(
            p.c.date,
            sa.func.sum(sa.case((p.c.cents > 0, p.c.cents), else_=0)).label("came"),
            sa.func.sum(p.c.cents).label("net"),
        )
        .select_from(p.join(lk, sa.and_(lk.c.document_id == p.c.document_id, lk.c.state == "live")))
        .where(p.c.connection_id == turn.id, p.c.account == account, p.c.counts, p.c.date <= end)
        .group_by(p.c.date)
        .order_by(p.c.date.desc())
    )
    rows = list(turn.connection.execute(query))
    return [(row.date, int(row.came)) for row in rows if row.came], sum(int(row.net) for row in rows)


def aged(cents: int, debits: Sequence[tuple[dt.date, int]], end: dt.date) -> dict[str, Decimal]:
    """A balance by age: what came first has left first. What no debit of ours makes up is `unknown`."""
    ages = [f"up to {AGES[0]} days"]
    ages += [f"{low + 1} to {high} days" for low, high in pairwise(AGES)]
    ages += [f"over {AGES[-1]} days", "unknown"]
    found = dict.fromkeys(ages, 0)
    left = cents
    for day, came in debits:
        part = min(came, left)
        if part <= 0:
            break
        age = (end - day).days
        found[ages[sum(age > limit for limit in AGES)]] += part
        left -= part
    found["unknown"] = left
    return {age: _money(part) for age, part in found.items() if part}


def _money(cents: int) -> Decimal:
    return Decimal(cents).scaleb(-2)
