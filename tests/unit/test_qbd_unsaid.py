"""What an answer to a creation leaves out is unknown; what it tells otherwise than it was sent is different."""

from decimal import Decimal as D

import attrs

from blueops_qb.domain.documents import CustomerRecord, Document, SalesInvoice, kind_of
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.bodies import creation
from blueops_qb.providers.qbd.codec.lens import normal
from blueops_qb.providers.qbd.codec.members import NAMED
from blueops_qb.providers.qbd.codec.named_lists import by_name
from blueops_qb.providers.qbd.codec.unsaid import leaves_out, written_record
from blueops_qb.providers.qbd.qbxml.element import Element, leaf
from blueops_qb.providers.qbd.qbxml.reading import read_text
from blueops_qb.sdk.outcomes import BooksRecord
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbd_samples import INVOICE, USUAL, echo_of

MARKER = "invoice:1041.1"
VOIDED = attrs.evolve(INVOICE, void=True)


def answer(document: Document, *without: str) -> Element:
    """The whole answer to its creation, less some members."""
    ret = echo_of(document).show(creation(document, USUAL, marker=MARKER))
    return attrs.evolve(ret, children=tuple(child for child in ret.children if child.name not in without))


def record(document: Document, ret: Element) -> BooksRecord:
    operation = Operation(id="1", verb=Verb.CREATE, kind=kind_of(document), document=document, marker=MARKER)
    found = written_record(ret, operation, USUAL)
    assert found is not None
    return found


def agrees(document: Document, ret: Element) -> bool:
    shown = record(document, ret).document
    return shown is not None and normal(shown) == normal(document)


def test_an_answer_with_ids_alone_tells_nothing_else() -> None:
    whole = answer(INVOICE)
    bare = attrs.evolve(
        whole, children=tuple(child for child in whole.children if child.name in ("TxnID", "EditSequence"))
    )
    assert agrees(INVOICE, bare)
    found = record(INVOICE, bare)
    assert (found.version, found.marker, found.name) == (whole.get("EditSequence"), MARKER, INVOICE.number)


def test_a_bare_answer_that_tells_a_total_is_believed_no_further_than_that() -> None:
    bare = answer(INVOICE, "TimeModified")
    assert agrees(INVOICE, bare)


def test_totals_lines_and_tax_may_be_left_out() -> None:
    assert agrees(INVOICE, answer(INVOICE))
    assert agrees(INVOICE, answer(INVOICE, "Subtotal", "SalesTaxTotal", "TotalAmount"))
    assert agrees(INVOICE, answer(INVOICE, "SalesTaxTotal"))
    assert agrees(INVOICE, answer(INVOICE, "InvoiceLineRet"))


def test_what_a_whole_answer_tells_otherwise_is_different() -> None:
    whole = answer(INVOICE)
    for name, text in (
        ("Subtotal", "1.00"),
        ("SalesTaxTotal", "0.00"),
        ("RefNumber", "BO-1"),
        ("DueDate", "2031-01-01"),
    ):
        other = attrs.evolve(
            whole, children=tuple(leaf(name, text) if c.name == name else c for c in whole.children)
        )
        assert whole.has(name)
        assert not agrees(INVOICE, other), name
    assert not agrees(INVOICE, answer(INVOICE, "RefNumber")), "a whole answer that lacks the number has none"


def test_an_answer_to_a_change_that_leaves_something_out_is_no_base() -> None:
    change = Operation(id="1", verb=Verb.UPDATE, kind=BooksKind.INVOICE, document=INVOICE, target_id="1-1")
    assert not leaves_out(answer(INVOICE), change, USUAL)
    for without in (("InvoiceLineRet",), ("TimeModified",), ("Subtotal",), ("SalesTaxTotal",)):
        ret = answer(INVOICE, *without)
        assert leaves_out(ret, change, USUAL), without
        found = written_record(ret, change, USUAL)
        assert found is not None
        assert isinstance(found.document, SalesInvoice)
        assert bool(found.document.lines) is ("InvoiceLineRet" not in without), "nothing is made up"


def test_what_was_not_sent_is_not_missed_in_an_answer_to_a_change() -> None:
    for bare in (attrs.evolve(INVOICE, lines=(), discount=D(0), total=D("0.00")), VOIDED):
        change = Operation(id="1", verb=Verb.UPDATE, kind=BooksKind.INVOICE, document=bare, target_id="1-1")
        ret = answer(INVOICE, "InvoiceLineRet")
        assert not leaves_out(ret, change, USUAL)
    party = CustomerRecord(name="Ada")
    change = Operation(id="1", verb=Verb.UPDATE, kind=BooksKind.CUSTOMER, document=party, target_id="1-1")
    assert not leaves_out(answer(party), change, USUAL)
    assert leaves_out(answer(party, "Name"), change, USUAL)


def test_what_was_sent_by_its_full_name_is_told_by_it() -> None:
    item = BooksRef(BooksKind.ITEM, f"{NAMED}Labor:Repair")
    lines = tuple(attrs.evolve(line, item=item) for line in INVOICE.lines)
    named = attrs.evolve(INVOICE, lines=lines, discount=D(0), discount_account=None, total=D("407.43"))
    request = creation(named, USUAL).children[0]
    assert {line.get("ItemRef", "FullName") for line in request.all("InvoiceLineAdd")} == {"Labor:Repair"}
    ret = answer(named)
    given = Element("ItemRef", "", (leaf("ListID", "8-1"), leaf("FullName", "Labor:Repair")))
    with_ids = attrs.evolve(
        ret,
        children=tuple(
            attrs.evolve(c, children=tuple(given if x.name == "ItemRef" else x for x in c.children))
            if c.name == "InvoiceLineRet"
            else c
            for c in ret.children
        ),
    )
    for told in (ret, with_ids):
        shown = by_name(told)
        document = record(named, shown).document
        assert isinstance(document, SalesInvoice)
        assert {line.item for line in document.lines} == {item}
        assert shown.get("CustomerRef", "ListID") == told.get("CustomerRef", "ListID"), (
            "parties keep their ids"
        )


def test_members_of_lists_bear_their_full_names() -> None:
    (account, customer) = by_name(
        read_text(
            "<R><AccountRet><ListID>1-1</ListID><Name>Truck</Name><FullName>Cars:Truck</FullName><ParentRef>"
            "<ListID>1-0</ListID><FullName>Cars</FullName></ParentRef></AccountRet><CustomerRet><ListID>2-1</ListID>"
            "<FullName>Ada:Kitchen</FullName><ParentRef><ListID>2-0</ListID><FullName>Ada</FullName></ParentRef>"
            "<TermsRef><FullName>Net 30</FullName></TermsRef></CustomerRet></R>"
        )
    ).children
    assert account.get("ListID") == f"{NAMED}Cars:Truck"
    assert account.get("ParentRef", "ListID") == f"{NAMED}Cars"
    assert (customer.get("ListID"), customer.get("ParentRef", "ListID")) == ("2-1", "2-0")
    assert customer.get("TermsRef", "ListID") == f"{NAMED}Net 30"
