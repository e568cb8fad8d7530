"""The query language: one statement in, matching records out (reference/quickbooks-online.md section 5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

from blueops_qb.sandbox.qbo.company import Company, number_key
from blueops_qb.sandbox.qbo.entities import BY_PATH, ENTITIES, Entity
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.fields import Field, Shape
from blueops_qb.sandbox.qbo.view import shown
from blueops_qb.sandbox.qbo.wire import Obj

DEFAULT_PAGE, LARGEST_PAGE = 100, 1000
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|=|<|>|\(|\)|,|\*))"
)
_SCALARS = (Shape.TEXT, Shape.FLAG, Shape.DAY, Shape.MOMENT, Shape.NUMBER, Shape.WHOLE, Shape.CHOICE)
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: bool(a == b),
    "<": lambda a, b: bool(a < b),
    ">": lambda a, b: bool(a > b),
    "<=": lambda a, b: bool(a <= b),
    ">=": lambda a, b: bool(a >= b),
}


@attrs.frozen(kw_only=True)
class Condition:
    """``property operator value(s)``."""

    path: tuple[Field, ...]
    operator: str
    values: tuple[Any, ...]


@attrs.frozen(kw_only=True)
class Statement:
    """A parsed query."""

    entity: Entity
    count: bool
    conditions: tuple[Condition, ...]
    order: tuple[tuple[tuple[Field, ...], bool], ...]  #: (property, descending)
    start: int
    size: int


def run_query(company: Company, text: str) -> Obj:
    """Answer the QueryResponse of a statement; raises Fault 4000 or 4001."""
    statement = parse(text, company)
    kind = statement.entity.kind
    matching = [record for record in _candidates(company, statement) if _matches(company, statement, record)]
    if statement.count:
        return {"totalCount": len(matching)}
    for path, descending in reversed(statement.order):
        matching.sort(key=lambda record: _sort_key(company, path, record), reverse=descending)
    page = matching[statement.start - 1 : statement.start - 1 + statement.size]
    if not page:
        return {}
    return {
        kind: [shown(company, kind, record) for record in page],
        "startPosition": statement.start,
        "maxResults": len(page),
        "totalCount": len(matching),
    }


def _candidates(company: Company, statement: Statement) -> list[Obj]:
    # Look-ups by id or document number need not read the whole table.
    kind = statement.entity.kind
    rows = company.records[kind]
    for condition in statement.conditions:
        if condition.operator not in ("=", "IN") or len(condition.path) != 1:
            continue
        if condition.path[0].name == "Id" and "TAX" not in rows:
            wanted = {str(value) for value in condition.values}
        elif condition.path[0].name == "DocNumber" and all(str(v).strip() for v in condition.values):
            wanted = set().union(
                *(company.numbers.get((kind, number_key(value)), set()) for value in condition.values)
            )
        else:
            continue
        return [rows[identity] for identity in sorted(wanted & rows.keys(), key=int)]
    return company.all(kind)


def parse(text: str, company: Company) -> Statement:
    """Read a statement; raises Fault 4000 for its form, 4001 for its content."""
    return _Parser(text, company).statement()


class _Parser:
    def __init__(self, text: str, company: Company) -> None:
        self._text, self._company = text.strip().rstrip(";"), company
        self._tokens = self._split()
        self._at = 0

    def statement(self) -> Statement:
        self._expect("SELECT")
        count = self._projection()
        self._expect("FROM")
        entity = self._entity()
        conditions: list[Condition] = []
        if self._accept("WHERE"):
            conditions.append(self._condition(entity))
            while self._accept("AND"):
                conditions.append(self._condition(entity))
        order = self._order(entity)
        start = self._clause_number("STARTPOSITION", 1, least=1)
        size = self._clause_number("MAXRESULTS", DEFAULT_PAGE, least=1)
        if self._at < len(self._tokens):
            raise self._unreadable()
        if "Active" in entity.fields and not any(c.path[0].name == "Active" for c in conditions):
            conditions.append(Condition(path=(entity.fields["Active"],), operator="=", values=(True,)))
        return Statement(
            entity=entity,
            count=count,
            conditions=tuple(conditions),
            order=order,
            start=start,
            size=min(size, LARGEST_PAGE),
        )

    def _split(self) -> list[tuple[str, str]]:
        tokens, at = [], 0
        while self._text[at:].strip():
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise Fault(
                    "4000",
                    f"QueryParserError: Encountered an unreadable character near {self._text[at:][:20]!r}",
                )
            kind = match.lastgroup or ""
            tokens.append((kind, match.group(kind)))
            at = match.end()
        return tokens

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("", "")

    def _accept(self, word: str) -> bool:
        if self._peek()[1].upper() == word and self._peek()[0] != "string":
            self._at += 1
            return True
        return False

    def _expect(self, word: str) -> None:
        if not self._accept(word):
            raise self._unreadable(f"expected {word}")

    def _take(self, kind: str) -> str:
        if self._peek()[0] != kind:
            raise self._unreadable(f"expected a {kind}")
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _unreadable(self, why: str = "") -> Fault:
        seen = self._peek()[1] or "the end"
        return Fault("4000", f"QueryParserError: Encountered {seen!r} {why}".rstrip())

    def _projection(self) -> bool:
        if self._accept("COUNT"):
            for mark in "(*)":
                self._expect(mark)
            return True
        while True:
            if not self._accept("*"):
                self._take("word")
            if not self._accept(","):
                return False

    def _entity(self) -> Entity:
        name = self._take("word")
        entity = ENTITIES.get(name) or BY_PATH.get(name.lower())
        if entity is None:
            raise Fault("4001", f"QueryValidationError: Entity {name} is not known or not queryable")
        return entity

    def _property(self, entity: Entity, *, filtering: bool) -> tuple[Field, ...]:
        name = self._take("word")
        path: list[Field] = []
        table = entity.fields
        for step in name.split("."):
            field = next((table[key] for key in table if key.lower() == step.lower()), None)
            if field is None or field.shape is Shape.LOOSE:
                raise Fault(
                    "4001", f"QueryValidationError: Property {name} not found for Entity {entity.kind}"
                )
            path.append(field)
            table = field.table
        if filtering and not path[-1].filterable:
            raise Fault("4001", f"QueryValidationError: property '{name}' is not queryable")
        if not filtering and path[-1].shape not in _SCALARS:
            raise Fault("4001", f"QueryValidationError: property '{name}' is not sortable")
        return tuple(path)

    def _condition(self, entity: Entity) -> Condition:
        path = self._property(entity, filtering=True)
        if self._accept("IN"):
            self._expect("(")
            values = [self._value(path[-1])]
            while self._accept(","):
                values.append(self._value(path[-1]))
            self._expect(")")
            return Condition(path=path, operator="IN", values=tuple(values))
        if self._accept("LIKE"):
            return Condition(path=path, operator="LIKE", values=(_pattern(_unquoted(self._take("string"))),))
        sign = self._take("sign")
        if sign not in _COMPARE:
            raise self._unreadable()
        return Condition(path=path, operator=sign, values=(self._value(path[-1]),))

    def _value(self, field: Field) -> Any:
        kind, raw = self._peek()
        if kind not in ("string", "number", "word"):
            raise self._unreadable("expected a value")
        self._at += 1
        if kind == "word" and raw.lower() not in ("true", "false"):
            raise Fault("4000", f"QueryParserError: Encountered {raw!r}; values stand in single quotes")
        text = _unquoted(raw) if kind == "string" else raw
        return typed(self._company, field, text)

    def _order(self, entity: Entity) -> tuple[tuple[tuple[Field, ...], bool], ...]:
        if self._accept("ORDERBY"):
            pass
        elif self._accept("ORDER"):
            self._expect("BY")
        else:
            return ()
        order: list[tuple[tuple[Field, ...], bool]] = []
        while True:
            path = self._property(entity, filtering=False)
            descending = self._accept("DESC")
            if not descending:
                self._accept("ASC")
            order.append((path, descending))
            if not self._accept(","):
                return tuple(order)

    def _clause_number(self, word: str, default: int, *, least: int) -> int:
        if not self._accept(word):
            return default
        text = self._take("number")
        value = int(text) if text.lstrip("-").isdigit() else 0
        if value < least:
            raise Fault(
                "4001", f"QueryValidationError: value {text} is too small. Min allowed value is {least}", word
            )
        return value


def typed(company: Company, field: Field, text: str) -> Any:
    """A literal as the property's own type; raises Fault 4001."""
    try:
        match field.shape:
            case Shape.FLAG:
                return {"true": True, "false": False}[text.lower()]
            case Shape.NUMBER | Shape.WHOLE:
                return Decimal(text)
            case Shape.MOMENT:
                return company.clock.parse(text)
            case Shape.DAY:
                return datetime.fromisoformat(text).date().isoformat()
    except (ValueError, KeyError, InvalidOperation):
        raise Fault(
            "4001", f"QueryValidationError: {text!r} is no value for {field.name}", field.name
        ) from None
    if field.name == "Id" and text.isdigit():
        return Decimal(text)
    return text.casefold()


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1])


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.casefold().split("%")) + r"\Z", re.DOTALL)


def _actual(company: Company, path: tuple[Field, ...], record: Obj) -> Any:
    value: Any = record
    for field in path:
        value = value.get(field.name) if isinstance(value, dict) else None
    if value is None:
        return None
    field = path[-1]
    if field.shape is Shape.REF:
        return str(value["value"]).casefold()
    if field.shape is Shape.PART:
        return str(next(iter(value.values()), "")).casefold()
    if field.shape is Shape.FLAG:
        return value
    return typed(company, field, str(value))


def _matches(company: Company, statement: Statement, record: Obj) -> bool:
    for condition in statement.conditions:
        actual = _actual(company, condition.path, record)
        if actual is None:
            if condition.operator == "=" and str(condition.values[0]).strip() == "":
                continue
            return False
        if not _holds(condition, actual):
            return False
    return True


def _holds(condition: Condition, actual: Any) -> bool:
    if condition.operator == "IN":
        return actual in condition.values
    if condition.operator == "LIKE":
        return condition.values[0].match(str(actual)) is not None
    try:
        return _COMPARE[condition.operator](actual, condition.values[0])
    except TypeError:
        return False


def _sort_key(company: Company, path: tuple[Field, ...], record: Obj) -> tuple[int, Any]:
    actual = _actual(company, path, record)
    if isinstance(actual, Decimal):
        return (1, actual)
    return (
        (0, "")
        if actual is None
        else (2, str(actual) if not isinstance(actual, datetime) else actual.isoformat())
    )
