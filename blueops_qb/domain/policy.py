"""Policies: versioned switches of behaviour, one value per company (accounting-treatments section 17)."""

from __future__ import annotations

import datetime as dt
import enum

import attrs

from blueops_qb.domain.documents import TaxMode


class ClosedPeriod(enum.StrEnum):
    """What to do with a document dated in a closed period (accounting-treatments section 9)."""

    HOLD = "hold"
    #: Date it on the first open day and keep the true date in the memo.
    REDATE = "redate"


class Overlap(enum.StrEnum):
    """Who wins when both sides changed the same field."""

    ASK = "ask"
    OURS = "ours"
    THEIRS = "theirs"


class PurchaseTax(enum.StrEnum):
    """Where the tax on a purchase is put (accounting-treatments 3.1)."""

    IN_COST = "in_cost"
    #: A cost line of its own, mapped as expense category `purchase_tax`.
    OWN_LINE = "own_line"


@attrs.frozen(kw_only=True)
class Policy:
    """The switches that posting and comparison look at. A document keeps the version it was posted with."""

    version: int = 0
    tax_mode: TaxMode = TaxMode.OURS
    #: Document numbers we give start with this; kept under it they need no preflight.
    number_prefix: str = "BO-"
    closed_period: ClosedPeriod = ClosedPeriod.HOLD
    purchase_tax: PurchaseTax = PurchaseTax.IN_COST
    #: Post approved labour at burdened cost (off: payroll is costed in the books).
    post_labor: bool = False
    #: Send cost lines as billable (off: BlueOps invoices them itself).
    send_billable: bool = False
    #: What was raised before the books were connected is written if dated on or after this; None = none of it.
    post_from: dt.date | None = None
    contacts_overlap: Overlap = Overlap.ASK
    money_overlap: Overlap = Overlap.ASK
    #: Single groups of fields; None = as for contacts or money as a whole.
    name_overlap: Overlap | None = None
    exemption_overlap: Overlap | None = None
    dates_overlap: Overlap | None = None
    notes_overlap: Overlap | None = None
    coding_overlap: Overlap | None = None

    def overlap(self, group: str, *, contacts: bool) -> Overlap:
        """Who wins in a group of fields (`domain.compare.GROUPS`) that both sides changed.

        `contacts` says whether it is a customer, job or vendor; all else counts as money.
        """
        field = OVERLAP_OF.get(group)
        own: Overlap | None = getattr(self, field) if field is not None else None
        return own or (self.contacts_overlap if contacts else self.money_overlap)


#: The switch of a group of fields that has one of its own.
OVERLAP_OF = {
    "name": "name_overlap",
    "tax": "exemption_overlap",
    "dates": "dates_overlap",
    "notes": "notes_overlap",
    "tags": "coding_overlap",
}
