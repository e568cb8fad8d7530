"""A subtotal item that a bookkeeper made after the lists were read: its line brings no money, at once and later."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal as D

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import due
from blueops_qb.sandbox.core.invoices import InvoiceDraft, draft_of
from blueops_qb.store import tables as t
from tests.desktop_house import DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("items")) as found:
        found.session()
        yield found


def open_conflicts(house: DesktopHouse) -> list[str]:
    c = t.conflicts
    with house.house.core.engine.connect() as connection:
        return list(connection.execute(sa.select(c.c.reason).where(c.c.state == "open")).scalars())


def id_of(house: DesktopHouse, ref: RecordRef) -> str:
    d, lk = t.documents, t.links
    query = (
        sa.select(lk.c.books_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(d.c.source_kind == ref.kind.value, d.c.source_id == ref.id, lk.c.state == "live")
    )
    with house.house.core.engine.connect() as connection:
        return str(connection.execute(query).scalar_one())


def put_behind(house: DesktopHouse, id: str, item: str) -> None:
    """The bookkeeper puts a line with the item behind all lines of an invoice."""
    raw = house.desktop.file.company.records["Invoice"][id]
    kept = "".join(
        f"<InvoiceLineMod><TxnLineID>{x['TxnLineID']}</TxnLineID></InvoiceLineMod>" for x in raw["Lines"]
    )
    house.desktop.change(
        "Invoice",
        f"<TxnID>{id}</TxnID><EditSequence>{raw['EditSequence']}</EditSequence>{kept}"
        f"<InvoiceLineMod><TxnLineID>-1</TxnLineID><ItemRef><ListID>{item}</ListID></ItemRef></InvoiceLineMod>",
    )


@pytest.mark.parametrize("first_seen", ["by the feed", "by a change that is stale"])
def test_a_subtotal_item_made_since_the_lists_were_read_brings_no_money(
    house: DesktopHouse, first_seen: str
) -> None:
    (customer,) = house.customers(1)
    lines = [
        attrs.evolve(house.office.service("repair", f"Line {n}", "100.00"), quantity=D(1)) for n in (1, 2)
    ]
    invoice = house.office.invoice(
        InvoiceDraft(customer_id=customer.id, lines=lines, issue_date=house.office.today)
    )
    for _ in range(2):
        house.session()
    company = house.desktop.file.company
    id = id_of(house, invoice.ref)
    item = house.desktop.enter("ItemSubtotal", f"<Name>Sum {first_seen}</Name>")
    put_behind(house, id, item)
    if first_seen == "by the feed":
        with house.house.turn() as turn:
            due.hurry(turn)
        for _ in range(2):
            house.session()
        assert house.states() == {}, house.reasons()
        assert open_conflicts(house) == []
    draft = draft_of(invoice)
    dearer = attrs.evolve(draft.lines[1], unit_price=D("150.00"))
    house.office.corrected(invoice, attrs.evolve(draft, lines=[draft.lines[0], dearer]))
    for _ in range(3):
        house.session()
    assert house.states() == {}, house.reasons()
    assert open_conflicts(house) == []
    there = company.records["Invoice"][id]["Lines"]
    assert [line.get("Amount") for line in there] == ["100.00", "150.00", "250.00"]
    with house.house.turn() as turn:
        assert item in turn.profile.subtotal_items
