"""What QuickBooks Desktop decides by itself: the cents of a group's tax, and the numbers of forms that bring none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import attrs
import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Application, Customer, Invoice, Job, Payment, Refund, RefundPart
from blueops_qb.engine import rules_desk
from blueops_qb.sandbox.core.crediting import credit_in_full
from blueops_qb.sandbox.core.invoices import InvoiceDraft, draft_of
from blueops_qb.sandbox.demo.chart import rules_for
from blueops_qb.sandbox.demo.house import TENANT
from tests.desktop_house import ADMIN, DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")
D = Decimal
MORE = {
    (Family.TAX, "ca_county"): ("tax_code", "District 8.25%"),
    (Family.FEE, "rounding"): ("item", "Rounding"),
    (Family.FEE, "deposit"): ("item", "Customer Deposit"),
    (Family.FEE, "cancellation"): ("item", "Late Fee"),
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("own")) as found:
        found.session()
        with found.house.turn() as turn:
            rules_desk.change_mapping(turn, rules_for(turn.catalog, MORE, table=MORE), actor=ADMIN)
            rules_desk.change_policy(turn, attrs.evolve(turn.policy, tax_gap=D("0.05")), actor=ADMIN)
        yield found


def sessions(house: DesktopHouse) -> None:
    for _ in range(2):
        house.session()
    assert house.states() == {}, house.reasons()


def balance(house: DesktopHouse, number: str) -> Decimal:
    company = house.desktop.file.company
    (id,) = (id for id, raw in company.records["Account"].items() if raw.get("AccountNumber") == number)
    return company.ledger.balance(id)


def party(house: DesktopHouse) -> tuple[Customer, Job]:
    (customer,) = house.customers(1)
    job = house.office.job(customer, f"Job of {customer.name}", street="1 Pump St", class_key="service")
    return customer, job


def taxed(house: DesktopHouse) -> Invoice:
    """8.25 % of 35.50 are 2.93; rounded for each of four authorities, 2.22 + 0.36 + 0.18 + 0.18 are 2.94."""
    customer, _ = party(house)
    line = attrs.evolve(house.office.material("fixtures", "Stop", "35.50"), quantity=D(1))
    day = house.office.today
    return house.office.invoice(
        InvoiceDraft(customer_id=customer.id, lines=[line], issue_date=day, tax_key="ca_county")
    )


def test_a_cent_of_the_groups_tax_is_posted_as_rounding_and_follows_the_invoice(house: DesktopHouse) -> None:
    before = balance(house, "6950")
    invoice = taxed(house)
    sessions(house)
    gap = balance(house, "6950") - before
    assert abs(gap) == D("0.01")
    draft = draft_of(invoice)
    dearer = attrs.evolve(draft.lines[0], unit_price=D("1000.00"))
    house.office.corrected(invoice, attrs.evolve(draft, lines=[dearer]))
    sessions(house)
    assert balance(house, "6950") == before, "the tax of 1000.00 is the same both ways"


def test_a_credit_of_such_an_invoice_takes_its_cent_back(house: DesktopHouse) -> None:
    names = ("1100", "2200", "4110", "6950")
    before = [balance(house, number) for number in names]
    invoice = taxed(house)
    sessions(house)
    assert balance(house, "6950") != before[3]
    credit = credit_in_full(invoice, on=house.office.today)
    part = Application(invoice_id=invoice.id, amount=invoice.total)
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.issue_credit(attrs.evolve(credit, applications=(part,)))
    sessions(house)
    assert [balance(house, number) for number in names] == before


def test_a_deposit_bears_the_number_that_quickbooks_gives_it_and_goes_back_by_check(
    house: DesktopHouse,
) -> None:
    names = ("1000", "1090", "1100", "2300", "4800")
    before = [balance(house, number) for number in names]
    there = set(house.desktop.all_of("SalesReceipt"))
    customer, job = party(house)
    day: dt.date = house.office.today
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        paid = tx.record_payment(
            Payment(
                id="",
                customer_id=customer.id,
                received_on=day,
                amount=D("200.00"),
                method="check",
                reference="D1",
                deposit_for_job=job.id,
            )
        )
    sessions(house)
    (receipt,) = (one for id, one in house.desktop.all_of("SalesReceipt").items() if id not in there)
    assert receipt.findtext("RefNumber")
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.issue_refund(
            Refund(
                id="",
                customer_id=customer.id,
                date=day,
                amount=D("160.00"),
                kept_amount=D("40.00"),
                parts=(RefundPart(of=paid.ref, amount=D("200.00")),),
                account_key="checking",
                reference="F1",
                deposit_for_job=job.id,
            )
        )
    sessions(house)
    moved = [balance(house, number) - old for number, old in zip(names, before, strict=True)]
    assert moved == [D("-160.00"), D("200.00"), D("0.00"), D("0.00"), D("-40.00")]


def test_a_deposit_goes_back_to_a_card_by_a_journal_entry(house: DesktopHouse) -> None:
    names = ("1050", "2300")
    before = [balance(house, number) for number in names]
    customer, job = party(house)
    day: dt.date = house.office.today
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        paid = tx.record_payment(
            Payment(
                id="",
                customer_id=customer.id,
                received_on=day,
                amount=D("75.00"),
                method="card",
                reference="D2",
                deposit_for_job=job.id,
            )
        )
    sessions(house)
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.issue_refund(
            Refund(
                id="",
                customer_id=customer.id,
                date=day,
                amount=D("75.00"),
                parts=(RefundPart(of=paid.ref, amount=D("75.00")),),
                reference="F2",
                deposit_for_job=job.id,
            )
        )
    sessions(house)
    assert [balance(house, number) for number in names] == before
