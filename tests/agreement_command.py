"""Our commands on the database of a test's company, as another process would run them."""

from typing import Any

from click.testing import CliRunner

from blueops_qb.cli import main
from tests.agreement_house import Company
from tests.engine_house import TENANT


def command(house: Company, *words: str) -> Any:
    """One of our commands on the company's database, as another process would run it."""
    url = house.core.engine.url.render_as_string(hide_password=False)
    with house.turn() as turn:
        # Another process would carry on from the lease that this one holds.
        turn.set(lease_owner="", lease_until=None)
    return CliRunner().invoke(main, [*words, "--db", url, "--tenant", TENANT])
