"""An office's first day in a real browser: connect, match, map, release what was held, settle a conflict."""

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect, sync_playwright
from waitress import create_server

from blueops_qb.engine import rounds
from blueops_qb.sandbox.core.pages.mount import make_wsgi
from blueops_qb.store import tables as t
from tests.core_house import PASSWORD
from tests.office import DAY, PAGES, Office, office

pytestmark = pytest.mark.browser
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: How long anything on a page is waited for, in milliseconds.
PATIENCE = 120_000
#: Every page that a menu or a button leads to.
EVERY_PAGE = (
    "/",
    "/records",
    "/records?view=attention",
    "/conflicts",
    "/matching",
    "/matching/rules",
    "/undo",
    "/matching?bucket=create",
    "/mapping",
    "/mapping?tab=suggested",
    "/mapping?tab=expense_category",
    "/mapping?tab=role",
    "/policy",
    "/connect",
    "/connected",
    "/reconnect",
    "/disconnect",
    "/agreement",
    "/audit",
    "/records/invoice/404",
)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's own browser; skipped where there is none."""
    wanted = os.environ.get("BLUEOPS_QB_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if wanted is None:
        pytest.skip(f"no browser on this machine (looked for {', '.join(NAMES)}; set BLUEOPS_QB_CHROMIUM)")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(executable_path=wanted, timeout=PATIENCE)
        yield browser
        browser.close()


@contextmanager
def served(shop: Office) -> Iterator[str]:
    """The host on a free port of this machine; answers the address of our pages."""
    server = create_server(make_wsgi(shop.core), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}{PAGES}"
    finally:
        server.close()
        thread.join(timeout=60)
        server.task_dispatcher.shutdown()


@contextmanager
def visit(chromium: Browser, base: str, role: str = "admin", *, width: int = 1440) -> Iterator[Page]:
    """Somebody signed in at the overview, on a screen of this width; complaints of the browser fail the test."""
    context = chromium.new_context(viewport={"width": width, "height": 900})
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.goto(f"{base}/")
    page.fill("[name=login]", role)
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name=re.compile("sign in", re.I)).click()
    try:
        yield page
        # A page that is not there, and core's missing site icon, are answers and no defects.
        assert [c for c in complaints if "404" not in c] == []
    finally:
        context.close()


def test_the_first_day(chromium: Browser, sqlite_url: str) -> None:
    with office(sqlite_url) as shop, served(shop) as base, visit(chromium, base) as page:
        bakery = shop.customer("Eastgate Bakery", email="", phone="775-555-0100")
        # Connect through the consent page.
        page.get_by_role("link", name="Connect", exact=True).click()
        page.get_by_role("button", name="Connect to QuickBooks Online").click()
        page.get_by_role("button", name="Allow", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Connected to Three Peaks Plumbing")
        shop.drain()
        # Map by suggestions.
        page.get_by_role("link", name="Map", exact=True).click()
        page.get_by_role("link", name="Suggestions").click()
        page.get_by_role("button", name="Accept all").click()
        expect(page.get_by_role("status")).to_contain_text("keys are saved")
        # Match and go live.
        page.get_by_role("link", name="Matching").click()
        page.get_by_role("button", name="Make the plan").click()
        page.get_by_label("The plan is right.").check()
        page.get_by_role("button", name="Accept all and go live").click()
        expect(page.get_by_role("status")).to_contain_text("1 records are linked")
        # An invoice that is held for a key, released by mapping the key.
        held = shop.invoice(bakery, "99.00", service="trenching")
        shop.drain()
        page.get_by_role("link", name="Overview").click()
        page.get_by_role("link", name="Map them").click()
        page.get_by_label("Item for Trenching").select_option(label="Install")
        page.get_by_role("button", name="Save", exact=True).click()
        shop.drain()
        page.goto(f"{base}/records/invoice/{held.id}")
        expect(page.get_by_role("heading", name="In the books")).to_be_visible()
        expect(page.get_by_role("link", name="Open in QuickBooks Online")).to_be_visible()
        # A phone that was changed on both sides.
        settle_a_conflict(shop, page)
        # And the proof.
        page.get_by_role("link", name="Audit").click()
        page.get_by_role("button", name="Verify the whole log").click()
        expect(page.get_by_role("heading", name="The log is whole")).to_be_visible()


def settle_a_conflict(shop: Office, page: Page) -> None:
    with shop.core.engine.connect() as connection:
        lk = t.links
        query = sa.select(lk.c.books_id).where(lk.c.books_kind == "customer", lk.c.state == "live")
        id = str(connection.execute(query).scalars().first())
    bakery = next(iter(shop.core.iterate(shop.tenant))).record
    theirs = shop.read("Customer", id)
    phone = {"FreeFormNumber": "775-555-0155"}
    shop.api("Customer", {"Id": id, "SyncToken": theirs["SyncToken"], "sparse": True, "PrimaryPhone": phone})
    shop.change(bakery, phone="775-555-0199")  # type: ignore[arg-type]
    shop.poll()
    shop.drain()
    page.get_by_role("link", name="Conflicts").click()
    expect(page.get_by_role("cell", name="775-555-0155")).to_be_visible()
    page.get_by_role("link", name="Field by field, with preview").click()
    page.get_by_label("BlueOps", exact=True).check()
    page.get_by_role("button", name="Show what would be written").click()
    expect(page.get_by_role("heading", name="To QuickBooks Online")).to_be_visible()
    expect(page.locator("#preview")).to_contain_text("775-555-0199")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("There is no open conflict.")).to_be_visible()
    shop.poll()
    shop.drain()
    assert shop.read("Customer", id)["PrimaryPhone"]["FreeFormNumber"] == "775-555-0199"


def test_no_page_scrolls_sideways_on_a_phone_or_a_desk(chromium: Browser, sqlite_url: str) -> None:
    with office(sqlite_url) as shop, served(shop) as base:
        shop.go_live()
        ann = shop.customer("Bellweather-Underhill Property Management and Maintenance Partnership")
        records = [shop.invoice(ann, "1234567.89"), shop.invoice(ann, service="x" * 60)]
        shop.drain()
        pages = [*EVERY_PAGE, *(f"/records/invoice/{record.id}" for record in records)]
        for width in (360, 1440):
            with visit(chromium, base, width=width) as page:
                for path in pages:
                    page.goto(base + path)
                    wide = page.evaluate("document.documentElement.scrollWidth")
                    assert wide <= width, f"{path} is {wide} wide at {width}"


def test_everything_can_be_reached_and_named(chromium: Browser, sqlite_url: str) -> None:
    """Every field has a label, every page one heading of the first rank, every table a caption."""
    with office(sqlite_url) as shop, served(shop) as base:
        shop.go_live()
        shop.invoice(shop.customer(), service="trenching")
        shop.drain()
        with visit(chromium, base) as page:
            for path in EVERY_PAGE:
                page.goto(base + path)
                assert page.locator("h1").count() == 1, path
                assert page.locator("table:not(:has(caption))").count() == 0, path
                nameless = page.evaluate(
                    """() => [...document.querySelectorAll('input:not([type=hidden]), select, button, a')]
                      .filter(e => !(e.labels && e.labels.length) && !e.getAttribute('aria-label')
                                   && !e.textContent.trim())
                      .map(e => e.outerHTML)"""
                )
                assert nameless == [], path


def test_a_viewer_looks_and_changes_nothing(chromium: Browser, sqlite_url: str) -> None:
    with office(sqlite_url, seed="empty") as shop, served(shop) as base:
        shop.go_live()
        with visit(chromium, base, "viewer") as page:
            for path in ("/mapping?tab=role", "/policy", "/records", "/connect", "/matching"):
                page.goto(base + path)
                enabled = page.locator("main form[method=post] button:enabled")
                assert enabled.count() == 0, path


def test_a_plan_is_made_more_careful_and_a_mistake_is_undone(chromium: Browser, sqlite_url: str) -> None:
    with office(sqlite_url) as shop, served(shop) as base:
        shop.customer("Eastgate Bakery", email="")
        shop.bind()
        shop.drain()
        with visit(chromium, base) as page:
            page.goto(f"{base}/matching")
            page.get_by_role("button", name="Make the plan").click()
            page.get_by_role("link", name="Change the rules").click()
            page.get_by_label("Rule", exact=True).select_option(
                label="The e-mail address must agree before a link is proposed"
            )
            page.get_by_role("button", name="Add and compare again").click()
            expect(page.get_by_role("row", name="The e-mail address must agree")).to_be_visible()
            _shot(page, "rules")
            page.get_by_role("button", name=re.compile("Remove")).click()
            expect(page.get_by_text("No rule was added")).to_be_visible()
        shop.go_live()
        invoice = shop.invoice(shop.customer(), "125.00")
        shop.drain()
        payment = shop.pay(invoice, "125.00")
        shop.drain()
        with visit(chromium, base) as page:
            page.goto(f"{base}/records/invoice/{invoice.id}")
            page.get_by_role("link", name="Undo: take this out").click()
            expect(page.get_by_text("Nothing of it can be undone")).to_be_visible()
            _shot(page, "undo-stays")
            page.get_by_label("Records").fill(f"{invoice.ref} {payment.ref}")
            page.get_by_role("button", name="Show the plan").click()
            expect(page.get_by_role("table", name="What would be done, in order")).to_be_visible()
            page.get_by_label("These 2 documents shall be taken out").check()
            _shot(page, "undo-plan")
            page.get_by_role("button", name="Undo", exact=True).click()
            expect(page.get_by_text("Under way").first).to_be_visible()
            shop.drain()
            shop.drain()
            # The page looks again by itself.
            expect(page.get_by_text("Undone", exact=True)).to_have_count(2)
            _shot(page, "undo-done")


def test_a_comparison_is_carried_while_its_page_looks_again(chromium: Browser, sqlite_url: str) -> None:
    with office(sqlite_url) as shop, served(shop) as base:
        shop.go_live()
        shop.invoice(shop.customer(), "125.00")
        shop.drain()
        with visit(chromium, base) as page:
            page.goto(f"{base}/agreement")
            page.get_by_label("From").fill(DAY.replace(day=1).isoformat())
            page.get_by_label("To").fill(DAY.isoformat())
            page.get_by_role("button", name="Compare").click()
            expect(page.get_by_role("heading", name="Under way")).to_be_visible()
            _shot(page, "agreement-under-way")
            while rounds.go(shop.engine, shop.id) or shop.drain():
                pass
            expect(page.get_by_role("heading", name="Both sides agree")).to_be_visible()


def _shot(page: Page, name: str) -> None:
    folder = os.environ.get("BLUEOPS_QB_SHOTS", "")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_screenshots_are_taken_where_asked(chromium: Browser, sqlite_url: str) -> None:
    """`BLUEOPS_QB_SHOTS=FOLDER` keeps a picture of every page; without it one page shows that it can be."""
    folder = os.environ.get("BLUEOPS_QB_SHOTS", "")
    with office(sqlite_url) as shop, served(shop) as base:
        shop.go_live()
        shop.invoice(shop.customer(), "125.00")
        shop.drain()
        with visit(chromium, base) as page:
            for n, path in enumerate(EVERY_PAGE if folder else EVERY_PAGE[:1]):
                page.goto(base + path)
                target = Path(folder) / f"{n:02}.png" if folder else None
                assert page.screenshot(path=target, full_page=True)
