"""Providers broken in a second way in what they say, encode and compare."""

import hashlib
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import attrs

from blueops_qb.domain.documents import Document, Estimate
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.provider import Cost, Description, Operation, Pace
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from tests.broken.table import enter, evolved, fails

# -- what it says of itself ------------------------------------------------------------------------
_TOLD = ReferenceProvider().describe()


class Describes(ReferenceProvider):
    """Says something else of itself."""

    def __init__(self, **changes: Any) -> None:
        self.changes_of_description = changes
        super().__init__()

    def describe(self) -> Description:
        told = super().describe()
        return (
            evolved(told, **self.changes_of_description) if hasattr(self, "changes_of_description") else told
        )


def _limits(**changes: Any) -> dict[str, Any]:
    return {"limits": evolved(_TOLD.limits, **changes)}


def _pace(**changes: Any) -> dict[str, Any]:
    return _limits(paces=(Pace(name="calls", **{"calls": 9.0, **changes}),))


_TWO = (Pace(name="calls", calls=9.0), Pace(name="calls", calls=5.0))
_SILENT = tuple(
    attrs.evolve(one, reason=" ") if one.feature is Feature.JOBS else one for one in _TOLD.capabilities
)
_NO_SALES = {Feature.INVOICES, Feature.PAYMENTS, Feature.DEPOSITS}
_USELESS = tuple(
    attrs.evolve(one, able=False) if one.feature in _NO_SALES else one for one in _TOLD.capabilities
)
_MINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "Nameless": ("describes_itself", {"name": ""}),
    "Untitled": ("describes_itself", {"title": ""}),
    "WithoutSteps": ("describes_itself", {"steps": ()}),
    "WithoutReason": ("describes_itself", {"capabilities": _SILENT}),
    "WithoutInvoices": ("describes_itself", {"capabilities": _USELESS}),
    "NothingFits": ("has_sensible_limits", _limits(operations_per_exchange=0)),
    "SettlesBefore": ("has_sensible_limits", _limits(settle_after_seconds=-1.0)),
    "PacesAlike": ("has_sensible_limits", _limits(paces=_TWO)),
    "PaceOfNothing": ("has_sensible_limits", _pace(calls=0.0)),
    "PaceOfNoTime": ("has_sensible_limits", _pace(seconds=0.0)),
    "PaceWithoutBurst": ("has_sensible_limits", _pace(burst=0.5)),
    "Shreds": (
        "says_how_every_kind_is_removed",
        {"removals": {**_TOLD.removals, BooksKind.ESTIMATE: "shred"}},
    ),
}
for _name, (_case, _changes) in _MINDS.items():
    enter(_name, _case, partial(Describes, **_changes))


@fails("describes_itself")
class Wavers(ReferenceProvider):
    """Words its title otherwise every time."""

    asked = 0

    def describe(self) -> Description:
        self.asked += 1
        return attrs.evolve(super().describe(), title=f"Reference books {self.asked}")


@fails("tells_what_an_exchange_takes")
class GivesReadsBack(ReferenceProvider):
    """Costs less than nothing."""

    def cost(self, operations: Sequence[Operation]) -> Cost:
        return attrs.evolve(super().cost(operations), reads=-1)


# -- bytes and lens --------------------------------------------------------------------------------
@fails("previews_what_it_sends")
class ExplainsADigest(ReferenceProvider):
    """Explains a message by a digest of it."""

    def excerpt(self, message: bytes, place: int) -> str:
        del place
        return hashlib.sha256(message).hexdigest()


@fails("tells_one_way_what_it_never_compares")
class TellsAColour(ReferenceProvider):
    """Tells a field that there is not."""

    def one_way(self, document: Document) -> Mapping[str, Any]:
        return {"colour": ""} if isinstance(document, Estimate) else {}


@fails("tells_one_way_what_it_never_compares")
class TellsOtherwise(ReferenceProvider):
    """Makes a field plain in another way every time."""

    asked = 0

    def one_way(self, document: Document) -> Mapping[str, Any]:
        self.asked += 1
        return {"discount_before_tax": self.asked} if isinstance(document, Estimate) else {}


@fails("looks_through_the_lens_once")
class BlinksAtOrders(ReferenceProvider):
    """Sees something else with every look at what was typed untidily."""

    looks = 0

    def normal(self, document: Document) -> Document:
        seen = super().normal(document)
        if not str(getattr(document, "memo", "")).startswith("  "):
            return seen
        self.looks += 1
        changed: Document = evolved(seen, memo=f"look {self.looks}")
        return changed

    def sent(self, operation: Operation, profile: BooksProfile) -> Document | None:
        del profile
        assert operation.document is not None
        return super().normal(operation.document)


@fails("counts_a_void_document_as_nothing")
class ForgetsThatItIsVoid(ReferenceProvider):
    """Shows a void estimate as one of 0.00."""

    def normal(self, document: Document) -> Document:
        seen = super().normal(document)
        return attrs.evolve(seen, void=False) if isinstance(seen, Estimate) else seen
