"""Sales tax in modes A and C through the whole path (treatments 1.4); mode B is that of all worked entries."""

from __future__ import annotations

import attrs

from blueops_qb.domain.documents import TaxMode
from blueops_qb.domain.records import Application
from blueops_qb.sandbox.core.crediting import credit_in_full
from tests.treatments import worked
from tests.whole_path import DAY, D, entry, material, service, whole_path

LINES = [
    service("repair", "129.00", quantity=D("2.5"), class_key="service", discount=D("32.25")),
    material("pipe_fittings", "18.95", quantity=D(3), taxable=True),
    service("service_call", "59.00"),
]


def test_in_mode_c_the_tax_is_a_plain_line_and_the_entry_is_the_same(sqlite_url: str) -> None:
    with whole_path(sqlite_url, tax="off", tax_mode=TaxMode.NONE) as house:
        _, job = house.party()
        with house.step() as found:
            house.invoice(job, *LINES, tax=D("4.69"))
        assert entry(found) == worked("1.1", 1)


def test_in_mode_a_the_books_compute_core_takes_it_over_and_a_credit_returns_just_that(
    sqlite_url: str,
) -> None:
    with whole_path(sqlite_url, tax_mode=TaxMode.BOOKS) as house:
        _, job = house.party()
        with house.step() as found:
            invoice = house.invoice(job, *LINES)
        assert ("2200", D("-3.98")) in entry(found)  # 7 % of 56.85 in Reno
        with house.work() as tx:
            known = tx.read(invoice.ref).record
        assert (known.tax, known.total) == (D("3.98"), D("410.08"))
        assert house.balance(invoice) == D("410.08")
        with house.step() as back, house.work() as tx:
            whole = credit_in_full(known, on=DAY)
            applied = (Application(invoice_id=invoice.id, amount=whole.total),)
            tx.issue_credit(attrs.evolve(whole, applications=applied))
        assert [(account, -amount) for account, amount in entry(found)] == entry(back)
        assert house.there(invoice.ref)["Balance"] == 0
