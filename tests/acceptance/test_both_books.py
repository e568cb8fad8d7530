"""The same stream of events gives the same figures in both kinds of books, but for what the docs list."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import attrs
import pytest

from tests.both_books import DesktopBooks, OnlineBooks, Ran, ran
from tests.both_books_differences import VIEWS, explained, gaps, unexplained
from tests.both_books_statement import Statement
from tests.doc_pages import ROOT

pytestmark = [pytest.mark.xdist_group("demo"), pytest.mark.slow]
PAGE = ROOT / "docs" / "explain" / "both-books.md"


@pytest.fixture(scope="module", params=[2026, 1])
def both(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Ran, Ran]]:
    folder: Path = tmp_path_factory.mktemp("both")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setenv("XDG_DATA_HOME", str(folder / "data"))
        patch.delenv("BLUEOPS_QB_RUNNER", raising=False)
        yield (
            ran(OnlineBooks(), f"sqlite:///{folder / 'online.db'}", seed=request.param),
            ran(DesktopBooks(), f"sqlite:///{folder / 'desktop.db'}", seed=request.param),
        )


@pytest.fixture
def online(both: tuple[Ran, Ran]) -> Statement:
    return both[0].statement


@pytest.fixture
def desktop(both: tuple[Ran, Ran]) -> Statement:
    return both[1].statement


def test_nothing_is_left_open_on_either_side(both: tuple[Ran, Ran]) -> None:
    assert [run.open_matters for run in both] == [(), ()]


def test_each_books_are_sound(both: tuple[Ran, Ran]) -> None:
    for run in both:
        assert sum(run.statement.balances.values()) == 0
        by_ledger, by_documents = run.statement.owed
        assert by_ledger == by_documents


def test_there_is_much_to_compare(online: Statement, desktop: Statement) -> None:
    for statement in (online, desktop):
        assert len(statement.balances) >= 28
        assert len({line.document for line in statement.lines}) > 100
        assert len({place for place, _ in statement.ageing}) >= 12
        assert {bucket for _, bucket in statement.ageing} == {"current", "1-30", "31-60", "61-90", "over 90"}
        assert len({job for job, _ in statement.profit}) >= 15
        assert len({name for name, _ in statement.classes}) >= 4


def test_both_books_differ_in_what_is_listed_and_in_nothing_else(
    online: Statement, desktop: Statement
) -> None:
    assert unexplained(gaps(online, desktop), explained(online, desktop)) == {}


def test_ageing_is_the_same_to_the_cent(online: Statement, desktop: Statement) -> None:
    assert online.ageing == desktop.ageing


@pytest.mark.parametrize("row", ["Tax is rounded per authority", "Cost of stock", "Locations"])
def test_what_is_listed_occurs(row: str, online: Statement, desktop: Statement) -> None:
    rows = dict(explained(online, desktop))
    gone = rows.pop(row)
    assert gone
    assert unexplained(gaps(online, desktop), rows) == dict(sorted(gone.items()))


def test_the_docs_list_the_same(online: Statement, desktop: Statement) -> None:
    table = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")][1:]
    assert [line.split("|")[1].strip() for line in table] == list(explained(online, desktop))


@pytest.mark.parametrize("account", ["1000", "1100", "2200", "2300", "4010", "5290"])
def test_a_cent_that_goes_astray_in_one_of_them_is_noticed(
    account: str, online: Statement, desktop: Statement
) -> None:
    n = next(n for n, line in enumerate(desktop.lines) if line.account == account and line.amount)
    lines = list(desktop.lines)
    lines[n] = attrs.evolve(lines[n], amount=lines[n].amount + Decimal("0.01"))
    altered = attrs.evolve(desktop, lines=tuple(lines))
    assert ("balances", account) in unexplained(gaps(online, altered), explained(online, altered))


def test_a_job_that_is_charged_in_place_of_another_is_noticed(online: Statement, desktop: Statement) -> None:
    line = next(one for one in desktop.lines if one.account == "5290" and ":" in one.customer)
    moved = attrs.evolve(line, customer="Account 06:Site 06-9")
    altered = attrs.evolve(desktop, lines=tuple(moved if one is line else one for one in desktop.lines))
    assert {key[0] for key in unexplained(gaps(online, altered), explained(online, altered))} == {"profit"}


def test_an_open_amount_in_another_bucket_is_noticed(online: Statement, desktop: Statement) -> None:
    first = next(one for one in desktop.open if one.due < desktop.today)
    later = attrs.evolve(first, due=desktop.today)
    altered = attrs.evolve(desktop, open=tuple(later if one is first else one for one in desktop.open))
    assert {key[0] for key in unexplained(gaps(online, altered), explained(online, altered))} == {"ageing"}


def test_every_view_is_compared() -> None:
    assert set(VIEWS) == {"balances", "ageing", "profit", "classes", "locations"}
