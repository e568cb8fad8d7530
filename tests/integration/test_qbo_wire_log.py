"""The wire log: what was sent and what came back, for the owner's eyes only, without a secret."""

import datetime as dt
import json
import logging
import os
import stat
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from blueops_qb.cli.opening import WIRE_LOG, wire_log_option
from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.framing import Answer, Request
from blueops_qb.providers.qbo.wire_log import REDACTED, WireLog, WireLogUnusable
from blueops_qb.sdk.doors import NotSent
from blueops_qb.sdk.provider import Verb
from tests.qbo_twin import Connected, connected

NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def logged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Connected, Path]]:
    path = tmp_path_factory.mktemp("wire") / "calls.jsonl"
    with connected(seed="names", wire_log=str(path)) as books:
        yield books, path


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line, parse_float=Decimal) for line in path.read_text().split("\n") if line]


def test_a_write_is_logged_as_it_was_sent_and_answered(logged: tuple[Connected, Path]) -> None:
    books, path = logged
    books.write(CustomerRecord(name="Wire Tapper"))
    line = lines(path)[-1]
    assert list(line) == ["time", "method", "path", "body", "status", "answer"]
    assert dt.datetime.fromisoformat(line["time"]).tzinfo is not None
    assert (line["method"], line["status"]) == ("POST", 200)
    assert line["path"].startswith(f"/v3/company/{books.twin.realm}/batch?requestid=ex")
    (item,) = line["body"]["BatchItemRequest"]
    assert item["Customer"]["DisplayName"] == "Wire Tapper"
    (answer,) = line["answer"]["BatchItemResponse"]
    assert answer["Customer"]["Id"]


def test_a_read_has_no_body(logged: tuple[Connected, Path]) -> None:
    books, path = logged
    books.read(BooksKind.CUSTOMER, "1")
    line = lines(path)[-1]
    assert (line["method"], line["body"]) == ("GET", None)
    assert line["path"].startswith(f"/v3/company/{books.twin.realm}/customer/1?requestid=ex")
    assert line["answer"]["Customer"]["Id"] == "1"


def test_signing_in_anew_leaves_no_line_and_no_secret(logged: tuple[Connected, Path]) -> None:
    books, path = logged
    books.one(Verb.CATALOG)
    before = len(lines(path))
    books.one(Verb.SIGN_IN)
    assert len(lines(path)) == before
    books.one(Verb.CATALOG)
    assert len(lines(path)) > before
    text = path.read_text()
    assert "oauth2" not in text
    for secret in (books.twin.access_token, books.twin.refresh_token, books.twin.client_secret):
        assert secret not in text
    for held in books.vault.values():
        tokens = json.loads(held)
        assert tokens["access_token"] not in text
        assert tokens["refresh_token"] not in text


def test_a_secret_in_a_call_is_blacked_out_and_other_text_stays(tmp_path: Path) -> None:
    log = WireLog(tmp_path / "calls")
    request = Request(
        method="POST", path="/v3/company/1/batch?requestid=a", headers={}, body='{"n":"top-secret","x":1.00}'
    )
    log.note(
        request, Answer(status=400, text="<html>top-secret</html>"), sent_at=NOON, secrets=("top-secret", "")
    )
    (line,) = lines(log.path)
    assert line["body"] == {"n": REDACTED, "x": Decimal("1.00")}
    assert line["answer"] == f"<html>{REDACTED}</html>"
    assert '"x":1.00' in log.path.read_text()


def test_a_call_that_never_arrived_says_why(tmp_path: Path) -> None:
    log = WireLog(tmp_path / "calls")
    log.note(Request(method="GET", path="/v3/x", headers={}), NotSent(why="no way there"), sent_at=NOON)
    (line,) = lines(log.path)
    assert (line["status"], line["answer"], line["problem"]) == (None, None, "no way there")


def test_only_the_owner_reads_it_even_if_the_file_was_there(tmp_path: Path) -> None:
    path = tmp_path / "calls"
    path.write_text("")
    path.chmod(0o644)
    WireLog(path).check()
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600


def test_a_link_is_refused_and_a_lost_folder_stops_no_call(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(WireLogUnusable, match=r"link cannot be written.*Choose another file"):
        WireLog(tmp_path / "link").check()
    with caplog.at_level(logging.WARNING):
        WireLog(tmp_path / "gone" / "calls").note(
            Request(method="GET", path="/v3/x", headers={}), Answer(status=200), sent_at=NOON
        )
    assert "wire log cannot be written" in caplog.text


def test_the_option_sets_the_log_for_the_command_and_its_processes_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(WIRE_LOG, raising=False)
    seen: list[str | None] = []

    @click.command()
    @wire_log_option
    def command() -> None:
        seen.append(os.environ.get(WIRE_LOG))

    result = CliRunner().invoke(command, ["--wire-log", str(tmp_path / "calls")])
    assert result.exit_code == 0, result.output
    assert seen == [str(tmp_path / "calls")]
    assert WIRE_LOG not in os.environ
    refused = CliRunner().invoke(command, ["--wire-log", str(tmp_path / "no" / "calls")])
    assert refused.exit_code == 2
    assert "cannot be written" in refused.output
    assert seen == [str(tmp_path / "calls")]
