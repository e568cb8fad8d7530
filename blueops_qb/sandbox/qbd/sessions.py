"""What lives as long as one session with QuickBooks: open iterators; and within one message set: macros."""

from __future__ import annotations

import attrs

from blueops_qb.sandbox.qbd.faults import Refusal
from blueops_qb.sandbox.qbd.values import Obj

_MOST = 50


@attrs.define(kw_only=True)
class Iterator:
    """A query that is read page by page: the rest of what it found when it started."""

    message: str
    asked: Obj
    rest: list[tuple[str, str]]


@attrs.define
class Session:
    """One session of one application; iterators of another one are not valid here."""

    name: str
    iterators: dict[str, Iterator] = attrs.field(factory=dict)
    _count: int = 0

    def start(self, iterator: Iterator) -> str:
        """Keep an iterator and answer its id; raises Refusal 3390."""
        if len(self.iterators) >= _MOST:
            raise Refusal(3390, f"There are too many iterators open in this session (at most {_MOST}).")
        self._count += 1
        identity = f"{{{self.name}-{self._count}}}"
        self.iterators[identity] = iterator
        return identity

    def resume(self, identity: str, message: str, asked: Obj) -> Iterator:
        """The iterator of this id; raises Refusal 3391 where it is not of this session or another query."""
        iterator = self.iterators.get(identity)
        if iterator is None or iterator.message != message or iterator.asked != asked:
            raise Refusal(3391, f'The iterator "{identity}" is not valid.')
        return iterator

    def stop(self, identity: str) -> None:
        """Forget an iterator."""
        self.iterators.pop(identity, None)


@attrs.define
class MacroTable:
    """Ids of what was added in this message set, by the names given with ``defMacro``."""

    ids: dict[str, str] = attrs.field(factory=dict)

    def define(self, macro: str, identity: str) -> None:
        """Name an id."""
        self.ids[macro] = identity

    def must_be_new(self, macro: str) -> None:
        """Raise Refusal 9100 for a name that is taken in this set."""
        if macro in self.ids:
            raise Refusal(9100, f'The macro "{macro}" is defined already.')

    def resolve(self, macro: str) -> str:
        """The id of a name; raises Refusal 9101."""
        if macro not in self.ids:
            raise Refusal(9101, f'The macro "{macro}" is not defined.')
        return self.ids[macro]
