"""`blueops-qb erase` and `purge`: privacy erasure of one person, and retention by hand."""

from __future__ import annotations

import attrs
import click

from blueops_qb.cli.opening import common, json_option, opened, show
from blueops_qb.cli.records import RecordType
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import erasure, retention


@click.command()
@click.argument("record", type=RecordType())
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@common
def erase(db_url: str | None, tenant_id: str | None, record: RecordRef, yes: bool, as_json: bool) -> None:
    """Erase what can be read about a customer or vendor from the integration's history. Cannot be undone."""
    if not yes:
        click.confirm(f"This erases the readable history of {record} and of its records. Go on?", abort=True)
    with opened(db_url, tenant_id) as house:
        try:
            done = erasure.erase(
                house.core, house.tenant_id, record, actor="command line", keys=house.engine.keys
            )
        except erasure.CannotErase as problem:
            raise click.ClickException(str(problem)) from problem
    counts = (
        ", ".join(f"{count} {table}" for table, count in done.erased.items()) or "nothing was left to erase"
    )
    lines = [f"{done.ref} and {done.records - 1} records of it: {counts}", "Not touched:"]
    lines += [f"  {sentence}" for sentence in done.kept]
    show({**attrs.asdict(done), "ref": str(done.ref)}, as_json=as_json, text="\n".join(lines))


@click.command()
@json_option
@common
def purge(db_url: str | None, tenant_id: str | None, as_json: bool) -> None:
    """Empty payloads that are older than the retention settings say, as the daily task does."""
    with opened(db_url, tenant_id) as house:
        done = retention.purge(house.core, house.tenant_id)
    counts = ", ".join(f"{count} {name}" for name, count in attrs.asdict(done).items())
    show(attrs.asdict(done), as_json=as_json, text=f"emptied: {counts}")
