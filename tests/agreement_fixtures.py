"""The company of the tests of agreement as a fixture; a test module takes it by `pytest_plugins`."""

from collections.abc import Iterator

import pytest

from blueops_qb.sandbox.core.keys import ENVIRONMENT
from tests.agreement_house import Company, company
from tests.engine_house import KEY


@pytest.fixture
def business(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Company]:
    """A company with some business; the parameter names another database than SQLite."""
    url = request.getfixturevalue(f"{getattr(request, 'param', 'sqlite')}_url")
    with company(url, monkeypatch) as found:
        for name, value in found.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(ENVIRONMENT, KEY.decode())
        found.months(24)
        yield found
