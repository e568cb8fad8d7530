"""Plays the demo's day with canaries in it and with everything going wrong that can: run as a program of its own.

`python -m tests.canary_day DATABASE FILE` writes to FILE what secrets there were, for whoever looks for them
afterwards. Logging is set up by whoever starts it.
"""

import base64
import hashlib
import hmac
import json
import logging
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import requests
import sqlalchemy as sa

from blueops_qb import bootstrap
from blueops_qb.domain.records import Address, Customer
from blueops_qb.engine import census, engine
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.runners import threads
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.invoices import InvoiceDraft
from blueops_qb.sandbox.core.pricing import LineDraft
from blueops_qb.sandbox.core.seed import PASSWORD
from blueops_qb.sandbox.demo import run
from blueops_qb.sandbox.demo.visitor import PageFailed, Visitor
from blueops_qb.sandbox.qbo import oauth
from blueops_qb.sandbox.reader import BooksAddress

TENANT = "bluewater"
#: Customer data that nobody could take for anything else.
NAME, SECOND = "Canary Wilhelmina Oerdoeg", "Canary Zebulon Quagmire"
EMAIL, PHONE = "wilhelmina@canary-mail.example", "+1 775 555 8642"
STREET, MEMO, LINE = "4711 Canary Nest Row", "canary memo: key under the mat", "canary line: bathroom of W."
CUSTOMER_DATA = (
    NAME,
    SECOND,
    EMAIL,
    PHONE,
    STREET,
    MEMO,
    LINE,
    # And the people of the demo's own day.
    "Ada Hill",
    "ada.hill@example.com",
    "Rosa Delgado",
    "rosa.delgado@example.com",
    "775 555 2671",
    "office@harborview.example.com",
)


class Recorder:
    """Stands for the module `secrets` in the books' sign-in and keeps what it hands out."""

    def __init__(self) -> None:
        self.handed_out: list[str] = []

    def token_urlsafe(self, length: int) -> str:
        token = secrets.token_urlsafe(length)
        self.handed_out.append(token)
        return token

    compare_digest = staticmethod(secrets.compare_digest)


class Complaints(logging.Handler):
    """Keeps what the runner says."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def main(database: str, file: str) -> int:
    """Play; the exit code is that of the day."""
    recorder = Recorder()
    setattr(oauth, "secrets", recorder)  # noqa: B010  its own name for the standard module
    # Waits are shorter; everything else is as always.
    setattr(engine, "EngineSettings", partial(EngineSettings, time_scale=0.02, backoff_seconds=0.2))  # noqa: B010
    kept: dict[str, Any] = {}

    def troubles(books: BooksAddress) -> None:
        kept.update(trouble_of(books))

    code = run(once=True, db=database, seconds=600, before_compare=troubles)
    kept["tokens"] = recorder.handed_out
    Path(file).write_text(json.dumps(kept))
    return code


def trouble_of(books: BooksAddress) -> dict[str, Any]:
    """Everything that can go wrong, one after the other, with canaries in whatever is worked on."""
    house = bootstrap.house()
    core: Any = house.core
    settings = house.engine.providers["qbo"].settings  # type: ignore[attr-defined]
    mina = enter(core, NAME)
    quiet(core)
    for trouble in ("html", "drop_before", "error_after", "truncated", "unavailable"):
        twin(books, "faults", trouble=trouble, count=1, match="/batch")
        invoice(core, mina)
        quiet(core)
    twin(books, "tokens/expire")
    invoice(core, mina)
    quiet(core)
    with breaking(core, "blueops_qb_outbox", "INSERT"):
        enter(core, SECOND)
    with breaking(core, "blueops_qb_operations", "UPDATE"), breaking(core, "blueops_qb_tenants", "UPDATE"):
        complaints = Complaints()
        threads.log.addHandler(complaints)
        invoice(core, mina)
        until(lambda: any("could not be worked" in said for said in complaints.said))
        threads.log.removeHandler(complaints)
        for task in bootstrap.schedule():
            try:
                task.run(TENANT)
            except RuntimeError as problem:
                print("a task failed:", problem, file=sys.stderr)
    for task in bootstrap.schedule():
        task.run(TENANT)
    quiet(core)
    visit(books, core, mina)
    knock(books, core)
    quiet(core)
    return {
        "client_secret": settings.client_secret,
        "keys": [key.decode() for key in core.secret_keys()],
        "verifier": list(settings.webhook_tokens),
        "customer": mina.id,
    }


# -- what happens at the company -----------------------------------------------------------------------
def enter(core: ReferenceCore, name: str) -> Customer:
    address = Address(line1=STREET, city="Reno", state="NV", postal_code="89501")
    record = Customer(id="", name=name, email=EMAIL, phone=PHONE, billing=address)
    with core.begin(TENANT) as tx:
        return tx.create_customer(record)


def invoice(core: ReferenceCore, customer: Customer) -> None:
    line = LineDraft(
        description=LINE, unit_price=Decimal(secrets.randbelow(900) + 1), service_category="repair"
    )
    day = core.now().date()
    with core.begin(TENANT) as tx:
        tx.raise_invoice(
            InvoiceDraft(customer_id=customer.id, issue_date=day, due_date=day, lines=[line], memo=MEMO)
        )


def quiet(core: ReferenceCore) -> None:
    """Wait until nothing is on its way any more."""
    until(lambda: census_quiet(core))


def census_quiet(core: ReferenceCore) -> bool:
    with core.engine.connect() as connection:
        return census.quiet(connection, TENANT, connection_of(core))


def connection_of(core: ReferenceCore) -> str:
    with core.engine.connect() as connection:
        return str(connection.execute(sa.text("SELECT id FROM blueops_qb_connections")).scalar_one())


def until(condition: Callable[[], bool]) -> None:
    began = time.monotonic()
    time.sleep(0.2)
    while not condition():
        if time.monotonic() - began > 300:
            raise RuntimeError("the day got stuck")
        time.sleep(0.05)


# -- what goes wrong -------------------------------------------------------------------------------------
def twin(books: BooksAddress, path: str, **body: Any) -> None:
    requests.post(f"{books.base_url}/twin/{path}", json=body, timeout=60).raise_for_status()


@contextmanager
def breaking(core: ReferenceCore, table: str, verb: str) -> Iterator[None]:
    """Every such statement fails in the database; PostgreSQL's message quotes the whole row."""
    if core.engine.dialect.name == "sqlite":
        make = [
            f"CREATE TRIGGER broken_{table} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END"
        ]
        mend = [f"DROP TRIGGER broken_{table}"]
    else:
        make = [
            f"CREATE FUNCTION broken_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'broken %%', NEW; END $$",
            f"CREATE TRIGGER broken BEFORE {verb} ON {table} FOR EACH ROW EXECUTE FUNCTION broken_{table}()",
        ]
        mend = [f"DROP TRIGGER broken ON {table}", f"DROP FUNCTION broken_{table}()"]
    change(core, make)
    try:
        yield
    finally:
        change(core, mend)


def change(core: ReferenceCore, statements: list[str]) -> None:
    with core.engine.execution_options(sqlite_begin="IMMEDIATE").begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def visit(books: BooksAddress, core: ReferenceCore, customer: Customer) -> None:
    """A page fails while it shows the person, and searches for her by name."""
    visitor = Visitor(books.base_url)
    visitor.sign_in("admin", PASSWORD)
    pages = (f"/records/customer/{customer.id}", f"/records?text={NAME}")
    for page in pages:
        visitor.open(f"/settings/quickbooks{page}")
    change(core, ["ALTER TABLE blueops_qb_outbox RENAME TO blueops_qb_outbox_away"])
    for page in pages:
        try:
            visitor.open(f"/settings/quickbooks{page}")
        except PageFailed:
            print("a page failed", file=sys.stderr)
    change(core, ["ALTER TABLE blueops_qb_outbox_away RENAME TO blueops_qb_outbox"])
    visitor.close()


def knock(books: BooksAddress, core: ReferenceCore) -> None:
    """Messages at the gate: with a wrong signature, unreadable, and while the database is broken."""
    token = os.environ["BLUEOPS_QB_QBO_WEBHOOK_TOKENS"]
    body = json.dumps([{"specversion": "1.0", "intuitaccountid": "9130000000000000", "type": NAME}]).encode()
    sent = [
        (post(books, body, "another"), 401),
        (post(books, NAME.encode(), token), 200),
        (post(books, body, token), 200),
    ]
    with breaking(core, "blueops_qb_hints", "INSERT"):
        sent.append((post(books, body.replace(b"specversion", b"intuitentityid"), token), 503))
    assert all(got == wanted for got, wanted in sent), sent


def post(books: BooksAddress, body: bytes, token: str) -> int:
    signature = base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()
    headers = {"intuit-signature": signature, "Content-Type": "application/json"}
    url = f"{books.base_url}/gates/quickbooks/qbo/webhook"
    return requests.post(url, data=body, headers=headers, timeout=60).status_code


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
