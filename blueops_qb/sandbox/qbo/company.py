"""The books of one company: its records, counters, name pool, links and ledger, behind one lock."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.sandbox.ledger import Entry, Ledger
from blueops_qb.sandbox.qbo.clock import Clock, stamp
from blueops_qb.sandbox.qbo.entities import ENTITIES, Entity, Family
from blueops_qb.sandbox.qbo.faults import Fault, gone
from blueops_qb.sandbox.qbo.lagging import Lagging
from blueops_qb.sandbox.qbo.news import News, Newsroom, StepLock, Written
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

#: (kind, id) of a record
Key = tuple[str, str]

DELETED = " (deleted)"
REMEMBERED = timedelta(hours=24)
STUBS_KEPT = timedelta(days=30)


@attrs.define(kw_only=True)
class Hidden:
    """Facts of a company that the API does not show."""

    tax_mode: str = "manual"  #: off, manual or ast
    tax_codes_by_state: dict[str, str] = attrs.field(factory=dict)
    tax_account: str = ""
    rates: dict[str, Decimal] = attrs.field(factory=dict)  #: home units for one unit of a currency
    takes_our_tax: bool = (
        True  #: off: a total tax that is sent is ignored, as without AllowPartnerTaxOverride
    )
    default_item: str = "1"
    warn_duplicate_number: bool = True  #: the warning setting of the screens that arms fault 6140
    last_number: int = 1000
    last_estimate: int = 1000
    file_key: str = attrs.field(factory=lambda: secrets.token_hex(16))  #: signs addresses of attached files
    lapsed: bool = False  #: the subscription ended: every write is refused with 6190
    locked_out: bool = False  #: the connecting user is no admin any more: fault 120
    plan_lacks: list[str] = attrs.field(factory=list)  #: kinds that answer 5020
    old_enum_spelling: bool = True  #: void answers spell enumerations in capitals
    report_cells: int = 400_000  #: most cells that one report holds; past them it is cut with a notice
    closed_period_code: str = (
        "6210"  #: the fault of a write into the closed period; 6200 and 5010 are seen too
    )
    batch_shuffled: bool = False  #: items of a batch are done and answered in another order than they came
    latin_only: bool = False  #: characters outside ISO-8859-1 are stored as question marks
    unreadable: list[str] = attrs.field(
        factory=list
    )  #: ``Invoice:145`` makes a query that meets it fail (4002)
    false_deletes: list[str] = attrs.field(
        factory=list
    )  #: ``Invoice:145`` shows as Deleted to change data capture


class Company:
    """State and its primitive changes; what is allowed is decided by the rules, not here."""

    def __init__(self, *, realm: str, clock: Clock | None = None) -> None:
        self.realm = realm
        self.clock = clock or Clock()
        #: told of every record that an accepted write changed: ``company.news.listeners.append(listener)``
        self.news = Newsroom()
        self.lock = StepLock(self.news)
        self.records: dict[str, dict[str, Obj]] = {kind: {} for kind in ENTITIES}
        self.stamps: dict[str, dict[str, datetime]] = {kind: {} for kind in ENTITIES}
        self.stubs: dict[str, dict[str, datetime]] = {kind: {} for kind in ENTITIES}
        self.counters: dict[str, int] = defaultdict(int)
        self.names: dict[str, Key] = {}
        self.numbers: dict[tuple[str, str], set[str]] = defaultdict(set)
        self.links: dict[Key, dict[Key, Decimal]] = defaultdict(dict)
        self.children: dict[Key, set[str]] = defaultdict(set)
        self.posted: dict[Key, list[Entry]] = {}
        self.files: dict[str, bytes] = {}  #: the bytes behind attachables, by their id
        #: the address under which the last client called, as links to files begin with it
        self.served_at = ""
        self.replies: dict[str, tuple[datetime, int, bytes]] = {}
        self.ledger = Ledger()
        self.hidden = Hidden()
        self.changes = 0
        self._lagging: Lagging | None = None
        #: by which reads lag, in seconds
        self.lag_clock: Callable[[], float] = time.monotonic

    # -- reading -------------------------------------------------------------------------------------------

    def find(self, kind: str, identity: str) -> Obj | None:
        """The stored record, or None."""
        return self.records[kind].get(identity)

    def get(self, kind: str, identity: str) -> Obj:
        """The stored record; raises Fault 2030 for a malformed and 610 for an unknown id."""
        record = self.records[kind].get(identity)
        if record is None:
            if not identity.lstrip("-").isdigit() and kind not in ("TaxCode", "CompanyInfo"):
                raise Fault("2030", f"Invalid ID: {identity!r} is not a number", "Id")
            raise gone(kind, identity)
        return record

    def all(self, kind: str) -> list[Obj]:
        """Every stored record of a kind, in order of creation."""
        return list(self.records[kind].values())

    def lags(self, asked: str) -> bool:
        """Do reads of this sort (``query``, ``cdc``, ``read``) see an image that is behind?"""
        return self._lagging is not None and asked in self._lagging.places

    @property
    def stale_seconds(self) -> float:
        """How far behind that image is; 0 when nothing lags."""
        return self._lagging.seconds if self._lagging is not None else 0.0

    def rows(self, kind: str, *, asked: str) -> Mapping[str, Obj]:
        """Id -> record, as reads of this sort see them now."""
        if self._lagging is None or not self.lags(asked):
            return self.records[kind]
        return self._lagging.rows(kind)

    def moments(self, kind: str) -> tuple[Mapping[str, datetime], Mapping[str, datetime]]:
        """When records of a kind changed and when others were deleted, as change data capture sees it now."""
        if self._lagging is None or not self.lags("cdc"):
            return self.stamps[kind], self.stubs[kind]
        return self._lagging.stamps(kind), self._lagging.stubs(kind)

    def preference(self, path: str) -> Any:
        """One preference by dotted path, None when absent: ``SalesFormsPrefs.CustomTxnNumbers``."""
        group, name = path.split(".")
        return self.preferences.get(group, {}).get(name)

    @property
    def preferences(self) -> Obj:
        """The Preferences record."""
        return self.records["Preferences"].get("1", {})

    @property
    def info(self) -> Obj:
        """The CompanyInfo record."""
        return self.records["CompanyInfo"].get("1", {})

    @property
    def close_date(self) -> date | None:
        """Last day of the closed books."""
        text = self.preference("AccountingInfoPrefs.BookCloseDate")
        return date.fromisoformat(text) if text else None

    def account_of_type(self, kind: str) -> str:
        """Id of the first active account of a type; raises Fault 6000 when the chart has none."""
        for account in self.records["Account"].values():
            if account["AccountType"] == kind and account["Active"]:
                return str(account["Id"])
        raise Fault("6000", f"Business Validation Error: the chart has no active account of type {kind}")

    def account_of_subtype(self, subtype: str) -> str:
        """Id of the first active account of a detail type; raises Fault 6000 when there is none."""
        for account in self.records["Account"].values():
            if account["AccountSubType"] == subtype and account["Active"]:
                return str(account["Id"])
        raise Fault("6000", f"Business Validation Error: the chart has no active {subtype} account")

    def name_kind(self, identity: str) -> str:
        """Which of customer, vendor and employee an id of the name space belongs to, or an empty string."""
        for kind in ("Customer", "Vendor", "Employee"):
            if identity in self.records[kind]:
                return kind
        return ""

    # -- changing ------------------------------------------------------------------------------------------

    def lag(self, seconds: float, places: Iterable[str] = ("query",)) -> None:
        """Let reads of these sorts be some seconds behind from now on; 0 ends it."""
        with self.lock:
            if self._lagging is not None:
                self._lagging.end()
                self._lagging = None
            if seconds > 0:
                self._lagging = Lagging(
                    records=self.records,
                    stamps=self.stamps,
                    stubs=self.stubs,
                    newsroom=self.news,
                    seconds=seconds,
                    places=places,
                    clock=self.lag_clock,
                )

    def age_history(self) -> None:
        """Forget what the service forgets: stubs after 30 days, answers to a requestid after a day."""
        now = self.clock.now()
        with self.lock:
            for rows in self.stubs.values():
                for identity in [each for each, when in rows.items() if now - when > STUBS_KEPT]:
                    del rows[identity]
            for key in [key for key, kept in self.replies.items() if now - kept[0] > REMEMBERED]:
                del self.replies[key]

    def next_id(self, entity: Entity) -> str:
        """The next number of the kind's id space."""
        self.counters[entity.space] += 1
        return str(self.counters[entity.space])

    def put(self, kind: str, record: Obj) -> None:
        """Store a new or changed record as it is, and keep the indexes."""
        identity = record["Id"]
        old = self.records[kind].get(identity)
        if old is not None:
            self._forget(kind, old)
        self.records[kind][identity] = record
        number = record.get("DocNumber")
        if number:
            self.numbers[kind, number_key(number)].add(identity)
        parent = ref_id(record, "ParentRef")
        if parent:
            self.children[kind, parent].add(identity)
        if ENTITIES[kind].family is Family.NAME:
            self.names[pool_name(record["DisplayName"])] = (kind, identity)
        self.changes += 1

    def touch(
        self,
        kind: str,
        identity: str,
        *,
        first: bool = False,
        operation: Written = Written.UPDATED,
        deleted_id: str = "",
    ) -> None:
        """Count the version up (or set it to 0), note the moment of the change, and tell it as ``operation``."""
        record = self.records[kind][identity]
        now = self.clock.now()
        shown = stamp(now)
        record["SyncToken"] = "0" if first else str(int(record["SyncToken"]) + 1)
        created = shown if first else record["MetaData"]["CreateTime"]
        record["MetaData"] = {"CreateTime": created, "LastUpdatedTime": shown}
        self.stamps[kind][identity] = now
        self.changes += 1
        self._note(kind, identity, Written.CREATED if first else operation, now, deleted_id=deleted_id)

    def drop(self, kind: str, identity: str, *, merged: bool = False) -> None:
        """Delete a record and leave a stub for change data capture; a merge is told of the survivor only."""
        self._forget(kind, self.records[kind].pop(identity))
        self.stamps[kind].pop(identity, None)
        self.links.pop((kind, identity), None)
        if kind == "Attachable":
            self.files.pop(identity, None)
        now = self.clock.now()
        self.stubs[kind][identity] = now
        self.changes += 1
        if not merged:
            self._note(kind, identity, Written.DELETED, now)

    def _note(
        self, kind: str, identity: str, operation: Written, when: datetime, *, deleted_id: str = ""
    ) -> None:
        if self.news.listeners:
            self.news.note(
                News(
                    realm=self.realm,
                    kind=kind,
                    id=identity,
                    operation=operation,
                    time=when,
                    deleted_id=deleted_id,
                )
            )

    def _forget(self, kind: str, record: Obj) -> None:
        identity = record["Id"]
        number = record.get("DocNumber")
        if number:
            self.numbers[kind, number_key(number)].discard(identity)
        parent = ref_id(record, "ParentRef")
        if parent:
            self.children[kind, parent].discard(identity)
        if ENTITIES[kind].family is Family.NAME:
            self.names.pop(pool_name(record["DisplayName"]), None)

    # -- requestid -----------------------------------------------------------------------------------------

    def recall(self, request_id: str) -> tuple[int, bytes] | None:
        """The answer given earlier to this requestid, for 24 hours."""
        kept = self.replies.get(request_id)
        if kept is None or self.clock.now() - kept[0] > REMEMBERED:
            return None
        return kept[1], kept[2]

    def remember(self, request_id: str, status: int, body: bytes) -> None:
        """Keep an answer for its requestid."""
        self.replies.pop(request_id, None)  # the newest stands last
        self.replies[request_id] = (self.clock.now(), status, body)


def number_key(number: object) -> str:
    """The form in which document numbers are compared: without regard to case."""
    return str(number).casefold()


def pool_name(shown: str) -> str:
    """The form in which names are compared: without regard to case and without the deletion suffix."""
    return shown.removesuffix(DELETED).strip().casefold()
