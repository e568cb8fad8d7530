"""A tax code is created with its rates by one call, and only created; what cannot be sent is said before."""

import json
from decimal import Decimal as D
from typing import Any

import attrs
import pytest

from blueops_qb.domain.documents import TaxCodeRecord, TaxRate, TaxUse
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.exact_json import loads
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.providers.qbo.metering import BATCHES, MINUTE, SECOND
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.sdk.capability import Removal
from blueops_qb.sdk.outcomes import Absent, Applied, Found, NotKnown, Outcome, Refused, Why
from blueops_qb.sdk.provider import Cost, Operation, Unencodable, Verb
from tests.qbo_documents import exchange, operation

K = BooksKind
PROVIDER = QboProvider(QboSettings())
STATE, COUNTY = BooksRef(K.TAX_AGENCY, "1"), BooksRef(K.TAX_AGENCY, "2")
RENO = TaxCodeRecord(
    name="Reno, NV",
    rates=(
        TaxRate(name="NV state", percent=D("4.60"), agency=STATE),
        TaxRate(name="Washoe", percent=D("3.665"), agency=COUNTY),
        TaxRate(name="Use tax", percent=D(8), agency=STATE, on=TaxUse.PURCHASES),
    ),
)
#: As the service answers, and as the lists show the same.
ANSWERED: dict[str, Any] = {
    "TaxCode": "Reno, NV",
    "TaxCodeId": "7",
    "TaxRateDetails": [
        {"TaxRateName": "NV state", "TaxRateId": "11", "RateValue": 4.6, "TaxAgencyId": "1"},
        {
            "TaxRateName": "Washoe",
            "TaxRateId": "12",
            "RateValue": 3.665,
            "TaxAgencyId": "2",
            "TaxApplicableOn": "SALES",
        },
        {
            "TaxRateName": "Use tax",
            "TaxRateId": "13",
            "RateValue": 8,
            "TaxAgencyId": "1",
            "TaxApplicableOn": "Purchase",
        },
    ],
}
RATES = [
    {"Id": row["TaxRateId"], "Name": row["TaxRateName"], "RateValue": row["RateValue"]}
    | {"AgencyRef": {"value": row["TaxAgencyId"]}}
    for row in ANSWERED["TaxRateDetails"]
]
CODE = {
    "Id": "7",
    "Name": "Reno, NV",
    "SalesTaxRateList": {"TaxRateDetail": [{"TaxRateRef": {"value": "12"}}, {"TaxRateRef": {"value": "11"}}]},
    "PurchaseTaxRateList": {"TaxRateDetail": [{"TaxRateRef": {"value": "13"}}]},
}


def encoded(op: Operation) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(PROVIDER.encode(exchange(op, id="rq1"), BooksProfile()))
    return frame


def decoded(op: Operation, value: Any, status: int = 200) -> Outcome:
    answer = Answer(status=status, headers={"intuit_tid": "tid-1"}, text=json.dumps(value))
    return PROVIDER.decode(exchange(op), answer.to_bytes(), BooksProfile())[op.id]


def fault(code: str, message: str, detail: str) -> dict[str, Any]:
    return {
        "Fault": {
            "Error": [{"Message": message, "Detail": detail, "code": code}],
            "type": "ValidationFault",
        }
    }


# -- out -------------------------------------------------------------------------------------------
def test_it_is_a_call_of_its_own_with_the_exchange_as_its_request() -> None:
    frame = encoded(operation(RENO))
    assert frame["method"] == "POST"
    path, _, query = frame["path"].partition("?")
    assert path == "/v3/company/9130/taxservice/taxcode"
    assert "requestid=rq1" in query.split("&")
    assert loads(frame["body"]) == {
        "TaxCode": "Reno, NV",
        "TaxRateDetails": [
            {
                "TaxRateName": "NV state",
                "RateValue": "4.6",
                "TaxAgencyId": "1",
                "TaxApplicableOn": "Sales",
            },
            {
                "TaxRateName": "Washoe",
                "RateValue": "3.665",
                "TaxAgencyId": "2",
                "TaxApplicableOn": "Sales",
            },
            {
                "TaxRateName": "Use tax",
                "RateValue": "8",
                "TaxAgencyId": "1",
                "TaxApplicableOn": "Purchase",
            },
        ],
    }
    assert PROVIDER.envelope(operation(RENO)) == ""
    assert PROVIDER.cost([operation(RENO)]) == Cost(paces=frozenset({MINUTE, SECOND}), writes=1)
    assert BATCHES not in PROVIDER.cost([Operation(id="1", verb=Verb.CREATE, kind=K.TAX_CODE)]).paces


WASHOE = RENO.rates[1]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (attrs.evolve(RENO, name="  "), r"has no name; name it"),
        (attrs.evolve(RENO, rates=()), r"“Reno, NV” has no rate; give it"),
        (attrs.evolve(RENO, name="x" * 101), r"has 101 characters, QuickBooks Online keeps 100\. Shorten"),
        (
            attrs.evolve(RENO, rates=(attrs.evolve(WASHOE, name="Washoe Cnty"),)),
            r"rate of the tax code “Reno, NV”.* “Washoe Cnty…” has 11 characters, .* keeps 10\. Shorten",
        ),
        (attrs.evolve(RENO, rates=(attrs.evolve(WASHOE, name=" "),)), r"rate of .*“Reno, NV” has no name"),
        (
            attrs.evolve(RENO, rates=(WASHOE, attrs.evolve(WASHOE, name="washoe "))),
            r"several rates of the name “washoe”; give each",
        ),
        *(
            (
                attrs.evolve(RENO, rates=(attrs.evolve(WASHOE, percent=D(percent)),)),
                r"“Washoe” of the tax code “Reno, NV” is .* percent, which is not between 0 and 100; correct",
            )
            for percent in ("-0.01", "100.01", "NaN", "Infinity")
        ),
        *(
            (
                attrs.evolve(RENO, rates=(attrs.evolve(WASHOE, agency=agency),)),
                r"“Washoe” of the tax code “Reno, NV” names no tax agency .*; choose",
            )
            for agency in (BooksRef(K.VENDOR, "1"), BooksRef(K.TAX_AGENCY, ""))
        ),
    ],
)
def test_what_cannot_be_sent_names_the_code_the_cause_and_the_remedy(
    document: TaxCodeRecord, said: str
) -> None:
    with pytest.raises(Unencodable, match=said):
        encoded(operation(document))


@pytest.mark.parametrize("percent", ["0", "100", "8.2650"])
def test_rates_from_nothing_to_everything_are_sent(percent: str) -> None:
    frame = encoded(operation(TaxCodeRecord(name="X", rates=(attrs.evolve(WASHOE, percent=D(percent)),))))
    (row,) = loads(frame["body"])["TaxRateDetails"]
    assert D(row["RateValue"]) == D(percent)


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.WITHDRAW])
def test_it_is_neither_changed_nor_removed(verb: Verb) -> None:
    op = operation(RENO, verb=verb, target_id="7", version="0")
    with pytest.raises(Unencodable, match=r"“Reno, NV” is in QuickBooks already.* by hand"):
        encoded(op)
    assert PROVIDER.describe().removals[K.TAX_CODE] is Removal.HOLD


# -- back ------------------------------------------------------------------------------------------
def test_the_answer_is_the_entry_of_the_catalog_with_its_rates_beside_it() -> None:
    op = operation(RENO)
    outcome = decoded(op, ANSWERED)
    assert isinstance(outcome, Applied), outcome
    assert outcome.reference == "tid-1"
    record = outcome.record
    assert record is not None
    assert (record.kind, record.id, record.name, record.active) == (K.TAX_CODE, "7", "Reno, NV", True)
    assert record.facts == {"group": "true", "taxable": "true"}
    assert record.document is not None
    assert PROVIDER.normal(record.document) == PROVIDER.sent(op, BooksProfile())
    assert [(rate.kind, rate.id, rate.name, rate.facts) for rate in outcome.also] == [
        (K.TAX_RATE, "11", "NV state", {"rate": "4.6", "agency": "1"}),
        (K.TAX_RATE, "12", "Washoe", {"rate": "3.665", "agency": "2"}),
        (K.TAX_RATE, "13", "Use tax", {"rate": "8", "agency": "1"}),
    ]


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"TaxCode": "Reno, NV"},
        {"TaxCode": "Reno, NV", "TaxCodeId": "7"},
        {**ANSWERED, "TaxRateDetails": [{"TaxRateName": "NV state"}]},
        {**ANSWERED, "TaxRateDetails": [{**ANSWERED["TaxRateDetails"][0], "RateValue": "much"}]},
        {**ANSWERED, "TaxRateDetails": 3},
        [],
    ],
)
def test_an_answer_that_does_not_tell_leaves_the_fate_open(value: Any) -> None:
    assert isinstance(decoded(operation(RENO), value), NotKnown)


@pytest.mark.parametrize(
    ("value", "why", "said", "remedy"),
    [
        (
            fault("6240", "Duplicate Name Exists Error", "The name supplied already exists."),
            Why.NAME_TAKEN,
            "tax code or tax rate of that name",
            "Map the jurisdiction",
        ),
        (
            fault("610", "Object Not Found", "Object Not Found : TaxAgency 9"),
            Why.REFERENCE,
            "tax agency that is not in this",
            "choose an agency",
        ),
        (
            fault("2500", "Invalid Reference Id", "TaxAgencyId 9"),
            Why.REFERENCE,
            "tax agency that is not in this",
            "choose an agency",
        ),
        (
            fault("6000", "A business validation error", "the rate 120 is out of range"),
            Why.INVALID,
            "the rate 120 is out of range",
            "Correct it",
        ),
        (
            fault("2050", "String length", "Max:10 supported. Supplied length:11"),
            Why.INVALID,
            "text of a length that is not allowed",
            "Correct it",
        ),
    ],
)
def test_refusals_say_what_they_mean_for_a_tax_code(
    value: dict[str, Any], why: Why, said: str, remedy: str
) -> None:
    outcome = decoded(operation(RENO), value, status=400)
    assert isinstance(outcome, Refused), outcome
    assert outcome.why is why
    assert said in outcome.message
    assert remedy in outcome.remedy


def test_the_same_code_at_another_kind_keeps_its_own_words() -> None:
    answer = {"BatchItemResponse": [{"bId": "0", **fault("6240", "Duplicate Name", "exists")}]}
    outcome = decoded(Operation(id="1", verb=Verb.CREATE, kind=K.CUSTOMER), answer)
    assert isinstance(outcome, Refused), outcome
    assert "customer, vendor or employee" in outcome.message


# -- looked up -------------------------------------------------------------------------------------
def by_name(name: str) -> Operation:
    return Operation(id=name, verb=Verb.FIND, kind=K.TAX_CODE, params={"by": "name", "name": name})


def found(codes: list[dict[str, Any]], rates: list[dict[str, Any]]) -> dict[str, Any]:
    shown = {"0": {"TaxCode": codes}, "rates": {"TaxRate": rates}}
    return {"BatchItemResponse": [{"bId": bid, "QueryResponse": rows} for bid, rows in shown.items()]}


def test_it_is_looked_up_by_its_own_name_together_with_the_rates() -> None:
    items = {
        item["bId"]: item["Query"] for item in loads(encoded(by_name("Reno, NV"))["body"])["BatchItemRequest"]
    }
    assert items.keys() == {"0", "rates"}
    assert "from TaxCode where Active in (true, false) and Name in ('Reno, NV'" in items["0"]
    assert "from TaxRate where Active in (true, false)" in items["rates"]
    assert PROVIDER.cost([by_name("Reno, NV")]).reads == 2


def test_what_is_found_shows_what_it_charges() -> None:
    outcome = decoded(by_name("reno, nv"), found([CODE], RATES))
    assert isinstance(outcome, Found), outcome
    (record,) = outcome.records
    assert record.ref == BooksRef(K.TAX_CODE, "7")
    assert record.document is not None
    assert PROVIDER.normal(record.document) == PROVIDER.normal(RENO)


def test_a_code_of_which_a_rate_is_not_shown_is_found_without_what_it_charges() -> None:
    outcome = decoded(by_name("Reno, NV"), found([CODE], RATES[:2]))
    assert isinstance(outcome, Found), outcome
    (record,) = outcome.records
    assert record.document is None


def test_nothing_of_the_name_is_absent_and_an_answer_without_the_rates_tells_nothing() -> None:
    assert isinstance(decoded(by_name("Elko"), found([CODE], RATES)), Absent)
    cut = found([], RATES)
    cut["BatchItemResponse"].pop()
    assert not isinstance(decoded(by_name("Elko"), cut), Absent | Found)


def test_a_customer_of_the_same_name_is_not_taken_for_it() -> None:
    customer = Operation(id="c", verb=Verb.FIND, kind=K.CUSTOMER, params={"by": "name", "name": "Reno, NV"})
    both = exchange(by_name("Reno, NV"), customer)
    items = loads(json.loads(PROVIDER.encode(both, BooksProfile()))["body"])["BatchItemRequest"]
    shown = {
        item["bId"]: {"TaxRate": RATES}
        if item["bId"] == "rates"
        else {"TaxCode": [CODE]}
        if "from TaxCode" in item["Query"]
        else {"Customer": [{"Id": "2", "DisplayName": "Reno, NV"}]}
        if "from Customer" in item["Query"]
        else {}
        for item in items
    }
    rows = [{"bId": bid, "QueryResponse": row} for bid, row in shown.items()]
    answer = Answer(status=200, text=json.dumps({"BatchItemResponse": rows}))
    outcomes = PROVIDER.decode(both, answer.to_bytes(), BooksProfile())
    refs = {id: [r.ref for r in o.records] for id, o in outcomes.items() if isinstance(o, Found)}
    assert refs == {"Reno, NV": [BooksRef(K.TAX_CODE, "7")], "c": [BooksRef(K.CUSTOMER, "2")]}


def test_the_lens_knows_a_code_by_its_rates_in_any_order_and_spelling() -> None:
    other = attrs.evolve(
        RENO,
        name=" Reno, NV",
        rates=tuple(attrs.evolve(r, percent=r.percent + D("0.000")) for r in reversed(RENO.rates)),
    )
    assert PROVIDER.normal(other) == PROVIDER.normal(RENO)
    dearer = attrs.evolve(RENO, rates=(*RENO.rates[:2], attrs.evolve(RENO.rates[2], percent=D("8.01"))))
    assert PROVIDER.normal(dearer) != PROVIDER.normal(RENO)
