"""Settings of the engine, given by bootstrap; defaults are for production."""

from __future__ import annotations

import os
import socket
from decimal import Decimal

import attrs


def process_name() -> str:
    """`host:pid:start` of this process; the start time tells a reused pid apart."""
    return f"{socket.gethostname()}:{os.getpid()}:{_started(os.getpid())}"


def _started(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
            return stat.read().rsplit(")", 1)[1].split()[19]
    except (OSError, IndexError):
        return ""


def is_dead(owner: str) -> bool:
    """True only when the owner surely ran on this host and is gone; False when nobody can say."""
    parts = owner.rsplit(":", 2)
    if len(parts) != 3 or parts[0] != socket.gethostname() or not os.path.isdir("/proc/self"):
        return False
    return bool(parts[2]) and _started(int(parts[1])) != parts[2]


@attrs.frozen(kw_only=True)
class EngineSettings:
    """How the engine behaves in time. Seconds everywhere."""

    lease_seconds: float = 30.0
    #: Look for changes over there at least this often, while the month's budget of reads allows it.
    sweep_seconds: float = 60.0
    #: The same for a company whose hints arrive, unless the tenant wants another figure.
    sweep_with_hints_seconds: float = 3600.0
    #: The longest that a short budget may put a sweep off.
    sweep_longest_seconds: float = 21_600.0
    #: Hints that come within so many seconds lead to one look.
    hint_seconds: float = 2.0
    #: Read the company and its lists again at least this often.
    catalog_seconds: float = 86_400.0
    #: Look for core records whose event was missed.
    core_sweep_seconds: float = 300.0
    #: First and longest wait after a failed attempt.
    backoff_seconds: float = 2.0
    backoff_longest_seconds: float = 600.0
    #: Scales what providers declare (settle_after, deadlines, rests); tests run at 0.02.
    time_scale: float = 1.0
    #: Records planned in one transaction.
    plan_batch: int = 120
    #: Books records compared in one transaction.
    compare_batch: int = 50
    #: More than this within an hour waits for a person (`guard`).
    guard_creates_per_hour: int = 20_000
    guard_removals_per_hour: int = 200
    guard_incoming_per_hour: int = 5_000
    guard_amount_per_hour: Decimal = Decimal(20_000_000)
    #: So many records are written after going live before somebody must look (`canary`); 0 = nobody needs to.
    canary_records: int = 10
    #: Poll for changes at all; benches switch it off.
    poll: bool = True
    owner: str = attrs.field(factory=process_name)
