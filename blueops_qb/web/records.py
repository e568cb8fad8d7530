"""Records page: every record with its state, reason and remedy; filters, paging, bulk retry."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import by_hand, census
from blueops_qb.engine.outbox import State
from blueops_qb.sdk.core import Permission
from blueops_qb.web import here, titles, words

pages = Blueprint("records", __name__)
#: Lines on a page, and how many one press of "Retry all" takes.
PAGE, BULK = 50, 1000


@pages.get("/records")
@here.needs(Permission.VIEW)
def listing() -> str:
    """One page of the list; `?before=KEY` shows what is older."""
    states, kinds, text = _filters(request.args)
    before = request.args.get("before", type=int)
    with here.looking() as turn:
        found = census.lines(
            turn.connection,
            turn.tenant_id,
            connection_id=turn.id,
            states=states,
            kinds=kinds,
            text=text,
            before=before,
            limit=PAGE + 1,
        )
        lines = [line for _, line in found[:PAGE]]
        return render_template(
            "records.html",
            title="Records",
            lines=lines,
            titles=titles.titles(turn.core, turn.tenant_id, [line.ref for line in lines]),
            older=found[PAGE - 1][0] if len(found) > PAGE else None,
            paged=before is not None,
            view=request.args.get("view", "all"),
            state=request.args.get("state", ""),
            kind=kinds[0].value if kinds else "",
            text=text,
            kinds=list(RecordKind),
            filters=_as_args(request.args),
            held=any(line.state is State.HELD for line in lines),
        )


@pages.post("/records/retry")
@here.needs(Permission.RESOLVE)
def retry() -> Response:
    """Try the ticked records again, or all that fit the filter."""
    form = request.form
    with here.acting() as turn:
        if form.get("press") == "all":
            _, kinds, text = _filters(form)
            found = census.lines(
                turn.connection, turn.tenant_id, states=[State.HELD], kinds=kinds, text=text, limit=BULK
            )
            refs = [line.ref for _, line in found]
        else:
            refs = _refs(form.getlist("ref"))
        count = by_hand.try_again(turn, refs, actor=here.caller().user)
    if count:
        here.done(f"{count} record{' is' if count == 1 else 's are'} tried again.")
    elif refs:
        here.refuse("None of these can be tried again: they wait for a choice on their own page.")
    else:
        here.refuse("Nothing was ticked.")
    return redirect(url_for(".listing", **_as_args(form)), code=303)


def _refs(names: list[str]) -> list[RecordRef]:
    refs = []
    for name in names:
        try:
            refs.append(RecordRef.parse(name))
        except ValueError:
            continue
    return refs


def _filters(values: MultiDict[str, str]) -> tuple[tuple[State, ...], list[RecordKind], str]:
    """States, kinds and text; what is not understood does not filter."""
    state, kind = values.get("state", ""), values.get("kind", "")
    if state in set(State):
        states: tuple[State, ...] = (State(state),)
    else:
        _, states = words.VIEWS.get(values.get("view", "all"), words.VIEWS["all"])
    kinds = [RecordKind(kind)] if kind in set(RecordKind) else []
    return states, kinds, values.get("text", "").strip()[:80]


def _as_args(values: MultiDict[str, str]) -> dict[str, Any]:
    """The filter as address arguments."""
    names = ("view", "state", "kind", "text")
    return {name: values[name] for name in names if values.get(name)}
