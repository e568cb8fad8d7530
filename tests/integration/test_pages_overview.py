"""Overview and audit log: what needs a person, and the proof that nothing was altered."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from blueops_qb.domain.mapping import Family
from blueops_qb.sdk.hooks import Switch
from blueops_qb.store import tables as t
from tests.core_house import Browser
from tests.office import PAGES, Office, office


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


def test_the_overview_counts_everything_and_names_what_needs_a_person(both: Office) -> None:
    ann = both.customer()
    both.invoice(ann, service="trenching")
    both.drain()
    text = unescape(both.browser("viewer").get(f"{PAGES}/").text)
    assert "BlueOps and Three Peaks Plumbing are kept equal" in text
    assert "Not mapped" in text
    assert "Map them" in text
    assert "<b>1</b>Held" in text
    assert "own codes and rates" in text


def test_a_paused_plugin_says_so(shop: Office) -> None:
    shop.core.set_switch(shop.tenant, "quickbooks", Switch.PAUSED, actor="admin")
    assert "QuickBooks is paused in BlueOps" in shop.browser("viewer").get(f"{PAGES}/").text


def test_the_audit_log_shows_who_did_what_and_proves_itself(both: Office) -> None:
    admin = both.browser()
    both.map(Family.SERVICE, "unrelated", item=both.item("Drain"))
    page = admin.get(f"{PAGES}/audit")
    assert "Mapping changed" in page.text
    assert "The log is whole" in admin.post(f"{PAGES}/audit/verify").text
    with both.core.begin(both.tenant) as tx:
        a = t.audit
        tx.connection.execute(
            a.update().where(a.c.tenant_id == both.tenant, a.c.seq == 2).values(actor="nobody")
        )
    broken = admin.post(f"{PAGES}/audit/verify").text
    assert "The log was altered" in broken
    assert "Entry 2 was changed" in broken


def test_the_audit_log_is_paged(shop: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blueops_qb.web.audit_log.PAGE", 2)
    viewer = shop.browser("viewer")
    first = viewer.get(f"{PAGES}/audit").text
    older = re.search(r'href="([^"]*before=(\d+))">Older', first)
    assert older
    second = viewer.get(older[1]).text
    numbers = re.findall(r'scope="row" class="number">(\d+)<', second)
    assert numbers == [str(int(older[2]) - n) for n in (1, 2)]


def test_without_a_connection_every_page_says_how_to_begin(sqlite_url: str) -> None:
    with office(sqlite_url) as bare:
        admin: Browser = bare.browser()
        for page in ("/records", "/mapping", "/matching", "/policy", "/conflicts"):
            assert "No books are connected yet" in admin.get(f"{PAGES}{page}").text
        admin.get(f"{PAGES}/audit")
        answer = admin.post(f"{PAGES}/matching/build")
        assert "nothing was changed" in admin.get(answer.headers["Location"]).text
