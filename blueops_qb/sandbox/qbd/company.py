"""The company file in memory: records by kind and id, names, ledger, what pays what; every change written through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import Entry, Ledger, Txn
from blueops_qb.sandbox.qbd.clock import Clock
from blueops_qb.sandbox.qbd.kinds import LIST_KINDS, TARGETS, TXN_KINDS
from blueops_qb.sandbox.qbd.store import Store
from blueops_qb.sandbox.qbd.switches import Switches, restored
from blueops_qb.sandbox.qbd.values import Obj, is_true, ref_id

Key = tuple[str, str]


@attrs.frozen(kw_only=True)
class Application:
    """Part of a payment or credit that settles part of a document.

    ``owner`` is the transaction that records it, ``source`` the one whose money is used up, ``target`` the one
    that is settled. A discount is settled without money: it counts for the target only.
    """

    owner: str
    source: str
    target: str
    amount: Decimal
    discount: Decimal = Decimal("0.00")


@attrs.frozen(kw_only=True)
class Movement:
    """Stock that one line of a transaction moves: in is positive; ``value`` None where the average decides."""

    day: str
    number: int
    txn: Txn
    quantity: Decimal
    value: Decimal | None
    customer: str = ""
    class_id: str = ""


class Company:
    """State of the file; the rules stand in the modules beside this one."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.store = store
        self.clock = clock
        self.switches: Switches = restored(store.meta("switches"))
        self.records: dict[str, dict[str, Obj]] = defaultdict(dict)
        self.kind_of: dict[str, str] = {}
        self.names: dict[tuple[str, str], str] = {}
        self.ledger = Ledger()
        self.made: dict[str, list[Application]] = {}
        self.settled: dict[str, list[Application]] = defaultdict(list)
        self.spent: dict[str, list[Application]] = defaultdict(list)
        self.claimants: dict[str, str] = {}
        self.claims: dict[str, dict[str, str]] = defaultdict(dict)
        self.moving: dict[str, dict[str, list[Movement]]] = defaultdict(dict)
        self.costs: dict[str, dict[str, list[Entry]]] = defaultdict(dict)
        self.stock: dict[str, tuple[Decimal, Decimal]] = {}
        self.deposited: dict[str, str] = {}
        self.deletions: dict[Key, Obj] = {}
        self._meta: dict[str, Obj] = {}
        self._journal: list[tuple[str, str, Obj | None]] = []
        for kind, identity, record in store.records():
            self.records[kind][identity] = record
            self.kind_of[identity] = kind
        self.deletions = {(kind, identity): note for kind, identity, note in store.deletions()}
        self._counters: dict[str, int] = dict(_counts(store.meta("counters")))
        for kind in LIST_KINDS:
            self.rename(kind)

    # --- single values ---

    def meta(self, name: str) -> Obj:
        """Preferences, company or host, shaped like their records."""
        if name not in self._meta:
            value = self.store.meta(name)
            self._meta[name] = value if isinstance(value, dict) else {}
        return self._meta[name]

    def set_meta(self, name: str, value: Obj) -> None:
        """Keep preferences, company or host."""
        self._meta[name] = value
        self.store.set_meta(name, value)

    def preference(self, group: str, name: str) -> bool:
        """A yes-or-no preference."""
        return is_true(self.meta("preferences").get(group, {}), name)

    @property
    def closing_date(self) -> str:
        """The last day of the closed books, or empty."""
        return str(self.meta("preferences")["AccountingPreferences"].get("ClosingDate", ""))

    def save_switches(self) -> None:
        """Keep the switches in the file."""
        self.store.set_meta("switches", self.switches.as_dict())

    # --- ids ---

    def count(self, space: str) -> int:
        """The next number of a space."""
        number = self._counters.get(space, 0) + 1
        self._counters[space] = number
        self.store.set_meta("counters", self._counters)
        return number

    def new_list_id(self) -> str:
        """A new ListID: hex counter with the high bit, dash, epoch seconds."""
        return f"{0x80000000 + self.count('list'):X}-{self.clock.epoch()}"

    def new_txn_id(self) -> str:
        """A new TxnID: hex counter, dash, epoch seconds."""
        return f"{self.count('txn'):X}-{self.clock.epoch()}"

    def new_line_id(self) -> str:
        """A new TxnLineID, of the same form as a TxnID."""
        return f"{self.count('txn'):X}-{self.clock.epoch()}"

    def stamp(self, record: Obj) -> None:
        """A save: new TimeModified, and an EditSequence that never was before."""
        now = self.clock.local().isoformat()
        record.setdefault("TimeCreated", now)
        record["TimeModified"] = now
        before = int(record.get("EditSequence", "0"))
        record["EditSequence"] = str(max(self.clock.epoch(), before + 1))

    # --- records ---

    def get(self, kind: str, identity: str) -> Obj | None:
        """A record, or None; it must not be changed in place."""
        return self.records[kind].get(identity)

    def put(self, kind: str, identity: str, record: Obj) -> None:
        """Write a record, new or in place of another."""
        self._journal.append((kind, identity, self.records[kind].get(identity)))
        self.records[kind][identity] = record
        self.kind_of[identity] = kind
        self.store.put(kind, identity, record)

    def drop(self, kind: str, identity: str) -> None:
        """Take a record out."""
        self._journal.append((kind, identity, self.records[kind].pop(identity)))
        self.kind_of.pop(identity, None)
        self.store.drop(kind, identity)

    def note_deletion(self, kind: str, identity: str, note: Obj) -> None:
        """Remember a deletion for the queries of what was deleted."""
        self.deletions[kind, identity] = note
        self.store.note_deletion(kind, identity, note)

    def commit(self) -> None:
        """The request is done: what it changed stays."""
        self._journal.clear()
        self.store.commit()

    def rollback(self) -> list[Key]:
        """The request failed: put back what it changed; answers the records that are to be worked out again."""
        touched: dict[Key, None] = {}
        for kind, identity, before in reversed(self._journal):
            touched[kind, identity] = None
            if before is None:
                self.records[kind].pop(identity, None)
                self.kind_of.pop(identity, None)
            else:
                self.records[kind][identity] = before
                self.kind_of[identity] = kind
        self._journal.clear()
        self._meta.clear()
        self.store.rollback()
        self._counters = dict(_counts(self.store.meta("counters")))
        for kind in {kind for kind, _ in touched} & set(LIST_KINDS):
            self.rename(kind)
        return list(touched)

    def transactions(self) -> Iterator[tuple[str, str, Obj]]:
        """Every transaction, kind by kind in order of entry."""
        for kind in TXN_KINDS:
            for identity, record in self.records[kind].items():
                yield kind, identity, record

    # --- names ---

    def full_name(self, identity: str) -> str:
        """The name with those of its parents before it, parted by colons; empty where there is no such record."""
        kind = self.kind_of.get(identity, "")
        record = self.records[kind].get(identity)
        if record is None:
            return ""
        name = str(record[LIST_KINDS[kind].named_by])
        parent = ref_id(record, "ParentRef")
        return f"{self.full_name(parent)}:{name}" if parent else name

    def level(self, identity: str) -> int:
        """How many parents are above."""
        parent = ref_id(self.records[self.kind_of[identity]][identity], "ParentRef")
        return 1 + self.level(parent) if parent else 0

    def under(self, identity: str) -> set[str]:
        """A list member with everything below it."""
        kind = self.kind_of.get(identity, "")
        found = {identity}
        grown = True
        while grown:
            more = {
                child
                for child, record in self.records[kind].items()
                if child not in found and ref_id(record, "ParentRef") in found
            }
            grown = bool(more)
            found |= more
        return found

    def rename(self, kind: str) -> None:
        """Note the names of a list anew, after one was added, changed or removed."""
        space = LIST_KINDS[kind].space
        self.names = {
            key: identity for key, identity in self.names.items() if self.kind_of.get(identity, kind) != kind
        }
        for identity in self.records[kind]:
            self.names[space, self.full_name(identity).casefold()] = identity

    def note_name(self, identity: str) -> None:
        """Note the name of a list member that is new."""
        space = LIST_KINDS[self.kind_of[identity]].space
        self.names[space, self.full_name(identity).casefold()] = identity

    def named(self, target: str, full_name: str) -> str:
        """The id of the list member that a reference names, or empty; inactive ones are found too."""
        for kind in TARGETS[target]:
            identity = self.names.get((LIST_KINDS[kind].space, full_name.casefold()), "")
            if identity and self.kind_of[identity] == kind:
                return identity
        return ""

    def account_of_type(self, *types: str) -> str:
        """The first account of one of these types that is no sub-account and active; empty where there is none."""
        for identity, account in self.records["Account"].items():
            if account["AccountType"] in types and is_true(account, "IsActive", default=True):
                return identity
        return ""

    def special_account(self, special: str) -> str:
        """The account with this SpecialAccountType; empty where there is none."""
        for identity, account in self.records["Account"].items():
            if account.get("SpecialAccountType") == special:
                return identity
        return ""


def _counts(kept: object) -> dict[str, int]:
    return {str(space): int(number) for space, number in kept.items()} if isinstance(kept, dict) else {}
