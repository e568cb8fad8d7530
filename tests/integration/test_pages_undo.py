"""Undo through its page: the plan is shown in order, confirmed as shown or not at all, and followed to its end."""

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from blueops_qb.engine import backfill
from blueops_qb.store import tables as t
from tests.office import DAY, PAGES, Office, office
from tests.page_forms import fields, form_of


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as made:
        made.go_live()
        yield made


def confirmed(browser: Any, page: Any, **more: str) -> Any:
    """The form of the plan, sent; answers the page that follows."""
    sent = {**fields(page, form_of(page, "/undo") + 1), "sure": "yes", **more}
    return browser.get(browser.post(f"{PAGES}/undo", sent).headers["Location"])


def paid(shop: Office) -> tuple[Any, Any]:
    invoice = shop.invoice(shop.customer())
    shop.drain()
    payment = shop.pay(invoice, "100.00")
    shop.drain()
    return invoice, payment


def test_an_invoice_and_its_payment_are_undone_in_order_and_followed(shop: Office) -> None:
    invoice, payment = paid(shop)
    clerk = shop.browser("bookkeeper")
    record = clerk.get(f"{PAGES}/records/invoice/{invoice.id}").text
    assert f"/undo?records=invoice:{invoice.id}" in unescape(record).replace("%3A", ":")
    alone = clerk.get(f"{PAGES}/undo?records={invoice.ref}")
    assert "Nothing of it can be undone" in alone.text
    assert f"Undo {payment.ref} as well: name both." in unescape(alone.text)
    page = clerk.get(f"{PAGES}/undo?records={invoice.ref}+{payment.ref}")
    text = unescape(page.text)
    assert "2 documents would be taken out, in this order" in text
    assert text.index("Is voided; it stays in the books at 0.00") < text.index(
        "once nothing is applied to it"
    )
    assert f"After {payment.ref}" in text
    refused = clerk.get(clerk.post(f"{PAGES}/undo", fields(page, 1)).headers["Location"])
    assert "tick the box" in refused.text
    page = confirmed(clerk, page)
    assert "2 documents will be taken out" in page.text
    assert "Under way" in page.text
    assert 'http-equiv="refresh"' in page.text
    shop.drain()
    shop.drain()
    page = clerk.get(f"{PAGES}/undo")
    assert "Under way" not in page.text
    assert page.text.count("Undone") == 2
    assert {shop.state(r.ref) for r in (invoice, payment)} == {"not_posted"}
    clerk.post(f"{PAGES}/undo/take-back", records=str(invoice.ref))
    shop.drain()
    assert shop.state(invoice.ref) == "done"
    assert "Taken back" in clerk.get(f"{PAGES}/undo").text


def test_a_plan_that_moved_is_not_carried_out(shop: Office) -> None:
    invoice, payment = paid(shop)
    clerk = shop.browser("bookkeeper")
    page = clerk.get(f"{PAGES}/undo?records={invoice.ref}+{payment.ref}")
    with shop.turn() as turn:
        lk = t.links
        kind = "payment"
        id = turn.connection.execute(lk.select().where(lk.c.books_kind == kind)).one().books_id
    shown = shop.read("Payment", id)
    shop.api(
        "Payment", {"Id": id, "SyncToken": shown["SyncToken"], "sparse": True, "PrivateNote": "looked at"}
    )
    shop.poll()
    after = confirmed(clerk, page)
    assert "something of it has moved since the plan was shown" in after.text
    assert "somebody has changed it in the books since we wrote it" in unescape(after.text).lower()
    assert shop.read("Payment", id)["TotalAmt"] == shown["TotalAmt"]
    with shop.turn() as turn:
        assert turn.connection.execute(t.undos.select()).all() == []


def test_what_a_backfill_wrote_is_undone_and_nothing_else(shop: Office) -> None:
    ann = shop.customer()
    shop.drain()
    today = shop.invoice(ann, "70.00")
    shop.drain()
    old = shop.invoice(ann, "30.00")
    with shop.turn() as turn:
        # What came until now counts as from before; SQLite's clock knows thousandths of a second only.
        turn.set(live_since=turn.now + dt.timedelta(milliseconds=1))
    shop.drain()
    assert shop.state(old.ref) == "held"
    with shop.turn() as turn:
        backfill.start(turn, DAY, DAY, actor="admin")
    shop.drain()
    shop.drain()
    assert [shop.state(one.ref) for one in (today, old)] == ["done", "done"]
    clerk = shop.browser("bookkeeper")
    listed = re.search(r'<option value="(\d+)">2026', clerk.get(f"{PAGES}/undo").text)
    assert listed
    text = clerk.get(f"{PAGES}/undo?backfill={listed[1]}").text
    assert str(old.ref) in text
    assert str(today.ref) not in text
    assert str(ann.ref) not in text


def test_what_cannot_be_read_is_said_and_strangers_change_nothing(shop: Office) -> None:
    invoice, _ = paid(shop)
    clerk, viewer = shop.browser("bookkeeper"), shop.browser("viewer")
    for asked, said in (
        ("records=1041", "Name records as invoice:1041"),
        ("since=yesterday", "Write the moment as"),
        ("backfill=x", "Choose a backfill from the list"),
        ("backfill=9999999999999999999", "Choose a backfill from the list"),
    ):
        page = clerk.get(f"{PAGES}/undo?{asked}")
        assert page.status_code == 422
        assert said in page.text
    assert "Nothing of it can be undone" in clerk.get(f"{PAGES}/undo?backfill=7").text
    page = viewer.get(f"{PAGES}/undo?records={invoice.ref}")
    assert page.status_code == 200
    viewer.get(f"{PAGES}/audit")
    assert viewer.post(f"{PAGES}/undo", records=str(invoice.ref), sure="yes").status_code == 403
