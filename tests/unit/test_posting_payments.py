"""How money from customers becomes a document, and how payouts bring it to the bank."""

import attrs
import pytest

from blueops_qb.domain.documents import Allocation
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import Payment, Payout
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey, RecordKind, RecordRef
from tests.plumbing import (
    CALL,
    DAY,
    D,
    account,
    blocked,
    check_of,
    company,
    document,
    invoice,
    with_rules,
    without,
)


def ref(id: str) -> RecordRef:
    return RecordRef(RecordKind.INVOICE, id)


def payout(*payments: Payment, net: str, fees: str = "0.00", **changes: object) -> Payout:
    ids = tuple(payment.id for payment in payments)
    record = Payout(id="3", date=DAY, account_key="checking", payment_ids=ids, net=D(net), fees=D(fees))
    return attrs.evolve(record, **changes)  # type: ignore[arg-type]


def test_a_payment_is_a_list_of_allocations() -> None:
    sent = document(check_of("600.00", ("43", "150.00"), ("41", "410.79"), reference="1001"))
    assert sent.allocations == (
        Allocation(invoice=ref("41"), amount=D("410.79")),
        Allocation(invoice=ref("43"), amount=D("150.00")),
    )
    assert (sent.amount, sent.reference) == (D("600.00"), "1001")


def test_two_applications_to_one_invoice_are_one_allocation() -> None:
    sent = document(check_of("60.00", ("41", "10.00"), ("41", "20.00")))
    assert sent.allocations == (Allocation(invoice=ref("41"), amount=D("30.00")),)


@pytest.mark.parametrize(
    ("method", "number"),
    [
        ("check", "1090"),
        ("cash", "1090"),
        ("card", "1050"),
        ("ach", "1050"),
        ("lender_draw", "1090"),
        ("", "1090"),
    ],
)
def test_the_method_decides_where_the_money_waits(method: str, number: str) -> None:
    assert document(check_of("5.00", method=method)).deposit_to == account(number)


def test_a_method_may_have_an_account_of_its_own() -> None:
    rule = MapRule(family=Family.MONEY_ACCOUNT, key="method:card", target=Target(account=account("1000")))
    context = company(mapping=with_rules(rule))
    assert document(check_of("5.00", method="card"), context).deposit_to == account("1000")


def test_without_a_clearing_account_cards_wait_with_the_checks() -> None:
    context = company(mapping=without((Family.ROLE, "clearing")))
    assert document(check_of("5.00", method="card"), context).deposit_to == account("1090")


def test_without_an_undeposited_account_a_payment_waits() -> None:
    answer = blocked(check_of("5.00"), company(mapping=without((Family.ROLE, "undeposited"))))
    assert [(m.family, m.key) for m in answer.missing] == [(Family.ROLE, "undeposited")]


def test_the_payment_method_is_optional() -> None:
    assert document(check_of("5.00")).method == BooksRef(BooksKind.PAYMENT_METHOD, "M1")
    assert document(check_of("5.00", method="cash")).method is None


def test_the_payer_is_the_job_that_all_its_invoices_belong_to() -> None:
    of_job = invoice(CALL, total="59.00")
    of_customer = attrs.evolve(of_job, id="42", job_id=None)
    of_other = attrs.evolve(of_job, id="43", job_id="J2")
    context = company(of_job, of_customer, of_other)

    def payer(*ids: str, **changes: str) -> RecordRef:
        applied = [(id, "1.00") for id in ids]
        found: RecordRef = document(check_of("9.00", *applied, **changes), context).customer
        return found

    assert payer("41") == RecordRef(RecordKind.JOB, "J1")
    assert payer("42") == payer() == RecordRef(RecordKind.CUSTOMER, "7")
    assert payer("41", "42") == payer("41", "43") == RecordRef(RecordKind.CUSTOMER, "7")
    assert payer("unknown") == RecordRef(RecordKind.CUSTOMER, "7")
    assert payer("42", job_id="J9") == RecordRef(RecordKind.JOB, "J9")


def test_more_applied_than_received_waits() -> None:
    answer = blocked(check_of("100.00", ("41", "60.00"), ("43", "50.00")))
    assert "110.00" in answer.reason
    assert "100.00" in answer.reason


def test_what_the_books_applied_elsewhere_is_theirs_and_counts() -> None:
    record = attrs.evolve(check_of("100.00", ("41", "60.00")), elsewhere=D("40.00"))
    assert len(document(record).allocations) == 1
    assert "101.00" in blocked(attrs.evolve(record, elsewhere=D("41.00"))).reason


def test_a_credit_of_the_books_settles_beside_the_money() -> None:
    record = attrs.evolve(check_of("80.00", ("41", "100.00")), elsewhere=D("-20.00"))
    assert document(record).allocations == (Allocation(invoice=ref("41"), amount=D("100.00")),)
    assert "80.01" in blocked(attrs.evolve(record, elsewhere=D("-19.99"))).reason


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (check_of("0.00"), "0.00"),
        (check_of("-5.00"), "-5.00"),
        (check_of("5.00", ("41", "0.00")), "above zero"),
        (check_of("5.005"), "5.005"),
    ],
)
def test_a_payment_that_brings_nothing_in_waits(record: Payment, words: str) -> None:
    assert words in blocked(record).reason


def test_a_payment_on_a_void_invoice_or_in_another_currency_waits() -> None:
    record = check_of("5.00", ("41", "5.00"))
    void = invoice(CALL, total="59.00", void=True)
    foreign = invoice(CALL, total="59.00", currency="CAD")
    assert "invoice 1041, which is void" in blocked(record, company(void)).reason
    assert "CAD" in blocked(record, company(foreign)).reason


# -- payouts -------------------------------------------------------------------------------------------
def test_undeposited_payments_are_picked_up_by_name() -> None:
    checks = [check_of("10.00", id="1"), check_of("20.00", id="2")]
    sent = document(payout(*checks, net="30.00"), company(*checks))
    assert [line.payment.id for line in sent.lines] == ["1", "2"]
    assert (sent.account, sent.total) == (account("1000"), D("30.00"))


def test_money_in_a_clearing_account_is_taken_out_of_there_and_the_fee_is_negative() -> None:
    card = check_of("100.00", method="card", reference="ch_1")
    sent = document(payout(card, net="96.80", fees="3.20"), company(card))
    assert [(line.payment, line.account, line.amount) for line in sent.lines] == [
        (None, account("1050"), D("100.00")),
        (None, account("6100"), D("-3.20")),
    ]
    assert "ch_1" in sent.lines[0].description


def test_a_payout_takes_money_from_where_it_was_posted() -> None:
    card = check_of("100.00", method="card")
    posted = {DocumentKey(card.ref): document(card, company(mapping=without((Family.ROLE, "clearing"))))}
    sent = document(payout(card, net="100.00"), company(card, posted=posted))
    assert sent.lines[0].payment == card.ref


def test_a_payout_that_does_not_add_up_names_its_figures() -> None:
    card = check_of("100.00", method="card")
    answer = blocked(payout(card, net="96.79", fees="3.20"), company(card))
    assert "96.80" in answer.reason
    assert "96.79" in answer.reason


def test_a_payout_of_nothing_or_of_void_or_unknown_payments_waits() -> None:
    card = check_of("100.00")
    assert "no payment" in blocked(payout(net="0.00")).reason
    assert "BlueOps does not have" in blocked(payout(card, net="100.00")).reason
    assert "is void" in blocked(payout(card, net="100.00"), company(attrs.evolve(card, void=True))).reason


def test_a_payout_names_every_missing_account() -> None:
    card = check_of("100.00")
    record = payout(card, net="97.00", fees="3.00", account_key="savings")
    answer = blocked(record, company(card, mapping=without((Family.ROLE, "merchant_fees"))))
    assert {m.key for m in answer.missing} == {"savings", "merchant_fees"}
