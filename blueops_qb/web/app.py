"""Makes the two WSGI apps: pages behind core's login, gates outside it."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import Flask, Response, has_request_context, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect

from blueops_qb.engine import match_csv
from blueops_qb.engine.engine import Engine
from blueops_qb.sdk.provider import WSGIApp
from blueops_qb.web import (
    agreements,
    audit_log,
    backfill,
    callers,
    choose_books,
    choose_sides,
    conflicts,
    erase,
    frame,
    here,
    mapper,
    match_plan,
    match_rules,
    overview,
    record,
    records,
    rules,
    troubles,
    undo,
)
from blueops_qb.web.gates import make_gates
from blueops_qb.web.signin import SignInDesk

COOKIE = "blueops_qb_session"
#: The largest form: a match plan page or a mapping family, with room to spare.
LARGEST_FORM = 1024 * 1024
POLICY = "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'"
HEADERS = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}
PARTS = (
    overview,
    backfill,
    choose_books,
    callers,
    match_plan,
    match_rules,
    mapper,
    rules,
    records,
    record,
    erase,
    conflicts,
    choose_sides,
    undo,
    agreements,
    audit_log,
)


class OwnCookie(SecureCookieSessionInterface):
    """Our cookie lives under our own path, wherever the host put us, and is secure where the page is."""

    def get_cookie_path(self, app: Flask) -> str:
        """The path under which the pages are mounted."""
        return (request.script_root if has_request_context() else "") or super().get_cookie_path(app)

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether this page came over https."""
        return request.is_secure if has_request_context() else super().get_cookie_secure(app)


class Mounted:
    """The app under `prefix`, for hosts that move the prefix to SCRIPT_NAME and for those that do not."""

    def __init__(self, app: WSGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix.rstrip("/")

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        root, path = environ.get("SCRIPT_NAME", ""), environ.get("PATH_INFO", "")
        inside = path == self._prefix or path.startswith(self._prefix + "/")
        if self._prefix and inside and not root.endswith(self._prefix):
            environ = {**environ, "SCRIPT_NAME": root + self._prefix, "PATH_INFO": path[len(self._prefix) :]}
        if not environ.get("PATH_INFO"):
            environ = {**environ, "PATH_INFO": "/"}
        return self._app(environ, start_response)


def make_pages(
    engine: Engine,
    *,
    sign_ins: Mapping[str, SignInDesk],
    secret: bytes,
    prefix: str,
    older: Sequence[bytes] = (),
) -> WSGIApp:
    """The pages; `blueops.user`, `blueops.tenant` and `blueops.role` in the environment say who asks.

    Sessions are signed with `secret`; those that were signed with an `older` one go on.
    """
    app = make_flask(engine, sign_ins=sign_ins, secret=secret, prefix=prefix, older=older)
    return Mounted(app.wsgi_app, prefix)


def make_flask(
    engine: Engine,
    *,
    sign_ins: Mapping[str, SignInDesk],
    secret: bytes,
    prefix: str,
    older: Sequence[bytes] = (),
) -> Flask:
    """The Flask application under `make_pages`."""
    app = Flask("blueops_qb.web")
    app.session_interface = OwnCookie()
    app.config.update(
        SECRET_KEY=base64.urlsafe_b64encode(secret).decode("ascii"),
        SECRET_KEY_FALLBACKS=[base64.urlsafe_b64encode(one).decode("ascii") for one in older],
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=20_000,
    )
    app.extensions[here.EXTENSION] = here.House(engine=engine, sign_ins=sign_ins, prefix=prefix.rstrip("/"))
    app.before_request(_room_for_a_file)
    # Who asks is known before the form is judged, because the token belongs to one user's session.
    app.before_request(_know_who_asks)
    CSRFProtect(app)
    app.after_request(_add_headers)
    app.context_processor(frame.shown_everywhere)
    app.add_template_filter(frame.when, "when")
    app.add_template_filter(frame.ago, "ago")
    app.add_template_filter(_sentence, "sentence")
    troubles.register(app)
    for part in PARTS:
        app.register_blueprint(part.pages)
    return app


def _room_for_a_file() -> None:
    """The match plan of a large company comes back as one file; no other form is larger than a page of it."""
    if request.endpoint == f"{match_plan.pages.name}.{match_plan.take_file.__name__}":
        request.max_content_length = match_csv.LARGEST + LARGEST_FORM


def _know_who_asks() -> None:
    if request.endpoint != "static":
        here.caller()


def _add_headers(response: Response) -> Response:
    # A form that ends on another site's consent page is only on the pages that connect.
    leaves = request.blueprint == choose_books.pages.name
    policy = POLICY if leaves else f"{POLICY}; form-action 'self'"
    response.headers.setdefault("Content-Security-Policy", policy)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    else:
        response.cache_control.max_age = int(dt.timedelta(hours=1).total_seconds())
    return response


def _sentence(text: str) -> str:
    """A reason as a sentence: a capital, unless it begins with a record such as `invoice:1041`, and an end."""
    first = text.partition(" ")[0]
    begun = text if ":" in first or "#" in first else text[:1].upper() + text[1:]
    return begun if not begun or begun.endswith((".", "!", "?", ")")) else f"{begun}."


__all__ = ["make_flask", "make_gates", "make_pages"]
