"""Figures: the closing JSON line of a bench, with seed and versions, and its exit code."""

from __future__ import annotations

import json
import platform
import resource
import sqlite3
import statistics
from collections.abc import Sequence
from typing import Any

import attrs
import sqlalchemy as sa

from blueops_qb import __version__


@attrs.define
class Figures:
    """Collects figures and missed limits."""

    values: dict[str, Any] = attrs.field(factory=dict)
    missed: list[str] = attrs.field(factory=list)

    def limit(self, ok: bool, sentence: str) -> None:
        """Note a limit that was missed."""
        if not ok:
            self.missed.append(sentence)

    def close(self, *, seed: int | None = None) -> int:
        """Print the line; answers the exit code: 1 when a limit was missed."""
        for sentence in self.missed:
            print(f"MISSED: {sentence}")
        print(
            json.dumps({**self.values, "seed": seed, "versions": versions(), "missed": self.missed}),
            flush=True,
        )
        return 1 if self.missed else 0


def versions() -> dict[str, str]:
    """What the figures were taken with."""
    return {
        "blueops_qb": __version__,
        "python": platform.python_version(),
        "sqlalchemy": sa.__version__,
        "sqlite": sqlite3.sqlite_version,
    }


def rss_mib() -> float:
    """Peak memory of this process in MiB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all lie (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def median(values: Sequence[float]) -> float:
    """The middle value."""
    return statistics.median(values)
