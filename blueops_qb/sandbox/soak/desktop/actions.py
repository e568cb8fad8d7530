"""Actions beside QuickBooks Desktop, in one table as in `soak.actions`; `weight` is how often each is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from blueops_qb.sandbox.soak import between as people
from blueops_qb.sandbox.soak import costs, namesakes, office, payouts
from blueops_qb.sandbox.soak.actions import Action
from blueops_qb.sandbox.soak.desktop import between, bookkeeper
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld
from blueops_qb.sandbox.soak.office import entered

OFFICE: Sequence[Action[DesktopWorld]] = (
    Action("office enters a customer", 4, entered(office.enter_customer)),
    Action("office opens a job", 3, entered(office.enter_job)),
    Action("office enters a vendor", 2, entered(office.enter_vendor)),
    Action("office changes a customer", 5, entered(office.change_customer)),
    Action("office changes a job", 2, entered(office.change_job)),
    Action("office changes a vendor", 2, entered(office.change_vendor)),
    Action("office merges customers", 1, entered(office.merge_customers)),
    Action("office merges vendors", 1, entered(office.merge_vendors)),
    Action("office merges jobs", 1, entered(office.merge_jobs)),
    Action("office deletes a party", 1, entered(office.delete_party)),
    Action("office closes a job", 1, entered(office.close_job)),
    Action("office raises an invoice", 9, entered(office.raise_invoice)),
    Action("office changes an invoice", 5, entered(office.change_invoice)),
    Action("office voids an invoice", 2, entered(office.void_invoice)),
    Action("office records a payment", 8, entered(office.record_payment)),
    Action("office changes a payment", 3, entered(office.change_payment)),
    Action("office voids a payment", 2, entered(office.void_payment)),
    Action("office settles a payout", 2, entered(payouts.settle_payout)),
    Action("office voids a payout", 1, entered(payouts.void_payout)),
    Action("office records a cost", 5, entered(costs.record_expense)),
    Action("office changes a cost", 3, entered(costs.change_expense)),
    Action("office voids a cost", 1, entered(costs.void_expense)),
)
#: What the office does by what stands in the books: it is another thing beside other books.
LOOKING: Sequence[Action[DesktopWorld]] = (
    Action("office enters a namesake", 1, entered(namesakes.enter_namesake)),
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
    Action("person mends the connection", 3, people.mend),
    Action("switch", 1, people.switch),
    Action("minutes pass", 14, between.minutes),
    Action("days pass", 1, between.days),
    Action("clock is set back", 1, between.clock_back),
    Action("clocks drift apart", 1, between.skew),
    Action("look now", 2, people.look),
    Action("core sweep", 1, people.core_sweep),
    Action("a hook is missed", 1, people.hook_missed),
    Action("person settles a conflict", 7, people.choose),
    Action("person presses retry", 3, people.retry),
    Action("admin maps the forgotten key", 1, people.map_key),
    Action("admin unmaps the forgotten key", 1, people.unmap_key),
)
ACTIONS: Sequence[Action[DesktopWorld]] = (*OFFICE, *LOOKING, *BOOKKEEPER, *BETWEEN)
