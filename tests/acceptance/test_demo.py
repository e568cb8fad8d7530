"""The demo plays a day of a plumbing company end to end and says truly whether both sides agree."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from blueops_qb.sandbox import last_demo
from blueops_qb.sandbox.core.keys import ENVIRONMENT, new_key
from blueops_qb.sandbox.demo import run
from blueops_qb.sandbox.demo.bookkeeper import Bookkeeper
from blueops_qb.sandbox.reader import BooksAddress

pytestmark = pytest.mark.xdist_group("demo")
KEYS = {
    "events",
    "states",
    "compared",
    "differences",
    "duplicates",
    "held",
    "trial_balance",
    "reminders_after_payment",
    "audit_ok",
}
#: How long a day may take, in seconds, and what is waited for: no measure, only so that nothing hangs.
PATIENCE = 300.0
CALL = "import sys; from blueops_qb.sandbox.demo import run; sys.exit(run({arguments}))"


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("BLUEOPS_QB_RUNNER", raising=False)


def test_one_run_ends_with_both_sides_equal_and_writes_the_figures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "demo.json"
    file.write_text("of an earlier run")
    assert run(once=True, seconds=PATIENCE, json_file=str(file)) == 0
    found = json.loads(file.read_text())
    assert set(found) == KEYS
    assert found["events"] == sum(found["states"].values()) > 20
    assert set(found["states"]) <= {"done", "superseded", "not_posted"}
    assert found["compared"] >= 20
    assert [found[name] for name in ("differences", "duplicates", "held", "reminders_after_payment")] == [
        0
    ] * 4
    assert found["trial_balance"] == "0.00"
    assert found["audit_ok"] is True
    told = capsys.readouterr().out
    for step in (
        "through the consent page",
        "1 ambiguous",
        "held: Invoice 1005 needs what is not mapped: fee type “diagnostic”.",
        "address changed in QuickBooks, phone in BlueOps; both sides have both",
        "is paid in BlueOps, 0 reminders follow",
        "Both sides agree.",
    ):
        assert step in told
    assert_table_is_aligned(told)


def assert_table_is_aligned(told: str) -> None:
    lines = told.splitlines()
    rule = next(n for n, line in enumerate(lines) if re.fullmatch(r"[- ]{60,}", line))
    rows = lines[rule + 1 : rule + 1 + lines[rule + 1 :].index("")]
    gaps = [match.start() for match in re.finditer("  ", lines[rule])]
    assert len(rows) > 20
    assert all(row[gap : gap + 2].strip() == "" for row in rows for gap in gaps if len(row) > gap)
    assert all(row.endswith("  done") for row in rows)


@pytest.mark.parametrize("seed", [1, 7])
def test_other_quantities_and_prices_agree_as_well(seed: int) -> None:
    assert run(once=True, seconds=PATIENCE, seed=seed) == 0


@pytest.mark.postgres
def test_the_day_runs_on_postgresql_too(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    file = tmp_path / "demo.json"
    assert run(once=True, seconds=PATIENCE, json_file=str(file), db=postgres_url) == 0
    assert json.loads(file.read_text())["differences"] == 0
    recalled = last_demo.recall()
    assert recalled is not None
    assert recalled[0] == postgres_url
    assert recalled[1][ENVIRONMENT], "who works on that database later needs the host's key"


def test_a_database_with_a_company_in_it_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, new_key().decode())
    url = f"sqlite:///{tmp_path / 'own.db'}"
    assert run(once=True, seconds=PATIENCE, db=url) == 0
    before = rows_of(url)
    file = tmp_path / "demo.json"
    file.write_text("of an earlier run")
    assert run(once=True, db=url, json_file=str(file)) == 1
    assert "holds a company already" in capsys.readouterr().err
    assert rows_of(url) == before
    assert not file.exists()


def rows_of(url: str) -> int:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        count = connection.execute(sa.text("SELECT COUNT(*) FROM core_records")).scalar_one()
    engine.dispose()
    return int(count)


def test_a_day_that_gets_stuck_says_what_it_waits_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(once=True, seconds=0) == 1
    told = capsys.readouterr().err
    # Which step is met first without time left goes by how far the runner's own thread has come.
    assert re.search(r"could not go on: still waiting for (the|both) [^.]+\. ", told), told
    assert re.search(r"Events: (\d+ \w+|no events)", told), told


def test_a_taken_port_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    def meanwhile(books: BooksAddress) -> None:
        port = int(books.base_url.rpartition(":")[2])
        assert run(once=True, port=port) == 1

    assert run(once=True, seconds=PATIENCE, before_compare=meanwhile) == 0
    assert "choose another one with --port" in capsys.readouterr().err
    assert run(once=True, port=99_999) == 1
    assert "port 99999 cannot be taken" in capsys.readouterr().err
    recalled = last_demo.recall()
    assert recalled is not None
    assert rows_of(recalled[0]) > 20, "what could not start left the last demo as it was"


# -- staying up --------------------------------------------------------------------------------------
def test_it_stays_up_with_its_pages_until_ctrl_c(tmp_path: Path, project_root: Path) -> None:
    environment = {
        "PYTHONPATH": str(project_root),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
    }
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", CALL.format(arguments=f"seconds={PATIENCE}")],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=tmp_path,
        )
    try:
        wait_until(
            lambda: "Ctrl-C ends it." in log.read_text() or process.poll() is not None, seconds=PATIENCE
        )
        told = log.read_text()
        assert "Both sides agree." in told, told
        base = re.findall(r"BlueOps +(http://127\.0\.0\.1:\d+)/ ", told)[0]
        for path in ("/", "/settings/quickbooks", "/gates/quickbooks/status", "/books/"):
            assert requests.get(base + path, timeout=60).status_code == 200
        seen = requests.get(f"{base}/app/customerdetail?nameId=1", timeout=60)
        assert (seen.status_code, seen.url) == (200, f"{base}/books/customer?id=1")
        recalled = last_demo.recall()
        assert recalled is not None
        url, settings = recalled
        assert settings["BLUEOPS_QB_QBO_API_BASE"] == base
        pay_an_open_invoice(base)
        wait_until(lambda: "mailed later" in references(url), seconds=PATIENCE)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0
        assert log.read_text().endswith("The demo ended.\n")
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def wait_until(condition: object, *, seconds: float) -> None:
    assert callable(condition)
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def pay_an_open_invoice(base: str) -> None:
    """As a person does it on the books' page for checks."""
    answer = requests.get(f"{base}/twin/dump", timeout=60).json()
    theirs = next(i for i in answer["records"]["Invoice"] if i["DocNumber"] == "BO-1005")
    amount = Decimal(str(theirs["Balance"]))
    assert amount > 0
    form = {
        "customer": theirs["CustomerRef"]["value"],
        f"invoice-{theirs['Id']}": str(amount),
        "number": "mailed later",
        "day": theirs["TxnDate"],
    }
    answered = requests.post(f"{base}/books/check", data=form, timeout=60, allow_redirects=False)
    assert "done=" in answered.headers["Location"]


def references(url: str) -> list[str]:
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        found = connection.execute(sa.text("SELECT label FROM core_records WHERE kind = 'payment'"))
        labels = [str(label) for label in found.scalars()]
    engine.dispose()
    return labels


def test_an_end_in_the_middle_of_the_day_is_told(tmp_path: Path, project_root: Path) -> None:
    call = CALL.format(arguments=f"once=True, seconds={PATIENCE}")
    environment = {
        "PYTHONPATH": str(project_root),
        **{k: os.environ[k] for k in ("XDG_STATE_HOME", "XDG_DATA_HOME")},
    }
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", call],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    assert "BlueOps has" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert process.returncode == 130, rest
    assert rest.endswith("The demo ended.\n")
    assert "Traceback" not in rest


# -- the bookkeeper's helper is honest -----------------------------------------------------------------
def test_what_the_books_refuse_stops_the_day() -> None:
    told: list[str] = []

    def ask(books: BooksAddress) -> None:
        bookkeeper = Bookkeeper(books)
        try:
            bookkeeper.enter("Customer", {"DisplayName": "Ada Hill"})
        except RuntimeError as refused:
            told.append(str(refused))
        finally:
            bookkeeper.close()

    run(once=True, seconds=PATIENCE, before_compare=ask)
    assert "6240" in told[0]
