"""Permits: bought in the own name, advanced for the customer, or paid from his money (accounting-treatments 6.2).

Case: a permit of 185.00 on the company card, billed at cost with 45.00 for handling. Entry as principal: Dr 5600
185.00, Cr 2100; the invoice Cr 4700 185.00. As agent: Dr 1250 185.00, Cr 2100; the invoice Cr 1250 185.00, so that
neither is income or cost. From held funds: Dr 1090, Cr 2380 when the customer gives it,
Dr 2380, Cr 1000 when the city gets it.
"""

from __future__ import annotations

from blueops_qb.domain.mapping import Family, Target
from blueops_qb.domain.posting.lookup import Lookup
from blueops_qb.domain.records import CostLine, Expense, PermitPayer

#: The expense category of what a permit costs, and the fee type of what the customer pays for it.
PERMIT_KEY = "permit"
#: The fee type whose item leads to what was advanced for the customer.
PASS_THROUGH_KEY = "permit_pass_through"
#: The fee type whose item leads to the customer's money for fees.
FUNDS_KEY = "permit_funds"
#: Roles of the accounts on which a permit waits that is no cost of the company.
WAITS_IN = {PermitPayer.AGENT: "reimbursable_asset", PermitPayer.HELD_FUNDS: "permit_funds"}


def payer_of(record: Expense, lookup: Lookup) -> PermitPayer:
    """The role in which the permit was paid; one that the contract's price holds is the company's own."""
    assert record.permit is not None
    if record.permit.included_in_contract:
        return PermitPayer.PRINCIPAL
    return record.permit.payer or lookup.context.policy.permit_payer


def waiting(record: Expense, line: CostLine, *, where: str, lookup: Lookup) -> Target | None:
    """The account on which a line of a permit waits to be billed or taken from held funds; None for a plain cost."""
    if record.permit is None:
        return None
    payer = payer_of(record, lookup)
    if payer is PermitPayer.PRINCIPAL:
        return None
    if not line.job_id:
        raise lookup.held(
            f"is a permit that was paid for a customer, but {where} names no job",
            "Choose the job in BlueOps; it is sent by itself then.",
        )
    return Target(account=lookup.role(WAITS_IN[payer], where=where))


def key_of(record: Expense, line: CostLine) -> str:
    """The expense category of a cost line; what a permit cost is `permit` unless the line says otherwise."""
    if line.expense_category or record.permit is None:
        return line.expense_category
    return PERMIT_KEY


def billed(payer: PermitPayer | None, *, where: str, lookup: Lookup) -> tuple[Family, str]:
    """By which key a permit is billed."""
    match payer or lookup.context.policy.permit_payer:
        case PermitPayer.PRINCIPAL:
            return Family.FEE, PERMIT_KEY
        case PermitPayer.AGENT:
            return Family.FEE, PASS_THROUGH_KEY
        case PermitPayer.HELD_FUNDS:
            raise lookup.held(
                f"bills a permit on {where} that is paid from money the customer gave for it before",
                "Take the line out in BlueOps, or bill only what goes beyond those funds as principal or agent.",
            )
