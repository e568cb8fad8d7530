"""An echo that answers a request as QuickBooks Desktop would show what it wrote."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.documents import BankDeposit, BillPayment, CustomerPayment, Document
from blueops_qb.domain.money import ZERO, half_up
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf
from blueops_qb.providers.qbd.qbxml.reading import read
from blueops_qb.providers.qbd.qbxml.writing import MessageSet, written

SALES = frozenset({"Invoice", "CreditMemo", "SalesReceipt", "Estimate"})
#: Where each form shows what its lines come to.
TOTALS = {
    "Bill": "AmountDue",
    "VendorCredit": "CreditAmount",
    "Check": "Amount",
    "CreditCardCharge": "Amount",
    "CreditCardCredit": "Amount",
    "PurchaseOrder": "TotalAmount",
    "Deposit": "DepositTotal",
}
_NOT_SHOWN = frozenset({"IsAutoApply", "IsToBePrinted", "ClearExpenseLines", "ClearItemLines"})


@attrs.define
class Echo:
    """Shows a record after an Add, and a record that stood there after a Mod.

    Written from reference/quickbooks-desktop.md, sections 3.1, 4 and 5.1; it knows no rule of the codec. `tax` is what
    QuickBooks computes, `amounts` those of payments that a deposit takes, `types` what stands under an id.
    """

    tax: Decimal = ZERO
    amounts: dict[str, Decimal] = attrs.field(factory=dict)
    types: dict[str, str] = attrs.field(factory=dict)
    ids: Any = attrs.field(factory=lambda: itertools.count(1))

    def show(self, request: Element) -> Element:
        """The Ret of an Add, through the bytes that travel."""
        block = _travelled(request).children[0]
        name = block.name.removesuffix("Add")
        id = leaf("ListID" if name in ("Customer", "Vendor") else "TxnID", "77-1")
        return self._shown(name, [id, *_stamps("1700000000"), *self._line_rets(block)])

    def show_change(self, request: Element, ret: Element) -> Element:
        """The Ret of a Mod of a record that showed itself as `ret`."""
        block = _travelled(request).children[0]
        name = block.name.removesuffix("Mod")
        there = {child.name: child for child in ret.children if not _is_line(child)}
        lines = [child for child in ret.children if _is_line(child)]
        for member in block.children:
            if (
                member.name not in ("EditSequence",)
                and not _is_line(member)
                and member.name not in _NOT_SHOWN
            ):
                there[member.name] = _changed(there.get(member.name), member)
        told = [member for member in block.children if _is_line(member)]
        cleared = {member.name for member in block.children if member.name in _NOT_SHOWN}
        kept = lines
        if name in ("ReceivePayment", "BillPaymentCheck") and told:
            kept = self._reapplied(lines, told)
        elif told or cleared:
            kept = self._relined(lines, told, cleared)
        there["EditSequence"] = leaf("EditSequence", "1700000001")
        return self._shown(name, [*there.values(), *kept])

    # -- lines
    def _line_rets(self, block: Element) -> Iterator[Element]:
        for member in block.children:
            if member.name == "AppliedToTxnAdd":
                yield self._applied(member)
            elif member.name in ("JournalDebitLine", "JournalCreditLine") or member.name.endswith("LineAdd"):
                shown = (
                    member.name
                    if member.name.startswith("Journal")
                    else f"{member.name.removesuffix('Add')}Ret"
                )
                yield self._line(shown, member.children)
            elif member.name not in _NOT_SHOWN:
                yield member

    def _line(self, name: str, members: tuple[Element, ...]) -> Element:
        body = [leaf("TxnLineID", f"L{next(self.ids)}"), *members]
        return self._computed(branch(name, body))

    def _computed(self, line: Element) -> Element:
        """Empty elements go; an amount that only the product gives is shown, as Desktop shows it."""
        body = [child for child in line.children if child.text or child.children]
        shown = branch(line.name, body)
        if shown.has("PaymentTxnID"):
            id = shown.get("PaymentTxnID")
            rest = [child for child in body if child.name != "PaymentTxnID"]
            paid = [
                leaf("TxnType", "ReceivePayment"),
                leaf("TxnID", id),
                leaf("Amount", str(self.amounts[id])),
            ]
            return branch(line.name, [*rest, *paid])
        price = shown.get("Rate") or shown.get("Cost")
        if not shown.has("Amount") and price and shown.has("Quantity"):
            amount = half_up(Decimal(shown.get("Quantity")) * Decimal(price))
            return branch(line.name, [*body, leaf("Amount", f"{amount:.2f}")])
        return shown

    def _relined(self, lines: list[Element], told: list[Element], cleared: set[str]) -> list[Element]:
        there = {line.get("TxnLineID"): line for line in lines}
        kinds = {_kind(line) for line in told} | {
            name.removeprefix("Clear").removesuffix("Lines") for name in cleared
        }
        found = [line for line in lines if _kind(line) not in kinds]
        for line in told:
            old = there.get(line.get("TxnLineID"))
            members = tuple(child for child in line.children if child.name != "TxnLineID")
            name = _ret_name(line, old)
            if old is None:
                found.append(self._line(name, tuple(m for m in members if m.name != "JournalLineType")))
                continue
            merged = {child.name: child for child in old.children}
            for member in members:
                merged[member.name] = _changed(merged.get(member.name), member)
            merged.pop("JournalLineType", None)
            said = {m.name for m in members if m.text}
            priced = "Quantity" in said and bool(said & {"Rate", "Cost"})
            if priced and "Amount" not in {m.name for m in members}:
                merged.pop("Amount", None)
            found.append(self._computed(branch(name, merged.values())))
        return found

    # -- applications
    def _applied(self, part: Element) -> Element:
        id = part.get("TxnID")
        body = [leaf("TxnID", id), leaf("TxnType", self.types[id]), leaf("Amount", part.get("PaymentAmount"))]
        for credit in part.all("SetCredit"):
            used = credit.get("CreditTxnID")
            if Decimal(credit.get("AppliedAmount")):
                link = [leaf("TxnID", used), leaf("TxnType", self.types[used])]
                body.append(branch("LinkedTxn", [*link, leaf("Amount", f"-{credit.get('AppliedAmount')}")]))
        return branch("AppliedToTxnRet", body)

    def _reapplied(self, lines: list[Element], told: list[Element]) -> list[Element]:
        there = {line.get("TxnID"): line for line in lines}
        for part in told:
            there[part.get("TxnID")] = self._applied(part)
        return [line for line in there.values() if Decimal(line.get("Amount")) or line.has("LinkedTxn")]

    # -- the whole
    def _shown(self, name: str, members: list[Element]) -> Element:
        body = [_named(member) for member in members if member.text or member.children]
        lines = [member for member in body if _is_line(member)]
        total = sum((Decimal(line.get("Amount") or "0") for line in lines), ZERO)
        body = [
            m
            for m in body
            if m.name not in ("Subtotal", "SalesTaxTotal", "TotalAmount", *TOTALS.values())
            or name in ("ReceivePayment",)
        ]
        if name in SALES:
            body += [leaf("Subtotal", f"{total:.2f}"), leaf("SalesTaxTotal", f"{self.tax:.2f}")]
            if name != "Invoice":
                body.append(leaf("TotalAmount", f"{total + self.tax:.2f}"))
        elif name in TOTALS:
            body.append(leaf(TOTALS[name], f"{total:.2f}"))
        elif name.startswith("BillPayment"):
            paid = sum((Decimal(part.get("Amount") or "0") for part in lines), ZERO)
            body.append(leaf("Amount", f"{paid:.2f}"))
        return branch(f"{name}Ret", body)


def brought(document: Document) -> dict[str, Decimal]:
    """What the payments that a deposit takes to the bank come to."""
    lines = document.lines if isinstance(document, BankDeposit) else ()
    return {line.payment.id: line.amount for line in lines if isinstance(line.payment, BooksRef)}


def types_of(*documents: Document) -> dict[str, str]:
    """What stands under the ids that payments settle or use up."""
    found: dict[str, str] = {}
    for document in documents:
        parts = document.allocations if isinstance(document, CustomerPayment) else ()
        settled = document.settles if isinstance(document, BillPayment) else ()
        targets = [part.invoice for part in parts] + [part.document for part in settled]
        found |= {target.id: _TYPES[target.kind] for target in targets if isinstance(target, BooksRef)}
    return found


_TYPES = {
    BooksKind.INVOICE: "Invoice",
    BooksKind.JOURNAL: "JournalEntry",
    BooksKind.CREDIT_MEMO: "CreditMemo",
    BooksKind.BILL: "Bill",
    BooksKind.VENDOR_CREDIT: "VendorCredit",
}


def _travelled(request: Element) -> Element:
    message = read(written(MessageSet(requests=(request,))))
    return message.children[0].children[0]


def _stamps(version: str) -> list[Element]:
    return [leaf("TimeModified", "2026-01-02T03:04:05-08:00"), leaf("EditSequence", version)]


def _is_line(member: Element) -> bool:
    applied = member.name.startswith(("AppliedToTxn", "JournalLineMod"))
    return applied or ("Line" in member.name and member.has("TxnLineID"))


def _kind(line: Element) -> str:
    if line.name.startswith("Journal"):
        return "Journal"
    return line.name.partition("Line")[0]


def _ret_name(line: Element, old: Element | None) -> str:
    side = line.get("JournalLineType")
    if line.name == "JournalLineMod":
        return f"Journal{side}Line" if side or old is None else old.name
    return f"{line.name.removesuffix('Mod')}Ret"


def _changed(old: Element | None, member: Element) -> Element:
    """A leaf replaces, a reference too; of a block such as an address only the parts that are named change."""
    if old is None or not old.children or member.has("ListID") or member.has("FullName"):
        cleared = member.children and not any(child.text for child in member.children)
        return leaf(member.name, "") if cleared else member
    merged = {child.name: child for child in old.children} | {child.name: child for child in member.children}
    return branch(member.name, [child for child in merged.values() if child.text])


def _named(member: Element) -> Element:
    if member.name.endswith("Ref") and member.has("ListID"):
        return branch(member.name, [*member.children, leaf("FullName", "shown")])
    return branch(member.name, [_named(child) for child in member.children]) if member.children else member
