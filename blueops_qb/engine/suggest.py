"""Suggest: proposals for a mapping from the industry's template, numbers and names; a person accepts them."""

from __future__ import annotations

import importlib.resources
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import attrs
from rapidfuzz import fuzz

from blueops_qb.domain.mapping import Family, Target
from blueops_qb.domain.matching import normal_name
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.rulebook import CatalogEntry, CatalogView

#: The industry whose keys are shown until a company can choose its own.
INDUSTRY = "plumbing"
#: A name must be at least this alike (of 100), and better than the next one by this much.
ALIKE, AHEAD = 86.0, 4.0

#: The part of a target that a family fills, as `Target` names it, with the kinds it is chosen from.
#: The first one is the one that suggestions fill.
PARTS: dict[Family, tuple[str, ...]] = {
    Family.ROLE: ("account",),
    Family.SERVICE: ("item", "class_"),
    Family.MATERIAL_SOLD: ("item", "class_"),
    Family.FEE: ("item", "class_"),
    Family.MATERIAL_COST: ("account", "item", "class_"),
    Family.EXPENSE: ("account", "item", "class_"),
    Family.COST_CODE: ("item", "account", "class_"),
    Family.MONEY_ACCOUNT: ("account",),
    Family.PAYMENT_METHOD: ("method",),
    Family.BRANCH: ("location",),
    Family.CLASS: ("class_",),
    Family.TERMS: ("terms",),
    Family.TAX: ("tax_code",),
}
#: What each part of a target is chosen from.
PART_KINDS: dict[str, BooksKind] = {
    "item": BooksKind.ITEM,
    "account": BooksKind.ACCOUNT,
    "class_": BooksKind.CLASS,
    "location": BooksKind.LOCATION,
    "tax_code": BooksKind.TAX_CODE,
    "method": BooksKind.PAYMENT_METHOD,
    "terms": BooksKind.TERM,
}


@attrs.frozen(kw_only=True)
class StandardKey:
    """A key that companies of an industry usually map, and how its target is recognised."""

    family: Family
    key: str
    title: str
    use: str = ""
    needed: bool = False
    industry: str = ""
    number: str = ""
    types: tuple[str, ...] = ()
    subtypes: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    #: The only account of the first type is it, whatever its name.
    sole: bool = False


@cache
def standard_keys(industry: str = INDUSTRY) -> tuple[StandardKey, ...]:
    """The template's keys for an industry, in its order (accounting-treatments sections 15 to 17)."""
    text = importlib.resources.files("blueops_qb.engine").joinpath("keys.toml").read_text("utf-8")
    rows: list[dict[str, Any]] = tomllib.loads(text)["key"]
    return tuple(_standard(row) for row in rows if row.get("industry", "") in ("", industry))


def _standard(row: dict[str, Any]) -> StandardKey:
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    values["family"] = Family(row["family"])
    return StandardKey(**values)


def suggest(
    catalog: CatalogView, keys: Iterable[tuple[Family, str]], *, industry: str = INDUSTRY
) -> dict[tuple[Family, str], Target]:
    """A target for each of `keys` where one stands out; what is doubtful is left out.

    Only active entries are proposed. An account's number counts before its name; two candidates that are
    about equally good give no suggestion at all.
    """
    known = {(standard.family, standard.key): standard for standard in standard_keys(industry)}
    found: dict[tuple[Family, str], Target] = {}
    for family, key in keys:
        standard = known.get((family, key)) or StandardKey(family=family, key=key, title=words_of(key))
        for part in [p for p in PARTS[family] if p != "class_"] or PARTS[family]:
            entry = _best(standard, [e for e in catalog.of(PART_KINDS[part]) if e.active])
            if entry is not None:
                chosen: dict[str, Any] = {part: entry.ref}
                found[family, key] = Target(**chosen)
                break
    return found


def label(entry: CatalogEntry) -> str:
    """How a person finds an entry: number and full name."""
    name = entry.facts.get("full_name") or entry.name
    number = entry.facts.get("number", "")
    return f"{number} {name}".strip()


def label_of(catalog: CatalogView, ref: BooksRef) -> str:
    """The label of a reference; its id when the catalog does not have it."""
    entry = catalog.entries.get(ref)
    if entry is None:
        return f"{ref.kind.value.replace('_', ' ')} {ref.id} (not in the books)"
    return label(entry) + ("" if entry.active else " (inactive)")


def _best(standard: StandardKey, entries: Sequence[CatalogEntry]) -> CatalogEntry | None:
    fitting = [e for e in entries if _type_fits(e, standard.types)]
    numbered = [e for e in fitting if standard.number and e.facts.get("number") == standard.number]
    if len(numbered) == 1:
        return numbered[0]
    if standard.sole and standard.types:
        only = [e for e in fitting if _type_fits(e, standard.types[:1])]
        if len(only) == 1:
            return only[0]
    special = [e for e in fitting if e.facts.get("account_subtype") in standard.subtypes]
    if len(special) == 1:
        return special[0]
    return _by_name(standard, fitting)


def _type_fits(entry: CatalogEntry, types: Sequence[str]) -> bool:
    """Other entries than accounts have no type; providers spell types with and without spaces."""
    if not types or entry.ref.kind is not BooksKind.ACCOUNT:
        return True
    return _squeezed(entry.facts.get("account_type", "")) in {_squeezed(type_) for type_ in types}


def _by_name(standard: StandardKey, entries: Sequence[CatalogEntry]) -> CatalogEntry | None:
    # The template's first name weighs most: a company with both has the better one under it.
    wanted = [normal_name(name) for name in (*standard.names, standard.title)]
    for name in wanted:
        same = [e for e in entries if name and normal_name(e.name) == name]
        if len(same) == 1:
            return same[0]
        if same:
            return None
    scored = sorted(
        ((max(_alike(name, normal_name(e.name)) for name in wanted), e) for e in entries if wanted),
        key=lambda pair: -pair[0],
    )
    if not scored or scored[0][0] < ALIKE:
        return None
    runner_up = scored[1][0] if len(scored) > 1 else 0.0
    return scored[0][1] if scored[0][0] - runner_up >= AHEAD else None


def _alike(one: str, other: str) -> float:
    return float(fuzz.token_sort_ratio(one, other)) if one and other else 0.0


def _squeezed(text: str) -> str:
    return "".join(text.split()).casefold()


def words_of(key: str) -> str:
    """A key as words, for keys that the template does not know."""
    return key.replace("_", " ").replace(":", " ").strip().capitalize()
