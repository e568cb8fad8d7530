"""Tax cases: tax codes that are created with their rates; part of the conformance kit."""

from __future__ import annotations

import secrets
from decimal import Decimal

from blueops_qb.domain.documents import TaxCodeRecord, TaxRate
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.outcomes import Found, Refused, Why
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.testing.subject import Subject


def creates_a_tax_code_once(subject: Subject) -> None:
    """It shows what was sent, is found by its name, is listed, and its name is taken from then on."""
    kind = BooksKind.TAX_CODE
    assert kind in subject.provider.describe().removals, "removals has no way for tax codes, such as hold"
    document = _sample(subject)
    operation = Operation(id="1", verb=Verb.CREATE, kind=kind, document=document)
    record = subject.applied(operation)
    sent = subject.provider.sent(operation, subject.profile)
    assert record.document is not None, f"{record.ref} shows no document"
    assert subject.provider.normal(record.document) == sent, (
        f"{record.ref} shows something else than was sent"
    )
    found = subject.pages(Verb.FIND, kind=kind, by="name", name=document.name)
    (named,) = [hit for page in found if isinstance(page, Found) for hit in page.records]
    assert named.ref == record.ref, f"{document.name} is found as {named.ref}"
    assert named.document is not None, f"{record.ref} is found without what it charges"
    assert subject.provider.normal(named.document) == sent, f"{record.ref} is found as something else"
    assert record.ref in [listed.ref for listed in subject.catalog()[1]], f"the catalog lacks {record.ref}"
    again = subject.send(operation)
    assert isinstance(again, Refused), f"a second code of the same name answered {again}"
    assert again.why is Why.NAME_TAKEN, f"a second code of the same name is refused for {again.why}"


def _sample(subject: Subject) -> TaxCodeRecord:
    agency = next((r.ref for r in subject.catalog()[1] if r.kind is BooksKind.TAX_AGENCY), None)
    assert agency is not None, "the catalog lists no tax agency to which a rate could be owed"
    tag = secrets.token_hex(3)
    return TaxCodeRecord(
        name=f"Kit {tag}", rates=(_rate(f"S {tag}", "4.6", agency), _rate(f"C {tag}", "3.665", agency))
    )


def _rate(name: str, percent: str, agency: BooksRef) -> TaxRate:
    return TaxRate(name=name, percent=Decimal(percent), agency=agency)
