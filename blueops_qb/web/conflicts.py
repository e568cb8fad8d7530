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
from blueops_qb.engine import census, choices, incoming, resolve, take_back
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Permission
from blueops_qb.store import tables as t
from blueops_qb.web import fields, here, story, titles, words

pages = Blueprint("conflicts", __name__)
PAGE = 25
#: How many settled conflicts are shown with their undo.
LATELY = 10


@attrs.frozen
class Choice:
    """A button: what it says and what it does."""

    label: str
    effect: str


CHOICES: dict[tuple[str, str], Choice] = {
    ("overlap", "ours"): Choice("BlueOps is right", "The books are changed to what BlueOps shows."),
    ("overlap", "theirs"): Choice("{books} is right", "BlueOps takes over what the books show."),
    ("overlap", "fields"): Choice("Field by field", "You choose a side for each field and see what is written."),
    ("changed_there", "ours"): Choice("BlueOps is right", "The books are changed back."),
    ("changed_there", "theirs"): Choice("{books} is right", "BlueOps takes it over, if it has a place for it."),
    ("changed_there", "fields"): Choice("Field by field", "You choose a side, or a key, and see what is written."),
    ("changed_there", "accept"): Choice("Leave both", "Both stay as they are and count as agreed."),
    ("variance", "ours"): Choice("Send ours again", "The books are changed to what BlueOps has."),
    ("variance", "theirs"): Choice("Accept {books}", "Both stay as they are and count as agreed."),
    ("removed_there", "again"): Choice("Create it again", "It is written to the books once more."),
    ("removed_there", "unlink"): Choice("Leave it out", "It stays in BlueOps only."),
    ("removed_there", "theirs"): Choice("Void it in BlueOps", "It is taken back there too; a party is set inactive."),
    ("removed_there", "merge"): Choice("Merge in BlueOps", "It becomes the one that {books} merged it into."),
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
    #: What the column of the base is called; empty = there is none.
    base: str
    choices: list[tuple[str, str, str]]
    by_field: bool
    mark: str
    deep_link: str | None


@attrs.frozen(kw_only=True)
class Settled:
    """A conflict that was settled lately: what was chosen, and what an undo would do, or why there is none."""

    row: sa.RowMapping
    ref: RecordRef | None
    title: str
    choice: str
    undo: tuple[str, ...]
    stands: str


@pages.get("/conflicts")
@here.needs(Permission.VIEW)
def listing() -> str:
    """Open conflicts, newest first; `?before=ID` shows what is older."""
    before = request.args.get("before", type=int)
    with here.looking() as turn:
        found = census.open_conflicts(turn.connection, turn.id, before=before, limit=PAGE + 1)
        return render_template(
            "conflicts.html",
            title="Conflicts",
            conflicts=shown(turn, found[:PAGE]),
            total=census.count_conflicts(turn.connection, turn.id),
            older=found[PAGE - 1]["id"] if len(found) > PAGE else None,
            before=before,
            settled=_settled(turn) if before is None else [],
        )


@pages.post("/conflicts/<int:id>")
@here.needs(Permission.RESOLVE)
def decide(id: int) -> Response:
    """Carry out a choice."""
    try:
        with here.acting() as turn:
            if not _is_mine(turn, id):
                abort(404)
            said = resolve.resolve(
                turn, id, request.form.get("choice", ""), here.caller().user, shown=_seen(turn, id)
            )
    except resolve.MovedMeanwhile as problem:
        with here.acting() as turn:
            incoming.look_again(turn, id)
        here.refuse(f"Nothing was changed: {problem}.")
    except resolve.CannotResolve as problem:
        here.refuse(f"Nothing was changed: {problem}.")
    else:
        if said:
            here.refuse(f"Nothing was changed: {said}.")
        else:
            here.done("Your choice is taken; both sides are brought in line now.")
    return _back()


def _seen(turn: Turn, id: int) -> str:
    """What the page showed of the conflict; raises MovedMeanwhile where it does not say, unless it is settled."""
    seen = request.form.get("shown", "")
    if not seen and _is_mine(turn, id, state="open"):
        raise resolve.MovedMeanwhile("the page did not tell what it showed; look at it again, then choose")
    return seen


@pages.post("/conflicts/<int:id>/undo")
@here.needs(Permission.RESOLVE)
def undo(id: int) -> Response:
    """Take a choice back."""
    try:
        with here.acting() as turn:
            if not _is_mine(turn, id):
                abort(404)
            take_back.undo(turn, id, here.caller().user)
    except resolve.CannotResolve as problem:
        here.refuse(f"Nothing was changed: {problem}.")
    else:
        here.done("The choice is undone; the conflict is open again in a moment.")
    return redirect(url_for(".listing"), code=303)


@pages.post("/conflicts/record/<kind>/<id>")
@here.needs(Permission.RESOLVE)
def decide_all(kind: str, id: str) -> Response:
    """One choice for all open conflicts of a record."""
    if kind not in set(RecordKind):
        abort(404)
    try:
        with here.acting() as turn:
            ref = RecordRef(RecordKind(kind), id)
            count = resolve.resolve_record(
                turn, ref, request.form.get("choice", ""), here.caller().user, shown=_all_seen()
            )
    except resolve.MovedMeanwhile as problem:
        with here.acting() as turn:
            for one in _all_seen():
                incoming.look_again(turn, one)
        here.refuse(f"Nothing was changed: {problem}.")
    except resolve.CannotResolve as problem:
        here.refuse(f"Nothing was changed: {problem}.")
    else:
        here.done(f"Your choice is taken for {count} fields; both sides are brought in line now.")
    return redirect(url_for("record.record", kind=kind, id=id), code=303)


def _all_seen() -> dict[int, str]:
    """The conflicts that the page showed, as `id=mark` each."""
    pairs = (text.partition("=") for text in request.form.getlist("shown"))
    return {int(id): mark for id, _, mark in pairs if id.isdecimal() and mark}


def _back() -> Response:
    back = request.form.get("back", "")
    try:
        ref = RecordRef.parse(back)
    except ValueError:
        return redirect(url_for(".listing", before=request.form.get("before") or None), code=303)
    return redirect(url_for("record.record", kind=ref.kind.value, id=ref.id), code=303)


def _is_mine(turn: Turn, id: int, *, state: str | None = None) -> bool:
    c = t.conflicts
    query = sa.select(c.c.id).where(c.c.connection_id == turn.id, c.c.id == id)
    if state is not None:
        query = query.where(c.c.state == state)
    return turn.connection.execute(query).first() is not None


# -- showing -------------------------------------------------------------------------------------------
def _settled(turn: Turn) -> list[Settled]:
    """The choices of late that can be undone, or could before somebody touched the record; newest first."""
    c = t.conflicts
    query = (
        sa.select(c)
        .where(c.c.connection_id == turn.id, c.c.state == "resolved", c.c.before_json != "")
        .order_by(c.c.closed_at.desc())
        .limit(LATELY)
    )
    rows = list(turn.connection.execute(query).mappings())
    refs = {row["id"]: RecordRef.parse(row["ref"]) for row in rows if row["ref"]}
    names = titles.names_for(turn, set(refs.values()))
    return [_one_settled(turn, row, refs.get(row["id"]), names) for row in rows]


def _one_settled(turn: Turn, row: sa.RowMapping, ref: RecordRef | None, names: titles.Names) -> Settled:
    does: tuple[str, ...] = ()
    stands = ""
    try:
        does = take_back.undo_of(turn, row["id"]).sentences
    except resolve.CannotResolve as problem:
        stands = str(problem)
    label = CHOICES[row["cause"], row["choice"]].label.format(books=turn.description.title)
    title = names(ref) if ref is not None else _place_name(turn, row)
    return Settled(row=row, ref=ref, title=title, choice=label, undo=does, stands=stands)


def shown(turn: Turn, rows: list[sa.RowMapping]) -> list[Shown]:
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
            base=_base_words(row, documents[row["id"]]),
            choices=choices_of(turn, row),
            by_field="fields" in resolve.offered(turn, row),
            mark=choices.mark(row),
            deep_link=turn.provider.deep_link(BooksKind(row["books_kind"]), row["books_id"]),
        )
        for row in rows
    ]


def _base_words(row: sa.RowMapping, trio: tuple[Document | None, ...]) -> str:
    """A variance has no agreement to go back to: what was sent stands there, once BlueOps has something else."""
    if row["cause"] == "variance":
        return "Sent" if row["base"] and row["base"] != row["ours"] else ""
    return "When both agreed" if trio[0] is not None else ""


def choices_of(turn: Turn, row: sa.RowMapping) -> list[tuple[str, str, str]]:
    """The buttons of a conflict: what is sent, what it says, what it does. `fields` has a page of its own."""
    books = turn.description.title
    offered = [c for c in resolve.offered(turn, row) if c != "fields"]
    words_of = [(choice, CHOICES[row["cause"], choice]) for choice in offered]
    return [
        (choice, one.label.format(books=books), one.effect.format(books=books)) for choice, one in words_of
    ]


def several(rows: list[sa.RowMapping]) -> dict[int, str]:
    """The conflicts about fields of a record with what is shown of each, where one choice for all makes sense."""
    found = {row["id"]: choices.mark(row) for row in rows if row["cause"] in resolve.ABOUT_FIELDS}
    return found if len(found) > 1 else {}


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
