"""A lost answer of QuickBooks Desktop on PostgreSQL; by itself, as a process has one house at a time."""

import pytest

from blueops_qb.sandbox.qbd.connector import Mishaps
from tests.acceptance.test_desktop_mishaps import goes_wrong
from tests.desktop_house import desktop_house

pytestmark = pytest.mark.xdist_group("demo")


@pytest.mark.postgres
@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
def test_a_lost_answer_is_settled_within_two_sessions(postgres_url: str, forgets: bool) -> None:
    with desktop_house(postgres_url) as house:
        goes_wrong(house, Mishaps(drop_answer=2), forgets=forgets)
