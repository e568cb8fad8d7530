"""What every test may ask for: the shared reference, a database of either kind, chance that repeats."""

import os
import uuid
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.core
import pytest

from blueops_qb.sandbox.postgres import PostgresServer, PostgresUnavailable, running_postgres

#: Lists at the end which conformance cases were not run; named here for the process that prints under pytest-xdist.
pytest_plugins = ["blueops_qb.sdk.testing.listing"]
ROOT = Path(__file__).resolve().parent.parent
NO_SKIP = os.environ.get("BLUEOPS_QB_NO_SKIP", "") not in ("", "0")

# Said in full, as Hypothesis itself has other defaults where CI is set. Time is not judged: machines do stand still.
_USUAL: Any = {
    "deadline": None,
    "print_blob": True,
    "suppress_health_check": [hypothesis.HealthCheck.too_slow],
}
_PROFILES: dict[str, Any] = {
    "quick": {"derandomize": False},
    # The same examples every time, so that a run says something about the change alone.
    "ci": {"derandomize": True, "database": None, "max_examples": 200},
    "thorough": {"derandomize": False, "max_examples": 2000},
}
for _name, _more in _PROFILES.items():
    hypothesis.settings.register_profile(_name, **_USUAL, **_more)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "quick")


# --- chance: the one number that pytest-randomly prints repeats a run, Hypothesis included ---


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    seed = config.getoption("randomly_seed", None)  # resolved by now, and the same in every worker
    if isinstance(seed, int) and config.getoption("hypothesis_seed", None) is None:
        core: Any = hypothesis.core  # what --hypothesis-seed itself sets; typed there as always None
        core.global_force_seed = seed


def pytest_report_header(config: pytest.Config) -> str:
    profile = config.getoption("hypothesis_profile", None) or hypothesis.settings.get_current_profile_name()
    if hypothesis.settings.get_profile(profile).derandomize:
        return f"hypothesis profile {profile!r}, the same examples every time"
    return f"hypothesis profile {profile!r}, its seed is the one of --randomly-seed"


# --- order: by chance, but no worker begins a long test when the others have nothing left ---


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    long = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)  # files stay whole, and among themselves as they were


# --- skips: named at the end of a run, and failures where BLUEOPS_QB_NO_SKIP is set ---


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if NO_SKIP and report.skipped and not hasattr(report, "wasxfail"):
        _fail(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if NO_SKIP and report.skipped:
        _fail(report)
    return report


def _fail(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{report.nodeid} was skipped in a run where nothing may be: {reason}"


# --- fixtures ---


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The folder of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The shared reference; a test that asks for it is skipped where there is none."""
    folder = Path(os.environ.get("BLUEOPS_SHARED") or ROOT.parent / "shared").resolve()
    if not (folder / "reference").is_dir():
        pytest.skip(f"the shared reference is not at {folder} (set BLUEOPS_SHARED to its folder)")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A private PostgreSQL, one per test worker; skipped where none can be run."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgres())
        except PostgresUnavailable as unavailable:
            pytest.skip(str(unavailable))
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """A fresh, empty PostgreSQL database, as a SQLAlchemy address; dropped afterwards."""
    database = f"t{uuid.uuid4().hex[:16]}"
    yield postgres_server.create(database)
    postgres_server.drop(database)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet, as a SQLAlchemy address."""
    return f"sqlite:///{tmp_path / 'blueops.sqlite3'}"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
