"""The match plan through its page: made, decided, accepted; one record is never given twice."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.core_house import Browser
from tests.office import PAGES, Office, office
from tests.page_forms import fields, form_of


@pytest.fixture
def fresh(sqlite_url: str) -> Iterator[Office]:
    """Connected, nothing read and nothing matched yet."""
    with office(sqlite_url) as made:
        made.bind()
        yield made


def test_the_plan_is_made_decided_and_accepted(fresh: Office) -> None:
    known, new, taken = (
        fresh.customer(name, email="") for name in ("Eastgate Bakery", "Ann Lee", "Sierra Pipe Supply")
    )
    admin = fresh.browser("bookkeeper")
    admin.get(f"{PAGES}/audit")  # brings the token of a form
    assert "are being read" in admin.get(f"{PAGES}/matching").text
    assert "cannot be made yet" in admin.get(admin.post(f"{PAGES}/matching/build").headers["Location"]).text
    fresh.drain()
    admin.get(f"{PAGES}/matching")
    page = admin.get(admin.post(f"{PAGES}/matching/build").headers["Location"])
    assert "Sierra Pipe Supply" in page.text  # what needs a decision comes first
    assert "proposed" in admin.get(f"{PAGES}/matching?bucket=exact").text
    page = admin.get(f"{PAGES}/matching?bucket=taken")
    answer = admin.post(
        f"{PAGES}/matching", fields(page, form_of(page, "/matching")), **{f"choice-{taken.ref}": "create"}
    )
    assert "1 decision saved" in admin.get(answer.headers["Location"]).text
    assert admin.post(f"{PAGES}/matching/approve").status_code == 303
    assert fresh.row()["state"] == "matching"  # the tick was missing
    page = admin.get(f"{PAGES}/matching")
    sent = fields(page, form_of(page, "/matching/approve"))
    page = admin.get(admin.post(f"{PAGES}/matching/approve", sent, sure="yes").headers["Location"])
    assert "1 records are linked" in page.text
    assert fresh.row()["state"] == "live"
    fresh.drain()
    assert [fresh.state(c.ref) for c in (known, new, taken)] == ["done", "done", "done"]
    fresh.change(taken, name="Sierra Pipe Supply (customer)")
    fresh.drain()
    assert fresh.state(taken.ref) == "done"


def test_one_record_of_the_books_is_never_given_to_two_of_ours(fresh: Office) -> None:
    first, second = (fresh.customer(name, email="") for name in ("Eastgate Bakery", "Eastgate Bakery East"))
    fresh.drain()
    admin = fresh.browser()
    admin.get(f"{PAGES}/matching")
    admin.post(f"{PAGES}/matching/build")
    page = admin.get(f"{PAGES}/matching?bucket=none")
    wish = fields(admin.get(f"{PAGES}/matching?bucket=exact"), 0)[f"choice-{first.ref}"]
    assert f'value="{wish}"' in page.text  # it is offered, because the names are alike
    shown = fields(page, form_of(page, "/matching"))
    answer = admin.post(f"{PAGES}/matching", shown, **{f"choice-{second.ref}": wish})
    assert (
        "is matched with “Eastgate Bakery” in BlueOps already" in admin.get(answer.headers["Location"]).text
    )
    answer = admin.post(f"{PAGES}/matching", shown, **{f"choice-{second.ref}": "link:99999"})
    assert "there is no customer 99999 in the books" in admin.get(answer.headers["Location"]).text


def imported(browser: Browser, data: bytes) -> Any:
    """Send a file as a browser does."""
    token = f'--cut\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{browser.token}\r\n'
    head = '--cut\r\nContent-Disposition: form-data; name="file"; filename="plan.csv"\r\n\r\n'
    body = b"".join((token.encode(), head.encode(), data, b"\r\n--cut--\r\n"))
    kind = "multipart/form-data; boundary=cut"
    return browser.client.post(f"{PAGES}/matching/import", data=body, content_type=kind)


def test_the_plan_of_a_large_company_comes_back_as_one_file(fresh: Office) -> None:
    ann = fresh.customer("Ann Lee", email="")
    fresh.drain()
    admin = fresh.browser()
    admin.get(f"{PAGES}/matching")
    admin.post(f"{PAGES}/matching/build")
    text = admin.get(f"{PAGES}/matching/export").text
    decided = text.replace(f"{ann.ref},Ann Lee,none,0,?create,", f"{ann.ref},Ann Lee,none,0,skip,", 1)
    assert decided != text
    padding = "," * 9 + "\r\n"
    data = (decided + padding * (2 * 1024 * 1024 // len(padding))).encode()
    answer = imported(admin, data)
    assert answer.status_code == 303
    assert "1 skip" in admin.get(answer.headers["Location"]).text
    assert imported(admin, b"x" * 30_000_000).status_code == 413


def test_what_is_linked_is_not_linked_with_another_by_the_plan(fresh: Office) -> None:
    known = fresh.customer("Eastgate Bakery", email="")
    fresh.drain()
    admin = fresh.browser()
    admin.get(f"{PAGES}/matching")
    admin.post(f"{PAGES}/matching/build")
    wish = fields(admin.get(f"{PAGES}/matching?bucket=exact"), 0)[f"choice-{known.ref}"]
    page = admin.get(f"{PAGES}/matching?bucket=exact")
    admin.post(f"{PAGES}/matching/approve", fields(page, form_of(page, "/matching/approve")), sure="yes")
    page = admin.get(f"{PAGES}/matching?bucket=exact")
    shown = fields(page, form_of(page, "/matching"))
    answer = admin.post(f"{PAGES}/matching", shown, **{f"choice-{known.ref}": "skip"})
    page = admin.get(answer.headers["Location"]).text
    assert f"is linked with customer {wish.removeprefix('link:')} already" in page
