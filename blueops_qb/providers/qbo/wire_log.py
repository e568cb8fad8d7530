"""The wire log: every call to the v3 API and its answer as JSON lines, for whoever has to prove what was sent.

It is opt-in (`BLUEOPS_QB_QBO_WIRE_LOG`, `--wire-log FILE`) because it holds customer data in the clear; only the owner
of the process can read it. Sign-in, renewal and revocation are never in it, and a secret that turned up in a call
would be blacked out.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import attrs

from blueops_qb.providers.qbo.exact_json import dumps, loads
from blueops_qb.providers.qbo.framing import Answer, Request
from blueops_qb.sdk.doors import NotSent, Unknown

log = logging.getLogger(__name__)

REDACTED = "[redacted]"
_OWNER_ONLY = stat.S_IRUSR | stat.S_IWUSR
#: Shorter strings are no secrets and would black out half of the log.
_SHORTEST = 6


class WireLogUnusable(Exception):
    """The file cannot be written by us alone; the sentence names it and the remedy."""


@attrs.frozen
class WireLog:
    """A file of JSON lines; each call opens it anew, so that several processes may share it and it may be rotated."""

    path: Path

    def check(self) -> None:
        """Make the file, owner-only; raises WireLogUnusable."""
        try:
            os.close(self._open())
        except OSError as problem:
            raise WireLogUnusable(
                f"the wire log {self.path} cannot be written: {problem.strerror}. Choose another file, or "
                "delete it and its link."
            ) from None

    def note(
        self,
        request: Request,
        answer: Answer | NotSent | Unknown,
        *,
        sent_at: dt.datetime,
        secrets: Iterable[str] = (),
    ) -> None:
        """Append one call: `time` (ISO, UTC), `method`, `path`, `body`, `status`, `answer`.

        `body` and `answer` are JSON values, text where they are none, null where there is nothing; without an answer
        `status` is null and `problem` says why. A file that cannot be written is told in the log and stops no call.
        """
        line: dict[str, Any] = {
            "time": sent_at.astimezone(dt.UTC).isoformat(),
            "method": request.method,
            "path": request.path,
            "body": _value(request.body),
            "status": answer.status if isinstance(answer, Answer) else None,
            "answer": _value(answer.text) if isinstance(answer, Answer) else None,
        }
        if not isinstance(answer, Answer):
            line["problem"] = answer.why
        text = dumps(line)
        for secret in secrets:
            if len(secret) >= _SHORTEST:
                text = text.replace(dumps(secret)[1:-1], REDACTED)
        try:
            handle = self._open()
            try:
                os.write(handle, text.encode() + b"\n")
            finally:
                os.close(handle)
        except OSError as problem:
            log.warning("the wire log cannot be written: %s", problem.strerror)

    def _open(self) -> int:
        # A link could lead what is written to where others read it.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | getattr(os, "O_NOFOLLOW", 0)
        handle = os.open(self.path, flags, _OWNER_ONLY)
        try:
            if stat.S_IMODE(os.fstat(handle).st_mode) != _OWNER_ONLY:
                os.fchmod(handle, _OWNER_ONLY)
        except OSError:
            os.close(handle)
            raise
        return handle


def _value(text: str | None) -> Any:
    """The JSON value of a text, numbers as they were written; the text itself when it is none."""
    if not text:
        return None
    try:
        return loads(text)
    except (ValueError, RecursionError):
        return text
