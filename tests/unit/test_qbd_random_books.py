"""Whatever is done to the Desktop twin's books, in whatever order: they balance, and what is open is what is owed."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import attrs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from blueops_qb.sandbox.ledger import ZERO
from blueops_qb.sandbox.qbd import open_items
from blueops_qb.sandbox.qbd.company import Company
from tests.qbd_twin import Desk, modification, new_desk, ref, text

CUSTOMERS = ("Ashby, Nora", "Ashby, Nora:Kitchen", "Larkin Offices")
SALES_ITEMS = ("Repair", "Materials", "Valve Kit", "Discount")
PURCHASE_ITEMS = ("Materials", "Valve Kit", "Subcontract")
BALANCED = ("Invoice", "CreditMemo", "SalesReceipt", "Bill", "VendorCredit", "Check", "CreditCardCharge")


@attrs.frozen(kw_only=True)
class Step:
    """One thing that is done; numbers choose among what is there."""

    act: str
    pick: int
    other: int
    amount: Decimal


ACTS = (*BALANCED, "ReceivePayment", "BillPaymentCheck", "Deposit", "Journal", "Mod", "Void", "Del", "Refund")
AMOUNTS = st.decimals(min_value="0.01", max_value="500", places=2)
STEPS = st.lists(
    st.builds(
        Step,
        act=st.sampled_from(ACTS),
        pick=st.integers(0, 50),
        other=st.integers(0, 50),
        amount=AMOUNTS,
    ),
    min_size=5,
    max_size=25,
)


def request(company: Company, step: Step) -> str:
    """The request of a step; it may well be one that is refused."""
    if step.act in BALANCED:
        return f"<{step.act}AddRq><{step.act}Add>{form(step)}</{step.act}Add></{step.act}AddRq>"
    if step.act == "Journal":
        party = ref("EntityRef", CUSTOMERS[step.pick % 3])
        lines = "".join(
            f"<Journal{side}Line>{ref('AccountRef', account)}<Amount>{step.amount}</Amount>{who}</Journal{side}Line>"
            for side, account, who in (("Debit", "Bad Debt", ""), ("Credit", "Accounts Receivable", party))
        )
        return f"<JournalEntryAddRq><JournalEntryAdd>{lines}</JournalEntryAdd></JournalEntryAddRq>"
    if step.act == "Deposit":
        payment = nth(company, ("ReceivePayment", "SalesReceipt"), step.pick)
        line = f"<DepositLineAdd><PaymentTxnID>{payment}</PaymentTxnID></DepositLineAdd>"
        return f"<DepositAddRq><DepositAdd>{ref('DepositToAccountRef', 'Savings')}{line}</DepositAdd></DepositAddRq>"
    if step.act in ("ReceivePayment", "BillPaymentCheck", "Refund"):
        return settlement(company, step)
    kinds = (*BALANCED, "ReceivePayment", "BillPaymentCheck", "Deposit", "JournalEntry", "ARRefundCreditCard")
    identity = nth(company, kinds, step.pick)
    kind = company.kind_of.get(identity, "Invoice")
    if step.act == "Void" and kind == "ReceivePayment":
        kind = "Invoice"
    if step.act in ("Void", "Del"):
        name = f"Txn{step.act}"
        return f"<{name}Rq><{name}Type>{kind}</{name}Type><TxnID>{identity}</TxnID></{name}Rq>"
    return changed(company, kind, identity, step)


def form(step: Step) -> str:
    """The members of a form with two lines."""
    if step.act in ("Invoice", "CreditMemo", "SalesReceipt"):
        tax = ref("ItemSalesTaxRef", ("District 8.25%", "County 7%", "No Tax")[step.other % 3])
        lines = "".join(
            f"<{step.act}LineAdd>{ref('ItemRef', item)}{price}</{step.act}LineAdd>"
            for item, price in (
                (
                    SALES_ITEMS[step.pick % 3],
                    f"<Quantity>{step.other % 4 + 1}</Quantity><Rate>{step.amount}</Rate>",
                ),
                (SALES_ITEMS[step.other % 4], f"<Amount>{step.amount / 3:.2f}</Amount>"),
            )
        )
        return f"{ref('CustomerRef', CUSTOMERS[step.pick % 3])}{tax}{lines}"
    head = {
        "Check": ref("AccountRef", "Operating Checking"),
        "CreditCardCharge": ref("AccountRef", "Company Credit Card"),
    }.get(step.act, ref("VendorRef", "Pipe Depot"))
    expense = f"<ExpenseLineAdd>{ref('AccountRef', 'Fuel')}<Amount>{step.amount}</Amount></ExpenseLineAdd>"
    item = ref("ItemRef", PURCHASE_ITEMS[step.pick % 3])
    return f"{head}{expense}<ItemLineAdd>{item}<Quantity>3</Quantity><Amount>{step.amount}</Amount></ItemLineAdd>"


def settlement(company: Company, step: Step) -> str:
    """A payment of some document, with a credit where there is one."""
    if step.act == "Refund":
        row = f"<TxnID>{nth(company, ('CreditMemo',), step.pick)}</TxnID><RefundAmount>{step.amount}</RefundAmount>"
        return (
            f"<ARRefundCreditCardAddRq><ARRefundCreditCardAdd>{ref('CustomerRef', CUSTOMERS[step.other % 3])}"
            f"{ref('RefundFromAccountRef', 'Operating Checking')}<RefundAppliedToTxnAdd>{row}</RefundAppliedToTxnAdd>"
            "</ARRefundCreditCardAdd></ARRefundCreditCardAddRq>"
        )
    document, credit = ("Invoice", "CreditMemo") if step.act == "ReceivePayment" else ("Bill", "VendorCredit")
    source = nth(company, (credit,), step.other)
    amount = f"<AppliedAmount>{step.amount / 4:.2f}</AppliedAmount>"
    used = f"<SetCredit><CreditTxnID>{source}</CreditTxnID>{amount}</SetCredit>"
    row = (
        f"<AppliedToTxnAdd><TxnID>{nth(company, (document,), step.pick)}</TxnID><PaymentAmount>{step.amount / 2:.2f}"
        f"</PaymentAmount>{used if step.other % 3 == 0 else ''}<DiscountAmount>0.01</DiscountAmount>"
        f"{ref('DiscountAccountRef', 'Discounts Given')}</AppliedToTxnAdd>"
    )
    if step.act == "ReceivePayment":
        rows = row if step.other % 2 else "<IsAutoApply>true</IsAutoApply>"
        head = f"{ref('CustomerRef', CUSTOMERS[step.pick % 3])}<TotalAmount>{step.amount}</TotalAmount>"
    else:
        rows = row
        head = (
            f"{ref('PayeeEntityRef', 'Pipe Depot')}{ref('BankAccountRef', 'Savings')}<RefNumber>1</RefNumber>"
        )
    return f"<{step.act}AddRq><{step.act}Add>{head}{rows}</{step.act}Add></{step.act}AddRq>"


def changed(company: Company, kind: str, identity: str, step: Step) -> str:
    """A Mod that gives the first line another amount and leaves the others out."""
    record = company.get(kind, identity)
    if record is None:
        return "<HostQueryRq/>"
    shown = etree.Element("R")
    for name in ("TxnID", "EditSequence"):
        etree.SubElement(shown, name).text = record[name]
    line = (record.get("Lines") or [{"TxnLineID": "-1"}])[0]["TxnLineID"]
    members = f"<TxnLineID>{line}</TxnLineID><Amount>{step.amount}</Amount>"
    if kind in ("Invoice", "CreditMemo", "SalesReceipt"):
        return modification(kind, shown, f"<{kind}LineMod>{members}</{kind}LineMod>")
    if kind in ("Bill", "VendorCredit", "Check", "CreditCardCharge"):
        return modification(kind, shown, f"<ItemLineMod>{members}</ItemLineMod>")
    if kind == "ReceivePayment":
        return modification(kind, shown, f"<TotalAmount>{step.amount}</TotalAmount>")
    return "<HostQueryRq/>"


def nth(company: Company, kinds: tuple[str, ...], number: int) -> str:
    """Some transaction of these kinds."""
    ids = [identity for kind in kinds for identity in company.records[kind]]
    return ids[number % len(ids)] if ids else "F-1"


def check(desk: Desk) -> None:
    """The books balance; receivables and payables are what documents and credits leave open."""
    company = desk.file.company
    assert company.ledger.trial_balance().difference == 0
    for side in (open_items.RECEIVABLE, open_items.PAYABLE):
        owed = ZERO
        for kind, _, record in company.transactions():
            claim = open_items.claim_of(company, kind, record)
            if claim is None or claim.side != side:
                continue
            rest = open_items.remaining(company, kind, record)
            assert rest >= 0, (kind, record)
            owed += rest if claim.amount > 0 else -rest
        sign = 1 if side == open_items.RECEIVABLE else -1
        assert sign * company.ledger.balance(company.special_account(side)) == owed


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(steps=STEPS)
def test_the_books_balance_after_every_request(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "company.qbw"
        desk = new_desk(path)
        for step in steps:
            before = desk.balances()
            answer = desk.ask(request(desk.file.company, step))
            if int(answer.get("statusCode", "0")) >= 1000:
                assert desk.balances() == before
            check(desk)
        again = new_desk(path)
        assert again.balances() == desk.balances()
        assert again.file.company.stock == desk.file.company.stock
        desk.file.close()
        again.file.close()


def test_the_steps_do_reach_every_kind_of_form() -> None:
    """The random days are no row of refusals: a fixed one enters, settles, changes and removes."""
    desk = new_desk()
    done: dict[str, int] = {}
    for round_ in range(6):
        for place, act in enumerate(ACTS):
            step = Step(
                act=act, pick=round_ + place, other=round_ * 2 + 1, amount=Decimal("12.34") * (round_ + 1)
            )
            answer = desk.ask(request(desk.file.company, step))
            if answer.get("statusCode") == "0":
                done[act] = done.get(act, 0) + 1
            check(desk)
    assert set(done) == set(ACTS)
    assert text(desk.done("<HostQueryRq/>"), "Country") == "US"
