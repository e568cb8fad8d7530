"""Policies: versioned switches of behaviour, one value per company (accounting-treatments section 17)."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import PermitPayer, TaxRounding


class ClosedPeriod(enum.StrEnum):
    """What to do with a document dated in a closed period (accounting-treatments section 9)."""

    HOLD = "hold"
    #: Date it on the first open day and keep the true date in the memo.
    REDATE = "redate"
    #: Leave what was posted and correct it by a credit memo and a new invoice in the open period.
    ADJUST = "adjust"
    #: Ask for each record which of these it shall be.
    ASK = "ask"


class Prepaid(enum.StrEnum):
    """What a deposit before the work is in the books (accounting-treatments 2.2)."""

    #: A liability: a sales receipt on the deposit item, used up by a line of the invoice.
    LIABILITY = "L"
    #: A payment that waits for its invoice.
    UNAPPLIED = "U"


class OverJobs(enum.StrEnum):
    """How one payment for several jobs of a customer is written (accounting-treatments 2.1)."""

    #: One payment of the customer; books that refuse it get one per job.
    PARENT = "parent"
    #: One payment per job.
    SPLIT = "split"


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
    prepaid: Prepaid = Prepaid.LIABILITY
    over_jobs: OverJobs = OverJobs.PARENT
    #: In which role the company pays for permits that say nothing of it.
    permit_payer: PermitPayer = PermitPayer.PRINCIPAL
    #: What the books round sales tax on; an invoice that was rounded on something else may differ by cents.
    tax_rounding: TaxRounding = TaxRounding.DOCUMENT
    #: Up to this gap between our tax and theirs the difference is posted to the item of fee type `rounding`.
    tax_gap: Decimal = ZERO
    #: Date invoices with sales tax on the first open day as well: their tax then falls into another period.
    redate_taxed: bool = False
    #: A payment reminder waits while the books were last read longer ago than this.
    reminder_hours: int = 2
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
