"""Agreement between core and the twin: incremental, and fair to what moves, is held or settles nothing."""

from __future__ import annotations

import datetime as dt
import json
import threading
from decimal import Decimal
from typing import Any

import attrs
import pytest
import requests

from blueops_qb.domain.records import Application, ExpenseType, Refund, RefundPart
from blueops_qb.engine import agreement, agreement_figures, agreement_marks, ledger, resolve
from blueops_qb.engine.agreement import CannotCompare, RunState
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.store import tables as t
from tests.agreement_command import command
from tests.agreement_house import START, TODAY, Company, sale
from tests.engine_house import TENANT

pytest_plugins = ["tests.agreement_fixtures"]
D = Decimal
MONTH = f"{START:%Y-%m}"
BOTH = pytest.mark.parametrize(
    "business", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


# -- incremental ---------------------------------------------------------------------------------------
def test_a_month_in_which_nothing_moved_is_not_read_again(business: Company) -> None:
    first = business.agree()
    assert first.agrees, business.found(first)
    reads = business.ledger_reads()
    again = business.agree()
    assert again.facts_from == first.facts_from
    assert (again.figures["slices_read"], again.figures["slices_kept"]) == (
        0,
        len(agreement_marks.slices(START, TODAY)),
    )
    assert business.ledger_reads() == reads
    assert again.figures["documents"] == first.figures["documents"]
    assert business.agree(whole=True).figures["slices_kept"] == 0


def test_a_document_of_ours_makes_its_month_be_read_and_no_other(business: Company) -> None:
    business.agree()
    sale(business, START + dt.timedelta(days=3))
    run = business.agree()
    assert (run.figures["slices_read"], run.agrees) == (1, True)


@BOTH
def test_a_change_in_the_books_makes_its_months_be_read_also_the_one_it_left(business: Company) -> None:
    one = sale(business, START + dt.timedelta(days=3))
    business.agree()
    with business.bookkeeper() as books:
        books.change("Invoice", business.place(one.ref).id, {"PrivateNote": "seen by me"})
    assert business.agree().figures["slices_read"] == 1
    cost = business.expense(ExpenseType.CHECK, date=START + dt.timedelta(days=4))
    business.drain()
    business.agree()
    with business.bookkeeper() as books:
        changes = {"TxnDate": TODAY.isoformat()}
        books.change("Purchase", business.place(cost.ref).id, changes)
    run = business.agree()
    assert run.figures["slices_read"] == 2
    assert {(one.kind, one.ref) for one in business.found(run)} in ({("date", str(cost.ref))}, set())
    with business.bookkeeper() as books:
        books.change("Purchase", business.place(cost.ref).id, {"TxnDate": cost.date.isoformat()})
    business.poll()
    assert business.agree().agrees


def test_an_item_that_leads_elsewhere_makes_every_month_be_read(business: Company) -> None:
    business.agree()
    with business.bookkeeper() as books:
        pump = books.the("Item", Name="Sump Pump")
        books.change("Item", str(pump["Id"]), {"IncomeAccountRef": books.account("4800")})
    run = business.agree()
    assert (run.figures["slices_kept"], run.agrees) == (0, True)


def test_money_that_went_back_from_the_bank_agrees(business: Company) -> None:
    """A customer who is paid is no vendor of the bank's line."""
    paid = business.pay([sale(business, TODAY)], more="20.00")
    business.drain()
    with business.work() as tx:
        tx.issue_refund(
            Refund(
                id="",
                customer_id=paid.customer_id,
                date=TODAY,
                amount=D("20.00"),
                parts=(RefundPart(of=paid.ref, amount=D("20.00")),),
                account_key="checking",
            )
        )
    business.drain()
    run = business.agree()
    assert run.agrees, business.found(run)


# -- what moves ----------------------------------------------------------------------------------------
@BOTH
def test_what_lands_while_the_ledger_is_read_is_neither_expected_nor_held(business: Company) -> None:
    sold = sale(business, TODAY)
    with business.turn() as turn:
        id = agreement.ask(turn, START, TODAY, whole=True)
    while agreement.advance(business.engine, business.id, id).state is RunState.LOOKING:
        business.carrier.carry_one(business.id)
    business.drain()  # the reading has come, and is not compared yet
    sale(business, TODAY)
    late = sold
    with business.work() as tx:
        lines = [attrs.evolve(business._line(), taxable=False)]
        draft = attrs.evolve(draft_of(late), lines=lines, tax_key="", tax=None, discount=D(0))
        tx.update_invoice(late.id, draft)
    business.drain()
    run = agreement.advance(business.engine, business.id, id)
    assert run.state is RunState.DONE
    assert run.figures["differences"] == 0, business.found(run)
    assert run.figures["moving"] == 2
    after = business.agree()
    assert (after.agrees, after.figures["moving"]) == (True, 0), business.found(after)


def test_a_reading_that_was_taken_away_meanwhile_is_asked_for_again(business: Company) -> None:
    with business.turn() as turn:
        id = agreement.ask(turn, START, TODAY, whole=True)
    while agreement.advance(business.engine, business.id, id).state is RunState.LOOKING:
        business.carrier.carry_one(business.id)
    business.drain()
    for days in (1, 2):  # somebody else reads the ledger too
        with business.turn() as turn:
            ledger.ask(turn, TODAY - dt.timedelta(days=days), TODAY)
        business.drain()
    for _ in range(50):
        run = agreement.advance(business.engine, business.id, id)
        if not run.open:
            break
        business.drain()
    assert run.agrees


def test_a_run_that_was_left_is_taken_up_again(business: Company) -> None:
    with business.turn() as turn:
        first = agreement.ask(turn, START, TODAY)
        assert agreement.ask(turn, START, TODAY) == first
        assert agreement.ask(turn, START, TODAY, whole=True) != first
    assert business.agree().id == first
    assert business.agree(whole=True).agrees


def test_a_ledger_that_cannot_be_read_fails_the_run_with_its_reason(business: Company) -> None:
    limit = f"{business.twin.base_url}/twin/company"
    requests.post(limit, json={"report_cells": 15}, timeout=60).raise_for_status()
    try:
        run = business.agree(whole=True)
        assert run.state is RunState.FAILED
        assert "a single day holds more postings" in run.reason
        told = command(business, "agree", "--from", str(START), "--to", str(TODAY), "--whole")
        assert (told.exit_code, "a single day holds more" in told.output) == (1, True)
    finally:
        requests.post(limit, json={"report_cells": 400_000}, timeout=60).raise_for_status()


# -- what is not there yet, and what settles nothing ---------------------------------------------------
def test_what_is_held_is_listed_as_not_in_the_books_yet_and_is_no_difference(business: Company) -> None:
    line = attrs.evolve(business._line(), service_category="unheard_of", taxable=False)
    line = attrs.evolve(line, kind=type(line.kind)("service"), material_category="")
    held = sale(business, START + dt.timedelta(days=5), lines=[line], tax_key="", tax_percent=None)
    run = business.agree()
    (one,) = business.found(run, "pending")
    assert (one.kind, one.ref, run.agrees) == ("held", str(held.ref), True)
    assert "unheard_of" not in one.sentence, "what may quote a name is not kept"
    with business.core.engine.connect() as connection:
        (told,) = agreement_figures.with_reasons(connection, TENANT, [one])
    assert "unheard_of" in told.sentence
    assert told.remedy
    closing = command(business, "close-check", "--month", MONTH, "--json")
    value = json.loads(closing.stdout)
    assert (closing.exit_code, value["can_close"]) == (1, False)
    assert value["in_the_way"] == ["1 held records"]
    assert [row["ref"] for row in value["held"]] == [str(held.ref)]
    text = command(business, "close-check", "--month", MONTH)
    assert f"held: {held.ref}" in text.output
    with business.work() as tx:
        tx.void_invoice(held.id, reason="entered by mistake")
    business.drain()
    closing = command(business, "close-check", "--month", MONTH, "--json")
    assert (closing.exit_code, json.loads(closing.stdout)["in_the_way"]) == (0, [])


@BOTH
def test_a_payment_that_both_sides_changed_is_unapplied_until_somebody_chooses(business: Company) -> None:
    one = sale(business, START + dt.timedelta(days=6), job_id=None, customer_id=business.customers[0].id)
    payment = business.pay([one], received_on=START + dt.timedelta(days=7))
    business.drain()
    assert business.agree().agrees
    with business.bookkeeper() as books:
        books.change("Payment", business.place(payment.ref).id, {"Line": []})
    with business.work() as tx:
        parts = (Application(invoice_id=one.id, amount=one.total - 1),)
        tx.update_payment(attrs.evolve(payment, applications=parts))
    business.poll()
    run = business.agree()
    (found,) = business.found(run)
    assert (found.kind, found.ref) == ("unapplied", str(payment.ref))
    assert "settles nothing in the books" in found.sentence
    closing = json.loads(command(business, "close-check", "--month", MONTH, "--json").stdout)
    assert closing["in_the_way"] == ["1 held records", "1 open conflicts", "1 differences"]
    assert str(payment.ref) in {row["ref"] for row in closing["unapplied"]}
    (conflict,) = [row for row in _rows(business, t.conflicts) if row.state == "open"]
    with business.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "bookkeeper")
    business.drain()
    business.poll()
    run = business.agree()
    assert run.agrees, business.found(run)


def test_what_a_payment_settles_is_read_with_the_ledger_whatever_the_feed_told(business: Company) -> None:
    one = sale(business, START + dt.timedelta(days=9), job_id=None, customer_id=business.customers[0].id)
    payment = business.pay([one], received_on=START + dt.timedelta(days=10))
    business.drain()
    with business.bookkeeper() as books:
        books.change("Payment", business.place(payment.ref).id, {"Line": []})
    (found,) = business.found(business.agree(whole=True))
    assert (found.kind, found.ref, found.amount) == ("unapplied", str(payment.ref), one.total)
    # It is one more change of the bookkeeper: it travels, and then both sides agree.
    business.drain()
    assert business.agree(whole=True).agrees


def _rows(business: Company, table: Any) -> list[Any]:
    with business.core.engine.connect() as connection:
        return list(connection.execute(table.select()))


# -- what the sub-ledger keeps ---------------------------------------------------------------------------
def test_a_payment_that_came_from_the_books_is_expected_there(business: Company) -> None:
    one = sale(business, START + dt.timedelta(days=8))
    place = business.place(one.ref)
    with business.bookkeeper() as books:
        there = next(row for row in books.find("Invoice") if str(row["Id"]) == place.id)
        line = {"Amount": 5, "LinkedTxn": [{"TxnId": place.id, "TxnType": "Invoice"}]}
        body = {"CustomerRef": there["CustomerRef"], "TotalAmt": 5, "Line": [line]}
        books.enter("Payment", {**body, "TxnDate": (START + dt.timedelta(days=9)).isoformat()})
    before = business.agree().figures["documents"]
    business.poll()
    run = business.agree()
    assert run.agrees, business.found(run)
    assert run.figures["documents"] >= before


@BOTH
def test_an_edit_and_a_void_leave_only_what_counts(business: Company) -> None:
    one = sale(business, START + dt.timedelta(days=10))
    document = _document(business, one)
    first = [row for row in _rows(business, t.postings) if row.document_id == document]
    assert all(row.counts for row in first)
    with business.work() as tx:
        lines = [attrs.evolve(business._line(), taxable=False)]
        tx.update_invoice(
            one.id, attrs.evolve(draft_of(one), lines=lines, tax_key="", tax=None, discount=D(0))
        )
    business.drain()
    rows = [row for row in _rows(business, t.postings) if row.document_id == document]
    newest = max(row.revision for row in rows)
    assert len({row.revision for row in rows}) == 2, "older states are kept"
    assert {row.revision for row in rows if row.counts} == {newest}
    assert sum(row.cents for row in rows if row.counts) == 0
    with business.work() as tx:
        tx.void_invoice(one.id, reason="entered twice")
    business.drain()
    assert not [row for row in _rows(business, t.postings) if row.document_id == document and row.counts]
    run = business.agree()
    assert run.agrees, business.found(run)


def test_what_was_linked_without_a_posting_is_posted_before_it_is_compared(business: Company) -> None:
    one = sale(business, START + dt.timedelta(days=11))
    document = _document(business, one)
    with business.work() as tx:
        tx.connection.execute(t.postings.delete().where(t.postings.c.document_id == document))
    run = business.agree(whole=True)
    assert run.agrees, business.found(run)
    assert [row for row in _rows(business, t.postings) if row.document_id == document]


def _document(business: Company, record: Any) -> int:
    (found,) = [
        row.id
        for row in _rows(business, t.documents)
        if (row.source_kind, row.source_id) == (record.ref.kind.value, record.ref.id)
    ]
    return int(found)


@BOTH
def test_two_that_compare_the_same_at_once_find_it_once(business: Company) -> None:
    one = sale(business, START + dt.timedelta(days=3))
    with business.bookkeeper() as books:
        changes = {"DepartmentRef": {"value": books.the("Department", Name="Sparks")["Id"]}}
        books.change("Invoice", business.place(one.ref).id, changes)
    with business.turn() as turn:
        id = agreement.ask(turn, START, TODAY, whole=True)
    while agreement.advance(business.engine, business.id, id).state is RunState.LOOKING:
        business.carrier.carry_one(business.id)
    business.drain()
    problems: list[Exception] = []

    def advance() -> None:
        try:
            agreement.advance(business.engine, business.id, id)
        except Exception as problem:
            problems.append(problem)

    both = [threading.Thread(target=advance) for _ in range(3)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join(60)
    assert problems == []
    run = agreement.load(business.engine, business.id, id)
    assert (run.state, run.figures["differences"]) == (RunState.DONE, 1)
    assert [one.kind for one in business.found(run)] == ["location"]


def test_a_company_that_is_not_live_has_nothing_to_compare(business: Company) -> None:
    with business.turn() as turn:
        turn.row["state"] = "matching"
        with pytest.raises(CannotCompare, match="accept the match plan first"):
            agreement.ask(turn, START, TODAY)
