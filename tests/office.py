"""An office at the pages: the reference core with its login, the plugin, and the books in a twin.

`office` opens everything; `Office.browser` is somebody with a role, `Office.connect` goes through the twin's
consent page, `Office.go_live` does what an admin does on the first day, with the engine's own calls.
"""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest
import requests
import sqlalchemy as sa

from blueops_qb import bootstrap
from blueops_qb.domain.mapping import Family, MapRule, Target
from blueops_qb.domain.records import Application, Customer, Invoice, Payment
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.engine import connections, due, matching, rules_desk, suggest
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.engine.turn import Turn
from blueops_qb.providers.qbo.settings import NO_PACE
from blueops_qb.providers.qbo.tokens import TOKENS, Tokens
from blueops_qb.runners.carry import Carrier
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.people import Role, add_user
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.qbo.running import RunningTwin, new_company, running_twin
from blueops_qb.sdk.hooks import Switch
from blueops_qb.store import tables as t
from tests.core_house import KEY, TENANT, Browser, password_hash, people

ROOT = Path(__file__).resolve().parent.parent
PLUGIN = "quickbooks"
PAGES = "/settings/quickbooks"
OTHER_TENANT, OTHER_USER = "rival", "rival-admin"
SECOND_REALM = "9130000000000002"
DAY = dt.date(2026, 3, 2)
D = Decimal


def consent(url: str, *, allow: bool = True, realm: str = "") -> str:
    """Press a button on the twin's consent page; answers where it sends the browser."""
    page = requests.get(url, timeout=60)
    assert page.status_code == 200, page.text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    form = {**asked, "realm": realm or "9130000000000000", "decision": "allow" if allow else "deny"}
    sent = requests.post(url.partition("?")[0], data=form, allow_redirects=False, timeout=60)
    assert sent.status_code == 302, sent.text
    return sent.headers["Location"]


def inner(location: str) -> str:
    """The path and query of an address, for a client that knows no hosts."""
    parts = urlsplit(location)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


@attrs.define(kw_only=True)
class Office:
    """Core, plugin and twin of one test."""

    core: ReferenceCore
    twin: RunningTwin
    engine: Engine
    carrier: Carrier
    tenant: str = TENANT

    def browser(self, role: str = "admin") -> Browser:
        """Somebody signed in to core."""
        return Browser(self.core, role)

    # -- connection --------------------------------------------------------------------------------
    def connect(self, browser: Browser, *, realm: str = "", allow: bool = True) -> Any:
        """Connect through the consent page; answers the page one lands on."""
        browser.get(f"{PAGES}/connect" if self.row() is None else f"{PAGES}/reconnect")
        sent = browser.post(f"{PAGES}/connect/qbo")
        assert sent.status_code == 303, sent.text
        answer = browser.get(inner(consent(sent.headers["Location"], realm=realm, allow=allow)))
        return browser.get(answer.headers["Location"]) if answer.status_code == 303 else answer

    def bind(self, realm: str | None = None) -> str:
        """Bind the company without pages, by the twin's everlasting token; answers the connection's id."""
        tokens = Tokens(access_token=self.twin.access_token, refresh_token=self.twin.refresh_token)
        signed_in = connections.SignedIn(
            company_id=realm or self.twin.realm,
            company_name="Practice Books",
            secrets={TOKENS: tokens.dump()},
        )
        return connections.bind(
            self.core, self.tenant, "qbo", signed_in, actor="admin", keys=self.engine.keys
        )

    def row(self) -> Any:
        """The live connection, or None."""
        with self.core.engine.connect() as connection:
            return connections.live(connection, self.tenant)

    @property
    def id(self) -> str:
        """The live connection's id."""
        return str(self.row()["id"])

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A turn of the connection."""
        with self.engine.turns.open(self.id) as turn:
            assert turn is not None
            yield turn

    def drain(self) -> int:
        """Carry until nothing is due."""
        return self.carrier.drain(self.id, most=500)

    def poll(self) -> int:
        """Look for changes in the books now."""
        with self.turn() as turn:
            due.hurry(turn)
        return self.drain()

    def go_live(self) -> None:
        """Read the books, match, go live, accept every suggestion for the mapping."""
        if self.row() is None:
            self.bind()
        self.drain()
        with self.turn() as turn:
            matching.build(turn)
            matching.approve(turn, actor="admin")
        with self.turn() as turn:
            wanted = [(s.family, s.key) for s in suggest.standard_keys()]
            found = suggest.suggest(turn.catalog, wanted)
            rules = [MapRule(family=f, key=k, target=target) for (f, k), target in found.items()]
            rules_desk.change_mapping(turn, rules, actor="admin")
        self.drain()

    def map(self, family: Family, key: str, **target: Any) -> None:
        """Map one key."""
        with self.turn() as turn:
            rule = MapRule(family=family, key=key, target=Target(**target))
            rules_desk.change_mapping(turn, [rule], actor="admin")

    def item(self, name: str) -> BooksRef:
        """An item of the books by name."""
        return self.entry(BooksKind.ITEM, name)

    def entry(self, kind: BooksKind, name: str) -> BooksRef:
        """An entry of the catalog by name."""
        with self.turn() as turn:
            return next(e.ref for e in turn.catalog.of(kind) if e.name == name)

    # -- our side ----------------------------------------------------------------------------------
    def customer(self, name: str = "Ann Lee", **fields: Any) -> Customer:
        """A customer in BlueOps."""
        with self.core.begin(self.tenant, actor="office") as tx:
            return tx.create_customer(Customer(id="", name=name, **{"email": "ann@example.com", **fields}))

    def invoice(self, customer: Customer, price: str = "100.00", *, service: str = "repair") -> Invoice:
        """An invoice of one line."""
        line = LineDraft(description="Kitchen sink", unit_price=D(price), service_category=service)
        draft = InvoiceDraft(customer_id=customer.id, issue_date=DAY, lines=[line])
        with self.core.begin(self.tenant, actor="office") as tx:
            return tx.raise_invoice(draft)

    def pay(self, invoice: Invoice, amount: str) -> Payment:
        """A check for an invoice."""
        parts = (Application(invoice_id=invoice.id, amount=D(amount)),)
        payment = Payment(
            id="",
            customer_id=invoice.customer_id,
            received_on=DAY,
            amount=D(amount),
            applications=parts,
            method="check",
            reference="2217",
        )
        with self.core.begin(self.tenant, actor="office") as tx:
            return tx.record_payment(payment)

    def change(self, customer: Customer, **fields: Any) -> Customer:
        """Change a customer in BlueOps."""
        with self.core.begin(self.tenant, actor="office") as tx:
            return tx.update_customer(attrs.evolve(customer, **fields))

    def state(self, ref: RecordRef) -> str:
        """Where the newest event of a record stands."""
        o = t.outbox
        query = (
            sa.select(o.c.state)
            .where(o.c.tenant_id == self.tenant, o.c.ref_kind == ref.kind.value, o.c.ref_id == ref.id)
            .order_by(o.c.revision.desc(), o.c.id.desc())
            .limit(1)
        )
        with self.core.engine.connect() as connection:
            return str(connection.execute(query).scalar_one())

    # -- the other side ----------------------------------------------------------------------------
    def twin_call(self, path: str, **body: Any) -> Any:
        """One of the twin's own switches."""
        answer = requests.post(f"{self.twin.base_url}/twin/{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def api(self, entity: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create or change something in the books as a bookkeeper does."""
        url = f"{self.twin.base_url}/v3/company/{self.twin.realm}/{entity.lower()}"
        headers = {"Authorization": f"Bearer {self.twin.access_token}", "Accept": "application/json"}
        answer = requests.post(url, json=body, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()[entity]
        return found

    def read(self, entity: str, id: str) -> dict[str, Any]:
        """Something of the books."""
        url = f"{self.twin.base_url}/v3/company/{self.twin.realm}/{entity.lower()}/{id}"
        headers = {"Authorization": f"Bearer {self.twin.access_token}", "Accept": "application/json"}
        answer = requests.get(url, headers=headers, timeout=60)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()[entity]
        return found


@contextmanager
def office(url: str, *, seed: str = "sample") -> Iterator[Office]:
    """Everything, switched on; the first tenant has people of every role, a second one an admin."""
    other = new_company(realm=SECOND_REALM, seed="empty")
    with running_twin(seed=seed, others=[other]) as twin, pytest.MonkeyPatch.context() as patch:
        for key, value in {
            "BLUEOPS_QB_RUNNER": "none",
            "BLUEOPS_QB_QBO_ENVIRONMENT": "sandbox",
            "BLUEOPS_QB_QBO_CLIENT_ID": twin.client_id,
            "BLUEOPS_QB_QBO_CLIENT_SECRET": twin.client_secret,
            "BLUEOPS_QB_QBO_ALLOW_LOOPBACK_HTTP": "1",
            "BLUEOPS_QB_QBO_API_BASE": twin.base_url,
            "BLUEOPS_QB_QBO_APP_BASE": f"{twin.base_url}/app",
            "BLUEOPS_QB_QBO_DISCOVERY_URL": f"{twin.base_url}/.well-known/openid_sandbox_configuration",
            **NO_PACE,
        }.items():
            patch.setenv(key, value)
        core = open_core(url, keys=[KEY], durable=False)
        core.create_tenant(TENANT, "Acme Plumbing")
        core.create_tenant(OTHER_TENANT, "Rival Rooter")
        people(core)
        with core.begin(OTHER_TENANT) as tx:
            add_user(
                tx.connection,
                id=OTHER_USER,
                login=OTHER_USER,
                name="Rival",
                password_hash=password_hash(),
                roles={OTHER_TENANT: Role.ADMIN},
            )
        (plugin,) = core.load_plugins([ROOT], entry_points=[])
        assert plugin.ready, plugin.reason
        for tenant in (TENANT, OTHER_TENANT):
            core.set_switch(tenant, PLUGIN, Switch.ON, actor="admin")
        engine = bootstrap.house().engine
        engine.turns = attrs.evolve(
            engine.turns, settings=EngineSettings(backoff_seconds=0.0, hint_seconds=0.0)
        )
        carrier = Carrier(engine)
        try:
            yield Office(core=core, twin=twin, engine=engine, carrier=carrier)
        finally:
            carrier.close()
            core.stop()
