"""Pages: the first page, reminders, and the change to another company."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core import people
from blueops_qb.sandbox.core.pages import here
from blueops_qb.sandbox.core.reminders import send_reminders
from blueops_qb.sandbox.core.rows import from_cents, utc
from blueops_qb.sandbox.core.tables import records, reminders_held, reminders_sent

pages = Blueprint("home", __name__)
SHOWN = 50


@pages.get("/")
def dashboard() -> str:
    """What is open, what is overdue, how much there is."""
    tenant, r = here.member().tenant_id, records.c
    mine = r.tenant_id == tenant
    invoice_open = (r.kind == RecordKind.INVOICE.value) & (r.status == "open")
    sums = sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(r.balance), 0)).where(mine, invoice_open)
    with here.core().engine.connect() as connection:
        open_count, open_sum = connection.execute(sums).one()
        late_count, late_sum = connection.execute(sums.where(r.due_date < here.today())).one()
        counted = sa.select(r.kind, sa.func.count()).where(mine, r.status.not_in(["merged", "deleted"]))
        counts = {row[0]: row[1] for row in connection.execute(counted.group_by(r.kind))}
        companies = people.members(connection, user_id=here.member().user_id)
    return render_template(
        "dashboard.html",
        open=(open_count, from_cents(int(open_sum))),
        late=(late_count, from_cents(int(late_sum))),
        counts=[(kind.value, counts.get(kind.value, 0)) for kind in RecordKind],
        companies=companies,
    )


@pages.post("/company")
def change_company() -> Response:
    """Work in another company of the same user."""
    wanted = request.form.get("tenant", "")
    if here.find_member(here.core(), here.member().user_id, wanted) is None:
        abort(403)
    session[here.TENANT] = wanted
    return redirect(url_for(".dashboard"), code=303)


@pages.get("/reminders")
def reminders() -> str:
    """What went out and what is held, newest first."""
    tenant = here.member().tenant_id
    with here.core().engine.connect() as connection:
        sent = connection.execute(
            sa.select(reminders_sent)
            .where(reminders_sent.c.tenant_id == tenant)
            .order_by(reminders_sent.c.sent_at.desc())
            .limit(SHOWN)
        ).all()
        held = connection.execute(
            sa.select(reminders_held)
            .where(reminders_held.c.tenant_id == tenant)
            .order_by(reminders_held.c.day.desc(), reminders_held.c.invoice_id)
            .limit(SHOWN)
        ).all()
    shown = [(row, utc(row.sent_at), from_cents(row.balance)) for row in sent]
    return render_template("reminders.html", sent=shown, held=held)


@pages.post("/reminders")
@here.editors
def send() -> Response:
    """Remind now of everything overdue."""
    run = send_reminders(here.core(), here.member().tenant_id, here.today())
    here.done(f"{len(run.sent)} reminders went out, {len(run.held)} are held.")
    return redirect(url_for(".reminders"), code=303)
