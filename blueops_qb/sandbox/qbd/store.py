"""The company file on disk: one SQLite database, written through request by request, so that a kill loses nothing
that was answered."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from blueops_qb.sandbox.qbd.values import Obj

FORMAT = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
);
CREATE TABLE IF NOT EXISTS deletions (
    kind TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (kind, id)
);
CREATE TABLE IF NOT EXISTS message_sets (
    id TEXT PRIMARY KEY, checksum TEXT NOT NULL, answer TEXT
);
"""


class Store:
    """Reads and writes the tables; ``path`` None keeps everything in memory."""

    def __init__(self, path: Path | None) -> None:
        """Open or create the file; raises ValueError where it is no company file of this format."""
        self._db = sqlite3.connect(str(path) if path else ":memory:", check_same_thread=False)
        try:
            # The file survives a kill of this process; it need not survive a power cut.
            self._db.execute("PRAGMA synchronous = OFF")
            self._db.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            raise ValueError(f"company file {path}: it is not a company file ({error})") from error
        known = self.meta("format")
        if known is None:
            self.set_meta("format", FORMAT)
            self.commit()
        elif known != FORMAT:
            raise ValueError(f"company file {path}: format {known!r} is unknown, expected {FORMAT}")

    def commit(self) -> None:
        """Make what was written so far survive."""
        self._db.commit()

    def rollback(self) -> None:
        """Take back what was written since the last commit."""
        self._db.rollback()

    def close(self) -> None:
        """Close the file; what was not committed is gone."""
        self._db.close()

    def meta(self, name: str) -> object:
        """A single value by name, or None."""
        row = self._db.execute("SELECT body FROM meta WHERE name = ?", (name,)).fetchone()
        return json.loads(row[0]) if row else None

    def set_meta(self, name: str, value: object) -> None:
        """Keep a single value."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, json.dumps(value)))

    def records(self) -> Iterator[tuple[str, str, Obj]]:
        """Every record, in the order in which it came into the file."""
        for kind, identity, body in self._db.execute("SELECT kind, id, body FROM records ORDER BY rowid"):
            yield kind, identity, json.loads(body)

    def put(self, kind: str, identity: str, record: Obj) -> None:
        """Write a record, new or changed; a changed one keeps its place."""
        self._db.execute(
            "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body",
            (kind, identity, json.dumps(record)),
        )

    def drop(self, kind: str, identity: str) -> None:
        """Take a record out."""
        self._db.execute("DELETE FROM records WHERE kind = ? AND id = ?", (kind, identity))

    def deletions(self) -> Iterator[tuple[str, str, Obj]]:
        """Every note of a deletion, oldest first."""
        for kind, identity, body in self._db.execute("SELECT kind, id, body FROM deletions ORDER BY rowid"):
            yield kind, identity, json.loads(body)

    def note_deletion(self, kind: str, identity: str, note: Obj) -> None:
        """Remember what was deleted."""
        self._db.execute(
            "INSERT OR REPLACE INTO deletions VALUES (?, ?, ?)", (kind, identity, json.dumps(note))
        )

    # --- message sets ---

    def message_set(self, identity: str) -> tuple[str, str | None] | None:
        """Checksum of the request, and the stored answer if there is one."""
        row = self._db.execute(
            "SELECT checksum, answer FROM message_sets WHERE id = ?", (identity,)
        ).fetchone()
        return (row[0], row[1]) if row else None

    def begin_message_set(self, identity: str, checksum: str) -> None:
        """Remember that a set came, before anything of it runs."""
        self._db.execute("INSERT OR REPLACE INTO message_sets VALUES (?, ?, NULL)", (identity, checksum))

    def end_message_set(self, identity: str, answer: str) -> None:
        """Keep the answer of a set."""
        self._db.execute("UPDATE message_sets SET answer = ? WHERE id = ?", (answer, identity))

    def forget_message_sets(self, identity: str | None = None) -> None:
        """Clear the state of one set, or of all."""
        if identity is None:
            self._db.execute("DELETE FROM message_sets")
        else:
            self._db.execute("DELETE FROM message_sets WHERE id = ?", (identity,))
