"""What the soak has found in its own judge: what openly stands apart is laid beside the other side all the same."""

import dataclasses
import datetime as dt
from dataclasses import replace
from decimal import Decimal as D
from typing import Any, cast

import pytest

from blueops_qb.sandbox.reader.comparison import differ
from blueops_qb.sandbox.reader.values import Cost, Found, PaidBack, Party, Receipt, Sale
from blueops_qb.sandbox.soak.excuses import Apart
from blueops_qb.sandbox.soak.sides import in_one, namesakes, unmoved, vendor_left_out, without_ghosts
from blueops_qb.sandbox.soak.world import World

DAY = dt.date(2026, 3, 2)
JOBS = tuple(Party(name=f"Ann Lee:{name}", id=id) for name, id in (("Kitchen", "job:1"), ("Bath", "job:2")))


class Books:
    """Customers of the books and whose jobs they are: the bath stands below another customer there."""

    def parent(self, customer: str) -> str:
        return {"11": "1", "12": "2"}.get(customer, "")


def receipt(amount: str, payer: str, settles: dict[str, str], **fields: Any) -> Receipt:
    return Receipt(
        payer=payer,
        date=DAY,
        amount=D(amount),
        reference="R7",
        method="Check",
        account="1090",
        settles={number: D(part) for number, part in settles.items()},
        effect={("1090", "", ""): D(amount), ("1100", "", ""): -D(amount)},
        **fields,
    )


WHOLE = receipt("30.00", "Ann Lee", {"51": "10.00", "52": "20.00"}, id="payment:1")
PARTS = (
    receipt("10.00", "Ann Lee", {"51": "10.00"}, under="11", id="Payment:7"),
    receipt("20.00", "Bob May", {"52": "20.00"}, under="12", id="Payment:8"),
)


@pytest.mark.parametrize(("apart", "faults"), [(("job:2", "Customer:12"), 0), ((), 4)])
def test_parts_of_a_payment_are_one_although_a_job_is_disputed_to_be_another_customers(
    apart: tuple[str, ...], faults: int
) -> None:
    ours, theirs = apart[:1], apart[1:]
    stands = Apart(ours=frozenset(ours), theirs=frozenset(theirs), pairs=(), conflicts=1, held=0)
    here, there = Found(receipts=(WHOLE,), jobs=JOBS), Found(receipts=PARTS)
    left, right = in_one(cast(World, Books()), here, there, here, stands, [])
    _, found = differ(Found(receipts=left.receipts), Found(receipts=right.receipts), frozenset())
    assert len(found) == faults, found


@pytest.mark.parametrize(("second", "faults"), [("payment:1", 0), ("payment:2", 4), ("", 4)])
def test_parts_that_a_merge_has_put_under_one_customer_are_one_payment_and_a_copy_is_none(
    second: str, faults: int
) -> None:
    """Their customers were merged on both sides; each part is linked to the payment, which a copy is not."""
    nothing = Apart(ours=frozenset(), theirs=frozenset(), pairs=(), conflicts=0, held=0)
    parts = tuple(replace(part, payer="Ann Lee", under="11") for part in PARTS)
    here, there = Found(receipts=(WHOLE,)), Found(receipts=parts)
    places = [("payment:1", "Payment:7"), *([(second, "Payment:8")] if second else [])]
    left, right = in_one(cast(World, Books()), here, there, here, nothing, places)
    _, found = differ(left, right, frozenset())
    assert len(found) == faults, found


def test_what_went_back_under_a_disputed_job_is_known_although_its_payment_has_another_number_now() -> None:
    stands = Apart(
        ours=frozenset({"job:2"}), theirs=frozenset({"Customer:12"}), pairs=(), conflicts=1, held=0
    )
    fields: dict[str, Any] = {
        "date": DAY,
        "amount": D("30.00"),
        "account": "1090",
        "sources": {},
        "effect": {},
    }
    mine = PaidBack(payer="Ann Lee", words="B9", id="payment_return:1", **fields)
    other = PaidBack(payer="Bob May", words="R7", id="Invoice:40", under="12", **fields)
    here, there = Found(back=(mine,), jobs=JOBS), Found(back=(other,))
    places = [("payment_return:1", "Invoice:40")]
    left, right = in_one(cast(World, Books()), here, there, here, stands, places)
    _, found = differ(Found(back=left.back), Found(back=right.back), frozenset())
    assert found == []


@pytest.mark.parametrize(("pairs", "faults"), [((("vendor:2", "Vendor:8"),), 0), ((), 2)])
def test_costs_of_a_vendor_who_was_merged_away_over_there_may_name_the_other_one(
    pairs: tuple[tuple[str, str], ...], faults: int
) -> None:
    def cost(vendor: str, id: str) -> Cost:
        return Cost(
            kind="check",
            vendor=vendor,
            date=DAY,
            number="V39",
            due=None,
            terms="",
            account="1000",
            lines=(),
            total=D("9.00"),
            location="",
            effect={},
            id=id,
        )

    stands = Apart(
        ours=frozenset(ref for ref, _ in pairs),
        theirs=frozenset(place for _, place in pairs),
        pairs=pairs,
        conflicts=1,
        held=0,
    )
    vendors = (Party(name="Pipe Shop", id="vendor:2"), Party(name="Copper Co", id="vendor:3"))
    here = Found(costs=(cost("Pipe Shop", "expense:3"),), vendors=vendors)
    there = Found(costs=(cost("Copper Co", "Check:5"),), vendors=(Party(name="Copper Co", id="Vendor:9"),))
    left, right = vendor_left_out(here, there, here, there, stands, [("expense:3", "Check:5")])
    _, found = differ(Found(costs=left.costs), Found(costs=right.costs), frozenset())
    assert len(found) == faults, found


def sale(day: dt.date, *, void: bool) -> Sale:
    zero = D("0.00")
    return Sale(
        number="51",
        payer="Ann Lee",
        date=day,
        due=None,
        terms="",
        lines=(),
        discount=zero,
        tax=zero,
        total=zero,
        balance=zero,
        location="",
        effect={},
        void=void,
    )


@pytest.mark.parametrize(("void", "faults"), [(True, 0), (False, 1)])
def test_the_day_of_an_invoice_that_was_voided_right_after_it_was_changed_is_no_matter(
    void: bool, faults: int
) -> None:
    here, there = (
        Found(sales=(sale(DAY + dt.timedelta(days=1), void=void),)),
        Found(sales=(sale(DAY, void=void),)),
    )
    left, right = without_ghosts(here, there)
    _, found = differ(left, right, frozenset())
    assert len(found) == faults, found


@pytest.mark.parametrize(("there_too", "faults"), [(True, 0), (False, 1)])
def test_a_void_payment_without_a_reference_is_no_matter_beside_a_live_one_without(
    there_too: bool, faults: int
) -> None:
    """Void, a payment of nothing that applied a credit counts for nothing; one that should live is still told."""
    live = replace(receipt("0.00", "Ann Lee", {"51": "10.00"}, id="payment:1"), reference="")
    void = replace(live, payer="Bob May", settles={}, void=True, id="Payment:9")
    right = (replace(live, id="Payment:8"), void) if there_too else (void,)
    left, right_side = without_ghosts(Found(receipts=(live,)), Found(receipts=right))
    _, found = differ(left, right_side, frozenset())
    assert len(found) == faults, found


@pytest.mark.parametrize(("phone", "faults"), [("7755554932", 0), ("7755550000", 1)])
def test_two_of_one_name_of_whom_one_is_marked_there_are_known_by_their_links(
    phone: str, faults: int
) -> None:
    def vendor(id: str, phone: str) -> Party:
        return Party(name="Vendor 171", phone=phone, id=id)

    here = Found(vendors=(vendor("vendor:18", "7755554932"), vendor("vendor:21", "7755555725")))
    # The books list the one whose name was marked after the other one.
    there = Found(vendors=(vendor("Vendor:F6", "7755555725"), vendor("Vendor:E2", phone)))
    places = [("vendor:18", "Vendor:E2"), ("vendor:21", "Vendor:F6")]
    _, found = differ(here, namesakes(here, there, places), frozenset({"Vendor 171"}))
    assert len(found) == faults, found


@pytest.mark.parametrize(("amount", "faults"), [("0.00", 0), ("30.00", 1)])
def test_a_payment_that_moves_no_money_is_on_no_account(amount: str, faults: int) -> None:
    mine = receipt(amount, "Ann Lee", {"51": "10.00"}, id="payment:1")
    theirs = dataclasses.replace(mine, account="", id="Payment:7")
    left, right = unmoved(Found(receipts=(mine,))), unmoved(Found(receipts=(theirs,)))
    _, found = differ(left, right, frozenset())
    assert len(found) == faults, found
