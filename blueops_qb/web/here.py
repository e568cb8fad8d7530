"""Here: what a page knows about its request: who asks, for which company, and what they may do."""

from __future__ import annotations

import datetime as dt
import secrets
import tomllib
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from functools import cache, wraps
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import attrs
from flask import current_app, flash, g, request, session

import blueops_qb
from blueops_qb.engine import look
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Permission, Tenant
from blueops_qb.web.signin import SignInDesk

P = ParamSpec("P")
T = TypeVar("T")
EXTENSION = "blueops_qb"
_SID, _WHO = "sid", "who"


@attrs.frozen(kw_only=True)
class House:
    """What the pages were made with."""

    engine: Engine
    sign_ins: Mapping[str, SignInDesk]
    prefix: str


@attrs.frozen(kw_only=True)
class Caller:
    """Who asks; core's login said so in the WSGI environment."""

    user: str
    tenant: str
    role: str


class NotAllowed(Exception):
    """The caller's role does not allow it."""

    def __init__(self, permission: Permission) -> None:
        super().__init__(permission.value)
        self.permission = permission


class Anonymous(Exception):
    """Core's login did not say who asks."""


def house() -> House:
    """What the pages were made with."""
    found: House = current_app.extensions[EXTENSION]
    return found


def engine() -> Engine:
    """The engine."""
    return house().engine


def caller() -> Caller:
    """Who asks; raises Anonymous."""
    if "caller" not in g:
        user, tenant = request.environ.get("blueops.user"), request.environ.get("blueops.tenant")
        if not user or not tenant:
            raise Anonymous
        role = request.environ.get("blueops.role")
        g.caller = Caller(user=str(user), tenant=str(tenant), role=str(role or ""))
        _own_session(g.caller)
    found: Caller = g.caller
    return found


def _own_session(who: Caller) -> None:
    """Our session belongs to one user of one company; another one starts a fresh session."""
    mark = f"{who.tenant}\x1f{who.user}"
    if session.get(_WHO) != mark:
        session.clear()
        session[_WHO], session[_SID] = mark, secrets.token_urlsafe(18)


def browser_session() -> str:
    """What binds a sign-in to this browser session and user: core's session, if it tells one, and ours."""
    who = caller()
    return "\x1f".join((who.user, str(request.environ.get("blueops.session") or ""), session[_SID]))


def tenant() -> Tenant:
    """The company of the caller; raises KeyError when core does not know it."""
    if "tenant" not in g:
        g.tenant = engine().core.tenant(caller().tenant)
    found: Tenant = g.tenant
    return found


def may(permission: Permission) -> bool:
    """Whether the caller may do this, as core says."""
    key = f"may_{permission.value}"
    if key not in g:
        setattr(g, key, engine().core.may(caller().tenant, caller().user, permission))
    return bool(getattr(g, key))


def needs(permission: Permission) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let only callers with this permission through; raises NotAllowed, which shows as 403."""

    def guard(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            if not may(permission):
                raise NotAllowed(permission)
            return view(*args, **kwargs)

        guarded.__dict__["needs"] = permission
        return guarded

    return guard


@cache
def roles_that_may(permission: Permission) -> tuple[str, ...]:
    """The roles that plugin.toml gives a permission to; core may know better."""
    with (blueops_qb.root() / "plugin.toml").open("rb") as file:
        return tuple(tomllib.load(file).get("permissions", {}).get(permission.value, ()))


def looking() -> AbstractContextManager[Turn]:
    """The caller's connection, to look at; raises NotConnected."""
    return look.looking(engine(), caller().tenant)


def acting() -> AbstractContextManager[Turn]:
    """A turn of the caller's connection, to change something; raises NotConnected."""
    return look.acting(engine(), caller().tenant)


def local(moment: dt.datetime) -> dt.datetime:
    """A moment in the company's time zone."""
    return moment.astimezone(ZoneInfo(tenant().zone))


def done(what: str) -> None:
    """Show on the next page what was done."""
    flash(what, "done")


def refuse(why: str) -> None:
    """Show on the next page why something was not done."""
    flash(why, "error")
