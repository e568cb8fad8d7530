"""First connection through the pages and the command line: bulk, files, going live under supervision, backfill."""

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from blueops_qb.cli import main
from blueops_qb.engine import matching
from blueops_qb.engine.match_rows import rows
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from blueops_qb.store import tables as t
from tests.core_house import KEY, Browser
from tests.office import DAY, PAGES, Office, office
from tests.page_forms import fields, form_of


@pytest.fixture
def fresh(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """Connected and read; one customer is there, one may be (another e-mail form of it), one is not."""
    monkeypatch.setenv(ENVIRONMENT, KEY.decode())
    with office(sqlite_url) as made:
        made.bind()
        for name in ("Eastgate Bakery", "Eastgate Bakery LLC", "Ann Lee"):
            made.customer(name, email="")
        made.drain()
        yield made


def planned(shop: Office) -> dict[str, tuple[str, str]]:
    with shop.turn() as turn:
        return {row.name: (row.bucket, row.decision) for row in rows(turn.connection, turn.id)}


def open_rows(shop: Office) -> list[str]:
    with shop.turn() as turn:
        return [row.key for row in rows(turn.connection, turn.id, decision="open")]


def pressed(browser: Browser, form: str, *, bucket: str = "exact", **values: str) -> Any:
    """The answer to a form of the plan's page, sent as the page has it now."""
    page = browser.get(f"{PAGES}/matching?bucket={bucket}")
    return browser.post(f"{PAGES}{form}", fields(page, form_of(page, form)), **values)


def test_parts_are_decided_at_once_and_nothing_goes_live_before(fresh: Office) -> None:
    admin = fresh.browser()
    admin.get(f"{PAGES}/matching")
    admin.post(f"{PAGES}/matching/build")
    assert planned(fresh)["Eastgate Bakery LLC"] == ("weak", "open")
    refused = pressed(admin, "/matching/approve", sure="yes")
    assert "not decided yet" in admin.get(refused.headers["Location"]).text
    assert fresh.row()["state"] == "matching"
    page = admin.get(f"{PAGES}/matching?bucket=weak")
    assert "leave 1 undecided on purpose" in page.text
    assert "of 100" in page.text
    answer = pressed(admin, "/matching/bucket", bucket="weak", decision="wait")
    assert "1 rows decided" in admin.get(answer.headers["Location"]).text
    answer = admin.post(f"{PAGES}/matching/bucket", bucket="exact", decision="marry")
    assert "Nothing was changed" in admin.get(answer.headers["Location"]).text
    answer = pressed(admin, "/matching/bucket", bucket="exact", decision="accept")
    assert planned(fresh)["Eastgate Bakery"] == ("exact", "link")
    pressed(admin, "/matching/approve", sure="yes")
    assert (fresh.row()["state"], fresh.row()["canary_left"]) == ("live", 10)
    assert "0 of the first 10 have been sent" in admin.get(f"{PAGES}/").text


def test_the_plan_goes_out_and_comes_back_as_a_file(fresh: Office) -> None:
    admin = fresh.browser()
    admin.get(f"{PAGES}/matching")
    admin.post(f"{PAGES}/matching/build")
    (waiting,) = open_rows(fresh)
    answer = admin.get(f"{PAGES}/matching/export")
    assert answer.mimetype == "text/csv"
    assert f"match-plan-{fresh.id}.csv" in answer.headers["Content-Disposition"]
    edited = "\r\n".join(
        line.replace(",open,", ",skip,", 1) if waiting in line else line for line in answer.text.splitlines()
    )

    def sent(text: str) -> Any:
        page = admin.post(f"{PAGES}/matching/import", file=(io.BytesIO(text.encode()), "plan.csv"))
        return admin.get(page.headers["Location"]).text

    assert "belongs to another connection" in sent(edited.replace(fresh.id, "0" * 16))
    assert open_rows(fresh) == [waiting]
    assert "Decisions taken: 1 skip" in sent(edited)
    assert open_rows(fresh) == []
    assert "choose the file" in sent("")


def test_after_the_first_records_the_overview_waits_for_somebody_to_confirm(fresh: Office) -> None:
    for n in range(12):
        fresh.customer(f"Newcomer {n}", email="")
    admin = fresh.browser()
    admin.get(f"{PAGES}/matching")
    admin.post(f"{PAGES}/matching/build")
    pressed(admin, "/matching/approve", sure="yes", leave_open="yes")
    fresh.drain()
    page = admin.get(f"{PAGES}/").text
    assert "Look at the first records" in page
    assert "They are right, go on" in page
    assert fresh.row()["health"] == "stopped"
    admin.post(f"{PAGES}/resume")
    fresh.drain()
    assert "are kept equal" in admin.get(f"{PAGES}/").text
    assert fresh.row()["canary_left"] is None


def test_older_records_are_asked_for_on_the_overview(fresh: Office) -> None:
    invoice = fresh.invoice(fresh.customer("Newcomer", email=""))
    with fresh.turn() as turn:
        matching.build(turn)
        matching.approve(turn, actor="admin", leave_open=True)
    fresh.drain()
    assert fresh.state(invoice.ref) == "held"
    admin = fresh.browser()
    admin.get(f"{PAGES}/")
    day = DAY.isoformat()
    assert (
        "enter the first and the last day"
        in admin.get(admin.post(f"{PAGES}/backfill", {"from": "soon", "to": day}).headers["Location"]).text
    )
    admin.post(f"{PAGES}/backfill", {"from": day, "to": day})
    assert "is paused" in admin.get(admin.post(f"{PAGES}/backfill/pause").headers["Location"]).text
    fresh.drain()
    assert fresh.state(invoice.ref) == "held"
    assert "can be paused" in admin.get(admin.post(f"{PAGES}/backfill/eat").headers["Location"]).text
    assert "is going on" in admin.get(admin.post(f"{PAGES}/backfill/resume").headers["Location"]).text
    for _ in range(4):
        fresh.drain()
    assert fresh.state(invoice.ref) == "done"
    assert "is done: 1 of 1 records done" in admin.get(f"{PAGES}/").text
    assert "none is under way" in admin.get(admin.post(f"{PAGES}/backfill/cancel").headers["Location"]).text


# -- the command line ----------------------------------------------------------------------------------
def run(shop: Office, *arguments: str, fails: bool = False) -> str:
    url = shop.core.engine.url.render_as_string(hide_password=False)
    done = CliRunner().invoke(main, [*arguments, "--db", url, "--tenant", shop.tenant])
    assert (done.exit_code != 0) == fails, done.output
    return done.output


def test_the_command_line_does_the_same(fresh: Office, tmp_path: Path) -> None:
    invoice = fresh.invoice(fresh.customer("Newcomer", email=""))
    value = json.loads(run(fresh, "match", "plan", "--json"))
    assert value["buckets"]["exact"]["?link"] >= 1
    assert value["rows"] == sum(n for found in value["buckets"].values() for n in found.values())
    (waiting,) = [row["row"] for row in json.loads(run(fresh, "match", "show", "--bucket", "weak", "--json"))]
    assert "Pass --seen MARK" in run(fresh, "match", "accept", "--go-live", fails=True)
    seen = ("--seen", value["mark"])
    assert f"mark {value['mark']}" in run(fresh, "match", "show")
    assert "not decided yet" in run(fresh, "match", "accept", "--go-live", *seen, fails=True)
    assert "belong to --go-live" in run(fresh, "match", "accept", "--leave-open", fails=True)
    assert "email" in run(fresh, "match", "rules", "--require", "email")
    assert json.loads(run(fresh, "match", "rules", "--accept", "exact", "--json"))["require"] == []
    file = tmp_path / "plan.csv"
    assert f"{value['rows']} rows" in run(fresh, "match", "export", str(file))
    text = file.read_text("utf-8-sig")
    # The decision, and not what it was.
    lines = text.splitlines(keepends=True)
    file.write_text("".join(line.replace(",open,", ",create,", 1) for line in lines))
    assert json.loads(run(fresh, "match", "import", str(file), "--json"))["decided"] == {"create": 1}
    file.write_text("".join(line.replace(",open,", ",marry,", 1) for line in lines))
    assert "nothing was changed: row" in run(fresh, "match", "import", str(file), fails=True)
    assert "cannot be read" in run(fresh, "match", "import", str(tmp_path / "none"), fails=True)
    assert "there is no customer 99999" in run(fresh, "match", "decide", waiting, "link", "99999", fails=True)
    run(fresh, "match", "decide", waiting, "skip")
    # It has moved since the mark was printed.
    for words in (["--bucket", "weak"], ["--open", "wait"], ["--go-live", "--leave-open"]):
        assert "look at it again" in run(fresh, "match", "accept", *words, *seen, fails=True)
    of_exact = run(fresh, "match", "show", "--bucket", "exact", "--mark").strip()
    run(fresh, "match", "accept", "--bucket", "exact", "--seen", of_exact)
    mark = json.loads(run(fresh, "match", "show", "--mark", "--json"))["mark"]
    run(fresh, "match", "accept", "--open", "wait", "--seen", mark)
    assert "never was a backfill" in run(fresh, "backfill", fails=True)
    assert "accept the match plan first" in run(
        fresh, "backfill", "--from", "2026-03-01", "--to", "2026-03-31", fails=True
    )
    mark = run(fresh, "match", "show", "--mark").strip()
    assert "linked" in run(fresh, "match", "accept", "--go-live", "--unsupervised", "--seen", mark)
    assert fresh.row()["canary_left"] is None
    found = json.loads(run(fresh, "backfill", "--from", "2026-03-01", "--to", "2026-03-31", "--json"))
    assert (found["state"], found["total"], found["done"], found["held"]) == ("done", 1, 1, 0)
    assert found["rate"] > 0
    assert fresh.state(invoice.ref) == "done"
    assert "is done" in run(fresh, "backfill")
    run(fresh, "backfill", "--from", "2026-01-01", "--to", "2026-01-31", "--detach")
    assert "is paused" in run(fresh, "backfill", "--pause")
    assert json.loads(run(fresh, "backfill", "--resume", "--json"))["state"] == "counting"
    assert "is cancelled" in run(fresh, "backfill", "--cancel")
    with fresh.core.engine.begin() as connection:
        connection.execute(t.connections.update().values(health="stopped", health_reason="tried out"))
    assert "stopped: tried out" in run(
        fresh, "backfill", "--from", "2026-02-01", "--to", "2026-02-03", fails=True
    )
