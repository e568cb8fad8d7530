"""Customers' money: payments, their returns, refunds and payouts, as core shows them."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal

import attrs

from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.domain.sale_records import Application


class DepositPurpose(enum.StrEnum):
    """What money before the work is for; it decides which liability it is."""

    WORK = "work"
    #: Fees that the company will pay to an authority for the customer (accounting-treatments 6.2).
    PERMIT_FUNDS = "permit_funds"


@attrs.frozen(kw_only=True)
class GivenBack:
    """The part of a payment that went back to the customer, by a refund or a returned payment."""

    by: RecordRef
    amount: Decimal


@attrs.frozen(kw_only=True)
class Payment:
    """Money from a customer: `amount` = sum of applications + given back + unapplied rest + `elsewhere`.

    `elsewhere` is what QuickBooks applies to documents that BlueOps does not have. With `deposit_for_job` it is
    a deposit before the work, for the `deposit_purpose`; its applications are then the invoices whose lines use it
    up. `surcharge` is the part of it that the invoice charged for paying by card. `won_return_id` names the returned
    payment whose dispute was won: this is the money coming back.
    """

    id: str
    customer_id: str
    received_on: dt.date
    amount: Decimal
    method: str = ""
    reference: str = ""
    applications: tuple[Application, ...] = ()
    given_back: tuple[GivenBack, ...] = ()
    elsewhere: Decimal = ZERO
    job_id: str | None = None
    deposit_for_job: str | None = None
    deposit_purpose: DepositPurpose = DepositPurpose.WORK
    fee: Decimal = ZERO
    surcharge: Decimal = ZERO
    processor: str = ""
    won_return_id: str | None = None
    memo: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.PAYMENT, self.id)

    @property
    def unapplied(self) -> Decimal:
        applied = sum((part.amount for part in self.applications), ZERO)
        back = sum((part.amount for part in self.given_back), ZERO)
        return self.amount - self.elsewhere - applied - back


class ReturnReason(enum.StrEnum):
    """Why a payment came back."""

    BOUNCED = "bounced"
    ACH_RETURN = "ach_return"
    CHARGEBACK = "chargeback"


@attrs.frozen(kw_only=True)
class PaymentReturn:
    """A payment that the bank or card processor took back; the payment itself stays and settles this instead.

    `account_key` is the account the money left; empty = it never reached the bank and leaves where it waits.
    `bank_fee` is what they charge us; `customer_fee` what the customer is charged, by invoice `nsf_invoice_id`.
    `won_by_payment_id` names the payment that brought the money back once a dispute was won. `applications`
    are what the payment had settled, which is open again.
    """

    id: str
    payment_id: str
    customer_id: str
    date: dt.date
    reason: ReturnReason
    amount: Decimal
    account_key: str = ""
    bank_fee: Decimal = ZERO
    customer_fee: Decimal = ZERO
    nsf_invoice_id: str | None = None
    won_by_payment_id: str | None = None
    applications: tuple[Application, ...] = ()
    memo: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.PAYMENT_RETURN, self.id)


@attrs.frozen(kw_only=True)
class RefundPart:
    """What a refund gives back: a part of an overpaid payment, or of a credit."""

    of: RecordRef
    amount: Decimal


@attrs.frozen(kw_only=True)
class Refund:
    """Money that went back to a customer. Invariant: sum(parts) = amount + kept_amount.

    `account_key` is the account it left; empty = the processor's clearing account (a card refund). With
    `deposit_for_job` the parts are deposits of that job, and `kept_amount` is what the contract lets us keep.
    """

    id: str
    customer_id: str
    date: dt.date
    amount: Decimal
    parts: tuple[RefundPart, ...] = ()
    method: str = ""
    account_key: str = ""
    reference: str = ""
    deposit_for_job: str | None = None
    kept_amount: Decimal = ZERO
    job_id: str | None = None
    memo: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.REFUND, self.id)


@attrs.frozen(kw_only=True)
class Payout:
    """Payments that reached the bank as one deposit.

    Invariant: sum of payments - refunds - returned payments - fees + elsewhere = net. `refund_ids` and
    `return_ids` are those that the processor took out of it. `elsewhere` is what a bank deposit that was entered
    in QuickBooks holds beside: money that BlueOps does not have, below zero for what was taken out of it.
    """

    id: str
    date: dt.date
    account_key: str
    payment_ids: tuple[str, ...]
    refund_ids: tuple[str, ...] = ()
    return_ids: tuple[str, ...] = ()
    fees: Decimal = ZERO
    elsewhere: Decimal = ZERO
    net: Decimal
    processor: str = ""
    memo: str = ""
    currency: str = "USD"
    void: bool = False

    @property
    def ref(self) -> RecordRef:
        return RecordRef(RecordKind.PAYOUT, self.id)
