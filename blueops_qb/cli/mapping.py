"""`blueops-qb mapping`: the rules as they are, a draft of others, what is wrong in it, what it would change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import click

from blueops_qb.cli.opening import common, json_option, opened, show
from blueops_qb.domain.mapping import Mapping
from blueops_qb.domain.mapping_change import When
from blueops_qb.domain.mapping_findings import Finding, Severity
from blueops_qb.engine import asked, drafts, look, reclass, rules_desk, what_if
from blueops_qb.engine.turn import Turn

DAYS = click.DateTime(formats=["%Y-%m-%d"])
#: As many days a replay looks back unless somebody says otherwise.
USUAL_DAYS = 90

file_argument = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.group()
def mapping() -> None:
    """Rules from BlueOps keys to the books: look at them, draft others, try them, make them count."""


@contextmanager
def _looking(db_url: str | None, tenant_id: str | None) -> Iterator[Turn]:
    with opened(db_url, tenant_id) as house:
        house.connection_row()
        with look.looking(house.engine, house.tenant_id) as turn:
            yield turn


def _read(file: Path) -> Mapping:
    try:
        return drafts.read(file.read_text(encoding="utf-8"))
    except OSError as problem:
        raise click.ClickException(f"{file} cannot be read: {problem.strerror}") from problem
    except (drafts.UnreadableDraft, UnicodeDecodeError) as problem:
        raise click.ClickException(f"{file}: {problem}") from problem


@mapping.command("show")
@click.option("--on", "day", type=DAYS, metavar="DAY", help="As it counts for documents of that day.")
@json_option
@common
def show_(db_url: str | None, tenant_id: str | None, day: dt.datetime | None, as_json: bool) -> None:
    """List the rows of the present version."""
    with _looking(db_url, tenant_id) as turn:
        present, catalog = turn.mapping, turn.catalog
        if day is not None:
            present = Mapping(version=present.version, rules=tuple(present.current(day.date()).values()))
        text = drafts.written(present, catalog)
    rules = [
        {
            "family": rule.family.value,
            "key": rule.key,
            "scope": rule.scope,
            "valid_from": rule.valid_from,
            "target": {
                f: str(v) for f, v in attrs.asdict(rule.target, recurse=False).items() if v is not None
            },
        }
        for rule in present.rules
    ]
    show({"version": present.version, "rules": rules}, as_json=as_json, text=text)


@mapping.command()
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
@common
def draft(db_url: str | None, tenant_id: str | None, file: Path) -> None:
    """Write the present rows to FILE, to be changed there."""
    with _looking(db_url, tenant_id) as turn:
        text, version = drafts.written(turn.mapping, turn.catalog), turn.mapping.version
    if file.exists():
        raise click.ClickException(f"{file} is there already; choose another name or remove it first.")
    file.write_text(text, encoding="utf-8")
    click.echo(f"version {version} is in {file}")


@mapping.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@json_option
@common
def lint(db_url: str | None, tenant_id: str | None, file: Path | None, as_json: bool) -> None:
    """Look for what is wrong in the present rows, or in the draft FILE. Exit 1 on errors."""
    wanted = None if file is None else _read(file)
    with _looking(db_url, tenant_id) as turn:
        findings = asked.lint_of(turn, wanted)
    show(
        [attrs.asdict(finding) for finding in findings],
        as_json=as_json,
        text="\n".join(map(_finding, findings)) or "nothing to complain of",
    )
    if any(finding.severity is Severity.ERROR for finding in findings):
        raise SystemExit(1)


def _finding(finding: Finding) -> str:
    return f"{finding.severity.value:<8} {finding.check:<20} {finding.sentence}\n{'':<9}-> {finding.remedy}"


@mapping.command("what-if")
@file_argument
@click.option("--days", default=USUAL_DAYS, show_default=True, type=click.IntRange(1), help="How far back.")
@click.option("--by", multiple=True, type=click.Choice([by.value for by in what_if.By]))
@json_option
@common
def what_if_(
    db_url: str | None, tenant_id: str | None, file: Path, days: int, by: tuple[str, ...], as_json: bool
) -> None:
    """Post the records of the last days under the draft FILE, on paper: the difference by account."""
    wanted = _read(file)
    with _looking(db_url, tenant_id) as turn:
        today = turn.now.date()
        found = what_if.replay(
            turn,
            wanted,
            since=today - dt.timedelta(days=days),
            until=today,
            by=[what_if.By(word) for word in by],
        )
    show(attrs.asdict(found), as_json=as_json, text="\n".join(_replayed(found)))


def _replayed(found: what_if.WhatIf) -> Iterator[str]:
    yield f"{found.records} records from {found.since} to {found.until}; {found.differing} would differ"
    for one in found.differences:
        tags = " ".join(filter(None, (one.customer, one.class_, one.location)))
        yield f"  {one.account:<40} {one.before:>14} -> {one.after:>14}  ({one.change:+})  {tags}".rstrip()
        for behind in one.documents:
            yield f"      {behind.document:<28} {behind.change:+}"
        if one.document_count > len(one.documents):
            yield f"      and {one.document_count - len(one.documents)} more"
    for words, told, count in (
        ("would be held", found.held, found.held_count),
        ("would be held no more", found.released, found.released_count),
    ):
        if count:
            yield f"  {count} {words}:"
            yield from (f"      {one.ref}: {one.reason}" for one in told)


@mapping.command()
@file_argument
@click.option(
    "--when",
    type=click.Choice([when.value for when in When]),
    default=When.NOW.value,
    show_default=True,
    help="For new documents; for documents from --day on; or with the past moved by journal entries.",
)
@click.option("--day", type=DAYS, metavar="DAY", help="The first day of documents, with --when from.")
@click.option("--yes", is_flag=True, help="Do it; without it only what would be moved is shown.")
@json_option
@common
def apply(
    db_url: str | None,
    tenant_id: str | None,
    file: Path,
    when: str,
    day: dt.datetime | None,
    yes: bool,
    as_json: bool,
) -> None:
    """Make the draft FILE the mapping."""
    if (day is not None) is not (when == When.FROM.value):
        raise click.UsageError("--day goes with --when from, and only with it.")
    wanted = _read(file)
    try:
        with opened(db_url, tenant_id) as house, house.turn() as turn:
            planned = reclass.plan(turn, wanted) if when == When.PAST.value else None
            said: dict[str, Any] = {
                "moves": attrs.asdict(planned) if planned else None,
                "version": None,
                "entries": [],
            }
            if yes:
                since = day.date() if day is not None else None
                said["version"] = rules_desk.take_draft(turn, wanted, actor="command line", from_day=since)
                if planned is not None:
                    refs = reclass.carry_out(turn, actor="command line", approved=planned.digest)
                    said["entries"] = [str(ref) for ref in refs]
    except (rules_desk.UnfitTarget, rules_desk.Overtaken) as problem:
        raise click.ClickException(f"Nothing was saved: {problem}.") from problem
    lines = list(_planned(planned)) if planned else []
    if yes:
        lines.append(f"the mapping is at version {said['version']} now")
    else:
        lines.append("nothing was saved; pass --yes to make the draft the mapping")
    show(said, as_json=as_json, text="\n".join(lines))


def _planned(planned: reclass.ReclassPlan) -> Iterator[str]:
    if not planned.months:
        yield "nothing that was posted would be moved"
    for month in planned.months:
        yield f"journal entry of {month.date} for {month.documents} documents of {month.month}:"
        for line in month.lines:
            tags = " ".join(filter(None, (line.customer, line.class_, line.location)))
            yield f"  {line.side} {line.account:<40} {line.amount:>14} {tags}".rstrip()
    if planned.skipped_count:
        yield f"{planned.skipped_count} documents are not moved:"
        yield from (f"  {one.ref}: {one.reason}" for one in planned.skipped)
