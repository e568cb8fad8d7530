"""Keeps a served company in its file: a line of its log before every answer, the whole file now and then."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from blueops_qb.sandbox.qbo import storage
from blueops_qb.sandbox.qbo.server import TwinApp
from blueops_qb.sandbox.qbo.step_log import StepLog

SAVE_EVERY = 2.0
#: a save of a large company takes a while, in which calls are slower: rest this many times as long after it
_REST = 10


class Keeper:
    """Saves the first company of an app and who is let in; the file is there, and whole, once this is made."""

    def __init__(self, app: TwinApp, path: Path) -> None:
        self._app, self._path = app, path
        # The file is written before the log of an earlier process is emptied.
        self._saved = app.company.changes
        storage.save(app.company, path, access=app.tokens.dump())
        self._log = StepLog(app.company, app.tokens, path)

    def run(self, stopped: threading.Event) -> None:
        """Save while something changes until ``stopped`` is set, and once more then."""
        rest = SAVE_EVERY
        while not stopped.wait(rest):
            if self._app.company.changes != self._saved:
                began = time.monotonic()
                self.save()
                rest = max(SAVE_EVERY, _REST * (time.monotonic() - began))
        self.save()
        self.close()

    def close(self) -> None:
        """Follow the app no longer; what was answered until now is kept."""
        self._log.close()

    def save(self) -> None:
        """Write the file anew and shorten the log."""
        app = self._app
        mark, self._saved = self._log.mark(), app.company.changes
        storage.save(app.company, self._path, access=app.tokens.dump(), step_log=mark.line)
        self._log.trim(mark)
