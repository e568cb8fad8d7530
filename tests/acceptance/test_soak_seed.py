"""One seed, one soak: neither the hash seed of a process nor ids by chance decide anything."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blueops_qb.engine.throttled import _wait
from blueops_qb.sandbox.soak.driver import BOOKS
from blueops_qb.sandbox.soak.world import World

SEED = 12
#: Plays in a process of its own and tells what it did, or what stopped it.
PLAYS = """
import logging, sys
from blueops_qb.sandbox.soak.driver import BOOKS, play

logging.disable(logging.CRITICAL)
with BOOKS[sys.argv[1]][0](url=sys.argv[2], seed=int(sys.argv[3])) as w:
    for played in play(w, seed=int(sys.argv[3]), steps=int(sys.argv[4])):
        pass
    print(played.digest, w.time.moment.isoformat())
"""


def played(folder: Path, books: str, steps: int, hash_seed: int) -> str:
    url = f"sqlite:///{folder / f'{hash_seed}.db'}"
    told = subprocess.run(
        [sys.executable, "-c", PLAYS, books, url, str(SEED), str(steps)],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return told.stdout


@pytest.mark.slow
@pytest.mark.parametrize(("books", "steps"), [("qbo", 120), ("qbd", 60)])
def test_two_processes_of_other_hash_seeds_do_the_same(tmp_path: Path, books: str, steps: int) -> None:
    assert played(tmp_path, books, steps, 1) == played(tmp_path, books, steps, 2)


def waited(w: World) -> tuple[str, dt.timedelta]:
    """What the next exchange is called, and how long it would wait where the books throttle it."""
    with w.turn() as turn:
        id = turn.new_exchange_id()
        return id, _wait(turn, 60.0, 1, id) - turn.now


@pytest.mark.parametrize("books", BOOKS)
def test_exchanges_are_named_by_the_seed(tmp_path: Path, books: str) -> None:
    # How long a throttled exchange waits depends on its id.
    found = []
    for name in ("one", "two"):
        with BOOKS[books][0](url=f"sqlite:///{tmp_path / name}.db", seed=SEED) as w:
            found.append(waited(w))
    assert found[0] == found[1]
    assert len(found[0][0]) == 24
