"""Estimates, credits, receipts and what is ordered or paid: a bookkeeper's change of one waits for a choice."""

from collections.abc import Iterator
from typing import Any

import pytest

from blueops_qb import bootstrap
from blueops_qb.domain.documents import CreditMemo, SalesInvoice
from blueops_qb.domain.posting.context import Posted
from blueops_qb.domain.posting.rules import RULES
from blueops_qb.domain.records import Invoice
from blueops_qb.domain.refs import BooksKind, DocumentKey
from blueops_qb.engine.related import read_related
from blueops_qb.engine.rule_room import post_record
from blueops_qb.providers.qbo.entities import ENTITIES
from blueops_qb.providers.qbo.fault_matrix import KINDS
from blueops_qb.sdk.provider import Verb
from tests.fault_house import FaultHouse, fault_house
from tests.fault_writes import word_of, words
from tests.other_documents import OTHER_RULES

K = BooksKind
OTHERS = KINDS[8:]
#: Kinds that mean nothing to BlueOps when entered by hand; credits and refunds are taken in or put to a person.
UNKNOWN_HERE = [kind for kind in OTHERS if kind not in (K.CREDIT_MEMO, K.REFUND_RECEIPT)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultHouse]:
    with fault_house(f"sqlite:///{tmp_path_factory.mktemp('two') / 'house.sqlite3'}") as found:
        yield found


def sent(house: FaultHouse, kind: BooksKind) -> Any:
    """A record that is in the books as a document of the kind."""
    (record,) = house.write([(Verb.CREATE, kind)], numbered=False).values()
    house.until_quiet()
    assert house.place(record.ref).kind is kind
    return record


def shown(house: FaultHouse, record: Any) -> dict[str, Any]:
    place = house.place(record.ref)
    return house.shop.read(ENTITIES[place.kind].name, place.id)


def redated(house: FaultHouse, record: Any) -> None:
    """The bookkeeper moves it to another day."""
    place = house.place(record.ref)
    house.shop.twin_call(
        "do",
        action="edit",
        kind=ENTITIES[place.kind].name,
        id=place.id,
        changes={"TxnDate": "2026-03-05"},
    )
    house.shop.poll()


@pytest.mark.parametrize("kind", OTHERS)
def test_a_change_in_the_books_waits_for_a_choice_and_ours_goes_over(
    house: FaultHouse, kind: BooksKind
) -> None:
    record = sent(house, kind)
    before = shown(house, record)
    redated(house, record)
    (conflict,) = [c for c in house.conflicts() if c.ref == str(record.ref)]
    assert (conflict.cause, conflict.group) == ("changed_there", "dates")
    assert shown(house, record)["TxnDate"] == "2026-03-05"
    house.choose([record], "ours")
    after = shown(house, record)
    assert after["TxnDate"] == before["TxnDate"]
    assert (after["TotalAmt"], after["PrivateNote"] if "PrivateNote" in before else None) == (
        before["TotalAmt"],
        before.get("PrivateNote"),
    )
    assert house.event(record.ref).state == "done"


@pytest.mark.parametrize("kind", OTHERS)
def test_a_change_that_is_accepted_stays_and_nothing_is_sent(house: FaultHouse, kind: BooksKind) -> None:
    record = sent(house, kind)
    redated(house, record)
    house.choose([record], "accept")
    assert shown(house, record)["TxnDate"] == "2026-03-05"
    version = shown(house, record)["SyncToken"]
    house.shop.poll()
    assert house.conflicts() == []
    assert shown(house, record)["SyncToken"] == version


@pytest.mark.parametrize("kind", UNKNOWN_HERE)
def test_one_that_is_entered_by_hand_is_the_books_own_business(house: FaultHouse, kind: BooksKind) -> None:
    ours = sent(house, kind)
    copied = {
        name: value
        for name, value in shown(house, ours).items()
        if name
        not in ("Id", "SyncToken", "MetaData", "PrivateNote", "DocNumber", "domain", "sparse", "LinkedTxn")
    }
    house.shop.api(ENTITIES[kind].name, copied)
    house.shop.poll()
    assert house.conflicts() == []
    assert house.open() == set()
    there = [row for row in house.books()[ENTITIES[kind].name] if word_of(ours) in words(kind, row)]
    assert len(there) == 1


def test_the_composition_takes_a_table_of_rules(house: FaultHouse) -> None:
    core, tenant = house.shop.core, house.shop.tenant
    with core.begin(tenant, actor="office") as tx:
        record = house.invoice(tx, memo=K.CREDIT_MEMO.value)
    house.until_quiet()
    for rules, wanted in ((RULES, SalesInvoice), (OTHER_RULES, CreditMemo)):
        engine = bootstrap.build(core, rules=rules).engine
        with engine.turns.open(house.shop.id) as turn:
            assert turn is not None
            related = read_related(turn.read_all, [record])
            result = post_record(turn, record, related, [])
            assert isinstance(result, Posted), result
            assert isinstance(record, Invoice)
            assert type(result.documents[DocumentKey(record.ref)]) is wanted
