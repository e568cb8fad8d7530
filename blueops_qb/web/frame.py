"""Frame: what every page shows around its own content, and how moments are written."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

import sqlalchemy as sa
from flask import g, request

import blueops_qb
from blueops_qb.engine import census, connections
from blueops_qb.engine.heartbeat import heartbeat
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.sdk.core import Permission
from blueops_qb.sdk.hooks import Switch
from blueops_qb.web import health, here, words

log = logging.getLogger(__name__)
#: The menu: endpoint, label.
MENU = (
    ("overview.overview", "Overview"),
    ("records.listing", "Records"),
    ("conflicts.listing", "Conflicts"),
    ("agreements.listing", "Agreement"),
    ("match_plan.plan", "Matching"),
    ("mapper.mapping", "Mapping"),
    ("rules.policy", "Policy"),
    ("choose_books.connect", "Connection"),
    ("audit_log.newest", "Audit"),
)
#: Pages that the menu does not name, and where in it they belong.
BELONGS = {"record": "records.listing", "match_rules": "match_plan.plan", "undo": "records.listing"}


def shown_everywhere() -> dict[str, Any]:
    """Company, health and menu; nothing of it for callers that core does not name."""
    always = {"product_version": blueops_qb.__version__, "words": words, "Permission": Permission}
    if "caller" not in g:
        return {**always, "menu": ()}
    try:
        return always | _framed()
    except (sa.exc.SQLAlchemyError, LookupError) as problem:
        # The page of a trouble must show even when the database is what is in trouble.
        log_trouble(log, "the frame of page %s cannot be made", request.endpoint, problem=problem)
        return {**always, "menu": ()}


def _framed() -> dict[str, Any]:
    engine, tenant = here.engine(), here.tenant()
    with engine.core.engine.connect() as connection:
        row = connections.live(connection, tenant.id)
        switch = connections.switch_of(connection, tenant.id)
        conflicts = census.count_conflicts(connection, row["id"]) if row else 0
        beat = (
            heartbeat(
                connection,
                row,
                core=engine.core,
                providers=engine.providers,
                now=engine.turns.clock(connection),
            )
            if row
            else None
        )
    root = request.script_root
    prefix = here.house().prefix
    return {
        "menu": MENU,
        "belongs": BELONGS,
        "tenant": tenant,
        "caller": here.caller(),
        "may": here.may,
        "connection": row,
        "health": health.of(row, switch, beat),
        "beat": beat,
        "switched_on": switch is Switch.ON,
        "books": books_title(row["provider"]) if row else "QuickBooks",
        "open_conflicts": conflicts,
        "host_home": (root.removesuffix(prefix) if prefix else root) + "/",
    }


def books_title(provider: str) -> str:
    """What the books are called; the provider's name where it is not installed."""
    engine = here.engine()
    return engine.turns.describe(provider).title if provider in engine.providers else provider


# -- moments -------------------------------------------------------------------------------------------
def when(moment: dt.datetime | None) -> str:
    """A moment in the company's time zone, as `3 Mar 2026, 14:05`."""
    if moment is None:
        return ""
    local = here.local(moment)
    return f"{local.day} {local:%b %Y, %H:%M}"


def ago(moment: dt.datetime | None) -> str:
    """How long ago, in the largest fitting unit."""
    if moment is None:
        return "never"
    seconds = (here.engine().core.now() - moment).total_seconds()
    if seconds < 60:
        return "just now"
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= length:
            count = int(seconds // length)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
