"""Keeps what was written since the company file was saved, a line a step, so that a kill loses nothing answered.

Every line tells whole states (records, counters, the reply to a requestid, who is let in), never differences: a line
that is read twice does no harm.  A line is with the system before the client has its answer; it outlives the process,
not a loss of power.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from pathlib import Path

import attrs

from blueops_qb.sandbox.qbo.company import Company, Key
from blueops_qb.sandbox.qbo.news import News
from blueops_qb.sandbox.qbo.oauth import Tokens
from blueops_qb.sandbox.qbo.wire import Obj, dumps, loads

#: members of a line that replace the member of the company file
_WHOLE = ("counters", "hidden", "shift_seconds", "access")


def step_log_of(path: Path) -> Path:
    """The log of steps beside a company file."""
    return path.with_name(path.name + ".log")


@attrs.frozen(kw_only=True)
class Mark:
    """How far the log had come at a moment."""

    line: int
    size: int  #: bytes


class StepLog:
    """Follows a company and its sign-in until the process ends; `mark` before a save of the file, `trim` after it."""

    def __init__(self, company: Company, tokens: Tokens, path: Path) -> None:
        self._company, self._tokens, self._path = company, tokens, step_log_of(path)
        self._lock = threading.Lock()
        self._dirty: dict[Key, None] = {}
        self._line = 0
        self._settings = self._settings_now()
        self._reply = next(reversed(company.replies), None)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("wb", buffering=0)
        with company.lock:
            company.news.listeners.append(self._heard)
            company.news.ends.append(self._step_ended)
        tokens.listeners.append(self._let_in)

    def mark(self) -> Mark:
        """Where the log is now: all of it up to here is in a company file that is written from now on."""
        with self._lock:
            return Mark(line=self._line, size=self._file.tell())

    def trim(self, mark: Mark) -> None:
        """Drop the lines up to a mark; those after it stay."""
        with self._lock:
            rest = self._path.read_bytes()[mark.size :]
            fresh = self._path.with_name(self._path.name + ".new")
            fresh.write_bytes(rest)
            self._file.close()
            fresh.replace(self._path)
            self._file = self._path.open("ab", buffering=0)

    def close(self) -> None:
        """Follow no longer."""
        with self._company.lock:
            self._company.news.listeners.remove(self._heard)
            self._company.news.ends.remove(self._step_ended)
        self._tokens.listeners.remove(self._let_in)
        with self._lock:
            self._file.close()

    def _heard(self, news: News) -> None:
        for identity in filter(None, (news.id, news.deleted_id)):
            self._dirty[news.kind, identity] = None

    def _step_ended(self) -> None:
        company, line = self._company, Obj()
        if self._dirty:
            dirty, self._dirty = self._dirty, {}
            line["records"] = [self._state(*key) for key in dirty]
            line["counters"] = dict(company.counters)
            line["files"] = {
                identity: base64.b64encode(company.files[identity]).decode()
                for kind, identity in dirty
                if kind == "Attachable" and identity in company.files
            }
        reply = next(reversed(company.replies), None)
        if reply is not None and reply != self._reply:
            when, status, body = company.replies[reply]
            line["reply"] = [reply, when.isoformat(), status, body.decode()]
            self._reply = reply
        settings = self._settings_now()
        if settings != self._settings:
            line |= settings
            self._settings = settings
        if line:
            self._append(line)

    def _settings_now(self) -> Obj:
        shift = self._company.clock.shift.total_seconds()
        return {"hidden": attrs.asdict(self._company.hidden), "shift_seconds": shift}

    def _state(self, kind: str, identity: str) -> list[object]:
        company = self._company
        stamp, stub = company.stamps[kind].get(identity), company.stubs[kind].get(identity)
        return [
            kind,
            identity,
            company.records[kind].get(identity),
            stamp and stamp.isoformat(),
            stub and stub.isoformat(),
        ]

    def _let_in(self) -> None:
        self._append({"access": self._tokens.dump()})

    def _append(self, line: Obj) -> None:
        with self._lock:
            self._line += 1
            self._file.write(dumps({"line": self._line, **line}) + b"\n")


def with_step_log(data: Obj, path: Path) -> Obj:
    """The contents of a company file, brought up to the last line of the log beside it."""
    lines = [line for line in _lines(step_log_of(path)) if line["line"] > data.get("step_log", 0)]
    records = {kind: {row["Id"]: row for row in rows} for kind, rows in data["records"].items()}
    replies = {row[0]: row for row in data["replies"]}
    for line in lines:
        for kind, identity, record, stamp, stub in line.get("records", ()):
            for rows, state in (
                (records.setdefault(kind, {}), record),
                (data["stamps"].setdefault(kind, {}), stamp),
                (data["stubs"].setdefault(kind, {}), stub),
            ):
                if state is None:
                    rows.pop(identity, None)
                else:
                    rows[identity] = state
        data.setdefault("files", {}).update(line.get("files", {}))
        if "reply" in line:
            replies[line["reply"][0]] = line["reply"]
        data.update({name: line[name] for name in _WHOLE if name in line})
    data["records"] = {kind: list(rows.values()) for kind, rows in records.items()}
    data["replies"] = list(replies.values())
    kept = records.get("Attachable", {})
    data["files"] = {identity: file for identity, file in data.get("files", {}).items() if identity in kept}
    return data


def _lines(path: Path) -> Iterator[Obj]:
    if not path.exists():
        return
    for raw in path.read_bytes().split(b"\n"):
        try:
            yield loads(raw)
        except (
            ValueError
        ):  # the process ended while it wrote this line, before it answered; the last is empty
            return
