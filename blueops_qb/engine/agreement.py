"""Agreement: for a period, what our sub-ledger expects beside what the books' ledger holds, down to the documents.

A run first looks what moved in the books, then reads the ledger of the months that may have moved, compares them and
adds up. It calls nobody: whoever carries exchanges carries its questions too, and `advance` takes it as far as it can.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.agreement_rules import Chart
from blueops_qb.engine import (
    agreement_figures,
    agreement_here,
    agreement_marks,
    agreement_missing,
    due,
    ledger,
    subledger,
)
from blueops_qb.engine import agreement_sides as sides
from blueops_qb.engine.agreement_marks import LONGEST, Days
from blueops_qb.engine.agreement_runs import Run, RunState, forget, left_open, run_of, runs, set_run
from blueops_qb.engine.agreement_slice import Comparing, Slice
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.ledger import ReadingState
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.capability import Feature
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all
from blueops_qb.store.types import new_id


class CannotCompare(Exception):
    """A period cannot be compared: a sentence with the cause."""


def ask(turn: Turn, start: dt.date, end: dt.date, *, whole: bool = False, by: str = "") -> int:
    """Begin to compare a period, both days included; answers the run's id. Raises CannotCompare.

    `by` says who asked. `whole` reads every month again, whatever was read before, and rests on nothing but the ledger.
    """
    if start > end:
        raise CannotCompare(f"The period runs from {start} back to {end}; turn the days round.")
    if turn.row["state"] != "live":
        raise CannotCompare("The company is not live yet; accept the match plan first, then compare.")
    left = left_open(turn, start, end, whole=whole)
    if left is not None:
        return left
    forget(turn)
    id = new_id()
    able = any(c.feature is Feature.LEDGER and c.able for c in turn.description.capabilities)
    row = {
        "id": id,
        "connection_id": turn.id,
        "first_day": start,
        "last_day": end,
        "state": RunState.LOOKING.value,
        "rests_on": "ledger" if able else "documents",
        "whole": whole,
        "asked_at": turn.now,
        "asked_by": by,
    }
    insert_all(turn.connection, t.agreement_runs, [row])
    due.read_catalog(turn)
    if not whole:
        due.hurry(turn)
    return id


def advance(engine: Engine, connection_id: str, run_id: int) -> Run:
    """Take a run as far as it goes without another answer of the books; raises LookupError for an unknown one."""
    now = load(engine, connection_id, run_id)
    if now.state is RunState.LOOKING:
        with engine.turns.open(connection_id) as turn:
            assert turn is not None
            # Seen again under the lock: whoever else carries it may have begun meanwhile.
            still = run_of(turn.connection, connection_id, run_id).state is RunState.LOOKING
            if still and _has_looked(turn, now, whole=_is_whole(turn, run_id)):
                _begin(turn, now, whole=_is_whole(turn, run_id))
        now = load(engine, connection_id, run_id)
    if now.state in (RunState.READING, RunState.ASKING):
        _read_on(engine, now)
        now = load(engine, connection_id, run_id)
    return now


def load(engine: Engine, connection_id: str, run_id: int) -> Run:
    """A run as it stands."""
    with engine.core.engine.connect() as connection:
        return run_of(connection, connection_id, run_id)


# -- looking -------------------------------------------------------------------------------------------
def _is_whole(turn: Turn, run_id: int) -> bool:
    r = t.agreement_runs
    return bool(turn.connection.execute(sa.select(r.c.whole).where(r.c.id == run_id)).scalar_one())


def _has_looked(turn: Turn, run: Run, *, whole: bool) -> bool:
    """Catalog and change feed were read since the run was asked for, and what came was compared."""
    wanted = {due.CATALOG} if whole or not turn.settings.poll else {due.CATALOG, due.CHANGES}
    f, m = t.feeds, t.mirror
    query = sa.select(f.c.feed, f.c.moved_at).where(f.c.connection_id == turn.id)
    moved = {row.feed: row.moved_at for row in turn.connection.execute(query)}
    if any(moved.get(feed) is None or moved[feed] < run.asked_at for feed in wanted):
        return False
    if due.CHANGES not in wanted:
        return True
    dirty = sa.select(m.c.books_id).where(m.c.connection_id == turn.id, m.c.dirty.is_(True)).limit(1)
    # What must wait to be compared (it is on its way) does not hold the run up for ever.
    waited = turn.now - run.asked_at > turn.scaled(30) if run.asked_at is not None else True
    return waited or turn.connection.execute(dirty).first() is None


def _begin(turn: Turn, run: Run, *, whole: bool) -> None:
    """Keep the slices that still stand, ask for the others."""
    subledger.catch_up(turn)
    wanted = agreement_marks.slices(run.start, run.end)
    marks = agreement_marks.marks(turn, wanted)
    kept = {} if whole else {days: id for days in wanted if (id := _standing(turn, days, marks[days]))}
    new = [days for days in wanted if days not in kept]
    rows: list[dict[str, Any]] = [
        {
            "id": new_id(),
            "connection_id": turn.id,
            "first_day": days.start,
            "last_day": days.end,
            "state": "asked",
            "reading_id": None,
            "read_at": turn.now,
            "marks": marks[days],
        }
        for days in new
    ]
    for stretch in _stretches(new):
        reading = _ask_ledger(turn, stretch) if run.rests_on == "ledger" else None
        for row in rows:
            if stretch.start <= row["first_day"] <= stretch.end:
                row["reading_id"] = reading
    insert_all(turn.connection, t.agreement_slices, rows)
    members = [(row["id"], False) for row in rows] + [(id, True) for id in kept.values()]
    insert_all(
        turn.connection,
        t.agreement_run_slices,
        [{"run_id": run.id, "slice_id": id, "kept": stands} for id, stands in members],
    )
    set_run(turn, run.id, state=RunState.READING.value)


def _ask_ledger(turn: Turn, stretch: Days) -> int:
    return ledger.ask(turn, stretch.start, stretch.end, settled=True)


def _standing(turn: Turn, days: Days, marks: str) -> int | None:
    """The newest finished slice of these days whose marks are as they are now, and that has compared everything.

    What was on its way when it was read may have come to its end without moving any mark.
    """
    s = t.agreement_slices
    query = (
        sa.select(s.c.id, s.c.marks, s.c.figures_json)
        .where(
            s.c.connection_id == turn.id,
            s.c.first_day == days.start,
            s.c.last_day == days.end,
            s.c.state == "done",
            s.c.read_at > turn.now - LONGEST,
            s.c.read_at <= turn.now,
        )
        .order_by(s.c.id.desc())
        .limit(1)
    )
    row = turn.connection.execute(query).one_or_none()
    if row is None or row.marks != marks or json.loads(row.figures_json)["moving"]:
        return None
    return int(row.id)


def _stretches(wanted: list[Days]) -> list[Days]:
    """Neighbouring slices, read together."""
    found: list[Days] = []
    for days in wanted:
        if found and found[-1].end + dt.timedelta(days=1) == days.start:
            found[-1] = Days(found[-1].start, days.end)
        else:
            found.append(days)
    return found


# -- reading -------------------------------------------------------------------------------------------
def _read_on(engine: Engine, run: Run) -> None:
    """Compare what has come; when all has, the run is done."""
    s, rs = t.agreement_slices, t.agreement_run_slices
    query = (
        sa.select(s)
        .join(rs, rs.c.slice_id == s.c.id)
        .where(rs.c.run_id == run.id, s.c.state == "asked")
        .order_by(s.c.first_day)
    )
    with engine.core.engine.connect() as connection:
        waiting = list(connection.execute(query).mappings())
    for row in waiting:
        if run.rests_on == "documents":
            _compare_documents(engine, run, row)
            continue
        reading = _reading(engine, run, row)
        if reading is None:
            return
        if reading.state is ReadingState.ASKED:
            continue
        if reading.state is ReadingState.FAILED:
            _fail(engine, run, reading.reason, reading.remedy)
            return
        _compare_ledger(engine, run, row)
    with engine.turns.open(run.connection_id) as turn:
        assert turn is not None
        if not _is_compared(turn, run):
            return
    here = agreement_here.look(engine, run.connection_id, run.start, run.end)
    with engine.turns.open(run.connection_id) as turn:
        assert turn is not None
        _finish(turn, run, here)


def _reading(engine: Engine, run: Run, row: Any) -> ledger.Reading | None:
    """The reading of a slice; None when it was taken away meanwhile and is asked for again."""
    try:
        with engine.core.engine.connect() as connection:
            return ledger.reading(connection, run.connection_id, row["reading_id"])
    except LookupError:
        pass
    with engine.turns.open(run.connection_id) as turn:
        assert turn is not None
        days = Days(row["first_day"], row["last_day"])
        s = t.agreement_slices
        values = {
            "reading_id": _ask_ledger(turn, days),
            "read_at": turn.now,
            "marks": agreement_marks.marks(turn, [days])[days],
        }
        turn.connection.execute(s.update().where(s.c.id == row["id"]).values(**values))
    return None


def _compare_ledger(engine: Engine, run: Run, row: Any) -> None:
    """Reads without a transaction that anybody waits for; what was found is written at once at the end."""
    with engine.turns.open(run.connection_id) as turn:
        assert turn is not None
        catalog, since, omits = turn.catalog, turn.row["live_since"], turn.description.ledger_omits
    with engine.core.engine.connect() as connection:
        theirs = sides.InLedger(
            connection=connection,
            connection_id=run.connection_id,
            reading_id=row["reading_id"],
            names=sides.names_of(catalog),
            omits=omits,
        )
        comparing = _comparing(run, row, connection, theirs, sides.chart_of(catalog), since)
        figures = comparing.run()
    _keep(engine, run, row, figures, comparing)


def _compare_documents(engine: Engine, run: Run, row: Any) -> None:
    with engine.turns.open(run.connection_id) as turn:
        assert turn is not None
        theirs, chart = sides.InDocuments(turn=turn), sides.chart_of(turn.catalog)
        comparing = _comparing(run, row, turn.connection, theirs, chart, None)
        figures = comparing.run()
    _keep(engine, run, row, figures, comparing)


def _comparing(
    run: Run,
    row: Any,
    connection: sa.Connection,
    theirs: sides.Theirs,
    chart: Chart,
    since: dt.datetime | None,
) -> Comparing:
    return Comparing(
        connection=connection,
        slice=Slice(
            id=row["id"],
            connection_id=run.connection_id,
            start=row["first_day"],
            end=row["last_day"],
            read_at=row["read_at"],
            live_since=since.date() if since is not None else None,
        ),
        theirs=theirs,
        chart=chart,
    )


def _keep(engine: Engine, run: Run, row: Any, figures: dict[str, Any], comparing: Comparing) -> None:
    """All or nothing, and once: another process may have compared the same, or taken the reading away meanwhile."""
    s = t.agreement_slices
    if run.rests_on == "ledger":
        try:
            with engine.core.engine.connect() as connection:
                ledger.reading(connection, run.connection_id, row["reading_id"])
        except LookupError:
            return
    with engine.core.begin(engine.turns.place(run.connection_id)[0]) as tx:
        done = tx.connection.execute(
            s.update()
            .where(s.c.id == row["id"], s.c.state == "asked", s.c.read_at == row["read_at"])
            .values(state="done", figures_json=json.dumps(figures, sort_keys=True))
        )
        if done.rowcount == 1:
            insert_all(tx.connection, t.agreement_findings, comparing.found)
            insert_all(tx.connection, t.agreement_sums, comparing.sums())


def _is_compared(turn: Turn, run: Run) -> bool:
    """Every slice is compared, and the books have told what became of what is missing; else they are asked."""
    s, rs = t.agreement_slices, t.agreement_run_slices
    state = run_of(turn.connection, turn.id, run.id).state
    query = sa.select(s.c.state).join(rs, rs.c.slice_id == s.c.id).where(rs.c.run_id == run.id)
    states = set(turn.connection.execute(query).scalars())
    if state not in (RunState.READING, RunState.ASKING) or states - {"done"}:
        return False
    if state is RunState.READING and agreement_missing.ask(turn, run.id):
        set_run(turn, run.id, state=RunState.ASKING.value)
        return False
    return agreement_missing.answered(turn, run.id)


def _finish(turn: Turn, run: Run, here: agreement_here.Here) -> None:
    """Add up, once; another process may have done it meanwhile."""
    if run_of(turn.connection, turn.id, run.id).state not in (RunState.READING, RunState.ASKING):
        return
    s, rs = t.agreement_slices, t.agreement_run_slices
    query = sa.select(s.c.read_at).join(rs, rs.c.slice_id == s.c.id).where(rs.c.run_id == run.id)
    read_at = list(turn.connection.execute(query).scalars())
    figures = agreement_figures.add_up(turn, run.id, run.start, run.end, here)
    set_run(
        turn,
        run.id,
        state=RunState.DONE.value,
        closed_at=turn.now,
        facts_from=min(read_at),
        figures_json=json.dumps(figures, sort_keys=True),
    )
    turn.note(
        "agreement",
        f"connection {turn.id}",
        numbers=f"{run.start} to {run.end}: {figures['documents']} documents, "
        f"{figures['differences']} differences, {figures['digest']}",
    )


def _fail(engine: Engine, run: Run, reason: str, remedy: str) -> None:
    with engine.turns.open(run.connection_id) as turn:
        assert turn is not None
        set_run(turn, run.id, state=RunState.FAILED.value, reason=reason, remedy=remedy, closed_at=turn.now)
        turn.note("no agreement", f"connection {turn.id}", numbers=f"{run.start} to {run.end}", reason=reason)


__all__ = ["CannotCompare", "Run", "RunState", "advance", "ask", "load", "run_of", "runs"]
