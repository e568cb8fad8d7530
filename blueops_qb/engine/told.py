"""Told: what our side says and the books are never compared on counts as agreed only once it was written there."""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.documents import Document
from blueops_qb.engine.turn import Turn


def as_told(turn: Turn, base: Document, now: Document) -> Document:
    """Our document as the new base, with the one-way fields (`Provider.one_way`) of the old one.

    What was changed in them here has not been written yet: taken into the base it would never be.
    """
    one_way, normal = turn.provider.one_way, turn.provider.normal
    before, after = one_way(base), one_way(now)
    kept: dict[str, Any] = {
        name: getattr(base, name) for name in after if name != "lines" and before.get(name) != after[name]
    }
    if before.get("lines") != after.get("lines") and _lines(normal(base)) == _lines(normal(now)):
        kept["lines"] = _lines(base)
    return attrs.evolve(now, **kept) if kept else now


def _lines(document: Document) -> Any:
    return getattr(document, "lines", None)
