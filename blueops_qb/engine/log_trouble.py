"""Log a trouble: where it happened and of what kind, without a word of what was being worked on.

Messages of exceptions quote what they are about: statements with their parameters, rows that break a rule, names,
addresses, tokens in URLs. So a log gets the kinds of the exceptions, the codes of database and operating system, and
the lines of code that were passed. What a person must read of a record stands on its page, not in a log.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from typing import Any


def log_trouble(log: logging.Logger, message: str, *args: Any, problem: BaseException) -> None:
    """Log an error with the shape of `problem`; `message` and `args` name ids only."""
    log.error(f"{message}\n%s", *args, shape_of(problem))


def shape_of(problem: BaseException) -> str:
    """Kinds, codes and lines of code of an exception and of those that led to it; the newest last."""
    parts: list[str] = []
    for one in reversed(list(_chain(problem))):
        frames = "".join(traceback.format_list(traceback.extract_tb(one.__traceback__)))
        parts.append(f"{frames}{kind_of(one)}")
    return "\n".join(parts)


def kind_of(problem: BaseException) -> str:
    """`OperationalError [40001]`: the class, and the code if it carries one."""
    codes = [
        str(code)
        for thing in (problem, getattr(problem, "orig", None))
        for code in (
            getattr(thing, "sqlstate", None),
            getattr(thing, "sqlite_errorname", None),
            thing.errno if isinstance(thing, OSError) else None,
        )
        if code
    ]
    return type(problem).__name__ + (f" [{', '.join(codes)}]" if codes else "")


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while problem is not None and id(problem) not in seen:
        seen.add(id(problem))
        yield problem
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
