"""Agreement: the account lines that a document should have caused beside those that the books hold, and what differs.

Lines are summed by everything that tells them apart; what is equal cancels. Of the rest a rule explains what the books
choose by themselves (`agreement_rules`), what moved from one place to another is named by what changed, and what is
left is an amount. Nothing is left over: the differences of a document come to all that its sides differ by.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import permutations

import attrs

from blueops_qb.domain.agreement_rules import Chart, Explained, Line, Place, explain, resolved


class Kind(enum.StrEnum):
    """What is different."""

    #: Other amounts than expected; lines too many or too few come to that.
    AMOUNT = "amount"
    ACCOUNT = "account"
    #: The document is as it was; the item that it names leads to another account.
    ITEM_ACCOUNT = "item_account"
    CLASS = "class"
    LOCATION = "location"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    #: Another day of the same period.
    DATE = "date"
    #: Another day, outside the period.
    MOVED_PERIOD = "moved_period"
    #: A payment does not settle what it should.
    UNAPPLIED = "unapplied"
    #: The books show nothing of it.
    MISSING = "missing"
    #: The books show it with nothing but 0.00.
    VOIDED = "voided"
    #: The same once more, beside the one that is linked.
    DOUBLED = "doubled"
    #: The books have something on a customer or job of ours that BlueOps does not have.
    EXTRA = "extra"
    #: The record in BlueOps says something else now than both sides agreed on.
    FROM_BLUEOPS = "from_blueops"


#: A document that differs in more places than this is told as amounts; looking for moves would take too long.
MOST_PLACES = 200
#: Part of a place -> what it is called when it alone changed.
_PARTS: Mapping[str, Kind] = {
    "account": Kind.ACCOUNT,
    "customer": Kind.CUSTOMER,
    "vendor": Kind.VENDOR,
    "class_": Kind.CLASS,
    "location": Kind.LOCATION,
}


@attrs.frozen(kw_only=True)
class Difference:
    """One kind of difference of one document. `cents` is how much of money is concerned, never negative."""

    kind: Kind
    cents: int
    accounts: tuple[str, ...] = ()
    customers: tuple[str, ...] = ()
    detail: str = ""


@attrs.frozen(kw_only=True)
class Compared:
    """What came of one document: its lines with the accounts that the books chose, and what was found."""

    ours: tuple[Line, ...]
    theirs: tuple[Line, ...]
    explained: tuple[Explained, ...] = ()
    differences: tuple[Difference, ...] = ()


@attrs.frozen(kw_only=True)
class _Move:
    """So much went from one place to another."""

    source: Place
    target: Place
    cents: int

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(name for name in _PARTS if getattr(self.source, name) != getattr(self.target, name))


def compare(ours: Iterable[Line], theirs: Iterable[Line], chart: Chart, *, settles: bool = False) -> Compared:
    """Both sides of one document, all lines of it; `settles` for a payment that settles invoices.

    Equal sides give no difference, however their lines are split and ordered. Needs at least one line of the books
    (a document without any is `missing`, which only the caller can say).
    """
    expected = tuple(line.plain() for line in ours)
    shown = tuple(line.plain() for line in theirs)
    expected, chosen = resolved(expected, shown, chart)
    found: list[Difference] = []
    if any(line.cents for line in expected) and shown and not any(line.cents for line in shown):
        whole = sum(line.cents for line in expected if line.cents > 0)
        return Compared(ours=expected, theirs=shown, differences=(_on(Kind.VOIDED, whole, expected),))
    moved = _redated(expected, shown)
    if moved is not None:
        whole = sum(line.cents for line in shown if line.cents > 0)
        detail = f"dated {moved[1]} in the books, {moved[0]} is expected"
        found.append(attrs.evolve(_on(Kind.DATE, whole, shown), detail=detail))
        aligned: Sequence[Line] = [attrs.evolve(line, day=moved[0]) for line in shown]
    else:
        aligned = shown
    apart = _apart(expected, aligned)
    by_rule = explain(expected, apart, chart)
    for one in by_rule:
        apart[one.place] -= one.cents
    found += _named(expected, aligned, {k: v for k, v in apart.items() if v}, chart, settles=settles)
    return Compared(
        ours=expected, theirs=shown, explained=(*chosen, *by_rule), differences=tuple(_merged(found))
    )


def alike(one: Iterable[Line], other: Iterable[Line]) -> bool:
    """Whether two transactions do the same to the same accounts, whatever their days."""
    day = dt.date.min
    parts = ([attrs.evolve(line.plain(), day=day) for line in lines] for lines in (one, other))
    first, second = parts
    return not any(_apart(first, second).values())


def _apart(ours: Iterable[Line], theirs: Iterable[Line]) -> dict[Place, int]:
    """What the books hold more than expected, by place."""
    sums: dict[Place, int] = defaultdict(int)
    for line in theirs:
        sums[line.place] += line.cents
    for line in ours:
        sums[line.place] -= line.cents
    return sums


def _redated(ours: Sequence[Line], theirs: Sequence[Line]) -> tuple[dt.date, dt.date] | None:
    """(expected day, day in the books) where each side stands on one day, and they are not the same."""
    expected, shown = ({line.day for line in lines if line.cents} for lines in (ours, theirs))
    if len(expected) == len(shown) == 1 and expected != shown:
        return expected.pop(), shown.pop()
    return None


def _named(
    ours: Sequence[Line], theirs: Sequence[Line], apart: dict[Place, int], chart: Chart, *, settles: bool
) -> Iterator[Difference]:
    """Moves by what changed, the rest as amounts; `apart` is used up."""
    held_here, held_there = _summed(ours), _summed(theirs)
    for move in _moves(apart, held_here, held_there):
        for part in move.parts:
            yield Difference(
                kind=_kind_of(part, move, ours, chart, settles=settles),
                cents=abs(move.cents),
                accounts=tuple(dict.fromkeys((move.source.account, move.target.account))),
                customers=_filled(move.source.customer, move.target.customer),
                detail=f"{_money(move.cents)} is {_words(move.target, part)} in the books, "
                f"{_words(move.source, part)} is expected",
            )
    for place in sorted(place for place, cents in apart.items() if cents):
        here, there = held_here.get(place, 0), held_there.get(place, 0)
        yield Difference(
            kind=Kind.AMOUNT,
            cents=max(apart[place], 0),
            accounts=(place.account,),
            customers=_filled(place.customer),
            detail=f"{_words(place, 'account')} has {_money(there)}, {_money(here)} is expected",
        )


def _kind_of(part: str, move: _Move, ours: Sequence[Line], chart: Chart, *, settles: bool) -> Kind:
    if part == "account" and move.parts == ("account",):
        items = {line.item for line in ours if line.place == move.source and line.item}
        if any(move.target.account in chart.accounts_of(item) for item in items):
            return Kind.ITEM_ACCOUNT
    if (
        part == "customer"
        and settles
        and any(line.duty == "ar" and line.place == move.source for line in ours)
    ):
        return Kind.UNAPPLIED
    return _PARTS[part]


def _moves(
    apart: dict[Place, int], ours: Mapping[Place, int], theirs: Mapping[Place, int]
) -> Iterator[_Move]:
    """Whole amounts that went elsewhere before parts of them, small changes before large ones."""
    if sum(1 for cents in apart.values() if cents) > MOST_PLACES:
        return
    for whole in (True, False):
        for most in range(1, len(_PARTS) + 1):
            for source, target in permutations(sorted(place for place, c in apart.items() if c), 2):
                move = _move(apart, ours, theirs, source, target, whole=whole)
                if move is not None and len(move.parts) <= most and source.day == target.day:
                    apart[source] += move.cents
                    apart[target] -= move.cents
                    yield move


def _move(
    apart: Mapping[Place, int],
    ours: Mapping[Place, int],
    theirs: Mapping[Place, int],
    source: Place,
    target: Place,
    *,
    whole: bool,
) -> _Move | None:
    """What went from source to target: it lacks there and is too much here, on the side where it stood."""
    lacks, too_much = -apart[source], apart[target]
    if lacks * too_much <= 0 or (whole and lacks != too_much):
        return None
    cents = min(lacks, too_much, key=abs)
    stood, stands = ours.get(source, 0), theirs.get(target, 0)
    if stood * cents <= 0 or stands * cents <= 0 or abs(stood) < abs(cents) or abs(stands) < abs(cents):
        return None
    return _Move(source=source, target=target, cents=cents)


def _summed(lines: Iterable[Line]) -> dict[Place, int]:
    return {place: -cents for place, cents in _apart(lines, ()).items()}


def _merged(found: Iterable[Difference]) -> Iterator[Difference]:
    """One difference per kind, in the order in which they were found."""
    kinds: dict[Kind, list[Difference]] = {}
    for one in found:
        kinds.setdefault(one.kind, []).append(one)
    for kind, parts in kinds.items():
        yield Difference(
            kind=kind,
            cents=sum(part.cents for part in parts),
            accounts=tuple(dict.fromkeys(a for part in parts for a in part.accounts)),
            customers=tuple(dict.fromkeys(c for part in parts for c in part.customers)),
            detail="; ".join(dict.fromkeys(part.detail for part in parts if part.detail)),
        )


def _on(kind: Kind, cents: int, lines: Sequence[Line]) -> Difference:
    return Difference(
        kind=kind,
        cents=cents,
        accounts=tuple(dict.fromkeys(line.account for line in lines if line.cents)),
        customers=tuple(dict.fromkeys(line.customer for line in lines if line.customer)),
    )


def all_of(kind: Kind, lines: Iterable[Line], detail: str = "") -> Difference:
    """A difference that is about a document as a whole."""
    known = [line.plain() for line in lines]
    whole = sum(line.cents for line in known if line.cents > 0)
    return attrs.evolve(_on(kind, whole, known), detail=detail)


def _filled(*ids: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(id for id in ids if id))


def _words(place: Place, part: str) -> str:
    value = getattr(place, part)
    name = part.rstrip("_")
    if part == "account":
        return f"on account#{value}" if value else "on an account that the books choose"
    return f"on {name}#{value}" if value else f"without a {name}"


def _money(cents: int) -> str:
    return f"{Decimal(cents).scaleb(-2):,.2f}"


__all__ = [
    "Chart",
    "Compared",
    "Difference",
    "Explained",
    "Kind",
    "Line",
    "Place",
    "alike",
    "all_of",
    "compare",
]
