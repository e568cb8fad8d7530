"""What a closing date allows: new documents, changes, voids, with both policies."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import Document
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.posting.context import PostingContext
from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import DocumentKey
from tests.plumbing import (
    CALL,
    CUSTOMER,
    DAY,
    D,
    blocked,
    check_of,
    company,
    document,
    invoice,
    plain_invoice,
)

CLOSED = DAY + dt.timedelta(days=29)
OPEN = CLOSED + dt.timedelta(days=1)
NEXT_YEAR = dt.date(2027, 1, 31)
RECORD = invoice(CALL, total="59.00", memo="Thanks")


def closed(*, posted: Document | None = None, redate: bool = False, day: dt.date = CLOSED) -> PostingContext:
    return company(
        closing_date=day,
        closed_period=ClosedPeriod.REDATE if redate else ClosedPeriod.HOLD,
        posted={DocumentKey(RECORD.ref): posted} if posted is not None else {},
    )


def test_a_new_document_on_the_closing_date_waits() -> None:
    answer = blocked(attrs.evolve(RECORD, issue_date=CLOSED), closed())
    assert str(CLOSED) in answer.reason
    assert "closing date" in answer.remedy


def test_the_day_after_is_open() -> None:
    assert document(attrs.evolve(RECORD, issue_date=OPEN), closed()).date == OPEN


def test_by_policy_it_is_dated_on_the_first_open_day_and_keeps_its_true_date() -> None:
    sent = document(RECORD, closed(redate=True))
    assert sent.date == OPEN
    assert sent.memo == f"Thanks (true date {DAY})"


def test_payments_obey_the_closing_date_too() -> None:
    assert str(CLOSED) in blocked(check_of("5.00"), closed()).reason
    assert document(check_of("5.00"), closed(redate=True)).date == OPEN


ADJUSTING: dict[str, Any] = {"closing_date": CLOSED, "closed_period": ClosedPeriod.ADJUST}
REMEDY = (
    "Move the closing date in the books for a moment, or correct it there with your accountant and undo the change in "
    "BlueOps. Money that went back is entered as a refund or a returned payment of an open day."
)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(check_of("50.00", ("41", "50.00")), id="another amount"),
        pytest.param(check_of("59.00", ("41", "50.00")), id="settles less"),
        pytest.param(check_of("59.00", ("41", "59.00"), void=True), id="void"),
    ],
)
def test_a_payment_that_settles_invoices_waits_under_adjust_and_says_record_cause_and_remedy(
    changed: Payment,
) -> None:
    posted = document(check_of("59.00", ("41", "59.00")), company(plain_invoice()))
    context = company(plain_invoice(), posted={DocumentKey(changed.ref): posted}, **ADJUSTING)
    answer = blocked(changed, context)
    assert answer.reason == (
        f"Payment 1 was posted on {DAY}, in the period closed on {CLOSED}, and has changed since; in the books it goes "
        "on settling its invoices until somebody takes it off them, which the closed period forbids, so no entry of an "
        "open day can correct it."
    )
    assert answer.remedy == REMEDY


def test_one_that_settles_nothing_is_the_customers_credit_there_and_only_an_accountant_takes_that_back() -> (
    None
):
    changed = check_of("59.00", void=True)
    posted = document(check_of("59.00"))
    answer = blocked(changed, company(posted={DocumentKey(changed.ref): posted}, **ADJUSTING))
    assert answer.reason == (
        f"Payment 1 was posted on {DAY}, in the period closed on {CLOSED}, and has changed since; in the books it is "
        "the customer's credit, which only an entry on receivables would take back on an open day, and such an entry "
        "is for an accountant to approve."
    )
    assert answer.remedy == REMEDY


def test_customers_have_no_date() -> None:
    assert document(CUSTOMER, closed()).name == "Ada Hill"


def test_what_was_posted_before_the_period_was_closed_stays() -> None:
    posted = document(RECORD)
    assert document(RECORD, closed(posted=posted)) == posted


def test_what_was_posted_on_the_closing_date_itself_lies_in_the_closed_period() -> None:
    posted = document(RECORD)
    changed = attrs.evolve(RECORD, memo="New words")
    assert document(changed, closed(posted=posted, day=DAY)) == posted
    assert document(changed, closed(posted=posted, day=DAY - dt.timedelta(days=1))).memo == "New words"


def test_words_and_tags_are_not_sent_into_a_closed_period() -> None:
    posted = document(RECORD)
    line = attrs.evolve(CALL, description="Visit", class_key="install")
    changed = attrs.evolve(RECORD, memo="New words", branch="north", lines=(line,))
    assert document(changed, closed(posted=posted)) == posted


def test_an_amount_is_not_changed_in_a_closed_period_under_either_policy() -> None:
    posted = document(RECORD)
    line = attrs.evolve(CALL, unit_price=D("60.00"), amount=D("60.00"))
    changed = attrs.evolve(RECORD, lines=(line,), total=D("60.00"))
    for redate in (False, True):
        answer = blocked(changed, closed(posted=posted, redate=redate))
        assert "has changed since" in answer.reason
        assert str(DAY) in answer.reason


def test_a_document_is_neither_moved_out_of_a_closed_period_nor_voided_in_it() -> None:
    posted = document(RECORD)
    assert "has changed" in blocked(attrs.evolve(RECORD, issue_date=OPEN), closed(posted=posted)).reason
    assert "has changed" in blocked(attrs.evolve(RECORD, void=True), closed(posted=posted)).reason


def test_an_open_document_is_not_moved_into_a_closed_period() -> None:
    posted = document(attrs.evolve(RECORD, issue_date=OPEN))
    assert "are closed until" in blocked(RECORD, closed(posted=posted)).reason


def test_a_redated_document_keeps_its_day_while_it_changes() -> None:
    posted = document(RECORD, closed(redate=True))
    line = attrs.evolve(CALL, unit_price=D("60.00"), amount=D("60.00"))
    changed = attrs.evolve(RECORD, lines=(line,), total=D("60.00"))
    later = closed(posted=posted, redate=True, day=CLOSED - dt.timedelta(days=5))
    assert document(changed, later).date == OPEN


def test_a_redated_document_whose_own_period_is_closed_stays_as_posted() -> None:
    posted = document(RECORD, closed(redate=True))
    next_year = closed(posted=posted, redate=True, day=NEXT_YEAR)
    assert document(RECORD, next_year) == posted
    assert document(RECORD, attrs.evolve(next_year, policy=company().policy)) == posted
