"""The benches run, count what they say, and end with one JSON line; their times are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

COMMAND = [sys.executable, "-c", "from blueops_qb.cli import main; main()"]


def last_line(*arguments: str) -> dict[str, Any]:
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=900, check=False)
    assert done.stdout, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    assert "versions" in figures
    assert done.returncode == (1 if figures["missed"] else 0)
    return figures


@pytest.fixture(scope="module")
def twin() -> Iterator[dict[str, str]]:
    arguments = [*COMMAND, "sandbox", "qbo", "--port", "0", "--realm", "4711", "--token", "never-expires"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first.startswith("READY {")
            ready: dict[str, str] = json.loads(first.removeprefix("READY "))
            yield ready
        finally:
            process.terminate()
            process.wait(60)


def test_the_first_line_of_the_twin_says_how_to_reach_it(twin: dict[str, str]) -> None:
    expected = {"base_url", "realm", "access_token", "client_id", "client_secret", "refresh_token"}
    assert set(twin) == expected
    assert (twin["realm"], twin["access_token"]) == ("4711", "never-expires")
    assert not twin["base_url"].endswith("/v3")


def test_pushing_needs_few_calls_and_creates_each_invoice_once(twin: dict[str, str]) -> None:
    figures = last_line(
        "bench", "push", twin["base_url"], "100", "--realm", twin["realm"], "--token", twin["access_token"]
    )
    assert {"wall_s", "cpu_s", "created", "calls", "rss_mib"} <= set(figures)
    assert figures["created"] == 100
    assert figures["calls"] <= 5


@pytest.mark.slow
def test_a_session_of_the_web_connector_carries_many_documents_a_trip() -> None:
    figures = last_line("bench", "desktop", "--invoices", "60")
    assert figures["missed"] == []
    sets, singly = figures["sets"], figures["singly"]
    assert (sets["created"], singly["created"]) == (60, 60)
    assert (sets["sessions"], singly["sessions"]) == (1, 1)
    assert sets["documents_per_trip"] >= 20
    assert singly["trips"] == 60
    assert sets["cpu_ms"] > 0
    assert singly["cpu_ms"] > 0


@pytest.mark.postgres
def test_an_event_costs_one_insert_and_no_select() -> None:
    figures = last_line("bench", "hook", "--events", "100")
    for database in ("sqlite", "postgresql"):
        assert figures[database]["statements"] == ["SAVEPOINT", "INSERT", "RELEASE"]
        assert figures[database]["events"] == 100
        assert {"median_us", "bare_median_us", "p99_us", "bare_p99_us"} <= set(figures[database])


@pytest.mark.slow
def test_a_push_against_limits_is_throttled_by_us_and_not_by_the_books() -> None:
    figures = last_line("bench", "throttle", "--invoices", "90", "--singles", "2")
    assert figures["invoices"] == 90
    assert figures["throttled"] == 0
    assert figures["calls"] >= 3 + figures["singles_alone"] + figures["singles_meanwhile"]
    assert figures["singles_alone"] == 2
    assert {"alone_p95_ms", "meanwhile_p95_ms", "p95_worse", "throttled_share", "database"} <= set(figures)


@pytest.mark.slow
def test_looking_for_changes_costs_what_it_may() -> None:
    figures = last_line("bench", "poll", "--changes", "12")
    assert figures["missed"] == []
    assert figures["rest_webhooks"]["reads"] <= 2
    assert figures["rest_webhooks"]["companies"] > 300
    assert 55 <= figures["rest"]["reads"] <= 61
    for name in ("busy", "busy_webhooks"):
        assert figures[name]["arrived"] == 12
        assert figures[name]["calls"] == figures[name]["reads"]  # one call is one metered read
    assert figures["busy_webhooks"]["reads"] <= 14


@pytest.mark.postgres
def test_messages_at_the_gate_are_answered_and_what_they_name_is_kept() -> None:
    figures = last_line("bench", "webhook", "--rate", "25", "--seconds", "2")
    for database in ("sqlite", "postgresql"):
        assert figures[database]["messages"] == 50
        assert figures[database]["records"] > 80
        assert 0 < figures[database]["p50_ms"] <= figures[database]["p99_ms"] <= figures[database]["max_ms"]
        assert figures[database]["looks"] >= 1, "the server worked meanwhile"
    assert not [missed for missed in figures["missed"] if "percentile" not in missed]


@pytest.mark.slow
def test_older_records_come_over_whole_through_a_kill() -> None:
    figures = last_line("bench", "backfill", "--records", "2000")
    assert figures["missed"] == []
    assert figures["written"] == figures["records"] == 2000
    assert (figures["lost"], figures["doubled"], figures["held"]) == (0, 0, 0)
    assert figures["customers"] == 100
    assert figures["resumed"] is True
    assert 1000 <= figures["killed_after"] < 2000
    assert figures["calls"] < 200
    assert 0 < figures["rss_mib"] < 200
    agreed = figures["agreement"]
    assert (agreed["documents"], agreed["differences"]) == (2000, 0)
    assert agreed["planted"] == agreed["found"] >= 25
    assert agreed["kinds"] >= 12
    assert agreed["missed"] == agreed["not_planted"] == []


def test_a_payment_recorded_in_the_books_pays_its_invoice_and_stops_reminders() -> None:
    figures = last_line("bench", "arrive", "--payments", "5", "--sweep", "3")
    assert figures["sqlite"]["reminders"] == 0
    assert figures["sqlite"]["webhook"]["max_s"] > 0
