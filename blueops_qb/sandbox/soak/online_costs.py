"""Costs in QuickBooks Online that are ours, line by line, as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueops_qb.sandbox.qbo.company import Company

_MARK = re.compile(r"\[BO:(expense:\d+)[^]]*\]")


def lines_of(company: Company) -> Iterator[tuple[str, str, str]]:
    """(record of BlueOps, what the line says, number of its account) of every line of every cost that is ours."""
    for kind in ("Bill", "Purchase"):
        for raw in company.records[kind].values():
            if ref := record_of(raw):
                for line in raw["Line"]:
                    yield ref, str(line.get("Description", "")), _number(company, line)


def record_of(raw: Mapping[str, Any]) -> str:
    """The record of BlueOps that a bill or purchase bears the mark of; empty where it bears none."""
    found = _MARK.search(str(raw.get("PrivateNote", "")))
    return found.group(1) if found else ""


def _number(company: Company, line: Mapping[str, Any]) -> str:
    detail = line.get("AccountBasedExpenseLineDetail", {})
    account = str(detail.get("AccountRef", {}).get("value", ""))
    return str(company.records["Account"].get(account, {}).get("AcctNum", ""))
