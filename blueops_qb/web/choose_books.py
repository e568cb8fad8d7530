"""Connection pages: connect through the provider's consent page, sign in again, disconnect."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.engine import connections
from blueops_qb.engine.connections import ConnectRefused
from blueops_qb.engine.look import NotConnected
from blueops_qb.engine.vault import MissingKey
from blueops_qb.sdk.core import Permission
from blueops_qb.web import here, profile_words
from blueops_qb.web.signin import SignInDesk

pages = Blueprint("choose_books", __name__)


@pages.get("/connect")
@here.needs(Permission.VIEW)
def connect() -> str:
    """What is connected, or what can be."""
    engine = here.engine()
    facts = []
    try:
        with here.looking() as turn:
            facts = profile_words.facts(turn.profile, turn.policy) if turn.row["profile_json"] else []
    except NotConnected:
        pass
    return render_template(
        "connect.html",
        title="Connection",
        providers=[engine.turns.describe(name) for name in sorted(engine.providers)],
        sign_ins=here.house().sign_ins,
        calling=frozenset(name for name in engine.providers if engine.turns.describe(name).calls),
        facts=facts,
    )


@pages.get("/connect/<provider>/<step>.svg")
@here.needs(Permission.VIEW)
def picture(provider: str, step: str) -> Response:
    """The picture of a set-up step."""
    engine = here.engine()
    steps = engine.turns.describe(provider).steps if provider in engine.providers else ()
    found = next((one.picture for one in steps if one.key == step), None)
    if found is None:
        abort(404)
    answer = Response(found.svg, mimetype="image/svg+xml")
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return answer


@pages.get("/reconnect")
@here.needs(Permission.VIEW)
def reconnect() -> str | Response:
    """Sign in again to the company that is connected."""
    with here.engine().core.engine.connect() as connection:
        row = connections.live(connection, here.caller().tenant)
    if row is None:
        return redirect(url_for(".connect"), code=303)
    return render_template("reconnect.html", title="Sign in again", row=row, sign_ins=here.house().sign_ins)


@pages.post("/connect/<provider>")
@here.needs(Permission.CONFIGURE)
def begin(provider: str) -> Response | tuple[str, int]:
    """Send the browser to the consent page."""
    desk = _desk(provider)
    tenant = here.caller().tenant
    try:
        _check_provider(provider)
        core = here.engine().core
        state = connections.open_state(core, tenant, provider, here.browser_session())
        return redirect(desk.authorize_url(state, _callback_address(provider)), code=303)
    except ConnectRefused as refused:
        return _refused(refused)


@pages.get("/callback/<provider>")
@here.needs(Permission.CONFIGURE)
def callback(provider: str) -> Response | tuple[str, int]:
    """The consent page's answer: checked, completed and bound; the company is read before."""
    desk, core, who = _desk(provider), here.engine().core, here.caller()
    try:
        state = request.args.get("state", "")
        connections.use_state(core, who.tenant, provider, here.browser_session(), state)
        signed_in = desk.complete(request.args.to_dict(), _callback_address(provider))
        connections.bind(core, who.tenant, provider, signed_in, actor=who.user, keys=here.engine().keys)
    except ConnectRefused as refused:
        return _refused(refused)
    return redirect(url_for(".connected"), code=303)


@pages.get("/connected")
@here.needs(Permission.VIEW)
def connected() -> str:
    """What was found, and what comes next."""
    with here.looking() as turn:
        facts = profile_words.facts(turn.profile, turn.policy) if turn.row["profile_json"] else []
        return render_template("connected.html", title="Connected", row=turn.row, facts=facts)


@pages.get("/disconnect")
@here.needs(Permission.CONFIGURE)
def leave() -> str:
    """What disconnecting means."""
    with here.looking() as turn:
        return render_template("disconnect.html", title="Disconnect", row=turn.row)


@pages.post("/disconnect")
@here.needs(Permission.CONFIGURE)
def disconnect() -> Response | tuple[str, int]:
    """Retire the connection; the sign-in is ended over there first, as far as possible."""
    who, engine = here.caller(), here.engine()
    with engine.core.engine.connect() as connection:
        row = connections.live(connection, who.tenant)
    if row is None:
        raise NotConnected
    if request.form.get("sure") != "yes":
        here.refuse("Nothing was changed: tick the box to confirm.")
        return render_template("disconnect.html", title="Disconnect", row=row), 422
    trouble = ""
    desk = here.house().sign_ins.get(row["provider"])
    if desk is not None:
        try:
            desk.revoke(engine.vault(row["id"]))
        except (ConnectRefused, MissingKey) as problem:
            trouble = f" The sign-in could not be ended over there ({problem}); remove BlueOps there by hand."
    connections.retire(engine.core, row["id"], who.tenant, actor=who.user, keys=engine.keys)
    here.done(f"{row['company_name'] or row['company_id']} is disconnected.{trouble}")
    return redirect(url_for(".connect"), code=303)


def _desk(provider: str) -> SignInDesk:
    desk = here.house().sign_ins.get(provider)
    if desk is None:
        abort(404)
    return desk


def _check_provider(provider: str) -> None:
    with here.engine().core.engine.connect() as connection:
        row = connections.live(connection, here.caller().tenant)
    if row is not None and row["provider"] != provider:
        raise ConnectRefused(
            f"This company is connected to “{row['company_name']}” already, and one company has one "
            "set of books. Disconnect first."
        )


def _callback_address(provider: str) -> str:
    return url_for(".callback", provider=provider, _external=True)


def _refused(refused: ConnectRefused) -> tuple[str, int]:
    return render_template("refused.html", title="Not connected", sentence=str(refused)), 400
