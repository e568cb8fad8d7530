"""Model: what an element may hold and in which order, read from the notation of the tables.

The notation, one line of words per message: `Name` an optional element, `Name*` a needed one, `Name+` a repeated
one, `Name*+` both; behind it the content in round brackets: a number = text of at most so many characters, `s` any
text, `b d dt i f $ p q % g id` = boolean, date, moment, integer, decimal, amount, price, quantity, percent, GUID,
id, `e:A|B` one of these words; `Name[31]` a reference to a list element, by id or by a full name of at most 31
characters; `Name{ ... }` content of its own; `( ... | ... )` a choice, `( ... )+` a repeated one, whose members
keep the order in which they are given; `@NAME` another line of the tables.
Facts: reference/quickbooks-desktop.md sections 3.1 and 4.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

import attrs

_TOKEN = re.compile(
    r"\s*(?:(?P<alias>@\w+)|(?P<name>[A-Z]\w*)(?P<marks>[*+]*)(?P<type>\((?:e:[^)]*|\w+|[$%])\)|\[\w+\])?"
    r"|(?P<open>[({])|(?P<bar>\|)|(?P<close>[)}])(?P<again>[*+]*))"
)
#: Longest id of a list element or transaction.
ID_LENGTH = 36


@attrs.frozen(kw_only=True)
class Leaf:
    """Text: `kind` is the letter of the notation, `length` the most characters (None = any)."""

    kind: str
    length: int | None = None
    words: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Group:
    """Content made of parts, in this order."""

    parts: tuple[Part, ...]

    @cached_property
    def places(self) -> dict[str, tuple[int, Slot]]:
        """Every name that may stand here, with the place of its part; the first place of a name counts."""
        found: dict[str, tuple[int, Slot]] = {}
        for place, part in enumerate(self.parts):
            for slot in _slots(part):
                found.setdefault(slot.name, (place, slot))
        return found


@attrs.frozen(kw_only=True)
class Slot:
    """One element of a group; `content` is None for a switch of its own without content."""

    name: str
    content: Leaf | Group
    needed: bool = False
    repeated: bool = False


@attrs.frozen(kw_only=True)
class Choice:
    """One of several runs of parts; `repeated` = any number of them, mixed."""

    branches: tuple[Group, ...]
    needed: bool = False
    repeated: bool = False


Part = Slot | Choice


def _slots(part: Part) -> Iterator[Slot]:
    if isinstance(part, Slot):
        yield part
        return
    for run in part.branches:
        for inner in run.parts:
            yield from _slots(inner)


def parsed(line: str, lines: Mapping[str, str]) -> Group:
    """The group that a line of the notation describes; raises ValueError for what is not notation."""
    reader = _Reader(line, lines)
    parts = reader.run()
    if reader.at != len(line.rstrip()):
        raise ValueError(f"the table cannot be read at “{line[reader.at : reader.at + 30]}”")
    return Group(parts=parts)


class _Reader:
    """Reads the notation from left to right."""

    def __init__(self, line: str, lines: Mapping[str, str]) -> None:
        self.line, self.lines, self.at = line, lines, 0

    def run(self) -> tuple[Part, ...]:
        parts: list[Part] = []
        while (token := self._peek()) and not (token["close"] or token["bar"]):
            self.at = token.end()
            if token["alias"]:
                parts.extend(parsed(self.lines[token["alias"][1:]], self.lines).parts)
            elif token["open"] == "(":
                parts.append(self._choice())
            elif token["name"]:
                parts.append(self._slot(token))
            else:
                raise ValueError(f"“{token[0]}” has no name in front of it")
        return tuple(parts)

    def _slot(self, token: re.Match[str]) -> Slot:
        marks = token["marks"] or ""
        return Slot(
            name=token["name"],
            content=self._content(token["type"]),
            needed="*" in marks,
            repeated="+" in marks,
        )

    def _content(self, type_: str | None) -> Leaf | Group:
        if type_ is not None:
            return _reference(type_[1:-1]) if type_[0] == "[" else _leaf(type_[1:-1])
        opening = self._peek()
        if opening is None or opening["open"] != "{":
            raise ValueError(f"an element has no content before “{self.line[self.at : self.at + 30]}”")
        self.at = opening.end()
        parts = self.run()
        self._close("}")
        return Group(parts=parts)

    def _choice(self) -> Choice:
        branches = [Group(parts=self.run())]
        while (token := self._peek()) and token["bar"]:
            self.at = token.end()
            branches.append(Group(parts=self.run()))
        again = self._close(")")
        return Choice(branches=tuple(branches), needed="*" in again, repeated="+" in again)

    def _close(self, mark: str) -> str:
        token = self._peek()
        if token is None or token["close"] != mark:
            raise ValueError(f"“{mark}” is missing at “{self.line[self.at : self.at + 30]}”")
        # A curly bracket has no marks of its own: they stand behind the name.
        self.at = token.end() if mark == ")" else token.start("close") + 1
        return token["again"] or ""

    def _peek(self) -> re.Match[str] | None:
        return _TOKEN.match(self.line, self.at) if self.line[self.at :].strip() else None


def _leaf(text: str) -> Leaf:
    if text.startswith("e:"):
        return Leaf(kind="e", words=tuple(text[2:].split("|")))
    if text.isdigit():
        return Leaf(kind="s", length=int(text))
    return Leaf(kind=text, length=ID_LENGTH if text == "id" else None)


def _reference(length: str) -> Group:
    full = Leaf(kind="s", length=int(length) if length.isdigit() else None)
    either = Choice(
        branches=(
            Group(parts=(Slot(name="ListID", content=_leaf("id")),)),
            Group(parts=(Slot(name="FullName", content=full),)),
        )
    )
    return Group(parts=(either,))
