"""Runs of agreement: how far each is, what it came to, and which of them are kept."""

from __future__ import annotations

import datetime as dt
import enum
import json
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: Runs of a connection that are kept; of those that the schedule asked for and nobody signed, so many.
KEPT, NIGHTS = 50, 35
#: Who asks where no person does.
SCHEDULE = "schedule"
#: A run that somebody left is taken up again within so long.
LEFT = dt.timedelta(hours=1)


class RunState(enum.StrEnum):
    """How far a run is."""

    #: What moved in the books is being asked for.
    LOOKING = "looking"
    #: The books' ledger is being read, and compared as it comes.
    READING = "reading"
    #: Records that the ledger does not show where they should be are being read one by one.
    ASKING = "asking"
    DONE = "done"
    FAILED = "failed"


OPEN_STATES = (RunState.LOOKING, RunState.READING, RunState.ASKING)


@attrs.frozen(kw_only=True)
class Run:
    """One comparison of a period."""

    id: int
    connection_id: str
    start: dt.date
    end: dt.date
    state: RunState
    #: `ledger`, or `documents` where the books' ledger cannot be read.
    rests_on: str
    reason: str = ""
    remedy: str = ""
    asked_at: dt.datetime | None = None
    asked_by: str = ""
    closed_at: dt.datetime | None = None
    facts_from: dt.datetime | None = None
    figures: dict[str, Any] = attrs.field(factory=dict)
    #: Its certificate, once it was issued.
    certificate: str = attrs.field(default="", repr=False)

    @property
    def open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def agrees(self) -> bool:
        """Done, and nothing differs."""
        return self.state is RunState.DONE and not self.figures.get("differences")


def run_of(connection: sa.Connection, connection_id: str, run_id: int) -> Run:
    """A run as it stands; raises LookupError for an id of another connection or none."""
    r = t.agreement_runs
    query = sa.select(r).where(r.c.id == run_id, r.c.connection_id == connection_id)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise LookupError(f"there is no agreement {run_id} of connection {connection_id}")
    return _run(row)


def under_way(connection: sa.Connection, connection_id: str) -> list[int]:
    """The ids of runs that are not done, oldest first."""
    r = t.agreement_runs
    query = (
        sa.select(r.c.id)
        .where(r.c.connection_id == connection_id, r.c.state.in_([state.value for state in OPEN_STATES]))
        .order_by(r.c.id)
    )
    return list(connection.execute(query).scalars())


def runs(connection: sa.Connection, connection_id: str, *, limit: int = KEPT + NIGHTS) -> list[Run]:
    """The runs of a connection, newest first."""
    r = t.agreement_runs
    query = sa.select(r).where(r.c.connection_id == connection_id).order_by(r.c.id.desc()).limit(limit)
    return [_run(row) for row in connection.execute(query).mappings()]


def _run(row: Any) -> Run:
    return Run(
        id=row["id"],
        connection_id=row["connection_id"],
        start=row["first_day"],
        end=row["last_day"],
        state=RunState(row["state"]),
        rests_on=row["rests_on"],
        reason=row["reason"],
        remedy=row["remedy"],
        asked_at=row["asked_at"],
        asked_by=row["asked_by"],
        closed_at=row["closed_at"],
        facts_from=row["facts_from"],
        figures=json.loads(row["figures_json"]) if row["figures_json"] else {},
        certificate=row["certificate"],
    )


# -- rows ----------------------------------------------------------------------------------------------
def set_run(turn: Turn, run_id: int, **values: Any) -> None:
    """Change the row of a run."""
    r = t.agreement_runs
    turn.connection.execute(r.update().where(r.c.id == run_id).values(**values))


def left_open(turn: Turn, start: dt.date, end: dt.date, *, whole: bool) -> int | None:
    """A run of the same days that is still open; older ones are given up."""
    r = t.agreement_runs
    open_states = [state.value for state in OPEN_STATES]
    query = (
        sa.select(r).where(r.c.connection_id == turn.id, r.c.state.in_(open_states)).order_by(r.c.id.desc())
    )
    for row in turn.connection.execute(query).mappings().all():
        same = (row["first_day"], row["last_day"], row["whole"]) == (start, end, whole)
        if same and dt.timedelta(0) <= turn.now - row["asked_at"] < LEFT:
            return int(row["id"])
        if not dt.timedelta(0) <= turn.now - row["asked_at"] < LEFT:
            reason = "it was left before it was done"
            set_run(turn, row["id"], state=RunState.FAILED.value, reason=reason, remedy="Ask again.")
    return None


def forget(turn: Turn) -> None:
    """Older runs go with the slices that no kept run is made of."""
    r, rs, s = t.agreement_runs, t.agreement_run_slices, t.agreement_slices
    nightly = sa.and_(r.c.asked_by == SCHEDULE, r.c.certificate == "")
    old = [
        id
        for which, kept in ((nightly, NIGHTS), (~nightly, KEPT))
        for id in turn.connection.execute(
            sa.select(r.c.id)
            .where(r.c.connection_id == turn.id, which)
            .order_by(r.c.id.desc())
            .offset(kept - 1)
        ).scalars()
    ]
    if not old:
        return
    connection = turn.connection
    connection.execute(rs.delete().where(rs.c.run_id.in_(old)))
    connection.execute(r.delete().where(r.c.id.in_(old)))
    used = sa.exists().where(rs.c.slice_id == s.c.id)
    lone = list(connection.execute(sa.select(s.c.id).where(s.c.connection_id == turn.id, ~used)).scalars())
    f, sums = t.agreement_findings, t.agreement_sums
    connection.execute(f.delete().where(f.c.owner_id.in_([*old, *lone])))
    connection.execute(sums.delete().where(sums.c.slice_id.in_(lone)))
    connection.execute(s.delete().where(s.c.id.in_(lone)))
