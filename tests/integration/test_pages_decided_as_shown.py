"""Pages send along what they showed: an old one settles nothing that its reader has not seen."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from blueops_qb.engine import choices
from blueops_qb.store import tables as t
from blueops_qb.store.types import new_id
from blueops_qb.web import conflicts
from tests.integration.test_pages_records import both_change_the_phone
from tests.integration.test_two_way_pages import conflict_id
from tests.office import PAGES, Office, office
from tests.page_forms import fields, form_of


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as opened:
        opened.go_live()
        yield opened


def change_there(shop: Office, id: str, **members: Any) -> None:
    theirs = shop.read("Customer", id)
    head = {"Id": id, "SyncToken": theirs["SyncToken"], "sparse": True}
    shop.api("Customer", {**head, **{name: {"FreeFormNumber": value} for name, value in members.items()}})


def phone_here(shop: Office, ann: Any) -> Any:
    found: Any = shop.core.read(shop.tenant, [ann.ref])[ann.ref].record
    return found.phone


def test_the_page_of_a_record_sends_along_what_it_showed(shop: Office) -> None:
    ann, id = both_change_the_phone(shop)
    keeper = shop.browser("bookkeeper")
    address = f"/conflicts/{conflict_id(shop)}"
    page = keeper.get(f"{PAGES}/records/customer/{ann.id}")
    sent = fields(page, form_of(page, address))
    change_there(shop, id, PrimaryPhone="666-000-0000")
    shop.poll()
    answer = keeper.post(f"{PAGES}{address}", **{**sent, "choice": "theirs"})
    assert "Nothing was changed" in keeper.get(answer.headers["Location"]).text
    shop.poll()
    assert phone_here(shop, ann) == "775-555-0199"


def test_a_page_that_does_not_tell_what_it_showed_settles_nothing(shop: Office) -> None:
    ann, _ = both_change_the_phone(shop)
    keeper = shop.browser("bookkeeper")
    keeper.get(f"{PAGES}/conflicts")
    address = f"{PAGES}/conflicts/{conflict_id(shop)}"
    for path in (address, f"{PAGES}/conflicts/record/customer/{ann.id}"):
        answer = keeper.post(path, choice="theirs", shown="")
        assert "Nothing was changed" in keeper.get(answer.headers["Location"]).text
    sides: dict[str, Any] = {"step": "apply", "side-phone": "theirs"}
    answer = keeper.post(f"{address}/sides", **sides)
    assert answer.status_code == 303, answer.text
    assert "Nothing was changed" in keeper.get(answer.headers["Location"]).text
    shop.poll()
    assert phone_here(shop, ann) == "775-555-0199"


def test_one_choice_for_all_settles_those_that_were_shown_and_no_more(shop: Office) -> None:
    ann, id = both_change_the_phone(shop)
    change_there(shop, id, Mobile="775-555-0001")
    shop.change(shop.core.read(shop.tenant, [ann.ref])[ann.ref].record, mobile="775-555-0002")  # type: ignore[arg-type]
    shop.poll()
    keeper = shop.browser("bookkeeper")
    page = keeper.get(f"{PAGES}/records/customer/{ann.id}")
    address = f"/conflicts/record/customer/{ann.id}"
    sent = fields(page, form_of(page, address))
    email = shop.read("Customer", id)
    head = {"Id": id, "SyncToken": email["SyncToken"], "sparse": True}
    shop.api("Customer", {**head, "PrimaryEmailAddr": {"Address": "books@example.com"}})
    shop.change(shop.core.read(shop.tenant, [ann.ref])[ann.ref].record, email="office@example.com")  # type: ignore[arg-type]
    shop.poll()
    answer = keeper.post(f"{PAGES}{address}", **{**sent, "choice": "ours"})
    told = keeper.get(answer.headers["Location"]).text
    shop.drain()
    c = t.conflicts
    with shop.core.engine.connect() as connection:
        groups = [row.group for row in connection.execute(c.select().where(c.c.state == "open"))]
    assert "Nothing was changed" in told  # the two that were shown are shown anew with the version of now
    assert sorted(groups) == ["email", "mobile", "phone"]
    page = keeper.get(f"{PAGES}/records/customer/{ann.id}")
    sent = fields(page, form_of(page, address))
    sent["shown"] = [one for one in sent["shown"] if not one.startswith(f"{_id_of(shop, 'email')}=")]
    keeper.post(f"{PAGES}{address}", **{**sent, "choice": "ours"})
    shop.drain()
    with shop.core.engine.connect() as connection:
        groups = [row.group for row in connection.execute(c.select().where(c.c.state == "open"))]
    assert groups == ["email"]
    assert shop.read("Customer", id)["PrimaryEmailAddr"]["Address"] == "books@example.com"


def _id_of(shop: Office, group: str) -> int:
    c = t.conflicts
    with shop.core.engine.connect() as connection:
        query = c.select().where(c.c.state == "open", c.c.group == group)
        return int(connection.execute(query).one().id)


def test_every_conflict_is_reached_by_pages(shop: Office) -> None:
    both_change_the_phone(shop)
    c = t.conflicts
    with shop.core.engine.begin() as connection:
        (row,) = connection.execute(c.select().where(c.c.state == "open")).mappings()
        more = 2 * conflicts.PAGE
        copies = [{**row, "id": new_id(), "group": f"copy{n}", "cause": "incoming"} for n in range(more)]
        connection.execute(c.insert(), copies)
        ids = set(connection.execute(c.select().where(c.c.state == "open")).scalars())
    keeper = shop.browser("bookkeeper")
    path: str | None = f"{PAGES}/conflicts"
    seen: list[int] = []
    while path is not None:
        page = keeper.get(path)
        seen += [int(part.split('"')[0]) for part in page.text.split('id="conflict-')[1:]]
        older = re.search(r'href="([^"]*)">Older<', page.text)
        path = older[1] if older else None
    assert (len(seen), set(seen)) == (len(ids), ids)
    assert f"{conflicts.PAGE} of {len(ids)} are shown" in keeper.get(f"{PAGES}/conflicts").text
    # A choice on an older page comes back to it.
    page = keeper.get(f"{PAGES}/conflicts?before={seen[conflicts.PAGE - 1]}")
    sent = fields(page, form_of(page, f"/conflicts/{seen[conflicts.PAGE]}"))
    assert sent["shown"] == choices.mark({**row, "cause": "incoming"})
    answer = keeper.post(f"{PAGES}/conflicts/{seen[conflicts.PAGE]}", **{**sent, "choice": "close"})
    assert answer.headers["Location"].endswith(f"before={seen[conflicts.PAGE - 1]}")
