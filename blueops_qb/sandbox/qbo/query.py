"""Answers a query statement: which records match, in which order, which page (reference section 5)."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from blueops_qb.sandbox.qbo.clock import Clock
from blueops_qb.sandbox.qbo.company import Company, number_key, pool_name
from blueops_qb.sandbox.qbo.entities import Family
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.fields import Shape
from blueops_qb.sandbox.qbo.statement import Condition, Path, Statement, parse, typed
from blueops_qb.sandbox.qbo.view import shown
from blueops_qb.sandbox.qbo.wire import Obj

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


def run_query(company: Company, text: str) -> Obj:
    """Answer the QueryResponse of a statement; raises Fault 4000, 4001 or 4002.

    Rows come by numeric id unless the statement orders them; a page is at most 1,000 rows.
    """
    statement = parse(text, company.clock)
    kind = statement.entity.kind
    tests = _tests(statement.conditions, company.clock)
    rows = company.rows(kind, asked="query")
    matching = [
        record for record in _candidates(company, rows, statement) if all(test(record) for test in tests)
    ]
    if statement.count:
        return {"totalCount": len(matching)}
    if "TAX" not in rows:  # the two codes whose id is no number come first
        matching.sort(key=_number)
    for path, descending in reversed(statement.order):
        matching.sort(key=_sort_key(path, company.clock), reverse=descending)
    page = matching[statement.start - 1 : statement.start - 1 + statement.size]
    if not page:
        return {}
    _refuse_unreadable(company, kind, page)
    return {
        kind: [shown(company, kind, record) for record in page],
        "startPosition": statement.start,
        "maxResults": len(page),
        "totalCount": len(matching),
    }


def _refuse_unreadable(company: Company, kind: str, page: list[Obj]) -> None:
    # One record with data the service cannot process spoils every page it is on (reference section 12, no. 21).
    spoiled = set(company.hidden.unreadable)
    if spoiled and any(f"{kind}:{record['Id']}" in spoiled for record in page):
        raise Fault("4002", "QueryProcessingError: an error has occurred while processing the query.")


def _candidates(company: Company, rows: Mapping[str, Obj], statement: Statement) -> list[Obj]:
    # Look-ups by id, document number or display name need not read the whole table.
    for condition in statement.conditions:
        if condition.operator in ("=", "IN") and len(condition.path) == 1 and "" not in condition.values:
            ids = _indexed(company, rows, statement, condition)
            if ids is not None:
                return [rows[identity] for identity in ids & rows.keys()]
    return list(rows.values())


def _number(record: Obj) -> int:
    return int(record["Id"])


def _indexed(
    company: Company, rows: Mapping[str, Obj], statement: Statement, condition: Condition
) -> set[str] | None:
    kind, name = statement.entity.kind, condition.path[0].name
    if name == "Id" and "TAX" not in rows:
        return {str(value) for value in condition.values}
    if company.lags("query"):  # the indexes know the truth only
        return None
    if name == "DocNumber":
        return set().union(*(company.numbers.get((kind, number_key(v)), set()) for v in condition.values))
    if name == "DisplayName" and statement.entity.family is Family.NAME:
        holders = (company.names.get(pool_name(str(value))) for value in condition.values)
        return {holder[1] for holder in holders if holder is not None and holder[0] == kind}
    return None


def _tests(conditions: Iterable[Condition], clock: Clock) -> list[Callable[[Obj], bool]]:
    tests: list[Callable[[Obj], bool]] = []
    within: dict[str, list[Callable[[Obj], bool]]] = {}
    for condition in conditions:
        head = condition.path[0]
        found = within.setdefault(head.name, []) if head.shape is Shape.ROWS else tests
        found.append(_test(condition, clock))
    return [*tests, *(_in_one_row(name, rows) for name, rows in within.items())]


def _in_one_row(name: str, tests: list[Callable[[Obj], bool]]) -> Callable[[Obj], bool]:
    # Type and id of an attachable's reference are asked of the same reference, not of any two.
    def holds(record: Obj) -> bool:
        rows: list[Obj] = record.get(name) or [{}]
        return any(all(test({name: [row]}) for test in tests) for row in rows)

    return holds


def _test(condition: Condition, clock: Clock) -> Callable[[Obj], bool]:
    values, path = condition.values, condition.path
    blank = "" in values
    if path[0].shape is Shape.FLAG and condition.operator != "LIKE" and not blank:
        return _flag_test(path[0].name, condition)
    if condition.operator in _COMPARE and not blank:
        quick = _quick_test(path, _COMPARE[condition.operator], values[0])
        if quick is not None:
            return quick
    if condition.operator == "LIKE":
        pattern = values[0]
        return lambda record: any(
            pattern.match(str(raw).casefold()) is not None for raw in _leaves(record, path)
        )
    if condition.operator == "=" and values[0] == "":
        return lambda record: not any(str(raw).strip() for raw in _leaves(record, path))
    if condition.operator == "IN":
        wanted = frozenset(values)
        return lambda record: any(_as_typed(raw, path, clock) in wanted for raw in _leaves(record, path))
    compare, value = _COMPARE[condition.operator], values[0]
    return lambda record: any(
        _holds(compare, _as_typed(raw, path, clock), value) for raw in _leaves(record, path)
    )


def _flag_test(name: str, condition: Condition) -> Callable[[Obj], bool]:
    # What has no Active flag, a tax agency, is active; any other absent flag is neither.
    absent = True if name == "Active" else None
    if condition.operator == "IN":
        return lambda record: record.get(name, absent) in condition.values
    compare, value = _COMPARE[condition.operator], condition.values[0]
    return lambda record: (found := record.get(name, absent)) is not None and compare(found, value)


def _quick_test(path: Path, compare: Callable[[Any, Any], bool], value: Any) -> Callable[[Obj], bool] | None:
    # The condition that nearly every statement has is spared the general way: it is walked per record.
    name = path[-1].name
    if len(path) == 2 and path[0].name == "MetaData" and path[1].shape is Shape.MOMENT:
        known: dict[str, bool] = {}  # moments have whole seconds: many records share one

        def test(record: Obj) -> bool:
            text = record["MetaData"][name]
            if text not in known:
                known[text] = compare(datetime.fromisoformat(text), value)
            return known[text]

        return test
    return None


def _holds(compare: Callable[[Any, Any], bool], actual: Any, value: Any) -> bool:
    try:
        return compare(actual, value)
    except TypeError:  # an id that is no number beside one that is
        return False


def _leaves(record: Obj, path: Path) -> Iterator[Any]:
    """The values at a path; several where it leads through a list."""
    values: list[Any] = [record]
    for field in path:
        values = [value.get(field.name) for value in values if isinstance(value, dict)]
        if field.shape is Shape.ROWS:
            values = [row for rows in values for row in rows or ()]
    for value in values:
        leaf = value
        if isinstance(value, dict):  # a reference is its id, an e-mail address its text
            leaf = value.get("value") if "value" in value else next(iter(value.values()), None)
        if leaf is not None:
            yield leaf


def _as_typed(raw: Any, path: Path, clock: Clock) -> Any:
    field = path[-1]
    if field.shape in (Shape.REF, Shape.PART):
        return str(raw).casefold()
    if field.shape is Shape.FLAG or isinstance(raw, Decimal):
        return raw
    return typed(clock, field, str(raw))


def _sort_key(path: Path, clock: Clock) -> Callable[[Obj], tuple[int, Any]]:
    def key(record: Obj) -> tuple[int, Any]:
        raw = next(_leaves(record, path), None)
        if raw is None:
            return (0, "")
        actual = _as_typed(raw, path, clock)
        if isinstance(actual, datetime):
            return (1, actual.timestamp())
        if isinstance(actual, bool | int | Decimal):
            return (1, actual)
        return (2, str(actual))

    return key
