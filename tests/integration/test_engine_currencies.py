"""Foreign currencies are a capability: a provider that does not write them has such records held, with its reason."""

import attrs
import pytest

from blueops_qb.sdk import wire
from tests.engine_house import EngineHouse
from tests.fakes import FakeProvider
from tests.traps import ON_SQLITE

pytest_plugins = ["tests.engine_fixtures"]
pytestmark = ON_SQLITE


def keep_several(house: EngineHouse) -> None:
    """The company keeps several currencies."""
    with house.turn() as turn:
        turn.set(profile_json=wire.dump(attrs.evolve(turn.profile, multicurrency=True)))


def test_a_provider_without_it_holds_a_foreign_record_with_its_own_reason(house: EngineHouse) -> None:
    keep_several(house)
    foreign = house.invoice(house.customer("Cyd Roy", currency="CAD"))
    home = house.invoice(house.customer())
    house.drain()
    title = house.provider.describe().title
    event = house.event(foreign)
    assert (event.state, house.state(home)) == ("held", "done")
    assert (
        "is in CAD, and documents in another currency than USD are not written to these books" in event.reason
    )
    assert f"{title} does not offer documents in a foreign currency to BlueOps" in event.reason
    assert "Enter it in the books by hand" in event.remedy


def test_a_provider_that_has_it_writes_it(house: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeProvider, "multicurrency", True)
    house.restart()
    keep_several(house)
    foreign = house.invoice(house.customer("Cyd Roy", currency="CAD"))
    house.drain()
    assert house.there(foreign).currency == "CAD"
