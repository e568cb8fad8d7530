"""Who may open core's pages, and the pages of its plugins."""

import json
from collections.abc import Iterator

import pytest

from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.pages.mount import make_wsgi
from blueops_qb.sandbox.core.people import Role, add_choices, add_user
from blueops_qb.sandbox.core.seed import CHOICES
from blueops_qb.sdk.hooks import Switch
from tests.core_house import (
    PASSWORD,
    PLUGINS,
    TENANT,
    Browser,
    customer,
    house,
    invoice,
    password_hash,
    people,
    rows,
)


@pytest.fixture
def core(sqlite_url: str) -> Iterator[ReferenceCore]:
    with house(sqlite_url) as opened:
        people(opened)
        with opened.begin(TENANT) as tx:
            for family, entries in CHOICES.items():
                add_choices(tx.connection, TENANT, family, entries)
        yield opened


@pytest.fixture
def office(core: ReferenceCore) -> Browser:
    return Browser(core, "bookkeeper")


def test_nothing_is_shown_to_strangers(core: ReferenceCore) -> None:
    stranger = Browser(core)
    answer = stranger.get("/invoices?x=1")
    assert (answer.status_code, answer.location) == (303, "/login?next=/invoices?x%3D1")
    stranger.get("/login")
    answer = stranger.post("/login", login="admin", password="wrong")
    assert answer.status_code == 401
    assert "Login or password is wrong" in answer.text
    answer = stranger.post("/login", login="ADMIN", password=PASSWORD, next="/invoices?x=1")
    assert answer.location == "/invoices?x=1"


@pytest.mark.parametrize("next", ["//evil.example", "https://evil.example", "/\\evil.example", "x"])
def test_the_login_leads_to_this_host_only(core: ReferenceCore, next: str) -> None:
    browser = Browser(core)
    browser.get("/login")
    assert browser.post("/login", login="admin", password=PASSWORD, next=next).location == "/"


def test_a_form_without_its_token_is_refused(core: ReferenceCore, office: Browser) -> None:
    office.get("/customers/new")
    office.token = ""
    answer = office.post("/customers/new", name="Forged")
    assert answer.status_code == 400
    assert "was not sent from this session" in answer.text
    assert rows(core, "SELECT count(*) FROM core_records") == [(0,)]


def test_a_viewer_sees_and_changes_nothing(core: ReferenceCore) -> None:
    customer(core)
    invoice(core)
    viewer = Browser(core, "viewer")
    assert "Ann Lee" in viewer.get("/customers/1").text
    for path in ("/invoices/new", "/payments/new", "/expenses/new", "/customers/new", "/invoices/1001/edit"):
        assert viewer.get(path).status_code == 403
    viewer.get("/")
    for path in ("/customers/1", "/invoices/1001/void", "/customers/1/delete", "/reminders"):
        assert viewer.post(path, name="X").status_code == 403
    assert viewer.post("/settings/plugins/good/switch", switch="on").status_code == 403


def test_another_companys_records_are_not_there(core: ReferenceCore) -> None:
    customer(core)
    core.create_tenant("other", "Other company")
    with core.begin("other") as tx:
        add_user(
            tx.connection,
            id="o",
            login="o",
            name="O",
            password_hash=password_hash(),
            roles={"other": Role.ADMIN},
        )
    other = Browser(core, "o")
    assert other.get("/customers/1").status_code == 404
    assert "Ann Lee" not in other.get("/customers").text
    assert other.post("/company", tenant=TENANT).status_code == 403


def test_leaving_ends_the_session_and_a_lost_membership_too(core: ReferenceCore, office: Browser) -> None:
    office.get("/")
    office.post("/logout")
    assert office.get("/").status_code == 303
    again = Browser(core, "bookkeeper")
    with core.begin(TENANT) as tx:
        tx.connection.exec_driver_sql("DELETE FROM core_memberships WHERE user_id = 'bookkeeper'")
    assert again.get("/").status_code == 303


def test_settings_list_every_plugin_with_its_reason_switch_and_errors(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / name for name in ("good", "raises", "old_host")], entry_points=[])
    admin = Browser(core, "admin")
    page = admin.get("/settings/plugins").text
    assert "it needs a host &lt;1.0, this is 1.0.0" in page
    assert 'href="/settings/good/"' in page
    admin.post("/settings/plugins/good/switch", switch="on")
    admin.post("/settings/plugins/raises/switch", switch="paused")
    assert core.switches(TENANT) == {"good": Switch.ON, "raises": Switch.PAUSED}
    page = admin.get("/settings/plugins").text
    assert "plugin_switched: RuntimeError: no switch here" in page
    assert admin.post("/settings/plugins/nobody/switch", switch="on").status_code == 404
    assert admin.post("/settings/plugins/good/switch", switch="maybe").status_code == 400


def test_settings_of_a_plugin_are_checked_and_kept(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / "good"], entry_points=[])
    admin = Browser(core, "admin")
    assert 'value="Hello"' in admin.get("/settings/plugins").text
    admin.post("/settings/plugins/good/settings", {"setting-greeting": "Good day", "setting-days": "5"})
    assert 'value="Good day"' in admin.get("/settings/plugins").text
    admin.post("/settings/plugins/good/settings", {"setting-days": "many"})
    assert "is not a whole number" in admin.get("/settings/plugins").text
    assert sorted(rows(core, "SELECT key, value FROM core_plugin_settings")) == [
        ("days", "5"),
        ("greeting", "Good day"),
    ]


def test_uninstalling_shows_what_goes_and_wants_the_name_typed(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / "good"], entry_points=[])
    admin = Browser(core, "admin")
    assert "good_seen" in admin.get("/settings/plugins/good/uninstall").text
    assert admin.post("/settings/plugins/good/uninstall", confirm="yes").status_code == 422
    assert core.world.get("good").ready
    admin.post("/settings/plugins/good/uninstall", confirm="good")
    assert "removed" in admin.get("/settings/plugins").text
    assert admin.get("/settings/good/").status_code == 404
    admin.post("/settings/plugins/good/install")
    assert core.world.get("good").ready


def test_plugin_pages_are_behind_the_login_and_gates_before_it(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / "good"], entry_points=[])
    stranger = Browser(core)
    answer = stranger.get("/settings/good/setup?code=1&state=2")
    assert answer.status_code == 303
    assert answer.location == "/login?next=/settings/good/setup%3Fcode%3D1%26state%3D2"
    stranger.client.set_cookie("tracker", "1")
    gate = stranger.client.post("/gates/good/hook", data=b"{}")
    assert json.loads(gate.text) == {"app": "gates", "script": "/gates/good", "path": "/hook", "cookies": ""}
    assert "Set-Cookie" not in gate.headers


def test_plugin_pages_learn_who_asks_and_never_see_or_set_cores_cookie(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / "good"], entry_points=[])
    admin = Browser(core, "admin")
    admin.client.set_cookie("other", "2")
    answer = admin.client.get("/settings/good/map", headers={"blueops.user": "forged"})
    seen = json.loads(answer.text)
    assert (seen["blueops.user"], seen["blueops.tenant"], seen["blueops.role"]) == ("admin", TENANT, "admin")
    assert len(seen["blueops.session"]) == 32
    assert (seen["app"], seen["script"], seen["path"]) == ("pages of Acme Plumbing", "/settings/good", "/map")
    assert seen["cookies"] == "other=2"
    assert answer.headers.getlist("Set-Cookie") == ["mine=1; Path=/"]
    assert admin.get("/").status_code == 200
    assert admin.get("/settings/goodness").status_code == 404


def test_a_broken_plugin_page_harms_only_itself(core: ReferenceCore) -> None:
    core.load_plugins([PLUGINS / "good"], entry_points=[])
    admin = Browser(core, "admin")
    answer = admin.get("/settings/good/boom")
    assert answer.status_code == 500
    assert "finds the reason in Settings" in answer.text
    assert "the page is broken" in admin.get("/settings/plugins").text
    assert admin.get("/settings/good/").status_code == 200


def test_apps_of_the_sandbox_stand_beside_core(core: ReferenceCore) -> None:
    from werkzeug.test import Client
    from werkzeug.wrappers import Response

    client = Client(make_wsgi(core, {"/v3": Response("the twin")}))
    assert client.get("/v3/company").text == "the twin"
    assert client.get("/v3x").status_code == 303
