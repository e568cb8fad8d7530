"""The soak beside QuickBooks Desktop: both sides agree after random work and sessions that go wrong."""

import contextlib
import datetime as dt
import json
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from blueops_qb.cli import main
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import RecordKind
from blueops_qb.engine import arrived_credits
from blueops_qb.engine.arrived_credits import NotTaken
from blueops_qb.sandbox.core.crediting import credit_in_full
from blueops_qb.sandbox.postgres import running_postgres
from blueops_qb.sandbox.qbd.connector import At
from blueops_qb.sandbox.soak import between as common_between
from blueops_qb.sandbox.soak import office, prepaid
from blueops_qb.sandbox.soak.both import play_both
from blueops_qb.sandbox.soak.desktop import between, bookkeeper, remedies, their_credits
from blueops_qb.sandbox.soak.desktop.actions import ACTIONS, OFFICE
from blueops_qb.sandbox.soak.desktop.chart import RULES
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld, open_desktop
from blueops_qb.sandbox.soak.driver import EVERY, soak
from blueops_qb.sandbox.soak.judge import Wrong, judge
from blueops_qb.sandbox.soak.office import entered
from blueops_qb.sandbox.soak.settle import settle
from blueops_qb.sandbox.soak.world import TENANT

SEED = 12
ON_SQLITE, ON_POSTGRESQL = 300, 120


def sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'soak.db'}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "seed", [SEED, 7], ids=["usual", "a payment is taken in before its invoice is found"]
)
def test_both_sides_agree_after_three_hundred_steps(tmp_path: Path, seed: int) -> None:
    played, _ = soak(url=sqlite(tmp_path), seed=seed, steps=ON_SQLITE, books="qbd")
    assert played.checks == ON_SQLITE // EVERY
    assert played.compared > 50


@pytest.mark.slow
def test_both_sides_agree_on_postgresql() -> None:
    with running_postgres() as server:
        played, _ = soak(url=server.create("soak"), seed=SEED, steps=ON_POSTGRESQL, books="qbd")
    assert played.checks == ON_POSTGRESQL // EVERY


def test_the_same_seed_does_the_same(tmp_path: Path) -> None:
    logs = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        played, _ = soak(url=sqlite(tmp_path / name), seed=SEED, steps=60, books="qbd")
        logs.append(played.log)
    assert logs[0] == logs[1]


def test_the_command_ends_with_the_same_keys_as_beside_quickbooks_online() -> None:
    lines = []
    for books in ("qbd", "qbo"):
        result = CliRunner().invoke(main, ["soak", "--steps", "20", "--seed", "3", "--books", books])
        assert result.exit_code == 0, result.output
        lines.append(json.loads(result.output.strip().splitlines()[-1]))
    assert lines[0].keys() == lines[1].keys()
    assert (lines[0]["books"], lines[0]["differences"], lines[0]["missed"]) == ("qbd", 0, [])


def test_every_action_has_a_name_of_its_own() -> None:
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)


# -- the judge notices -------------------------------------------------------------------------------
def with_an_invoice(w: DesktopWorld) -> str:
    """A customer and an invoice on both sides; answers the invoice's id in the file."""
    entered(office.enter_customer)(w)
    entered(office.raise_invoice)(w)
    settle(w)
    assert judge(w).compared == 2
    (id,) = w.company.records["Invoice"]
    return id


def test_an_invoice_that_differs_unseen_is_told(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        raw = w.company.records["Invoice"][with_an_invoice(w)]
        raw["RefNumber"] = "BO-9999"
        with pytest.raises(Wrong, match="9999"):
            judge(w)


def test_a_posting_that_its_members_do_not_say_is_told(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        raw = w.company.records["Invoice"][with_an_invoice(w)]
        raw["Lines"][0]["Amount"] = "1.00"
        with pytest.raises(Wrong, match=r"I1: Invoice .* does not balance"):
            judge(w)


def test_a_credit_in_full_that_is_not_the_opposite_of_its_invoice_is_told(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        with_an_invoice(w)
        with w.core.begin(TENANT, actor="office") as tx:
            tx.issue_credit(credit_in_full(office.some(w, tx, RecordKind.INVOICE), on=office.today(w)))
        settle(w)
        assert judge(w).compared == 3
        (raw,) = w.company.records["CreditMemo"].values()
        raw["Lines"][0]["ItemRef"] = {"ListID": w.company.named("ItemOtherCharge", "Allowance")}
        with pytest.raises(Wrong, match=r"I6: credit:\d+ in full is .*4910"):
            judge(w)


def test_a_credit_of_which_more_is_used_than_it_says_is_told(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        with_an_invoice(w)
        their_credits.write_credit(w)
        their_credits.apply_credit(w)
        settle(w)
        judge(w)
        (raw,) = (one for one in w.company.records["ReceivePayment"].values())
        raw["_Applied"][0]["SetCredit"][0]["AppliedAmount"] = "0.01"
        with pytest.raises(Wrong, match=r"I9: credit memo .* are left, it says 0\.00"):
            judge(w)


def test_a_payment_of_nothing_that_came_as_one_is_compared_although_its_credit_was_not_taken(
    tmp_path: Path,
) -> None:
    def refuse(_: object, row: Any) -> NotTaken:
        return NotTaken(f"credit memo {row['books_id']}", "its job was merged")

    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        with_an_invoice(w)
        their_credits.write_credit(w)
        with patch.object(arrived_credits, "credit_memo", refuse):
            settle(w)
        their_credits.apply_credit(w)
        settle(w)
        assert (judge(w).compared, judge(w).conflicts) == (3, 1)
        (raw,) = w.company.records["ReceivePayment"].values()
        raw["_Applied"][0]["SetCredit"][0]["AppliedAmount"] = "0.01"
        with pytest.raises(Wrong, match=r"payment \d+ of .*: invoices it settles"):
            judge(w)


def test_a_payment_that_came_back_and_settles_something_else_is_told(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        with_an_invoice(w)
        while not w.rows("SELECT 1 FROM core_records WHERE kind = 'payment_return'"):
            entered(office.record_payment)(w)
            with contextlib.suppress(office.NothingThere):
                entered(prepaid.return_payment)(w)
        settle(w)
        judge(w)
        back = office.ids(w, RecordKind.PAYMENT_RETURN)
        assert back
        paid = next(raw for raw in w.company.records["ReceivePayment"].values() if raw["_Applied"])
        with bookkeeper.acting(w) as person:
            person.edit("ReceivePayment", paid["TxnID"], {"_Applied": []})
        with pytest.raises(Wrong, match=r"I10: payment:\d+ came back"):
            judge(w)


def test_deposits_of_which_more_is_given_back_than_was_received_are_told(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        entered(office.enter_customer)(w)
        entered(office.enter_job)(w)
        entered(prepaid.take_deposit)(w)
        settle(w)
        judge(w)
        (receipt,) = w.company.records["SalesReceipt"].values()
        party = f"<ListID>{receipt['CustomerRef']['ListID']}</ListID>"
        id = bookkeeper.enter(
            w,
            "Check",
            "<AccountRef><FullName>Operating Checking</FullName></AccountRef>"
            f"<PayeeEntityRef>{party}</PayeeEntityRef><ExpenseLineAdd><AccountRef>"
            "<FullName>Customer Deposits</FullName></AccountRef><Amount>900.00</Amount>"
            f"<CustomerRef>{party}</CustomerRef></ExpenseLineAdd>",
        )
        w.keep_apart("Check", id)
        with pytest.raises(Wrong, match=r"I11: deposits of customer .* are overdrawn"):
            judge(w)


def test_an_account_that_differs_between_both_kinds_of_books_is_told() -> None:
    # Only invoices and whom they are for: whatever else may be drawn by now, some of them bill a service.
    sales = [one for one in OFFICE if one.name in ("office enters a customer", "office raises an invoice")]
    assert len(sales) == 2
    with (
        patch.dict(RULES, {(Family.SERVICE, key): ("item", "Late Fee") for key in office.SERVICES}),
        pytest.raises(Wrong, match="I5: invoice:"),
    ):
        play_both(seed=SEED, steps=40, office=sales)


def test_a_customer_who_was_told_apart_from_a_namesake_is_compared_under_his_own_name(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        w.keep_apart("Vendor", bookkeeper.enter(w, "Vendor", "<Name>Ada Hill</Name>"))
        settle(w)
        with w.core.begin(TENANT, actor="office") as tx:
            tx.create_customer(Customer(id="", name="Ada Hill", terms="net_30"))
        settle(w)
        assert (judge(w).compared, judge(w).held) == (0, 1)
        who = remedies.tell_apart(w)
        settle(w)
        assert (judge(w).compared, judge(w).held) == (1, 0)
        (raw,) = (one for one in w.company.records["Customer"].values() if one["Name"].startswith("Ada"))
        assert raw["Name"] == "Ada Hill (C)"
        w.told_apart.remove(who)
        with pytest.raises(Wrong, match=r"Ada Hill \(C\)"):
            judge(w)


def test_what_blueops_merged_is_merged_in_quickbooks_by_what_the_page_says(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        for _ in range(2):
            entered(office.enter_vendor)(w)
        settle(w)
        entered(office.merge_vendors)(w)
        settle(w)
        assert judge(w).held == 1
        remedies.merge_as_here(w)
        settle(w)
        assert (judge(w).held, judge(w).conflicts) == (0, 0)


def test_what_waits_for_an_open_day_goes_once_the_books_are_open_again(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        with_an_invoice(w)
        with bookkeeper.acting(w) as person:
            person.close_books(office.today(w).isoformat())
        settle(w)
        entered(office.record_payment)(w)
        settle(w)
        assert judge(w).held == 1
        remedies.open_books(w)
        w.time.advance(24 * 3600)
        settle(w)
        common_between.retry(w)
        settle(w)
        assert (judge(w).compared, judge(w).held) == (3, 0)


def test_a_session_that_another_one_has_ended_gets_no_work(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        for _ in range(3):
            entered(office.enter_customer)(w)
        assert w.go_to(At.RAN)
        assert between.fall_asleep(w).endswith("in the next session")
        assert between.wake(w) == "told late"
        settle(w)
        assert judge(w).compared == 3


def test_settling_waits_while_a_process_that_ended_in_a_call_counts_as_handling_it(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        entered(office.enter_customer)(w)
        settle(w)
        raw = bookkeeper.there(w, "Customer")
        w.look()
        assert w.go_to(At.TOLD)
        w.drop()
        with w.core.begin(TENANT) as tx:
            until = int((w.time.now() + dt.timedelta(minutes=4)).timestamp() * 1_000_000)
            tx.connection.execute(
                sa.text(
                    f"UPDATE blueops_qb_sessions SET call_owner = 'call {w.worker.owner}', call_until = {until}"
                    " WHERE state = 'open'"
                )
            )
        bookkeeper.edit(w, "Customer", raw, {"Email": "theirs@example.com"})
        settle(w)
        assert judge(w).compared == 1


def test_a_set_whose_answer_is_lost_is_not_carried_out_again(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        entered(office.enter_customer)(w)
        assert w.go_to(At.RAN)
        w.drop()
        settle(w)
        assert judge(w).compared == 1
        assert len(w.witness.created) == 1


def test_a_payment_that_came_before_its_invoice_was_found_settles_it(tmp_path: Path) -> None:
    # The set that adds a payment and another invoice is forgotten, and both are looked for, payments first.
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        w.company.switches.forgets_message_sets = True
        entered(office.enter_customer)(w)
        entered(office.raise_invoice)(w)
        w.carry(9)
        w.time.advance(60)
        w.carry(9)
        entered(office.record_payment)(w)
        entered(office.raise_invoice)(w)
        while len(w.company.records["Invoice"]) < 2:
            assert w.go_to(At.RAN)
        w.drop()
        (paid,) = w.company.records["ReceivePayment"].values()
        (_, late) = w.company.records["Invoice"].values()
        bookkeeper.enter(
            w,
            "ReceivePayment",
            f"<CustomerRef><ListID>{late['CustomerRef']['ListID']}</ListID></CustomerRef>"
            f"<TxnDate>{paid['TxnDate']}</TxnDate><RefNumber>B1</RefNumber><TotalAmount>5.00</TotalAmount>"
            "<PaymentMethodRef><FullName>Check</FullName></PaymentMethodRef>"
            f"<AppliedToTxnAdd><TxnID>{late['TxnID']}</TxnID><PaymentAmount>5.00</PaymentAmount>"
            "</AppliedToTxnAdd>",
        )
        w.carry(9)  # the look-ups, before anybody looks for changes
        settle(w)
        assert judge(w).compared == 5
