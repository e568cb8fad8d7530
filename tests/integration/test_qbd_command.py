"""`blueops-qb sandbox qbd`: a process of its own polls a service, says what it did, and leaves a file that lasts."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from tests.qbd_twin import message_set, new_desk, text
from tests.qbwc_service import Script
from tests.served import served

COMMAND = [str(Path(sys.executable).parent / "blueops-qb"), "sandbox", "qbd"]


def add(name: str, *, ids: str = "") -> str:
    request = f"<CustomerAddRq><CustomerAdd><Name>{name}</Name></CustomerAdd></CustomerAddRq>"
    return message_set(request, attributes=f'onError="continueOnError"{ids}')


def arguments(url: str, *more: str, password: str = "secret") -> list[str]:
    return [*COMMAND, "--service-url", url, "--username", "bo", "--password", password, *more]


def run(command: list[str]) -> tuple[int, dict[str, Any], str]:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    lines = done.stdout.splitlines()
    return done.returncode, json.loads(lines[-1]) if lines else {}, done.stderr


def test_the_summary_tells_what_was_done_and_what_is_there(tmp_path: Path) -> None:
    script = Script(sets=[add("One"), add("One"), message_set("<HostQueryRq/>"), "<broken"])
    with served(script) as url:
        code, told, _ = run(arguments(url, "--company", str(tmp_path / "c.qbw"), "--cycles", "2"))
    assert code == 0
    assert (told["sessions"], told["message_sets"]) == (2, 4)
    assert told["requests"] == {
        "CompanyQuery": 2,
        "CustomerAdd": 2,
        "HostQuery": 3,
        "PreferencesQuery": 2,
    }
    assert told["statuses"]["3100"] == 1
    assert told["hresults"] == {"0x80040400": 1}
    assert told["objects"]["Customer"] == 1
    assert told["trial_balance"] == "0.00"
    assert told["errors"] == ["nothing to do"]


def test_a_lost_answer_is_found_again_by_the_next_process(tmp_path: Path) -> None:
    path = tmp_path / "c.qbw"
    ids = ' newMessageSetID="a1"'
    script = Script(sets=[add("One", ids=ids)])
    with served(script) as url:
        code, told, _ = run(arguments(url, "--company", str(path), "--drop-answer", "1"))
        assert (code, told["ended"], script.heard) == (0, {"stopped": 1}, [])
        script.sets.append(add("One", ids=f'{ids} oldMessageSetID="a1"'))
        run(arguments(url, "--company", str(path)))
    (response, hresult), *_ = script.heard
    assert 'messageSetStatusCode="0"' in response
    assert hresult == ""
    desk = new_desk(path)
    assert len(desk.query("Customer", "<FullName>One</FullName>")) == 1


def test_forgotten_sets_are_told_as_such(tmp_path: Path) -> None:
    path, ids = str(tmp_path / "c.qbw"), ' newMessageSetID="a1"'
    script = Script(sets=[add("One", ids=ids)])
    with served(script) as url:
        run(arguments(url, "--company", path, "--drop-answer", "1"))
        script.sets.append(add("One", ids=f'{ids} oldMessageSetID="a1"'))
        run(arguments(url, "--company", path, "--forget-sets"))
    assert 'messageSetStatusCode="9002"' in script.heard[0][0]


def test_a_killed_process_leaves_everything_that_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "c.qbw"
    script = Script(sets=[add(f"C{number}") for number in range(2000)], percent=[50] * 2000)
    with served(script) as url:
        process = subprocess.Popen(arguments(url, "--company", str(path), "--every", "0.1"))
        try:
            for _ in range(600):
                if len(script.heard) >= 20:
                    break
                time.sleep(0.05)
        finally:
            process.kill()
            process.wait(10)
        heard = len(script.heard)
    assert heard >= 20
    desk = new_desk(path)
    there = {text(record, "Name") for record in desk.query("Customer")}
    assert {f"C{number}" for number in range(heard)} <= there
    assert desk.file.company.ledger.trial_balance().difference == 0


def test_polling_ends_in_order_on_sigterm(tmp_path: Path) -> None:
    script = Script(welcome=["none"])
    with served(script) as url:
        process = subprocess.Popen(
            arguments(url, "--company", str(tmp_path / "c.qbw"), "--every", "0.05"),
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(600):
            if script.names().count("authenticate") >= 2:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=20)
    told = json.loads(out.splitlines()[-1])
    assert process.returncode == 0
    assert told["sessions"] == told["ended"]["nothing"] >= 2


def test_what_is_wrong_is_said_in_words(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("no company " * 500)
    with served(Script()) as url:
        code, told, _ = run(arguments(url, password="guess"))
        assert (code, told["ended"]) == (1, {"refused": 1})
        code, _, err = run(arguments(url, "--company", str(notes)))
        assert (code, "move it away" in err) == (1, True)
    code, _, err = run(arguments("http://books.example.com/x"))
    assert (code, "QBWC1010" in err) == (1, True)
    code, _, err = run([*COMMAND, "--qwc", str(tmp_path / "none.qwc")])
    assert (code, "--qwc" in err) == (1, True)
