"""`blueops-qb ledger`: the books' own ledger of a period, summed by account."""

from __future__ import annotations

import datetime as dt
import time
from decimal import Decimal

import click

from blueops_qb.cli.opening import Opened, common, json_option, opened, show
from blueops_qb.engine import connections
from blueops_qb.engine import ledger as books_ledger
from blueops_qb.engine.ledger import AccountTotal, Reading, ReadingState
from blueops_qb.runners.carry import Carrier
from blueops_qb.sdk.hooks import Switch

#: Seconds between two looks while nothing is to be carried here.
PAUSE = 0.2
_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.option("--from", "start", type=_DAY, required=True, help="The first day of the period.")
@click.option("--to", "end", type=_DAY, required=True, help="The last day of the period.")
@click.option(
    "--timeout",
    default=300.0,
    show_default=True,
    help="Give up after so many seconds; 1 is the exit code then.",
)
@json_option
@common
def ledger(
    db_url: str | None,
    tenant_id: str | None,
    start: dt.datetime,
    end: dt.datetime,
    timeout: float,
    as_json: bool,
) -> None:
    """Read the books' own ledger of a period and print what it comes to on each account."""
    with opened(db_url, tenant_id) as house:
        connection_id = house.connection_row()["id"]
        with house.turn() as turn:
            try:
                id = books_ledger.ask(turn, start.date(), end.date())
            except books_ledger.CannotRead as problem:
                raise click.ClickException(str(problem)) from problem
        reading = _carried(house, connection_id, id, timeout)
        if reading.state is not ReadingState.DONE:
            raise click.ClickException(_why_not(house, reading, timeout))
        with house.core.engine.connect() as connection:
            totals = books_ledger.totals(connection, id)
    show(_value(reading, totals), as_json=as_json, text=_text(reading, totals))


def _carried(house: Opened, connection_id: str, reading_id: int, timeout: float) -> Reading:
    """Carry what is due until the reading has ended; another worker may do it meanwhile."""
    carrier = Carrier(house.engine)
    give_up = time.monotonic() + timeout
    try:
        while True:
            with house.core.engine.connect() as connection:
                reading = books_ledger.reading(connection, connection_id, reading_id)
            if reading.state is not ReadingState.ASKED or time.monotonic() > give_up:
                return reading
            if not carrier.carry_one(connection_id):
                if stands_still(house):
                    return reading
                time.sleep(PAUSE)
    finally:
        carrier.close()


def stands_still(house: Opened) -> str:
    """Why nothing is carried before a person has acted; empty = it goes on."""
    row = house.connection_row()
    if row["health"] in ("sign_in", "stopped"):
        return f"The connection is stopped: {row['health_reason'] or 'sign in again'}."
    with house.core.engine.connect() as connection:
        switch = connections.switch_of(connection, house.tenant_id)
    return "" if switch is Switch.ON else f"The integration is switched {switch.value}."


def _why_not(house: Opened, reading: Reading, timeout: float) -> str:
    if reading.state is ReadingState.FAILED:
        return f"{reading.reason} {reading.remedy}".strip()
    cause = stands_still(house) or f"The ledger has not come after {timeout:g} seconds."
    return f"{cause} It stays asked for: run `blueops-qb status`, mend what it says, then ask again."


def _value(reading: Reading, totals: list[AccountTotal]) -> dict[str, object]:
    debits, credits = _sums(totals)
    return {
        "start": reading.start.isoformat(),
        "end": reading.end.isoformat(),
        "lines": reading.lines,
        "accounts": [
            {
                "account": total.account,
                "name": total.name,
                "debits": str(total.debits),
                "credits": str(total.credits),
                "amount": str(total.amount),
                "lines": total.lines,
            }
            for total in totals
        ],
        "debits": str(debits),
        "credits": str(credits),
    }


def _text(reading: Reading, totals: list[AccountTotal]) -> str:
    debits, credits = _sums(totals)
    head = f"{reading.start} to {reading.end}: {reading.lines} lines on {len(totals)} accounts"
    rows = [f"{'account':<48} {'debits':>14} {'credits':>14} {'amount':>14}"]
    rows += [
        f"{f'{total.name} (account#{total.account})':<48} {total.debits:>14,.2f} {total.credits:>14,.2f} "
        f"{total.amount:>14,.2f}"
        for total in totals
    ]
    rows.append(f"{'total':<48} {debits:>14,.2f} {credits:>14,.2f} {debits - credits:>14,.2f}")
    return "\n".join([head, *rows])


def _sums(totals: list[AccountTotal]) -> tuple[Decimal, Decimal]:
    zero = Decimal("0.00")
    return sum((t.debits for t in totals), zero), sum((t.credits for t in totals), zero)
