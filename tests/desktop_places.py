"""A company file of QuickBooks Desktop whose branches are told in a way of the settings, and what came of it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.records import Invoice
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import agreement, agreement_figures, agreement_runs, due, rules_desk
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.demo.chart import Rules, rules_for
from blueops_qb.sandbox.demo.desktop import Desktop
from blueops_qb.sandbox.demo.house import TENANT, DemoHouse
from blueops_qb.sandbox.qbd.connector import Connector
from blueops_qb.store import tables as t
from tests.desktop_house import ADMIN, DesktopHouse


class Placed(Desktop):
    """A company file whose branches are told in a way of the settings."""

    def __init__(self, **settings: str) -> None:
        super().__init__()
        self.settings = settings

    def environment(self, base_url: str) -> dict[str, str]:
        told = {f"BLUEOPS_QB_QBD_{key.upper()}": value for key, value in self.settings.items()}
        return {**super().environment(base_url), **told}


def mapped(house: DesktopHouse, **places: str) -> None:
    """Choose where branches belong, out of what the catalog offers."""
    rules: Rules = {(Family.BRANCH, key): ("location", name) for key, name in places.items()}
    with house.house.turn() as turn:
        table = {**house.desktop.rules, **rules}
        rules_desk.change_mapping(turn, rules_for(turn.catalog, table, table=table), actor=ADMIN)


def invoiced(house: DesktopHouse, branch: str) -> Invoice:
    (customer,) = house.customers(1)
    line = attrs.evolve(house.office.service("repair", "Supply lines", "129.00"), class_key="")
    today = house.office.today
    return house.office.invoice(
        InvoiceDraft(customer_id=customer.id, lines=[line], issue_date=today, branch=branch)
    )


def client(house: DesktopHouse) -> Connector:
    """A Web Connector with the same .qwc on another computer."""
    usual = house.desktop.connector
    assert usual is not None
    return Connector(
        service=usual.service,
        quickbooks=usual.quickbooks,
        user=usual.user,
        password=usual.password,
        pause=0.05,
    )


def sessions(house: DesktopHouse, count: int = 2) -> None:
    for _ in range(count):
        house.session()


def look(house: DesktopHouse) -> None:
    """What was changed over there is due to be read now."""
    with house.house.turn() as turn:
        due.hurry(turn)
    sessions(house)


def here(house: DesktopHouse, invoice: Invoice) -> Invoice:
    found = house.house.core.read(TENANT, [invoice.ref])[invoice.ref].record
    assert isinstance(found, Invoice)
    return found


def raw_of(house: DesktopHouse, ref: RecordRef, kind: str = "Invoice") -> tuple[str, dict[str, Any]]:
    d, lk = t.documents, t.links
    query = (
        sa.select(lk.c.books_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(d.c.source_kind == ref.kind.value, d.c.source_id == ref.id, lk.c.state == "live")
    )
    with house.house.core.engine.connect() as connection:
        id = connection.execute(query).scalar_one()
    return id, house.desktop.file.company.records[kind][id]


def quiet(house: DesktopHouse) -> None:
    """Nothing is open, nobody is asked anything."""
    c = t.conflicts
    assert house.states() == {}, house.reasons()
    with house.house.core.engine.connect() as connection:
        told = connection.execute(sa.select(c.c.reason).where(c.c.state == "open")).scalars().all()
    assert told == []


def differences(house: DesktopHouse, *refs: RecordRef) -> list[str]:
    """What a comparison of the year with the books' own ledger finds of records."""
    demo, day = house.house, house.office.today
    assert isinstance(demo, DemoHouse)
    with demo.turn() as turn:
        id = agreement.ask(turn, dt.date(day.year, 1, 1), dt.date(day.year, 12, 31))
    for _ in range(10):
        house.session()
        run = agreement.advance(demo.plugin.engine, demo.connection_id, id)
        if not run.open:
            break
    assert run.state is agreement_runs.RunState.DONE, run
    with demo.core.engine.connect() as connection:
        found = list(agreement_figures.findings(connection, run.id, "difference"))
    return [finding.sentence for finding in found if finding.ref in map(str, refs)]
