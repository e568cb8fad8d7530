"""The demo's day against a company file of QuickBooks Desktop: core, engine, provider and gate, polled over HTTP."""

import json
from pathlib import Path

import pytest

from blueops_qb.sandbox.core.keys import ENVIRONMENT
from blueops_qb.sandbox.demo import run
from blueops_qb.sandbox.reader import FileAddress
from tests.acceptance.test_demo import KEYS, PATIENCE, assert_table_is_aligned

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("BLUEOPS_QB_RUNNER", raising=False)


def agrees(file: Path) -> None:
    found = json.loads(file.read_text())
    assert set(found) == KEYS
    assert found["events"] == sum(found["states"].values()) > 20
    assert set(found["states"]) <= {"done", "superseded", "not_posted"}
    assert found["compared"] >= 20
    nothing = ("differences", "duplicates", "held", "reminders_after_payment")
    assert [found[name] for name in nothing] == [0] * 4
    assert found["trial_balance"] == "0.00"
    assert found["audit_ok"] is True


def test_the_whole_day_reaches_the_file_and_what_was_recorded_there_comes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "demo.json"
    assert run(once=True, seconds=PATIENCE, books="qbd", json_file=str(file)) == 0
    agrees(file)
    told = capsys.readouterr().out
    for step in (
        "by its Web Connector",
        "1 ambiguous",
        "held: Invoice 1005 needs what is not mapped: fee type “diagnostic”.",
        "address changed in QuickBooks, phone in BlueOps; both sides have both",
        "is paid in BlueOps, 0 reminders follow",
        "Both sides agree.",
    ):
        assert step in told
    assert_table_is_aligned(told)


@pytest.mark.parametrize("seed", [1, 7])
def test_other_quantities_and_prices_agree_as_well(seed: int) -> None:
    assert run(once=True, seconds=PATIENCE, books="qbd", seed=seed) == 0


@pytest.mark.postgres
def test_the_day_runs_on_postgresql_too(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    file = tmp_path / "demo.json"
    assert run(once=True, seconds=PATIENCE, books="qbd", json_file=str(file), db=postgres_url) == 0
    agrees(file)


# -- the reader notices ------------------------------------------------------------------------------
HEAD = '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="stopOnError">'


def ask(books: FileAddress, request: str) -> str:
    answer = books.ask(f"{HEAD}{request}</QBXMLMsgsRq></QBXML>")
    assert 'statusCode="0"' in answer, answer
    return answer


def found(books: FileAddress, kind: str, number: str, *names: str) -> list[str]:
    """Members of the document with this number, each as it first occurs."""
    answer = ask(books, f"<{kind}QueryRq><RefNumber>{number}</RefNumber></{kind}QueryRq>")
    return [answer.split(f"<{name}>")[1].split("<")[0] for name in names]


def altered(books: FileAddress, kind: str, number: str, members: str) -> None:
    id, version = found(books, kind, number, "TxnID", "EditSequence")
    key = f"<TxnID>{id}</TxnID><EditSequence>{version}</EditSequence>"
    ask(books, f"<{kind}ModRq><{kind}Mod>{key}{members}</{kind}Mod></{kind}ModRq>")


@pytest.mark.parametrize(
    ("kind", "number", "members", "said"),
    [
        ("Invoice", "BO-1003", "<DueDate>2031-01-01</DueDate>", "invoice 1003: due date is"),
        ("Invoice", "BO-1003", "<RefNumber>BO-999</RefNumber>", "invoice 1003 is in BlueOps but not"),
        ("ReceivePayment", "ch_3Qf81", "<RefNumber>other</RefNumber>", "reference is ch_3Qf81 in BlueOps"),
        ("Bill", "OD-311", "<TxnDate>2031-01-01</TxnDate>", "date is"),
    ],
)
def test_what_is_altered_in_the_file_afterwards_is_told(
    kind: str, number: str, members: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def alter(books: FileAddress) -> None:
        altered(books, kind, number, members)

    assert run(once=True, seconds=PATIENCE, books="qbd", before_compare=alter) == 1
    assert said in capsys.readouterr().out


def test_a_payment_that_is_there_twice_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    def pay_twice(books: FileAddress) -> None:
        invoice, customer = found(books, "Invoice", "BO-1005", "TxnID", "ListID")
        paid = (
            f"<ReceivePaymentAddRq><ReceivePaymentAdd><CustomerRef><ListID>{customer}</ListID></CustomerRef>"
            "<TxnDate>2026-01-02</TxnDate><RefNumber>9</RefNumber><TotalAmount>1.00</TotalAmount>"
            f"<AppliedToTxnAdd><TxnID>{invoice}</TxnID><PaymentAmount>1.00</PaymentAmount></AppliedToTxnAdd>"
            "</ReceivePaymentAdd></ReceivePaymentAddRq>"
        )
        ask(books, paid)
        ask(books, paid)

    assert run(once=True, seconds=PATIENCE, books="qbd", before_compare=pay_twice) == 1
    assert "1 duplicates" in capsys.readouterr().out
