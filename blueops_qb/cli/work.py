"""`blueops-qb worker` and `status`: carrying exchanges, and where everything stands."""

from __future__ import annotations

import signal
import threading
from typing import Any

import click

from blueops_qb.cli.opening import common, json_option, opened, show, wire_log_option
from blueops_qb.engine import census, connections, rounds, sweep
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.heartbeat import Heartbeat, heartbeat
from blueops_qb.engine.sign_in_ends import Countdown
from blueops_qb.engine.sweep_pace import SweepPace, pace_of
from blueops_qb.runners.carry import Carrier
from blueops_qb.runners.threads import ThreadRunner


@click.command()
@click.option("--once", is_flag=True, help="Carry what is due, then end.")
@wire_log_option
@common
def worker(db_url: str | None, tenant_id: str | None, once: bool) -> None:
    """Carry work between BlueOps and the books until stopped (Ctrl-C, SIGTERM)."""
    with opened(db_url, tenant_id) as house:
        if once:
            click.echo(f"{_once(house.engine, house.core)} exchanges carried")
            return
        runner = ThreadRunner(house.engine)
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        runner.start()
        click.echo("working; stop with Ctrl-C", err=True)
        while not stopped.wait(1.0):
            pass
        runner.stop()


def _once(engine: Any, core: Any) -> int:
    with core.engine.connect() as connection:
        due = connections.all_open(connection)
    carrier = Carrier(engine)
    carried = 0
    for connection_id, tenant_id in due:
        sweep.sweep(core, tenant_id)
        carried += carrier.drain(connection_id, patiently=True)
        while rounds.go(engine, connection_id):
            carried += carrier.drain(connection_id, patiently=True)
    carrier.close()
    return carried


@click.command()
@json_option
@common
def status(db_url: str | None, tenant_id: str | None, as_json: bool) -> None:
    """Show the connection's health and how many events stand where."""
    sweeps: dict[str, Any] | None = None
    sign_in: dict[str, Any] | None = None
    with opened(db_url, tenant_id) as house, house.core.engine.connect() as connection:
        live = connections.live(connection, house.tenant_id)
        counts = census.states(connection, house.tenant_id)
        conflicts = census.count_conflicts(connection, live["id"]) if live else 0
        switch = connections.switch_of(connection, house.tenant_id)
        engine = house.engine
        beat = (
            heartbeat(
                connection,
                live,
                core=engine.core,
                providers=engine.providers,
                now=engine.turns.clock(connection),
            )
            if live
            else None
        )
        if live and live["provider"] in house.engine.providers:
            sweeps = _sweeps(_pace(connection, live, house.engine))
            sign_in = _sign_in(house.engine.sign_in_countdown(live["id"]))
    value = {
        "tenant": house.tenant_id,
        "switch": switch.value,
        "connection": None
        if live is None
        else {
            key: live[key]
            for key in ("id", "provider", "company_id", "company_name", "state", "health", "health_reason")
        },
        "last_contact_at": live["last_contact_at"] if live else None,
        "client": None if beat is None else _client(beat),
        "events": sum(counts.values()),
        "states": {state: n for state, n in counts.items() if n},
        "conflicts": conflicts,
        "sweeps": sweeps,
        "sign_in": sign_in,
    }
    show(value, as_json=as_json, text=_text(value, live))


def _pace(connection: Any, row: dict[str, Any], engine: Engine) -> SweepPace:
    return pace_of(
        connection,
        row,
        core=engine.core,
        provider=engine.providers[row["provider"]],
        limits=engine.turns.describe(row["provider"]).limits,
        settings=engine.settings,
        now=engine.turns.clock(connection),
    )


def _client(beat: Heartbeat) -> dict[str, Any]:
    return {
        "came_at": beat.came_at.isoformat() if beat.came_at else None,
        "minutes": beat.minutes,
        "allowed": beat.allowed,
        "health": "warning" if beat.quiet else "ok",
        "said": beat.sentence,
        "remedy": beat.remedy,
    }


def _sign_in(ends: Countdown | None) -> dict[str, Any] | None:
    if ends is None:
        return None
    return {
        "ends_at": ends.at.isoformat(),
        "days": ends.days,
        "urgency": ends.urgency.value,
        "said": ends.sentence,
    }


def _sweeps(pace: SweepPace) -> dict[str, Any]:
    month = pace.budget
    return {
        "seconds": round(pace.seconds, 1),
        "wanted": pace.wanted,
        "hinted": pace.hinted,
        "month": month.month,
        "reads": month.reads,
        "writes": month.writes,
        "limit": month.limit,
        "companies": month.companies,
        "said": pace.sentence,
    }


def _text(value: dict[str, Any], live: dict[str, Any] | None) -> str:
    lines = [f"tenant {value['tenant']}, switched {value['switch']}"]
    if live is None:
        lines.append("not connected to any books")
    else:
        lines.append(f"{live['provider']}: {live['company_name']} ({live['company_id']}), {live['state']}")
        lines.append(f"health: {live['health']} {live['health_reason']}".rstrip())
    if value["client"]:
        warning = "warning: " if value["client"]["health"] == "warning" else ""
        lines.append(f"{warning}{value['client']['said']} {value['client']['remedy']}".rstrip())
    lines.append(f"{value['events']} events: " + ", ".join(f"{n} {s}" for s, n in value["states"].items()))
    if value["sweeps"]:
        lines.append(value["sweeps"]["said"])
    if value["sign_in"]:
        lines.append(value["sign_in"]["said"])
    if value["conflicts"]:
        lines.append(f"{value['conflicts']} conflicts wait for a choice")
    return "\n".join(lines)
