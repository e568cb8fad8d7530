"""Match proposals: what stands already of a match plan, and the row that an answer of the matcher becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.match_parties import Bucket, MatchRules
from blueops_qb.domain.matching import Ambiguous, Chosen, Match, Matched
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine.match_rows import OPEN, rows
from blueops_qb.engine.match_sides import KINDS, PARTIES
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t


def settled(turn: Turn) -> dict[str, str]:
    """Where records of ours are, or were decided to be, in the books."""
    decided = rows(turn.connection, turn.id, decision="link")
    return linked(turn) | {row.key: row.books_id for row in decided}


def chosen(turn: Turn) -> dict[str, str]:
    """Customers, jobs and vendors for which a person chose create, skip or wait, by `kind:id`."""
    kinds = [kind.value for kind in PARTIES]
    return {
        row.key: row.decision
        for decision in ("create", "skip", "wait")
        for row in rows(turn.connection, turn.id, kinds=kinds, decision=decision)
    }


def books_kind(key: str) -> str:
    """Items may be given several times: each key of them is a kind of its own."""
    return next((books.value for ours, books in KINDS.items() if key.startswith(f"{ours.value}:")), key)


def unless_gone(row: Mapping[str, Any], taken: set[tuple[str, str]]) -> Mapping[str, Any]:
    """A proposal whose record was given to somebody else meanwhile is none any more."""
    if not row["books_id"] or (books_kind(key_of(row)), row["books_id"]) not in taken:
        return row
    reason = f"{row['reason']} But it belongs to another record of BlueOps by now."
    return {**row, "books_id": "", "decision": OPEN, "bucket": Bucket.AMBIGUOUS.value, "reason": reason}


def key_of(row: Mapping[str, Any]) -> str:
    """`kind:id` of a row that is to be stored."""
    return f"{row['ref_kind']}:{row['ref_id']}"


def linked(turn: Turn) -> dict[str, str]:
    """Where records of ours are in the books already."""
    d, lk = t.documents, t.links
    query = (
        sa.select(d.c.source_kind, d.c.source_id, lk.c.books_id)
        .select_from(d.join(lk, sa.and_(lk.c.document_id == d.c.id, lk.c.state == "live")))
        .where(
            d.c.connection_id == turn.id,
            d.c.source_kind.in_([kind.value for kind in KINDS]),
            d.c.role == "main",
            d.c.part == 1,
        )
    )
    return {f"{row.source_kind}:{row.source_id}": row.books_id for row in turn.connection.execute(query)}


def party_row(match: Match, rules: MatchRules) -> dict[str, Any]:
    """The row of a customer, job or vendor."""
    ref = RecordRef.parse(match.ours.id)
    decision = OPEN
    if isinstance(match, Matched):
        decision = "?link"
    elif isinstance(match, Chosen):
        decision = f"?{match.decision}"
    elif match.bucket is Bucket.NONE and rules.create:
        decision = "?create"
    # A proposal stays a proposal until the plan is approved.
    return {
        "ref_kind": ref.kind.value,
        "ref_id": ref.id,
        "name": match.ours.name,
        "bucket": match.bucket.value,
        "books_id": match.books_id if isinstance(match, Matched) else "",
        "candidates": " ".join(match.candidates) if isinstance(match, Ambiguous) else "",
        "reason": match.reason,
        "score": match.score,
        "decision": decision,
        "parent_id": match.ours.parent_id.partition(":")[2],
    }
