"""The company file of the twin: what was answered is there again, however the process ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from blueops_qb.cli import main
from blueops_qb.sandbox.qbo import storage
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.keeper import Keeper
from blueops_qb.sandbox.qbo.merging import merge
from blueops_qb.sandbox.qbo.running import new_company
from tests.twin_calls import Caller, calling, invoice, payment, sales_line

HEADERS = {"Authorization": "Bearer T", "Accept": "application/json"}


def start(file: Path, *options: str) -> tuple[subprocess.Popen[str], Any]:
    words = ["sandbox", "qbo", "--port", "0", "--realm", "123", "--token", "T", "--seed", "names"]
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "from blueops_qb.cli import main; main()",
            *words,
            "--company",
            str(file),
            *options,
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    return child, json.loads(child.stdout.readline().removeprefix("READY "))


def killed(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait(timeout=60)
    assert child.stdout is not None
    child.stdout.close()


def test_a_kill_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    file = tmp_path / "practice.json"
    options = ("--latency-ms", "5", "--rotate", "always")
    child, ready = start(file, *options)
    url = f"{ready['base_url']}/v3/company/123"

    def create(number: int) -> str:
        body = invoice("1", sales_line("10"), DocNumber=f"K-{number}")
        answer = requests.post(
            f"{url}/invoice", params={"requestid": f"r{number}"}, json=body, headers=HEADERS, timeout=60
        )
        return str(answer.json()["Invoice"]["Id"])

    with ThreadPoolExecutor(30) as clients:
        ids = list(clients.map(create, range(60)))
    tokens = _refreshed(ready, ready["refresh_token"])
    killed(child)

    child, again = start(file, *options)
    url = f"{again['base_url']}/v3/company/123"
    statement = "select * from Invoice where DocNumber like 'K-%' maxresults 1000"
    found = requests.get(f"{url}/query", params={"query": statement}, headers=HEADERS, timeout=60).json()
    assert {row["Id"] for row in found["QueryResponse"]["Invoice"]} == set(ids)
    assert create(0) == ids[0]  # the requestid is remembered too
    assert "refresh_token" in _refreshed(again, tokens["refresh_token"])
    assert _refreshed(again, ready["refresh_token"]) == {"error": "invalid_grant"} | {
        "error_description": "Incorrect or invalid refresh token"
    }
    killed(child)


def _refreshed(ready: Any, token: str) -> Any:
    return requests.post(
        f"{ready['base_url']}/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": token},
        auth=(ready["client_id"], ready["client_secret"]),
        timeout=60,
    ).json()


def a_day_of_work(qbo: Caller) -> None:
    """Writes of many kinds: among them records that change only as a consequence."""
    parent = qbo.create("Customer", {"DisplayName": "Kept"})
    job = qbo.create("Customer", {"DisplayName": "Job", "Job": True, "ParentRef": {"value": parent["Id"]}})
    qbo.update("Customer", qbo.read("Customer", parent["Id"]), DisplayName="Renamed")
    first = qbo.create("Invoice", invoice(job["Id"], sales_line("100")))
    second = qbo.create("Invoice", invoice(job["Id"], sales_line("50")))
    paid = qbo.create("Payment", payment(job["Id"], "100", (first["Id"], "100")))
    qbo.void("Payment", paid)
    qbo.delete("Invoice", qbo.read("Invoice", second["Id"]))
    qbo.admin("closing", date="2020-01-31")
    qbo.admin("company", latin_only=True)
    qbo.admin("clock", advance_seconds=3600)
    qbo.create("Attachable", {"Note": "Paid in cash"})
    loser = qbo.create("Vendor", {"DisplayName": "Loser"})
    merge(qbo.twin.company, kind="Vendor", keep="34", lose=loser["Id"])
    qbo.post("/customer", {"DisplayName": "Once"}, requestid="once")


def contents(company: Company) -> Any:
    return json.loads(json.dumps(storage.dump(company), default=float))


def test_the_log_of_steps_holds_every_write_until_the_file_does(tmp_path: Path) -> None:
    file = tmp_path / "practice.json"
    with calling(seed="names") as qbo, closing(Keeper(qbo.twin.app, file)):
        a_day_of_work(qbo)
        now = contents(qbo.twin.company)
        back = storage.load(file)
        assert contents(back) == now
        assert back.ledger.trial_balance() == qbo.twin.company.ledger.trial_balance()


def test_a_line_that_was_cut_off_is_passed_over_and_those_before_it_count(tmp_path: Path) -> None:
    file, log = tmp_path / "practice.json", tmp_path / "practice.json.log"
    with calling(seed="names") as qbo, closing(Keeper(qbo.twin.app, file)):
        kept = qbo.create("Customer", {"DisplayName": "Whole"})
        lost = qbo.create("Customer", {"DisplayName": "Cut off"})
    log.write_bytes(log.read_bytes()[:-20])
    back = storage.load(file)
    assert back.get("Customer", kept["Id"])["DisplayName"] == "Whole"
    assert back.find("Customer", lost["Id"]) is None


def test_a_save_drops_from_the_log_what_the_file_has(tmp_path: Path) -> None:
    file, log = tmp_path / "practice.json", tmp_path / "practice.json.log"
    with calling(seed="names") as qbo, closing(Keeper(qbo.twin.app, file)) as keeper:
        before = qbo.create("Customer", {"DisplayName": "Before"})
        lines = log.read_bytes()
        keeper.save()
        assert log.read_bytes() == b""
        after = qbo.update("Customer", before, Notes="After")
        # Killed between the new file and the shorter log: the old lines are there still, and do no harm.
        log.write_bytes(lines + log.read_bytes())
        assert storage.load(file).get("Customer", before["Id"])["Notes"] == after["Notes"] == "After"


def test_a_file_without_a_log_is_read_as_it_is(tmp_path: Path) -> None:
    storage.save(new_company(seed="names"), tmp_path / "old.json")
    assert len(storage.load(tmp_path / "old.json").all("Vendor")) >= 20


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--limits", "1,2"], "expected three numbers above zero, MIN,SEC,BATCH"),
        (["--limits", "0,0,0"], "expected three numbers above zero"),
        (["--limits", "many,5,5"], "expected three numbers above zero"),
        (["--latency-ms", "-5"], "-5 is not in the range"),
        (["--port", "70000"], "70000 is not in the range"),
        (["--company", "."], "is a directory"),
        (["--seed", "huge"], "'huge' is not one of"),
        (["--token"], "requires an argument"),
    ],
)
def test_what_is_wrong_with_the_command_is_said_in_one_line(words: list[str], said: str) -> None:
    result = CliRunner().invoke(main, ["sandbox", "qbo", *words])
    assert result.exit_code == 2
    assert said in result.output


def test_a_file_that_holds_no_company_is_named_with_what_to_do(tmp_path: Path) -> None:
    for text in ("{", "[]", "{}", '{"format": 99, "records": {}, "replies": []}'):
        file = tmp_path / "odd.json"
        file.write_text(text)
        result = CliRunner().invoke(main, ["sandbox", "qbo", "--company", str(file)])
        assert result.exit_code == 1
        assert f"company file {file}: it cannot be read as a company" in result.output
        assert "move it away to begin anew" in result.output
        assert file.read_text() == text


def test_a_file_that_cannot_be_written_is_refused_before_ready(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = CliRunner().invoke(main, ["sandbox", "qbo", "--company", str(tmp_path / "file" / "books.json")])
    assert result.exit_code == 1
    assert "it cannot be written" in result.output
    assert "READY" not in result.output
