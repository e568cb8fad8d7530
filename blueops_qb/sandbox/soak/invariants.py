"""Invariants of accounting-treatments section 13, held against the soak's own ledger of QuickBooks Online.

I2 (replay) is the witness's: nothing is created twice. The field-by-field part of I3 and I7 (splits to the cent) is
the reader's, which spreads tax and freight itself. I5 compares two kinds of books, in `both`. What is asked of either
kind of books alike stands in `common_invariants`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from blueops_qb.sandbox.soak import common_invariants as common
from blueops_qb.sandbox.soak.any_books import ZERO
from blueops_qb.sandbox.soak.chart import CHART
from blueops_qb.sandbox.soak.excuses import Apart
from blueops_qb.sandbox.soak.ledger import Books, money, ref
from blueops_qb.sandbox.soak.world import World

#: Forms that sell or take back, beside invoices.
SOLD_ELSE = ("CreditMemo", "SalesReceipt", "RefundReceipt")

Check = Callable[[World, Books, Apart], Iterator[str]]


def check_books(w: World, books: Books, apart: Apart) -> list[str]:
    """Every invariant that does not hold, in words."""
    return [f"{name}: {fault}" for name, check in INVARIANTS for fault in check(w, books, apart)]


def _i3_sums(_: World, books: Books, __: Apart) -> Iterator[str]:
    """Lines less discount plus tax are the total."""
    for kind in ("Invoice", *SOLD_ELSE):
        for raw in books.records[kind].values():
            lines = ZERO
            for line in raw.get("Line", ()):
                sign = {"SalesItemLineDetail": 1, "DiscountLineDetail": -1}.get(line["DetailType"], 0)
                lines += sign * money(line.get("Amount"))
            total = lines + money(raw.get("TxnTaxDetail", {}).get("TotalTax"))
            if total != money(raw.get("TotalAmt")):
                yield f"{kind} {raw['Id']} comes to {total}, its total is {raw.get('TotalAmt')}"


def _i4_receivable(_: World, books: Books, __: Apart) -> Iterator[str]:
    """A/R per customer = what is open of invoices and of money that went back, less unapplied payments and credits.

    A/P per vendor = open bills.
    """
    open_: dict[str, Decimal] = defaultdict(lambda: ZERO)
    settled: dict[str, Decimal] = defaultdict(lambda: ZERO)
    payable: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for raw in books.records["Invoice"].values():
        open_[books.root(books.customer(raw))] += money(raw.get("Balance"))
    for raw in books.records["Payment"].values():
        open_[books.root(books.customer(raw))] -= money(raw.get("UnappliedAmt"))
        for line in raw.get("Line", ()):
            if line["LinkedTxn"][0]["TxnType"] not in ("Invoice", "CreditMemo"):
                settled[line["LinkedTxn"][0]["TxnId"]] += money(line.get("Amount"))
    for raw in books.records["CreditMemo"].values():
        open_[books.root(books.customer(raw))] -= money(raw.get("RemainingCredit"))
    receivable = books.account(CHART.receivable)
    for id, raw in books.records["Purchase"].items():
        owed = books.effect("Purchase", raw).get(receivable, ZERO)
        if owed:
            open_[books.root(ref(raw, "EntityRef"))] += owed - settled.pop(id, ZERO)
    for raw in books.records["Bill"].values():
        payable[ref(raw, "VendorRef")] += money(raw.get("TotalAmt")) - money(raw.get("Balance"))
    for (account, customer), amount in books.of_customer.items():
        if account == receivable:
            open_[books.root(customer)] -= amount
    for customer, rest in open_.items():
        if rest:
            yield f"customer {customer}: what is open differs by {rest} from what the ledger has"
    for id, amount in settled.items():
        yield f"{amount} is applied to purchase {id}, which is none of a customer's money"
    for vendor, rest in payable.items():
        if rest:
            yield f"vendor {vendor}: bills count as paid by {rest} that nobody paid"


def _i6_void(_: World, books: Books, __: Apart) -> Iterator[str]:
    """What is void does nothing."""
    for kind, id, raw in books.documents():
        # One that was void and is written again keeps the word in its note.
        void = str(raw.get("PrivateNote", "")).startswith("Voided") and not money(raw.get("TotalAmt"))
        if void and books.posted.get((kind, id)):
            yield f"{kind} {id} is void and still posted"


def _i8_closed(w: World, books: Books, _: Apart) -> Iterator[str]:
    """Nothing on or before the closing date was created or moved by the app."""
    for kind, id, old, new in w.witness.in_closed_period:
        before = books.effect(kind, old) if old else {}
        after = books.effect(kind, new) if new else {}
        moved = bool(old and new and old.get("TxnDate") != new.get("TxnDate"))
        if before != after or moved:
            yield f"{kind} {id} was written into the closed period"


def _i9_money(_: World, books: Books, __: Apart) -> Iterator[str]:
    """Payments are what they settle and what is left; nothing is paid more than it is."""
    for raw in books.records["Payment"].values():
        applied = ZERO
        for line in raw.get("Line", ()):
            used = line["LinkedTxn"][0]["TxnType"] == "CreditMemo"
            applied += -money(line.get("Amount")) if used else money(line.get("Amount"))
        if applied + money(raw.get("UnappliedAmt")) != money(raw.get("TotalAmt")):
            yield f"payment {raw['Id']} of {raw.get('TotalAmt')} settles {applied}"
    for raw in books.records["Invoice"].values():
        if money(raw.get("Balance")) < 0:
            yield f"invoice {raw['Id']} is paid more than it is: {raw['Balance']}"


def _i23_tax(_: World, books: Books, __: Apart) -> Iterator[str]:
    """Sales tax is what the documents say, and the sum of its jurisdictions."""
    account, on_documents = books.account(CHART.sales_tax), ZERO
    signed = ((1, "Invoice"), (-1, "CreditMemo"), (1, "SalesReceipt"), (-1, "RefundReceipt"))
    for sign, raw in ((sign, raw) for sign, kind in signed for raw in books.records[kind].values()):
        detail = raw.get("TxnTaxDetail", {})
        total, lines = money(detail.get("TotalTax")), detail.get("TaxLine", ())
        on_documents += sign * total
        by_line = sum((money(line.get("Amount")) for line in lines), ZERO)
        if lines and by_line != total:
            yield f"invoice {raw['Id']}: a tax of {total} is {by_line} by jurisdiction"
        taxed = any(
            ref(line.get("SalesItemLineDetail", {}), "TaxCodeRef") == "TAX" for line in raw.get("Line", ())
        )
        if total and not taxed:
            yield f"invoice {raw['Id']}: {total} of tax, and no line is taxable"
    posted = -sum((effect.get(account, ZERO) for effect in books.posted.values()), ZERO)
    if posted != on_documents:
        yield f"{posted} of sales tax are posted, the documents say {on_documents}"


def _i25_split(_: World, books: Books, __: Apart) -> Iterator[str]:
    """The parts of a purchase, by job and overhead, are its total; nothing is billable twice."""
    for kind in ("Bill", "Purchase"):
        for raw in books.records[kind].values():
            parts: dict[str, Decimal] = defaultdict(lambda: ZERO)
            for line in raw.get("Line", ()):
                detail = line[line["DetailType"]]
                parts[ref(detail, "CustomerRef")] += money(line.get("Amount"))
                if detail.get("BillableStatus") == "Billable":
                    yield f"{kind} {raw['Id']}: a line is billable in the books too"
            if sum(parts.values(), ZERO) != money(raw.get("TotalAmt")):
                yield f"{kind} {raw['Id']} of {raw.get('TotalAmt')} is split into {sum(parts.values(), ZERO)}"


INVARIANTS: Sequence[tuple[str, Check]] = (
    ("I1", common.i1_balanced),
    ("I3", _i3_sums),
    ("I4", _i4_receivable),
    ("I6", _i6_void),
    ("I6", common.i6_credited),
    ("I8", _i8_closed),
    ("I9", _i9_money),
    ("I9", common.i9_waiting),
    ("I10", common.i10_returned),
    ("I11", common.i11_deposits),
    ("I23", _i23_tax),
    ("I24", common.i24_mapped),
    ("I25", _i25_split),
)
