"""Profile change: what the books switched on or off, and what that does to the mapping.

Such a change is noted, held records are planned again, and where rules of the mapping lose their sense or gain one
a person is told on the conflicts page, once for each setting, until it is closed or switched back.
"""

from __future__ import annotations

from collections.abc import Iterator

import attrs

from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.profile import BooksProfile, Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import outbox
from blueops_qb.engine.conflicts import conflict_row, write_conflicts
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.turn import Turn
from blueops_qb.store import tables as t

_TRACKED = {
    Tracking.OFF: "does not track classes any more",
    Tracking.PER_TRANSACTION: "keeps one class for a whole document now",
    Tracking.PER_LINE: "keeps a class on each line now",
}


@attrs.frozen(kw_only=True)
class Turned:
    """One setting of the books that was turned: its name, what is so now, and what follows for the mapping."""

    setting: str
    now: str
    reason: str
    remedy: str


def turned(before: BooksProfile, now: BooksProfile, mapping: Mapping) -> Iterator[Turned]:
    """The settings that matter to a mapping and that differ."""
    classes = sum(1 for r in mapping.rules if r.family is Family.CLASS or r.target.class_ is not None)
    places = sum(1 for r in mapping.rules if r.family is Family.BRANCH or r.target.location is not None)
    if before.class_tracking is not now.class_tracking:
        off = now.class_tracking is Tracking.OFF
        yield Turned(
            setting="class_tracking",
            now=now.class_tracking.value,
            reason=f"QuickBooks {_TRACKED[now.class_tracking]}; {_rules(classes, 'class')}"
            + (", and what is written from now on bears none" if off else ""),
            remedy="Switch class tracking on again in QuickBooks, or leave it: documents are written without a class."
            if off
            else "Look at the classes on the mapping page, and map those that are missing.",
        )
    if before.locations != now.locations:
        yield Turned(
            setting="locations",
            now="on" if now.locations else "off",
            reason="QuickBooks tracks locations now; " + _rules(places, "location")
            if now.locations
            else "QuickBooks does not track locations any more; "
            + _rules(places, "location")
            + ", and what is written from now on bears none",
            remedy="Look at the branches on the mapping page, and map those that are missing."
            if now.locations
            else "Switch location tracking on again in QuickBooks, or leave it: documents are written without one.",
        )


def take_profile(turn: Turn, before: BooksProfile, now: BooksProfile) -> None:
    """Tell of what was turned between two readings of the same company."""
    found = list(turned(before, now, turn.mapping))
    if not found:
        return
    place = BooksRef(BooksKind.COMPANY, turn.row["company_id"])
    c = t.conflicts
    for one in found:
        turn.note(
            "books changed", f"connection {turn.id}", numbers=f"{one.setting} {one.now}", reason=one.reason
        )
        # What was told of the setting before does not hold any more.
        turn.connection.execute(
            c.update()
            .where(
                c.c.connection_id == turn.id,
                c.c.books_kind == place.kind.value,
                c.c.group == one.setting,
                c.c.state == "open",
            )
            .values(state="closed", closed_at=turn.now, choice=f"turned to {one.now}")
        )
    rows = [
        conflict_row(
            turn,
            cause="setting",
            place=place,
            ref=None,
            document_id=None,
            group=one.setting,
            version=one.now,
            reason=one.reason,
            remedy=one.remedy,
        )
        for one in found
    ]
    write_conflicts(turn, rows)
    outbox.again(
        turn.connection,
        turn.tenant_id,
        turn.now,
        states=[State.HELD],
        holds=[Hold.MAPPING, Hold.REFUSED],
    )


def _rules(count: int, what: str) -> str:
    if not count:
        return f"no rule of the mapping leads to a {what}"
    return (
        f"{count} rule{'' if count == 1 else 's'} of the mapping lead{'s' if count == 1 else ''} to a {what}"
    )
