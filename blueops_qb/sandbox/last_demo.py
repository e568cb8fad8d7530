"""Last demo: where the last demo keeps its database, so that other commands find it without `--db`."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

APP = "blueops-qb"
#: How many demos may run side by side without `--db`.
MOST_AT_ONCE = 32
_LEFTOVERS = ("", "-wal", "-shm", "-journal", ".keys")


class TooManyDemos(RuntimeError):
    """Every database file that a demo may take is in use."""


def remember(db_url: str, environment: Mapping[str, str]) -> None:
    """Keep the database's URL and the settings by which the practice books are reached.

    The file is readable by its owner only: it holds the sandbox's app secret, which opens nothing else.
    """
    path = _state_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with contextlib.suppress(FileNotFoundError):
        fresh.unlink()
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"db": db_url, "environment": dict(environment)}, file, indent=1)
    fresh.replace(path)


def recall() -> tuple[str, dict[str, str]] | None:
    """(database URL, environment) of the last demo; None when there was none or its file is unreadable."""
    try:
        kept = json.loads(_state_file().read_text())
        return str(kept["db"]), {str(key): str(value) for key, value in kept["environment"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


@contextlib.contextmanager
def fresh_database() -> Iterator[Path]:
    """An empty place for a demo's SQLite file, ours until the block ends; the file stays for later commands.

    It replaces the file of an earlier demo, never that of one that still runs. Raises TooManyDemos.
    """
    folder = _folder("XDG_DATA_HOME", ".local/share")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(1, MOST_AT_ONCE + 1):
        path = folder / ("demo.db" if number == 1 else f"demo-{number}.db")
        lock = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        try:
            for ending in _LEFTOVERS:
                Path(f"{path}{ending}").unlink(missing_ok=True)
            yield path
        finally:
            os.close(lock)
        return
    raise TooManyDemos(
        f"{MOST_AT_ONCE} demos run on the files in {folder} already; stop one, or name a database with --db"
    )


def _state_file() -> Path:
    return _folder("XDG_STATE_HOME", ".local/state") / "last-demo.json"


def _folder(variable: str, below_home: str) -> Path:
    """The user's folder for such files; without a usable home, one of our own among the temporary files."""
    base = os.environ.get(variable, "")
    if os.path.isabs(base):
        return Path(base) / APP
    home = Path(os.environ.get("HOME") or os.path.expanduser("~"))
    if home.is_absolute() and home.is_dir() and os.access(home, os.W_OK | os.X_OK):
        return home / below_home / APP
    ours = Path(tempfile.gettempdir()) / f"{APP}-{os.getuid()}"
    ours.mkdir(mode=0o700, exist_ok=True)
    if ours.is_symlink() or ours.stat().st_uid != os.getuid():
        raise PermissionError(f"{ours} belongs to somebody else; set HOME or {variable} to a folder of yours")
    return ours / below_home
