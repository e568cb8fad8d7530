"""The company file of a soak, and the witness in it, who is told of every request that was carried out."""

from __future__ import annotations

import json
import re
from copy import deepcopy

import attrs

from blueops_qb.sandbox.demo.desktop_chart import LINE_DISCOUNT, TAX_ITEM, TAX_RATE
from blueops_qb.sandbox.qbd import books
from blueops_qb.sandbox.qbd.clock import Clock
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.company_file import CompanyFile
from blueops_qb.sandbox.qbd.kinds import ITEMS as ITEM_KINDS
from blueops_qb.sandbox.qbd.kinds import TXN_KINDS
from blueops_qb.sandbox.qbd.processor import Processor
from blueops_qb.sandbox.qbd.seed import Seed, sow
from blueops_qb.sandbox.qbd.store import Store
from blueops_qb.sandbox.soak.chart import ITEMS
from blueops_qb.sandbox.soak.witness import Obj, Witness

PARTIES = ("Customer", "Vendor")
DOCUMENTS = tuple(TXN_KINDS)
PATH = r"C:\Companies\soak.qbw"
#: Members that every save moves.
_MOVING = frozenset({"EditSequence", "TimeModified"})
_TOKEN = re.compile(r"\[BO:[^]]*\]")


class WitnessedFile(Company):
    """A company file that tells a witness what each request has changed, once it is done."""

    witness: DesktopWitness | None = None

    def commit(self) -> None:
        """The request is done."""
        if self.witness is not None:
            first: dict[tuple[str, str], Obj | None] = {}
            for kind, id, before in self._journal:
                first.setdefault((kind, id), before)
            now = {place: self.records[place[0]].get(place[1]) for place in first}
            # A request that changed something may move other records on the side and leave them as they were.
            idle = all(_same(before, now[place]) for place, before in first.items())
            for (kind, id), before in first.items():
                self.witness.saved(kind, id, before, now[kind, id], idle=idle)
        super().commit()


@attrs.define(eq=False, kw_only=True)
class DesktopWitness(Witness):
    """Stands in a company file."""

    company: WitnessedFile
    #: id -> kind of everything that ever was in the file.
    kinds: dict[str, str] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.before = frozenset(
            (kind, id) for kind in (*PARTIES, *DOCUMENTS) for id in self.company.records[kind]
        )
        self.kinds = dict(self.company.kind_of)
        self.company.witness = self

    def saved(self, kind: str, id: str, before: Obj | None, after: Obj | None, *, idle: bool) -> None:
        """A request has saved a record, or taken it out; one that is `idle` has left everything as it was."""
        if kind not in PARTIES and kind not in DOCUMENTS:
            return
        place = (kind, id)
        self.kinds[id] = kind
        if self._people:
            self.by_people[place] += 1
            return
        self._closed(kind, id, before, after)
        if before is None and after is not None:
            self.created.append((place, mark_of(self.company, kind, after)))
        if before is None:
            return
        if place in self.own and (after is None or _own(before) != _own(after)):
            self.own_written.append(place)
        # To take out once more what is void is idle too, and harmless.
        if idle and after is not None and "_Void" not in before:
            self.idle.append(place)

    def _closed(self, kind: str, id: str, before: Obj | None, after: Obj | None) -> None:
        through = self.company.closing_date
        days = [str(each["TxnDate"]) for each in (before, after) if each is not None and "TxnDate" in each]
        if kind in DOCUMENTS and through and days and min(days) <= through:
            self.in_closed_period.append((kind, id, deepcopy(before), deepcopy(after)))


def open_soak_file(clock: Clock) -> CompanyFile:
    """A file in memory with the lists of a new company, the items that the soak needs and the tax of the place."""
    company = WitnessedFile(Store(None), clock)
    sow(company, Seed.LISTS)
    books.open_books(company)
    _items(company)
    like = next(iter(company.records["ItemSalesTax"].values()))
    _add(
        company,
        "ItemSalesTax",
        {**like, "Name": TAX_ITEM, "TaxRate": TAX_RATE, "ItemDesc": TAX_ITEM},
    )
    company.commit()
    return CompanyFile(company=company, processor=Processor(company), path=PATH)


def _items(company: Company) -> None:
    accounts = {str(raw.get("AccountNumber")): id for id, raw in company.records["Account"].items()}
    known = {raw["Name"] for kind in ITEM_KINDS for raw in company.records[kind].values()}
    untaxed = {"ListID": company.named("SalesTaxCode", "Non")}
    for name, number in {LINE_DISCOUNT: "4900", **ITEMS}.items():
        if name not in known:
            sold = {"AccountRef": {"ListID": accounts[number]}}
            members = {"Name": name, "SalesTaxCodeRef": untaxed, "SalesOrPurchase": sold}
            _add(company, "ItemOtherCharge", members)


def _add(company: Company, kind: str, members: Obj) -> None:
    id = company.new_list_id()
    record = {**members, "ListID": id, "IsActive": "true"}
    company.stamp(record)
    company.put(kind, id, record)
    company.note_name(id)


def substance(record: Obj) -> str:
    """A record without what every save moves."""
    return json.dumps({k: v for k, v in record.items() if k not in _MOVING}, sort_keys=True)


def _same(before: Obj | None, after: Obj | None) -> bool:
    return before is not None and after is not None and substance(before) == substance(after)


def _own(record: Obj) -> str:
    """A document without what others do to it: merges that change whom it names are the party's matter."""
    return substance({k: v for k, v in record.items() if k not in ("_Applied", "_Credits", "_Refunds")})


def mark_of(company: Company, kind: str, raw: Obj) -> str:
    """What tells one record of the app from another: its name, or the token in its memo or in its lines'."""
    if kind in PARTIES:
        return company.full_name(raw["ListID"]) or str(raw["Name"])
    # A journal entry has no memo of its own.
    memo = str(raw.get("Memo", "") or next((line.get("Memo", "") for line in raw.get("Lines", ())), ""))
    token = _TOKEN.search(memo)
    return token.group() if token else memo


def ours(raw: Obj) -> str:
    """The record of BlueOps that a document bears the mark of: `expense:3`; empty where it bears none."""
    found = re.search(r"\[BO:([a-z_]+:\d+)[^]]*\]", str(raw.get("Memo", "")))
    return found.group(1) if found else ""
