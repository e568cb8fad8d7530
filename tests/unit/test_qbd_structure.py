"""The Desktop twin's own table of structure agrees with the qbXML 13.0 schema, element by element."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueops_qb.sandbox.qbd import messages
from blueops_qb.sandbox.qbd.messages_lists import LISTS
from blueops_qb.sandbox.qbd.messages_queries import OTHER_RETS
from tests.judges.qbxml_answers import complaints
from tests.qbd_twin_samples import answers, requests

pytestmark = pytest.mark.shared

RECORDS = [*LISTS, *messages.TXNS, *OTHER_RETS]


@pytest.mark.parametrize("bare", [False, True], ids=["full", "bare"])
def test_whatever_the_table_takes_fits_the_schema(shared: Path, bare: bool) -> None:
    wrong = {
        (name, line.rpartition(":")[2])
        for name in messages.MESSAGES
        for document in requests(name, bare=bare)
        for line in complaints(shared, document)
    }
    assert not wrong


def test_a_required_element_of_the_table_is_required_by_the_schema(shared: Path) -> None:
    """What is left out of a bare request makes it unfit."""
    loose = []
    for name in messages.MESSAGES:
        (*_, document) = requests(name, bare=True)
        request = document[0][0]
        block = request[0] if len(request) == 1 and request[0].tag == name else request
        for child in list(block):
            place = block.index(child)
            block.remove(child)
            if not complaints(shared, document):
                loose.append((name, child.tag))
            block.insert(place, child)
    assert not loose


def test_whatever_the_twin_answers_fits_the_schema(shared: Path) -> None:
    names = {"DataExt": "DataExtAdd", "DataExtDel": "DataExtDel"}
    wrong = {
        (kind, line.rpartition(":")[2])
        for kind in RECORDS
        for document in answers(names.get(kind, f"{kind}Query"), kind)
        for line in complaints(shared, document)
    }
    assert not wrong
