"""Random buying in the twin's books: whatever is billed, paid, credited, ordered or merged, the payables add up."""

from __future__ import annotations

import copy
from datetime import date
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from blueops_qb.sandbox.qbo import merging, storage, writing
from blueops_qb.sandbox.qbo.admin import dump_records
from blueops_qb.sandbox.qbo.running import new_company
from blueops_qb.sandbox.qbo.wire import Obj, loads
from blueops_qb.sandbox.qbo.wire import dumps as encoded
from tests.twin_machine import BooksMachine

D = Decimal
CENTS = st.integers(1, 50_000).map(lambda cents: D(cents) / 100)
PICK = st.integers(0, 30)
VENDORS = ("34", "35", "36")
VENDOR = st.sampled_from(VENDORS)
STOCK = {"17": D(40), "18": D(25), "19": D(6)}
TODAY = date(2026, 11, 20)


class Payables(BooksMachine):
    """Bills, credits, orders and payments of three vendors; refusals must change nothing."""

    @initialize()
    def open_books(self) -> None:
        self.company = new_company(seed="names", today=TODAY)

    def head(self, record: Obj) -> Obj:
        return {"Id": record["Id"], "SyncToken": record["SyncToken"], "sparse": True}

    def lines(self, amounts: list[Decimal], n: int) -> list[Obj]:
        rows: list[Obj] = []
        for position, amount in enumerate(amounts):
            if (n + position) % 3:
                detail: Obj = {"AccountRef": {"value": str(45 + n % 5)}, "BillableStatus": "NotBillable"}
                kind = "AccountBasedExpenseLineDetail"
            else:
                detail = {"ItemRef": {"value": str(17 + n % 3)}, "Qty": 1 + n % 4}
                kind = "ItemBasedExpenseLineDetail"
            rows.append({"DetailType": kind, "Amount": amount, kind: detail})
        return rows

    @rule(
        kind=st.sampled_from(["Bill", "VendorCredit", "PurchaseOrder"]),
        vendor=VENDOR,
        amounts=st.lists(CENTS, min_size=1, max_size=3),
        n=PICK,
        order=st.one_of(st.none(), PICK),
    )
    def enter(self, kind: str, vendor: str, amounts: list[Decimal], n: int, order: int | None) -> None:
        body: Obj = {"VendorRef": {"value": vendor}, "Line": self.lines(amounts, n)}
        filled = self.pick("PurchaseOrder", order) if order is not None and kind == "Bill" else None
        if filled is not None:
            link = {"TxnId": filled["Id"], "TxnType": "PurchaseOrder"}
            if n % 2:
                body["LinkedTxn"] = [link]
            else:
                body["Line"][0]["LinkedTxn"] = [link | {"TxnLineId": filled["Line"][0]["Id"]}]
        self.attempt(writing.create, kind, body)

    @rule(
        kind=st.sampled_from(["Bill", "VendorCredit"]),
        n=PICK,
        vendor=st.one_of(st.none(), VENDOR),
        amounts=st.lists(CENTS, min_size=1, max_size=2),
        full=st.booleans(),
    )
    def edit(self, kind: str, n: int, vendor: str | None, amounts: list[Decimal], full: bool) -> None:
        record = self.pick(kind, n)
        if record is not None:
            whose = {"value": vendor} if vendor else record["VendorRef"]
            body = self.head(record) | {"VendorRef": whose, "Line": self.lines(amounts, n)}
            self.attempt(writing.update, kind, body | {"sparse": not full})

    @rule(vendor=VENDOR, parts=st.lists(st.tuples(PICK, CENTS), min_size=1, max_size=4), extra=CENTS, n=PICK)
    def pay(self, vendor: str, parts: list[tuple[int, Decimal]], extra: Decimal, n: int) -> None:
        lines, total = [], extra if n % 3 == 0 else D(0)
        for position, amount in parts:
            kind = "VendorCredit" if position % 3 == 0 else "Bill"
            record = self.pick(kind, position)
            if record is None:
                continue
            part = min(amount, record["Balance"])
            lines.append({"Amount": part, "LinkedTxn": [{"TxnId": record["Id"], "TxnType": kind}]})
            total += part if kind == "Bill" else -part
            vendor = record["VendorRef"]["value"] if n % 4 else vendor
        body: Obj = {"VendorRef": {"value": vendor}, "TotalAmt": total, "Line": lines}
        if n % 2:
            body |= {"PayType": "Check", "CheckPayment": {"BankAccountRef": {"value": "1"}}}
        else:
            body |= {"PayType": "CreditCard", "CreditCardPayment": {"CCAccountRef": {"value": "16"}}}
        self.attempt(writing.create, "BillPayment", body)

    @rule(n=PICK, parts=st.sampled_from([1, 1, 2, 3]), credit=st.booleans(), spare=st.sampled_from([0, 0, 5]))
    def pay_a_bill(self, n: int, parts: int, credit: bool, spare: int) -> None:
        bills = [record for record in self.company.all("Bill") if record["Balance"]]
        if not bills:
            return
        bill = bills[n % len(bills)]
        whose, paid = bill["VendorRef"], max(bill["Balance"] // parts, D("0.01"))
        links, net = [("Bill", bill, paid)], paid
        open_credits = [
            record
            for record in self.company.all("VendorCredit")
            if record["Balance"] and record["VendorRef"] == whose
        ]
        if credit and open_credits:
            used = open_credits[n % len(open_credits)]
            amount = min(used["Balance"], paid)
            links.append(("VendorCredit", used, amount))
            net -= amount
        lines = [
            {"Amount": amount, "LinkedTxn": [{"TxnId": record["Id"], "TxnType": kind}]}
            for kind, record, amount in links
        ]
        source = {"PayType": "Check", "CheckPayment": {"BankAccountRef": {"value": "1"}}}
        body = {"VendorRef": {"value": whose["value"]}, "TotalAmt": net + spare, "Line": lines}
        assert self.attempt(writing.create, "BillPayment", body | source) is not None

    @rule(n=PICK, drop=st.integers(0, 3))
    def pay_less_of_it(self, n: int, drop: int) -> None:
        record = self.pick("BillPayment", n)
        if record is not None:
            kept = [
                {name: line[name] for name in ("Amount", "LinkedTxn")}
                for position, line in enumerate(record["Line"])
                if position != drop
            ]
            self.attempt(writing.update, "BillPayment", self.head(record) | {"Line": copy.deepcopy(kept)})

    @rule(n=PICK)
    def void_payment(self, n: int) -> None:
        record = self.pick("BillPayment", n)
        if record is not None:
            self.attempt(writing.void, "BillPayment", self.head(record))

    @rule(kind=st.sampled_from(["Bill", "VendorCredit", "BillPayment", "PurchaseOrder"]), n=PICK)
    def delete(self, kind: str, n: int) -> None:
        record = self.pick(kind, n)
        if record is not None:
            self.attempt(writing.delete, kind, self.head(record))

    @rule(n=st.integers(0, 40))
    def merge_vendors_or_accounts(self, n: int) -> None:
        if n == 7:
            self.attempt(merging.merge, kind="Vendor", keep="34", lose="36")
        elif n in range(45, 48):
            self.attempt(merging.merge, kind="Account", keep=str(n), lose="49")

    @invariant()
    def the_books_balance(self) -> None:
        assert self.company.ledger.trial_balance().difference == 0

    @invariant()
    def bills_and_credits_are_open_for_what_no_payment_uses(self) -> None:
        for kind in ("Bill", "VendorCredit"):
            for record in self.company.all(kind):
                used = sum(
                    (
                        line["Amount"]
                        for payment in self.company.all("BillPayment")
                        for line in payment["Line"]
                        if line["LinkedTxn"][0] == {"TxnId": record["Id"], "TxnType": kind}
                    ),
                    D(0),
                )
                assert record["Balance"] == record["TotalAmt"] - used
                assert record["Balance"] >= 0

    @invariant()
    def vendors_are_owed_what_their_documents_say(self) -> None:
        owed = dict.fromkeys(VENDORS, D(0))
        for kind, sign in (("Bill", 1), ("VendorCredit", -1)):
            for record in self.company.all(kind):
                owed[record["VendorRef"]["value"]] += sign * record["Balance"]
        for payment in self.company.all("BillPayment"):
            signs = {"Bill": 1, "VendorCredit": -1}
            net = sum(
                (signs[line["LinkedTxn"][0]["TxnType"]] * line["Amount"] for line in payment["Line"]), D(0)
            )
            assert 0 <= net <= payment["TotalAmt"]
            owed[payment["VendorRef"]["value"]] -= payment["TotalAmt"] - net
        for vendor, amount in owed.items():
            if vendor in self.company.records["Vendor"]:
                assert self.company.records["Vendor"][vendor]["Balance"] == amount
            else:
                assert amount == 0

    @invariant()
    def orders_that_no_bill_names_are_open(self) -> None:
        for order in self.company.all("PurchaseOrder"):
            bills = [link["TxnId"] for link in order["LinkedTxn"] if link["TxnType"] == "Bill"]
            assert set(bills) <= set(self.company.records["Bill"])
            if not bills:
                assert order["POStatus"] == "Open"

    @invariant()
    def stock_is_what_was_bought_less_what_went_back(self) -> None:
        moved = dict.fromkeys(STOCK, D(0))
        for kind, sign in (("Bill", 1), ("VendorCredit", -1)):
            for record in self.company.all(kind):
                for line in record["Line"]:
                    detail = line.get("ItemBasedExpenseLineDetail", {})
                    if detail:
                        moved[detail["ItemRef"]["value"]] += sign * detail["Qty"]
        for item, count in moved.items():
            assert self.company.records["Item"][item]["QtyOnHand"] == STOCK[item] + count

    def teardown(self) -> None:
        if hasattr(self, "company"):
            again = storage.restore(loads(encoded(storage.dump(self.company))))
            assert dump_records(again)["records"] == dump_records(self.company)["records"]
            assert again.ledger.balances() == self.company.ledger.balances()


TestPayables = Payables.TestCase
TestPayables.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
