"""What QuickBooks Desktop and the people at it do in their own way: short answers, numbers, discounts, names."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import by_hand, rules_desk
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.sessions import Session
from blueops_qb.store import tables as t
from tests.desktop_house import ADMIN, DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")
D = Decimal


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("ways")) as found:
        found.session()
        yield found


def sessions(house: DesktopHouse, count: int = 2) -> None:
    for _ in range(count):
        house.session()


def link_of(house: DesktopHouse, ref: RecordRef) -> Any:
    d, lk = t.documents, t.links
    query = (
        sa.select(lk.c.base_ours, lk.c.base_theirs, lk.c.doubtful, lk.c.books_id, lk.c.books_kind)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(d.c.source_kind == ref.kind.value, d.c.source_id == ref.id, lk.c.state == "live")
    )
    with house.house.core.engine.connect() as connection:
        return connection.execute(query).one()


def posted(house: DesktopHouse, ref: RecordRef) -> Decimal:
    """What the documents of a record come to in our sub-ledger, debits alone."""
    d, p = t.documents, t.postings
    query = (
        sa.select(sa.func.sum(p.c.cents))
        .select_from(p.join(d, d.c.id == p.c.document_id))
        .where(d.c.source_kind == ref.kind.value, d.c.source_id == ref.id, p.c.counts, p.c.cents > 0)
    )
    with house.house.core.engine.connect() as connection:
        return D(connection.execute(query).scalar_one()) / 100


# -- an answer to a change that leaves something out ---------------------------------------------------
@attrs.define(kw_only=True)
class Terse(QuickBooks):
    """A QuickBooks whose answers to changes leave certain members out."""

    without: str
    cut: int = 0

    def run(self, session: Session, text: str) -> str:
        answer = super().run(session, text)
        if "ModRs" not in answer:
            return answer
        short, cut = re.subn(rf"<{self.without}>.*?</{self.without}>", "", answer)
        self.cut += cut
        return short


@pytest.mark.parametrize("without", ["InvoiceLineRet", "Subtotal", "SalesTaxTotal", "TimeModified"])
def test_a_change_that_was_answered_in_part_is_read_back_and_agreed_on_whole(
    house: DesktopHouse, without: str
) -> None:
    (customer,) = house.customers(1)
    invoice = house.invoice(customer)
    sessions(house)
    draft = draft_of(invoice)
    dearer = attrs.evolve(draft.lines[0], quantity=D(3), unit_price=D("150.00"))
    house.office.corrected(invoice, attrs.evolve(draft, lines=[dearer]))
    terse = Terse(file=house.desktop.file, without=without)
    house.session(quickbooks=terse)
    house.session()
    assert terse.cut
    assert house.states() == {}, house.reasons()
    link = link_of(house, invoice.ref)
    assert "150.00" in str(link.base_ours)
    assert '"unit_price":"150"' in str(link.base_theirs)
    assert link.doubtful == ""
    assert posted(house, invoice.ref) == D("450.00")
    # Nothing is sent again.
    executed = house.desktop.file.processor.executed["InvoiceMod"]
    house.session()
    assert house.desktop.file.processor.executed["InvoiceMod"] == executed


# -- numbers that are taken over there -----------------------------------------------------------------
@contextlib.contextmanager
def own_numbers(house: DesktopHouse) -> Iterator[None]:
    """The company numbers its invoices without a prefix."""
    with house.house.turn() as turn:
        before = turn.policy
        rules_desk.change_policy(turn, attrs.evolve(before, number_prefix=""), actor=ADMIN)
    yield
    with house.house.turn() as turn:
        rules_desk.change_policy(turn, before, actor=ADMIN)


def entered_invoice(house: DesktopHouse, customer: Customer, number: str) -> str:
    """An invoice of the bookkeeper's; answers its id."""
    item = next(iter(house.desktop.file.company.records["ItemService"]))
    return house.desktop.enter(
        "Invoice",
        f"<CustomerRef><ListID>{link_of(house, customer.ref).books_id}</ListID></CustomerRef>"
        f"<RefNumber>{number}</RefNumber><InvoiceLineAdd><ItemRef><ListID>{item}</ListID></ItemRef>"
        "<Amount>40.00</Amount></InvoiceLineAdd>",
    )


def test_a_number_that_quickbooks_has_already_is_not_used_twice(house: DesktopHouse) -> None:
    (customer,) = house.customers(1)
    sessions(house)
    with own_numbers(house):
        free = house.invoice(customer)
        house.session()
        assert house.states() == {}, house.reasons()
        assert (
            house.desktop.all_of("Invoice")[link_of(house, free.ref).books_id].findtext("RefNumber")
            == free.number
        )
        theirs = entered_invoice(house, customer, str(int(free.number) + 1))
        invoice = house.invoice(customer)
        assert invoice.number == str(int(free.number) + 1)
        before = house.held()
        house.session()
        assert house.held() == before
        (said,) = [line for line in house.reasons() if line.startswith(str(invoice.ref))]
        assert f"its number {invoice.number} is already used in the books, by invoice {theirs}" in said
        house.desktop.bookkeeper.edit("Invoice", theirs, {"RefNumber": "T-77"})
        with house.house.turn() as turn:
            by_hand.try_again(turn, [invoice.ref], actor=ADMIN)
        house.session()
        assert link_of(house, invoice.ref).books_id
        house.desktop.bookkeeper.delete("Invoice", theirs)
        sessions(house)
    assert house.states() == {}, house.reasons()
    assert house.twice() == 0
