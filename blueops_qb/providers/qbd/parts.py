"""Parts: queries of which a further page is asked, as an operation carries them from exchange to exchange.

A page is bound to the session of the Web Connector that began it (reference/quickbooks-desktop.md section 3.4): when
that has ended, the query begins anew, and after a few ends it is asked whole.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import attrs

from blueops_qb.providers.qbd.codec.queries import Page
from blueops_qb.providers.qbd.status import rule_for
from blueops_qb.providers.qbd.status_rules import Result
from blueops_qb.providers.qbd.verdicts import Status
from blueops_qb.sdk.provider import Operation

#: So often a query begins anew before it is asked without pages.
_RESTARTS = 3


@attrs.frozen(kw_only=True)
class Part:
    """One query: `iterator` where its next page goes on; `restarts` counts the sessions that ended in between.

    `by` is what it asks by: empty = when a record was changed, `feeds.DAYS` = the days that it bears, else the name.
    """

    query: str
    iterator: str = ""
    restarts: int = 0
    by: str = ""

    @property
    def page(self) -> Page | None:
        """The page to ask for; None for all at once."""
        return None if self.restarts >= _RESTARTS else Page(iterator=self.iterator)

    def after(self, iterator: str) -> Part:
        """The page behind."""
        return attrs.evolve(self, iterator=iterator)

    def anew(self) -> Part:
        """From the beginning, in the session that there is now."""
        return attrs.evolve(self, iterator="", restarts=self.restarts + 1)


def restarts(status: Status, operation: Operation) -> bool:
    """Whether the session that began the page has ended."""
    return rule_for(status.code, status.message, operation.verb).result is Result.RESTART


def dumped(parts: Sequence[Part]) -> str:
    """As a parameter of an operation."""
    told = [[part.query, part.iterator, part.restarts, *([part.by] if part.by else [])] for part in parts]
    return json.dumps(told, separators=(",", ":"))


def loaded(told: str) -> list[Part]:
    """What `dumped` made."""
    return [
        Part(query=query, iterator=iterator, restarts=count, by="".join(by))
        for query, iterator, count, *by in json.loads(told)
    ]
