"""The match plan of a company with many customers is made by a round: no page waits for it, no restart loses it."""

from collections.abc import Iterator

import pytest

from blueops_qb.engine import matching, rounds
from tests.office import PAGES, Office, office


@pytest.fixture
def fresh(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Connected and read; its few customers count as many."""
    monkeypatch.setattr(matching, "LARGE", 1)
    with office(sqlite_url) as made:
        made.bind()
        made.drain()
        yield made


def test_a_large_plan_is_asked_for_and_made_by_a_round(fresh: Office) -> None:
    fresh.customer("Eastgate Bakery", email="")
    admin = fresh.browser("bookkeeper")
    admin.get(f"{PAGES}/matching")
    page = admin.get(admin.post(f"{PAGES}/matching/build").headers["Location"])
    assert "made in the background" in page.text
    assert 'http-equiv="refresh"' in page.text
    assert "The plan is being made" in page.text
    assert rounds.go(fresh.engine, fresh.id)
    page = admin.get(f"{PAGES}/matching?bucket=exact")
    assert "Eastgate Bakery" in page.text
    assert 'http-equiv="refresh"' not in page.text
    while rounds.go(fresh.engine, fresh.id):
        pass
    assert fresh.row()["match_asked_at"] is None


def test_a_plan_that_was_cut_off_is_made_by_the_next_round(
    fresh: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.customer("Eastgate Bakery", email="")
    with fresh.turn() as turn:
        matching.ask(turn)
    with monkeypatch.context() as patch:
        patch.setattr(matching, "compare", _killed)
        with pytest.raises(KeyboardInterrupt):
            rounds.go(fresh.engine, fresh.id)
    assert fresh.row()["match_asked_at"] is not None
    assert rounds.go(fresh.engine, fresh.id)
    with fresh.turn() as turn:
        assert [row.bucket for row in matching.rows(turn.connection, turn.id, kinds=["customer"])] == [
            "exact"
        ]


def test_decisions_that_were_made_meanwhile_stay(fresh: Office) -> None:
    bakery = fresh.customer("Eastgate Bakery", email="")
    for decision in (None, "skip"):
        if decision is not None:
            with fresh.turn() as turn:
                matching.decide(turn, bakery.ref, decision, actor="ann")
        with fresh.turn() as turn:
            matching.ask(turn)
        rounds.go(fresh.engine, fresh.id)
    with fresh.turn() as turn:
        (row,) = matching.rows(turn.connection, turn.id, kinds=["customer"])
    assert (row.decision, row.decided_by) == ("skip", "ann")


def _killed(*_: object) -> None:
    raise KeyboardInterrupt
