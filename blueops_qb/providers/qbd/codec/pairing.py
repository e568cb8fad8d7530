"""Pairing: which line of ours is which line that the books show, so that a change keeps what only they know.

Lines that are listed in a Mod must stay in their order, and one that is not listed is deleted (reference sections 0
and 5.1). So pairs never cross: equal lines are paired in order, what lies between two pairs is paired by place.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import pairwise


def paired(
    ours: Sequence[tuple[Hashable, Hashable]],
    theirs: Sequence[tuple[Hashable, Hashable]],
    *,
    between: bool,
) -> list[int | None]:
    """For each line of ours the position of its line among `theirs`, None for a new one; positions only rise.

    A line is given as (sort, what it says); only lines of one sort are written over one another. Without `between`
    new lines stand at the end only: behind the first one all are new, and the old ones behind it go. They lose what
    only the bookkeeper knew of them, but no line ever bears what belonged to another.
    """
    pairs = _in_order(ours, theirs)
    if between:
        return pairs
    first = next((n for n, at in enumerate(pairs) if at is None), len(pairs))
    return [*pairs[:first], *[None] * (len(pairs) - first)]


def _in_order(
    ours: Sequence[tuple[Hashable, Hashable]], theirs: Sequence[tuple[Hashable, Hashable]]
) -> list[int | None]:
    equal = _equal_pairs(ours, theirs)
    pairs: list[int | None] = [None] * len(ours)
    edges = [(-1, -1), *equal, (len(ours), len(theirs))]
    for n, at in equal:
        pairs[n] = at
    for (n, at), (next_n, next_at) in pairwise(edges):
        for k in range(1, min(next_n - n, next_at - at)):
            if ours[n + k][0] != theirs[at + k][0]:
                break
            pairs[n + k] = at + k
    return pairs


def _equal_pairs(ours: Sequence[Hashable], theirs: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The longest run of equal lines in the same order on both sides."""
    best = [[0] * (len(theirs) + 1) for _ in range(len(ours) + 1)]
    for n in range(len(ours) - 1, -1, -1):
        for at in range(len(theirs) - 1, -1, -1):
            same = ours[n] == theirs[at]
            best[n][at] = best[n + 1][at + 1] + 1 if same else max(best[n + 1][at], best[n][at + 1])
    found: list[tuple[int, int]] = []
    n = at = 0
    while n < len(ours) and at < len(theirs):
        if ours[n] == theirs[at]:
            found.append((n, at))
            n, at = n + 1, at + 1
        elif best[n + 1][at] >= best[n][at + 1]:
            n += 1
        else:
            at += 1
    return found
