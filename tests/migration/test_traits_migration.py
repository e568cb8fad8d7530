"""What stands in the mirror already can be looked up after the upgrade as if it had been shown anew."""

import datetime as dt
from decimal import Decimal
from typing import Any

import attrs
import sqlalchemy as sa
from alembic.script import ScriptDirectory

from blueops_qb import bootstrap
from blueops_qb.domain.documents import (
    Allocation,
    CustomerPayment,
    CustomerRecord,
    Document,
    SalesInvoice,
    SalesLine,
    TaxMode,
    VendorRecord,
)
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.mirror_traits import columns_of
from blueops_qb.sandbox.core.database import make_engine
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t

D, K = Decimal, BooksKind
DAY = dt.date(2026, 3, 2)
ANN = BooksRef(K.CUSTOMER, "7")
LINES = tuple(
    SalesLine(item=BooksRef(K.ITEM, "R"), amount=D(amount), quantity=D(1)) for amount in ("80.10", "20")
)
INVOICE = SalesInvoice(
    customer=ANN, date=DAY, number="BO-0010.1", lines=LINES, tax=D("4.13"), total=D("104.23")
)
PAYMENT = CustomerPayment(
    customer=ANN,
    date=DAY,
    amount=D("60"),
    reference="Check # 007b",
    allocations=(Allocation(invoice=BooksRef(K.INVOICE, "1"), amount=D("60")),),
)
SHOWN: list[tuple[BooksKind, Document]] = [
    (K.INVOICE, INVOICE),
    (K.INVOICE, attrs.evolve(INVOICE, tax_mode=TaxMode.BOOKS, tax=None, total=None, discount=D("5.05"))),
    (K.INVOICE, attrs.evolve(INVOICE, number="INV no. 12 ", total=D("-3.10"))),
    (K.INVOICE, attrs.evolve(INVOICE, number="", void=True)),
    (K.INVOICE, attrs.evolve(INVOICE, number="x" * 90)),
    (K.PAYMENT, PAYMENT),
    (K.PAYMENT, attrs.evolve(PAYMENT, void=True)),
    (K.PAYMENT, attrs.evolve(PAYMENT, reference="", amount=D("0.00"))),
    (K.CUSTOMER, CustomerRecord(name="Ann Lee")),
    (K.CUSTOMER, CustomerRecord(name="Kitchen", parent=ANN)),
    (K.VENDOR, VendorRecord(name="Copper Supply")),
]
#: More than are read at a time.
MANY = 1203


def test_the_mirror_has_the_columns_that_it_would_be_given_today(database_url: str) -> None:
    engine = make_engine(database_url, durable=False)
    before = ScriptDirectory.from_config(bootstrap.alembic_config()).get_revision("qb0014").down_revision
    assert isinstance(before, str)
    bootstrap.migrate(engine, to=before)
    old = sa.table(
        "blueops_qb_mirror", *(sa.column(c.name, c.type) for c in t.mirror.c if "paper_" not in c.name)
    )
    rows: list[dict[str, Any]] = [
        {
            "connection_id": f"c{number % 3}",
            "kind": kind.value,
            "books_id": str(number),
            "active": True,
            "deleted": False,
            "document": wire.dump_document(document),
        }
        for number in range(MANY)
        for kind, document in [SHOWN[number % len(SHOWN)]]
    ]
    spoiled = {**rows[0], "books_id": "spoiled", "document": "{"}
    gone = {**rows[0], "books_id": "gone", "deleted": True}
    with engine.begin() as connection:
        connection.execute(sa.insert(old), [*rows, spoiled, gone])
    bootstrap.migrate(engine)
    with engine.connect() as connection:
        found = {row.books_id: row for row in connection.execute(sa.select(t.mirror))}
    for row in rows:
        kind = BooksKind(row["kind"])
        wanted = columns_of(str(row["books_id"]), wire.load_document(kind, str(row["document"])))
        assert {name: getattr(found[str(row["books_id"])], name) for name in wanted} == wanted, row
    for id in ("spoiled", "gone"):
        assert (found[id].paper_number, found[id].paper_cents) == ("", None)
    engine.dispose()
