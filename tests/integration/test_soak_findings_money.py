"""What the soak has found since customers' money is played in full, one by one and without chance."""

import datetime as dt

import attrs

from blueops_qb.domain.policy import OverJobs
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.posting.rules import post
from blueops_qb.domain.records import Job, LineKind, Payout
from blueops_qb.domain.refs import BooksKind, DocumentKey, ref_of_key
from blueops_qb.engine import connections
from blueops_qb.sdk.doors import Unknown
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse, connect
from tests.plumbing import DAY, D, check_of, company, invoice, simple_line
from tests.traps import take

pytest_plugins = ["tests.engine_fixtures"]

K = BooksKind
PAST = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def test_a_look_up_that_waits_for_its_turn_outlives_disconnecting(house: EngineHouse) -> None:
    house.drain()
    house.books.forgets_ids = True
    house.customer("Ann Lee")
    house.vendor("Copper Supply")
    out = take(house)
    house.provider.deliver(out.body)
    house.engine.finish(out.exchange_id, Unknown(why="the line was cut"))
    house.set(t.exchanges, t.exchanges.c.state == "uncertain", settle_at=PAST)
    o = t.operations
    first = take(house)
    assert len(house.rows(o, o.c.verb == Verb.FIND.value)) == 2
    if not house.rows(o, o.c.verb == Verb.FIND.value, o.c.state == "ready"):
        # Both look-ups left at once: one of them has to be made again.
        found = house.rows(o, o.c.verb == Verb.FIND.value, o.c.kind == K.VENDOR.value)
        house.set(o, o.c.id == found[-1].id, state="ready", exchange_id=None)
    connections.retire(house.core, house.id, house.tenant, actor="admin", keys=house.engine.keys)
    connect(house.engine, house.books, house.provider.name, house.tenant)
    house.engine.finish(first.exchange_id, house.provider.deliver(first.body))
    house.drain()
    assert [record.name for record in house.books.of(K.VENDOR)] == ["Copper Supply"]
    assert sum(b'"verb":"create"' in body for _, body in house.books.heard) == 1
    assert house.counted() == {"done": 2}


def test_a_payout_waits_for_every_part_of_a_payment() -> None:
    jobs = [Job(id=f"J{n}", customer_id="7", name=f"Job {n}") for n in (1, 2)]
    invoices = [
        attrs.evolve(
            invoice(simple_line(LineKind.SERVICE, "repair", price), total=price),
            id=f"5{n}",
            number=f"5{n}",
            job_id=f"J{n}",
        )
        for n, price in ((1, "85.57"), (2, "91.07"))
    ]
    payment = check_of("176.64", ("51", "85.57"), ("52", "91.07"), id="1")
    context = company(*jobs, *invoices, payment, over_jobs=OverJobs.SPLIT)
    parts = post(payment, context)
    assert isinstance(parts, Posted)
    second = DocumentKey(payment.ref, "main", 2)
    # The first part was refused and waits for a person; only the second one stands in the books.
    half = attrs.evolve(context, posted={second: parts.documents[second]})
    payout = Payout(id="3", date=DAY, account_key="checking", payment_ids=("1",), net=D("176.64"))
    result = post(payout, half)
    assert isinstance(result, Posted)
    (deposit,) = result.documents.values()
    named = {line.payment: line.amount for line in deposit.lines}  # type: ignore[union-attr]
    assert sum(named.values()) == D("176.64")
    assert set(named) == {ref_of_key(key) for key in parts.documents}
