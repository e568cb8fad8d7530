"""Invariants of accounting-treatments section 13, held against the soak's own ledger of the company file.

I2 (replay) is the witness's: nothing is created twice. The field-by-field part of I3 and I7 is the reader's. What is
asked of either kind of books alike stands in `common_invariants`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from blueops_qb.sandbox.reader.desktop_tables import is_void, money, text_of
from blueops_qb.sandbox.soak import common_invariants as common
from blueops_qb.sandbox.soak.any_books import ZERO
from blueops_qb.sandbox.soak.desktop.ledger import COSTS, SOLD, Books
from blueops_qb.sandbox.soak.excuses import Apart
from blueops_qb.sandbox.soak.witness import Obj

if TYPE_CHECKING:
    from blueops_qb.sandbox.soak.desktop.world import DesktopWorld

Check = Callable[["DesktopWorld", Books, Apart], Iterator[str]]
#: Members of a raw record by which it moves accounts or periods.
_MOVES = frozenset(
    (
        *("TxnDate", "Amount", "TotalAmount", "AmountDue", "DepositTotal", "Subtotal", "SalesTaxTotal"),
        *("AccountRef", "ItemRef", "ARAccountRef", "APAccountRef", "DepositToAccountRef"),
    )
)


def check_books(w: DesktopWorld, books: Books, apart: Apart) -> list[str]:
    """Every invariant that does not hold, in words."""
    return [f"{name}: {fault}" for name, check in INVARIANTS for fault in check(w, books, apart)]


def _i3_sums(_: DesktopWorld, books: Books, __: Apart) -> Iterator[str]:
    """Lines are the subtotal, and it less what was paid with its tax is what is open."""
    for kind in SOLD:
        for id, raw in books.kept[kind].items():
            lines = sum((money(line, "Amount") for line in raw.iter(f"{kind}LineRet")), ZERO)
            if lines != money(raw, "Subtotal"):
                yield f"{kind} {id} comes to {lines}, its subtotal is {text_of(raw, 'Subtotal')}"


def _i4_receivable(_: DesktopWorld, books: Books, apart: Apart) -> Iterator[str]:
    """A/R per customer = what is open of invoices and of money that went back, less unapplied payments and credits.

    A/P per vendor = open bills.
    """
    open_: dict[str, Decimal] = defaultdict(lambda: ZERO)
    payable: dict[str, Decimal] = defaultdict(lambda: ZERO)
    root = _together(books, apart)
    signs = (
        ("Invoice", "BalanceRemaining", 1),
        ("ReceivePayment", "UnusedPayment", -1),
        ("CreditMemo", "CreditRemaining", -1),
    )
    for kind, member, sign in signs:
        for raw in books.kept[kind].values():
            open_[root(books.customer(raw))] += sign * money(raw, member)
    settled, receivable, owed = _settled(books), books.account("1100"), books.account("2000")
    for id, raw in books.kept["Check"].items():
        owed_again = books.effect("Check", raw).get(receivable, ZERO)
        if owed_again:
            open_[root(text_of(raw, "PayeeEntityRef/ListID"))] += owed_again - settled[id]
    for id, raw in books.kept["ARRefundCreditCard"].items():
        paid_out = sum((money(part, "RefundAmount") for part in raw.iter("RefundAppliedToTxnRet")), ZERO)
        open_[root(books.customer(raw))] += money(raw, "TotalAmount") - paid_out - settled[id]
    for raw in books.kept["Bill"].values():
        payable[text_of(raw, "VendorRef/ListID")] += money(raw, "AmountDue")
    for (account, customer), amount in books.of_customer.items():
        if account == receivable:
            open_[root(customer)] -= amount
    for (account, vendor), amount in books.of_vendor.items():
        if account == owed:
            payable[vendor] += amount
    for customer, rest in open_.items():
        if rest:
            yield f"customer {customer}: what is open differs by {rest} from what the ledger has"
    for vendor, rest in payable.items():
        if rest:
            yield f"vendor {vendor}: open bills differ by {rest} from what the ledger has"


def _together(books: Books, apart: Apart) -> Callable[[str], str]:
    """The customer above all jobs; as one with another where a payment that stands apart goes from one to the other.

    A job that BlueOps moves to another customer takes its invoices along. A payment of the former customer, which
    settled them, follows unless it is held: until then it is one customer's money on another's invoice.
    """
    joined: dict[str, str] = {}

    def root(customer: str) -> str:
        found = books.root(customer)
        while found in joined:
            found = joined[found]
        return found

    for id, raw in books.kept["ReceivePayment"].items():
        # What it settles, and the credits inside.
        for part in (*raw.iter("AppliedToTxnRet"), *raw.iter("LinkedTxn")):
            other = text_of(part, "TxnType"), text_of(part, "TxnID")
            named = books.find(*other)
            if named is None or not {f"ReceivePayment:{id}", ":".join(other)} & apart.theirs:
                continue
            one, two = root(books.customer(raw)), root(books.customer(named))
            if one != two:
                joined[one] = two
    return root


def _settled(books: Books) -> dict[str, Decimal]:
    """What payments say that they settle of each document, credits and discounts with them."""
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for raw in books.kept["ReceivePayment"].values():
        for part in raw.iter("AppliedToTxnRet"):
            credits = sum((money(link, "Amount") for link in part.iter("LinkedTxn")), ZERO)
            found[text_of(part, "TxnID")] += money(part, "Amount") + money(part, "DiscountAmount") + credits
    return found


def _used(books: Books) -> dict[str, Decimal]:
    """What is used up of each credit: by payments, and by refunds to cards."""
    found: dict[str, Decimal] = defaultdict(lambda: ZERO)
    for raw in books.kept["ReceivePayment"].values():
        for link in raw.iter("LinkedTxn"):
            found[text_of(link, "TxnID")] += money(link, "Amount")
    for raw in books.kept["ARRefundCreditCard"].values():
        for part in raw.iter("RefundAppliedToTxnRet"):
            found[text_of(part, "TxnID")] += money(part, "RefundAmount")
    return found


def _i6_void(_: DesktopWorld, books: Books, __: Apart) -> Iterator[str]:
    """What is void does nothing."""
    for kind, id, raw in books.documents():
        if is_void(raw) and books.posted.get((kind, id)):
            yield f"{kind} {id} is void and still posted"


def _i8_closed(w: DesktopWorld, _: Books, __: Apart) -> Iterator[str]:
    """Nothing on or before the closing date was created or moved by the app."""
    for kind, id, old, new in w.witness.in_closed_period:
        if _moves(old) != _moves(new):
            yield f"{kind} {id} was written into the closed period"


def _moves(raw: Obj | None) -> list[Any]:
    """What a document does, as its raw members say it; nothing for one that is not there or void."""
    if raw is None or "_Void" in raw:
        return []
    found: list[Any] = []
    for name, value in sorted(raw.items()):
        if name in _MOVES:
            found.append((name, value["ListID"] if isinstance(value, dict) else value))
        elif isinstance(value, list):
            found += [_moves(row) for row in value if isinstance(row, dict) and "Amount" in row]
    return found


def _i9_money(_: DesktopWorld, books: Books, __: Apart) -> Iterator[str]:
    """Payments are what they settle and what is left; invoices say what they have left."""
    settled = _settled(books)
    for id, raw in books.kept["ReceivePayment"].items():
        applied = sum((money(part, "Amount") for part in raw.iter("AppliedToTxnRet")), ZERO)
        if applied + money(raw, "UnusedPayment") != money(raw, "TotalAmount"):
            yield f"payment {id} of {money(raw, 'TotalAmount')} settles {applied}"
    for id, raw in books.kept["Invoice"].items():
        rest = money(raw, "Subtotal") + money(raw, "SalesTaxTotal") - settled[id]
        if rest != money(raw, "BalanceRemaining") or rest < 0:
            yield f"invoice {id}: {rest} are open, it says {money(raw, 'BalanceRemaining')}"


def _i9_credits(_: DesktopWorld, books: Books, __: Apart) -> Iterator[str]:
    """Credits are what was used of them and what is left."""
    used = _used(books)
    for id, raw in books.kept["CreditMemo"].items():
        left = money(raw, "Subtotal") + money(raw, "SalesTaxTotal") - used[id]
        if left != money(raw, "CreditRemaining") or left < 0:
            yield f"credit memo {id}: {left} are left, it says {money(raw, 'CreditRemaining')}"


def _i23_tax(_: DesktopWorld, books: Books, __: Apart) -> Iterator[str]:
    """Sales tax is what the documents say, and only what is taxable is taxed."""
    account, on_documents = books.account("2200"), ZERO
    for sign, kind in ((1, "Invoice"), (-1, "CreditMemo"), (1, "SalesReceipt")):
        for id, raw in books.kept[kind].items():
            total = money(raw, "SalesTaxTotal")
            on_documents += sign * total
            taxed = any(
                text_of(line, "SalesTaxCodeRef/FullName") == "Tax" for line in raw.iter(f"{kind}LineRet")
            )
            if total and not taxed:
                yield f"{kind} {id}: {total} of tax, and no line is taxable"
    posted = -sum((effect.get(account, ZERO) for effect in books.posted.values()), ZERO)
    if posted != on_documents:
        yield f"{posted} of sales tax are posted, the documents say {on_documents}"


def _i25_split(_: DesktopWorld, books: Books, __: Apart) -> Iterator[str]:
    """The parts of a cost, by job and overhead, are its total; nothing is billable twice."""
    for kind, (_account, total) in COSTS.items():
        for id, raw in books.kept[kind].items():
            parts = ZERO
            for line in (*raw.iter("ExpenseLineRet"), *raw.iter("ItemLineRet")):
                parts += money(line, "Amount")
                if text_of(line, "BillableStatus") == "Billable":
                    yield f"{kind} {id}: a line is billable in the books too"
            if parts != money(raw, total):
                yield f"{kind} {id} of {money(raw, total)} is split into {parts}"


def _methods_kept(w: DesktopWorld, books: Books, apart: Apart) -> Iterator[str]:
    """By what method a payment came that a bookkeeper received is his to say (accounting-treatments 10)."""
    for id, method in w.methods.items():
        raw = books.find("ReceivePayment", id)
        if raw is None or is_void(raw) or f"ReceivePayment:{id}" in apart.theirs:
            continue
        shown = text_of(raw, "PaymentMethodRef/FullName")
        if shown != method:
            yield f"payment {id} came by “{method}”, which was written over by “{shown}”"


INVARIANTS: Sequence[tuple[str, Check]] = (
    ("I1", common.i1_balanced),
    ("I3", _i3_sums),
    ("I4", _i4_receivable),
    ("I6", _i6_void),
    ("I6", common.i6_credited),
    ("I8", _i8_closed),
    ("I9", _i9_money),
    ("I9", _i9_credits),
    ("I9", common.i9_waiting),
    ("I10", common.i10_returned),
    ("I11", common.i11_deposits),
    ("I23", _i23_tax),
    ("I24", common.i24_mapped),
    ("I25", _i25_split),
    ("coding", _methods_kept),
)
