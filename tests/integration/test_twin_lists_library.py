"""python-quickbooks keeps every small list of the twin: create, read, change, query, make inactive, bring back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from quickbooks.batch import batch_create
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import QuickbooksException
from quickbooks.objects.account import Account
from quickbooks.objects.companycurrency import CompanyCurrency
from quickbooks.objects.customer import Customer
from quickbooks.objects.department import Department
from quickbooks.objects.employee import Employee
from quickbooks.objects.item import Item
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.taxagency import TaxAgency
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.taxservice import TaxRateDetails, TaxService
from quickbooks.objects.term import Term
from quickbooks.objects.trackingclass import Class
from quickbooks.objects.vendor import Vendor

from blueops_qb.sandbox.qbo.admin import set_preferences
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from tests.twin_library import library


@pytest.fixture(scope="module")
def twin() -> Iterator[RunningTwin]:
    with running_twin(seed="empty") as running:
        yield running


@pytest.fixture(scope="module")
def qb(twin: RunningTwin) -> Iterator[Any]:
    with library(twin) as client:
        yield client


def new(kind: Any, **members: Any) -> Any:
    record = kind()
    for name, value in members.items():
        setattr(record, name, value)
    return record


def employee(name: str) -> Any:
    return new(Employee, GivenName=name, FamilyName="Okafor", DisplayName=f"{name} Okafor")


def account(name: str) -> Any:
    return new(Account, Name=name, AccountType="Expense", AccountSubType="Travel")


MAKERS: list[tuple[Callable[[str], Any], str, str]] = [
    (account, "Name", "Description"),
    (lambda name: new(Class, Name=name), "Name", ""),
    (lambda name: new(Department, Name=name), "Name", ""),
    (lambda name: new(Term, Name=name, DueDays=21), "Name", ""),
    (lambda name: new(PaymentMethod, Name=name, Type="CREDIT_CARD"), "Name", ""),
    (lambda name: new(Vendor, DisplayName=name), "DisplayName", "AcctNum"),
    (lambda name: new(Customer, DisplayName=name), "DisplayName", "Notes"),
    (employee, "DisplayName", "EmployeeNumber"),
]


@pytest.mark.parametrize(("make", "member", "extra"), MAKERS)
def test_a_list_record_goes_and_comes_back(
    qb: Any, make: Callable[[str], Any], member: str, extra: str
) -> None:
    title = f"{extra or 'List'} keeper"  # customers, vendors and employees share one pool of names
    record = make(title)
    kind, name = type(record), getattr(record, member)
    made = record.save(qb=qb)
    assert (made.SyncToken, made.Active) == ("0", True)
    with pytest.raises(QuickbooksException) as taken:
        make(title.upper()).save(qb=qb)
    assert taken.value.error_code == 6240

    setattr(made, extra or member, "Changed")
    changed = made.save(qb=qb)
    assert getattr(kind.get(made.Id, qb=qb), extra or member) == "Changed"
    setattr(changed, member, name)
    changed = changed.save(qb=qb)

    changed.Active = False
    gone = changed.save(qb=qb)
    assert getattr(gone, member) == f"{name} (deleted)"
    assert made.Id not in {row.Id for row in kind.all(max_results=1000, qb=qb)}
    assert made.Id in {row.Id for row in kind.filter(Active=False, qb=qb)}
    with pytest.raises(QuickbooksException) as taken:
        make(title).save(qb=qb)
    assert taken.value.error_code == 6240
    setattr(gone, member, name)
    gone.Active = True
    assert getattr(gone.save(qb=qb), member) == name
    stale = kind.get(made.Id, qb=qb)
    stale.SyncToken = "0"
    with pytest.raises(QuickbooksException) as refused:
        stale.save(qb=qb)
    assert refused.value.error_code == 5010


def test_lists_take_part_in_batches_and_change_data_capture(qb: Any) -> None:
    made = batch_create(
        [new(Class, Name="Batched"), new(Term, Name="Batched", DueDays=5), employee("Batched")], qb=qb
    )
    assert len(made.successes) == 3
    since = made.successes[0].MetaData["CreateTime"]
    seen = change_data_capture([Class, Term, Employee], since, qb=qb)
    assert "Batched" in {row.Name for row in seen.Class}
    assert "Batched" in {row.Name for row in seen.Term}
    assert "Batched Okafor" in {row.DisplayName for row in seen.Employee}


def test_trees_spell_their_names_anew_when_a_parent_is_renamed(qb: Any) -> None:
    for kind in (Class, Department):
        top = new(kind, Name="North").save(qb=qb)
        below = new(kind, Name="Ridge", ParentRef=top.to_ref()).save(qb=qb)
        assert below.FullyQualifiedName == "North:Ridge"
        top.Name = "Upper"
        top.save(qb=qb)
        assert kind.get(below.Id, qb=qb).FullyQualifiedName == "Upper:Ridge"


def test_terms_count_days_or_name_a_day_of_the_month(qb: Any) -> None:
    days = new(Term, Name="2% 10 Net 30", DueDays=30, DiscountPercent=2, DiscountDays=10).save(qb=qb)
    assert (days.Type, days.DiscountPercent, days.DiscountDays) == ("STANDARD", 2, 10)
    monthly = new(Term, Name="On the 15th", DayOfMonthDue=15, DueNextMonthDays=5).save(qb=qb)
    assert (monthly.Type, monthly.DueDays) == ("DATE_DRIVEN", None)
    for wrong, code in (
        ({"DueDays": 1000}, 2240),
        ({"DueDays": -1}, 2240),
        ({"DayOfMonthDue": 32}, 2240),
        ({"DiscountPercent": 101}, 2240),
        ({"DueDays": 5, "DayOfMonthDue": 5}, 2600),
        ({"DueDays": "soon"}, 2070),
        ({"Name": "x" * 32}, 2050),
    ):
        with pytest.raises(QuickbooksException) as refused:
            new(Term, **({"Name": f"Odd {code}"} | wrong)).save(qb=qb)
        assert refused.value.error_code == code


def test_agencies_and_the_tax_service(qb: Any) -> None:
    agency = new(TaxAgency, DisplayName="City of Elko").save(qb=qb)
    assert (agency.TaxTrackedOnSales, agency.TaxTrackedOnPurchases) == (True, False)
    assert TaxAgency.get(agency.Id, qb=qb).DisplayName == "City of Elko"
    assert agency.Id in {row.Id for row in TaxAgency.all(qb=qb)}
    with pytest.raises(QuickbooksException) as refused:
        new(TaxAgency, DisplayName="city of elko").save(qb=qb)
    assert refused.value.error_code == 6240
    agency.DisplayName = "Elko"
    with pytest.raises(QuickbooksException) as refused:
        agency.save(qb=qb)
    assert refused.value.error_code == 500

    service = new(TaxService, TaxCode="Elko")
    service.TaxRateDetails.append(
        new(TaxRateDetails, TaxRateName="Sold", RateValue=7.1, TaxAgencyId=agency.Id)
    )
    bought = new(TaxRateDetails, TaxRateName="Bought", RateValue="2", TaxAgencyId=agency.Id)
    bought.TaxApplicableOn = "Purchase"
    service.TaxRateDetails.append(bought)
    made = service.save(qb=qb)
    code = TaxCode.get(made.TaxCodeId, qb=qb)
    assert [row.TaxRateRef.name for row in code.SalesTaxRateList.TaxRateDetail] == ["Sold"]
    assert [row.TaxRateRef.name for row in code.PurchaseTaxRateList.TaxRateDetail] == ["Bought"]

    for name, member, value, wanted in (
        ("Elko", "RateValue", 7, 6240),
        ("Other", "TaxRateName", "A name too long", 2050),
        ("Other", "TaxAgencyId", "99", 610),
        ("Other", "RateValue", 101, 6000),
        ("Other", "RateValue", None, 2020),
    ):
        row = new(TaxRateDetails, TaxRateName="Rate", RateValue=1, TaxAgencyId=agency.Id)
        setattr(row, member, value)
        wrong = new(TaxService, TaxCode=name)
        wrong.TaxRateDetails.append(row)
        with pytest.raises(QuickbooksException) as refused:
            wrong.save(qb=qb)
        assert refused.value.error_code == wanted
    assert "Other" not in {row.Name for row in TaxCode.all(qb=qb)}


def test_currencies_are_kept_where_multicurrency_is_on(twin: RunningTwin, qb: Any) -> None:
    with pytest.raises(QuickbooksException) as off:
        new(CompanyCurrency, Code="EUR").save(qb=qb)
    assert off.value.error_code == 5030
    set_preferences(twin.company, {"CurrencyPrefs.MultiCurrencyEnabled": True})
    try:
        euro = new(CompanyCurrency, Code="eur").save(qb=qb)
        assert (euro.Code, euro.Name, euro.Active) == ("EUR", "Euro", True)
        for wrong, code in (("EUR", 630), ("USD", 6000), ("XXX", 2170), ("EURO", 2050)):
            with pytest.raises(QuickbooksException) as refused:
                new(CompanyCurrency, Code=wrong).save(qb=qb)
            assert refused.value.error_code == code
        foreign = new(Vendor, DisplayName="Rohr und Ventil", CurrencyRef=euro.to_ref()).save(qb=qb)
        assert foreign.CurrencyRef.value == "EUR"
        foreign.CurrencyRef = {"value": "USD"}
        assert foreign.save(qb=qb).CurrencyRef.value == "EUR"
        euro.Active = False
        assert euro.save(qb=qb).Active is False
        assert CompanyCurrency.filter(Active=False, qb=qb)[0].Code == "EUR"
        assert CompanyCurrency.all(qb=qb) == []
        with pytest.raises(QuickbooksException) as refused:
            new(Vendor, DisplayName="Too late", CurrencyRef=euro.to_ref()).save(qb=qb)
        assert refused.value.error_code == 2500
    finally:
        set_preferences(twin.company, {"CurrencyPrefs.MultiCurrencyEnabled": False})


def test_items_of_every_type_are_kept(qb: Any) -> None:
    income = Account.filter(AcctNum="4010", qb=qb)[0].to_ref()
    made = new(Item, Name="Hydro jet", Type="Service", IncomeAccountRef=income).save(qb=qb)
    made.UnitPrice, made.Description = 310, "With camera"
    assert made.save(qb=qb).Description == "With camera"
    made = Item.get(made.Id, qb=qb)
    made.Active = False
    assert made.save(qb=qb).Name == "Hydro jet (deleted)"
