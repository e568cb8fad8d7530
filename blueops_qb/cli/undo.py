"""`blueops-qb undo`: takes out of the books what is provably ours, after showing it; and takes that back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import attrs
import click

from blueops_qb.cli.opening import common, json_option, opened, show
from blueops_qb.cli.records import RecordType
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import undo as undoing
from blueops_qb.engine import undo_plan

MOMENT = click.DateTime(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


@click.command()
@click.argument("record", type=RecordType(), nargs=-1)
@click.option("--since", type=MOMENT, metavar="TIME", help="Everything that was written since (UTC).")
@click.option("--exchange", metavar="ID", default="", help="What one exchange created.")
@click.option("--backfill", "backfill_id", type=int, metavar="ID", help="What one backfill created.")
@click.option("--apply", "do_it", is_flag=True, help="Do it; without it the plan is only shown.")
@click.option("--take-back", is_flag=True, help="Have undone RECORDs written again.")
@json_option
@common
def undo(
    db_url: str | None,
    tenant_id: str | None,
    record: tuple[RecordRef, ...],
    since: dt.datetime | None,
    exchange: str,
    backfill_id: int | None,
    do_it: bool,
    take_back: bool,
    as_json: bool,
) -> None:
    """Take documents of RECORDs out of the books, as far as they are provably ours and untouched."""
    if take_back:
        _take_back(db_url, tenant_id, record, as_json=as_json)
        return
    if not record and since is None and not exchange and backfill_id is None:
        raise click.UsageError("Name records, or pass --since TIME, --exchange ID or --backfill ID.")
    moment = since.replace(tzinfo=dt.UTC) if since is not None else None
    try:
        with opened(db_url, tenant_id) as house, house.turn() as turn:
            if do_it:
                found = undoing.apply(
                    turn,
                    actor="command line",
                    refs=record,
                    since=moment,
                    exchange_id=exchange,
                    backfill_id=backfill_id,
                )
            else:
                found = undo_plan.plan(
                    turn, refs=record, since=moment, exchange_id=exchange, backfill_id=backfill_id
                )
    except undo_plan.TooMuch as problem:
        raise click.ClickException(str(problem)) from problem
    show(
        {**attrs.asdict(found), "applied": do_it},
        as_json=as_json,
        text="\n".join([*_text(found), _end(found, do_it=do_it)]),
    )


def _take_back(
    db_url: str | None, tenant_id: str | None, record: tuple[RecordRef, ...], *, as_json: bool
) -> None:
    if not record:
        raise click.UsageError("Name the records whose undo is to be taken back.")
    try:
        with opened(db_url, tenant_id) as house, house.turn() as turn:
            count = undoing.take_back(turn, record, actor="command line")
    except undoing.CannotTakeBack as problem:
        raise click.ClickException(str(problem)) from problem
    show({"taken_back": count}, as_json=as_json, text=f"{count} documents are written again")


def _text(found: undo_plan.UndoPlan) -> Iterator[str]:
    for number, step in enumerate(found.steps, start=1):
        after = f" (after {', '.join(step.after)})" if step.after else ""
        amount = f" of {step.amount}" if step.amount else ""
        yield f"{number:>3}. {step.document}, {step.books}{amount}: {step.sentence}{after}"
    if found.note:
        yield found.note
    if found.kept:
        yield "what stays, and why:"
    for kept in found.kept:
        yield f"     {kept.document} {kept.books}: {kept.reason}"
        yield f"       -> {kept.remedy}"


def _end(found: undo_plan.UndoPlan, *, do_it: bool) -> str:
    if not found.steps:
        return "nothing can be undone"
    if do_it:
        return f"{len(found.steps)} documents are taken out as soon as the books are reached"
    return f"{len(found.steps)} documents would be taken out; pass --apply to do it"
