"""Canaries over a whole day: secrets are found nowhere but sealed, customer data in no log and no traceback.

A child process plays the demo with canaries in it while calls, answers, database and pages fail; commands follow when
the books are gone. Everything that was logged at DEBUG, printed, stored or written is then searched.
"""

import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.engine.vault import Sealer
from blueops_qb.sandbox.core.database import make_engine
from blueops_qb.sandbox.core.keys import ENVIRONMENT, new_key
from blueops_qb.store import tables as t
from tests.canary_day import CUSTOMER_DATA, EMAIL, LINE, MEMO, NAME, PHONE, STREET

pytestmark = pytest.mark.xdist_group("demo")
VERIFIER = "canary-verifier-token-0815"
LOG_ALL = """
import logging, os
handler = logging.FileHandler(os.path.join(os.environ["CANARY_LOGS"], f"{os.getpid()}.log"))
handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
logging.basicConfig(level=logging.DEBUG, handlers=[handler])
logging.captureWarnings(True)
"""
WIRE_LOG = "wire.jsonl"
COMMANDS = (
    ["status", "--json"],
    ["records", "--json"],
    ["worker", "--once"],
    ["audit", "verify"],
    ["doctor"],
    ["keys", "rotate"],
    ["keys", "status"],
    ["purge"],
    ["erase", "customer:999999", "--yes"],
)
CALLS = """
import contextlib, json, sys
from blueops_qb.cli import main
for call in json.loads(sys.argv[1]):
    with contextlib.suppress(SystemExit):
        main(call)
"""
#: The host's own configuration, readable by its user alone; everything else holds no secret.
CONFIGURATION = re.compile(r"last-demo\.json|.*\.keys")


@attrs.frozen(kw_only=True)
class Day:
    """What a day left behind."""

    url: str
    home: Path
    logs: str
    printed: str
    errors: str
    secrets: list[str]
    keys: list[str]
    code: int

    def tables(self) -> Iterator[tuple[str, str, str]]:
        """(table, column, text) of everything that is stored, core's tables included."""
        engine = make_engine(self.url)
        metadata = sa.MetaData()
        with engine.connect() as connection:
            metadata.reflect(connection)
            for table in metadata.sorted_tables:
                for row in connection.execute(sa.text(f"SELECT * FROM {table.name}")).mappings():
                    for column, value in row.items():
                        if isinstance(value, bytes | memoryview):
                            yield table.name, column, bytes(value).decode("utf-8", "replace")
                        elif value is not None:
                            yield table.name, column, str(value)
        engine.dispose()

    def found(self, words: tuple[str, ...] | list[str]) -> dict[str, set[str]]:
        """table.column -> the words that can be read there, as they are or as JSON writes them, in any case."""
        told: dict[str, set[str]] = {}
        for table, column, text in self.tables():
            folded = text.casefold()
            hits = {word for word in words if any(form.casefold() in folded for form in forms_of(word))}
            if hits:
                told.setdefault(f"{table}.{column}", set()).update(hits)
        return told


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def day(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, project_root: Path
) -> Iterator[Day]:
    folder = tmp_path_factory.mktemp("canaries")
    home, logs, site = folder / "home", folder / "logs", folder / "site"
    for each in (home, logs, site):
        each.mkdir()
    (site / "sitecustomize.py").write_text(LOG_ALL)
    key = new_key().decode()
    if request.param == "sqlite":
        url, server = f"sqlite:///{home / 'day.db'}", None
    else:
        server = request.getfixturevalue("postgres_server")
        url = server.create("canaries")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("BLUEOPS_", "PYTHON"))},
        "PYTHONPATH": os.pathsep.join((str(site), str(project_root))),
        "CANARY_LOGS": str(logs),
        "XDG_STATE_HOME": str(home / "state"),
        "XDG_DATA_HOME": str(home / "data"),
        "BLUEOPS_QB_QBO_WEBHOOK_TOKENS": VERIFIER,
        "BLUEOPS_QB_QBO_WIRE_LOG": str(home / WIRE_LOG),
        ENVIRONMENT: key,
    }
    secrets_file = folder / "secrets.json"
    outputs = [
        run(
            [sys.executable, "-m", "tests.canary_day", url, str(secrets_file)], home, environment, seconds=900
        )
    ]
    told: dict[str, Any] = json.loads(secrets_file.read_text())
    calls = json.dumps([[*command, "--db", url] for command in COMMANDS])
    outputs.append(run([sys.executable, "-c", CALLS, calls], home, environment, seconds=600))
    yield Day(
        url=url,
        home=home,
        logs="\n".join(file.read_text(errors="replace") for file in sorted(logs.iterdir())),
        printed="\n".join(done.stdout for done in outputs),
        errors="\n".join(done.stderr for done in outputs),
        secrets=[*told["tokens"], told["client_secret"], *told["keys"], *told["verifier"]],
        keys=told["keys"],
        code=outputs[0].returncode,
    )
    if server is not None:
        server.drop("canaries")


def run(
    command: list[str], home: Path, environment: dict[str, str], *, seconds: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )


def lines_with(text: str, words: Iterable[str]) -> list[str]:
    """Lines in which one of the words stands, as it is or as an address writes it."""
    forms = {form for word in words for form in forms_of(word)}
    return [line for line in text.splitlines() if any(form in line for form in forms)]


def forms_of(word: str) -> set[str]:
    """The word as it is, as an address writes it, and as JSON does."""
    return {word, quote(word), quote_plus(word), json.dumps(word)[1:-1]}


# -- the search itself works ---------------------------------------------------------------------------
def test_the_day_was_played_and_everything_went_wrong_on_the_way(day: Day) -> None:
    assert day.code == 0, day.errors[-3000:]
    for trouble in (
        "an event of customer:",
        "could not be worked; it is tried again",
        "failed for tenant bluewater",
        "a webhook message could not be kept",
        "its signature does not fit",
        "cannot be read",
    ):
        assert trouble in day.logs, trouble
    assert day.logs.count("page record.record failed") == 1
    assert "a page failed" in day.errors
    assert "a task failed" in day.errors
    assert "entries, head" in day.printed, "the commands ran"
    assert "DEBUG urllib3.connectionpool" in day.logs, "everything is logged, that of libraries too"


def test_the_canaries_were_there_to_be_found(day: Day) -> None:
    assert len(day.secrets) >= 7, "a code, two pairs of tokens, and what the host keeps"
    assert all(len(secret) > 12 for secret in day.secrets)
    found = day.found([NAME, EMAIL, PHONE, STREET, MEMO, LINE])
    assert found["blueops_qb_outbox.payload"] == {NAME, EMAIL, PHONE, STREET, MEMO, LINE}
    assert any(place.startswith("core_") for place in found)
    sealer = Sealer(lambda: [day.keys[0].encode()])
    engine = make_engine(day.url)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(t.secrets)).mappings().all()
    engine.dispose()
    opened = [sealer.open(row["connection_id"], row["purpose"], row["sealed"]).decode() for row in rows]
    assert any(secret in text for text in opened for secret in day.secrets), (
        "the newest tokens are sealed there"
    )


# -- secrets -------------------------------------------------------------------------------------------
def test_no_secret_is_in_any_log_or_output(day: Day) -> None:
    for name, text in (("log", day.logs), ("stdout", day.printed), ("stderr", day.errors)):
        assert lines_with(text, day.secrets) == [], name


def test_no_secret_is_in_any_column_of_any_table(day: Day) -> None:
    assert day.found(day.secrets) == {}


def test_no_secret_is_in_any_file_but_the_hosts_own_configuration(day: Day) -> None:
    files = [file for file in day.home.rglob("*") if file.is_file()]
    assert files
    for file in files:
        content = file.read_bytes()
        if any(secret.encode() in content for secret in day.secrets):
            assert CONFIGURATION.fullmatch(file.name), file
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file


# -- customer data -------------------------------------------------------------------------------------
def test_no_customer_data_is_in_any_log_or_traceback(day: Day) -> None:
    for name, text in (("log", day.logs), ("stderr", day.errors)):
        assert lines_with(text, CUSTOMER_DATA) == [], name


def test_beside_the_database_only_the_wire_log_that_was_asked_for_holds_any(day: Day) -> None:
    holding = {
        file.name
        for file in day.home.rglob("*")
        if file.is_file() and any(word.encode() in file.read_bytes() for word in CUSTOMER_DATA)
    }
    wire_log = day.home / WIRE_LOG
    assert {name for name in holding if not name.startswith("day.db")} == {WIRE_LOG}
    assert stat.S_IMODE(wire_log.stat().st_mode) == 0o600
    lines = [json.loads(line) for line in wire_log.read_text().splitlines()]
    assert all(line["path"].startswith("/v3/") for line in lines)


def test_customer_data_is_only_where_the_documents_say(day: Day, project_root: Path) -> None:
    page = (project_root / "docs" / "explain" / "privacy.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(blueops_qb_\w+\.\w+)` \|", page, re.MULTILINE))
    assert len(told) > 20
    ours = {place for place in day.found(CUSTOMER_DATA) if place.startswith("blueops_qb_")}
    assert ours <= told, f"docs/explain/privacy.md does not tell of {sorted(ours - told)}"
    columns = {
        f"{table.name}.{column.name}" for table in t.metadata.sorted_tables for column in table.columns
    }
    assert told <= columns, f"docs/explain/privacy.md tells of {sorted(told - columns)}, which there is not"
