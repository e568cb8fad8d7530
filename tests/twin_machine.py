"""What the random walks through the twin's books share: a refusal is allowed, and must change nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.faults import Fault
from blueops_qb.sandbox.qbo.wire import Obj


class BooksMachine(RuleBasedStateMachine):
    """Writes at random into one company; whoever inherits opens the books."""

    company: Company

    def attempt(self, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do something to the books; None when they refused it, and then nothing is changed."""
        before = copy.deepcopy(self.company.records)
        lines = list(self.company.ledger.lines())
        try:
            return action(self.company, *args, **kwargs)
        except Fault:
            assert self.company.records == before
            assert list(self.company.ledger.lines()) == lines
            return None

    def pick(self, kind: str, n: int) -> Obj | None:
        """One of the records of a kind, None when there is none."""
        rows = self.company.all(kind)
        return rows[n % len(rows)] if rows else None
