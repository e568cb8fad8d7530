"""Runs a twin from the command line: ``blueops-qb sandbox qbo``."""

from __future__ import annotations

import json
import signal
import threading
from datetime import date
from pathlib import Path

import attrs

from blueops_qb.sandbox.qbo import storage
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.keeper import Keeper
from blueops_qb.sandbox.qbo.oauth import Rotation
from blueops_qb.sandbox.qbo.running import REALM, new_company
from blueops_qb.sandbox.qbo.server import Server, Settings, TwinApp, make_app
from blueops_qb.sandbox.qbo.throttle import Limits
from blueops_qb.sandbox.qbo.weather import Weather
from blueops_qb.sandbox.qbo.webhooks import Hook
from blueops_qb.sandbox.qbo.webhooks_format import Format
from blueops_qb.sandbox.qbo.wire import Obj


def run(
    *,
    port: int = 0,
    realm: str = REALM,
    token: str | None = None,
    limits: str | None = None,
    latency_ms: int = 0,
    company_file: str | None = None,
    rotate: str = "daily",
    seed: str = "sample",
    today: date | None = None,
    webhook: str | None = None,
    webhook_token: str | None = None,
    webhook_format: str = Format.CLOUDEVENTS.value,
) -> None:
    """Serve until SIGTERM or SIGINT; the first line of stdout says READY and how to get in.

    ``limits``: None = no throttle, an empty string = 500,10,40, else ``MIN,SEC,BATCH``.  ``company_file``:
    read when it exists, kept as `Keeper` does.
    """
    path = Path(company_file) if company_file else None
    company, access = _company(path, realm=realm, seed=seed, today=today)
    settings = Settings(
        rotation=Rotation(rotate),
        limits=Limits.parse(limits) if limits is not None else None,
        latency=latency_ms / 1000,
    )
    if token:
        settings = attrs.evolve(settings, access_token=token)
    hook = _hook(webhook, webhook_token, webhook_format)
    settings = attrs.evolve(settings, webhook=hook)
    for kept in access.get("apps", []):
        settings = attrs.evolve(settings, client_id=kept["client_id"], client_secret=kept["client_secret"])
    app = make_app(company, settings=settings)
    app.tokens.restore(access)
    keeper = _keeper(app, path)
    try:
        server = Server(app, port=port)
    except OSError as error:
        raise SystemExit(f"port {port}: it cannot be taken ({error.strerror}); pass another, or 0") from error
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: _end(app.weather, stopped, server))
    ready = {
        "base_url": server.base_url,
        "realm": company.realm,
        "access_token": settings.access_token,
        "client_id": settings.client_id,
        "client_secret": settings.client_secret,
        "refresh_token": app.connect(),
    }
    if hook is not None:
        ready |= {"webhook": hook.url, "webhook_token": hook.token}
    print("READY " + json.dumps(ready), flush=True)
    keeping = threading.Thread(target=keeper.run, args=(stopped,), name="company-file") if keeper else None
    if keeping is not None:
        keeping.start()
    try:
        server.run()
    finally:
        stopped.set()
        app.end()
        if keeping is not None:
            keeping.join()


def _hook(url: str | None, token: str | None, style: str) -> Hook | None:
    if url is None:
        return None
    hook = Hook(url=url, style=Format(style))
    return attrs.evolve(hook, token=token) if token else hook


def _company(path: Path | None, *, realm: str, seed: str, today: date | None) -> tuple[Company, Obj]:
    if path is None or not path.exists():
        return new_company(realm=realm, seed=seed, today=today), {}
    try:
        company, access = storage.load_all(path)
    except (ValueError, LookupError, TypeError, AttributeError, OSError) as error:
        raise SystemExit(
            f"company file {path}: it cannot be read as a company ({error!r}); pass another file, or move it "
            "away to begin anew"
        ) from error
    if company.realm != realm:
        raise SystemExit(
            f"company file {path}: it holds the company {company.realm}, not {realm}; "
            "pass that realm or another file"
        )
    return company, access


def _keeper(app: TwinApp, path: Path | None) -> Keeper | None:
    if path is None:
        return None
    try:
        return Keeper(app, path)
    except OSError as error:
        raise SystemExit(
            f"company file {path}: it cannot be written ({error.strerror}); pass a file in a folder of yours"
        ) from error


def _end(weather: Weather, stopped: threading.Event, server: Server) -> None:
    weather.end()
    stopped.set()
    server.stop()
