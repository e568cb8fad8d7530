"""Random work in the twin's books: whatever is written, refused, voided or merged, the books add up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from blueops_qb.sandbox.qbo import people, storage, writing
from blueops_qb.sandbox.qbo.admin import dump_records
from blueops_qb.sandbox.qbo.running import new_company
from blueops_qb.sandbox.qbo.wire import dumps as encoded
from blueops_qb.sandbox.qbo.wire import loads
from tests.twin_machine import BooksMachine

D = Decimal
CENTS = st.integers(1, 50_000).map(lambda cents: D(cents) / 100)
PICK = st.integers(0, 30)
ITEM_LINE = "SalesItemLineDetail"
TODAY = date(2026, 11, 20)


class Books(BooksMachine):
    """A person and an app write at random; refusals must change nothing."""

    @initialize(mode=st.sampled_from(["off", "manual", "ast"]))
    def open_books(self, mode: str) -> None:
        self.company = new_company(seed="names", today=TODAY)
        self.company.hidden.tax_mode = mode

    def head(self, record: dict[str, Any]) -> dict[str, Any]:
        return {"Id": record["Id"], "SyncToken": record["SyncToken"], "sparse": True}

    def lines(self, amounts: list[Decimal], n: int) -> list[dict[str, Any]]:
        return [
            {
                "DetailType": "SalesItemLineDetail",
                "Amount": amount,
                "SalesItemLineDetail": {
                    "ItemRef": {"value": str(1 + (n + position) % 19)},
                    "TaxCodeRef": {"value": "TAX" if n % 2 else "NON"},
                },
            }
            for position, amount in enumerate(amounts)
        ]

    @rule(customer=st.integers(1, 4), amounts=st.lists(CENTS, min_size=1, max_size=3), n=PICK)
    def invoice(self, customer: int, amounts: list[Decimal], n: int) -> None:
        body: dict[str, Any] = {"CustomerRef": {"value": str(customer)}, "Line": self.lines(amounts, n)}
        if n % 3 == 0:
            body["TxnTaxDetail"] = {"TotalTax": D(n) / 100}
        if n % 4 == 0:
            body["Line"].append(
                {"DetailType": "DiscountLineDetail", "Amount": D(n), "DiscountLineDetail": {}}
            )
        self.attempt(writing.create, "Invoice", body)

    @rule(n=PICK, amounts=st.lists(CENTS, min_size=1, max_size=2), full=st.booleans())
    def edit_invoice(self, n: int, amounts: list[Decimal], full: bool) -> None:
        record = self.pick("Invoice", n)
        if record is not None:
            body = self.head(record) | {"Line": self.lines(amounts, n)}
            if full:
                body |= {"sparse": False, "CustomerRef": record["CustomerRef"]}
            self.attempt(writing.update, "Invoice", body)

    @rule(customer=st.integers(1, 4), parts=st.lists(st.tuples(PICK, CENTS), max_size=3), extra=CENTS)
    def pay(self, customer: int, parts: list[tuple[int, Decimal]], extra: Decimal) -> None:
        lines, total = [], extra
        for n, amount in parts:
            record = self.pick("Invoice", n)
            if record is not None:
                lines.append({"Amount": amount, "LinkedTxn": [{"TxnId": record["Id"], "TxnType": "Invoice"}]})
                total += amount
        body = {"CustomerRef": {"value": str(customer)}, "TotalAmt": total, "Line": lines}
        self.attempt(writing.create, "Payment", body)

    @rule(n=PICK)
    def pay_in_full(self, n: int) -> None:
        record = self.pick("Invoice", n)
        if record is not None and record["Balance"]:
            customer = record["CustomerRef"]["value"]
            self.attempt(
                people.receive_payment, customer=customer, invoices={record["Id"]: record["Balance"]}
            )

    @rule(n=PICK)
    def bank(self, n: int) -> None:
        record = self.pick("Payment", n)
        if record is not None:
            self.attempt(people.make_deposit, payments=[record["Id"]])

    @rule(kind=st.sampled_from(["Invoice", "Payment"]), n=PICK)
    def void(self, kind: str, n: int) -> None:
        record = self.pick(kind, n)
        if record is not None:
            self.attempt(writing.void, kind, self.head(record))

    @rule(kind=st.sampled_from(["Invoice", "Payment", "Deposit", "Bill"]), n=PICK)
    def delete(self, kind: str, n: int) -> None:
        record = self.pick(kind, n)
        if record is not None:
            self.attempt(writing.delete, kind, self.head(record))

    @rule(vendor=st.integers(34, 37), quantity=st.integers(1, 9), cost=CENTS, item=st.integers(17, 19))
    def bill_for_stock(self, vendor: int, quantity: int, cost: Decimal, item: int) -> None:
        detail = {"ItemRef": {"value": str(item)}, "Qty": quantity}
        line = {"DetailType": "ItemBasedExpenseLineDetail", "Amount": cost} | {
            "ItemBasedExpenseLineDetail": detail
        }
        self.attempt(writing.create, "Bill", {"VendorRef": {"value": str(vendor)}, "Line": [line]})

    @rule(n=PICK, token=st.integers(0, 3))
    def write_with_an_old_version(self, n: int, token: int) -> None:
        record = self.pick("Invoice", n)
        if record is not None and int(record["SyncToken"]) != token:
            body = {"Id": record["Id"], "SyncToken": str(token), "sparse": True, "PrivateNote": "late"}
            assert self.attempt(writing.update, "Invoice", body) is None

    @invariant()
    def the_books_balance(self) -> None:
        assert self.company.ledger.trial_balance().difference == 0

    @invariant()
    def invoices_owe_what_is_not_paid(self) -> None:
        for record in self.company.all("Invoice"):
            settled = sum(
                (
                    line["Amount"]
                    for payment in self.company.all("Payment")
                    for line in payment["Line"]
                    if line["LinkedTxn"][0]["TxnId"] == record["Id"]
                ),
                D(0),
            )
            assert record["Balance"] == record["TotalAmt"] - settled
            assert record["Balance"] >= 0
            shown = [line["Amount"] for line in record["Line"] if line["DetailType"] == "SubTotalLineDetail"]
            assert len(shown) == 1

    @invariant()
    def customers_owe_what_their_documents_say(self) -> None:
        for customer in ("1", "2", "3", "4"):
            owed = sum(
                (r["Balance"] for r in self.company.all("Invoice") if r["CustomerRef"]["value"] == customer),
                D(0),
            )
            unapplied = sum(
                (
                    r["UnappliedAmt"]
                    for r in self.company.all("Payment")
                    if r["CustomerRef"]["value"] == customer
                ),
                D(0),
            )
            assert self.company.records["Customer"][customer]["Balance"] == owed - unapplied

    @invariant()
    def stock_is_what_was_bought_less_what_was_sold(self) -> None:
        opening = {"17": D(40), "18": D(25), "19": D(6)}
        moved = dict.fromkeys(opening, D(0))
        for kind, name, sign in (("Bill", "ItemBasedExpenseLineDetail", 1), ("Invoice", ITEM_LINE, -1)):
            for record in self.company.all(kind):
                for line in record["Line"]:
                    detail = line.get(name, {})
                    item = detail.get("ItemRef", {}).get("value")
                    if item in moved and line["Amount"]:
                        moved[item] += sign * detail.get("Qty", 1)
        for item, count in moved.items():
            assert self.company.records["Item"][item]["QtyOnHand"] == opening[item] + count

    @invariant()
    def only_forms_that_sell_stock_carry_a_cost(self) -> None:
        for line in self.company.ledger.lines():
            if line.part == "cost" and line.entry.amount:
                record = self.company.records[line.txn.kind][line.txn.id]
                items = {row.get(ITEM_LINE, {}).get("ItemRef", {}).get("value") for row in record["Line"]}
                assert items & {"17", "18", "19"}

    def teardown(self) -> None:
        if hasattr(self, "company"):
            again = storage.restore(loads(encoded(storage.dump(self.company))))
            assert dump_records(again)["records"] == dump_records(self.company)["records"]
            assert again.ledger.balances() == self.company.ledger.balances()


TestBooks = Books.TestCase
TestBooks.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
