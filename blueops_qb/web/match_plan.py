"""Matching page: the read-only plan of the first synchronisation, decisions on it, and going live."""

from __future__ import annotations

import attrs
import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from rapidfuzz import fuzz, process
from werkzeug.wrappers import Response

from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import by_hand, matching
from blueops_qb.engine.matching import Row
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.core import Permission
from blueops_qb.store import tables as t
from blueops_qb.web import here, titles, words

pages = Blueprint("match_plan", __name__)
#: Rows on a page, similar names offered per row, and how alike (of 100) they must be.
PAGE, SIMILAR, ALIKE = 40, 4, 62
#: Decisions as a person reads them; a proposal is marked so.
DECISIONS = {"link": "link", "create": "create", "skip": "leave out", "open": "undecided"}


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
    chosen: str
    proposed: bool


@pages.get("/matching")
@here.needs(Permission.VIEW)
def plan() -> str:
    """One bucket of the plan."""
    with here.looking() as turn:
        everything = matching.rows(turn.connection, turn.id)
        buckets = {
            name: (*words.BUCKETS[name], [row for row in everything if row.bucket == name])
            for name in ("ambiguous", "taken", "matched", "create")
        }
        first = next((name for name, (_, _, rows) in buckets.items() if rows), "matched")
        bucket = request.args.get("bucket", "") if request.args.get("bucket") in buckets else first
        rows = buckets[bucket][2]
        page = max(1, request.args.get("page", 1, type=int))
        return render_template(
            "matching.html",
            title="Matching",
            buckets=buckets,
            bucket=bucket,
            rows=_shown(turn, rows[(page - 1) * PAGE : page * PAGE]),
            page=page,
            pages=max(1, -(-len(rows) // PAGE)),
            counts=_counts(everything),
            total=len(everything),
            listed=_listed(turn),
            live=turn.row["state"] == "live",
            decisions=DECISIONS,
        )


@pages.post("/matching/build")
@here.needs(Permission.RESOLVE)
def build() -> Response:
    """Make the plan anew for what is not decided."""
    try:
        with here.acting() as turn:
            counts = matching.build(turn)
    except matching.NotListed as problem:
        here.refuse(f"The plan cannot be made yet: {problem}.")
    else:
        here.done(f"{sum(counts.values())} records were compared. Nothing was written to the books.")
    return redirect(url_for(".plan"), code=303)


@pages.post("/matching")
@here.needs(Permission.RESOLVE)
def decide() -> Response:
    """Take the decisions of one page; each stands alone, refused ones are named."""
    taken, refused = 0, []
    wanted = {
        name.removeprefix("choice-"): value
        for name, value in request.form.items()
        if name.startswith("choice-") and value
    }
    with here.looking() as turn:
        rows = {str(row.ref): row for row in matching.rows(turn.connection, turn.id)}
    for name, value in wanted.items():
        row = rows.get(name)
        if row is None or value == _value(row):
            continue
        decision, _, books_id = value.partition(":")
        try:
            with here.acting() as turn:
                by_hand.match(turn, row.ref, decision, books_id=books_id, actor=here.caller().user)
            taken += 1
        except by_hand.CannotMatch as problem:
            refused.append(str(problem))
    for sentence in refused:
        here.refuse(sentence)
    if taken or not refused:
        here.done(
            f"{taken} decision{'' if taken == 1 else 's'} saved." if taken else "Nothing was different."
        )
    back = url_for(".plan", bucket=request.form.get("bucket") or None, page=request.form.get("page") or None)
    return redirect(back, code=303)


@pages.post("/matching/approve")
@here.needs(Permission.RESOLVE)
def approve() -> Response:
    """Accept all proposals and go live."""
    if request.form.get("sure") != "yes":
        here.refuse("Nothing was changed: tick the box to confirm that the plan is right.")
        return redirect(url_for(".plan"), code=303)
    with here.acting() as turn:
        linked = matching.approve(turn, actor=here.caller().user)
        company = turn.row["company_name"]
    here.done(f"The plan is accepted: {linked} records are linked, and changes now travel to {company}.")
    return redirect(url_for("overview.overview"), code=303)


# -- what a row offers ---------------------------------------------------------------------------------
def _value(row: Row) -> str:
    decision = row.decision.removeprefix("?")
    return f"link:{row.books_id}" if decision == "link" else "" if decision == "open" else decision


def _counts(rows: list[Row]) -> dict[str, int]:
    counts = dict.fromkeys(DECISIONS, 0)
    for row in rows:
        counts[row.decision.removeprefix("?")] += 1
    return counts


def _listed(turn: Turn) -> bool:
    f = t.feeds
    query = sa.select(f.c.feed).where(f.c.connection_id == turn.id, f.c.feed == "listing")
    return turn.connection.execute(query).first() is not None


def _shown(turn: Turn, rows: list[Row]) -> list[Shown]:
    known = _books(turn)
    details = titles.titles(turn.core, turn.tenant_id, [row.ref for row in rows])
    return [
        Shown(
            row=row,
            kind=words.RECORD_KINDS[row.ref.kind],
            detail=details[row.ref].party,
            options=_options(row, known),
            chosen=_value(row),
            proposed=row.decision.startswith("?"),
        )
        for row in rows
    ]


def _books(turn: Turn) -> dict[BooksRef, str]:
    """Customers, jobs and vendors of the books by id, as a person reads them."""
    m = t.mirror
    query = sa.select(m.c.kind, m.c.books_id, m.c.name, m.c.active).where(
        m.c.connection_id == turn.id,
        m.c.kind.in_([BooksKind.CUSTOMER.value, BooksKind.VENDOR.value]),
        m.c.deleted.is_(False),
    )
    return {
        BooksRef(BooksKind(r.kind), r.books_id): r.name + ("" if r.active else " (inactive)")
        for r in turn.connection.execute(query)
    }


def _options(row: Row, known: dict[BooksRef, str]) -> tuple[Option, ...]:
    kind = BooksKind.VENDOR if row.ref.kind is RecordKind.VENDOR else BooksKind.CUSTOMER
    pool = {ref.id: name for ref, name in known.items() if ref.kind is kind}
    ids = [id for id in (row.books_id, *row.candidates) if id in pool]
    alike = process.extract(
        row.name,
        pool,
        scorer=fuzz.token_sort_ratio,
        processor=str.casefold,
        limit=SIMILAR,
        score_cutoff=ALIKE,
    )
    ids = list(dict.fromkeys([*ids, *(id for _, _, id in alike)]))
    links = [Option(value=f"link:{id}", label=f"Link to {pool[id]} (no. {id})") for id in ids]
    # Two parties of one name cannot be: such a row is created only after one of them was renamed.
    create = (
        "Create it under a marked name, such as “Name (C)”"
        if row.bucket == "taken"
        else "Create it in the books"
    )
    return (
        *links,
        Option(value="create", label=create),
        Option(value="skip", label="Leave it out"),
    )
