"""Records and conflicts through the pages: where everything stands, and what a person decides."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.mapping import Family
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.engine import rules_desk
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from tests.office import PAGES, Office, office
from tests.page_forms import fields, form_of


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as made:
        made.go_live()
        yield made


@pytest.fixture
def both(database_url: str) -> Iterator[Office]:
    """The same on each kind of database."""
    with office(database_url) as made:
        made.go_live()
        yield made


# -- records -------------------------------------------------------------------------------------------
def test_the_list_says_for_every_record_where_it_stands_and_why(both: Office) -> None:
    ann = both.customer()
    fine, held = both.invoice(ann, "125.00"), both.invoice(ann, service="trenching")
    both.drain()
    viewer = both.browser("viewer")
    text = unescape(viewer.get(f"{PAGES}/records").text)
    assert f"Invoice {fine.number}" in text
    assert "125.00" in text
    assert "In the books" in text
    assert "needs what is not mapped: service category “trenching”" in text
    assert "Map the named keys" in text
    attention = viewer.get(f"{PAGES}/records?view=attention").text
    assert f"/records/invoice/{held.id}" in attention
    assert f"/records/invoice/{fine.id}" not in attention
    assert f"/records/invoice/{fine.id}" not in viewer.get(f"{PAGES}/records?kind=customer").text
    assert "No record fits" in viewer.get(f"{PAGES}/records?text=nowhere").text
    assert "Retry ticked" not in attention  # a viewer only looks


def test_a_record_tells_why_each_account_was_chosen(shop: Office) -> None:
    invoice = shop.invoice(shop.customer())
    shop.drain()
    text = unescape(shop.browser("viewer").get(f"{PAGES}/records/invoice/{invoice.id}").text)
    assert "Why these accounts" in text
    assert "The service category is “repair”" in text or "the service category is “repair”" in text
    assert "saved by admin on " in text


def test_the_list_is_paged_by_key(both: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueops_qb.web.records.PAGE", 2)
    for n in range(5):
        both.customer(f"Customer {n}")
    viewer = both.browser("viewer")
    seen: list[str] = []
    path = f"{PAGES}/records?kind=customer"
    while path:
        text = unescape(viewer.get(path).text)
        seen += re.findall(r">(Customer \d)</a>", text)
        older = re.search(r'href="([^"]*before=[^"]*)">Older', text)
        path = older[1] if older else ""
    assert seen == [f"Customer {n}" for n in (4, 3, 2, 1, 0)]


def test_ticked_records_are_tried_again(shop: Office) -> None:
    held = shop.invoice(shop.customer(), service="trenching")
    shop.drain()
    keeper = shop.browser("bookkeeper")
    keeper.get(f"{PAGES}/records")
    answer = keeper.post(f"{PAGES}/records/retry", ref=[str(held.ref)], press="ticked")
    assert "1 record is tried again" in keeper.get(answer.headers["Location"]).text
    assert shop.state(held.ref) == "pending"
    shop.drain()
    assert shop.state(held.ref) == "held"
    answer = keeper.post(f"{PAGES}/records/retry", press="all", view="attention")
    assert shop.state(held.ref) == "pending"
    answer = keeper.post(f"{PAGES}/records/retry", press="ticked", ref=["nonsense"])
    assert "Nothing was ticked" in keeper.get(answer.headers["Location"]).text


def test_the_record_page_tells_the_whole_story(both: Office) -> None:
    ann = both.customer()
    invoice = both.invoice(ann, "125.00")
    both.drain()
    text = unescape(both.browser("viewer").get(f"{PAGES}/records/invoice/{invoice.id}").text)
    assert "Both sides agree" in text
    assert text.count(f"BO-{invoice.number}") == 2  # on both sides
    assert "1100 Accounts Receivable" in text
    assert "4010 Repair & Service Labor" in text
    assert "Create invoice" in text
    assert f"{both.twin.base_url}/app/" in text  # opens the books' own page
    exchange = re.search(r"<code>([0-9a-f]{24})</code>", text)
    assert exchange


def test_a_payment_shows_what_it_settles(shop: Office) -> None:
    invoice = shop.invoice(shop.customer(), "80.00")
    shop.drain()
    payment = shop.pay(invoice, "80.00")
    shop.drain()
    text = unescape(shop.browser("viewer").get(f"{PAGES}/records/payment/{payment.id}").text)
    assert text.count(f"Invoice {invoice.number} · 80.00") == 2
    assert "1090 Undeposited Funds" in text


def test_a_record_that_waits_can_be_held_back_and_sent_later(shop: Office) -> None:
    ann = shop.customer()
    shop.drain()
    invoice = shop.invoice(ann)
    keeper = shop.browser("bookkeeper")
    keeper.get(f"{PAGES}/records/invoice/{invoice.id}")
    answer = keeper.post(f"{PAGES}/records/invoice/{invoice.id}/hold")
    page = keeper.get(answer.headers["Location"])
    assert "was held back by bookkeeper" in page.text
    shop.drain()
    assert shop.state(invoice.ref) == "held"
    shop.map(Family.SERVICE, "unrelated", item=shop.item("Drain"))  # releases others, not this one
    assert shop.state(invoice.ref) == "held"
    keeper.post(f"{PAGES}/records/invoice/{invoice.id}/retry")
    shop.drain()
    assert shop.state(invoice.ref) == "done"
    answer = keeper.post(f"{PAGES}/records/invoice/{invoice.id}/hold")
    assert "cannot be held back" in keeper.get(answer.headers["Location"]).text


def test_a_person_chooses_on_the_page_what_happens_in_a_closed_period(shop: Office) -> None:
    invoice = shop.invoice(shop.customer())
    with shop.turn() as turn:
        rules_desk.change_policy(
            turn, attrs.evolve(turn.policy, closed_period=ClosedPeriod.ASK), actor="admin"
        )
        closed = attrs.evolve(turn.profile, closing_date=invoice.issue_date)
        turn.set(profile_json=wire.dump(closed))
    shop.drain()
    assert shop.state(invoice.ref) == "held"
    keeper = shop.browser("bookkeeper")
    page = keeper.get(f"{PAGES}/records/invoice/{invoice.id}").text
    assert "Date it on the first open day" in page
    keeper.post(f"{PAGES}/records/invoice/{invoice.id}/choose", topic="closed_period", value="adjust")
    keeper.post(f"{PAGES}/records/invoice/{invoice.id}/choose", topic="closed_period", value="redate")
    shop.drain()
    assert shop.state(invoice.ref) == "done"
    answer = keeper.post(f"{PAGES}/records/invoice/{invoice.id}/choose", topic="colour", value="red")
    assert "cannot be chosen" in unescape(keeper.get(answer.headers["Location"]).text)


def test_what_was_queued_is_taken_back_by_a_hold(shop: Office) -> None:
    ann = shop.customer()
    shop.drain()
    invoice = shop.invoice(ann)
    assert shop.engine.work_pending(shop.id)  # planned, not handed out
    assert shop.state(invoice.ref) == "waiting"
    keeper = shop.browser("bookkeeper")
    keeper.get(f"{PAGES}/records")
    keeper.post(f"{PAGES}/records/invoice/{invoice.id}/hold")
    assert shop.drain() == 0
    keeper.post(f"{PAGES}/records/invoice/{invoice.id}/retry")
    shop.drain()
    assert shop.state(invoice.ref) == "done"
    assert len(re.findall("Create invoice", keeper.get(f"{PAGES}/records/invoice/{invoice.id}").text)) == 2


# -- conflicts -----------------------------------------------------------------------------------------
def both_change_the_phone(shop: Office) -> tuple[Any, str]:
    """A customer whose phone moved on both sides; answers it and its id in the books."""
    ann = shop.customer(phone="775-555-0100")
    shop.drain()
    with shop.core.engine.connect() as connection:
        lk = t.links
        query = sa.select(lk.c.books_id).where(lk.c.books_kind == "customer").order_by(lk.c.linked_at.desc())
        id = str(connection.execute(query.limit(1)).scalar_one())
    theirs = shop.read("Customer", id)
    phone = {"FreeFormNumber": "775-555-0155"}
    shop.api("Customer", {"Id": id, "SyncToken": theirs["SyncToken"], "sparse": True, "PrimaryPhone": phone})
    ann = shop.change(ann, phone="775-555-0199")
    shop.poll()
    shop.drain()
    assert shop.state(ann.ref) == "conflict"
    return ann, id


@pytest.mark.parametrize(("choice", "phone"), [("ours", "775-555-0199"), ("theirs", "775-555-0155")])
def test_a_conflict_shows_both_sides_and_follows_the_choice(shop: Office, choice: str, phone: str) -> None:
    ann, id = both_change_the_phone(shop)
    keeper = shop.browser("bookkeeper")
    page = keeper.get(f"{PAGES}/conflicts")
    for shown in ("775-555-0100", "775-555-0199", "775-555-0155", "BlueOps is right"):
        assert shown in page.text
    page = keeper.get(f"{PAGES}/records/customer/{ann.id}")  # the record's page offers the same
    action = re.search(rf'action="({PAGES}/conflicts/\d+)"', page.text)
    assert action
    assert f'name="back" value="{ann.ref}"' in page.text
    sent = fields(page, form_of(page, action[1].removeprefix(PAGES)))
    answer = keeper.post(action[1], **sent, choice=choice)
    assert answer.headers["Location"] == f"{PAGES}/records/customer/{ann.id}"
    shop.poll()
    shop.drain()
    assert shop.read("Customer", id)["PrimaryPhone"]["FreeFormNumber"] == phone
    assert shop.core.read(shop.tenant, [ann.ref])[ann.ref].record.phone == phone  # type: ignore[union-attr]
    assert "There is no open conflict" in keeper.get(f"{PAGES}/conflicts").text
    again = keeper.post(action[1], **{**sent, "choice": choice, "back": ""})
    assert "settled already" in keeper.get(again.headers["Location"]).text


def test_a_choice_that_is_not_offered_changes_nothing(shop: Office) -> None:
    both_change_the_phone(shop)
    keeper = shop.browser("bookkeeper")
    page = keeper.get(f"{PAGES}/conflicts")
    action = re.search(rf'action="({PAGES}/conflicts/\d+)"', page.text)
    assert action
    sent = fields(page, form_of(page, action[1].removeprefix(PAGES)))
    answer = keeper.post(action[1], **{**sent, "choice": "burn"})
    assert "Nothing was changed" in keeper.get(answer.headers["Location"]).text
    assert "Changed on both sides" in keeper.get(f"{PAGES}/conflicts").text
