"""The reference provider keeps to every promise of the interface."""

import pytest

from blueops_qb.sdk.testing.conformance import CloseBooks, ProviderConformance, TrialBalance
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider


class TestReference(ProviderConformance):
    declares = ReferenceProvider().describe()
    left_out = frozenset()

    @pytest.fixture(scope="class")
    @classmethod
    def provider(cls) -> ReferenceProvider:
        return ReferenceProvider()

    @pytest.fixture(scope="class")
    @classmethod
    def close_books(cls, provider: ReferenceProvider) -> CloseBooks:
        return lambda day: setattr(provider.books, "closing_date", day)

    @pytest.fixture(scope="class")
    @classmethod
    def trial_balance(cls, provider: ReferenceProvider) -> TrialBalance:
        return provider.books.trial_balance
