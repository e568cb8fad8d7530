"""Serves core and the gate with a day's work pending for any Web Connector: `demo --books qbd --serve-only`.

Nothing is asked of the company file that will come: its lists count as known, as those of a new practice file, and are
named by their full names. So whatever QuickBooks stands behind the Web Connector, it is handed the whole day.
"""

from __future__ import annotations

import contextlib
import json
import random
import sys
import threading
import time
from collections import Counter
from decimal import Decimal

import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.engine import callers, due, matching, rules_desk
from blueops_qb.sandbox import last_demo
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.demo.chart import Rules, rules_for
from blueops_qb.sandbox.demo.desktop import Desktop
from blueops_qb.sandbox.demo.desktop_chart import DESKTOP_RULES
from blueops_qb.sandbox.demo.house import HOST, TENANT, DemoHouse, check_port, demo_house
from blueops_qb.sandbox.demo.office import Office
from blueops_qb.sandbox.demo.running import FAILED, SEED, TROUBLES, Ended, ends_by_signal
from blueops_qb.sdk.doors import Answered
from blueops_qb.store import tables as t

ADMIN = f"{TENANT}-admin"
#: What a new practice file lacks of the demo's own lists: nothing here is taxed, and no list is written.
_RULES: Rules = {
    **{key: target for key, target in DESKTOP_RULES.items() if key[0] is not Family.TAX},
    (Family.FEE, "discount"): ("item", "Allowance"),
}
#: Seconds until the books are looked at for changes; what was handed out is settled long before.
_LOOK_AGAIN = 6 * 3600.0


def serve(*, port: int = 0, db: str | None = None, seed: int = SEED) -> int:
    """Serve until the process is interrupted; the first line of stdout is READY and how to get in.

    The exit code is 1 where it could not begin.
    """
    try:
        _serve(port=port, db=db, seed=seed)
    except Ended:
        return 0
    except TROUBLES as trouble:
        print(f"The demo could not go on: {trouble}", file=sys.stderr, flush=True)
    return FAILED


def _serve(*, port: int, db: str | None, seed: int) -> None:
    with contextlib.ExitStack() as stack:
        stack.enter_context(ends_by_signal())
        check_port(port)
        url = db or f"sqlite:///{stack.enter_context(last_demo.fresh_database())}"
        theirs = Desktop(lists_by_name=True)
        house = stack.enter_context(demo_house(db_url=url, port=port, books="", theirs=theirs))
        last_demo.remember(url, house.environment)
        invited = _let_in(house)
        _know(house, theirs)
        _map(house)
        _work(Office(house.core, TENANT, random.Random(seed)))
        pending = _plan(house, theirs)
        ready = {
            "app_url": f"{house.base_url.replace(HOST, 'localhost')}/gates/quickbooks/{theirs.provider}",
            "username": invited.caller.user,
            "password": invited.password,
            "pending": pending,
        }
        print(f"READY {json.dumps(ready)}", flush=True)
        threading.Event().wait()


def _let_in(house: DemoHouse) -> callers.Invited:
    return callers.invite(
        house.core,
        TENANT,
        house.theirs.provider,
        company_name="",
        actor=ADMIN,
        keys=house.plugin.engine.keys,
    )


def _know(house: DemoHouse, theirs: Desktop) -> None:
    """Answer what is asked of the lists before anything is written, as a new practice file would, by names."""
    engine = house.plugin.engine
    while (outgoing := engine.next_exchange(house.connection_id)) is not None:
        told = theirs.address.ask(outgoing.body.decode("ascii"))
        engine.finish(outgoing.exchange_id, Answered(body=told.encode()))
    with house.turn() as turn:
        turn.connection.execute(
            t.feeds.update()
            .where(t.feeds.c.connection_id == turn.id, t.feeds.c.feed == due.CHANGES)
            .values(due_at=turn.now + turn.scaled(_LOOK_AGAIN))
        )
        matching.build(turn)
        matching.approve(turn, actor=ADMIN)


def _map(house: DemoHouse) -> None:
    with house.turn() as turn:
        rules_desk.change_mapping(turn, rules_for(turn.catalog, _RULES, table=_RULES), actor=ADMIN)


def _work(office: Office) -> None:
    """A day at the company; everything hangs together, so that all of it goes in the right order."""
    ada = office.customer("Ada Hill", email="ada.hill@example.com", phone="775 555 2671", street="1 Pump St")
    dental = office.customer("Marlow Dental Group", phone="775 555 3380", street="52 Mill St")
    rosa = office.customer("Rosa Delgado", phone="775 555 0171", street="8 Alder St")
    kitchen = office.job(ada, "Kitchen repipe", street="1 Pump St", class_key="service")
    roughin = office.job(dental, "Operatory rough-in", street="52 Mill St", class_key="install")
    supplier = office.vendor("Copper & Main Supply", street="3 Depot St", phone="775 555 0190")
    drywall = office.vendor("Ortega Drywall", street="9 Cedar Ave", is_1099=True)

    def raised(customer: str, job: str | None, *lines: LineDraft, percent: int = 0) -> InvoiceDraft:
        return InvoiceDraft(
            customer_id=customer,
            job_id=job,
            lines=list(lines),
            issue_date=office.today,
            discount_percent=Decimal(percent),
        )

    pipe = office.material("pipe_fittings", "PEX pipe", "18.95", discount="10", taxable=False)
    invoices = [
        office.invoice(draft)
        for draft in (
            raised(ada.id, kitchen.id, office.service("repair", "Supply lines replaced", "129.00"), pipe),
            raised(ada.id, kitchen.id, office.fee("trip", "Trip fee", "59.00")),
            raised(dental.id, roughin.id, office.service("inspection", "Rough-in inspected", "95.00")),
            raised(dental.id, roughin.id, office.service("install", "Chair plumbed in", "140.00"), percent=5),
            raised(rosa.id, None, office.service("drain_cleaning", "Main drain cleared", "180.00")),
        )
    ]
    card = office.card_payment(invoices[0], "ch_3Qf81")
    check = office.check_payment([invoices[2], invoices[3]], "2207")
    office.card_purchase(supplier, [kitchen, roughin], "R-8841")
    office.subcontractor_bill(drywall, roughin, "OD-311")
    office.payout([card])
    office.payout([check])


def _plan(house: DemoHouse, theirs: Desktop) -> dict[str, int]:
    """Plan everything; answers how many objects of each kind are to be added, by the name of their message."""
    engine, o = house.plugin.engine, t.operations
    while engine.work_pending(house.connection_id):
        time.sleep(0)
    query = sa.select(o.c.kind).where(o.c.connection_id == house.connection_id, o.c.verb == "create")
    with house.core.engine.connect() as connection:
        found = Counter(theirs.word(kind) for kind in connection.execute(query).scalars())
    return dict(sorted(found.items()))
