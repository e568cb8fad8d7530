"""The witness: stands in the books and counts who wrote what, whatever became of the answer.

Each kind of books has a witness of its own, who listens there and fills what stands here.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any

import attrs

#: A raw record of the books.
Obj = dict[str, Any]
#: Kind and id there.
Place = tuple[str, str]


@attrs.define(eq=False, kw_only=True)
class Witness:
    """What the app and what people have written since the soak began."""

    #: (kind, id) of what was in the books before.
    before: frozenset[Place] = frozenset()
    #: Records that the app created, each with the name or mark under which it did.
    created: list[tuple[Place, str]] = attrs.field(factory=list)
    #: Writes of the app after which the record was as before.
    idle: list[Place] = attrs.field(factory=list)
    #: How often people changed a record, directly or as a consequence.
    by_people: Counter[Place] = attrs.field(factory=Counter)
    #: What people last wrote into a field that BlueOps keeps too: (kind, id), field -> text.
    written: dict[tuple[Place, str], str] = attrs.field(factory=dict)
    #: The account number that people last gave a line of a cost: (record of BlueOps, what the line says) -> number.
    coded: dict[tuple[str, str], str] = attrs.field(factory=dict)
    #: Those that they had given it before that.
    coded_before: dict[tuple[str, str], set[str]] = attrs.field(factory=dict)
    #: Numbers of the credits that the bookkeeper wrote; on which items is his matter.
    their_credits: set[str] = attrs.field(factory=set)
    #: Documents that are only the bookkeeper's, and those of them that the app has written.
    own: set[Place] = attrs.field(factory=set)
    own_written: list[Place] = attrs.field(factory=list)
    #: Exchange id -> the bytes under which it left.
    bodies: dict[str, bytes] = attrs.field(factory=dict)
    #: Exchange ids that left with other bytes than before.
    altered: list[str] = attrs.field(factory=list)
    #: (kind, id, before, after) of documents in the closed period that the app stored or deleted.
    in_closed_period: list[tuple[str, str, Obj | None, Obj | None]] = attrs.field(factory=list)
    #: Core's last revision and the moment when people moved the closing date, and the day through which the books are
    #: closed since; none where they are open.
    closings: list[tuple[int, dt.datetime, str]] = attrs.field(factory=list)
    _people: bool = False

    @contextlib.contextmanager
    def people(self) -> Iterator[None]:
        """What is written in this block is written by people on the books' own screens."""
        self._people = True
        try:
            yield
        finally:
            self._people = False

    def leaves(self, exchange_id: str, body: bytes) -> None:
        """An exchange was handed out."""
        known = self.bodies.setdefault(exchange_id, body)
        # Credentials are no part of the bytes; a renewal of the sign-in says when it was asked for.
        if known != body and b'"sign_in"' not in body:
            self.altered.append(exchange_id)
