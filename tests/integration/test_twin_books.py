"""The pages on which a person plays the bookkeeper, and the company file behind the command."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from lxml import html

from blueops_qb.sandbox.qbo import storage
from blueops_qb.sandbox.qbo.admin import dump_records, ledger_lines
from blueops_qb.sandbox.qbo.running import new_company
from tests.twin_calls import Caller, calling, invoice, payment, sales_line


@pytest.fixture
def qbo() -> Iterator[Caller]:
    with calling() as caller:
        yield caller


def page(qbo: Caller, path: str, **params: str) -> html.HtmlElement:
    response = requests.get(f"{qbo.twin.base_url}/books/{path}", params=params, timeout=60)
    assert response.status_code == 200
    assert "script" not in response.text
    document = html.document_fromstring(response.text)
    assert document.get("lang") == "en"
    return document


def submit(qbo: Caller, path: str, **form: str) -> str:
    url = f"{qbo.twin.base_url}/books/{path}"
    response = requests.post(url, data=form, timeout=60)
    assert response.status_code == 200
    assert response.history[0].status_code == 303
    return str(html.document_fromstring(response.text).xpath("string()"))


@pytest.mark.parametrize("path", ["", "customers", "customer?id=1", "invoices", "check", "trial-balance"])
def test_every_page_is_labelled_and_styled_from_here(qbo: Caller, path: str) -> None:
    document = page(qbo, path)
    assert document.findtext(".//h1")
    for field in document.xpath("//input[@type!='hidden' or not(@type)] | //select"):
        named = field.get("aria-label") or document.xpath(f"//label[@for='{field.get('id')}']")
        assert named, field.get("name")
    sheets = document.xpath("//link/@href")
    assert requests.get(sheets[0], timeout=60).headers["Content-Type"].startswith("text/css")
    assert all(sheet.startswith(qbo.twin.base_url) for sheet in sheets)


def test_a_mailed_check_is_recorded_against_invoices(qbo: Caller) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("120.50"), DocNumber="W-1"))
    form = page(qbo, "check", customer="1").xpath("//form[@method='post']")[0]
    assert form.xpath(f".//input[@name='invoice-{made['Id']}']/@value") == ["120.50"]
    said = submit(qbo, "check", customer="1", number="4411", **{f"invoice-{made['Id']}": "100"})
    assert "Recorded a check of 100.00" in said
    assert qbo.read("Invoice", made["Id"])["Balance"] == 20.5
    got = qbo.query("select * from Payment where CustomerRef = '1' orderby Id desc")["Payment"][0]
    assert got["PaymentRefNum"] == "4411"


@pytest.mark.parametrize(
    ("amount", "words"), [("", "Enter the amount"), ("ten", "Enter the amount"), ("9999", "open balance")]
)
def test_a_wrong_check_says_why(qbo: Caller, amount: str, words: str) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("120.50")))
    assert words in submit(qbo, "check", customer="1", **{f"invoice-{made['Id']}": amount})


def test_an_address_and_a_name_are_changed(qbo: Caller) -> None:
    said = submit(qbo, "customer", id="1", name="Abara & Daughter", phone="1", Line1="5 Hill Rd", City="Elko")
    assert "Saved Abara & Daughter" in said
    read = qbo.read("Customer", "1")
    assert read["BillAddr"] == {
        "Line1": "5 Hill Rd",
        "City": "Elko",
        "CountrySubDivisionCode": "NV",
        "PostalCode": "89501",
    }
    assert read["PrimaryPhone"] == {"FreeFormNumber": "1"}
    assert "already exists" in submit(qbo, "customer", id="1", name="Sierra Pipe Supply")


def test_the_trial_balance_page_balances(qbo: Caller) -> None:
    cells = page(qbo, "trial-balance").xpath("//tfoot//td/text()")
    assert cells[0] == cells[1]
    missing = requests.get(f"{qbo.twin.base_url}/books/customer?id=9999", timeout=60)
    assert missing.status_code == 404


# --- the company file ---------------------------------------------------------------------------------------


def test_a_stored_company_comes_back_the_same(qbo: Caller, tmp_path: Path) -> None:
    made = qbo.create("Invoice", invoice("1", sales_line("310", item="19", Qty=1, UnitPrice=310)))
    qbo.create("Payment", payment("1", "100", (made["Id"], "100")), requestid="kept")
    qbo.delete("Bill", qbo.query("select * from Bill maxresults 1")["Bill"][0])
    company = qbo.twin.company
    storage.save(company, tmp_path / "books.json")
    back = storage.load(tmp_path / "books.json")
    was, now = dump_records(company), dump_records(back)
    assert now["records"] == was["records"]
    assert now["deleted"] == was["deleted"]

    def sorted_lines(lines: list[dict[str, str]]) -> list[str]:
        return sorted(json.dumps(line, sort_keys=True) for line in lines)

    assert sorted_lines(ledger_lines(back)["lines"]) == sorted_lines(ledger_lines(company)["lines"])
    assert back.links == {key: links for key, links in company.links.items() if links}
    assert back.recall("kept") == company.recall("kept")
    with pytest.raises(ValueError, match="format"):
        storage.restore({"format": 99})


def test_empty_and_named_companies() -> None:
    empty, named = new_company(seed="empty"), new_company(seed="names")
    assert len(empty.all("Customer")) == 1
    assert not empty.all("Invoice")
    assert len(empty.all("Account")) >= 60
    assert len(named.all("Vendor")) >= 20
    assert empty.get("Item", "1")["Type"] == "Service"
    with pytest.raises(ValueError, match="expected sample"):
        new_company(seed="huge")


def start(*arguments: str) -> tuple[subprocess.Popen[str], dict[str, str]]:
    code = f"from blueops_qb.sandbox.qbo.command import run; run({', '.join(arguments)})"
    child = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    line = child.stdout.readline()
    assert line.startswith("READY ")
    return child, json.loads(line.removeprefix("READY "))


def end(child: subprocess.Popen[str], number: int) -> int:
    child.send_signal(number)
    code = child.wait(timeout=60)
    assert child.stdout is not None
    child.stdout.close()
    return code


def test_the_command_says_ready_serves_and_keeps_the_company(tmp_path: Path) -> None:
    file = tmp_path / "practice.json"
    arguments = ["port=0", "realm='77'", "token='T'", "seed='empty'", f"company_file={str(file)!r}"]
    child, ready = start(*arguments, "limits='1000,100,40'")
    assert set(ready) == {
        "base_url",
        "realm",
        "access_token",
        "client_id",
        "client_secret",
        "refresh_token",
    }
    url, headers = (
        f"{ready['base_url']}/v3/company/77",
        {"Authorization": "Bearer T", "Accept": "application/json"},
    )
    made = requests.post(f"{url}/customer", json={"DisplayName": "Kept"}, headers=headers, timeout=60)
    assert made.status_code == 200
    assert end(child, signal.SIGTERM) == 0

    child, again = start(*arguments)
    url = f"{again['base_url']}/v3/company/77"
    kept = requests.get(f"{url}/customer/{made.json()['Customer']['Id']}", headers=headers, timeout=60)
    assert kept.json()["Customer"]["DisplayName"] == "Kept"
    assert (again["client_id"], again["client_secret"]) == (ready["client_id"], ready["client_secret"])
    refreshed = requests.post(
        f"{again['base_url']}/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": ready["refresh_token"]},
        auth=(ready["client_id"], ready["client_secret"]),
        timeout=60,
    )
    assert refreshed.status_code == 200
    assert end(child, signal.SIGINT) == 0


def test_a_company_file_of_another_realm_is_refused(tmp_path: Path) -> None:
    storage.save(new_company(realm="1", seed="empty"), tmp_path / "one.json")
    code = (
        "from blueops_qb.sandbox.qbo.command import run; "
        f"run(port=0, realm='2', token='T', company_file={str(tmp_path / 'one.json')!r})"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=60,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert result.returncode != 0
    assert "holds the company 1, not 2" in result.stderr
