"""Pulling: what every change of the books that becomes a change of a BlueOps record shares."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.line_merge import LineStep
from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.refs import BooksRef, RecordKind, RecordRef, Ref
from blueops_qb.domain.reverse_keys import Key, keys_to, named, only_key


class NoPlace(Exception):
    """A change of the books has no place in BlueOps; the words continue a sentence about the record."""


@attrs.frozen(kw_only=True)
class LineOption:
    """A line that was added over there and the keys that it may have; a person chooses one."""

    books_id: str
    description: str
    amount: Decimal
    leads_to: BooksRef
    #: `family:key`; those that lead to its item or account first.
    keys: tuple[str, ...] = ()
    #: How many of them do.
    fitting: int = 0


class NeedsKey(NoPlace):
    """Lines were added whose item or account leads to no key, or to several."""

    def __init__(self, words: str, options: tuple[LineOption, ...]) -> None:
        super().__init__(words)
        self.options = options


@attrs.frozen(kw_only=True)
class Pull:
    """What is to be taken from the books.

    `theirs` is normal, with one-way fields, its parties ours where they are linked. `fields` are those to take;
    `picks` are keys that a person chose for added lines (the books' line id -> key).
    """

    theirs: Any
    fields: frozenset[str]
    steps: tuple[LineStep, ...] = ()
    mapping: Mapping = attrs.field(factory=Mapping)
    policy: Policy = attrs.field(factory=Policy)
    scopes: tuple[str, ...] = ()
    picks: MappingOf[str, Key] = attrs.field(factory=dict)
    #: Which record of ours stands behind a party that the lines of `steps` name.
    ours: MappingOf[Ref, RecordRef] = attrs.field(factory=dict)
    #: A person looked at it and wants it so: coding that no key leads to is kept as an override.
    by_person: bool = False
    #: A person chose lines of both sides one by one; what comes of it is neither side's.
    mixed: bool = False

    def key(self, family: Family, field: str, ref: BooksRef | None, what: str) -> str:
        """The only key of a family that leads to `ref`; raises NoPlace with the number of them."""
        found = only_key(self.mapping, family, field, ref)
        if found is None:
            assert ref is not None
            several = keys_to(self.mapping, (family,), field, ref)
            words = f"{len(several)} keys of BlueOps lead" if several else "no key of BlueOps leads"
            raise NoPlace(f"has {what} {ref} in QuickBooks now, and {words} there")
        return found


@attrs.frozen(kw_only=True)
class Drafted:
    """The record as it would be, and which of our lines stands for each line of theirs, in their order."""

    record: Any
    ids: tuple[str, ...] | None = None


def key_for(pull: Pull, families: Sequence[Family], line: Any, books_id: str, field: str) -> Key | LineOption:
    """The key of an added line: chosen by a person, or the only one that leads to its item or account."""
    if books_id in pull.picks:
        return pull.picks[books_id]
    ref = getattr(line, field)
    fitting = keys_to(pull.mapping, families, field, ref, pull.scopes)
    if len(fitting) == 1:
        return fitting[0]
    others = sorted({(r.family, r.key) for r in pull.mapping.rules if r.family in families} - set(fitting))
    return LineOption(
        books_id=books_id,
        description=line.description,
        amount=line.amount,
        leads_to=ref,
        keys=tuple(named(key) for key in (*fitting, *others)),
        fitting=len(fitting),
    )


def ask_for_keys(options: Sequence[LineOption]) -> None:
    """Raises NeedsKey when there is anything to choose."""
    if not options:
        return
    parts = []
    for option in options:
        leading = ", ".join(option.keys[: option.fitting])
        parts.append(
            f"the line “{option.description}” over {option.amount} on {option.leads_to}, to which "
            + (f"{option.fitting} keys lead ({leading})" if option.fitting else "no key leads")
        )
    raise NeedsKey(f"has got {'; '.join(parts)}: choose what it is in BlueOps", tuple(options))


def next_line_id(taken: Sequence[str]) -> str:
    """A number above all that are in use."""
    return str(max((int(id) for id in taken if id.isascii() and id.isdecimal()), default=0) + 1)


def payer_of(party: object, customer_id: str | None) -> dict[str, str | None]:
    """Whose a document is in BlueOps that stands under `party` in the books, whose customer is `customer_id`.

    Raises NoPlace where that is nobody here.
    """
    if not isinstance(party, RecordRef) or customer_id is None:
        raise NoPlace(f"was moved to {party} in QuickBooks, which is nobody in BlueOps")
    return {"customer_id": customer_id, "job_id": party.id if party.kind is RecordKind.JOB else None}
