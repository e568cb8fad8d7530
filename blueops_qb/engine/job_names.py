"""Job names: which name a job has among those of its customer, in books that want them different there only."""

from __future__ import annotations

import json

import attrs
import sqlalchemy as sa

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.naming import name_key
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, Ref
from blueops_qb.engine.known import places_of
from blueops_qb.engine.turn import Turn
from blueops_qb.sdk import wire
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t

#: Jobs of which nobody has told yet where they stand in the books.
_OPEN = ("ready", "out", "uncertain")


@attrs.define(kw_only=True)
class JobNames:
    """The keys of names below customers, as the mirror's whole names make them (`Ada:Kitchen`)."""

    turn: Turn
    _customers: dict[Ref, str] = attrs.field(factory=dict)

    def key(self, customer: Ref, name: str) -> str:
        """The key of a name below a customer, who may not be in the books yet."""
        if customer not in self._customers:
            self._customers[customer] = self._whole_name(customer)
        return f"{self._customers[customer]}:{name_key(name)}"

    def under_way(self) -> dict[str, str]:
        """The names of jobs that are to be created, or may have been, and whose they are."""
        o, d = t.operations, t.documents
        query = (
            sa.select(d.c.source_kind, d.c.source_id, o.c.content)
            .select_from(o.join(d, d.c.id == o.c.document_id))
            .where(
                o.c.connection_id == self.turn.id,
                o.c.state.in_(_OPEN),
                o.c.verb == Verb.CREATE.value,
                o.c.kind == BooksKind.CUSTOMER.value,
                d.c.source_kind == RecordKind.JOB.value,
            )
            .order_by(o.c.id.desc())
        )
        found: dict[str, str] = {}
        for row in self.turn.connection.execute(query):
            told = json.loads(row.content)
            if told.get("parent"):
                found[self.key(wire.parse_ref(told["parent"]), told["name"])] = (
                    f"{row.source_kind}:{row.source_id}"
                )
        return found

    def _whole_name(self, customer: Ref) -> str:
        place = (
            customer
            if isinstance(customer, BooksRef)
            else places_of(self.turn.connection, self.turn.id, [customer]).get(customer)
        )
        m = t.mirror
        name = None
        if isinstance(place, BooksRef):
            query = sa.select(m.c.name_key).where(
                m.c.connection_id == self.turn.id, m.c.kind == place.kind.value, m.c.books_id == place.id
            )
            name = self.turn.connection.execute(query).scalar_one_or_none()
        # No name of the books begins with a colon.
        return name or f":{customer}"


def below(document: object) -> Ref | None:
    """The customer below whom a job stands; None for any other party."""
    return document.parent if isinstance(document, CustomerRecord) else None
