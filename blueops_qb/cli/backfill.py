"""`blueops-qb backfill`: brings older documents of a stretch of days to the books, and says how far it is."""

from __future__ import annotations

import datetime as dt
import time

import attrs
import click

from blueops_qb.cli.ledger import stands_still
from blueops_qb.cli.opening import Opened, common, json_option, opened, show
from blueops_qb.engine import backfill as backfilling
from blueops_qb.engine.backfill import BackfillState, Progress
from blueops_qb.runners.carry import Carrier

ACTOR = "command line"
_DAY = click.DateTime(formats=["%Y-%m-%d"])
#: Seconds between two looks while another worker carries, and between two lines of progress.
PAUSE, SAY = 0.2, 5.0
_ACTS = {"pause": backfilling.pause, "resume": backfilling.resume, "cancel": backfilling.cancel}


@click.command()
@click.option("--from", "first", type=_DAY, help="The first day.")
@click.option("--to", "last", type=_DAY, help="The last day.")
@click.option("--pause", "act", flag_value="pause", help="Queue nothing more until resumed.")
@click.option("--resume", "act", flag_value="resume", help="Go on.")
@click.option("--cancel", "act", flag_value="cancel", help="End it; what was written stays.")
@click.option("--detach", is_flag=True, help="Only ask for it; a running worker does the rest.")
@json_option
@common
def backfill(
    db_url: str | None,
    tenant_id: str | None,
    first: dt.datetime | None,
    last: dt.datetime | None,
    act: str | None,
    detach: bool,
    as_json: bool,
) -> None:
    """Write documents dated from --from to --to, or show how far the last backfill is.

    A backfill that was killed goes on when the same days are asked for again, or when any worker runs.
    """
    if (first is None) != (last is None) or (first is not None and act):
        raise click.UsageError(
            "give both --from and --to, or one of --pause, --resume and --cancel, or nothing"
        )
    with opened(db_url, tenant_id) as house:
        if first is not None and last is not None:
            _ask(house, first.date(), last.date())
            if not detach:
                _carry(house, quiet=as_json)
        elif act:
            try:
                with house.turn() as turn:
                    _ACTS[act](turn, actor=ACTOR)
            except backfilling.CannotBackfill as problem:
                raise click.ClickException(str(problem)) from problem
        found = _progress(house)
    if found is None:
        raise click.ClickException("There never was a backfill: give --from and --to to start one.")
    value = {**attrs.asdict(found), "state": found.state.value, "said": found.sentence}
    show(value, as_json=as_json, text=found.sentence)
    if first is not None and not detach and found.state is not BackfillState.DONE:
        raise SystemExit(1)


def _ask(house: Opened, first: dt.date, last: dt.date) -> None:
    """Start it, unless just this one is under way."""
    try:
        with house.turn() as turn:
            present = backfilling.current(turn.connection, turn.id)
            if present is not None and (present.first_day, present.last_day) == (first, last):
                return
            backfilling.start(turn, first, last, actor=ACTOR)
    except backfilling.CannotBackfill as problem:
        raise click.ClickException(str(problem)) from problem


def _carry(house: Opened, *, quiet: bool) -> None:
    """Carry until it has ended; another worker may do it meanwhile."""
    connection_id = house.connection_row()["id"]
    carrier, said = Carrier(house.engine), time.monotonic()
    try:
        while (found := _progress(house)) is not None and found.state in backfilling.UNDER_WAY:
            if not quiet and time.monotonic() - said >= SAY:
                said = time.monotonic()
                click.echo(found.sentence, err=True)
            if found.state is BackfillState.PAUSED or (why := stands_still(house)):
                click.echo("It is paused." if found.state is BackfillState.PAUSED else why, err=True)
                return
            if not carrier.drain(connection_id, most=20, patiently=True):
                time.sleep(PAUSE)
    finally:
        carrier.close()


def _progress(house: Opened) -> Progress | None:
    row = house.connection_row()
    with house.core.engine.connect() as connection:
        now = house.engine.turns.clock(connection)
        return backfilling.progress(connection, row["id"], house.tenant_id, now)
