"""Writing cases: what is written is there, as it was sent, once, and can be changed and taken out; part of the kit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import attrs

from blueops_qb.domain.documents import CustomerRecord, SalesInvoice, SalesLine
from blueops_qb.domain.money import ZERO
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.sdk.capability import Feature
from blueops_qb.sdk.doors import Answered
from blueops_qb.sdk.outcomes import Absent, Applied, BooksRecord, Found, Gone, Outcome, Stale
from blueops_qb.sdk.provider import Operation, Verb
from blueops_qb.sdk.testing.lens_cases import PARTIES
from blueops_qb.sdk.testing.samples import Places
from blueops_qb.sdk.testing.subject import Subject, changing

#: How far clocks may differ between here and the books.
APART = dt.timedelta(minutes=5)
#: Amounts that show where cents get lost, with quantity and price where there are any.
_CENTS = (
    (None, None, "0.01"),
    (None, None, "33.33"),
    (None, None, "66.67"),
    (None, None, "1234.56"),
    ("1.5", "33.33", "50.00"),
)


def reads_the_company_and_its_lists(subject: Subject) -> None:
    """The catalog brings a profile with the company's name, and every list entry once, accounts among them."""
    profile, records = subject.catalog()
    assert profile.company_name, "the profile names no company"
    refs = [record.ref for record in records]
    assert any(ref.kind is BooksKind.ACCOUNT for ref in refs), "the catalog holds no account"
    assert len(refs) == len(set(refs)), "the catalog holds a record twice"
    assert subject.places or Places.among(records)


def tells_absent_from_unreadable(subject: Subject) -> None:
    """Reading a record that never was answers that it is absent or gone, and not that it cannot be told."""
    outcome = subject.read(BooksRef(BooksKind.CUSTOMER, "999999999"))
    assert isinstance(outcome, Absent | Gone), f"reading what never was answered {outcome}"


def _shows(subject: Subject, operation: Operation, record: BooksRecord) -> None:
    sent = subject.provider.sent(operation, subject.profile)
    assert record.document is not None, f"{record.ref} shows no document"
    shown = subject.provider.normal(record.document)
    if sent is not None:
        assert shown == sent, f"{record.ref} shows something else than was sent:\n{shown}\n{sent}"


def writing(feature: Feature) -> Callable[[Subject], None]:
    """The case of a feature: write, read back, compare."""

    def writes_and_reads_back(subject: Subject) -> None:
        """Write, read back, compare: no change, neither in the answer nor when it is read."""
        operation, record, _ = subject.write(feature, subject.world())
        _shows(subject, operation, record)
        _shows(subject, operation, subject.there(record.ref))

    return writes_and_reads_back


def losing_the_answer(feature: Feature) -> Callable[[Subject], None]:
    """The case of a feature: what was created without anybody hearing of it."""

    def finds_after_a_lost_answer(subject: Subject) -> None:
        """When nobody heard the answer to a creation, the look-up since then shows it once.

        It is recognised by our marker, a party by its name.
        """
        since = subject.now() - APART
        operation, _ = subject.prepared(feature, subject.world())
        assert subject.carry is not None, "this case needs books: give the subject `carry`"
        lost = subject.carry(subject.provider.encode(subject.exchange([operation]), subject.profile))
        assert isinstance(lost, Answered), f"the books did not answer: {lost}"
        hits = [one for one in subject.created(operation.kind, since) if _ours(operation, one)]
        assert len(hits) == 1, f"the look-up shows {len(hits)} of the {operation.kind} {operation.marker}"

    return finds_after_a_lost_answer


def _ours(operation: Operation, record: BooksRecord) -> bool:
    if isinstance(operation.document, PARTIES):
        return isinstance(record.document, PARTIES) and record.document.name == operation.document.name
    return record.marker == operation.marker


def taking_out(feature: Feature) -> Callable[[Subject], None]:
    """The case of a feature: the removal that the table names."""

    def takes_out(subject: Subject) -> None:
        """By the removal that the table names it is gone, void or inactive when it is read."""
        operation, record, _ = subject.write(feature, subject.world())
        read = subject.there(record.ref)
        outcome = subject.send(changing(operation, operation.document, read, Verb.WITHDRAW))
        assert isinstance(outcome, Applied), f"taking {record.ref} out answered {outcome}"
        after = subject.read(record.ref)
        if isinstance(after, Found):
            (shown,) = after.records
            assert not shown.active or getattr(shown.document, "void", False), f"{record.ref} is still there"
        else:
            assert isinstance(after, Absent | Gone), f"{record.ref} after its removal: {after}"

    return takes_out


def _renumbered(operation: Operation, record: BooksRecord, phone: str) -> Operation:
    assert isinstance(operation.document, CustomerRecord)
    document = attrs.evolve(operation.document, phone=phone, email="")
    return changing(operation, document, record, Verb.UPDATE)


def changes_a_customer(subject: Subject) -> None:
    """A change on the version that was compared is applied, shows what was sent, and moves the version."""
    operation, record, _ = subject.write(Feature.CUSTOMERS, subject.world())
    changed = _renumbered(operation, record, "(415) 555-7777")
    after = subject.applied(changed)
    _shows(subject, changed, after)
    read = subject.there(record.ref)
    _shows(subject, changed, read)
    assert read.version != record.version, "the version did not move with the change"


def refuses_an_old_version(subject: Subject) -> None:
    """A change on a version that has moved since is stale, and changes nothing."""
    operation, record, _ = subject.write(Feature.CUSTOMERS, subject.world())
    subject.applied(_renumbered(operation, record, "(415) 555-7777"))
    before = subject.there(record.ref)
    outcome = subject.send(_renumbered(operation, record, "(415) 555-8888"))
    assert isinstance(outcome, Stale), f"a change on an old version answered {outcome}"
    assert subject.there(record.ref).document == before.document, "a stale change has changed it all the same"


def keeps_totals_to_the_cent(subject: Subject) -> None:
    """An invoice of awkward amounts comes back with every line and the total as they were sent, to the cent."""
    operation, _ = subject.prepared(Feature.INVOICES, subject.world())
    assert isinstance(operation.document, SalesInvoice)
    lines = tuple(
        SalesLine(
            item=subject.world().places.item,
            description=f"Line of {amount}",
            quantity=None if quantity is None else Decimal(quantity),
            unit_price=None if price is None else Decimal(price),
            amount=Decimal(amount),
        )
        for quantity, price, amount in _CENTS
    )
    total = sum((line.amount for line in lines), ZERO)
    document = attrs.evolve(operation.document, lines=lines, total=total)
    record = subject.applied(attrs.evolve(operation, document=document))
    shown = subject.there(record.ref).document
    assert isinstance(shown, SalesInvoice), f"{record.ref} shows no invoice"
    assert [line.amount for line in shown.lines] == [line.amount for line in lines], (
        f"the lines of {record.ref} show {[str(line.amount) for line in shown.lines]}"
    )
    assert shown.total == total, f"{record.ref} shows {shown.total}, not {total}"


def carries_out_a_repeated_exchange_once(subject: Subject) -> None:
    """The same bytes under the same id are answered as the first time; the record is there once."""
    since = subject.now() - APART
    operation, _ = subject.prepared(Feature.INVOICES, subject.world())
    exchange = subject.exchange([operation])
    assert subject.carry is not None, "this case needs books: give the subject `carry`"
    body = subject.provider.encode(exchange, subject.profile)
    refs = []
    for _ in range(2):
        reply = subject.carry(body)
        assert isinstance(reply, Answered), f"the books did not answer: {reply}"
        outcome = subject.provider.decode(exchange, reply.body, subject.profile)[operation.id]
        assert isinstance(outcome, Applied), f"the exchange answered {outcome}"
        assert outcome.record is not None, "the exchange shows no record"
        refs.append(outcome.record.ref)
    assert refs[0] == refs[1], f"the repeated exchange made {refs[1]} beside {refs[0]}"
    hits = [one for one in subject.created(operation.kind, since) if _ours(operation, one)]
    assert len(hits) < 2, f"{operation.marker} is there {len(hits)} times"


def answers_each_operation_by_itself(subject: Subject) -> None:
    """Operations of one envelope travel in one exchange, and each has its own answer; a refusal stops no other."""
    before, _ = subject.prepared(Feature.CUSTOMERS, subject.world())
    wrong, _ = subject.prepared(Feature.INVOICES, subject.world())
    after, _ = subject.prepared(Feature.CUSTOMERS, subject.world())
    assert isinstance(wrong.document, SalesInvoice)
    stranger = attrs.evolve(wrong.document, customer=BooksRef(BooksKind.CUSTOMER, "999999999"))
    operations = [
        attrs.evolve(before, id="11"),
        attrs.evolve(wrong, id="12", document=stranger),
        attrs.evolve(after, id="13"),
    ]
    outcomes: dict[str, Outcome] = {}
    for group in _envelopes(subject, operations):
        exchange = subject.exchange(group)
        assert subject.carry is not None, "this case needs books: give the subject `carry`"
        reply = subject.carry(subject.provider.encode(exchange, subject.profile))
        assert isinstance(reply, Answered), f"the books did not answer: {reply}"
        told = subject.provider.decode(exchange, reply.body, subject.profile)
        assert set(told) == {one.id for one in group}, f"{len(group)} operations have the answers {set(told)}"
        outcomes |= told
    for operation in operations:
        outcome = outcomes[operation.id]
        if operation.document is not stranger:
            assert isinstance(outcome, Applied), f"a right one beside a wrong one answered {outcome}"
        if isinstance(outcome, Applied):
            assert outcome.record is not None, f"{operation.kind} beside others shows no record: {outcome}"
            _shows(subject, operation, outcome.record)


def _envelopes(subject: Subject, operations: list[Operation]) -> list[list[Operation]]:
    """As the engine would pack them: together where they name the same envelope and it has room."""
    most = subject.provider.describe().limits.operations_per_exchange
    packed: dict[str, list[list[Operation]]] = {}
    for operation in operations:
        name = subject.provider.envelope(operation)
        groups = packed.setdefault(name or operation.id, [[]])
        if len(groups[-1]) == most:
            groups.append([])
        groups[-1].append(operation)
    return [group for groups in packed.values() for group in groups]
