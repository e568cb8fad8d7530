"""Two ways with QuickBooks Online's twin over HTTP: what a bookkeeper does there is in BlueOps, and stays."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import CostLine, Expense, ExpenseType, Invoice, Job, Vendor
from blueops_qb.domain.refs import BooksKind, RecordRef
from blueops_qb.engine import resolve, take_back
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.store import tables as t
from tests.office import DAY, D, Office, office

K = BooksKind


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as opened:
        opened.go_live()
        opened.map(Family.SERVICE, "repair", item=opened.item("Repair"))
        opened.map(Family.BRANCH, "reno", location=opened.entry(K.LOCATION, "Reno"))
        opened.map(Family.CLASS, "drain", class_=opened.entry(K.CLASS, "Drain"))
        yield opened


def issued(shop: Office, *prices: str, **fields: Any) -> Invoice:
    lines = [
        LineDraft(description=f"Repair {n}", unit_price=D(price), service_category="repair")
        for n, price in enumerate(prices, start=1)
    ]
    ann = shop.customer()
    with shop.core.begin(shop.tenant, actor="office") as tx:
        found = tx.raise_invoice(InvoiceDraft(customer_id=ann.id, issue_date=DAY, lines=lines, **fields))
    shop.drain()
    return found


def place(shop: Office, ref: RecordRef) -> str:
    d, lk = t.documents, t.links
    query = (
        lk.join(d, d.c.id == lk.c.document_id)
        .select()
        .with_only_columns(lk.c.books_id)
        .where(
            d.c.source_kind == ref.kind.value,
            d.c.source_id == ref.id,
            d.c.role == "main",
            lk.c.state == "live",
        )
    )
    with shop.core.engine.connect() as connection:
        return str(connection.execute(query).scalar_one())


def there(shop: Office, record: Any, entity: str = "Invoice") -> dict[str, Any]:
    return shop.read(entity, place(shop, record.ref))


def edit(shop: Office, record: Any, entity: str = "Invoice", **members: Any) -> None:
    """A sparse update, as the screens make it."""
    shown = there(shop, record, entity)
    head = {name: shown[name] for name in ("Id", "SyncToken")}
    if entity == "Bill":
        head["VendorRef"] = shown["VendorRef"]
    shop.api(entity, {**head, "sparse": True, **members})
    shop.poll()
    shop.poll()


def sold(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return [line for line in shown["Line"] if line["DetailType"] == "SalesItemLineDetail"]


def now(shop: Office, record: Any) -> Any:
    return shop.core.read(shop.tenant, [record.ref])[record.ref].record


def conflicts(shop: Office) -> list[Any]:
    c = t.conflicts
    with shop.core.engine.connect() as connection:
        return list(connection.execute(c.select().where(c.c.state == "open").order_by(c.c.id)))


def settled(shop: Office, record: Any, entity: str = "Invoice") -> None:
    assert [row.reason for row in conflicts(shop)] == []
    before = there(shop, record, entity)["SyncToken"]
    shop.poll()
    assert there(shop, record, entity)["SyncToken"] == before
    assert shop.state(record.ref) in ("done", "superseded")


def test_price_quantity_and_words_of_a_line_travel(shop: Office) -> None:
    invoice = issued(shop, "100.00", "50.00")
    one, two = sold(there(shop, invoice))
    two = {**two, "Amount": 60, "Description": "Tap and seal"}
    two["SalesItemLineDetail"] |= {"Qty": 3, "UnitPrice": 20}
    edit(shop, invoice, Line=[one, two])
    first, second = now(shop, invoice).lines
    assert first == invoice.lines[0]
    assert (second.line_id, second.description) == (invoice.lines[1].line_id, "Tap and seal")
    assert (second.quantity, second.unit_price, second.amount) == (D(3), D(20), D("60.00"))
    assert now(shop, invoice).total == D("160.00")
    settled(shop, invoice)


def test_a_line_goes_and_another_comes_with_its_only_key(shop: Office) -> None:
    income = {"value": next(a.ref.id for a in _accounts(shop) if a.facts.get("number") == "4060")}
    drive = shop.api("Item", {"Name": "Drive time", "Type": "Service", "IncomeAccountRef": income})
    shop.poll()
    shop.map(Family.FEE, "drive", item=shop.item("Drive time"))
    invoice = issued(shop, "100.00", "50.00")
    _, two = sold(there(shop, invoice))
    trip = {
        "DetailType": "SalesItemLineDetail",
        "Amount": 59,
        "Description": "Drive",
        "SalesItemLineDetail": {
            "ItemRef": {"value": drive["Id"]},
            "Qty": 1,
            "UnitPrice": 59,
        },
    }
    edit(shop, invoice, Line=[two, trip])
    assert [row.reason for row in conflicts(shop)] == []
    kept, added = now(shop, invoice).lines
    assert kept == invoice.lines[1]
    assert (added.fee_type, added.amount, added.description) == ("drive", D("59.00"), "Drive")
    settled(shop, invoice)


def test_head_fields_travel_also_those_that_quickbooks_fills_in(shop: Office) -> None:
    invoice = issued(shop, "100.00")
    terms = shop.entry(K.TERM, "Net 30")
    shop.map(Family.TERMS, "net_30", terms=terms)
    edit(
        shop,
        invoice,
        TxnDate="2026-03-05",
        DueDate="2026-04-05",
        PrivateNote=there(shop, invoice).get("PrivateNote", "") + " called twice",
        BillEmail={"Address": "desk@example.com"},
        ShipAddr={
            "Line1": "9 Elm St",
            "City": "Sparks",
            "CountrySubDivisionCode": "NV",
            "PostalCode": "89431",
        },
        SalesTermRef={"value": terms.id},
        DepartmentRef={"value": shop.entry(K.LOCATION, "Reno").id},
    )
    here = now(shop, invoice)
    assert (str(here.issue_date), str(here.due_date), here.terms) == ("2026-03-05", "2026-04-05", "net_30")
    assert (here.email, here.branch) == ("desk@example.com", "reno")
    assert (here.site.line1, here.site.city) == ("9 Elm St", "Sparks")
    assert "called twice" in here.memo
    settled(shop, invoice)


def test_a_class_with_one_key_travels_and_another_item_stays_over_there(shop: Office) -> None:
    invoice = issued(shop, "100.00", "50.00")
    one, two = sold(there(shop, invoice))
    one["SalesItemLineDetail"]["ClassRef"] = {"value": shop.entry(K.CLASS, "Drain").id}
    two["SalesItemLineDetail"]["ItemRef"] = {"value": shop.item("Install").id}
    edit(shop, invoice, Line=[one, two])
    first, second = now(shop, invoice).lines
    assert (first.class_key, second) == ("drain", invoice.lines[1])
    with shop.core.begin(shop.tenant, actor="office") as tx:
        dearer = attrs.evolve(second, unit_price=D("70.00"), amount=D("70.00"))
        tx.save_invoice(attrs.evolve(now(shop, invoice), lines=(first, dearer), total=D("170.00")))
    shop.drain()
    _, coded = sold(there(shop, invoice))
    assert coded["SalesItemLineDetail"]["ItemRef"]["value"] == shop.item("Install").id
    assert Decimal(str(coded["Amount"])) == D("70.00")
    settled(shop, invoice)


def test_a_tax_that_was_changed_there_travels(shop: Office) -> None:
    lines = [LineDraft(description="Pipe", unit_price=D("100.00"), service_category="repair", taxable=True)]
    shop.map(Family.TAX, "default", tax_code=shop.entry(K.TAX_CODE, "Nevada"))
    ann = shop.customer()
    with shop.core.begin(shop.tenant, actor="office") as tx:
        invoice = tx.raise_invoice(
            InvoiceDraft(customer_id=ann.id, issue_date=DAY, lines=lines, tax=D("8.25"))
        )
    shop.drain()
    assert Decimal(str(there(shop, invoice)["TotalAmt"])) == D("108.25")
    edit(shop, invoice, TxnTaxDetail={"TotalTax": 7.5})
    assert (now(shop, invoice).tax, now(shop, invoice).total) == (D("7.50"), D("107.50"))
    settled(shop, invoice)


def test_a_void_there_voids_it_here(shop: Office) -> None:
    invoice = issued(shop, "100.00")
    shop.twin_call("do", action="void", kind="Invoice", id=place(shop, invoice.ref))
    shop.poll()
    assert now(shop, invoice).void
    assert conflicts(shop) == []


def test_a_bill_travels_by_line_and_keeps_its_coding(shop: Office) -> None:
    accounts = {a.facts.get("number"): a.ref for a in _accounts(shop)}
    shop.map(Family.EXPENSE, "materials", account=accounts["5290"])
    with shop.core.begin(shop.tenant, actor="office") as tx:
        vendor = tx.create_vendor(Vendor(id="", name="Copper Works"))
        lines = tuple(
            CostLine(line_id=str(n), amount=D(a), description=f"Part {n}", expense_category="materials")
            for n, a in enumerate(("30.00", "20.00"), start=1)
        )
        bill = tx.record_expense(
            Expense(
                id="", type=ExpenseType.BILL, date=DAY, total=D("50.00"), vendor_id=vendor.id, lines=lines
            )
        )
    shop.drain()
    one, two = there(shop, bill, "Bill")["Line"]
    one["AccountBasedExpenseLineDetail"]["AccountRef"] = {"value": accounts["6600"].id}
    two = {**two, "Amount": 25, "Description": "Part two"}
    edit(shop, bill, "Bill", Line=[one, two], DocNumber="SUP-1", DueDate="2026-05-01")
    here = now(shop, bill)
    assert [(x.amount, x.description) for x in here.lines] == [
        (D("30.00"), "Part 1"),
        (D("25.00"), "Part two"),
    ]
    assert (here.total, here.vendor_invoice_number, str(here.due_date)) == (D("55.00"), "SUP-1", "2026-05-01")
    with shop.core.begin(shop.tenant, actor="office") as tx:
        grown = attrs.evolve(here.lines[0], amount=D("35.00"))
        tx.update_expense(attrs.evolve(here, lines=(grown, here.lines[1]), total=D("60.00")))
    shop.drain()
    first = there(shop, bill, "Bill")["Line"][0]
    assert first["AccountBasedExpenseLineDetail"]["AccountRef"]["value"] == accounts["6600"].id
    assert Decimal(str(first["Amount"])) == D("35.00")
    settled(shop, bill, "Bill")


def _accounts(shop: Office) -> list[Any]:
    with shop.turn() as turn:
        return turn.catalog.of(K.ACCOUNT)


def test_both_sides_moved_lines_and_a_choice_is_written_and_taken_back(shop: Office) -> None:
    invoice = issued(shop, "100.00", "50.00")
    one, two = sold(there(shop, invoice))
    one = {**one, "Amount": 110}
    one["SalesItemLineDetail"] |= {"Qty": 1, "UnitPrice": 110}
    with shop.core.begin(shop.tenant, actor="office") as tx:
        dearer = attrs.evolve(invoice.lines[1], unit_price=D("60.00"), amount=D("60.00"))
        tx.save_invoice(attrs.evolve(invoice, lines=(invoice.lines[0], dearer), total=D("160.00")))
    edit(shop, invoice, Line=[one, two])
    (conflict,) = conflicts(shop)
    assert (conflict.group, conflict.ours_by) == ("money", "office")
    with shop.turn() as turn:
        assert "Line" in resolve.preview(turn, conflict.id, "ours").message
        resolve.resolve(turn, conflict.id, "ours", "admin")
    shop.drain()
    shop.poll()
    assert [Decimal(str(line["Amount"])) for line in sold(there(shop, invoice))] == [D(100), D(60)]
    settled(shop, invoice)
    with shop.turn() as turn:
        take_back.undo(turn, conflict.id, "admin")
    shop.drain()
    shop.poll()
    assert [Decimal(str(line["Amount"])) for line in sold(there(shop, invoice))] == [D(110), D(50)]
    (conflict,) = conflicts(shop)
    with shop.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "admin")
    shop.poll()
    assert [line.amount for line in now(shop, invoice).lines] == [D("110.00"), D("50.00")]
    settled(shop, invoice)


# -- merged ------------------------------------------------------------------------------------------
def test_a_customer_merged_into_one_that_nobody_has_follows_with_its_documents(shop: Office) -> None:
    invoice = issued(shop, "100.00")
    ann = now(shop, invoice).customer_id
    with shop.core.begin(shop.tenant, actor="office") as tx:
        job = tx.create_job(Job(id="", customer_id=ann, name="Ann's kitchen"))
        lines = [LineDraft(description="Sink", unit_price=D(5), service_category="repair")]
        tx.raise_invoice(InvoiceDraft(customer_id=ann, job_id=job.id, issue_date=DAY, lines=lines))
    shop.drain()
    winner = shop.api("Customer", {"DisplayName": "Ann Lee (main)"})
    shop.poll()
    with shop.turn() as turn:  # she is the bookkeeper's own; BlueOps does not have her
        turn.connection.execute(
            t.links.update().where(t.links.c.books_id == winner["Id"]).values(state="unlinked")
        )
    ref = RecordRef.parse(f"customer:{ann}")
    shop.twin_call("do", action="merge", kind="Customer", keep=winner["Id"], lose=place(shop, ref))
    shop.poll()
    shop.poll()
    assert place(shop, ref) == winner["Id"]
    assert there(shop, invoice)["CustomerRef"]["value"] == winner["Id"]
    assert now(shop, invoice).customer_id == ann
    assert shop.read("Customer", place(shop, job.ref))["ParentRef"]["value"] == winner["Id"]
    assert now(shop, job) == job
    settled(shop, invoice)
    with shop.core.begin(shop.tenant, actor="office") as tx:
        tx.update_customer(attrs.evolve(now_of(shop, ref), phone="+1 415 555 7000"))
    shop.drain()
    assert shop.read("Customer", winner["Id"])["PrimaryPhone"]["FreeFormNumber"] == "+1 415 555 7000"


def now_of(shop: Office, ref: RecordRef) -> Any:
    return shop.core.read(shop.tenant, [ref])[ref].record


def test_two_customers_of_ours_merged_there_are_merged_here_by_a_person(shop: Office) -> None:
    invoice = issued(shop, "100.00")
    ann = RecordRef.parse(f"customer:{invoice.customer_id}")
    bob = shop.customer("Bob Ray")
    shop.pay(invoice, "40.00")
    shop.drain()
    shop.twin_call("do", action="merge", kind="Customer", keep=place(shop, bob.ref), lose=place(shop, ann))
    shop.poll()
    shop.poll()
    removed = next(row for row in conflicts(shop) if row.cause == "removed_there")
    assert "merged into" in removed.reason
    with shop.turn() as turn:
        resolve.resolve(turn, removed.id, "merge", "admin")
    shop.drain()
    shop.poll()
    shop.poll()
    assert now(shop, invoice).customer_id == bob.id
    assert shop.core.read(shop.tenant, [ann])[ann].merged_into == bob.id
    assert [row.reason for row in conflicts(shop)] == []


def test_a_customer_set_inactive_there_is_inactive_here_and_back(shop: Office) -> None:
    ann = shop.customer("Zoe Inactive")
    shop.drain()
    shop.twin_call("do", action="inactivate", kind="Customer", id=place(shop, ann.ref))
    shop.poll()
    assert now(shop, ann).active is False
    shop.change(now(shop, ann), active=True)
    shop.drain()
    assert shop.read("Customer", place(shop, ann.ref))["Active"] is True


def test_a_job_moved_there_waits(shop: Office) -> None:
    ann, bob = shop.customer("Ann One"), shop.customer("Bob Two")
    with shop.core.begin(shop.tenant, actor="office") as tx:
        job = tx.create_job(Job(id="", customer_id=ann.id, name="Kitchen"))
    shop.drain()
    with shop.core.begin(shop.tenant, actor="office") as tx:
        tx.raise_invoice(
            InvoiceDraft(
                customer_id=bob.id,
                issue_date=DAY,
                lines=[LineDraft(description="x", unit_price=D(1), service_category="repair")],
            )
        )
    shop.drain()
    edit(shop, job, "Customer", ParentRef={"value": place(shop, bob.ref)}, Job=True)
    (conflict,) = conflicts(shop)
    assert conflict.group == "parent"
    with shop.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "admin")
    shop.poll()
    assert now(shop, job).customer_id == bob.id
    assert conflicts(shop) == []
