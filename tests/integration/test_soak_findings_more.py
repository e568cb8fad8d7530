"""What the soak has found since, one by one and without chance."""

import datetime as dt
from decimal import Decimal as D

from blueops_qb.sandbox.reader.values import Found, PaidBack
from blueops_qb.sandbox.soak.sides import Disputed, undisputed, without_stand_ins

DAY = dt.date(2026, 3, 2)
#: Payment R7 stands apart; it came back, and what it owes again is invoice 13 of the books.
DISPUTED = Disputed(invoices=frozenset(), credits=frozenset(), sources=frozenset({"payment R7"}))
PLACES = [("payment_return:1", "Invoice:13")]


def back(id: str, **sources: str) -> Found:
    """A return of 141.30, and what settles it: amounts by reference."""
    one = PaidBack(
        payer="Ann Lee",
        date=DAY,
        amount=D("141.30"),
        account="1090",
        words="R7",
        sources={f"payment {name}": D(amount) for name, amount in sources.items()},
        effect={},
        id=id,
    )
    return Found(back=(one,))


def told(ours: Found, theirs: Found) -> list[dict[str, D]]:
    """What is left to be compared of the sources, on both sides."""
    theirs = without_stand_ins(theirs, ours, DISPUTED, PLACES)
    return [dict(undisputed(found, DISPUTED).back[0].sources) for found in (ours, theirs)]


def test_a_bookkeeper_may_receive_money_on_what_a_disputed_payment_should_settle() -> None:
    ours = back("payment_return:1", R7="141.30")
    assert told(ours, back("Invoice:13", B116="105.98")) == [{}, {}]
    assert told(ours, back("Invoice:13", R7="35.32", B116="105.98")) == [{}, {}]


def test_more_money_than_is_disputed_is_told_and_so_is_any_on_what_is_not() -> None:
    ours = back("payment_return:1", R7="100.00", R8="41.30")
    theirs = back("Invoice:13", B116="105.98", R8="35.32")
    assert told(ours, theirs) == [
        {"payment R8": D("41.30")},
        {"payment B116": D("105.98"), "payment R8": D("35.32")},
    ]
    settled = back("payment_return:1", R8="141.30")
    assert told(settled, back("Invoice:13", B116="105.98"))[1] == {"payment B116": D("105.98")}
