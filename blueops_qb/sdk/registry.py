"""Registry: finds providers by entry point `blueops_qb.providers`.

An entry point names a callable without arguments that answers a Provider. One that fails to load is listed
with the reason and never stops the others.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable, Iterable
from functools import partial

import attrs

from blueops_qb.sdk.provider import Provider

GROUP = "blueops_qb.providers"


@attrs.frozen(kw_only=True)
class Listed:
    """A provider that was found; `provider` is None when it is unfit, `reason` says why."""

    name: str
    provider: Provider | None
    reason: str = ""


def discover(
    builtin: dict[str, Callable[[], Provider]],
    entry_points: Iterable[importlib.metadata.EntryPoint] | None = None,
) -> list[Listed]:
    """Our own providers first, then those of other packages by name; a name taken twice keeps the first."""
    found = [_load(name, make) for name, make in builtin.items()]
    points = importlib.metadata.entry_points(group=GROUP) if entry_points is None else entry_points
    taken = set(builtin)
    for point in sorted(points, key=lambda p: p.name):
        if point.name in taken:
            found.append(Listed(name=point.name, provider=None, reason="another provider has this name"))
            continue
        taken.add(point.name)
        found.append(_load(point.name, partial(_made, point)))
    return found


def _made(point: importlib.metadata.EntryPoint) -> Provider:
    make: Callable[[], Provider] = point.load()
    return make()


def _load(name: str, make: Callable[[], Provider]) -> Listed:
    try:
        provider = make()
    except Exception as problem:
        return Listed(
            name=name, provider=None, reason=f"cannot be loaded: {type(problem).__name__}: {problem}"
        )
    if not isinstance(provider, Provider):
        return Listed(name=name, provider=None, reason="its entry point does not answer a Provider")
    return Listed(name=name, provider=provider)
