"""Why a person chose something for a record; and by what invoices and payments of the books are looked up.

The columns of the mirror are filled from its documents here, so many rows at a time, as the change feed shows
again only what moves. What a document does not say stays empty, and a document that cannot be read is left out.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "qb0014"
down_revision = "qb0013"
branch_labels = None
depends_on = None

_CHOICES, _MATCHES, _MIRROR = (f"blueops_qb_{name}" for name in ("record_choices", "matches", "mirror"))
_COLUMNS = ("paper_number", "paper_party", "paper_cents", "paper_day")
#: Rows that are read and written at a time.
BATCH = 1000
_ROOT = re.compile(r"(\d+)(\D*)$")
_WORDS = re.compile(r"^(invoice|inv|no|nr|check|ck|chk)\b[\s.#:-]*|[\s#.]+")


def upgrade() -> None:
    """Apply."""
    op.add_column(_CHOICES, sa.Column("reason", sa.Text(), server_default="", nullable=False))
    for name in ("paper_number", "paper_party"):
        op.add_column(_MIRROR, sa.Column(name, sa.String(64), server_default="", nullable=False))
    op.add_column(_MIRROR, sa.Column("paper_cents", sa.BigInteger(), nullable=True))
    op.add_column(_MIRROR, sa.Column("paper_day", sa.Date(), nullable=True))
    if not op.get_context().as_sql:
        _fill(op.get_bind())
    op.create_index(
        "ix_blueops_qb_mirror_paper_number", _MIRROR, ["connection_id", "kind", "paper_number"], unique=False
    )
    op.create_index(
        "ix_blueops_qb_mirror_paper_party",
        _MIRROR,
        ["connection_id", "kind", "paper_party", "paper_cents", "paper_day"],
        unique=False,
    )
    op.create_index(
        "ix_blueops_qb_matches_books", _MATCHES, ["connection_id", "ref_kind", "books_id"], unique=False
    )


def downgrade() -> None:
    """Undo."""
    op.drop_index("ix_blueops_qb_matches_books", table_name=_MATCHES)
    op.drop_index("ix_blueops_qb_mirror_paper_party", table_name=_MIRROR)
    op.drop_index("ix_blueops_qb_mirror_paper_number", table_name=_MIRROR)
    with op.batch_alter_table(_MIRROR, schema=None) as batch_op:
        for name in reversed(_COLUMNS):
            batch_op.drop_column(name)
    with op.batch_alter_table(_CHOICES, schema=None) as batch_op:
        batch_op.drop_column("reason")


# -- what stands in the mirror already ------------------------------------------------------------------
def _fill(connection: sa.Connection) -> None:
    m = sa.table(
        _MIRROR,
        sa.column("connection_id", sa.String),
        sa.column("kind", sa.String),
        sa.column("books_id", sa.String),
        sa.column("document", sa.Text),
        sa.column("deleted", sa.Boolean),
        sa.column("paper_number", sa.String),
        sa.column("paper_party", sa.String),
        sa.column("paper_cents", sa.BigInteger),
        sa.column("paper_day", sa.Date),
    )
    keys = (m.c.connection_id, m.c.kind, m.c.books_id)
    update = (
        m.update()
        .where(*(column == sa.bindparam(f"b_{column.name}") for column in keys))
        .values({name: sa.bindparam(f"b_{name}") for name in _COLUMNS})
    )
    for rows in _batches(connection, m, keys):
        found = [
            {**{f"b_{column.name}": getattr(row, column.name) for column in keys}, **traits}
            for row in rows
            if (traits := _traits(row.kind, row.document)) is not None
        ]
        if found:
            connection.execute(update, found)


def _batches(connection: sa.Connection, m: Any, keys: tuple[Any, ...]) -> Iterator[list[Any]]:
    last: Any = None
    while True:
        query = (
            sa.select(*keys, m.c.document)
            .where(
                m.c.kind.in_(["invoice", "payment", "customer"]),
                m.c.deleted.is_(False),
                m.c.document.is_not(None),
            )
            .order_by(*keys)
            .limit(BATCH)
        )
        if last is not None:
            query = query.where(sa.tuple_(*keys) > sa.tuple_(*last))
        rows = list(connection.execute(query))
        yield rows
        if len(rows) < BATCH:
            return
        last = tuple(getattr(rows[-1], column.name) for column in keys)


def _traits(kind: str, text: str) -> dict[str, Any] | None:
    """The columns of a record; None where it has none."""
    try:
        said = json.loads(text)
        if kind == "customer":
            parent = _id(said.get("parent"))
            return _row("", parent, None, None) if parent else None
        if said.get("void"):
            return None
        number = str(said.get("reference" if kind == "payment" else "number") or "")
        amount = Decimal(str(said["amount"])) if kind == "payment" else _total(said)
        day = dt.date.fromisoformat(said["date"])
        return _row(_root(number), _id(said.get("customer")), int(amount.scaleb(2)), day)
    except (ValueError, KeyError, TypeError, AttributeError, InvalidOperation):
        return None


def _row(number: str, party: str, cents: int | None, day: dt.date | None) -> dict[str, Any]:
    return {f"b_{name}": value for name, value in zip(_COLUMNS, (number, party, cents, day), strict=True)}


def _id(ref: Any) -> str:
    """The id in `customer#101`; empty for what is named otherwise."""
    kind, mark, id = str(ref or "").partition("#")
    return id if mark and kind else ""


def _total(said: Any) -> Decimal:
    if said.get("total") is not None:
        return Decimal(str(said["total"]))
    lines = sum((Decimal(str(line.get("amount") or 0)) for line in said.get("lines", ())), Decimal(0))
    return lines - Decimal(str(said.get("discount") or 0)) + Decimal(str(said.get("tax") or 0))


def _root(number: str) -> str:
    bare = _WORDS.sub("", number.strip().casefold())
    found = _ROOT.search(bare)
    root = f"{found[1].lstrip('0') or '0'}{found[2]}" if found else bare
    return root[-64:]
