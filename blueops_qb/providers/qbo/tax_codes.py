"""Tax codes: a code is created with its rates by a call of its own (reference/quickbooks-online.md section 4.8).

The service takes no batch, and answers with the ids of the code and of its rates. It cannot change or remove a code,
so that only a creation is ever encoded here. Whether a lost one arrived is found out by its name.
"""

from __future__ import annotations

from collections.abc import Iterable

import attrs

from blueops_qb.domain.documents import TaxCodeRecord
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.codec import Obj, Unfit, from_qbo, to_qbo
from blueops_qb.providers.qbo.codec.tax_services import assembled, tax_service_of
from blueops_qb.providers.qbo.fault_text import fault_of
from blueops_qb.providers.qbo.framing import Answer, Request, post
from blueops_qb.providers.qbo.verdicts import Heard, unknown, verdict
from blueops_qb.sdk.outcomes import Applied, BooksRecord, Outcome
from blueops_qb.sdk.provider import WRITES, Exchange, Operation, Unencodable, Verb


def is_tax_code(operation: Operation) -> bool:
    """Whether the operation would write a tax code.

    Told by verb and kind: envelopes and costs are asked for before the document is at hand.
    """
    return operation.verb in WRITES and operation.kind is BooksKind.TAX_CODE


def encode_tax_code(exchange: Exchange, profile: BooksProfile, *, minorversion: str) -> Request:
    """The one call; raises Unencodable, for anything but a creation too."""
    (operation,) = exchange.operations
    document = operation.document
    if operation.verb is not Verb.CREATE:
        name = f" “{document.name}”" if isinstance(document, TaxCodeRecord) else ""
        raise Unencodable(
            operation.id,
            f"The tax code{name} is in QuickBooks already, where tax codes can only be changed or made inactive by "
            "hand, under Taxes; or create one of another name and map the jurisdiction to it.",
        )
    if not isinstance(document, TaxCodeRecord):
        raise Unencodable(operation.id, "There is no tax code to write; this is a defect of the engine.")
    try:
        body = to_qbo(document, operation, profile)
    except Unfit as problem:
        raise Unencodable(operation.id, str(problem)) from None
    parameters = {"requestid": exchange.id, "minorversion": minorversion}
    return post(exchange.company_id, "taxservice/taxcode", parameters, body)


def decode_tax_code(exchange: Exchange, answer: Answer, profile: BooksProfile) -> dict[str, Outcome]:
    """Applied with the code, and its rates beside it, or what the fault means."""
    (operation,) = exchange.operations
    heard, value = Heard.of(answer), answer.json()
    fault = fault_of(answer, value)
    if fault is not None:
        return {operation.id: verdict(fault, operation, heard)}
    obj = value or {}
    try:
        code, rates = _code(obj, profile), _rates(obj)
    except (KeyError, ValueError, TypeError, ArithmeticError, AttributeError) as problem:
        message = "QuickBooks' answer does not say what became of the tax code."
        detail = f"HTTP {heard.status}, {type(problem).__name__}: {problem}; {answer.text:.200}"
        return {operation.id: unknown(operation, heard, message=message, detail=detail)}
    return {operation.id: Applied(record=code, also=rates, reference=heard.reference)}


def with_documents(
    records: Iterable[BooksRecord], codes: Iterable[Obj], rates: Iterable[Obj], profile: BooksProfile
) -> list[BooksRecord]:
    """The records, tax codes among them with the document that their rates make; without one where a rate lacks."""
    by_id = {str(rate["Id"]): rate for rate in rates}
    documents: dict[str, TaxCodeRecord] = {}
    for code in codes:
        try:
            documents[str(code["Id"])] = tax_service_of(assembled(code, by_id), profile)
        except (KeyError, ValueError, TypeError, ArithmeticError, AttributeError):
            continue  # listed all the same; what it charges is not known
    return [
        attrs.evolve(record, document=documents.get(record.id))
        if record.kind is BooksKind.TAX_CODE
        else record
        for record in records
    ]


def _code(obj: Obj, profile: BooksProfile) -> BooksRecord:
    """The catalog's entry, as the list will show it."""
    shown = {"Id": obj["TaxCodeId"], "Name": obj["TaxCode"], "TaxGroup": True, "Taxable": True}
    return attrs.evolve(from_qbo(BooksKind.TAX_CODE, shown), document=tax_service_of(obj, profile))


def _rates(obj: Obj) -> tuple[BooksRecord, ...]:
    return tuple(
        from_qbo(
            BooksKind.TAX_RATE,
            {
                "Id": row["TaxRateId"],
                "Name": row["TaxRateName"],
                "RateValue": row["RateValue"],
                "AgencyRef": {"value": row["TaxAgencyId"]},
            },
        )
        for row in obj["TaxRateDetails"]
    )
