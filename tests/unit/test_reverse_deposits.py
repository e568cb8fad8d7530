"""A bank deposit read as a payout: to the cent, whatever it holds, and posted again it is the same deposit."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import hypothesis.strategies as st
import pytest
from hypothesis import given

from blueops_qb.domain.documents import BankDeposit, DepositLine
from blueops_qb.domain.mapping import Family, Mapping, MapRule, Target
from blueops_qb.domain.posting.context import Posted, PostingContext
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.pulling import NoPlace
from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from blueops_qb.domain.reverse_deposits import payout_from

D = Decimal
DAY = dt.date(2026, 3, 2)
BANK, UNDEPOSITED, FEES, SCRAP = (BooksRef(BooksKind.ACCOUNT, id) for id in ("1000", "1090", "6100", "4800"))


def _rule(family: Family, key: str, account: BooksRef) -> MapRule:
    return MapRule(family=family, key=key, target=Target(account=account))


MAPPING = Mapping(
    rules=(
        _rule(Family.MONEY_ACCOUNT, "checking", BANK),
        _rule(Family.ROLE, "undeposited", UNDEPOSITED),
        _rule(Family.ROLE, "merchant_fees", FEES),
    )
)
cents = st.integers(min_value=1, max_value=10_000_000).map(lambda n: D(n).scaleb(-2))
signed = st.integers(min_value=-100_000, max_value=100_000).map(lambda n: D(n).scaleb(-2))


def _payment(id: str, amount: Decimal) -> Payment:
    return Payment(id=id, customer_id="1", received_on=DAY, amount=amount, method="check")


def _deposit(lines: list[DepositLine], **fields: object) -> BankDeposit:
    total = sum((line.amount for line in lines), D("0.00"))
    return BankDeposit(account=BANK, date=DAY, lines=tuple(lines), total=total, **fields)  # type: ignore[arg-type]


@given(
    amounts=st.lists(cents, min_size=1, max_size=5),
    fees=st.lists(cents, max_size=2),
    others=st.lists(signed, max_size=3),
    chance=st.randoms(use_true_random=False),
)
def test_it_comes_to_the_bank_amount_and_is_posted_as_it_stands(
    amounts: list[Decimal], fees: list[Decimal], others: list[Decimal], chance: object
) -> None:
    payments = {p.ref: p for p in (_payment(str(n), amount) for n, amount in enumerate(amounts, 1))}
    lines = [DepositLine(payment=ref, amount=payment.amount) for ref, payment in payments.items()]
    lines += [DepositLine(account=FEES, amount=-fee, description="Fee") for fee in fees]
    lines += [DepositLine(account=SCRAP, amount=amount, description="Scrap") for amount in others]
    chance.shuffle(lines)  # type: ignore[attr-defined]
    document = _deposit(lines)
    payout = payout_from(document, payments=payments, mapping=MAPPING)
    gross = sum(amounts, D("0.00"))
    assert gross - payout.fees + payout.elsewhere == payout.net == document.total
    assert payout.fees == sum(fees, D("0.00"))
    assert payout.elsewhere == sum(others, D("0.00"))
    posted = {DocumentKey(payout.ref): document}
    result = post(payout, PostingContext(mapping=MAPPING, related=dict(payments), posted=posted))
    assert isinstance(result, Posted)
    assert result.documents == posted


def test_one_with_other_money_is_not_made_anew_from_here() -> None:
    payment = _payment("1", D("10.00"))
    lines = [
        DepositLine(payment=payment.ref, amount=D("10.00")),
        DepositLine(account=SCRAP, amount=D("2.00")),
    ]
    payout = payout_from(_deposit(lines), payments={payment.ref: payment}, mapping=MAPPING)
    result = post(payout, PostingContext(mapping=MAPPING, related={payment.ref: payment}))
    assert "holds 2.00 of money that BlueOps does not have" in getattr(result, "reason", "")


@pytest.mark.parametrize(
    ("lines", "total", "words"),
    [
        ([DepositLine(account=SCRAP, amount=D("5.00"))], "5.00", "holds no payment of BlueOps any more"),
        (
            [DepositLine(payment=RecordRef(RecordKind.PAYMENT, "1"), amount=D("4.00"))],
            "4.00",
            "holds 4.00 of payment:1, which is 10.00",
        ),
        (
            [DepositLine(payment=RecordRef(RecordKind.PAYMENT, "1"), amount=D("10.00"))],
            "9.00",
            "has lines that do not come to its total of 9.00",
        ),
        (
            [DepositLine(payment=RecordRef(RecordKind.PAYMENT, "7"), amount=D("10.00"))],
            "10.00",
            "holds payment:7, which BlueOps does not have",
        ),
    ],
)
def test_what_is_no_payout_says_why(lines: list[DepositLine], total: str, words: str) -> None:
    document = BankDeposit(account=BANK, date=DAY, lines=tuple(lines), total=D(total))
    payment = _payment("1", D("10.00"))
    with pytest.raises(NoPlace, match=words):
        payout_from(document, payments={payment.ref: payment}, mapping=MAPPING)
