"""A credit of an invoice whose amounts were moved goes where they stand now, and moves with them."""

import datetime as dt

import attrs

from blueops_qb.domain.documents import CreditMemo
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.records import Credit, CreditReason, Invoice, InvoiceLine, LineKind
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import reclass, rules_desk, undo
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from tests.engine_house import DAY, D, EngineHouse, rule
from tests.second_income import OTHER_ITEM, TO_OTHER, draft_of, incomes, moved
from tests.traps import ON_SQLITE, REPAIR

pytest_plugins = ["tests.engine_fixtures", "tests.income_fixture"]
pytestmark = ON_SQLITE


def credited(
    house: EngineHouse, invoice: Invoice, amount: str, *, line_id: str = "", day: dt.date = DAY
) -> Credit:
    """A part of the invoice's only line is taken back; with `line_id` a line that the invoice does not have."""
    line = InvoiceLine(
        line_id=line_id or invoice.lines[0].line_id,
        kind=LineKind.FEE if line_id else LineKind.SERVICE,
        service_category="" if line_id else "repair",
        description="Sorry",
        unit_price=D(amount),
        amount=D(amount),
        taxable=False,
    )
    credit = Credit(
        id="",
        number="",
        customer_id=invoice.customer_id,
        invoice_id=invoice.id,
        issue_date=day,
        reason=CreditReason.GOODWILL,
        lines=(line,),
        total=D(amount),
    )
    with house.work() as tx:
        found: Credit = tx.issue_credit(credit)
    house.drain()
    return found


def item_of(house: EngineHouse, credit: Credit) -> BooksRef | None:
    memo = house.there(credit)
    assert isinstance(memo, CreditMemo)
    (line,) = memo.lines
    return line.item


def nothing_to_move(house: EngineHouse) -> None:
    with house.turn() as turn:
        plan = reclass.plan(turn, turn.mapping)
    assert (plan.months, plan.skipped) == ((), ())


def posted(house: EngineHouse, price: str = "100.00", **fields: object) -> Invoice:
    invoice = house.invoice(house.customer(), price, **fields)
    house.drain()
    return invoice


def test_a_later_credit_goes_where_its_invoice_was_moved_to(shop: EngineHouse) -> None:
    invoice = posted(shop)
    moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    credit = credited(shop, invoice, "40.00")
    assert item_of(shop, credit) == OTHER_ITEM
    assert incomes(shop) == {"4020": -6000}
    nothing_to_move(shop)


def test_it_goes_there_although_the_mapping_has_changed_once_more(shop: EngineHouse) -> None:
    invoice = posted(shop)
    moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    shop.map(rule(Family.SERVICE, "repair", item=BooksRef(BooksKind.ITEM, "T")))
    credit = credited(shop, invoice, "40.00")
    assert item_of(shop, credit) == OTHER_ITEM
    assert incomes(shop) == {"4020": -6000}


def test_an_earlier_credit_moves_with_its_invoice_and_is_not_called_changed(shop: EngineHouse) -> None:
    invoice = posted(shop)
    credit = credited(shop, invoice, "40.00")
    assert item_of(shop, credit) == REPAIR
    moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    assert incomes(shop) == {"4020": -6000}
    nothing_to_move(shop)


def test_an_earlier_credit_that_changes_mirrors_what_it_mirrored_and_the_rest_can_be_moved(
    shop: EngineHouse,
) -> None:
    invoice = posted(shop)
    credit = credited(shop, invoice, "40.00")
    moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    (line,) = credit.lines
    with shop.work() as tx:
        more = attrs.evolve(line, unit_price=D("50.00"), amount=D("50.00"))
        tx.update_credit(attrs.evolve(credit, lines=(more,), total=D("50.00")))
    shop.drain()
    assert item_of(shop, credit) == REPAIR
    assert incomes(shop) == {"4010": 1000, "4020": -6000}
    moved(shop, draft_of(shop))
    shop.drain()
    assert incomes(shop) == {"4020": -5000}
    nothing_to_move(shop)


def test_a_later_credit_that_changes_stays_where_it_went(shop: EngineHouse) -> None:
    invoice = posted(shop)
    moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    credit = credited(shop, invoice, "40.00")
    shop.map(rule(Family.SERVICE, "repair", item=REPAIR))
    (line,) = credit.lines
    with shop.work() as tx:
        more = attrs.evolve(line, unit_price=D("50.00"), amount=D("50.00"))
        tx.update_credit(attrs.evolve(credit, lines=(more,), total=D("50.00")))
    shop.drain()
    assert item_of(shop, credit) == OTHER_ITEM
    assert incomes(shop) == {"4020": -5000}


def test_a_credit_of_an_invoice_that_stays_in_its_closed_month_stays_with_it(shop: EngineHouse) -> None:
    april = dt.date(2026, 4, 3)
    invoice = posted(shop)
    credited(shop, invoice, "40.00", day=april)
    profile = BooksProfile(closing_date=DAY)
    shop.set(t.connections, t.connections.c.id == shop.id, profile_json=wire.dump(profile))
    moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    assert incomes(shop) == {"4010": -6000}


def test_when_the_move_is_undone_credits_go_where_the_invoice_stands_again(shop: EngineHouse) -> None:
    invoice = posted(shop)
    refs = moved(shop, draft_of(shop, TO_OTHER))
    shop.drain()
    with shop.turn() as turn:
        undo.apply(turn, actor="office", refs=refs)
    shop.drain()
    credit = credited(shop, invoice, "40.00")
    assert item_of(shop, credit) == REPAIR
    assert incomes(shop) == {"4010": -6000}


def test_a_line_that_the_invoice_does_not_have_goes_by_the_rules_of_its_invoice_when_it_changes_too(
    shop: EngineHouse,
) -> None:
    shop.map(rule(Family.FEE, "allowance", item=REPAIR))
    invoice = posted(shop)
    shop.map(rule(Family.FEE, "allowance", item=OTHER_ITEM))
    credit = credited(shop, invoice, "40.00", line_id="sorry")
    assert item_of(shop, credit) == REPAIR
    (line,) = credit.lines
    with shop.work() as tx:
        tx.update_credit(attrs.evolve(credit, lines=(attrs.evolve(line, description="So sorry"),)))
    shop.drain()
    assert item_of(shop, credit) == REPAIR


def test_and_it_can_be_moved_like_everything_else(shop: EngineHouse) -> None:
    shop.map(rule(Family.FEE, "allowance", item=REPAIR))
    invoice = posted(shop)
    shop.map(rule(Family.FEE, "allowance", item=OTHER_ITEM))
    credited(shop, invoice, "40.00", line_id="sorry")
    assert incomes(shop) == {"4010": -6000}
    with shop.turn() as turn:
        digest = reclass.plan(turn, turn.mapping).digest
        rules_desk.take_draft(turn, turn.mapping, actor="bookkeeper")
        reclass.carry_out(turn, actor="bookkeeper", approved=digest)
    shop.drain()
    assert incomes(shop) == {"4010": -10000, "4020": 4000}
    nothing_to_move(shop)
