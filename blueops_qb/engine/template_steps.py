"""Template steps: what was approved goes out as records of our own, accounts before the items that need them.

Each step is taken in the turn in which the one before it has come back, so that a process that dies loses none. Once
every row has its place the rules of the mapping are written as one new version; keys that were mapped stay.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.list_entries import ListEntry
from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef
from blueops_qb.domain.template import AccountRow, ItemRow, Row, Template
from blueops_qb.domain.template_match import KINDS, Lists, Step
from blueops_qb.domain.template_rules import following, record_of
from blueops_qb.engine import due, own_events, rules_desk
from blueops_qb.engine.known import places_of
from blueops_qb.engine.outbox import State
from blueops_qb.engine.template_proposals import NEW, CannotApply, Proposal, load
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

#: The most characters behind the proposal's number in the id of an entry.
_LENGTH = 40
_OTHER = re.compile(r"[^a-z0-9]+")


@attrs.frozen(kw_only=True)
class Progress:
    """How far an approved template is. `entries` says of each row that is created where it stands, and why."""

    name: str
    state: str
    used: int
    entries: tuple[tuple[str, str, str], ...]
    mapping_version: int | None
    reason: str = ""


def approve(turn: Turn, id: int, *, approved: str, actor: str) -> None:
    """Let a proposal go: what it creates goes out. `approved` is the digest of what was shown. Raises CannotApply."""
    proposal = load(turn, id)
    if proposal.digest != approved:
        raise CannotApply("the books or the proposal have changed since it was shown; look at it again")
    if proposal.asking:
        rows = ", ".join(row.key for row in proposal.asking)
        raise CannotApply(
            f"{len(proposal.asking)} rows wait for a decision ({rows}); point each to what it is in the books, or "
            "leave it out"
        )
    p = t.template_proposals
    turn.connection.execute(
        p.update()
        .where(p.c.id == id)
        .values(
            state="approved",
            approved_by=actor,
            approved_at=turn.now,
            places_json=json.dumps(dict(_places(proposal)), sort_keys=True),
        )
    )
    created, used = len(proposal.of(Step.CREATE)), len(proposal.of(Step.USE))
    turn.note(
        "template approved",
        f"template {proposal.template.name}",
        numbers=f"proposal {id}, {created} to create, {used} in the books",
        actor=actor,
    )
    carry_on(turn)


def _places(proposal: Proposal) -> Iterator[tuple[str, str]]:
    rows = list(proposal.template.rows)
    for one in proposal.rows:
        if one.step is Step.USE:
            yield one.key, str(one.ref)
        elif one.step is Step.CREATE:
            yield one.key, f"{NEW}{proposal.id}.{_short(one.row, rows.index(one.row))}"


def _short(row: Row, place: int) -> str:
    """What people recognise the entry by, and no other row has."""
    if isinstance(row, AccountRow):
        return f"account-{row.number}"
    slug = _OTHER.sub("-", row.name.casefold()).strip("-")
    return f"{KINDS[type(row)].value}-{place}-{slug}"[:_LENGTH].rstrip("-")


def carry_on(turn: Turn) -> None:
    """Take the next step of every approved template: announce what can go, or write the rules when all is there."""
    p = t.template_proposals
    query = sa.select(p).where(p.c.connection_id == turn.id, p.c.state == "approved").order_by(p.c.id)
    for row in turn.connection.execute(query).mappings().all():
        _Step(turn=turn, row=row).take()


def progress(turn: Turn) -> Progress | None:
    """How far the template is that was approved last; None where there is none."""
    p = t.template_proposals
    row = (
        turn.connection.execute(
            sa.select(p)
            .where(p.c.connection_id == turn.id, p.c.state.in_(["approved", "done"]))
            .order_by(p.c.approved_at.desc(), p.c.id.desc())
            .limit(1)
        )
        .mappings()
        .one_or_none()
    )
    return None if row is None else _Step(turn=turn, row=row).told()


@attrs.define(kw_only=True)
class _Step:
    """One approved template and where its rows are by now."""

    turn: Turn
    row: Any
    template: Template = attrs.field(init=False)
    #: Key -> what is in the books.
    places: dict[str, BooksRef] = attrs.field(init=False, factory=dict)
    #: Key -> the entry that creates it.
    created: dict[str, RecordRef] = attrs.field(init=False, factory=dict)
    #: Entry -> (state, reason) of its newest event.
    events: Mapping[str, tuple[str, str]] = attrs.field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.template = wire.load(Template, self.row["template_json"], "the stored template")
        for key, place in json.loads(self.row["places_json"]).items():
            if place.startswith(NEW):
                self.created[key] = RecordRef(RecordKind.LIST_ENTRY, place.removeprefix(NEW))
            else:
                ref = wire.parse_ref(place)
                assert isinstance(ref, BooksRef)
                self.places[key] = ref
        there = places_of(self.turn.connection, self.turn.id, self.created.values())
        for key, entry in self.created.items():
            found = there.get(entry)
            if isinstance(found, BooksRef):
                self.places[key] = found
        self.events = self._events()

    def take(self) -> None:
        """Announce what can go now; when nothing is left to come, write the rules."""
        waiting = False
        for row in self.template.rows:
            if row.key not in self.created or row.key in self.places:
                continue
            if self._is_left(row):
                continue
            waiting = True
            if self.created[row.key].id not in self.events and self._is_ready(row):
                self._announce(row)
        if not waiting:
            self._finish()

    def told(self) -> Progress:
        """For people."""
        entries = tuple((key, *self._stands(key)) for key in self.created)
        return Progress(
            name=self.row["name"],
            state=self.row["state"],
            used=len(self.places) - sum(key in self.places for key in self.created),
            entries=entries,
            mapping_version=self.row["mapping_version"],
            reason=self.row["reason"],
        )

    def _stands(self, key: str) -> tuple[str, str]:
        if key in self.places:
            return "done", str(self.places[key])
        return self.events.get(self.created[key].id, ("waiting", "waits for an account that it needs"))

    def _is_ready(self, row: Row) -> bool:
        needs = [f"account {number}" for number in row.accounts] if isinstance(row, ItemRow) else []
        return all(key in self.places for key in needs)

    def _is_left(self, row: Row) -> bool:
        """A person has left the entry out since, or an account that it needs."""
        entry = self.created.get(row.key)
        if entry is not None and self.events.get(entry.id, ("", ""))[0] == State.NOT_POSTED.value:
            return True
        if not isinstance(row, ItemRow) or (entry is not None and entry.id in self.events):
            return False
        accounts = {account.number: account for account in self.template.accounts}
        return any(
            f"account {number}" not in self.places
            and (f"account {number}" not in self.created or self._is_left(accounts[number]))
            for number in row.accounts
        )

    def _announce(self, row: Row) -> None:
        turn, entry = self.turn, self.created[row.key]
        lists = Lists(entries={}, name_length=turn.description.list_name_length)
        document = record_of(row, self.places, name=lists.name_of(row))
        record = ListEntry.of(document, id=entry.id, company_id=self.row["company_id"])
        own_events.tell(turn, record, id=f"list-entry-{record.id}", actor=self.row["approved_by"])

    def _finish(self) -> None:
        turn, p = self.turn, t.template_proposals
        present = turn.rulebook.mapping(turn.connection, turn.id, int(turn.row["mapping_version"]))
        found = following(self.template, self.places, present)
        try:
            version = (
                rules_desk.change_mapping(
                    turn,
                    found.rules,
                    actor=self.row["approved_by"],
                    change=f"from the template “{self.template.name}”",
                )
                if found.rules
                else present.version
            )
        except rules_desk.UnfitTarget as problem:
            # Somebody made it inactive meanwhile; it is tried again with the next step, or when it is active again.
            turn.connection.execute(p.update().where(p.c.id == self.row["id"]).values(reason=f"{problem}"))
            return
        turn.connection.execute(
            p.update()
            .where(p.c.id == self.row["id"])
            .values(state="done", reason="", mapping_version=version, closed_at=turn.now)
        )
        # Which discount items there are is told with the lists.
        due.read_catalog(turn)
        turn.note(
            "template applied",
            f"template {self.template.name}",
            numbers=f"proposal {self.row['id']}, {len(found.rules)} rules in version {version}",
            actor=self.row["approved_by"],
        )

    def _events(self) -> dict[str, tuple[str, str]]:
        if not self.created:
            return {}
        o = t.outbox
        query = (
            sa.select(o.c.ref_id, o.c.state, o.c.reason)
            .where(
                o.c.tenant_id == self.turn.tenant_id,
                o.c.ref_kind == RecordKind.LIST_ENTRY.value,
                o.c.ref_id.in_([entry.id for entry in self.created.values()]),
            )
            .order_by(o.c.revision, o.c.id)
        )
        return {row.ref_id: (row.state, row.reason or "") for row in self.turn.connection.execute(query)}
