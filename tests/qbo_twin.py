"""The QuickBooks Online provider connected to a running twin, for tests: exchanges go out and come back."""

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import requests

from blueops_qb.domain.documents import Document, kind_of
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.providers.qbo.tokens import Tokens, keep
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.sandbox.qbo.server import Settings
from blueops_qb.sdk.doors import Answered, Reply
from blueops_qb.sdk.outcomes import Applied, BooksRecord, Found, Outcome
from blueops_qb.sdk.provider import Exchange, Operation, Transport, Verb
from tests.qbo_documents import MemoryVault

CALLBACK = "http://127.0.0.1:9/callback"


@attrs.define(kw_only=True)
class Connected:
    """One connection between provider and twin."""

    twin: RunningTwin
    provider: QboProvider
    vault: MemoryVault
    transport: Transport
    profile: BooksProfile = attrs.field(factory=BooksProfile)
    ids: Iterator[int] = attrs.field(factory=lambda: itertools.count(1))

    def envelope(self, *operations: Operation) -> Exchange:
        return Exchange(
            id=f"ex{next(self.ids)}",
            connection_id="c1",
            company_id=self.twin.realm,
            operations=operations,
            created_at=dt.datetime.now(dt.UTC),
        )

    def send(self, exchange: Exchange) -> Reply:
        return self.transport.send(self.provider.encode(exchange, self.profile))

    def decode(self, exchange: Exchange, reply: Reply) -> list[Outcome]:
        assert isinstance(reply, Answered), reply
        outcomes = self.provider.decode(exchange, reply.body, self.profile)
        assert set(outcomes) == {operation.id for operation in exchange.operations}
        return [outcomes[operation.id] for operation in exchange.operations]

    def do(self, *operations: Operation) -> list[Outcome]:
        """Carry one exchange."""
        exchange = self.envelope(*operations)
        return self.decode(exchange, self.send(exchange))

    def one(self, verb: Verb, kind: BooksKind | None = None, **values: Any) -> Outcome:
        """Carry one operation."""
        return self.do(Operation(id="1", verb=verb, kind=kind, **values))[0]

    def write(self, document: Document, **values: Any) -> BooksRecord:
        """Create or update, and compare what came back with what was sent."""
        verb = Verb.UPDATE if "target_id" in values else Verb.CREATE
        values.setdefault("marker", "test:1.1")
        op = Operation(id="1", verb=verb, kind=kind_of(document), document=document, **values)
        (outcome,) = self.do(op)
        assert isinstance(outcome, Applied), outcome
        assert outcome.record is not None
        assert outcome.record.document is not None
        assert self.provider.normal(outcome.record.document) == self.provider.sent(op, self.profile)
        return outcome.record

    def read(self, kind: BooksKind, id: str) -> Outcome:
        return self.one(Verb.READ, kind, target_id=id)

    def seen(self, kind: BooksKind, id: str) -> BooksRecord:
        """The record as the books show it now."""
        outcome = self.read(kind, id)
        assert isinstance(outcome, Found), outcome
        return outcome.records[0]

    def admin(self, path: str, **body: Any) -> Any:
        """One call of the twin's own switches."""
        answer = requests.post(f"{self.twin.base_url}/twin/{path}", json=body, timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refresh_profile(self) -> None:
        outcome = self.one(Verb.CATALOG)
        assert isinstance(outcome, Found)
        assert outcome.profile is not None
        self.profile = outcome.profile


@contextmanager
def connected(*, seed: str = "sample", settings: Settings | None = None, **ours: Any) -> Iterator[Connected]:
    """A twin, and a connection with its everlasting access token."""
    with running_twin(seed=seed, settings=settings) as twin:
        made = QboSettings.sandbox(
            twin.base_url,
            client_id=twin.client_id,
            client_secret=twin.client_secret,
            redirect_uri=CALLBACK,
        )
        provider = QboProvider(attrs.evolve(made, **ours))
        vault = MemoryVault()
        keep(vault, Tokens(access_token=twin.access_token, refresh_token=twin.refresh_token))
        transport = provider.transport(vault, twin.realm)
        vault.puts = 0
        try:
            yield Connected(twin=twin, provider=provider, vault=vault, transport=transport)
        finally:
            transport.close()
