"""`blueops-qb agree` and `close-check`: whether both sides agree on a period, and whether a month can be closed."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import click

from blueops_qb.cli.ledger import PAUSE, stands_still
from blueops_qb.cli.opening import Opened, common, json_option, opened, show
from blueops_qb.cli.records import RecordType
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import (
    agreement,
    agreement_accept,
    agreement_figures,
    certificate,
    close_check,
    signing,
)
from blueops_qb.engine.agreement import CannotCompare, Run, RunState
from blueops_qb.engine.agreement_accept import CannotAccept
from blueops_qb.engine.agreement_figures import ACCEPTED, BESIDES, DIFFERENCE, PENDING, Finding, Sum
from blueops_qb.engine.vault import MissingKey
from blueops_qb.runners.carry import Carrier

_DAY = click.DateTime(formats=["%Y-%m-%d"])
#: Lines that the text shows of each sort; the JSON holds all.
SHOWN = 40

timeout_option = click.option(
    "--timeout",
    default=600.0,
    show_default=True,
    help="Give up after so many seconds; 1 is the exit code then.",
)
whole_option = click.option(
    "--whole", is_flag=True, help="Read every month of the books again, whatever was read before."
)


@click.group(invoke_without_command=True)
@click.option("--from", "start", type=_DAY, help="The first day of the period.")
@click.option("--to", "end", type=_DAY, help="The last day of the period.")
@click.option(
    "--certificate",
    "file",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    metavar="FILE",
    help="Write the signed certificate to FILE.",
)
@whole_option
@timeout_option
@json_option
@common
@click.pass_context
def agree(
    context: click.Context,
    db_url: str | None,
    tenant_id: str | None,
    start: dt.datetime | None,
    end: dt.datetime | None,
    file: Path | None,
    whole: bool,
    timeout: float,
    as_json: bool,
) -> None:
    """Compare our sub-ledger of a period with the books' ledger; exit 1 when both sides differ."""
    if context.invoked_subcommand is not None:
        return
    if start is None or end is None:
        raise click.UsageError("Give the period: --from DAY --to DAY.")
    with opened(db_url, tenant_id) as house:
        run = compared(house, start.date(), end.date(), whole=whole, timeout=timeout)
        if file is not None:
            try:
                text = certificate.issue(house.engine, run.connection_id, run.id)
            except MissingKey as problem:
                raise click.ClickException(str(problem)) from problem
            file.write_bytes(text.encode())
        value, said = _told(house, run, file)
    show(value, as_json=as_json, text=said)
    if not run.agrees:
        raise SystemExit(1)


@agree.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "key_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="The public key that must have signed it.",
)
@json_option
@common
def verify(
    db_url: str | None, tenant_id: str | None, file: Path, key_file: Path | None, as_json: bool
) -> None:
    """Check a certificate by itself, without a database; exit 1 when a byte of it is not as it was issued."""
    key = key_file.read_text(encoding="utf-8", errors="replace") if key_file is not None else None
    try:
        found = certificate.verify(file.read_bytes(), key=key)
    except signing.NotAKey as problem:
        raise click.ClickException(f"{key_file}: {problem}") from problem
    except certificate.NotACertificate as problem:
        found = certificate.Verified(ok=False, problems=(str(problem),))
    show(attrs.asdict(found), as_json=as_json, text=_verdict(found))
    if not found.ok:
        raise SystemExit(1)


@agree.command("accept")
@click.argument("record", type=RecordType(), nargs=-1, required=True)
@click.option("--reason", required=True, metavar="TEXT", help="Why both sides may stay different.")
@json_option
@common
def accept(
    db_url: str | None, tenant_id: str | None, record: tuple[RecordRef, ...], reason: str, as_json: bool
) -> None:
    """Accept that RECORDs differ from what was agreed, as the newest finished comparison shows them."""
    with opened(db_url, tenant_id) as house, house.turn() as turn:
        run = next((one for one in agreement.runs(turn.connection, turn.id) if not one.open), None)
        if run is None:
            raise click.ClickException(
                "No period was compared yet. Run `blueops-qb agree` and look at it first."
            )
        try:
            count = agreement_accept.accept(turn, run.id, record, reason=reason, actor="command line")
        except CannotAccept as problem:
            raise click.ClickException(str(problem)) from problem
    value = {"agreement": str(run.id), "accepted": count, "records": [str(ref) for ref in record]}
    many = "1 document" if count == 1 else f"{count} documents"
    text = f"{many} accepted as different; compare the period again to have that listed."
    show(value, as_json=as_json, text=text)


@agree.command("key")
@json_option
@common
def public_key(db_url: str | None, tenant_id: str | None, as_json: bool) -> None:
    """Print the public key that certificates of this installation are signed with."""
    with opened(db_url, tenant_id) as house:
        try:
            key = signing.private_key(house.core).public_key()
        except MissingKey as problem:
            raise click.ClickException(str(problem)) from problem
    text = signing.exported(key)
    show({"key": signing.fingerprint(key), "public": text}, as_json=as_json, text=text.rstrip())


@click.command("close-check")
@click.option("--month", required=True, metavar="YYYY-MM", help="The month to be closed.")
@whole_option
@timeout_option
@json_option
@common
def close_check_command(
    db_url: str | None, tenant_id: str | None, month: str, whole: bool, timeout: float, as_json: bool
) -> None:
    """List what stands in the way of closing a month; exit 0 only if it can be closed."""
    try:
        start, end = close_check.month(month)
    except ValueError as problem:
        raise click.UsageError(str(problem)) from problem
    with opened(db_url, tenant_id) as house:
        run = compared(house, start, end, whole=whole, timeout=timeout, must=False)
        with house.turn() as turn:
            found = close_check.check(turn, start, end, run)
        with house.core.engine.connect() as connection:
            differences = list(agreement_figures.findings(connection, run.id, DIFFERENCE))
    show(_closing_value(found, differences), as_json=as_json, text=_closing_text(found, differences))
    if found.in_the_way:
        raise SystemExit(1)


# -- carrying ------------------------------------------------------------------------------------------
def compared(
    house: Opened, start: dt.date, end: dt.date, *, whole: bool, timeout: float, must: bool = True
) -> Run:
    """A finished run; carries what is due until it is. With `must`, raises ClickException when it cannot be had."""
    connection_id = house.connection_row()["id"]
    with house.turn() as turn:
        try:
            id = agreement.ask(turn, start, end, whole=whole, by="command line")
        except CannotCompare as problem:
            raise click.ClickException(str(problem)) from problem
    carrier = Carrier(house.engine)
    give_up = time.monotonic() + timeout
    try:
        while True:
            run = agreement.advance(house.engine, connection_id, id)
            if not run.open or time.monotonic() > give_up:
                break
            if not carrier.carry_one(connection_id):
                if stands_still(house):
                    break
                time.sleep(min(PAUSE, house.engine.wait(connection_id) or PAUSE))
    finally:
        carrier.close()
    if must and run.state is not RunState.DONE:
        raise click.ClickException(_why_not(house, run, timeout))
    return run


def _why_not(house: Opened, run: Run, timeout: float) -> str:
    if run.state is RunState.FAILED:
        return f"{run.reason} {run.remedy}".strip()
    cause = stands_still(house) or f"The comparison was not done after {timeout:g} seconds."
    return f"{cause} Run `blueops-qb status`, mend what it says, then compare again; it goes on where it is."


# -- telling -------------------------------------------------------------------------------------------
def _told(house: Opened, run: Run, file: Path | None) -> tuple[dict[str, Any], str]:
    with house.core.engine.connect() as connection:
        accounts = agreement_figures.accounts(connection, run.id)
        parties = agreement_figures.parties(connection, run.connection_id, run.id)
        found = {
            sort: list(agreement_figures.findings(connection, run.id, sort))
            for sort in (DIFFERENCE, ACCEPTED, BESIDES, PENDING)
        }
        found[PENDING] = agreement_figures.with_reasons(connection, house.tenant_id, found[PENDING])
    with house.turn() as turn:
        names = agreement_figures.names(turn, [one.account for one in accounts])
    value = {
        "tenant": house.tenant_id,
        "start": run.start.isoformat(),
        "end": run.end.isoformat(),
        "agrees": run.agrees,
        "rests_on": run.rests_on,
        "facts_from": run.facts_from.isoformat() if run.facts_from else None,
        "figures": run.figures,
        "accounts": [{**_sum(one), "name": names.get(one.account, "")} for one in accounts],
        "parties": [_sum(one) for one in parties],
        "differences": [_finding(one) for one in found[DIFFERENCE]],
        "accepted": [_finding(one) for one in found[ACCEPTED]],
        "only_in_books": [_finding(one) for one in found[BESIDES]],
        "not_in_books_yet": [_finding(one) for one in found[PENDING]],
        "certificate": str(file) if file is not None else None,
    }
    return value, _text(run, accounts, names, found, file)


def _sum(one: Sum) -> dict[str, Any]:
    said = {k: str(v) if isinstance(v, Decimal) else v for k, v in attrs.asdict(one).items()}
    if not one.customer:
        said = {k: v for k, v in said.items() if k not in ("customer", "ref", "parent")}
    return {**said, "difference": str(one.difference)}


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "ref": one.ref,
        "books": one.books,
        "day": one.day.isoformat() if one.day else None,
        "accounts": list(one.accounts),
        "customers": list(one.customers),
        "amount": str(one.amount),
        "sentence": one.sentence,
        "remedy": one.remedy,
        "lines": one.lines,
    }


def _text(
    run: Run,
    accounts: list[Sum],
    names: dict[str, str],
    found: dict[str, list[Finding]],
    file: Path | None,
) -> str:
    figures = run.figures
    facts = f"{run.facts_from:%Y-%m-%d %H:%M} UTC" if run.facts_from else "never"
    lines = [
        f"{run.start} to {run.end}: {figures['documents']} documents, {figures['differences']} differences,"
        f" {figures['besides']} only in the books, {sum(figures['pending'].values())} not in the books yet",
        f"rests on {certificate.BASIS[run.rests_on]}; facts from {facts}"
        f" ({figures['slices_read']} months read, {figures['slices_kept']} as they were)",
        f"{'account':<40} {'expected':>14} {'held':>14} {'besides':>14} {'explained':>12} {'difference':>12}",
    ]
    lines += [
        f"{(names.get(one.account) or one.account or '(none)')[:40]:<40} {one.expected:>14,.2f} {one.held:>14,.2f}"
        f" {one.besides:>14,.2f} {one.explained:>12,.2f} {one.difference:>12,.2f}"
        for one in accounts
    ]
    heads = (
        (DIFFERENCE, "differences"),
        (ACCEPTED, "different, and accepted"),
        (PENDING, "not in the books yet"),
    )
    for sort, head in heads:
        lines += _listed(head, found[sort])
    if said := certificate.not_certified(figures):
        lines.append(f"nothing is said of {said}")
    if said := certificate.accepted_words(figures):
        lines.append(said)
    beside = " BESIDE WHAT PEOPLE ACCEPTED" if figures.get("accepted") else ""
    lines.append(f"BOTH SIDES AGREE{beside}." if run.agrees else "BOTH SIDES DO NOT AGREE.")
    if file is not None:
        lines.append(f"certificate written to {file}")
    return "\n".join(lines)


def _listed(head: str, found: list[Finding]) -> list[str]:
    if not found:
        return []
    lines = [f"{head}:"]
    lines += [f"  {one.sentence}" + (f"  -> {one.remedy}" if one.remedy else "") for one in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"  and {len(found) - SHOWN} more; --json prints all")
    return lines


def _verdict(found: certificate.Verified) -> str:
    if not found.ok:
        return "\n".join(["NOT AS ISSUED:", *(f"  {problem}" for problem in found.problems)])
    period, figures = found.sections["period"], found.sections["figures"]
    trust = (
        "signed by the key that was given"
        if found.trusted
        else "signed by the key that it holds itself; compare it with `blueops-qb agree key`, or give --key"
    )
    return (
        f"as issued: {period['from']} to {period['to']}, {figures['documents']} documents,"
        f" {figures['differences']} differences, facts from {period['facts_from']}\n"
        f"rests on {found.sections['basis']['meaning']}\nkey {found.key}: {trust}"
    )


# -- closing -------------------------------------------------------------------------------------------
def _closing_value(found: close_check.CloseCheck, differences: list[Finding]) -> dict[str, Any]:
    return {
        "month": f"{found.start:%Y-%m}",
        "can_close": not found.in_the_way,
        "in_the_way": list(found.in_the_way),
        "held": [attrs.asdict(one) for one in found.held],
        "unposted": [attrs.asdict(one) for one in found.unposted],
        "conflicts": [attrs.asdict(one) for one in found.conflicts],
        "unapplied": [attrs.asdict(one) for one in found.unapplied],
        "clearing": [attrs.asdict(one) for one in found.clearing],
        "agreement": {
            "state": found.agreement.state.value,
            "reason": found.agreement.reason,
            "agrees": found.agreement.agrees,
            "facts_from": found.agreement.facts_from.isoformat() if found.agreement.facts_from else None,
            "figures": found.agreement.figures,
            "differences": [_finding(one) for one in differences],
        },
    }


def _closing_text(found: close_check.CloseCheck, differences: list[Finding]) -> str:
    lines = [f"{found.start:%Y-%m}: " + ("can be closed" if not found.in_the_way else "CANNOT be closed yet")]
    lines += [f"  in the way: {reason}" for reason in found.in_the_way]
    for head, records in (("held", found.held), ("not posted yet", found.unposted)):
        lines += [
            f"  {head}: {one.ref} of {one.day}: {one.reason or one.state}"
            + (f"  -> {one.remedy}" if one.remedy else "")
            for one in records
        ]
    lines += [f"  conflict: {one.reason}  -> {one.remedy}" for one in found.conflicts]
    lines += [f"  difference: {one.sentence}  -> {one.remedy}" for one in differences]
    lines += [
        f"  unapplied: {one.amount:,.2f} of {one.ref or one.books} ({one.books}) of {one.day}"
        for one in found.unapplied
    ]
    for one in found.clearing:
        ages = ", ".join(f"{amount:,.2f} {age}" for age, amount in one.ages.items())
        lines.append(f"  waits on {one.name or one.account}: {one.balance:,.2f} ({ages or 'nothing open'})")
    return "\n".join(lines)
