"""Every body that the QuickBooks Online provider can post fits Intuit's own schema."""

import json
from typing import Any

import attrs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from lxml import etree

from blueops_qb.domain.documents import (
    DOCUMENT_TYPES,
    AttachedFile,
    Document,
    SalesForm,
    TaxCodeRecord,
    kind_of,
)
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.codec import Unfit, from_qbo, normal, removal_body, to_qbo
from blueops_qb.providers.qbo.entities import ENTITIES, WRITTEN
from blueops_qb.providers.qbo.exact_json import loads
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.sdk.provider import Operation, Verb
from tests.judges import qbo_xsd
from tests.qbo_documents import DOCUMENTS, PAIRS, PROFILES, TAX_CODES, entity_name, exchange, operation
from tests.qbo_echo import Echo

#: The members of BatchItemRequest beside the entity itself; compared with the schema below.
BATCH_MEMBERS = {"bId", "operation", "optionsData", "Query", "CDCQuery"}

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]


@given(DOCUMENTS, PROFILES)
def test_what_is_created(document: Document, profile: BooksProfile) -> None:
    body = to_qbo(document, operation(document, marker="invoice:1041.1"), _taxed(document, profile))
    assert qbo_xsd.validate(entity_name(document), body) == []


@given(PAIRS, PROFILES)
def test_what_is_updated(pair: tuple[Document, Document], profile: BooksProfile) -> None:
    document, previous = pair
    profile = _taxed(previous, _taxed(document, profile))
    op = operation(
        document, verb=Verb.UPDATE, target_id="77", version="3", previous=previous, marker="invoice:1041.1"
    )
    try:
        body = to_qbo(document, op, profile)
    except Unfit as problem:
        event(str(problem))
        return  # a reference that was there and is not now cannot be cleared
    assert body["sparse"] is True
    assert qbo_xsd.validate(entity_name(document), body) == []


@given(PAIRS, PROFILES)
def test_what_is_updated_over_what_is_shown(pair: tuple[Document, Document], profile: BooksProfile) -> None:
    """Lines laid over theirs, and full updates where a reference is cleared."""
    document, previous = pair
    profile = _taxed(previous, _taxed(document, profile))
    kind = kind_of(document)
    obj = Echo(profile, version=3).show(kind, to_qbo(previous, operation(previous, marker="x:1.1"), profile))
    record = from_qbo(kind, obj, profile)
    assert record.document is not None
    op = operation(
        document,
        verb=Verb.UPDATE,
        target_id=record.id,
        version=record.version,
        previous=normal(record.document),
        shown=record.shown,
        told=previous,
        marker="invoice:1041.1",
    )
    body = to_qbo(document, op, profile)
    event("sparse" if "sparse" in body else "full")
    assert (body["Id"], body["SyncToken"]) == (record.id, "3")
    assert qbo_xsd.validate(entity_name(document), body) == []


#: References that a document may lose, and days that only a full update empties.
CLEARED = ("location", "class_", "terms", "method", "payee", "ap_account", "parent", "expires", "accepted_on")


@given(DOCUMENTS, PROFILES)
def test_what_is_written_anew(document: Document, profile: BooksProfile) -> None:
    """All that can be cleared is cleared at once: the full update names all that was shown, and fits."""
    profile = _taxed(document, profile)
    kind = kind_of(document)
    obj = Echo(profile, version=3).show(kind, to_qbo(document, operation(document, marker="x:1.1"), profile))
    record = from_qbo(kind, obj, profile)
    assert record.document is not None
    without: Any = {name: None for name in CLEARED if hasattr(document, name)}
    op = operation(
        attrs.evolve(document, **without),
        verb=Verb.UPDATE,
        target_id=record.id,
        version=record.version,
        previous=normal(record.document),
        shown=record.shown,
        told=document,
    )
    body = to_qbo(attrs.evolve(document, **without), op, profile)
    event("sparse" if "sparse" in body else "full")
    assert qbo_xsd.validate(entity_name(document), body) == []


BEARERS = st.sampled_from(
    [kind_ for kind_ in DOCUMENT_TYPES if kind_ in set(WRITTEN) - {BooksKind.ATTACHMENT}]
)
NAMES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=60).filter(str.strip)


@given(BEARERS, NAMES, st.sampled_from(["", "image/png", "application/pdf"]), PROFILES)
def test_what_is_told_of_a_file(kind: BooksKind, name: str, type: str, profile: BooksProfile) -> None:
    """The metadata beside the bytes, in the very call that leaves."""
    document = AttachedFile(to=BooksRef(kind, "145"), file_id="f1", filename=name, content_type=type)
    op = operation(document, marker="expense:12/receipt/7.1", data=b"\x89PNG")
    frame = json.loads(QboProvider(QboSettings()).encode(exchange(op), profile))
    body = loads(frame["body"])
    assert body["AttachableRef"] == [{"EntityRef": {"type": ENTITIES[kind].name, "value": "145"}}]
    assert qbo_xsd.validate("Attachable", body) == []


@given(TAX_CODES, PROFILES)
def test_what_a_tax_code_is_created_by(document: TaxCodeRecord, profile: BooksProfile) -> None:
    frame = json.loads(QboProvider(QboSettings()).encode(exchange(operation(document)), profile))
    body = loads(frame["body"])
    assert len(body["TaxRateDetails"]) == len(document.rates)
    assert qbo_xsd.validate("TaxService", body) == []


@pytest.mark.parametrize("kind", WRITTEN)
def test_what_is_removed(kind: Any) -> None:
    op = operation(verb=Verb.WITHDRAW, kind=kind, target_id="77", version="3")
    _, _, body = removal_body(op, kind)
    assert qbo_xsd.validate(ENTITIES[kind].name, body) == []


@given(st.lists(DOCUMENTS, min_size=1, max_size=3), PROFILES)
def test_the_envelope_of_a_batch(documents: list[Document], profile: BooksProfile) -> None:
    for document in documents:
        profile = _taxed(document, profile)
    ops = [operation(document, id=str(n)) for n, document in enumerate(documents)]
    for item in _items(ops, profile):
        assert len(item["bId"]) <= 10
        name = next(name for name in item if name in {entity.name for entity in ENTITIES.values()})
        assert item.keys() - {name} <= BATCH_MEMBERS
        assert qbo_xsd.validate(name, item[name]) == []


@pytest.mark.parametrize(
    "op",
    [
        Operation(id="1", verb=Verb.CATALOG),
        Operation(id="1", verb=Verb.FIND, params={"by": "name", "name": "Hill, Ada"}),
        Operation(
            id="1",
            verb=Verb.FIND,
            params={"by": "created", "kinds": "invoice,payment", "since": "2026-01-02T03:04:05+00:00"},
        ),
        Operation(id="1", verb=Verb.CHANGES, params={"full": "1"}),
    ],
)
def test_the_envelope_of_questions(op: Operation) -> None:
    for item in _items([op], BooksProfile()):
        assert item.keys() <= BATCH_MEMBERS


def test_the_members_of_an_item_are_those_of_the_schema() -> None:
    folder = qbo_xsd.schema_folder()
    xs = "{http://www.w3.org/2001/XMLSchema}"
    tree = etree.parse(folder / "IntuitRestServiceDef.xsd")
    (item,) = [node for node in tree.iter(xs + "complexType") if node.get("name") == "BatchItemRequest"]
    named = {str(node.get("name") or node.get("ref")) for node in item.iter(xs + "element", xs + "attribute")}
    assert named >= BATCH_MEMBERS


def _items(ops: list[Operation], profile: BooksProfile) -> list[dict[str, Any]]:
    frame = json.loads(QboProvider(QboSettings()).encode(exchange(*ops), profile))
    items: list[dict[str, Any]] = loads(frame["body"])["BatchItemRequest"]
    assert items
    return items


def _taxed(document: Document, profile: BooksProfile) -> BooksProfile:
    # A taxed invoice is refused where sales tax is off.
    if isinstance(document, SalesForm) and document.tax and profile.sales_tax is SalesTax.OFF:
        return attrs.evolve(profile, sales_tax=SalesTax.MANUAL)
    return profile
