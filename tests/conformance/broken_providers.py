"""The conformance kit over every broken provider, a class for each; run by test_conformance_class.py with pytest."""

from collections.abc import Callable

import pytest

from blueops_qb.sdk.testing.conformance import CloseBooks, ProviderConformance, TrialBalance
from blueops_qb.sdk.testing.reference_provider import ReferenceProvider
from tests.broken import again_reads, again_words, again_writes, books, kinds, lists, words
from tests.broken.table import BROKEN

#: Whose classes are in the table once they are imported.
ROOMS = (again_reads, again_words, again_writes, books, kinds, lists, words)


def tried(make: Callable[[], ReferenceProvider]) -> type[ProviderConformance]:
    """The kit over a broken provider."""

    class Tried(ProviderConformance):
        declares = make().describe()

        @pytest.fixture(scope="class")
        @classmethod
        def provider(cls) -> ReferenceProvider:
            return make()

        @pytest.fixture(scope="class")
        @classmethod
        def close_books(cls, provider: ReferenceProvider) -> CloseBooks:
            return lambda day: setattr(provider.books, "closing_date", day)

        @pytest.fixture(scope="class")
        @classmethod
        def trial_balance(cls, provider: ReferenceProvider) -> TrialBalance:
            return provider.books.trial_balance

    return Tried


for _name, _broken in BROKEN.items():
    globals()[f"Test{_name}"] = tried(_broken.make)

__all__ = ["BROKEN", "ROOMS", "tried"]
