"""`blueops-qb match`: the plan of the first connection: made, decided, as a file, accepted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import click

from blueops_qb.cli.opening import common, json_option, opened, show
from blueops_qb.domain.match_parties import EVIDENCE, NAME, Bucket, MatchRules
from blueops_qb.engine import by_hand, match_csv, match_mark, matching, rules_desk
from blueops_qb.engine.look import looking
from blueops_qb.engine.match_rows import DECISIONS, Row, counted, rows, rules_of
from blueops_qb.engine.turn import Turn

ACTOR = "command line"
_BUCKETS = [bucket.value for bucket in Bucket]
_REFUSED = (
    by_hand.CannotMatch,
    match_csv.CannotImport,
    matching.NotDecided,
    matching.NotListed,
    match_mark.PlanOvertaken,
    rules_desk.UnfitTarget,
    ValueError,
)


@click.group()
def match() -> None:
    """Compare BlueOps with the books before anything is written."""


@match.command()
@json_option
@common
def plan(db_url: str | None, tenant_id: str | None, as_json: bool) -> None:
    """Make the plan anew for what is not decided. Reads only."""
    with opened(db_url, tenant_id) as house:
        house.connection_row()
        try:
            with looking(house.engine, house.tenant_id) as turn:
                compared = matching.compare(turn)
            with house.turn() as turn:
                matching.keep(turn, compared)
                found = counted(turn.connection, turn.id)
                mark = match_mark.mark(turn, Bucket)
        except _REFUSED as problem:
            raise click.ClickException(str(problem)) from problem
    text = f"{_text(found)}\n{_told(mark)}"
    show({**_value(found), "mark": mark}, as_json=as_json, text=text)


@match.command("show")
@click.option("--bucket", type=click.Choice(_BUCKETS), help="Only rows of this bucket.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(min=1))
@click.option(
    "--mark", "only_mark", is_flag=True, help="Print nothing but the mark for `match accept --seen`."
)
@json_option
@common
def show_rows(
    db_url: str | None,
    tenant_id: str | None,
    bucket: str | None,
    limit: int,
    only_mark: bool,
    as_json: bool,
) -> None:
    """List rows with score, decision and reason."""
    with opened(db_url, tenant_id) as house, house.turn() as turn:
        found = rows(turn.connection, turn.id, bucket=bucket, limit=limit)
        mark = match_mark.mark(turn, [Bucket(bucket)] if bucket else Bucket)
    if only_mark:
        show({"mark": mark}, as_json=as_json, text=mark)
        return
    show(
        [{"row": row.key, **attrs.asdict(row)} for row in found],
        as_json=as_json,
        text="\n".join([*(map(_line, found) if found else ["no rows"]), _told(mark)]),
    )


@match.command()
@click.option(
    "--require", multiple=True, type=click.Choice(EVIDENCE), help="Must agree before a link is proposed."
)
@click.option(
    "--ignore",
    multiple=True,
    type=click.Choice([name for name in EVIDENCE if name != NAME]),
    help="Does not count.",
)
@click.option(
    "--accept", type=click.Choice(["exact", "strong"]), help="The least sure bucket that is proposed."
)
@click.option("--create/--no-create", default=None, help="Propose to create whom nobody resembles.")
@json_option
@common
def rules(
    db_url: str | None,
    tenant_id: str | None,
    require: tuple[str, ...],
    ignore: tuple[str, ...],
    accept: str | None,
    create: bool | None,
    as_json: bool,
) -> None:
    """Show or set how careful the next plan is; options that are left out go back to the standard."""
    with opened(db_url, tenant_id) as house, house.turn() as turn:
        if require or ignore or accept or create is not None:
            wanted = MatchRules(
                require=frozenset(require),
                ignore=frozenset(ignore),
                accept=Bucket(accept or "strong"),
                create=create is not False,
            )
            try:
                matching.set_rules(turn, wanted, actor=ACTOR)
            except ValueError as problem:
                raise click.ClickException(str(problem)) from problem
        stands = rules_of(turn.row)
    value = {
        "require": sorted(stands.require),
        "ignore": sorted(stands.ignore),
        "accept": stands.accept.value,
        "create": stands.create,
    }
    text = (
        f"must agree: {', '.join(sorted(stands.require)) or 'nothing in particular'}; does not count: "
        f"{', '.join(sorted(stands.ignore)) or 'nothing'}; proposed from: {stands.accept.value}; "
        f"new ones are {'proposed to be created' if stands.create else 'left open'}"
    )
    show(value, as_json=as_json, text=text)


@match.command()
@click.argument("row")
@click.argument("decision", type=click.Choice(DECISIONS))
@click.argument("books_id", default="")
@common
def decide(db_url: str | None, tenant_id: str | None, row: str, decision: str, books_id: str) -> None:
    """Decide ROW (kind:id): link with BOOKS_ID, create, skip or wait."""
    with opened(db_url, tenant_id) as house:
        try:
            with house.turn() as turn:
                by_hand.match(turn, row, decision, books_id=books_id, actor=ACTOR)
        except _REFUSED as problem:
            raise click.ClickException(str(problem)) from problem
    click.echo(f"{row}: {decision} {books_id}".rstrip())


@match.command()
@click.option("--bucket", "buckets", multiple=True, type=click.Choice(_BUCKETS), help="All when left out.")
@click.option(
    "--open",
    "decision",
    type=click.Choice(["create", "skip", "wait"]),
    help="Decide open rows so, instead of accepting proposals.",
)
@click.option("--go-live", is_flag=True, help="Accept all proposals, link, and go live.")
@click.option("--leave-open", is_flag=True, help="With --go-live: open rows wait on purpose.")
@click.option("--unsupervised", is_flag=True, help="With --go-live: do not wait after the first ten records.")
@click.option(
    "--seen", metavar="MARK", help="What you saw: the mark that `match plan` or `match show` printed."
)
@common
def accept(
    db_url: str | None,
    tenant_id: str | None,
    buckets: tuple[str, ...],
    decision: str | None,
    go_live: bool,
    leave_open: bool,
    unsupervised: bool,
    seen: str | None,
) -> None:
    """Accept the proposals of buckets, decide their open rows alike, or go live."""
    chosen = [Bucket(name) for name in buckets or _BUCKETS]
    if (leave_open or unsupervised) and not go_live:
        raise click.UsageError("--leave-open and --unsupervised belong to --go-live")
    if not seen:
        raise click.UsageError(
            "Pass --seen MARK: look at the plan with `blueops-qb match show`, which prints it."
        )
    with opened(db_url, tenant_id) as house:
        try:
            with house.turn() as turn:
                if go_live:
                    linked = matching.approve(
                        turn, actor=ACTOR, leave_open=leave_open, supervised=not unsupervised, seen=seen
                    )
                    said = f"{linked} records are linked; changes now travel both ways"
                elif decision:
                    count = matching.settle_open(
                        turn, chosen, decision, actor=ACTOR, seen=_of(turn, chosen, seen)
                    )
                    said = f"{count} rows: {decision}"
                else:
                    count = matching.accept(turn, chosen, actor=ACTOR, seen=_of(turn, chosen, seen))
                    said = f"{count} proposals accepted"
        except _REFUSED as problem:
            raise click.ClickException(str(problem)) from problem
    click.echo(said)


@match.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@common
def export(db_url: str | None, tenant_id: str | None, file: Path) -> None:
    """Write the plan to FILE as CSV, for a spreadsheet."""
    with opened(db_url, tenant_id) as house, house.turn() as turn:
        text = match_csv.export(turn)
    file.write_bytes(text.encode())
    click.echo(f"{file}: {text.count(chr(10)) - 1} rows")


@match.command("import")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@json_option
@common
def take(db_url: str | None, tenant_id: str | None, file: Path, as_json: bool) -> None:
    """Take the decisions of FILE: all of them, or none."""
    with opened(db_url, tenant_id) as house:
        try:
            with house.turn() as turn:
                taken = match_csv.take(turn, _content(file), actor=ACTOR)
        except _REFUSED as problem:
            raise click.ClickException(f"nothing was changed: {problem}") from problem
    show({"decided": dict(taken.decided), "unchanged": taken.unchanged}, as_json=as_json, text=taken.sentence)


def _of(turn: Turn, buckets: list[Bucket], seen: str) -> str:
    """The mark of these buckets, for whoever has seen the whole plan as it stands."""
    return match_mark.mark(turn, buckets) if seen == match_mark.mark(turn, Bucket) else seen


def _told(mark: str) -> str:
    return (
        f"mark {mark}: pass it to `match accept --seen`, so that nothing is accepted that you have not seen"
    )


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise click.ClickException(f"{file} cannot be read: {problem.strerror}") from None


def _value(found: dict[tuple[str, str], int]) -> dict[str, Any]:
    buckets: dict[str, dict[str, int]] = {}
    for (bucket, decision), count in sorted(found.items()):
        buckets.setdefault(bucket, {})[decision] = count
    return {"rows": sum(found.values()), "buckets": buckets}


def _text(found: dict[tuple[str, str], int]) -> str:
    lines = [f"{bucket:<10} {decision:<8} {count:>7}" for (bucket, decision), count in sorted(found.items())]
    return "\n".join([f"{sum(found.values())} rows; nothing was written to the books", *lines])


def _line(row: Row) -> str:
    target = f" {row.books_id}" if row.books_id else ""
    return f"{row.key:<20} {row.bucket:<10} {row.score:>3} {row.decision}{target}  {row.name}: {row.reason}"
