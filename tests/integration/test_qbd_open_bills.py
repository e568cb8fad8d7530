"""What is open of a bill and a vendor's credit: the record may tell it wrongly, so a read asks for it by the vendor."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal as D

import attrs
import pytest

from blueops_qb.domain.refs import BooksRef
from blueops_qb.sandbox.qbd import view
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.values import Obj
from blueops_qb.sdk.outcomes import Found
from blueops_qb.sdk.provider import Operation, Verb
from tests.qbd_bound import bill, vendor, vendor_credit
from tests.qbd_meeting import Meeting, applied, new_meeting
from tests.qbd_twin import ref


@pytest.fixture(params=["right", "left out", "wrong"])
def meeting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Meeting:
    """A QuickBooks whose bills tell what is open of them as some versions do."""
    for kind in ("Bill", "VendorCredit"):
        usual = view._TXN_EXTRAS[kind]

        def shown(company: Company, record: Obj, usual: Callable[[Company, Obj], Obj] = usual) -> Obj:
            told = {"right": {}, "left out": {"OpenAmount": ""}, "wrong": {"OpenAmount": "77.77"}}
            return {**usual(company, record), **told[request.param]}

        monkeypatch.setitem(view._TXN_EXTRAS, kind, shown)
    return new_meeting()


def read(meeting: Meeting, place: BooksRef) -> list[str]:
    """What the reads that follow one another tell to be open."""
    waiting = [Operation(id="1", verb=Verb.READ, kind=place.kind, target_id=place.id)]
    told = []
    while waiting:
        outcome = meeting.ask(waiting.pop(0))
        assert isinstance(outcome, Found), outcome
        told += [record.facts.get("balance", "") for record in outcome.records]
        waiting += [
            Operation(id="2", verb=w.verb, kind=w.kind, target_id=w.target_id, params=w.params)
            for w in outcome.then
        ]
    return told


def test_a_read_ends_with_what_is_open_of_the_bill_and_of_the_credit(meeting: Meeting) -> None:
    shop = vendor(meeting)
    owed, other = (applied(meeting.create(bill(meeting, shop, D(n)))).ref for n in ("30.00", "9.00"))
    credited = applied(meeting.create(vendor_credit(meeting, shop, D("12.00")))).ref
    assert [read(meeting, place)[-1] for place in (owed, other, credited)] == ["30.00", "9.00", "12.00"]
    meeting.desk.add(
        "BillPaymentCheck",
        f"{ref('PayeeEntityRef', 'Pipe Depot')}{ref('BankAccountRef', 'Operating Checking')}"
        f"<IsToBePrinted>false</IsToBePrinted><AppliedToTxnAdd><TxnID>{owed.id}</TxnID>"
        f"<PaymentAmount>10.00</PaymentAmount><SetCredit><CreditTxnID>{credited.id}</CreditTxnID>"
        "<AppliedAmount>5.00</AppliedAmount></SetCredit></AppliedToTxnAdd><AppliedToTxnAdd>"
        f"<TxnID>{other.id}</TxnID><PaymentAmount>9.00</PaymentAmount></AppliedToTxnAdd>",
    )
    assert [read(meeting, place)[-1] for place in (owed, other, credited)] == ["15.00", "0.00", "7.00"]
    assert len(read(meeting, owed)) == 2


def test_a_bill_that_is_gone_is_gone_whatever_is_open_of_its_vendor(meeting: Meeting) -> None:
    shop = vendor(meeting)
    owed = applied(meeting.create(bill(meeting, shop, D("30.00"))))
    meeting.desk.done(f"<TxnDelRq><TxnDelType>Bill</TxnDelType><TxnID>{owed.id}</TxnID></TxnDelRq>")
    asked = Operation(id="1", verb=Verb.READ, kind=owed.kind, target_id=owed.id, params={"vendor": shop.id})
    plain = attrs.evolve(asked, params={})
    assert type(meeting.ask(asked)) is type(meeting.ask(plain))
    assert not isinstance(meeting.ask(asked), Found)
