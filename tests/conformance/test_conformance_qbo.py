"""The QuickBooks Online provider keeps to the interface, tried on the twin."""

from collections.abc import Iterator

import pytest

from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.sandbox.qbo.running import running_twin
from blueops_qb.sdk.testing.kit import CHECKS, Check, Subject
from tests.qbo_documents import MemoryVault


@pytest.fixture(scope="module")
def subject() -> Iterator[Subject]:
    """The provider and a company in the likeness of a sample company."""
    with running_twin(seed="sample") as twin:
        settings = QboSettings.sandbox(
            twin.base_url, client_id=twin.client_id, client_secret=twin.client_secret
        )
        provider = QboProvider(settings)
        vault = MemoryVault({"access_token": twin.access_token.encode()})
        transport = provider.transport(vault, twin.realm)
        yield Subject(provider=provider, carry=transport.send, company_id=twin.realm)
        transport.close()


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_conformance(check: Check, subject: Subject) -> None:
    check.run(subject)
