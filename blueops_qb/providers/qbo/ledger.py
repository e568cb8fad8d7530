"""The books' own ledger: the lines of a period from the general ledger report.

The report is one answer without pages: past its size (400,000 cells) it is cut with a notice and status 200, and
Intuit asks for at most six months at a time. So a long period is asked for in parts, a cut part in halves. What does
not add up is refused as a whole: half a ledger proves nothing.
"""

from __future__ import annotations

import datetime as dt

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.fault_text import fault_of
from blueops_qb.providers.qbo.framing import Answer, Request, get
from blueops_qb.providers.qbo.ledger_payments import (
    decode_payments,
    encode_payments,
    is_payments,
    want_payments,
)
from blueops_qb.providers.qbo.ledger_report import TEXTS, Odd, Report, is_cut, keys_of
from blueops_qb.providers.qbo.verdicts import Heard, unknown, verdict
from blueops_qb.sdk.outcomes import Found, NotKnown, Outcome, Refused, SignIn, Throttled, Why
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb, Want

#: Most months that one call asks for.
MONTHS = 6


def encode_ledger(exchange: Exchange, profile: BooksProfile, *, minorversion: str) -> Request:
    """The report of the first part of the period, accrual basis whatever the company prefers; raises Unencodable."""
    (operation,) = exchange.operations
    start, _ = _period(operation)
    if is_payments(operation):
        return encode_payments(exchange, minorversion=minorversion)
    keys = keys_of(profile)
    columns = (*TEXTS, keys.debit, keys.credit, keys.amount, keys.balance)
    parameters = {
        "start_date": start.isoformat(),
        "end_date": _part_end(operation).isoformat(),
        "accounting_method": "Accrual",
        "columns": ",".join(columns),
        "minorversion": minorversion,
    }
    return get(exchange.company_id, "reports/GeneralLedger", {"requestid": exchange.id, **parameters})


def decode_ledger(exchange: Exchange, answer: Answer, profile: BooksProfile) -> dict[str, Outcome]:
    """Found with the lines of the part and what is still to be asked for, or what the fault means."""
    (operation,) = exchange.operations
    if is_payments(operation):
        return decode_payments(exchange, answer, profile)
    heard, value = Heard.of(answer), answer.json()
    fault = fault_of(answer, value)
    if fault is not None:
        outcome = verdict(fault, operation, heard)
        # A report is never gone or too old: whatever else is said of it is a refusal.
        if not isinstance(outcome, Refused | Throttled | SignIn | NotKnown):
            outcome = _refused(Odd(outcome.message), *_asked(operation), heard)
        return {operation.id: outcome}
    if value is None or not isinstance(value.get("Header"), dict):
        detail = f"HTTP {answer.status}: {answer.text[:200]}"
        message = "QuickBooks' general ledger report cannot be read."
        return {operation.id: unknown(operation, heard, message=message, detail=detail)}
    start, end = _asked(operation)
    try:
        if is_cut(value):
            found = Found(then=_halves(operation, start, end), complete=False, reference=heard.reference)
        else:
            then = (*_rest(operation, end), *want_payments(operation, start.isoformat(), end.isoformat()))
            lines = Report(value=value, start=start, end=end, keys=keys_of(profile)).lines()
            found = Found(ledger=lines, then=then, complete=not then, reference=heard.reference)
    except Odd as problem:
        return {operation.id: _refused(problem, start, end, heard)}
    return {operation.id: found}


def _refused(problem: Odd, start: dt.date, end: dt.date, heard: Heard) -> Refused:
    return Refused(
        why=Why.INVALID,
        message=f"The general ledger that QuickBooks reports for {start} to {end} cannot be used: {problem}",
        remedy="Run the General Ledger report for that period in QuickBooks and look at what it shows, then ask again.",
        detail=str(problem),
        reference=heard.reference,
    )


# -- the period and its parts ----------------------------------------------------------------------
def _period(operation: Operation) -> tuple[dt.date, dt.date]:
    try:
        start, end = (dt.date.fromisoformat(operation.params[name]) for name in ("start", "end"))
    except (KeyError, ValueError):
        raise Unencodable(
            operation.id, f"A ledger needs start and end as days, not {dict(operation.params)}."
        ) from None
    if start > end:
        raise Unencodable(
            operation.id, f"A ledger cannot run from {start} back to {end}; turn the days round."
        )
    return start, end


def _asked(operation: Operation) -> tuple[dt.date, dt.date]:
    return _period(operation)[0], _part_end(operation)


def _part_end(operation: Operation) -> dt.date:
    start, end = _period(operation)
    return min(end, _month(start, MONTHS) - dt.timedelta(days=1))


def _month(day: dt.date, later: int = 0) -> dt.date:
    months = day.year * 12 + day.month - 1 + later
    return dt.date(months // 12, months % 12 + 1, 1) if months < dt.MAXYEAR * 12 else dt.date.max


def _want(operation: Operation, start: dt.date, end: dt.date) -> Want:
    params = {**operation.params, "start": start.isoformat(), "end": end.isoformat()}
    return Want(verb=Verb.LEDGER, params=params)


def _rest(operation: Operation, done: dt.date) -> tuple[Want, ...]:
    _, end = _period(operation)
    return (_want(operation, done + dt.timedelta(days=1), end),) if done < end else ()


def _halves(operation: Operation, start: dt.date, end: dt.date) -> tuple[Want, ...]:
    """The cut part again, in two, at a month's end where it has one; raises Odd for a single day."""
    if start == end:
        raise Odd("a single day holds more postings than one report can show.")
    middle = start + (end - start) // 2
    ends = [_month(middle, later) - dt.timedelta(days=1) for later in (0, 1)]
    cut = min((day for day in ends if start <= day < end), key=lambda day: abs(day - middle), default=middle)
    return (
        _want(operation, start, cut),
        _want(operation, cut + dt.timedelta(days=1), end),
        *_rest(operation, end),
    )
