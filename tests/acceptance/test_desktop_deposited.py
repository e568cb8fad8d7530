"""QuickBooks Desktop freezes amount and account of what is deposited, not what it settles: the deposit stays alone."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import attrs
import pytest

from blueops_qb.domain.records import Application, Customer, Payment, Refund, RefundPart
from blueops_qb.sandbox.demo.house import TENANT
from tests.desktop_house import DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")
D = Decimal


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("deposited")) as found:
        found.session()
        yield found


def sessions(house: DesktopHouse) -> None:
    for _ in range(2):
        house.session()
    assert house.states() == {}, house.reasons()


def overpaid(house: DesktopHouse) -> tuple[Customer, Payment]:
    """A check of 200.00 for an invoice of 129.00, at the bank."""
    (customer,) = house.customers(1)
    invoice = house.invoice(customer)
    applied = (Application(invoice_id=invoice.id, amount=D("129.00")),)
    with house.house.core.begin(TENANT, actor="office") as tx:
        payment = tx.record_payment(
            Payment(
                id="",
                customer_id=customer.id,
                received_on=house.office.today,
                amount=D("200.00"),
                method="check",
                applications=applied,
            )
        )
    sessions(house)
    house.office.payout([payment])
    sessions(house)
    return customer, payment


def deposits(house: DesktopHouse) -> dict[str, str]:
    """The deposits of the company file and their versions."""
    return {id: raw["EditSequence"] for id, raw in house.desktop.file.company.records["Deposit"].items()}


def unused(house: DesktopHouse) -> Decimal:
    """What the newest payment has left."""
    newest = list(house.desktop.file.company.records["ReceivePayment"].values())[-1]
    settled = sum((D(row["PaymentAmount"]) for row in newest["_Applied"]), D("0.00"))
    return D(newest["TotalAmount"]) - settled


def test_a_refund_of_a_banked_payment_is_settled_by_it_and_the_deposit_is_not_touched(
    house: DesktopHouse,
) -> None:
    customer, payment = overpaid(house)
    before = deposits(house)
    assert unused(house) == D("71.00")
    with house.house.core.begin(TENANT, actor="office") as tx:
        tx.issue_refund(
            Refund(
                id="",
                customer_id=customer.id,
                date=house.office.today,
                amount=D("71.00"),
                parts=(RefundPart(of=payment.ref, amount=D("71.00")),),
                account_key="checking",
            )
        )
    sessions(house)
    assert unused(house) == D("0.00")
    assert deposits(house) == before


def test_what_is_left_of_a_banked_payment_settles_a_later_invoice(house: DesktopHouse) -> None:
    customer, payment = overpaid(house)
    later = house.invoice(customer)
    sessions(house)
    before = deposits(house)
    with house.house.core.begin(TENANT, actor="office") as tx:
        parts = (*payment.applications, Application(invoice_id=later.id, amount=D("71.00")))
        tx.update_payment(attrs.evolve(payment, applications=parts))
    sessions(house)
    assert unused(house) == D("0.00")
    assert deposits(house) == before
