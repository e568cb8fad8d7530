"""Troubles: what a person reads when a page cannot be shown; record, cause and remedy in each."""

from __future__ import annotations

import logging

from flask import Flask, redirect, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.look import NotConnected, NotInstalled
from blueops_qb.engine.vault import MissingKey
from blueops_qb.web import here, words

log = logging.getLogger(__name__)
Shown = tuple[str, int]

WORDS = {
    404: (
        "This page or record does not exist",
        "The address leads to nothing in your company; the record may belong to another one.",
        "Go back, or find the record in the list of records.",
    ),
    405: (
        "This cannot be opened directly",
        "The address belongs to a button.",
        "Use the button on its page.",
    ),
    413: ("The form is too large", "More was sent than this page takes.", "Send fewer rows at a time."),
}


def register(app: Flask) -> None:
    """Every kind of trouble with its page."""
    app.register_error_handler(here.Anonymous, _anonymous)
    app.register_error_handler(here.NotAllowed, _not_allowed)
    app.register_error_handler(NotConnected, _not_connected)
    app.register_error_handler(NotInstalled, _not_installed)
    app.register_error_handler(MissingKey, _missing_key)
    app.register_error_handler(CSRFError, _not_this_form)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _defect)


def show(status: int, title: str, cause: str, remedy: str, *, plain: bool = False) -> Shown:
    """The page of a trouble; `plain` without the frame, for those who are not signed in."""
    template = "trouble_plain.html" if plain else "trouble.html"
    return render_template(template, title=title, cause=cause, remedy=remedy), status


def _anonymous(_: here.Anonymous) -> Shown:
    return show(
        401,
        "Sign in to BlueOps first",
        "BlueOps did not say who you are or for which company you work.",
        "Sign in to BlueOps and open QuickBooks from its settings.",
        plain=True,
    )


def _not_allowed(trouble: here.NotAllowed) -> Shown:
    what = words.PERMISSIONS[trouble.permission]
    roles = here.roles_that_may(trouble.permission)
    needed = f"the role {words.either(roles)}" if roles else f"the permission “{trouble.permission.value}”"
    yours = here.caller().role
    return show(
        403,
        "Your role does not allow this",
        f"To {what} you need {needed}" + (f"; yours is {yours}." if yours else "."),
        "Ask an administrator of your company to do it, or to change your role in BlueOps.",
    )


def _not_connected(_: NotConnected) -> Response | Shown:
    if request.method != "GET":
        here.refuse("No books are connected, so nothing was changed. Connect them first.")
        return redirect(url_for("choose_books.connect"), code=303)
    return render_template("not_connected.html", title="Not connected"), 200


def _not_installed(trouble: NotInstalled) -> Shown:
    return show(503, "The provider is missing", str(trouble), "Ask whoever runs BlueOps to install it.")


def _missing_key(trouble: MissingKey) -> Shown:
    return show(
        503,
        "A key is missing",
        str(trouble),
        "Ask whoever runs BlueOps to put the key back. Nothing is lost meanwhile.",
    )


def _not_this_form(trouble: CSRFError) -> Shown:
    return show(
        400,
        "The form was not accepted",
        f"It does not come from a page of this session ({trouble.description}) Nothing was changed.",
        "Open the page again and repeat what you did.",
    )


def _http(trouble: HTTPException) -> Shown | HTTPException:
    code = trouble.code or 500
    if code < 400:
        return trouble
    title, cause, remedy = WORDS.get(
        code, (trouble.name, trouble.description or "", "Go back and try again.")
    )
    return show(code, title, cause, remedy)


def _defect(trouble: Exception) -> Shown:
    log_trouble(log, "page %s failed", request.endpoint, problem=trouble)
    return show(
        500,
        "This page failed",
        f"A defect in the QuickBooks plugin ({type(trouble).__name__}). Nothing was changed by this page.",
        "Try again. If it stays, tell BlueOps support the address of the page and the time.",
        plain=True,
    )
