"""The period of a report: explicit dates, or a date macro as the schema names them (Report.xsd, DateMacro)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import attrs

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault

_MONTHS = [date(2000, month, 1).strftime("%B") for month in range(1, 13)]
_DAY = timedelta(days=1)
_YEARS = (1900, 2999)  #: own choice; the period before and the aging after must have days of their own


@attrs.frozen(kw_only=True)
class Period:
    """From ``since`` (None = since ever) to ``until``, both included; ``macro`` as it was asked for."""

    since: date | None
    until: date
    macro: str = ""
    first: date | None = None  #: the first day with a posting, shown where the period has no start

    @property
    def shown_since(self) -> date:
        """The day that the header shows as the start."""
        return self.since or min(self.first or self.until, self.until)


def period_of(company: Company, params: Mapping[str, str]) -> Period:
    """The period a request asks for, default the calendar year to date; raises Fault.

    ``start_date`` and ``end_date`` go before ``date_macro``.  A missing start is the first day of the fiscal year
    of the end, a missing end is today.
    """
    start, end = day_of(params, "start_date"), day_of(params, "end_date")
    macro = params.get("date_macro", "")
    if start is None and end is None:
        since, until = _macro(company, macro or "This Calendar Year-to-date")
        first = min((line.day for line in company.ledger.lines()), default=None) if since is None else None
        return Period(since=since, until=until, macro=macro, first=first)
    until = end or company.clock.today()
    since = start or fiscal_year_start(company, until)
    if since > until:
        raise Fault("2060", f"Invalid Date : start_date {since} is after end_date {until}.", "start_date")
    return Period(since=since, until=until)


def day_of(params: Mapping[str, str], name: str) -> date | None:
    """A day among the parameters; raises Fault 2060 for anything that is none."""
    text = params.get(name, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
        if not _YEARS[0] <= day.year <= _YEARS[1]:
            raise ValueError
        return day
    except ValueError:
        raise Fault(
            "2060", f"Invalid Date : {name} {text!r} is not a date (YYYY-MM-DD) that a report can have.", name
        ) from None


def fiscal_year_start(company: Company, day: date) -> date:
    """The first day of the fiscal year that holds a day."""
    name = company.preference("AccountingInfoPrefs.FirstMonthOfFiscalYear") or "January"
    month = _MONTHS.index(name) + 1 if name in _MONTHS else 1
    return date(day.year if day.month >= month else day.year - 1, month, 1)


def add_months(first: date, count: int) -> date:
    """The first day of the month ``count`` months after the month of a day."""
    total = first.year * 12 + first.month - 1 + count
    return date(total // 12, total % 12 + 1, 1)


def week_start(day: date) -> date:
    """The Sunday on or before a day."""
    return day - timedelta(days=(day.weekday() + 1) % 7)


def _months(start: Callable[[Company, date], date], length: int) -> Callable[[Company, date, int], date]:
    return lambda company, day, moved: add_months(start(company, day), moved * length)


def _fiscal_quarter(company: Company, day: date) -> date:
    year = fiscal_year_start(company, day)
    passed = (day.year - year.year) * 12 + day.month - year.month
    return add_months(year, passed // 3 * 3)


#: unit -> the first day of the unit that holds a day, moved by so many units
_UNITS: dict[str, Callable[[Company, date, int], date]] = {
    "week": lambda _, day, moved: week_start(day) + timedelta(days=7 * moved),
    "month": _months(lambda _, day: day.replace(day=1), 1),
    "fiscal quarter": _months(_fiscal_quarter, 3),
    "fiscal year": _months(fiscal_year_start, 12),
    "calendar quarter": _months(lambda _, day: date(day.year, (day.month - 1) // 3 * 3 + 1, 1), 3),
    "calendar year": _months(lambda _, day: date(day.year, 1, 1), 12),
}
_MOVES = {"this": 0, "last": -1, "next": 1}


def _macro(company: Company, text: str) -> tuple[date | None, date]:
    today, words = company.clock.today(), text.strip().lower()
    if words == "all":
        return None, max([today, *(line.day for line in company.ledger.lines())])
    if words in ("today", "yesterday"):
        day = today if words == "today" else today - _DAY
        return day, day
    to_date = words.endswith("-to-date")
    move, _, unit = words.removesuffix("-to-date").partition(" ")
    if move not in _MOVES or unit not in _UNITS or (to_date and move == "next"):
        raise Fault("2170", f"Invalid Enumeration : date_macro {text!r} is unknown.", "date_macro")
    start = _UNITS[unit](company, today, _MOVES[move])
    if not to_date:
        return start, _UNITS[unit](company, today, _MOVES[move] + 1) - _DAY
    if move == "this":
        return start, today
    # Last ... to date: as far into it as today is into the present one.
    passed = today - _UNITS[unit](company, today, 0)
    return start, min(start + passed, _UNITS[unit](company, today, 0) - _DAY)
