"""An exchange leaves as one message set of independent requests; each operation hears what became of its own."""

import datetime as dt
from decimal import Decimal as D
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import CustomerRecord, Document, SalesInvoice, kind_of
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.exchanges import halves
from blueops_qb.providers.qbd.gate_reply import Reply
from blueops_qb.providers.qbd.provider import QbdProvider
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.qbxml.reading import read, read_text
from blueops_qb.providers.qbd.qbxml.writing import as_text
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import (
    Absent,
    Applied,
    Found,
    Gone,
    NotKnown,
    Outcome,
    Refused,
    Stale,
    Throttled,
    Why,
)
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb
from tests.judges import qbxml_xsd
from tests.qbd_echo import Echo
from tests.qbd_samples import INVOICE

PROVIDER = QbdProvider()
PROFILE = BooksProfile(company_id="file-1", sales_tax=SalesTax.MANUAL)
ADA = CustomerRecord(name="Ada & Söhne", phone="775 555 0100")


def op(id: str, verb: Verb, document: Document | None = None, **values: Any) -> Operation:
    kind = values.pop("kind", None if document is None else kind_of(document))
    return Operation(id=id, verb=verb, document=document, kind=kind, **values)


def exchange(*operations: Operation, id: str = "x7") -> Exchange:
    at = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)
    return Exchange(id=id, connection_id="c1", company_id="file-1", operations=operations, created_at=at)


def reply(*responses: str, code: str = "0") -> bytes:
    return (
        '<?xml version="1.0" ?>\n<QBXML><QBXMLMsgsRs newMessageSetID="x7" messageSetStatusCode="'
        + f'{code}">{"".join(responses)}</QBXMLMsgsRs></QBXML>'
    ).encode()


def response(name: str, place: str, *rets: Element, code: str = "0", text: str = "Status OK") -> str:
    body = "".join(as_text(ret) for ret in rets)
    head = f'requestID="{place}" statusCode="{code}" statusSeverity="Info" statusMessage="{text}"'
    return f"<{name}Rs {head}>{body}</{name}Rs>"


WRITES = exchange(
    op("a", Verb.CREATE, ADA, marker="customer:7.1"),
    op("b", Verb.CREATE, INVOICE, marker="invoice:9.1"),
    op("c", Verb.WITHDRAW, kind=BooksKind.BILL, target_id="B-1", version="17"),
)


def shown(name: str, place: int) -> Element:
    """The record that a request of the set makes."""
    requests = read(PROVIDER.encode(WRITES, PROFILE)).children[0].children
    assert requests[place].name == f"{name}AddRq"
    return Echo(tax=D("7.43")).show(attrs.evolve(requests[place], attributes={}))


def decoded(body: bytes, sent: Exchange = WRITES) -> list[Outcome]:
    outcomes = PROVIDER.decode(sent, body, PROFILE)
    return [outcomes[operation.id] for operation in sent.operations]


def test_writes_of_several_kinds_leave_as_one_set_under_the_id_of_the_exchange() -> None:
    body = PROVIDER.encode(WRITES, PROFILE)
    assert body == PROVIDER.encode(WRITES, PROFILE)
    envelope = read(body).children[0]
    assert envelope.attribute("onError") == "continueOnError"
    assert envelope.attribute("newMessageSetID") == "x7"
    assert [(r.name, r.attribute("requestID")) for r in envelope.children] == [
        ("CustomerAddRq", "a.0"),
        ("InvoiceAddRq", "b.0"),
        ("TxnVoidRq", "c.0"),
    ]


@pytest.mark.shared
@pytest.mark.usefixtures("shared")
def test_the_sets_fit_the_schema() -> None:
    look = exchange(
        op("r", Verb.READ, kind=BooksKind.EXPENSE, target_id="1-1"),
        op("n", Verb.FIND, kind=BooksKind.INVOICE, params={"by": "number", "number": "BO-1"}),
        op("m", Verb.FIND, kind=BooksKind.CUSTOMER, params={"by": "name", "name": "Ada: 株"}),
    )
    for sent in (WRITES, look, CATALOG):
        assert qbxml_xsd.validate(PROVIDER.encode(sent, PROFILE)) == []


def test_each_operation_hears_of_its_own_request_whatever_order_the_answer_has() -> None:
    invoice, customer = shown("Invoice", 1), shown("Customer", 0)
    body = reply(
        '<TxnVoidRs requestID="c.0" statusCode="0" statusSeverity="Info"><TxnID>B-1</TxnID></TxnVoidRs>',
        response("InvoiceAdd", "b.0", invoice),
        response("CustomerAdd", "a.0", customer, code="530", text="A field was ignored"),
    )
    ada, bill, voided = decoded(body)
    assert isinstance(ada, Applied)
    assert ada.record is not None
    assert ada.record.name == "Ada & Söhne"
    assert "530" in ada.detail
    assert isinstance(bill, Applied)
    assert bill.record is not None
    assert (bill.record.marker, bill.record.version) == ("invoice:9.1", "1700000000")
    document = bill.record.document
    assert isinstance(document, SalesInvoice)
    assert document.total == D("367.43")
    assert isinstance(voided, Applied)
    assert [(want.verb, want.target_id) for want in voided.then] == [(Verb.READ, "B-1")]


def test_one_that_is_refused_leaves_the_others_done() -> None:
    body = reply(
        response("CustomerAdd", "a.0", code="3100", text="The name is already in use."),
        response("InvoiceAdd", "b.0", shown("Invoice", 1)),
        response("TxnVoid", "c.0", code="3120", text="Object cannot be found."),
    )
    taken, done, gone = decoded(body)
    assert isinstance(taken, Refused)
    assert taken.why is Why.NAME_TAKEN
    assert isinstance(done, Applied)
    assert isinstance(gone, Gone)


@pytest.mark.parametrize(("code", "text"), [("3140", "invalid reference"), ("3120", "cannot be found")])
def test_a_refused_reference_asks_what_became_of_the_customer(code: str, text: str) -> None:
    body = reply(response("InvoiceAdd", "b.0", code=code, text=text))
    (refused,) = decoded(body, exchange(WRITES.operations[1]))
    assert isinstance(refused, Refused)
    assert refused.why is Why.REFERENCE
    assert [(want.verb, want.kind, want.target_id) for want in refused.then] == [
        (Verb.READ, BooksKind.CUSTOMER, "8-1")
    ]


def test_what_the_answer_does_not_speak_of_may_have_happened() -> None:
    assert [type(o) for o in decoded(reply(response("CustomerAdd", "a.0", shown("Customer", 0))))] == [
        Applied,
        NotKnown,
        NotKnown,
    ]
    for body in (b"", b"<html>busy</html>", b"<QBXML>", b"{", reply(code="600"), reply(code="9002")):
        assert {type(outcome) for outcome in decoded(body)} == {NotKnown}
    assert {type(outcome) for outcome in decoded(reply(code="9001"))} == {Refused}


def test_of_what_was_done_before_quickbooks_may_tell_the_id_alone() -> None:
    kept = Element("ErrorRecovery", "", (Element("TxnID", "7-1"), Element("EditSequence", "5")))
    (made,) = decoded(reply(response("InvoiceAdd", "b.0", kept)), exchange(WRITES.operations[1]))
    assert isinstance(made, Applied)
    assert made.record is not None
    assert (made.record.id, made.record.version, made.record.marker) == ("7-1", "5", "invoice:9.1")
    assert [(want.verb, want.target_id) for want in made.then] == [(Verb.READ, "7-1")], (
        "it is looked at itself"
    )
    change = op("u", Verb.UPDATE, INVOICE, target_id="7-1", version="4", previous=PROVIDER.normal(INVOICE))
    (changed,) = decoded(reply(response("InvoiceMod", "u.0", kept)), exchange(change))
    assert isinstance(changed, Stale)
    assert [(want.verb, want.target_id) for want in changed.then] == [(Verb.READ, "7-1")]


def test_a_change_whose_answer_leaves_its_lines_out_is_read_back_before_it_counts() -> None:
    change = op("u", Verb.UPDATE, INVOICE, target_id="77-1", version="4", previous=PROVIDER.normal(INVOICE))
    whole = shown("Invoice", 1)
    (done,) = decoded(reply(response("InvoiceMod", "u.0", whole)), exchange(change))
    assert isinstance(done, Applied)
    part = attrs.evolve(whole, children=tuple(c for c in whole.children if c.name != "InvoiceLineRet"))
    (changed,) = decoded(reply(response("InvoiceMod", "u.0", part)), exchange(change))
    assert isinstance(changed, Stale)
    assert [(want.verb, want.target_id) for want in changed.then] == [(Verb.READ, "77-1")]


def test_a_failure_of_the_connection_counts_by_what_it_says_of_the_set() -> None:
    open_dialog = Reply(hresult="0x80040414", message="A modal dialog box is showing").dump()
    assert {type(o) for o in decoded(open_dialog)} == {NotKnown}, (
        "only what cannot be read surely did not run"
    )
    (look,) = decoded(open_dialog, exchange(op("r", Verb.READ, kind=BooksKind.BILL, target_id="B-1")))
    assert isinstance(look, Throttled)
    assert look.connection
    assert {type(o) for o in decoded(Reply(hresult="-2147220478").dump())} == {NotKnown}


def test_a_set_that_cannot_be_read_is_halved_down_to_the_guilty_request() -> None:
    unreadable = Reply(hresult="0x80040400", message="parsing error").dump()
    apart = []
    for outcome in decoded(unreadable):
        assert isinstance(outcome, Throttled)
        assert not outcome.connection
        apart.append(outcome.apart)
    assert apart == ["x7.0", "x7.0", "x7.1"], "the halves do not travel together again"
    first, second = halves(WRITES.operations)
    assert [operation.id for operation in (*first, *second)] == ["a", "b", "c"]
    assert len(first) == 2
    (alone,) = decoded(unreadable, exchange(WRITES.operations[0]))
    assert isinstance(alone, Refused)
    assert alone.why is Why.DEFECT
    assert alone.code == "0x80040400"


def test_a_kind_of_several_forms_is_found_in_the_one_that_has_it() -> None:
    sent = exchange(op("r", Verb.READ, kind=BooksKind.EXPENSE, target_id="1-1"))
    requests = read(PROVIDER.encode(sent, PROFILE)).children[0]
    assert requests.attribute("newMessageSetID") == ""
    assert [r.name for r in requests.children] == [
        "CheckQueryRq",
        "CreditCardChargeQueryRq",
        "CreditCardCreditQueryRq",
    ]
    ret = Element(
        "CreditCardChargeRet",
        "",
        (
            Element("TxnID", "1-1"),
            Element("EditSequence", "5"),
            Element("AccountRef", "", (Element("ListID", "C-1"),)),
            Element("TxnDate", "2026-01-02"),
            Element("Amount", "4.00"),
        ),
    )
    nothing = response("CheckQuery", "r.0", code="500", text="not found")
    body = reply(nothing, response("CreditCardChargeQuery", "r.1", ret), nothing.replace("r.0", "r.2"))
    (found,) = decoded(body, sent)
    assert isinstance(found, Found)
    assert [record.ref for record in found.records] == [BooksRef(BooksKind.EXPENSE, "1-1")]
    (absent,) = decoded(reply(nothing, nothing.replace("r.0", "r.1"), nothing.replace("r.0", "r.2")), sent)
    assert isinstance(absent, Absent)


CATALOG = exchange(op("k", Verb.CATALOG))


def test_the_catalog_is_company_preferences_and_every_list_in_one_set() -> None:
    requests = read(PROVIDER.encode(CATALOG, PROFILE)).children[0]
    names = [request.name for request in requests.children]
    assert names[:3] == ["HostQueryRq", "CompanyQueryRq", "PreferencesQueryRq"]
    assert {"AccountQueryRq", "ItemQueryRq", "ClassQueryRq", "TermsQueryRq", "VendorQueryRq"} < set(names)
    assert all(request.get("ActiveStatus") == "All" for request in requests.children[3:])
    assert requests.attribute("newMessageSetID") == ""
    account = read_text("<AccountRet><ListID>A-1</ListID><FullName>Bank</FullName></AccountRet>")
    company = read_text("<CompanyRet><CompanyName>Ada Plumbing</CompanyName></CompanyRet>")
    body = reply(
        response("CompanyQuery", "k.1", company),
        response("PreferencesQuery", "k.2", read_text("<PreferencesRet/>")),
        response("AccountQuery", "k.3", account),
        response("ClassQuery", "k.5", code="3250", text="This feature is not enabled."),
        *(response("Query", f"k.{n}", code="1", text="Nothing found.") for n in (0, 4, 6, 7, 8, 9, 10, 11)),
    )
    (found,) = decoded(body, CATALOG)
    assert isinstance(found, Found)
    assert found.profile is not None
    assert (found.profile.company_name, found.profile.sales_tax) == ("Ada Plumbing", SalesTax.OFF)
    assert [(record.kind, record.name) for record in found.records] == [
        (BooksKind.COMPANY, "Ada Plumbing"),
        (BooksKind.ACCOUNT, "Bank"),
    ]
    without = body.replace(b'PreferencesQueryRs requestID="k.2"', b'PreferencesQueryRs requestID="z.2"')
    (incomplete,) = decoded(without, CATALOG)
    assert isinstance(incomplete, Throttled), "preferences that are missing are not switched off"
    (later,) = decoded(reply(response("AccountQuery", "k.3", code="1010", text="Busy.")), CATALOG)
    assert isinstance(later, Throttled)


def test_what_cannot_be_written_is_told_before_anything_is_sent() -> None:
    long = attrs.evolve(ADA, phone="1" * 40)
    with pytest.raises(Unencodable, match="The phone number") as caught:
        PROVIDER.encode(exchange(op("a", Verb.CREATE, ADA), op("b", Verb.CREATE, long)), PROFILE)
    assert caught.value.operation_id == "b"
    with pytest.raises(Unencodable, match="in this version"):
        PROVIDER.encode(exchange(op("a", Verb.SIGN_IN)), PROFILE)


def test_every_feature_is_told_with_a_reason() -> None:
    told = PROVIDER.describe()
    assert {capability.feature for capability in told.capabilities} == set(Feature)
    assert all(capability.reason.endswith(".") for capability in told.capabilities)
    assert (told.name_length, told.number_length) == (41, 11)
    assert PROVIDER.envelope(op("a", Verb.CREATE, ADA)) == PROVIDER.envelope(op("b", Verb.WITHDRAW))
    assert PROVIDER.envelope(op("a", Verb.READ)) != PROVIDER.envelope(op("b", Verb.CREATE, ADA))


def test_the_lens_of_the_provider_is_that_of_the_codec() -> None:
    books = Books(profile=PROFILE)
    assert books.taxing
    sent = PROVIDER.sent(op("a", Verb.CREATE, INVOICE), PROFILE)
    assert isinstance(sent, SalesInvoice)
    assert sent.discount == 0
    assert [line.amount for line in sent.lines] == [D("300.00"), D("100.00"), D("-40.00")]


STORED = (
    response("CustomerAdd", "a.0", shown("Customer", 0)),
    response("InvoiceAdd", "b.0", shown("Invoice", 1)),
    '<TxnVoidRs requestID="c.0" statusCode="0" statusSeverity="Info"><TxnID>B-1</TxnID></TxnVoidRs>',
)


def asked(*operations: Operation) -> Exchange:
    """What is left of the set when QuickBooks is asked about it: those whose fate is known are settled."""
    return attrs.evolve(exchange(*operations), asks=True)


def test_of_a_set_that_was_settled_in_part_the_rest_hears_of_its_own_request() -> None:
    (bill,) = decoded(reply(*STORED), asked(WRITES.operations[1]))
    assert isinstance(bill, Applied)
    assert bill.record is not None
    assert (bill.record.kind, bill.record.marker) == (BooksKind.INVOICE, "invoice:9.1")


def test_an_answer_to_another_set_says_nothing_of_this_one() -> None:
    customer = op("q", Verb.CREATE, ADA, marker="customer:8.1")
    assert [type(o) for o in decoded(reply(*STORED), exchange(customer, id="x8"))] == [NotKnown]


@pytest.mark.parametrize(
    "answer",
    [
        reply(),
        reply(code="9001"),
        reply(code="9002"),
        reply(code="9999"),
        reply(response("CustomerAdd", "a.0", code="1000", text="Internal error")),
        reply(response("CustomerAdd", "a.0")),
        Reply(hresult="0x80040400", message="parsing error").dump(),
    ],
    ids=["empty", "other content", "not kept", "odd", "internal error", "no record", "unreadable question"],
)
def test_what_quickbooks_cannot_tell_when_it_is_asked_is_looked_for(answer: bytes) -> None:
    """Asked once more it would say the same; and nothing of it says that the set did not run."""
    (outcome,) = decoded(answer, asked(WRITES.operations[0]))
    assert isinstance(outcome, NotKnown)
    assert outcome.forgotten


def test_a_question_that_met_a_breakdown_is_asked_again() -> None:
    (outcome,) = decoded(Reply(hresult="0x80040402").dump(), asked(WRITES.operations[0]))
    assert isinstance(outcome, NotKnown)
    assert not outcome.forgotten


def test_a_write_without_a_status_or_with_a_mere_text_may_have_been_carried_out() -> None:
    alone = exchange(WRITES.operations[0])
    (untold,) = decoded(reply(response("CustomerAdd", "a.0", shown("Customer", 0), code="")), alone)
    assert isinstance(untold, NotKnown)
    (passed_on,) = decoded(Reply(hresult="0x80040421", message="An error occurred").dump(), alone)
    assert isinstance(passed_on, NotKnown)


def test_a_record_is_gone_only_when_every_query_for_it_says_so() -> None:
    sent = exchange(op("r", Verb.READ, kind=BooksKind.EXPENSE, target_id="1-1"))
    nothing = response("CheckQuery", "r.0", code="500", text="not found")
    (half,) = decoded(reply(nothing, nothing.replace("r.0", "r.1")), sent)
    assert isinstance(half, Throttled)
    bare = exchange(op("r", Verb.READ, kind=BooksKind.INVOICE, target_id="1-1"))
    (silent,) = decoded(reply(response("InvoiceQuery", "r.0")), bare)
    assert isinstance(silent, Throttled)


# -- what Desktop has no way for ---------------------------------------------------------------------------
WAYS = (
    (Verb.READ, {}),
    (Verb.WITHDRAW, {}),
    *(
        (Verb.FIND, {"by": by, "name": "A", "number": "1", "since": "2026-01-01T00:00:00+00:00"})
        for by in ("name", "number", "created")
    ),
)


@pytest.mark.parametrize("kind", BooksKind)
@pytest.mark.parametrize(("verb", "params"), WAYS)
def test_whatever_is_asked_of_a_kind_is_written_or_refused_with_a_sentence(
    kind: BooksKind, verb: Verb, params: dict[str, str]
) -> None:
    sent = exchange(op("1", verb, kind=kind, target_id="1-1", version="1", params=params))
    try:
        assert PROVIDER.encode(sent, PROFILE)
    except Unencodable as refusal:
        said = str(refusal)
        assert said.endswith(".")
        assert "_" not in said
        assert "Type is" not in said, "nobody knows our requests by their members"


@pytest.mark.parametrize("kind", [BooksKind.LOCATION, BooksKind.ATTACHMENT, BooksKind.CREDIT])
def test_a_kind_that_desktop_lacks_is_named(kind: BooksKind) -> None:
    with pytest.raises(Unencodable, match=f"QuickBooks Desktop has no {kind.value}"):
        PROVIDER.encode(exchange(op("1", Verb.READ, kind=kind, target_id="1-1")), PROFILE)
