"""Asks the books over HTTP, with questions of its own, and keeps the answers."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import requests

from blueops_qb.sandbox.reader.values import Effect, Place, SoldLine, added

PAGE = 1000
TIMEOUT = 30.0
LISTS = ("Account", "Item", "Class", "Department", "PaymentMethod", "Term")
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


class BooksTables:
    """One company's books. `before` are records that were there before the day and are left out.

    `waiting` are numbers of the accounts in which money waits for the bank.
    """

    def __init__(
        self,
        address: BooksAddress,
        *,
        prefix: str = "BO-",
        before: Known = frozenset(),
        waiting: frozenset[str] = frozenset(),
    ) -> None:
        self._address = address
        self._waiting = waiting
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

    # -- names ---------------------------------------------------------------------------------------
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
        return name_of(self._kept["Vendor"][id]) if id in self._kept["Vendor"] else id

    def _class(self, detail: Raw) -> str:
        id = id_of(detail, "ClassRef")
        return self._listed("Class", id) if id else ""

    def _terms(self, raw: Raw) -> str:
        id = id_of(raw, "SalesTermRef")
        return self._listed("Term", id) if id else ""

    def _location(self, raw: Raw) -> str:
        id = id_of(raw, "DepartmentRef")
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

    def _sold(self, line: Raw) -> SoldLine:
        detail, amount = line["SalesItemLineDetail"], money(line.get("Amount"))
        item = self._kept["Item"].get(id_of(detail, "ItemRef"), {})
        return SoldLine(
            description=str(line.get("Description", "")),
            quantity=Decimal(str(detail.get("Qty", 1))),
            price=Decimal(str(detail.get("UnitPrice", amount))),
            amount=amount,
            account=self._account(id_of(item, "IncomeAccountRef")),
            class_name=self._class(detail),
            taxable=id_of(detail, "TaxCodeRef") == "TAX",
        )


def name_of(raw: Raw) -> str:
    return str(raw["DisplayName"]).removesuffix(RETIRED)


def id_of(raw: Raw, name: str) -> str:
    member = raw.get(name)
    return str(member["value"]) if isinstance(member, dict) else str(member or "")


def money(value: object) -> Decimal:
    return Decimal(str(value or "0")).quantize(Decimal("0.01"))


def day_of(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def place_of(raw: Raw | None) -> Place:
    found = raw or {}
    return Place(
        street=str(found.get("Line1", "")),
        city=str(found.get("City", "")),
        state=str(found.get("CountrySubDivisionCode", "")),
        postal_code=str(found.get("PostalCode", "")),
    )
