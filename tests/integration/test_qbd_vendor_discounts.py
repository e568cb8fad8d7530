"""A vendor's discount for paying early inside a payment: what we post of it is what the file posts."""

from collections import defaultdict
from decimal import Decimal as D

import attrs
import pytest

from blueops_qb.domain.documents import BillPayment, Settled
from blueops_qb.domain.effects import effects
from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine.subledger import told
from blueops_qb.sdk import wire
from tests.qbd_bound import DAY, bill, vendor
from tests.qbd_meeting import Meeting, applied, found, new_meeting
from tests.qbd_twin import ref


@pytest.fixture
def meeting() -> Meeting:
    return new_meeting()


def posted(meeting: Meeting, *documents: BillPayment) -> dict[str, str]:
    """What documents post by our rules, by the names of the accounts, without what comes to nothing."""
    names = {r.id: r.name for r in meeting.catalog if r.kind is BooksKind.ACCOUNT}
    roles = {"ap": meeting.named(BooksKind.ACCOUNT, "Accounts Payable").id}
    sums: dict[str, D] = defaultdict(D)
    for document in documents:
        postings = effects(document, roles=roles)
        assert sum(posting.amount for posting in postings) == 0
        assert {posting.vendor for posting in postings} == {document.vendor}
        for posting in postings:
            sums[names[posting.account]] += posting.amount
    return {name: str(amount) for name, amount in sums.items() if amount}


def balances(meeting: Meeting) -> dict[str, D]:
    """What stands on each account of the file."""
    return defaultdict(D, {name: D(amount) for name, amount in meeting.desk.balances().items()})


def test_a_discount_that_was_entered_there_is_posted_as_the_file_posts_it(meeting: Meeting) -> None:
    owed = applied(meeting.create(bill(meeting, vendor(meeting), D("100.00"))))
    before = balances(meeting)
    id = meeting.desk.add(
        "BillPaymentCheck",
        f"{ref('PayeeEntityRef', 'Pipe Depot')}<TxnDate>{DAY}</TxnDate>{ref('BankAccountRef', 'Operating Checking')}"
        f"<IsToBePrinted>false</IsToBePrinted><AppliedToTxnAdd><TxnID>{owed.id}</TxnID>"
        "<PaymentAmount>58.00</PaymentAmount><DiscountAmount>2.00</DiscountAmount>"
        f"{ref('DiscountAccountRef', 'Purchase Price Variance')}{ref('DiscountClassRef', 'Service')}</AppliedToTxnAdd>",
    ).findtext("TxnID")
    assert id is not None
    shown = found(meeting.read(attrs.evolve(owed.ref, kind=BooksKind.BILL_PAYMENT, id=id)))
    paid = shown.document
    assert isinstance(paid, BillPayment)
    assert [(part.amount, part.account is not None) for part in paid.settles] == [
        (D("60.00"), False),
        (D("-2.00"), True),
    ]
    assert paid.settles[1].account == meeting.named(BooksKind.ACCOUNT, "Purchase Price Variance")
    after = balances(meeting)
    names = before.keys() | after.keys()
    moved = {name: str(after[name] - before[name]) for name in names if after[name] != before[name]}
    assert posted(meeting, paid) == moved
    (off,) = (p for p in effects(paid, roles={"ap": "x"}) if p.class_)
    assert (off.amount, off.class_) == (D("-2.00"), meeting.named(BooksKind.CLASS, "Service").id)
    # The lens and our own tables keep where it is posted to.
    normal = meeting.provider.normal(paid)
    assert isinstance(normal, BillPayment)
    assert normal.settles == paid.settles
    assert wire.load(BillPayment, wire.dump(normal)) == normal
    # A change of ours leaves it where it is.
    changed = attrs.evolve(paid, memo="net of the discount")
    again = applied(meeting.update(shown, changed, paid))
    assert isinstance(again.document, BillPayment)
    assert again.document.settles == paid.settles


def test_what_was_agreed_is_posted_with_the_discount_that_the_books_show(meeting: Meeting) -> None:
    account = meeting.named(BooksKind.ACCOUNT, "Purchase Price Variance")
    bill_ = attrs.evolve(account, kind=BooksKind.BILL, id="7-1")
    credit = attrs.evolve(account, kind=BooksKind.CREDIT, id="off")
    ours = BillPayment(
        vendor=vendor(meeting),
        date=DAY,
        amount=D("58.00"),
        settles=(Settled(document=bill_, amount=D("60.00")),),
        account=meeting.named(BooksKind.ACCOUNT, "Operating Checking"),
    )
    off = Settled(document=credit, amount=D("-2.00"), account=account)
    shown = attrs.evolve(ours, settles=(*ours.settles, off))
    assert told(ours, shown) == shown
    assert told(shown, shown) == shown
    void = attrs.evolve(ours, void=True)
    assert told(void, shown) == void
    assert posted(meeting, shown) == {
        "Accounts Payable": "60.00",
        "Operating Checking": "-58.00",
        "Purchase Price Variance": "-2.00",
    }
