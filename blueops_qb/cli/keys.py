"""`blueops-qb keys`: which secret key seals what, and sealing everything again under the newest one."""

from __future__ import annotations

import attrs
import click

from blueops_qb.cli.opening import common, json_option, opened, show
from blueops_qb.engine import rotate_keys
from blueops_qb.engine.vault import MissingKey
from blueops_qb.sandbox.core.keys import new_key


@click.group()
def keys() -> None:
    """Secret keys of core and what is sealed with them."""


@keys.command()
@json_option
@common
def status(db_url: str | None, tenant_id: str | None, as_json: bool) -> None:
    """Show for each key, newest first, what hangs on it; exit 1 when a secret opens with none of them."""
    with opened(db_url, tenant_id) as house:
        found = rotate_keys.status(house.core)
    lines = [
        f"{key.name}  {'newest' if key.newest else 'older '}  {key.secrets} secrets, {key.audit_entries} audit entries"
        + (
            ""
            if key.newest
            else "; may be withdrawn"
            if key.withdrawable
            else "; run `blueops-qb keys rotate` first"
        )
        for key in found.keys
    ]
    lines += [f"no key opens: {what}" for what in found.unopened]
    show(attrs.asdict(found), as_json=as_json, text="\n".join(lines))
    if found.unopened:
        raise SystemExit(1)


@keys.command()
@json_option
@common
def rotate(db_url: str | None, tenant_id: str | None, as_json: bool) -> None:
    """Seal every secret again under the newest key, while everything runs; exit 1 when something is left."""
    with opened(db_url, tenant_id) as house:
        try:
            done = rotate_keys.rotate(house.core)
        except MissingKey as problem:
            raise click.ClickException(str(problem)) from problem
    lines = [
        f"newest key {done.newest}: {done.resealed} sealed again, {done.already} were already,"
        f" {done.chain_keys_kept} chain keys of the audit log are kept"
    ]
    if done.left:
        lines.append(f"{done.left} were sealed by somebody else meanwhile; run it again")
    lines += [
        f"no key opens: {what}; put its key back at the end of core's secret keys, or connect again"
        for what in done.unopened
    ]
    show(attrs.asdict(done), as_json=as_json, text="\n".join(lines))
    if done.left or done.unopened:
        raise SystemExit(1)


@keys.command()
@common
def new(db_url: str | None, tenant_id: str | None) -> None:
    """Print a fresh key, to be put among core's secret keys. Changes nothing."""
    click.echo(new_key().decode())
