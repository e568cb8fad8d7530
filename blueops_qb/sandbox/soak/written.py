"""What was written: nothing twice, nothing in vain, and nothing over what people wrote without their being asked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from blueops_qb.sandbox.soak.excuses import Apart, places
from blueops_qb.sandbox.soak.world import World

#: Money that was received, by its names in either kind of books. By one of 0.00 people apply credits.
_RECEIVED = frozenset({"Payment", "ReceivePayment"})


def needless(w: World) -> list[str]:
    """Nothing was created twice, no write left things as they were, no exchange id left with other bytes."""
    found = [f"exchange {id} left with other bytes than before" for id in w.witness.altered]
    twice_there: dict[str, list[str]] = defaultdict(list)
    for (kind, id), mark in w.witness.created:
        if _bears(w, kind, id, mark):
            twice_there[mark].append(f"{kind} {id}")
    for mark, twice in twice_there.items():
        if len(twice) > 1:
            found.append(f"“{mark}” was created {len(twice)} times: {', '.join(twice)}")
    return [*found, *_idle(w)]


def _idle(w: World) -> Iterator[str]:
    """Writes that left a record as it was.

    Where people changed it too, the same may rightly be written once more to settle what was in doubt; and where a
    person has what the books made something else of sent again, they may make the same of it again. Whether that has
    arrived cannot be seen there then: where the answer is lost and the set forgotten, it is sent once more.
    """
    refs = {place: ref for ref, place in places(w, ever=True)}
    for kind, id in w.witness.idle:
        if not w.witness.by_people[kind, id] and refs.get(f"{kind}:{id}") not in w.sent_again:
            yield f"{kind} {id} was written although nothing changed"


def _bears(w: World, kind: str, id: str, mark: str) -> bool:
    """Documents count whatever became of them. A party is known by its name alone: one that people gave another name,
    merged or retired meanwhile cannot be recognised by anybody."""
    if kind not in w.parties:
        return True
    raw = w.records(kind).get(id)
    return raw is not None and w.mark(kind, raw) == mark


def written_over(w: World, stand_apart: Apart) -> list[str]:
    """What people wrote last into a field came to BlueOps at some time, or somebody was asked.

    A payment by which a credit is applied, or money that went back is settled, is none in BlueOps, which has no place
    for its number: that one still stands in the books.
    """
    refs = {place: ref for ref, place in places(w)}
    found = []
    for ((kind, id), field), text in w.witness.written.items():
        ref = refs.get(f"{kind}:{id}", "")
        raw = w.records(kind).get(id)
        if not ref or raw is None or ref in stand_apart.ours or w.chosen[ref] or w.is_void(raw):
            continue
        of_kind, _, number = ref.partition(":")
        if kind in _RECEIVED and of_kind != "payment" and raw.get(field) == text:
            continue
        told = w.rows(
            "SELECT 1 AS found FROM blueops_qb_outbox WHERE tenant_id = :tenant AND ref_kind = :kind"
            " AND ref_id = :id AND payload LIKE :text",
            kind=of_kind,
            id=number,
            text=f'%"{text}"%',
        )
        if not told:
            found.append(f"{kind} {id} ({ref}): {field} “{text}” of the bookkeeper was written over")
    return found
