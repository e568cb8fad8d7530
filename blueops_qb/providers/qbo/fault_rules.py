"""The row of the dictionary of refusals: what one fault means, as data."""

from __future__ import annotations

import enum
import re

import attrs

from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.outcomes import Why


class Result(enum.StrEnum):
    """What an operation comes to."""

    REFUSED = "refused"
    STALE = "stale"
    #: The record itself was deleted over there.
    GONE = "gone"
    ABSENT = "absent"
    #: Later; nothing was done.
    LATER = "later"
    #: A fresh access token may cure it.
    REFRESH = "refresh"
    #: A person must sign in again.
    SIGN_IN = "sign_in"
    #: A write may have happened; a read is simply repeated.
    UNKNOWN = "unknown"
    #: The change feed does not reach back that far.
    TOO_OLD = "too_old"


@attrs.frozen(kw_only=True)
class Rule:
    """One row: `pattern` must be found in message and detail (any text when empty).

    A row with `about` counts only for writes of that kind, whatever the text says.
    """

    code: str
    short: str
    result: Result
    message: str
    remedy: str = ""
    why: Why | None = None
    pattern: str = ""
    #: For LATER: seconds to wait, and whether the whole connection rests.
    wait: float | None = None
    connection: bool = False
    about: BooksKind | None = None

    def fits(self, text: str, about: BooksKind | None = None) -> bool:
        """Whether the pattern occurs in the text, without regard to case, and the row is about that kind."""
        if self.about not in (None, about):
            return False
        return not self.pattern or re.search(self.pattern, text, re.IGNORECASE) is not None


def refuse(
    code: str,
    why: Why,
    short: str,
    message: str,
    remedy: str,
    pattern: str = "",
    about: BooksKind | None = None,
) -> Rule:
    """A row for what no retry cures."""
    return Rule(
        code=code,
        short=short,
        result=Result.REFUSED,
        why=why,
        message=message,
        remedy=remedy,
        pattern=pattern,
        about=about,
    )


def other(code: str, result: Result, short: str, message: str, remedy: str = "", pattern: str = "") -> Rule:
    """A row for every other result."""
    return Rule(code=code, short=short, result=result, message=message, remedy=remedy, pattern=pattern)


def later(code: str, short: str, message: str, *, wait: float, connection: bool = False) -> Rule:
    """A row for what passes by itself; `wait` in seconds."""
    return Rule(
        code=code, short=short, result=Result.LATER, message=message, wait=wait, connection=connection
    )
