"""Erase page: takes a person's readable history out of this integration, after saying what that means."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import erasure
from blueops_qb.sdk.core import Permission
from blueops_qb.web import here, titles

pages = Blueprint("erase", __name__)


@pages.get("/records/<kind>/<id>/erase")
@here.needs(Permission.CONFIGURE)
def ask(kind: str, id: str) -> str:
    """What erasing means, and the button."""
    return _form(_person(kind, id))


@pages.post("/records/<kind>/<id>/erase")
@here.needs(Permission.CONFIGURE)
def erase(kind: str, id: str) -> str | Response | tuple[str, int]:
    """Erase, and say what was and what was not."""
    ref, who, engine = _person(kind, id), here.caller(), here.engine()
    if request.form.get("sure") != str(ref):
        here.refuse(f"Nothing was changed: write {ref} into the field to confirm.")
        return _form(ref), 422
    try:
        done = erasure.erase(engine.core, who.tenant, ref, actor=who.user, keys=engine.keys)
    except erasure.CannotErase as problem:
        here.refuse(str(problem))
        return redirect(url_for("records.listing"), code=303)
    return render_template("erased.html", title="Erased", ref=ref, done=done)


def _form(ref: RecordRef) -> str:
    name = titles.titles(here.engine().core, here.caller().tenant, [ref])[ref].name
    return render_template("erase.html", title="Erase", ref=ref, name=name)


def _person(kind: str, id: str) -> RecordRef:
    if kind not in {each.value for each in erasure.ERASABLE}:
        abort(404)
    return RecordRef(RecordKind(kind), id)
