"""Mutants: the product with one safeguard switched off, to show that the soak notices.

Each is a context manager that replaces one function or value from outside; the product has no switch for any of it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from unittest.mock import patch

import attrs

from blueops_qb.domain.compare import GROUPS, decide
from blueops_qb.domain.documents import CustomerPayment
from blueops_qb.domain.mapping import Target
from blueops_qb.domain.policy import Overlap
from blueops_qb.domain.posting import lookup
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.domain.reverse import payment_from
from blueops_qb.engine import (
    arrivals,
    arrived_copies,
    findings,
    known,
    landing,
    link_rows,
    mirroring,
    outbox,
    plan_anew,
    pull,
    sweep,
    three_ways,
    tombstones,
    turn,
    uncertain,
    write_plan,
)
from blueops_qb.providers.qbo import provider, transport
from blueops_qb.providers.qbo.metering import limits_of
from blueops_qb.sdk.provider import Verb
from blueops_qb.store import tables as t

Mutant = Callable[[], contextlib.AbstractContextManager[Any]]


def swap(owner: Any, name: str, replacement: Any) -> Mutant:
    return lambda: patch.object(owner, name, replacement)


def posted_blindly(turn: Any, row: Any, unknown: Any, why: str = "") -> None:
    """What is of unknown fate is sent once more at once, as a new exchange."""
    o, e = t.operations, t.exchanges
    ids = [ready.id for ready in unknown]
    values = {"state": "ready", "exchange_id": None, "not_before": None}
    turn.connection.execute(o.update().where(o.c.id.in_(ids)).values(**values))
    turn.connection.execute(e.update().where(e.c.id == row["id"]).values(state="closed", body=b""))
    uncertain.queue_events(turn, unknown, why)


def deletions_not_asked(plain: Any) -> Any:
    def deletions(land: Any, operation: Any, found: Any) -> None:
        if operation.verb is not Verb.FIND:
            plain(land, operation, found)

    return deletions


def _cursor_of_our_clock(plain: Any) -> Any:
    def moved(land: Any, operation: Any, found: Any, *, full: bool) -> None:
        plain(land, operation, attrs.evolve(found, cursor=land.turn.now.isoformat()), full=full)

    return moved


def _taken_from_anybody(at: Any, _carrier: str) -> bool:
    """The lease is taken, whoever holds it."""
    until = at.now + dt.timedelta(seconds=at.settings.lease_seconds)
    at.set(lease_owner=at.settings.owner, lease_until=until)
    return True


def _without_overlap(plain: Any) -> Any:
    return lambda settings: attrs.evolve(plain(settings), feed_overlap_seconds=0.0)


def _same_generation(at: Any, one: Any) -> None:
    link_rows.unlink(at, one, "gone", "open", generation=0)
    plan_anew.plan_again(at, one.key.source)


def _first_allocation(plain: Any) -> Any:
    def payment(document: CustomerPayment, **more: Any) -> Any:
        record = plain(document, **more)
        return attrs.evolve(record, applications=record.applications[:1])

    return payment


def _default_item() -> Any:
    def item(self: Any, family: Any, key: str, **more: Any) -> Any:
        found = self.context.mapping.find(family, key, more.get("scopes", ()))
        return found if found is not None else Target(item=BooksRef(BooksKind.ITEM, "1"))

    return item


def ours_wins(plain: Any) -> Any:
    return lambda **sides: plain(**{**sides, "policy": lambda _: Overlap.OURS})


@contextlib.contextmanager
def _echo_by_marker() -> Iterator[None]:
    with (
        patch.object(arrived_copies, "is_coming", lambda *_: False),
        patch.object(arrived_copies, "_bearer", lambda *_: None),
    ):
        yield


@contextlib.contextmanager
def _first_allocation_only() -> Iterator[None]:
    with (
        patch.object(arrivals, "payment_from", _first_allocation(payment_from)),
        patch.object(pull, "payment_from", _first_allocation(payment_from)),
    ):
        yield


def _nothing(*_: Any, **__: Any) -> None:
    """Done is nothing at all."""


def _always(*_: Any, **__: Any) -> bool:
    return True


def _every_group(one: Any, _: Any) -> tuple[str, ...]:
    return tuple(GROUPS[type(one)])


#: Name of the safeguard -> the product without it.
MUTANTS: Mapping[str, Mutant] = {
    "both bases are compared": swap(three_ways, "decide", ours_wins(decide)),
    "what is uncertain is looked up": swap(uncertain, "partly", posted_blindly),
    "the look-up asks for deletions": swap(findings, "_deletions", deletions_not_asked(findings._deletions)),
    "an echo is known by its digest": swap(write_plan, "differing", _every_group),
    "an echo is known by its marker": _echo_by_marker,
    "work is handed out under the lease": swap(turn, "_leased", _taken_from_anybody),
    "the watermark is of the books' clock": swap(
        findings, "_move_cursor", _cursor_of_our_clock(findings._move_cursor)
    ),
    "the watermark overlaps": swap(provider, "limits_of", _without_overlap(limits_of)),
    "the generation rises after a removal": swap(tombstones, "again", _same_generation),
    "waiters are woken": swap(outbox, "wake", _nothing),
    "what may be there is held": swap(landing.Landing, "doubt", _nothing),
    "every allocation counts": _first_allocation_only,
    "removals are put to a person": swap(tombstones, "removed_there", _always),
    "changes are brought in": swap(three_ways, "_bring", _nothing),
    "the core sweep finds what a hook missed": swap(sweep, "_missing", lambda *_: []),
    "answers that do not come are given up": swap(uncertain, "overdue", _nothing),
    "nothing is planned while a change is out": swap(known.Known, "busy", property(lambda _: False)),
    "the mirror never goes back": swap(mirroring, "_older", lambda *_, **__: False),
    "a variance is held": swap(landing, "as_decided", lambda sent, _: sent),
    "a renewed sign-in is stored before it is used": swap(transport, "keep", _nothing),
    "no key posts to a default": swap(lookup.Lookup, "item", _default_item()),
}
