"""What the Desktop twin refuses for its form: whole message sets by HRESULT, single requests by status."""

from __future__ import annotations

import pytest

from blueops_qb.sandbox.qbd.faults import ProcessorError
from tests.qbd_twin import HEAD, Desk, message_set, modification, new_desk, ref, text

CUSTOMER = "<CustomerAddRq requestID='1'><CustomerAdd><Name>{}</Name>{}</CustomerAdd></CustomerAddRq>"


@pytest.fixture
def desk() -> Desk:
    return new_desk()


@pytest.mark.parametrize(
    "request_text",
    [
        "<CustomerAddRq><CustomerAdd><Fax>1</Fax><Name>Order Matters</Name></CustomerAdd></CustomerAddRq>",
        "<CustomerAddRq><CustomerAdd><Name>A</Name><Colour>red</Colour></CustomerAdd></CustomerAddRq>",
        "<CustomerAddRq><CustomerAdd><Phone>1</Phone></CustomerAdd></CustomerAddRq>",
        "<CustomerAddRq><CustomerAdd><Name>A</Name><Name>B</Name></CustomerAdd></CustomerAddRq>",
        "<CustomerAddRq><CustomerAdd>loose text<Name>A</Name></CustomerAdd></CustomerAddRq>",
        "<CustomerAddRq><CustomerAdd><Name>two\nlines</Name></CustomerAdd></CustomerAddRq>",
        "<CustomerAddRq><CustomerAdd><Name>A</Name><JobStatus>Nearly</JobStatus></CustomerAdd></CustomerAddRq>",
        "<CustomerAddRq surprise='1'><CustomerAdd><Name>A</Name></CustomerAdd></CustomerAddRq>",
        "<AccountQueryRq iterator='Start'><MaxReturned>1</MaxReturned></AccountQueryRq>",
        "<CustomerQueryRq><FullName>A</FullName><ActiveStatus>All</ActiveStatus></CustomerQueryRq>",
        "<InventoryAdjustmentAddRq/>",
        "<ReceivePaymentAddRq><ReceivePaymentAdd><CustomerRef><FullName>A</FullName></CustomerRef>"
        "</ReceivePaymentAdd></ReceivePaymentAddRq>",
    ],
)
def test_a_wrong_structure_fails_the_whole_set_and_nothing_of_it_runs(desk: Desk, request_text: str) -> None:
    good = CUSTOMER.format("Innocent", "")
    with pytest.raises(ProcessorError) as refused:
        desk.process(message_set(good, request_text))
    assert refused.value.hresult == "0x80040400"
    assert desk.query("Customer", "<FullName>Innocent</FullName>") == []


@pytest.mark.parametrize(
    ("whole", "hresult"),
    [
        ("<QBXML><QBXMLMsgsRq onError='continueOnError'/></QBXML>", "0x80040400"),
        (message_set().replace("13.0", "99.0"), "0x80040423"),
        (message_set().replace("continueOnError", "rollbackOnError"), "0x80040400"),
        (message_set(CUSTOMER.format("Caf\u00e9", "")), "0x80040400"),
        (HEAD + "<!DOCTYPE QBXML><QBXML><QBXMLMsgsRq onError='stopOnError'/></QBXML>", "0x80040400"),
        (HEAD + "<QBXML xmlns='urn:x'><QBXMLMsgsRq onError='stopOnError'/></QBXML>", "0x80040400"),
        (HEAD + "<QBXML><QBXMLMsgsRq onError='stopOnError'>", "0x80040400"),
    ],
)
def test_a_wrong_envelope_fails(desk: Desk, whole: str, hresult: str) -> None:
    with pytest.raises(ProcessorError) as refused:
        desk.process(whole)
    assert refused.value.hresult == hresult


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ("<Phone>1234567890123456789012</Phone>", 3070),
        ("<IsActive>perhaps</IsActive>", 3010),
        ("<CreditLimit>12.345</CreditLimit>", 3040),
        ("<JobStartDate>2026-02-30</JobStartDate>", 3020),
        ("<ExternalGUID>no-guid</ExternalGUID>", 3065),
        ("<ParentRef><ListID>1234567890123456789012345678901234567</ListID></ParentRef>", 3000),
        ("<TermsRef><FullName>Net 1000</FullName></TermsRef>", 3140),
        ("<ParentRef><FullName>Nobody</FullName></ParentRef>", 3130),
        ("<CurrencyRef><FullName>Euro</FullName></CurrencyRef>", 3250),
    ],
)
def test_a_wrong_value_fails_its_own_request_only(desk: Desk, members: str, code: int) -> None:
    first, second = desk.answers(CUSTOMER.format("Wrong", members), CUSTOMER.format("Right", ""))
    assert first.get("statusCode") == str(code)
    assert (first.get("statusSeverity"), len(first)) == ("Error", 0)
    assert second.get("statusCode") == "0"
    assert desk.query("Customer", "<FullName>Wrong</FullName>") == []


def test_after_an_error_the_rest_is_not_run_where_the_set_says_stop(desk: Desk) -> None:
    answers = desk.answers(
        CUSTOMER.format("One", ""),
        CUSTOMER.format("One", ""),
        CUSTOMER.format("Two", ""),
        attributes='onError="stopOnError"',
    )
    assert [answer.get("statusCode") for answer in answers] == ["0", "3100", "3231"]
    assert desk.query("Customer", "<FullName>Two</FullName>") == []


def test_the_request_id_comes_back_and_must_not_be_longer_than_fifty(desk: Desk) -> None:
    short, long = desk.answers(
        f"<HostQueryRq requestID='{'x' * 50}'/>", f"<HostQueryRq requestID='{'x' * 51}'/>"
    )
    assert short.get("requestID") == "x" * 50
    assert (short.get("statusCode"), long.get("statusCode")) == ("0", "1060")


def test_elements_of_other_editions_are_passed_over_with_a_warning(desk: Desk) -> None:
    answer = desk.ask(CUSTOMER.format("Abroad", "<PrintAs>x</PrintAs>"))
    assert (answer.get("statusCode"), answer.get("statusSeverity")) == ("530", "Warn")
    assert text(answer, "CustomerRet/Name") == "Abroad"


def test_an_answer_can_be_asked_for_without_its_data(desk: Desk) -> None:
    answers = desk.answers(
        CUSTOMER.format("Quiet", ""), attributes='onError="continueOnError" responseData="includeNone"'
    )
    assert (answers[0].get("statusCode"), len(answers[0])) == ("0", 0)


def test_a_record_shows_only_the_elements_that_were_asked_for(desk: Desk) -> None:
    (record,) = desk.query(
        "Customer",
        "<FullName>Larkin Offices</FullName><IncludeRetElement>ListID</IncludeRetElement>"
        "<IncludeRetElement>EditSequence</IncludeRetElement>",
    )
    assert [child.tag for child in record] == ["ListID", "EditSequence"]


def test_a_macro_stands_for_what_the_same_set_added(desk: Desk) -> None:
    invoice = (
        f"<InvoiceAddRq><InvoiceAdd defMacro='TxnID:one'>{ref('CustomerRef', 'Larkin Offices')}<InvoiceLineAdd>"
        f"{ref('ItemRef', 'Repair')}<Amount>10.00</Amount>{ref('SalesTaxCodeRef', 'Non')}</InvoiceLineAdd>"
        "</InvoiceAdd></InvoiceAddRq>"
    )
    payment = (
        f"<ReceivePaymentAddRq><ReceivePaymentAdd>{ref('CustomerRef', 'Larkin Offices')}<TotalAmount>10.00"
        "</TotalAmount><AppliedToTxnAdd><TxnID useMacro='TxnID:{}'/><PaymentAmount>10.00</PaymentAmount>"
        "</AppliedToTxnAdd></ReceivePaymentAdd></ReceivePaymentAddRq>"
    )
    entered, paid, lost = desk.answers(invoice, payment.format("one"), payment.format("two"))
    assert [answer.get("statusCode") for answer in (entered, paid, lost)] == ["0", "0", "9101"]
    assert text(paid, "ReceivePaymentRet/AppliedToTxnRet/TxnID") == text(entered, "InvoiceRet/TxnID")


def test_characters_that_windows_does_not_know_are_kept_as_question_marks(desk: Desk) -> None:
    record = desk.add("Customer", "<Name>Jos&#233; &#12354;</Name>")
    assert text(record, "Name") == "José ?"


def test_a_read_only_application_may_ask_but_not_write(desk: Desk) -> None:
    desk.file.company.switches.read_only = True
    assert desk.refused(CUSTOMER.format("Nope", "")) == 3263
    assert desk.query("Customer")


def test_an_internal_error_leaves_nothing_behind(desk: Desk) -> None:
    desk.file.company.switches.internal_errors = 1
    assert desk.refused(CUSTOMER.format("Later", "")) == 1000
    assert desk.add("Customer", "<Name>Later</Name>") is not None


def test_a_stale_edit_sequence_changes_nothing(desk: Desk) -> None:
    record = desk.add("Customer", "<Name>Both</Name>")
    desk.mod(record, "<Phone>1</Phone>")
    assert desk.refused(modification("Customer", record, "<Phone>2</Phone>")) == 3200
    (now,) = desk.query("Customer", "<FullName>Both</FullName>")
    assert text(now, "Phone") == "1"
