"""Progress applications: a bill by a schedule of values, in the terms of AIA G702 and G703."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO


@attrs.frozen(kw_only=True)
class SovLine:
    """One line of the schedule of values: `scheduled` is its value, G703 column C.

    `previous` is the work of earlier applications (D), `this_period` that of this one (E), `stored` the material that
    is on the site and not built in now (F), `stored_before` what that was at the application before. Retainage is a
    percentage, of the work and of what is stored (None = as of the work). The line of a change order names it.
    """

    sov_line_id: str
    description: str = ""
    scheduled: Decimal
    previous: Decimal = ZERO
    this_period: Decimal = ZERO
    stored: Decimal = ZERO
    stored_before: Decimal = ZERO
    retainage_percent: Decimal = Decimal(0)
    retainage_percent_stored: Decimal | None = None
    change_order_id: str = ""
    service_category: str = ""
    class_key: str = ""


@attrs.frozen(kw_only=True)
class ProgressApplication:
    """One application of a job, or the release of what was held back of them (then without lines).

    `original_contract` and `approved_changes` make the contract sum, which the schedule of values adds up to.
    `retainage_before` is what the application before held back to date, `previous_certificates` what all earlier ones
    came to. `retainage_cap` is the most that may be held back. `release` is paid out of what is held back.
    `back_charge` is what the owner keeps, on the item of fee type `back_charge_key`.
    """

    number: int
    period_to: dt.date | None = None
    original_contract: Decimal = ZERO
    approved_changes: Decimal = ZERO
    lines: tuple[SovLine, ...] = ()
    retainage_before: Decimal = ZERO
    retainage_cap: Decimal | None = None
    previous_certificates: Decimal = ZERO
    release: Decimal = ZERO
    back_charge: Decimal = ZERO
    back_charge_key: str = "allowance"

    @property
    def contract_sum(self) -> Decimal:
        return self.original_contract + self.approved_changes
