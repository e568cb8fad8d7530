"""What came back of payments: it stands as long as the payout that it was kept back from, and goes with its payment."""

from collections.abc import Iterator

import attrs
import pytest

from blueops_qb.domain.records import Payment, PaymentReturn, Payout, Refund, RefundPart, ReturnReason
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.work import Refused
from tests.core_house import DAY, TENANT, D, customer, house, payment_of


@pytest.fixture
def core(database_url: str) -> Iterator[ReferenceCore]:
    with house(database_url) as opened:
        customer(opened)
        yield opened


def test_a_refund_that_was_kept_back_is_voided_after_its_payout(core: ReferenceCore) -> None:
    with core.begin(TENANT) as tx:
        paid = tx.record_payment(payment_of("100.00", method="card"))
        refund = tx.issue_refund(
            Refund(
                id="",
                customer_id="1",
                date=DAY,
                amount=D("20.00"),
                parts=(RefundPart(of=paid.ref, amount=D("20.00")),),
                account_key="",
            )
        )
        payout = tx.settle_payout(
            Payout(
                id="",
                date=DAY,
                account_key="checking",
                payment_ids=(paid.id,),
                refund_ids=(refund.id,),
                net=D("80.00"),
            )
        )
        words = f"refund {refund.id} was kept back from payout {payout.id}; void that payout first"
        with pytest.raises(Refused, match=words):
            tx.void_refund(refund.id)
        tx.void_payout(payout.id)
        assert tx.void_refund(refund.id).void


def test_a_chargeback_that_was_kept_back_is_voided_after_its_payout(core: ReferenceCore) -> None:
    with core.begin(TENANT) as tx:
        lost, paid = (tx.record_payment(payment_of(amount, method="card")) for amount in ("30.00", "100.00"))
        back = tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=lost.id,
                customer_id="1",
                date=DAY,
                amount=lost.amount,
                reason=ReturnReason.CHARGEBACK,
                bank_fee=D("5.00"),
            )
        )
        payout = tx.settle_payout(
            Payout(
                id="",
                date=DAY,
                account_key="checking",
                payment_ids=(paid.id,),
                return_ids=(back.id,),
                net=D("65.00"),
            )
        )
        with pytest.raises(Refused, match="void that payout first"):
            tx.void_return(back.id)
        tx.void_payout(payout.id)
        assert tx.void_return(back.id).void


def test_what_came_back_of_a_payment_is_owed_by_whose_payment_it_is(core: ReferenceCore) -> None:
    other = customer(core, "Bob")
    with core.begin(TENANT) as tx:
        lost = tx.record_payment(payment_of("30.00", method="check"))
        back = tx.return_payment(
            PaymentReturn(
                id="",
                payment_id=lost.id,
                customer_id="1",
                date=DAY,
                amount=lost.amount,
                reason=ReturnReason.BOUNCED,
                account_key="checking",
            )
        )
        paid = tx.read(lost.ref)
        assert paid is not None
        assert isinstance(paid.record, Payment)
        tx.update_payment(attrs.evolve(paid.record, customer_id=other.id))
        moved = tx.read(back.ref)
    assert moved is not None
    assert isinstance(moved.record, PaymentReturn)
    assert moved.record.customer_id == other.id
