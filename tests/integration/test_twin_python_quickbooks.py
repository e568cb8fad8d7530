"""python-quickbooks, unchanged but for its host, works with the twin."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.batch import batch_create, batch_delete, batch_update
from quickbooks.cdc import change_data_capture
from quickbooks.exceptions import (
    AuthorizationException,
    ObjectNotFoundException,
    QuickbooksException,
    ValidationException,
)
from quickbooks.objects.account import Account
from quickbooks.objects.base import Address, EmailAddress, LinkedTxn, PhoneNumber
from quickbooks.objects.bill import Bill
from quickbooks.objects.company_info import CompanyInfo
from quickbooks.objects.customer import Customer
from quickbooks.objects.department import Department
from quickbooks.objects.deposit import Deposit, DepositLine
from quickbooks.objects.detailline import (
    AccountBasedExpenseLine,
    AccountBasedExpenseLineDetail,
    DiscountLine,
    DiscountLineDetail,
    ItemBasedExpenseLine,
    ItemBasedExpenseLineDetail,
    SalesItemLine,
    SalesItemLineDetail,
)
from quickbooks.objects.employee import Employee
from quickbooks.objects.invoice import Invoice
from quickbooks.objects.item import Item
from quickbooks.objects.journalentry import JournalEntry, JournalEntryLine, JournalEntryLineDetail
from quickbooks.objects.payment import Payment, PaymentLine
from quickbooks.objects.paymentmethod import PaymentMethod
from quickbooks.objects.preferences import Preferences
from quickbooks.objects.purchase import Purchase
from quickbooks.objects.taxagency import TaxAgency
from quickbooks.objects.taxcode import TaxCode
from quickbooks.objects.taxrate import TaxRate
from quickbooks.objects.taxservice import TaxRateDetails, TaxService
from quickbooks.objects.term import Term
from quickbooks.objects.trackingclass import Class
from quickbooks.objects.vendor import Vendor

from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin


@pytest.fixture(scope="module")
def twin() -> Iterator[RunningTwin]:
    with running_twin() as running:
        yield running


@pytest.fixture
def qb(twin: RunningTwin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    auth = AuthClient(
        twin.client_id,
        twin.client_secret,
        "http://127.0.0.1/callback",
        f"{twin.base_url}/.well-known/openid_sandbox_configuration",
        access_token=twin.access_token,
    )
    monkeypatch.setattr(QuickBooks, "api_url_v3", f"{twin.base_url}/v3")
    client = QuickBooks(
        auth_client=auth, refresh_token=twin.refresh_token, company_id=twin.realm, minorversion=75
    )
    yield client
    client.session.close()
    auth.close()


def new_customer(qb: Any, name: str) -> Any:
    customer = Customer()
    customer.DisplayName = name
    return customer.save(qb=qb)


def new_invoice(customer: Any, amount: str = "100.00") -> Any:
    invoice = Invoice()
    invoice.CustomerRef = customer.to_ref()
    line = SalesItemLine()
    line.Amount = Decimal(amount)
    line.Description = "Work"
    line.SalesItemLineDetail = SalesItemLineDetail()
    line.SalesItemLineDetail.ItemRef = {"value": "1", "name": "", "type": ""}
    invoice.Line.append(line)
    return invoice


def test_customer_is_created_read_changed_queried_and_made_inactive(qb: Any) -> None:
    customer = Customer()
    customer.GivenName, customer.FamilyName = "Ada", "Hill"
    customer.DisplayName = "Hill, Ada 'the pump'"
    customer.PrimaryEmailAddr = EmailAddress()
    customer.PrimaryEmailAddr.Address = "ada@example.com"
    customer.PrimaryPhone = PhoneNumber()
    customer.PrimaryPhone.FreeFormNumber = "(775) 555-0199"
    customer.BillAddr = Address()
    customer.BillAddr.Line1, customer.BillAddr.City = "1 Pump St", "Reno"
    saved = customer.save(qb=qb)
    assert int(saved.Id) > 0
    assert saved.SyncToken == "0"

    read = Customer.get(saved.Id, qb=qb)
    assert read.PrimaryEmailAddr.Address == "ada@example.com"
    read.Notes = "Gate code 17"
    changed = read.save(qb=qb)
    assert changed.SyncToken == "1"
    assert changed.BillAddr.City == "Reno"

    found = Customer.filter(DisplayName="Hill, Ada 'the pump'", qb=qb)
    assert [row.Id for row in found] == [saved.Id]
    assert Customer.choose([saved.Id], field="Id", qb=qb)[0].Notes == "Gate code 17"
    assert Customer.count("DisplayName LIKE 'Hill%'", qb=qb) == 1

    changed.Active = False
    gone = changed.save(qb=qb)
    assert gone.DisplayName.endswith(" (deleted)")
    assert Customer.filter(Active=False, qb=qb)[-1].Id == saved.Id


def test_job_is_a_sub_customer(qb: Any) -> None:
    parent = new_customer(qb, "Parent of a job")
    job = Customer()
    job.DisplayName, job.Job, job.ParentRef = "Kitchen refit", True, parent.to_ref()
    saved = job.save(qb=qb)
    assert saved.FullyQualifiedName == "Parent of a job:Kitchen refit"
    assert saved.Level == 1


def test_vendor_and_employee_share_the_pool_of_names(qb: Any) -> None:
    new_customer(qb, "One Name Only")
    vendor = Vendor()
    vendor.DisplayName = "one name ONLY"
    with pytest.raises(QuickbooksException) as refused:
        vendor.save(qb=qb)
    assert refused.value.error_code == 6240
    employee = Employee()
    employee.GivenName, employee.FamilyName = "One Name", "Only"
    with pytest.raises(QuickbooksException) as refused:
        employee.save(qb=qb)
    assert refused.value.error_code == 6240
    vendor.DisplayName = "Another Name"
    saved = vendor.save(qb=qb)
    saved.AcctNum = "B-77"
    assert saved.save(qb=qb).AcctNum == "B-77"
    employee.FamilyName = "Else"
    assert employee.save(qb=qb).DisplayName == "One Name Else"


def test_stale_object_is_refused(qb: Any) -> None:
    customer = new_customer(qb, "Stale customer")
    first, second = Customer.get(customer.Id, qb=qb), Customer.get(customer.Id, qb=qb)
    first.Notes = "mine"
    first.save(qb=qb)
    second.Notes = "theirs"
    with pytest.raises(QuickbooksException) as refused:
        second.save(qb=qb)
    assert refused.value.error_code == 5010


def test_unknown_record_is_not_found(qb: Any) -> None:
    with pytest.raises(ObjectNotFoundException):
        Invoice.get("999999", qb=qb)


def test_lists_are_written_and_read(qb: Any) -> None:
    account = Account()
    account.Name, account.AccountType, account.AccountSubType = "Uniforms", "Expense", "SuppliesMaterials"
    saved_account = account.save(qb=qb)
    assert saved_account.Classification == "Expense"
    income = Account.filter(AcctNum="4010", qb=qb)[0]
    item = Item()
    item.Name, item.Type, item.IncomeAccountRef = "Repipe", "Service", income.to_ref()
    saved_item = item.save(qb=qb)
    saved_item.UnitPrice = 90
    assert saved_item.save(qb=qb).UnitPrice == 90
    assert {"Repair", "Repipe"} <= {row.Name for row in Item.all(max_results=1000, qb=qb)}
    for made in (Class(), Department()):
        made.Name = "Night shift"
        assert made.save(qb=qb).FullyQualifiedName == "Night shift"
    term = Term()
    term.Name, term.DueDays = "Net 45", 45
    assert term.save(qb=qb).Type == "STANDARD"
    method = PaymentMethod()
    method.Name, method.Type = "Zelle", "NON_CREDIT_CARD"
    assert method.save(qb=qb).Active is True
    agency = TaxAgency()
    agency.DisplayName = "City of Elko"
    assert int(agency.save(qb=qb).Id) > 0
    assert {"TAX", "NON", "Nevada"} <= {row.Name for row in TaxCode.all(qb=qb)}
    assert TaxRate.get(TaxRate.all(qb=qb)[0].Id, qb=qb).RateValue == 6


def test_tax_code_is_made_by_the_tax_service(qb: Any) -> None:
    service = TaxService()
    service.TaxCode = "Elko"
    rate = TaxRateDetails()
    rate.TaxRateName, rate.RateValue, rate.TaxAgencyId = "Elko 7.1", 7.1, 1
    service.TaxRateDetails.append(rate)
    made = service.save(qb=qb)
    assert made.TaxCode == "Elko"
    assert (
        TaxCode.get(made.TaxCodeId, qb=qb).SalesTaxRateList.TaxRateDetail[0].TaxTypeApplicable
        == "TaxOnAmount"
    )


def test_company_and_preferences_are_read_and_written(qb: Any) -> None:
    info = CompanyInfo.get(qb.company_id, qb=qb)
    assert info.Country == "US"
    info.LegalName = "Three Peaks Plumbing of Nevada LLC"
    assert info.save(qb=qb).LegalName == "Three Peaks Plumbing of Nevada LLC"
    preferences = Preferences.get(qb=qb)
    assert preferences.AccountingInfoPrefs.ClassTrackingPerTxnLine is True
    preferences.AccountingInfoPrefs.CustomerTerminology = "Clients"
    saved = preferences.save(qb=qb)
    assert saved.AccountingInfoPrefs.CustomerTerminology == "Clients"
    assert saved.SalesFormsPrefs.CustomTxnNumbers is True


def test_invoice_is_created_changed_paid_and_voided(qb: Any) -> None:
    customer = new_customer(qb, "Invoiced customer")
    saved = new_invoice(customer, "250.00").save(qb=qb)
    assert (saved.TotalAmt, saved.Balance) == (250, 250)
    assert saved.Line[-1].DetailType == "SubTotalLineDetail"

    discount = DiscountLine()
    discount.Amount = 25
    discount.DiscountLineDetail = DiscountLineDetail()
    saved.Line.append(discount)
    changed = saved.save(qb=qb)
    assert changed.TotalAmt == 225
    assert changed.Line[0].Id == "1"

    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = customer.to_ref(), 100
    line = PaymentLine()
    line.Amount = 100
    link = LinkedTxn()
    link.TxnId, link.TxnType = changed.Id, "Invoice"
    line.LinkedTxn.append(link)
    payment.Line.append(line)
    paid = payment.save(qb=qb)
    assert paid.UnappliedAmt == 0
    after = Invoice.get(changed.Id, qb=qb)
    assert (after.Balance, after.LinkedTxn[0].TxnId) == (125, paid.Id)
    assert int(after.SyncToken) == int(changed.SyncToken) + 1

    with pytest.raises(QuickbooksException) as refused:
        after.void(qb=qb)
    assert refused.value.error_code == 6000
    paid.void(qb=qb)
    assert Payment.get(paid.Id, qb=qb).PrivateNote == "Voided"
    again = Invoice.get(changed.Id, qb=qb)
    assert again.Balance == 225
    again.void(qb=qb)
    voided = Invoice.get(changed.Id, qb=qb)
    assert (voided.TotalAmt, voided.Balance, voided.LinkedTxn) == (0, 0, [])
    voided.delete(qb=qb)
    with pytest.raises(ObjectNotFoundException):
        Invoice.get(changed.Id, qb=qb)


def test_bill_purchase_journal_and_deposit(qb: Any) -> None:
    vendor = Vendor()
    vendor.DisplayName = "Vendor of everything"
    vendor = vendor.save(qb=qb)
    cogs = Account.filter(AcctNum="5010", qb=qb)[0]
    bank = Account.filter(AcctNum="1000", qb=qb)[0]

    line = AccountBasedExpenseLine()
    line.Amount = Decimal("80.25")
    line.AccountBasedExpenseLineDetail = AccountBasedExpenseLineDetail()
    line.AccountBasedExpenseLineDetail.AccountRef = cogs.to_ref()
    bill = Bill()
    bill.VendorRef = vendor.to_ref()
    bill.Line.append(line)
    saved = bill.save(qb=qb)
    assert saved.Balance == 80.25
    saved.PrivateNote = "for the shop"
    assert saved.save(qb=qb).PrivateNote == "for the shop"
    Bill.get(saved.Id, qb=qb).delete(qb=qb)

    item_line = ItemBasedExpenseLine()
    item_line.Amount = 12.4
    item_line.ItemBasedExpenseLineDetail = ItemBasedExpenseLineDetail()
    item_line.ItemBasedExpenseLineDetail.ItemRef = Item.filter(Name="Pipe & Fittings", qb=qb)[0].to_ref()
    purchase = Purchase()
    purchase.PaymentType, purchase.AccountRef, purchase.EntityRef = "Cash", bank.to_ref(), vendor.to_ref()
    purchase.Line += [line, item_line]
    spent = purchase.save(qb=qb)
    assert spent.TotalAmt == 92.65
    assert Purchase.filter(PaymentType="Cash", qb=qb)
    spent = Purchase.get(spent.Id, qb=qb)
    spent.PrivateNote = "checked"
    spent.save(qb=qb)
    Purchase.get(spent.Id, qb=qb).delete(qb=qb)

    entry = JournalEntry()
    for side, account in (("Debit", cogs), ("Credit", bank)):
        row = JournalEntryLine()
        row.Amount = 10
        row.JournalEntryLineDetail = JournalEntryLineDetail()
        row.JournalEntryLineDetail.PostingType = side
        row.JournalEntryLineDetail.AccountRef = account.to_ref()
        entry.Line.append(row)
    booked = entry.save(qb=qb)
    booked.delete(qb=qb)

    customer = new_customer(qb, "Depositing customer")
    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = customer.to_ref(), 40
    payment = payment.save(qb=qb)
    deposit = Deposit()
    deposit.DepositToAccountRef = bank.to_ref()
    row = DepositLine()
    link = LinkedTxn()
    link.TxnId, link.TxnType = payment.Id, "Payment"
    row.Amount = 40
    row.LinkedTxn.append(link)
    deposit.Line.append(row)
    banked = deposit.save(qb=qb)
    assert banked.TotalAmt == 40
    frozen = Payment.get(payment.Id, qb=qb)
    frozen.PrivateNote = "too late"
    with pytest.raises(QuickbooksException) as refused:
        frozen.save(qb=qb)
    assert refused.value.error_code == 6540
    banked.delete(qb=qb)
    freed = Payment.get(payment.Id, qb=qb)
    freed.delete(qb=qb)


def test_batches_create_update_and_delete_with_faults_per_item(qb: Any) -> None:
    customer = new_customer(qb, "Batched customer")
    made = batch_create([new_invoice(customer, f"{n}.10") for n in range(1, 36)], qb=qb)
    assert (len(made.successes), len(made.faults)) == (35, 0)
    for invoice in made.successes:
        invoice.PrivateNote = "in bulk"
    made.successes[3].SyncToken = "99"
    changed = batch_update(made.successes, qb=qb)
    assert len(changed.successes) == 34
    assert changed.faults[0].Error[0].code == "5010"
    removed = batch_delete(changed.successes, qb=qb)
    assert len(removed.successes) == 34


def test_change_data_capture_shows_changes_and_deletions(qb: Any) -> None:
    customer = new_customer(qb, "Watched customer")
    kept, dropped = new_invoice(customer).save(qb=qb), new_invoice(customer).save(qb=qb)
    since = kept.MetaData.LastUpdatedTime
    dropped.delete(qb=qb)
    seen = change_data_capture([Invoice, Customer, Bill], since, qb=qb)
    by_id = {row.Id: row for row in seen.Invoice}
    assert by_id[kept.Id].Balance == 100
    assert by_id[dropped.Id].status == "Deleted"
    assert "Watched customer" in {row.DisplayName for row in seen.Customer}


def test_trial_balance_report_balances(qb: Any) -> None:
    report = qb.get_report("TrialBalance")
    total = report["Rows"]["Row"][-1]["Summary"]["ColData"]
    assert total[1]["value"] == total[2]["value"]


def test_bad_query_and_dead_token_raise(qb: Any) -> None:
    with pytest.raises(ValidationException) as refused:
        Invoice.where("DepartmentRef = '1'", qb=qb)
    assert refused.value.error_code == 4001
    qb.session.token = {"access_token": "nonsense", "token_type": "bearer"}
    with pytest.raises(AuthorizationException):
        Customer.get("1", qb=qb)
