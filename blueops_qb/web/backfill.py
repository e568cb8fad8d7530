"""Backfill: asks for the documents of a stretch of days from the overview, and pauses, resumes or cancels it."""

from __future__ import annotations

import datetime as dt

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.engine import backfill
from blueops_qb.sdk.core import Permission
from blueops_qb.web import here

pages = Blueprint("backfill", __name__)
_ACTS = {"pause": backfill.pause, "resume": backfill.resume, "cancel": backfill.cancel}
_DONE = {"pause": "paused", "resume": "going on", "cancel": "cancelled"}


@pages.post("/backfill")
@here.needs(Permission.CONFIGURE)
def ask() -> Response:
    """Start one for the days of the form."""
    try:
        first, last = (dt.date.fromisoformat(request.form.get(name, "")) for name in ("from", "to"))
    except ValueError:
        here.refuse("Nothing was started: enter the first and the last day.")
        return redirect(url_for("overview.overview"), code=303)
    try:
        with here.acting() as turn:
            backfill.start(turn, first, last, actor=here.caller().user)
    except backfill.CannotBackfill as problem:
        here.refuse(f"Nothing was started: {problem}")
    else:
        here.done("The backfill has begun. What is written shows here and on the list of records.")
    return redirect(url_for("overview.overview"), code=303)


@pages.post("/backfill/<act>")
@here.needs(Permission.CONFIGURE)
def change(act: str) -> Response:
    """Pause, resume or cancel the one that is under way."""
    if act not in _ACTS:
        here.refuse("Nothing was changed: a backfill can be paused, resumed or cancelled.")
        return redirect(url_for("overview.overview"), code=303)
    try:
        with here.acting() as turn:
            _ACTS[act](turn, actor=here.caller().user)
    except backfill.CannotBackfill as problem:
        here.refuse(f"Nothing was changed: {problem}")
    else:
        here.done(f"The backfill is {_DONE[act]}.")
    return redirect(url_for("overview.overview"), code=303)
