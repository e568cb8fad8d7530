"""Status: asks the books what became of an exchange of unknown fate, where they can tell without running it again.

The question goes through the same doors under the exchange's own id, and its answer counts as the first one would have.
What the books have forgotten is looked for instead (`uncertain`), and what is not there goes out again. The
books keep answers until they are told to clear them; a later exchange that writes tells them so.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.pacing import Tokens
from blueops_qb.engine.ready import Sent
from blueops_qb.engine.reload import reload
from blueops_qb.engine.throttled import come_back
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.doors import Outgoing
from blueops_qb.sdk.outcomes import NotKnown, Outcome, SignIn, Throttled
from blueops_qb.sdk.provider import WRITES, Operation, Settle
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)

#: An exchange whose status was asked for and not told yet.
ASKED = "asked"
#: Why an exchange is of unknown fate whose session was ended by another one.
TAKEN_OVER = "another session began before the answer came"
#: Seconds until it is asked about again where nobody comes.
_NOT_BEFORE = 3600.0


def is_asked(turn: Turn) -> bool:
    """Whether these books are asked about an exchange of unknown fate."""
    return turn.description.settle is Settle.STATUS


def ask(turn: Turn, tokens: Tokens) -> Outgoing | None:
    """The question about one exchange that is due; None when there is none or the pace does not let it go."""
    if not is_asked(turn):
        return None
    e = t.exchanges
    query = (
        sa.select(e)
        .where(
            e.c.connection_id == turn.id,
            e.c.state == "uncertain",
            e.c.forgotten.is_(False),
            e.c.settle_at <= turn.now,
        )
        .order_by(e.c.first_sent_at)
    )
    for row in turn.connection.execute(query).mappings().all():
        try:
            body = turn.provider.status_check(row["id"], row["body"])
        except Exception as problem:
            log_trouble(log, "exchange %s cannot be asked about", row["id"], problem=problem)
            forget(turn, row["id"])  # it is looked for instead
            continue
        return _handed_out(turn, tokens, row, body)
    return None


def _handed_out(turn: Turn, tokens: Tokens, row: Any, body: bytes) -> Outgoing | None:
    if turn.description.limits.paces:
        cost = turn.provider.cost(reload(turn, row).exchange.operations)
        if not tokens.let(cost, row["lane"]):
            return None
        tokens.take(cost)
    e = t.exchanges
    deadline = turn.now + turn.scaled(turn.description.limits.deadline_seconds)
    values = {"state": ASKED, "asked": row["asked"] + 1, "sent_at": turn.now, "deadline": deadline}
    turn.connection.execute(e.update().where(e.c.id == row["id"]).values(**values, fence=turn.row["fence"]))
    turn.note("asked", f"exchange {row['id']}", numbers=str(values["asked"]))
    return Outgoing(exchange_id=row["id"], connection_id=turn.id, body=body, deadline=deadline)


def unanswered(turn: Turn, row: Any, why: str) -> None:
    """The question was not answered: what became of the exchange is as unknown as before."""
    e = t.exchanges
    turn.connection.execute(
        e.update()
        .where(e.c.id == row["id"])
        .values(state="uncertain", settle_at=turn.backoff(row["asked"]), note=why)
    )


def forget(turn: Turn, exchange_id: str) -> None:
    """The books know nothing of the exchange; what it wrote is looked for from now on."""
    e = t.exchanges
    turn.connection.execute(
        e.update().where(e.c.id == exchange_id).values(forgotten=True, kept_there=None, settle_at=turn.now)
    )


def as_new() -> dict[str, Any]:
    """What an exchange becomes that goes out again under its id: it can be asked about anew.

    The books are never told to clear it: somebody who holds it still may carry it out at any time.
    """
    return {"forgotten": False, "asked": 0, "kept_there": None}


def may_run_still(row: Any) -> bool:
    """Whether the books may know nothing of an exchange because somebody is only about to carry it out.

    Whose session was ended by another one may be a machine that is gone, or a second computer at the same file.
    """
    return bool(row["note"] == TAKEN_OVER and row["asked"] == 1)


def ask_at_next_session(turn: Turn, exchange_id: str) -> None:
    """Leave it until somebody comes again (`hurry`)."""
    e = t.exchanges
    later = turn.now + turn.scaled(_NOT_BEFORE)
    turn.connection.execute(e.update().where(e.c.id == exchange_id).values(settle_at=later))


def hurry(turn: Turn) -> None:
    """Whoever carried is gone: what is open is of unknown fate, and asked about at once."""
    e = t.exchanges
    turn.connection.execute(
        e.update()
        .where(e.c.connection_id == turn.id, e.c.state == "uncertain", e.c.forgotten.is_(False))
        .values(settle_at=turn.now)
    )


def as_told(turn: Turn, operation: Operation, outcome: Outcome, *, row: Any) -> Outcome:
    """An outcome of the answer to a question.

    That the books are busy or do not let us in concerns the question, not the exchange: nothing is known by it.
    """
    if isinstance(outcome, Throttled) and outcome.connection:
        come_back(turn, operation, outcome, attempts=row["asked"], exchange_id=row["id"])
    elif isinstance(outcome, SignIn):
        turn.set(health="sign_in", health_reason=f"Sign in again: {outcome.message}")
    else:
        return outcome
    return NotKnown(message=outcome.message or "the books could not be asked", detail=outcome.detail)


# -- what the books keep for us ------------------------------------------------------------------------
def is_kept_there(turn: Turn, operations: Iterable[Operation]) -> bool:
    """Whether the books keep the answer of such an exchange."""
    return is_asked(turn) and any(operation.verb in WRITES for operation in operations)


def to_clear(turn: Turn, operations: Iterable[Operation]) -> str:
    """The oldest settled exchange whose answer the books may forget with one of these operations; empty = none."""
    if not is_kept_there(turn, operations):
        return ""
    e = t.exchanges
    other = e.alias()
    under_way = sa.exists().where(
        other.c.connection_id == turn.id, other.c.state != "closed", other.c.clears == e.c.id
    )
    query = (
        sa.select(e.c.id)
        .where(e.c.connection_id == turn.id, e.c.kept_there.is_not(None), e.c.state == "closed", ~under_way)
        .order_by(e.c.kept_there)
        .limit(1)
    )
    return turn.connection.execute(query).scalar_one_or_none() or ""


def cleared(turn: Turn, sent: Sent) -> None:
    """The books have run an exchange, and forgotten what it told them to."""
    if sent.exchange.clears:
        e = t.exchanges
        turn.connection.execute(e.update().where(e.c.id == sent.exchange.clears).values(kept_there=None))


def never_arrived(turn: Turn, exchange_id: str) -> None:
    """An exchange that surely did not reach the books left nothing there."""
    e = t.exchanges
    turn.connection.execute(e.update().where(e.c.id == exchange_id).values(kept_there=None))
