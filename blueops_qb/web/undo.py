"""Undo page: what of a record or a backfill can be taken out of the books, in order; confirmed, and how far it is."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import attrs
from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import undo as undoing
from blueops_qb.engine import undo_plan, undo_runs
from blueops_qb.engine.undo_runs import Progress
from blueops_qb.sdk.core import Permission
from blueops_qb.web import here, titles, words

pages = Blueprint("undo", __name__)
#: Steps and kept documents that a page shows.
SHOWN = 200
#: The largest number that a database keeps as an id.
LARGEST = 2**63 - 1
PROGRESS = {
    Progress.ASKED: words.Word("Under way", "busy", "Waits for what goes first, or for the books."),
    Progress.HELD: words.Word("Held", "bad", "Something must be done first."),
    Progress.DONE: words.Word("Undone", "good", "It is out of the books, or reversed there."),
    Progress.TAKEN_BACK: words.Word("Taken back", "quiet", "It is written to the books again."),
}


class NotNamed(ValueError):
    """What shall be undone is not named in a way that can be read; the sentence says how it is."""


@attrs.frozen(kw_only=True)
class Meant:
    """What a person wants undone, as the form names it."""

    records: str = ""
    since: str = ""
    backfill: str = ""

    @classmethod
    def of(cls, form: Any) -> Meant:
        """Read the form or the address."""
        return cls(**{name: form.get(name, "").strip() for name in ("records", "since", "backfill")})

    @property
    def empty(self) -> bool:
        """Nothing was named."""
        return not (self.records or self.since or self.backfill)

    def asked(self) -> dict[str, Any]:
        """The arguments of the engine; raises NotNamed."""
        try:
            refs = [RecordRef.parse(text) for text in self.records.replace(",", " ").split()]
        except ValueError:
            raise NotNamed("Name records as invoice:1041, several with spaces between them.") from None
        return {"refs": refs, "since": self._moment(), "backfill_id": self._backfill()}

    def _moment(self) -> dt.datetime | None:
        if not self.since:
            return None
        try:
            local = dt.datetime.fromisoformat(self.since)
        except ValueError:
            raise NotNamed("Write the moment as 2026-03-31T14:05.") from None
        zone = ZoneInfo(here.tenant().zone)
        return (local if local.tzinfo else local.replace(tzinfo=zone)).astimezone(dt.UTC)

    def _backfill(self) -> int | None:
        if not self.backfill:
            return None
        digits = self.backfill.isascii() and self.backfill.isdecimal() and len(self.backfill) < 20
        if not digits or int(self.backfill) > LARGEST:
            raise NotNamed("Choose a backfill from the list.")
        return int(self.backfill)


@pages.get("/undo")
@here.needs(Permission.VIEW)
def plan() -> str | tuple[str, int]:
    """What was undone; and the plan, where something is named."""
    meant, found, problem = Meant.of(request.args), None, ""
    with here.looking() as turn:
        try:
            found = None if meant.empty else undo_plan.plan(turn, **meant.asked())
        except (NotNamed, undo_plan.TooMuch) as said:
            problem = str(said)
        done = undo_runs.undone(turn)
        called = titles.titles(turn.core, turn.tenant_id, {one.ref for one in done})
        page = render_template(
            "undo.html",
            title="Undo",
            meant=meant,
            plan=found,
            problem=problem,
            done=done,
            titles=called,
            progress=PROGRESS,
            backfills=undo_runs.backfilled(turn),
            shown=SHOWN,
            moving=any(one.progress is Progress.ASKED for one in done),
        )
    return (page, 422) if problem else page


@pages.post("/undo")
@here.needs(Permission.RESOLVE)
def confirm() -> Response:
    """Do what the plan said, if it is still the plan that was shown."""
    meant = Meant.of(request.form)
    again = url_for(".plan", **attrs.asdict(meant, filter=lambda _, value: bool(value)))
    if request.form.get("sure") != "yes":
        here.refuse("Nothing was changed: tick the box to confirm that this shall be taken out of the books.")
        return redirect(again, code=303)
    try:
        with here.acting() as turn:
            found = undoing.apply(
                turn, actor=here.caller().user, shown=request.form.get("shown", ""), **meant.asked()
            )
    except (NotNamed, undo_plan.TooMuch, undoing.PlanMoved) as problem:
        here.refuse(f"Nothing was changed: {problem}")
        return redirect(again, code=303)
    count = len(found.steps)
    here.done(
        f"{count} document{'' if count == 1 else 's'} will be taken out, in this order. It shows below."
    )
    return redirect(url_for(".plan"), code=303)


@pages.post("/undo/take-back")
@here.needs(Permission.RESOLVE)
def take_back() -> Response:
    """Have an undone record written to the books again."""
    try:
        refs = Meant.of(request.form).asked()["refs"]
        with here.acting() as turn:
            count = undoing.take_back(turn, refs, actor=here.caller().user)
    except (NotNamed, undoing.CannotTakeBack) as problem:
        here.refuse(f"Nothing was changed: {problem}")
    else:
        here.done(f"{count} document{' is' if count == 1 else 's are'} written to the books again.")
    return redirect(url_for(".plan"), code=303)
