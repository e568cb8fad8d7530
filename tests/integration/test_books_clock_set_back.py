"""The books' clock is set back: nothing that is written there meanwhile is lost."""

import datetime as dt
from pathlib import Path

import pytest

from blueops_qb.sandbox.soak import bookkeeper, judge, settle
from blueops_qb.sandbox.soak.online_world import OnlineWorld, open_world

HOUR = 3600.0


def entered_while_behind(w: OnlineWorld) -> None:
    """A customer and a job of his that only the books have, and a word about him."""
    bookkeeper.enter_customer(w)
    bookkeeper.enter_job(w)
    raw = bookkeeper.there(w, "Customer", lambda raw: not raw.get("ParentRef"))
    bookkeeper.edit(w, "Customer", raw, {"PrimaryEmailAddr": {"Address": "found@example.com"}})


@pytest.mark.parametrize("later", [60.0, 3 * HOUR])
def test_what_was_written_while_the_books_clock_was_behind_reaches_blueops(
    later: float, tmp_path: Path
) -> None:
    with open_world(url=f"sqlite:///{tmp_path / 'soak.db'}", seed=1) as w:
        w.look()
        w.carry(50)
        w.company.clock.shift = dt.timedelta(seconds=-2 * HOUR)
        entered_while_behind(w)
        w.time.advance(later)
        w.look()
        w.carry(50)
        w.time.advance(2 * HOUR)
        w.company.clock.shift = dt.timedelta(0)
        settle.settle(w)
        assert judge.judge(w).apart == 0
