"""Profile words: what was found in the company's preferences, and what it means for the work."""

from __future__ import annotations

import attrs

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.profile import BooksProfile, SalesTax, Tracking
from blueops_qb.engine.rate_drift import Looked


@attrs.frozen
class Fact:
    """One thing that was found: what it is, its value, what follows; `warn` when somebody should look."""

    label: str
    value: str
    meaning: str
    warn: bool = False


_TAX = {
    SalesTax.OFF: "switched off",
    SalesTax.MANUAL: "own codes and rates",
    SalesTax.AUTOMATIC: "automatic, by address",
    SalesTax.UNKNOWN: "not told",
}
_TRACKING = {
    Tracking.OFF: ("off", "Classes are left out."),
    Tracking.PER_TRANSACTION: (
        "one per transaction",
        "The first line's class counts for the whole document.",
    ),
    Tracking.PER_LINE: ("one per line", "Every line keeps its class."),
}


def drift_facts(looked: Looked) -> list[Fact]:
    """Sales tax rates that differ between the two sides."""
    return [
        Fact(
            f"Sales tax “{drift.key}”",
            f"{drift.ours} % in BlueOps, {drift.theirs} % in the books",
            "Correct the rate on one side, or map the key to another tax code; invoices differ until then.",
            warn=True,
        )
        for drift in looked.drifts
    ]


def facts(profile: BooksProfile, policy: Policy) -> list[Fact]:
    """What the company's books say about themselves."""
    tracking, tracking_means = _TRACKING[profile.class_tracking]
    closing = profile.closing_date
    return [
        Fact("Country and plan", " · ".join(filter(None, (profile.country, profile.plan))) or "not told", ""),
        Fact(
            "Currency",
            profile.currency + (" and others" if profile.multicurrency else ""),
            "" if profile.multicurrency else f"Records in another currency than {profile.currency} are held.",
        ),
        _tax(profile, policy),
        Fact("Classes", tracking, tracking_means),
        Fact(
            "Locations",
            "on" if profile.locations else "off",
            "A branch becomes a location." if profile.locations else "Branches are left out.",
        ),
        Fact(
            "Own document numbers",
            "kept" if profile.custom_numbers else "not kept",
            f"Invoices keep their number from BlueOps with {policy.number_prefix or 'no prefix'}."
            if profile.custom_numbers
            else "The books number invoices themselves.",
        ),
        Fact(
            "Books closed until",
            closing.isoformat() if closing else "not closed",
            "Older documents are held or dated on the first open day, as the policy says."
            if closing
            else "Nothing is refused because of its date.",
        ),
    ]


def _tax(profile: BooksProfile, policy: Policy) -> Fact:
    value = _TAX[profile.sales_tax]
    if profile.sales_tax is SalesTax.OFF and policy.tax_mode is not TaxMode.NONE:
        return Fact(
            "Sales tax",
            value,
            "Invoices with tax would be held. Switch sales tax on there, or let tax go as a plain line (Policy).",
            warn=True,
        )
    meaning = {
        TaxMode.BOOKS: "The books compute the tax, and BlueOps takes it over.",
        TaxMode.OURS: "BlueOps' tax must come out the same there.",
        TaxMode.NONE: "Tax is sent as a plain line.",
    }[policy.tax_mode]
    return Fact("Sales tax", value, meaning)
