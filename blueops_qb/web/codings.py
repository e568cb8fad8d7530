"""Codings: how a bookkeeper coded the lines of a record, in words."""

from __future__ import annotations

import datetime as dt

import attrs
import sqlalchemy as sa

from blueops_qb.domain.overrides import LineOverride
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import suggest
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from blueops_qb.web import story

NAMES = {"class_": "class", "ap_account": "payables account", "discount_account": "discount account"}


@attrs.frozen(kw_only=True)
class Coding:
    """One line (or the head) of a document: where, to what, since when."""

    where: str
    words: str
    since: dt.datetime | None


def codings(turn: Turn, ref: RecordRef) -> list[Coding]:
    """What a bookkeeper coded anew in the documents of a record."""
    v = t.line_overrides
    query = (
        sa.select(v.c.content, v.c.noted_at)
        .where(v.c.document_id.in_(story.document_ids(turn, ref)))
        .order_by(v.c.document_id, v.c.line_id)
    )
    return [
        _coding(turn, wire.load(LineOverride, row.content, "the override of a line"), row.noted_at)
        for row in turn.connection.execute(query)
    ]


def _coding(turn: Turn, override: LineOverride, since: dt.datetime | None) -> Coding:
    words = [
        f"the {NAMES.get(name, name)} {suggest.label_of(turn.catalog, value) if value else '(none)'}"
        for name, value in override.fields.items()
    ]
    where = f"Line {override.line_id}" if override.line_id else "The whole document"
    return Coding(where=where, words=", ".join(words), since=since)
