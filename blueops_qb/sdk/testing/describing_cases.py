"""Describing cases: what a provider says of itself; part of the conformance kit."""

from __future__ import annotations

from blueops_qb.domain.documents import kind_of
from blueops_qb.domain.refs import BooksKind
from blueops_qb.sdk.capability import Feature, Removal
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.testing.subject import Subject

#: Without these no case has anything to write; the engine has nothing to do either.
LEAST = (Feature.CUSTOMERS, Feature.INVOICES)


def describes_itself(subject: Subject) -> None:
    """Every feature is named once, with a reason that the admin reads, the same every time.

    Customers and invoices are kept.
    """
    described = subject.provider.describe()
    assert described.name, "describe() gives no name"
    assert described.title, "describe() gives no title"
    features = [capability.feature for capability in described.capabilities]
    assert sorted(features) == sorted(Feature), "describe() must name every feature exactly once"
    for capability in described.capabilities:
        assert capability.reason.strip(), f"{capability.feature} has no reason that an admin can read"
    assert described.steps, "describe() names no step by which an admin connects"
    assert subject.provider.describe() == described, "describe() changes its mind"
    for feature in LEAST:
        assert subject.able(feature), f"a provider without {feature.value} is of no use"


def has_sensible_limits(subject: Subject) -> None:
    """At least one exchange with one operation may be out, and times are positive.

    Every pace has a short name and lets something through.
    """
    limits = subject.provider.describe().limits
    for name in ("open_exchanges", "operations_per_exchange", "deadline_seconds"):
        assert getattr(limits, name) > 0, f"limits.{name} must be above zero"
    for name in ("settle_after_seconds", "reads_per_month", "feed_overlap_seconds"):
        assert getattr(limits, name) >= 0, f"limits.{name} must not be below zero"
    names = [pace.name for pace in limits.paces]
    assert len(set(names)) == len(names), f"two paces have the same name: {names}"
    for pace in limits.paces:
        assert 0 < len(pace.name) <= 16, f"the pace {pace.name!r} needs a name of at most 16 characters"
        assert pace.calls > 0, f"the pace {pace.name} lets nothing through"
        assert pace.seconds > 0, f"the pace {pace.name} counts over no time"
        assert pace.burst >= 1, f"the pace {pace.name} never holds a whole token"


def tells_what_an_exchange_takes(subject: Subject) -> None:
    """Every cost names paces that exist, and counts nothing below zero."""
    limits = subject.provider.describe().limits
    known = {pace.name for pace in limits.paces}
    for verb in Verb:
        kind = BooksKind.CUSTOMER if verb not in (Verb.SIGN_IN, Verb.CATALOG) else None
        params = {"by": "created", "since": "2026-01-02T03:04:05+00:00"} if verb is Verb.FIND else {}
        cost = subject.provider.cost([Operation(id="1", verb=verb, kind=kind, params=params)])
        assert cost.paces <= known, f"{verb} draws from {sorted(cost.paces - known)}, which describe() lacks"
        assert min(cost.reads, cost.writes) >= 0, f"{verb} costs less than nothing"


def says_how_every_kind_is_removed(subject: Subject) -> None:
    """The removal table has a way for every kind that can be written."""
    removals = subject.provider.describe().removals
    for feature, document in subject.samples().items():
        assert kind_of(document) in removals, f"removals has no way for {feature.value}"
    assert set(removals.values()) <= set(Removal), "removals names a way that there is not"
