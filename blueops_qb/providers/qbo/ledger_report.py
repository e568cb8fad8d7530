"""The general ledger report as lines: read cell by cell, added up, refused as a whole where it contradicts itself.

Columns are told apart by their ColKey, or by their type as older answers name it, never by their place. The shape
of a report follows Report.xsd beside the reference; a parent account's own lines stand in a section without a
header inside its section.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.money import CENT, ZERO
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec import Obj
from blueops_qb.sdk.outcomes import LedgerLine

#: What a report says, in some cell, where it was cut.
CUT = "unable to display more data"
#: Kinds of transactions as the report spells them.
TYPES: dict[str, BooksKind] = {
    "invoice": BooksKind.INVOICE,
    "payment": BooksKind.PAYMENT,
    "expense": BooksKind.EXPENSE,
    "check": BooksKind.EXPENSE,
    "cash expense": BooksKind.EXPENSE,
    "credit card expense": BooksKind.EXPENSE,
    "credit card credit": BooksKind.EXPENSE,
    "bill": BooksKind.BILL,
    "journal entry": BooksKind.JOURNAL,
    "deposit": BooksKind.DEPOSIT,
    "credit memo": BooksKind.CREDIT_MEMO,
    "sales receipt": BooksKind.SALES_RECEIPT,
    "refund": BooksKind.REFUND_RECEIPT,
    "refund receipt": BooksKind.REFUND_RECEIPT,
    "bill payment": BooksKind.BILL_PAYMENT,
    "vendor credit": BooksKind.VENDOR_CREDIT,
}
TEXTS = (
    "tx_date",
    "txn_type",
    "doc_num",
    "name",
    "cust_name",
    "vend_name",
    "memo",
    "account_name",
    "klass_name",
    "dept_name",
)
_OPENING = "beginning balance"
_NUMBER = re.compile(r"-?(\d+|\d{1,3}(,\d{3})+)?(\.\d+)?")


@attrs.frozen(kw_only=True)
class Keys:
    """The columns of amounts: with several currencies the ones in the home currency carry them."""

    debit: str
    credit: str
    amount: str
    balance: str


_PLAIN = Keys(debit="debt_amt", credit="credit_amt", amount="subt_nat_amount", balance="rbal_nat_amount")
_HOME = Keys(
    debit="debt_home_amt",
    credit="credit_home_amt",
    amount="subt_nat_home_amount",
    balance="rbal_nat_home_amount",
)


class Odd(Exception):
    """The report contradicts itself or lacks something; the sentence names it."""


@attrs.define(kw_only=True)
class _Sums:
    """What the rows of a section come to."""

    debits: Decimal = ZERO
    credits: Decimal = ZERO
    natural: Decimal = ZERO
    #: 1 or -1 once a row has told on which side the account's natural amounts are.
    side: int = 0

    def add(self, other: _Sums) -> None:
        self.debits += other.debits
        self.credits += other.credits
        self.natural += other.natural


@attrs.frozen(kw_only=True)
class _Account:
    """The account of a section, as far as its header tells."""

    id: str = ""
    name: str = ""


@attrs.frozen(kw_only=True)
class Report:
    value: Obj
    start: dt.date
    end: dt.date
    keys: Keys
    _places: dict[str, int] = attrs.field(init=False)

    @_places.default
    def _find_places(self) -> dict[str, int]:
        columns = _list(self.value.get("Columns"), "Column")
        return {_column_key(column): place for place, column in reversed(list(enumerate(columns)))}

    def lines(self) -> tuple[LedgerLine, ...]:
        """All lines in the order of the report; raises Odd."""
        self._check_head()
        rows = _list(self.value.get("Rows"), "Row")
        if not rows:
            if _option(self.value, "NoReportData") == "false":
                raise Odd("it says that it has data, but shows no row.")
            return ()
        missing = [key for key in ("tx_date", self.keys.debit, self.keys.credit) if key not in self._places]
        if missing:
            raise Odd(f"it lacks the columns {', '.join(missing)}.")
        found: list[LedgerLine] = []
        sums = self._section(rows, _Account(), found)
        if sums.debits != sums.credits:
            raise Odd(f"its debits come to {sums.debits}, its credits to {sums.credits}.")
        return tuple(found)

    def _check_head(self) -> None:
        head = self.value["Header"]
        for name, asked in (("StartPeriod", self.start), ("EndPeriod", self.end)):
            shown = head.get(name)
            if shown and shown != asked.isoformat():
                raise Odd(f"it was asked for {self.start} to {self.end}, but its {name} is {shown}.")
        basis = head.get("ReportBasis")
        if basis and str(basis).lower() != "accrual":
            raise Odd(f"it is on {basis} basis, not accrual.")

    def _section(self, rows: Sequence[Obj], account: _Account, into: list[LedgerLine]) -> _Sums:
        sums = _Sums()
        for row in rows:
            if "ColData" in row:
                self._row(row, account, sums, into)
                continue
            inner = self._account(row, account)
            own = self._section(_list(row.get("Rows"), "Row"), inner, into)
            self._check_total(row, inner, own)
            sums.add(own)
        return sums

    def _account(self, row: Obj, outer: _Account) -> _Account:
        """A section without a header holds its parent's own lines; a named one without an id has none."""
        if "Header" not in row:
            return outer
        cells = _list(row["Header"], "ColData")
        first = cells[0] if cells else {}
        return _Account(id=str(first.get("id") or ""), name=str(first.get("value") or ""))

    def _row(self, row: Obj, account: _Account, sums: _Sums, into: list[LedgerLine]) -> None:
        cells = _list(row, "ColData")
        if self._is_opening(cells):
            return
        where = f"the account {account.name or account.id or 'without a name'}"
        day = _day(self._text(cells, "tx_date"), where)
        if not self.start <= day <= self.end:
            raise Odd(f"{where} has a line of {day}, outside the period.")
        debit = _number(self._text(cells, self.keys.debit, needed=True), where) or ZERO
        credit = _number(self._text(cells, self.keys.credit, needed=True), where) or ZERO
        natural = _number(self._text(cells, self.keys.amount), where)
        amount = debit - credit
        side = _side(amount, natural, sums.side, where)
        sums.side = side or sums.side
        sums.add(_Sums(debits=debit, credits=credit, natural=natural or ZERO))
        balance = _number(self._text(cells, self.keys.balance), where)
        into.append(
            self._line(
                cells,
                account,
                day=day,
                amount=amount,
                balance=None if balance is None or not sums.side else balance * sums.side,
            )
        )

    def _line(
        self,
        cells: Sequence[Obj],
        account: _Account,
        *,
        day: dt.date,
        amount: Decimal,
        balance: Decimal | None,
    ) -> LedgerLine:
        id = self._id(cells, "account_name") or account.id
        name = self._text(cells, "account_name") or account.name
        if not id:
            raise Odd(f"a line of {day} does not say which account it is on ({name or 'no name'}).")
        type = self._text(cells, "txn_type")
        customer_id, vendor_id = (self._party(cells, key) for key in ("cust_name", "vend_name"))
        return LedgerLine(
            account=BooksRef(BooksKind.ACCOUNT, id),
            account_name=name,
            date=day,
            kind=TYPES.get(re.sub(r"\s*\(.*\)$", "", type).lower()),
            id=self._id(cells, "txn_type") or self._id(cells, "tx_date"),
            type=type,
            number=self._text(cells, "doc_num"),
            name=self._text(cells, "name"),
            customer=BooksRef(BooksKind.CUSTOMER, customer_id) if customer_id else None,
            class_name=self._text(cells, "klass_name"),
            location_name=self._text(cells, "dept_name"),
            vendor=BooksRef(BooksKind.VENDOR, vendor_id) if vendor_id else None,
            class_id=self._id(cells, "klass_name"),
            location_id=self._id(cells, "dept_name"),
            memo=self._text(cells, "memo"),
            amount=amount,
            balance=balance,
        )

    def _party(self, cells: Sequence[Obj], key: str) -> str:
        """The id of the customer or vendor; where only the name's cell bears one, of that."""
        shown = self._text(cells, key)
        named_alike = bool(shown) and shown == self._text(cells, "name")
        return self._id(cells, key) or (self._id(cells, "name") if named_alike else "")

    def _is_opening(self, cells: Sequence[Obj]) -> bool:
        """The balance before the period: a label where a date or type would be, and no transaction."""
        labels = {str(cell.get("value") or "").strip().lower() for cell in cells}
        return _OPENING in labels and not self._id(cells, "txn_type")

    def _check_total(self, row: Obj, account: _Account, sums: _Sums) -> None:
        cells = _list(row.get("Summary"), "ColData")
        for key, sum in (
            (self.keys.debit, sums.debits),
            (self.keys.credit, sums.credits),
            (self.keys.amount, sums.natural),
        ):
            # The first cell is the label, whatever its column.
            text = self._text(cells, key) if self._places.get(key) else ""
            where = f"the account {account.name or account.id}"
            said = _number(text, where)
            if said is not None and said != sum:
                raise Odd(f"the lines of {where} come to {sum}, its total ({key}) says {said}.")

    def _cell(self, cells: Sequence[Obj], key: str, *, needed: bool = False) -> Obj:
        place = self._places.get(key)
        if place is not None and place < len(cells):
            return cells[place]
        if needed:
            raise Odd(f"a line lacks its {key} cell.")
        return {}

    def _text(self, cells: Sequence[Obj], key: str, *, needed: bool = False) -> str:
        return str(self._cell(cells, key, needed=needed).get("value") or "").strip()

    def _id(self, cells: Sequence[Obj], key: str) -> str:
        return str(self._cell(cells, key).get("id") or "").strip()


def keys_of(profile: BooksProfile) -> Keys:
    return _HOME if profile.multicurrency else _PLAIN


def _column_key(column: Obj) -> str:
    meta = column.get("MetaData")
    for pair in meta if isinstance(meta, list) else []:
        if isinstance(pair, dict) and pair.get("Name") == "ColKey":
            return str(pair.get("Value"))
    return str(column.get("ColType") or "")


def _side(amount: Decimal, natural: Decimal | None, known: int, where: str) -> int:
    """1 where the account's natural amounts are debits, -1 where credits, 0 = not told; raises Odd."""
    if natural is None or (not amount and not natural):
        return 0
    if abs(natural) != abs(amount):
        raise Odd(f"a line of {where} shows {natural} as its amount, but its sides come to {amount}.")
    side = 1 if natural == amount else -1
    if known and side != known:
        raise Odd(f"the lines of {where} change their sign: {natural} beside {amount}.")
    return side


def _day(text: str, where: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise Odd(f"{where} has a line with {text!r} where its date should be.") from None


def _number(text: str, where: str) -> Decimal | None:
    """An amount; None for an empty cell. Raises Odd."""
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or not any(mark.isdigit() for mark in text):
        raise Odd(f"{where} has {text!r} where an amount should be.")
    number = Decimal(text.replace(",", ""))
    if number != number.quantize(CENT):
        raise Odd(f"{where} has the amount {text}, which is not in whole cents.")
    return number.quantize(CENT)


def _option(value: Obj, name: str) -> str:
    for pair in _list(value["Header"], "Option"):
        if str(pair.get("Name") or pair.get("name")) == name:
            return str(pair.get("Value") or pair.get("value")).lower()
    return ""


def _list(holder: Any, name: str) -> list[Obj]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []


def is_cut(value: Obj) -> bool:
    return any(CUT in text.lower() for text in _texts(value.get("Rows")))


def _texts(value: Any) -> Iterator[str]:
    """The values of all cells."""
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, dict):
            if isinstance(part.get("value"), str):
                yield part["value"]
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)
