"""Rounds: work of a connection that nobody waits for: agreements, large match plans, tax rates.

A round calls nobody. What it needs of the books it asks for in the lane of bulk, and whoever carries exchanges carries
that; all it knows is in our tables, so that a process that dies costs a round and no more.
"""

from __future__ import annotations

import datetime as dt
import logging

from blueops_qb.engine import (
    agreement,
    agreement_runs,
    agreement_schedule,
    matching,
    rate_drift,
    template_steps,
)
from blueops_qb.engine.engine import Engine, may_work
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.look import NotConnected, looking

log = logging.getLogger(__name__)


def go(engine: Engine, connection_id: str) -> bool:
    """Make a round; False when nothing moved. One at a time in a process, and where the connection is carried only.

    Comparing a month with many documents keeps this thread busy for seconds; it holds no transaction meanwhile.
    """
    if not engine.rounds_lock.acquire(blocking=False):
        return False
    try:
        return _go(engine, connection_id)
    finally:
        engine.rounds_lock.release()


def _go(engine: Engine, connection_id: str) -> bool:
    with engine.turns.open(connection_id, lease=True) as turn:
        if turn is None or not may_work(turn):
            return False
        asked = agreement_schedule.ask_if_due(turn)
        plans = turn.row["match_asked_at"]
        looks = rate_drift.is_due(turn.row)
        waiting = agreement_runs.under_way(turn.connection, turn.id)
        # A person may have decided about an entry since the last one came back.
        template_steps.carry_on(turn)
    if looks:
        rate_drift.look(engine, connection_id)
    if plans is not None:
        _make_plan(engine, connection_id, plans)
    moved = asked is not None or looks or plans is not None
    for run_id in waiting:
        before = agreement.load(engine, connection_id, run_id)
        try:
            after = agreement.advance(engine, connection_id, run_id)
        except LookupError:
            continue  # it went with older runs meanwhile
        except Exception as problem:
            log_trouble(log, "agreement %s could not be carried on", run_id, problem=problem)
            continue
        moved = moved or after.state is not before.state
    return moved


def _make_plan(engine: Engine, connection_id: str, asked_at: dt.datetime) -> None:
    """The match plan that somebody asked for; asked for once more meanwhile, it is made once more."""
    try:
        with looking(engine, engine.turns.place(connection_id)[0]) as turn:
            found = matching.compare(turn) if matching.is_listed(turn) else []
    except NotConnected:
        return
    with engine.turns.open(connection_id) as turn:
        assert turn is not None
        matching.keep(turn, found)
        if turn.row["match_asked_at"] == asked_at:
            turn.set(match_asked_at=None)
