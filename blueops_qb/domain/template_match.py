"""Matching a template against what the books have: each row is there already, to be created, or for a person to decide.

Nothing is ever created beside what bears the same name: an entry of that name that does not fit, or is inactive, makes
the row a question. Accounts with a duty of the books' own (receivables, payables, undeposited funds, sales tax) are
recognised by that duty, and where the books have none of the last two they make it themselves.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

import attrs
from rapidfuzz import fuzz

from blueops_qb.domain.mapping_findings import Listed
from blueops_qb.domain.matching import normal_name
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.domain.template import SYSTEM, AccountRow, ClassRow, ItemRow, Row, Template

#: A name must be at least this alike (of 100), and better than the next one by this much.
ALIKE, AHEAD = 86.0, 4.0
#: Items that a template's row can be; stock, groups and the like are other things.
_ITEM_TYPES = frozenset({"service", "noninventory", "othercharge", "discount", ""})


class Step(enum.StrEnum):
    """What becomes of a row."""

    #: It is in the books already.
    USE = "use"
    CREATE = "create"
    #: A person has to say which one it is, or leave it out.
    ASK = "ask"
    #: It is left out, by a person or because something that it needs is.
    LEAVE = "leave"


@attrs.frozen(kw_only=True)
class Planned:
    """A row with what becomes of it. `ref` is what it is in the books, `why` the sentence that a person reads."""

    row: Row
    step: Step
    ref: BooksRef | None = None
    candidates: tuple[BooksRef, ...] = ()
    why: str = ""
    #: A person has said so.
    decided: bool = False

    @property
    def key(self) -> str:
        return self.row.key


@attrs.frozen(kw_only=True)
class Decision:
    """What a person said of a row: `use` with the entry that it is, `leave`, or `create` in spite of what is alike."""

    step: Step
    ref: BooksRef | None = None


class NotPossible(ValueError):
    """A decision that cannot stand; the sentence says why and what can."""


@attrs.frozen(kw_only=True)
class Lists:
    """The books' lists, and how long their names may be."""

    entries: Mapping[BooksRef, Listed]
    name_length: int = 100

    def of(self, kind: BooksKind) -> list[Listed]:
        found = (entry for ref, entry in self.entries.items() if ref.kind is kind)
        return sorted(found, key=lambda entry: (len(entry.ref.id), entry.ref.id))

    def name_of(self, row: Row) -> str:
        """The name under which a row is created."""
        return row.name if len(row.name) <= self.name_length else row.short or row.name


def match(
    template: Template, lists: Lists, decisions: Mapping[str, Decision] | None = None, *, classes: bool = True
) -> tuple[Planned, ...]:
    """What becomes of every row; `classes` = the books keep classes. Raises NotPossible for a decision."""
    decided = decisions or {}
    accounts = _claimed([_account(row, lists) for row in template.accounts], lists)
    accounts = [_as_decided(one, decided.get(one.key), lists) for one in accounts]
    by_number = {one.row.number: one for one in accounts if isinstance(one.row, AccountRow)}
    items = [_item(row, lists, by_number) for row in template.items]
    items = [_as_decided(one, decided.get(one.key), lists) for one in items]
    items = [_as_accounts(one, by_number) for one in items]
    kept = [_class(row, lists) if classes else _no_class(row) for row in template.classes]
    kept = [_as_decided(one, decided.get(one.key), lists) for one in kept]
    unknown = decided.keys() - {one.key for one in (*accounts, *items, *kept)}
    if unknown:
        raise NotPossible(f"the template has no row “{sorted(unknown)[0]}”; name a row as the plan shows it")
    return (*accounts, *items, *kept)


# -- accounts ------------------------------------------------------------------------------------------
def _account(row: AccountRow, lists: Lists) -> Planned:
    entries = lists.of(BooksKind.ACCOUNT)
    fitting = [entry for entry in entries if entry.active and type_of(entry) == squeezed(row.type)]
    if row.system:
        return _system(row, fitting, lists)
    numbered = [entry for entry in entries if entry.active and entry.facts.get("number") == row.number]
    found = [entry for entry in numbered if entry in fitting]
    if len(found) == 1:
        return _use(row, found[0], _NUMBER)
    if numbered:
        return _ask(row, numbered, f"the number {row.number} is on {_named(numbered)}")
    found = _same(row, fitting)
    if len(found) == 1:
        return _use(row, found[0], _NAME)
    if found:
        return _ask(row, found, f"several accounts have the name: {_named(found)}")
    return _in_the_way(row, entries, lists) or _chosen(row, fitting) or _alike(row, fitting) or _new(row)


def _system(row: AccountRow, fitting: Sequence[Listed], lists: Lists) -> Planned:
    subtypes = SYSTEM[row.system]
    duty = [entry for entry in fitting if not subtypes or entry.facts.get("account_subtype", "") in subtypes]
    if len(duty) == 1:
        return _use(row, duty[0], _DUTY)
    if duty:
        return _ask(row, duty, f"the books have several accounts for it: {_named(duty)}")
    found = _same(row, fitting)
    if len(found) == 1:
        return _use(row, found[0], _NAME)
    blocked = _in_the_way(row, lists.of(BooksKind.ACCOUNT), lists)
    if blocked is not None:
        return blocked
    if subtypes:
        return Planned(
            row=row,
            step=Step.ASK,
            why="the books have none yet and make it themselves when they first need it; leave it out now and map it "
            "then, or point to one that serves for it",
        )
    return _new(row)


def _chosen(row: AccountRow, fitting: Sequence[Listed]) -> Planned | None:
    """An account that is never created, such as a bank account: the only one of its type, else a question."""
    if not row.existing:
        return None
    if len(fitting) == 1:
        return _use(row, fitting[0], _ONLY)
    return _ask(row, fitting, "it is one that you have at a bank; point to it, or leave it out")


def _claimed(planned: Sequence[Planned], lists: Lists) -> list[Planned]:
    """One entry of the books is one row: a row that is less sure of it than another, or as sure, asks."""
    sure: dict[BooksRef, list[int]] = {}
    for one in planned:
        if one.ref is not None:
            sure.setdefault(one.ref, []).append(_SURE.index(one.why))
    found: list[Planned] = []
    for one in planned:
        rivals = sure.get(one.ref, []) if one.ref is not None else []
        mine = _SURE.index(one.why) if one.ref is not None else 0
        if sum(other <= mine for other in rivals) > 1:
            entry = [lists.entries[one.ref]] if one.ref is not None else []
            one = _ask(
                one.row, entry, f"{_named(entry)} looks like it, and another row of the template is it too"
            )
        found.append(one)
    return found


# -- items and classes ---------------------------------------------------------------------------------
def _item(row: ItemRow, lists: Lists, accounts: Mapping[str, Planned]) -> Planned:
    entries = lists.of(BooksKind.ITEM)
    active = [entry for entry in entries if entry.active]
    fitting = [entry for entry in active if squeezed(entry.facts.get("item_type", "")) in _ITEM_TYPES]
    found = _same(row, fitting)
    if len(found) > 1:
        return _ask(row, found, f"several items have the name: {_named(found)}")
    if found:
        return _posting(row, found[0], lists, accounts)
    blocked = _in_the_way(row, entries, lists)
    return blocked or _new(row)


def _posting(row: ItemRow, entry: Listed, lists: Lists, accounts: Mapping[str, Planned]) -> Planned:
    """An item of that name is it, where it posts to accounts of the types that the row wants."""
    for side, number in (("income_account", row.income), ("expense_account", row.cost)):
        wanted, id = accounts.get(number), entry.facts.get(side, "")
        if wanted is None or not isinstance(wanted.row, AccountRow):
            continue
        account = lists.entries.get(BooksRef(BooksKind.ACCOUNT, id)) if id else None
        if account is None and side == "expense_account" and row.income:
            return _ask(row, [entry], f"{_named([entry])} is sold only, and the row is bought too")
        if account is not None and type_of(account) != squeezed(wanted.row.type):
            return _ask(
                row,
                [entry],
                f"{_named([entry])} posts to “{account.name}”, which is no account of the type {wanted.row.type.value}",
            )
    return _use(row, entry, _NAME)


def _as_accounts(one: Planned, accounts: Mapping[str, Planned]) -> Planned:
    """An item needs its accounts: it is left out with them, and waits for their decision."""
    row = one.row
    if one.step is not Step.CREATE or not isinstance(row, ItemRow):
        return one
    steps = {number: accounts[number].step for number in row.accounts if number in accounts}
    for number, step in steps.items():
        if step is Step.LEAVE:
            return attrs.evolve(one, step=Step.LEAVE, why=f"its account {number} is left out")
    return one


def _class(row: ClassRow, lists: Lists) -> Planned:
    entries = lists.of(BooksKind.CLASS)
    active = [entry for entry in entries if entry.active]
    found = _same(row, active)
    if len(found) == 1:
        return _use(row, found[0], _NAME)
    if found:
        return _ask(row, found, f"several classes have the name: {_named(found)}")
    return _in_the_way(row, entries, lists) or _new(row)


def _no_class(row: ClassRow) -> Planned:
    return Planned(
        row=row,
        step=Step.LEAVE,
        why="the company does not track classes; switch that on in QuickBooks and apply the template again to have it",
    )


# -- decisions -----------------------------------------------------------------------------------------
def _as_decided(one: Planned, decision: Decision | None, lists: Lists) -> Planned:
    if decision is None:
        return one
    match decision.step:
        case Step.LEAVE:
            return Planned(row=one.row, step=Step.LEAVE, why="a person leaves it out", decided=True)
        case Step.USE:
            return _pointed(one, decision.ref, lists)
        case Step.CREATE:
            return _to_create(one, lists)
        case Step.ASK:
            return one


def _pointed(one: Planned, ref: BooksRef | None, lists: Lists) -> Planned:
    kind = KINDS[type(one.row)]
    entry = lists.entries.get(ref) if ref is not None else None
    if ref is None or entry is None or ref.kind is not kind:
        raise NotPossible(
            f"{one.key} cannot be {ref}: the books have no such {kind.value}; refresh the catalog, or point to another"
        )
    if not entry.active:
        raise NotPossible(
            f"{one.key} cannot be “{entry.name}”: it is inactive; make it active in the books first"
        )
    row = one.row
    if isinstance(row, AccountRow) and type_of(entry) != squeezed(row.type):
        raise NotPossible(
            f"{one.key} cannot be “{entry.name}”: that is of the type {entry.facts.get('account_type', 'unknown')}, "
            f"and the row of the type {row.type.value}; point to one of that type, or leave the row out"
        )
    if isinstance(row, ItemRow) and squeezed(entry.facts.get("item_type", "")) not in _ITEM_TYPES:
        raise NotPossible(
            f"{one.key} cannot be “{entry.name}”: that is an item of the type {entry.facts.get('item_type')}, whose "
            "cost the books post by themselves; point to another"
        )
    return Planned(row=row, step=Step.USE, ref=ref, why="a person says so", decided=True)


def _to_create(one: Planned, lists: Lists) -> Planned:
    row = one.row
    taken = _in_the_way(row, lists.of(KINDS[type(row)]), lists)
    if taken is not None:
        raise NotPossible(f"{one.key} cannot be created: {taken.why}")
    if isinstance(row, AccountRow) and (row.existing or row.system):
        raise NotPossible(
            f"{one.key} cannot be created: it is one that the company or the books have; point to it, or leave it out"
        )
    return Planned(row=row, step=Step.CREATE, why="a person says so", decided=True)


# -- names ---------------------------------------------------------------------------------------------
_DUTY, _NUMBER = "it is the books' own account for it", "it has the number"
_NAME, _ONLY, _LOOKS = "it has the name", "it is the only one of its type", "its name is much alike"
#: Why an entry is taken for a row, the surest first.
_SURE = (_DUTY, _NUMBER, _NAME, _ONLY, _LOOKS)
KINDS: dict[type[Row], BooksKind] = {
    AccountRow: BooksKind.ACCOUNT,
    ItemRow: BooksKind.ITEM,
    ClassRow: BooksKind.CLASS,
}


def squeezed(text: str) -> str:
    """A type without spaces and in small letters, as the books spell it in several ways."""
    return "".join(str(text).replace("_", "").split()).casefold()


def type_of(entry: Listed) -> str:
    """The type of an account."""
    return squeezed(entry.facts.get("account_type", ""))


def _leaf(entry: Listed) -> str:
    """The name without those of the entries above it."""
    return entry.name.rpartition(":")[2].strip()


def _names(row: Row) -> list[str]:
    return [name for name in (row.name, row.short, *row.also) if name]


def _same(row: Row, entries: Sequence[Listed]) -> list[Listed]:
    """The entries of the first of the row's names that any has."""
    for name in _names(row):
        wanted = normal_name(name)
        found = [entry for entry in entries if normal_name(_leaf(entry)) == wanted]
        if found:
            return found
    return []


def _alike(row: Row, entries: Sequence[Listed]) -> Planned | None:
    wanted = [normal_name(name) for name in _names(row)]
    scored = sorted(
        (
            (max(float(fuzz.token_sort_ratio(name, normal_name(_leaf(entry)))) for name in wanted), place)
            for place, entry in enumerate(entries)
        ),
        reverse=True,
    )
    if not scored or scored[0][0] < ALIKE:
        return None
    close = [entries[place] for score, place in scored if score > scored[0][0] - AHEAD]
    return (
        _use(row, close[0], _LOOKS)
        if len(close) == 1
        else _ask(row, close, f"several are alike: {_named(close)}")
    )


def _in_the_way(row: Row, entries: Sequence[Listed], lists: Lists) -> Planned | None:
    """An entry that bears the name at the top of the list, inactive ones too: the books would refuse a second one."""
    name = name_key(lists.name_of(row))
    same = [entry for entry in entries if name_key(entry.name) == name]
    if not same:
        return None
    inactive = [entry for entry in same if not entry.active]
    if inactive:
        return _ask(
            row,
            (),
            f"{_named(inactive)} has the name and is inactive; make it active in the books, or leave the row out",
        )
    return _ask(
        row, same, f"{_named(same)} has the name and is of another type; rename it, or leave the row out"
    )


def _named(entries: Sequence[Listed]) -> str:
    return ", ".join(
        f"“{entry.facts.get('number', '')} {entry.name}”".replace("“ ", "“") for entry in entries
    )


def _use(row: Row, entry: Listed, why: str) -> Planned:
    return Planned(row=row, step=Step.USE, ref=entry.ref, why=why)


def _ask(row: Row, entries: Sequence[Listed], why: str) -> Planned:
    return Planned(row=row, step=Step.ASK, candidates=tuple(entry.ref for entry in entries), why=why)


def _new(row: Row) -> Planned:
    return Planned(row=row, step=Step.CREATE, why="the books have none like it")


__all__ = [
    "KINDS",
    "Decision",
    "Lists",
    "NotPossible",
    "Planned",
    "Step",
    "match",
]
