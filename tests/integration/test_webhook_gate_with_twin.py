"""A bookkeeper enters something in the books, the books tell the gate, and it arrives in core without any sweep."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest
import requests
import sqlalchemy as sa

from blueops_qb.domain.records import Payment
from blueops_qb.domain.refs import RecordKind
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.runners.threads import ThreadRunner
from blueops_qb.sandbox.core.pages.mount import make_wsgi
from blueops_qb.store import tables as t
from tests.office import Office, office
from tests.served import served

ADDRESS, TOKEN = "/gates/quickbooks/qbo/webhook", "verifier-of-the-twin"

#: The sweep is an hour away; what arrives while a test waits was told.
SETTINGS = EngineSettings(
    sweep_seconds=3600.0, core_sweep_seconds=3600.0, hint_seconds=0.2, backoff_seconds=0.1
)


@contextmanager
def working(shop: Office) -> Iterator[Engine]:
    """The thread runner on the office's tables."""
    engine = Engine(core=shop.engine.core, providers=shop.engine.providers, settings=SETTINGS)
    runner = ThreadRunner(engine, poll=0.1)
    runner.start()
    try:
        yield engine
    finally:
        runner.stop()


@pytest.fixture
def shop(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    monkeypatch.setenv("BLUEOPS_QB_QBO_WEBHOOK_TOKENS", TOKEN)
    with office(database_url, seed="empty") as made:
        settings = attrs.evolve(SETTINGS, owner=made.engine.settings.owner)
        made.engine.turns = attrs.evolve(made.engine.turns, settings=settings)
        made.go_live()
        yield made


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not arrive in time"
        time.sleep(0.05)


def payments(shop: Office) -> list[Payment]:
    found = shop.core.iterate(shop.tenant, kinds=[RecordKind.PAYMENT])
    return [s.record for s in found if isinstance(s.record, Payment) and not s.deleted]


def pay(shop: Office, customer: str, invoice: str, amount: float, number: str) -> dict[str, Any]:
    return shop.api(
        "Payment",
        {
            "CustomerRef": {"value": customer},
            "TotalAmt": amount,
            "PaymentRefNum": number,
            "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice, "TxnType": "Invoice"}]}],
        },
    )


def place(shop: Office, kind: str, id: str) -> str:
    d, lk = t.documents, t.links
    query = (
        sa.select(lk.c.books_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(d.c.source_kind == kind, d.c.source_id == id, lk.c.state == "live")
    )
    with shop.core.engine.connect() as connection:
        return str(connection.execute(query).scalar_one())


@pytest.mark.parametrize("style", ["old", "cloudevents"])
def test_a_payment_entered_in_the_books_arrives_within_seconds(shop: Office, style: str) -> None:
    ann = shop.customer()
    invoices = [shop.invoice(ann, price) for price in ("100.00", "40.00")]
    shop.drain()
    theirs = [place(shop, "invoice", invoice.id) for invoice in invoices]
    with served(make_wsgi(shop.core)) as base, working(shop):
        shop.twin_call(
            "webhooks",
            url=base + ADDRESS,
            token=TOKEN,
            format=style,
            gather_seconds=0.05,
            repeat=2,
            shuffle=7,
        )
        customer = place(shop, "customer", ann.id)
        pay(shop, customer, theirs[0], 100.0, "4711")
        until(lambda: len(payments(shop)) == 1)
        pay(shop, customer, theirs[1], 15.0, "4712")
        until(lambda: len(payments(shop)) == 2)
        until(lambda: not open_hints(shop))
    arrived = {payment.reference: payment for payment in payments(shop)}
    assert [str(arrived[number].amount) for number in ("4711", "4712")] == ["100.00", "15.00"]
    assert arrived["4712"].applications[0].invoice_id == invoices[1].id
    shop.twin_call("webhooks", url=None)


def open_hints(shop: Office) -> int:
    query = sa.select(sa.func.count()).select_from(t.hints).where(t.hints.c.processed_at.is_(None))
    with shop.core.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())


def test_what_the_gate_refuses_is_told_again_and_arrives_then(
    shop: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host had the wrong verifier token; after it is corrected the books' own repetition brings the change."""
    ann = shop.customer()
    invoice = shop.invoice(ann)
    shop.drain()
    provider: Any = shop.engine.providers["qbo"]
    wrong = attrs.evolve(
        provider, settings=attrs.evolve(provider.settings, webhook_tokens=("of another app",))
    )
    monkeypatch.setitem(shop.engine.turns.providers, "qbo", wrong)
    with served(make_wsgi(shop.core)) as base:
        shop.twin_call(
            "webhooks", url=base + ADDRESS, token=TOKEN, gather_seconds=0.0, retry_seconds=[0.3, 0.3]
        )
        pay(shop, place(shop, "customer", ann.id), place(shop, "invoice", invoice.id), 100.0, "1")
        until(lambda: statuses(shop) != [])
        assert set(statuses(shop)) == {401}
        assert open_hints(shop) == 0
    monkeypatch.undo()
    with served(make_wsgi(shop.core)) as base, working(shop):
        shop.twin_call("webhooks", url=base + ADDRESS, token=TOKEN)
        until(lambda: len(payments(shop)) == 1)
        assert statuses(shop)[-1] == 200
    shop.twin_call("webhooks", url=None)


def statuses(shop: Office) -> list[int]:
    shown = requests.get(f"{shop.twin.base_url}/twin/webhooks", timeout=60).json()
    return [attempt["status"] for attempt in shown["attempts"]]
