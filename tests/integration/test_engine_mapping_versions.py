"""A change of the mapping counts from now, from a day on, or moves the past: shown before, and carried out once."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.documents import JournalEntry
from blueops_qb.domain.mapping import Family, Mapping
from blueops_qb.domain.refs import BooksKind, RecordKind
from blueops_qb.engine import asked, drafts, reclass, rules_desk, what_if
from blueops_qb.engine.preview import preview
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from tests import fake_books
from tests.engine_house import DAY, D, EngineHouse, books_ref, rule
from tests.second_income import OTHER_ITEM, TO_OTHER, draft_of, moved

pytest_plugins = ["tests.engine_fixtures", "tests.income_fixture"]


def item_of(house: EngineHouse, invoice: Any) -> str:
    return str(house.there(invoice).lines[0].item.id)


# -- from now, from a day ------------------------------------------------------------------------------
def test_from_now_new_documents_take_the_new_rule_and_posted_ones_keep_theirs(shop: EngineHouse) -> None:
    ann = shop.customer()
    old = shop.invoice(ann)
    shop.drain()
    shop.map(TO_OTHER)
    new = shop.invoice(ann, issue_date=DAY - dt.timedelta(days=30))
    shop.reprice(old, "120.00")
    shop.drain()
    assert (item_of(shop, old), item_of(shop, new)) == ("R", "I")


def test_from_a_day_on_the_date_of_the_document_decides(shop: EngineHouse) -> None:
    with shop.turn() as turn:
        rules_desk.change_mapping(turn, [TO_OTHER], actor="bookkeeper", from_day=DAY)
    ann = shop.customer()
    before = shop.invoice(ann, issue_date=DAY - dt.timedelta(days=1))
    after = shop.invoice(ann)
    shop.drain()
    assert (item_of(shop, before), item_of(shop, after)) == ("R", "I")
    with shop.turn() as turn:
        why = preview(turn, before.ref).documents[0].postings
    assert any("another one from 2026-03-02 on" in s for line in why for s in line["why"])


def test_a_draft_travels_as_a_file_and_comes_back_the_same(shop: EngineHouse) -> None:
    dated = attrs.evolve(TO_OTHER, valid_from=DAY, scope="north “side” \\ 1")
    shop.map(dated)
    with shop.turn() as turn:
        present = turn.mapping
        text = drafts.written(present, turn.catalog)
    again = drafts.read(text)
    assert set(again.rules) == set(present.rules)
    assert again.version == present.version
    assert 'item = "I"  # Install' in text


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("version = ", "no TOML"),
        ("[[rule]]", "does not say `version`"),
        ('version = 1\n[[rule]]\nfamily = "x"\nkey = "y"', "no family"),
        ('version = 1\n[[rule]]\nfamily = "role"\nkey = ""', "not empty"),
        ('version = 1\n[[rule]]\nfamily = "role"\nkey = "ar"\nacount = "1"', "has acount"),
        ('version = 1\n[[rule]]\nfamily = "role"\nkey = "ar"\nfrom = "May"', "must be a day"),
        ("version = 1\n" + '[[rule]]\nfamily = "role"\nkey = "ar"\n' * 2, "stands there twice"),
    ],
)
def test_a_draft_that_cannot_be_read_says_where(text: str, problem: str) -> None:
    with pytest.raises(drafts.UnreadableDraft, match=problem):
        drafts.read(text)


def test_a_draft_of_an_older_version_is_refused(shop: EngineHouse) -> None:
    draft = draft_of(shop, TO_OTHER)
    shop.map(rule(Family.FEE, "late", item=OTHER_ITEM))
    with shop.turn() as turn, pytest.raises(rules_desk.Overtaken, match="made from version 1"):
        rules_desk.take_draft(turn, draft, actor="bookkeeper")


def test_a_draft_from_a_day_on_changes_only_what_differs(shop: EngineHouse) -> None:
    draft = draft_of(shop, TO_OTHER)
    with shop.turn() as turn:
        rules_desk.take_draft(turn, draft, actor="bookkeeper", from_day=DAY)
        dated = [r for r in turn.mapping.rules if r.valid_from is not None]
    assert [(r.key, r.valid_from, r.target.item) for r in dated] == [("repair", DAY, OTHER_ITEM)]


def test_the_lint_of_a_draft_runs_the_records_under_the_draft(shop: EngineHouse) -> None:
    shop.invoice(shop.customer())
    with shop.turn() as turn:
        without = tuple(r for r in turn.mapping.rules if r.key != "repair")
        clean = asked.lint_of(turn)
        found = asked.lint_of(turn, Mapping(version=1, rules=without))
    assert "unmapped" not in {f.check for f in clean}
    assert [f.key for f in found if f.check == "unmapped"] == ["repair"]


# -- what if -------------------------------------------------------------------------------------------
WRITES = ("INSERT", "UPDATE", "DELETE", "MERGE", "SAVEPOINT")


@contextmanager
def statements(house: EngineHouse) -> Iterator[Counter[str]]:
    """How many statements of each kind are executed meanwhile."""
    counts: Counter[str] = Counter()

    def count(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counts[statement.split()[0].upper()] += 1

    sa.event.listen(house.core.engine, "before_cursor_execute", count)
    try:
        yield counts
    finally:
        sa.event.remove(house.core.engine, "before_cursor_execute", count)


def test_a_replay_tells_the_difference_by_account_with_its_documents(shop: EngineHouse) -> None:
    ann = shop.customer()
    posted, pending = shop.invoice(ann, "100.00"), shop.invoice(ann, "40.00")
    shop.drain()
    late = shop.invoice(ann, "7.00", issue_date=DAY - dt.timedelta(days=400))
    draft = draft_of(shop, TO_OTHER)
    with shop.turn() as turn:
        found = what_if.replay(turn, draft, since=DAY - dt.timedelta(days=90), until=DAY)
    assert (found.records, found.differing) == (2, 2)
    assert [(d.account_id, d.before, d.after, d.change) for d in found.differences] == [
        ("4010", D("-140.00"), D("0.00"), D("140.00")),
        ("4020", D("0.00"), D("-140.00"), D("-140.00")),
    ]
    behind = found.differences[0].documents
    assert [(b.document, b.change) for b in behind] == [
        (str(posted.ref), D("100.00")),
        (str(pending.ref), D("40.00")),
    ]
    assert str(late.ref) not in {b.document for b in behind}


def test_a_replay_names_the_heaviest_documents_and_counts_the_rest(
    shop: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = shop.customer()
    invoices = [shop.invoice(ann, f"{n}.00") for n in (5, 1, 9, 3)]
    draft = draft_of(shop, TO_OTHER)
    monkeypatch.setattr(what_if, "NAMED", 2)
    with shop.turn() as turn:
        found = what_if.replay(turn, draft, since=DAY, until=DAY)
    one = found.differences[0]
    assert [b.document for b in one.documents] == [str(invoices[2].ref), str(invoices[0].ref)]
    assert (one.document_count, one.change) == (4, D("18.00"))


def test_a_replay_by_customer_keeps_jobs_apart(shop: EngineHouse) -> None:
    ann = shop.customer()
    jobs = [shop.job(ann, "Kitchen"), shop.job(ann, "Bath")]
    for job in jobs:
        shop.invoice(job, "10.00")
    draft = draft_of(shop, TO_OTHER)
    with shop.turn() as turn:
        found = what_if.replay(turn, draft, since=DAY, until=DAY, by=[what_if.By.CUSTOMER])
    assert {(d.account_id, d.customer, d.change) for d in found.differences} == {
        (a, str(job.ref), D(c)) for job in jobs for a, c in (("4010", "10.00"), ("4020", "-10.00"))
    }


def test_a_replay_says_what_would_be_held_and_what_no_more(shop: EngineHouse) -> None:
    ann = shop.customer()
    fine, stuck = shop.invoice(ann), shop.invoice(ann, service="unmapped")
    shop.drain()
    with shop.turn() as turn:
        rules = [r for r in turn.mapping.rules if r.key != "repair"]
        rules.append(rule(Family.SERVICE, "unmapped", item=OTHER_ITEM))
        found = what_if.replay(turn, Mapping(version=1, rules=tuple(rules)), since=DAY, until=DAY)
    assert ([h.ref for h in found.held], found.held_count) == ([str(fine.ref)], 1)
    assert ([r.ref for r in found.released], found.released_count) == ([str(stuck.ref)], 1)


def test_a_replay_writes_nothing_and_asks_the_books_nothing(shop: EngineHouse) -> None:
    ann = shop.customer()
    for price in ("1.00", "2.00", "3.00"):
        shop.invoice(ann, price)
    shop.drain()
    draft, heard = draft_of(shop, TO_OTHER), len(shop.books.heard)
    with shop.turn() as turn, statements(shop) as counts:
        what_if.replay(turn, draft, since=DAY, until=DAY)
    assert {kind: counts[kind] for kind in WRITES if counts[kind]} == {}
    assert counts["SELECT"] > 0
    assert len(shop.books.heard) == heard


def test_a_replay_asks_the_database_by_the_page_and_not_by_the_record(
    shop: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = shop.customer()
    for _ in range(12):
        shop.invoice(ann)
    draft = draft_of(shop, TO_OTHER)
    monkeypatch.setattr(what_if, "PAGE", 6)
    with shop.turn() as turn, statements(shop) as counts:
        found = what_if.replay(turn, draft, since=DAY, until=DAY)
    assert found.records == 12
    assert counts["SELECT"] <= 8 * 3, counts


# -- the past ------------------------------------------------------------------------------------------
def past(house: EngineHouse, draft: Mapping) -> reclass.ReclassPlan:
    with house.turn() as turn:
        return reclass.plan(turn, draft)


def entries(house: EngineHouse) -> list[JournalEntry]:
    return [r.document for r in house.books.of(BooksKind.JOURNAL) if isinstance(r.document, JournalEntry)]


def test_the_past_is_moved_by_one_entry_a_month_as_it_was_shown(shop: EngineHouse) -> None:
    ann = shop.customer()
    kitchen = shop.job(ann)
    shop.invoice(ann, "100.00"), shop.invoice(kitchen, "50.00")
    shop.invoice(ann, "8.00", issue_date=dt.date(2026, 2, 10))
    shop.drain()
    draft = draft_of(shop, TO_OTHER)
    shown = past(shop, draft)
    assert [(m.month, m.date, m.documents) for m in shown.months] == [
        ("2026-02", dt.date(2026, 2, 10), 1),
        ("2026-03", DAY, 2),
    ]
    assert {(x.side, x.account_id, x.amount, x.customer) for x in shown.months[1].lines} == {
        ("Dr", "4010", D("100.00"), str(ann.ref)),
        ("Dr", "4010", D("50.00"), str(kitchen.ref)),
        ("Cr", "4020", D("100.00"), str(ann.ref)),
        ("Cr", "4020", D("50.00"), str(kitchen.ref)),
    }
    assert entries(shop) == [], "showing writes nothing"
    refs = moved(shop, draft)
    assert [str(ref) for ref in refs] == ["reclass:m2-202602", "reclass:m2-202603"]
    shop.drain()
    march = max(entries(shop), key=lambda e: e.date)
    assert (march.date, march.number) == (DAY, "BO-m2-202603")
    found = {(line.side.value, line.account.id, line.amount, line.customer) for line in march.lines}
    assert found == {
        ("debit", "4010", D("100.00"), shop.place(ann)),
        ("debit", "4010", D("50.00"), shop.place(kitchen)),
        ("credit", "4020", D("100.00"), shop.place(ann)),
        ("credit", "4020", D("50.00"), shop.place(kitchen)),
    }
    assert {str(row.state) for ref in refs for row in shop.events(ref)} == {"done"}


def test_what_was_moved_is_not_moved_twice(shop: EngineHouse) -> None:
    invoice = shop.invoice(shop.customer(), "100.00")
    shop.drain()
    moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    with shop.turn() as turn:
        assert reclass.plan(turn, turn.mapping).months == ()
    shop.reprice(invoice, "130.00")
    shop.drain()
    with shop.turn() as turn:
        (rest,) = reclass.plan(turn, turn.mapping).months
    assert {(x.side, x.account_id, x.amount) for x in rest.lines} == {
        ("Dr", "4010", D("30.00")),
        ("Cr", "4020", D("30.00")),
    }, "an edit keeps the old account, and only what it added is left to move"


def test_going_back_moves_it_back(shop: EngineHouse) -> None:
    shop.invoice(shop.customer(), "100.00")
    shop.drain()
    moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    back = draft_of(shop, rule(Family.SERVICE, "repair", item=books_ref(BooksKind.ITEM, "R")))
    (month,) = past(shop, back).months
    assert {(x.side, x.account_id) for x in month.lines} == {("Cr", "4010"), ("Dr", "4020")}


def test_closed_periods_are_left_alone(shop: EngineHouse) -> None:
    ann = shop.customer()
    shop.invoice(ann, "100.00"), shop.invoice(ann, "8.00", issue_date=dt.date(2026, 2, 10))
    shop.drain()
    with shop.turn() as turn:
        profile = attrs.evolve(turn.profile, closing_date=dt.date(2026, 2, 28))
        turn.set(profile_json=wire.dump(profile))
    assert [m.month for m in past(shop, draft_of(shop, TO_OTHER)).months] == ["2026-03"]


def test_a_plan_that_something_overtook_saves_nothing(shop: EngineHouse) -> None:
    shop.invoice(shop.customer(), "100.00")
    shop.drain()
    draft = draft_of(shop, TO_OTHER)
    shown = past(shop, draft)
    shop.invoice(shop.customer("Bob Ray"), "9.00")
    shop.drain()
    with pytest.raises(rules_desk.Overtaken, match="look at it again"):
        moved(shop, draft, approved=shown.digest)
    assert shop.rows(t.moved) == []
    assert shop.connection_row().mapping_version == 1


def test_money_and_receivables_are_never_moved_by_an_entry(shop: EngineHouse) -> None:
    payment = shop.pay(shop.invoice(shop.customer()), "100.00")
    shop.drain()
    elsewhere = rule(Family.MONEY_ACCOUNT, "method:check", account=books_ref(BooksKind.ACCOUNT, "1000"))
    shown = past(shop, draft_of(shop, elsewhere))
    assert shown.months == ()
    assert [skipped.ref for skipped in shown.skipped] == [str(payment.ref)]
    assert "takes documents and no journal entry" in shown.skipped[0].reason


def test_what_is_being_changed_waits(shop: EngineHouse) -> None:
    invoice = shop.invoice(shop.customer(), "100.00")
    shop.drain()
    shop.reprice(invoice, "130.00")
    shown = past(shop, draft_of(shop, TO_OTHER))
    assert shown.months == ()
    assert "is being changed" in shown.skipped[0].reason


def test_a_move_survives_a_lost_answer_without_a_second_entry(shop: EngineHouse) -> None:
    shop.invoice(shop.customer(), "100.00")
    shop.drain()
    (ref,) = moved(shop, draft_of(shop, TO_OTHER))
    shop.books.script.append(fake_books.Fault.LOSE_AFTER)
    shop.drain()
    shop.drain()
    assert len(entries(shop)) == 1
    assert ref.kind is RecordKind.RECLASS
    assert shop.events(ref)[-1].state == "done"
