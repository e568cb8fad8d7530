"""Conflicts page: what both sides changed, side by side, with the choices that can be carried out."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import sqlalchemy as sa
from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from blueops_qb.domain.binding import refs_of
from blueops_qb.domain.compare import GROUPS
from blueops_qb.domain.documents import DOCUMENT_TYPES, Document
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.engine import census, resolve
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Permission
from blueops_qb.store import tables as t
from blueops_qb.web import fields, here, story, titles, words

pages = Blueprint("conflicts", __name__)
PAGE = 25


@attrs.frozen
class Choice:
    """A button: what it says and what it does."""

    label: str
    effect: str


CHOICES: dict[tuple[str, str], Choice] = {
    ("overlap", "ours"): Choice("BlueOps is right", "The books are changed to what BlueOps shows."),
    ("overlap", "theirs"): Choice("{books} is right", "BlueOps takes over what the books show."),
    ("changed_there", "ours"): Choice("BlueOps is right", "The books are changed back."),
    ("changed_there", "theirs"): Choice("Accept {books}", "Both stay as they are and count as agreed."),
    ("variance", "ours"): Choice("Send ours again", "The books are changed to what BlueOps sent."),
    ("variance", "theirs"): Choice("Accept {books}", "Both stay as they are and count as agreed."),
    ("removed_there", "again"): Choice("Create it again", "It is written to the books once more."),
    ("removed_there", "unlink"): Choice("Leave it out", "It stays in BlueOps only."),
    ("removed_there", "theirs"): Choice("Void it in BlueOps", "BlueOps takes it back as well; for payments."),
    ("incoming", "close"): Choice("Off the list", "It comes again when it changes in the books."),
    ("twice", "theirs"): Choice("Link the one that stays", "There must be exactly one left in the books."),
    ("twice", "again"): Choice("Create it again", "None of them is ours, or you have deleted them all."),
    ("twice", "close"): Choice("Off the list", "You have looked after the second one in the books."),
    ("setting", "close"): Choice("Off the list", "You have looked after the mapping."),
}  # fmt: skip


@attrs.frozen(kw_only=True)
class ThreeRow:
    """One field: when both agreed, in BlueOps, in the books."""

    label: str
    base: tuple[str, ...]
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


@attrs.frozen(kw_only=True)
class Shown:
    """A conflict as the page shows it."""

    row: sa.RowMapping
    ref: RecordRef | None
    title: str
    kind: str
    rows: list[ThreeRow]
    has_base: bool
    choices: list[tuple[str, str, str]]
    deep_link: str | None


@pages.get("/conflicts")
@here.needs(Permission.VIEW)
def listing() -> str:
    """Open conflicts, newest first."""
    with here.looking() as turn:
        everything = census.open_conflicts(turn.connection, turn.id)
        return render_template(
            "conflicts.html",
            title="Conflicts",
            conflicts=_shown(turn, everything[:PAGE]),
            total=len(everything),
        )


@pages.post("/conflicts/<int:id>")
@here.needs(Permission.RESOLVE)
def decide(id: int) -> Response:
    """Carry out a choice."""
    try:
        with here.acting() as turn:
            if not _is_mine(turn, id):
                abort(404)
            resolve.resolve(turn, id, request.form.get("choice", ""), here.caller().user)
    except resolve.CannotResolve as problem:
        here.refuse(f"Nothing was changed: {problem}.")
    else:
        here.done("Your choice is taken; both sides are brought in line now.")
    back = request.form.get("back", "")
    try:
        ref = RecordRef.parse(back)
    except ValueError:
        return redirect(url_for(".listing"), code=303)
    return redirect(url_for("record.record", kind=ref.kind.value, id=ref.id), code=303)


def _is_mine(turn: Turn, id: int) -> bool:
    c = t.conflicts
    query = sa.select(c.c.id).where(c.c.connection_id == turn.id, c.c.id == id)
    return turn.connection.execute(query).first() is not None


# -- showing -------------------------------------------------------------------------------------------
def _shown(turn: Turn, rows: list[sa.RowMapping]) -> list[Shown]:
    documents = {row["id"]: _documents(turn, row) for row in rows}
    named = {r for trio in documents.values() for d in trio if d is not None for r in refs_of(d)}
    refs = {row["id"]: RecordRef.parse(row["ref"]) for row in rows if row["ref"]}
    names = titles.names_for(turn, named | set(refs.values()))
    return [
        Shown(
            row=row,
            ref=refs.get(row["id"]),
            title=names(refs[row["id"]]) if row["id"] in refs else _place_name(turn, row),
            kind=words.RECORD_KINDS[RecordKind(refs[row["id"]].kind)]
            if row["id"] in refs
            else words.BOOKS_KINDS[BooksKind(row["books_kind"])],
            rows=list(_three(row, documents[row["id"]], names)),
            has_base=documents[row["id"]][0] is not None,
            choices=choices_of(turn, row["cause"]),
            deep_link=turn.provider.deep_link(BooksKind(row["books_kind"]), row["books_id"]),
        )
        for row in rows
    ]


def choices_of(turn: Turn, cause: str) -> list[tuple[str, str, str]]:
    """The buttons of a conflict: what is sent, what it says, what it does."""
    offered = [(choice, CHOICES[cause, choice]) for choice in resolve.CHOICES[cause]]
    return [
        (choice, shown.label.format(books=turn.description.title), shown.effect) for choice, shown in offered
    ]


def _place_name(turn: Turn, row: sa.RowMapping) -> str:
    place = BooksRef(BooksKind(row["books_kind"]), row["books_id"])
    fallback = f"{words.BOOKS_KINDS[place.kind]} {place.id}"
    return titles.books_names(turn, [place]).get(place, fallback)


def _documents(turn: Turn, row: sa.RowMapping) -> tuple[Document | None, Document | None, Document | None]:
    kind = BooksKind(row["books_kind"])

    def load(text: str | None) -> Document | None:
        return story.ours_named(turn, wire.load_document(kind, text)) if text else None

    return load(row["base"]), load(row["ours"]), load(row["theirs"])


def _three(
    row: sa.RowMapping, trio: tuple[Document | None, Document | None, Document | None], names: titles.Names
) -> Iterator[ThreeRow]:
    kind = BooksKind(row["books_kind"])
    if kind not in DOCUMENT_TYPES:
        return
    groups = GROUPS[DOCUMENT_TYPES[kind]]
    wanted = [field for group in row["group"].split("+") for field in groups.get(group, ())]
    everything = [field for group in groups.values() for field in group]
    for field in wanted or everything:
        if field in fields.UNSHOWN:
            continue
        base, ours, theirs = (fields.texts(getattr(d, field, None), names) for d in trio)
        if base or ours or theirs:
            label = fields.LABELS.get(field, field.replace("_", " ").capitalize())
            yield ThreeRow(label=label, base=base, ours=ours, theirs=theirs)
