"""A new company file: preferences, the accounts, items, taxes and lists of a field-service company, some names."""

from __future__ import annotations

import enum

from blueops_qb.sandbox.qbd import books, seed_lists
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.kinds import ITEMS, LIST_KINDS
from blueops_qb.sandbox.qbd.values import Obj


class Seed(enum.Enum):
    """What a new file holds."""

    LISTS = "lists"  #: accounts, items, taxes, terms, methods and classes
    NAMES = "names"  #: the same, and some customers, jobs, vendors and employees


def sow(company: Company, seed: Seed) -> None:
    """Fill a new company file."""
    company.set_meta("host", seed_lists.HOST)
    company.set_meta("company", seed_lists.COMPANY)
    company.set_meta("preferences", {})
    ids: dict[str, str] = {}
    rows = [*seed_lists.LISTS, *(seed_lists.NAMES if seed is Seed.NAMES else ())]
    for kind, members in rows:
        record: Obj = {"IsActive": "true", **_with_ids(members, ids)}
        ids[f"{kind}/{members[LIST_KINDS[kind].named_by]}"] = _add(company, kind, record)
    company.set_meta("preferences", _with_ids(seed_lists.PREFERENCES, ids))
    company.commit()


def _add(company: Company, kind: str, record: Obj) -> str:
    identity = company.new_list_id()
    fresh = {"ListID": identity, **record}
    company.stamp(fresh)
    company.put(kind, identity, fresh)
    company.note_name(identity)
    if kind in ITEMS:
        books.restock(company, identity)
    return identity


def _with_ids(members: Obj, ids: dict[str, str]) -> Obj:
    # "@Account/Checking" stands for the member of that list with that name.
    fresh: Obj = {}
    for name, value in members.items():
        if isinstance(value, str) and value.startswith("@"):
            fresh[name] = {"ListID": ids[value[1:]]}
        elif isinstance(value, dict):
            fresh[name] = _with_ids(value, ids)
        elif isinstance(value, list):
            fresh[name] = [
                _with_ids({"": row}, ids)[""] if isinstance(row, str) else _with_ids(row, ids)
                for row in value
            ]
        else:
            fresh[name] = value
    return fresh
