"""Rules of the records a company has one of: CompanyInfo and Preferences."""

from __future__ import annotations

from blueops_qb.sandbox.qbo.draft import Draft
from blueops_qb.sandbox.qbo.faults import business


def prepare_company(draft: Draft) -> None:
    """Addresses of the company always answer with the three-letter country."""
    for name in ("CompanyAddr", "LegalAddr", "CustomerCommunicationAddr"):
        place = draft.new.get(name)
        if place is not None:
            place["Country"] = "USA"


def prepare_preferences(draft: Draft) -> None:
    """Groups that were sent are merged into the present ones; only one class mode may be on."""
    new, old = draft.new, draft.old or {}
    for name, group in old.items():
        if isinstance(group, dict) and name != "MetaData":
            sent = draft.sent.get(name, {})
            new[name] = {**group, **sent}
    modes = new["AccountingInfoPrefs"]
    if modes.get("ClassTrackingPerTxn") and modes.get("ClassTrackingPerTxnLine"):
        raise business("classes are tracked per transaction or per line, not both", "ClassTrackingPerTxn")
