"""The writes of a company that meets faults: one of each verb and kind, and how the books show what became of it."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.records import Customer, Expense, ExpenseType, Invoice, Payment, Vendor
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.entities import VOIDABLE
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sdk.provider import Verb

D = Decimal
K = BooksKind
Act = Callable[[Any, Any, Any], Any]


def _reprice(_: Any, tx: Any, old: Invoice) -> Invoice:
    draft = draft_of(old)
    lines = [attrs.evolve(line, unit_price=D("12.00")) for line in draft.lines]
    found: Invoice = tx.update_invoice(old.id, attrs.evolve(draft, lines=lines))
    return found


def _cost(_: Any, tx: Any, old: Expense) -> Expense:
    (line,) = old.lines
    found: Expense = tx.update_expense(
        attrs.evolve(old, lines=(attrs.evolve(line, amount=D("12.00")),), total=D("12.00"))
    )
    return found


def _gone(delete: str) -> Act:
    def act(_: Any, tx: Any, old: Any) -> Any:
        getattr(tx, delete)(old.id)
        return old

    return act


def _sold(kind: BooksKind) -> Act:
    return lambda house, tx, _: house.invoice(tx, memo=kind.value)


def _bought(kind: BooksKind) -> Act:
    return lambda house, tx, _: house.cost(tx, ExpenseType.BILL, memo=kind.value)


#: Kinds that an invoice or a cost becomes by what its memo says.
SOLD = (K.ESTIMATE, K.CREDIT_MEMO, K.SALES_RECEIPT, K.REFUND_RECEIPT)
BOUGHT = (K.VENDOR_CREDIT, K.PURCHASE_ORDER)

ACTS: Mapping[Verb, Mapping[BooksKind, Act]] = {
    Verb.CREATE: {
        K.CUSTOMER: lambda house, tx, _: house.customer(tx),
        K.VENDOR: lambda house, tx, _: house.vendor(tx),
        K.INVOICE: lambda house, tx, _: house.invoice(tx),
        K.PAYMENT: lambda house, tx, _: house.pay(tx, advance=False),
        K.BILL: lambda house, tx, _: house.cost(tx, ExpenseType.BILL),
        K.EXPENSE: lambda house, tx, _: house.cost(tx, ExpenseType.CHECK),
        K.JOURNAL: lambda house, tx, _: house.cost(tx, ExpenseType.USE_TAX),
        K.DEPOSIT: lambda house, tx, payment: house.payout(tx, payment),
        **{kind: _sold(kind) for kind in SOLD},
        **{kind: _bought(kind) for kind in BOUGHT},
        K.BILL_PAYMENT: lambda house, tx, bill: house.cost(
            tx, ExpenseType.BILL, memo=f"{K.BILL_PAYMENT.value}:{bill}"
        ),
    },
    Verb.UPDATE: {
        K.CUSTOMER: lambda _, tx, old: tx.update_customer(attrs.evolve(old, phone="775-555-0199")),
        K.VENDOR: lambda _, tx, old: tx.update_vendor(attrs.evolve(old, phone="775-555-0199")),
        K.INVOICE: _reprice,
        K.PAYMENT: lambda _, tx, old: tx.update_payment(attrs.evolve(old, reference=f"{old.reference}u")),
        K.BILL: _cost,
        K.EXPENSE: _cost,
        K.JOURNAL: _cost,
        **dict.fromkeys(SOLD, _reprice),
        **dict.fromkeys((*BOUGHT, K.BILL_PAYMENT), _cost),
    },
    Verb.WITHDRAW: {
        K.CUSTOMER: _gone("delete_customer"),
        K.VENDOR: _gone("delete_vendor"),
        K.INVOICE: _gone("void_invoice"),
        K.PAYMENT: _gone("void_payment"),
        K.BILL: _gone("void_expense"),
        K.EXPENSE: _gone("void_expense"),
        K.JOURNAL: _gone("void_expense"),
        K.DEPOSIT: _gone("void_payout"),
        **dict.fromkeys(SOLD, _gone("void_invoice")),
        **dict.fromkeys((*BOUGHT, K.BILL_PAYMENT), _gone("void_expense")),
    },
}


def word_of(record: Any) -> str:
    """The word of a record that the books show too."""
    if isinstance(record, Invoice):
        return f"BO-{record.number}"
    if isinstance(record, Customer | Vendor):
        return record.name.rpartition(" ")[2]
    return str(record.reference if isinstance(record, Payment) else record.memo).split()[-1]


def words(kind: BooksKind, row: Mapping[str, Any]) -> list[str]:
    member = {
        K.CUSTOMER: "DisplayName",
        K.VENDOR: "DisplayName",
        K.INVOICE: "DocNumber",
        K.PAYMENT: "PaymentRefNum",
        **dict.fromkeys(SOLD, "DocNumber"),
    }.get(kind, "PrivateNote")
    return str(row.get(member, "")).split()


def is_out(kind: BooksKind, row: Mapping[str, Any]) -> bool:
    if kind in (K.CUSTOMER, K.VENDOR):
        return row["Active"] is False
    return kind in VOIDABLE and float(row["TotalAmt"]) == 0


def shows_the_change(kind: BooksKind, row: Mapping[str, Any], record: Any) -> bool:
    if kind in (K.CUSTOMER, K.VENDOR):
        return bool(row["PrimaryPhone"]["FreeFormNumber"] == record.phone)
    if kind is K.PAYMENT:
        return bool(row["PaymentRefNum"] == record.reference)
    if kind is K.JOURNAL:
        return bool(float(row["Line"][0]["Amount"]) == 12)
    return float(row["TotalAmt"]) == 12
