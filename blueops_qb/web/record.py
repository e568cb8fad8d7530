"""Record page: both sides, postings, events and messages of one record, and what may be done with it."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.posting.closing import CHOICE
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import by_hand, choices, explain, record_choices
from blueops_qb.engine.outbox import State
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Permission
from blueops_qb.web import codings, conflicts, here, story, titles, words

pages = Blueprint("record", __name__)
#: The ways out of a closed period, as the page offers them.
CLOSED_WORDS = {
    ClosedPeriod.REDATE.value: "Date it on the first open day",
    ClosedPeriod.ADJUST.value: "Correct it in the open period",
}


@pages.get("/records/<kind>/<id>")
@here.needs(Permission.VIEW)
def record(kind: str, id: str) -> str:
    """Everything about one record."""
    ref = _ref(kind, id)
    with here.looking() as turn:
        events = story.events(turn.connection, turn.tenant_id, ref)
        known = turn.core.read(turn.tenant_id, [ref])
        documents = story.documents(turn, ref)
        if not (events or known or documents):
            abort(404)
        newest = events[0] if events else None
        waiting = story.conflicts_of(turn, ref)
        return render_template(
            "record.html",
            title=titles.titles(turn.core, turn.tenant_id, [ref])[ref].name,
            ref=ref,
            heading=titles.titles(turn.core, turn.tenant_id, [ref])[ref],
            kind=words.RECORD_KINDS[ref.kind],
            newest=newest,
            events=events,
            documents=documents,
            whys=explain.whys_of(turn, ref),
            operations=story.operations(turn.connection, story.document_ids(turn, ref)),
            conflicts=[(row, conflicts.choices_of(turn, row), choices.mark(row)) for row in waiting],
            several=conflicts.several(waiting),
            overrides=codings.codings(turn, ref),
            can_retry=newest is not None and by_hand.retryable(newest.state, newest.hold),
            can_hold=newest is not None and newest.state in by_hand.HOLDABLE,
            asked=_asked(turn, newest),
            topic=CHOICE,
            cause=words.CAUSES.get(newest.hold, words.OTHER_CAUSE) if newest and newest.hold else None,
        )


@pages.post("/records/<kind>/<id>/retry")
@here.needs(Permission.RESOLVE)
def retry(kind: str, id: str) -> Response:
    """Try a held record again."""
    ref = _ref(kind, id)
    with here.acting() as turn:
        count = by_hand.try_again(turn, [ref], actor=here.caller().user)
    if count:
        here.done(f"{ref} is tried again; it shows here in a moment what came of it.")
    else:
        here.refuse(f"{ref} is not held any more, or waits for a choice; nothing was changed.")
    return redirect(url_for(".record", kind=kind, id=id), code=303)


@pages.post("/records/<kind>/<id>/hold")
@here.needs(Permission.RESOLVE)
def hold(kind: str, id: str) -> Response:
    """Hold a record back."""
    ref = _ref(kind, id)
    try:
        with here.acting() as turn:
            by_hand.hold_back(turn, ref, actor=here.caller().user)
    except by_hand.CannotHold as problem:
        here.refuse(str(problem))
    else:
        here.done(f"{ref} is held back until somebody presses Retry or it changes in BlueOps.")
    return redirect(url_for(".record", kind=kind, id=id), code=303)


@pages.post("/records/<kind>/<id>/choose")
@here.needs(Permission.RESOLVE)
def choose(kind: str, id: str) -> Response:
    """Choose for one record what the policy leaves open."""
    ref = _ref(kind, id)
    topic, value = request.form.get("topic", ""), request.form.get("value", "")
    try:
        with here.acting() as turn:
            record_choices.choose(turn, ref, topic, value, actor=here.caller().user)
    except record_choices.NoSuchChoice as problem:
        here.refuse(str(problem))
    else:
        here.done(f"Your choice for {ref} is kept; it shows here in a moment what came of it.")
    return redirect(url_for(".record", kind=kind, id=id), code=303)


def _asked(turn: Turn, newest: story.EventRow | None) -> dict[str, str]:
    """What is to be chosen for a held record: value -> words."""
    if newest is None or newest.state is not State.HELD or "closed" not in newest.reason:
        return {}
    return CLOSED_WORDS if turn.policy.closed_period is ClosedPeriod.ASK else {}


def _ref(kind: str, id: str) -> RecordRef:
    if kind not in set(RecordKind):
        abort(404)
    return RecordRef(RecordKind(kind), id)
