"""What the soak's judge lays beside each other of money that something which stands apart moves."""

import datetime as dt
from decimal import Decimal as D

from blueops_qb.sandbox.reader.values import Found, PaidBack, Receipt
from blueops_qb.sandbox.soak.excuses import Apart
from blueops_qb.sandbox.soak.sides import disputed, undisputed

DAY = dt.date(2026, 3, 2)


def _side(payment: str, back: str, sources: dict[str, D]) -> Found:
    receipt = Receipt(
        payer="Ann Lee",
        date=DAY,
        amount=D("20.00"),
        method="check",
        reference="E26",
        account="1090",
        settles={},
        effect={},
        id=payment,
    )
    refund = PaidBack(
        payer="Ann Lee",
        date=DAY,
        amount=D("13.09"),
        account="1000",
        words="F92",
        sources=sources,
        effect={},
        id=back,
    )
    return Found(receipts=(receipt,), back=(refund,))


def _sources(*, apart: bool) -> tuple[dict[str, D], dict[str, D]]:
    ours = _side("payment:6", "refund:1", {"payment E26": D("10.00"), "credit C1": D("3.09")})
    theirs = _side("Payment:17", "Invoice:50", {"payment B123": D("10.00"), "credit C1": D("3.09")})
    away = Apart(
        ours=frozenset({"payment:6"} if apart else ()),
        theirs=frozenset({"Payment:17"} if apart else ()),
        pairs=(),
        conflicts=1,
        held=0,
    )
    moved = disputed(ours, theirs, away)
    (left,), (right,) = undisputed(ours, moved).back, undisputed(theirs, moved).back
    return dict(left.sources), dict(right.sources)


def test_what_took_the_place_of_money_that_stands_apart_is_not_compared_and_all_else_is() -> None:
    ours, theirs = _sources(apart=True)
    assert ours == theirs == {"credit C1": D("3.09")}


def test_other_money_in_the_place_of_ours_is_a_difference_where_nothing_stands_apart() -> None:
    ours, theirs = _sources(apart=False)
    assert set(ours) == {"payment E26", "credit C1"}
    assert set(theirs) == {"payment B123", "credit C1"}
