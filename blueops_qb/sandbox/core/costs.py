"""Actions on costs: record, change and void bills, card, cash and cheque purchases, labour and use tax."""

from __future__ import annotations

from decimal import Decimal

import attrs
import sqlalchemy as sa

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.records import Expense, ExpenseType, Job, Receipt, SplitBasis, Vendor
from blueops_qb.domain.refs import RecordKind
from blueops_qb.sandbox.core.payments import checked_amount
from blueops_qb.sandbox.core.subcontracts import check_released, with_earlier
from blueops_qb.sandbox.core.tables import receipts
from blueops_qb.sandbox.core.work import Refused, Work
from blueops_qb.sdk.hooks import Action

#: Costs that somebody is owed for.
NEEDS_VENDOR = frozenset({ExpenseType.BILL, ExpenseType.SUBCONTRACT, ExpenseType.EMPLOYEE})
#: Costs that were paid at once and so name the account they were paid from.
NEEDS_ACCOUNT = frozenset({ExpenseType.CARD, ExpenseType.CASH, ExpenseType.CHECK})


class CostActions(Work):
    """Expenses of every type."""

    def record_expense(self, record: Expense) -> Expense:
        """Record a cost; the id is given here."""
        turn = self._turn(RecordKind.EXPENSE)
        expense = self._checked_expense(attrs.evolve(record, id=str(turn.number), void=False))
        self._create(expense, turn)
        return expense

    def update_expense(self, record: Expense) -> Expense:
        """Replace a cost by this full state."""
        turn = self._turn()
        old = self._live_expense(record.id, "changed")
        if record.void:
            raise Refused(f"expense {record.id} is voided by voiding it, not by a change; void it")
        expense = self._checked_expense(record)
        check_released(self._connection, self.tenant_id, old, expense)
        return self._rewrite(expense, turn)

    def void_expense(self, expense_id: str, *, reason: str = "") -> Expense:
        """Take a cost back."""
        turn = self._turn()
        expense = self._live_expense(expense_id, "voided")
        check_released(self._connection, self.tenant_id, expense, None)
        return self._rewrite(attrs.evolve(expense, void=True), turn, action=Action.VOIDED, reason=reason)

    def keep_receipt(self, *, filename: str, content_type: str, content: bytes) -> Receipt:
        """Keep the picture or file of a cost; put the answer among the cost's receipts."""
        receipt = Receipt(id=self._host.new_id(), filename=filename, content_type=content_type)
        self._connection.execute(
            sa.insert(receipts).values(tenant_id=self.tenant_id, content=content, **attrs.asdict(receipt))
        )
        return receipt

    def _live_expense(self, id: str, what: str) -> Expense:
        expense, _ = self._existing(Expense, RecordKind.EXPENSE, id)
        if expense.void:
            raise Refused(f"expense {id} is void and cannot be {what}; record a new one")
        return expense

    def _checked_expense(self, expense: Expense) -> Expense:
        if expense.type in NEEDS_VENDOR and not expense.vendor_id:
            raise Refused(f"a cost of type {expense.type.value} needs a vendor; choose who is owed")
        expense = with_earlier(self._connection, self.tenant_id, expense)
        if expense.subcontract is not None:
            if expense.type is not ExpenseType.SUBCONTRACT or not expense.subcontract.subcontract_id:
                raise Refused("name the subcontract of a subcontractor's bill, and choose that kind of cost")
            self._existing(Job, RecordKind.JOB, expense.subcontract.job_id)
        if expense.permit is not None and not expense.vendor_id:
            raise Refused("a permit needs the authority that it was bought from; choose the vendor")
        if expense.type in NEEDS_ACCOUNT and not expense.payment_account_key:
            raise Refused(
                f"a cost of type {expense.type.value} needs the account it was paid from; choose one"
            )
        if expense.vendor_id is not None:
            self._existing(Vendor, RecordKind.VENDOR, expense.vendor_id)
        for job_id in dict.fromkeys(line.job_id for line in expense.lines if line.job_id is not None):
            self._existing(Job, RecordKind.JOB, job_id)
        self._check_sums(expense)
        if expense.due_date is not None and expense.due_date < expense.date:
            raise Refused(
                f"the cost falls due on {expense.due_date}, before its date {expense.date}; correct one"
            )
        return expense

    def _check_sums(self, expense: Expense) -> None:
        if not expense.lines and expense.subcontract is None:
            raise Refused("a cost needs at least one line; enter what was bought")
        lines = sum((line.amount for line in expense.lines), ZERO)
        back = expense.subcontract.held_back if expense.subcontract is not None else ZERO
        parts = (
            lines + checked_amount(expense.tax, "a tax") + checked_amount(expense.freight, "a freight") - back
        )
        if checked_amount(expense.total, "a cost") != parts:
            raise Refused(
                f"lines, tax and freight come to {parts}, not to {expense.total}; correct the total or a line"
            )
        if SplitBasis.PERCENT in (expense.tax_split, expense.freight_split):
            percents = expense.split_percents
            if len(percents) != len(expense.lines) or sum(percents, Decimal(0)) != 100:
                raise Refused("a split by percent needs one percentage per line, together 100; correct them")
