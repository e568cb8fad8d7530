"""The witness in QuickBooks Online, who is told of every record that is stored there."""

from __future__ import annotations

import json
import re
from typing import Any

import attrs

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.news import News, Written
from blueops_qb.sandbox.qbo.wire import Obj, copied
from blueops_qb.sandbox.soak.witness import Witness

PARTIES = ("Customer", "Vendor")
DOCUMENTS = (
    "Invoice",
    "Payment",
    "Bill",
    "Purchase",
    "Deposit",
    "JournalEntry",
    "CreditMemo",
    "SalesReceipt",
    "RefundReceipt",
)
#: Members that every write moves.
_MOVING = ("SyncToken", "MetaData", "sparse", "domain")
_TOKEN = re.compile(r"\[BO:[^]]*\]")


class WitnessedCompany(Company):
    """The books, which tell a witness of every record that is stored."""

    witness: OnlineWitness | None = None

    def put(self, kind: str, record: Obj) -> None:
        """Store a record; a write of the app that changes nothing is noted."""
        if self.witness is not None:
            self.witness.stored(kind, self.records[kind].get(record["Id"]), record)
        super().put(kind, record)

    def drop(self, kind: str, identity: str, *, merged: bool = False) -> None:
        """Delete a record."""
        if self.witness is not None:
            self.witness.dropped(kind, self.records[kind][identity], merged=merged)
        super().drop(kind, identity, merged=merged)


@attrs.define(eq=False, kw_only=True)
class OnlineWitness(Witness):
    """Stands in a company of QuickBooks Online."""

    company: WitnessedCompany

    def __attrs_post_init__(self) -> None:
        self.before = frozenset(
            (kind, id) for kind in (*PARTIES, *DOCUMENTS) for id in self.company.records[kind]
        )
        self.company.witness = self
        self.company.news.listeners.append(self._hear)

    def stored(self, kind: str, old: Obj | None, new: Obj) -> None:
        """A record is about to be stored."""
        if self._people or kind not in (*PARTIES, *DOCUMENTS):
            return
        self._closed(kind, str(new["Id"]), old, new)
        place = (kind, str(new["Id"]))
        if place in self.own and old is not None and _content(old) != _content(new):
            self.own_written.append(place)
        # To take out once more what is void is idle too, and harmless.
        if old is None or old.get("TotalAmt", 1) == 0:
            return
        if substance(old) == substance(new):
            self.idle.append((kind, str(new["Id"])))

    def dropped(self, kind: str, old: Obj, *, merged: bool) -> None:
        """A record is about to be deleted, or merged away: of a merge the books tell only who stays."""
        if merged and self._people:
            self.by_people[kind, str(old["Id"])] += 1
        if not self._people:
            self._closed(kind, str(old["Id"]), old, None)
            if (kind, str(old["Id"])) in self.own:
                self.own_written.append((kind, str(old["Id"])))

    def _closed(self, kind: str, id: str, old: Obj | None, new: Obj | None) -> None:
        through = self.company.close_date
        days = [str(each["TxnDate"]) for each in (old, new) if each is not None and "TxnDate" in each]
        if kind in DOCUMENTS and through is not None and days and min(days) <= through.isoformat():
            self.in_closed_period.append((kind, id, copied(old), copied(new)))

    def _hear(self, news: News) -> None:
        if news.kind not in (*PARTIES, *DOCUMENTS):
            return
        place = (news.kind, news.id)
        if self._people:
            self.by_people[place] += 1
        elif news.operation is Written.CREATED:
            self.created.append((place, mark_of(news.kind, self.company.records[news.kind][news.id])))


def substance(record: Obj) -> str:
    """A record without what every write moves."""
    return json.dumps({k: v for k, v in record.items() if k not in _MOVING}, default=str, sort_keys=True)


def _content(record: Obj) -> str:
    """A document without what others do to it: what is open of it, and what is linked to it."""
    return substance({k: v for k, v in record.items() if k not in ("Balance", "LinkedTxn")})


def mark_of(kind: str, record: Any) -> str:
    """What tells one record of the app from another: its name, or the token in its note."""
    if kind in PARTIES:
        return str(record["DisplayName"])
    note = str(record.get("PrivateNote", ""))
    token = _TOKEN.search(note)
    return token.group() if token else note
