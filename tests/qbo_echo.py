"""An echo that answers a body as QuickBooks Online would show it."""

import itertools
from decimal import Decimal
from typing import Any

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.exact_json import dumps, loads

Obj = dict[str, Any]
SALES = frozenset(
    {
        BooksKind.INVOICE,
        BooksKind.ESTIMATE,
        BooksKind.CREDIT_MEMO,
        BooksKind.SALES_RECEIPT,
        BooksKind.REFUND_RECEIPT,
    }
)
COSTS = frozenset(
    {
        BooksKind.BILL,
        BooksKind.VENDOR_CREDIT,
        BooksKind.PURCHASE_ORDER,
        BooksKind.EXPENSE,
        BooksKind.DEPOSIT,
    }
)


@attrs.define
class Echo:
    """Answers a body as QuickBooks would show it: ids, names in references, totals, subtotal line, defaults.

    Written from reference/quickbooks-online.md, sections 2.4, 4.9 to 4.20; it knows no rule of the codec.
    """

    profile: BooksProfile
    version: int = 0
    ids: Any = attrs.field(factory=lambda: itertools.count(1))

    def show(self, kind: BooksKind, body: Obj) -> Obj:
        """The object, through the text that travels."""
        obj: Obj = loads(dumps(body))
        obj.setdefault("Id", "77")
        obj.pop("sparse", None)
        obj.update({"SyncToken": str(self.version), "domain": "QBO", "sparse": False})
        obj["MetaData"] = {
            "CreateTime": "2026-01-02T03:04:05-08:00",
            "LastUpdatedTime": "2026-01-02T03:04:05-08:00",
        }
        lines = obj.get("Line", [])
        for n, line in enumerate(lines, 1):
            if kind not in (BooksKind.PAYMENT, BooksKind.BILL_PAYMENT):
                line.setdefault("Id", str(n))
            line["LineNum"] = n
        if kind in SALES:
            self._sale(obj, lines)
        elif kind is BooksKind.PAYMENT:
            # What settles with a credit is settled without money.
            settled = (line["Amount"] * _sign(line["LinkedTxn"][0]["TxnType"]) for line in lines)
            obj["UnappliedAmt"] = obj["TotalAmt"] - sum(settled, ZERO)
        elif kind is BooksKind.CUSTOMER:
            obj.setdefault("Taxable", "TaxExemptionReasonId" not in obj)
        elif kind in COSTS:
            obj["TotalAmt"] = sum((line["Amount"] for line in lines), ZERO)
            if "VendorRef" in obj:
                obj.setdefault("APAccountRef", {"value": "99"})
        shown: Obj = _named(loads(dumps(_unpadded(obj))))
        return shown

    def _sale(self, obj: Obj, lines: list[Obj]) -> None:
        off = self.profile.sales_tax is SalesTax.OFF
        sold = [line for line in lines if "DiscountLineDetail" not in line]
        taken = [line for line in lines if "DiscountLineDetail" in line]
        for line in sold:
            if off and "SalesItemLineDetail" in line:
                line["SalesItemLineDetail"]["TaxCodeRef"] = {"value": "NON"}
        subtotal = sum((line.get("Amount", ZERO) for line in sold), ZERO)
        tax = obj.setdefault("TxnTaxDetail", {})
        tax.setdefault("TotalTax", ZERO)
        if self.profile.sales_tax is SalesTax.AUTOMATIC:
            tax["TxnTaxCodeRef"] = {"value": "ENGINE"}
        discount = sum((line["Amount"] for line in taken), ZERO)
        obj["Line"] = [
            *sold,
            {"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
            *taken,
        ]
        obj["TotalAmt"] = obj["Balance"] = subtotal - discount + tax["TotalTax"]
        if not self.profile.custom_numbers:
            obj["DocNumber"] = "1017"
        obj.setdefault("SalesTermRef", {"value": "3"})
        obj.setdefault("ApplyTaxAfterDiscount", False)
        obj.setdefault("BillEmail", {"Address": "filled@example.com"})
        obj["ShipAddr"] = {"Line1": "Hill, Ada", "Line2": "1 Pump St", "Line3": "Reno, NV 89501"}
        obj["EmailStatus"], obj["PrintStatus"] = "NOT_SET", "NEED_TO_PRINT"


def _sign(linked: str) -> int:
    return 1 if linked in ("Invoice", "JournalEntry") else -1


def _named(value: Any) -> Any:
    if isinstance(value, list):
        return [_named(member) for member in value]
    if not isinstance(value, dict):
        return value
    named = {key: _named(member) for key, member in value.items()}
    if "value" in named:
        named["name"] = f"shown {named['value']}"
    return named


def _unpadded(value: Any) -> Any:
    # 21.00 comes back as 21.0 or 21.
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
    if isinstance(value, list):
        return [_unpadded(member) for member in value]
    if isinstance(value, dict):
        return {key: _unpadded(member) for key, member in value.items()}
    return value
