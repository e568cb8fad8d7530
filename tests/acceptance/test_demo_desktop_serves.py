"""`demo --books qbd --serve-only`: any Web Connector gets the whole day, whatever QuickBooks stands behind it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from blueops_qb.sandbox.qbd.company_file import open_file
from blueops_qb.sandbox.qbd.connector import Connector, Ended
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.soap import Service
from tests.minimal_quickbooks import MinimalQuickBooks

pytestmark = pytest.mark.xdist_group("demo")
COMMAND = [str(Path(sys.executable).with_name("blueops-qb")), "demo", "--books", "qbd", "--serve-only"]
#: All is handed out within so many sessions that follow at once.
SESSIONS = 5


@attrs.frozen(kw_only=True)
class Served:
    """What READY tells."""

    app_url: str
    username: str
    password: str
    pending: dict[str, int]


@pytest.fixture
def served(tmp_path: Path, project_root: Path) -> Iterator[Served]:
    """The demo in a process of its own."""
    environment = {
        "PYTHONPATH": str(project_root),
        "PATH": os.environ["PATH"],
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    with subprocess.Popen(
        COMMAND, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=tmp_path
    ) as process:
        assert process.stdout is not None
        try:
            word, _, told = process.stdout.readline().partition(" ")
            assert word == "READY", word + told + process.stdout.read()
            ready: dict[str, Any] = json.loads(told)
            assert set(ready) == {"app_url", "username", "password", "pending"}
            yield Served(**ready)
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()


def come_by(served: Served, quickbooks: MinimalQuickBooks) -> int:
    """One session of a Web Connector that tells nothing of the company; answers how many sets it carried."""
    service, sets = Service(url=served.app_url), 0
    ticket, what = service.authenticate(served.username, served.password)[:2]
    assert what == ""
    while text := service.send_request_xml(ticket, hcp="", file="", country="US", version=(13, 0)):
        assert (
            0
            <= service.receive_response_xml(ticket, response=quickbooks.process(text), hresult="", message="")
            < 100
        )
        sets += 1
    assert service.get_last_error(ticket)
    service.close_connection(ticket)
    return sets


@pytest.mark.parametrize("echoes", [False, True])
def test_a_quickbooks_that_says_next_to_nothing_is_handed_the_whole_day(served: Served, echoes: bool) -> None:
    quickbooks = MinimalQuickBooks(echoes=echoes)
    sets = [come_by(served, quickbooks) for _ in range(SESSIONS)]
    assert quickbooks.counted() == served.pending
    assert served.pending["Customer"] == 5, "jobs count as customers"
    assert served.pending["Deposit"] == 2, "what hangs together goes as soon as its parents are answered"
    assert quickbooks.unknown == []
    assert sets[0] > 3, "work is handed out until nothing is due"
    assert sets[1:] == [0] * (SESSIONS - 1), "nothing is handed out twice"


def test_the_twin_with_an_empty_file_holds_the_whole_day(served: Served) -> None:
    file = open_file()
    before = {kind: len(rows) for kind, rows in file.company.records.items()}
    connector = Connector(
        service=Service(url=served.app_url),
        quickbooks=QuickBooks(file=file),
        user=served.username,
        password=served.password,
    )
    ended = [connector.run_session().ended for _ in range(SESSIONS)]
    assert ended == [Ended.DONE] * SESSIONS
    after = {kind: len(rows) - before.get(kind, 0) for kind, rows in file.company.records.items()}
    assert {kind: count for kind, count in after.items() if count} == served.pending
    assert set(file.processor.statuses) == {0}
    assert file.company.ledger.trial_balance().difference == 0
    file.close()


def test_it_goes_with_desktop_only() -> None:
    told = subprocess.run(
        [COMMAND[0], "demo", "--serve-only"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 2
    assert "--serve-only goes with --books qbd" in told.stderr
