"""The books' own ledger: asks for the account lines of a period, keeps what comes, and sums it by account.

The lines are kept as the books tell them and compared by nobody here. A reading is done when its last part has
come; a part that cannot be used fails the reading as a whole.
"""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine.due import operation_row
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import Found, LedgerLine
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all
from blueops_qb.store.types import new_id

#: Finished readings of a connection that are kept when another is asked for.
KEPT = 1
OPEN = ("ready", "out", "uncertain")
#: How the operations of a reading are told that read the payments too.
_SETTLED = '"settled": "1"'


class ReadingState(enum.StrEnum):
    """How far a reading is."""

    #: Parts of it are still to come.
    ASKED = "asked"
    DONE = "done"
    FAILED = "failed"


class CannotRead(Exception):
    """The ledger cannot be asked for: a sentence with the cause."""


@attrs.frozen(kw_only=True)
class Reading:
    """One period of the books' ledger that was asked for."""

    id: int
    start: dt.date
    end: dt.date
    state: ReadingState
    reason: str = ""
    remedy: str = ""
    lines: int = 0


@attrs.frozen(kw_only=True)
class AccountTotal:
    """What a period comes to on one account, debit positive."""

    account: str
    name: str
    debits: Decimal
    credits: Decimal
    lines: int

    @property
    def amount(self) -> Decimal:
        """Debits less credits."""
        return self.debits - self.credits


def ask(turn: Turn, start: dt.date, end: dt.date, *, settled: bool = False) -> int:
    """Ask for a period, both days included; answers the reading's id. Raises CannotRead.

    With `settled` its payments are read as well, into the mirror: no account tells what they settle.
    """
    if start > end:
        raise CannotRead(f"The period runs from {start} back to {end}; turn the days round.")
    able = next((c for c in turn.description.capabilities if c.feature is Feature.LEDGER), None)
    if able is None or not able.able:
        reason = able.reason if able else f"{turn.description.title} does not say that it can."
        raise CannotRead(f"The ledger cannot be read: {reason}")
    r = t.ledger_readings
    same = sa.select(r.c.id).where(
        r.c.connection_id == turn.id,
        r.c.state == ReadingState.ASKED.value,
        r.c.first_day == start,
        r.c.last_day == end,
    )
    for id in turn.connection.execute(same).scalars().all():
        if _open_parts(turn.connection, turn.id, id, mark=_SETTLED if settled else ""):
            return int(id)
    _forget(turn)
    id = new_id()
    row = {
        "id": id,
        "connection_id": turn.id,
        "first_day": start,
        "last_day": end,
        "state": ReadingState.ASKED.value,
        "asked_at": turn.now,
    }
    turn.connection.execute(r.insert(), [row])
    params = {"start": start.isoformat(), "end": end.isoformat(), "reading": str(id)}
    if settled:
        params["settled"] = "1"
    turn.connection.execute(t.operations.insert(), [operation_row(turn, Verb.LEDGER, params=params)])
    return id


def take(turn: Turn, operation: Operation, found: Found) -> None:
    """Keep the lines of one part; the last part ends the reading. Parts of a reading that ended are dropped."""
    reading = _asked(turn, operation.params)
    if reading is None:
        return
    already = int(reading["line_count"])
    rows = [_row(reading["id"], already + n, line) for n, line in enumerate(found.ledger)]
    insert_all(turn.connection, t.ledger_lines, rows)
    values: dict[str, Any] = {"line_count": already + len(rows)}
    waits = bool(found.then) or _open_parts(turn.connection, turn.id, reading["id"], but=operation.id)
    if not waits:
        values |= {"state": ReadingState.DONE.value, "closed_at": turn.now}
        turn.note(
            "ledger read",
            f"connection {turn.id}",
            numbers=f"{reading['first_day']} to {reading['last_day']}: {values['line_count']} lines",
        )
    _change(turn, reading["id"], values)


def fail(turn: Turn, params: Any, reason: str, remedy: str) -> None:
    """A part cannot be had: the reading ends, its lines go, its other parts are not asked for."""
    reading = _asked(turn, params)
    if reading is None:
        return
    values = {
        "state": ReadingState.FAILED.value,
        "reason": reason,
        "remedy": remedy,
        "line_count": 0,
        "closed_at": turn.now,
    }
    _change(turn, reading["id"], values)
    lines, o = t.ledger_lines, t.operations
    turn.connection.execute(lines.delete().where(lines.c.reading_id == reading["id"]))
    waiting = [
        id for id, state in _parts(turn.connection, turn.id, reading["id"]).items() if state == "ready"
    ]
    turn.connection.execute(
        o.update().where(o.c.id.in_(waiting)).values(state="cancelled", reason=reason, closed_at=turn.now)
    )
    turn.note("ledger not read", f"connection {turn.id}", reason=reason)


def reading(connection: sa.Connection, connection_id: str, reading_id: int) -> Reading:
    """How far it is; raises LookupError for an id of another connection or none."""
    r = t.ledger_readings
    query = sa.select(r).where(r.c.id == reading_id, r.c.connection_id == connection_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise LookupError(f"there is no reading {reading_id} of connection {connection_id}")
    state, reason, remedy = ReadingState(row["state"]), str(row["reason"]), str(row["remedy"])
    if state is ReadingState.ASKED and not _open_parts(connection, connection_id, reading_id):
        state, reason = ReadingState.FAILED, "its operation was given up before it was answered"
        remedy = "Ask again."
    return Reading(
        id=row["id"],
        start=row["first_day"],
        end=row["last_day"],
        state=state,
        reason=reason,
        remedy=remedy,
        lines=int(row["line_count"]),
    )


def totals(connection: sa.Connection, reading_id: int) -> list[AccountTotal]:
    """The accounts of a reading with their sums, by name."""
    ln = t.ledger_lines
    debits = sa.func.sum(sa.case((ln.c.cents > 0, ln.c.cents), else_=0))
    credits = sa.func.sum(sa.case((ln.c.cents < 0, -ln.c.cents), else_=0))
    query = (
        sa.select(ln.c.account_id, sa.func.max(ln.c.account_name), debits, credits, sa.func.count())
        .where(ln.c.reading_id == reading_id)
        .group_by(ln.c.account_id)
    )
    found = [
        AccountTotal(account=id, name=name, debits=_money(plus), credits=_money(minus), lines=int(count))
        for id, name, plus, minus, count in connection.execute(query)
    ]
    return sorted(found, key=lambda total: (total.name.casefold(), total.account))


def _money(cents: Any) -> Decimal:
    return Decimal(int(cents)).scaleb(-2)


def _cents(amount: Decimal) -> int:
    return int(amount.scaleb(2))


def _row(reading_id: int, number: int, line: LedgerLine) -> dict[str, Any]:
    return {
        "reading_id": reading_id,
        "line": number,
        "account_id": line.account.id,
        "account_name": line.account_name,
        "day": line.date,
        "cents": _cents(line.amount),
        "balance_cents": None if line.balance is None else _cents(line.balance),
        "books_kind": line.kind.value if line.kind else "",
        "books_type": line.type,
        "books_id": line.id,
        "number": line.number,
        "customer_id": line.customer.id if line.customer else "",
        "class_name": line.class_name,
        "location_name": line.location_name,
        "vendor_id": line.vendor.id if line.vendor else "",
        "class_id": line.class_id,
        "location_id": line.location_id,
    }


def _asked(turn: Turn, params: Any) -> Any:
    """The reading that a part belongs to, as long as it waits for parts."""
    id = str(params.get("reading", ""))
    if not id.isdecimal():
        return None
    r = t.ledger_readings
    query = sa.select(r).where(
        r.c.id == int(id), r.c.connection_id == turn.id, r.c.state == ReadingState.ASKED.value
    )
    return turn.connection.execute(query).mappings().one_or_none()


def _change(turn: Turn, reading_id: int, values: dict[str, Any]) -> None:
    r = t.ledger_readings
    turn.connection.execute(r.update().where(r.c.id == reading_id).values(values))


def _parts(connection: sa.Connection, connection_id: str, reading_id: int, mark: str = "") -> dict[int, str]:
    """Its operations that are still open, with their states; with `mark`, those that bear it."""
    o = t.operations
    query = sa.select(o.c.id, o.c.state, o.c.params_json).where(
        o.c.connection_id == connection_id, o.c.verb == Verb.LEDGER.value, o.c.state.in_(OPEN)
    )
    marks = (f'"reading": "{reading_id}"', mark)
    return {
        row.id: row.state
        for row in connection.execute(query)
        if all(one in (row.params_json or "") for one in marks)
    }


def _open_parts(
    connection: sa.Connection, connection_id: str, reading_id: int, *, but: str = "", mark: str = ""
) -> bool:
    return any(str(id) != but for id in _parts(connection, connection_id, reading_id, mark))


def _forget(turn: Turn) -> None:
    """Older readings go with their lines; the newest finished ones stay until the new one has come."""
    r, lines = t.ledger_readings, t.ledger_lines
    query = (
        sa.select(r.c.id)
        .where(r.c.connection_id == turn.id, r.c.state != ReadingState.ASKED.value)
        .order_by(r.c.id.desc())
    )
    old = [int(id) for id in turn.connection.execute(query).scalars()][KEPT:]
    asked = sa.select(r.c.id).where(r.c.connection_id == turn.id, r.c.state == ReadingState.ASKED.value)
    # Given up before it was answered: nobody will ever end it.
    given_up = turn.connection.execute(asked).scalars().all()
    old += [int(id) for id in given_up if not _open_parts(turn.connection, turn.id, id)]
    if old:
        turn.connection.execute(lines.delete().where(lines.c.reading_id.in_(old)))
        turn.connection.execute(r.delete().where(r.c.id.in_(old)))
