"""Match rows: the rows of the match plan as they are stored, read by bucket and page, and counted."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.match_parties import Bucket, MatchRules
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.store import tables as t

#: The kind of rows that are no records: a key of invoice lines and the item that it leads to.
ITEM = "item"
#: What a person may decide; `wait` leaves it undecided on purpose, and its record is held.
DECISIONS = ("link", "create", "skip", "wait")
OPEN = "open"


@attrs.frozen(kw_only=True)
class Row:
    """One row of the match plan. `kind` and `id` name a record of ours, or `item` and a key of the mapping."""

    kind: str
    id: str
    name: str
    bucket: str
    books_id: str
    candidates: tuple[str, ...]
    reason: str
    decision: str
    score: int = 0
    decided_by: str = ""

    @property
    def key(self) -> str:
        """`kind:id`, by which the row is named in files and on the command line."""
        return f"{self.kind}:{self.id}"

    @property
    def ref(self) -> RecordRef:
        """The record; raises ValueError for an item's row."""
        return RecordRef(RecordKind(self.kind), self.id)

    @property
    def chosen(self) -> str:
        """The decision, a proposal without its question mark."""
        return self.decision.removeprefix("?")

    @property
    def stands(self) -> tuple[str, str]:
        """The decision or proposal as it is stored, and the record of the books that it names."""
        return self.decision, self.books_id

    @property
    def overtaken(self) -> str:
        """What is said to somebody who has seen it standing otherwise: `was decided “skip” by anna`."""
        if self.decision == OPEN:
            return "is undecided again"
        what = " ".join(filter(None, (self.chosen, self.books_id)))
        by = f" by {self.decided_by}" if self.decided_by else ""
        return f"was {'proposed' if self.proposed else 'decided'} “{what}”{by}"

    @property
    def proposed(self) -> bool:
        """Nobody has decided it; the plan's proposal stands."""
        return self.decision.startswith("?")


def rows(
    connection: sa.Connection,
    connection_id: str,
    *,
    bucket: str | None = None,
    kinds: Collection[str] | None = None,
    decision: str | None = None,
    keys: Iterable[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Row]:
    """Rows of the plan by bucket, kind and name."""
    m = t.matches
    query = (
        sa.select(m)
        .where(m.c.connection_id == connection_id)
        .order_by(m.c.bucket, m.c.ref_kind, m.c.name, m.c.ref_id)
    )
    if bucket is not None:
        query = query.where(m.c.bucket == bucket)
    if kinds is not None:
        query = query.where(m.c.ref_kind.in_(sorted(kinds)))
    if decision is not None:
        query = query.where(m.c.decision == decision)
    if keys is not None:
        query = query.where(key_condition(keys))
    if limit is not None:
        query = query.limit(limit).offset(offset)
    return [_row(found) for found in connection.execute(query).mappings()]


def _row(found: Mapping[Any, Any]) -> Row:
    return Row(
        kind=str(found["ref_kind"]),
        id=str(found["ref_id"]),
        name=str(found["name"]),
        bucket=str(found["bucket"]),
        books_id=str(found["books_id"]),
        candidates=tuple(str(found["candidates"]).split()),
        reason=str(found["reason"]),
        decision=str(found["decision"]),
        score=int(found["score"]),
        decided_by=str(found["decided_by"]),
    )


def key_condition(keys: Iterable[str]) -> sa.ColumnElement[bool]:
    """The row is one of these, named by `kind:id`."""
    m = t.matches
    by_kind: dict[str, list[str]] = {}
    for key in keys:
        kind, _, id = key.partition(":")
        by_kind.setdefault(kind, []).append(id)
    arms = [sa.and_(m.c.ref_kind == kind, m.c.ref_id.in_(ids)) for kind, ids in sorted(by_kind.items())]
    return sa.or_(*arms) if arms else sa.false()


def counted(connection: sa.Connection, connection_id: str) -> dict[tuple[str, str], int]:
    """How many rows by bucket and decision."""
    m = t.matches
    query = (
        sa.select(m.c.bucket, m.c.decision, sa.func.count())
        .where(m.c.connection_id == connection_id)
        .group_by(m.c.bucket, m.c.decision)
    )
    return {(bucket, decision): count for bucket, decision, count in connection.execute(query)}


def rules_of(row: Mapping[str, object]) -> MatchRules:
    """The rules of a connection's row."""
    text = str(row.get("match_rules") or "")
    if not text:
        return MatchRules()
    kept = json.loads(text)
    return MatchRules(
        require=frozenset(kept["require"]),
        ignore=frozenset(kept["ignore"]),
        accept=Bucket(kept["accept"]),
        create=bool(kept["create"]),
    )


def rules_text(rules: MatchRules) -> str:
    """What `rules_of` reads."""
    return json.dumps(
        {
            "require": sorted(rules.require),
            "ignore": sorted(rules.ignore),
            "accept": rules.accept.value,
            "create": rules.create,
        }
    )
