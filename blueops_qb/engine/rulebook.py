"""Rulebook: mapping and policy versions and the catalog, read once and kept until they change."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family, Mapping, MapRule, Target
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.refs import CATALOG_KINDS, BooksKind, BooksRef
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import insert_all


@attrs.frozen(kw_only=True)
class CatalogEntry:
    """One account, item, class, ... of the books."""

    ref: BooksRef
    name: str
    active: bool
    facts: dict[str, str]


@attrs.frozen(kw_only=True)
class CatalogView:
    """The catalog of a connection as last read."""

    entries: dict[BooksRef, CatalogEntry] = attrs.field(factory=dict)
    item_accounts: dict[str, str] = attrs.field(factory=dict)
    item_cost_accounts: dict[str, str] = attrs.field(factory=dict)
    #: `str(ref)` of what is inactive or deleted.
    inactive: frozenset[str] = frozenset()
    #: The names of those, by the same words.
    names: dict[str, str] = attrs.field(factory=dict)

    def of(self, kind: BooksKind) -> list[CatalogEntry]:
        """The entries of a kind by name, inactive ones last."""
        entries = (e for e in self.entries.values() if e.ref.kind is kind)
        return sorted(entries, key=lambda e: (not e.active, e.name.casefold()))


class Rulebook:
    """Caches per connection; a version never changes once written, the catalog by its time stamp."""

    def __init__(self) -> None:
        self._mappings: dict[tuple[str, int], Mapping] = {}
        self._policies: dict[tuple[str, int], Policy] = {}
        self._catalogs: dict[str, tuple[dt.datetime | None, CatalogView]] = {}

    def mapping(self, connection: sa.Connection, connection_id: str, version: int) -> Mapping:
        """The rules of a version; version 0 is empty."""
        key = (connection_id, version)
        if key not in self._mappings:
            self._mappings[key] = load_mapping(connection, connection_id, version)
        return self._mappings[key]

    def policy(self, connection: sa.Connection, connection_id: str, version: int) -> Policy:
        """The policy of a version; version 0 is the default."""
        key = (connection_id, version)
        if key not in self._policies:
            self._policies[key] = load_policy(connection, connection_id, version)
        return self._policies[key]

    def catalog(
        self, connection: sa.Connection, connection_id: str, stamp: dt.datetime | None
    ) -> CatalogView:
        """The catalog as of `stamp`."""
        known = self._catalogs.get(connection_id)
        if known is None or known[0] != stamp:
            known = self._catalogs[connection_id] = (stamp, load_catalog(connection, connection_id))
        return known[1]


def load_mapping(connection: sa.Connection, connection_id: str, version: int) -> Mapping:
    """Read one version of the rules."""
    query = sa.select(t.mapping_rules).where(
        t.mapping_rules.c.connection_id == connection_id, t.mapping_rules.c.version == version
    )
    rules = tuple(
        MapRule(
            family=Family(row["family"]),
            key=row["key"],
            scope=row["scope"],
            target=wire.load(Target, row["target"]),
            valid_from=None if row["valid_from"] == dt.date.min else row["valid_from"],
            version=version,
        )
        for row in connection.execute(query).mappings()
    )
    return Mapping(version=version, rules=rules)


def save_mapping(
    connection: sa.Connection,
    connection_id: str,
    rules: Iterable[MapRule],
    *,
    version: int,
    actor: str,
    now: dt.datetime,
    change: str = "",
) -> None:
    """Write a new version; the caller makes it the connection's own. `change` says what was asked for with it."""
    connection.execute(
        t.mappings.insert(),
        {
            "connection_id": connection_id,
            "version": version,
            "created_by": actor,
            "created_at": now,
            "valid_from": now,
            "change": change,
        },
    )
    insert_all(
        connection,
        t.mapping_rules,
        [
            {
                "connection_id": connection_id,
                "version": version,
                "family": rule.family.value,
                "key": rule.key,
                "scope": rule.scope,
                "target": wire.dump(rule.target),
                "valid_from": rule.valid_from or dt.date.min,
            }
            for rule in rules
        ],
    )


def load_policy(connection: sa.Connection, connection_id: str, version: int) -> Policy:
    """Read one version of the policy."""
    query = sa.select(t.policies.c.content).where(
        t.policies.c.connection_id == connection_id, t.policies.c.version == version
    )
    text = connection.execute(query).scalar_one_or_none()
    return Policy() if text is None else attrs.evolve(wire.load(Policy, text), version=version)


def save_policy(
    connection: sa.Connection, connection_id: str, policy: Policy, *, actor: str, now: dt.datetime
) -> None:
    """Write `policy` under its version."""
    connection.execute(
        t.policies.insert(),
        {
            "connection_id": connection_id,
            "version": policy.version,
            "content": wire.dump(policy),
            "created_by": actor,
            "created_at": now,
        },
    )


def load_catalog(connection: sa.Connection, connection_id: str) -> CatalogView:
    """Read the catalog part of the mirror."""
    m = t.mirror
    query = sa.select(m.c.kind, m.c.books_id, m.c.name, m.c.active, m.c.deleted, m.c.facts_json).where(
        m.c.connection_id == connection_id, m.c.kind.in_(sorted(k.value for k in CATALOG_KINDS))
    )
    entries: dict[BooksRef, CatalogEntry] = {}
    for row in connection.execute(query):
        ref = BooksRef(BooksKind(row.kind), row.books_id)
        facts = json.loads(row.facts_json) if row.facts_json else {}
        entries[ref] = CatalogEntry(
            ref=ref, name=row.name, active=row.active and not row.deleted, facts=facts
        )
    items = {ref.id: e.facts for ref, e in entries.items() if ref.kind is BooksKind.ITEM}
    return CatalogView(
        entries=entries,
        item_accounts={id: f["income_account"] for id, f in items.items() if f.get("income_account")},
        item_cost_accounts={id: f["expense_account"] for id, f in items.items() if f.get("expense_account")},
        inactive=frozenset(str(ref) for ref, e in entries.items() if not e.active),
        names={str(ref): e.name for ref, e in entries.items() if not e.active},
    )
