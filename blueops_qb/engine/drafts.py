"""Drafts: a mapping as a TOML file that a person edits and hands back; targets by the books' id, names beside them."""

from __future__ import annotations

import datetime as dt
import json
import tomllib
from collections.abc import Iterator
from typing import Any

from blueops_qb.domain.mapping import Family, Mapping, MapRule, Target
from blueops_qb.domain.refs import BooksRef
from blueops_qb.engine import suggest
from blueops_qb.engine.rulebook import CatalogView

#: Words of a row that are not parts of a target.
_ROW = frozenset({"family", "key", "scope", "from", "taxable"})
_PARTS = {part.rstrip("_"): part for part in suggest.PART_KINDS}
_HEAD = """# The mapping as a draft. Change it, then look at it with `blueops-qb mapping lint FILE` and
# `blueops-qb mapping what-if FILE`, and make it count with `blueops-qb mapping apply FILE`.
# Targets are ids of the books; `from` is the first day of documents that a row counts for.
"""


class UnreadableDraft(ValueError):
    """A draft cannot be read; the sentence names the row and what is wrong with it."""


def written(mapping: Mapping, catalog: CatalogView) -> str:
    """A mapping as the text of a draft."""
    order = list(Family)
    rows = sorted(
        mapping.rules,
        key=lambda r: (order.index(r.family), r.key, r.scope, r.valid_from or dt.date.min),
    )
    return "\n".join([_HEAD, f"version = {mapping.version}", *(_row(rule, catalog) for rule in rows), ""])


def _row(rule: MapRule, catalog: CatalogView) -> str:
    return "\n".join(["", "[[rule]]", *_lines(rule, catalog)])


def _lines(rule: MapRule, catalog: CatalogView) -> Iterator[str]:
    yield f"family = {_quoted(rule.family.value)}"
    yield f"key = {_quoted(rule.key)}"
    if rule.scope:
        yield f"scope = {_quoted(rule.scope)}"
    if rule.valid_from is not None:
        yield f"from = {rule.valid_from}"
    for word, part in _PARTS.items():
        ref = getattr(rule.target, part)
        if isinstance(ref, BooksRef):
            name = "".join(c for c in suggest.label_of(catalog, ref) if c.isprintable())
            yield f"{word} = {_quoted(ref.id)}  # {name}"
    if rule.target.taxable is not None:
        yield f"taxable = {str(rule.target.taxable).lower()}"


def _quoted(text: str) -> str:
    """A basic string of TOML; what JSON escapes is escaped the same way there."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def read(text: str) -> Mapping:
    """The mapping of a draft; its version is the one that the draft was made from. Raises UnreadableDraft."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        raise UnreadableDraft(f"the draft is no TOML: {problem}") from None
    version, rows = raw.get("version"), raw.get("rule", [])
    if not isinstance(version, int) or isinstance(version, bool):
        raise UnreadableDraft("the draft does not say `version`, the version that it was made from")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise UnreadableDraft("the draft must have its rows as [[rule]]")
    rules: dict[tuple[object, ...], MapRule] = {}
    for number, row in enumerate(rows, start=1):
        rule = _rule(row, f"row {number}")
        same = (*rule.about, rule.valid_from)
        if same in rules:
            raise UnreadableDraft(f"row {number}: {rule.family.value} “{rule.key}” stands there twice")
        rules[same] = rule
    return Mapping(version=version, rules=tuple(rules.values()))


def _rule(row: dict[str, Any], where: str) -> MapRule:
    unknown = sorted(set(row) - _ROW - set(_PARTS))
    if unknown:
        raise UnreadableDraft(f"{where}: it has {', '.join(unknown)}, which no row has")
    if row.get("family") not in set(Family):
        raise UnreadableDraft(f"{where}: {row.get('family')!r} is no family of keys")
    key, scope, since, taxable = row.get("key"), row.get("scope", ""), row.get("from"), row.get("taxable")
    if not isinstance(key, str) or not key or not isinstance(scope, str):
        raise UnreadableDraft(f"{where}: key and scope must be texts, and the key not empty")
    if since is not None and (not isinstance(since, dt.date) or isinstance(since, dt.datetime)):
        raise UnreadableDraft(f"{where}: from must be a day, as in from = 2026-03-02")
    if taxable is not None and not isinstance(taxable, bool):
        raise UnreadableDraft(f"{where}: taxable must be true or false")
    values: dict[str, Any] = {}
    for word, part in _PARTS.items():
        id = row.get(word)
        if id is not None and (not isinstance(id, str) or not id):
            raise UnreadableDraft(f"{where}: {word} must be an id of the books as a text")
        values[part] = BooksRef(suggest.PART_KINDS[part], id) if id else None
    return MapRule(
        family=Family(row["family"]),
        key=key,
        scope=scope,
        valid_from=since,
        target=Target(taxable=taxable, **values),
    )
