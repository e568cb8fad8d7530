"""Element: a piece of qbXML as a frozen value, and the short ways to make one and to look into one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import attrs


@attrs.frozen
class Element:
    """A name with either a text or children; qbXML has no mixed content and no namespace."""

    name: str
    text: str = ""
    children: tuple[Element, ...] = ()
    #: Attributes of envelopes, requests and responses (`requestID`, `statusCode`); nothing below has any.
    attributes: Mapping[str, str] = attrs.field(factory=dict, hash=False)

    def child(self, name: str) -> Element | None:
        """The first child of that name."""
        return next((child for child in self.children if child.name == name), None)

    def all(self, *names: str) -> Iterator[Element]:
        """The children that bear one of the names, in their order."""
        return (child for child in self.children if child.name in names)

    def get(self, *path: str) -> str:
        """The text at the end of a path of names, without outer blanks; empty where it leads nowhere."""
        at: Element | None = self
        for name in path:
            at = None if at is None else at.child(name)
        return "" if at is None else at.text.strip()

    def has(self, name: str) -> bool:
        """Whether there is a child of that name."""
        return self.child(name) is not None

    def attribute(self, name: str) -> str:
        """An attribute, empty when absent."""
        return self.attributes.get(name, "")


def leaf(name: str, text: str) -> Element:
    """An element with a text."""
    return Element(name, text)


def branch(name: str, children: Iterable[Element]) -> Element:
    """An element with children."""
    return Element(name, "", tuple(children))
