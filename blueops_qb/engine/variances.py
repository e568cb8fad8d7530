"""Variances: what the books made of a document, shown as both sides stand until a person decides or they are equal.

Of such a conflict `base` is what was sent, `ours` what BlueOps would send now, `theirs` what the books show.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.compare import as_decided, differing
from blueops_qb.domain.documents import Document
from blueops_qb.domain.posting import salestax
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import outbox
from blueops_qb.engine.agreeing import agree
from blueops_qb.engine.conflicts import conflict_row, movers_of, write_conflicts
from blueops_qb.engine.figures import total_in
from blueops_qb.engine.known import Known
from blueops_qb.engine.link_rows import close_conflicts, set_link
from blueops_qb.engine.newest import newest
from blueops_qb.engine.outbox import Hold, Move, State
from blueops_qb.engine.ready import Ready
from blueops_qb.engine.sides import CannotPost, is_shown, now_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.store import tables as t

CAUSE = "variance"
DOUBT = "the books show something else than was sent"
REMEDY = "Compare both on the record's page: send ours again, or accept what the books show."
#: What the column of groups holds.
_LONGEST = 32


def group_of(groups: Iterable[str]) -> str:
    """The name of what differs; too many groups stand for the whole content, of which a page shows everything."""
    name = "+".join(dict.fromkeys(groups))
    return name if 0 < len(name) <= _LONGEST else "content"


def reason_of(source: RecordRef, groups: Iterable[str], sent: Document | None, shown: Document | None) -> str:
    """What differs, in words."""
    ours, theirs = total_in(sent), total_in(shown)
    amounts = f" (sent {ours}, the books show {theirs})" if ours != theirs else ""
    return f"{source}: the books show another {', '.join(groups)} than was sent{amounts}"


def opened(
    turn: Turn, ready: Ready, record: BooksRecord, sent: Document | None, shown: Document | None
) -> tuple[dict[str, Any], Move]:
    """The row of the conflict, and where the event goes, of a document that the books show otherwise than sent."""
    assert ready.source is not None
    groups = differing(sent, shown) if sent is not None and shown is not None else ("content",)
    reason = reason_of(ready.source, groups, sent, shown)
    remedy = REMEDY + salestax.rounding_advice(sent, shown, turn.policy.tax_rounding)
    text = None if sent is None else wire.dump_document(sent)
    row = conflict_row(
        turn,
        cause=CAUSE,
        place=record.ref,
        ref=ready.source,
        document_id=ready.row.document_id,
        group=group_of(groups),
        base=text,
        ours=text,
        theirs=None if shown is None else wire.dump_document(shown),
        reason=reason,
        remedy=remedy,
        revision=ready.row.revision,
        version=record.version,
    )
    move = Move(
        ref=ready.source,
        revision=ready.row.revision,
        state=State.HELD,
        hold=Hold.VARIANCE,
        reason=reason,
        remedy=remedy,
    )
    return row, move


def look(turn: Turn, row: Any, known: Known) -> None:
    """A variance whose books were read: it is over when they show what was sent, or what BlueOps says by now.

    Else it is shown as both stand now.
    """
    c = t.conflicts
    query = sa.select(c).where(
        c.c.connection_id == turn.id,
        c.c.document_id == known.id,
        c.c.cause == CAUSE,
        c.c.state == "open",
    )
    conflict = turn.connection.execute(query).mappings().first()
    if conflict is None or conflict["ours"] is None:
        return
    sent = wire.load_document(known.kind, conflict["base"] or conflict["ours"])
    theirs = as_decided(sent, wire.load_document(known.kind, row["document"]))
    if theirs == sent:
        is_over(turn, row, known, wire.load_document(known.kind, known.content))
    else:
        _show(turn, row, known, conflict, sent, theirs)


def is_over(turn: Turn, row: Any, known: Known, ours: Document) -> None:
    """Both agree on `ours`, as it was sent; what moved in BlueOps since then is planned, and written."""
    turn.connection.execute(t.documents.update().where(t.documents.c.id == known.id).values(state="linked"))
    agree(turn, known, row, ours=ours, equal=True)
    go_on(turn, known)
    turn.note("variance over", str(known.key.source), numbers=f"{known.place} v{row['version']}")


def go_on(turn: Turn, known: Known) -> None:
    """What waited for the document to agree waits no longer; its own record is planned as it is now."""
    source = known.key.source
    a = t.operation_after
    turn.connection.execute(a.delete().where(a.c.document_id == known.id))
    outbox.wake(turn.connection, turn.tenant_id, [source], turn.now)
    outbox.again(
        turn.connection,
        turn.tenant_id,
        turn.now,
        refs=[source],
        states=[State.WAITING, State.HELD],
        holds=[Hold.BUSY, Hold.VARIANCE],
    )


def _show(turn: Turn, row: Any, known: Known, conflict: Any, sent: Document, theirs: Document) -> None:
    """Bring an open variance up to date; one on which nothing has moved stays as it is."""
    source = known.key.source
    snapshot = newest(turn, source)
    revision = conflict["revision"] if snapshot is None else snapshot.revision
    if (conflict["revision"], conflict["version"]) == (revision, row["version"]):
        return
    ours = wire.load_document(known.kind, conflict["ours"])
    if snapshot is not None and revision != conflict["revision"]:
        try:
            said, now = now_of(turn, known, snapshot)
        except CannotPost:
            now = ours
        else:
            if is_shown(turn, known, said, row):
                is_over(turn, row, known, said)
                return
        # What the books were left to say is theirs to say: a record that did not move shows as it was sent.
        ours = sent if known.revision == revision else now
    groups = tuple(dict.fromkeys((*differing(sent, theirs), *_differing(ours, theirs))))
    movers = movers_of(turn, source, row)
    values = {
        "base": wire.dump_document(sent),
        "ours": wire.dump_document(ours),
        "theirs": wire.dump_document(theirs),
        "group": group_of(groups),
        "reason": reason_of(source, groups, sent, theirs),
        "ours_by": movers.ours_by,
        "ours_at": movers.ours_at,
        "theirs_by": movers.theirs_by,
        "theirs_at": movers.theirs_at,
        "revision": revision,
        "version": row["version"],
    }
    c = t.conflicts
    turn.connection.execute(c.update().where(c.c.id == conflict["id"]).values(**values))


def _differing(one: Document, other: Document) -> tuple[str, ...]:
    return differing(one, other) if type(one) is type(other) else ("content",)


def reopen(turn: Turn, row: Any, known: Known) -> None:
    """A person chose ours, and before it was written the books moved once more: it is asked anew."""
    source = known.key.source
    snapshot = newest(turn, source)
    if snapshot is None or snapshot.deleted:
        return
    try:
        said, ours = now_of(turn, known, snapshot)
    except CannotPost:
        return  # asked once it can be posted: planning finds that they have moved, and has both compared
    theirs = as_decided(ours, wire.load_document(known.kind, row["document"]))
    if theirs == ours:
        is_over(turn, row, known, said)
        return
    groups = _differing(ours, theirs)
    close_conflicts(turn, known, "shown anew")
    set_link(turn, known, base_ours=None, base_theirs=None, version=row["version"], doubtful=DOUBT)
    o = t.operations
    turn.connection.execute(
        o.update()
        .where(o.c.document_id == known.id, o.c.state == "ready")
        .values(state="cancelled", reason="it was changed in the books meanwhile", closed_at=turn.now)
    )
    reason = (
        f"{source}: the books have another {', '.join(groups)} since it was chosen to send ours"
        f" ({total_in(theirs)} there, {total_in(ours)} in BlueOps)"
    )
    text = wire.dump_document(ours)
    values = conflict_row(
        turn,
        cause=CAUSE,
        place=known.place,
        ref=source,
        document_id=known.id,
        group=group_of(groups),
        base=text,
        ours=text,
        theirs=wire.dump_document(theirs),
        reason=reason,
        remedy=REMEDY,
        movers=movers_of(turn, source, row),
        revision=snapshot.revision,
        version=row["version"],
    )
    write_conflicts(turn, [values])
    revision = max(known.revision, snapshot.revision)
    move = Move(
        ref=source, revision=revision, state=State.HELD, hold=Hold.VARIANCE, reason=reason, remedy=REMEDY
    )
    outbox.move(turn.connection, turn.tenant_id, [move], turn.now)
