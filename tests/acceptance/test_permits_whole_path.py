"""Permits in each role in which a company pays for them, by events through the whole path to the ledger."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import attrs
import pytest

from blueops_qb.domain.records import (
    DepositPurpose,
    ExpenseType,
    Job,
    LineKind,
    Permit,
    PermitPayer,
    Refund,
    RefundPart,
)
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.work import Refused
from tests.trade_acts import billed, bought
from tests.treatments import worked
from tests.whole_path import D, WholePath, bears, entry, tagged, whole_path
from tests.whole_path_acts import check, cost, in_books


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('permits') / 'core.sqlite3'}") as path:
        yield path


def test_6_2_in_the_companys_own_name(house: WholePath) -> None:
    _, job = house.party()
    with house.step() as found:
        bought(house, job, None)
    assert entry(found) == worked("6.2", 1)
    assert all(bears(found, posting, in_books(house, job)) for posting in tagged("6.2", 1))
    with house.step() as found:
        billed(house, job, None)
    assert entry(found) == worked("6.2", 2)
    assert all(bears(found, posting, in_books(house, job)) for posting in tagged("6.2", 2))


def test_6_2_for_the_customer_neither_cost_nor_income(house: WholePath) -> None:
    _, job = house.party()
    with house.step() as found:
        bought(house, job, PermitPayer.AGENT)
    assert entry(found) == worked("6.2", 3)
    assert all(bears(found, posting, in_books(house, job)) for posting in tagged("6.2", 3))
    with house.step() as found:
        billed(house, job, PermitPayer.AGENT)
    assert entry(found) == worked("6.2", 4)
    assert all(bears(found, posting, in_books(house, job)) for posting in tagged("6.2", 4))


def test_6_2_from_money_that_the_customer_gave_for_it(house: WholePath) -> None:
    _, job = house.party()
    with house.step() as found:
        check(house, job, "185.00", deposit_for_job=job.id, deposit_purpose=DepositPurpose.PERMIT_FUNDS)
    assert entry(found) == worked("6.2", 6)
    assert all(bears(found, posting, in_books(house, job)) for posting in tagged("6.2", 6))
    with house.step() as found:
        bought(house, job, PermitPayer.HELD_FUNDS, ExpenseType.CHECK, payment_account_key="checking")
    assert entry(found) == worked("6.2", 7)
    assert all(bears(found, posting, in_books(house, job)) for posting in tagged("6.2", 7))


def test_funds_for_fees_are_a_liability_whatever_deposits_are_and_go_back_as_such(house: WholePath) -> None:
    customer, job = house.party()
    with house.step() as found:
        funds = check(
            house, job, "90.00", deposit_for_job=job.id, deposit_purpose=DepositPurpose.PERMIT_FUNDS
        )
    assert dict(entry(found)) == {"1090": D("90.00"), "2380": D("-90.00")}
    back = Refund(
        id="",
        customer_id=customer.id,
        date=funds.received_on,
        amount=D("90.00"),
        parts=(RefundPart(of=funds.ref, amount=D("90.00")),),
        account_key="checking",
        deposit_for_job=job.id,
    )
    with house.step() as found, house.work() as tx:
        tx.issue_refund(back)
    assert dict(entry(found)) == {"1000": D("-90.00"), "2380": D("90.00")}


def test_a_refund_from_the_city_goes_back_to_where_the_permit_was(house: WholePath) -> None:
    _, job = house.party()
    house.drain()
    with house.step() as found:
        bought(house, job, PermitPayer.AGENT, total="20.00", refund=True)
    assert dict(entry(found)) == {"1250": D("-20.00"), "2100": D("20.00")}


def test_what_the_contract_holds_is_a_cost_in_any_role(house: WholePath) -> None:
    _, job = house.party()
    house.drain()
    with house.step() as found:
        bought(house, job, PermitPayer.AGENT, included_in_contract=True)
    assert dict(entry(found)) == {"2100": D("-185.00"), "5600": D("185.00")}


def test_the_policy_counts_where_the_permit_says_nothing(house: WholePath) -> None:
    _, job = house.party()
    house.policy(permit_payer=PermitPayer.AGENT)
    try:
        with house.step() as found:
            bought(house, job, None)
            billed(house, job, None)
    finally:
        house.policy(permit_payer=PermitPayer.PRINCIPAL)
    assert dict(entry(found)) == {"1100": D("230.00"), "2100": D("-185.00"), "4800": D("-45.00")}


def test_a_line_that_bills_held_funds_waits_with_the_reason(house: WholePath) -> None:
    _, job = house.party()
    invoice = billed(house, job, PermitPayer.HELD_FUNDS)
    house.drain()
    (said,) = house.open_matters()
    assert "bills a permit" in said
    assert "paid from money the customer gave for it before" in said
    with house.work() as tx:
        tx.void_invoice(invoice.id)
    house.drain()
    assert not house.open_matters()


def test_a_permit_for_a_customer_needs_its_job_and_its_authority(house: WholePath) -> None:
    record = cost(
        house,
        ExpenseType.CARD,
        "185.00",
        vendor=house.vendor(),
        permit=Permit(payer=PermitPayer.AGENT),
    )
    house.drain()
    (said,) = house.open_matters()
    assert "names no job" in said
    with house.work() as tx:
        tx.void_expense(record.id)
    house.drain()
    with pytest.raises(Refused, match="needs the authority"):
        cost(house, ExpenseType.CARD, "185.00", permit=Permit())


# -- what is left when the job ends --------------------------------------------------------------------
def test_6_2_what_cannot_be_billed_goes_to_cost_when_the_job_closes(house: WholePath) -> None:
    _, job = house.party()
    bought(house, job, PermitPayer.AGENT, total="197.50")
    billed(house, job, PermitPayer.AGENT)
    house.drain()
    with house.step() as found, house.work() as tx:
        tx.close_job(job.id)
    assert entry(found) == worked("6.2", 5)
    assert all(bears(found, posting, in_books(house, job)) for posting in tagged("6.2", 5))
    (row,) = [
        r for r in house.ask("select * from JournalEntry") if r.get("DocNumber") == f"BO-permits-{job.id}"
    ]
    assert f"[BO:entry:permits-{job.id}.1]" in row["PrivateNote"]


def test_the_entry_follows_what_is_posted_for_the_job_afterwards(house: WholePath) -> None:
    _, job = house.party()
    bought(house, job, PermitPayer.AGENT, total="50.00")
    house.drain()
    with house.step() as found, house.work() as tx:
        tx.close_job(job.id)
    assert dict(entry(found)) == {"1250": D("-50.00"), "5600": D("50.00")}
    with house.step() as found:
        late = bought(house, job, PermitPayer.AGENT, total="10.00")
    assert dict(entry(found)) == {"2100": D("-10.00"), "5600": D("10.00")}
    with house.step() as found, house.work() as tx:
        tx.void_expense(late.id)
    assert dict(entry(found)) == {"2100": D("10.00"), "5600": D("-10.00")}
    with house.step() as found:
        line = LineDraft(
            kind=LineKind.PERMIT, description="Permit", unit_price=D("50.00"), permit_payer=PermitPayer.AGENT
        )
        house.invoice(job, line)
    # All of it is billed now: the entry is void.
    assert dict(entry(found)) == {"1100": D("50.00"), "5600": D("-50.00")}


def test_a_job_that_is_opened_again_has_its_permits_wait_again(house: WholePath) -> None:
    _, job = house.party()
    bought(house, job, PermitPayer.AGENT, total="30.00")
    house.drain()
    with house.work() as tx:
        closed = tx.close_job(job.id)
    house.drain()
    with house.step() as found, house.work() as tx:
        tx.update_job(attrs.evolve(closed, status="open"))
    assert dict(entry(found)) == {"1250": D("30.00"), "5600": D("-30.00")}
    with house.step() as found, house.work() as tx:
        tx.close_job(job.id)
    assert dict(entry(found)) == {"1250": D("-30.00"), "5600": D("30.00")}


def test_what_changes_after_the_entry_was_closed_goes_into_one_of_an_open_day(house: WholePath) -> None:
    _, job = house.party()
    bought(house, job, PermitPayer.AGENT, total="30.00")
    house.drain()
    with house.work() as tx:
        closed = tx.close_job(job.id)
    house.drain()
    (first,) = entries_of(house, job)
    house.close_books(dt.date.fromisoformat(first["TxnDate"]))
    try:
        with house.step() as found, house.work() as tx:
            again = tx.update_job(attrs.evolve(closed, status="open"))
        assert dict(entry(found)) == {"1250": D("30.00"), "5600": D("-30.00")}
        with house.step() as found, house.work() as tx:
            tx.close_job(again.id)
        assert dict(entry(found)) == {"1250": D("-30.00"), "5600": D("30.00")}
        assert entries_of(house, job)[0]["SyncToken"] == first["SyncToken"]
    finally:
        house.close_books(None)
    with house.step() as found, house.work() as tx:
        tx.update_job(attrs.evolve(closed, status="open"))
    assert dict(entry(found)) == {"1250": D("30.00"), "5600": D("-30.00")}


def entries_of(house: WholePath, job: Job) -> list[dict[str, Any]]:
    """The journal entries of what a job's permits have left, in the order in which they were made."""
    rows = house.ask("select * from JournalEntry")
    found = [row for row in rows if f"[BO:entry:permits-{job.id}" in row["PrivateNote"]]
    return sorted(found, key=lambda row: int(row["Id"]))


def test_a_permit_that_was_billed_and_never_bought_is_left_as_it_is(house: WholePath) -> None:
    _, job = house.party()
    billed(house, job, PermitPayer.AGENT)
    house.drain()
    with house.step() as found, house.work() as tx:
        tx.close_job(job.id)
    assert not found
