"""Customer money in the Desktop twin: applications, credits, discounts, refunds, deposits, and what hangs on them."""

from __future__ import annotations

import pytest
from lxml import etree

from tests.qbd_twin import Desk, modification, new_desk, ref, text

NORA = ref("CustomerRef", "Ashby, Nora")
OFF = f"<DiscountAmount>{{}}</DiscountAmount>{ref('DiscountAccountRef', 'Discounts Given')}"


@pytest.fixture
def desk() -> Desk:
    return new_desk()


def invoice(
    desk: Desk, amount: str, *, customer: str = "Ashby, Nora", day: str = "2026-03-01"
) -> etree._Element:
    return desk.add(
        "Invoice",
        f"{ref('CustomerRef', customer)}<TxnDate>{day}</TxnDate><InvoiceLineAdd>{ref('ItemRef', 'Repair')}"
        f"<Amount>{amount}</Amount>{ref('SalesTaxCodeRef', 'Non')}</InvoiceLineAdd>",
    )


def memo(desk: Desk, amount: str, *, customer: str = "Ashby, Nora") -> etree._Element:
    return desk.add(
        "CreditMemo",
        f"{ref('CustomerRef', customer)}<CreditMemoLineAdd>{ref('ItemRef', 'Repair')}<Amount>{amount}</Amount>"
        f"{ref('SalesTaxCodeRef', 'Non')}</CreditMemoLineAdd>",
    )


def applied(record: etree._Element, members: str) -> str:
    return f"<AppliedToTxnAdd><TxnID>{text(record, 'TxnID')}</TxnID>{members}</AppliedToTxnAdd>"


def paid(amount: str) -> str:
    return f"<PaymentAmount>{amount}</PaymentAmount>"


def credited(record: etree._Element, amount: str) -> str:
    identity = text(record, "TxnID")
    return (
        f"<SetCredit><CreditTxnID>{identity}</CreditTxnID><AppliedAmount>{amount}</AppliedAmount></SetCredit>"
    )


def payment(total: str, *applications: str, customer: str = NORA) -> str:
    rows = "".join(applications) or "<IsAutoApply>false</IsAutoApply>"
    return f"{customer}<TotalAmount>{total}</TotalAmount>{rows}"


def wrapped(members: str) -> str:
    return f"<ReceivePaymentAddRq><ReceivePaymentAdd>{members}</ReceivePaymentAdd></ReceivePaymentAddRq>"


def again(desk: Desk, record: etree._Element) -> etree._Element:
    kind = record.tag.removesuffix("Ret")
    tail = "<IncludeLineItems>true</IncludeLineItems>"
    if kind in ("Invoice", "CreditMemo"):
        tail += "<IncludeLinkedTxns>true</IncludeLinkedTxns>"
    (found,) = desk.query(kind, f"<TxnID>{text(record, 'TxnID')}</TxnID>{tail}")
    return found


def gone(record: etree._Element) -> str:
    kind = record.tag.removesuffix("Ret")
    return f"<TxnDelRq><TxnDelType>{kind}</TxnDelType><TxnID>{text(record, 'TxnID')}</TxnID></TxnDelRq>"


def test_one_payment_settles_several_invoices_and_keeps_the_rest_as_credit(desk: Desk) -> None:
    """Treatment 2.1: 600.00 over 410.79 and 150.00, 39.21 unapplied."""
    first, second = invoice(desk, "410.79"), invoice(desk, "150.00")
    got = desk.add(
        "ReceivePayment", payment("600.00", applied(first, paid("410.79")), applied(second, paid("150.00")))
    )
    assert text(got, "UnusedPayment") == "39.21"
    assert [text(row, "BalanceRemaining") for row in got.findall("AppliedToTxnRet")] == ["0.00", "0.00"]
    shown = again(desk, first)
    assert (text(shown, "IsPaid"), text(shown, "AppliedAmount"), text(shown, "BalanceRemaining")) == (
        "true",
        "-410.79",
        "0.00",
    )
    assert (text(shown, "LinkedTxn/TxnID"), text(shown, "LinkedTxn/Amount")) == (
        text(got, "TxnID"),
        "-410.79",
    )
    assert desk.balances()["Accounts Receivable"] == "-39.21"
    assert desk.balances()["Undeposited Funds"] == "600.00"


def test_what_a_payment_cannot_settle_is_refused(desk: Desk) -> None:
    one, other = invoice(desk, "100.00"), invoice(desk, "100.00", customer="Larkin Offices")
    assert desk.refused(wrapped(payment("200.00", applied(one, paid("100.01"))))) == 3210
    assert desk.refused(wrapped(payment("50.00", applied(one, paid("60.00"))))) == 3210
    assert desk.refused(wrapped(payment("50.00", applied(other, paid("50.00"))))) == 3120
    assert desk.refused(wrapped(payment("50.00", applied(one, "")))) == 3150
    assert (
        desk.refused(wrapped(payment("0.00", applied(one, "<DiscountAmount>1.00</DiscountAmount>")))) == 3150
    )
    desk.add("ReceivePayment", payment("100.00", applied(one, paid("100.00"))))
    assert desk.refused(wrapped(payment("1.00", applied(one, paid("1.00"))))) == 3120


def test_one_document_named_twice_is_refused(desk: Desk) -> None:
    one = invoice(desk, "100.00")
    twice = (applied(one, paid("60.00")), applied(one, paid("60.00")))
    assert desk.refused(wrapped(payment("120.00", *twice))) == 3210


def test_a_parent_pays_for_its_job_and_a_job_not_for_its_parent(desk: Desk) -> None:
    job, parent = invoice(desk, "10.00", customer="Ashby, Nora:Kitchen"), invoice(desk, "10.00")
    desk.add("ReceivePayment", payment("10.00", applied(job, paid("10.00"))))
    kitchen = ref("CustomerRef", "Ashby, Nora:Kitchen")
    assert desk.refused(wrapped(payment("10.00", applied(parent, paid("10.00")), customer=kitchen))) == 3120


def test_credits_and_discounts_settle_without_money(desk: Desk) -> None:
    bill, credit = invoice(desk, "100.00"), memo(desk, "30.00")
    members = paid("60.00") + credited(credit, "30.00") + OFF.format("10.00")
    got = desk.add("ReceivePayment", payment("60.00", applied(bill, members)))
    assert text(again(desk, bill), "IsPaid") == "true"
    assert text(again(desk, credit), "CreditRemaining") == "0.00"
    assert text(got, "AppliedToTxnRet/LinkedTxn/TxnID") == text(credit, "TxnID")
    assert desk.balances() == {
        "Undeposited Funds": "60.00",
        "Repair & Service Labor": "-70.00",
        "Discounts Given": "10.00",
    }
    assert (
        desk.refused(wrapped(payment("0.00", applied(invoice(desk, "5.00"), credited(credit, "1.00")))))
        == 3210
    )


def test_a_credit_can_be_set_on_an_invoice_when_it_is_made_and_taken_off(desk: Desk) -> None:
    credit = memo(desk, "30.00")
    line = f"<InvoiceLineAdd>{ref('ItemRef', 'Repair')}<Amount>100.00</Amount></InvoiceLineAdd>"
    tax = ref("ItemSalesTaxRef", "No Tax")
    made = desk.add("Invoice", f"{NORA}{tax}{credited(credit, '20.00')}{line}")
    assert (text(made, "BalanceRemaining"), text(again(desk, credit), "CreditRemaining")) == (
        "80.00",
        "10.00",
    )
    desk.mod(made, credited(credit, "0.00"))
    assert text(again(desk, credit), "CreditRemaining") == "30.00"


def test_a_credit_may_go_in_the_same_change_that_makes_the_invoice_smaller(desk: Desk) -> None:
    credit = memo(desk, "30.00")
    line = f"<InvoiceLineAdd>{ref('ItemRef', 'Repair')}<Amount>30.00</Amount></InvoiceLineAdd>"
    made = desk.add("Invoice", f"{NORA}{ref('ItemSalesTaxRef', 'No Tax')}{credited(credit, '30.00')}{line}")
    identity = text(made, "InvoiceLineRet/TxnLineID")
    smaller = f"<InvoiceLineMod><TxnLineID>{identity}</TxnLineID><Amount>10.00</Amount></InvoiceLineMod>"
    assert desk.refused(modification("Invoice", made, smaller)) == 3210
    changed = desk.mod(made, credited(credit, "10.00") + smaller)
    assert (text(changed, "IsPaid"), text(again(desk, credit), "CreditRemaining")) == ("true", "20.00")


def test_money_is_applied_by_itself_to_the_exact_amount_else_to_the_oldest(desk: Desk) -> None:
    old = invoice(desk, "80.00", day="2026-01-01")
    exact = invoice(desk, "50.00", day="2026-02-01")
    automatic = "<IsAutoApply>true</IsAutoApply>"
    desk.add("ReceivePayment", f"{NORA}<TotalAmount>50.00</TotalAmount>{automatic}")
    assert (text(again(desk, old), "IsPaid"), text(again(desk, exact), "IsPaid")) == ("false", "true")
    got = desk.add("ReceivePayment", f"{NORA}<TotalAmount>90.00</TotalAmount>{automatic}")
    assert (text(again(desk, old), "IsPaid"), text(got, "UnusedPayment")) == ("true", "10.00")


@pytest.mark.parametrize(("preference", "unused"), [("true", "0.00"), ("false", "25.00")])
def test_the_preference_decides_where_the_request_leaves_it_open(
    desk: Desk, preference: str, unused: str
) -> None:
    invoice(desk, "25.00")
    desk.bookkeeper.prefer("SalesAndCustomersPreferences", "IsAutoApplyingPayments", preference)
    got = desk.add("ReceivePayment", f"{NORA}<TotalAmount>25.00</TotalAmount><IsAutoApply></IsAutoApply>")
    assert text(got, "UnusedPayment") == unused


def test_a_mod_keeps_the_application_it_does_not_name_and_takes_off_one_of_nothing(desk: Desk) -> None:
    first, second = invoice(desk, "10.00"), invoice(desk, "20.00")
    got = desk.add(
        "ReceivePayment", payment("30.00", applied(first, paid("10.00")), applied(second, paid("20.00")))
    )
    row = f"<AppliedToTxnMod><TxnID>{text(second, 'TxnID')}</TxnID>{paid('0.00')}</AppliedToTxnMod>"
    changed = desk.mod(got, row)
    assert [text(one, "TxnID") for one in changed.findall("AppliedToTxnRet")] == [text(first, "TxnID")]
    assert text(again(desk, second), "BalanceRemaining") == "20.00"


def test_deleting_a_payment_opens_its_invoice_without_a_word(desk: Desk) -> None:
    bill = invoice(desk, "10.00")
    got = desk.add("ReceivePayment", payment("10.00", applied(bill, paid("10.00"))))
    desk.done(gone(got))
    assert (text(again(desk, bill), "IsPaid"), desk.balances()["Accounts Receivable"]) == ("false", "10.00")
    asked = "<TxnDeletedQueryRq><TxnDelType>ReceivePayment</TxnDelType></TxnDeletedQueryRq>"
    assert [text(note, "TxnID") for note in desk.ask(asked)] == [text(got, "TxnID")]
    assert desk.refused(gone(got)) == 3120


def test_deleting_an_invoice_frees_the_money_that_was_on_it(desk: Desk) -> None:
    bill = invoice(desk, "10.00")
    got = desk.add("ReceivePayment", payment("10.00", applied(bill, paid("10.00"))))
    desk.done(gone(bill))
    assert text(again(desk, got), "UnusedPayment") == "10.00"
    assert desk.balances()["Accounts Receivable"] == "-10.00"


def test_a_voided_invoice_stays_with_nothing_in_it(desk: Desk) -> None:
    bill = invoice(desk, "10.00")
    identity = text(bill, "TxnID")
    desk.add("ReceivePayment", payment("10.00", applied(bill, paid("10.00"))))
    desk.done(f"<TxnVoidRq><TxnVoidType>Invoice</TxnVoidType><TxnID>{identity}</TxnID></TxnVoidRq>")
    shown = again(desk, bill)
    assert (text(shown, "Memo"), text(shown, "Subtotal"), text(shown, "IsPaid")) == ("VOID:", "0.00", "true")
    assert text(shown, "EditSequence") != text(bill, "EditSequence")
    assert desk.balances() == {"Accounts Receivable": "-10.00", "Undeposited Funds": "10.00"}
    assert desk.refused(modification("Invoice", shown, "<Memo>back</Memo>")) == 3170


def test_no_message_voids_a_payment_but_the_person_can(desk: Desk) -> None:
    got = desk.add("ReceivePayment", payment("10.00"))
    desk.bookkeeper.void("ReceivePayment", text(got, "TxnID"))
    assert (text(again(desk, got), "TotalAmount"), desk.balances()) == ("0.00", {})


def test_an_invoice_cannot_shrink_below_what_was_paid_or_change_hands(desk: Desk) -> None:
    bill = invoice(desk, "10.00")
    desk.add("ReceivePayment", payment("10.00", applied(bill, paid("10.00"))))
    line = text(bill, "InvoiceLineRet/TxnLineID")
    smaller = f"<InvoiceLineMod><TxnLineID>{line}</TxnLineID><Amount>9.00</Amount></InvoiceLineMod>"
    assert desk.refused(modification("Invoice", bill, smaller)) == 3210
    assert desk.refused(modification("Invoice", bill, ref("CustomerRef", "Larkin Offices"))) == 3170


def test_what_was_deposited_stays_as_it_is(desk: Desk) -> None:
    """Treatment 2.1: the bank deposit takes the money out of undeposited funds."""
    got = desk.add("ReceivePayment", payment("10.00"))
    waiting = desk.query("ReceivePaymentToDeposit")
    assert [text(row, "TxnID") for row in waiting] == [text(got, "TxnID")]
    line = f"<DepositLineAdd><PaymentTxnID>{text(got, 'TxnID')}</PaymentTxnID></DepositLineAdd>"
    fee = f"<DepositLineAdd>{ref('AccountRef', 'Merchant Fees')}<Memo>fee</Memo><Amount>-0.30</Amount></DepositLineAdd>"
    deposit = desk.add("Deposit", f"{ref('DepositToAccountRef', 'Operating Checking')}{line}{fee}")
    assert text(deposit, "DepositTotal") == "9.70"
    assert desk.balances() == {
        "Operating Checking": "9.70",
        "Merchant Fees": "0.30",
        "Accounts Receivable": "-10.00",
    }
    assert desk.query("ReceivePaymentToDeposit") == []
    assert desk.refused(gone(got)) == 3160
    assert desk.refused(modification("ReceivePayment", got, "<TotalAmount>11.00</TotalAmount>")) == 3170
    again_line = (
        f"<DepositAddRq><DepositAdd>{ref('DepositToAccountRef', 'Savings')}{line}</DepositAdd></DepositAddRq>"
    )
    assert desk.refused(again_line) == 3120
    desk.done(gone(deposit))
    desk.done(gone(got))
    assert desk.balances() == {}


def test_a_refund_to_a_card_uses_up_a_credit(desk: Desk) -> None:
    credit = memo(desk, "30.00")
    row = (
        f"<RefundAppliedToTxnAdd><TxnID>{text(credit, 'TxnID')}</TxnID><RefundAmount>{{}}</RefundAmount>"
        "</RefundAppliedToTxnAdd>"
    )
    head = f"{NORA}{ref('RefundFromAccountRef', 'Operating Checking')}"
    refund = desk.add("ARRefundCreditCard", head + row.format("20.00"))
    assert (text(refund, "TotalAmount"), text(again(desk, credit), "CreditRemaining")) == ("20.00", "10.00")
    request = f"<ARRefundCreditCardAdd>{head}{row.format('10.01')}</ARRefundCreditCardAdd>"
    assert desk.refused(f"<ARRefundCreditCardAddRq>{request}</ARRefundCreditCardAddRq>") == 3210
    assert desk.balances()["Accounts Receivable"] == "-10.00"


def test_a_check_on_receivables_pays_a_credit_back(desk: Desk) -> None:
    credit = memo(desk, "30.00")
    check = desk.add(
        "Check",
        f"{ref('AccountRef', 'Operating Checking')}{ref('PayeeEntityRef', 'Ashby, Nora')}"
        f"<ApplyCheckToTxnAdd><TxnID>{text(credit, 'TxnID')}</TxnID><Amount>30.00</Amount></ApplyCheckToTxnAdd>"
        f"<ExpenseLineAdd>{ref('AccountRef', 'Accounts Receivable')}<Amount>30.00</Amount></ExpenseLineAdd>",
    )
    assert text(check, "Amount") == "30.00"
    assert text(again(desk, credit), "CreditRemaining") == "0.00"
    assert "Accounts Receivable" not in desk.balances()


def test_an_invoice_that_somebody_has_open_cannot_be_paid(desk: Desk) -> None:
    bill = invoice(desk, "10.00")
    desk.bookkeeper.open_window(text(bill, "TxnID"))
    assert desk.refused(wrapped(payment("10.00", applied(bill, paid("10.00"))))) == 3176


def test_a_payment_touches_its_invoices_only_where_the_switch_says_so(desk: Desk) -> None:
    bill = invoice(desk, "10.00")
    desk.add("ReceivePayment", payment("4.00", applied(bill, paid("4.00"))))
    assert text(again(desk, bill), "EditSequence") == text(bill, "EditSequence")
    desk.file.company.switches.payments_touch_documents = True
    desk.add("ReceivePayment", payment("4.00", applied(bill, paid("4.00"))))
    assert text(again(desk, bill), "EditSequence") != text(bill, "EditSequence")


def test_balances_of_customers_include_their_jobs_where_they_say_total(desk: Desk) -> None:
    invoice(desk, "10.00")
    invoice(desk, "5.00", customer="Ashby, Nora:Kitchen")
    (nora,) = desk.query("Customer", "<FullName>Ashby, Nora</FullName>")
    assert (text(nora, "Balance"), text(nora, "TotalBalance")) == ("10.00", "15.00")
