"""The reader's own arithmetic and its own questions, apart from any demo."""

import datetime as dt
from decimal import Decimal

import pytest
import sqlalchemy as sa

from blueops_qb.sandbox.demo.chart import CHART, RULES
from blueops_qb.sandbox.reader import CoreReader
from blueops_qb.sandbox.reader.comparison import Comparison
from blueops_qb.sandbox.reader.core import _shares
from blueops_qb.sandbox.reader.values import added, last_digits

D = Decimal


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        ("16.50", ["120.00", "80.00"], ["9.90", "6.60"]),
        ("0.01", ["1.00", "1.00"], ["0.01", "0.00"]),
        ("10.00", ["1.00", "1.00", "1.00"], ["3.34", "3.33", "3.33"]),
        ("0.00", ["5.00"], ["0.00"]),
    ],
)
def test_a_tax_is_spread_to_the_cent(total: str, weights: list[str], shares: list[str]) -> None:
    assert _shares(D(total), [D(w) for w in weights]) == [D(s) for s in shares]


def test_postings_are_summed_and_nothing_is_left_out_but_zero() -> None:
    key, other = ("4010", "Service", ""), ("1100", "", "Reno")
    assert added((key, D("-5.00")), (other, D("5.00")), (key, D("2.00"))) == {
        key: D("-3.00"),
        other: D("5.00"),
    }
    assert added((key, D("1.00")), (key, D("-1.00"))) == {}


@pytest.mark.parametrize("written", ["+1 775 555 2671", "(775) 555-2671", "7755552671"])
def test_a_phone_number_is_its_last_ten_digits(written: str) -> None:
    assert last_digits(written) == "7755552671"


@pytest.mark.parametrize(
    "change",
    [
        {"differences": ("one",)},
        {"duplicates": 1},
        {"trial_balance": D("0.01")},
        {"reminders_after_payment": 1},
    ],
)
def test_one_fault_is_enough_to_disagree(change: dict[str, object]) -> None:
    clean: dict[str, object] = {
        "compared": 10,
        "differences": (),
        "duplicates": 0,
        "trial_balance": D("0.00"),
        "reminders_after_payment": 0,
    }
    assert Comparison(**clean).agree  # type: ignore[arg-type]
    assert not Comparison(**clean | change).agree  # type: ignore[arg-type]


def test_the_answer_sheet_and_the_mapping_know_the_same_accounts() -> None:
    """Where both name an account by number they were written to agree; the demo shows the rest."""
    by_role = {key: number for (family, key), (_, number) in RULES.items() if family == "role"}
    assert by_role == {
        "ar": CHART.receivable,
        "ap": CHART.payable,
        "undeposited": CHART.undeposited,
        "clearing": CHART.received_in["card"],
        "discounts": CHART.discounts,
        "merchant_fees": CHART.fees,
        "tax_payable": CHART.sales_tax,
    }


def test_an_invoice_that_does_not_add_up_in_core_is_not_passed_over(sqlite_url: str) -> None:
    engine = sa.create_engine(sqlite_url)
    with engine.begin() as connection:
        columns = "tenant_id, kind, id, record, balance, status, label, on_date"
        connection.execute(sa.text(f"CREATE TABLE core_records ({columns})"))
        connection.execute(
            sa.text("CREATE TABLE core_applications (tenant_id, payment_id, invoice_id, amount)")
        )
        connection.execute(sa.text("CREATE TABLE core_receipts (tenant_id, id, filename, content)"))
        for kind, record in (
            ("customer", '{"id": "1", "name": "Ada Hill"}'),
            (
                "invoice",
                '{"id": "1", "number": "1001", "customer_id": "1", "issue_date": "2026-03-02", "total": "9.00",'
                ' "lines": [{"line_id": "1", "kind": "service", "service_category": "repair", "amount": "8.00"}]}',
            ),
        ):
            row = {"kind": kind, "record": record, "day": dt.date(2026, 3, 2).isoformat()}
            connection.execute(
                sa.text("INSERT INTO core_records VALUES ('t', :kind, 1, :record, 900, 'open', '', :day)"),
                row,
            )
    with pytest.raises(ValueError, match=r"invoice 1001 does not add up in BlueOps: 8\.00"):
        CoreReader(engine, "t", CHART).read()
    engine.dispose()
