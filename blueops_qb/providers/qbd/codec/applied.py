"""Applied: how the parts of a payment stand in qbXML, per document that is settled, with the credits inside.

A neutral payment lists what it settles and, with a minus, the credits that it uses up. In Desktop a credit stands
inside the document that it settles (sections 4.6, 4.7), so credits are laid on the documents in the order of their
ids, the first one filled first; reading adds them up again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef, Ref, order_of
from blueops_qb.providers.qbd.codec.members import Unwritable, amount_of, money, txn_id
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf

Part = tuple[Ref, Decimal]

#: What a transaction type is among our kinds.
KINDS: dict[str, BooksKind] = {
    "Invoice": BooksKind.INVOICE,
    "JournalEntry": BooksKind.JOURNAL,
    "Check": BooksKind.EXPENSE,
    "CreditCardCharge": BooksKind.EXPENSE,
    "CreditCardCredit": BooksKind.EXPENSE,
    "CreditMemo": BooksKind.CREDIT_MEMO,
    "ReceivePayment": BooksKind.PAYMENT,
    "Deposit": BooksKind.DEPOSIT,
    "SalesReceipt": BooksKind.SALES_RECEIPT,
    "Estimate": BooksKind.ESTIMATE,
    "Bill": BooksKind.BILL,
    "VendorCredit": BooksKind.VENDOR_CREDIT,
    "BillPaymentCheck": BooksKind.BILL_PAYMENT,
    "BillPaymentCreditCard": BooksKind.BILL_PAYMENT,
    "PurchaseOrder": BooksKind.PURCHASE_ORDER,
    "ARRefundCreditCard": BooksKind.REFUND_RECEIPT,
}


def kind_of_type(type_: str, id: str) -> BooksRef:
    """The record that a link names; a type that we have no word for keeps it in the id."""
    kind = KINDS.get(type_)
    return BooksRef(BooksKind.CREDIT, f"{type_}:{id}") if kind is None else BooksRef(kind, id)


def merged(parts: Iterable[Part]) -> list[Part]:
    """One part per document, in the order of their references; nothing is left of a sum of 0.00."""
    sums: dict[Ref, Decimal] = {}
    for target, amount in parts:
        sums[target] = sums.get(target, ZERO) + amount
    return [
        (target, amount) for target, amount in sorted(sums.items(), key=lambda p: order_of(p[0])) if amount
    ]


def applied_members(name: str, parts: Iterable[Part], *, before: Iterable[Part] = ()) -> list[Element]:
    """The applications; `before` are those that stand there and go to 0.00 where not named. Raises Unwritable."""
    laid = _laid(merged(parts))
    earlier = _laid(merged(before))
    for target, (_, credits) in earlier.items():
        now = laid.setdefault(target, (ZERO, {}))
        for credit in credits:
            now[1].setdefault(credit, ZERO)
    found: list[Element] = []
    for target, (paid, credits) in laid.items():
        body = [leaf("TxnID", target), leaf("PaymentAmount", money(paid))]
        body += [
            branch("SetCredit", [leaf("CreditTxnID", credit), leaf("AppliedAmount", money(amount))])
            for credit, amount in credits.items()
        ]
        found.append(branch(name, body))
    return found


def applied_of(ret: Element, *, holds_credits: bool) -> list[Part]:
    """What a payment shows that it settles, and the credits that it uses; raises ValueError for a part without id."""
    found: list[Part] = []
    for part in ret.all("AppliedToTxnRet"):
        used = [
            (kind_of_type(link.get("TxnType"), link.get("TxnID")), abs(amount_of(link, "Amount")))
            for link in part.all("LinkedTxn")
        ]
        credits = sum((amount for _, amount in used), ZERO)
        shown = amount_of(part, "Amount")
        target = kind_of_type(part.get("TxnType"), part.get("TxnID"))
        found.append((target, shown if holds_credits else shown + credits))
        found += [(credit, -amount) for credit, amount in used]
    return found


def _laid(parts: Iterable[Part]) -> dict[str, tuple[Decimal, dict[str, Decimal]]]:
    owed = {_bare_id(target, "What it settles"): amount for target, amount in parts if amount > 0}
    left = {_bare_id(target, "A credit that it uses"): -amount for target, amount in parts if amount < 0}
    laid: dict[str, tuple[Decimal, dict[str, Decimal]]] = {}
    for target, amount in owed.items():
        rest, credits = amount, {}
        for credit, open_ in left.items():
            used = min(open_, rest)
            if used:
                credits[credit], left[credit] = used, open_ - used
                rest -= used
        laid[target] = (rest, credits)
    unused = sum(left.values(), ZERO)
    if unused:
        raise Unwritable(
            f"It uses up credits of {unused} more than it settles; QuickBooks Desktop takes a credit only together "
            "with what it settles. Correct what it settles in BlueOps."
        )
    return laid


def _bare_id(target: Ref, what: str) -> str:
    """The id without the type that `kind_of_type` put before it."""
    return txn_id(target, what).rpartition(":")[2]


def amounts_by_target(parts: Iterable[Part]) -> Mapping[Ref, Decimal]:
    """The parts by what they name."""
    return dict(merged(parts))
