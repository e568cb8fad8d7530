"""Matching page: the read-only plan of the first synchronisation, decisions on it, and going live."""

from __future__ import annotations

import attrs
import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, url_for
from rapidfuzz import fuzz, process
from werkzeug.wrappers import Response

from blueops_qb.domain.match_parties import Bucket
from blueops_qb.domain.refs import NAMED_KINDS, BooksKind, BooksRef
from blueops_qb.engine import (
    by_hand,
    match_csv,
    match_form,
    match_mark,
    match_rule_list,
    matching,
    rules_desk,
)
from blueops_qb.engine.match_rows import ITEM, Row, counted, rows
from blueops_qb.engine.match_theirs import names_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Permission
from blueops_qb.store import tables as t
from blueops_qb.web import here, titles, words

pages = Blueprint("match_plan", __name__)
#: Rows on a page, similar names offered per row, and how alike (of 100) they must be.
PAGE, SIMILAR, ALIKE = 40, 4, 62
#: Decisions as a person reads them; a proposal is marked so.
DECISIONS = {
    "link": "link",
    "create": "create",
    "skip": "leave out",
    "wait": "wait, nothing is written",
    "open": "undecided",
}


@attrs.frozen(kw_only=True)
class Option:
    """One choice for a row."""

    value: str
    label: str


@attrs.frozen(kw_only=True)
class Shown:
    """A row with what may be chosen; `proposed` = nobody has decided, the plan's proposal stands."""

    row: Row
    kind: str
    detail: str
    options: tuple[Option, ...]
    state: str
    chosen: str
    proposed: bool


@pages.get("/matching")
@here.needs(Permission.VIEW)
def plan() -> str:
    """One bucket of the plan."""
    with here.looking() as turn:
        found = counted(turn.connection, turn.id)
        buckets = {
            name: (*words.BUCKETS[name], sum(n for (bucket, _), n in found.items() if bucket == name))
            for name in words.BUCKETS
        }
        first = next((name for name, (_, _, count) in buckets.items() if count), "exact")
        bucket = request.args.get("bucket", "") if request.args.get("bucket") in buckets else first
        total = buckets[bucket][2]
        page = max(1, request.args.get("page", 1, type=int))
        shown = rows(turn.connection, turn.id, bucket=bucket, limit=PAGE, offset=(page - 1) * PAGE)
        live, decides = turn.row["state"] == "live", here.may(Permission.RESOLVE)
        return render_template(
            "matching.html",
            title="Matching",
            buckets=buckets,
            bucket=bucket,
            rows=_shown(turn, shown),
            page=page,
            pages=max(1, -(-total // PAGE)),
            counts=_counts(found),
            open_here=found.get((bucket, "open"), 0),
            proposed_here=sum(n for (b, d), n in found.items() if b == bucket and d.startswith("?")),
            total=sum(found.values()),
            listed=matching.is_listed(turn),
            live=live,
            seen_here=match_mark.mark(turn, [Bucket(bucket)]) if decides else "",
            seen=match_mark.mark(turn, Bucket) if decides and not live else "",
            decisions=DECISIONS,
            rules=match_rule_list.in_force(turn),
            making=turn.row["match_asked_at"],
        )


@pages.post("/matching/build")
@here.needs(Permission.RESOLVE)
def build() -> Response:
    """Make the plan anew for what is not decided."""
    compare_again()
    return redirect(url_for(".plan"), code=303)


def compare_again() -> None:
    """Make the plan anew and tell on the next page how that went."""
    try:
        with here.looking() as turn:
            large = matching.is_large(turn)
            found = [] if large else matching.compare(turn)
        if large:
            with here.acting() as turn:
                matching.ask(turn)
            here.done("The plan is made in the background; the page of the plan looks again by itself.")
            return
        with here.acting() as turn:
            counts = matching.keep(turn, found)
    except matching.NotListed as problem:
        here.refuse(f"The plan cannot be made yet: {problem}.")
    else:
        here.done(f"{sum(counts.values())} records were compared. Nothing was written to the books.")


@pages.post("/matching")
@here.needs(Permission.RESOLVE)
def decide() -> Response:
    """Take the decisions of one page; each stands alone, refused ones are named."""
    taken, refused = 0, []
    wanted, seen = _form("choice-"), _form("was-")
    if not wanted.keys() <= seen.keys():
        abort(400, "The form does not say how it shows its rows. Open the page again.")
    for key, value in wanted.items():
        if not value or value == match_form.value_of(seen[key]):
            continue
        try:
            with here.acting() as turn:
                taken += match_form.decide(turn, key, value, seen=seen, actor=here.caller().user)
        except (by_hand.CannotMatch, rules_desk.UnfitTarget) as problem:
            refused.append(str(problem))
    for sentence in refused:
        here.refuse(sentence)
    if taken or not refused:
        here.done(
            f"{taken} decision{'' if taken == 1 else 's'} saved." if taken else "Nothing was different."
        )
    back = url_for(".plan", bucket=request.form.get("bucket") or None, page=request.form.get("page") or None)
    return redirect(back, code=303)


def _form(start: str) -> dict[str, str]:
    """The fields of the form whose names begin so, by the rest of the name."""
    return {name.removeprefix(start): text for name, text in request.form.items() if name.startswith(start)}


@pages.post("/matching/bucket")
@here.needs(Permission.RESOLVE)
def decide_bucket() -> Response:
    """Decide a whole bucket at once, as it was shown: accept its proposals, or treat its open rows alike."""
    bucket, decision = request.form.get("bucket", ""), request.form.get("decision", "")
    if bucket not in set(Bucket) or decision not in ("accept", "create", "skip", "wait"):
        here.refuse("Nothing was changed: choose what to do with the rows of this part.")
        return redirect(url_for(".plan"), code=303)
    chosen, actor, seen = [Bucket(bucket)], here.caller().user, request.form.get("seen", "")
    try:
        with here.acting() as turn:
            count = (
                matching.accept(turn, chosen, actor=actor, seen=seen)
                if decision == "accept"
                else matching.settle_open(turn, chosen, decision, actor=actor, seen=seen)
            )
    except match_mark.PlanOvertaken as problem:
        here.refuse(f"Nothing was changed: {problem}.")
    else:
        here.done(f"{count} rows decided.")
    return redirect(url_for(".plan", bucket=bucket), code=303)


@pages.get("/matching/export")
@here.needs(Permission.VIEW)
def export() -> Response:
    """The plan as a CSV file."""
    with here.looking() as turn:
        text, name = match_csv.export(turn), f"match-plan-{turn.id}.csv"
    return Response(
        text.encode(),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


@pages.post("/matching/import")
@here.needs(Permission.RESOLVE)
def take_file() -> Response:
    """Take the decisions of a CSV file: all of them, or none."""
    file = request.files.get("file")
    data = b""
    if file is not None:
        data = file.read(match_csv.LARGEST + 1)
        file.close()  # a large one lies in a file of its own
    if not data:
        here.refuse("Nothing was changed: choose the file that you exported and edited.")
        return redirect(url_for(".plan"), code=303)
    try:
        with here.acting() as turn:
            taken = match_csv.take(turn, data, actor=here.caller().user)
    except match_csv.CannotImport as problem:
        here.refuse(f"Nothing was changed: {problem}.")
    except rules_desk.UnfitTarget as problem:
        here.refuse(f"Nothing was changed: {problem}.")
    else:
        here.done(taken.sentence)
    return redirect(url_for(".plan"), code=303)


@pages.post("/matching/approve")
@here.needs(Permission.RESOLVE)
def approve() -> Response:
    """Accept all proposals and go live."""
    if request.form.get("sure") != "yes":
        here.refuse("Nothing was changed: tick the box to confirm that the plan is right.")
        return redirect(url_for(".plan"), code=303)
    try:
        with here.acting() as turn:
            leave_open = request.form.get("leave_open") == "yes"
            linked = matching.approve(
                turn,
                actor=here.caller().user,
                leave_open=leave_open,
                supervised=True,
                seen=request.form.get("seen", ""),
            )
            company = turn.row["company_name"]
    except (match_mark.PlanOvertaken, matching.NotDecided, rules_desk.UnfitTarget) as problem:
        here.refuse(f"Nothing was changed: {problem}.")
        return redirect(url_for(".plan"), code=303)
    here.done(f"The plan is accepted: {linked} records are linked, and changes now travel to {company}.")
    return redirect(url_for("overview.overview"), code=303)


# -- what a row offers ---------------------------------------------------------------------------------
def _counts(found: dict[tuple[str, str], int]) -> dict[str, int]:
    counts = dict.fromkeys(DECISIONS, 0)
    for (_, decision), count in found.items():
        counts[decision.removeprefix("?")] += count
    return counts


def _shown(turn: Turn, found: list[Row]) -> list[Shown]:
    known = {
        **_parties(turn, found),
        **names_of(
            turn,
            (
                BooksRef(match_csv.kind_of(row.kind), id)
                for row in found
                for id in (row.books_id, *row.candidates)
                if id
            ),
        ),
    }
    details = titles.titles(turn.core, turn.tenant_id, [row.ref for row in found if row.kind != ITEM])
    return [
        Shown(
            row=row,
            kind=_KIND_WORDS.get(row.kind) or words.RECORD_KINDS[row.ref.kind],
            detail="" if row.kind == ITEM else details[row.ref].party,
            options=_options(row, known),
            state=match_form.state_of(row),
            chosen=match_form.value_of(match_form.state_of(row)),
            proposed=row.proposed,
        )
        for row in found
    ]


_KIND_WORDS = {ITEM: "Item for lines of invoices"}


def _parties(turn: Turn, found: list[Row]) -> dict[BooksRef, str]:
    """Customers, jobs and vendors of the books by id, where rows of them are shown."""
    kinds = {match_csv.kind_of(row.kind) for row in found} & NAMED_KINDS
    if not kinds:
        return {}
    m = t.mirror
    query = sa.select(m.c.kind, m.c.books_id, m.c.name, m.c.active).where(
        m.c.connection_id == turn.id,
        m.c.kind.in_([kind.value for kind in kinds]),
        m.c.deleted.is_(False),
    )
    return {
        BooksRef(BooksKind(r.kind), r.books_id): r.name + ("" if r.active else " (inactive)")
        for r in turn.connection.execute(query)
    }


def _options(row: Row, known: dict[BooksRef, str]) -> tuple[Option, ...]:
    kind = match_csv.kind_of(row.kind)
    pool = {ref.id: name for ref, name in known.items() if ref.kind is kind}
    ids = [id for id in (row.books_id, *row.candidates) if id in pool]
    if kind in NAMED_KINDS:
        alike = process.extract(
            row.name,
            pool,
            scorer=fuzz.token_sort_ratio,
            processor=str.casefold,
            limit=SIMILAR,
            score_cutoff=ALIKE,
        )
        ids += [id for _, _, id in alike]
    links = [Option(value=f"link:{id}", label=f"Link to {pool[id]} (no. {id})") for id in dict.fromkeys(ids)]
    # Two parties of one name cannot be: such a row is created only after one of them was renamed.
    create = (
        "Create it under a marked name, such as “Name (C)”"
        if row.bucket == "taken"
        else "Create it in the books"
    )
    return (
        *links,
        *([] if row.kind == ITEM else [Option(value="create", label=create)]),
        Option(value="skip", label="Leave it out"),
        Option(value="wait", label="Leave it undecided; nothing is written"),
    )
