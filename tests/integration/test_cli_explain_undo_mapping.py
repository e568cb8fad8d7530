"""`blueops-qb explain`, `undo` and `mapping` as somebody types them."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from blueops_qb.cli import main
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from tests.core_house import KEY, TENANT
from tests.office import Office, office


@pytest.fixture
def shop(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    with office(sqlite_url) as made:
        made.go_live()
        monkeypatch.setenv(ENVIRONMENT, KEY.decode())
        yield made


def run(shop: Office, *words: str) -> Result:
    url = shop.core.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(main, [*words, "--db", url, "--tenant", TENANT])


def answered(shop: Office, *words: str) -> Any:
    told = run(shop, *words, "--json")
    assert told.exit_code == 0, told.output
    return json.loads(told.output)


def test_explain_and_preview_tell_the_same_reasons(shop: Office) -> None:
    invoice = shop.invoice(shop.customer())
    before = answered(shop, "preview", str(invoice.ref))
    shop.drain()
    after = answered(shop, "explain", str(invoice.ref))
    reasons = {tuple(line["why"]) for line in before["documents"][0]["postings"]}
    assert reasons == {tuple(line["why"]) for line in after["documents"][0]["postings"]}
    text = run(shop, "explain", str(invoice.ref)).output
    assert "rule posting.invoices.invoice, accounting treatments 1" in text
    assert "the service category is “repair”" in text
    assert "sent: POST /v3/company/" in text
    told = run(shop, "explain", "invoice:999999")
    assert (told.exit_code, "there is no invoice:999999" in told.output) == (1, True)


def test_undo_shows_first_and_does_it_when_asked(shop: Office) -> None:
    invoice = shop.invoice(shop.customer())
    shop.drain()
    told = run(shop, "undo", str(invoice.ref))
    assert "1 documents would be taken out; pass --apply to do it" in told.output
    shop.drain()
    assert shop.state(invoice.ref) == "done"
    assert answered(shop, "undo", str(invoice.ref), "--apply")["applied"] is True
    shop.drain()
    assert shop.state(invoice.ref) == "not_posted"
    assert "it was undone already" in run(shop, "undo", str(invoice.ref)).output
    assert answered(shop, "undo", str(invoice.ref), "--take-back") == {"taken_back": 1}
    shop.drain()
    assert shop.state(invoice.ref) == "done"
    assert run(shop, "undo").exit_code == 2
    since = answered(shop, "undo", "--since", "2020-01-01")
    assert str(invoice.ref) in {step["document"] for step in since["steps"]}


def test_a_draft_is_written_linted_tried_and_applied(shop: Office, tmp_path: Path) -> None:
    shop.invoice(shop.customer())
    shop.drain()
    file = tmp_path / "draft.toml"
    assert "is in" in run(shop, "mapping", "draft", str(file)).output
    assert run(shop, "mapping", "draft", str(file)).exit_code == 1, "it is never overwritten"
    rows = answered(shop, "mapping", "show")
    old = next(r for r in rows["rules"] if (r["family"], r["key"]) == ("service_category", "repair"))
    other = shop.item("Install")
    text = file.read_text()
    at = text.index('key = "repair"')
    item = f'item = "{old["target"]["item"].partition("#")[2]}"'
    file.write_text(text[:at] + text[at:].replace(item, f'item = "{other.id}"', 1))
    tried = answered(shop, "mapping", "what-if", str(file), "--days", "3650", "--by", "customer")
    assert tried["differing"] == 1
    assert {d["documents"][0]["document"] for d in tried["differences"]} == {"invoice:1001"}
    shown = run(shop, "mapping", "apply", str(file), "--when", "past")
    assert "journal entry of 2026-03-02 for 1 documents of 2026-03:" in shown.output
    assert "nothing was saved" in shown.output
    done = answered(shop, "mapping", "apply", str(file), "--when", "past", "--yes")
    assert done["version"] == rows["version"] + 1
    assert len(done["entries"]) == 1
    again = run(shop, "mapping", "apply", str(file), "--yes")
    assert (again.exit_code, "make a new draft" in again.output) == (1, True)
    assert run(shop, "mapping", "apply", str(file), "--day", "2026-05-01").exit_code == 2


def test_the_lint_ends_with_1_on_errors(shop: Office, tmp_path: Path) -> None:
    file = tmp_path / "draft.toml"
    version = answered(shop, "mapping", "show")["version"]
    file.write_text(f'version = {version}\n[[rule]]\nfamily = "role"\nkey = "ar"\naccount = "999999"\n')
    told = run(shop, "mapping", "lint", str(file), "--json")
    assert told.exit_code == 1
    assert "target_missing" in {finding["check"] for finding in json.loads(told.output)}
    file.write_text("version = no")
    told = run(shop, "mapping", "lint", str(file))
    assert (told.exit_code, "no TOML" in told.output) == (1, True)
    told = run(shop, "mapping", "lint", str(tmp_path / "nowhere.toml"))
    assert (told.exit_code, "cannot be read: No such file" in told.output) == (1, True)
