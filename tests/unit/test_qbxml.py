"""qbXML as it is written, checked and read: order from the table, ASCII only, nothing of an answer trusted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.providers.qbd.qbxml.characters import folded, is_known, is_plain
from blueops_qb.providers.qbd.qbxml.check import arranged, problems
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf
from blueops_qb.providers.qbd.qbxml.model import parsed
from blueops_qb.providers.qbd.qbxml.reading import MOST_DEPTH, NoQbxml, read, read_text
from blueops_qb.providers.qbd.qbxml.tables import REQUESTS, content_of
from blueops_qb.providers.qbd.qbxml.writing import MessageSet, Misshapen, as_text, ready, written
from tests.qbd_documents import HOSTILE


def customer(*members: Element) -> Element:
    return branch("CustomerAddRq", [branch("CustomerAdd", members)])


def test_elements_leave_in_the_order_of_the_table_whatever_order_they_came_in() -> None:
    given_ = customer(
        leaf("Phone", "1"), leaf("Name", "Ada"), leaf("IsActive", "true"), leaf("CompanyName", "x")
    )
    assert [child.name for child in arranged(given_).children[0].children] == [
        "Name",
        "IsActive",
        "CompanyName",
        "Phone",
    ]


def test_debits_and_credits_stay_mixed_as_they_were_given() -> None:
    account = branch("AccountRef", [leaf("ListID", "1-1")])
    lines = [
        branch(f"Journal{side}Line", [leaf("Amount", "1.00"), account])
        for side in ("Credit", "Debit", "Credit")
    ]
    made = ready(
        branch("JournalEntryAddRq", [branch("JournalEntryAdd", [*lines, leaf("TxnDate", "2026-01-02")])])
    )
    block = made.children[0]
    assert [child.name for child in block.children] == [
        "TxnDate",
        "JournalCreditLine",
        "JournalDebitLine",
        "JournalCreditLine",
    ]
    assert [child.name for child in block.children[1].children] == ["AccountRef", "Amount"]


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (leaf("Nickname", "x"), "Nickname: does not exist"),
        (leaf("Name", "y"), "Name: is given too often"),
        (leaf("Phone", "1" * 22), "Phone: has 22 characters"),
        (leaf("IsActive", "yes"), "IsActive: is “yes”"),
        (leaf("JobStatus", "Open"), "JobStatus: is “Open”, not one of"),
        (leaf("JobStartDate", "01/02/2026"), "JobStartDate: is “01/02/2026”"),
        (leaf("CreditLimit", "1.5"), "CreditLimit: is “1.5”"),
        (leaf("ExternalGUID", "abc"), "ExternalGUID: is “abc”"),
        (leaf("Email", "a\tb"), "Email: holds characters"),
        (leaf("Contact", "Zoë \U0001f527"), "Contact: holds characters"),
        (
            branch("ClassRef", [leaf("ListID", "1"), leaf("FullName", "x")]),
            "ClassRef/FullName: is given too often",
        ),
        (branch("BillAddress", [leaf("Addr6", "x")]), "BillAddress/Addr6: does not exist"),
        (leaf("BillAddress", "Street"), "BillAddress: holds a text of its own"),
        (branch("Phone", [leaf("Area", "1")]), "Phone: holds elements of its own"),
    ],
)
def test_what_desktop_would_stumble_over_is_found_and_named(member: Element, said: str) -> None:
    request = customer(leaf("Name", "Ada"), member)
    with pytest.raises(Misshapen) as caught:
        written(MessageSet(requests=(request,)))
    assert f"CustomerAdd/{said}" in str(caught.value)


def test_a_needed_element_is_missed_and_a_choice_is_made_once() -> None:
    assert [str(found) for found in problems(arranged(customer()))] == ["CustomerAdd/Name: is missing"]
    both = branch(
        "ReceivePaymentAddRq",
        [
            branch(
                "ReceivePaymentAdd",
                [
                    branch("CustomerRef", [leaf("ListID", "1-1")]),
                    leaf("IsAutoApply", "false"),
                    branch("AppliedToTxnAdd", [leaf("TxnID", "1-1")]),
                ],
            )
        ],
    )
    assert "does not go with" in str(problems(arranged(both))[0])
    assert problems(branch("PaycheckAddRq", []))[0].what == "is no request that we make"


def test_a_request_id_that_is_too_long_is_found() -> None:
    request = Element("HostQueryRq", "", (), {"requestID": "x" * 51})
    assert [found.path for found in problems(request)] == ["requestID"]
    with pytest.raises(ValueError, match="new_id"):
        MessageSet(requests=(), new_id="x" * 25)


def test_a_set_goes_on_after_an_error_and_says_its_id_and_version() -> None:
    message = written(MessageSet(requests=(branch("HostQueryRq", []),), new_id="a1", old_id="b2"))
    assert message == (
        b'<?xml version="1.0" encoding="utf-8"?>\n<?qbxml version="13.0"?>\n'
        b'<QBXML><QBXMLMsgsRq onError="continueOnError" newMessageSetID="a1" oldMessageSetID="b2">'
        b"<HostQueryRq></HostQueryRq></QBXMLMsgsRq></QBXML>"
    )


def test_text_leaves_as_ascii_and_comes_back_as_it_was() -> None:
    message = written(MessageSet(requests=(customer(leaf("Name", "Zoë & <Ø> \"'")),)))
    assert b"Zo&#235; &amp; &lt;&#216;&gt;" in message
    assert message.isascii()
    assert read(message).children[0].children[0].children[0].get("Name") == "Zoë & <Ø> \"'"


@given(HOSTILE | st.text())
def test_folded_text_is_plain_on_one_line_and_folds_to_itself(text: str) -> None:
    once = folded(text)
    assert is_plain(once)
    assert folded(once) == once
    assert once == once.strip()
    if is_known(text):
        assert once.count("?") == text.count("?")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\u201cSmart\u201d \u2014 it\u2019s\u2026", '"Smart" - it\'s...'),
        ("Kraków, Łódź", "Kraków, Lódz"),
        ("two\r\nlines\tand\u00a0more", "two  lines and more"),
        ("\ufb01ne \u2167", "fine VIII"),
        ("株式会社", "????"),
        ("\u200fRTL\u202e", "RTL"),
        ("null\x00bell\x07", "nullbell"),
    ],
)
def test_what_desktop_does_not_know_is_made_plain(text: str, shown: str) -> None:
    assert folded(text) == shown


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "no XML"),
        (b"<QBXML>", "no XML"),
        (b"QuickBooks is busy", "no XML"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><QBXML>&b;</QBXML>', "document type"),
        (b"<a>" * (MOST_DEPTH + 1) + b"</a>" * (MOST_DEPTH + 1), "elements deep"),
    ],
)
def test_an_answer_that_is_none_or_not_safe_is_refused(answer: bytes, said: str) -> None:
    with pytest.raises(NoQbxml, match=said):
        read(answer)


def test_an_answer_that_is_too_large_is_not_even_looked_at() -> None:
    with pytest.raises(NoQbxml, match="at most 10 are read"):
        read(b"<QBXML></QBXML>", most_bytes=10)


def test_an_answer_with_characters_that_xml_forbids_is_read_without_them() -> None:
    body = b'<?xml version="1.0" encoding="utf-16"?>\n<QBXML a="1"><Memo>a&#x1F;b\x0bc &#233;</Memo></QBXML>'
    root = read(body)
    assert root.get("Memo") == "abc é"
    assert root.attribute("a") == "1"


@given(HOSTILE)
def test_an_element_is_kept_as_text_and_read_again(text: str) -> None:
    ret = branch("InvoiceRet", [leaf("TxnID", "1-1"), leaf("Memo", folded(text))])
    assert read_text(as_text(ret)) == ret


@pytest.mark.parametrize(
    "line", ["Name(", "name(41)", "Name", "( A(b) | B(b)", "A{ B(b)", "A(b) }", "A(41)) ", "Name(41) | B(b)"]
)
def test_a_table_that_is_no_notation_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"table|missing|content|name"):
        parsed(line, {})


def test_every_request_of_the_table_can_be_read() -> None:
    assert all(content_of(request).parts or request for request in REQUESTS)
    assert len(set(REQUESTS)) == len(REQUESTS) == 83
