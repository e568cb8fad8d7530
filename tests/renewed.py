"""Houses one after another: a new one takes over from one whose company file has grown."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Generic, TypeVar

import attrs

from tests.desktop_house import DesktopHouse

#: Documents of a file: with more of them, all of one day, look-ups by that day take longer than all else.
MOST = 1500
H = TypeVar("H", bound=DesktopHouse)


@attrs.define
class Renewed(Generic[H]):
    """`build` opens a house with nothing in it that is pending."""

    build: Callable[[], contextlib.AbstractContextManager[H]]
    _stack: contextlib.ExitStack = attrs.field(factory=contextlib.ExitStack)
    _house: H | None = None

    def house(self) -> H:
        """One with room for another run."""
        if self._house is None or sum(self._house.held().values()) > MOST:
            self.close()
            self._house = self._stack.enter_context(self.build())
        return self._house

    def close(self) -> None:
        """End the one there is."""
        self._house = None
        self._stack.close()
