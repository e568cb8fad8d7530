"""The QuickBooks Desktop provider keeps to the interface, tried on the twin of a company file."""

import attrs
import pytest

from blueops_qb.providers.qbd.gate_reply import Reply as Told
from blueops_qb.providers.qbd.provider import QbdProvider
from blueops_qb.sandbox.qbd.company_file import open_file
from blueops_qb.sandbox.qbd.faults import ProcessorError
from blueops_qb.sandbox.qbd.seed import Seed
from blueops_qb.sdk.doors import Answered, Reply
from blueops_qb.sdk.testing.kit import CHECKS, Check, Places, Subject


@pytest.fixture(scope="module")
def subject() -> Subject:
    """The provider and a seeded file; what the Web Connector would carry is handed over as it is."""
    file = open_file(seed=Seed.NAMES)
    session = file.session()

    def carry(body: bytes) -> Reply:
        try:
            return Answered(body=file.processor.process(session, body.decode("ascii")).encode())
        except ProcessorError as failure:
            return Answered(body=Told(hresult=failure.hresult, message=failure.message).dump())

    subject = Subject(provider=QbdProvider(), carry=carry, company_id="file-1")
    _, records = subject.catalog()
    (bought,) = [record for record in records if record.name == "Fixtures"]
    subject.places = attrs.evolve(Places.among(records), bought=bought.ref)
    return subject


@pytest.mark.parametrize("check", CHECKS, ids=str)
def test_conformance(check: Check, subject: Subject) -> None:
    check.run(subject)
