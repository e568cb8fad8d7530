"""The person at QuickBooks: changes and removes records, closes the books, leaves dialogs and windows open."""

from __future__ import annotations

import json
from copy import deepcopy

import attrs

from blueops_qb.sandbox.qbd import books, lists, removal
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, not_found
from blueops_qb.sandbox.qbd.kinds import LIST_KINDS, TXN_KINDS
from blueops_qb.sandbox.qbd.values import Obj


@attrs.frozen(kw_only=True)
class Bookkeeper:
    """What somebody does in the window of QuickBooks; every act is saved at once."""

    company: Company

    def edit(self, kind: str, identity: str, members: Obj) -> None:
        """Change members of a record as they are kept; None takes one away. The EditSequence moves on."""
        record = self._copy(kind, identity)
        for name, value in members.items():
            if value is None:
                record.pop(name, None)
            else:
                record[name] = value
        self._save(kind, record)

    def rename(self, kind: str, identity: str, name: str) -> None:
        """Give a list member another name; its ListID stays."""
        self.edit(kind, identity, {LIST_KINDS[kind].named_by: name})

    def inactivate(self, kind: str, identity: str) -> None:
        """Hide a list member."""
        self.edit(kind, identity, {"IsActive": "false"})

    def merge(self, kind: str, loser: str, winner: str) -> None:
        """Let one list member become another: whatever pointed to the loser points to the winner."""
        old, new = self._copy(kind, loser), self._copy(kind, winner)
        if old.get("ParentRef") != new.get("ParentRef"):
            raise Refusal(3500, f"{kind} {loser} cannot be merged into {winner}: their parents differ.")
        name = self.company.full_name(loser)
        for other_kind, rows in list(self.company.records.items()):
            for other, record in list(rows.items()):
                text = json.dumps(record)
                if other != loser and f'"ListID": "{loser}"' in text:
                    moved: Obj = json.loads(text.replace(f'"ListID": "{loser}"', f'"ListID": "{winner}"'))
                    self._put(other_kind, other, moved)
        self.company.drop(kind, loser)
        self.company.rename(kind)
        self.company.note_deletion(
            kind,
            loser,
            {
                "ListDelType": kind,
                "ListID": loser,
                "TimeCreated": old["TimeCreated"],
                "TimeDeleted": self.company.clock.local().isoformat(),
                "FullName": name,
            },
        )
        self.company.commit()

    def void(self, kind: str, identity: str) -> None:
        """Void a transaction, also a payment, which no message can do."""
        removal.void(self.company, kind, identity)
        self.company.commit()

    def delete(self, kind: str, identity: str) -> None:
        """Delete a transaction or a list member."""
        if kind in TXN_KINDS:
            removal.delete(self.company, kind, identity)
        else:
            lists.remove(self.company, kind, identity)
        self.company.commit()

    def close_books(self, day: str) -> None:
        """Set the closing date; an empty one opens the books again."""
        self.prefer("AccountingPreferences", "ClosingDate", day)

    def prefer(self, group: str, name: str, value: str) -> None:
        """Set a preference."""
        preferences = deepcopy(self.company.meta("preferences"))
        preferences.setdefault(group, {})[name] = value
        self.company.set_meta("preferences", preferences)
        self.company.commit()

    def without_sales_tax(self) -> None:
        """Switch sales tax off."""
        preferences = deepcopy(self.company.meta("preferences"))
        preferences.pop("SalesTaxPreferences", None)
        self.company.set_meta("preferences", preferences)
        self.company.commit()

    def open_window(self, identity: str) -> None:
        """Have a record open, so that nobody else can change it."""
        self.company.switches.in_use.append(identity)
        self._keep_switches()

    def close_windows(self) -> None:
        """Close every window and dialog."""
        self.company.switches.in_use.clear()
        self.company.switches.dialog_open = False
        self._keep_switches()

    def open_dialog(self) -> None:
        """Leave a dialog open."""
        self.company.switches.dialog_open = True
        self._keep_switches()

    def _keep_switches(self) -> None:
        self.company.save_switches()
        self.company.commit()

    def _copy(self, kind: str, identity: str) -> Obj:
        record = self.company.get(kind, identity)
        if record is None:
            raise not_found(kind, identity)
        return deepcopy(record)

    def _save(self, kind: str, record: Obj) -> None:
        self.company.stamp(record)
        self._put(kind, record["TxnID"] if kind in TXN_KINDS else record["ListID"], record)
        if kind in LIST_KINDS:
            self.company.rename(kind)
        self.company.commit()

    def _put(self, kind: str, identity: str, record: Obj) -> None:
        if kind in TXN_KINDS:
            books.save(self.company, kind, record)
        else:
            self.company.put(kind, identity, record)
