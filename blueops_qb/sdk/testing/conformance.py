"""Conformance: the kit as a class for pytest; a provider's author inherits from it and overrides a few fixtures.

    class TestNotebook(ProviderConformance):
        declares = NotebookBooks().describe()

        @pytest.fixture(scope="class")
        @classmethod
        def provider(cls) -> NotebookBooks:
            return NotebookBooks()

Each case is a test `test_conformance[name]`. The basic ones are always run, the others where `declares` has what they
need. Those that are not run are no tests at all, and no skips: `test_declares_what_it_describes` holds `declares`
against the provider, and what is not run is listed at the end (`listing`). pytest comes with the author's own tools.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import ClassVar

import attrs
import pytest

from blueops_qb.sdk.doors import Reply
from blueops_qb.sdk.provider import Description, Provider, Vault
from blueops_qb.sdk.testing import listing
from blueops_qb.sdk.testing.kit import Case, Places, Subject, cases_for, not_run

CarryOut = Callable[[bytes], Reply]
CloseBooks = Callable[[dt.date | None], None]
TrialBalance = Callable[[dt.date], Mapping[str, Decimal]]


@attrs.define
class MemoryVault:
    """Secrets of one connection, in memory."""

    secrets: dict[str, bytes] = attrs.field(factory=dict, repr=False)

    def get(self, purpose: str) -> bytes | None:
        """The secret, or None."""
        return self.secrets.get(purpose)

    def put(self, purpose: str, secret: bytes) -> None:
        """Keep it."""
        self.secrets[purpose] = secret

    def drop(self, purpose: str) -> None:
        """Forget it."""
        self.secrets.pop(purpose, None)


class ProviderConformance:
    """What every provider must keep to; override fixtures with the scope `class` or a broader one."""

    #: What `provider.describe()` answers; needed before any fixture runs, to know which cases there are.
    declares: ClassVar[Description]
    #: Names of the cases that are not run, as the author knows them; None does not compare.
    left_out: ClassVar[frozenset[str] | None] = None

    # -- to override -------------------------------------------------------------------------------
    @pytest.fixture(scope="class")
    @classmethod
    def provider(cls) -> Provider:
        """The provider that is tried. Must be overridden."""
        raise NotImplementedError(f"{cls.__name__} needs the fixture `provider`")

    @pytest.fixture(scope="class")
    @classmethod
    def company_id(cls) -> str:
        """The books' id of a company that may be written to."""
        return "1"

    @pytest.fixture(scope="class")
    @classmethod
    def vault(cls) -> Vault:
        """The secrets that the transport asks for, by purpose, as bytes; by default none."""
        return MemoryVault()

    @pytest.fixture(scope="class")
    @classmethod
    def carry(cls, provider: Provider, vault: Vault, company_id: str) -> Iterator[CarryOut | None]:
        """Sends the bytes of an exchange and answers a `Reply`; by default the provider's transport.

        Books that call have none: override it with a driver that plays their client.
        """
        transport = provider.transport(vault, company_id)
        yield None if transport is None else transport.send
        if transport is not None:
            transport.close()

    @pytest.fixture(scope="class")
    @classmethod
    def places(cls) -> Places | None:
        """Where samples may post; None (default) finds an item, an expense and a bank account in the catalog."""
        return None

    @pytest.fixture(scope="class")
    @classmethod
    def close_books(cls) -> CloseBooks | None:
        """For `closing`: a function that closes the books up to and including a day, and opens them with None."""
        return None

    @pytest.fixture(scope="class")
    @classmethod
    def trial_balance(cls) -> TrialBalance | None:
        """For `ledger`: a function from a day to what the books' own trial balance says at its end.

        By account id, in the home currency, a debit positive, as Decimals; read past the provider.
        """
        return None

    @pytest.fixture(scope="class")
    @classmethod
    def subject(
        cls,
        provider: Provider,
        carry: CarryOut | None,
        company_id: str,
        places: Places | None,
        close_books: CloseBooks | None,
        trial_balance: TrialBalance | None,
    ) -> Subject:
        """What the cases get; made of the fixtures above."""
        return Subject(
            provider=provider,
            carry=carry,
            company_id=company_id,
            places=places,
            close_books=close_books,
            trial_balance=trial_balance,
        )

    # -- the tests ---------------------------------------------------------------------------------
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test per case that is declared; raises UsageError where `declares` is missing."""
        if not hasattr(self, "declares"):
            name = type(self).__name__
            raise pytest.UsageError(f"{name} needs `declares`, what describe() of its provider answers")
        plugins = metafunc.config.pluginmanager
        if not plugins.hasplugin(listing.__name__):
            plugins.register(listing, listing.__name__)
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", cases_for(self.declares), ids=str)

    def test_conformance(self, case: Case, subject: Subject) -> None:
        """The promise that the case is named for."""
        case.run(subject)

    def test_declares_what_it_describes(self, provider: Provider, request: pytest.FixtureRequest) -> None:
        """The provider declares what the class says, and what is not run is what its author knows of."""
        run, left = cases_for(self.declares), not_run(self.declares)
        lines = [f"{type(self).__name__}: {len(run)} cases run, {len(left)} not, as they are not declared"]
        lines += [f"  not run: {case.name} (needs {case.need.words})" for case in left]
        request.node.user_properties.append((listing.PROPERTY, lines))
        described = provider.describe()
        assert cases_for(described) == run, (
            f"`declares` of {type(self).__name__} leads to other cases than describe() of its provider"
        )
        if self.left_out is not None:
            assert {case.name for case in left} == self.left_out, (
                "other cases are not run than `left_out` names"
            )
