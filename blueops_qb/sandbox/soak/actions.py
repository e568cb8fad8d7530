"""Actions: everything that may happen in a soak, in one table. A new kind of happening is one row here.

`weight` is how often it is drawn beside the others. An action answers in a few words what it did, for the log, and
raises `NothingThere` where there is nothing that it could be about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import attrs

from blueops_qb.sandbox.soak import (
    between,
    bookkeeper,
    clocks,
    costs,
    money_back,
    namesakes,
    office,
    online_between,
    payouts,
    prepaid,
    their_credits,
    their_own,
)
from blueops_qb.sandbox.soak.office import entered
from blueops_qb.sandbox.soak.online_world import OnlineWorld
from blueops_qb.sandbox.soak.world import World

W = TypeVar("W", bound=World, contravariant=True)


@attrs.frozen
class Action(Generic[W]):
    """One thing that may happen beside books of one kind, or of any."""

    name: str
    weight: int
    act: Callable[[W], str]


OFFICE: Sequence[Action[OnlineWorld]] = (
    Action("office enters a customer", 4, entered(office.enter_customer)),
    Action("office opens a job", 3, entered(office.enter_job)),
    Action("office enters a vendor", 2, entered(office.enter_vendor)),
    Action("office enters a namesake", 1, entered(namesakes.enter_namesake)),
    Action("office changes a customer", 5, entered(office.change_customer)),
    Action("office changes a job", 2, entered(office.change_job)),
    Action("office changes a vendor", 2, entered(office.change_vendor)),
    Action("office closes a job", 1, entered(office.close_job)),
    Action("office merges customers", 1, entered(office.merge_customers)),
    Action("office merges vendors", 1, entered(office.merge_vendors)),
    Action("office merges jobs", 1, entered(office.merge_jobs)),
    Action("office deletes a party", 1, entered(office.delete_party)),
    Action("office raises an invoice", 9, entered(office.raise_invoice)),
    Action("office changes an invoice", 5, entered(office.change_invoice)),
    Action("office voids an invoice", 2, entered(office.void_invoice)),
    Action("office records a payment", 8, entered(office.record_payment)),
    Action("office changes a payment", 3, entered(office.change_payment)),
    Action("office voids a payment", 2, entered(office.void_payment)),
    Action("office settles a payout", 2, entered(payouts.settle_payout)),
    Action("office voids a payout", 1, entered(payouts.void_payout)),
    Action("office issues a credit", 3, entered(money_back.issue_credit)),
    Action("office applies a credit", 2, entered(money_back.apply_credit)),
    Action("office releases a credit", 1, entered(money_back.release_credit)),
    Action("office voids a credit", 1, entered(money_back.void_credit)),
    Action("office refunds a rest", 2, entered(money_back.issue_refund)),
    Action("office voids a refund", 1, entered(money_back.void_refund)),
    Action("office takes a deposit", 2, entered(prepaid.take_deposit)),
    Action("office uses a deposit", 3, entered(prepaid.use_deposit)),
    Action("office refunds a deposit", 1, entered(prepaid.refund_deposit)),
    Action("office records an early payment", 2, entered(prepaid.pay_early)),
    Action("office writes a rest off", 1, entered(prepaid.write_off)),
    Action("office records a returned payment", 2, entered(prepaid.return_payment)),
    Action("office wins a dispute", 1, entered(prepaid.win_dispute)),
    Action("office voids a return", 1, entered(prepaid.void_return)),
    Action("office records a cost", 5, entered(costs.record_expense)),
    Action("office changes a cost", 3, entered(costs.change_expense)),
    Action("office voids a cost", 1, entered(costs.void_expense)),
)
BOOKKEEPER: Sequence[Action[OnlineWorld]] = (
    Action("bookkeeper enters a customer", 1, bookkeeper.enter_customer),
    Action("bookkeeper enters a job", 1, bookkeeper.enter_job),
    Action("bookkeeper takes a name", 1, namesakes.take_name),
    Action("bookkeeper changes a customer", 5, bookkeeper.change_customer),
    Action("bookkeeper changes a vendor", 2, bookkeeper.change_vendor),
    Action("bookkeeper retires a party", 1, bookkeeper.retire),
    Action("bookkeeper merges parties", 1, bookkeeper.merge),
    Action("bookkeeper changes an invoice", 2, bookkeeper.change_invoice),
    Action("bookkeeper receives a payment", 6, bookkeeper.receive_payment),
    Action("bookkeeper changes a payment", 3, bookkeeper.change_payment),
    Action("bookkeeper voids a document", 2, bookkeeper.void_document),
    Action("bookkeeper deletes a document", 2, bookkeeper.delete_document),
    Action("bookkeeper recodes a cost", 2, bookkeeper.recode),
    Action("bookkeeper writes a credit", 2, their_credits.write_credit),
    Action("bookkeeper applies a credit", 2, their_credits.apply_credit),
    Action("bookkeeper changes a credit", 1, their_credits.change_credit),
    Action("bookkeeper deletes a credit", 1, their_credits.delete_credit),
    Action("bookkeeper gives money back", 1, their_credits.give_back),
    Action("bookkeeper enters an invoice", 1, their_own.enter_invoice),
    Action("bookkeeper enters a bill", 1, their_own.enter_bill),
    Action("bookkeeper enters an expense", 1, their_own.enter_expense),
    Action("bookkeeper records a bounced check", 1, their_own.bounce),
    Action("bookkeeper takes a payment to the bank", 1, bookkeeper.bank),
    Action("bookkeeper moves the closing date", 1, bookkeeper.move_closing_date),
)
BETWEEN: Sequence[Action[OnlineWorld]] = (
    Action("carry", 30, online_between.carry),
    Action("hand out", 5, online_between.hand_out),
    Action("deliver", 5, online_between.deliver),
    Action("hear", 5, online_between.hear),
    Action("lose an answer", 4, online_between.lose),
    Action("hear an answer twice", 1, online_between.hear_twice),
    Action("restart", 1, online_between.restart),
    Action("die", 4, online_between.die),
    Action("former process asks for work", 2, online_between.zombie),
    Action("trouble on the line", 5, online_between.trouble),
    Action("books forget request ids", 1, online_between.forget_request_ids),
    Action("reads lag behind", 2, online_between.lag),
    Action("access token expires", 1, online_between.expire),
    Action("sign-in is revoked", 1, online_between.revoke),
    Action("disconnect and connect", 1, online_between.disconnect),
    Action("person mends the connection", 3, between.mend),
    Action("switch", 1, between.switch),
    Action("minutes pass", 14, clocks.minutes),
    Action("days pass", 1, clocks.days),
    Action("clock is set back", 1, clocks.clock_back),
    Action("clocks drift apart", 1, clocks.skew),
    Action("webhooks arrive", 6, online_between.webhooks),
    Action("look now", 2, between.look),
    Action("core sweep", 1, between.core_sweep),
    Action("a hook is missed", 1, between.hook_missed),
    Action("person settles a conflict", 7, between.choose),
    Action("person presses retry", 3, between.retry),
    Action("admin maps the forgotten key", 1, between.map_key),
    Action("admin unmaps the forgotten key", 1, between.unmap_key),
)
ACTIONS: Sequence[Action[OnlineWorld]] = (*OFFICE, *BOOKKEEPER, *BETWEEN)
