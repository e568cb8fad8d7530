"""Rules of estimates: their status, and the invoice that bills and closes them (reference section 4.20)."""

from __future__ import annotations

from decimal import Decimal

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbo import numbering
from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.draft import Draft, linked
from blueops_qb.sandbox.qbo.faults import Fault, business, missing
from blueops_qb.sandbox.qbo.sales_forms import prepare_form
from blueops_qb.sandbox.qbo.wire import Obj, ref_id

PENDING, ACCEPTED, CLOSED, REJECTED = "Pending", "Accepted", "Closed", "Rejected"


def prepare_estimate(draft: Draft) -> None:
    """Complete an estimate, which posts nothing; raises Fault."""
    new, old = draft.new, draft.old
    if not draft.company.preference("SalesFormsPrefs.AllowEstimates"):
        raise Fault("5020", "Permission Denied : estimates are switched off in this company.")
    prepare_form(draft)
    draft.default("TxnStatus", PENDING)
    if old is not None and "_status_before" in old:
        # Billed: what the client says takes effect when the invoice lets go of the estimate.
        sent = draft.sent.get("TxnStatus", CLOSED)
        new["_status_before"] = old["_status_before"] if sent == CLOSED else sent
        new["TxnStatus"] = CLOSED
    numbering.number_sales_form(draft)


def check_link(draft: Draft) -> None:
    """An invoice bills at most one estimate: of the same customer, open, not billed by another (620)."""
    links = draft.new.get("_written_links", [])
    if len(links) > 1:
        raise business("an invoice is linked to one estimate only", "LinkedTxn")
    for link in links:
        if not link.get("TxnId"):
            raise missing("LinkedTxn.TxnId")
        estimate = linked(draft.company, "Estimate", link["TxnId"])
        link["TxnType"] = "Estimate"
        link.pop("TxnLineId", None)
        reason = _why_not(draft, estimate)
        if reason:
            raise Fault("620", f"Transaction {estimate['Id']} cannot be linked: {reason}.", "LinkedTxn")


def links_to_estimates(invoice: Obj) -> dict[Key, Decimal]:
    """The estimates that an invoice bills."""
    return {("Estimate", link["TxnId"]): ZERO for link in invoice.get("_written_links", ())}


def follow_links(company: Company, estimate: Obj) -> None:
    """Close an estimate that an invoice bills, and give it its status back when none does any more."""
    billed = bool(company.links.get(("Estimate", estimate["Id"])))
    if billed and "_status_before" not in estimate:
        estimate["_status_before"] = estimate["TxnStatus"]
        estimate["TxnStatus"] = CLOSED
    elif not billed and "_status_before" in estimate:
        estimate["TxnStatus"] = estimate.pop("_status_before")


def _why_not(draft: Draft, estimate: Obj) -> str:
    owner, customer = ref_id(estimate, "CustomerRef"), ref_id(draft.new, "CustomerRef")
    if owner != customer:
        return f"it belongs to customer {owner}, the invoice to customer {customer}"
    holders = set(draft.company.links.get(("Estimate", estimate["Id"]), ()))
    if holders - {("Invoice", str(draft.new.get("Id", "")))}:
        return "another invoice bills it"
    if not holders and estimate["TxnStatus"] in (CLOSED, REJECTED):
        return f"the estimate is {estimate['TxnStatus'].lower()}"
    return ""
