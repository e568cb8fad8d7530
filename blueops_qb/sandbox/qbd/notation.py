"""The notation in which the twin's tables of messages are written, and the tree it is read into.

Elements stand in their binding order.  ``Name`` is an element of text, ``Name(41)`` of at most 41 characters,
``Name($)`` of another leaf type, ``Name(e:PaidStatus)`` one of a set of values, ``NameRef[209:Customer]`` a
reference (longest full name, what it points to), ``Name{ ... }`` a part.  ``*`` behind the name: required; ``+``:
repeatable.  ``( a | b )`` at most one of the branches, ``*( a | b )`` exactly one, ``< a | b >`` any number of
either in any order, ``*< a | b >`` at least one, ``@WORD`` a passage kept elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import attrs

_TOKEN = re.compile(r"\*[(<]|[A-Za-z]\w*[*+]*|@\w+|\([^\s(){}<>|]+\)|\[[^\]]*\]|[(){}<>|]")
_NAME = re.compile(r"([A-Za-z]\w*)([*+]*)$")


@attrs.frozen(kw_only=True)
class Leaf:
    """An element of text; ``kind`` is a leaf type, ``limit`` its greatest length (0: none), ``values`` a set."""

    name: str
    kind: str = "text"
    limit: int = 0
    values: str = ""
    required: bool = False
    repeated: bool = False


@attrs.frozen(kw_only=True)
class Ref:
    """A reference by ListID or FullName to a member of the lists that ``target`` names."""

    name: str
    target: str
    limit: int = 0
    required: bool = False
    repeated: bool = False


@attrs.frozen(kw_only=True)
class Part:
    """An element that holds others."""

    name: str
    nodes: tuple[Node, ...]
    required: bool = False
    repeated: bool = False


@attrs.frozen(kw_only=True)
class Choice:
    """One of several branches."""

    branches: tuple[tuple[Node, ...], ...]
    required: bool = False


@attrs.frozen(kw_only=True)
class Lines:
    """Any number of these parts, in any order; kept together under the name of the list."""

    parts: tuple[Part, ...]
    required: bool = False


Node = Leaf | Ref | Part | Choice | Lines
Named = Leaf | Ref | Part


def read_notation(text: str, passages: Mapping[str, str]) -> tuple[Node, ...]:
    """The tree of a passage; raises ValueError where the notation is broken."""
    tokens = list(_tokens(text, passages))
    nodes, rest = _sequence(tokens, 0, ends=frozenset())
    if rest != len(tokens):
        raise ValueError(f"notation: {tokens[rest]!r} stands where nothing may follow")
    return nodes


def named(nodes: tuple[Node, ...]) -> Iterator[Named]:
    """Every element that may stand at this level, those of branches and lines included."""
    for node in nodes:
        match node:
            case Choice(branches=branches):
                for branch in branches:
                    yield from named(branch)
            case Lines(parts=parts):
                yield from parts
            case _:
                yield node


def _tokens(text: str, passages: Mapping[str, str]) -> Iterator[str]:
    for token in _TOKEN.findall(text):
        if token.startswith("@"):
            yield from _tokens(passages[token[1:]], passages)
        else:
            yield token


def _sequence(tokens: list[str], at: int, *, ends: frozenset[str]) -> tuple[tuple[Node, ...], int]:
    nodes: list[Node] = []
    while at < len(tokens) and tokens[at] not in ends:
        node, at = _node(tokens, at)
        nodes.append(node)
    return tuple(nodes), at


def _node(tokens: list[str], at: int) -> tuple[Node, int]:
    token = tokens[at]
    if token in ("(", "*("):
        branches, at = _branches(tokens, at + 1, end=")")
        return Choice(branches=branches, required=token == "*("), at
    if token in ("<", "*<"):
        branches, at = _branches(tokens, at + 1, end=">")
        parts = tuple(node for branch in branches for node in branch if isinstance(node, Part))
        return Lines(parts=parts, required=token == "*<"), at
    found = _NAME.match(token)
    if found is None:
        raise ValueError(f"notation: {token!r} is no element")
    name, marks = found.groups()
    required, repeated = "*" in marks, "+" in marks
    body = tokens[at + 1] if at + 1 < len(tokens) else ""
    if body == "{":
        nodes, end = _sequence(tokens, at + 2, ends=frozenset("}"))
        return Part(name=name, nodes=nodes, required=required, repeated=repeated), end + 1
    if body.startswith("["):
        limit, _, target = body[1:-1].partition(":")
        ref = Ref(name=name, target=target, limit=int(limit or 0), required=required, repeated=repeated)
        return ref, at + 2
    if body.startswith("(") and body not in ("(", "*("):
        leaf = _leaf(name, body[1:-1])
        return attrs.evolve(leaf, required=required, repeated=repeated), at + 2
    return Leaf(name=name, required=required, repeated=repeated), at + 1


def _branches(tokens: list[str], at: int, *, end: str) -> tuple[tuple[tuple[Node, ...], ...], int]:
    branches = []
    while True:
        branch, at = _sequence(tokens, at, ends=frozenset(("|", end)))
        branches.append(branch)
        if tokens[at] == end:
            return tuple(branches), at + 1
        at += 1


def _leaf(name: str, spec: str) -> Leaf:
    if spec.isdigit():
        return Leaf(name=name, limit=int(spec))
    if spec.startswith("e:"):
        return Leaf(name=name, kind="enum", values=spec[2:])
    return Leaf(name=name, kind=spec)
