"""An invoice that a bookkeeper changes in the books is changed in BlueOps, line by line, or a person is asked."""

import datetime as dt
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import SalesLine
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import Overlap, Policy
from blueops_qb.domain.records import Address, Invoice, LineKind, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind
from blueops_qb.engine import choices, preview, resolve, rules_desk
from blueops_qb.sandbox.core.pricing import LineDraft
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.traps import ON_SQLITE, choose

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
REPAIR, TRIP = BooksRef(K.ITEM, "R"), BooksRef(K.ITEM, "T")
ELSEWHERE = Address(line1="99 New St", city="Reno", state="NV", postal_code="89501")


def issued(house: EngineHouse, *prices: str, **fields: Any) -> Invoice:
    """An invoice in the books, with one repair line per price."""
    lines = [
        LineDraft(description=f"Repair {n}", unit_price=D(price), service_category="repair")
        for n, price in enumerate(prices or ("100.00", "50.00"), start=1)
    ]
    ann = house.customer()
    with house.work() as tx:
        found: Invoice = tx.raise_invoice(house.draft(ann.id, lines=lines, **fields))
    house.drain()
    return found


def edit(house: EngineHouse, invoice: Invoice, **changes: Any) -> None:
    """The bookkeeper changes the invoice; a new set of lines brings its own total."""
    if "lines" in changes and "total" not in changes:
        there = house.there(invoice)
        net = sum((line.amount for line in changes["lines"]), D("0.00")) - changes.get(
            "discount", there.discount
        )
        changes["total"] = net + (changes.get("tax", there.tax) or D("0.00"))
    house.books.edit(house.place(invoice), **changes)
    house.poll()


def lines(house: EngineHouse, invoice: Invoice) -> list[Any]:
    return list(house.there(invoice).lines)


def priced(line: Any, price: str, quantity: str = "1") -> Any:
    amount = D(price) * D(quantity)
    return attrs.evolve(line, quantity=D(quantity), unit_price=D(price), amount=amount)


def now(house: EngineHouse, invoice: Invoice) -> Invoice:
    found: Invoice = house.here(invoice.ref)
    return found


def settled(house: EngineHouse) -> None:
    """Nothing waits and both sides stay as they are."""
    assert house.conflicts() == []
    before = len(house.books.log)
    house.poll()
    assert house.conflicts() == []
    assert house.quiet()
    assert len(house.books.log) == before


# -- one-sided changes travel ------------------------------------------------------------------------
def test_a_changed_price_travels_and_keeps_what_only_blueops_knows(house: EngineHouse) -> None:
    invoice = issued(house)
    one, two = lines(house, invoice)
    edit(house, invoice, lines=(one, priced(two, "20.00", "3")))
    first, second = now(house, invoice).lines
    assert first == invoice.lines[0]
    assert (second.quantity, second.unit_price, second.amount) == (D("3"), D("20.00"), D("60.00"))
    assert (second.line_id, second.service_category) == (invoice.lines[1].line_id, "repair")
    assert now(house, invoice).total == D("160.00")
    settled(house)


def test_a_description_travels(house: EngineHouse) -> None:
    invoice = issued(house)
    one, two = lines(house, invoice)
    edit(house, invoice, lines=(attrs.evolve(one, description="Boiler"), two))
    assert [line.description for line in now(house, invoice).lines] == ["Boiler", "Repair 2"]
    settled(house)


def test_a_line_that_is_taken_away_there_goes_here(house: EngineHouse) -> None:
    invoice = issued(house)
    edit(house, invoice, lines=(lines(house, invoice)[1],))
    (left,) = now(house, invoice).lines
    assert left == invoice.lines[1]
    assert now(house, invoice).total == D("50.00")
    settled(house)


def test_a_line_on_an_item_with_one_key_becomes_a_line_here(house: EngineHouse) -> None:
    invoice = issued(house)
    new = SalesLine(item=TRIP, description="Drive", quantity=D("2"), unit_price=D("15.00"), amount=D("30.00"))
    edit(house, invoice, lines=(new, *lines(house, invoice)))
    trip, *others = now(house, invoice).lines
    assert (trip.kind, trip.fee_type, trip.quantity, trip.amount) == (
        LineKind.FEE,
        "trip",
        D("2"),
        D("30.00"),
    )
    assert others == list(invoice.lines)
    assert now(house, invoice).total == D("180.00")
    settled(house)


def test_lines_that_changed_places_keep_their_identity(house: EngineHouse) -> None:
    invoice = issued(house)
    one, two = lines(house, invoice)
    edit(house, invoice, lines=(priced(two, "55.00"), one))
    assert [(line.line_id, line.amount) for line in now(house, invoice).lines] == [
        (invoice.lines[1].line_id, D("55.00")),
        (invoice.lines[0].line_id, D("100.00")),
    ]
    settled(house)


def test_words_alone_become_a_line_of_words(house: EngineHouse) -> None:
    invoice = issued(house)
    edit(house, invoice, lines=(*lines(house, invoice), SalesLine(description="Thank you")))
    assert [(x.kind, x.description) for x in now(house, invoice).lines][-1] == (LineKind.TEXT, "Thank you")
    assert now(house, invoice).total == invoice.total
    settled(house)


def test_dates_memo_email_and_place_travel(house: EngineHouse) -> None:
    invoice = issued(house)
    later = dt.date(2026, 4, 1)
    edit(
        house,
        invoice,
        date=DAY + dt.timedelta(days=1),
        due_date=later,
        memo="called",
        email="desk@example.com",
        shipping=ELSEWHERE,
    )
    here = now(house, invoice)
    assert (here.issue_date, here.due_date) == (DAY + dt.timedelta(days=1), later)
    assert (here.memo, here.email, here.site) == ("called", "desk@example.com", ELSEWHERE)
    settled(house)


def test_terms_travel_by_their_only_key(house: EngineHouse) -> None:
    net = BooksRef(K.TERM, "N30")
    house.books.records[net] = attrs.evolve(house.books.records[REPAIR], name="Net 30", facts={})
    house.books.log.append(net)
    house.poll()
    house.map(rule(Family.TERMS, "net_30", terms=net))
    invoice = issued(house)
    edit(house, invoice, terms=net)
    assert now(house, invoice).terms == "net_30"
    settled(house)


def test_a_discount_and_a_tax_travel(house: EngineHouse) -> None:
    house.map(rule(Family.ROLE, "discounts", account=BooksRef(K.ACCOUNT, "4010")))
    invoice = issued(house, "100.00", "50.00")
    one, two = lines(house, invoice)
    edit(house, invoice, lines=(one, two), discount=D("15.00"), discount_account=BooksRef(K.ACCOUNT, "4010"))
    assert (now(house, invoice).discount, now(house, invoice).total) == (D("15.00"), D("135.00"))
    settled(house)


def test_a_void_there_voids_it_here(house: EngineHouse) -> None:
    invoice = issued(house)
    house.books.void(house.place(invoice))
    house.poll()
    assert now(house, invoice).void
    settled(house)


def test_a_void_of_a_paid_invoice_there_follows_its_payment(house: EngineHouse) -> None:
    invoice = issued(house)
    payment = house.pay(invoice, "150.00")
    house.drain()
    house.books.void(house.place(payment))
    house.books.void(house.place(invoice))
    house.poll()
    house.poll()
    assert (house.here(payment.ref).void, now(house, invoice).void) == (True, True)
    settled(house)


def test_the_invoice_goes_to_the_job_that_it_was_moved_to(house: EngineHouse) -> None:
    invoice = issued(house)
    ann = house.here(house.customer("Bob").ref)
    job = house.job(ann)
    house.drain()
    edit(house, invoice, customer=house.place(job))
    assert (now(house, invoice).customer_id, now(house, invoice).job_id) == (ann.id, job.id)
    settled(house)


# -- coding --------------------------------------------------------------------------------------------
def test_a_line_that_was_coded_anew_stays_so_when_it_changes_here(house: EngineHouse) -> None:
    invoice = issued(house)
    one, two = lines(house, invoice)
    edit(house, invoice, lines=(one, attrs.evolve(two, item=TRIP)))
    assert now(house, invoice) == invoice
    assert house.conflicts() == []
    with house.turn() as turn:
        (shown,) = preview.preview(turn, invoice.ref).documents
    whys = [why for posting in shown.postings for why in posting["why"]]
    assert any("a bookkeeper re-coded it" in why for why in whys)
    with house.work() as tx:
        tx.save_invoice(
            attrs.evolve(
                invoice,
                lines=(
                    invoice.lines[0],
                    attrs.evolve(invoice.lines[1], unit_price=D("70.00"), amount=D("70.00")),
                ),
                total=D("170.00"),
            )
        )
    house.drain()
    assert [(x.item, x.amount) for x in lines(house, invoice)] == [(REPAIR, D("100.00")), (TRIP, D("70.00"))]
    settled(house)


def test_coding_that_is_taken_back_there_is_forgotten(house: EngineHouse) -> None:
    invoice = issued(house)
    one, two = lines(house, invoice)
    edit(house, invoice, lines=(one, attrs.evolve(two, item=TRIP)))
    edit(house, invoice, lines=(one, two))
    from blueops_qb.store import tables as t

    assert house.rows(t.line_overrides) == []
    settled(house)


def test_the_amount_of_a_line_that_was_coded_anew_travels_too(house: EngineHouse) -> None:
    invoice = issued(house)
    one, two = lines(house, invoice)
    edit(house, invoice, lines=(one, attrs.evolve(priced(two, "60.00"), item=TRIP)))
    assert now(house, invoice).lines[1].amount == D("60.00")
    assert now(house, invoice).lines[1].service_category == "repair"
    settled(house)


# -- what only a person can say --------------------------------------------------------------------------
def test_a_line_whose_item_has_several_keys_waits_for_a_choice_that_names_them(house: EngineHouse) -> None:
    house.map(rule(Family.SERVICE, "install", item=REPAIR))
    invoice = issued(house)
    new = SalesLine(
        item=REPAIR, description="New tap", quantity=D("1"), unit_price=D("9.00"), amount=D("9.00")
    )
    edit(house, invoice, lines=(*lines(house, invoice), new))
    (conflict,) = house.conflicts()
    assert conflict.cause == "changed_there"
    for words in ("New tap", "9.00", "“Repair”", "service_category:install", "service_category:repair"):
        assert words in conflict.reason
    assert now(house, invoice) == invoice
    with pytest.raises(resolve.CannotResolve, match="choose what it is"), house.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "admin")
    added = lines(house, invoice)[-1].books_line_id
    wish = choices.Wish(picks={added: (Family.SERVICE, "install")})
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "theirs", "admin", wish=wish)
    house.poll()
    assert now(house, invoice).lines[-1].service_category == "install"
    assert now(house, invoice).total == D("159.00")
    settled(house)


def test_a_key_that_leads_elsewhere_is_taken_and_the_item_stays_as_coded(house: EngineHouse) -> None:
    house.map(rule(Family.SERVICE, "install", item=REPAIR))
    invoice = issued(house)
    new = SalesLine(item=REPAIR, description="Tap", quantity=D("1"), unit_price=D("9.00"), amount=D("9.00"))
    edit(house, invoice, lines=(*lines(house, invoice), new))
    (conflict,) = house.conflicts()
    added = lines(house, invoice)[-1].books_line_id
    with house.turn() as turn:
        wish = choices.Wish(picks={added: (Family.FEE, "trip")})
        resolve.resolve(turn, conflict.id, "theirs", "admin", wish=wish)
    house.poll()
    assert now(house, invoice).lines[-1].fee_type == "trip"
    assert lines(house, invoice)[-1].item == REPAIR
    settled(house)


def test_money_taken_on_the_invoice_has_no_place_here_and_waits(house: EngineHouse) -> None:
    invoice = issued(house)
    edit(house, invoice, deposit=D("10.00"), memo="paid some at the desk")
    (conflict,) = house.conflicts()
    assert (conflict.cause, conflict.group) == ("changed_there", "money")
    assert "money taken on the invoice itself" in conflict.reason
    assert now(house, invoice).memo == "paid some at the desk"  # what fits travels all the same
    choose(house, "accept")
    house.poll()
    settled(house)


def test_a_total_below_what_is_paid_leaves_the_rest_as_the_customers_credit(house: EngineHouse) -> None:
    invoice = issued(house)
    paid = house.pay(invoice, "150.00")
    house.drain()
    one, _ = lines(house, invoice)
    house.books.records[house.place(invoice)].document = attrs.evolve(
        house.there(invoice), lines=(one,), total=D("100.00")
    )
    house.books._touch(house.place(invoice))
    house.poll()
    assert not house.conflicts()
    assert now(house, invoice).total == D("100.00")
    payment = house.here(paid.ref)
    assert isinstance(payment, Payment)
    assert payment.unapplied == D("50.00")


def test_lines_moved_on_both_sides_are_never_mixed(house: EngineHouse) -> None:
    invoice = issued(house)
    one, two = lines(house, invoice)
    house.books.edit(house.place(invoice), lines=(priced(one, "110.00"), two), total=D("160.00"))
    raised = attrs.evolve(invoice.lines[1], unit_price=D("60.00"), amount=D("60.00"))
    with house.work() as tx:
        tx.save_invoice(attrs.evolve(invoice, lines=(invoice.lines[0], raised), total=D("160.00")))
    house.poll()
    (conflict,) = house.conflicts()
    assert (conflict.cause, conflict.group) == ("overlap", "money")
    assert [line.amount for line in now(house, invoice).lines] == [D("100.00"), D("60.00")]
    assert [line.amount for line in lines(house, invoice)] == [D("110.00"), D("50.00")]


@pytest.mark.parametrize(
    ("side", "amounts"), [("ours", ["100.00", "60.00"]), ("theirs", ["110.00", "50.00"])]
)
def test_lines_are_chosen_whole_per_side(house: EngineHouse, side: str, amounts: list[str]) -> None:
    test_lines_moved_on_both_sides_are_never_mixed(house)
    invoice = house.here(next(iter(house.core.iterate(house.tenant, kinds=[RecordKind.INVOICE]))).ref)
    choose(house, side)
    house.drain()
    house.poll()
    assert [line.amount for line in now(house, invoice).lines] == [D(a) for a in amounts]
    assert [line.amount for line in lines(house, invoice)] == [D(a) for a in amounts]
    settled(house)


def test_a_person_may_pick_line_by_line(house: EngineHouse) -> None:
    test_lines_moved_on_both_sides_are_never_mixed(house)
    (conflict,) = house.conflicts()
    invoice = house.here(next(iter(house.core.iterate(house.tenant, kinds=[RecordKind.INVOICE]))).ref)
    one, two = lines(house, invoice)
    wish = choices.Wish(
        fields={"lines": "each"},
        lines={f"b{one.books_line_id}": "theirs", f"b{two.books_line_id}": "ours"},
    )
    with house.turn() as turn:
        resolve.resolve(turn, conflict.id, "fields", "admin", wish=wish)
    house.drain()
    house.poll()
    assert [line.amount for line in now(house, invoice).lines] == [D("110.00"), D("60.00")]
    assert [line.amount for line in lines(house, invoice)] == [D("110.00"), D("60.00")]
    assert now(house, invoice).total == house.there(invoice).total == D("170.00")
    settled(house)


@pytest.mark.parametrize(("policy", "total"), [(Overlap.OURS, "160.00"), (Overlap.THEIRS, "155.00")])
def test_money_may_be_decided_by_policy(house: EngineHouse, policy: Overlap, total: str) -> None:
    with house.turn() as turn:
        rules_desk.change_policy(turn, Policy(money_overlap=policy), actor="admin")
    invoice = issued(house)
    one, two = lines(house, invoice)
    house.books.edit(house.place(invoice), lines=(one, priced(two, "55.00")), total=D("155.00"))
    raised = attrs.evolve(invoice.lines[1], unit_price=D("60.00"), amount=D("60.00"))
    with house.work() as tx:
        tx.save_invoice(attrs.evolve(invoice, lines=(invoice.lines[0], raised), total=D("160.00")))
    house.poll()
    house.drain()
    assert now(house, invoice).total == house.there(invoice).total == D(total)
    settled(house)


def test_the_same_change_on_both_sides_closes_silently(house: EngineHouse) -> None:
    invoice = issued(house)
    one, two = lines(house, invoice)
    house.books.edit(house.place(invoice), lines=(one, priced(two, "60.00")), total=D("160.00"))
    raised = attrs.evolve(invoice.lines[1], unit_price=D("60.00"), amount=D("60.00"))
    with house.work() as tx:
        tx.save_invoice(attrs.evolve(invoice, lines=(invoice.lines[0], raised), total=D("160.00")))
    before = len(house.books.log)
    house.poll()
    assert len(house.books.log) == before
    settled(house)


pytestmark = ON_SQLITE
