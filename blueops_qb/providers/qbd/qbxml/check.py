"""Check: puts a request into the order of the table, and finds what Desktop would stumble over.

One request with a wrong element spoils the whole message set without a hint (reference/quickbooks-desktop.md
section 0), so that nothing leaves that has a problem here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

import attrs

from blueops_qb.providers.qbd.qbxml.characters import is_plain
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.qbxml.model import Choice, Group, Leaf, Part, Slot
from blueops_qb.providers.qbd.qbxml.tables import REQUESTS, content_of

#: The form of each kind of text (section 3.1), and whether it may be empty, which clears a field.
_FORMS: dict[str, tuple[re.Pattern[str], bool]] = {
    "$": (re.compile(r"-?\d{1,13}(\.\d\d)?"), True),
    "p": (re.compile(r"-?\d{1,10}(\.\d{1,5})?"), True),
    "q": (re.compile(r"-?\d{1,10}(\.\d{1,5})?"), True),
    "%": (re.compile(r"-?\d{1,10}(\.\d{1,5})?"), True),
    "f": (re.compile(r"-?\d+(\.\d+)?"), True),
    "i": (re.compile(r"-?\d{1,9}"), False),
    "b": (re.compile(r"true|false"), True),
    "d": (re.compile(r"(19[7-9]\d|20[0-2]\d|203[0-8])-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"), True),
    "dt": (re.compile(r"(19[7-9]\d|20[0-3]\d)-\d\d-\d\d(T\d\d:\d\d:\d\d)?"), True),
    "g": (re.compile(r"0|\{[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}"), False),
    "id": (re.compile(r"[\x21-\x7e]+"), True),
}
#: Longest requestID (code 1060).
REQUEST_ID = 50


@attrs.frozen(kw_only=True)
class Problem:
    """What is wrong with one element: `path` from the block on, `what` in words, `length` where it is too long."""

    path: str
    what: str
    limit: int | None = None

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


def arranged(request: Element) -> Element:
    """The request with every element in its place; unknown ones stay at the end, for `problems` to find."""
    if request.name not in REQUESTS:
        return request
    return _arranged(request, content_of(request.name))


def problems(request: Element) -> list[Problem]:
    """Everything that Desktop would refuse of an arranged request; empty when it can be queued."""
    if request.name not in REQUESTS:
        return [Problem(path=request.name, what="is no request that we make")]
    found = list(_in_group(request, content_of(request.name), ""))
    if len(request.attribute("requestID")) > REQUEST_ID:
        found.append(Problem(path="requestID", what="is too long", limit=REQUEST_ID))
    return found


def _arranged(element: Element, group: Group) -> Element:
    places = group.places
    last = len(group.parts)
    ordered = sorted(
        element.children, key=lambda child: places[child.name][0] if child.name in places else last
    )
    children = tuple(
        _arranged(child, content)
        if child.name in places and isinstance(content := places[child.name][1].content, Group)
        else child
        for child in _within(ordered, group)
    )
    return attrs.evolve(element, children=children)


def _within(children: Sequence[Element], group: Group) -> list[Element]:
    """Members of a choice made once stand in the order of their run; those of a repeated one stay as given."""
    ordered = list(children)
    for part in group.parts:
        if isinstance(part, Choice) and not part.repeated:
            inner = _united(part)
            places = inner.places
            mine = [n for n, child in enumerate(ordered) if child.name in places]
            sorted_ = _within(sorted((ordered[n] for n in mine), key=lambda c: places[c.name][0]), inner)
            for n, child in zip(mine, sorted_, strict=True):
                ordered[n] = child
    return ordered


@cache
def _united(choice: Choice) -> Group:
    return Group(parts=tuple(piece for run in choice.branches for piece in run.parts))


def _in_group(element: Element, group: Group, path: str) -> Iterator[Problem]:
    walk = _Walk(children=element.children, path=path)
    yield from walk.run(group.parts)
    if walk.at < len(element.children):
        left = element.children[walk.at]
        known = left.name in group.places
        what = "is given too often or does not go with what is given beside it" if known else "does not exist"
        yield Problem(path=f"{path}{left.name}", what=what)


@attrs.define(kw_only=True)
class _Walk:
    """Goes through children along the parts of a group."""

    children: Sequence[Element]
    path: str
    at: int = 0

    def run(self, parts: Sequence[Part]) -> Iterator[Problem]:
        for part in parts:
            yield from self._slot(part) if isinstance(part, Slot) else self._choice(part)

    def _next(self) -> str:
        return self.children[self.at].name if self.at < len(self.children) else ""

    def _slot(self, slot: Slot) -> Iterator[Problem]:
        if self._next() != slot.name:
            if slot.needed:
                yield Problem(path=f"{self.path}{slot.name}", what="is missing")
            return
        while self._next() == slot.name:
            child = self.children[self.at]
            self.at += 1
            yield from _in_content(child, slot.content, f"{self.path}{slot.name}")
            if not slot.repeated:
                return

    def _choice(self, choice: Choice) -> Iterator[Problem]:
        taken = False
        while (branch := self._branch(choice)) is not None:
            before = self.at
            yield from self.run(branch.parts)
            if self.at == before:
                break
            taken = True
            if not choice.repeated:
                break
        if choice.needed and not taken:
            names = " or ".join(choice.branches[0].places)
            yield Problem(path=f"{self.path}{names}", what="is missing")

    def _branch(self, choice: Choice) -> Group | None:
        name = self._next()
        return next((run for run in choice.branches if name in run.places), None)


def _in_content(element: Element, content: Leaf | Group, path: str) -> Iterator[Problem]:
    if isinstance(content, Group):
        if element.text:
            yield Problem(path=path, what="holds a text of its own")
        yield from _in_group(element, content, f"{path}/")
        return
    if element.children:
        yield Problem(path=path, what="holds elements of its own")
        return
    yield from _in_text(element.text, content, path)


def _in_text(text: str, leaf: Leaf, path: str) -> Iterator[Problem]:
    if leaf.length is not None and len(text) > leaf.length:
        yield Problem(path=path, what=f"has {len(text)} characters", limit=leaf.length)
    if not is_plain(text):
        yield Problem(path=path, what="holds characters that QuickBooks Desktop does not take")
    if leaf.words:
        if text not in leaf.words:
            yield Problem(path=path, what=f"is “{text}”, not one of {', '.join(leaf.words)}")
        return
    form, empty = _FORMS.get(leaf.kind, (None, True))
    if form is not None and not (text == "" and empty) and form.fullmatch(text) is None:
        yield Problem(path=path, what=f"is “{text[:40]}”, which has not the form that it needs")
