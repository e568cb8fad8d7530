"""Metering: how fast Intuit lets an app call, and what an exchange costs of it (reference section 9).

Limits count per company and app: calls per minute and per second, batches per minute. Reads are metered for all
companies together, each query of a batch as one; writes are free and only counted.
"""

from __future__ import annotations

from collections.abc import Sequence

from blueops_qb.providers.qbo.batches import MOST
from blueops_qb.providers.qbo.catalog import questions_of_catalog
from blueops_qb.providers.qbo.envelopes import BATCHED
from blueops_qb.providers.qbo.feeds import questions_of_changes
from blueops_qb.providers.qbo.lookups import questions_of_find
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.providers.qbo.tax_codes import is_tax_code
from blueops_qb.providers.qbo.uploads import is_upload
from blueops_qb.sdk.provider import WRITES, Cost, Limits, Operation, Pace, Verb

#: Names of the paces.
BATCHES, MINUTE, SECOND = "batches", "minute", "second"
#: Batches that may go at once after a pause; 38 and these stay below Intuit's 40 in any minute.
_BATCH_BURST = 2.0


def limits_of(settings: QboSettings) -> Limits:
    """The limits of a connection; a pace that the host has set to 0 is left out."""
    paces = (
        Pace(name=BATCHES, calls=settings.batches_per_minute, seconds=60.0, burst=_BATCH_BURST),
        Pace(
            name=MINUTE,
            calls=settings.calls_per_minute,
            seconds=60.0,
            burst=max(1.0, settings.calls_per_minute / 10),
        ),
        Pace(name=SECOND, calls=settings.calls_per_second, seconds=1.0, burst=1.0),
    )
    return Limits(
        open_exchanges=settings.calls_at_once,
        operations_per_exchange=MOST,
        paces=tuple(pace for pace in paces if pace.calls > 0),
        reads_per_month=settings.reads_per_month,
    )


def cost_of(operations: Sequence[Operation], limits: Limits) -> Cost:
    """What one exchange takes. A sign-in is no call of the Accounting API; a batch draws from every pace."""
    first = operations[0]
    if first.verb is Verb.SIGN_IN:
        return Cost()
    wanted = {MINUTE, SECOND} | ({BATCHES} if _is_batch(first) else set())
    paces = frozenset(pace.name for pace in limits.paces if pace.name in wanted)
    if first.verb in WRITES:
        return Cost(paces=paces, writes=len(operations))
    return Cost(paces=paces, reads=_questions(operations))


def _is_batch(operation: Operation) -> bool:
    if operation.verb is Verb.CHANGES:
        return bool(operation.params.get("full"))
    if is_upload(operation) or is_tax_code(operation):
        return False
    return operation.verb in BATCHED or operation.verb in (Verb.FIND, Verb.CATALOG)


def _questions(operations: Sequence[Operation]) -> int:
    match operations[0].verb:
        case Verb.CATALOG:
            return questions_of_catalog(operations[0])
        case Verb.CHANGES:
            return questions_of_changes(operations[0])
        case Verb.FIND:
            return questions_of_find(operations)
        case _:
            return len(operations)
