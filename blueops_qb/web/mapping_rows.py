"""Mapping rows: which keys a company uses, where each leads, and what is suggested for it."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family, Target
from blueops_qb.domain.posting.context import Blocked
from blueops_qb.domain.profile import Tracking
from blueops_qb.domain.records import Record
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import suggest
from blueops_qb.engine.outbox import Hold, State
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_record
from blueops_qb.engine.rulebook import CatalogEntry
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

#: How many held events, and how many of core's newest records, are looked through for keys.
HELD_LOOKED_AT, RECORDS_LOOKED_AT = 200, 200
#: Kinds of records whose posting needs keys.
_KINDS = tuple(
    kind for kind in RecordKind if kind not in (RecordKind.CUSTOMER, RecordKind.JOB, RecordKind.VENDOR)
)
Key = tuple[Family, str]


@attrs.frozen(kw_only=True)
class Row:
    """One key of the mapping page."""

    family: Family
    key: str
    scope: str = ""
    title: str = ""
    use: str = ""
    target: Target = attrs.field(factory=Target)
    mapped: bool = False
    #: Every company needs it.
    needed: bool = False
    #: The first record that asks for it and has not got it, in words.
    asked_by: str = ""
    #: How many of the records that were looked at ask for it.
    asked: int = 0
    suggestion: Target | None = None
    #: Names of what it leads to and is inactive or gone in the books.
    broken: tuple[str, ...] = ()

    @property
    def to_do(self) -> bool:
        return bool(self.broken) or (not self.mapped and bool(self.needed or self.asked))


@attrs.frozen(kw_only=True)
class Choice:
    """One option of a select box."""

    id: str
    label: str
    group: str = ""


def rows(turn: Turn, *, records: int = RECORDS_LOOKED_AT) -> list[Row]:
    """Every key: ruled, asked for by records, or usual in the industry; in the order of families."""
    standard = {(s.family, s.key): s for s in suggest.standard_keys()}
    ruled = {(r.family, r.key, r.scope): r.target for r in turn.mapping.rules}
    wanted = asked_for(turn, records=records)
    keys: dict[tuple[Family, str, str], None] = {}
    for family, key in standard:
        keys[family, key, ""] = None
    for rule in ruled:
        keys[rule] = None
    mapped_somehow = {(family, key) for family, key, _ in ruled}
    for family, key in wanted:
        keys[family, key, ""] = None
    open_keys = [(f, k) for f, k, scope in keys if not scope and (f, k, "") not in ruled]
    suggestions = suggest.suggest(turn.catalog, open_keys)
    found = []
    for family, key, scope in keys:
        known = standard.get((family, key))
        target = ruled.get((family, key, scope))
        uses = wanted.get((family, key), [])
        if target is None and not uses and (family, key) in mapped_somehow:
            continue  # mapped for every segment or branch that needs it
        found.append(
            Row(
                family=family,
                key=key,
                scope=scope,
                title=known.title if known else suggest.words_of(key),
                use=known.use if known else "",
                target=target or Target(),
                mapped=target is not None,
                needed=bool(known and known.needed) and _used_here(turn, family),
                asked_by="" if scope or not uses else uses[0],
                asked=0 if scope else len(uses),
                suggestion=None if target is not None else suggestions.get((family, key)),
                broken=_broken(turn, target),
            )
        )
    order = {family: n for n, family in enumerate(suggest.PARTS)}
    return sorted(found, key=lambda row: order[row.family])


def needed_and_missing(turn: Turn) -> list[Row]:
    """What stands between the company and its first records: without looking through core's records."""
    return [row for row in rows(turn, records=0) if row.to_do]


def asked_for(turn: Turn, *, records: int = RECORDS_LOOKED_AT) -> dict[Key, list[str]]:
    """Keys that records need and the mapping lacks, each with what asks for it, by running the rules dry."""
    looked_at = {record.ref: record for record in [*_held(turn), *_newest(turn, records)]}
    related = read_related(turn.core, turn.tenant_id, looked_at.values())
    found: dict[Key, list[str]] = {}
    for record in looked_at.values():
        result = post_record(turn, record, related, [])
        if isinstance(result, Blocked):
            for missing in result.missing:
                found.setdefault((missing.family, missing.key), []).append(missing.used_for)
    return found


def _held(turn: Turn) -> Iterator[Record]:
    o = t.outbox
    query = (
        sa.select(o.c.payload)
        .where(
            o.c.tenant_id == turn.tenant_id,
            o.c.state == State.HELD.value,
            o.c.hold == Hold.MAPPING.value,
        )
        .order_by(o.c.id.desc())
        .limit(HELD_LOOKED_AT)
    )
    for payload in turn.connection.execute(query).scalars():
        try:
            record = wire.load_event(payload).record
        except wire.Malformed:
            continue
        if record is not None:
            yield record


def _newest(turn: Turn, limit: int) -> Iterator[Record]:
    """Core's newest records: those within the last revisions that the outbox knows."""
    if not limit:
        return
    newest = turn.connection.execute(
        sa.select(sa.func.max(t.outbox.c.revision)).where(t.outbox.c.tenant_id == turn.tenant_id)
    ).scalar_one()
    since = max(0, (newest or 0) - 5 * limit)
    for snapshot in turn.core.iterate(turn.tenant_id, since_revision=since, kinds=_KINDS, limit=5 * limit):
        if not snapshot.deleted and snapshot.merged_into is None:
            yield snapshot.record


def _used_here(turn: Turn, family: Family) -> bool:
    """Classes and branches count only where the books keep them."""
    if family is Family.CLASS:
        return turn.profile.class_tracking is not Tracking.OFF
    return family is not Family.BRANCH or turn.profile.locations


def _broken(turn: Turn, target: Target | None) -> tuple[str, ...]:
    if target is None:
        return ()
    refs = [getattr(target, part) for part in suggest.PART_KINDS]
    return tuple(
        suggest.label_of(turn.catalog, ref)
        for ref in refs
        if isinstance(ref, BooksRef) and not _active(turn, ref)
    )


def _active(turn: Turn, ref: BooksRef) -> bool:
    entry = turn.catalog.entries.get(ref)
    return entry is not None and entry.active


# -- select boxes --------------------------------------------------------------------------------------
def choices(turn: Turn, part: str) -> list[Choice]:
    """What a part of a target may be chosen from: active entries, accounts and items by their type."""
    kind = suggest.PART_KINDS[part]
    found = [
        Choice(id=e.ref.id, label=suggest.label(e), group=_group(e))
        for e in turn.catalog.of(kind)
        if e.active and _choosable(e)
    ]
    return sorted(found, key=lambda c: (c.group, c.label.casefold()))


def _choosable(entry: CatalogEntry) -> bool:
    return entry.facts.get("item_type") != "Category" and entry.facts.get("hidden") != "true"


def _group(entry: CatalogEntry) -> str:
    match entry.ref.kind:
        case BooksKind.ACCOUNT:
            return entry.facts.get("account_type", "")
        case BooksKind.ITEM:
            return {"NonInventory": "Non-inventory"}.get(
                entry.facts.get("item_type", ""), entry.facts.get("item_type", "")
            )
        case _:
            return ""


def in_words(turn: Turn, target: Target | None) -> str:
    """Where a target leads, as text."""
    if target is None:
        return ""
    refs = [getattr(target, part) for part in suggest.PART_KINDS]
    return " · ".join(suggest.label_of(turn.catalog, ref) for ref in refs if isinstance(ref, BooksRef))
