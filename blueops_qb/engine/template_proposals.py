"""Template proposals: a template against the books as they are now, kept with what a person decides about its rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Mapping as Rules
from blueops_qb.domain.profile import Tracking
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.domain.template import Template
from blueops_qb.domain.template_match import KINDS, Decision, Lists, NotPossible, Planned, Step, match
from blueops_qb.domain.template_rules import Following, following
from blueops_qb.engine import outbox
from blueops_qb.engine.outbox import OPEN_STATES, Move, State, ref_condition
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.capability import Feature
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all
from blueops_qb.store.types import new_id

_FEATURES = {
    BooksKind.ACCOUNT: Feature.NEW_ACCOUNTS,
    BooksKind.ITEM: Feature.NEW_ITEMS,
    BooksKind.CLASS: Feature.NEW_CLASSES,
}


#: How an entry that is to be created stands among the places of an approved proposal.
NEW = "+"


class CannotApply(ValueError):
    """A template cannot be proposed, decided on or approved now; the sentence says why and what to do."""


@attrs.frozen(kw_only=True)
class _Said:
    """The decisions of a proposal as they are stored."""

    rows: dict[str, Decision] = attrs.field(factory=dict)


@attrs.frozen(kw_only=True)
class Proposal:
    """What a template would bring: its rows, and the rules that follow. `id` is 0 while it is not stored."""

    template: Template
    rows: tuple[Planned, ...]
    rules: Following
    decisions: Mapping[str, Decision] = attrs.field(factory=dict)
    id: int = 0
    version: int = 0

    @property
    def asking(self) -> tuple[Planned, ...]:
        return tuple(row for row in self.rows if row.step is Step.ASK)

    def of(self, step: Step) -> tuple[Planned, ...]:
        """The rows of a step."""
        return tuple(row for row in self.rows if row.step is step)

    @property
    def digest(self) -> str:
        """What a person approves: the same text for the same rows and rules."""
        said = [(row.key, row.step.value, str(row.ref)) for row in self.rows]
        rules = [(rule.about, wire.dump(rule.target)) for rule in self.rules.rules]
        return hashlib.sha256(repr((self.template, said, rules)).encode()).hexdigest()


def look(turn: Turn, template: Template, decisions: Mapping[str, Decision] | None = None) -> Proposal:
    """What the template would bring now; writes nothing. Raises CannotApply."""
    lists = _lists(turn)
    classes = turn.profile.class_tracking is not Tracking.OFF
    try:
        rows = match(template, lists, decisions, classes=classes)
    except NotPossible as problem:
        raise CannotApply(str(problem)) from None
    rows = tuple(_as_able(turn, row) for row in rows)
    places = {
        row.key: row.ref or BooksRef(KINDS[type(row.row)], f"<{row.key}>")
        for row in rows
        if row.step in (Step.USE, Step.CREATE)
    }
    rules = following(template, places, _present(turn))
    return Proposal(template=template, rows=rows, rules=rules, decisions=decisions or {})


def propose(turn: Turn, template: Template, *, actor: str) -> Proposal:
    """Store a proposal; an older one that nobody has approved is replaced. Raises CannotApply.

    So is one of which nothing moves any more: what is held of it is not created, and asked about anew.
    """
    _give_way(turn, actor)
    p = t.template_proposals
    found = attrs.evolve(look(turn, template), id=new_id(), version=1)
    turn.connection.execute(
        p.update()
        .where(p.c.connection_id == turn.id, p.c.state == "open")
        .values(state="replaced", closed_at=turn.now)
    )
    insert_all(
        turn.connection,
        p,
        [
            {
                "id": found.id,
                "connection_id": turn.id,
                "company_id": turn.profile.company_id,
                "name": template.name[:64],
                "template_json": wire.dump(template),
                "version": 1,
                "decisions_json": "",
                "state": "open",
                "proposed_by": actor,
                "proposed_at": turn.now,
            }
        ],
    )
    turn.note("template proposed", f"template {template.name}", numbers=f"proposal {found.id}", actor=actor)
    return found


def load(turn: Turn, id: int) -> Proposal:
    """An open proposal against the books as they are now; raises CannotApply."""
    row = row_of(turn, id)
    template = wire.load(Template, row["template_json"], "the stored template")
    said = wire.load(_Said, row["decisions_json"]) if row["decisions_json"] else _Said()
    return attrs.evolve(look(turn, template, said.rows), id=id, version=row["version"])


def decide(turn: Turn, proposal: Proposal, decisions: Mapping[str, Decision], *, actor: str) -> Proposal:
    """Say what becomes of rows: point them to what is there, leave them out, or create them. Raises CannotApply.

    `proposal` is the version that was shown; a person who has another one on the screen is told so.
    """
    row = row_of(turn, proposal.id)
    if row["version"] != proposal.version:
        raise CannotApply("somebody else has decided about this proposal meanwhile; look at it again")
    said = {**proposal.decisions, **decisions}
    found = attrs.evolve(look(turn, proposal.template, said), id=proposal.id, version=proposal.version + 1)
    p = t.template_proposals
    turn.connection.execute(
        p.update()
        .where(p.c.id == proposal.id)
        .values(version=found.version, decisions_json=wire.dump(_Said(rows=dict(said))))
    )
    turn.note(
        "template decided",
        f"proposal {proposal.id}",
        numbers=", ".join(sorted(decisions)),
        actor=actor,
    )
    return found


def row_of(turn: Turn, id: int) -> Any:
    """The row of an open proposal; raises CannotApply."""
    p = t.template_proposals
    row = (
        turn.connection.execute(
            sa.select(p).where(p.c.connection_id == turn.id, p.c.id == id, p.c.state == "open")
        )
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise CannotApply("this proposal is not open any more; apply the template again")
    if row["company_id"] != turn.profile.company_id:
        raise CannotApply("this proposal was made for another company's books; apply the template again")
    return row


def _give_way(turn: Turn, actor: str) -> None:
    """An approved template whose last entries are held is over; raises CannotApply for one that is still moving."""
    p, o = t.template_proposals, t.outbox
    query = sa.select(p.c.id, p.c.name, p.c.places_json).where(
        p.c.connection_id == turn.id, p.c.state == "approved"
    )
    for row in turn.connection.execute(query).all():
        places = json.loads(row.places_json).values()
        refs = [
            RecordRef(RecordKind.LIST_ENTRY, place.removeprefix(NEW))
            for place in places
            if place.startswith(NEW)
        ]
        events = sa.select(o.c.ref_id, o.c.state).where(
            o.c.tenant_id == turn.tenant_id,
            o.c.state.in_([state.value for state in OPEN_STATES]),
            ref_condition(o.c.ref_kind, o.c.ref_id, refs),
        )
        open_ = turn.connection.execute(events).all() if refs else []
        if not open_ or any(event.state != State.HELD.value for event in open_):
            raise CannotApply(
                f"the template “{row.name}” is on its way to the books already; wait until it is done, then apply "
                "this one"
            )
        reason = "a template was applied anew, which asks about it again"
        outbox.move(
            turn.connection,
            turn.tenant_id,
            [
                Move(
                    ref=RecordRef(RecordKind.LIST_ENTRY, event.ref_id),
                    revision=2**62,
                    state=State.NOT_POSTED,
                    reason=reason,
                )
                for event in open_
            ],
            turn.now,
        )
        turn.connection.execute(
            p.update().where(p.c.id == row.id).values(state="replaced", closed_at=turn.now, reason=reason)
        )
        turn.note("template replaced", f"template {row.name}", numbers=f"proposal {row.id}", actor=actor)


# -- what the books are --------------------------------------------------------------------------------
def _lists(turn: Turn) -> Lists:
    catalog = turn.catalog
    if not turn.profile.company_id or not catalog.of(BooksKind.ACCOUNT):
        raise CannotApply(
            "the lists of the books have not been read yet; wait until they are, or run the worker once, then try again"
        )
    return Lists(entries=catalog.entries, name_length=turn.description.list_name_length)


def _present(turn: Turn) -> Rules:
    return turn.rulebook.mapping(turn.connection, turn.id, int(turn.row["mapping_version"]))


def _as_able(turn: Turn, row: Planned) -> Planned:
    """What the provider does not create is for a person."""
    if row.step is not Step.CREATE:
        return row
    feature = _FEATURES[KINDS[type(row.row)]]
    told = next((one for one in turn.description.capabilities if one.feature is feature), None)
    if told is not None and told.able:
        return row
    reason = (
        told.reason.rstrip(".") if told is not None else f"{turn.description.title} does not say that it can"
    )
    why = f"the books have none like it, and BlueOps cannot create it ({reason}); create it there by hand and refresh "
    return Planned(row=row.row, step=Step.ASK, why=f"{why}the catalog, or leave it out")
