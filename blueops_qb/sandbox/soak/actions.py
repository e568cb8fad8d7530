"""Actions beside QuickBooks Online, in one table: what may happen beside any books, and what only here.

A new kind of happening is one row, here or in `everywhere`.
"""

from __future__ import annotations

from collections.abc import Sequence

from blueops_qb.sandbox.soak import (
    bookkeeper,
    clocks,
    everywhere,
    namesakes,
    online_between,
    their_credits,
    their_own,
)
from blueops_qb.sandbox.soak.everywhere import Action
from blueops_qb.sandbox.soak.online_world import OnlineWorld

OFFICE: Sequence[Action[OnlineWorld]] = (
    *everywhere.ENTERING,
    *everywhere.LOOKING,
    *everywhere.PARTIES,
    *everywhere.SALES,
    *everywhere.CREDITS,
    *everywhere.REFUNDS,
    *everywhere.DEPOSITS,
    *everywhere.EARLY_OR_NEVER,
    *everywhere.RETURNS,
    *everywhere.COSTS,
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
    *everywhere.CONNECTION,
    Action("minutes pass", 14, clocks.minutes),
    Action("days pass", 1, clocks.days),
    Action("clock is set back", 1, clocks.clock_back),
    Action("clocks drift apart", 1, clocks.skew),
    Action("webhooks arrive", 6, online_between.webhooks),
    *everywhere.PAGES,
)
ACTIONS: Sequence[Action[OnlineWorld]] = (*OFFICE, *BOOKKEEPER, *BETWEEN)
