"""Agreement page: periods that were compared, what each came to by account, customer and job, and its certificate."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Answer

from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.engine import agreement, agreement_accept, agreement_figures, certificate
from blueops_qb.engine.agreement import CannotCompare, Run, RunState
from blueops_qb.engine.agreement_figures import ACCEPTED, BESIDES, DIFFERENCE, PENDING, Finding, Sum
from blueops_qb.engine.agreement_runs import SCHEDULE
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.vault import MissingKey
from blueops_qb.sdk.core import Permission
from blueops_qb.web import here, titles

pages = Blueprint("agreements", __name__)
#: Lines of one sort, and customers of one account, that a page shows.
SHOWN = 200


@pages.get("/agreement")
@here.needs(Permission.VIEW)
def listing() -> str:
    """The periods that were compared, newest first."""
    today = here.local(here.engine().core.now()).date()
    first = today.replace(day=1)
    with here.looking() as turn:
        runs = agreement.runs(turn.connection, turn.id)
    return render_template(
        "agreements.html",
        title="Agreement",
        runs=runs,
        start=first,
        end=today,
        states=RunState,
        schedule=SCHEDULE,
    )


@pages.post("/agreement")
@here.needs(Permission.RESOLVE)
def compare() -> Answer:
    """Ask for a comparison; the runner carries it, so that no page waits for a ledger."""
    days = [_day(request.form.get(name, "")) for name in ("start", "end")]
    start, end = days
    if start is None or end is None:
        here.refuse("Give both days as 2026-03-31.")
        return redirect(url_for(".listing"), code=303)
    try:
        with here.acting() as turn:
            id = agreement.ask(turn, start, end, whole=bool(request.form.get("whole")), by=here.caller().user)
    except CannotCompare as problem:
        here.refuse(str(problem))
        return redirect(url_for(".listing"), code=303)
    return redirect(url_for(".shown", id=id), code=303)


@pages.get("/agreement/<int:id>")
@here.needs(Permission.VIEW)
def shown(id: int) -> str:
    """One run: its accounts, or of `?account=ID` the customers and jobs, and what was found there."""
    account = request.args.get("account", "")
    with here.looking() as turn:
        run = _run(turn, id)
        accounts = agreement_figures.accounts(turn.connection, id)
        parties = agreement_figures.parties(turn.connection, turn.id, id, account=account) if account else []
        found = {sort: _found(turn, id, sort, account) for sort in (DIFFERENCE, ACCEPTED, BESIDES, PENDING)}
        found[PENDING] = (
            [] if account else agreement_figures.with_reasons(turn.connection, turn.tenant_id, found[PENDING])
        )
        parties = sorted(parties, key=lambda one: (-abs(one.difference), one.customer))[:SHOWN]
        return render_template(
            "agreement.html",
            title=f"Agreement {run.start} to {run.end}",
            run=run,
            states=RunState,
            not_certified=certificate.not_certified(run.figures),
            basis=certificate.BASIS.get(run.rests_on, ""),
            accepted_words=certificate.accepted_words(run.figures),
            longest=agreement_accept.LONGEST,
            accounts=[one for one in accounts if not account or one.account == account],
            account=account,
            account_names=agreement_figures.names(turn, [one.account for one in accounts]),
            parties=parties,
            party_names=_names(turn, parties),
            found=found,
            links=_links(found),
            shown=SHOWN,
        )


@pages.get("/agreement/<int:id>/certificate")
@here.needs(Permission.VIEW)
def download(id: int) -> Answer:
    """The signed certificate as a file; 404 before it was issued."""
    with here.looking() as turn:
        run = _run(turn, id)
    if not run.certificate:
        abort(404)
    name = f"agreement-{run.start}-{run.end}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(run.certificate, mimetype="application/json", headers=headers)


@pages.post("/agreement/<int:id>/certificate")
@here.needs(Permission.RESOLVE)
def issue(id: int) -> Answer:
    """Sign what the run found."""
    with here.looking() as turn:
        run = _run(turn, id)
    try:
        certificate.issue(here.engine(), run.connection_id, id)
        here.done("The certificate is signed; it can be downloaded.")
    except (certificate.NotACertificate, MissingKey) as problem:
        here.refuse(str(problem))
    return redirect(url_for(".shown", id=id), code=303)


@pages.post("/agreement/<int:id>/accept")
@here.needs(Permission.RESOLVE)
def accept(id: int) -> Answer:
    """Accept that a record differs, as the run shows it, with a reason; the period is then compared once more."""
    with here.acting() as turn:
        run = _run(turn, id)
        try:
            ref = RecordRef.parse(request.form.get("ref", ""))
            reason = request.form.get("reason", "")
            agreement_accept.accept(turn, run.id, [ref], reason=reason, actor=here.caller().user)
            id = agreement.ask(turn, run.start, run.end, by=here.caller().user)
            here.done(f"{ref} is accepted as different. The period is compared once more, to list it so.")
        except ValueError as problem:  # CannotAccept is one, and so is a record that is none
            here.refuse(str(problem))
    return redirect(url_for(".shown", id=id), code=303)


def _run(turn: Turn, id: int) -> Run:
    try:
        return agreement.run_of(turn.connection, turn.id, id)
    except LookupError:
        abort(404)


def _found(turn: Turn, id: int, sort: str, account: str) -> list[Finding]:
    found = agreement_figures.findings(turn.connection, id, sort)
    return list(islice((one for one in found if not account or account in one.accounts), SHOWN))


def _names(turn: Turn, parties: list[Sum]) -> dict[str, str]:
    """How the customers and jobs are called; by their books' id."""
    refs = {one.customer: RecordRef.parse(one.ref) for one in parties if one.ref}
    called = titles.titles(turn.core, turn.tenant_id, refs.values())
    others = [BooksRef(BooksKind.CUSTOMER, one.customer) for one in parties if not one.ref]
    theirs = titles.books_names(turn, others)
    return {id: called[ref].name for id, ref in refs.items()} | {ref.id: name for ref, name in theirs.items()}


def _links(found: dict[str, list[Finding]]) -> dict[str, dict[str, Any]]:
    """Where the page of each record is."""
    refs = {one.ref for sort in found.values() for one in sort if one.ref}
    parsed = {text: RecordRef.parse(text) for text in refs}
    return {text: {"kind": ref.kind.value, "id": ref.id} for text, ref in parsed.items()}


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None
