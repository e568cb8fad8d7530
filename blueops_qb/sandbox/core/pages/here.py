"""What a page knows about its request: core, who asks, and the right to change something."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec, TypeVar
from zoneinfo import ZoneInfo

from flask import abort, current_app, flash, g, request, session

from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import people
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.people import ChoiceFamily, Member, Role
from blueops_qb.sandbox.core.pricing import TERMS
from blueops_qb.sandbox.core.transaction import Transaction

P = ParamSpec("P")
T = TypeVar("T")
EXTENSION = "blueops_core"
#: Under which name a form finds each list of choices.
OPTIONS = {
    ChoiceFamily.SERVICE: "service_options",
    ChoiceFamily.MATERIAL: "material_options",
    ChoiceFamily.EXPENSE: "expense_options",
    ChoiceFamily.FEE: "fee_options",
    ChoiceFamily.BRANCH: "branch_options",
    ChoiceFamily.CLASS: "class_options",
    ChoiceFamily.TAX: "tax_options",
    ChoiceFamily.METHOD: "method_options",
    ChoiceFamily.ACCOUNT: "account_options",
}
#: Keys of the session.
USER, TENANT, SESSION_ID = "user", "tenant", "id"


def core() -> ReferenceCore:
    """The host."""
    found: ReferenceCore = current_app.extensions[EXTENSION]
    return found


def member() -> Member:
    """Who asks, in which company; only where somebody is signed in."""
    found: Member = g.member
    return found


def sign_in(user_id: str, tenant_id: str) -> None:
    """Start a fresh session for somebody."""
    session.clear()
    session[USER], session[TENANT], session[SESSION_ID] = user_id, tenant_id, uuid.uuid4().hex


def find_member(host: ReferenceCore, user_id: str | None, tenant_id: str | None) -> Member | None:
    """The membership behind a session, as it stands now; None once it was taken away."""
    if not user_id or not tenant_id:
        return None
    with host.engine.connect() as connection:
        found = people.members(connection, user_id=user_id, tenant_id=tenant_id)
    return found[0] if found else None


def once() -> str:
    """The key under which this form is carried out, however often it is sent."""
    return f"form:{member().user_id}:{request.form.get('once', '')[:64]}"


def place(kind: RecordKind, id: str = "") -> str:
    """The address of a record's page, or of the list of its kind."""
    return f"{request.script_root}/{kind.value}s" + (f"/{id}" if id else "")


def changing() -> AbstractContextManager[Transaction]:
    """A transaction in the name of who asks."""
    return core().begin(member().tenant_id, actor=member().user_id)


def needs(*roles: Role) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Let only these roles through; others get 403."""

    def guard(view: Callable[P, T]) -> Callable[P, T]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
            if member().role not in roles:
                abort(403)
            return view(*args, **kwargs)

        return guarded

    return guard


editors = needs(*people.EDITORS)
admins = needs(Role.ADMIN)


def options() -> dict[str, list[tuple[str, str]]]:
    """What forms offer: `branch_options`, `tax_options` and so on, each a list of key and label."""
    with core().engine.connect() as connection:
        lists = people.all_choices(connection, member().tenant_id)
    offered = {OPTIONS[family]: [(c.key, c.label) for c in entries] for family, entries in lists.items()}
    return offered | {"term_options": [(key, key.replace("_", " ")) for key in TERMS]}


def today() -> dt.date:
    """The day in the company's time zone."""
    host = core()
    return host.now().astimezone(ZoneInfo(host.tenant(member().tenant_id).zone)).date()


def refuse(why: str) -> None:
    """Show why something was not done."""
    flash(why, "error")


def done(what: str) -> None:
    """Show what was done."""
    flash(what, "done")


def may_edit() -> bool:
    """Whether who asks enters and changes records."""
    return member().role in people.EDITORS
