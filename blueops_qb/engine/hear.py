"""Hearing: how an exchange ended, and what follows from every outcome.

Never raises for what came back; what cannot be read is unknown. An answer counts once: while its exchange is
sent or uncertain. A repeat is recorded and changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from blueops_qb.domain.refs import BooksRef
from blueops_qb.engine import ledger, messages, numbers, renewals, status, uncertain
from blueops_qb.engine.books_tax import tell_core_tax
from blueops_qb.engine.due import operation_row, wanted_row
from blueops_qb.engine.findings import take_found
from blueops_qb.engine.landing import Landing
from blueops_qb.engine.log_trouble import log_trouble
from blueops_qb.engine.outbox import Hold
from blueops_qb.engine.over_jobs import split_instead
from blueops_qb.engine.ready import Ready, Sent
from blueops_qb.engine.reload import reload
from blueops_qb.engine.throttled import come_back
from blueops_qb.engine.turn import Turn
from blueops_qb.engine.unsettled import OUT_OF_DATE, READING
from blueops_qb.sdk.doors import Answered, NotSent, Reply
from blueops_qb.sdk.outcomes import (
    Absent,
    Applied,
    Found,
    Gone,
    NotKnown,
    Outcome,
    Refused,
    SignIn,
    Stale,
    Throttled,
    Why,
)
from blueops_qb.sdk.provider import WRITES, Lane, Operation, Verb, Want
from blueops_qb.store import tables as t

log = logging.getLogger(__name__)

HEARD = ("sent", "uncertain", "resend", status.ASKED)
#: Outcomes of a call that the books carried out, also where they refused what was in it.
_METERED = (Applied, Found, Absent, Gone, Refused, Stale)


def hear(
    turn: Turn,
    exchange_id: str,
    reply: Reply,
    sent: Sent | None,
    outcomes: Mapping[str, Outcome] | None = None,
) -> bool:
    """Settle one exchange; True when this answer counted.

    `sent` saves reading it back, if still at hand, and `outcomes` what its answer was read as already.
    """
    e = t.exchanges
    row = (
        turn.connection.execute(sa.select(e).where(e.c.id == exchange_id).with_for_update()).mappings().one()
    )
    if row["state"] not in HEARD:
        turn.note("repeated answer", f"exchange {exchange_id}", numbers=row["state"])
        return False
    if sent is None or row["state"] != "sent":
        sent, outcomes = reload(turn, row), None
    if not isinstance(reply, Answered) and turn.row["health"] == "ok":
        turn.set(health="unreached", health_reason=f"The books were not reached: {reply.why}")
    if row["asked"] and not isinstance(reply, Answered):
        # Only the question was lost; that says nothing of the exchange itself.
        status.unanswered(turn, row, reply.why)
    elif isinstance(reply, NotSent):
        _not_sent(turn, row, sent, reply.why)
    elif isinstance(reply, Answered):
        messages.keep(turn, row, sent, reply.body)
        _answered(turn, row, sent, reply.body, outcomes)
    else:
        uncertain.became(turn, row, sent, reply.why)
    return True


def close(turn: Turn, exchange_id: str, note: str = "") -> None:
    """The exchange is settled; its bytes are no longer needed."""
    e = t.exchanges
    turn.connection.execute(
        e.update()
        .where(e.c.id == exchange_id)
        .values(state="closed", closed_at=turn.now, note=note, body=b"")
    )


def back_to_ready(turn: Turn, sent: Sent, ids: list[int], *, not_before: Any, reason: str) -> None:
    """Operations that did not happen wait for another attempt; their events are queued again."""
    if ids:
        o = t.operations
        turn.connection.execute(
            o.update()
            .where(o.c.id.in_(ids))
            .values(
                state="ready",
                exchange_id=None,
                not_before=not_before,
                reason=reason,
                # A number that was free then may not be so when it goes again.
                params_json=sa.case((o.c.verb == Verb.CREATE.value, ""), else_=o.c.params_json),
            )
        )
        uncertain.queue_events(turn, [sent.ready[str(id)] for id in ids], reason)


def _not_sent(turn: Turn, row: Any, sent: Sent, why: str) -> None:
    attempts = max((ready.row.attempts for ready in sent.ready.values()), default=0)
    ids = [ready.id for ready in sent.ready.values()]
    if row["state"] == "sent" and row["sends"] > 1:
        # Earlier sends under this id are still of unknown fate.
        uncertain.became(turn, row, sent, why)
        return
    back_to_ready(
        turn, sent, ids, not_before=turn.backoff(attempts), reason=f"the books were not reached: {why}"
    )
    status.never_arrived(turn, row["id"])
    turn.note("not sent", f"exchange {row['id']}", numbers=str(len(ids)), reason=why)
    close(turn, row["id"], f"not sent: {why}")


def _answered(turn: Turn, row: Any, sent: Sent, body: bytes, outcomes: Mapping[str, Outcome] | None) -> None:
    try:
        if outcomes is None:
            outcomes = turn.provider.decode(sent.exchange, body, turn.profile)
    except Exception as problem:
        log_trouble(
            log, "provider %s could not decode exchange %s", turn.description.name, row["id"], problem=problem
        )
        uncertain.became(turn, row, sent, "the answer could not be read")
        return
    Hearing(turn=turn, row=row, sent=sent).settle(outcomes)


class Hearing:
    """The outcomes of one exchange, settled in one transaction."""

    def __init__(self, *, turn: Turn, row: Any, sent: Sent) -> None:
        self.turn = turn
        self.row = row
        self.sent = sent
        # A file may be put back, and its clock too; the answer to a question about an exchange was stored long ago.
        in_turn = bool(turn.description.witnesses) and not row["asked"]
        self.landing = Landing(turn=turn, asked_at=row["sent_at"] if in_turn else None)
        self.new_operations: list[dict[str, Any]] = []
        self.retry: list[tuple[Ready, Any, str]] = []
        #: Operations by the word with which they go apart from others.
        self.apart: dict[str, list[int]] = {}
        self.unknown: list[Ready] = []
        self.why = "the answer does not tell"
        self.forgotten = False
        self.settled: dict[str, None] = {}

    def settle(self, outcomes: Mapping[str, Outcome]) -> None:
        """Take every outcome, then write."""
        turn = self.turn
        self.landing.look(_shown(self.sent, outcomes))
        for operation in self.sent.exchange.operations:
            ready = self.sent.ready[operation.id]
            outcome = outcomes.get(operation.id) or NotKnown(message="the answer does not mention it")
            if self.row["asked"]:
                outcome = status.as_told(turn, operation, outcome, row=self.row)
            self._take(ready, operation, outcome)
            for want in outcome.then:
                onward = numbers.onward(operation, want)
                row = wanted_row(turn, onward, lane=ready.row.lane, settles=ready.row.settles)
                self.new_operations.append(row)
        if any(isinstance(outcome, _METERED) for outcome in outcomes.values()):
            turn.metered = turn.provider.cost(self.sent.exchange.operations)
            status.cleared(turn, self.sent)
        if self.new_operations:
            turn.connection.execute(t.operations.insert(), self.new_operations)
        for ready, not_before, reason in self.retry:
            back_to_ready(turn, self.sent, [ready.id], not_before=not_before, reason=reason)
        for word, ids in self.apart.items():
            turn.connection.execute(
                t.operations.update().where(t.operations.c.id.in_(ids)).values(apart=word)
            )
        self.landing.write()
        if turn.row["health"] == "unreached":
            turn.set(health="ok", health_reason="")
        turn.set(last_contact_at=turn.now)
        if self.unknown:
            uncertain.partly(turn, self.row, self.unknown, self.why)
            if self.forgotten and status.may_run_still(self.row):
                status.ask_at_next_session(turn, self.row["id"])
            elif self.forgotten:
                status.forget(turn, self.row["id"])
        else:
            close(turn, self.row["id"])
        for exchange_id in self.settled:
            uncertain.judge(turn, exchange_id)

    def _take(self, ready: Ready, operation: Operation, outcome: Outcome) -> None:
        match outcome:
            case Applied():
                self._applied(ready, operation, outcome)
            case Found():
                take_found(self.landing, operation, outcome)
                if numbers.is_cut(operation, outcome):
                    self._not_known(ready, operation, NotKnown(message="the answer was cut"))
                    return
                self._looked_up(ready, operation, outcome)
            case Absent() | Gone():
                self._missing(ready, operation, outcome.then)
            case Refused():
                self._refused(ready, operation, outcome)
            case Stale():
                self._stale(ready, operation)
            case Throttled():
                attempts, id = ready.row.attempts, self.row["id"]
                wait = come_back(self.turn, operation, outcome, attempts=attempts, exchange_id=id)
                self.retry.append((ready, wait, outcome.message or "the books are busy"))
                if outcome.apart:
                    self.apart.setdefault(outcome.apart, []).append(ready.id)
            case SignIn():
                self._sign_in(ready, outcome)
            case NotKnown():
                self._not_known(ready, operation, outcome)

    def _applied(self, ready: Ready, operation: Operation, outcome: Applied) -> None:
        if operation.verb is Verb.SIGN_IN:
            self.landing.done(ready)
            if self.turn.row["health"] in ("sign_in", "refresh"):
                self.turn.set(health="ok", health_reason="")
            return
        for record in outcome.also:
            self.landing.show(record, origin="ours", compare=True)
        if ready.source is None:
            self.landing.done(ready)
            return
        self.landing.landed(ready, operation, outcome.record)
        if outcome.record is not None:
            tell_core_tax(self.turn, ready, outcome.record)

    def _looked_up(self, ready: Ready, operation: Operation, found: Found | None = None) -> None:
        self.landing.done(ready)
        if numbers.is_asking(operation):
            numbers.told(self.landing, ready, found)
        if ready.row.settles:
            self.settled[ready.row.settles] = None

    def _missing(self, ready: Ready, operation: Operation, then: tuple[Want, ...]) -> None:
        """A record is not there (any more)."""
        assert operation.kind is not None
        place = BooksRef(operation.kind, operation.target_id)
        if operation.verb is Verb.READ:
            self.landing.deleted(place)
            self._looked_up(ready, operation)
        elif operation.verb is Verb.WITHDRAW:
            self.landing.landed(ready, operation, None)
        elif ready.source is None:
            self._looked_up(ready, operation)
        elif operation.verb is Verb.CREATE or any(want.verb is Verb.READ for want in then):
            if operation.verb is not Verb.CREATE:
                _reading(self.turn, ready)
            self.landing.failed(
                ready,
                "the books do not find it, or something that it names",
                "Check what the record names (customer, item, account, invoice), then retry.",
            )
        else:
            self.landing.deleted(place)
            self.landing.failed(
                ready,
                f"{place} was deleted in the books",
                "Choose on the record's page: create it again, unlink it, or void it here.",
                hold=Hold.REMOVED,
            )

    def _refused(self, ready: Ready, operation: Operation, outcome: Refused) -> None:
        text = outcome.message + (f" ({outcome.reference})" if outcome.reference else "")
        if operation.verb is Verb.LEDGER:
            self.landing.failed(ready, text, outcome.remedy)
            ledger.fail(self.turn, operation.params, text, outcome.remedy)
            return
        if outcome.why is Why.NOT_ALLOWED:
            stop(self.turn, f"{outcome.message} {outcome.remedy}".strip())
            self.retry.append((ready, None, text))
            return
        if ready.source is None:
            self.retry.append((ready, self.turn.backoff(max(ready.row.attempts, 5)), text))
            # Their own words may quote a name; the page shows them, the log does not.
            log.warning(
                "connection %s: %s was refused (%s, reference %s)",
                self.turn.id,
                ready.row.verb,
                outcome.why,
                outcome.reference or "none",
            )
            return
        if split_instead(self.turn, ready, operation, outcome):
            self.landing.dropped(ready, outcome.message)
            return
        # A name may become free over there; then it is tried again by itself.
        hold = Hold.MATCH if outcome.why is Why.NAME_TAKEN else Hold.REFUSED
        self.landing.failed(ready, text, outcome.remedy or "Correct the record, then retry.", hold=hold)

    def _stale(self, ready: Ready, operation: Operation) -> None:
        """Read the record, then both sides are compared again."""
        self.landing.dropped(ready, OUT_OF_DATE)
        # Shown unchanged by that read, it is no matter of versions and another try would not help.
        refused = {"refused": operation.version, "revision": str(ready.row.revision)}
        self.new_operations.append(
            operation_row(
                self.turn,
                Verb.READ,
                kind=operation.kind,
                target_id=operation.target_id,
                params=refused,
                lane=Lane.LIVE,
            )
        )
        _reading(self.turn, ready)

    def _sign_in(self, ready: Ready, outcome: SignIn) -> None:
        reason = outcome.message or "the books no longer accept our sign-in"
        if outcome.refresh and renewals.renewed_since(self.turn, self.row["sent_at"]):
            # It left with the old sign-in; with the one that has come meanwhile it goes again.
            self.retry.append((ready, None, reason))
            return
        if outcome.refresh and ready.row.verb != Verb.SIGN_IN.value and not renewals.in_vain(self.turn):
            self.turn.set(health="refresh", health_reason=reason)
        else:
            self.turn.set(health="sign_in", health_reason=f"Sign in again: {reason}")
            self.turn.note("sign in again", f"connection {self.turn.id}", reason=reason)
        if ready.row.verb == Verb.SIGN_IN.value:
            self.landing.done(ready)
        else:
            self.retry.append((ready, None, reason))

    def _not_known(self, ready: Ready, operation: Operation, outcome: NotKnown) -> None:
        if operation.verb in WRITES:
            self.unknown.append(ready)
            self.forgotten |= outcome.forgotten
            self.why = (
                f"nobody knows yet whether it arrived: {outcome.message}" if outcome.message else self.why
            )
        else:
            reason = outcome.message or "the answer could not be read"
            self.retry.append((ready, self.turn.backoff(ready.row.attempts), reason))


def _reading(turn: Turn, ready: Ready) -> None:
    """Nothing is planned for the record before it has been read again."""
    lk = t.links
    turn.connection.execute(
        lk.update()
        .where(lk.c.document_id == ready.row.document_id, lk.c.state == "live")
        .values(doubtful=READING)
    )


def stop(turn: Turn, reason: str) -> None:
    """Hand out nothing more until a person has acted."""
    turn.set(health="stopped", health_reason=reason)
    turn.note("stopped", f"connection {turn.id}", reason=reason)


def _shown(sent: Sent, outcomes: Mapping[str, Outcome]) -> list[BooksRef]:
    refs: list[BooksRef] = []
    for operation in sent.exchange.operations:
        outcome = outcomes.get(operation.id)
        if isinstance(outcome, Found):
            refs += [record.ref for record in outcome.records]
            refs += outcome.deleted
        elif isinstance(outcome, Applied):
            refs += [record.ref for record in outcome.also]
            if outcome.record is not None:
                refs.append(outcome.record.ref)
        elif operation.kind is not None and operation.target_id:
            refs.append(BooksRef(operation.kind, operation.target_id))
    return refs
