"""Bank deposits that a bookkeeper enters in QuickBooks over payments of ours: payouts, to the cent and once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Payment, Payout
from blueops_qb.domain.refs import RecordKind
from blueops_qb.engine import resolve
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.store import tables as t
from tests.acceptance.test_customer_money_whole_path import came_back, pay
from tests.engine_house import TENANT
from tests.whole_path import D, WholePath, entry, whole_path

BANKED = dt.date(2026, 3, 5)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholePath]:
    with whole_path(f"sqlite:///{tmp_path_factory.mktemp('deposits') / 'core.sqlite3'}") as path:
        yield path


@pytest.fixture(autouse=True)
def _apart(house: WholePath) -> Iterator[None]:
    """What one test leaves to a person is not the next one's."""
    yield
    house.forget_conflicts()


def account(house: WholePath, number: str) -> str:
    rows = house.ask("select * from Account maxresults 1000")
    return str(next(row["Id"] for row in rows if row.get("AcctNum") == number))


def linked(house: WholePath, payment: Payment, amount: str, part: int = 1) -> dict[str, Any]:
    there = house.there(payment.ref, "main", part)
    link = {"TxnId": there["Id"], "TxnType": "Payment", "TxnLineId": "0"}
    return {"Amount": float(amount), "LinkedTxn": [link]}


def plain(house: WholePath, number: str, amount: str, words: str = "") -> dict[str, Any]:
    detail = {"AccountRef": {"value": account(house, number)}}
    return {
        "Amount": float(amount),
        "Description": words,
        "DetailType": "DepositLineDetail",
        "DepositLineDetail": detail,
    }


def banks(house: WholePath, *lines: dict[str, Any], into: str = "1000", **more: Any) -> dict[str, Any]:
    """The bookkeeper makes a bank deposit, or changes one (`Id` and `SyncToken` in `more`)."""
    body = {"DepositToAccountRef": {"value": account(house, into)}, "TxnDate": BANKED.isoformat()}
    return house.post("deposit", {**body, "Line": list(lines), **more})


def again(made: dict[str, Any]) -> dict[str, str]:
    return {"Id": made["Id"], "SyncToken": made["SyncToken"]}


def payouts(house: WholePath, *payments: Payment) -> list[Payout]:
    """The payouts of core that hold one of the payments and count."""
    found = house.core.iterate(TENANT, kinds=[RecordKind.PAYOUT], limit=500)
    records = [s.record for s in found if isinstance(s.record, Payout) and not s.record.void]
    return [r for r in records if {p.id for p in payments} & set(r.payment_ids)]


def received(house: WholePath, *amounts: str) -> list[Payment]:
    """Checks that wait as undeposited funds, in the books too."""
    _, job = house.party()
    found = []
    for amount in amounts:
        invoice = house.simple(job, amount)
        found.append(pay(house, job, amount, (invoice, amount)))
    house.drain()
    return found


def settled(house: WholePath) -> None:
    house.poll()
    assert not house.conflicts(), house.conflicts()
    assert not house.open_matters(), house.open_matters()


def choose(house: WholePath, choice: str) -> None:
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        (id,) = turn.connection.execute(
            sa.select(t.conflicts.c.id).where(t.conflicts.c.state == "open")
        ).scalars()
        resolve.resolve(turn, id, choice, "bookkeeper")
    house.poll()


def versions(house: WholePath) -> dict[str, str]:
    return {row["Id"]: row["SyncToken"] for row in house.ask("select * from Deposit maxresults 1000")}


# -- it arrives ----------------------------------------------------------------------------------------
def test_a_deposit_with_a_fee_becomes_a_payout_to_the_cent_and_only_once(house: WholePath) -> None:
    one, two = received(house, "410.79", "100.00")
    made = banks(
        house, linked(house, one, "410.79"), linked(house, two, "100.00"), plain(house, "6100", "-3.20")
    )
    with house.step() as found:
        settled(house)
    assert entry(found) == []
    (payout,) = payouts(house, one, two)
    assert (payout.payment_ids, payout.fees, payout.elsewhere) == ((one.id, two.id), D("3.20"), D("0.00"))
    assert (payout.net, payout.date, payout.account_key) == (D("507.59"), BANKED, "checking")
    with house.work() as tx, pytest.raises(Refused, match="reached the bank with payout"):
        tx.void_payment(one.id)
    settled(house)
    assert len(payouts(house, one, two)) == 1
    assert versions(house)[made["Id"]] == "0"


def test_a_deposit_without_a_fee_and_one_that_holds_other_money_beside(house: WholePath) -> None:
    (one,) = received(house, "80.00")
    (two,) = received(house, "20.00")
    banks(house, linked(house, one, "80.00"))
    other = banks(house, plain(house, "4800", "12.34", "Vending machine"), linked(house, two, "20.00"))
    settled(house)
    (first,), (second,) = payouts(house, one), payouts(house, two)
    assert (first.net, first.fees, first.elsewhere) == (D("80.00"), D("0.00"), D("0.00"))
    assert (second.net, second.fees, second.elsewhere) == (D("32.34"), D("0.00"), D("12.34"))
    assert versions(house)[other["Id"]] == "0"


def test_a_deposit_of_money_that_is_nobodys_here_is_left_alone(house: WholePath) -> None:
    before = len(list(house.core.iterate(TENANT, kinds=[RecordKind.PAYOUT], limit=500)))
    banks(house, plain(house, "4800", "55.00", "Scrap copper"))
    settled(house)
    assert len(list(house.core.iterate(TENANT, kinds=[RecordKind.PAYOUT], limit=500))) == before


def test_a_payment_that_is_two_in_the_books_reaches_the_bank_as_a_whole(house: WholePath) -> None:
    customer, job = house.party()
    other = house.job(customer)
    first, second = house.simple(job, "100.00"), house.simple(other, "50.00")
    payment = pay(house, job, "150.00", (first, "100.00"), (second, "50.00"))
    house.drain()
    # Which of both is the first one goes by the numbers of the jobs.
    large = 1 if house.there(payment.ref, "main", 1)["TotalAmt"] == 100.0 else 2
    half = banks(house, linked(house, payment, "100.00", large))
    house.poll()
    (reason,) = house.conflicts()
    assert (
        f"it holds 100.00 of {payment.ref}, which is 150.00; a payment reaches the bank as a whole" in reason
    )
    both = linked(house, payment, "100.00", large), linked(house, payment, "50.00", 3 - large)
    banks(house, *both, **again(half))
    settled(house)
    (payout,) = payouts(house, payment)
    assert payout.net == D("150.00")


def test_a_deposit_to_a_bank_account_that_nobody_mapped_waits_for_its_key(house: WholePath) -> None:
    (payment,) = received(house, "61.00")
    bank = house.post("account", {"Name": "Savings", "AccountType": "Bank", "AcctNum": "1019"})
    banks(house, linked(house, payment, "61.00"), into="1019")
    house.poll()
    (reason,) = house.conflicts()
    assert "no bank account of the mapping leads" in reason
    house.map_account(Family.MONEY_ACCOUNT, "savings", bank["Id"])
    settled(house)
    assert [payout.account_key for payout in payouts(house, payment)] == ["savings"]


# -- it is changed -------------------------------------------------------------------------------------
def test_a_deposit_that_is_edited_there_changes_its_payout(house: WholePath) -> None:
    one, two = received(house, "300.00", "40.00")
    made = banks(house, linked(house, one, "300.00"), plain(house, "6100", "-2.00"))
    settled(house)
    lines = [linked(house, one, "300.00"), linked(house, two, "40.00"), plain(house, "6100", "-2.50")]
    made = banks(house, *lines, **again(made))
    with house.step() as found:
        settled(house)
    assert entry(found) == []
    (payout,) = payouts(house, one, two)
    assert (payout.payment_ids, payout.fees, payout.net) == ((one.id, two.id), D("2.50"), D("337.50"))
    made = banks(house, *lines[1:], **{**again(made), "TxnDate": "2026-03-09", "PrivateNote": "slip 12"})
    settled(house)
    (payout,) = payouts(house, one, two)
    assert (payout.payment_ids, payout.net) == ((two.id,), D("37.50"))
    assert (payout.date, payout.memo) == (dt.date(2026, 3, 9), "slip 12")
    with house.step(), house.work() as tx:
        tx.void_payment(one.id)  # it waits for the bank again
    made = banks(house, plain(house, "4800", "9.00"), **again(made))
    house.poll()
    (reason,) = house.conflicts()
    assert "holds no payment of BlueOps any more" in reason


def test_other_money_beside_the_payments_follows_to_the_cent(house: WholePath) -> None:
    (payment,) = received(house, "45.00")
    made = banks(house, linked(house, payment, "45.00"), plain(house, "4800", "5.00", "Scrap"))
    settled(house)
    lines = (
        plain(house, "4800", "7.25", "Scrap"),
        plain(house, "6100", "-1.00"),
        linked(house, payment, "45.00"),
    )
    banks(house, *lines, **again(made))
    settled(house)
    (payout,) = payouts(house, payment)
    assert (payout.fees, payout.elsewhere, payout.net) == (D("1.00"), D("7.25"), D("51.25"))


def test_a_deposit_that_is_deleted_there_waits_and_its_payments_may_be_banked_again(house: WholePath) -> None:
    (payment,) = received(house, "72.00")
    made = banks(house, linked(house, payment, "72.00"))
    settled(house)
    house.post("deposit", again(made), operation="delete")
    house.poll()
    (reason,) = house.conflicts()
    assert "was deleted in QuickBooks" in reason
    choose(house, "theirs")
    settled(house)
    assert payouts(house, payment) == []
    banks(house, linked(house, payment, "72.00"), plain(house, "6110", "-2.00"))
    settled(house)
    assert [(p.net, p.fees) for p in payouts(house, payment)] == [(D("70.00"), D("2.00"))]


def test_payments_banked_again_before_anybody_chose_are_no_second_payout(house: WholePath) -> None:
    (payment,) = received(house, "73.00")
    made = banks(house, linked(house, payment, "73.00"))
    settled(house)
    house.post("deposit", again(made), operation="delete")
    banks(house, linked(house, payment, "73.00"))
    house.poll()
    removed, second = sorted(house.conflicts(), key=lambda reason: "was deleted" not in reason)
    assert "was deleted in QuickBooks" in removed
    assert "they reach the bank once" in second
    with house.engine.turns.open(house.id) as turn:
        assert turn is not None
        c = t.conflicts.c
        query = sa.select(c.id).where(c.state == "open", c.cause == "removed_there")
        resolve.resolve(turn, turn.connection.execute(query).scalar_one(), "theirs", "bookkeeper")
    settled(house)
    assert [p.net for p in payouts(house, payment)] == [D("73.00")]


# -- beside a payout of ours ---------------------------------------------------------------------------
def settle(house: WholePath, *payments: Payment, fees: str = "0.00") -> Payout:
    net = sum((p.amount for p in payments), D("0.00")) - D(fees)
    record = Payout(
        id="",
        date=BANKED,
        account_key="checking",
        payment_ids=tuple(p.id for p in payments),
        fees=D(fees),
        net=net,
    )
    with house.work() as tx:
        found: Payout = tx.settle_payout(record)
    return found


def test_the_same_deposit_entered_on_both_sides_is_one(house: WholePath) -> None:
    (payment,) = received(house, "90.00")
    made = banks(house, linked(house, payment, "90.00"), plain(house, "6100", "-1.00", "Square"))
    ours = settle(house, payment, fees="1.00")
    with house.step(settled=False) as found:
        house.drain()
        settled(house)
    assert entry(found) == []
    assert [p.id for p in payouts(house, payment)] == [ours.id]
    assert len([id for id in versions(house) if id == made["Id"]]) == 1


def test_a_payout_that_is_voided_here_does_not_delete_what_the_bookkeeper_made(house: WholePath) -> None:
    (payment,) = received(house, "92.00")
    made = banks(house, linked(house, payment, "92.00"))
    settled(house)
    (payout,) = payouts(house, payment)
    with house.step(settled=False) as found, house.work() as tx:
        tx.void_payout(payout.id)
    assert entry(found) == []
    (waits,) = house.open_matters()
    assert f"deposit {made['Id']} was made in QuickBooks and is not deleted from here" in waits
    house.post("deposit", again(made), operation="delete")
    house.poll()
    choose(house, "theirs")
    settled(house)
    assert house.there(payment.ref)["TotalAmt"] == 92


def test_a_deposit_that_differs_from_our_payout_is_told_and_taken_once_that_is_void(house: WholePath) -> None:
    (payment,) = received(house, "91.00")
    banks(house, linked(house, payment, "91.00"), plain(house, "6100", "-2.00"))
    ours = settle(house, payment, fees="1.00")
    house.drain()
    house.poll()
    (reason,) = house.conflicts()
    assert f"its payments are in {ours.ref} of BlueOps, which differs: fees 1.00 (QuickBooks: 2.00)" in reason
    with house.work() as tx:
        tx.void_payout(ours.id)
    house.drain()
    settled(house)
    assert [(p.fees, p.net) for p in payouts(house, payment)] == [(D("2.00"), D("89.00"))]


def test_a_bookkeeper_who_edits_our_own_deposit_changes_our_payout(house: WholePath) -> None:
    _, job = house.party()
    card = pay(house, job, "200.00", method="card")
    check = pay(house, job, "30.00")
    house.drain()
    ours = settle(house, card, check, fees="5.00")
    house.drain()
    there = house.there(ours.ref)
    lines = [line if line["Amount"] != -5 else {**line, "Amount": -6.10} for line in there["Line"]]
    kept = {key: there[key] for key in ("Id", "SyncToken", "DepositToAccountRef", "TxnDate", "PrivateNote")}
    house.post("deposit", {**kept, "Line": lines})
    settled(house)
    (payout,) = payouts(house, card, check)
    assert (payout.payment_ids, payout.fees, payout.net) == ((card.id, check.id), D("6.10"), D("223.90"))


# -- and money that comes back -------------------------------------------------------------------------
def test_a_check_that_bounces_out_of_the_bookkeepers_deposit_leaves_it_to_the_cent(house: WholePath) -> None:
    _, job = house.party()
    invoice = house.simple(job, "85.00")
    payment = pay(house, job, "85.00", (invoice, "85.00"))
    house.drain()
    made = banks(
        house,
        plain(house, "4800", "4.00", "Scrap"),
        linked(house, payment, "85.00"),
        plain(house, "6110", "-1.50", "Counting"),
    )
    settled(house)
    with house.step() as found:
        came_back(house, payment, account_key="checking", bank_fee=D("12.00"))
        house.drain()
        settled(house)
    assert entry(found) == [("1000", D("-97.00")), ("1100", D("85.00")), ("6110", D("12.00"))]
    assert house.there(invoice.ref)["Balance"] == 85
    assert house.balance(invoice) == D("85.00")
    (row,) = house.ask(f"select * from Deposit where Id = '{made['Id']}'")
    assert [line["Amount"] for line in row["Line"]] == [4, 85, -1.5]
    assert row["Line"][1]["LinkedTxn"][0]["TxnId"] == house.there(payment.ref)["Id"]
