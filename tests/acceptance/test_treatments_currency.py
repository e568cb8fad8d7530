"""Foreign currency through the whole path (treatments 12): one per document, the rate is the books' own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Application, Payment
from tests.treatments import Entry, worked
from tests.whole_path import DAY, D, WholePath, entry, service, whole_path


@pytest.fixture
def house(sqlite_url: str) -> Iterator[WholePath]:
    with whole_path(sqlite_url) as path:
        yield path


def by_number(lines: list[dict[str, Any]]) -> Entry:
    """As the worked entry has it: the receivable in Canadian dollars goes by the number of the receivable."""
    return entry([{**line, "account": str(line["account"]).removesuffix("-C")} for line in lines])


def test_12_an_invoice_in_canadian_dollars_and_its_payment_at_another_rate(house: WholePath) -> None:
    house.admin("currency", code="CAD", rate="0.74")
    house.reread()
    (bank,) = [r for r in house.ask("select * from Account maxresults 1000") if r.get("AcctNum") == "1000"]
    house.map_account(Family.MONEY_ACCOUNT, "method:wire", bank["Id"])
    _, job = house.party(currency="CAD")
    with house.step() as found:
        invoice = house.invoice(job, service("commercial_project", "1000.00"))
    assert invoice.currency == "CAD"
    assert by_number(found) == worked("12", 1)
    there = house.there(invoice.ref)
    assert (there["CurrencyRef"]["value"], there["ExchangeRate"], there["TotalAmt"]) == ("CAD", 0.74, 1000)
    house.admin("currency", code="CAD", rate="0.72")
    with house.step() as found, house.work() as tx:
        tx.record_payment(
            Payment(
                id="",
                customer_id=job.customer_id,
                received_on=DAY,
                amount=D("1000.00"),
                method="wire",
                currency="CAD",
                applications=(Application(invoice_id=invoice.id, amount=D("1000.00")),),
            )
        )
    assert by_number(found) == worked("12", 2)
    assert house.balance(invoice) == D("0.00")
    with house.step() as found:
        home = house.simple(house.party()[1], "50.00")
    assert entry(found) == [("1100", D("50.00")), ("4010", D("-50.00"))]
    assert house.there(home.ref)["CurrencyRef"]["value"] == "USD"


def test_a_foreign_customer_is_held_with_the_reason_where_the_books_keep_one_currency(
    house: WholePath,
) -> None:
    _, job = house.party(currency="CAD")
    with house.step(settled=False) as found:
        house.invoice(job, service("repair", "10.00"))
    assert entry(found) == []
    assert any("is in CAD, but the books are kept in USD only" in matter for matter in house.open_matters())
