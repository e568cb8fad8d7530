"""Overview: how the connection fares, what is where, and what needs a person."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, url_for
from werkzeug.wrappers import Response

from blueops_qb.engine import backfill, canary, census, due, rate_drift, resolve
from blueops_qb.engine.look import NotConnected
from blueops_qb.engine.outbox import State
from blueops_qb.engine.sweep_pace import sweep_pace
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Permission
from blueops_qb.store import tables as t
from blueops_qb.web import here, mapping_rows, profile_words, titles, words

pages = Blueprint("overview", __name__)
#: How many lines of each list are shown.
SHOWN = 6


def _facts(turn: Turn) -> list[profile_words.Fact]:
    if not turn.row["profile_json"]:
        return []
    return [
        *profile_words.drift_facts(rate_drift.found(turn.row)),
        *profile_words.facts(turn.profile, turn.policy),
    ]


@pages.get("/")
@here.needs(Permission.VIEW)
def overview() -> str:
    """The first page."""
    try:
        with here.looking() as turn:
            connection_id = turn.id
            states = census.states(turn.connection, turn.tenant_id)
            lines = {
                name: census.lines(
                    turn.connection, turn.tenant_id, connection_id=turn.id, states=wanted, limit=SHOWN
                )
                for name, wanted in (
                    ("attention", (State.HELD, State.CONFLICT)),
                    ("fresh", (State.DONE,)),
                )
            }
            refs = [line.ref for found in lines.values() for _, line in found]
            shown = {
                "states": [(state, words.STATES[state], states[state.value]) for state in State],
                "total": sum(states.values()),
                "causes": causes(turn.connection, turn.tenant_id),
                "attention": [line for _, line in lines["attention"]],
                "fresh": [line for _, line in lines["fresh"]],
                "titles": titles.titles(turn.core, turn.tenant_id, refs),
                "facts": _facts(turn),
                "steps": steps(turn),
                "live_since": turn.row["live_since"],
                "sweeps": sweep_pace(turn),
                "backfill": backfill.progress(turn.connection, turn.id, turn.tenant_id, turn.now),
                "under_way": backfill.UNDER_WAY,
                "canary_left": canary.left(turn),
                "canary": turn.settings.canary_records,
            }
        sign_in = here.engine().sign_in_countdown(connection_id)
        return render_template("overview.html", title="Overview", sign_in=sign_in, **shown)
    except NotConnected:
        return render_template("overview.html", title="Overview", steps=[], states=[], causes=[])


def causes(connection: sa.Connection, tenant_id: str) -> list[tuple[str, words.Cause, int]]:
    """What needs attention by cause: the hold, its words and how many records, most first."""
    o = t.outbox
    query = (
        sa.select(o.c.state, o.c.hold, sa.func.count())
        .where(o.c.tenant_id == tenant_id, o.c.state.in_([State.HELD.value, State.CONFLICT.value]))
        .group_by(o.c.state, o.c.hold)
    )
    found: dict[str, int] = {}
    for state, hold, count in connection.execute(query):
        key = "conflict" if state == State.CONFLICT.value else hold or ""
        found[key] = found.get(key, 0) + count
    ordered = sorted(found.items(), key=lambda pair: -pair[1])
    return [(key, words.CAUSES.get(key, words.OTHER_CAUSE), count) for key, count in ordered]


def steps(turn: Any) -> list[dict[str, Any]]:
    """The way to a live connection: what is done and what comes next."""
    read = turn.row["catalog_at"] is not None
    missing = len(mapping_rows.needed_and_missing(turn)) if read else None
    live = turn.row["live_since"] is not None
    listed = turn.connection.execute(
        sa.select(t.feeds.c.feed).where(t.feeds.c.connection_id == turn.id, t.feeds.c.feed == "listing")
    ).first()
    mapped = "Every key in use leads somewhere." if missing == 0 else f"{missing} keys lead nowhere yet."
    return [
        {"title": "Connect", "done": True, "text": turn.row["company_name"], "page": "choose_books.connect"},
        {
            "title": "Read the books",
            "done": read,
            "text": "Company, accounts and lists are read." if read else "Accounts and lists are being read.",
            "page": "choose_books.connect",
        },
        {
            "title": "Map",
            "done": missing == 0,
            "text": mapped if read else "Starts when the lists are read.",
            "page": "mapper.mapping",
        },
        {
            "title": "Match",
            "done": live,
            "text": "Accepted."
            if live
            else "Customers and vendors are compared; nothing is written before you accept."
            if listed or turn.row["state"] != "matching"
            else "Customers and vendors of the books are being read.",
            "page": "match_plan.plan",
        },
        {
            "title": "Go live",
            "done": live,
            "text": "Changes travel both ways." if live else "Happens when you accept the match plan.",
            "page": "match_plan.plan",
        },
    ]


@pages.post("/resume")
@here.needs(Permission.CONFIGURE)
def resume() -> Response:
    """Hand out again after the cause of a stop was mended."""
    with here.acting() as turn:
        resolve.resume(turn, here.caller().user)
    here.done("Work goes on. If the cause is still there, it stops again and says why.")
    return redirect(url_for(".overview"), code=303)


@pages.post("/look")
@here.needs(Permission.CONFIGURE)
def look() -> Response:
    """Ask for changes, and read company and lists, at the next turn."""
    with here.acting() as turn:
        due.hurry(turn)
        due.read_catalog(turn)
    here.done("The books are asked for changes, and company and lists are read again.")
    return redirect(url_for(".overview"), code=303)
