"""What was written, told once per step to whoever listens: webhooks, and the image that lagging reads see.

Rules write freely under the company's lock; when the outermost holder lets go, every record that was touched is
told once.  A listener is called while the lock is still held, so that it may look at the books; it must be quick.
"""

from __future__ import annotations

import enum
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType

import attrs


class Written(enum.Enum):
    """What happened to a record, in the words of webhooks (reference section 7.2)."""

    CREATED = "Create"
    UPDATED = "Update"
    DELETED = "Delete"
    VOIDED = "Void"
    MERGED = "Merge"  #: the survivor; ``News.deleted_id`` is the loser
    EMAILED = "Emailed"


@attrs.frozen(kw_only=True)
class News:
    """One record that an accepted write changed, directly or as a consequence."""

    realm: str
    kind: str  #: entity name, such as ``Invoice``
    id: str
    operation: Written
    time: datetime  #: in the company's zone
    deleted_id: str = ""  #: only for MERGED


Listener = Callable[[News], None]


class Newsroom:
    """Gathers what a step wrote and tells it at its end."""

    def __init__(self) -> None:
        self.listeners: list[Listener] = []
        #: called at the end of every step, whether it wrote or not, after its news; the lock is still held
        self.ends: list[Callable[[], None]] = []
        self._gathered: dict[tuple[str, str], News] = {}

    def note(self, news: News) -> None:
        """Remember a change; a mere update says nothing new beside another."""
        if not self.listeners:
            return
        key = (news.kind, news.id)
        before = self._gathered.pop(key, None)
        weaker = before is not None and news.operation is Written.UPDATED
        self._gathered[key] = before if before is not None and weaker else news

    def tell(self) -> None:
        """Tell what was gathered, and that the step ends."""
        gathered, self._gathered = self._gathered, {}
        for news in gathered.values():
            for listener in list(self.listeners):
                listener(news)
        for ends in list(self.ends):
            ends()


class StepLock:
    """A re-entrant lock whose outermost release tells the news of the step."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._lock, self._newsroom, self._depth = threading.RLock(), newsroom, 0

    def __enter__(self) -> StepLock:
        self._lock.acquire()
        self._depth += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._depth == 1:
                self._newsroom.tell()
        finally:
            self._depth -= 1
            self._lock.release()
