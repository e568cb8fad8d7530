"""Budget: what the owner of the books meters, by month for the whole installation, and what it leaves for sweeps.

Intuit counts reads of all companies of an app together and blocks what is above a month's figure
(reference/quickbooks-online.md section 9.3). Sweeps may use four fifths of it, spread over the rest of the month;
the last fifth is left to hints, live work and people. Months are those of UTC.
"""

from __future__ import annotations

import datetime as dt

import attrs
import sqlalchemy as sa

from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.provider import Cost
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import add_up

#: The share of the month's reads that sweeps may use up.
SHARE = 0.8


@attrs.frozen(kw_only=True)
class Budget:
    """Where the month stands. `limit` 0 = reads are not limited; `companies` are those that are swept."""

    month: str
    reads: int = 0
    writes: int = 0
    limit: int = 0
    companies: int = 1
    #: How many seconds of the month are left.
    left: float = 0.0

    @property
    def spent(self) -> bool:
        """Nothing is left of the month."""
        return bool(self.limit) and self.reads >= self.limit

    @property
    def tight(self) -> bool:
        """Sweeps have used up their share."""
        return bool(self.limit) and self.reads >= SHARE * self.limit

    def sweep_seconds(self, wanted: float, longest: float, *, reads: int = 1) -> float:
        """How long to wait between two sweeps of `reads` reads each, so that the month's share lasts."""
        if not self.limit or not reads:
            return wanted
        share = SHARE * self.limit - self.reads
        even = self.companies * reads * self.left / share if share > 0 else longest
        return max(wanted, min(even, longest))


def count(connection: sa.Connection, provider: str, cost: Cost, now: dt.datetime) -> None:
    """Add what was metered to the month's row; one statement, nothing for nothing."""
    if cost.reads or cost.writes:
        row = {"provider": provider, "month": _month(now), "reads": cost.reads, "writes": cost.writes}
        add_up(connection, t.budgets, row)


def load(connection: sa.Connection, provider: str, limit: int, now: dt.datetime) -> Budget:
    """The budget of the running month."""
    b, c, n = t.budgets, t.connections, t.tenants
    row = connection.execute(
        sa.select(b.c.reads, b.c.writes).where(b.c.provider == provider, b.c.month == _month(now))
    ).one_or_none()
    companies = connection.execute(
        sa.select(sa.func.count())
        .select_from(c.join(n, n.c.tenant_id == c.c.tenant_id))
        .where(c.c.provider == provider, c.c.state != "retired", n.c.switch == Switch.ON.value)
    ).scalar_one()
    return Budget(
        month=_month(now),
        reads=row.reads if row else 0,
        writes=row.writes if row else 0,
        limit=limit,
        companies=max(1, int(companies)),
        left=(_next_month(now) - now).total_seconds(),
    )


def _month(now: dt.datetime) -> str:
    return now.astimezone(dt.UTC).strftime("%Y-%m")


def _next_month(now: dt.datetime) -> dt.datetime:
    first = now.astimezone(dt.UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (first + dt.timedelta(days=32)).replace(day=1)
