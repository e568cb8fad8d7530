"""Full update: the object as the books showed it, with our changes, so that a member can be left empty.

A full update empties every writable member that it does not name (reference/quickbooks-online.md section 3), so that
all that was read is sent again, above all what is lost in practice: a receipt's customer, a refund's Credit, a
bill's terms, the payables account, states of print and e-mail, custom fields. Left out is what is read-only, what
is computed, and what is to be emptied.
"""

from __future__ import annotations

from collections.abc import Collection

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.providers.qbo.codec.members import Obj, Unfit
from blueops_qb.providers.qbo.codec.sales_lines import is_subtotal
from blueops_qb.providers.qbo.codec.sendable import sendable

#: Read-only or computed (sections 2.4, 4.4 to 4.20); a balance that is sent would open one.
_READ_ONLY = frozenset(
    {
        *("Id", "SyncToken", "MetaData", "domain", "sparse", "status", "time"),
        *("Balance", "HomeBalance", "HomeTotalAmt", "TotalAmt", "UnappliedAmt", "RemainingCredit"),
        *("BalanceWithJobs", "OpenBalanceDate", "FullyQualifiedName", "Level", "IsProject"),
        *("RecurDataRef", "DeliveryInfo", "FreeFormAddress", "TaxExemptionRef", "InvoiceLink", "TxnSource"),
        *("EInvoiceStatus", "ECloudStatusTimeStamp", "V4IDPseudonym", "ClientEntityId"),
        *("TotalCostAmount", "HomeTotalCostAmount", "TxnApprovalInfo", "RecurringInfo"),
    }
)
#: What a client may link a transaction with by itself; all other links are QuickBooks' own (section 4.9, 4.18).
_OUR_LINKS = frozenset({"Estimate", "TimeActivity", "PurchaseOrder"})
#: Members that only payments have.
_PAID = frozenset({"UnappliedAmt", "PayType"})
_LINE_READ_ONLY = frozenset({"ItemAccountRef", "TaxClassificationRef"})


def full_update(shown: Obj, *, changes: Obj, gone: Collection[str], profile: BooksProfile) -> Obj:
    """The members to send: `shown` with `changes`, without `gone`; raises Unfit."""
    if shown.get("TaxIdentifier"):
        raise Unfit(
            "The change empties a member that QuickBooks Online only clears by writing the whole vendor anew, and "
            "the vendor has a tax number that QuickBooks does not show in full: it would be lost. Nothing was "
            "written; make the change in QuickBooks (it is then brought here)."
        )
    body = {
        member: sendable(value, member)
        for member, value in shown.items()
        if member not in _READ_ONLY and not member.endswith("Ex")
    }
    _keep_links(body)
    if "Line" in body:
        body["Line"] = [_line(line) for line in body["Line"] if not is_subtotal(line)]
    _keep_tax(body, profile)
    if _PAID & shown.keys():  # a payment says its amount itself; elsewhere the lines do
        body["TotalAmt"] = shown.get("TotalAmt", ZERO)
    body.update(changes)
    return {member: value for member, value in body.items() if member not in gone}


def _keep_links(body: Obj) -> None:
    links = [link for link in body.pop("LinkedTxn", None) or [] if link.get("TxnType") in _OUR_LINKS]
    if links:
        body["LinkedTxn"] = links


def _keep_tax(body: Obj, profile: BooksProfile) -> None:
    # Only the code and the total count. A total that the automatic engine computed is left to it (section 4.12).
    tax = body.pop("TxnTaxDetail", None) or {}
    names = {"TxnTaxCodeRef", "TotalTax"}
    if profile.sales_tax is SalesTax.AUTOMATIC and not _is_overridden(tax):
        names = {"TxnTaxCodeRef"}
    kept = {name: tax[name] for name in sorted(names) if name in tax}
    if kept and profile.sales_tax is not SalesTax.OFF:
        body["TxnTaxDetail"] = kept


def _is_overridden(tax: Obj) -> bool:
    if tax.get("TaxReviewStatus") == "AST_TAX_OVERRIDE":
        return True
    details = [line.get("TaxLineDetail") or {} for line in tax.get("TaxLine") or []]
    return any(detail.get("OverrideDeltaAmount") for detail in details)


def _line(line: Obj) -> Obj:
    return {
        member: {name: part for name, part in value.items() if name not in _LINE_READ_ONLY}
        if isinstance(value, dict) and member.endswith("Detail")
        else value
        for member, value in line.items()
    }
