"""Webhooks: tells an address what changed, signed, gathered for a while, and again until it is acknowledged.

One delivery is under way at a time; what changes meanwhile waits for the next one.  Anything but a 2xx answer
within three seconds is a failure, after which the identical body is sent again by the schedule of reference
section 7.1.  Tests may have deliveries repeated, shuffled, lost or held back.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Mapping
from urllib.parse import urlsplit

import attrs

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.news import News
from blueops_qb.sandbox.qbo.webhooks_format import SIGNATURE, TOLD, Format, body_of, signature
from blueops_qb.sandbox.qbo.wire import Obj

#: seconds from a failed attempt to the next, the last for ever
SCHEDULE = (10.0, 20.0, 30.0, 300.0, 1200.0, 7200.0, 14400.0, 21600.0)
#: how long the address may take
PATIENCE = 3.0
KEPT, ATTEMPTS = 1000, 1000


@attrs.frozen(kw_only=True)
class Hook:
    """Where changes are told, and how."""

    url: str
    token: str = attrs.field(factory=lambda: secrets.token_urlsafe(24), repr=False)  #: the verifier token
    style: Format = Format.CLOUDEVENTS
    gather: float = 0.2  #: seconds that changes are gathered; Intuit has minutes in production
    schedule: tuple[float, ...] = SCHEDULE
    scale: float = 1.0  #: of the schedule
    most: int = 500  #: changes in one delivery
    repeat: int = 0  #: so many times each acknowledged delivery is sent again
    shuffle: int | None = (
        None  #: a seed: changes within a delivery, and deliveries that wait, lose their order
    )
    lose: float = 0.0  #: share of the changes that are never told
    hold: bool = False  #: nothing is sent; what changes is gathered

    def __attrs_post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not _is_loopback(parts.hostname or ""):
            raise ValueError(
                f"webhook url {self.url!r}: expected http(s) on this machine (127.0.0.1, localhost)"
            )
        if not self.schedule or min(self.schedule) < 0:
            raise ValueError("webhook schedule: expected one or more waits in seconds")


@attrs.define(kw_only=True, eq=False)
class Delivery:
    """One body and how often it was tried."""

    body: bytes
    due: float
    tries: int = 0
    again: int = 0  #: further sends once it is acknowledged


class Webhooks:
    """The sender of one twin; off until it is configured."""

    def __init__(self, companies: Mapping[str, Company]) -> None:
        self._companies = companies
        self._changed = threading.Condition()
        self._hook: Hook | None = None
        self._news: dict[tuple[str, str, str, str], News] = {}
        self._since = 0.0  # when the oldest of them came
        self._queue: list[Delivery] = []
        self._busy = False
        self._ended = False
        self._thread: threading.Thread | None = None
        self._chance = random.Random(0)
        self._source = f"intuit.{secrets.token_urlsafe(24)}"
        self.acknowledged: deque[bytes] = deque(maxlen=KEPT)  #: bodies, in the order they were taken
        self.attempts: deque[Obj] = deque(maxlen=ATTEMPTS)  #: when, HTTP status (0 = no answer), size

    # -- set up ----------------------------------------------------------------------------------------------

    @property
    def hook(self) -> Hook | None:
        """The present set-up, None when off."""
        return self._hook

    def configure(self, hook: Hook | None) -> None:
        """Tell changes from now on as ``hook`` says; None tells nothing more and forgets what waits."""
        with self._changed:
            self._hook = hook
            if hook is None:
                self._news.clear()
                self._queue.clear()
            elif hook.shuffle is not None:
                self._chance = random.Random(hook.shuffle)
            if hook is not None and self._thread is None and not self._ended:
                self._thread = threading.Thread(target=self._run, name="qbo-twin-webhooks", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        for company in self._companies.values():
            listeners = company.news.listeners
            if hook is not None and self.hear not in listeners:
                listeners.append(self.hear)
            elif hook is None and self.hear in listeners:
                listeners.remove(self.hear)

    def stop(self) -> None:
        """End the sender."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout=PATIENCE + 2)

    # -- changes ---------------------------------------------------------------------------------------------

    def hear(self, news: News) -> None:
        """A change was accepted; kinds without webhooks are passed over."""
        if news.kind not in TOLD:
            return
        with self._changed:
            hook = self._hook
            if hook is None or (hook.lose and self._chance.random() < hook.lose):
                return
            if not self._news:
                self._since = time.monotonic()
            # The same change of the same record within one delivery is told once, with its last moment.
            key = (news.realm, news.kind, news.id, news.operation.value)
            self._news.pop(key, None)
            self._news[key] = news
            self._changed.notify_all()

    def flush(self, patience: float = 10.0) -> bool:
        """Send what waits without gathering longer; True when all of it was acknowledged in time."""
        end = time.monotonic() + patience
        with self._changed:
            while self._hook is not None and not self._ended and (self._news or self._queue or self._busy):
                self._since = 0.0
                self._changed.notify_all()
                if (
                    not self._changed.wait(max(0.0, min(0.1, end - time.monotonic())))
                    and time.monotonic() >= end
                ):
                    return False
        return True

    def replay(self, count: int, *, seed: int | None = None) -> int:
        """Send the last acknowledged deliveries again, byte for byte, in another order where a seed is given."""
        with self._changed:
            bodies = list(self.acknowledged)[-count:] if count else []
            if seed is not None:
                random.Random(seed).shuffle(bodies)
            now = time.monotonic()
            self._queue += [Delivery(body=body, due=now) for body in bodies]
            self._changed.notify_all()
        return len(bodies)

    def shown(self) -> Obj:
        """The state as JSON; without the verifier token."""
        with self._changed:
            hook = self._hook
            return {
                "url": hook.url if hook else None,
                "format": hook.style.value if hook else None,
                "hold": hook.hold if hook else False,
                "waiting": len(self._news),
                "queued": len(self._queue) + self._busy,
                "acknowledged": len(self.acknowledged),
                "attempts": list(self.attempts),
            }

    # -- the sender ------------------------------------------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._changed:
                picked = self._next()
                while picked is None and not self._ended:
                    self._changed.wait(self._pause())
                    picked = self._next()
                if self._ended or picked is None:
                    return
                delivery, hook = picked
                self._busy = True
            status = _post(hook, delivery.body)
            with self._changed:
                self._busy = False
                self._heard(delivery, hook, status)
                self._changed.notify_all()

    def _next(self) -> tuple[Delivery, Hook] | None:
        """The delivery that is due, with changes made into one where their time has come."""
        hook = self._hook
        if hook is None or hook.hold:
            return None
        now = time.monotonic()
        if self._news and now >= self._since + hook.gather:
            self._queue += self._packed(hook, now)
        if not self._queue:
            return None
        place = self._chance.randrange(len(self._queue)) if hook.shuffle is not None else 0
        # Until the first is acknowledged the later ones are withheld.
        if self._queue[place].due > now:
            return None
        return self._queue.pop(place), hook

    def _packed(self, hook: Hook, now: float) -> list[Delivery]:
        news = list(self._news.values())
        self._news.clear()
        if hook.shuffle is not None:
            self._chance.shuffle(news)
        return [
            Delivery(
                body=body_of(news[start : start + hook.most], hook.style, source=self._source),
                due=now,
                again=hook.repeat,
            )
            for start in range(0, len(news), hook.most)
        ]

    def _pause(self) -> float | None:
        """Seconds until something is due; None = until something changes."""
        hook = self._hook
        if hook is None or hook.hold:
            return None
        moments = [delivery.due for delivery in self._queue]
        if hook.shuffle is None:
            moments = moments[:1]
        if self._news:
            moments.append(self._since + hook.gather)
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _heard(self, delivery: Delivery, hook: Hook, status: int) -> None:
        self.attempts.append({"at": time.time(), "status": status, "bytes": len(delivery.body)})
        now = time.monotonic()
        if 200 <= status < 300:
            self.acknowledged.append(delivery.body)
            if delivery.again:
                self._queue.append(Delivery(body=delivery.body, due=now, again=delivery.again - 1))
        elif self._hook is not None:
            wait = hook.schedule[min(delivery.tries, len(hook.schedule) - 1)] * hook.scale
            self._queue.insert(0, attrs.evolve(delivery, due=now + wait, tries=delivery.tries + 1))


def _post(hook: Hook, body: bytes) -> int:
    """The status of the answer; 0 for none. Redirects are not followed."""
    parts = urlsplit(hook.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Content-Type": "application/json", SIGNATURE: signature(body, hook.token)}
    try:
        connection.request("POST", target, body=body, headers=headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return False


def hook_of(settings: Obj, former: Hook | None) -> Hook | None:
    """A set-up from the admin API's JSON, on top of the present one; ``url: null`` = off. Raises ValueError."""
    names = {
        "url": "url",
        "token": "token",
        "format": "style",
        "gather_seconds": "gather",
        "retry_seconds": "schedule",
        "retry_scale": "scale",
        "most": "most",
        "repeat": "repeat",
        "shuffle": "shuffle",
        "lose": "lose",
        "hold": "hold",
    }
    given = {name: value for name, value in settings.items() if name != "realm"}
    unknown = sorted(given.keys() - names.keys())
    if unknown:
        raise ValueError(f"{unknown[0]!r}: expected one of {', '.join(names)}")
    if "url" in given and given["url"] is None:
        return None
    values: Obj = {names[name]: value for name, value in given.items()}
    for name, make in (("gather", float), ("scale", float), ("lose", float), ("most", int), ("repeat", int)):
        if name in values:
            values[name] = make(values[name])
    if "style" in values:
        values["style"] = Format(values["style"])
    if "schedule" in values:
        values["schedule"] = tuple(float(wait) for wait in values["schedule"])
    if former is None and "url" not in values:
        raise ValueError("webhooks are off: give a url")
    return attrs.evolve(former, **values) if former is not None else Hook(**values)
