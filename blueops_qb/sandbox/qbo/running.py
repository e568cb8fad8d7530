"""A twin on a thread of this process, for tests and the demo: ``with running_twin() as twin: ...``."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from datetime import date

import attrs

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.seed import seed as fill
from blueops_qb.sandbox.qbo.server import Server, Settings, TwinApp, make_app

REALM = "9130000000000000"


@attrs.frozen(kw_only=True)
class RunningTwin:
    """Where the twin is and how to get in."""

    app: TwinApp
    base_url: str  #: without ``/v3``
    refresh_token: str

    @property
    def company(self) -> Company:
        """The first company's books."""
        return self.app.company

    @property
    def realm(self) -> str:
        """The first company's realm id."""
        return self.app.company.realm

    @property
    def access_token(self) -> str:
        """A token that never expires."""
        return self.app.settings.access_token

    @property
    def client_id(self) -> str:
        """The registered app's id."""
        return self.app.settings.client_id

    @property
    def client_secret(self) -> str:
        """The registered app's secret."""
        return self.app.settings.client_secret


def new_company(*, realm: str = REALM, seed: str = "sample", today: date | None = None) -> Company:
    """A company in memory; ``seed`` is ``sample`` (a few weeks of business), ``names`` or ``empty``."""
    company = Company(realm=realm)
    if seed not in ("sample", "names", "empty"):
        raise ValueError(f"seed {seed!r}: expected sample, names or empty")
    fill(
        company,
        today or company.clock.today(),
        with_transactions=seed == "sample",
        with_names=seed != "empty",
    )
    return company


@contextlib.contextmanager
def running_twin(
    *,
    seed: str = "sample",
    realm: str = REALM,
    settings: Settings | None = None,
    others: Sequence[Company] = (),
    port: int = 0,
    today: date | None = None,
    company: Company | None = None,
) -> Iterator[RunningTwin]:
    """Serve a twin on a free loopback port until the block ends."""
    books = company or new_company(realm=realm, seed=seed, today=today)
    app = make_app(books, settings=settings, others=others)
    server = Server(app, port=port)
    thread = threading.Thread(target=server.run, name="qbo-twin", daemon=True)
    thread.start()
    try:
        yield RunningTwin(app=app, base_url=server.base_url, refresh_token=app.connect())
    finally:
        app.end()
        server.stop()
        thread.join(timeout=10)
