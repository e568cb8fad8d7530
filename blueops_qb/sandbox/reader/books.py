"""The books' own answers in the reader's values, and what is asked of them beside the records."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from blueops_qb.sandbox.reader.books_money import BooksMoney
from blueops_qb.sandbox.reader.books_tables import (
    DOCUMENTS,
    FILES,
    LISTS,
    PAID_BY,
    PARTIES,
    BooksAddress,
    BooksUnreadable,
    Known,
    Raw,
    day_of,
    id_of,
    money,
    name_of,
    place_of,
)
from blueops_qb.sandbox.reader.values import ZERO, Cost, CostLine, Found, Party, Sale, file_label, last_digits

__all__ = ["BooksAddress", "BooksReader", "BooksUnreadable", "Known"]


class BooksReader(BooksMoney):
    """One company's books. `before` are records that were there before the day and are left out."""

    def read(self) -> Found:
        """Everything that is there now and was not before; parties all."""
        self._kept = {kind: self._query(kind) for kind in (*LISTS, *PARTIES, *DOCUMENTS, FILES)}
        self._ledger = {}
        for line in self._get("/twin/ledger", {"realm": self._address.realm})["lines"]:
            self._ledger.setdefault((line["txn_type"], line["txn_id"]), []).append(line)
        jobs = [raw for raw in self._kept["Customer"].values() if raw.get("ParentRef")]
        tops = [raw for raw in self._kept["Customer"].values() if not raw.get("ParentRef")]
        costs = [self._cost("Bill", raw) for raw in self._new("Bill")]
        bought = (raw for raw in self._new("Purchase") if not self.owed_again(raw) and raw.get("EntityRef"))
        costs += [self._cost("Purchase", raw) for raw in bought]
        return Found(
            customers=tuple(self._party(raw) for raw in tops),
            jobs=tuple(self._job(raw) for raw in jobs),
            vendors=tuple(self._party(raw) for raw in self._kept["Vendor"].values()),
            sales=tuple(self._sale(raw) for raw in self._new("Invoice") if not self.takes_out(raw)),
            receipts=tuple(self._receipt(raw) for raw in self._new("Payment")),
            costs=tuple(costs),
            banked=tuple(self._deposit(raw) for raw in self._new("Deposit")),
            credits=tuple(self._credit(raw) for raw in self._new("CreditMemo")),
            back=tuple(self._money_back()),
            prepaid=tuple(self._prepaid(raw) for raw in self._new("SalesReceipt")),
            charged=tuple(self._charges()),
        )

    def new_parties(self) -> frozenset[str]:
        """Names of customers, jobs and vendors that were not there before; after `read`."""
        found = {self._path(raw) for raw in self._new("Customer")}
        return frozenset(found | {name_of(raw) for raw in self._new("Vendor")})

    def other_documents(self) -> list[str]:
        """Documents of kinds that the day does not make (journal entries), in words; after `read`."""
        return [
            f"journal entry {raw.get('DocNumber', '')} (id {raw['Id']})"
            for raw in self._new("JournalEntry")
            if not self.is_fee(raw)
        ]

    def duplicates(self) -> int:
        """How many documents are there once too often, by kind, number, customer, date and amount."""
        seen: dict[tuple[str, ...], int] = {}
        for kind in DOCUMENTS:
            for raw in self._query(kind).values():
                number = raw.get("DocNumber") or raw.get("PaymentRefNum") or ""
                party = id_of(raw, "CustomerRef") or id_of(raw, "VendorRef") or id_of(raw, "EntityRef")
                key = (kind, str(number), party, str(raw["TxnDate"]), str(raw.get("TotalAmt", ZERO)))
                seen[key] = seen.get(key, 0) + 1
        return sum(count - 1 for count in seen.values())

    def trial_balance(self) -> Decimal:
        """Debits less credits of the trial balance, row by row."""
        report = self._get(f"/v3/company/{self._address.realm}/reports/TrialBalance", {})
        difference = ZERO
        for row in report["Rows"]["Row"]:
            if "ColData" in row:
                debit, credit = (cell["value"] for cell in row["ColData"][1:3])
                difference += Decimal(debit or "0") - Decimal(credit or "0")
        return difference

    # -- parties -------------------------------------------------------------------------------------
    def _party(self, raw: Raw) -> Party:
        return Party(
            name=name_of(raw),
            email=str(raw.get("PrimaryEmailAddr", {}).get("Address", "")),
            phone=last_digits(str(raw.get("PrimaryPhone", {}).get("FreeFormNumber", ""))),
            address=place_of(raw.get("BillAddr")),
            active=bool(raw["Active"]),
            label=f"{'vendor' if raw['Id'] in self._kept['Vendor'] else 'customer'} {raw['DisplayName']}",
            id=f"{'Vendor' if raw['Id'] in self._kept['Vendor'] else 'Customer'}:{raw['Id']}",
        )

    def _job(self, raw: Raw) -> Party:
        path = self._path(raw)
        return Party(
            name=path,
            address=place_of(raw.get("ShipAddr")),
            active=bool(raw["Active"]),
            label=f"job {path}",
            id=f"Customer:{raw['Id']}",
        )

    # -- documents -----------------------------------------------------------------------------------
    def _sale(self, raw: Raw) -> Sale:
        number = str(raw.get("DocNumber", "")).removeprefix(self._prefix)
        total = money(raw.get("TotalAmt"))
        discounts = [line for line in raw["Line"] if line["DetailType"] == "DiscountLineDetail"]
        items = [line for line in raw["Line"] if line["DetailType"] == "SalesItemLineDetail"]
        return Sale(
            number=number,
            payer=self._payer(id_of(raw, "CustomerRef")),
            date=day_of(raw["TxnDate"]),
            due=day_of(raw["DueDate"]) if raw.get("DueDate") else None,
            terms=self._terms(raw),
            lines=tuple(self._sold(line) for line in items),
            discount=sum((money(line.get("Amount")) for line in discounts), ZERO),
            tax=money(raw.get("TxnTaxDetail", {}).get("TotalTax")),
            total=total,
            balance=money(raw.get("Balance")),
            location=self._location(raw),
            void=not total and str(raw.get("PrivateNote", "")).startswith("Void"),
            effect=self._effect("Invoice", raw),
            label=f"invoice {raw.get('DocNumber', '')} (id {raw['Id']})",
            id=f"Invoice:{raw['Id']}",
        )

    def _cost(self, kind: str, raw: Raw) -> Cost:
        is_bill = kind == "Bill"
        party = id_of(raw, "VendorRef" if is_bill else "EntityRef")
        total = money(raw.get("TotalAmt"))
        return Cost(
            kind="bill" if is_bill else PAID_BY[raw["PaymentType"]],
            vendor=self._vendor(party),
            date=day_of(raw["TxnDate"]),
            number=str(raw.get("DocNumber", "")),
            due=day_of(raw["DueDate"]) if is_bill and raw.get("DueDate") else None,
            terms=self._terms(raw) if is_bill else "",
            account=self._account(id_of(raw, "APAccountRef" if is_bill else "AccountRef")),
            lines=tuple(self._bought(line) for line in raw["Line"]),
            total=total,
            location=self._location(raw),
            effect=self._effect(kind, raw),
            files=tuple(sorted(self._files(kind, str(raw["Id"])))),
            label=f"{kind.lower()} {raw.get('DocNumber', '')} over {total} (id {raw['Id']})",
            id=f"{kind}:{raw['Id']}",
        )

    def _files(self, kind: str, id: str) -> Iterator[str]:
        for raw in self._kept[FILES].values():
            places = [ref.get("EntityRef", {}) for ref in raw.get("AttachableRef", ())]
            if any((str(p.get("type")).lower(), str(p.get("value"))) == (kind.lower(), id) for p in places):
                yield file_label(str(raw.get("FileName", "")), int(raw.get("Size") or 0))

    def _bought(self, line: Raw) -> CostLine:
        detail = line[line["DetailType"]]
        item = self._kept["Item"].get(id_of(detail, "ItemRef"), {})
        account = id_of(detail, "AccountRef") or id_of(item, "ExpenseAccountRef")
        return CostLine(
            description=str(line.get("Description", "")),
            amount=money(line.get("Amount")),
            account=self._account(account),
            job=self._payer(id_of(detail, "CustomerRef")),
            class_name=self._class(detail),
        )
