"""Agreement through its pages: a period is compared, looked into, and certified; who may do which."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from blueops_qb.engine import certificate, rounds
from tests.office import DAY, PAGES, Office, office


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
