"""Kill work: what goes out and comes in while the worker is killed, and the independent count at the end."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import requests
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import (
    Address,
    Application,
    CostLine,
    Customer,
    Expense,
    ExpenseType,
    LineKind,
    Payment,
    Vendor,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import rulebook
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.store import tables as t

#: Of ten documents: customers, invoices, payments, checks, and bills with their vendor's number and a receipt.
_MIX = (
    "customer",
    "customer",
    "invoice",
    "invoice",
    "invoice",
    "invoice",
    "bill",
    "payment",
    "payment",
    "check",
)
_TODAY = dt.date.today()


class TwinBooks:
    """The twin's own answers over HTTP; shares nothing with the provider."""

    def __init__(self, ready: Mapping[str, str]) -> None:
        self._base = f"{ready['base_url']}/v3/company/{ready['realm']}"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {ready['access_token']}"
        self._session.headers["Accept"] = "application/json"

    def all(self, entity: str) -> list[dict[str, Any]]:
        """Every object of an entity."""
        found: list[dict[str, Any]] = []
        while True:
            text = f"select * from {entity} startposition {len(found) + 1} maxresults 1000"
            answer = self._session.get(f"{self._base}/query", params={"query": text}, timeout=30).json()
            page = answer["QueryResponse"].get(entity, [])
            found += page
            if len(page) < 1000:
                return found

    def post(self, entity: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create or change one object as a bookkeeper would; raises when it is refused."""
        answer = self._session.post(f"{self._base}/{entity}", json=body, timeout=30)
        if answer.status_code != 200:
            raise RuntimeError(f"the twin refused a {entity}: {answer.text}")
        return dict(next(v for v in answer.json().values() if isinstance(v, dict)))


def prepare(house: BenchHouse, connection_id: str, accounts: Mapping[str, str]) -> None:
    """Map what the work needs; accounts by number."""
    account = {number: BooksRef(BooksKind.ACCOUNT, id) for number, id in accounts.items()}
    rules = [
        MapRule(family=Family.SERVICE, key="repair", target=Target(item=BooksRef(BooksKind.ITEM, "1"))),
        MapRule(family=Family.ROLE, key="undeposited", target=Target(account=account["1090"])),
        MapRule(family=Family.EXPENSE, key="materials", target=Target(account=account["5290"])),
        MapRule(family=Family.MONEY_ACCOUNT, key="checking", target=Target(account=account["1000"])),
    ]
    with house.engine.turns.open(connection_id) as turn:
        assert turn is not None
        rulebook.save_mapping(turn.connection, turn.id, rules, version=1, actor="bench", now=turn.now)
        turn.set(mapping_version=1)


def raise_documents(house: BenchHouse, start: int, number: int) -> None:
    """Documents `start`..`start + number` of the mix, through core's own actions."""
    for position in range(start, start + number):
        what = _MIX[position % len(_MIX)]
        with house.reference.begin(TENANT, actor="bench") as tx:
            if what == "customer":
                tx.create_customer(
                    Customer(
                        id="",
                        name=f"Kill customer {position}",
                        phone="555-0100",
                        billing=Address(
                            line1=f"{position} Main St", city="Reno", state="NV", postal_code="89501"
                        ),
                    )
                )
            elif what == "invoice":
                price = Decimal(100 + position)
                line = LineDraft(
                    kind=LineKind.SERVICE, service_category="repair", description="Repair", unit_price=price
                )
                tx.raise_invoice(
                    InvoiceDraft(
                        customer_id=_customer(tx.connection, position), issue_date=_TODAY, lines=[line]
                    )
                )
            elif what == "payment":
                invoice_id, customer_id = _open_invoice(tx.connection, position)
                tx.record_payment(
                    Payment(
                        id="",
                        customer_id=customer_id,
                        received_on=_TODAY,
                        amount=Decimal("10.00"),
                        method="check",
                        reference=f"K{position}",
                        applications=(Application(invoice_id=invoice_id, amount=Decimal("10.00")),),
                    )
                )
            elif what == "bill":
                tx.record_expense(_bill(tx, position))
            else:
                tx.record_expense(_check(position))


def _check(position: int) -> Expense:
    return _cost(position, type=ExpenseType.CHECK, payment_account_key="checking")


def _bill(tx: Any, position: int) -> Expense:
    """A bill of the one vendor; its number is asked for before it is created, its receipt uploaded after."""
    ids = _ids(tx.connection, "vendor")
    vendor_id = ids[0] if ids else tx.create_vendor(Vendor(id="", name="Kill supply")).id
    picture = tx.keep_receipt(
        filename=f"kill {position}.png", content_type="image/png", content=f"receipt {position}".encode()
    )
    return _cost(
        position,
        type=ExpenseType.BILL,
        vendor_id=vendor_id,
        vendor_invoice_number=f"V{position}",
        receipts=(picture,),
    )


def _cost(position: int, **fields: Any) -> Expense:
    amount = Decimal(position) + 1
    line = CostLine(line_id="1", amount=amount, expense_category="materials")
    return Expense(id="", date=_TODAY, total=amount, lines=(line,), memo=f"kill {position}", **fields)


def _ids(connection: sa.Connection, kind: str) -> list[str]:
    query = sa.text("SELECT id FROM core_records WHERE tenant_id = :t AND kind = :k ORDER BY revision")
    return [str(row.id) for row in connection.execute(query, {"t": TENANT, "k": kind})]


def _customer(connection: sa.Connection, position: int) -> str:
    ids = _ids(connection, "customer")
    return ids[position % len(ids)]


def _open_invoice(connection: sa.Connection, position: int) -> tuple[str, str]:
    ids = _ids(connection, "invoice")
    id = ids[position % len(ids)]
    query = sa.text("SELECT record FROM core_records WHERE tenant_id = :t AND kind = 'invoice' AND id = :i")
    record = json.loads(connection.execute(query, {"t": TENANT, "i": int(id)}).scalar_one())
    return id, record["customer_id"]


def make_changes(books: TwinBooks, start: int, number: int) -> int:
    """Changes by a bookkeeper in the twin: payments of our invoices and new phone numbers; answers how many."""
    invoices = [
        i for i in books.all("Invoice") if i.get("DocNumber", "").startswith("BO-") and i["Balance"] >= 1
    ]
    customers = [c for c in books.all("Customer") if c["DisplayName"].startswith("Kill customer")]
    made = 0
    for position in range(start, start + number):
        if position % 5 < 3 and invoices:
            invoice = invoices[position % len(invoices)]
            books.post(
                "payment",
                {
                    "CustomerRef": invoice["CustomerRef"],
                    "TotalAmt": 1,
                    "PaymentRefNum": f"B{position}",
                    "Line": [{"Amount": 1, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}],
                },
            )
            made += 1
        elif customers:
            customer = customers[position % len(customers)]
            current = next(c for c in books.all("Customer") if c["Id"] == customer["Id"])
            books.post(
                "customer",
                {
                    "Id": current["Id"],
                    "SyncToken": current["SyncToken"],
                    "sparse": True,
                    "PrimaryPhone": {"FreeFormNumber": f"555-{position:04d}"},
                },
            )
            made += 1
    return made


def differences(house: BenchHouse, books: TwinBooks) -> dict[str, list[str]]:
    """What is lost, doubled or for a person, by core's tables and the twin's own answers."""
    lost: list[str] = []
    doubled: list[str] = []
    with house.core.engine.connect() as connection:
        query = sa.text("SELECT kind, id, record FROM core_records WHERE tenant_id = :t")
        ours: dict[str, list[dict[str, Any]]] = {}
        for row in connection.execute(query, {"t": TENANT}):
            ours.setdefault(row.kind, []).append({"id": row.id, **json.loads(row.record)})
        o = t.outbox
        person = [
            f"{row.ref_kind}:{row.ref_id} {row.state}: {row.reason}"
            for row in connection.execute(
                sa.select(o.c.ref_kind, o.c.ref_id, o.c.state, o.c.reason).where(
                    o.c.state.not_in(["done", "superseded", "not_posted"])
                )
            )
        ]
        c = t.conflicts
        person += [row.reason for row in connection.execute(sa.select(c.c.reason).where(c.c.state == "open"))]
    numbers = Counter(
        i["DocNumber"] for i in books.all("Invoice") if i.get("DocNumber", "").startswith("BO-")
    )
    totals = {i.get("DocNumber"): Decimal(str(i["TotalAmt"])) for i in books.all("Invoice")}
    for invoice in ours.get("invoice", []):
        number = f"BO-{invoice['number']}"
        if totals.get(number) != Decimal(invoice["total"]):
            lost.append(f"invoice {number}: {totals.get(number)} in the books, {invoice['total']} here")
    doubled += [f"invoice {number}" for number, n in numbers.items() if n > 1]
    theirs = Counter(
        p["PaymentRefNum"] for p in books.all("Payment") if p.get("PaymentRefNum", "")[:1] in ("K", "B")
    )
    here = Counter(p["reference"] for p in ours.get("payment", []))
    lost += [f"payment {ref}: only in the books" for ref in theirs.keys() - here.keys()]
    lost += [f"payment {ref}: only here" for ref in here.keys() - theirs.keys()]
    doubled += [f"payment {ref} in the books" for ref, n in theirs.items() if n > 1]
    doubled += [f"payment {ref} here" for ref, n in here.items() if n > 1]
    phones = {
        x["DisplayName"]: x.get("PrimaryPhone", {}).get("FreeFormNumber", "") for x in books.all("Customer")
    }
    names = Counter(x["DisplayName"] for x in books.all("Customer"))
    for customer in ours.get("customer", []):
        if phones.get(customer["name"]) != customer.get("phone", ""):
            lost.append(
                f"customer {customer['name']}: {phones.get(customer['name'])} there, {customer.get('phone')} here"
            )
    doubled += [f"customer {name}" for name, n in names.items() if n > 1]
    costs = Counter(
        p.get("PrivateNote", "").partition(" [")[0]
        for p in books.all("Purchase") + books.all("Bill")
        if "kill " in p.get("PrivateNote", "")
    )
    numbers_there = Counter(b.get("DocNumber", "") for b in books.all("Bill"))
    files = Counter(a.get("FileName", "") for a in books.all("Attachable"))
    for expense in ours.get("expense", []):
        one_each = [(f"expense {expense['memo']}", costs[expense["memo"]])]
        if told := expense.get("vendor_invoice_number"):
            one_each.append((f"bill {told}", numbers_there[told]))
        names_of_files = [receipt["filename"] for receipt in expense.get("receipts", ())]
        one_each += [(f"receipt {name}", files[name]) for name in names_of_files]
        lost += [what for what, count in one_each if not count]
        doubled += [what for what, count in one_each if count > 1]
    return {"lost": sorted(set(lost)), "doubled": sorted(set(doubled)), "person": person}
