"""Refunds to a card by which the person at QuickBooks Desktop pays credits out: BlueOps does not spend those again."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Application, Credit, Invoice, Refund, RefundPart
from blueops_qb.engine import by_hand, rules_desk
from blueops_qb.sandbox.core.crediting import credit_in_full
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.work import Refused
from blueops_qb.sandbox.demo.chart import rules_for
from blueops_qb.sandbox.demo.house import TENANT
from blueops_qb.sandbox.qbd.open_items import remaining
from tests.desktop_house import ADMIN, DesktopHouse, sqlite_house
from tests.desktop_places import differences, look, quiet, raw_of, sessions

pytestmark = pytest.mark.xdist_group("demo")
D = Decimal
MORE = {(Family.FEE, "allowance"): ("item", "Allowance")}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("card")) as found:
        found.session()
        with found.house.turn() as turn:
            rules_desk.change_mapping(turn, rules_for(turn.catalog, MORE, table=MORE), actor=ADMIN)
        yield found


def invoiced(house: DesktopHouse) -> Invoice:
    (customer,) = house.customers(1)
    line = attrs.evolve(house.office.service("repair", "Supply lines", "129.00"), quantity=D(1))
    draft = InvoiceDraft(customer_id=customer.id, lines=[line], issue_date=house.office.today)
    return house.office.invoice(draft)


def credited(house: DesktopHouse, count: int = 1) -> tuple[Invoice, list[Credit]]:
    """An invoice of 129.00, and so many credits of as much for the customer, which nothing uses yet."""
    invoice = invoiced(house)
    sessions(house)
    whole = attrs.evolve(credit_in_full(invoice, on=house.office.today), applications=(), invoice_id=None)
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        credits = [tx.issue_credit(whole) for _ in range(count)]
    sessions(house)
    quiet(house)
    return invoice, credits


def here(house: DesktopHouse, credit: Credit) -> Credit:
    found = house.house.core.read(TENANT, [credit.ref])[credit.ref].record
    assert isinstance(found, Credit)
    return found


def elsewhere(house: DesktopHouse, *credits: Credit) -> list[str]:
    return [str(here(house, one).elsewhere) for one in credits]


def memo_of(house: DesktopHouse, credit: Credit) -> tuple[str, dict[str, Any]]:
    """The credit memo in the company file: its id, and what it says."""
    memos = house.desktop.file.company.records["CreditMemo"]
    ((id, raw),) = ((id, raw) for id, raw in memos.items() if raw["RefNumber"].endswith(credit.number))
    return id, raw


def left(house: DesktopHouse, credit: Credit) -> Decimal:
    """What the company file has left of a credit."""
    _, raw = memo_of(house, credit)
    return remaining(house.desktop.file.company, "CreditMemo", raw)


def paid_out(house: DesktopHouse, parts: dict[str, str], customer: str, memo: str = "") -> str:
    """The bookkeeper refunds credits (id -> how much) to a card; answers the id of the refund."""
    applied = "".join(
        f"<RefundAppliedToTxnAdd><TxnID>{id}</TxnID><RefundAmount>{amount}</RefundAmount></RefundAppliedToTxnAdd>"
        for id, amount in parts.items()
    )
    said = f"<Memo>{memo}</Memo>" if memo else ""
    return house.desktop.enter(
        "ARRefundCreditCard",
        f"<CustomerRef><ListID>{customer}</ListID></CustomerRef>"
        f"<RefundFromAccountRef><FullName>Operating Checking</FullName></RefundFromAccountRef>{said}{applied}",
    )


def refunded(house: DesktopHouse, *parts: tuple[Credit, str], memo: str = "") -> str:
    raws = [(memo_of(house, credit), amount) for credit, amount in parts]
    customer = raws[0][0][1]["CustomerRef"]["ListID"]
    return paid_out(house, {id: amount for (id, _), amount in raws}, customer, memo)


def apply(house: DesktopHouse, credit: Credit, invoice: Invoice, amount: str) -> None:
    part = Application(invoice_id=invoice.id, amount=D(amount))
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.update_credit(attrs.evolve(here(house, credit), applications=(part,)))


def test_what_is_paid_out_is_not_free_in_blueops(house: DesktopHouse) -> None:
    invoice, (credit,) = credited(house)
    refunded(house, (credit, "29.00"))
    look(house)
    assert elsewhere(house, credit) == ["29.00"]
    with pytest.raises(Refused, match="more is applied than the credit"):
        apply(house, credit, invoice, "129.00")
    apply(house, credit, invoice, "100.00")
    sessions(house)
    quiet(house)
    assert {here(house, credit).unapplied, left(house, credit)} == {D(0)}
    assert differences(house, invoice.ref, credit.ref) == []


def test_a_refund_that_is_void_or_deleted_sets_the_credit_free(house: DesktopHouse) -> None:
    invoice, (credit,) = credited(house)
    first, second = refunded(house, (credit, "29.00")), refunded(house, (credit, "50.00"))
    look(house)
    assert elsewhere(house, credit) == ["79.00"]
    house.desktop.bookkeeper.void("ARRefundCreditCard", first)
    look(house)
    assert elsewhere(house, credit) == ["50.00"]
    house.desktop.bookkeeper.delete("ARRefundCreditCard", second)
    look(house)
    assert elsewhere(house, credit) == ["0.00"]
    house.desktop.bookkeeper.delete("ARRefundCreditCard", first)
    look(house)
    apply(house, credit, invoice, "129.00")
    sessions(house)
    quiet(house)
    assert left(house, credit) == 0


def test_a_refund_that_is_changed_pays_out_what_it_says_now(house: DesktopHouse) -> None:
    _, (one, other) = credited(house, 2)
    refund = refunded(house, (one, "40.00"), (other, "9.00"))
    look(house)
    assert elsewhere(house, one, other) == ["40.00", "9.00"]
    rows = [{"TxnID": memo_of(house, other)[0], "RefundAmount": "60.00"}]
    house.desktop.bookkeeper.edit("ARRefundCreditCard", refund, {"_Refunds": rows, "TotalAmount": "60.00"})
    look(house)
    assert elsewhere(house, one, other) == ["0.00", "60.00"]
    house.desktop.bookkeeper.void("ARRefundCreditCard", refund)
    look(house)
    assert elsewhere(house, one, other) == ["0.00", "0.00"]
    quiet(house)


def test_beside_an_application_and_a_refund_of_blueops_it_counts_once(house: DesktopHouse) -> None:
    invoice, (credit,) = credited(house)
    apply(house, credit, invoice, "30.00")
    sessions(house)
    refund = refunded(house, (credit, "20.00"))
    look(house)
    assert elsewhere(house, credit) == ["20.00"]
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.issue_refund(
            Refund(
                id="",
                customer_id=credit.customer_id,
                date=house.office.today,
                amount=D("79.00"),
                parts=(RefundPart(of=credit.ref, amount=D("79.00")),),
                account_key="checking",
            )
        )
    sessions(house)
    quiet(house)
    assert {here(house, credit).unapplied, left(house, credit)} == {D(0)}
    # The bookkeeper corrects what the credit settles, while the refund stands there.
    apply(house, credit, invoice, "25.00")
    sessions(house)
    assert elsewhere(house, credit) == ["20.00"]
    house.desktop.bookkeeper.delete("ARRefundCreditCard", refund)
    look(house)
    quiet(house)
    assert elsewhere(house, credit) == ["0.00"]
    assert left(house, credit) == here(house, credit).unapplied == D("25.00")


def test_a_credit_that_blueops_has_used_already_is_for_a_person(house: DesktopHouse) -> None:
    invoice, (credit,) = credited(house)
    refund = refunded(house, (credit, "100.00"))
    apply(house, credit, invoice, "129.00")
    look(house)
    (asked,) = house.asked()
    assert f"pay 100.00 of {credit.ref} out, which BlueOps did not take: more is applied than" in asked
    assert elsewhere(house, credit) == ["0.00"]
    house.desktop.bookkeeper.void("ARRefundCreditCard", refund)
    look(house)
    with house.house.turn() as turn:
        by_hand.try_again(turn, [credit.ref], actor=ADMIN)
    sessions(house)
    quiet(house)
    assert left(house, credit) == 0


def test_what_was_not_taken_is_taken_once_less_is_applied_in_blueops(house: DesktopHouse) -> None:
    invoice, (credit,) = credited(house)
    refunded(house, (credit, "100.00"))
    apply(house, credit, invoice, "129.00")
    look(house)
    assert house.asked()
    apply(house, credit, invoice, "29.00")
    sessions(house)
    quiet(house)
    assert elsewhere(house, credit) == ["100.00"]
    assert {here(house, credit).unapplied, left(house, credit)} == {D(0)}


def test_a_credit_that_is_voided_while_a_person_is_asked_asks_nobody_any_more(house: DesktopHouse) -> None:
    invoice, (credit,) = credited(house)
    refund = refunded(house, (credit, "100.00"))
    apply(house, credit, invoice, "129.00")
    look(house)
    assert house.asked()
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.void_credit(credit.id, reason="wrong")
    sessions(house)
    quiet(house)
    house.desktop.bookkeeper.delete("ARRefundCreditCard", refund)
    look(house)
    quiet(house)


def test_a_credit_memo_and_its_refund_that_come_together_are_known_together(house: DesktopHouse) -> None:
    _, (credit,) = credited(house)
    memo_there, raw = memo_of(house, credit)
    customer = raw["CustomerRef"]["ListID"]
    memo = house.desktop.enter(
        "CreditMemo",
        f"<CustomerRef><ListID>{customer}</ListID></CustomerRef><RefNumber>BK-77</RefNumber><CreditMemoLineAdd>"
        "<ItemRef><FullName>Allowance</FullName></ItemRef><Amount>80.00</Amount></CreditMemoLineAdd>",
    )
    paid_out(house, {memo: "80.00", memo_there: "9.00"}, customer)
    look(house)
    quiet(house)
    assert elsewhere(house, credit) == ["9.00"]
    found = [s.record for s in house.house.core.iterate(TENANT) if isinstance(s.record, Credit)]
    (theirs,) = (one for one in found if one.number == "BK-77")
    assert (theirs.elsewhere, theirs.unapplied) == (D("80.00"), D(0))


def test_a_refund_that_bears_our_mark_is_none_of_the_bookkeepers(house: DesktopHouse) -> None:
    _, (credit,) = credited(house)
    refunded(house, (credit, "29.00"), memo="Back [BO:refund:77.1]")
    look(house)
    quiet(house)
    assert elsewhere(house, credit) == ["0.00"]


def test_what_is_left_of_a_payment_that_is_refunded_to_a_card_is_told(house: DesktopHouse) -> None:
    invoice = invoiced(house)
    paid = house.office.check_payment([invoice], "C-CARD")
    sessions(house)
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.update_payment(attrs.evolve(paid, applications=()))
    sessions(house)
    quiet(house)
    id, raw = raw_of(house, paid.ref, "ReceivePayment")
    refund = paid_out(house, {id: "29.00"}, raw["CustomerRef"]["ListID"])
    look(house)
    (asked,) = house.asked()
    assert f"it pays out what is left of {paid.ref}" in asked
    house.desktop.bookkeeper.delete("ARRefundCreditCard", refund)
    look(house)
    quiet(house)
