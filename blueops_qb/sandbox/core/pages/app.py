"""Makes the Flask application of core's pages: session, CSRF, login, roles, what every page shows."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

from flask import Flask, Response, flash, g, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFError, CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from blueops_qb.sandbox.core import people
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.pages import (
    applications,
    contacts,
    costs,
    here,
    home,
    money_back,
    payments,
    plugins,
    sales,
)

COOKIE = "blueops_core_session"
#: What may be uploaded in one form.
LARGEST_UPLOAD = 8 * 1024 * 1024
OPEN_TO_ALL = frozenset({"sign_in", "static"})
POLICY = "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def make_pages(core: ReferenceCore) -> Flask:
    """The pages of one host."""
    app = Flask("blueops_qb.sandbox.core.pages")
    secrets = [_session_key(key) for key in core.secret_keys()]
    app.config.update(
        SECRET_KEY=secrets[0],
        SECRET_KEY_FALLBACKS=secrets[1:],
        SESSION_COOKIE_NAME=COOKIE,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=LARGEST_UPLOAD,
        PERMANENT_SESSION_LIFETIME=dt.timedelta(hours=12),
    )
    app.extensions[here.EXTENSION] = core
    CSRFProtect(app)
    app.before_request(_know_who_asks)
    app.after_request(_add_headers)
    app.context_processor(_shown_everywhere)
    app.add_template_filter(_money, "money")
    app.register_error_handler(HTTPException, _show_error)
    app.add_url_rule("/login", view_func=sign_in, methods=["GET", "POST"])
    app.add_url_rule("/logout", view_func=sign_out, methods=["POST"])
    for part in (home, contacts, sales, applications, payments, money_back, costs, plugins):
        app.register_blueprint(part.pages)
    return app


def _session_key(key: bytes) -> str:
    digest = hashlib.sha256(b"blueops core session\0" + key).digest()
    return base64.urlsafe_b64encode(digest).decode()


def _know_who_asks() -> AnyResponse | None:
    g.member = here.find_member(here.core(), session.get(here.USER), session.get(here.TENANT))
    if g.member is not None or request.endpoint in OPEN_TO_ALL:
        return None
    wanted = request.full_path.rstrip("?") if request.method == "GET" else url_for("home.dashboard")
    return redirect(url_for("sign_in", next=wanted), code=303)


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
    return response


def _shown_everywhere() -> dict[str, Any]:
    who = g.get("member")
    return {"member": who, "may_edit": who is not None and who.role in people.EDITORS}


def _money(value: Decimal | None) -> str:
    return "" if value is None else f"{value:,.2f}"


def _show_error(error: HTTPException) -> tuple[str, int]:
    words = {
        403: "Your role does not allow this. Ask an administrator of your company.",
        404: "There is no such page or record. Go back and choose from the list.",
        413: "The file is too large: 8 MB is the limit. Choose a smaller one.",
    }
    text = words.get(error.code or 500, error.description or error.name)
    if isinstance(error, CSRFError):
        text = (
            f"The form was not sent from this session ({error.description}). Open the page again and repeat."
        )
    return render_template("error.html", title=error.name, text=text), error.code or 500


def sign_in() -> AnyResponse | tuple[str, int] | str:
    """The login page."""
    if request.method == "GET":
        return render_template("login.html", next=request.args.get("next", ""))
    with here.core().engine.connect() as connection:
        user = people.signed_in(connection, request.form.get("login", ""), request.form.get("password", ""))
        companies = people.members(connection, user_id=user) if user else []
    if user is None or not companies:
        flash("Login or password is wrong. Type both again.", "error")
        return render_template("login.html", next=request.form.get("next", "")), 401
    here.sign_in(user, companies[0].tenant_id)
    return redirect(_local(request.form.get("next", "")), code=303)


def sign_out() -> AnyResponse:
    """End the session."""
    session.clear()
    return redirect(url_for("sign_in"), code=303)


def _local(wanted: str) -> str:
    """Where to go after the login: a path of this host, never another one."""
    safe = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if safe else url_for("home.dashboard")
