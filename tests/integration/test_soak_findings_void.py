"""What the soak has found about invoices that are void, without chance."""

import pytest

from tests.engine_house import EngineHouse
from tests.traps import ON_SQLITE, sent_customer

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE


@pytest.mark.parametrize("written", [True, False], ids=["void on both sides", "void before it was written"])
def test_a_void_invoice_does_not_wait_for_a_customer_whose_name_is_taken(
    house: EngineHouse, written: bool
) -> None:
    ann = sent_customer(house)
    house.vendor("Bob May")
    house.drain()
    bob = house.customer("Bob May")
    invoice = house.invoice(ann, "80.00")
    if written:
        house.drain()
    with house.work() as tx:
        tx.void_invoice(invoice.id)
    if written:
        house.drain()
    with house.work() as tx:
        tx.merge_customers(ann.id, bob.id)
    house.drain()
    assert house.state(bob) == "held", "the vendor bears his name in the books"
    assert house.state(invoice) == ("done" if written else "not_posted"), house.event(invoice).reason
