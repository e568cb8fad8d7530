"""What QuickBooks Desktop and the people at it do in their own way: short answers, numbers, discounts, names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.refs import RecordRef
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.sessions import Session
from blueops_qb.store import tables as t
from tests.desktop_house import DesktopHouse, sqlite_house

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


def link_of(house: DesktopHouse, ref: RecordRef) -> sa.Row[tuple[object, ...]]:
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
