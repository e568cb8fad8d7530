"""Accepting differences: a person leaves a linked pair unequal, with a reason, as a comparison has shown it."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from blueops_qb.domain.agreement import Kind
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import agreement_accepted, agreement_here
from blueops_qb.engine.agreement_slice import DIFFERENCE
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

#: Characters of a reason.
LONGEST = 300


class CannotAccept(ValueError):
    """A difference cannot be accepted; the sentence says why."""


class MovedSince(CannotAccept):
    """A side has moved since the comparison that showed the difference."""


def accept(turn: Turn, run_id: int, refs: Sequence[RecordRef], *, reason: str, actor: str) -> int:
    """Accept what the run found of these records to say something else in BlueOps; answers how many documents.

    Raises CannotAccept, and nothing is accepted, where one of them has nothing of that kind, and MovedSince where one
    differs otherwise by now. What the books themselves show differently is no such thing: it is mended, or travels.
    """
    why = " ".join(reason.split())
    if not why:
        raise CannotAccept("Say why both sides may stay different; it is told wherever the difference is.")
    if len(why) > LONGEST:
        raise CannotAccept(f"The reason has {len(why)} characters; say it in at most {LONGEST}.")
    count = 0
    for ref in dict.fromkeys(refs):
        shown = _shown(turn, run_id, ref)
        if not shown:
            raise CannotAccept(
                f"that comparison found nothing of {ref} that can be accepted: a difference between BlueOps and what "
                "was agreed is"
            )
        now = agreement_here.apart_now(turn, list(shown))
        for document_id, sentence in shown.items():
            if document_id not in now or now[document_id].row["sentence"] != sentence:
                raise MovedSince(
                    f"{ref} has moved since it was compared; compare the period again and look at it"
                )
            one = now[document_id]
            agreement_accepted.keep(turn, one.known, one.digest, actor=actor, why=why)
            count += 1
        turn.note("difference accepted", str(ref), actor=actor, numbers=f"agreement {run_id}", reason=why)
    return count


def _shown(turn: Turn, run_id: int, ref: RecordRef) -> dict[int, str]:
    """The documents of the record that the run shows, each with its sentence."""
    f, r = t.agreement_findings, t.agreement_runs
    query = (
        sa.select(f.c.document_id, f.c.sentence)
        .join(r, r.c.id == f.c.owner_id)
        .where(
            r.c.id == run_id,
            r.c.connection_id == turn.id,
            f.c.sort == DIFFERENCE,
            f.c.kind == Kind.FROM_BLUEOPS.value,
            f.c.ref == str(ref),
            f.c.document_id.is_not(None),
        )
    )
    return {row.document_id: row.sentence for row in turn.connection.execute(query)}
