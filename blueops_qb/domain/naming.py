"""Names: how the books compare them, and what becomes of a name or number that cannot be used as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from itertools import count

#: Hexadecimal digits that tell shortened names apart.
DIGEST_LENGTH = 6


def name_key(text: str) -> str:
    """What the books compare two names by: without regard to case, outer spaces and runs of inner spaces."""
    return " ".join(text.split()).casefold()


def derived_name(
    name: str, *, taken: Callable[[str], bool], length: int, forbidden: str = "", suffix: str = ""
) -> str:
    """The name to use in the books: `name` itself if it fits and is free, else one derived from it.

    `taken` is asked with the name as it would be written, and must compare by `name_key`. Characters of
    `forbidden` and control characters become spaces. A name longer than `length` characters keeps its
    beginning and gets a digest of the whole, so that two long names never become one; a name that is
    taken gets `suffix`, then `suffix` and a number from 2 on. The answer depends on nothing but the
    arguments; the caller keeps it in a table (DESIGN section 7, rule 11).
    Raises ValueError when no character is left, or `length` has no room for what must be added.
    """
    clean = " ".join(_usable(name, forbidden).split())
    if not clean:
        raise ValueError(f"{name!r} holds no character that can be used in a name")
    for candidate in _candidates(clean, length=length, suffix=suffix):
        if not taken(candidate):
            return candidate
    raise AssertionError("there is always a next number")


def derived_number(number: str, *, length: int) -> str:
    """The document number to use in the books: `number` itself if it fits, else beginning and digest.

    Deterministic, so that a second attempt finds the document of the first; the beginning is kept because
    the prefix reserved for our documents stands there. Raises ValueError when `length` has no room.
    """
    return number if len(number) <= length else _shortened(number, length=length)


def _usable(name: str, forbidden: str) -> str:
    return "".join(" " if char in forbidden or not char.isprintable() else char for char in name)


def _candidates(clean: str, *, length: int, suffix: str) -> Iterator[str]:
    yield clean if len(clean) <= length else _shortened(clean, length=length)
    if suffix.strip():
        yield _with_tail(clean, tail=suffix, length=length)
    for number in count(2):
        yield _with_tail(clean, tail=f"{suffix} {number}", length=length)


def _with_tail(clean: str, *, tail: str, length: int) -> str:
    if len(clean) + len(tail) <= length:
        return clean + tail
    return _shortened(clean, length=length - len(tail)) + tail


def _shortened(text: str, *, length: int) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:DIGEST_LENGTH]
    room = length - DIGEST_LENGTH - 1
    if room < 1:
        raise ValueError(f"{text!r} cannot be shortened to {length} characters and stay distinct")
    return f"{text[:room].rstrip()}-{digest}"
