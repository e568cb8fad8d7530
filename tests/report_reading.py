"""Reads the twin's reports the way a stranger would: by sections, column keys and labels."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

Json = dict[str, Any]


def keys(report: Json) -> list[str]:
    """The ColKey of every column, its title where it has none."""
    found = []
    for column in report["Columns"]["Column"]:
        meta = {pair["Name"]: pair["Value"] for pair in column.get("MetaData", [])}
        found.append(meta.get("ColKey", column["ColTitle"]))
    return found


def rows(report: Json) -> list[Json]:
    """The outermost rows."""
    found = report["Rows"].get("Row", [])
    assert isinstance(found, list)
    return found


def number(cell: Json) -> Decimal:
    """An amount; an empty cell is 0."""
    return Decimal(cell["value"] or 0)


def total(report: Json, group: str, *, place: int = -1) -> Decimal:
    """The summary of an outermost section by its group."""
    (row,) = [row for row in rows(report) if row.get("group") == group]
    return number(row["Summary"]["ColData"][place])


def leaves(row: Json) -> Iterator[Json]:
    """All rows of data within a row."""
    if "ColData" in row:
        yield row
    for inner in row.get("Rows", {}).get("Row", []):
        yield from leaves(inner)


def postings(report: Json) -> dict[str, list[dict[str, Json]]]:
    """Account id -> its lines of a general ledger, each by column key; headerless sections are their parent's."""
    found: dict[str, list[dict[str, Json]]] = {}
    names = keys(report)

    def walk(row: Json, account: str) -> None:
        if "ColData" in row:
            assert len(row["ColData"]) == len(names)
            found.setdefault(account, []).append(dict(zip(names, row["ColData"], strict=True)))
            return
        inner = row["Header"]["ColData"][0]["id"] if "Header" in row else account
        for below in row.get("Rows", {}).get("Row", []):
            walk(below, inner)

    for row in rows(report):
        walk(row, "")
    return found


def is_opening(line: dict[str, Json]) -> bool:
    """The balance before the period."""
    return str(next(iter(line.values()))["value"]) == "Beginning Balance"


def closing(report: Json) -> dict[str, Decimal]:
    """Account id -> natural balance at the end, by the last line of its section."""
    return {
        account: number(lines[-1]["rbal_nat_amount"]) for account, lines in postings(report).items() if lines
    }


def trial(report: Json) -> dict[str, Decimal]:
    """Account id -> signed balance of a trial balance."""
    return {
        row["ColData"][0]["id"]: number(row["ColData"][1]) - number(row["ColData"][2])
        for row in rows(report)
        if "ColData" in row
    }
