"""`blueops-qb sandbox qbd`: a process of its own polls a service, says what it did, and leaves a file that lasts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blueops_qb.sandbox.qbd.command import Settings, run
from blueops_qb.sandbox.qbd.connector import Mishaps
from tests.qbd_twin import message_set, new_desk, text
from tests.qbwc_service import Script
from tests.served import served

COMMAND = [str(Path(sys.executable).parent / "blueops-qb"), "sandbox", "qbd"]
#: the same without the command line around it, which takes seconds to load
SCRIPT = (
    "import json, sys; from blueops_qb.sandbox.qbd.command import Settings, run; "
    "sys.exit(run(Settings(**json.loads(sys.argv[1]))))"
)


def add(name: str, *, ids: str = "") -> str:
    request = f"<CustomerAddRq><CustomerAdd><Name>{name}</Name></CustomerAdd></CustomerAddRq>"
    return message_set(request, attributes=f'onError="continueOnError"{ids}')


def settings(url: str, **more: Any) -> Settings:
    return Settings(**({"service_url": url, "username": "bo", "password": "secret"} | more))


def started(url: str, **more: Any) -> subprocess.Popen[str]:
    told = {"service_url": url, "username": "bo", "password": "secret"} | more
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, json.dumps(told)], stdout=subprocess.PIPE, text=True
    )


def until(reached: Callable[[], bool]) -> None:
    for _ in range(1200):
        if reached():
            return
        time.sleep(0.05)


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, Any]]:
    """The JSON object in the last line that was printed."""

    def last() -> dict[str, Any]:
        summary: dict[str, Any] = json.loads(capsys.readouterr().out.splitlines()[-1])
        return summary

    return last


Told = Callable[[], dict[str, Any]]


def test_the_command_line_hands_over_what_it_is_told(tmp_path: Path) -> None:
    script = Script(sets=[add("One"), add("Two")])
    with served(script) as url:
        options = {"--service-url": url, "--username": "bo", "--password": "secret", "--cycles": "2"}
        options |= {"--company": str(tmp_path / "c.qbw"), "--drop-answer": "2", "--seed": "names"}
        command = [*COMMAND, *(word for pair in options.items() for word in pair)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    told = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, told["sessions"]) == (0, 2)
    assert told["ended"] == {"stopped": 1, "done": 1}
    assert told["objects"]["Customer"] == 6


def test_the_summary_tells_what_was_done_and_what_is_there(told: Told) -> None:
    script = Script(sets=[add("One"), add("One"), message_set("<HostQueryRq/>"), "<broken"])
    with served(script) as url:
        assert run(settings(url, cycles=2)) == 0
    summary = told()
    assert (summary["sessions"], summary["message_sets"]) == (2, 4)
    assert summary["requests"] == {"CompanyQuery": 2, "CustomerAdd": 2, "HostQuery": 3, "PreferencesQuery": 2}
    assert summary["statuses"]["3100"] == 1
    assert summary["hresults"] == {"0x80040400": 1}
    assert summary["objects"]["Customer"] == 1
    assert summary["trial_balance"] == "0.00"
    assert summary["errors"] == ["nothing to do"]


def test_a_lost_answer_is_found_again_when_the_file_is_opened_anew(tmp_path: Path, told: Told) -> None:
    path, ids = tmp_path / "c.qbw", ' newMessageSetID="a1"'
    script = Script(sets=[add("One", ids=ids)])
    with served(script) as url:
        assert run(settings(url, company=str(path), mishaps=Mishaps(drop_answer=1))) == 0
        assert (told()["ended"], script.heard) == ({"stopped": 1}, [])
        script.sets.append(add("One", ids=f'{ids} oldMessageSetID="a1"'))
        run(settings(url, company=str(path)))
    (response, hresult), *_ = script.heard
    assert 'messageSetStatusCode="0"' in response
    assert hresult == ""
    assert len(new_desk(path).query("Customer", "<FullName>One</FullName>")) == 1


def test_forgotten_sets_are_told_as_such(tmp_path: Path) -> None:
    path, ids = str(tmp_path / "c.qbw"), ' newMessageSetID="a1"'
    script = Script(sets=[add("One", ids=ids)])
    with served(script) as url:
        run(settings(url, company=path, mishaps=Mishaps(drop_answer=1)))
        script.sets.append(add("One", ids=f'{ids} oldMessageSetID="a1"'))
        run(settings(url, company=path, forget_sets=True))
    assert 'messageSetStatusCode="9002"' in script.heard[0][0]


def test_a_killed_process_leaves_everything_that_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "c.qbw"
    script = Script(sets=[add(f"C{number}") for number in range(2000)], percent=[50] * 2000)
    with served(script) as url:
        process = started(url, company=str(path), every=0.1)
        try:
            until(lambda: len(script.heard) >= 20)
        finally:
            process.kill()
            process.communicate(timeout=60)
        heard = len(script.heard)
    assert heard >= 20
    desk = new_desk(path)
    there = {text(record, "Name") for record in desk.query("Customer")}
    assert {f"C{number}" for number in range(heard)} <= there
    assert desk.file.company.ledger.trial_balance().difference == 0


def test_polling_ends_in_order_on_sigterm() -> None:
    script = Script(welcome=["none"])
    with served(script) as url:
        process = started(url, every=0.05)
        until(lambda: script.names().count("authenticate") >= 2)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=60)
    summary = json.loads(out.splitlines()[-1])
    assert process.returncode == 0
    assert summary["sessions"] == summary["ended"]["nothing"] >= 2


def test_a_refused_password_is_no_success(told: Told) -> None:
    with served(Script()) as url:
        assert run(settings(url, password="guess")) == 1
    assert told()["ended"] == {"refused": 1}


def test_what_cannot_begin_is_said_in_words(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("no company " * 500)
    for told, why in (
        (settings("http://localhost:1/x", company=str(notes)), "move it away"),
        (settings("http://books.example.com/x"), "QBWC1010"),
        (Settings(qwc=str(tmp_path / "none.qwc")), "--qwc"),
        (Settings(), "--service-url"),
    ):
        with pytest.raises(SystemExit, match=why):
            run(told)


def test_the_application_of_a_file_leaves_its_mark_in_the_company(tmp_path: Path) -> None:
    qwc = tmp_path / "app.qwc"
    owner, mark = "{5B0F2C1E-0000-4000-8000-0000000000A1}", "{0D3A0000-0000-4000-8000-0000000000F1}"
    script = Script()
    with served(script) as url:
        address = url.replace("127.0.0.1", "localhost")
        qwc.write_text(
            f"<QBWCXML><AppName>B</AppName><AppID/><AppURL>{address}/x</AppURL><AppDescription>d</AppDescription>"
            f"<AppSupport>{address}/help</AppSupport><UserName>bo</UserName><OwnerID>{owner}</OwnerID><FileID>{mark}"
            "</FileID><QBType>QBFS</QBType></QBWCXML>"
        )
        assert run(Settings(qwc=str(qwc), password="secret")) == 0
    first = next(called for called in script.calls if called.name == "sendRequestXML")
    assert mark in first.parameters["strHCPResponse"]
