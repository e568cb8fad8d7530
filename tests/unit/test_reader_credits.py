"""The reader tells credits and refunds what payments of the books say of them."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal as D
from typing import Any

from blueops_qb.sandbox.reader.credits import settled
from blueops_qb.sandbox.reader.parts import joined
from blueops_qb.sandbox.reader.values import Credited, Found, PaidBack, Receipt

DAY = dt.date(2026, 3, 2)
ZERO = D("0.00")


def receipt(amount: str, **fields: Any) -> Receipt:
    return Receipt(
        **{
            "payer": "Ann Lee",
            "date": DAY,
            "amount": D(amount),
            "reference": "",
            "method": "Check",
            "account": "1090",
            "settles": {},
            "effect": {},
            **fields,
        }
    )


def credit(id: str, number: str) -> Credited:
    return Credited(
        number=number,
        payer="Ann Lee",
        date=DAY,
        lines=(),
        discount=ZERO,
        tax=ZERO,
        total=D("40.00"),
        left=ZERO,
        settles={},
        location="",
        effect={},
        id=id,
    )


def back(id: str, amount: str, under: str = "1") -> PaidBack:
    return PaidBack(
        payer="Ann Lee",
        date=DAY,
        amount=D(amount),
        account="1000",
        words="R1",
        sources={},
        effect={("1100", "", ""): D(amount)},
        under=under,
        id=id,
    )


def test_a_payment_of_nothing_that_applies_one_credit_is_the_credits() -> None:
    applied = receipt("0.00", settles={"1001": D("40.00")}, uses={"CreditMemo:5": D("40.00")})
    found = settled(Found(receipts=(applied,), credits=(credit("CreditMemo:5", "CR-1"),)))
    assert found.receipts == ()
    assert found.credits[0].settles == {"1001": D("40.00")}


def test_one_that_came_as_a_payment_stays_one_and_tells_its_credit_nothing() -> None:
    """BlueOps did not have the credit when it came, and has the payment of nothing as one that settles beside money."""
    applied = receipt(
        "0.00", settles={"1001": D("40.00")}, uses={"CreditMemo:5": D("40.00")}, id="ReceivePayment:7"
    )
    found = Found(receipts=(applied,), credits=(credit("CreditMemo:5", "CR-1"),))
    told = settled(found, payments={"ReceivePayment:7"})
    assert [(r.settles, r.beside) for r in told.receipts] == [({"1001": D("40.00")}, D("-40.00"))]
    assert told.credits[0].settles == {}


def test_money_that_settles_what_went_back_is_its_source_and_stands_beside_invoices() -> None:
    paid = receipt("75.00", reference="R1", back={"Purchase:9": D("75.00")})
    found = settled(Found(receipts=(paid,), back=(back("Purchase:9", "75.00"),)))
    assert found.back[0].sources == {"payment R1": D("75.00")}
    assert found.receipts[0].beside == D("75.00")


def test_credits_that_go_back_are_named_by_their_numbers() -> None:
    uses = {"CreditMemo:5": D("40.00"), "CreditMemo:6": D("10.00")}
    link = receipt("0.00", uses=uses, back={"Purchase:9": D("50.00")})
    credits = (credit("CreditMemo:5", "CR-1"), credit("CreditMemo:6", "CR-2"))
    found = settled(Found(receipts=(link,), credits=credits, back=(back("Purchase:9", "50.00"),)))
    assert found.back[0].sources == {"credit CR-1": D("40.00"), "credit CR-2": D("10.00")}
    assert found.receipts == ()


def test_two_credits_in_one_payment_of_nothing_stay_a_payment() -> None:
    uses = {"CreditMemo:5": D("40.00"), "CreditMemo:6": D("10.00")}
    both = receipt("0.00", settles={"1001": D("50.00")}, uses=uses)
    credits = (credit("CreditMemo:5", "CR-1"), credit("CreditMemo:6", "CR-2"))
    found = settled(Found(receipts=(both,), credits=credits))
    assert found.receipts[0].beside == D("-50.00")
    assert [c.settles for c in found.credits] == [{}, {}]


def test_a_payment_of_two_parts_comes_back_in_two_and_twice_under_one_is_a_copy() -> None:
    parts = (back("Purchase:9", "30.00", "1"), back("Purchase:10", "45.00", "2"))
    (whole,) = joined(Found(back=parts)).back
    assert whole.amount == D("75.00")
    assert whole.effect == {("1100", "", ""): D("75.00")}
    copies = (back("Purchase:9", "30.00", "1"), back("Purchase:10", "30.00", "1"))
    assert len(joined(Found(back=copies)).back) == 2


def test_a_void_part_counts_for_nothing_beside_a_live_one_whomever_it_names() -> None:
    live = receipt("459.13", reference="R73", id="Payment:36")
    void = replace(live, payer="Ben Fox", amount=D("0.00"), void=True, id="Payment:25")
    assert joined(Found(receipts=(live, void))).receipts == (live,)
    other = replace(void, reference="R74")
    assert joined(Found(receipts=(live, other))).receipts == (live, other)
