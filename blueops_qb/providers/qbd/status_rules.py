"""The row of the dictionary of statuses: what one code of QuickBooks Desktop means, as data."""

from __future__ import annotations

import enum
import re
from typing import Any

import attrs

from blueops_qb.sdk.outcomes import Why
from blueops_qb.sdk.provider import Verb


class Result(enum.StrEnum):
    """What a request comes to."""

    #: It is done, perhaps with a remark.
    DONE = "done"
    #: A question found nothing, or not all of it.
    ABSENT = "absent"
    GONE = "gone"
    REFUSED = "refused"
    STALE = "stale"
    #: Later; nothing was done.
    LATER = "later"
    #: It was never started; it is sent again.
    NOT_RUN = "not_run"
    #: A write may have happened; a read is simply repeated.
    UNKNOWN = "unknown"
    #: Reading by pages begins anew.
    RESTART = "restart"


@attrs.frozen(kw_only=True)
class Rule:
    """One row: `pattern` must be found in the message (any text when empty); `verbs` = only for these, any when empty.

    `sure` is False where the meaning comes from memory of Intuit's list and no public text confirms it.
    """

    code: str
    short: str
    result: Result
    message: str
    remedy: str = ""
    why: Why | None = None
    pattern: str = ""
    verbs: frozenset[Verb] = frozenset()
    #: For LATER: seconds to wait, and whether the whole connection rests.
    wait: float | None = None
    connection: bool = False
    sure: bool = True

    def fits(self, text: str, verb: Verb | None = None) -> bool:
        """Whether the row is about such a text, without regard to case, and such a request."""
        if self.verbs and verb not in self.verbs:
            return False
        return not self.pattern or re.search(self.pattern, text, re.IGNORECASE) is not None


def refuse(code: str, why: Why, short: str, message: str, remedy: str, **more: Any) -> Rule:
    """A row for what no retry cures."""
    return attrs.evolve(
        Rule(code=code, short=short, result=Result.REFUSED, why=why, message=message, remedy=remedy), **more
    )


def other(code: str, result: Result, short: str, message: str, remedy: str = "", **more: Any) -> Rule:
    """A row for every other result."""
    return attrs.evolve(Rule(code=code, short=short, result=result, message=message, remedy=remedy), **more)


def later(
    code: str, short: str, message: str, remedy: str = "", *, wait: float, connection: bool = False
) -> Rule:
    """A row for what passes by itself; `wait` in seconds. A remedy tells how a person can hasten it."""
    return Rule(
        code=code,
        short=short,
        result=Result.LATER,
        message=message,
        remedy=remedy,
        wait=wait,
        connection=connection,
    )
