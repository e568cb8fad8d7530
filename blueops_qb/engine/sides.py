"""Sides: one document on both sides, now and when both agreed, made comparable; loaded once for every decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import attrs

from blueops_qb.domain.beside import FIELDS, Beside, keys_of_lines, pairs_of, widened
from blueops_qb.domain.binding import loosely_bound, refs_of
from blueops_qb.domain.compare import GROUPS, as_decided, moved_fields
from blueops_qb.domain.documents import Document
from blueops_qb.domain.former_names import without_former_name
from blueops_qb.domain.line_merge import Lines, LineStep, line_steps
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.refs import BooksRef, DocumentKey, OurRef, Ref
from blueops_qb.engine.free_names import kept_name
from blueops_qb.engine.known import Known, places_of
from blueops_qb.engine.named_before import names_above
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_record
from blueops_qb.engine.several import documents_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Snapshot


class CannotPost(Exception):
    """Our side cannot be posted as it is now; the words say why."""


@attrs.frozen(kw_only=True)
class Sides:
    """`ours` and `base` are as we post them (unbound, with line ids); the other four are normal and bound.

    `now` and `then` are what the books show, and showed, beside the document; `fields` those one-way fields that
    both versions tell, with which all four are widened. `version` is the books' version of `theirs`.
    """

    known: Known
    snapshot: Snapshot
    #: All documents of the record as we post them, `ours` among them.
    documents: Mapping[DocumentKey, Document]
    ours: Document
    base: Document
    normal_ours: Document
    normal_base: Document
    base_theirs: Document
    theirs: Document
    text: str
    version: str
    now: Beside
    then: Beside
    fields: tuple[str, ...] = ()

    def moved(self, groups: Sequence[str]) -> frozenset[str]:
        """The fields of the groups that either side moved; all of them where none did.

        None did where a payment settles a document that has become ours meanwhile.
        """
        fields = [f for group in groups for f in GROUPS[type(self.ours)].get(group, ())]
        return moved_fields(
            fields,
            base_ours=self.normal_base,
            ours=self.normal_ours,
            base_theirs=self.base_theirs,
            theirs=self.theirs,
        ) or frozenset(fields)

    @property
    def books_ids(self) -> tuple[str, ...]:
        """The books' ids of the lines; where they give none, the place counts (`line_merge`)."""
        lines: tuple[Any, ...] = getattr(self.theirs, "lines", ())
        if len(self.now.lines) == len(lines) and all(self.now.lines):
            return self.now.lines
        return tuple(f"#{n}" for n in range(len(lines)))

    def steps(
        self, turn: Turn, ours: Document | None = None, normal_ours: Document | None = None
    ) -> tuple[LineStep, ...]:
        """The lines of both sides, matched; raises Unpaired. Another `ours` than the present one may be given."""
        normal = turn.provider.normal
        ours, normal_ours = ours or self.ours, normal_ours or self.normal_ours

        def mine(document: Document, plain: Document) -> Lines:
            return _lines(plain, keys_of_lines(document, normal, "line_id"))

        return line_steps(
            base_ours=mine(self.base, self.normal_base),
            ours=mine(ours, normal_ours),
            base_theirs=_lines(self.base_theirs, self.then.lines),
            theirs=_lines(self.theirs, self.now.lines),
            pairs=self.then.pairs,
        )


def _lines(document: Document, ids: Sequence[str]) -> Lines:
    lines: tuple[Any, ...] = getattr(document, "lines", ())
    return Lines(lines=lines, ids=tuple(ids) if len(ids) == len(lines) else ("",) * len(lines))


def sides_of(turn: Turn, known: Known, snapshot: Snapshot, row: Any) -> Sides:
    """Everything about a linked document that both sides agreed on once; `row` is its row of the mirror.

    Raises CannotPost.
    """
    assert known.base_ours is not None
    assert known.base_theirs is not None
    documents = documents_now(turn, known, snapshot)
    ours = documents[known.key]
    base = wire.load_document(known.kind, known.base_ours)
    now, then = beside_of(row["beside"]), beside_of(known.beside)
    theirs = wire.load_document(known.kind, row["document"])
    fields = tuple(field for field in FIELDS if field in now.told and field in then.told)
    bound = Bound.of(turn, (ours, base), fields)
    base_theirs = wire.load_document(known.kind, known.base_theirs)
    normal_base = bound.normal(base)
    theirs, base_theirs = _widened(theirs, now, fields), _widened(base_theirs, then, fields)
    above = names_above(turn, theirs, base_theirs)
    theirs, base_theirs = without_former_name(theirs, base_theirs, normal_base, above=above)
    return Sides(
        known=known,
        snapshot=snapshot,
        documents=documents,
        ours=ours,
        base=base,
        normal_ours=bound.normal(ours),
        normal_base=normal_base,
        base_theirs=base_theirs,
        theirs=theirs,
        text=row["document"],
        version=row["version"],
        now=now,
        then=then,
        fields=fields,
    )


@attrs.frozen(kw_only=True)
class Bound:
    """How our documents are made comparable: bound to their places, normal, with one-way fields as we say them."""

    turn: Turn
    places: dict[OurRef, Ref]
    fields: tuple[str, ...]

    @classmethod
    def of(cls, turn: Turn, documents: Sequence[Document], fields: tuple[str, ...]) -> Bound:
        """For documents that name the same parties as these."""
        refs = [r for d in documents for r in refs_of(d) if not isinstance(r, BooksRef)]
        return cls(turn=turn, places=places_of(turn.connection, turn.id, refs), fields=fields)

    def normal(self, document: Document) -> Document:
        """The document as it is compared."""
        provider = self.turn.provider
        bound = loosely_bound(document, self.places)
        plain = provider.normal(bound)
        if not self.fields or getattr(document, "void", False):
            return plain
        said = provider.one_way(bound)
        evolving: Any = plain
        wide: Document = attrs.evolve(evolving, **{f: said[f] for f in self.fields if f in said})
        return wide


def ours_now(turn: Turn, known: Known, snapshot: Snapshot) -> Document:
    """Our document as the record is posted now; raises CannotPost."""
    return documents_now(turn, known, snapshot)[known.key]


def now_of(turn: Turn, known: Known, snapshot: Snapshot) -> tuple[Document, Document]:
    """Our document as the record is posted now, as we say it and as it is compared; raises CannotPost."""
    ours = ours_now(turn, known, snapshot)
    return ours, Bound.of(turn, (ours,), ()).normal(ours)


def is_shown(turn: Turn, known: Known, ours: Document, row: Any) -> bool:
    """Whether the books, by their row of the mirror, show all that `ours` says: nothing would change by writing it.

    What they never show is as it was when the document was sent last.
    """
    now, theirs = beside_of(row["beside"]), wire.load_document(known.kind, row["document"])
    if type(theirs) is not type(ours):
        return False
    fields = tuple(field for field in FIELDS if field in now.told)
    normal = Bound.of(turn, (ours,), fields).normal(ours)
    if as_decided(normal, _widened(theirs, now, fields)) != normal:
        return False
    one_way = turn.provider.one_way
    before = one_way(wire.load_document(known.kind, known.content))
    return all(before.get(field) == value for field, value in one_way(ours).items() if field not in now.told)


def documents_now(turn: Turn, known: Known, snapshot: Snapshot) -> Mapping[DocumentKey, Document]:
    """All documents of the record as it is posted now, this one among them; raises CannotPost."""
    related = read_related(turn.read_all, [snapshot.record])
    result = post_record(turn, snapshot.record, related, documents_of(turn, known))
    if not isinstance(result, Posted) or known.key not in result.documents:
        raise CannotPost(getattr(result, "reason", ""))
    ours = kept_name(turn, known.key.source, result.documents[known.key])
    return {**result.documents, known.key: ours}


def beside_of(text: str) -> Beside:
    """What was kept beside a document; empty where nothing was."""
    return wire.load(Beside, text, "what the books showed beside a document") if text else Beside()


def _widened(document: Document, beside: Beside, fields: tuple[str, ...]) -> Document:
    return document if getattr(document, "void", False) else widened(document, beside, fields)


def agreed_beside(
    turn: Turn,
    ours: Document,
    theirs: str,
    before: str,
    *,
    pairs: Sequence[tuple[str, str]] | None = None,
    equal: bool = False,
) -> str:
    """The text that a link keeps beside its new base: `theirs` (of the mirror) with pairs of line ids.

    `pairs` are known already, or `equal` says that both sides show equal lines in equal order; otherwise the
    pairs of `before` go on as far as both lines are still there.
    """
    if not theirs:
        return ""
    now = beside_of(theirs)
    if pairs is None:
        mine = keys_of_lines(ours, turn.provider.normal, "line_id")
        pairs = pairs_of(mine, now.lines) if equal else _carried(beside_of(before), now, mine)
    return wire.dump(attrs.evolve(now, pairs=tuple(pairs)))


def _carried(before: Beside, now: Beside, mine: Sequence[str]) -> tuple[tuple[str, str], ...]:
    kept = tuple((a, b) for a, b in before.pairs if a in mine and b in now.lines)
    if kept or len(before.lines) != len(now.lines):
        return kept
    # The books have given the same lines new numbers.
    renamed = dict(zip(before.lines, now.lines, strict=True))
    return tuple((a, renamed[b]) for a, b in before.pairs if a in mine and b in renamed)
