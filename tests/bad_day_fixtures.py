"""Fixtures for tests of bad input: a bad day on SQLite, or on both databases where the database matters."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bad_day import BadDay, bad_day


@pytest.fixture
def day(sqlite_url: str, tmp_path: Path) -> Iterator[BadDay]:
    """A bad day on SQLite, where the database does not matter."""
    with bad_day(sqlite_url, tmp_path) as made:
        yield made


@pytest.fixture
def day_on_both(database_url: str, tmp_path: Path) -> Iterator[BadDay]:
    """A bad day on either database."""
    with bad_day(database_url, tmp_path) as made:
        yield made
