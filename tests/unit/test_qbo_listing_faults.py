"""A listing of many kinds goes on without those that the company's plan lacks, and stops for every other fault."""

from typing import Any

import pytest

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.entities import ENTITIES, FEED_KINDS
from blueops_qb.providers.qbo.exact_json import dumps
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.sdk.outcomes import Found, Outcome, Refused
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbo_documents import exchange

PROVIDER = QboProvider(QboSettings())


def listed(code: str, at: BooksKind, **params: str) -> Outcome:
    """What a full comparison comes to when the query of one kind is refused."""
    asked = exchange(Operation(id="1", verb=Verb.CHANGES, params={"full": "1", "compare": "1", **params}))
    kinds = [BooksKind(params["kinds"])] if params else list(FEED_KINDS)
    items: list[dict[str, Any]] = []
    for n, kind in enumerate(kinds):
        if kind is at:
            error = [{"Message": "Feature Not Supported", "Detail": "not in this plan", "code": code}]
            items.append({"bId": str(n), "Fault": {"type": "ValidationFault", "Error": error}})
        else:
            rows = [{"Id": str(n), "SyncToken": "0", "DisplayName": f"n{n}", "Name": f"n{n}"}]
            items.append({"bId": str(n), "QueryResponse": {ENTITIES[kind].name: rows}})
    answer = Answer(status=200, text=dumps({"BatchItemResponse": items, "time": "2026-03-02T12:00:00Z"}))
    return PROVIDER.decode(asked, answer.to_bytes(), BooksProfile())["1"]


@pytest.mark.parametrize("code", ["5020", "5030"])
def test_a_kind_that_the_plan_lacks_is_left_out(code: str) -> None:
    outcome = listed(code, BooksKind.PURCHASE_ORDER)
    assert isinstance(outcome, Found)
    assert {record.kind for record in outcome.records} == set(FEED_KINDS) - {BooksKind.PURCHASE_ORDER}
    assert outcome.complete


def test_any_other_fault_stops_the_listing() -> None:
    outcome = listed("2500", BooksKind.PURCHASE_ORDER)
    assert not isinstance(outcome, Found)


def test_a_listing_of_that_kind_alone_is_refused_in_words() -> None:
    outcome = listed("5030", BooksKind.PURCHASE_ORDER, kinds="purchase_order")
    assert isinstance(outcome, Refused)
    assert "does not offer" in outcome.message
