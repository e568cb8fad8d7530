"""Match mark: says which undecided plan somebody saw, so that no proposal is accepted that nobody has seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa

from blueops_qb.domain.match_parties import Bucket
from blueops_qb.engine.match_rows import DECISIONS
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: Characters of a mark; it is told apart from others of one plan, and guards nothing.
LENGTH = 16


class PlanOvertaken(Exception):
    """Rows of the match plan were decided, or proposed otherwise, since somebody saw it; nothing was changed."""


def mark(turn: Turn, buckets: Iterable[Bucket]) -> str:
    """The mark of what is not decided in some buckets: which rows, and what is proposed for each."""
    m = t.matches
    query = (
        sa.select(m.c.ref_kind, m.c.ref_id, m.c.bucket, m.c.decision, m.c.books_id)
        .where(
            m.c.connection_id == turn.id,
            m.c.bucket.in_(sorted({bucket.value for bucket in buckets})),
            m.c.decision.not_in(DECISIONS),
        )
        .order_by(m.c.ref_kind, m.c.ref_id)
    )
    digest = hashlib.sha256()
    for row in turn.connection.execute(query):
        digest.update("\x1f".join(row).encode() + b"\n")
    return digest.hexdigest()[:LENGTH]


def check(turn: Turn, buckets: Iterable[Bucket], seen: str | None) -> None:
    """Raises PlanOvertaken unless these buckets stand as in the mark `seen`; None asks for nothing."""
    if seen is not None and seen != mark(turn, buckets):
        raise PlanOvertaken(
            "rows of the match plan were decided, or are proposed otherwise, since it was shown; look at it again"
        )
