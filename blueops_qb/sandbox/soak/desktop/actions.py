"""Actions beside QuickBooks Desktop, in one table: what may happen beside any books, and what only here."""

from __future__ import annotations

from collections.abc import Sequence

from blueops_qb.sandbox.soak import between as anywhere
from blueops_qb.sandbox.soak import everywhere
from blueops_qb.sandbox.soak.desktop import (
    between,
    bookkeeper,
    card_refunds,
    remedies,
    their_credits,
    their_money,
)
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld
from blueops_qb.sandbox.soak.everywhere import Action

#: What the office does in either kind of books.
OFFICE: Sequence[Action[DesktopWorld]] = (
    *everywhere.ENTERING,
    *everywhere.PARTIES,
    *everywhere.SALES,
    *everywhere.CREDITS,
    *everywhere.REFUNDS,
    *everywhere.DEPOSITS,
    *everywhere.EARLY_OR_NEVER,
    *everywhere.RETURNS,
    *everywhere.COSTS,
)
BOOKKEEPER: Sequence[Action[DesktopWorld]] = (
    Action("bookkeeper enters a customer", 1, bookkeeper.enter_customer),
    Action("bookkeeper enters a job", 1, bookkeeper.enter_job),
    Action("bookkeeper changes a customer", 5, bookkeeper.change_customer),
    Action("bookkeeper changes a vendor", 2, bookkeeper.change_vendor),
    Action("bookkeeper retires a party", 1, bookkeeper.retire),
    Action("bookkeeper merges parties", 1, bookkeeper.merge),
    Action("bookkeeper changes an invoice", 2, bookkeeper.change_invoice),
    Action("bookkeeper receives a payment", 6, bookkeeper.receive_payment),
    Action("bookkeeper changes a payment", 3, bookkeeper.change_payment),
    Action("bookkeeper voids a document", 2, bookkeeper.void_document),
    Action("bookkeeper deletes a document", 2, bookkeeper.delete_document),
    Action("bookkeeper takes a payment to the bank", 1, bookkeeper.bank),
    Action("bookkeeper moves the closing date", 1, bookkeeper.move_closing_date),
    Action("bookkeeper recodes a cost", 2, bookkeeper.recode),
    Action("bookkeeper takes a name", 1, bookkeeper.take_name),
    Action("bookkeeper writes a credit", 2, their_credits.write_credit),
    Action("bookkeeper applies a credit", 2, their_credits.apply_credit),
    Action("bookkeeper receives a payment beside a credit", 1, their_credits.pay_beside_credit),
    Action("bookkeeper changes a credit", 1, their_credits.change_credit),
    Action("bookkeeper deletes a credit", 1, their_credits.delete_credit),
    Action("bookkeeper receives an early payment", 1, their_money.receive_early),
    Action("bookkeeper records a bounced check", 1, their_money.bounce),
    Action("bookkeeper gives money back", 1, their_money.give_back),
    Action("bookkeeper refunds a card", 2, card_refunds.pay_out),
    Action("bookkeeper changes a card refund", 1, card_refunds.change),
    Action("bookkeeper takes back a card refund", 1, card_refunds.take_back),
    Action("bookkeeper enters an invoice", 1, bookkeeper.enter_invoice),
    Action("bookkeeper enters a bill", 1, bookkeeper.enter_bill),
    Action("bookkeeper enters a check", 1, bookkeeper.enter_check),
)
BETWEEN: Sequence[Action[DesktopWorld]] = (
    Action("carry", 34, between.carry),
    Action("a message set is taken", 5, between.take),
    Action("a message set is carried out", 5, between.run),
    Action("the machine goes away", 4, between.drop),
    Action("the machine falls asleep", 2, between.fall_asleep),
    Action("the machine wakes", 2, between.wake),
    Action("process restarts", 2, between.restart),
    Action("die", 4, between.die),
    Action("something goes wrong on the way", 4, between.mishap),
    Action("QuickBooks breaks down", 2, between.break_down),
    Action("requests fail without a reason", 1, between.internal_errors),
    Action("QuickBooks forgets message sets", 2, between.forget_sets),
    Action("something is in the way", 2, between.in_the_way),
    Action("somebody has a record open", 3, between.window),
    Action("payments move invoices", 1, between.touched),
    Action("disconnect and connect", 1, between.disconnect),
    *everywhere.CONNECTION,
    Action("minutes pass", 14, between.minutes),
    Action("days pass", 1, between.days),
    Action("clock is set back", 1, between.clock_back),
    Action("clocks drift apart", 1, between.skew),
    *everywhere.PAGES,
)
#: What people do about what is held, as the pages tell them.
REMEDIES: Sequence[Action[DesktopWorld]] = (
    Action("person tells namesakes apart", 3, remedies.tell_apart),
    Action("bookkeeper merges as BlueOps did", 3, remedies.merge_as_here),
    Action("bookkeeper takes retired parties back", 3, remedies.take_back),
    Action("bookkeeper opens the books", 2, remedies.open_books),
    Action("person tries again what was mended", 5, anywhere.retry),
)
ACTIONS: Sequence[Action[DesktopWorld]] = (
    *OFFICE,
    *everywhere.LOOKING,
    *BOOKKEEPER,
    *BETWEEN,
    *REMEDIES,
)
