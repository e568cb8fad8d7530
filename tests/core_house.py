"""A small company in the reference core for tests, and plugins that are written on the spot."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

import sqlalchemy as sa
from werkzeug.test import Client

from blueops_qb.domain.records import Application, Customer, Invoice, Payment
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pages.mount import make_wsgi
from blueops_qb.sandbox.core.people import Role, add_user, hashed
from blueops_qb.sandbox.core.pricing import LineDraft

D = Decimal
TENANT = "acme"
DAY = dt.date(2026, 3, 2)
NOON = dt.datetime(2026, 3, 20, 19, 0, tzinfo=dt.UTC)
KEY = b"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
PLUGINS = Path(__file__).parent / "fixtures" / "plugins"
PASSWORD = "correct horse"


@contextmanager
def house(url: str) -> Iterator[ReferenceCore]:
    """Core with one company, at noon in California; closed at the end."""
    core = open_core(url, keys=[KEY], durable=False, now=lambda: NOON)
    core.create_tenant(TENANT, "Acme Plumbing")
    try:
        yield core
    finally:
        core.stop()


@cache
def password_hash() -> str:
    """The hash of PASSWORD, made once: it is slow on purpose."""
    return hashed(PASSWORD)


def people(core: ReferenceCore) -> None:
    """A user per role; the login is the role, the password PASSWORD."""
    with core.begin(TENANT) as tx:
        for role in Role:
            add_user(
                tx.connection,
                id=role.value,
                login=role.value,
                name=role.value.capitalize(),
                password_hash=password_hash(),
                roles={TENANT: role},
            )


def customer(core: ReferenceCore, name: str = "Ann Lee", **fields: Any) -> Customer:
    """A customer with an e-mail address."""
    with core.begin(TENANT, actor="test") as tx:
        return tx.create_customer(Customer(id="", name=name, **{"email": "ann@example.com", **fields}))


def draft(customer_id: str = "1", price: str = "100.00", **fields: Any) -> InvoiceDraft:
    """One line of a service."""
    line = LineDraft(description="Repair", unit_price=D(price), service_category="repair")
    return InvoiceDraft(**{"customer_id": customer_id, "issue_date": DAY, "lines": [line], **fields})


def invoice(core: ReferenceCore, price: str = "100.00", **fields: Any) -> Invoice:
    """An invoice of customer 1."""
    with core.begin(TENANT, actor="test") as tx:
        return tx.raise_invoice(draft(price=price, **fields))


def payment_of(amount: str, *parts: tuple[str, str], **fields: Any) -> Payment:
    """Money of customer 1 over (invoice id, amount) parts."""
    applied = tuple(Application(invoice_id=id, amount=D(part)) for id, part in parts)
    standard: dict[str, Any] = {"id": "", "customer_id": "1", "received_on": DAY, "method": "check"}
    return Payment(amount=D(amount), applications=applied, **{**standard, **fields})


def rows(core: ReferenceCore, question: str) -> list[tuple[Any, ...]]:
    """The rows of a plain SQL question."""
    with core.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(question))]


def write_plugin(folder: Path, *, hooks: str = "", manifest: str = "", **section: str) -> Path:
    """A plugin whose one hook module is `main`; `section` replaces lines of [plugin]."""
    lines = {"id": '"tried"', "version": '"1.0"', "contract": "1", "host": '">=1.0"', **section}
    (folder / "hooks").mkdir(parents=True)
    text = "[plugin]\n" + "".join(f"{key} = {value}\n" for key, value in lines.items() if value)
    text += '[hooks]\nmodules = ["main"]\n' if hooks else ""
    (folder / "plugin.toml").write_text(text + dedent(manifest))
    head = "import pluggy\nhookimpl = pluggy.HookimplMarker('blueops')\n"
    (folder / "hooks" / "main.py").write_text(head + dedent(hooks))
    return folder


class Browser:
    """Somebody at core's pages: keeps cookies and sends the form's CSRF token along."""

    def __init__(self, core: ReferenceCore, login: str | None = None) -> None:
        self.client = Client(make_wsgi(core))
        self.token = ""
        if login is not None:
            self.get("/login")
            answer = self.post("/login", login=login, password=PASSWORD)
            assert answer.status_code == 303, answer.text

    def get(self, path: str) -> Any:
        """Open a page; the token of its first form is kept."""
        answer = self.client.get(path)
        if answer.mimetype != "text/html":
            return answer
        _, found, rest = answer.text.partition('name="csrf_token" value="')
        if found:
            self.token = rest.partition('"')[0]
        return answer

    def post(self, path: str, fields: dict[str, Any] | None = None, **more: Any) -> Any:
        """Send a form; lists send a field several times."""
        return self.client.post(path, data={"csrf_token": self.token, **(fields or {}), **more})
