"""Bad weather on demand: planned failures, latency and the other switches that tests throw."""

from __future__ import annotations

import enum
import random
import threading
from collections import Counter, deque

import attrs

from blueops_qb.sandbox.qbo.refusals import Refusal
from blueops_qb.sandbox.qbo.wire import Obj


class Trouble(enum.Enum):
    """What can go wrong with one call."""

    DROP_BEFORE = "drop_before"  #: the connection closes, nothing was done
    DROP_AFTER = "drop_after"  #: done, but the connection closes without an answer
    TIMEOUT_AFTER = "timeout_after"  #: done, then silence for ``seconds``, then the connection closes
    ERROR_BEFORE = "error_before"  #: 500, nothing was done
    ERROR_AFTER = "error_after"  #: done, but the answer is a 500
    UNAVAILABLE = "unavailable"  #: 503, nothing was done
    HTML = "html"  #: an HTML page with status 200 instead of JSON, nothing was done
    HTML_AFTER = "html_after"  #: done, but the answer is that page
    THROTTLED_XML = "throttled_xml"  #: 429 with an XML body, nothing was done
    THROTTLED = "throttled"  #: 429 with a JSON body, nothing was done
    TRUNCATED = "truncated"  #: done, the answer breaks off in the middle
    SLOW = "slow"  #: done and answered after ``seconds``
    RESET_BEFORE = "reset_before"  #: the connection is reset, nothing was done
    RESET_AFTER = "reset_after"  #: done, but the connection is reset
    STALL = "stall"  #: silence for ``seconds``, then the connection closes, nothing was done
    STALLED_BODY = "stalled_body"  #: done, half of the answer, then silence for ``seconds``
    BAD_GATEWAY = "bad_gateway"  #: 502 with an HTML page, nothing was done
    GATEWAY_TIMEOUT = "gateway_timeout"  #: done, but the answer is a 504 with an HTML page
    EXTRA_MEMBERS = "extra_members"  #: done, every object of the answer has a member nobody knows
    MEMBERS_OMITTED = "members_omitted"  #: done, the answer lacks ``members``
    OLD_SPELLING = "old_spelling"  #: done, enumerations are spelled in capitals
    REFUSED = "refused"  #: the whole call is refused with ``refusal``, nothing was done
    REFUSED_ITEMS = "refused_items"  #: the items of a batch that ``refusal`` concerns are refused


BEFORE = {
    Trouble.DROP_BEFORE,
    Trouble.ERROR_BEFORE,
    Trouble.UNAVAILABLE,
    Trouble.HTML,
    Trouble.THROTTLED_XML,
    Trouble.THROTTLED,
    Trouble.RESET_BEFORE,
    Trouble.STALL,
    Trouble.BAD_GATEWAY,
}


@attrs.define(kw_only=True)
class Plan:
    """Trouble for the next ``count`` calls that fit, after letting ``skip`` of them pass.

    With a ``rate`` below 1 a call that fits is struck by chance, the same calls for the same ``seed``; each
    strike goes on for ``burst`` calls.
    """

    trouble: Trouble
    count: int = 1  #: calls that are struck; 0 = until the plan is cleared
    skip: int = 0
    method: str = ""  #: GET or POST; empty = both
    match: str = ""  #: part of the path and query, such as ``/invoice`` or ``/batch``
    seconds: float = 0.0
    refusal: Refusal | None = None
    rate: float = 1.0  #: from 0 (never) to 1 (every call)
    burst: int = 1
    seed: int = 0
    members: tuple[str, ...] = ()  #: for MEMBERS_OMITTED; empty = those that a client can do without
    _chance: random.Random = attrs.field(init=False, repr=False)
    _going_on: int = attrs.field(default=0, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if not 0 <= self.rate <= 1 or self.burst < 1 or self.count < 0 or self.skip < 0:
            raise ValueError("rate is from 0 to 1, burst at least 1, count and skip not negative")
        self._chance = random.Random(self.seed)

    def strikes(self) -> bool:
        """Does it hit this call?  To be asked once per call."""
        if self._going_on:
            self._going_on -= 1
            return True
        hit = self.rate >= 1 or self._chance.random() < self.rate
        if hit:
            self._going_on = self.burst - 1
        return hit

    def fits(self, method: str, target: str) -> bool:
        """Does this plan concern the call?"""
        return self.method in ("", method) and self.match in target


@attrs.define(kw_only=True)
class Weather:
    """The switches of one twin."""

    plans: list[Plan] = attrs.field(factory=list)
    latency: float = 0.0  #: seconds added to every call
    requestid_ignored: bool = False
    xml_throttle: bool = False  #: 429 answers carry XML
    padded_codes: bool = False  #: the gateway writes its codes with leading zeros, ``003001``
    _lock: threading.Lock = attrs.field(factory=threading.Lock, repr=False)
    _over: threading.Event = attrs.field(factory=threading.Event, repr=False)

    def wait(self, seconds: float) -> None:
        """Let time pass, but not beyond the end of the twin."""
        self._over.wait(seconds)

    def end(self) -> None:
        """The twin stops: nobody waits any longer."""
        self._over.set()

    def add(self, plan: Plan) -> None:
        """Plan trouble."""
        with self._lock:
            self.plans.append(plan)

    def clear(self) -> None:
        """Forget all planned trouble."""
        with self._lock:
            self.plans.clear()

    def next_for(self, method: str, target: str) -> Plan | None:
        """The trouble that hits this call, used up once."""
        if not self.plans:
            return None
        with self._lock:
            for plan in self.plans:
                if not plan.fits(method, target):
                    continue
                if plan.skip > 0:
                    plan.skip -= 1
                    continue
                if not plan.strikes():
                    continue
                if plan.count == 1:
                    self.plans.remove(plan)
                plan.count = max(plan.count - 1, 0)
                return plan
        return None


@attrs.define
class Stats:
    """Counters of what was called."""

    calls: Counter[str] = attrs.field(factory=Counter)  #: by method and path without ids
    statuses: Counter[str] = attrs.field(factory=Counter)
    faults: Counter[str] = attrs.field(factory=Counter)
    writes: int = 0
    reads: int = 0
    batches: int = 0
    batch_items: int = 0
    replays: int = 0  #: answers repeated for a known requestid
    recent: deque[Obj] = attrs.field(factory=lambda: deque(maxlen=1000))

    def reset(self) -> None:
        """Start counting anew."""
        for counter in (self.calls, self.statuses, self.faults, self.recent):
            counter.clear()
        self.writes = self.reads = self.batches = self.batch_items = self.replays = 0

    def shown(self) -> Obj:
        """The counters as JSON."""
        return {
            "calls": dict(self.calls),
            "total": sum(self.calls.values()),
            "statuses": dict(self.statuses),
            "faults": dict(self.faults),
            "writes": self.writes,
            "reads": self.reads,
            "batches": self.batches,
            "batch_items": self.batch_items,
            "replays": self.replays,
        }
