"""The books' own ledger: the posted rows of a period, all lines, as TransactionQuery tells them.

A month at a time and never by pages: a page that is lost with its session would count twice when it is read again.
What does not come to 0.00 per transaction is refused as a whole, as half a ledger proves nothing. The sign of an amount
is not told by any public source; `QbdSettings.ledger_signs` says which it is.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal, InvalidOperation

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbd.codec import queries
from blueops_qb.providers.qbd.codec.applied import KINDS
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.members import Unwritable, amount_of, needed_day, needed_ref, ref_of
from blueops_qb.providers.qbd.codec.records import record_of
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.settings import LedgerSigns
from blueops_qb.providers.qbd.verdicts import Status, is_done, unknown, verdict
from blueops_qb.sdk.outcomes import Absent, BooksRecord, Found, LedgerLine, Outcome, Refused, Why
from blueops_qb.sdk.provider import Operation, Verb, Want

#: Types whose party is a customer on every row; elsewhere a row names a vendor or a job without telling which.
_SALES = frozenset({"Invoice", "CreditMemo", "ReceivePayment", "SalesReceipt", "ARRefundCreditCard"})
#: Accounts that grow with a debit.
_DEBIT_TYPES = frozenset(
    {
        "AccountsReceivable",
        "Bank",
        "CostOfGoodsSold",
        "Expense",
        "FixedAsset",
        "OtherAsset",
        "OtherCurrentAsset",
    }
    | {"OtherExpense"}
)


def ledger_requests(operation: Operation, books: Books) -> list[Element]:
    """The rows of the first month of the period; raises Unwritable."""
    start, end = _period(operation)
    until = _part_end(start, end)
    asked = [queries.ledger(start=start, end=until)]
    if books.settings.ledger_signs is LedgerSigns.NATURAL:
        asked.append(queries.listed("AccountQueryRq"))
    if operation.params.get("settled"):
        asked.append(queries.dated("ReceivePaymentQueryRq", start=start, end=until))
    return asked


def ledger_outcome(
    operation: Operation, responses: Sequence[Element], books: Books, *, reference: str
) -> Outcome:
    """Found with the lines of the month and what is still to be asked for."""
    start, end = _period(operation)
    until = _part_end(start, end)
    wanted = len(ledger_requests(operation, books))
    if len(responses) != wanted:
        detail = f"{len(responses)} of {wanted} answers"
        return unknown(
            operation, message="QuickBooks' answer is incomplete.", detail=detail, reference=reference
        )
    rows: list[Element] = []
    records: list[BooksRecord] = []
    types: dict[str, str] = {}
    for response in responses:
        status = Status(
            code=response.attribute("statusCode"),
            message=response.attribute("statusMessage"),
            severity=response.attribute("statusSeverity"),
            reference=reference,
        )
        outcome = None if is_done(status, operation) else verdict(status, operation)
        if outcome is not None and not isinstance(outcome, Absent):
            return outcome
        rows += response.all("TransactionRet")
        types.update({ret.get("ListID"): ret.get("AccountType") for ret in response.all("AccountRet")})
        paid = response.all("ReceivePaymentRet")
        records += [record for ret in paid if (record := record_of(ret, books)) is not None]
    try:
        lines = tuple(_lines(rows, types, books, start=start, end=until))
    except (ValueError, InvalidOperation) as problem:
        return _refused(str(problem), start, until, reference)
    then = _rest(operation, until, end)
    return Found(records=tuple(records), ledger=lines, then=then, complete=not then, reference=reference)


def _lines(
    rows: Sequence[Element], types: dict[str, str], books: Books, *, start: dt.date, end: dt.date
) -> Iterator[LedgerLine]:
    sums: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for row in rows:
        if not row.has("AccountRef"):
            continue  # it posts nothing
        line = _line(row, types, books)
        if not start <= line.date <= end:
            raise ValueError(f"a row of {line.type} {line.id} bears the day {line.date}.")
        sums[f"{line.type} {line.id}"] += line.amount
        yield line
    odd = next((name for name, amount in sums.items() if amount), None)
    if odd is not None:
        raise ValueError(f"the rows of {odd} come to {sums[odd]}, not to 0.00.")


def _line(row: Element, types: dict[str, str], books: Books) -> LedgerLine:
    account = needed_ref(row, "AccountRef", BooksKind.ACCOUNT)
    amount, type_ = amount_of(row, "Amount"), row.get("TxnType")
    if books.settings.ledger_signs is LedgerSigns.NATURAL and types.get(account.id) not in _DEBIT_TYPES:
        amount = -amount
    return LedgerLine(
        account=account,
        account_name=row.get("AccountRef", "FullName"),
        date=needed_day(row, "TxnDate"),
        kind=KINDS.get(type_),
        id=row.get("TxnID"),
        type=type_,
        number=row.get("RefNumber"),
        name=row.get("EntityRef", "FullName"),
        customer=ref_of(row, "EntityRef", BooksKind.CUSTOMER) if type_ in _SALES else None,
        memo=row.get("Memo"),
        amount=amount,
    )


def _refused(problem: str, start: dt.date, end: dt.date, reference: str) -> Refused:
    return Refused(
        why=Why.INVALID,
        message=f"The transactions that QuickBooks tells for {start} to {end} cannot be used as a ledger: {problem}",
        remedy="Run the Transaction Detail report for that period in QuickBooks and look at it, then ask again.",
        detail=problem,
        reference=reference,
    )


# -- the period and its months ---------------------------------------------------------------------
def _period(operation: Operation) -> tuple[dt.date, dt.date]:
    try:
        start, end = (dt.date.fromisoformat(operation.params[name]) for name in ("start", "end"))
    except (KeyError, ValueError):
        raise Unwritable(f"A ledger needs start and end as days, not {dict(operation.params)}.") from None
    if start > end:
        raise Unwritable(f"A ledger cannot run from {start} back to {end}; turn the days round.")
    return start, end


def _part_end(start: dt.date, end: dt.date) -> dt.date:
    following = (start.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return min(end, following - dt.timedelta(days=1))


def _rest(operation: Operation, done: dt.date, end: dt.date) -> tuple[Want, ...]:
    if done >= end:
        return ()
    params = {**operation.params, "start": (done + dt.timedelta(days=1)).isoformat()}
    return (Want(verb=Verb.LEDGER, params=params),)
