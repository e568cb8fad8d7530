"""The QuickBooks Online provider keeps to the interface, tried on the twin over HTTP."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal

import pytest
import requests

from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.sandbox.qbo.running import RunningTwin, running_twin
from blueops_qb.sdk.testing.conformance import CloseBooks, MemoryVault, ProviderConformance, TrialBalance
from tests.report_reading import trial


class TestQbo(ProviderConformance):
    """A company in the likeness of a sample company."""

    declares = QboProvider(QboSettings()).describe()
    #: It settles by looking up.
    left_out = frozenset({"asks_and_runs_nothing"})

    @pytest.fixture(scope="class")
    @classmethod
    def twin(cls) -> Iterator[RunningTwin]:
        with running_twin(seed="sample") as twin:
            yield twin

    @pytest.fixture(scope="class")
    @classmethod
    def provider(cls, twin: RunningTwin) -> QboProvider:
        return QboProvider(
            QboSettings.sandbox(twin.base_url, client_id=twin.client_id, client_secret=twin.client_secret)
        )

    @pytest.fixture(scope="class")
    @classmethod
    def company_id(cls, twin: RunningTwin) -> str:
        return twin.realm

    @pytest.fixture(scope="class")
    @classmethod
    def vault(cls, twin: RunningTwin) -> MemoryVault:
        return MemoryVault({"access_token": twin.access_token.encode()})

    @pytest.fixture(scope="class")
    @classmethod
    def close_books(cls, twin: RunningTwin) -> CloseBooks:
        def close(day: dt.date | None) -> None:
            body = {"date": None if day is None else day.isoformat()}
            requests.post(f"{twin.base_url}/twin/closing", json=body, timeout=60).raise_for_status()

        return close

    @pytest.fixture(scope="class")
    @classmethod
    def trial_balance(cls, twin: RunningTwin) -> TrialBalance:
        """QuickBooks' own report."""
        address = f"{twin.base_url}/v3/company/{twin.realm}/reports/TrialBalance"

        def balance(day: dt.date) -> dict[str, Decimal]:
            answer = requests.get(
                address,
                params={"start_date": day.replace(day=1).isoformat(), "end_date": day.isoformat()},
                headers={"Authorization": f"Bearer {twin.access_token}", "Accept": "application/json"},
                timeout=60,
            )
            answer.raise_for_status()
            return trial(answer.json())

        return balance
