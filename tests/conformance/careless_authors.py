"""Authors of providers who make a mistake with the kit's class; run by test_conformance_class.py with pytest itself."""

import attrs
import pytest

from blueops_qb.sdk.capability import Capability, Feature
from blueops_qb.sdk.testing.conformance import ProviderConformance
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider

ALL = ReferenceProvider().describe()


class _OnReference(ProviderConformance):
    declares = ALL

    @pytest.fixture(scope="class")
    @classmethod
    def provider(cls) -> ReferenceProvider:
        return ReferenceProvider()


class TestWithoutHands(_OnReference):
    """Declares closing and a ledger, and gives no hand in the books."""


class TestLess(_OnReference):
    """Declares less than the provider does."""

    declares = attrs.evolve(
        ALL,
        capabilities=tuple(
            Capability(feature=one.feature, able=False, reason="Not yet.")
            if one.feature in (Feature.LEDGER, Feature.CLOSING)
            else one
            for one in ALL.capabilities
        ),
    )


class TestForgetful(TestLess):
    """Knows of one thing only that it leaves out."""

    left_out = frozenset({"keeps_a_closed_period_closed"})


class TestNoBooks(_OnReference):
    """Has no way to the books."""

    @pytest.fixture(scope="class")
    @classmethod
    def carry(cls) -> None:
        return None


class TestNoProvider(ProviderConformance):
    """Gives no provider."""

    declares = ALL
