"""The table of messages says nothing that the 13.0 schema does not: names, order, forms, lengths, words."""

from collections.abc import Iterator

import pytest

from blueops_qb.providers.qbd.qbxml.model import ID_LENGTH, Choice, Group, Leaf, Part, Slot
from blueops_qb.providers.qbd.qbxml.tables import PAGED, REQUESTS, content_of
from tests.judges import qbxml_xsd
from tests.judges.qbxml_xsd import Place

pytestmark = [pytest.mark.shared, pytest.mark.usefixtures("shared")]

#: The type of the schema behind each letter of the notation.
BASES = {
    "$": "AMTTYPE",
    "p": "PRICETYPE",
    "q": "QUANTYPE",
    "%": "PERCENTTYPE",
    "f": "FLOATTYPE",
    "i": "INTTYPE",
    "b": "BOOLTYPE",
    "d": "DATETYPE",
    "dt": "DATETIMETYPE",
    "g": "GUIDTYPE",
    "id": "IDTYPE",
    "s": "STRTYPE",
}


def slots(part: Part) -> Iterator[Slot]:
    if isinstance(part, Choice):
        for run in part.branches:
            for inner in run.parts:
                yield from slots(inner)
    else:
        yield part


def quarrels(group: Group, places: tuple[Place, ...], path: str) -> Iterator[str]:
    there = {place.name: place for place in places}
    last = -1
    for slot in (slot for part in group.parts for slot in slots(part)):
        where = f"{path}/{slot.name}"
        place = there.get(slot.name)
        if place is None:
            yield f"{where} is not in the schema"
            continue
        if place.order < last:
            yield f"{where} stands too late"
        last = max(last, place.order)
        if slot.repeated and not place.repeated:
            yield f"{where} may occur once only"
        if isinstance(slot.content, Group):
            if not place.inner:
                yield f"{where} holds no elements"
            yield from quarrels(slot.content, place.inner, where)
        else:
            yield from leaf_quarrels(slot.content, place, where)
    mine = {slot.name for part in group.parts for slot in slots(part)}
    needed = {
        slot.name for part in group.parts for slot in slots(part) if isinstance(part, Choice) or slot.needed
    }
    for place in places:
        if place.needed and (place.name not in mine or place.name not in needed):
            yield f"{path}/{place.name} is needed"


def leaf_quarrels(leaf: Leaf, place: Place, where: str) -> Iterator[str]:
    if leaf.words:
        missing = set(leaf.words) - set(place.words)
        if missing:
            yield f"{where} does not know {sorted(missing)}"
        return
    if place.words:
        yield f"{where} is one of {place.words}"
    if place.base not in (BASES[leaf.kind], ""):
        yield f"{where} is of type {place.base}, not {BASES[leaf.kind]}"
    if leaf.kind == "s" and leaf.length != place.length:
        yield f"{where} has at most {place.length} characters, not {leaf.length}"
    if leaf.kind == "id":
        assert leaf.length == ID_LENGTH


@pytest.mark.parametrize("request_", REQUESTS)
def test_a_message_of_the_table_is_one_of_the_schema(request_: str) -> None:
    assert list(quarrels(content_of(request_), qbxml_xsd.request(request_), request_)) == []


@pytest.mark.parametrize("request_", sorted(PAGED))
def test_what_is_read_by_pages_may_be(request_: str) -> None:
    assert {"iterator", "iteratorID"} <= qbxml_xsd.attributes(request_)
