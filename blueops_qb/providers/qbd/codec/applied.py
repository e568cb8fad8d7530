"""Applied: how the parts of a payment stand in qbXML, per document that is settled, with the credits inside.

A neutral payment lists what it settles and, with a minus, the credits that it uses up. In Desktop a credit stands
inside the document that it settles (sections 4.6, 4.7), so credits are laid on the documents in the order of their
ids, the first one filled first; reading adds them up again.

A discount for paying early stands there too and is no record of its own. It is told as a credit that the payment uses
up, named by what it is taken off and the account that it is posted to, and stays where it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import Allocation, Settled
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


#: How the id of a discount begins: what it is taken off, account and class follow.
_DISCOUNT = "Discount:"


def discount_of(part: Element) -> BooksRef:
    """The name of the discount that an application shows."""
    refs = (part.get(name, "ListID") for name in ("DiscountAccountRef", "DiscountClassRef"))
    return BooksRef(BooksKind.CREDIT, _DISCOUNT + "/".join((part.get("TxnID"), *refs)))


def _discount_in(target: Ref) -> str:
    """What the name of a discount tells; empty for anything else."""
    if not isinstance(target, BooksRef) or not target.id.startswith(_DISCOUNT):
        return ""
    return target.id.removeprefix(_DISCOUNT)


def allocation(target: Ref, amount: Decimal) -> Allocation:
    """A part of a payment; one that is a discount tells where it is posted to."""
    account, class_ = _posted_to(target)
    return Allocation(invoice=target, amount=amount, account=account, class_=class_)


def settled(target: Ref, amount: Decimal) -> Settled:
    """A part of a payment to a vendor; one that is a discount of his tells where it is posted to."""
    account, class_ = _posted_to(target)
    return Settled(document=target, amount=amount, account=account, class_=class_)


def _posted_to(target: Ref) -> tuple[BooksRef | None, BooksRef | None]:
    account, class_ = [*_discount_in(target).split("/"), "", ""][1:3]
    return (
        BooksRef(BooksKind.ACCOUNT, account) if account else None,
        BooksRef(BooksKind.CLASS, class_) if class_ else None,
    )


@attrs.define
class _Laid:
    """What settles one document: money, credits by their ids, and a discount with its account and class."""

    paid: Decimal = ZERO
    credits: dict[str, Decimal] = attrs.field(factory=dict)
    discount: Decimal = ZERO
    posted_to: tuple[str, str] | None = None

    def members(self, target: str) -> list[Element]:
        body = [leaf("TxnID", target), leaf("PaymentAmount", money(self.paid))]
        body += [
            branch("SetCredit", [leaf("CreditTxnID", credit), leaf("AppliedAmount", money(amount))])
            for credit, amount in self.credits.items()
        ]
        if self.posted_to is not None:
            body.append(leaf("DiscountAmount", money(self.discount)))
            names = zip(("DiscountAccountRef", "DiscountClassRef"), self.posted_to, strict=True)
            body += [branch(name, [leaf("ListID", id)]) for name, id in names if id]
        return body


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
    for target, there in _laid(merged(before)).items():
        now = laid.setdefault(target, _Laid())
        for credit in there.credits:
            now.credits.setdefault(credit, ZERO)
        now.posted_to = now.posted_to or there.posted_to
    return [branch(name, now.members(target)) for target, now in laid.items()]


def applied_of(ret: Element, *, holds_credits: bool) -> list[Part]:
    """What a payment shows that it settles, and the credits that it uses; raises ValueError for a part without id."""
    found: list[Part] = []
    for part in ret.all("AppliedToTxnRet"):
        used = [
            (kind_of_type(link.get("TxnType"), link.get("TxnID")), abs(amount_of(link, "Amount")))
            for link in part.all("LinkedTxn")
        ]
        credits = sum((amount for _, amount in used), ZERO)
        shown, discount = amount_of(part, "Amount"), amount_of(part, "DiscountAmount")
        target = kind_of_type(part.get("TxnType"), part.get("TxnID"))
        found.append((target, (shown if holds_credits else shown + credits) + discount))
        found += [(credit, -amount) for credit, amount in used]
        if discount:
            found.append((discount_of(part), -discount))
    return found


def _laid(parts: list[Part]) -> dict[str, _Laid]:
    laid = {_bare_id(target, "What it settles"): _Laid(paid=amount) for target, amount in parts if amount > 0}
    left: dict[str, Decimal] = {}
    for target, amount in parts:
        if amount < 0 and (discount := _discount_in(target)):
            _take_off(laid, discount, -amount)
        elif amount < 0:
            left[_bare_id(target, "A credit that it uses")] = -amount
    for now in laid.values():
        for credit, open_ in left.items():
            used = min(open_, now.paid)
            if used:
                now.credits[credit], left[credit] = used, open_ - used
                now.paid -= used
    unused = sum(left.values(), ZERO)
    if unused:
        raise Unwritable(
            f"It uses up credits of {unused} more than it settles; QuickBooks Desktop takes a credit only together "
            "with what it settles. Correct what it settles in BlueOps."
        )
    return laid


def _take_off(laid: dict[str, _Laid], discount: str, amount: Decimal) -> None:
    """Leave a discount where it was taken off."""
    of, account, class_ = discount.split("/")
    now = laid.get(of)
    if now is None or amount > now.paid:
        raise Unwritable(
            f"In QuickBooks a discount of {amount} was taken off a document with it, of which BlueOps now settles "
            "less than that. Take the discount out of the payment in QuickBooks, then retry."
        )
    now.paid -= amount
    now.discount, now.posted_to = amount, (account, class_)


def _bare_id(target: Ref, what: str) -> str:
    """The id without the type that `kind_of_type` put before it."""
    return txn_id(target, what).rpartition(":")[2]


def amounts_by_target(parts: Iterable[Part]) -> Mapping[Ref, Decimal]:
    """The parts by what they name."""
    return dict(merged(parts))
