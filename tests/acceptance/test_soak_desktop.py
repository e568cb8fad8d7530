"""The soak beside QuickBooks Desktop: both sides agree after random work and sessions that go wrong."""

import json
from pathlib import Path
from unittest.mock import patch

import pytest
from click.testing import CliRunner

from blueops_qb.cli import main
from blueops_qb.domain.mapping import Family
from blueops_qb.sandbox.postgres import running_postgres
from blueops_qb.sandbox.qbd.connector import At
from blueops_qb.sandbox.soak import office
from blueops_qb.sandbox.soak.both import play_both
from blueops_qb.sandbox.soak.desktop import between, bookkeeper
from blueops_qb.sandbox.soak.desktop.actions import ACTIONS, OFFICE
from blueops_qb.sandbox.soak.desktop.chart import RULES
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld, open_desktop
from blueops_qb.sandbox.soak.driver import EVERY, soak
from blueops_qb.sandbox.soak.judge import Wrong, judge
from blueops_qb.sandbox.soak.office import entered
from blueops_qb.sandbox.soak.settle import settle

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


def test_an_account_that_differs_between_both_kinds_of_books_is_told() -> None:
    with (
        patch.dict(RULES, {(Family.SERVICE, "repair"): ("item", "Install")}),
        pytest.raises(Wrong, match="I5: invoice:"),
    ):
        play_both(seed=SEED, steps=40, office=OFFICE)


def test_a_session_that_another_one_has_ended_gets_no_work(tmp_path: Path) -> None:
    with open_desktop(url=sqlite(tmp_path), seed=SEED) as w:
        for _ in range(3):
            entered(office.enter_customer)(w)
        assert w.go_to(At.RAN)
        assert between.fall_asleep(w).endswith("in the next session")
        assert between.wake(w) == "told late"
        settle(w)
        assert judge(w).compared == 3


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
