"""The private PostgreSQL: runs as anyone, keeps out of the way, leaves nothing behind even after a kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from blueops_qb.sandbox.postgres import (
    BINARIES_ENV,
    FOLDER_PREFIX,
    SERVER_OPTIONS,
    PostgresServer,
    PostgresUnavailable,
    find_binaries,
    running_postgres,
)

pytestmark = pytest.mark.postgres

HOLDER = """
import signal, sys, time
from blueops_qb.sandbox.postgres import running_postgres
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored
with running_postgres() as server:
    print(server.pid, server.socket.parent, flush=True)
    time.sleep(600)
"""


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_until(condition: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def scalar(url: str, statement: str) -> object:
    engine = sa.create_engine(url)
    try:
        with engine.connect() as connection:
            return connection.execute(sa.text(statement)).scalar_one()
    finally:
        engine.dispose()


@pytest.fixture
def private_temp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A temporary folder of the test's own, short enough for a socket and open to the server's account."""
    folder = Path(f"/tmp/bqt-{os.getpid()}-{abs(hash(tmp_path)) % 10000}")
    folder.mkdir(mode=0o755)
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr("tempfile.tempdir", None)
    yield folder
    monkeypatch.undo()
    with suppress(OSError):
        folder.rmdir()


@pytest.fixture
def holder(private_temp: Path, project_root: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds a running server until it is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=project_root,
        env={**os.environ, "TMPDIR": str(private_temp)},
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


def held_by(process: subprocess.Popen[str]) -> tuple[int, Path]:
    assert process.stdout is not None
    pid, folder = process.stdout.readline().split()
    return int(pid), Path(folder)


def test_databases_are_made_copied_and_dropped(postgres_server: PostgresServer) -> None:
    original = postgres_server.create('an "odd" name')
    engine = sa.create_engine(original)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE kept AS SELECT 7 AS n"))
    engine.dispose()

    copy = postgres_server.create("copied", template='an "odd" name')
    assert scalar(copy, "SELECT n FROM kept") == 7

    for name in ("copied", 'an "odd" name', "never there"):
        postgres_server.drop(name)
    # By name: other tests have databases of their own on the same server.
    gone = "SELECT count(*) FROM pg_database WHERE datname IN ('copied', 'an \"odd\" name')"
    listed = scalar(postgres_server.url(), gone)
    assert listed == 0


def test_the_server_listens_on_no_network_address(postgres_server: PostgresServer) -> None:
    assert scalar(postgres_server.url(), "SHOW listen_addresses") == ""


def test_the_server_never_runs_as_root(postgres_server: PostgresServer) -> None:
    data = scalar(postgres_server.url(), "SHOW data_directory")
    assert Path(str(data)).stat().st_uid != 0


def test_each_test_gets_an_empty_database(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    assert sa.inspect(engine).get_table_names() == []
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE seen (n INTEGER)"))
    engine.dispose()


def test_nothing_is_left_after_the_block(private_temp: Path) -> None:
    with running_postgres() as server:
        assert alive(server.pid)
        assert [server.socket.parent] == list(private_temp.iterdir())
    assert not alive(server.pid)
    assert list(private_temp.iterdir()) == []


def test_nothing_is_left_when_the_block_raises(private_temp: Path) -> None:
    seen: list[PostgresServer] = []

    def fail_inside() -> None:
        with running_postgres() as server:
            seen.append(server)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_inside()
    assert not alive(seen[0].pid)
    assert list(private_temp.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent")
def test_a_killed_caller_takes_the_server_along_and_the_next_start_clears_up(
    holder: subprocess.Popen[str], private_temp: Path
) -> None:
    pid, folder = held_by(holder)
    assert folder.parent == private_temp
    holder.send_signal(signal.SIGKILL)
    wait_until(lambda: not alive(pid))

    with running_postgres() as server:
        assert not folder.exists()
        assert [server.socket.parent] == list(private_temp.glob(f"{FOLDER_PREFIX}*"))


def test_a_start_leaves_a_running_neighbour_alone(holder: subprocess.Popen[str], private_temp: Path) -> None:
    pid, folder = held_by(holder)
    with running_postgres() as server:
        assert server.socket.parent != folder
        assert alive(pid)
        assert (folder / "d" / "postmaster.pid").exists()
    holder.send_signal(signal.SIGINT)
    holder.wait(60)
    assert list(private_temp.iterdir()) == []


def test_programs_that_the_servers_account_cannot_reach_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    install = find_binaries().parent
    inside = closed / install.parent.name
    inside.mkdir()
    (inside / install.name).symlink_to(install)
    for libraries in install.parent.parent.glob(f"{install.parent.name}.libs"):
        (closed / libraries.name).symlink_to(libraries)
    monkeypatch.setenv(BINARIES_ENV, str(inside / install.name / "bin"))

    with running_postgres() as server:
        runs_as_somebody_else = os.geteuid() == 0
        assert (server.socket.parent / "copy").is_dir() == runs_as_somebody_else
        assert scalar(server.url(), "SELECT 1") == 1
    assert closed.stat().st_mode & 0o777 == 0o700


def test_missing_programs_are_named_with_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(BINARIES_ENV, str(tmp_path))
    with pytest.raises(PostgresUnavailable) as caught, running_postgres():
        pass
    assert str(tmp_path) in str(caught.value)
    assert "make setup" in str(caught.value)


def test_a_server_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SERVER_OPTIONS, "fsync", "perhaps")
    with pytest.raises(PostgresUnavailable, match="fsync"), running_postgres():
        pass
