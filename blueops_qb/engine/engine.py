"""Engine: the two doors and the steps behind them, for one host and its providers."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Mapping

from blueops_qb.domain.posting.rules import RULES, Rules
from blueops_qb.engine import audit, backfill, due, hand_out, hear, incoming, plan, uncertain
from blueops_qb.engine.ready import Sent
from blueops_qb.engine.rulebook import Rulebook
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.engine.sign_in_ends import Countdown, countdown
from blueops_qb.engine.turn import Turn, Turns
from blueops_qb.engine.vault import MissingKey, SealedVault
from blueops_qb.sdk.core import Core
from blueops_qb.sdk.doors import Answered, Outgoing, Reply
from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.outcomes import Outcome
from blueops_qb.sdk.provider import Provider
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)


#: Exchanges kept at hand for their answers.
MOST_AT_HAND = 64
NOTHING = dt.timedelta(0)
#: When more of a backfill can be looked at.
_SOON = dt.timedelta(milliseconds=1)


class Engine:
    """Implements `sdk.doors.Doors`. Safe to use from several threads and processes."""

    def __init__(
        self,
        *,
        core: Core,
        providers: Mapping[str, Provider],
        settings: EngineSettings | None = None,
        rules: Rules = RULES,
    ) -> None:
        self.core = core
        self.settings = settings or EngineSettings()
        self.rulebook = Rulebook()
        self.keys = audit.Keys(core.secret_keys)
        self.turns = Turns(
            core=core,
            providers=dict(providers),
            settings=self.settings,
            rulebook=self.rulebook,
            keys=self.keys,
            rules=rules,
        )
        #: Rounds (`engine.rounds`) are made one at a time in a process.
        self.rounds_lock = threading.Lock()
        self._waits: dict[str, float] = {}
        self._sent: dict[str, tuple[str, Sent | None]] = {}

    @property
    def providers(self) -> Mapping[str, Provider]:
        """The installed providers by name."""
        return self.turns.providers

    def vault(self, connection_id: str) -> SealedVault:
        """The secrets of a connection."""
        return SealedVault(self.core, self.turns.place(connection_id)[0], connection_id)

    # -- the doors ---------------------------------------------------------------------------------
    def next_exchange(self, connection_id: str, *, carrier: str = "") -> Outgoing | None:
        """Settle what is overdue, compare what moved, plan what is new, and hand out one exchange.

        `carrier` names a session that carries the connection instead of this process.
        """
        self._waits[connection_id] = 0.0
        sign_in = self._sign_in_due(connection_id)
        if sign_in is None:
            return None
        with self.turns.open(connection_id, lease=True, carrier=carrier) as turn:
            if turn is None or not may_work(turn):
                return None
            uncertain.overdue(turn)
            uncertain.look_up(turn)
            incoming.compare_dirty(turn)
            more = backfill.step(turn)
            plan.plan(turn)
            if turn.row["health"] == "stopped":
                return None
            due.make_due(turn)
            wants_sign_in = (sign_in and self._still_due(turn)) or turn.row["health"] == "refresh"
            if wants_sign_in:
                due.make_sign_in(turn)
            if _rests(turn):
                return None
            outgoing = hand_out.hand_out(turn, only_sign_in=wants_sign_in)
            self._waits[connection_id] = (turn.wait or (_SOON if more else NOTHING)).total_seconds()
            if outgoing is None:
                return None
            sent: Sent | None = turn.sent
        while len(self._sent) >= MOST_AT_HAND:
            # Never answered here; read back from the tables if an answer still comes.
            self._sent.pop(next(iter(self._sent)))
        self._sent[outgoing.exchange_id] = (connection_id, sent)
        return outgoing

    def finish(self, exchange_id: str, reply: Reply) -> bool:
        """Hear how an exchange ended; see `sdk.doors.Doors.finish`."""
        connection_id, sent = self._sent.pop(exchange_id, (None, None))
        if connection_id is None:
            connection_id = self._connection_of(exchange_id)
            if connection_id is None:
                log.warning("an answer to an exchange that is not ours was dropped: %s", exchange_id)
                return False
        outcomes = self._read_ahead(connection_id, reply, sent)
        with self.turns.open(connection_id) as turn:
            assert turn is not None
            return hear.hear(turn, exchange_id, reply, sent, outcomes)

    def wait(self, connection_id: str) -> float:
        """Seconds for which a carrier may leave the connection alone, as its last call of `next_exchange` found.

        Above zero only when something is ready and the books' pace lets it go then.
        """
        return self._waits.get(connection_id, 0.0)

    def open_exchanges(self, connection_id: str) -> int:
        """How many exchanges of the connection may be out at once."""
        return self.turns.describe(self.turns.place(connection_id)[1]).limits.open_exchanges

    # -- around them -------------------------------------------------------------------------------
    def work_pending(self, connection_id: str) -> bool:
        """Plan and compare without handing anything out; True when something was done (for hosts' schedulers)."""
        with self.turns.open(connection_id, lease=True) as turn:
            if turn is None or not may_work(turn):
                return False
            return bool(incoming.compare_dirty(turn) + plan.plan(turn))

    def sign_in_countdown(self, connection_id: str) -> Countdown | None:
        """What ends the sign-in of a connection first, and how soon; None when nothing is known to."""
        provider = self.turns.provider(connection_id)
        return countdown(provider, self.vault(connection_id), self.core.now())

    def company_of(self, connection_id: str) -> str:
        """The books' id of the company."""
        c = t.connections
        with self.core.engine.connect() as connection:
            return str(
                connection.execute(
                    c.select().with_only_columns(c.c.company_id).where(c.c.id == connection_id)
                ).scalar_one()
            )

    def _still_due(self, turn: Turn) -> bool:
        """Looked at again under the row's lock: another worker may have renewed the sign-in meanwhile."""
        vault = SealedVault(self.core, turn.tenant_id, turn.id, inside=turn.connection)
        try:
            return turn.provider.needs_sign_in(vault, self.core.now())
        except (MissingKey, ValueError):
            return True  # the next look says so and stops the connection

    def _sign_in_due(self, connection_id: str) -> bool | None:
        """Whether to renew the sign-in first; None when the secrets cannot be opened (the connection stops)."""
        provider = self.turns.provider(connection_id)
        try:
            return provider.needs_sign_in(self.vault(connection_id), self.core.now())
        except (MissingKey, ValueError) as problem:
            # Also a secret of another form: a person must sign in again or put the key back.
            with self.turns.open(connection_id) as turn:
                assert turn is not None
                if turn.row["health_reason"] != str(problem):
                    turn.set(health="stopped", health_reason=str(problem))
            return None

    def _read_ahead(
        self, connection_id: str, reply: Reply, sent: Sent | None
    ) -> Mapping[str, Outcome] | None:
        """The outcomes, read before the transaction opens: a thousand records take longer than others should wait."""
        if sent is None or sent.profile is None or not isinstance(reply, Answered):
            return None
        try:
            return self.turns.provider(connection_id).decode(sent.exchange, reply.body, sent.profile)
        except Exception:  # it is read once more in the turn, which says what is wrong
            return None

    def _connection_of(self, exchange_id: str) -> str | None:
        e = t.exchanges
        with self.core.engine.connect() as connection:
            found = connection.execute(
                e.select().with_only_columns(e.c.connection_id).where(e.c.id == exchange_id)
            ).scalar_one_or_none()
        return None if found is None else str(found)


def may_work(turn: Turn) -> bool:
    """Switched on, not retired, and nothing that a person must mend first."""
    if turn.row["state"] == "retired" or turn.row["health"] in ("sign_in", "stopped"):
        return False
    switch = turn.connection.execute(
        t.tenants.select()
        .with_only_columns(t.tenants.c.switch)
        .where(t.tenants.c.tenant_id == turn.tenant_id)
    ).scalar_one_or_none()
    return switch == Switch.ON.value


def _rests(turn: Turn) -> bool:
    until: dt.datetime | None = turn.row["rest_until"]
    return until is not None and NOTHING < until - turn.now < dt.timedelta(hours=1)
