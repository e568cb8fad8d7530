"""The company of the tests of agreement as a fixture; a test module takes it by `pytest_plugins`."""

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from blueops_qb.cli import main
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from tests.agreement_house import Company, company
from tests.engine_house import KEY, TENANT


@pytest.fixture
def house(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company with some business; the parameter names another database than SQLite."""
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    with company(url, monkeypatch) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(ENVIRONMENT, KEY.decode())
        found.months(24)
        yield found


def command(house: Company, *words: str) -> Any:
    """One of our commands on the company's database, as another process would run it."""
    url = house.core.engine.url.render_as_string(hide_password=False)
    with house.turn() as turn:
        # Another process would carry on from the lease that this one holds.
        turn.set(lease_owner="", lease_until=None)
    return CliRunner().invoke(main, [*words, "--db", url, "--tenant", TENANT])
