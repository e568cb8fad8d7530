"""The bookkeeper: what a person does on the books' own screens, over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import requests

from blueops_qb.sandbox.reader import BooksAddress

TIMEOUT = 30.0
Raw = dict[str, Any]


class NotDone(RuntimeError):
    """The books did not do what the bookkeeper asked; the message holds their words."""


class Bookkeeper:
    """Somebody who works in the books and never saw BlueOps."""

    def __init__(self, address: BooksAddress) -> None:
        self._address = address
        self._http = requests.Session()
        self._http.headers["Accept"] = "application/json"

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()

    def find(self, kind: str, **where: str) -> list[Raw]:
        """Active records of a kind by the values of some members; practice books have no thousand of them."""
        found = self._call(
            "GET",
            f"/v3/company/{self._address.realm}/query",
            params={"query": f"select * from {kind} maxresults 1000"},
            headers={"Authorization": f"Bearer {self._address.token}"},
        )
        records: list[Raw] = found["QueryResponse"].get(kind, [])
        return [r for r in records if all(str(r.get(name)) == value for name, value in where.items())]

    def the(self, kind: str, **where: str) -> Raw:
        """The one record with these values; raises NotDone."""
        found = self.find(kind, **where)
        if len(found) != 1:
            raise NotDone(f"the books have {len(found)} records {kind} with {where}")
        return found[0]

    def account(self, number: str) -> Raw:
        """Refers to the account with a number."""
        return {"value": self.the("Account", AcctNum=number)["Id"]}

    def enter(self, kind: str, body: Mapping[str, Any]) -> Raw:
        """Enter a new record."""
        return self._do("create", kind=kind, body=dict(body))

    def change(self, kind: str, id: str, changes: Mapping[str, Any]) -> Raw:
        """Change members of a record."""
        return self._do("edit", kind=kind, id=id, changes=dict(changes))

    def delete(self, kind: str, id: str) -> None:
        """Delete a document."""
        self._do("delete", kind=kind, id=id)

    def void(self, kind: str, id: str) -> None:
        """Void a document."""
        self._do("void", kind=kind, id=id)

    def receive_check(self, *, customer: str, invoice: str, amount: Decimal, number: str, day: str) -> None:
        """Record a check that came by mail, on the page for it."""
        form = {"customer": customer, f"invoice-{invoice}": str(amount), "number": number, "day": day}
        self._form("check", form)

    def correct_customer(self, id: str, *, name: str, address: Mapping[str, str] | None = None) -> None:
        """Write name and, where given, address on the customer's page."""
        self._form("customer", {"id": id, "name": name, **(address or {})})

    # -- steps -------------------------------------------------------------------------------------
    def _form(self, page: str, form: Mapping[str, str]) -> None:
        answer = self._http.post(
            f"{self._address.base_url}/books/{page}",
            params={"realm": self._address.realm},
            data=dict(form),
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        where = answer.headers.get("Location", "")
        if answer.status_code != 303 or "done=" not in where:
            raise NotDone(f"the books' page {page!r} answered {answer.status_code} {where}")

    def _do(self, action: str, **arguments: Any) -> Raw:
        body = json.dumps({"action": action, "realm": self._address.realm, **arguments}, default=str)
        found: Raw = self._call("POST", "/twin/do", data=body)["result"]
        return found

    def _call(self, method: str, path: str, **more: Any) -> Raw:
        answer = self._http.request(method, f"{self._address.base_url}{path}", timeout=TIMEOUT, **more)
        if answer.status_code != 200:
            raise NotDone(f"{method} {path}: {answer.status_code} {answer.text[:400]}")
        found: Raw = json.loads(answer.text, parse_float=Decimal)
        return found
