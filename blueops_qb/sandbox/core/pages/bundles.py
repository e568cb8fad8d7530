"""The parts of a bundle as one line of text: `equipment hvac_equipment 6000 taxed; service install 4000`.

Each part is its kind, its key, its stand-alone selling price, and `taxed` where sales tax is taken on it.
"""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.bundles import PART_KINDS
from blueops_qb.domain.records import BundlePart, InvoiceLine, LineKind
from blueops_qb.sandbox.core.pages import forms
from blueops_qb.sandbox.core.work import Refused

TAXED = "taxed"
#: Which field of a part keeps the key of its kind.
KEY_OF = {
    LineKind.SERVICE: "service_category",
    LineKind.MATERIAL: "material_category",
    LineKind.EQUIPMENT: "material_category",
    LineKind.FEE: "fee_type",
}


def typed(text: str, label: str, former: InvoiceLine | None = None) -> tuple[BundlePart, ...]:
    """The parts that somebody typed; Refused with a sentence for what is none.

    The parts of the `former` line keep what the text does not say, by their place.
    """
    words = [part.split() for part in text.split(";") if part.strip()]
    if not words:
        raise Refused(
            f"{label}: a bundle needs its parts; write them like “equipment hvac_equipment 6000 taxed”"
        )
    known = former.parts if former is not None else ()
    return tuple(
        _part(n, part, f"{label}, part {n}", known[n - 1] if n <= len(known) else None)
        for n, part in enumerate(words, start=1)
    )


def shown(line: InvoiceLine) -> str:
    """The parts of a line as they are typed."""
    return "; ".join(
        " ".join(
            [part.kind.value, getattr(part, KEY_OF[part.kind]), str(part.ssp), *([TAXED] * part.taxable)]
        )
        for part in line.parts
    )


def _part(number: int, words: list[str], label: str, former: BundlePart | None) -> BundlePart:
    taxed = words[-1] == TAXED
    named = words[:-1] if taxed else words
    if len(named) != 3 or named[0] not in {kind.value for kind in PART_KINDS}:
        kinds = ", ".join(sorted(kind.value for kind in PART_KINDS))
        raise Refused(f"{label}: “{' '.join(words)}” is no part; write kind ({kinds}), key and price")
    kind = LineKind(named[0])
    price = forms.money(named[2], f"{label}, price")
    if price < 0:
        raise Refused(f"{label}: a stand-alone selling price is not below zero")
    fields: dict[str, Any] = {"kind": kind, "ssp": price, "taxable": taxed, KEY_OF[kind]: named[1]}
    if former is not None and former.kind is kind:
        return attrs.evolve(former, **fields)
    return BundlePart(part_id=former.part_id if former is not None else str(number), **fields)
