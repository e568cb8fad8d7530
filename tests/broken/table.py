"""The table of broken providers: who is broken, and which case of the conformance kit must find out."""

from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from blueops_qb.domain.documents import CustomerRecord, Document
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.outcomes import BooksRecord, Refused, Why
from blueops_qb.sdk.provider import Operation
from blueops_qb.sdk.simple import FEATURE_KINDS, Refusal
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider


@attrs.frozen
class Broken:
    """A broken provider and the one case that it fails."""

    case: str
    make: Callable[[], ReferenceProvider]


#: By the name under which it is tried.
BROKEN: dict[str, Broken] = {}
_Type = TypeVar("_Type", bound=type[ReferenceProvider])


def enter(name: str, case: str, make: Callable[[], ReferenceProvider]) -> None:
    """Enter one into the table; each name once."""
    assert name not in BROKEN, f"there are two of the name {name}"
    BROKEN[name] = Broken(case, make)


def fails(case: str) -> Callable[[_Type], _Type]:
    """Enter a class into the table."""

    def entered(broken: _Type) -> _Type:
        enter(broken.__name__, case, broken)
        return broken

    return entered


def evolved(value: Any, **changes: Any) -> Any:
    """Loosely typed, as fields differ from kind to kind."""
    return attrs.evolve(value, **changes)


def is_of(feature: Feature, kind: BooksKind | None, document: Document | None) -> bool:
    """Jobs are customers below a customer."""
    if FEATURE_KINDS[feature] is not kind:
        return False
    if isinstance(document, CustomerRecord):
        return (document.parent is not None) is (feature is Feature.JOBS)
    return True


def refusing(
    write: Callable[[Operation], BooksRecord | None],
    operation: Operation,
    why: Why,
    other: Why,
    message: str | None = None,
) -> BooksRecord | None:
    """Write, and give another reason, or another message, where it is refused for a reason."""
    try:
        return write(operation)
    except Refusal as refusal:
        if isinstance(refusal.outcome, Refused) and refusal.outcome.why is why:
            said = refusal.outcome.message if message is None else message
            raise Refusal(other, said) from None
        raise
