"""Pairing: which line of ours is which line of the books, so that it keeps its id and what only they know."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

from blueops_qb.providers.qbo.codec.members import words

Line = Any
_Key = Callable[[int, Line], Hashable]


def paired(ours: Sequence[Line], theirs: Sequence[Line], told: Sequence[Line] = ()) -> list[int | None]:
    """For each line of ours the position of its line among `theirs`, None for a new one; none is taken twice.

    By the books' line id; then as equal lines in order; then through `told`, our lines as we sent them before,
    which share our line keys; then by words, by place and by order among lines of the same item or account.
    """
    pairs: list[int | None] = [None] * len(ours)
    free = dict.fromkeys(range(len(theirs)))

    def take(mine: _Key, theirs_key: _Key) -> None:
        waiting: dict[Hashable, list[int]] = {}
        for at in free:
            waiting.setdefault(theirs_key(at, theirs[at]), []).append(at)
        for n, line in enumerate(ours):
            hits = waiting.get(mine(n, line)) if pairs[n] is None else None
            if hits:
                at = pairs[n] = hits.pop(0)
                free.pop(at)

    take(_book_id("ours"), _book_id("theirs"))
    take(_whole, _whole)
    before = _through(told, theirs, free)
    take(lambda n, line: before.get(line_key(line), ("new", n)), lambda at, _: at)
    take(_words, _words)
    take(_place, _place)
    take(_target, _target)
    return pairs


def line_key(line: Line) -> str:
    """Our own key of a line, empty where it has none."""
    return str(getattr(line, "line_id", ""))


def _through(told: Sequence[Line], theirs: Sequence[Line], free: dict[int, None]) -> dict[str, Hashable]:
    # Where the line stands that bears the same key of ours: its old content is still there, word for word.
    open_ones = dict(free)
    found: dict[str, Hashable] = {}
    for line in told:
        key = line_key(line)
        at = next((at for at in open_ones if _whole(0, theirs[at]) == _whole(0, line)), None)
        if at is not None:
            open_ones.pop(at)
            if key:
                found.setdefault(key, at)
    return found


def _book_id(side: str) -> _Key:
    # A line without an id is like no other.
    return lambda n, line: line.books_line_id or (side, n)


def _of(line: Line) -> tuple[Hashable, ...]:
    target = getattr(line, "item", None) or getattr(line, "account", None) or getattr(line, "payment", None)
    return (target, getattr(line, "side", None))


def _whole(_: int, line: Line) -> Hashable:
    return (*_of(line), line.amount, words(line.description))


def _words(_: int, line: Line) -> Hashable:
    return (*_of(line), words(line.description))


def _place(n: int, line: Line) -> Hashable:
    return (*_of(line), n)


def _target(_: int, line: Line) -> Hashable:
    return _of(line)
