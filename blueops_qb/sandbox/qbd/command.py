"""Runs the Web Connector from the command line: ``blueops-qb sandbox qbd``."""

from __future__ import annotations

import json
import signal
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import attrs

from blueops_qb.sandbox.qbd import custom_data
from blueops_qb.sandbox.qbd.company_file import CompanyFile, open_file
from blueops_qb.sandbox.qbd.connector import Connector, Ended, Mishaps, Outcome
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.qwc import Application, QwcError, read_qwc
from blueops_qb.sandbox.qbd.seed import Seed
from blueops_qb.sandbox.qbd.soap import Service, Wsdl

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: sessions that ended so are no success
_FAILED = frozenset({Ended.BROKEN, Ended.REFUSED, Ended.OUTDATED})


@attrs.frozen(kw_only=True)
class Settings:
    """What the command was told."""

    service_url: str = ""
    username: str = ""
    password: str = ""
    qwc: str = ""
    company: str = ""
    seed: str = Seed.LISTS.value
    cycles: int = 1
    every: float | None = None
    wsdl: str = Wsdl.EMPTY.value
    pause: float = 5.0
    mishaps: Mishaps = attrs.field(factory=Mishaps)
    forget_sets: bool = False


def run(settings: Settings) -> int:
    """Poll the service and print a summary as the last line of stdout; answers the exit code.

    With ``every`` it polls until SIGTERM or SIGINT, else ``cycles`` times. 0 unless a session broke, was refused
    or found the Web Connector outdated.
    """
    application = _application(settings)
    file = _open(settings)
    if application.file_id:
        custom_data.set_file_id(file.company, owner=application.owner_id, file_id=application.file_id)
    file.company.switches.forgets_message_sets = (
        settings.forget_sets or file.company.switches.forgets_message_sets
    )
    file.company.switches.read_only = application.read_only or file.company.switches.read_only
    file.company.save_switches()
    file.company.commit()
    stopped = threading.Event()
    if settings.every is not None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
    connector = Connector(
        service=Service(url=application.url, wsdl=Wsdl(settings.wsdl)),
        quickbooks=QuickBooks(file=file, owner=application.owner_id),
        user=application.user,
        password=settings.password,
        mishaps=settings.mishaps,
        pause=settings.pause,
        sleep=stopped.wait,
    )
    outcomes = _poll(connector, settings, stopped)
    print(json.dumps(summary(connector, outcomes)), flush=True)
    file.close()
    return 1 if any(outcome.ended in _FAILED for outcome in outcomes) else 0


def _poll(connector: Connector, settings: Settings, stopped: threading.Event) -> list[Outcome]:
    outcomes: list[Outcome] = []
    while not stopped.is_set():
        outcomes.append(connector.run_session())
        if settings.every is None and len(outcomes) >= settings.cycles:
            break
        if settings.every is not None:
            last = outcomes[-1]
            stopped.wait(max(settings.every, last.wait, last.interval))
    return outcomes


def summary(connector: Connector, outcomes: list[Outcome]) -> dict[str, object]:
    """What happened and what is in the file now, as JSON."""
    file = connector.quickbooks.file
    company = file.company
    objects = {kind: len(rows) for kind, rows in sorted(company.records.items()) if rows}
    return {
        "sessions": len(outcomes),
        "ended": dict(Counter(outcome.ended.value for outcome in outcomes)),
        "message_sets": connector.sets,
        "requests": dict(sorted(file.processor.executed.items())),
        "statuses": {str(code): count for code, count in sorted(file.processor.statuses.items())},
        "hresults": dict(connector.hresults),
        "objects": objects,
        "trial_balance": f"{company.ledger.trial_balance().difference:.2f}",
        "errors": [outcome.error for outcome in outcomes if outcome.error],
        "status": outcomes[-1].status if outcomes else "",
    }


def _application(settings: Settings) -> Application:
    if settings.qwc:
        try:
            application = read_qwc(Path(settings.qwc))
        except (QwcError, OSError) as error:
            raise SystemExit(f"--qwc: {error}") from error
        return attrs.evolve(
            application,
            url=settings.service_url or application.url,
            user=settings.username or application.user,
        )
    if not settings.service_url or not settings.username:
        raise SystemExit("pass --service-url and --username, or the file of the application with --qwc")
    parts = urlsplit(settings.service_url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise SystemExit(
            f"QBWC1010: --service-url {settings.service_url!r} is neither https nor on this machine: "
            "the Web Connector refuses it"
        )
    return Application(
        name="BlueOps", url=settings.service_url, support="", user=settings.username, owner_id="", file_id=""
    )


def _open(settings: Settings) -> CompanyFile:
    path = Path(settings.company) if settings.company else None
    try:
        return open_file(path, seed=Seed(settings.seed))
    except (ValueError, OSError) as error:
        raise SystemExit(f"--company: {error}; pass another file, or move it away to begin anew") from error
