"""Invoices for benches: a linked customer, a mapped category, events of three lines, and how many are in the books."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Sequence
from decimal import Decimal

import sqlalchemy as sa

from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import Customer, Invoice, InvoiceLine, LineKind
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine import rulebook
from blueops_qb.engine.turn import Turn
from blueops_qb.sandbox.bench.house import TENANT, BenchHouse, link_customer
from blueops_qb.sdk.hooks import Action, Event, Switch
from blueops_qb.store import tables as t

_SWITCHES = {"quickbooks": Switch.ON}


def ready_customer(house: BenchHouse, connection_id: str, tenant_id: str = TENANT) -> Customer:
    """A customer that is linked with the books' first, the one category mapped, and nothing else to do."""
    with house.reference.begin(tenant_id) as tx:
        customer = tx.create_customer(Customer(id="", name=f"Bench customer {uuid.uuid4().hex[:6]}"))
    link_customer(house, connection_id, customer, "1")
    rule = MapRule(family=Family.SERVICE, key="repair", target=Target(item=BooksRef(BooksKind.ITEM, "1")))
    with house.engine.turns.open(connection_id) as turn:
        assert turn is not None
        map_only(turn, [rule])
        # Nothing but the invoices is measured.
        turn.connection.execute(t.outbox.delete().where(t.outbox.c.tenant_id == tenant_id))
    return customer


def map_only(turn: Turn, rules: Sequence[MapRule]) -> None:
    """These rules are the mapping."""
    rulebook.save_mapping(turn.connection, turn.id, rules, version=1, actor="bench", now=turn.now)
    turn.set(mapping_version=1)


def next_number() -> int:
    """Numbers that no earlier run against the same server has used."""
    return int(time.time()) % 100_000_000 * 10_000


def raised(customer: Customer, number: int, tenant_id: str = TENANT) -> Event:
    """An invoice of three lines was raised."""
    lines = tuple(
        InvoiceLine(
            line_id=str(n),
            kind=LineKind.SERVICE,
            description=description,
            quantity=Decimal(2),
            unit_price=price,
            amount=2 * price,
            service_category="repair",
        )
        for n, (description, price) in enumerate(
            (("Repair", Decimal("129.00")), ("Second visit", Decimal("59.00")), ("Parts", Decimal("18.95"))),
            start=1,
        )
    )
    invoice = Invoice(
        id=str(number),
        number=str(number),
        customer_id=customer.id,
        issue_date=dt.date.today(),
        lines=lines,
        total=sum((line.amount for line in lines), Decimal("0.00")),
    )
    return Event(
        id=uuid.uuid4().hex,
        tenant_id=tenant_id,
        ref=invoice.ref,
        action=Action.CREATED,
        revision=number,
        occurred_at=dt.datetime.now(dt.UTC),
        record=invoice,
        actor="bench",
    )


def announce(house: BenchHouse, events: Sequence[Event], *, per_transaction: int) -> None:
    """Tell the hook of the events, in transactions of core."""
    for start in range(0, len(events), per_transaction):
        with house.reference.begin(events[0].tenant_id) as tx:
            for event in events[start : start + per_transaction]:
                house.reference.announce("invoice_created", event, tx.connection, _SWITCHES)


def created(house: BenchHouse, connection_id: str) -> int:
    """How many invoices have a live link."""
    lk = t.links
    query = sa.select(sa.func.count()).where(
        lk.c.connection_id == connection_id, lk.c.books_kind == "invoice", lk.c.state == "live"
    )
    with house.core.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def still_open(house: BenchHouse, tenant_id: str = TENANT) -> str:
    """State and reason of an event that is not done; empty when all are."""
    o = t.outbox
    query = sa.select(o.c.state, o.c.reason).where(o.c.tenant_id == tenant_id, o.c.state != "done").limit(1)
    with house.core.engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return str(tuple(row)) if row else ""
