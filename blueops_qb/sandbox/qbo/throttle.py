"""Request limits per company, counted over sliding windows of real time (reference section 9.1)."""

from __future__ import annotations

import threading
import time
from collections import deque

import attrs


@attrs.frozen(kw_only=True)
class Limits:
    """Requests per minute, requests per second, batches per minute."""

    per_minute: int = 500
    per_second: int = 10
    batches_per_minute: int = 40

    @classmethod
    def parse(cls, text: str) -> Limits:
        """Read ``MIN,SEC,BATCH``; an empty string means the service's own limits. Raises ValueError."""
        if not text:
            return cls()
        parts = text.split(",")
        if len(parts) != 3:
            raise ValueError(f"limits {text!r}: expected three numbers MIN,SEC,BATCH such as 500,10,40")
        minute, second, batches = (int(part) for part in parts)
        return cls(per_minute=minute, per_second=second, batches_per_minute=batches)


class Throttle:
    """Admits or refuses requests; a refused one does not count."""

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._calls: dict[str, deque[float]] = {}
        self._batches: dict[str, deque[float]] = {}

    def admits(self, realm: str, *, batch: bool) -> bool:
        """May this request pass now?"""
        limits = self.limits
        if limits is None:
            return True
        now = time.monotonic()
        with self._lock:
            calls = self._calls.setdefault(realm, deque())
            batches = self._batches.setdefault(realm, deque())
            for window in (calls, batches):
                while window and now - window[0] >= 60:
                    window.popleft()
            in_second = sum(1 for moment in reversed(calls) if now - moment < 1)
            if len(calls) >= limits.per_minute or in_second >= limits.per_second:
                return False
            if batch and len(batches) >= limits.batches_per_minute:
                return False
            calls.append(now)
            if batch:
                batches.append(now)
            return True
