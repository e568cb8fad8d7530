"""Explain says of any record what happened, what was sent word for word, and why each account was chosen."""

import datetime as dt
import json

import attrs
import pytest

from blueops_qb.domain.documents import SalesInvoice
from blueops_qb.domain.mapping import Family, Target
from blueops_qb.domain.posting import rules
from blueops_qb.domain.posting.trace import Trace
from blueops_qb.domain.records import Application, Invoice
from blueops_qb.domain.refs import BooksKind, RecordKind, RecordRef
from blueops_qb.engine import erasure, explain, preview, retention
from blueops_qb.engine.why import Whys
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from tests.bookkeeper import all_here, check
from tests.engine_house import TENANT, D, EngineHouse, books_ref, rule
from tests.fake_books import Fault

pytest_plugins = ["tests.engine_fixtures"]


def told(house: EngineHouse, record: object, **more: bool) -> explain.Explanation:
    ref: RecordRef = record.ref  # type: ignore[attr-defined]
    with house.turn() as turn:
        return explain.explain(turn, ref, **more)


def test_a_sent_invoice_tells_events_rule_versions_and_both_sides(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    found = told(house, invoice)
    assert [(event.action, event.state) for event in found.events] == [("created", "done")]
    assert (found.rule, found.section) == ("posting.invoices.invoice", "1")
    (document,) = found.documents
    assert (document.key, document.books, document.origin) == (
        str(invoice.ref),
        str(house.place(invoice)),
        "ours",
    )
    assert document.agreed
    assert (document.mapping_version, document.generation) == (1, 1)
    assert document.base_ours["lines"][0]["amount"] == "100.00"
    assert found.waiting == ()


def test_the_message_is_word_for_word_what_left_and_what_came_back(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    (message,) = told(house, invoice, whole=True).documents[0].messages
    heard = dict(house.books.heard)
    assert message.request.encode() == heard[message.exchange]
    assert message.answer.encode() == house.books.answers[message.exchange]
    assert (message.verb, message.state, message.instead) == ("create", "done", "")


def test_a_message_of_an_exchange_that_was_lost_is_kept_too(house: EngineHouse) -> None:
    house.books.script.append(Fault.LOSE_AFTER)
    ann = house.customer()
    house.drain()
    (message,) = told(house, ann, whole=True).documents[0].messages
    assert message.state == "done"
    assert message.request.encode() == dict(house.books.heard)[message.exchange]
    assert message.answer == ""


def test_why_follows_the_chain_from_the_key_to_the_account(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    postings = {p.account_id: p for p in told(house, invoice).documents[0].postings}
    income, receivable = postings["4010"], postings["1100"]
    assert (income.side, income.amount, receivable.side) == ("Cr", "100.00", "Dr")
    assert income.decided == receivable.decided == "rule"
    first, asked, row, through = income.why
    assert first.startswith("line 1 “Repair”: the service category is “repair”")
    assert asked == "asked for the whole company: there is a row for 2026-03-02"
    assert row.startswith("row of mapping version 1, saved by bookkeeper on ")
    assert row.endswith("leads to item “Repair”")
    assert through == "the item “Repair” posts to Repair income in the books' catalog"
    assert receivable.why[0] == "receivables: the account with the special duty “ar”"


def test_a_row_that_was_copied_on_tells_who_saved_it_first(house: EngineHouse) -> None:
    house.map(rule(Family.FEE, "late", item=books_ref(BooksKind.ITEM, "T")))
    invoice = house.invoice(house.customer())
    house.drain()
    (income,) = [p for p in told(house, invoice).documents[0].postings if p.account_id == "4010"]
    assert "row of mapping version 2 (as in version 1), saved by bookkeeper" in income.why[2]


def test_every_scope_that_was_asked_is_told_in_order(house: EngineHouse) -> None:
    house.map(
        attrs.evolve(rule(Family.SERVICE, "repair", item=books_ref(BooksKind.ITEM, "T")), scope="north")
    )
    job = house.job(house.customer(), segment="residential", branch="north")
    invoice = house.invoice(job)
    house.drain()
    (income,) = [p for p in told(house, invoice).documents[0].postings if p.account_id == "4010"]
    assert income.why[1:3] == (
        "asked for “residential”: no row",
        "asked for “north”: there is a row for 2026-03-02",
    )
    assert "leads to item “Trip”" in income.why[3]


def test_what_was_posted_is_explained_by_the_version_it_was_posted_with(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    house.map(rule(Family.SERVICE, "repair", item=books_ref(BooksKind.ITEM, "T")))
    (income,) = [p for p in told(house, invoice).documents[0].postings if p.account_id == "4010"]
    assert "row of mapping version 1" in income.why[2]
    assert "“Repair”" in income.why[2]


def test_a_payment_tells_of_the_role_that_holds_its_money(house: EngineHouse) -> None:
    payment = house.pay(house.invoice(house.customer()), "40.00")
    house.drain()
    into = {p.account_id: p for p in told(house, payment).documents[0].postings}["1090"]
    assert into.side == "Dr"
    assert any("special" in s or "role" in s for s in into.why)
    assert "leads to account “Undeposited Funds”" in into.why[-1]


def test_a_held_record_tells_what_is_missing(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer(), service="unmapped")
    house.drain()
    found = told(house, invoice)
    assert found.events[0].state == "held"
    assert "service category “unmapped”" in found.blocked
    assert found.documents == ()


def test_a_pending_record_shows_what_would_be_written_and_why(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    found = told(house, invoice)
    assert found.events[0].state == "pending"
    (waiting,) = found.waiting
    assert waiting.step == "create"
    assert "<new customer" in waiting.message
    assert any("“repair”" in sentence for line in waiting.postings for sentence in line["why"])
    with house.turn() as turn:
        assert preview.preview(turn, invoice.ref).documents[0].postings == waiting.postings


def test_what_is_void_or_merged_away_is_not_said_to_be_created(house: EngineHouse) -> None:
    ann, bob = house.customer(), house.customer("Bob Lee")
    invoice = house.invoice(ann)
    with house.work() as tx:
        tx.void_invoice(invoice.id)
        tx.merge_customers(bob.id, ann.id)
    house.drain()
    assert told(house, invoice).waiting == ()
    gone = told(house, bob)
    assert gone.waiting == ()
    assert f"merged into customer {ann.id}" in gone.blocked


def test_a_void_that_waits_is_shown_as_taken_out(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    with house.work() as tx:
        tx.void_invoice(invoice.id)
    assert [waiting.step for waiting in told(house, invoice).waiting] == ["withdraw"]
    house.drain()
    assert told(house, invoice).waiting == ()


def test_a_record_that_arrived_says_that_the_books_entered_it(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    house.books.enter(check(house, invoice, "30.00"))
    house.poll()
    (payment,) = all_here(house, RecordKind.PAYMENT)
    (document,) = told(house, payment).documents
    assert document.origin == "theirs"
    assert any("entered in the books" in note for note in document.notes)
    assert {p.amount for p in document.postings} == {"30.00"}
    assert payment.applications == (Application(invoice_id=invoice.id, amount=D("30.00")),)


def test_after_retention_it_says_that_and_when_the_message_was_erased(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    m, e, o, x = t.messages, t.exchanges, t.operations, t.outbox
    long_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=200)
    house.set(m, m.c.connection_id == house.id, kept_at=long_ago)
    house.set(e, e.c.connection_id == house.id, closed_at=long_ago)
    house.set(o, o.c.connection_id == house.id, closed_at=long_ago)
    house.set(x, x.c.tenant_id == TENANT, at=long_ago)
    assert retention.purge(house.core, TENANT).messages > 0
    found = told(house, invoice)
    (message,) = found.documents[0].messages
    assert (message.request, message.answer) == ("", "")
    assert message.instead.startswith(f"it was erased on {dt.datetime.now(dt.UTC):%Y-%m-%d}")
    assert found.documents[0].postings, "the record itself is still explained, by what core has"


def test_an_erased_person_leaves_no_message(house: EngineHouse) -> None:
    ann = house.customer("Wilhelmina Oerdoeg")
    invoice = house.invoice(ann)
    house.drain()
    erasure.erase(house.core, TENANT, ann.ref, actor="admin", keys=house.engine.keys)
    assert not any("Oerdoeg" in row.request + row.answer or row.request for row in house.rows(t.messages))
    assert "it was erased on" in told(house, invoice).documents[0].messages[0].instead


def test_explaining_changes_nothing(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    counts = {table.name: len(house.rows(table)) for table in t.metadata.sorted_tables}
    heard = len(house.books.heard)
    told(house, invoice)
    assert {table.name: len(house.rows(table)) for table in t.metadata.sorted_tables} == counts
    assert len(house.books.heard) == heard


def test_an_unknown_record_is_said_to_be_unknown(house: EngineHouse) -> None:
    with house.turn() as turn, pytest.raises(preview.NoSuchRecord, match="there is no invoice:999"):
        explain.explain(turn, RecordRef(RecordKind.INVOICE, "999"))


def test_a_document_planned_anew_before_it_was_sent_is_pinned_to_the_rules_it_was_made_with(
    house: EngineHouse,
) -> None:
    invoice = house.invoice(house.customer())
    house.engine.work_pending(house.id)
    house.map(rule(Family.SERVICE, "repair", item=books_ref(BooksKind.ITEM, "T")))
    house.reprice(invoice, "110.00")
    house.drain()
    assert house.there(invoice).lines[0].item.id == "T"
    house.map(rule(Family.SERVICE, "repair", item=books_ref(BooksKind.ITEM, "R")))
    house.reprice(invoice, "120.00")
    house.drain()
    assert house.there(invoice).lines[0].item.id == "T", "an edit keeps what it was posted with"
    assert told(house, invoice).documents[0].mapping_version == 2


def test_a_defect_of_the_rules_is_told_and_hides_nothing_else(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = house.invoice(house.customer())
    house.drain()

    def defect(record: object, lookup: object) -> None:
        del record, lookup
        raise ZeroDivisionError("a rate of nothing")

    monkeypatch.setitem(rules.RULES, Invoice, defect)
    found = told(house, invoice)
    assert "ZeroDivisionError: a rate of nothing" in found.blocked
    (document,) = found.documents
    assert "the rules fail on it: ZeroDivisionError: a rate of nothing" in document.notes
    assert document.books == str(house.place(invoice))
    assert document.messages[0].request


def test_a_line_override_stands_before_every_row(house: EngineHouse) -> None:
    invoice = house.invoice(house.customer())
    house.drain()
    with house.turn() as turn:
        trace, (shown,) = Trace(), preview.preview(turn, invoice.ref).documents
        document = wire.load_document(BooksKind.INVOICE, json.dumps(shown.document))
        assert isinstance(document, SalesInvoice)
        (line,) = document.lines
        bank = books_ref(BooksKind.ACCOUNT, "5010")
        recoded = attrs.evolve(document, lines=(attrs.evolve(line, item=None, account=bank),))
        trace.overridden(
            Family.SERVICE,
            "repair",
            where=f"line {line.line_id} “Repair”",
            on=document.date,
            target=Target(account=bank),
            note="by Ann on 3 March",
        )
        whys = Whys(turn=turn, mapping=turn.mapping, steps=trace.steps).postings(recoded)
    (cost,) = [why for why in whys if why.account_id == "5010"]
    assert cost.decided == "line override"
    assert cost.why[0] == (
        f"line {line.line_id} “Repair”: a bookkeeper re-coded it, which goes before every row: by Ann on 3 March"
    )
