"""Command line: `blueops-qb`."""

from __future__ import annotations

import click

from blueops_qb import __version__
from blueops_qb.cli import (
    agree,
    backfill,
    bench,
    database,
    doctor,
    erase,
    explain,
    keys,
    ledger,
    mapping,
    match,
    play,
    qwc,
    records,
    soak,
    template,
    undo,
    work,
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="blueops-qb")
def main() -> None:
    """Keeps BlueOps and QuickBooks equal, to the cent, in both directions."""


for _command in (
    play.demo,
    play.sandbox,
    work.worker,
    work.status,
    database.db,
    records.records,
    records.retry,
    records.preview,
    explain.explain,
    undo.undo,
    mapping.mapping,
    template.template,
    records.audit,
    ledger.ledger,
    agree.agree,
    agree.close_check_command,
    match.match,
    backfill.backfill,
    bench.bench,
    soak.soak,
    doctor.doctor,
    keys.keys,
    qwc.qwc,
    erase.erase,
    erase.purge,
):
    main.add_command(_command)
