"""Turn: one decision of the engine in one transaction, with everything it may look at."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import attrs
import sqlalchemy as sa

from blueops_qb.domain.mapping import Mapping
from blueops_qb.domain.policy import Policy
from blueops_qb.domain.posting.rules import RULES, Rules
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import audit, budget
from blueops_qb.engine.changed import Changed, NotingTransaction, read_as_changed
from blueops_qb.engine.rulebook import CatalogView, Rulebook
from blueops_qb.engine.settings import EngineSettings, is_dead
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Core, CoreTransaction, Snapshot
from blueops_qb.sdk.provider import Cost, Description, Provider
from blueops_qb.store import tables as t
from blueops_qb.store.types import db_now


def random_id() -> str:
    """An id that nobody else makes: 24 hexadecimal characters."""
    return secrets.token_hex(12)


class UnknownConnection(LookupError):
    """There is no such connection."""


@attrs.define(kw_only=True)
class Turn:
    """The open transaction of a connection, its row locked. `now` is the database's clock."""

    core: Core
    tx: CoreTransaction
    row: dict[str, Any]
    provider: Provider
    description: Description
    settings: EngineSettings
    rulebook: Rulebook
    now: dt.datetime
    #: What each kind of record becomes in the books.
    rules: Rules
    #: Makes the id of an exchange.
    new_exchange_id: Callable[[], str] = random_id
    #: What core has taken in this turn already: its committed state is older.
    changed: Changed = attrs.field(factory=Changed)
    entries: list[audit.Entry] = attrs.field(factory=list)
    #: The exchange that this turn handed out, as `hand_out.Sent`.
    sent: Any = None
    #: Nothing was handed out although something is ready: the books' pace lets it go after so long.
    wait: dt.timedelta | None = None
    #: Metered reads and writes of exchanges that this turn heard; counted when it ends.
    metered: Cost = attrs.field(factory=Cost)
    _profile: BooksProfile | None = None
    _zone: ZoneInfo | None = None

    @property
    def connection(self) -> sa.Connection:
        return self.tx.connection

    def read_all(self, refs: Sequence[RecordRef]) -> dict[RecordRef, Snapshot]:
        """Several of core's records as this turn sees them; what does not exist is left out."""
        return read_as_changed(self.core, self.tx, self.tenant_id, self.changed, refs)

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def tenant_id(self) -> str:
        return str(self.row["tenant_id"])

    @property
    def profile(self) -> BooksProfile:
        """The books' profile as last read."""
        if self._profile is None:
            text = self.row["profile_json"]
            self._profile = wire.load(BooksProfile, text) if text else BooksProfile()
        return self._profile

    @property
    def zone(self) -> ZoneInfo:
        """The company's time zone, asked for once; UTC where core names one that is not known."""
        if self._zone is None:
            try:
                self._zone = ZoneInfo(self.core.tenant(self.tenant_id).zone)
            except (ZoneInfoNotFoundError, ValueError):
                self._zone = ZoneInfo("UTC")
        return self._zone

    @property
    def mapping(self) -> Mapping:
        return self.rulebook.mapping(self.connection, self.id, self.row["mapping_version"])

    @property
    def policy(self) -> Policy:
        return self.rulebook.policy(self.connection, self.id, self.row["policy_version"])

    @property
    def catalog(self) -> CatalogView:
        return self.rulebook.catalog(self.connection, self.id, self.row["catalog_at"])

    def set(self, **values: Any) -> None:
        """Change the connection's row."""
        self.row.update(values)
        if "profile_json" in values:
            self._profile = None
        self.connection.execute(t.connections.update().where(t.connections.c.id == self.id), values)

    def note(
        self, action: str, subject: str = "", *, numbers: str = "", actor: str = "engine", **payload: Any
    ) -> None:
        """Add an entry to the audit log; written when the turn ends."""
        self.entries.append(
            audit.Entry(action=action, subject=subject, actor=actor, numbers=numbers, payload=payload)
        )

    def scaled(self, seconds: float) -> dt.timedelta:
        """A span of the provider's or ours, scaled as the settings say."""
        return dt.timedelta(seconds=seconds * self.settings.time_scale)

    def backoff(self, attempts: int) -> dt.datetime:
        """When to try again after so many failed attempts."""
        longest = self.settings.backoff_longest_seconds
        return self.now + self.scaled(min(longest, self.settings.backoff_seconds * 2 ** min(attempts, 12)))


@attrs.frozen(kw_only=True)
class Turns:
    """Opens turns."""

    core: Core
    providers: dict[str, Provider]
    settings: EngineSettings
    rulebook: Rulebook
    keys: audit.Keys
    #: What each kind of record becomes in the books.
    rules: Rules = RULES
    #: The clock of all decisions: the database's own, unless a bench plays time.
    clock: Callable[[sa.Connection], dt.datetime] = db_now
    #: Makes the id of an exchange, at most 24 characters: by chance, unless a bench plays chance.
    new_exchange_id: Callable[[], str] = random_id
    _tenants: dict[str, tuple[str, str]] = attrs.field(factory=dict)
    _descriptions: dict[str, Description] = attrs.field(factory=dict)

    def place(self, connection_id: str) -> tuple[str, str]:
        """(tenant id, provider name) of a connection; raises UnknownConnection."""
        known = self._tenants.get(connection_id)
        if known is None:
            query = sa.select(t.connections.c.tenant_id, t.connections.c.provider).where(
                t.connections.c.id == connection_id
            )
            with self.core.engine.connect() as connection:
                row = connection.execute(query).one_or_none()
            if row is None:
                raise UnknownConnection(f"there is no connection {connection_id}")
            known = self._tenants[connection_id] = (row.tenant_id, row.provider)
        return known

    def provider(self, connection_id: str) -> Provider:
        """The provider of a connection; raises UnknownConnection or KeyError when it is not installed."""
        return self.providers[self.place(connection_id)[1]]

    def describe(self, name: str) -> Description:
        """A provider's description, read once."""
        if name not in self._descriptions:
            self._descriptions[name] = self.providers[name].describe()
        return self._descriptions[name]

    @contextmanager
    def open(self, connection_id: str, *, lease: bool = False, carrier: str = "") -> Iterator[Turn | None]:
        """A turn; with `lease`, None when another living process, or another session than `carrier`, carries it."""
        tenant_id, provider = self.place(connection_id)
        with self.core.begin(tenant_id) as tx:
            row = (
                tx.connection.execute(
                    sa.select(t.connections).where(t.connections.c.id == connection_id).with_for_update()
                )
                .mappings()
                .one()
            )
            changed = Changed()
            turn = Turn(
                core=self.core,
                tx=NotingTransaction(tx, changed),
                changed=changed,
                row=dict(row),
                provider=self.providers[provider],
                description=self.describe(provider),
                settings=self.settings,
                rulebook=self.rulebook,
                now=self.clock(tx.connection),
                rules=self.rules,
                new_exchange_id=self.new_exchange_id,
            )
            if lease and not _leased(turn, carrier):
                yield None
                return
            yield turn
            audit.append(tx.connection, tenant_id, turn.entries, keys=self.keys, now=turn.now)
            # Last, because all connections of the installation count in one row.
            budget.count(tx.connection, provider, turn.metered, turn.now)


def _leased(turn: Turn, carrier: str) -> bool:
    """Take or keep the carriage of the connection; every change of hands raises the fence."""
    owner, until = turn.row["lease_owner"], turn.row["lease_until"]
    if turn.description.calls:
        # A session takes the carriage when it begins, until the next one does; a process only plans ahead for it.
        return not carrier or owner == carrier
    lease = dt.timedelta(seconds=turn.settings.lease_seconds)
    if owner == turn.settings.owner:
        # Renewed in its second half only, so that a busy connection does not write its row each time.
        if until is None or not turn.now + lease / 2 <= until <= turn.now + 2 * lease:
            turn.set(lease_until=turn.now + lease)
        return True
    dead = bool(owner) and is_dead(owner)
    if owner and not dead and until is not None and turn.now < until <= turn.now + 2 * lease:
        return False
    if dead:
        # Nobody will hear those answers any more, so nobody needs to wait for them.
        turn.connection.execute(
            t.exchanges.update()
            .where(t.exchanges.c.connection_id == turn.id, t.exchanges.c.state.in_(["sent", "asked"]))
            .values(deadline=turn.now)
        )
    turn.set(lease_owner=turn.settings.owner, lease_until=turn.now + lease, fence=turn.row["fence"] + 1)
    return True
