"""Lines of sales forms: quantity, rate and amount made complete, groups expanded, discounts and subtotals reckoned."""

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
from blueops_qb.sandbox.qbd.reading import LINES, TAG
from blueops_qb.sandbox.qbd.values import (
    HUNDRED,
    Obj,
    amount_text,
    cents,
    fine_text,
    is_true,
    money,
    price_text,
    ref_id,
)

_MONEY = ("Quantity", "Rate", "RatePercent", "PriceLevelRef", "Amount")
_UNTAXED = frozenset({"ItemSubtotal", "ItemPayment", "ItemSalesTax"})


def item_kind(company: Company, line: Obj) -> str:
    """The list that a line's item is in; empty for a line of text."""
    return company.kind_of.get(ref_id(line, "ItemRef"), "")


def flat(record: Obj, kind: str) -> Iterator[Obj]:
    """The lines of a form, those inside groups in place of the group."""
    for line in record.get(LINES, []):
        if line[TAG] == f"{kind}LineGroupRet":
            yield from line[f"{kind}LineRet"]
        else:
            yield line


@attrs.define(kw_only=True)
class SalesLines:
    """Makes the lines of one form complete, from top to bottom."""

    company: Company
    kind: str
    header: Obj
    done: list[Obj] = attrs.field(factory=list)

    def added(self, sent: list[Obj]) -> list[Obj]:
        """The lines of an Add."""
        return [self._new(line) for line in sent]

    def changed(self, before: list[Obj], sent: list[Obj]) -> list[Obj]:
        """The lines of a Mod: exactly those sent, the known ones in their old order (3290)."""
        lines = []
        for old, line in paired(before, sent):
            if old is None:
                lines.append(self._new(line))
            elif line[TAG] == f"{self.kind}LineGroupMod":
                lines.append(self._changed_group(old, line))
            else:
                lines.append({TAG: f"{self.kind}LineRet", **self._changed(old, line)})
        return lines

    def repriced(self, before: list[Obj]) -> list[Obj]:
        """The same lines where only the header changed."""
        for line in before:
            members = line.get(f"{self.kind}LineRet")
            self.done.extend(members if members is not None else [line])
        return before

    def _new(self, sent: Obj) -> Obj:
        if "ItemGroupRef" in sent:
            return self._new_group(sent)
        return {TAG: f"{self.kind}LineRet", **self._complete(without_empty(sent), sent)}

    def _new_group(self, sent: Obj) -> Obj:
        group = self.company.records["ItemGroup"][ref_id(sent, "ItemGroupRef")]
        quantity = Decimal(sent.get("Quantity") or 1)
        members = sent.get(f"{self.kind}LineMod") or [
            {
                "ItemRef": member["ItemRef"],
                "Quantity": fine_text(quantity * Decimal(member.get("Quantity", "1"))),
            }
            for member in group.get("ItemGroupLine", [])
        ]
        lines = [self._complete(without_empty(member), member) for member in members]
        return self._group(group, sent, quantity, lines, self.company.new_line_id())

    def _changed_group(self, old: Obj, sent: Obj) -> Obj:
        tag = f"{self.kind}LineRet"
        if tag not in old:
            raise Refusal(3280, f"The line {old['TxnLineID']} is no group.")
        group = self.company.records["ItemGroup"][ref_id(sent, "ItemGroupRef") or ref_id(old, "ItemGroupRef")]
        quantity = Decimal(sent.get("Quantity") or old.get("Quantity") or 1)
        members = sent.get(f"{self.kind}LineMod")
        if members is None:
            factor = quantity / Decimal(old.get("Quantity") or 1)
            members = [
                {"TxnLineID": line["TxnLineID"], "Quantity": fine_text(Decimal(line["Quantity"]) * factor)}
                if line.get("Quantity")
                else {"TxnLineID": line["TxnLineID"]}
                for line in old[tag]
            ]
        lines = [
            self._complete(without_empty(line), line) if known is None else self._changed(known, line)
            for known, line in paired(old[tag], members)
        ]
        return self._group(group, {**old, **without_empty(sent)}, quantity, lines, old["TxnLineID"])

    def _group(self, group: Obj, said: Obj, quantity: Decimal, lines: list[Obj], identity: str) -> Obj:
        fresh: Obj = {
            TAG: f"{self.kind}LineGroupRet",
            "TxnLineID": identity,
            "ItemGroupRef": {"ListID": group["ListID"]},
            "Quantity": fine_text(quantity),
            "IsPrintItemsInGroup": group.get("IsPrintItemsInGroup", "false"),
            "TotalAmount": amount_text(sum((money(line.get("Amount")) for line in lines), ZERO)),
            f"{self.kind}LineRet": lines,
        }
        if group.get("ItemDesc"):
            fresh["Desc"] = group["ItemDesc"]
        if said.get("UnitOfMeasure"):
            fresh["UnitOfMeasure"] = said["UnitOfMeasure"]
        return fresh

    def _changed(self, old: Obj, sent: Obj) -> Obj:
        line = merged(old, {name: value for name, value in sent.items() if name != TAG})
        told = {name for name in _MONEY if sent.get(name)}
        moved = ref_id(sent, "ItemRef") not in ("", ref_id(old, "ItemRef"))
        if "Rate" in told:
            line.pop("RatePercent", None)
        if "RatePercent" in told:
            line.pop("Rate", None)
        if "Amount" not in told and (told or moved):
            line.pop("Amount", None)
        if moved and not told & {"Rate", "RatePercent", "Amount"}:
            line.pop("Rate", None)
            line.pop("RatePercent", None)
        if "Amount" in told and not told & {"Rate", "RatePercent"}:
            line.pop("Rate", None)
            line.pop("RatePercent", None)
        if not told and not moved and self._stands_alone(line):
            self.done.append(line)
            return line
        return self._complete(line, line)

    def _stands_alone(self, line: Obj) -> bool:
        # Its amount does not hang on the lines above it.
        return item_kind(self.company, line) != "ItemSubtotal" and "RatePercent" not in line

    def _complete(self, line: Obj, sent: Obj) -> Obj:
        line.pop(TAG, None)
        line.pop("PriceLevelRef", None)
        line.pop("OptionForPriceRuleConflict", None)
        identity = sent.get("TxnLineID") or NEW_LINE
        line["TxnLineID"] = self.company.new_line_id() if identity == NEW_LINE else identity
        kind = item_kind(self.company, line)
        if kind in ("ItemGroup", "ItemSalesTaxGroup"):
            raise Refusal(3280, f'The group "{self._name(line)}" cannot stand on a line of items.')
        if not kind:
            if any(sent.get(name) for name in _MONEY):
                raise missing("ItemRef")
        else:
            self._price(line, kind)
            self._tag(line, kind)
        line = {"TxnLineID": line.pop("TxnLineID"), **line}
        self.done.append(line)
        return line

    def _price(self, line: Obj, kind: str) -> None:
        if not line.get("Desc") and (words := items.words_of(self.company, ref_id(line, "ItemRef"))):
            line["Desc"] = words
        if kind == "ItemSubtotal":
            self._must_not_say(line, "Quantity", "Rate", "RatePercent")
            line["Amount"] = amount_text(self._since_subtotal())
        elif kind == "ItemDiscount":
            self._must_not_say(line, "Quantity")
            self._discount(line)
        elif kind == "ItemPayment":
            line["Amount"] = amount_text(-abs(money(line.get("Amount") or line.get("Rate"))))
        elif kind == "ItemSalesTax":
            if not line.get("Amount"):
                rate = self.company.records[kind][ref_id(line, "ItemRef")].get("TaxRate", "0")
                line["Amount"] = amount_text(self._above() * Decimal(rate) / HUNDRED)
        else:
            self._ordinary(line)

    def _discount(self, line: Obj) -> None:
        flat_rate, percent = items.price_of(self.company, ref_id(line, "ItemRef"))
        if line.get("RatePercent"):
            percent, flat_rate = Decimal(line["RatePercent"]), None
        elif line.get("Amount") or line.get("Rate"):
            flat_rate = Decimal(line.get("Amount") or line["Rate"])
        if flat_rate is not None:
            line["Amount"] = amount_text(-abs(flat_rate))
            line["Rate"] = price_text(-abs(flat_rate))
            line.pop("RatePercent", None)
            return
        share = -abs(percent or ZERO)
        line["RatePercent"] = fine_text(share)
        line["Amount"] = amount_text(self._above() * share / HUNDRED)

    def _ordinary(self, line: Obj) -> None:
        quantity = Decimal(line["Quantity"]) if line.get("Quantity") else None
        percent = Decimal(line["RatePercent"]) if line.get("RatePercent") else None
        rate = Decimal(line["Rate"]) if line.get("Rate") else None
        amount = Decimal(line["Amount"]) if line.get("Amount") else None
        if percent is None and rate is None and amount is None:
            rate, percent = items.price_of(self.company, ref_id(line, "ItemRef"))
            if quantity is None and percent is None:
                quantity = Decimal(1)
        if percent is not None and amount is None:
            line["RatePercent"] = fine_text(percent)
            line["Amount"] = amount_text(self._above() * percent / HUNDRED)
            return
        if amount is None:
            amount = cents((1 if quantity is None else quantity) * (rate or ZERO))
        elif quantity:
            rate = amount / quantity
        elif quantity is None and rate is None and percent is None:
            rate = amount
        line["Amount"] = amount_text(amount)
        if quantity is not None:
            line["Quantity"] = fine_text(quantity)
        if rate is not None:
            line["Rate"] = price_text(rate)
            line.pop("RatePercent", None)

    def _tag(self, line: Obj, kind: str) -> None:
        if "ClassRef" not in line and self.header.get("ClassRef") and kind != "ItemSubtotal":
            line["ClassRef"] = self.header["ClassRef"]
        if kind in _UNTAXED or "SalesTaxPreferences" not in self.company.meta("preferences"):
            line.pop("SalesTaxCodeRef", None)
            return
        if not line.get("SalesTaxCodeRef"):
            item = self.company.records[kind][ref_id(line, "ItemRef")]
            code = self.header.get("CustomerSalesTaxCodeRef") or item.get("SalesTaxCodeRef")
            if code:
                line["SalesTaxCodeRef"] = code

    def _above(self) -> Decimal:
        priced = [line for line in self.done if line.get("Amount")]
        return money(priced[-1]["Amount"]) if priced else ZERO

    def _since_subtotal(self) -> Decimal:
        total = ZERO
        for line in reversed(self.done):
            if item_kind(self.company, line) == "ItemSubtotal":
                break
            total += money(line.get("Amount"))
        return total

    def _must_not_say(self, line: Obj, *names: str) -> None:
        for name in names:
            if line.get(name):
                raise Refusal(
                    3151, f'The element {name} is not allowed on a line with the item "{self._name(line)}".'
                )

    def _name(self, line: Obj) -> str:
        return self.company.full_name(ref_id(line, "ItemRef"))


def taxable_base(company: Company, lines: list[Obj]) -> Decimal:
    """What the sales tax is reckoned on: taxable lines, less taxable discounts for their share of taxable lines."""
    seen: list[tuple[Decimal, Decimal, bool]] = []  # amount, taxable part of it, is it a subtotal
    start = 0
    for line in lines:
        kind, amount = item_kind(company, line), money(line.get("Amount"))
        taxed = _is_taxed(company, line)
        if kind == "ItemSubtotal":
            covered = [part for part in seen[start:] if not part[2]]
            part = (sum((a for a, _, _ in covered), ZERO), sum((t for _, t, _ in covered), ZERO), True)
            start = len(seen) + 1
        elif kind == "ItemDiscount":
            covered = seen[-1:] if line.get("RatePercent") else [part for part in seen if not part[2]]
            whole = sum((a for a, _, _ in covered), ZERO)
            share = sum((t for _, t, _ in covered), ZERO) / whole if whole else ZERO
            part = (amount, cents(amount * share) if taxed else ZERO, False)
        else:
            part = (amount, amount if taxed else ZERO, False)
        if kind:
            seen.append(part)
    return sum((taxable for _, taxable, subtotal in seen if not subtotal), ZERO)


def subtotal(company: Company, lines: list[Obj]) -> Decimal:
    """The sum of the lines; a subtotal line counts nothing."""
    return sum(
        (money(line.get("Amount")) for line in lines if item_kind(company, line) != "ItemSubtotal"), ZERO
    )


def _is_taxed(company: Company, line: Obj) -> bool:
    code = company.records["SalesTaxCode"].get(ref_id(line, "SalesTaxCodeRef"))
    return code is not None and is_true(code, "IsTaxable")
