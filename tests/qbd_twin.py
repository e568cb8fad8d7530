"""A company file to test against: requests written by hand, every answer judged by the qbXML schema."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import attrs
from lxml import etree

from blueops_qb.sandbox.qbd.bookkeeper import Bookkeeper
from blueops_qb.sandbox.qbd.clock import Clock
from blueops_qb.sandbox.qbd.company_file import CompanyFile, open_file
from blueops_qb.sandbox.qbd.seed import Seed
from blueops_qb.sandbox.qbd.sessions import Session
from tests.judges.qbxml_answers import must_fit

ROOT = Path(__file__).resolve().parents[1]
HEAD = '<?xml version="1.0" encoding="utf-8"?><?qbxml version="13.0"?>'


def schema_folder() -> Path | None:
    """Where the shared reference lies, if it is there."""
    folder = Path(os.environ.get("BLUEOPS_SHARED") or ROOT.parent / "shared").resolve()
    return folder if folder.exists() else None


@attrs.define
class Time:
    """A clock that stands still until it is moved on."""

    now: datetime = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def move(self, **steps: float) -> None:
        """Let time pass."""
        self.now += timedelta(**steps)


def message_set(*requests: str, attributes: str = 'onError="continueOnError"') -> str:
    """A message set as text."""
    return f"{HEAD}<QBXML><QBXMLMsgsRq {attributes}>{''.join(requests)}</QBXMLMsgsRq></QBXML>"


def ref(name: str, full_name: str) -> str:
    """A reference by name."""
    return f"<{name}><FullName>{full_name}</FullName></{name}>"


@attrs.define
class Desk:
    """One company file with an open session."""

    file: CompanyFile
    time: Time
    session: Session
    schema: Path | None

    @property
    def bookkeeper(self) -> Bookkeeper:
        """The person at this file."""
        return Bookkeeper(company=self.file.company)

    def process(self, text: str) -> str:
        """Run a message set; its answer has passed the schema."""
        answer = self.file.processor.process(self.session, text)
        if self.schema is not None:
            must_fit(self.schema, answer)
        return answer

    def answers(self, *requests: str, attributes: str = 'onError="continueOnError"') -> list[etree._Element]:
        """The answers to requests, one element each."""
        root = etree.fromstring(self.process(message_set(*requests, attributes=attributes)).encode())
        return list(root[0])

    def ask(self, request: str) -> etree._Element:
        """The answer to one request."""
        (answer,) = self.answers(request)
        return answer

    def done(self, request: str) -> etree._Element:
        """The answer to one request that must have succeeded: the record in it, or the answer itself."""
        answer = self.ask(request)
        assert answer.get("statusCode") == "0", etree.tostring(answer).decode()
        return answer[0] if len(answer) and answer[0].tag.endswith("Ret") else answer

    def refused(self, request: str) -> int:
        """The status code of one request; nothing may have moved in the ledger."""
        before = self.file.company.ledger.trial_balance()
        answer = self.ask(request)
        assert self.file.company.ledger.trial_balance() == before
        return int(answer.get("statusCode", "0"))

    def add(self, kind: str, members: str) -> etree._Element:
        """Add a record and answer it."""
        return self.done(f"<{kind}AddRq><{kind}Add>{members}</{kind}Add></{kind}AddRq>")

    def mod(self, record: etree._Element, members: str) -> etree._Element:
        """Change a record and answer it."""
        kind = record.tag.removesuffix("Ret")
        return self.done(modification(kind, record, members))

    def query(self, kind: str, filters: str = "") -> list[etree._Element]:
        """The records that a query finds."""
        return list(self.ask(f"<{kind}QueryRq>{filters}</{kind}QueryRq>"))

    def balance(self, account: str) -> Decimal:
        """What the ledger holds on an account, debit positive."""
        company = self.file.company
        return company.ledger.balance(company.named("Account", account))

    def balances(self) -> dict[str, str]:
        """Every account with a balance, by name, debit positive."""
        company = self.file.company
        return {
            company.full_name(account): f"{amount:.2f}"
            for account, amount in sorted(company.ledger.balances().items())
        }


def modification(kind: str, record: etree._Element, members: str) -> str:
    """A Mod of a record with its key."""
    key = "TxnID" if record.find("TxnID") is not None else "ListID"
    head = f"<{key}>{text(record, key)}</{key}><EditSequence>{text(record, 'EditSequence')}</EditSequence>"
    return f"<{kind}ModRq><{kind}Mod>{head}{members}</{kind}Mod></{kind}ModRq>"


def text(record: etree._Element, path: str) -> str:
    """A member of a record; empty where it is not there."""
    return record.findtext(path) or ""


def new_desk(path: Path | None = None, *, seed: Seed = Seed.NAMES, zone: str = "America/New_York") -> Desk:
    """A company file that is new or kept, with a clock of its own."""
    time = Time()
    file = open_file(path, clock=Clock(zone=zone, now=time), seed=seed)
    return Desk(file=file, time=time, session=file.session(), schema=schema_folder())
