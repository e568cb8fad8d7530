"""The worked entries of the accounting treatments, read from `tests/fixtures/treatments.toml`."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

FIXTURE = Path(__file__).parent / "fixtures" / "treatments.toml"

Entry = list[tuple[str, Decimal]]


@attrs.frozen(kw_only=True)
class WorkedPosting:
    """One posting of a worked entry; a debit is positive."""

    account: str
    amount: Decimal
    tags: tuple[str, ...] = ()


def blocks() -> dict[str, list[tuple[str, list[WorkedPosting]]]]:
    """Block id -> its steps: label and postings."""
    data: dict[str, Any] = tomllib.loads(FIXTURE.read_text(encoding="utf-8"))
    return {
        block["id"]: [(step["label"], [_worked(row) for row in step["postings"]]) for step in block["step"]]
        for block in data["block"]
    }


def _worked(row: dict[str, Any]) -> WorkedPosting:
    sign = {"Dr": 1, "Cr": -1}[row["side"]]
    return WorkedPosting(
        account=row["account"], amount=sign * Decimal(row["amount"]), tags=tuple(row.get("tags", ()))
    )


def worked(block: str, step: int) -> Entry:
    """The entry of a step (from 1), one sum per account, sorted."""
    return by_account((p.account, p.amount) for p in blocks()[block][step - 1][1])


def by_account(entry: Iterable[tuple[str, Decimal]]) -> Entry:
    """One sum per account, sorted."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for account, amount in entry:
        sums[account] += amount
    return sorted(sums.items())
