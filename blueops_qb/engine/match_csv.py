"""Match CSV: the plan as a file for a spreadsheet, and decisions back from it.

A file belongs to one connection and names its rows by that connection's ids only; one of another connection is refused.
Where a spreadsheet would take a formula, also one that splits at semicolons or tabs, an apostrophe stands in front; it
is taken off when it comes back. All decisions of a file are taken together, or none; a row that somebody else has
decided since the file was made is refused.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

import attrs

from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import by_hand, matching
from blueops_qb.engine.match_rows import DECISIONS, ITEM, Row, rows
from blueops_qb.engine.match_sides import KINDS
from blueops_qb.engine.match_theirs import names_of
from blueops_qb.engine.turn import Turn

#: The columns, in this order; `decision` and `books_id` are read back, and beside them what they were.
COLUMNS = (
    "connection",
    "row",
    "name",
    "bucket",
    "score",
    "decision",
    "books_id",
    "books_name",
    "candidates",
    "reason",
    "was_decision",
    "was_books_id",
)
_READ = ("connection", "row", "decision", "books_id", "was_decision", "was_books_id")
#: A spreadsheet reads a cell that begins so as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
#: Where a cell begins, whatever the spreadsheet splits at, and what may follow there.
_COMPUTED = re.compile(r"(^|[;\t])(?=[=+\-@\t\r\n'])")
_NEUTRAL = re.compile(r"(^|[;\t])'(?=[=+\-@\t\r\n'])")
_MOST = 20
#: The largest file that is read, in bytes.
LARGEST = 20_000_000


class CannotImport(ValueError):
    """A file of decisions cannot be taken in; the sentences say which rows and why. Nothing was changed."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        shown = "; ".join(self.problems[:_MOST])
        more = len(self.problems) - _MOST
        super().__init__(shown + (f"; and {more} more" if more > 0 else ""))


@attrs.frozen(kw_only=True)
class Wish:
    """What one line of a file wants of a row; `decision` is empty where the line decides nothing."""

    line: int
    key: str
    decision: str
    books_id: str
    was: tuple[str, str]


@attrs.frozen(kw_only=True)
class Taken:
    """What a file changed: how many decisions of each kind, and how many rows stood so already."""

    decided: Mapping[str, int]
    unchanged: int

    @property
    def sentence(self) -> str:
        """One line for people."""
        told = ", ".join(f"{count} {decision}" for decision, count in sorted(self.decided.items()))
        return f"Decisions taken: {told or 'none'}; {self.unchanged} rows stood so already."


# -- out -----------------------------------------------------------------------------------------------
def export(turn: Turn) -> str:
    """The whole plan as CSV with a byte order mark, so that spreadsheets read it as UTF-8."""
    everything = rows(turn.connection, turn.id)
    names = names_of(turn, _places(everything))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in everything:
        writer.writerow(neutral(cell) for cell in _cells(turn.id, row, names))
    return "\ufeff" + text.getvalue()


def _cells(connection_id: str, row: Row, names: Mapping[BooksRef, str]) -> Iterator[str]:
    kind = kind_of(row.kind)
    yield connection_id
    yield row.key
    yield row.name
    yield row.bucket
    yield str(row.score)
    yield row.decision
    yield row.books_id
    yield names.get(BooksRef(kind, row.books_id), "")
    yield " | ".join(f"{id} {names.get(BooksRef(kind, id), '')}".strip() for id in row.candidates)
    yield row.reason
    yield row.decision
    yield row.books_id


def _places(everything: Iterable[Row]) -> set[BooksRef]:
    return {
        BooksRef(kind_of(row.kind), id) for row in everything for id in (row.books_id, *row.candidates) if id
    }


def kind_of(kind: str) -> BooksKind:
    """What a row of this kind is in the books."""
    return BooksKind.ITEM if kind == ITEM else next(b for ours, b in KINDS.items() if ours.value == kind)


def neutral(cell: str) -> str:
    """A cell that no spreadsheet computes."""
    return _COMPUTED.sub(r"\1'", cell)


def plain(cell: str) -> str:
    """What `neutral` was given; a cell that a spreadsheet has left without its apostrophe is taken as it is."""
    return _NEUTRAL.sub(r"\1", cell)


# -- in ------------------------------------------------------------------------------------------------
def take(turn: Turn, data: bytes, *, actor: str) -> Taken:
    """Take the decisions of a file, in this turn's one transaction. Raises CannotImport, and then changes nothing."""
    wanted = _read(data, turn.id)
    present = {row.key: row for row in rows(turn.connection, turn.id)}
    problems = [f"row {one.line}: {one.key} is not in this plan" for one in wanted if one.key not in present]
    if problems:
        raise CannotImport(problems)
    changes = [one for one in wanted if _changes(one, present[one.key])]
    problems = [_overtaken(one, present[one.key]) for one in changes if one.was != present[one.key].stands]
    if problems:
        raise CannotImport(problems)
    # Within this transaction: what raises undoes what was taken before.
    with turn.connection.begin_nested():
        _release(turn, changes)
        for one in changes:
            try:
                by_hand.match(
                    turn, one.key, one.decision, books_id=one.books_id, actor=actor, carry_out=False
                )
            except by_hand.CannotMatch as problem:
                problems.append(f"row {one.line}: {problem}")
        if problems:
            raise CannotImport(problems)
    matching.after_deciding(turn, actor, keys=[one.key for one in changes])
    counts = Counter(one.decision for one in changes)
    turn.note("match file", f"connection {turn.id}", numbers=f"{len(changes)} decisions", actor=actor)
    return Taken(decided=counts, unchanged=len(wanted) - len(changes))


def _changes(one: Wish, row: Row) -> bool:
    """Somebody has changed the line, and the row does not stand so already."""
    wanted = (one.decision, one.books_id)
    return bool(one.decision) and wanted != one.was and wanted != row.stands


def _overtaken(one: Wish, row: Row) -> str:
    """What is said of a row that somebody else has decided since."""
    return f"row {one.line}: {one.key} {row.overtaken} after this file was made; export the plan again"


def _release(turn: Turn, changes: Iterable[Wish]) -> None:
    """Rows that change give back what they had, so that two rows of one file can swap."""
    matching.reopen(turn, [one.key for one in changes])


def _read(data: bytes, connection_id: str) -> list[Wish]:
    """One wish of each line; a line whose decision is a proposal decides nothing."""
    if len(data) > LARGEST:
        raise CannotImport([f"the file has {len(data)} bytes, more than {LARGEST}: import it in parts"])
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise CannotImport(
            [f"byte {problem.start}: the file is not UTF-8; save it as “CSV UTF-8” and import it again"]
        ) from None
    if "\0" in text:
        raise CannotImport(["the file holds zero bytes, so it is no CSV file; export it again"])
    reader = csv.reader(io.StringIO(text, newline=""), dialect=_dialect(text))
    try:
        lines = [[plain(cell.strip()) for cell in line] for line in reader]
    except csv.Error as problem:
        raise CannotImport([f"line {reader.line_num}: {problem}"]) from None
    header = [cell.casefold() for cell in lines[0]] if lines else []
    missing = [name for name in _READ if name not in header]
    if missing:
        raise CannotImport(
            [f"the first line names no column {', '.join(missing)}; export the plan and edit that"]
        )
    place = {name: header.index(name) for name in _READ}
    return _checked(lines[1:], place, connection_id)


def _dialect(text: str) -> type[csv.Dialect]:
    """Spreadsheets of some countries write semicolons."""
    first = text.split("\n", 1)[0]

    class Found(csv.excel):
        delimiter = ";" if first.count(";") > first.count(",") else ","

    return Found


def _checked(lines: list[list[str]], place: Mapping[str, int], connection_id: str) -> list[Wish]:
    found: list[Wish] = []
    problems: list[str] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, start=2):
        if not any(line):
            continue
        if len(line) <= max(place.values()):
            problems.append(f"row {number}: it has {len(line)} cells, too few")
            continue
        connection, key, decision, books_id, *was = (line[place[name]] for name in _READ)
        wish = Wish(line=number, key=key, decision="", books_id="", was=(was[0], was[1]))
        if connection != connection_id:
            problems.append(f"row {number}: it belongs to another connection, “{connection[:40]}”")
        elif key in seen:
            problems.append(f"row {number}: {key} stands in row {seen[key]} already")
        elif decision.startswith("?") or decision in ("", "open"):
            found.append(wish)
        elif decision not in DECISIONS:
            problems.append(f"row {number}: “{decision[:40]}” is none of {', '.join(DECISIONS)}")
        elif decision == "link" and not books_id:
            problems.append(f"row {number}: link needs the id of a record in the books in books_id")
        else:
            id = books_id if decision == "link" else ""
            found.append(attrs.evolve(wish, decision=decision, books_id=id))
        seen.setdefault(key, number)
    if problems:
        raise CannotImport(problems)
    return found
