"""Conflicts through the pages, without JavaScript: field by field, with preview, undo, and who changed what."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from blueops_qb.store import tables as t
from tests.integration.test_pages_records import both_change_the_phone
from tests.integration.test_two_way_qbo import issued, sold, there
from tests.office import PAGES, D, Office, office
from tests.page_forms import fields, form_of


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as opened:
        opened.go_live()
        yield opened


def conflict_id(shop: Office) -> int:
    c = t.conflicts
    with shop.core.engine.connect() as connection:
        return int(connection.execute(c.select().where(c.c.state == "open")).one().id)


def sides(shop: Office, keeper: Any) -> tuple[str, Any]:
    """The page of the only conflict and its address."""
    address = f"/conflicts/{conflict_id(shop)}/sides"
    return address, keeper.get(f"{PAGES}{address}")


def test_the_list_says_who_changed_what(shop: Office) -> None:
    both_change_the_phone(shop)
    page = shop.browser("bookkeeper").get(f"{PAGES}/conflicts").text
    ours, theirs = re.findall(r"changed by ([a-z ]+), (\d+ \w+ \d{4}, \d\d:\d\d)", page)
    assert (ours[0], theirs[0]) == ("office", "a bookkeeper")
    assert "Field by field, with preview" in page


def test_a_preview_shows_both_sides_and_changes_nothing(shop: Office) -> None:
    ann, _ = both_change_the_phone(shop)
    keeper = shop.browser("bookkeeper")
    address, page = sides(shop, keeper)
    sent = fields(page, form_of(page, address))
    shown = keeper.post(f"{PAGES}{address}", **{**sent, "side-phone": "ours", "step": "preview"})
    assert shown.status_code == 200
    assert "What would be written" in shown.text
    assert "PrimaryPhone" in shown.text
    assert "775-555-0199" in shown.text.split("To QuickBooks")[-1]
    shown = keeper.post(f"{PAGES}{address}", **{**sent, "side-phone": "theirs", "step": "preview"})
    assert "775-555-0155" in shown.text.split("To BlueOps")[-1]
    assert conflict_id(shop)
    assert shop.core.read(shop.tenant, [ann.ref])[ann.ref].record.phone == "775-555-0199"  # type: ignore[union-attr]


def test_a_choice_is_applied_then_undone(shop: Office) -> None:
    ann, id = both_change_the_phone(shop)
    keeper = shop.browser("bookkeeper")
    address, page = sides(shop, keeper)
    sent = fields(page, form_of(page, address))
    missing = keeper.post(f"{PAGES}{address}", **{**sent, "step": "apply"})
    assert missing.status_code == 422
    assert "choose a side for phone" in missing.text
    done = keeper.post(f"{PAGES}{address}", **{**sent, "side-phone": "ours", "step": "apply"})
    assert done.status_code == 303
    shop.drain()
    assert shop.read("Customer", id)["PrimaryPhone"]["FreeFormNumber"] == "775-555-0199"
    page = keeper.get(f"{PAGES}/conflicts")
    assert "Settled lately" in page.text
    assert "QuickBooks gets back what it had" in page.text
    action = re.search(rf'action="({PAGES}/conflicts/\d+/undo)"', page.text)
    assert action
    keeper.post(action[1])
    shop.drain()
    shop.poll()
    assert shop.read("Customer", id)["PrimaryPhone"]["FreeFormNumber"] == "775-555-0155"
    assert conflict_id(shop)
    shop.change(ann, phone="775-555-0111")


def test_a_choice_on_values_of_yesterday_is_refused_and_shown_anew(shop: Office) -> None:
    ann, _ = both_change_the_phone(shop)
    keeper = shop.browser("bookkeeper")
    address, page = sides(shop, keeper)
    sent = fields(page, form_of(page, address))
    shop.change(ann, phone="775-555-0122")
    refused = keeper.post(f"{PAGES}{address}", **{**sent, "side-phone": "theirs", "step": "apply"})
    page = keeper.get(refused.headers["Location"])
    assert "moved in BlueOps meanwhile" in page.text
    assert "775-555-0122" in page.text


def test_lines_are_picked_one_by_one(shop: Office) -> None:
    shop.map(t_family(), "repair", item=shop.item("Repair"))
    invoice = issued(shop, "100.00", "50.00")
    one, two = sold(there(shop, invoice))
    one = {**one, "Amount": 110}
    one["SalesItemLineDetail"] |= {"Qty": 1, "UnitPrice": 110}
    import attrs

    with shop.core.begin(shop.tenant, actor="office") as tx:
        dearer = attrs.evolve(invoice.lines[1], unit_price=D("60.00"), amount=D("60.00"))
        tx.save_invoice(attrs.evolve(invoice, lines=(invoice.lines[0], dearer), total=D("160.00")))
    head = {name: there(shop, invoice)[name] for name in ("Id", "SyncToken")}
    shop.api("Invoice", {**head, "sparse": True, "Line": [one, two]})
    shop.poll()
    keeper = shop.browser("bookkeeper")
    address, page = sides(shop, keeper)
    assert "Line by line" in page.text
    sent = fields(page, form_of(page, address))
    picked = {**sent, "side-lines": "each", "line-b1": "theirs", "line-b2": "ours", "step": "apply"}
    assert keeper.post(f"{PAGES}{address}", **picked).status_code == 303
    shop.drain()
    shop.poll()
    assert [float(line["Amount"]) for line in sold(there(shop, invoice))] == [110.0, 60.0]
    assert shop.core.read(shop.tenant, [invoice.ref])[invoice.ref].record.total == D("170.00")  # type: ignore[union-attr]


def t_family() -> Any:
    from blueops_qb.domain.mapping import Family

    return Family.SERVICE


def test_all_conflicts_of_a_record_have_one_button(shop: Office) -> None:
    ann, id = both_change_the_phone(shop)
    theirs = shop.read("Customer", id)
    head = {"Id": id, "SyncToken": theirs["SyncToken"], "sparse": True}
    shop.api("Customer", {**head, "Mobile": {"FreeFormNumber": "775-555-0001"}})
    shop.change(shop.core.read(shop.tenant, [ann.ref])[ann.ref].record, mobile="775-555-0002")  # type: ignore[arg-type]
    shop.poll()
    keeper = shop.browser("bookkeeper")
    page = keeper.get(f"{PAGES}/records/customer/{ann.id}")
    assert "BlueOps is right in all" in page.text
    address = f"/conflicts/record/customer/{ann.id}"
    keeper.post(f"{PAGES}{address}", **{**fields(page, form_of(page, address)), "choice": "theirs"})
    shop.poll()
    here: Any = shop.core.read(shop.tenant, [ann.ref])[ann.ref].record
    assert (here.phone, here.mobile) == ("775-555-0155", "775-555-0001")
    assert "There is no open conflict" in keeper.get(f"{PAGES}/conflicts").text


def test_coding_of_a_bookkeeper_stands_on_the_page_of_the_record(shop: Office) -> None:
    shop.map(t_family(), "repair", item=shop.item("Repair"))
    invoice = issued(shop, "100.00")
    (line,) = sold(there(shop, invoice))
    line["SalesItemLineDetail"]["ItemRef"] = {"value": shop.item("Install").id}
    head = {name: there(shop, invoice)[name] for name in ("Id", "SyncToken")}
    shop.api("Invoice", {**head, "sparse": True, "Line": [line]})
    shop.poll()
    page = shop.browser("bookkeeper").get(f"{PAGES}/records/invoice/{invoice.id}")
    assert "coded in QuickBooks" in page.text
    assert "the item Install" in page.text


def test_switches_of_single_groups_are_kept(shop: Office) -> None:
    admin = shop.browser("admin")
    page = admin.get(f"{PAGES}/policy")
    sent = fields(page, form_of(page, "/policy"))
    admin.post(f"{PAGES}/policy", **{**sent, "notes_overlap": "theirs"})
    with shop.turn() as turn:
        assert turn.policy.notes_overlap == "theirs"
        assert turn.policy.dates_overlap is None
