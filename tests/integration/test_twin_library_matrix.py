"""Every entity by every operation, as python-quickbooks does it: the table of what the twin is proven to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException
from quickbooks.objects.account import Account
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.customer import Customer
from quickbooks.objects.item import Item
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.taxagency import TaxAgency
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.taxrate import TaxRate
from quickbooks.objects.taxservice import TaxRateDetails, TaxService
from quickbooks.objects.vendor import Vendor

from blueops_qb.sandbox.qbo.admin import set_preferences
from blueops_qb.sandbox.qbo.running import running_twin
from tests.library_table import LISTS, ROWS, TXNS, Books, Row, fresh
from tests.twin_library import library


def of(rows: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.name)


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    with running_twin(seed="names") as twin, library(twin) as qb:
        set_preferences(twin.company, {"CurrencyPrefs.MultiCurrencyEnabled": True})
        yield Books(
            qb=qb,
            customer=Customer.all(qb=qb)[0].Id,
            vendor=Vendor.all(qb=qb)[0].Id,
            item=Item.filter(Name="Repair", qb=qb)[0].Id,
            goods=Item.filter(Name="Pipe & Fittings", qb=qb)[0].Id,
            accounts={row.AcctNum: row.Id for row in Account.all(max_results=1000, qb=qb)},
        )


def altered(row: Row, record: Any) -> Any:
    """The same record with one member changed."""
    member, value = row.change
    setattr(record, member, value or f"{getattr(record, member)} anew")
    return record


def changed_at(record: Any) -> str:
    return str(record.to_dict()["MetaData"]["LastUpdatedTime"])


def code_of(refused: Any) -> int:
    return int(refused.value.error_code)


@of(ROWS)
def test_created_and_read(row: Row, books: Books) -> None:
    made = fresh(row, books).save(qb=books.qb)
    assert (made.SyncToken, made.domain) == ("0", "QBO")
    assert row.kind.get(made.Id, qb=books.qb).to_dict() == made.to_dict()


@of(ROWS)
def test_updated_and_stale(row: Row, books: Books) -> None:
    made = fresh(row, books).save(qb=books.qb)
    stale = row.kind.get(made.Id, qb=books.qb)
    changed = altered(row, made).save(qb=books.qb)
    member = row.change[0]
    assert int(changed.SyncToken) > int(stale.SyncToken)
    assert getattr(row.kind.get(made.Id, qb=books.qb), member) == getattr(made, member)
    with pytest.raises(QuickbooksException) as refused:
        altered(row, stale).save(qb=books.qb)
    assert code_of(refused) == 5010


@of(ROWS)
def test_queried_counted_and_ordered(row: Row, books: Books) -> None:
    ids = [fresh(row, books).save(qb=books.qb).Id for _ in range(2)]
    found = row.kind.choose(ids, field="Id", qb=books.qb)
    assert [each.Id for each in found] == sorted(ids, key=int)
    since = changed_at(found[0])
    newer = row.kind.where(
        f"MetaData.LastUpdatedTime >= '{since}'",
        order_by="Id DESC",
        start_position=1,
        max_results=1000,
        qb=books.qb,
    )
    assert {each.Id for each in newer} >= set(ids)
    assert row.kind.count(f"MetaData.LastUpdatedTime >= '{since}'", qb=books.qb) == len(newer)


@of(ROWS)
def test_unknown_records_are_not_found(row: Row, books: Books) -> None:
    with pytest.raises(ObjectNotFoundException) as missing:
        row.kind.get("99999999", qb=books.qb)
    assert code_of(missing) == 610
    ghost = fresh(row, books)
    ghost.Id, ghost.SyncToken = "99999999", "0"
    with pytest.raises(ObjectNotFoundException):
        ghost.save(qb=books.qb)


@of([row for row in ROWS if row.named_by])
def test_a_name_or_number_that_is_taken(row: Row, books: Books) -> None:
    made = fresh(row, books).save(qb=books.qb)
    second = fresh(row, books)
    setattr(second, row.named_by, getattr(made, row.named_by))
    with pytest.raises(QuickbooksException) as refused:
        second.save(qb=books.qb)
    assert code_of(refused) == row.taken


@of([row for row in ROWS if row.taken == 6140])
def test_a_number_that_is_taken_may_be_let_through(row: Row, books: Books) -> None:
    made = fresh(row, books).save(qb=books.qb)
    second = fresh(row, books)
    second.DocNumber = made.DocNumber
    saved = second.save(qb=books.qb, params={"include": "allowduplicatedocnum"})
    assert saved.Id != made.Id


@of(ROWS)
def test_batches_with_a_fault_of_their_own(row: Row, books: Books) -> None:
    made = batch_create([fresh(row, books), fresh(row, books), row.kind()], qb=books.qb)
    assert (len(made.successes), len(made.faults)) == (2, 1)
    made.successes[1].SyncToken = "99"
    changed = batch_update([altered(row, record) for record in made.successes], qb=books.qb)
    assert [record.Id for record in changed.successes] == [made.successes[0].Id]
    assert changed.faults[0].Error[0].code == "5010"
    # A purchase that is echoed as it was read is refused for its PurchaseEx: the id and version are enough.
    heads = [row.kind.from_json({"Id": each.Id, "SyncToken": each.SyncToken}) for each in changed.successes]
    removed = batch_delete(heads, qb=books.qb)
    if row.listed:
        assert removed.faults[0].Error[0].code == "500"
    else:
        assert [record.status for record in removed.successes] == ["Deleted"]


@of(ROWS)
def test_changes_and_deletions_are_captured(row: Row, books: Books) -> None:
    kept, gone = (fresh(row, books).save(qb=books.qb) for _ in range(2))
    if not row.listed:
        gone.delete(qb=books.qb)
    seen = change_data_capture([row.kind], changed_at(kept), qb=books.qb)
    by_id = {record.Id: record for record in getattr(seen, row.name)}
    assert by_id[kept.Id].SyncToken == kept.SyncToken
    assert getattr(by_id[gone.Id], "status", "") == ("" if row.listed else "Deleted")


@of([row for row in ROWS if not row.listed])
def test_deleted_for_good(row: Row, books: Books) -> None:
    made = fresh(row, books).save(qb=books.qb)
    row.kind.get(made.Id, qb=books.qb).delete(qb=books.qb)
    with pytest.raises(ObjectNotFoundException) as missing:
        row.kind.get(made.Id, qb=books.qb)
    assert code_of(missing) == 610
    with pytest.raises(ObjectNotFoundException) as missing:
        made.delete(qb=books.qb)
    assert code_of(missing) == 610
    assert row.kind.count(f"Id = '{made.Id}'", qb=books.qb) == 0


@of(LISTS)
def test_made_inactive_instead_of_deleted(row: Row, books: Books) -> None:
    made = fresh(row, books).save(qb=books.qb)
    made.Active = False
    gone = made.save(qb=books.qb)
    assert gone.Active is False
    assert [each.Id for each in row.kind.filter(Id=made.Id, qb=books.qb)] == []
    assert made.Id in {each.Id for each in row.kind.filter(Active=False, max_results=1000, qb=books.qb)}


@of([row for row in ROWS if row.voidable])
def test_voided_and_kept(row: Row, books: Books) -> None:
    made = fresh(row, books).save(qb=books.qb)
    made.void(qb=books.qb)
    voided = row.kind.get(made.Id, qb=books.qb)
    assert (voided.TotalAmt, voided.PrivateNote) == (0, "Voided")
    with pytest.raises(QuickbooksException) as refused:
        made.void(qb=books.qb)
    assert code_of(refused) == 5010


@of([row for row in TXNS if not row.voidable])
def test_what_cannot_be_voided_says_so(row: Row, books: Books) -> None:
    made = fresh(row, books).save(qb=books.qb)
    url = f"{books.qb.api_url}/company/{books.qb.company_id}/{row.name.lower()}"
    with pytest.raises(QuickbooksException) as refused:
        books.qb.post(url, f'{{"Id": "{made.Id}", "SyncToken": "0"}}', params={"operation": "void"})
    assert code_of(refused) == 500


@pytest.mark.parametrize("kind", [TaxCode, TaxRate])
def test_tax_lists_are_made_by_the_tax_service_and_read(kind: Any, books: Books) -> None:
    made = TaxService.from_json({"TaxCode": f"Code of {kind.__name__}"})
    rate = {"TaxRateName": f"{kind.__name__} 1", "RateValue": "7.5", "TaxAgencyId": "1"}
    made.TaxRateDetails.append(TaxRateDetails.from_json({**rate, "TaxApplicableOn": "Sales"}))
    made = made.save(qb=books.qb)
    code = TaxCode.get(made.TaxCodeId, qb=books.qb)
    used = code.SalesTaxRateList.TaxRateDetail[0].TaxRateRef.value
    identity = made.TaxCodeId if kind is TaxCode else used
    assert identity in {row.Id for row in kind.all(max_results=1000, qb=books.qb)}
    assert kind.get(identity, qb=books.qb).Active is True
    with pytest.raises(ObjectNotFoundException):
        kind.get("99999999", qb=books.qb)


def test_a_tax_agency_is_created_read_and_never_changed(books: Books) -> None:
    made = TaxAgency.from_json({"DisplayName": "City of Elko"}).save(qb=books.qb)
    assert made.Id in {row.Id for row in TaxAgency.all(qb=books.qb)}
    for code, record in (
        (6240, TaxAgency.from_json({"DisplayName": "city of elko"})),
        (500, TaxAgency.get(made.Id, qb=books.qb)),
    ):
        with pytest.raises(QuickbooksException) as refused:
            record.save(qb=books.qb)
        assert code_of(refused) == code
    with pytest.raises(ObjectNotFoundException):
        TaxAgency.get("99999999", qb=books.qb)


@pytest.mark.parametrize(
    ("kind", "change", "value"),
    [
        (CompanyInfo, "LegalName", "Three Peaks LLC"),
        (Preferences, "AccountingInfoPrefs", {"CustomerTerminology": "Clients"}),
    ],
)
def test_a_record_of_which_there_is_one(kind: Any, change: str, value: Any, books: Books) -> None:
    ids = [books.qb.company_id] if kind is CompanyInfo else []
    stale, first = kind.get(*ids, qb=books.qb), kind.get(*ids, qb=books.qb)
    setattr(first, change, value)
    changed = first.save(qb=books.qb)
    assert int(changed.SyncToken) == int(stale.SyncToken) + 1
    name = kind.qbo_object_name
    rows = books.qb.query(f"select * from {name}")["QueryResponse"][name]
    assert [row["SyncToken"] for row in rows] == [changed.SyncToken]
    with pytest.raises(QuickbooksException) as refused:
        stale.save(qb=books.qb)
    assert code_of(refused) == 5010
    seen = change_data_capture([kind], changed_at(stale), qb=books.qb)
    assert [row.SyncToken for row in getattr(seen, name)] == [changed.SyncToken]
