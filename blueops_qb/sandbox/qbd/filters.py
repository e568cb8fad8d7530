"""The filters that queries share: names, times, days, numbers, whose, which account."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal
from blueops_qb.sandbox.qbd.kinds import TARGETS
from blueops_qb.sandbox.qbd.values import Obj

_MATCH: dict[str, Callable[[str, str], bool]] = {
    "StartsWith": str.startswith,
    "EndsWith": str.endswith,
    "Contains": lambda text, part: part in text,
}


def modified_between(company: Company, record: Obj, asked: Obj, *, name: str = "Modified") -> bool:
    """Whether a record's time is between two moments of a filter, in the digits of the local clock."""
    stored = "TimeDeleted" if name == "Deleted" else "TimeModified"
    moment = company.clock.read(record[stored])
    first, last = asked.get(f"From{name}Date"), asked.get(f"To{name}Date")
    if first and last and company.clock.read(first) > company.clock.read(last, end=True):
        raise Refusal(3030, f'The range of dates from "{first}" to "{last}" is invalid.')
    if first and moment < company.clock.read(first):
        return False
    return not last or moment <= company.clock.read(last, end=True)


def dated_between(company: Company, record: Obj, asked: Obj) -> bool:
    """Whether a transaction's day is in a range of days or in the period that a macro names."""
    first, last = day_range(company, asked)
    if first and last and first > last:
        raise Refusal(3030, f'The range of dates from "{first}" to "{last}" is invalid.')
    day = record["TxnDate"]
    return (not first or day >= first) and (not last or day <= last)


def day_range(company: Company, asked: Obj) -> tuple[str, str]:
    """First and last day that a filter means; empty = open."""
    macro = asked.get("DateMacro")
    if not macro:
        return asked.get("FromTxnDate", ""), asked.get("ToTxnDate", "")
    if macro == "All":
        return "", ""
    first, last = _period(macro, company.clock.today())
    return first.isoformat(), last.isoformat()


def matches_name(name: str, asked: Obj, *, kind: str = "Name") -> bool:
    """Whether a name passes ``NameFilter`` and ``NameRangeFilter``, without regard to case."""
    text = name.casefold()
    one = asked.get(f"{kind}Filter")
    if one is not None and not _MATCH[one["MatchCriterion"]](text, one[kind].casefold()):
        return False
    span = asked.get(f"{kind}RangeFilter")
    if span is None:
        return True
    first, last = (span.get(f"{end}{kind}", "").casefold() for end in ("From", "To"))
    if first and last and first > last:
        raise Refusal(3031, f'The range from "{first}" to "{last}" is invalid.')
    # The last name counts with everything that begins with it.
    return (not first or text >= first) and (not last or text <= last or text.startswith(last))


def members(company: Company, target: str, asked: Obj) -> set[str] | None:
    """The list members that a filter by ListID, FullName or either with children means; None = no filter."""
    if "ListID" in asked:
        return {identity for identity in asked["ListID"] if company.kind_of.get(identity) in TARGETS[target]}
    if "FullName" in asked:
        return {company.named(target, name) for name in asked["FullName"]} - {""}
    if "ListIDWithChildren" in asked:
        identity = asked["ListIDWithChildren"]
        return company.under(identity) if company.kind_of.get(identity) in TARGETS[target] else set()
    if "FullNameWithChildren" in asked:
        identity = company.named(target, asked["FullNameWithChildren"])
        return company.under(identity) if identity else set()
    return None


def _period(macro: str, today: date) -> tuple[date, date]:
    if macro == "Today":
        return today, today
    if macro == "Yesterday":
        return today - timedelta(days=1), today - timedelta(days=1)
    if macro == "NextFourWeeks":
        return today + timedelta(days=1), today + timedelta(days=28)
    to_date = macro.endswith("ToDate")
    step, unit = macro[:4], macro[4:].removesuffix("ToDate")
    shift = {"This": 0, "Last": -1, "Next": 1}[step]
    first, last = _unit(unit, today, shift)
    if not to_date:
        return first, last
    start, _ = _unit(unit, today, 0)
    return first, min(last, first + (today - start))


def _unit(unit: str, today: date, shift: int) -> tuple[date, date]:
    if unit == "Week":
        # Weeks begin on Sunday; quarters and fiscal years are those of the calendar.
        first = today - timedelta(days=(today.weekday() + 1) % 7) + timedelta(weeks=shift)
        return first, first + timedelta(days=6)
    months = {"Month": 1, "Quarter": 3, "Year": 12}[unit.removeprefix("Calendar").removeprefix("Fiscal")]
    start = today.year * 12 + (today.month - 1) // months * months + shift * months
    first, after = (date(number // 12, number % 12 + 1, 1) for number in (start, start + months))
    return first, after - timedelta(days=1)
