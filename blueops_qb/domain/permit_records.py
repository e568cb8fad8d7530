"""Permits: what the company bought from an authority for a job, and in whose name."""

from __future__ import annotations

import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO


class PermitPayer(enum.StrEnum):
    """In which role the company pays for a permit (accounting-treatments 6.2); an accountant decides."""

    #: In its own name: the cost is a cost, and what the customer pays for it is income.
    PRINCIPAL = "principal"
    #: For the customer: it is advanced and comes back, and neither is income or cost.
    AGENT = "agent"
    #: From money that the customer gave for it beforehand.
    HELD_FUNDS = "held_funds"


@attrs.frozen(kw_only=True)
class Permit:
    """What makes a cost the purchase of a permit; the authority is the vendor of the cost.

    `payer` None = as the company's policy says. `included_in_contract`: the price of the contract holds it, so it is
    a cost whatever the role, and is not billed apart. `handling_fee` is what the office means to bill beside it.
    """

    number: str = ""
    payer: PermitPayer | None = None
    included_in_contract: bool = False
    handling_fee: Decimal = ZERO
