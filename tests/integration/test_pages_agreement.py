"""Agreement through its pages: a period is compared, looked into, and certified; who may do which."""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

import attrs
import pytest

from blueops_qb.engine import certificate, rounds
from blueops_qb.sandbox.core.invoices import draft_of
from blueops_qb.store import tables as t
from tests.core_house import TENANT, Browser
from tests.office import DAY, PAGES, D, Office, office


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as made:
        made.go_live()
        yield made


def test_a_period_is_compared_looked_into_and_certified(shop: Office) -> None:
    ann = shop.customer("Ann Lee")
    fine, held = shop.invoice(ann, "125.00"), shop.invoice(ann, service="trenching")
    shop.drain()
    keeper = shop.browser("bookkeeper")
    page = keeper.get(f"{PAGES}/agreement")
    assert "No period has been compared yet" in page.text
    start, end = DAY.replace(day=1).isoformat(), DAY.isoformat()
    answer = keeper.post(f"{PAGES}/agreement", start=start, end=end)
    run = answer.headers["Location"]
    text = keeper.get(run).text
    for _ in range(10):
        if "Under way" not in text:
            break
        assert 'http-equiv="refresh"' in text  # it looks again by itself
        rounds.go(shop.engine, shop.id)  # as the runner does in the background
        shop.drain()
        text = keeper.get(run).text
    text = unescape(text)
    assert 'http-equiv="refresh"' not in text
    assert "Both sides agree" in text
    assert f"invoice:{held.id} is not in the books as it is now: held" in text
    assert "trenching" in text
    assert "125.00" in text
    account = re.findall(r'href="([^"]*account=[^"]*)">1100', text)[0]
    inner = unescape(keeper.get(account).text)
    assert "Ann Lee" in inner
    assert "All accounts" in inner
    assert keeper.get(f"{run}/certificate").status_code == 404
    page = keeper.get(keeper.post(f"{run}/certificate").headers["Location"])
    assert "The certificate is signed" in page.text
    file = shop.browser("viewer").get(f"{run}/certificate")
    assert file.headers["Content-Disposition"].startswith('attachment; filename="agreement-')
    checked = certificate.verify(file.data)
    assert checked.ok
    assert checked.sections["figures"]["documents"] == 1
    assert str(fine.id) not in {one["ref"] for one in checked.sections["differences"]}
    assert "Both agree" in keeper.get(f"{PAGES}/agreement").text


def test_a_viewer_looks_and_does_not_begin(shop: Office) -> None:
    viewer = shop.browser("viewer")
    assert "Compare</button>" not in viewer.get(f"{PAGES}/agreement").text
    viewer.get(f"{PAGES}/audit")  # brings the token of a form
    assert viewer.post(f"{PAGES}/agreement", start="2026-03-01", end="2026-03-31").status_code == 403
    assert viewer.get(f"{PAGES}/agreement/4711").status_code == 404


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [("soon", "2026-03-31", "Give both days"), ("2026-03-31", "2026-03-01", "turn the days round")],
)
def test_a_period_that_is_none_is_said_so(shop: Office, start: str, end: str, said: str) -> None:
    keeper = shop.browser("bookkeeper")
    keeper.get(f"{PAGES}/agreement")
    answer = keeper.post(f"{PAGES}/agreement", start=start, end=end)
    assert said in keeper.get(answer.headers["Location"]).text


def test_a_difference_is_accepted_with_a_reason_and_listed_so(shop: Office) -> None:
    invoice = shop.invoice(shop.customer("Ann Lee"), "125.00")
    shop.drain()
    with shop.core.begin(TENANT, actor="office") as tx:
        draft = draft_of(invoice)
        lines = [attrs.evolve(line, unit_price=D("130.00")) for line in draft.lines]
        tx.update_invoice(invoice.id, attrs.evolve(draft, lines=lines))
        tx.connection.execute(t.outbox.update().where(t.outbox.c.ref_id == invoice.id).values(state="done"))
    keeper = shop.browser("bookkeeper")
    keeper.get(f"{PAGES}/agreement")
    days: dict[str, Any] = {"start": DAY.replace(day=1).isoformat(), "end": DAY.isoformat()}
    run = keeper.post(f"{PAGES}/agreement", **days).headers["Location"]
    text = _done(shop, keeper, run)
    assert "1 difference</h2>" in text
    assert "Accept the difference</button>" in text
    assert "Accept the difference</button>" not in shop.browser("viewer").get(run).text
    answer = keeper.post(f"{run}/accept", ref=str(invoice.ref), reason=" ")
    assert "Say why both sides may stay different" in keeper.get(answer.headers["Location"]).text
    answer = keeper.post(f"{run}/accept", ref=str(invoice.ref), reason="sent on paper")
    assert answer.headers["Location"] != run
    text = _done(shop, keeper, answer.headers["Location"])
    assert "Both sides agree beside what people accepted" in text
    assert "Different, and accepted by a person" in text
    assert "bookkeeper accepted that difference on" in text
    assert ": sent on paper" in text
    assert "Both agree beside 1 accepted" in keeper.get(f"{PAGES}/agreement").text


def _done(shop: Office, keeper: Browser, run: str) -> str:
    for _ in range(20):
        text = unescape(keeper.get(run).text)
        if "Under way" not in text:
            return text
        rounds.go(shop.engine, shop.id)
        shop.drain()
    raise AssertionError(text)
