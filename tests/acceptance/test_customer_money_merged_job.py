"""A payment whose job was merged into another one stays in its bank deposit; what is open after that is its house's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.acceptance.test_customer_money_bank_deposits import banks, linked
from tests.acceptance.test_customer_money_deposited import overpaid
from tests.whole_path import WholePath, whole_path


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('merged') / 'core.sqlite3'}") as path:
        yield path


def test_a_deposit_does_not_let_a_payment_go_of_which_nothing_is_due(house: WholePath) -> None:
    """Its job was merged into another one meanwhile, which is no change of the payment."""
    customer, job = house.party()
    other = house.job(customer)
    payment = overpaid(house, job, "100.00", "100.00")
    house.drain()
    with house.work() as tx:
        tx.merge_jobs(job.id, other.id)
    house.drain()
    made = banks(house, linked(house, payment, "100.00"))
    house.poll()
    house.poll()
    (deposit,) = house.ask(f"select * from Deposit where Id = '{made['Id']}'")
    assert deposit["SyncToken"] == "0"
    assert not [line for line in house.open_matters() if "payout" in line]
