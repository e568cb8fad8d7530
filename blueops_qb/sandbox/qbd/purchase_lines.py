"""Lines of purchase forms: expenses by account, items with quantity and cost, groups expanded."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd import items
from blueops_qb.sandbox.qbd.changing import merged, without_empty
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import Refusal, missing
from blueops_qb.sandbox.qbd.line_lists import NEW_LINE, paired
from blueops_qb.sandbox.qbd.messages_purchases import EXPENSES
from blueops_qb.sandbox.qbd.reading import LINES, TAG
from blueops_qb.sandbox.qbd.values import Obj, amount_text, cents, fine_text, money, price_text, ref_id

#: items that are sold only and cannot stand on a purchase
_SALES_ONLY = frozenset({"ItemDiscount", "ItemSubtotal", "ItemPayment", "ItemSalesTaxGroup", "ItemGroup"})


def flat_items(record: Obj) -> Iterator[Obj]:
    """The item lines of a purchase form or order, those inside groups in place of the group."""
    for line in record.get(LINES, []):
        members = line.get("ItemLineRet") or line.get("PurchaseOrderLineRet")
        if members is not None:
            yield from members
        else:
            yield line


def total(record: Obj) -> Decimal:
    """The sum of the lines of a purchase form."""
    lines = [*record.get(EXPENSES, []), *flat_items(record)]
    return sum((money(line.get("Amount")) for line in lines), ZERO)


def expense_lines(company: Company, before: list[Obj], sent: list[Obj]) -> list[Obj]:
    """Expense lines of an Add (``before`` empty) or a Mod; raises Refusal 3150, 3120, 3290."""
    lines = []
    for old, line in paired(before, sent):
        fresh = merged(old, line) if old is not None else without_empty(line)
        if old is None:
            fresh = {**fresh, "TxnLineID": company.new_line_id()}
        if not ref_id(fresh, "AccountRef"):
            raise missing("AccountRef")
        fresh.setdefault("Amount", "0.00")
        _billable(fresh)
        lines.append(fresh)
    return lines


@attrs.define(kw_only=True)
class ItemLines:
    """Makes item lines of a purchase form or order complete; ``tag`` is the name of its line elements."""

    company: Company
    tag: str = "Item"
    cost: str = "Cost"

    def added(self, sent: list[Obj]) -> list[Obj]:
        """The item lines of an Add."""
        return [self._new(line) for line in sent]

    def changed(self, before: list[Obj], sent: list[Obj]) -> list[Obj]:
        """The item lines of a Mod: exactly those sent, the known ones in their old order (3290)."""
        lines = []
        for old, line in paired(before, sent):
            if old is None:
                lines.append(self._new(line))
            elif self._members in old:
                lines.append(self._changed_group(old, line))
            else:
                lines.append({TAG: old[TAG], **self._changed(old, line)})
        return lines

    @property
    def _members(self) -> str:
        return f"{self.tag}LineRet"

    @property
    def _group_tag(self) -> str:
        return "ItemGroupLineRet" if self.tag == "Item" else f"{self.tag}LineGroupRet"

    def _new(self, sent: Obj) -> Obj:
        if "ItemGroupRef" in sent:
            group = self.company.records["ItemGroup"][ref_id(sent, "ItemGroupRef")]
            quantity = Decimal(sent.get("Quantity") or 1)
            said = sent.get(f"{self.tag}LineMod") or [
                {
                    "ItemRef": member["ItemRef"],
                    "Quantity": fine_text(quantity * Decimal(member.get("Quantity", "1"))),
                }
                for member in group.get("ItemGroupLine", [])
            ]
            lines = [self._complete(without_empty(line)) for line in said]
            return self._group(group, quantity, lines, self.company.new_line_id())
        return {TAG: self._members, **self._complete(without_empty(sent))}

    def _changed_group(self, old: Obj, sent: Obj) -> Obj:
        group = self.company.records["ItemGroup"][ref_id(sent, "ItemGroupRef") or ref_id(old, "ItemGroupRef")]
        quantity = Decimal(sent.get("Quantity") or old.get("Quantity") or 1)
        said = sent.get(f"{self.tag}LineMod")
        if said is None:
            said = [{"TxnLineID": line["TxnLineID"]} for line in old[self._members]]
        lines = [
            self._complete(without_empty(line)) if known is None else self._changed(known, line)
            for known, line in paired(old[self._members], said)
        ]
        return self._group(group, quantity, lines, old["TxnLineID"])

    def _group(self, group: Obj, quantity: Decimal, lines: list[Obj], identity: str) -> Obj:
        fresh = {
            TAG: self._group_tag,
            "TxnLineID": identity,
            "ItemGroupRef": {"ListID": group["ListID"]},
            "Desc": group.get("ItemDesc", ""),
            "Quantity": fine_text(quantity),
            "IsPrintItemsInGroup": group.get("IsPrintItemsInGroup", "false"),
            "TotalAmount": amount_text(sum((money(line.get("Amount")) for line in lines), ZERO)),
            self._members: lines,
        }
        return {name: value for name, value in fresh.items() if value not in ("", None)}

    def _changed(self, old: Obj, sent: Obj) -> Obj:
        line = merged(old, {name: value for name, value in sent.items() if name != TAG})
        told = {name for name in ("Quantity", self.cost, "Amount") if sent.get(name)}
        if told and "Amount" not in told:
            line.pop("Amount", None)
        if "Amount" in told and self.cost not in told:
            line.pop(self.cost, None)
        moved = ref_id(sent, "ItemRef") not in ("", ref_id(old, "ItemRef"))
        if moved and not told & {self.cost, "Amount"}:
            line.pop(self.cost, None)
            line.pop("Amount", None)
        # What says nothing of them leaves quantity, cost and amount as they were, to the last digit of the cost.
        return self._complete(line, priced=not told and not moved)

    def _complete(self, line: Obj, *, priced: bool = False) -> Obj:
        line.pop(TAG, None)
        identity = line.pop("TxnLineID", NEW_LINE)
        identity = self.company.new_line_id() if identity == NEW_LINE else identity
        item = ref_id(line, "ItemRef")
        kind = self.company.kind_of.get(item, "")
        if kind in _SALES_ONLY:
            raise Refusal(3280, f'The item "{self.company.full_name(item)}" cannot stand on a purchase.')
        if item and not priced:
            self._price(line, item)
        elif not item and (line.get("Quantity") or line.get(self.cost) or line.get("Amount")):
            raise missing("ItemRef")
        _billable(line)
        return {"TxnLineID": identity, **line}

    def _price(self, line: Obj, item: str) -> None:
        if not line.get("Desc") and (words := items.words_of(self.company, item, purchase=True)):
            line["Desc"] = words
        quantity = Decimal(line["Quantity"]) if line.get("Quantity") else None
        cost = Decimal(line[self.cost]) if line.get(self.cost) else None
        amount = Decimal(line["Amount"]) if line.get("Amount") else None
        if cost is None and amount is None:
            cost = items.price_of(self.company, item, purchase=True)[0] or ZERO
        if amount is None:
            amount = cents((1 if quantity is None else quantity) * (cost or ZERO))
        elif quantity:
            cost = amount / quantity
        if quantity is not None:
            line["Quantity"] = fine_text(quantity)
        if cost is not None:
            line[self.cost] = price_text(cost)
        line["Amount"] = amount_text(amount)


def _billable(line: Obj) -> None:
    status = line.get("BillableStatus")
    if status == "HasBeenBilled":
        raise Refusal(
            3210,
            'The "BillableStatus" field has an invalid value "HasBeenBilled": QuickBooks sets it itself.',
        )
    if status == "Billable" and not ref_id(line, "CustomerRef"):
        raise missing("CustomerRef")
