"""Everywhere: what may happen beside books of any kind, as rows of the tables of actions.

`weight` is how often it is drawn beside the others. An action answers in a few words what it did, for the log, and
raises `NothingThere` where there is nothing that it could be about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import attrs

from blueops_qb.sandbox.soak import between, costs, money_back, namesakes, office, payouts, prepaid
from blueops_qb.sandbox.soak.office import entered
from blueops_qb.sandbox.soak.world import World

W = TypeVar("W", bound=World, contravariant=True)


@attrs.frozen
class Action(Generic[W]):
    """One thing that may happen beside books of one kind, or of any."""

    name: str
    weight: int
    act: Callable[[W], str]


Rows = Sequence[Action[World]]

# -- the office --------------------------------------------------------------------------------------
ENTERING: Rows = (
    Action("office enters a customer", 4, entered(office.enter_customer)),
    Action("office opens a job", 3, entered(office.enter_job)),
    Action("office enters a vendor", 2, entered(office.enter_vendor)),
)
#: What the office does by what stands in the books: it is another thing beside other books.
LOOKING: Rows = (Action("office enters a namesake", 1, entered(namesakes.enter_namesake)),)
PARTIES: Rows = (
    Action("office changes a customer", 5, entered(office.change_customer)),
    Action("office changes a job", 2, entered(office.change_job)),
    Action("office changes a vendor", 2, entered(office.change_vendor)),
    Action("office closes a job", 1, entered(office.close_job)),
    Action("office merges customers", 1, entered(office.merge_customers)),
    Action("office merges vendors", 1, entered(office.merge_vendors)),
    Action("office merges jobs", 1, entered(office.merge_jobs)),
    Action("office deletes a party", 1, entered(office.delete_party)),
)
SALES: Rows = (
    Action("office raises an invoice", 9, entered(office.raise_invoice)),
    Action("office changes an invoice", 5, entered(office.change_invoice)),
    Action("office voids an invoice", 2, entered(office.void_invoice)),
    Action("office records a payment", 8, entered(office.record_payment)),
    Action("office changes a payment", 3, entered(office.change_payment)),
    Action("office voids a payment", 2, entered(office.void_payment)),
    Action("office settles a payout", 2, entered(payouts.settle_payout)),
    Action("office voids a payout", 1, entered(payouts.void_payout)),
)
CREDITS: Rows = (
    Action("office issues a credit", 3, entered(money_back.issue_credit)),
    Action("office applies a credit", 2, entered(money_back.apply_credit)),
    Action("office releases a credit", 1, entered(money_back.release_credit)),
    Action("office voids a credit", 1, entered(money_back.void_credit)),
)
REFUNDS: Rows = (
    Action("office refunds a rest", 2, entered(money_back.issue_refund)),
    Action("office voids a refund", 1, entered(money_back.void_refund)),
    Action("office refunds what was paid out", 2, entered(payouts.refund_banked)),
    Action("office applies what was paid out", 1, entered(payouts.apply_banked)),
)
DEPOSITS: Rows = (
    Action("office takes a deposit", 2, entered(prepaid.take_deposit)),
    Action("office uses a deposit", 3, entered(prepaid.use_deposit)),
    Action("office refunds a deposit", 1, entered(prepaid.refund_deposit)),
)
EARLY_OR_NEVER: Rows = (
    Action("office records an early payment", 2, entered(prepaid.pay_early)),
    Action("office writes a rest off", 1, entered(prepaid.write_off)),
)
RETURNS: Rows = (
    Action("office records a returned payment", 2, entered(prepaid.return_payment)),
    Action("office wins a dispute", 1, entered(prepaid.win_dispute)),
    Action("office voids a return", 1, entered(prepaid.void_return)),
)
COSTS: Rows = (
    Action("office records a cost", 5, entered(costs.record_expense)),
    Action("office changes a cost", 3, entered(costs.change_expense)),
    Action("office voids a cost", 1, entered(costs.void_expense)),
)

# -- people and the host -----------------------------------------------------------------------------
CONNECTION: Rows = (
    Action("person mends the connection", 3, between.mend),
    Action("switch", 1, between.switch),
)
PAGES: Rows = (
    Action("look now", 2, between.look),
    Action("core sweep", 1, between.core_sweep),
    Action("a hook is missed", 1, between.hook_missed),
    Action("person settles a conflict", 7, between.choose),
    Action("person presses retry", 3, between.retry),
    Action("admin maps the forgotten key", 1, between.map_key),
    Action("admin unmaps the forgotten key", 1, between.unmap_key),
)
