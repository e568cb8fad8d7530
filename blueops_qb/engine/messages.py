"""Messages: the exact bytes of exchanges that wrote our documents, and of their answers, until they are erased.

The exchange itself forgets its bytes as soon as it is settled; here they stay for whoever asks what was sent. What only
reads (change feeds, catalogs) is not kept, and of an upload only what it was, not the file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine.ready import Sent
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk.provider import WRITES, Verb
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert


@attrs.frozen(kw_only=True)
class Message:
    """What went out and came back in one exchange; texts are empty where `instead` says what happened to them."""

    exchange_id: str
    request: str = ""
    answer: str = ""
    instead: str = ""
    #: The operations that travelled in it, in their order.
    operations: tuple[str, ...] = ()


def keep(turn: Turn, row: Any, sent: Sent, answer: bytes = b"") -> None:
    """Keep the message of an exchange's row, and its answer when there is one; again at any time."""
    ours = [r for r in sent.ready.values() if r.source is not None and Verb(r.row.verb) in WRITES]
    if not ours or not row["body"]:
        return
    request, instead = _text(row["body"])
    if any(BooksKind(r.row.kind) is BooksKind.ATTACHMENT and r.row.verb == Verb.CREATE.value for r in ours):
        request, instead = "", f"an upload of {_told(row['body'])}; files are not kept twice"
    values = {
        "exchange_id": row["id"],
        "connection_id": turn.id,
        "request": request,
        "instead": instead,
        "operations": " ".join(operation.id for operation in sent.exchange.operations),
        "kept_at": turn.now,
        "erased_at": None,
    }
    said = _text(answer)[0] if answer else ""
    upsert(turn.connection, t.messages, [{**values, "answer": said}], keep=() if said else ("answer",))


def _text(body: bytes) -> tuple[str, str]:
    """The bytes as text that gives the same bytes again; else nothing, and what they were."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return "", _told(body)
    # A character that no database keeps in a text.
    return ("", _told(body)) if "\x00" in text else (text, "")


def _told(body: bytes) -> str:
    return f"{len(body)} bytes (SHA-256 {hashlib.sha256(body).hexdigest()})"


def load(turn: Turn, exchange_ids: Iterable[str]) -> dict[str, Message]:
    """The messages of exchanges, also of those that are not settled yet."""
    wanted = sorted(set(exchange_ids))
    if not wanted:
        return {}
    m, e, o = t.messages, t.exchanges, t.operations
    found = {id: Message(exchange_id=id, instead="it is not known any more") for id in wanted}
    out = sa.select(e.c.id, e.c.body, e.c.state, e.c.closed_at).where(e.c.id.in_(wanted))
    for row in turn.connection.execute(out).all():
        request, instead = _text(row.body)
        if not row.body:
            instead = f"it was settled on {row.closed_at:%Y-%m-%d %H:%M} UTC, before messages were kept"
        mine = sa.select(o.c.id).where(o.c.exchange_id == row.id).order_by(o.c.lane, o.c.id)
        operations = tuple(str(id) for id in turn.connection.execute(mine).scalars())
        found[row.id] = Message(exchange_id=row.id, request=request, instead=instead, operations=operations)
    for row in turn.connection.execute(sa.select(m).where(m.c.exchange_id.in_(wanted))):
        instead = row.instead
        if row.erased_at is not None:
            instead = f"it was erased on {row.erased_at:%Y-%m-%d %H:%M} UTC (retention or erasure)"
        found[row.exchange_id] = Message(
            exchange_id=row.exchange_id,
            request=row.request,
            answer=row.answer,
            instead=instead,
            operations=tuple(row.operations.split()),
        )
    return found
