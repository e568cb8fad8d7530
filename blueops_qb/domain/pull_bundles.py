"""Pull the lines by which a bundle stands in the books: what their tags and words say, never what they cost.

The price of a bundle is split by its parts' stand-alone selling prices, so no price of the bundle gives an amount that
somebody changed on one part. That is for a person to decide.
"""

from __future__ import annotations

from typing import Any

import attrs

from blueops_qb.domain.bundles import part_id
from blueops_qb.domain.line_merge import PRODUCT, LineStep
from blueops_qb.domain.mapping import Family
from blueops_qb.domain.pulling import NoPlace, Pull
from blueops_qb.domain.records import BundlePart, Invoice, InvoiceLine, LineKind
from blueops_qb.domain.reverse_keys import only_key


class Bundles:
    """The bundles of one invoice, as the books show their parts."""

    def __init__(self, record: Invoice, pull: Pull) -> None:
        bundles = [line for line in record.lines if line.kind is LineKind.BUNDLE]
        #: The bundle of each line of the document that is a part.
        self._whole = {part_id(line.line_id, part): line for line in bundles for part in line.parts}
        steps = {step.ours_id: step for step in pull.steps if step.ours_id in self._whole}
        self._now = {line.line_id: _told(line, steps, pull) for line in bundles}

    def check(self, step: LineStep) -> None:
        """Raises NoPlace where a part, or its discount, costs something else over there or is gone."""
        bundle = self._whole.get(step.ours_id) or self._whole.get(step.ours_id.rpartition("/")[0])
        if bundle is not None and (step.theirs is None or step.moved(*PRODUCT, "taxable")):
            raise NoPlace(
                f"has a part of the bundle “{bundle.description or bundle.line_id}” in QuickBooks that was changed "
                "there alone; change the price of the bundle in BlueOps"
            )

    def of(self, step: LineStep) -> InvoiceLine | None:
        """The bundle that the line is a part of, with what the books say of its parts; None for other lines."""
        bundle = self._whole.get(step.ours_id)
        return None if bundle is None else self._now[bundle.line_id]


def _told(line: InvoiceLine, steps: dict[str, LineStep], pull: Pull) -> InvoiceLine:
    parts = [(part, steps.get(part_id(line.line_id, part))) for part in line.parts]
    return attrs.evolve(
        line, parts=tuple(part if step is None else _part(part, step, pull) for part, step in parts)
    )


def _part(part: BundlePart, step: LineStep, pull: Pull) -> BundlePart:
    changes: dict[str, Any] = {}
    if step.theirs is not None and step.moved("description"):
        changes["description"] = step.theirs.description
    if step.theirs is not None and step.moved("class_"):
        key = only_key(pull.mapping, Family.CLASS, "class_", step.theirs.class_)
        changes |= {} if key is None else {"class_key": key}
    return attrs.evolve(part, **changes)
