"""The Desktop twin's memory of message sets: replay, status check, clearing, forgetting, crashes; and its file."""

from __future__ import annotations

from pathlib import Path

import pytest
from lxml import etree

from blueops_qb.sandbox.qbd.faults import ProcessorError
from tests.qbd_twin import Desk, message_set, new_desk, ref, text

ADD = "<CustomerAddRq requestID='1'><CustomerAdd><Name>{}</Name></CustomerAdd></CustomerAddRq>"


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def sent(*names: str, new: str = "", old: str = "") -> str:
    ids = (f' newMessageSetID="{new}"' if new else "") + (f' oldMessageSetID="{old}"' if old else "")
    adds = "".join(ADD.format(name) for name in names if name)
    return message_set(adds, attributes=f'onError="continueOnError"{ids}')


def code(answer: str) -> str | None:
    return etree.fromstring(answer.encode())[0].get("messageSetStatusCode")


def there(desk: Desk, name: str) -> bool:
    return bool(desk.query("Customer", f"<FullName>{name}</FullName>"))


def test_a_set_that_is_known_is_answered_and_not_run_again(desk: Desk) -> None:
    first = desk.process(sent("Once", new="a1"))
    assert code(first) == "0"
    assert desk.process(sent("Once", new="a1")) == first
    assert desk.process(sent("Once", new="a1", old="a1")) == first
    root = etree.fromstring(first.encode())
    assert root[0].get("newMessageSetID") == "a1"
    recovery = root[0][0].find("ErrorRecovery")
    assert recovery is not None
    assert text(recovery, "ListID") == text(root[0][0], "CustomerRet/ListID")


def test_the_same_id_with_other_content_is_an_error_and_runs_nothing(desk: Desk) -> None:
    desk.process(sent("Once", new="a1"))
    assert code(desk.process(sent("Other", new="a1"))) == "9001"
    assert not there(desk, "Other")


def test_a_status_check_of_an_unknown_set_runs_nothing(desk: Desk) -> None:
    assert code(desk.process(sent("Never", new="a1", old="a1"))) == "9002"
    assert not there(desk, "Never")


def test_an_old_id_alone_clears_and_an_unknown_one_is_told(desk: Desk) -> None:
    desk.process(sent("Once", new="a1"))
    assert code(desk.process(sent("", old="a1"))) == "0"
    assert code(desk.process(sent("", old="a1"))) == "600"
    assert code(desk.process(sent("Once", new="a1", old="a1"))) == "9002"


def test_another_old_id_is_cleared_while_the_new_set_runs(desk: Desk) -> None:
    desk.process(sent("Once", new="a1"))
    assert code(desk.process(sent("Twice", new="a2", old="a1"))) == "0"
    assert there(desk, "Twice")
    assert code(desk.process(sent("Once", new="a1", old="a1"))) == "9002"


def test_an_id_longer_than_twenty_four_is_refused(desk: Desk) -> None:
    assert code(desk.process(sent("Long", new="x" * 25))) == "9004"
    assert not there(desk, "Long")
    assert code(desk.process(sent("Fits", new="x" * 24))) == "0"


def test_a_set_without_an_id_is_run_each_time(desk: Desk) -> None:
    answers = [etree.fromstring(desk.process(sent("Free")).encode())[0][0] for _ in range(2)]
    assert [answer.get("statusCode") for answer in answers] == ["0", "3100"]


def test_the_memory_can_be_lost_between_sessions(desk: Desk) -> None:
    desk.process(sent("Once", new="a1"))
    desk.session = desk.file.session()
    assert code(desk.process(sent("Once", new="a1", old="a1"))) == "0"
    desk.file.company.switches.forgets_message_sets = True
    desk.session = desk.file.session()
    assert code(desk.process(sent("Once", new="a1", old="a1"))) == "9002"


@pytest.mark.parametrize("before", [True, False])
def test_a_crash_leaves_the_outcome_unknown_with_and_without_effect(desk: Desk, before: bool) -> None:
    desk.file.company.switches.crash_before = before
    with pytest.raises(ProcessorError) as crashed:
        desk.process(sent("Shaken", new="a1"))
    assert crashed.value.hresult == "0x80040402"
    assert there(desk, "Shaken") is not before
    assert code(desk.process(sent("Shaken", new="a1", old="a1"))) == "9002"


def test_a_crash_in_the_middle_leaves_the_earlier_requests_of_its_set_done(desk: Desk) -> None:
    desk.file.company.switches.crash_after = 2
    desk.process(sent("Free"))
    with pytest.raises(ProcessorError) as crashed:
        desk.process(sent("One", "Two", "Three", new="a1"))
    assert crashed.value.hresult == "0x80040402"
    assert [there(desk, name) for name in ("Free", "One", "Two", "Three")] == [True, True, True, False]
    assert code(desk.process(sent("One", "Two", "Three", new="a1", old="a1"))) == "9002"
    assert code(desk.process(sent("Four", new="a2"))) == "0"


def test_what_was_answered_is_in_the_file_after_the_process_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "company.qbw"
    first = new_desk(path)
    entered = first.add(
        "Invoice",
        f"{ref('CustomerRef', 'Ashby, Nora')}<InvoiceLineAdd>{ref('ItemRef', 'Valve Kit')}<Quantity>2</Quantity>"
        "</InvoiceLineAdd>",
    )
    paid = first.add(
        "ReceivePayment",
        f"{ref('CustomerRef', 'Ashby, Nora')}<TotalAmount>5.00</TotalAmount><AppliedToTxnAdd><TxnID>"
        f"{text(entered, 'TxnID')}</TxnID><PaymentAmount>5.00</PaymentAmount></AppliedToTxnAdd>",
    )
    kept = first.process(sent("Once", new="a1"))
    # Nothing is closed: the file is opened again as it lies on the disk.
    second = new_desk(path)
    assert second.balances() == first.balances()
    assert second.process(sent("Once", new="a1")) == kept
    (shown,) = second.query("Invoice", f"<TxnID>{text(entered, 'TxnID')}</TxnID>")
    assert text(shown, "AppliedAmount") == "-5.00"
    again = second.add("Customer", "<Name>After</Name>")
    assert text(again, "ListID") > text(first.query("Customer", "<FullName>Once</FullName>")[0], "ListID")
    assert text(paid, "TxnID") != text(entered, "TxnID")


def test_a_file_of_another_kind_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("this is no company, but it is long enough to be taken for a database" * 20)
    with pytest.raises(ValueError, match="not a company file"):
        new_desk(path)
