"""What a bench missed, for tests that play it on whatever machine there is, beside whatever else it does."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: A sentence about a limit of seconds.
_TIMED = re.compile(r" s(?: in all)?, at most \d+$")


def untimed(missed: Iterable[str]) -> list[str]:
    """The limits that were missed, without those of time: they are for `python3 dev.py bench`."""
    return [sentence for sentence in missed if not _TIMED.search(sentence)]
