"""Letting the books' own client in, by page and by command: passwords once, the file always the same."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from lxml import etree
from werkzeug.test import Client

from blueops_qb import bootstrap
from blueops_qb.cli import main
from blueops_qb.engine import callers, connections
from blueops_qb.engine.sessions import ConnectionCalls
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from blueops_qb.sdk.calling import NoEntry
from blueops_qb.sdk.registry import Listed
from blueops_qb.store import tables as t
from blueops_qb.web.app import make_pages
from tests.core_house import people
from tests.engine_house import KEY, TENANT, EngineHouse

pytest_plugins = ["tests.engine_fixtures"]

PREFIX = "/settings/quickbooks"
HTTPS = {"base_url": "https://ops.example.com"}


class Visitor:
    """Somebody at the pages, as core would call them."""

    def __init__(self, house: EngineHouse, user: str = "admin") -> None:
        app = make_pages(house.engine, sign_ins={}, secret=b"s" * 32, prefix=PREFIX)
        self.client = Client(app)
        self.environ = {
            "blueops.user": user,
            "blueops.tenant": TENANT,
            "blueops.role": user,
            "SCRIPT_NAME": "/app" + PREFIX,
        }

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, environ_overrides=self.environ, **{**HTTPS, **options})

    def post(self, path: str, **fields: str) -> Any:
        text: str = self.get("/connect").text
        if "csrf_token" not in text:
            text = self.get("/audit").text
        token = text.partition('name="csrf_token" value="')[2].partition('"')[0]
        data = {"csrf_token": token, **fields}
        return self.client.post(path, data=data, environ_overrides=self.environ, headers=REFERRER, **HTTPS)


REFERRER = {"Referer": "https://ops.example.com/"}


@pytest.fixture
def office(asking: EngineHouse) -> EngineHouse:
    people(asking.core)
    return asking


@pytest.fixture
def apart(office: EngineHouse) -> EngineHouse:
    """Nothing is connected."""
    callers.new_password(office.core, TENANT, office.id, actor="admin", keys=office.engine.keys)
    connections.retire(office.core, office.id, TENANT, actor="admin", keys=office.engine.keys)
    return office


def shown(page: Any) -> tuple[str, str]:
    """(user, password) on a page that shows them."""
    found = re.search(r"<dt>Password</dt><dd><code>([a-z2-7]{32})</code>", page.text)
    user = re.search(r"<dt>User name</dt><dd><code>(\S+?)</code>", page.text)
    assert found is not None, page.text
    assert user is not None
    return user[1], found[1]


def comes_in(house: EngineHouse, user: str, password: str) -> bool:
    calls = ConnectionCalls(engine=house.engine, provider="asked")
    return not isinstance(calls.enter(user, password), NoEntry)


def test_letting_the_client_in_shows_the_password_once(apart: EngineHouse) -> None:
    admin = Visitor(apart)
    assert "Let asked in" in admin.get("/connect").text
    page = admin.post("/invite/asked")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    user, password = shown(page)
    assert comes_in(apart, user, password)
    later = admin.get("/client")
    assert password not in later.text
    assert user in later.text
    assert "Client and password" in admin.get("/connect").text
    again = admin.post("/invite/asked")
    assert again.status_code == 400
    assert "connected to “Acme Plumbing” already" in again.text


def test_the_page_of_the_client_shows_where_to_click(office: EngineHouse) -> None:
    callers.new_password(office.core, TENANT, office.id, actor="admin", keys=office.engine.keys)
    viewer = Visitor(office, "viewer")
    page = etree.HTML(viewer.get("/client").text)
    (image,) = page.iter("img")
    assert "1 choose “Yes, always; allow access even if QuickBooks is not running”" in image.get("alt", "")
    there = image.get("src", "").removeprefix("/app" + PREFIX)
    picture = viewer.get(there)
    assert (picture.status_code, picture.mimetype) == (200, "image/svg+xml")
    assert picture.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert etree.fromstring(picture.data).tag == "{http://www.w3.org/2000/svg}svg"
    for wrong in ("/connect/asked/password.svg", "/connect/nobody/allow.svg"):
        assert viewer.get(wrong).status_code == 404


def test_the_company_file_of_before_comes_back_with_its_mark(apart: EngineHouse) -> None:
    page = Visitor(apart).post("/invite/asked", returning="yes")
    assert "<code>F1</code>" in page.text
    with apart.core.engine.connect() as connection:
        row = connections.live(connection, TENANT)
    assert row is not None
    assert row["id"] == apart.id


def test_a_new_password_is_shown_once_and_voids_the_old_one(office: EngineHouse) -> None:
    old = callers.new_password(office.core, TENANT, office.id, actor="admin", keys=office.engine.keys)
    user, password = shown(Visitor(office).post("/client/password"))
    assert user == old.caller.user
    assert comes_in(office, user, password)
    assert not comes_in(office, user, old.password)


def test_the_file_names_the_addresses_that_the_page_was_reached_by(apart: EngineHouse) -> None:
    admin = Visitor(apart)
    admin.post("/invite/asked")
    answer = admin.get("/client/file?every_minutes=60&personal_data=&read_only=yes")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].endswith(".qwc")
    root = etree.fromstring(answer.data)
    assert root.findtext("AppURL") == "https://ops.example.com/app/gates/quickbooks/asked"
    assert root.findtext("AppSupport") == "https://ops.example.com/app/gates/quickbooks/status"
    assert root.findtext("Scheduler/RunEveryNMinutes") == "60"
    assert root.findtext("IsReadOnly") == "true"
    assert root.findtext("PersonalDataPref") == "pdpNotNeeded"
    assert answer.data == admin.get("/client/file?every_minutes=60&read_only=yes").data


@pytest.mark.parametrize(
    ("path", "base", "words"),
    [
        ("/client/file?every_minutes=0", "https://ops.example.com", "every 1 to 1440 minutes"),
        ("/client/file?colour=red", "https://ops.example.com", "no choice named colour"),
        ("/client/file", "http://ops.example.com", "QBWC1010"),
        ("/client/file", "https://192.0.2.1", "QBWC1001"),
    ],
)
def test_a_file_that_the_web_connector_would_refuse_is_not_made(
    apart: EngineHouse, path: str, base: str, words: str
) -> None:
    admin = Visitor(apart)
    admin.post("/invite/asked")
    answer = admin.get(path, base_url=base)
    assert answer.status_code == 422
    assert words in answer.text


def test_who_may_not_configure_sees_neither_file_nor_buttons(office: EngineHouse) -> None:
    callers.new_password(office.core, TENANT, office.id, actor="admin", keys=office.engine.keys)
    viewer = Visitor(office, "viewer")
    page = viewer.get("/client")
    assert page.status_code == 200
    assert "<button" not in page.text.partition("<main")[2]
    assert viewer.get("/client/file").status_code == 403
    assert viewer.post("/client/password").status_code == 403


def test_without_books_that_call_the_pages_lead_to_the_connection(apart: EngineHouse) -> None:
    admin = Visitor(apart)
    for path in ("/client", "/client/file"):
        answer = admin.get(path)
        assert (answer.status_code, answer.headers["Location"][-8:]) == (303, "/connect")
    assert admin.post("/client/password").status_code == 303
    assert admin.post("/invite/qbo").status_code == 404
    assert admin.post("/invite/nothing").status_code == 404


# -- commands --------------------------------------------------------------------------------------------
@pytest.fixture
def run(apart: EngineHouse, monkeypatch: pytest.MonkeyPatch) -> Any:
    listed = [Listed(name="asked", provider=apart.provider)]
    monkeypatch.setattr(bootstrap, "providers", lambda _: listed)
    monkeypatch.setenv(ENVIRONMENT, KEY.decode())
    url = apart.core.engine.url.render_as_string(hide_password=False)

    def command(*words: str) -> Result:
        return CliRunner().invoke(main, ["qwc", *words, "--db", url, "--tenant", TENANT])

    return command


def test_the_commands_connect_write_the_file_and_change_the_password(
    apart: EngineHouse, run: Any, tmp_path: Path
) -> None:
    made = run("connect", "--json")
    assert made.exit_code == 0, made.output
    told = json.loads(made.output)
    assert comes_in(apart, told["user"], told["password"])
    out = tmp_path / "x.qwc"
    written = run(
        "file", "--gates", "https://ops.example.com/gates/quickbooks/", "--every", "30", "--out", str(out)
    )
    assert written.exit_code == 0, written.output
    root = etree.parse(str(out)).getroot()
    assert root.findtext("AppURL") == "https://ops.example.com/gates/quickbooks/asked"
    assert root.findtext("FileID") == f"{{{told['company']}}}"
    assert told["password"] not in out.read_text()
    changed = run("password")
    assert changed.exit_code == 0
    newer = re.search("[a-z2-7]{32}", changed.output)
    assert newer is not None
    assert comes_in(apart, told["user"], newer[0])
    assert not comes_in(apart, told["user"], told["password"])
    again = run("connect")
    assert again.exit_code == 1
    assert "already" in again.output


def test_the_commands_say_what_is_missing(apart: EngineHouse, run: Any) -> None:
    del apart
    for words in (("password",), ("file", "--gates", "https://x.example/g")):
        refused = run(*words)
        assert refused.exit_code == 1
        assert "not connected to any books" in refused.output
    run("connect", "--returning")
    refused = run("file", "--gates", "https://x.example/g")
    assert refused.exit_code == 1
    assert "no GUID" in refused.output  # these practice books have a mark of another form
    refused = run("file", "--gates", "http://x.example/g")
    assert "QBWC1010" in refused.output


def test_passwords_stand_nowhere_in_the_database(apart: EngineHouse) -> None:
    _, password = shown(Visitor(apart).post("/invite/asked"))
    with apart.core.engine.connect() as connection:
        for table in t.metadata.sorted_tables:
            assert password not in str(connection.execute(sa.select(table)).all()), table.name
