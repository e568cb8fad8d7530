"""Reads one query statement: its words, its clauses, and what it may filter and sort by (reference section 5)."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import attrs

from blueops_qb.sandbox.qbo.clock import Clock
from blueops_qb.sandbox.qbo.entities import BY_PATH, ENTITIES, Entity
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.fields import Field, Shape

DEFAULT_PAGE, LARGEST_PAGE = 100, 1000
OPERATORS = ("=", "<", ">", "<=", ">=")
_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<number>-?\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><=|>=|=|<|>|\(|\)|,|\*))",
    re.DOTALL,
)
#: quotation marks of word processors, which the service's lexer does not know, in literals neither
_CURLY = re.compile("[\u2018-\u201f]")
_SCALARS = (Shape.TEXT, Shape.FLAG, Shape.DAY, Shape.MOMENT, Shape.NUMBER, Shape.WHOLE, Shape.CHOICE)
_REF_PARTS = {"value": Field(name="value", shape=Shape.TEXT), "type": Field(name="type", shape=Shape.TEXT)}

Path = tuple[Field, ...]


@attrs.frozen(kw_only=True)
class Condition:
    """``property operator value(s)``; values are of the property's own type."""

    path: Path
    operator: str
    values: tuple[Any, ...]


@attrs.frozen(kw_only=True)
class Statement:
    """A parsed query."""

    entity: Entity
    count: bool
    conditions: tuple[Condition, ...]
    order: tuple[tuple[Path, bool], ...]  #: (property, descending)
    start: int
    size: int


def parse(text: str, clock: Clock) -> Statement:
    """Read a statement; raises Fault 4000 for its form, 4001 for its content.

    ``clock`` reads moments without an offset as company time.
    """
    return _Parser(text, clock).statement()


def typed(clock: Clock, field: Field, text: str) -> Any:
    """A literal, or a stored value's text, as the property's own type; raises Fault 4001."""
    try:
        match field.shape:
            case Shape.FLAG:
                return {"true": True, "false": False}[text.lower()]
            case Shape.NUMBER | Shape.WHOLE:
                return Decimal(text)
            case Shape.MOMENT:
                return clock.parse(text)
            case Shape.DAY:
                return datetime.fromisoformat(text).date().isoformat()
    except (ValueError, KeyError, InvalidOperation):
        raise Fault(
            "4001", f"QueryValidationError: {text!r} is no value for {field.name}", field.name
        ) from None
    if field.name == "Id" and text.isdecimal():
        return int(text)
    return text.casefold()


class _Parser:
    def __init__(self, text: str, clock: Clock) -> None:
        self._text, self._clock = text.strip().rstrip(";"), clock
        self._tokens = self._split()
        self._at = 0

    def statement(self) -> Statement:
        self._expect("SELECT")
        count, shown = self._projection()
        self._expect("FROM")
        entity = self._entity()
        for name in shown:
            self._path(entity, name)
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

    # -- words -----------------------------------------------------------------------------------------------

    def _split(self) -> list[tuple[str, str]]:
        curly = _CURLY.search(self._text)
        if curly is not None:
            raise Fault(
                "4000",
                f"QueryParserError: Lexical error at column {curly.start() + 1}: unreadable character "
                f"{curly.group()!r} ({ord(curly.group())})",
            )
        tokens, at = [], 0
        while self._text[at:].strip():
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise Fault(
                    "4000",
                    f"QueryParserError: Lexical error at column {at + 1}: unreadable character near "
                    f"{self._text[at:][:20]!r}",
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

    # -- clauses ---------------------------------------------------------------------------------------------

    def _projection(self) -> tuple[bool, list[str]]:
        if self._accept("COUNT"):
            for mark in "(*)":
                self._expect(mark)
            return True, []
        names: list[str] = []
        while True:
            if not self._accept("*"):
                names.append(self._take("word"))
            if not self._accept(","):
                return False, names

    def _entity(self) -> Entity:
        name = self._take("word")
        entity = ENTITIES.get(name) or BY_PATH.get(name.lower())
        if entity is None:
            raise Fault("4001", f"QueryValidationError: Entity {name} is not known or not queryable")
        return entity

    def _path(self, entity: Entity, name: str) -> Path:
        path: list[Field] = []
        table = entity.fields
        for step in name.split("."):
            field = next((table[key] for key in table if key.lower() == step.lower()), None)
            if field is None:
                raise Fault(
                    "4001", f"QueryValidationError: Property {name} not found for Entity {entity.kind}"
                )
            path.append(field)
            table = _REF_PARTS if field.shape is Shape.REF else field.table
        return tuple(path)

    def _property(self, entity: Entity, *, filtering: bool) -> Path:
        name = self._take("word")
        path = self._path(entity, name)
        if path[-1].shape is Shape.LOOSE:
            raise Fault("4001", f"QueryValidationError: Property {name} not found for Entity {entity.kind}")
        # A member of a part may be marked itself; one inside a filterable reference or address goes with it.
        if filtering and not any(field.filterable for field in path):
            raise Fault("4001", f"QueryValidationError: property '{name}' is not queryable")
        if not filtering and path[-1].shape not in _SCALARS:
            raise Fault("4001", f"QueryValidationError: property '{name}' is not sortable")
        return path

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
        if sign not in OPERATORS:
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
        return "" if kind == "string" and not text.strip() else typed(self._clock, field, text)

    def _order(self, entity: Entity) -> tuple[tuple[Path, bool], ...]:
        if self._accept("ORDERBY"):
            pass
        elif self._accept("ORDER"):
            self._expect("BY")
        else:
            return ()
        order: list[tuple[Path, bool]] = []
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


def _unquoted(token: str) -> str:
    return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in text.casefold().split("%")) + r"\Z", re.DOTALL)
