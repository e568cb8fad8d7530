"""The engine sends a tax code like any document: once, whatever becomes of the answer, and never changes it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
import requests

from blueops_qb.domain.records import Expense, ExpenseType
from blueops_qb.domain.refs import BooksKind, BooksRef
from tests.fault_house import FaultHouse, fault_house

D = Decimal
K = BooksKind


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultHouse]:
    with fault_house(f"sqlite:///{tmp_path_factory.mktemp('codes') / 'house.sqlite3'}") as found:
        yield found


@pytest.fixture(scope="module")
def agency(house: FaultHouse) -> str:
    return str(house.shop.api("TaxAgency", {"DisplayName": "Nevada Dept. of Taxation"})["Id"])


def announce(house: FaultHouse, agency: str) -> Expense:
    """A record that becomes a tax code of ten percent."""
    with house.shop.core.begin(house.shop.tenant, actor="office") as tx:
        return house.cost(tx, ExpenseType.BILL, memo=f"tax_code:{agency}")


def until(house: FaultHouse, record: Expense, state: str) -> None:
    """Carry until the record's event stands there."""
    house.step_until(f"it to be {state}", lambda: house.event(record.ref).state == state)


def name_of(record: Expense) -> str:
    return f"Code {record.memo.split()[-1]}"


def there(house: FaultHouse, record: Expense) -> list[dict[str, Any]]:
    """The codes of its name, by the twin's own answer."""
    return [row for row in house.books()["TaxCode"] if row["Name"] == name_of(record)]


def test_it_reaches_the_catalog_with_its_rates(house: FaultHouse, agency: str) -> None:
    record = announce(house, agency)
    until(house, record, "done")
    (row,) = there(house, record)
    assert house.place(record.ref) == BooksRef(K.TAX_CODE, row["Id"])
    with house.shop.turn() as turn:
        entries = {e.name: e for kind in (K.TAX_CODE, K.TAX_RATE) for e in turn.catalog.of(kind)}
    assert entries[name_of(record)].ref == house.place(record.ref)
    rate = entries[record.memo.split()[-1]].facts
    assert (D(rate["rate"]), rate["agency"]) == (D(10), agency)


@pytest.mark.parametrize("trouble", ["drop_after", "error_after", "truncated", "drop_before", "error_before"])
@pytest.mark.parametrize("ignored", [False, True], ids=["requestid remembered", "requestid ignored"])
def test_a_lost_answer_leaves_exactly_one(
    house: FaultHouse, agency: str, trouble: str, ignored: bool
) -> None:
    house.shop.twin_call("switches", requestid_ignored=ignored)
    house.shop.twin_call("faults", trouble=trouble, match="/taxservice", count=1)
    try:
        record = announce(house, agency)
        until(house, record, "uncertain")
        until(house, record, "done")
    finally:
        house.heal()
        house.shop.twin_call("switches", requestid_ignored=False)
    (row,) = there(house, record)
    assert house.place(record.ref) == BooksRef(K.TAX_CODE, row["Id"])


def test_a_code_of_another_rate_that_has_the_name_is_no_answer_to_ours(
    house: FaultHouse, agency: str
) -> None:
    """Somebody entered it by hand, and ours never arrived: what it charges differs, and a person is told."""
    house.shop.twin_call("faults", trouble="drop_before", match="/taxservice", count=1)
    record = announce(house, agency)
    until(house, record, "uncertain")
    row = {"TaxRateName": "By hand", "RateValue": "8.1", "TaxAgencyId": agency}
    by_hand(house, {"TaxCode": name_of(record), "TaxRateDetails": [row]})
    until(house, record, "held")
    event = house.event(record.ref)
    assert str(record.ref) in event.reason
    assert "code" in event.reason
    assert event.remedy
    assert len(there(house, record)) == 1


def by_hand(house: FaultHouse, body: dict[str, Any]) -> None:
    twin = house.shop.twin
    answer = requests.post(
        f"{twin.base_url}/v3/company/{twin.realm}/taxservice/taxcode",
        json=body,
        headers={"Authorization": f"Bearer {twin.access_token}", "Accept": "application/json"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text


def test_a_name_that_is_taken_is_held_with_words_about_tax_codes(house: FaultHouse, agency: str) -> None:
    record = announce(house, agency)
    row = {"TaxRateName": "By hand", "RateValue": "10", "TaxAgencyId": agency}
    by_hand(house, {"TaxCode": name_of(record), "TaxRateDetails": [row]})
    until(house, record, "held")
    event = house.event(record.ref)
    assert "already has a tax code" in event.reason
    assert "another name" in event.remedy
    assert len(there(house, record)) == 1


def test_a_changed_rate_is_held_and_says_where_to_change_it(house: FaultHouse, agency: str) -> None:
    record = announce(house, agency)
    until(house, record, "done")
    with house.shop.core.begin(house.shop.tenant, actor="office") as tx:
        (line,) = record.lines
        tx.update_expense(
            attrs.evolve(record, lines=(attrs.evolve(line, amount=D("12.00")),), total=D("12.00"))
        )
    until(house, record, "held")
    event = house.event(record.ref)
    assert f"“{name_of(record)}” is in QuickBooks already" in event.reason
    assert len(there(house, record)) == 1
