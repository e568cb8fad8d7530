"""Who may open what: every page for every role, other companies' ids, forms from elsewhere, other hosts."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.routing import Rule
from werkzeug.test import Client

from blueops_qb.domain.records import Customer
from blueops_qb.engine import connections
from blueops_qb.engine.connections import SignedIn
from blueops_qb.sdk.core import Permission
from blueops_qb.store import tables as t
from blueops_qb.store.types import new_id
from blueops_qb.web.app import COOKIE, make_flask, make_pages
from tests.core_house import TENANT
from tests.office import OTHER_TENANT, OTHER_USER, PAGES, SECOND_REALM, Office, office

ROLES = {
    "viewer": {Permission.VIEW},
    "bookkeeper": {Permission.VIEW, Permission.RESOLVE},
    "admin": set(Permission),
}
SECRET = b"s" * 32


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with office(f"sqlite:///{tmp_path_factory.mktemp('access') / 'x.sqlite3'}", seed="empty") as made:
        made.bind()
        made.drain()
        yield made


@pytest.fixture
def app(shop: Office) -> Flask:
    return make_flask(shop.engine, sign_ins={}, secret=SECRET, prefix=PAGES)


def environ(user: str, tenant: str = TENANT, role: str = "") -> dict[str, Any]:
    return {"blueops.user": user, "blueops.tenant": tenant, "blueops.role": role or user}


class Visitor:
    """A browser at our app alone, as core would call it."""

    def __init__(self, app: Any, user: str, tenant: str = TENANT, root: str = "") -> None:
        self.client = Client(app)
        self.environ = {**environ(user, tenant), "SCRIPT_NAME": root}

    def get(self, path: str) -> Any:
        return self.client.get(path, environ_overrides=self.environ)

    def post(self, path: str, **fields: str) -> Any:
        return self.client.post(path, data=fields, environ_overrides=self.environ)

    def token(self, path: str = "/audit") -> str:
        text: str = self.get(path).text
        return text.partition('name="csrf_token" value="')[2].partition('"')[0]


def pages(app: Flask) -> list[tuple[str, str, Permission]]:
    """(method, address, needed permission) of every page, with ids filled in."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        view: Any = app.view_functions[rule.endpoint]
        needed = view.needs
        methods = sorted((rule.methods or set()) & {"GET", "POST"})
        found += [(method, address(rule), needed) for method in methods]
    return found


def address(rule: Rule) -> str:
    values = {"provider": "qbo", "kind": "customer", "id": "404"}
    path = rule.rule
    for name, value in values.items():
        path = path.replace(f"<int:{name}>", value).replace(f"<{name}>", value)
    return path


def test_every_page_names_the_permission_it_needs(app: Flask) -> None:
    found = pages(app)
    assert len(found) >= 25
    assert all(isinstance(needed, Permission) for _, _, needed in found)
    changing = {needed for method, path, needed in found if method == "POST" and path != "/audit/verify"}
    assert changing == {Permission.RESOLVE, Permission.CONFIGURE}


@pytest.mark.parametrize("role", list(ROLES))
def test_every_page_opens_for_those_who_may_and_for_nobody_else(app: Flask, role: str) -> None:
    for method, path, needed in pages(app):
        # A fresh visitor each time: one of these pages disconnects nothing, but ends no session either.
        visitor = Visitor(app, role)
        token = visitor.token()
        answer = visitor.get(path) if method == "GET" else visitor.post(path, csrf_token=token)
        if needed in ROLES[role]:
            assert answer.status_code not in (401, 403, 500), (method, path, answer.status_code)
        else:
            assert answer.status_code == 403, (method, path, answer.status_code)
            assert "you need the role" in answer.text


def test_without_a_name_from_core_every_page_answers_401_with_a_sentence(app: Flask) -> None:
    client = Client(app)
    for method, path, _ in pages(app):
        answer = client.open(path, method=method)
        assert answer.status_code == 401, (method, path)
        assert "Sign in to BlueOps first" in answer.text


def test_a_user_that_core_does_not_know_may_nothing(app: Flask) -> None:
    assert Visitor(app, "stranger").get("/").status_code == 403
    assert Visitor(app, "admin", OTHER_TENANT).get("/").status_code == 403


def test_the_page_of_a_refusal_names_the_role(app: Flask) -> None:
    page = Visitor(app, "viewer").get("/disconnect")
    assert "you need the role admin; yours is viewer" in page.text
    page = Visitor(app, "viewer")
    answer = page.post("/records/retry", csrf_token=page.token())
    assert "you need the role admin or bookkeeper" in answer.text


# -- forms ---------------------------------------------------------------------------------------------
def test_a_form_without_its_token_is_refused_and_changes_nothing(app: Flask, shop: Office) -> None:
    for method, path, _ in pages(app):
        if method == "POST":
            answer = Visitor(app, "admin").post(path, sure="yes")
            assert answer.status_code == 400, path
            assert "Nothing was changed" in answer.text
    assert shop.row() is not None


def test_a_token_of_another_user_is_refused(app: Flask) -> None:
    admin, bookkeeper = Visitor(app, "admin"), Visitor(app, "bookkeeper")
    bookkeeper.token()
    assert bookkeeper.post("/audit/verify", csrf_token=admin.token()).status_code == 400


def test_another_user_in_the_same_browser_starts_a_fresh_session(app: Flask) -> None:
    visitor = Visitor(app, "admin")
    token = visitor.token()
    visitor.environ = environ("bookkeeper")
    assert visitor.post("/audit/verify", csrf_token=token).status_code == 400


# -- other companies -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def rival(shop: Office) -> Iterator[dict[str, Any]]:
    """A second company with a record and a conflict."""
    with shop.core.begin(OTHER_TENANT, actor="office") as tx:
        customer = tx.create_customer(Customer(id="", name="Rival's secret customer"))
    signed_in = SignedIn(company_id=SECOND_REALM, company_name="Rival Books", secrets={"x": b"y"})
    id = connections.bind(shop.core, OTHER_TENANT, "qbo", signed_in, actor=OTHER_USER, keys=shop.engine.keys)
    conflict = new_id()
    with shop.core.begin(OTHER_TENANT) as tx:
        row = {
            "id": conflict,
            "connection_id": id,
            "cause": "incoming",
            "books_kind": "customer",
            "books_id": "9",
            "group": "arrival",
            "reason": "Rival's secret conflict",
            "state": "open",
        }
        tx.connection.execute(t.conflicts.insert(), row)
    yield {"customer": customer.id, "conflict": conflict}
    connections.retire(shop.core, id, OTHER_TENANT, actor=OTHER_USER, keys=shop.engine.keys)


def test_records_of_another_company_do_not_exist(app: Flask, rival: dict[str, Any]) -> None:
    ours = Visitor(app, "admin")
    assert ours.get(f"/records/customer/{rival['customer']}").status_code == 404
    theirs = Visitor(app, OTHER_USER, OTHER_TENANT)
    assert theirs.get(f"/records/customer/{rival['customer']}").status_code == 200
    for path in ("/", "/records", "/conflicts", "/audit", "/connect"):
        assert "Rival" not in ours.get(path).text, path


def test_a_conflict_of_another_company_cannot_be_decided(
    app: Flask, rival: dict[str, Any], shop: Office
) -> None:
    ours = Visitor(app, "admin")
    answer = ours.post(f"/conflicts/{rival['conflict']}", csrf_token=ours.token(), choice="close")
    assert answer.status_code == 404
    with shop.core.engine.connect() as connection:
        row = connection.execute(t.conflicts.select().where(t.conflicts.c.id == rival["conflict"])).one()
    assert row.state == "open"


# -- hosts ---------------------------------------------------------------------------------------------
def test_pages_carry_the_headers_that_keep_others_out(app: Flask) -> None:
    answer = Visitor(app, "admin").get("/")
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "form-action" not in Visitor(app, "admin").get("/connect").headers["Content-Security-Policy"]


def test_no_page_has_a_script_or_a_style_of_its_own(app: Flask) -> None:
    for method, path, _ in pages(app):
        if method == "GET":
            text = Visitor(app, "admin").get(path).text
            assert "<script" not in text, path
            assert "style=" not in text, path
            assert "<style" not in text, path


def cookie_of(answer: Any) -> str:
    cookies: list[str] = answer.headers.getlist("Set-Cookie")
    return next(c for c in cookies if c.startswith(f"{COOKIE}="))


def test_the_cookie_is_our_own_and_stays_under_our_path(shop: Office) -> None:
    app = make_pages(shop.engine, sign_ins={}, secret=SECRET, prefix=PAGES)
    cookie = cookie_of(Visitor(app, "admin", root=PAGES).get("/"))
    assert f"Path={PAGES};" in cookie + ";"
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie
    secure = Client(app).get(
        "/", base_url="https://office.example", environ_overrides={**environ("admin"), "SCRIPT_NAME": PAGES}
    )
    assert "Secure" in cookie_of(secure)


@pytest.mark.parametrize("outer", ["", "/erp"])
def test_the_app_works_wherever_a_host_mounts_it(shop: Office, outer: str) -> None:
    pages = make_pages(shop.engine, sign_ins={}, secret=SECRET, prefix=PAGES)

    def behind_login(environ_: dict[str, Any], start: Any) -> Any:
        return pages({**environ_, **environ("admin")}, start)

    inner = DispatcherMiddleware(Flask("host"), {PAGES: behind_login})
    host = Client(DispatcherMiddleware(Flask("outer"), {outer: inner}) if outer else inner)
    start = f"{outer}{PAGES}"
    text = host.get(f"{start}/audit").text
    assert f'href="{start}/records"' in text
    assert f'href="{outer}/"' in text  # back to the host
    with host.get(f"{start}/static/pages.css") as style:
        assert style.status_code == 200
    token = text.partition('name="csrf_token" value="')[2].partition('"')[0]
    assert "The log is whole" in host.post(f"{start}/audit/verify", data={"csrf_token": token}).text


def test_a_host_that_does_not_move_the_prefix_is_served_too(shop: Office) -> None:
    app = make_pages(shop.engine, sign_ins={}, secret=SECRET, prefix=PAGES)
    answer = Visitor(app, "admin").get(f"{PAGES}/audit")
    assert answer.status_code == 200
    assert f'href="{PAGES}/records"' in answer.text


def test_an_unknown_address_says_what_to_do(app: Flask) -> None:
    page = Visitor(app, "admin").get("/records/invoice/999")
    assert page.status_code == 404
    assert "find the record in the list" in page.text
    assert Visitor(app, "admin").get("/records/spaceship/1").status_code == 404


def test_a_defect_is_told_without_its_inside(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret inside")

    monkeypatch.setattr("blueops_qb.web.audit_log._entries", broken)
    page = Visitor(app, "admin").get("/audit")
    assert page.status_code == 500
    assert "the secret inside" not in page.text
    assert "RuntimeError" in page.text
    assert "the secret inside" in caplog.text
