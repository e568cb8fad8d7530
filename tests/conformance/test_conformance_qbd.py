"""The QuickBooks Desktop provider keeps to the interface, tried on the twin of a company file."""

import datetime as dt
from decimal import Decimal

import attrs
import pytest

from blueops_qb.providers.qbd.gate_reply import Reply as Told
from blueops_qb.providers.qbd.provider import QbdProvider
from blueops_qb.sandbox.qbd.bookkeeper import Bookkeeper
from blueops_qb.sandbox.qbd.company_file import CompanyFile, open_file
from blueops_qb.sandbox.qbd.faults import ProcessorError
from blueops_qb.sandbox.qbd.seed import Seed
from blueops_qb.sdk.doors import Answered, Reply
from blueops_qb.sdk.testing.conformance import CarryOut, CloseBooks, ProviderConformance, TrialBalance
from blueops_qb.sdk.testing.kit import Places, Subject


class TestQbd(ProviderConformance):
    """A seeded file; what the Web Connector would carry is handed over as it is."""

    declares = QbdProvider().describe()
    #: QuickBooks Desktop has no refund receipts, takes no files, and tax codes are made in it.
    left_out = frozenset(
        {
            *("writes_and_reads_back_refund_receipts", "finds_refund_receipts_after_a_lost_answer"),
            *("writes_and_reads_back_attachments", "finds_attachments_after_a_lost_answer"),
            *("takes_out_refund_receipts", "takes_out_attachments", "creates_a_tax_code_once"),
        }
    )

    @pytest.fixture(scope="class")
    @classmethod
    def file(cls) -> CompanyFile:
        return open_file(seed=Seed.NAMES)

    @pytest.fixture(scope="class")
    @classmethod
    def provider(cls) -> QbdProvider:
        return QbdProvider()

    @pytest.fixture(scope="class")
    @classmethod
    def company_id(cls) -> str:
        return "file-1"

    @pytest.fixture(scope="class")
    @classmethod
    def carry(cls, file: CompanyFile) -> CarryOut:
        session = file.session()

        def carry(body: bytes) -> Reply:
            try:
                return Answered(body=file.processor.process(session, body.decode("ascii")).encode())
            except ProcessorError as failure:
                return Answered(body=Told(hresult=failure.hresult, message=failure.message).dump())

        return carry

    @pytest.fixture(scope="class")
    @classmethod
    def places(cls, provider: QbdProvider, carry: CarryOut) -> Places:
        """Orders to vendors name an item."""
        _, records = Subject(provider=provider, carry=carry).catalog()
        (bought,) = [record for record in records if record.name == "Fixtures"]
        return attrs.evolve(Places.among(records), bought=bought.ref)

    @pytest.fixture(scope="class")
    @classmethod
    def close_books(cls, file: CompanyFile) -> CloseBooks:
        keeper = Bookkeeper(company=file.company)
        return lambda day: keeper.close_books("" if day is None else day.isoformat())

    @pytest.fixture(scope="class")
    @classmethod
    def trial_balance(cls, file: CompanyFile) -> TrialBalance:
        """The double entry under the file."""

        def balance(day: dt.date) -> dict[str, Decimal]:
            return file.company.ledger.balances(until=day)

        return balance
