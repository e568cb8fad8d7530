"""Caller pages: let the books' own client in, its set-up file, and its password, which is shown once."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

import blueops_qb
from blueops_qb.engine import callers, connections
from blueops_qb.engine.connections import ConnectRefused
from blueops_qb.sdk.calling import Caller
from blueops_qb.sdk.core import Permission
from blueops_qb.store import tables as t
from blueops_qb.web import here

pages = Blueprint("callers", __name__)
#: How often the client comes, in minutes, as the form offers it.
EVERY = (5, 15, 30, 60, 240)


@pages.post("/invite/<provider>")
@here.needs(Permission.CONFIGURE)
def invite(provider: str) -> str | tuple[str, int]:
    """Bind the company and let its client in; the password is on this page and nowhere else."""
    engine, who = here.engine(), here.caller()
    if provider not in engine.providers or not engine.turns.describe(provider).calls:
        abort(404)
    try:
        invited = callers.invite(
            engine.core,
            who.tenant,
            provider,
            company_name=here.tenant().name,
            actor=who.user,
            keys=engine.keys,
            returning=request.form.get("returning") == "yes",
        )
    except ConnectRefused as refused:
        return render_template("refused.html", title="Not connected", sentence=str(refused)), 400
    return _page(invited.caller, password=invited.password)


@pages.get("/client")
@here.needs(Permission.VIEW)
def client() -> str | AnyResponse:
    """Who may come in, and when they last did."""
    found = _caller()
    return _page(found) if found is not None else redirect(url_for("choose_books.connect"), code=303)


@pages.post("/client/password")
@here.needs(Permission.CONFIGURE)
def password() -> str | AnyResponse:
    """Another password; the one before is void."""
    found, engine, who = _caller(), here.engine(), here.caller()
    if found is None:
        return redirect(url_for("choose_books.connect"), code=303)
    invited = callers.new_password(
        engine.core, who.tenant, found.connection_id, actor=who.user, keys=engine.keys
    )
    return _page(invited.caller, password=invited.password)


@pages.get("/client/file")
@here.needs(Permission.CONFIGURE)
def file() -> AnyResponse | tuple[str, int]:
    """The set-up file, for the addresses by which this page was reached."""
    found = _caller()
    if found is None:
        return redirect(url_for("choose_books.connect"), code=303)
    name = _live()["provider"]
    root = request.script_root.removesuffix(here.house().prefix) if here.house().prefix else ""
    gates = f"{request.scheme}://{request.host}{root}{_gates()}"
    try:
        made = (
            here.engine()
            .providers[name]
            .set_up_file(
                found,
                gate_url=f"{gates}/{name}",
                support_url=f"{gates}/status",
                choices={key: value for key, value in request.args.items() if value},
            )
        )
    except ValueError as problem:
        return render_template("refused.html", title="No file", sentence=str(problem)), 422
    if made is None:
        abort(404)
    answer = Response(made.content, mimetype=made.media_type)
    answer.headers.set("Content-Disposition", "attachment", filename=made.name)
    return answer


def _live() -> dict[str, Any]:
    with here.engine().core.engine.connect() as connection:
        return connections.live(connection, here.caller().tenant) or {}


def _caller() -> Caller | None:
    row = _live()
    if row.get("provider") not in here.engine().providers:
        return None
    with here.engine().core.engine.connect() as connection:
        return callers.of(connection, row["id"])


def _page(caller: Caller, *, password: str = "") -> str:
    k, s = t.callers, t.sessions
    mine = caller.connection_id
    with here.engine().core.engine.connect() as connection:
        row = connection.execute(
            sa.select(k.c.password_at, k.c.facts_at).where(k.c.connection_id == mine)
        ).one()
        came = connection.execute(
            sa.select(sa.func.max(s.c.seen_at)).where(s.c.connection_id == mine)
        ).scalar_one_or_none()
    return render_template(
        "client.html",
        title="Client",
        client=caller,
        password=password,
        password_at=row.password_at,
        opened_at=row.facts_at,
        came_at=came,
        every=EVERY,
        provider=here.engine().turns.describe(_live()["provider"]),
    )


@cache
def _gates() -> str:
    """Where the host mounts the gates."""
    with (blueops_qb.root() / "plugin.toml").open("rb") as manifest:
        return str(tomllib.load(manifest)["mount"]["gates"])
