"""The catalog of a company with many customers comes page by page, whole, also where sessions end in between."""

from collections import Counter
from collections.abc import Iterator

import pytest

from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.outcomes import Found
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbd_meeting import Meeting, new_meeting
from tests.qbd_twin import message_set

#: More than two pages.
MANY = 230


@pytest.fixture
def meeting() -> Meeting:
    meeting = new_meeting()
    requests = (
        f'<CustomerAddRq requestID="{n}"><CustomerAdd><Name>Customer {n:04}</Name></CustomerAdd></CustomerAddRq>'
        for n in range(MANY)
    )
    meeting.desk.process(message_set(*requests))
    return meeting


def customers(found: list[Found]) -> Counter[str]:
    records = (record for page in found for record in page.records)
    return Counter(record.id for record in records if record.kind is BooksKind.CUSTOMER)


def in_the_file(meeting: Meeting) -> set[str]:
    return set(meeting.desk.file.company.records["Customer"])


def pages(meeting: Meeting, *, sessions_end: bool = False) -> Iterator[Found]:
    waiting = [Operation(id="1", verb=Verb.CATALOG)]
    while waiting:
        page = meeting.ask(waiting.pop(0))
        assert isinstance(page, Found), page
        yield page
        waiting += [Operation(id="1", verb=want.verb, params=want.params) for want in page.then]
        if sessions_end:
            meeting.desk.session = meeting.desk.file.session()


def test_customers_come_page_by_page_and_each_once(meeting: Meeting) -> None:
    found = list(pages(meeting))
    assert len(found) >= 3
    assert [page.complete for page in found] == [False] * (len(found) - 1) + [True]
    assert [page.profile is not None for page in found] == [True] + [False] * (len(found) - 1)
    seen = customers(found)
    assert set(seen) == in_the_file(meeting)
    assert set(seen.values()) == {1}


def test_where_every_session_ends_after_a_page_they_come_by_larger_ones(meeting: Meeting) -> None:
    found = list(pages(meeting, sessions_end=True))
    assert len(found) <= 12
    assert found[-1].complete
    assert set(customers(found)) == in_the_file(meeting)
