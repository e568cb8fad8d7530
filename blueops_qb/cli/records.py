"""`blueops-qb records`, `retry`, `preview` and `audit`: looking at and releasing work."""

from __future__ import annotations

import attrs
import click

from blueops_qb.cli.opening import common, json_option, opened, show
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import audit as audit_log
from blueops_qb.engine import census, connections, resolve
from blueops_qb.engine import preview as previewing
from blueops_qb.engine.outbox import State


class RecordType(click.ParamType[RecordRef]):
    """`kind:id`."""

    name = "RECORD"

    def convert(
        self, value: str | RecordRef, param: click.Parameter | None, ctx: click.Context | None
    ) -> RecordRef:
        if isinstance(value, RecordRef):
            return value
        try:
            return RecordRef.parse(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


@click.command()
@click.option("--state", "states", multiple=True, type=click.Choice([s.value for s in State]))
@click.option("--kind", "kinds", multiple=True, type=click.Choice([k.value for k in RecordKind]))
@click.option("--limit", default=50, show_default=True)
@json_option
@common
def records(
    db_url: str | None,
    tenant_id: str | None,
    states: tuple[str, ...],
    kinds: tuple[str, ...],
    limit: int,
    as_json: bool,
) -> None:
    """List records with state, reason and remedy, newest first."""
    with opened(db_url, tenant_id) as house, house.core.engine.connect() as connection:
        live = connections.live(connection, house.tenant_id)
        lines = census.lines(
            connection,
            house.tenant_id,
            connection_id=live["id"] if live else None,
            states=[State(s) for s in states],
            kinds=[RecordKind(k) for k in kinds],
            limit=limit,
        )
    rows = [{**attrs.asdict(line, recurse=False), "ref": str(line.ref)} for _, line in lines]
    text = "\n".join(_line(line) for _, line in lines) or "no records"
    show(rows, as_json=as_json, text=text)


def _line(line: census.EventLine) -> str:
    place = f"{line.books_kind}#{line.books_id}" if line.books_id else "-"
    tail = f"  {line.reason}" + (f"  -> {line.remedy}" if line.remedy else "") if line.reason else ""
    return f"{line.ref!s:<18} {line.state.value:<11} {place:<14}{tail}"


@click.command()
@click.argument("record", type=RecordType(), nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every held record.")
@common
def retry(db_url: str | None, tenant_id: str | None, record: tuple[RecordRef, ...], everything: bool) -> None:
    """Plan held records again: RECORD is kind:id as `records` prints it."""
    if not record and not everything:
        raise click.UsageError("Name records, or pass --all.")
    with opened(db_url, tenant_id) as house, house.turn() as turn:
        count = resolve.retry(turn, list(record) or None, actor="command line")
    click.echo(f"{count} planned again")


@click.command()
@click.argument("record", type=RecordType())
@json_option
@common
def preview(db_url: str | None, tenant_id: str | None, record: RecordRef, as_json: bool) -> None:
    """Show what would be written for RECORD, with debits and credits. Changes nothing."""
    with opened(db_url, tenant_id) as house, house.turn() as turn:
        try:
            found = previewing.preview(turn, record)
        except previewing.NoSuchRecord as problem:
            raise click.ClickException(str(problem)) from problem
    show(attrs.asdict(found), as_json=as_json, text=_preview_text(found))


def _preview_text(found: previewing.Preview) -> str:
    lines = [f"{found.ref} at revision {found.revision}"]
    if found.blocked:
        lines += [f"  nothing is written: {found.blocked}", f"  {found.remedy}" if found.remedy else ""]
    for document in found.documents:
        lines.append(f"  {document.step} {document.key}")
        for p in document.postings:
            lines.append(f"    {p['side']} {p['account']:<40} {p['amount']:>12} {p['customer']}")
            lines += [f"       {sentence}" for sentence in p["why"]]
        lines.append("    " + document.message)
    return "\n".join(line for line in lines if line)


@click.group()
def audit() -> None:
    """The audit log."""


@audit.command()
@json_option
@common
def verify(db_url: str | None, tenant_id: str | None, as_json: bool) -> None:
    """Walk the whole chain; exit 1 when something was changed, removed, reordered or cut."""
    with opened(db_url, tenant_id) as house, house.core.engine.connect() as connection:
        verdict = audit_log.verify(connection, house.tenant_id, keys=house.engine.keys)
    text = f"{verdict.entries} entries, head {verdict.head[:16]}: " + (
        "unbroken" if verdict.ok else f"BROKEN: {verdict.problem}"
    )
    if verdict.erased:
        text += f"; the texts of {verdict.erased} entries were erased"
    show(attrs.asdict(verdict), as_json=as_json, text=text)
    if not verdict.ok:
        raise SystemExit(1)
