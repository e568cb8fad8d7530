"""Request limits per company, counted over sliding windows of real time (reference section 9.1)."""

from __future__ import annotations

import threading
import time
from collections import deque

import attrs


@attrs.frozen(kw_only=True)
class Limits:
    """How often one company may be called."""

    per_minute: int = 500  #: requests, over all apps
    per_second: int = 10  #: requests of one app
    batches_per_minute: int = 40  #: batches of one app

    @property
    def batches_of_all(self) -> int:
        """Batches a minute over all apps: three times what one app may send."""
        return 3 * self.batches_per_minute

    @classmethod
    def parse(cls, text: str) -> Limits:
        """Read ``MIN,SEC,BATCH``; an empty string means the service's own limits. Raises ValueError."""
        if not text:
            return cls()
        parts = [part.strip() for part in text.split(",")]
        if len(parts) != 3 or not all(part.isdecimal() and int(part) > 0 for part in parts):
            raise ValueError(
                f"limits {text!r}: expected three numbers above zero, MIN,SEC,BATCH such as 500,10,40"
            )
        minute, second, batches = (int(part) for part in parts)
        return cls(per_minute=minute, per_second=second, batches_per_minute=batches)


class Throttle:
    """Admits or refuses requests; a refused one does not count."""

    def __init__(self, limits: Limits | None) -> None:
        self.limits = limits
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, ...], deque[float]] = {}

    def admits(self, realm: str, *, batch: bool, app: str = "") -> bool:
        """May this request of an app for a company pass now?"""
        limits = self.limits
        if limits is None:
            return True
        asked = [
            (("calls of all", realm), 60, limits.per_minute),
            (("calls of one", realm, app), 1, limits.per_second),
        ]
        if batch:
            asked += [
                (("batches of all", realm), 60, limits.batches_of_all),
                (("batches of one", realm, app), 60, limits.batches_per_minute),
            ]
        now = time.monotonic()
        with self._lock:
            windows: list[deque[float]] = []
            for what, span, most in asked:
                window = self._windows.setdefault(what, deque())
                while window and now - window[0] >= span:
                    window.popleft()
                if len(window) >= most:
                    return False
                windows.append(window)
            for window in windows:
                window.append(now)
            return True
