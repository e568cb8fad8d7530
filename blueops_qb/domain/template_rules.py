"""Rules of a template: the rows of the mapping that follow once each of its rows has its place in the books."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf

import attrs

from blueops_qb.domain.documents import AccountRecord, ClassRecord, ItemRecord
from blueops_qb.domain.mapping import NOWHERE, Mapping, MapRule, RuleKey, Target
from blueops_qb.domain.refs import BooksRef
from blueops_qb.domain.template import AccountRow, ClassRow, ItemRow, MappingRow, Row, Template


@attrs.frozen(kw_only=True)
class Following:
    """The rules to write, keys that a person mapped otherwise and that stay so, what is left out with what it lacks."""

    rules: tuple[MapRule, ...] = ()
    kept: tuple[RuleKey, ...] = ()
    left_out: tuple[tuple[str, str], ...] = ()


def following(template: Template, places: MappingOf[str, BooksRef], present: Mapping) -> Following:
    """What the mapping gets; `places` are the rows by key. A key that is mapped already stays as it is."""
    rules: list[MapRule] = []
    kept: list[RuleKey] = []
    left: list[tuple[str, str]] = []
    for row in template.mappings:
        about = (row.family, row.key, row.scope)
        missing = [key for key in _needs(row) if key not in places]
        there = present.at(about)
        target = NOWHERE if missing else _target(row, places)
        if there is not None:
            kept += [about] if there.target != target else []
        elif missing:
            left.append((row.label, missing[0]))
        else:
            rules.append(MapRule(family=row.family, key=row.key, scope=row.scope, target=target))
    return Following(rules=tuple(rules), kept=tuple(kept), left_out=tuple(left))


def record_of(
    row: Row, accounts: MappingOf[str, BooksRef], *, name: str
) -> AccountRecord | ItemRecord | ClassRecord:
    """What creates a row under a name, on `accounts` of the template by key; raises KeyError where one lacks."""
    match row:
        case AccountRow():
            return AccountRecord(name=name, type=row.type, detail=row.detail, number=row.number)
        case ItemRow():
            return ItemRecord(
                name=name,
                kind=row.kind,
                income_account=accounts[f"account {row.income}"] if row.income else None,
                expense_account=accounts[f"account {row.cost}"] if row.cost else None,
                taxable=row.taxable,
            )
        case ClassRow():
            return ClassRecord(name=name)


def _needs(row: MappingRow) -> list[str]:
    """The rows without which it leads nowhere; a class alone may lack, where the row is about something else."""
    wanted = [f"account {row.account}"] if row.account else []
    wanted += [f"item {row.item}"] if row.item else []
    return wanted or [f"class {row.class_}"]


def _target(row: MappingRow, places: MappingOf[str, BooksRef]) -> Target:
    return Target(
        account=places[f"account {row.account}"] if row.account else None,
        item=places[f"item {row.item}"] if row.item else None,
        class_=places.get(f"class {row.class_}") if row.class_ else None,
        taxable=row.taxable,
    )
