"""Asks the books over HTTP, with questions of its own, and lays the answers out in the reader's values."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests

from blueops_qb.sandbox.reader.values import (
    ZERO,
    Banked,
    Cost,
    CostLine,
    Effect,
    Found,
    Party,
    Place,
    Receipt,
    Sale,
    SoldLine,
    added,
    file_label,
    last_digits,
)

PAGE = 1000
TIMEOUT = 30.0
LISTS = ("Account", "Item", "Class", "Department", "PaymentMethod", "Term")
PARTIES = ("Customer", "Vendor")
DOCUMENTS = ("Invoice", "Payment", "Bill", "Purchase", "Deposit", "JournalEntry")
FILES = "Attachable"
RETIRED = " (deleted)"
PAID_BY = {"CreditCard": "card", "Cash": "cash", "Check": "check"}
Raw = dict[str, Any]
#: (kind, id) of a record in the books.
Known = frozenset[tuple[str, str]]


class BooksUnreadable(RuntimeError):
    """The books did not answer a question of the reader; the message holds their words."""


@dataclass(frozen=True, kw_only=True)
class BooksAddress:
    """Where the books are (without `/v3`), which company, and a token that opens it."""

    base_url: str
    realm: str
    token: str


class BooksReader:
    """One company's books. `before` are records that were there before the day and are left out."""

    def __init__(self, address: BooksAddress, *, prefix: str = "BO-", before: Known = frozenset()) -> None:
        self._address = address
        self._prefix = prefix
        self._before = before
        self._http = requests.Session()
        self._http.headers.update({"Authorization": f"Bearer {address.token}", "Accept": "application/json"})
        self._kept: dict[str, dict[str, Raw]] = {}
        self._ledger: dict[tuple[str, str], list[Raw]] = {}

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    # -- questions -----------------------------------------------------------------------------------
    def everything(self) -> Known:
        """(kind, id) of every party and document, inactive ones included."""
        return frozenset((kind, id) for kind in (*PARTIES, *DOCUMENTS) for id in self._query(kind))

    def read(self) -> Found:
        """Everything that is there now and was not before; parties all."""
        self._kept = {kind: self._query(kind) for kind in (*LISTS, *PARTIES, *DOCUMENTS, FILES)}
        self._ledger = {}
        for line in self._get("/twin/ledger", {"realm": self._address.realm})["lines"]:
            self._ledger.setdefault((line["txn_type"], line["txn_id"]), []).append(line)
        jobs = [raw for raw in self._kept["Customer"].values() if raw.get("ParentRef")]
        tops = [raw for raw in self._kept["Customer"].values() if not raw.get("ParentRef")]
        costs = [self._cost("Bill", raw) for raw in self._new("Bill")]
        costs += [self._cost("Purchase", raw) for raw in self._new("Purchase")]
        return Found(
            customers=tuple(self._party(raw) for raw in tops),
            jobs=tuple(self._job(raw) for raw in jobs),
            vendors=tuple(self._party(raw) for raw in self._kept["Vendor"].values()),
            sales=tuple(self._sale(raw) for raw in self._new("Invoice")),
            receipts=tuple(self._receipt(raw) for raw in self._new("Payment")),
            costs=tuple(costs),
            banked=tuple(self._deposit(raw) for raw in self._new("Deposit")),
        )

    def new_parties(self) -> frozenset[str]:
        """Names of customers, jobs and vendors that were not there before; after `read`."""
        found = {self._path(raw) for raw in self._new("Customer")}
        return frozenset(found | {_name(raw) for raw in self._new("Vendor")})

    def other_documents(self) -> list[str]:
        """Documents of kinds that the day does not make (journal entries), in words; after `read`."""
        return [
            f"journal entry {raw.get('DocNumber', '')} (id {raw['Id']})" for raw in self._new("JournalEntry")
        ]

    def duplicates(self) -> int:
        """How many documents are there once too often, by kind, number, customer, date and amount."""
        seen: dict[tuple[str, ...], int] = {}
        for kind in DOCUMENTS:
            for raw in self._query(kind).values():
                number = raw.get("DocNumber") or raw.get("PaymentRefNum") or ""
                party = _id(raw, "CustomerRef") or _id(raw, "VendorRef") or _id(raw, "EntityRef")
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

    def _query(self, kind: str) -> dict[str, Raw]:
        found: dict[str, Raw] = {}
        where = " where Active in (true, false)" if kind not in (*DOCUMENTS, FILES) else ""
        while True:
            statement = f"select * from {kind}{where} startposition {len(found) + 1} maxresults {PAGE}"
            answer = self._get(f"/v3/company/{self._address.realm}/query", {"query": statement})
            page = answer["QueryResponse"].get(kind, [])
            found |= {str(raw["Id"]): raw for raw in page}
            if len(page) < PAGE:
                return found

    def _get(self, path: str, params: Mapping[str, str]) -> Raw:
        answer = self._http.get(f"{self._address.base_url}{path}", params=dict(params), timeout=TIMEOUT)
        if answer.status_code != 200:
            raise BooksUnreadable(f"GET {path} {dict(params)}: {answer.status_code} {answer.text[:300]}")
        # Amounts become decimals as they stand, never floats.
        parsed: Raw = json.loads(answer.text, parse_float=Decimal)
        return parsed

    def _new(self, kind: str) -> Iterator[Raw]:
        return (raw for id, raw in self._kept[kind].items() if (kind, id) not in self._before)

    # -- lists and parties ---------------------------------------------------------------------------
    def _account(self, id: str) -> str:
        raw = self._kept["Account"].get(id, {})
        return str(raw.get("AcctNum") or raw.get("Name") or id)

    def _listed(self, kind: str, id: str) -> str:
        raw = self._kept[kind].get(id, {})
        return str(raw.get("FullyQualifiedName") or raw.get("Name") or id)

    def _path(self, raw: Raw) -> str:
        # The books add this to the name of whoever is retired.
        parts = str(raw.get("FullyQualifiedName") or raw["DisplayName"]).split(":")
        return ":".join(part.removesuffix(RETIRED) for part in parts)

    def _payer(self, id: str) -> str:
        return self._path(self._kept["Customer"][id]) if id else ""

    def _vendor(self, id: str) -> str:
        return _name(self._kept["Vendor"][id]) if id in self._kept["Vendor"] else id

    def _party(self, raw: Raw) -> Party:
        return Party(
            name=_name(raw),
            email=str(raw.get("PrimaryEmailAddr", {}).get("Address", "")),
            phone=last_digits(str(raw.get("PrimaryPhone", {}).get("FreeFormNumber", ""))),
            address=_place(raw.get("BillAddr")),
            active=bool(raw["Active"]),
            label=f"{'vendor' if raw['Id'] in self._kept['Vendor'] else 'customer'} {raw['DisplayName']}",
            id=f"{'Vendor' if raw['Id'] in self._kept['Vendor'] else 'Customer'}:{raw['Id']}",
        )

    def _job(self, raw: Raw) -> Party:
        path = self._path(raw)
        return Party(
            name=path,
            address=_place(raw.get("ShipAddr")),
            active=bool(raw["Active"]),
            label=f"job {path}",
            id=f"Customer:{raw['Id']}",
        )

    # -- documents -----------------------------------------------------------------------------------
    def _sale(self, raw: Raw) -> Sale:
        number = str(raw.get("DocNumber", "")).removeprefix(self._prefix)
        total = _money(raw.get("TotalAmt"))
        discounts = [line for line in raw["Line"] if line["DetailType"] == "DiscountLineDetail"]
        items = [line for line in raw["Line"] if line["DetailType"] == "SalesItemLineDetail"]
        return Sale(
            number=number,
            payer=self._payer(_id(raw, "CustomerRef")),
            date=_day(raw["TxnDate"]),
            due=_day(raw["DueDate"]) if raw.get("DueDate") else None,
            terms=self._terms(raw),
            lines=tuple(self._sold(line) for line in items),
            discount=sum((_money(line.get("Amount")) for line in discounts), ZERO),
            tax=_money(raw.get("TxnTaxDetail", {}).get("TotalTax")),
            total=total,
            balance=_money(raw.get("Balance")),
            location=self._location(raw),
            void=not total and str(raw.get("PrivateNote", "")).startswith("Void"),
            effect=self._effect("Invoice", raw),
            label=f"invoice {raw.get('DocNumber', '')} (id {raw['Id']})",
            id=f"Invoice:{raw['Id']}",
        )

    def _sold(self, line: Raw) -> SoldLine:
        detail, amount = line["SalesItemLineDetail"], _money(line.get("Amount"))
        item = self._kept["Item"].get(_id(detail, "ItemRef"), {})
        return SoldLine(
            description=str(line.get("Description", "")),
            quantity=Decimal(str(detail.get("Qty", 1))),
            price=Decimal(str(detail.get("UnitPrice", amount))),
            amount=amount,
            account=self._account(_id(item, "IncomeAccountRef")),
            class_name=self._class(detail),
            taxable=_id(detail, "TaxCodeRef") == "TAX",
        )

    def _receipt(self, raw: Raw) -> Receipt:
        settles: dict[str, Decimal] = {}
        for line in raw.get("Line", ()):
            link = line["LinkedTxn"][0]
            invoice = self._kept["Invoice"].get(link["TxnId"], {}) if link["TxnType"] == "Invoice" else {}
            number = str(invoice.get("DocNumber", f"{link['TxnType']} {link['TxnId']}"))
            number = number.removeprefix(self._prefix)
            settles[number] = settles.get(number, ZERO) + _money(line.get("Amount"))
        method = _id(raw, "PaymentMethodRef")
        amount = _money(raw.get("TotalAmt"))
        return Receipt(
            payer=self._payer(_id(raw, "CustomerRef")).split(":")[0],
            date=_day(raw["TxnDate"]),
            amount=amount,
            reference=str(raw.get("PaymentRefNum", "")),
            method=self._listed("PaymentMethod", method) if method else "",
            account=self._account(_id(raw, "DepositToAccountRef")),
            settles=settles,
            void=not amount,
            effect=self._effect("Payment", raw),
            under=_id(raw, "CustomerRef"),
            label=f"payment {raw.get('PaymentRefNum', '')} over {amount} (id {raw['Id']})",
            id=f"Payment:{raw['Id']}",
        )

    def _cost(self, kind: str, raw: Raw) -> Cost:
        is_bill = kind == "Bill"
        party = _id(raw, "VendorRef" if is_bill else "EntityRef")
        total = _money(raw.get("TotalAmt"))
        return Cost(
            kind="bill" if is_bill else PAID_BY[raw["PaymentType"]],
            vendor=self._vendor(party),
            date=_day(raw["TxnDate"]),
            number=str(raw.get("DocNumber", "")),
            due=_day(raw["DueDate"]) if is_bill and raw.get("DueDate") else None,
            terms=self._terms(raw) if is_bill else "",
            account=self._account(_id(raw, "APAccountRef" if is_bill else "AccountRef")),
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
        item = self._kept["Item"].get(_id(detail, "ItemRef"), {})
        account = _id(detail, "AccountRef") or _id(item, "ExpenseAccountRef")
        return CostLine(
            description=str(line.get("Description", "")),
            amount=_money(line.get("Amount")),
            account=self._account(account),
            job=self._payer(_id(detail, "CustomerRef")),
            class_name=self._class(detail),
        )

    def _deposit(self, raw: Raw) -> Banked:
        parts: dict[str, Decimal] = {}
        # Parts of one payment are banked together and count once.
        payments: set[tuple[str, str]] = set()
        for line in raw["Line"]:
            if line.get("LinkedTxn"):
                id = str(line["LinkedTxn"][0]["TxnId"])
                payment = self._kept["Payment"].get(id, {})
                reference = str(payment.get("PaymentRefNum", ""))
                payer = self._payer(_id(payment, "CustomerRef")).split(":")[0] if reference else id
                payments.add((payer, reference))
                source = self._account(_id(payment, "DepositToAccountRef"))
            else:
                source = self._account(_id(line["DepositLineDetail"], "AccountRef"))
            parts[source] = parts.get(source, ZERO) + _money(line.get("Amount"))
        total = _money(raw.get("TotalAmt"))
        return Banked(
            date=_day(raw["TxnDate"]),
            account=self._account(_id(raw, "DepositToAccountRef")),
            total=total,
            parts=parts,
            payments=tuple(sorted(reference for _, reference in payments)),
            effect=self._effect("Deposit", raw),
            label=f"deposit over {total} (id {raw['Id']})",
            id=f"Deposit:{raw['Id']}",
        )

    def _class(self, detail: Raw) -> str:
        id = _id(detail, "ClassRef")
        return self._listed("Class", id) if id else ""

    def _terms(self, raw: Raw) -> str:
        id = _id(raw, "SalesTermRef")
        return self._listed("Term", id) if id else ""

    def _location(self, raw: Raw) -> str:
        id = _id(raw, "DepartmentRef")
        return self._listed("Department", id) if id else ""

    def _effect(self, kind: str, raw: Raw) -> Effect:
        """What the document did to the ledger, as the ledger itself tells it."""
        lines = self._ledger.get((kind, str(raw["Id"])), [])
        return added(
            *(
                (
                    (
                        str(line["account_number"]),
                        self._listed("Class", line["class"]) if line["class"] else "",
                        self._listed("Department", line["department"]) if line["department"] else "",
                    ),
                    Decimal(line["amount"]),
                )
                for line in lines
            )
        )


def _name(raw: Raw) -> str:
    return str(raw["DisplayName"]).removesuffix(RETIRED)


def _id(raw: Raw, name: str) -> str:
    member = raw.get(name)
    return str(member["value"]) if isinstance(member, dict) else str(member or "")


def _money(value: object) -> Decimal:
    return Decimal(str(value or "0")).quantize(Decimal("0.01"))


def _day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def _place(raw: Raw | None) -> Place:
    found = raw or {}
    return Place(
        street=str(found.get("Line1", "")),
        city=str(found.get("City", "")),
        state=str(found.get("CountrySubDivisionCode", "")),
        postal_code=str(found.get("PostalCode", "")),
    )
