"""Subcontracts: what makes a cost the application of a subcontractor, with what is held back of it."""

from __future__ import annotations

from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO


@attrs.frozen(kw_only=True)
class SubcontractBill:
    """One application of a subcontractor for a job; the lines of the cost are gross (accounting-treatments 7.2).

    `retainage` is held back by this bill, `release` is paid out by it of what earlier ones held back; both positive.
    A back-charge is a line below zero. `contract_sum` is the subcontract with its approved change orders, None =
    nobody watches it; `billed_before` the gross of all earlier applications, `withheld_before` what they held back and
    nobody has released. `holds` say why it must not be paid yet, `joint_payee` whom a check must also name; neither
    posts anything.
    """

    subcontract_id: str
    job_id: str
    application: str = ""
    contract_sum: Decimal | None = None
    billed_before: Decimal = ZERO
    withheld_before: Decimal = ZERO
    retainage: Decimal = ZERO
    release: Decimal = ZERO
    holds: tuple[str, ...] = ()
    joint_payee: str = ""

    @property
    def held_back(self) -> Decimal:
        """By how much less the vendor is owed than the lines say; below zero where more is released than held back."""
        return self.retainage - self.release
