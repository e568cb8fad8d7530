"""Choose sides: one conflict field by field, line by line, with a preview of what would be written."""

from __future__ import annotations

from typing import Any

import attrs
import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.compare import choosable, group_of
from blueops_qb.domain.documents import DOCUMENT_TYPES, Document
from blueops_qb.domain.line_merge import LineStep, token
from blueops_qb.domain.refs import BooksKind
from blueops_qb.domain.reverse_keys import Key, parse_key
from blueops_qb.engine import choices, incoming, resolve
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Permission
from blueops_qb.store import tables as t
from blueops_qb.web import conflicts, fields, here, titles

pages = Blueprint("choose_sides", __name__)


@attrs.frozen(kw_only=True)
class Atom:
    """Fields that are chosen together: the name of the form's field, its label, and three columns of texts."""

    name: str
    label: str
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    has_lines: bool


@attrs.frozen(kw_only=True)
class LineRow:
    """One line on both sides."""

    token: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@pages.get("/conflicts/<int:id>/sides")
@here.needs(Permission.VIEW)
def sides(id: int) -> str:
    """The conflict, field by field."""
    with here.looking() as turn:
        return _page(turn, _row(turn, id), {}, None)


@pages.post("/conflicts/<int:id>/sides")
@here.needs(Permission.RESOLVE)
def choose(id: int) -> Response | str | tuple[str, int]:
    """Show what the choice would write, or carry it out."""
    form = request.form.to_dict()
    try:
        if form.get("step") != "apply":
            with here.looking() as turn:
                row = _row(turn, id)
                found = resolve.preview(turn, id, "fields", wish=_wish(row, form))
                return _page(turn, row, form, found)
        with here.acting() as turn:
            row = _row(turn, id)
            if not form.get("shown"):
                raise resolve.MovedMeanwhile("the page did not tell what it showed; look at it again")
            resolve.resolve(
                turn, id, "fields", here.caller().user, wish=_wish(row, form), shown=form["shown"]
            )
    except resolve.MovedMeanwhile as problem:
        with here.acting() as turn:
            incoming.look_again(turn, id)
        here.refuse(f"Nothing was changed: {problem}.")
        return redirect(url_for(".sides", id=id), code=303)
    except resolve.CannotResolve as problem:
        here.refuse(f"Nothing was changed: {problem}.")
        with here.looking() as turn:
            return _page(turn, _row(turn, id), form, None), 422
    here.done("Your choice is taken; both sides are brought in line now.")
    return redirect(url_for("conflicts.listing"), code=303)


def _row(turn: Turn, id: int) -> sa.RowMapping:
    """The open conflict about fields; 404 for others."""
    c = t.conflicts
    query = sa.select(c).where(c.c.connection_id == turn.id, c.c.id == id, c.c.state == "open")
    row = turn.connection.execute(query).mappings().one_or_none()
    if row is None or "fields" not in resolve.offered(turn, row):
        abort(404)
    return row


def _wish(row: sa.RowMapping, form: dict[str, str]) -> choices.Wish:
    """What the form says, as it says it; the engine judges."""
    type_ = DOCUMENT_TYPES[BooksKind(row["books_kind"])]
    chosen: dict[str, str] = {}
    for atom in choosable(type_, row["group"]):
        if side := form.get(f"side-{atom[0]}"):
            chosen |= dict.fromkeys(atom, side)
    picks: dict[str, Key] = {}
    for name, value in form.items():
        if name.startswith("key-") and value:
            try:
                picks[name.removeprefix("key-")] = parse_key(value)
            except ValueError:
                raise resolve.CannotResolve(f"“{value}” is no key; choose one from the list") from None
    lines = {name.removeprefix("line-"): side for name, side in form.items() if name.startswith("line-")}
    return choices.Wish(fields=chosen, lines=lines, picks=picks)


def _page(turn: Turn, row: sa.RowMapping, form: dict[str, str], found: Any) -> str:
    (shown,) = conflicts.shown(turn, [row])
    documents = [_document(row, text) for text in (row["base"], row["ours"], row["theirs"])]
    known = resolve.known_of(turn, row)
    steps = choices.steps_of(turn, row, known) if known is not None else ()
    names = titles.names_for(turn, {r for d in documents if d is not None for r in refs_of(d)})
    return render_template(
        "choose_sides.html",
        title="Field by field",
        conflict=shown,
        atoms=_atoms(row, documents, names),
        lines=[_line_row(step, names) for step in steps],
        options=choices.options_of(row),
        form=form,
        preview=found,
        labels=fields.LABELS,
    )


def _document(row: sa.RowMapping, text: str | None) -> Document | None:
    return wire.load_document(BooksKind(row["books_kind"]), text) if text else None


def _atoms(row: sa.RowMapping, documents: list[Document | None], names: titles.Names) -> list[Atom]:
    """Only what differs is asked for."""
    base, ours, theirs = documents
    type_ = DOCUMENT_TYPES[BooksKind(row["books_kind"])]
    found = []
    for atom in choosable(type_, row["group"]):
        moved = any(
            one is not None and theirs is not None and group_of(one, atom) != group_of(theirs, atom)
            for one in (base, ours)
        )
        if not moved:
            continue
        shown = [f for f in atom if f not in fields.UNSHOWN]
        columns = [_texts(document, shown, names) for document in (base, ours, theirs)]
        label = ", ".join(fields.LABELS.get(f, f.replace("_", " ").capitalize()) for f in shown)
        found.append(
            Atom(
                name=atom[0],
                label=label if len(shown) < 4 else row["group"].replace("_", " ").capitalize(),
                base=columns[0],
                ours=columns[1],
                theirs=columns[2],
                has_lines="lines" in atom,
            )
        )
    return found


def _texts(document: Document | None, names_of: list[str], names: titles.Names) -> tuple[str, ...]:
    if document is None:
        return ()
    several = len(names_of) > 1
    return tuple(
        f"{fields.LABELS.get(f, f.replace('_', ' ').capitalize())}: {text}"
        if several and f != "lines"
        else text
        for f in names_of
        for text in fields.texts(getattr(document, f), names)
    )


def _line_row(step: LineStep, names: titles.Names) -> LineRow:
    def shown(line: Any) -> tuple[str, ...]:
        return () if line is None else fields.texts(line, names)

    return LineRow(token=token(step), ours=shown(step.ours), theirs=shown(step.theirs))
