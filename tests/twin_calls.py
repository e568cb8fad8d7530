"""A bare HTTP client for tests of the QuickBooks Online twin: requests, nothing of our own provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import attrs
import requests

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.sandbox.qbo.server import Settings

Json = dict[str, Any]


class Refused(AssertionError):
    """The twin answered a fault where the test wanted success."""


@attrs.frozen(kw_only=True)
class Caller:
    """Calls one company of a running twin."""

    twin: RunningTwin
    session: requests.Session
    token: str

    @property
    def root(self) -> str:
        return f"{self.twin.base_url}/v3/company/{self.twin.realm}"

    def raw(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}", "Accept": "application/json"}
        headers |= kwargs.pop("headers", {})
        return self.session.request(method, self.root + path, headers=headers, timeout=60, **kwargs)

    def get(self, path: str, **params: str) -> Json:
        return _good(self.raw("GET", path, params=params))

    def post(self, path: str, body: Json, **params: str) -> Json:
        return _good(self.raw("POST", path, json=body, params=params))

    def create(self, kind: str, body: Json, **params: str) -> Json:
        answer = self.post(f"/{kind.lower()}", body, **params)[kind]
        assert isinstance(answer, dict)
        return answer

    def update(self, kind: str, record: Json, **changes: Any) -> Json:
        head = {"Id": record["Id"], "SyncToken": record["SyncToken"], "sparse": True}
        return self.create(kind, head | changes)

    def read(self, kind: str, identity: str) -> Json:
        answer = self.get(f"/{kind.lower()}/{identity}")[kind]
        assert isinstance(answer, dict)
        return answer

    def delete(self, kind: str, record: Json) -> Json:
        head = {"Id": record["Id"], "SyncToken": record["SyncToken"]}
        answer = self.post(f"/{kind.lower()}", head, operation="delete")[kind]
        assert isinstance(answer, dict)
        return answer

    def void(self, kind: str, record: Json) -> Json:
        head = {"Id": record["Id"], "SyncToken": record["SyncToken"], "sparse": True}
        params = {"operation": "void"} if kind == "Invoice" else {"operation": "update", "include": "void"}
        answer = self.post(f"/{kind.lower()}", head, **params)[kind]
        assert isinstance(answer, dict)
        return answer

    def query(self, statement: str) -> Json:
        answer = self.get("/query", query=statement)["QueryResponse"]
        assert isinstance(answer, dict)
        return answer

    def fault(self, method: str, path: str, body: Json | None = None, **params: str) -> tuple[str, Json]:
        """The code and the whole first error of a call that must be refused."""
        response = self.raw(method, path, json=body, params=params)
        answer = response.json()
        assert "Fault" in answer, f"expected a fault, got {response.status_code}: {response.text[:300]}"
        error = answer["Fault"]["Error"][0]
        assert isinstance(error, dict)
        return str(error["code"]), error

    def refuses(self, kind: str, body: Json, **params: str) -> str:
        """The code with which a write is refused."""
        return self.fault("POST", f"/{kind.lower()}", body, **params)[0]

    def admin(self, path: str, **body: Any) -> Json:
        """One call of the admin API; a POST when there is a body."""
        url = f"{self.twin.base_url}/twin/{path}"
        response = (
            self.session.post(url, json=body, timeout=60) if body else self.session.get(url, timeout=60)
        )
        assert response.status_code == 200, response.text
        answer = response.json()
        assert isinstance(answer, dict)
        return answer

    def ledger_of(self, kind: str, identity: str) -> dict[str, Decimal]:
        """Account number -> signed amount that a transaction posted, all its parts together."""
        sums: dict[str, Decimal] = {}
        for line in self.admin("ledger")["lines"]:
            if (line["txn_type"], line["txn_id"]) == (kind, identity):
                number = line["account_number"]
                sums[number] = sums.get(number, Decimal(0)) + Decimal(line["amount"])
        return {number: amount for number, amount in sums.items() if amount}


@contextmanager
def calling(
    *, seed: str = "sample", settings: Settings | None = None, company: Company | None = None
) -> Iterator[Caller]:
    """A twin and a client for it."""
    with running_twin(seed=seed, settings=settings, company=company) as twin, requests.Session() as session:
        yield Caller(twin=twin, session=session, token=twin.access_token)


def items(qbo: Caller) -> dict[str, str]:
    """Item name -> id."""
    return {row["Name"]: row["Id"] for row in qbo.query("select * from Item maxresults 1000")["Item"]}


def accounts(qbo: Caller) -> dict[str, str]:
    """Account number -> id."""
    rows = qbo.query("select * from Account maxresults 1000")["Account"]
    return {row["AcctNum"]: row["Id"] for row in rows if "AcctNum" in row}


def sales_line(amount: str, *, item: str = "1", **detail: Any) -> Json:
    """An invoice line."""
    return {
        "DetailType": "SalesItemLineDetail",
        "Amount": float(amount),
        "SalesItemLineDetail": {"ItemRef": {"value": item}} | detail,
    }


def expense_line(amount: str, account: str, **detail: Any) -> Json:
    """A bill or purchase line on an account."""
    inner = {"AccountRef": {"value": account}, "BillableStatus": "NotBillable"} | detail
    return {
        "DetailType": "AccountBasedExpenseLineDetail",
        "Amount": float(amount),
        "AccountBasedExpenseLineDetail": inner,
    }


def invoice(customer: str, *lines: Json, **members: Any) -> Json:
    """An invoice body."""
    return {"CustomerRef": {"value": customer}, "Line": list(lines)} | members


def payment(customer: str, total: str, *parts: tuple[str, str], **members: Any) -> Json:
    """A payment body; each part is (invoice id, amount)."""
    lines = [
        {"Amount": float(amount), "LinkedTxn": [{"TxnId": identity, "TxnType": "Invoice"}]}
        for identity, amount in parts
    ]
    return {"CustomerRef": {"value": customer}, "TotalAmt": float(total), "Line": lines} | members


def _good(response: requests.Response) -> Json:
    if response.status_code != 200:
        raise Refused(f"{response.status_code}: {response.text}")
    answer = response.json()
    assert isinstance(answer, dict)
    return answer
