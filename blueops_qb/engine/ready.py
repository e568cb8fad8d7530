"""Ready: operations that wait to be handed out, and an exchange of them that is out."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import attrs

from blueops_qb.domain.documents import Document
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, RecordKind, RecordRef
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Exchange


@attrs.define(kw_only=True, slots=False)
class Ready:
    """A ready operation with the record it comes from."""

    row: Any

    @cached_property
    def document(self) -> Document | None:
        """The document to write, still ours (unbound)."""
        row = self.row
        return wire.load_document(BooksKind(row.kind), row.content) if row.content else None

    @property
    def previous(self) -> Document | None:
        """What the books showed when a change was planned, normal."""
        row = self.row
        return wire.load_document(BooksKind(row.kind), row.previous) if row.previous else None

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def source(self) -> RecordRef | None:
        return source_of(self.row)

    @property
    def touches(self) -> frozenset[str]:
        return frozenset((self.row.touches or "").split())


@attrs.frozen(kw_only=True)
class Sent:
    """An exchange that is out, with the rows of its operations."""

    exchange: Exchange
    ready: dict[str, Ready]
    #: The books' profile when it was encoded, where it was kept at hand.
    profile: BooksProfile | None = None


def source_of(row: Any) -> RecordRef | None:
    """The record behind an operation's row that was joined with its document."""
    return RecordRef(RecordKind(row.source_kind), row.source_id) if row.source_kind else None
