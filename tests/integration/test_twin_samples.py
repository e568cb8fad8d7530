"""A sample answer of the twin for every entity fits Intuit's schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from blueops_qb.sandbox.qbo import writing
from blueops_qb.sandbox.qbo.admin import set_preferences
from blueops_qb.sandbox.qbo.entities import ENTITIES
from blueops_qb.sandbox.qbo.running import new_company
from blueops_qb.sandbox.qbo.view import shown
from blueops_qb.sandbox.qbo.wire import dumps, loads
from tests.judges import qbo_xsd

pytestmark = pytest.mark.shared


@pytest.mark.parametrize("kind", list(ENTITIES))
def test_every_seeded_record_fits_the_schema(kind: str, shared: Path) -> None:
    del shared
    company = new_company()
    if kind == "CompanyCurrency":  # the sample company keeps its books in one currency
        set_preferences(company, {"CurrencyPrefs.MultiCurrencyEnabled": True})
        writing.create(company, kind, {"Code": "EUR"})
    records = company.all(kind)
    assert records
    for record in records:
        answer = loads(dumps(shown(company, kind, record)))
        assert qbo_xsd.validate(kind, answer) == []


def test_the_judge_finds_a_wrong_value_and_an_unknown_member(shared: Path) -> None:
    del shared
    assert qbo_xsd.validate("Invoice", {"CustomerRef": {"value": "1"}, "DueDate": "tomorrow"})
    assert qbo_xsd.validate("Invoice", {"CustomerReference": {"value": "1"}}) == [
        "Invoice.CustomerReference: no such member of Invoice"
    ]


def test_elements_stand_in_the_order_of_the_schema(shared: Path) -> None:
    del shared
    element = qbo_xsd.to_xml("Payment", {"TotalAmt": 1, "CustomerRef": {"value": "5", "name": "Hill"}})
    assert [child.tag.rpartition("}")[2] for child in element] == ["CustomerRef", "TotalAmt"]
    assert element[0].get("name") == "Hill"
    assert element[0].text == "5"
