"""`agree`, `agree verify`, `agree key` and `close-check` as somebody at a terminal, or a program, meets them."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import attrs
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from blueops_qb.cli import main
from blueops_qb.domain.records import Invoice
from blueops_qb.engine import agreement, audit, certificate
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.store import tables as t
from tests.agreement_command import command
from tests.agreement_house import START, TODAY, Company, sale
from tests.engine_house import TENANT

pytest_plugins = ["tests.agreement_fixtures"]
D = Decimal
LAST = (START + dt.timedelta(days=40)).replace(day=1) - dt.timedelta(days=1)


def test_the_command_tells_sums_and_writes_a_certificate_that_verifies_alone(
    business: Company, tmp_path: Path
) -> None:
    file, key = tmp_path / "march.json", tmp_path / "key.pem"
    told = command(
        business, "agree", "--from", str(START), "--to", str(LAST), "--json", "--certificate", str(file)
    )
    assert told.exit_code == 0, told.output
    value = json.loads(told.stdout)
    assert (value["agrees"], value["start"], value["differences"]) == (True, str(START), [])
    assert all(D(row["difference"]) == 0 for row in value["accounts"])
    jobs = [row for row in value["parties"] if row["ref"].startswith("job:")]
    assert jobs
    assert all(row["parent"] for row in jobs)
    assert value["certificate"] == str(file)
    key.write_text(command(business, "agree", "key").output)
    # Nothing is opened for the check: there is no such database.
    nowhere = ["--db", "sqlite:////nowhere/at/all.db"]
    alone = CliRunner().invoke(main, ["agree", "verify", str(file), "--key", str(key), "--json", *nowhere])
    assert alone.exit_code == 0, alone.output
    verified = json.loads(alone.stdout)
    assert (verified["ok"], verified["trusted"]) == (True, True)
    sections = verified["sections"]
    assert sections["figures"]["documents"] == value["figures"]["documents"]
    assert sections["basis"]["rests_on"] == "ledger"
    with business.core.engine.connect() as connection:
        head = connection.execute(t.audit.select().where(t.audit.c.seq == sections["audit"]["seq"])).one()
        assert head.mac == sections["audit"]["mac"]
        assert audit.verify(connection, TENANT, keys=business.engine.keys).ok
    text = file.read_text()
    assert not [ann.name for ann in business.customers if ann.name in text], "no name of a person"
    documents = sections["figures"]["documents"]
    file.write_text(text.replace(f'"documents":{documents}', f'"documents":{documents + 1}', 1))
    broken = CliRunner().invoke(main, ["agree", "verify", str(file)])
    assert broken.exit_code == 1
    assert "figures: this section was altered" in broken.output
    file.write_text("not a certificate")
    assert CliRunner().invoke(main, ["agree", "verify", str(file)]).exit_code == 1
    file.write_text(text)
    wrong = CliRunner().invoke(main, ["agree", "verify", str(file), "--key", str(file)])
    assert (wrong.exit_code, "is no public key" in wrong.output) == (1, True)
    shown = CliRunner().invoke(main, ["agree", "verify", str(file)])
    assert "signed by the key that it holds itself" in shown.output


def test_the_certificate_of_a_run_is_made_once(business: Company) -> None:
    run = business.agree(START, LAST)
    first = certificate.issue(business.engine, business.id, run.id)
    assert certificate.issue(business.engine, business.id, run.id) == first
    with business.turn() as turn:
        open_run = agreement.ask(turn, START, LAST - dt.timedelta(days=1))
    with pytest.raises(certificate.NotACertificate, match="only a finished one"):
        certificate.issue(business.engine, business.id, open_run)
    with pytest.raises(LookupError, match="there is no agreement"):
        agreement.load(business.engine, business.id, 1)


def test_the_text_shows_accounts_and_the_verdict(business: Company) -> None:
    told = command(business, "agree", "--from", str(START), "--to", str(LAST))
    assert told.exit_code == 0, told.output
    assert told.output.rstrip().endswith("BOTH SIDES AGREE.")
    assert "1100 Accounts Receivable" in told.output


def test_the_command_exits_1_and_names_what_differs(business: Company) -> None:
    one = sale(business, START + dt.timedelta(days=12))
    with business.bookkeeper() as books:
        changes = {"DepartmentRef": {"value": books.the("Department", Name="Sparks")["Id"]}}
        books.change("Invoice", business.place(one.ref).id, changes)
    told = command(business, "agree", "--from", str(START), "--to", str(LAST), "--whole", "--json")
    value = json.loads(told.stdout)
    assert (told.exit_code, value["agrees"]) == (1, False)
    (found,) = value["differences"]
    assert (found["kind"], found["ref"]) == ("location", str(one.ref))
    assert found["lines"]["ours"]
    assert found["lines"]["theirs"]
    text = command(business, "agree", "--from", str(START), "--to", str(LAST), "--whole")
    assert "BOTH SIDES DO NOT AGREE." in text.output


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["agree"], 2, "Give the period"),
        (["agree", "--from", "2026-02-01", "--to", "2026-01-01"], 1, "turn the days round"),
        (["close-check", "--month", "march"], 2, "write it as 2026-03"),
    ],
)
def test_what_cannot_be_compared_is_said(business: Company, words: list[str], code: int, said: str) -> None:
    told = command(business, *words)
    assert (told.exit_code, said in told.output) == (code, True), told.output


def dearer(invoice: Invoice) -> list[LineDraft]:
    return [attrs.evolve(line, unit_price=line.unit_price + 1) for line in draft_of(invoice).lines]


def test_on_the_command_line_it_is_accepted_as_the_newest_comparison_shows_it(business: Company) -> None:
    alive = business.core.read(TENANT, [one.ref for one in business.invoices])
    living = [snapshot.record for snapshot in alive.values() if isinstance(snapshot.record, Invoice)]
    sold = next(one for one in living if not one.void)
    with business.work() as tx:
        tx.update_invoice(sold.id, attrs.evolve(draft_of(sold), lines=dearer(sold), tax_key=""))
        o = t.outbox
        mine = sa.and_(o.c.ref_kind == "invoice", o.c.ref_id == sold.id)
        tx.connection.execute(o.update().where(mine).values(state="done"))
    words = ("agree", "accept", str(sold.ref), "--reason", "sent on paper")
    early = command(business, *words)
    assert (early.exit_code, "No period was compared yet" in early.output) == (1, True)
    days = ("--from", str(START), "--to", str(TODAY))
    told = command(business, "agree", *days)
    assert (told.exit_code, "BOTH SIDES DO NOT AGREE." in told.output) == (1, True)
    done = command(business, *words, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["accepted"] == 1
    told = command(business, "agree", *days)
    assert told.exit_code == 0, told.output
    assert "different, and accepted:" in told.output
    assert "command line accepted that difference on" in told.output
    assert ": sent on paper" in told.output
    assert "1 difference that a person accepted is no agreement; each is named" in told.output
    assert "BOTH SIDES AGREE BESIDE WHAT PEOPLE ACCEPTED." in told.output
    again = command(business, *words)
    assert (again.exit_code, "found nothing of" in again.output) == (1, True)
