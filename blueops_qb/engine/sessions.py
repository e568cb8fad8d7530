"""Sessions: visits of a client whose books call us, kept in the tables so that any process handles any call.

A session carries its connection as a process does elsewhere: it takes the lease when it begins, and whoever begins
another one takes it away. A call marks its session while it lasts, so that no two processes handle the same one; a mark
of a process that is gone, or that is older than any call may last, counts for nothing.
"""

from __future__ import annotations

import datetime as dt
import json
import logging
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine import callers, due, status, uncertain
from blueops_qb.engine.callers import digest
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.settings import is_dead
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.calling import NoEntry, Session
from blueops_qb.sdk.doors import Outgoing, Reply, Unknown
from blueops_qb.sdk.hooks import Switch
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)

#: No call lasts longer; the mark of one that did is void.
LONGEST_CALL = dt.timedelta(minutes=2)
#: A ticket that was not used for so long is dead.
LONGEST_SILENCE = dt.timedelta(hours=4)
#: Closed sessions are remembered for so long: their client may still ask what went wrong.
REMEMBERED = dt.timedelta(days=7)
_ENDED = "the session ended before the answer came"


@attrs.frozen(kw_only=True)
class ConnectionCalls:
    """Implements `sdk.calling.Calls` for the connections of one provider."""

    engine: Engine
    provider: str

    def enter(self, user: str, password: str) -> str | NoEntry:
        """A new session's ticket; a wrong password is answered at once and changes nothing."""
        with self.engine.core.engine.connect() as connection:
            row = callers.known(connection, user)
        if not callers.is_password(row.password_digest if row else "", password) or row is None:
            log.warning("somebody came for %s with a wrong user name or password", self.provider)
            return NoEntry.WRONG
        if row.provider != self.provider:
            return NoEntry.WRONG
        ticket = str(uuid.uuid4())
        with self.engine.turns.open(row.connection_id) as turn:
            assert turn is not None
            s = t.sessions
            query = sa.select(s).where(s.c.connection_id == turn.id, s.c.state == "open")
            before = turn.connection.execute(query).one_or_none()
            if before is not None and _is_handled(before, turn.now):
                return NoEntry.BUSY
            _begin(turn, ticket)
        return ticket

    @contextmanager
    def call(self, ticket: str) -> Iterator[Handled | None]:
        """Handle a call of a session; see `sdk.calling.Calls.call`."""
        handled = self._take(ticket)
        if handled is None:
            yield None
            return
        try:
            yield handled
        finally:
            handled.give_back()

    def session(self, ticket: str) -> Session | None:
        """Look at a session, a closed one too."""
        row = self._row(ticket)
        if row is None:
            return None
        with self.engine.core.engine.connect() as connection:
            now = self.engine.turns.clock(connection)
        return attrs.evolve(_session(row, now), handled=_is_handled(row, now))

    def facts(self, company_id: str) -> Mapping[str, str]:
        """What was kept of a company."""
        k, c = t.callers, t.connections
        query = (
            sa.select(k.c.facts_json)
            .select_from(k.join(c, c.c.id == k.c.connection_id))
            .where(c.c.provider == self.provider, c.c.company_id == company_id, c.c.state != "retired")
        )
        with self.engine.core.engine.connect() as connection:
            text = connection.execute(query).scalar_one_or_none()
        return _texts(text or "")

    def _row(self, ticket: str) -> Any:
        s, k, c = t.sessions, t.callers, t.connections
        query = (
            sa.select(s, k.c.user_name, c.c.tenant_id, c.c.company_id, c.c.company_name)
            .select_from(
                s.join(k, k.c.connection_id == s.c.connection_id).join(c, c.c.id == s.c.connection_id)
            )
            .where(s.c.ticket_digest == digest(ticket), c.c.provider == self.provider)
        )
        with self.engine.core.engine.connect() as connection:
            return connection.execute(query).one_or_none()

    def _take(self, ticket: str) -> Handled | None:
        row = self._row(ticket)
        if row is None or row.state != "open":
            return None
        s, mark = t.sessions, f"{uuid.uuid4().hex} {self.engine.settings.owner}"
        free = [s.c.call_owner == ""]
        if _is_gone(row.call_owner):
            free.append(s.c.call_owner == row.call_owner)
        with self.engine.core.begin(row.tenant_id) as tx:
            now = self.engine.turns.clock(tx.connection)
            free += [s.c.call_until <= now, s.c.call_until > now + 2 * LONGEST_CALL]
            taken = tx.connection.execute(
                s.update()
                .where(
                    s.c.ticket_digest == row.ticket_digest,
                    s.c.state == "open",
                    s.c.seen_at > now - LONGEST_SILENCE,
                    sa.or_(*free),
                )
                .values(call_owner=mark, call_until=now + LONGEST_CALL)
            ).rowcount
        if not taken:
            return None
        # What the call before has written may have come after the first look.
        return Handled(engine=self.engine, row=self._row(ticket), mark=mark, now=now)


@attrs.define(kw_only=True)
class Handled:
    """Implements `sdk.calling.Call`."""

    engine: Engine
    row: Any
    mark: str
    now: dt.datetime
    session: Session = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.session = _session(self.row, self.now)

    @property
    def connection_id(self) -> str:
        return self.session.caller.connection_id

    def next_exchange(self) -> Outgoing | None:
        """What to do now; one that is out already is of unknown fate."""
        self._lose("the client asked for more before it told the answer")
        carrier = _carrier(self.row.ticket_digest)
        outgoing = self.engine.next_exchange(self.connection_id, carrier=carrier)
        if outgoing is not None:
            self.session = attrs.evolve(self.session, exchange_id=outgoing.exchange_id)
        return outgoing

    def finish(self, reply: Reply) -> bool:
        """How the exchange that is out ended."""
        id = self.session.exchange_id
        if not id:
            return False
        counted = self.engine.finish(id, reply)
        self.session = attrs.evolve(self.session, exchange_id="", carried=self.session.carried + 1)
        return counted

    def rests(self) -> str:
        """Why nothing is handed out now."""
        c, n = t.connections, t.tenants
        query = (
            sa.select(c.c.state, c.c.health, c.c.health_reason, n.c.switch)
            .select_from(c.outerjoin(n, n.c.tenant_id == c.c.tenant_id))
            .where(c.c.id == self.connection_id)
        )
        with self.engine.core.engine.connect() as connection:
            row = connection.execute(query).one()
        if row.state == "retired":
            return "This company is disconnected in BlueOps. Remove this application from the Web Connector."
        if row.switch == Switch.PAUSED.value:
            return "BlueOps has paused QuickBooks. Nothing is lost; it goes on when it is switched on there again."
        if row.switch != Switch.ON.value:
            return "QuickBooks is switched off in BlueOps. Switch it on there under Settings, Plugins."
        if row.health in ("stopped", "sign_in"):
            return f"BlueOps has stopped the work with these books: {row.health_reason} Open QuickBooks in BlueOps."
        return ""

    def left(self) -> int:
        """How many operations are ready just now."""
        o = t.operations
        with self.engine.core.engine.connect() as connection:
            now = self.engine.turns.clock(connection)
            query = sa.select(sa.func.count()).where(
                o.c.connection_id == self.connection_id,
                o.c.state == "ready",
                sa.or_(o.c.not_before.is_(None), o.c.not_before <= now),
            )
            return int(connection.execute(query).scalar_one())

    def note(self, **texts: str) -> None:
        """Keep texts for later calls of the session."""
        kept = {name: text for name, text in {**self.session.notes, **texts}.items() if text}
        self.session = attrs.evolve(self.session, notes=kept)

    def opened(self, facts: Mapping[str, str]) -> None:
        """Keep what the client told of the company that is open."""
        k = t.callers
        mine = k.c.connection_id == self.connection_id
        with self.engine.turns.open(self.connection_id) as turn:
            assert turn is not None
            before = _texts(turn.connection.execute(sa.select(k.c.facts_json).where(mine)).scalar_one())
            kept = json.dumps(dict(facts), sort_keys=True)
            turn.connection.execute(k.update().where(mine).values(facts_json=kept, facts_at=turn.now))
            if before and before != facts:
                due.read_catalog(turn)
            name = facts.get("company", "")
            if name and name != turn.row["company_name"]:
                turn.set(company_name=name)

    def trouble(self, sentence: str) -> None:
        """Say on the pages why the books are not reached."""
        with self.engine.turns.open(self.connection_id) as turn:
            assert turn is not None
            if turn.row["health"] in ("ok", "unreached") and turn.row["health_reason"] != sentence:
                turn.set(health="unreached", health_reason=sentence)

    def close(self) -> None:
        """End the session."""
        self._lose(_ENDED)
        self.session = attrs.evolve(self.session, closed=True)

    def give_back(self) -> None:
        """Write what the call has changed, and let others handle the next one."""
        s, session = t.sessions, self.session
        values = {
            "call_owner": "",
            "call_until": None,
            "exchange_id": session.exchange_id or None,
            "carried": session.carried,
            "notes_json": json.dumps(dict(session.notes), sort_keys=True) if session.notes else "",
        }
        if session.closed:
            values["state"] = "closed"
        with self.engine.core.begin(self.row.tenant_id) as tx:
            tx.connection.execute(
                s.update()
                # Somebody may have ended the session, had the call lasted too long.
                .where(s.c.ticket_digest == self.row.ticket_digest, s.c.call_owner == self.mark)
                .values(**values, seen_at=self.engine.turns.clock(tx.connection))
            )

    def _lose(self, why: str) -> None:
        if self.session.exchange_id:
            self.engine.finish(self.session.exchange_id, Unknown(why=why))
            self.session = attrs.evolve(self.session, exchange_id="")


def _begin(turn: Turn, ticket: str) -> None:
    """End the session before, ask at once about what it left open, and take the carriage."""
    s, connection = t.sessions, turn.connection
    mine = s.c.connection_id == turn.id
    connection.execute(s.update().where(mine, s.c.state == "open").values(state="closed", exchange_id=None))
    connection.execute(s.delete().where(mine, s.c.state == "closed", s.c.began_at < turn.now - REMEMBERED))
    uncertain.overdue(turn, ended=status.TAKEN_OVER)
    status.hurry(turn)
    ticket_digest = digest(ticket)
    row = {
        "ticket_digest": ticket_digest,
        "connection_id": turn.id,
        "state": "open",
        "began_at": turn.now,
        "seen_at": turn.now,
    }
    connection.execute(s.insert(), row)
    turn.set(lease_owner=_carrier(ticket_digest), lease_until=None, fence=turn.row["fence"] + 1)


def _is_handled(row: Any, now: dt.datetime) -> bool:
    """Whether a living process handles a call of the session."""
    if not row.call_owner or _is_gone(row.call_owner):
        return False
    return bool(now < row.call_until <= now + 2 * LONGEST_CALL)


def _is_gone(mark: str) -> bool:
    """Whether the process that left the mark surely is gone."""
    return bool(mark) and is_dead(mark.partition(" ")[2])


def _carrier(ticket_digest: str) -> str:
    """The name under which a session holds its connection's lease."""
    return f"session {ticket_digest[:24]}"


def _session(row: Any, now: dt.datetime) -> Session:
    return Session(
        caller=callers.as_caller(row),
        exchange_id=row.exchange_id or "",
        carried=row.carried,
        # A clock that was put back makes no session longer.
        seconds=max(0.0, (now - row.began_at).total_seconds()),
        notes=_texts(row.notes_json),
        closed=row.state != "open",
    )


def _texts(stored: str) -> dict[str, str]:
    found: dict[str, str] = json.loads(stored) if stored else {}
    return found
