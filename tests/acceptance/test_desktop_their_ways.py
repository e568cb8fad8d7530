"""What QuickBooks Desktop and the people at it do in their own way: short answers, numbers, discounts, names."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.records import Customer, Invoice, Job, Payment
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import agreement, agreement_figures, agreement_runs, by_hand, resolve, rules_desk
from blueops_qb.sandbox.core.invoices import InvoiceDraft, draft_of
from blueops_qb.sandbox.demo.house import TENANT, DemoHouse
from blueops_qb.sandbox.qbd.connector import At, Ended, Mishaps, Outcome, Steps
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks
from blueops_qb.sandbox.qbd.sessions import Session
from blueops_qb.sdk.hooks import PluginHealth
from blueops_qb.store import tables as t
from tests.desktop_house import ADMIN, DesktopHouse, sqlite_house
from tests.desktop_places import client, look, sessions

pytestmark = pytest.mark.xdist_group("demo")
D = Decimal


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("ways")) as found:
        found.session()
        yield found


def demo(house: DesktopHouse) -> DemoHouse:
    """The house in this process."""
    assert isinstance(house.house, DemoHouse)
    return house.house


def link_of(house: DesktopHouse, ref: RecordRef) -> Any:
    d, lk = t.documents, t.links
    query = (
        sa.select(lk.c.base_ours, lk.c.base_theirs, lk.c.doubtful, lk.c.books_id, lk.c.books_kind)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(d.c.source_kind == ref.kind.value, d.c.source_id == ref.id, lk.c.state == "live")
    )
    with house.house.core.engine.connect() as connection:
        return connection.execute(query).one()


def posted(house: DesktopHouse, ref: RecordRef) -> Decimal:
    """What the documents of a record come to in our sub-ledger, debits alone."""
    d, p = t.documents, t.postings
    query = (
        sa.select(sa.func.sum(p.c.cents))
        .select_from(p.join(d, d.c.id == p.c.document_id))
        .where(d.c.source_kind == ref.kind.value, d.c.source_id == ref.id, p.c.counts, p.c.cents > 0)
    )
    with house.house.core.engine.connect() as connection:
        return D(connection.execute(query).scalar_one()) / 100


def differences(house: DesktopHouse, *refs: RecordRef) -> list[str]:
    """What a comparison of the year with the books' own ledger finds of records, as a certificate would say it."""
    day = house.office.today
    with house.house.turn() as turn:
        id = agreement.ask(turn, day.replace(month=1, day=1), day.replace(month=12, day=31))
    for _ in range(10):
        house.session()
        run = agreement.advance(demo(house).plugin.engine, demo(house).connection_id, id)
        if not run.open:
            break
    assert run.state is agreement_runs.RunState.DONE, run
    with house.house.core.engine.connect() as connection:
        found = list(agreement_figures.findings(connection, run.id, "difference"))
    return [finding.sentence for finding in found if finding.ref in map(str, refs)]


def conflicts(house: DesktopHouse) -> list[str]:
    """What is open on the conflicts page."""
    c = t.conflicts
    query = sa.select(c.c.reason).where(c.c.connection_id == demo(house).connection_id, c.c.state == "open")
    with house.house.core.engine.connect() as connection:
        return list(connection.execute(query).scalars())


# -- an answer to a change that leaves something out ---------------------------------------------------
@attrs.define(kw_only=True)
class Terse(QuickBooks):
    """A QuickBooks whose answers to changes leave certain members out."""

    without: str
    cut: int = 0

    def run(self, session: Session, text: str) -> str:
        answer = super().run(session, text)
        if "ModRs" not in answer:
            return answer
        short, cut = re.subn(rf"<{self.without}>.*?</{self.without}>", "", answer)
        self.cut += cut
        return short


@pytest.mark.parametrize("without", ["InvoiceLineRet", "Subtotal", "SalesTaxTotal", "TimeModified"])
def test_a_change_that_was_answered_in_part_is_read_back_and_agreed_on_whole(
    house: DesktopHouse, without: str
) -> None:
    (customer,) = house.customers(1)
    invoice = house.invoice(customer)
    sessions(house)
    draft = draft_of(invoice)
    dearer = attrs.evolve(draft.lines[0], quantity=D(3), unit_price=D("150.00"))
    house.office.corrected(invoice, attrs.evolve(draft, lines=[dearer]))
    terse = Terse(file=house.desktop.file, without=without)
    house.session(quickbooks=terse)
    house.session()
    assert terse.cut
    assert house.states() == {}, house.reasons()
    link = link_of(house, invoice.ref)
    assert "150.00" in str(link.base_ours)
    assert '"unit_price":"150"' in str(link.base_theirs)
    assert link.doubtful == ""
    assert posted(house, invoice.ref) == D("450.00")
    # Nothing is sent again.
    executed = house.desktop.file.processor.executed["InvoiceMod"]
    house.session()
    assert house.desktop.file.processor.executed["InvoiceMod"] == executed


# -- numbers that are taken over there -----------------------------------------------------------------
@contextlib.contextmanager
def own_numbers(house: DesktopHouse) -> Iterator[None]:
    """The company numbers its invoices without a prefix."""
    with house.house.turn() as turn:
        before = turn.policy
        rules_desk.change_policy(turn, attrs.evolve(before, number_prefix=""), actor=ADMIN)
    yield
    with house.house.turn() as turn:
        rules_desk.change_policy(turn, before, actor=ADMIN)


def entered_invoice(house: DesktopHouse, customer: Customer, number: str) -> str:
    """An invoice of the bookkeeper's; answers its id."""
    item = next(iter(house.desktop.file.company.records["ItemService"]))
    return house.desktop.enter(
        "Invoice",
        f"<CustomerRef><ListID>{link_of(house, customer.ref).books_id}</ListID></CustomerRef>"
        f"<RefNumber>{number}</RefNumber><InvoiceLineAdd><ItemRef><ListID>{item}</ListID></ItemRef>"
        "<Amount>40.00</Amount></InvoiceLineAdd>",
    )


def test_a_number_that_quickbooks_has_already_is_not_used_twice(house: DesktopHouse) -> None:
    (customer,) = house.customers(1)
    sessions(house)
    with own_numbers(house):
        free = house.invoice(customer)
        house.session()
        assert house.states() == {}, house.reasons()
        assert (
            house.desktop.all_of("Invoice")[link_of(house, free.ref).books_id].findtext("RefNumber")
            == free.number
        )
        theirs = entered_invoice(house, customer, str(int(free.number) + 1))
        invoice = house.invoice(customer)
        assert invoice.number == str(int(free.number) + 1)
        before = house.held()
        house.session()
        assert house.held() == before
        (said,) = [line for line in house.reasons() if line.startswith(str(invoice.ref))]
        assert f"its number {invoice.number} is already used in the books, by invoice {theirs}" in said
        house.desktop.bookkeeper.edit("Invoice", theirs, {"RefNumber": "T-77"})
        with house.house.turn() as turn:
            by_hand.try_again(turn, [invoice.ref], actor=ADMIN)
        house.session()
        assert link_of(house, invoice.ref).books_id
        house.desktop.bookkeeper.delete("Invoice", theirs)
        sessions(house)
    assert house.states() == {}, house.reasons()
    assert house.twice() == 0


# -- a discount for paying early, entered over there ---------------------------------------------------
def account_id(house: DesktopHouse, number: str) -> str:
    accounts = house.desktop.file.company.records["Account"]
    (id,) = (id for id, raw in accounts.items() if raw.get("AccountNumber") == number)
    return id


def entered_early_payment(house: DesktopHouse, invoice: Invoice, discount: Decimal) -> str:
    """The bookkeeper receives the rest of an invoice and gives a discount; answers the payment's id."""
    raw = house.desktop.all_of("Invoice")[link_of(house, invoice.ref).books_id]
    paid = invoice.total - discount
    return house.desktop.enter(
        "ReceivePayment",
        f"<CustomerRef><ListID>{raw.findtext('CustomerRef/ListID')}</ListID></CustomerRef>"
        f"<TotalAmount>{paid}</TotalAmount><PaymentMethodRef><FullName>Check</FullName></PaymentMethodRef>"
        f"<AppliedToTxnAdd><TxnID>{raw.findtext('TxnID')}</TxnID><PaymentAmount>{paid}</PaymentAmount>"
        f"<DiscountAmount>{discount}</DiscountAmount>"
        f"<DiscountAccountRef><ListID>{account_id(house, '4900')}</ListID></DiscountAccountRef></AppliedToTxnAdd>",
    )


def payments_of(house: DesktopHouse, invoice: Invoice) -> list[Payment]:
    found = [s.record for s in house.house.core.iterate(TENANT, kinds=[RecordKind.PAYMENT])]
    return [
        one
        for one in found
        if isinstance(one, Payment) and any(a.invoice_id == invoice.id for a in one.applications)
    ]


def test_an_invoice_that_is_paid_there_with_a_discount_is_paid_here(house: DesktopHouse) -> None:
    (customer,) = house.customers(1)
    invoice = house.invoice(customer)
    sessions(house)
    discount = D("20.00")
    id = entered_early_payment(house, invoice, discount)
    look(house)
    assert house.states() == {}, house.reasons()
    (payment,) = payments_of(house, invoice)
    assert payment.amount == invoice.total - discount
    assert [a.amount + a.discount for a in payment.applications] == [invoice.total], "nothing is open of it"
    # What the office corrects of the payment leaves the discount where it is.
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.update_payment(attrs.evolve(payment, reference="C-77"))
    sessions(house)
    assert house.states() == {}, house.reasons()
    raw = house.desktop.file.company.records["ReceivePayment"][id]
    assert raw["RefNumber"] == "C-77"
    assert [row["DiscountAmount"] for row in raw["_Applied"]] == ["20.00"]
    assert house.desktop.file.company.ledger.trial_balance().difference == 0
    # So does what the bookkeeper writes on it.
    house.desktop.bookkeeper.edit("ReceivePayment", id, {"RefNumber": "C-78"})
    look(house)
    assert house.states() == {}, house.reasons()
    assert [one.reference for one in payments_of(house, invoice)] == ["C-78"]
    assert differences(house, invoice.ref, payment.ref) == []


def test_what_is_left_of_an_invoice_with_a_discount_is_said_before_it_is_lost(house: DesktopHouse) -> None:
    (customer,) = house.customers(1)
    invoice = house.invoice(customer)
    sessions(house)
    id = entered_early_payment(house, invoice, D("20.00"))
    look(house)
    (payment,) = payments_of(house, invoice)
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.update_payment(attrs.evolve(payment, applications=()))
    sessions(house)
    (said,) = house.reasons()
    assert "a discount of 20.00 was taken off a document with it" in said
    with house.house.core.begin(TENANT, actor=ADMIN) as tx:
        tx.update_payment(payment)
    sessions(house)
    assert house.states() == {}, house.reasons()
    assert [
        row["DiscountAmount"] for row in house.desktop.file.company.records["ReceivePayment"][id]["_Applied"]
    ] == ["20.00"]
    assert differences(house, invoice.ref, payment.ref) == []


# -- a slow clock, and a set that was forgotten ----------------------------------------------------------
@contextlib.contextmanager
def slow(house: DesktopHouse, by: dt.timedelta) -> Iterator[None]:
    """The clock of the QuickBooks machine is behind, and QuickBooks forgets what it carried out."""
    company = house.desktop.file.company
    now = company.clock.now
    company.clock.now = lambda: now() - by
    company.switches.forgets_message_sets = True
    yield
    company.clock.now = now
    company.switches.forgets_message_sets = False


@pytest.mark.parametrize("set_", [1, 2, 3])
@pytest.mark.parametrize("hours", [3, 30])
def test_what_was_written_by_a_slow_clock_and_forgotten_is_found_and_not_written_twice(
    house: DesktopHouse, hours: int, set_: int
) -> None:
    before = house.held()
    with slow(house, dt.timedelta(hours=hours)):
        house.documents(3)
        house.session(Mishaps(drop_answer=set_))
        sessions(house, 3)
        assert house.states() == {}, house.reasons()
    assert house.held() == {kind: count + 3 for kind, count in before.items()}
    assert house.twice() == 0


# -- lines that only sum up ------------------------------------------------------------------------------
def lines_there(house: DesktopHouse, id: str) -> list[tuple[str, str]]:
    """Item and amount of every line of an invoice, as the file keeps it."""
    company = house.desktop.file.company
    lines = company.records["Invoice"][id]["Lines"]
    return [
        (company.full_name(x["ItemRef"]["ListID"]) if "ItemRef" in x else "", x.get("Amount", ""))
        for x in lines
    ]


def test_a_subtotal_that_was_put_in_there_is_no_difference_and_stays(house: DesktopHouse) -> None:
    (customer,) = house.customers(1)
    lines = [
        attrs.evolve(house.office.service("repair", f"Line {n}", "100.00"), quantity=D(1)) for n in (1, 2)
    ]
    with_lines = InvoiceDraft(customer_id=customer.id, lines=lines, issue_date=house.office.today)
    invoice = house.office.invoice(with_lines)
    sessions(house)
    id = link_of(house, invoice.ref).books_id
    raw = house.desktop.file.company.records["Invoice"][id]
    (subtotal,) = house.desktop.file.company.records["ItemSubtotal"]
    kept = "".join(
        f"<InvoiceLineMod><TxnLineID>{x['TxnLineID']}</TxnLineID></InvoiceLineMod>" for x in raw["Lines"]
    )
    house.desktop.change(
        "Invoice",
        f"<TxnID>{id}</TxnID><EditSequence>{raw['EditSequence']}</EditSequence>{kept}"
        f"<InvoiceLineMod><TxnLineID>-1</TxnLineID><ItemRef><ListID>{subtotal}</ListID></ItemRef></InvoiceLineMod>",
    )
    assert [amount for _, amount in lines_there(house, id)] == ["100.00", "100.00", "200.00"]
    look(house)
    assert house.states() == {}, house.reasons()
    assert conflicts(house) == []
    draft = draft_of(invoice)
    dearer = attrs.evolve(draft.lines[1], unit_price=D("150.00"))
    house.office.corrected(invoice, attrs.evolve(draft, lines=[draft.lines[0], dearer]))
    sessions(house)
    assert house.states() == {}, house.reasons()
    assert lines_there(house, id)[-1] == ("Subtotal", "250.00")
    assert [amount for _, amount in lines_there(house, id)] == ["100.00", "150.00", "250.00"]
    assert conflicts(house) == []


# -- jobs of one name below one customer -----------------------------------------------------------------
@pytest.mark.parametrize("lands_before", [True, False], ids=["one is there already", "both are new"])
def test_two_jobs_of_one_name_below_one_customer_are_told_apart(
    house: DesktopHouse, lands_before: bool
) -> None:
    (customer,) = house.customers(1)
    jobs = []
    for _ in range(3):
        jobs.append(house.office.job(customer, "Kitchen", street="1 Pump St", class_key="service"))
        if lands_before:
            sessions(house)
    invoices = [house.invoice(customer, job=job.id) for job in jobs]
    sessions(house, 3)
    assert house.states() == {}, house.reasons()
    company = house.desktop.file.company
    names = [company.full_name(link_of(house, job.ref).books_id) for job in jobs]
    assert names[0] == f"{customer.name}:Kitchen"
    assert names[1:] == [f"{customer.name}:Kitchen ({job.id})" for job in jobs[1:]]
    for job, invoice in zip(jobs, invoices, strict=True):
        raw = company.records["Invoice"][link_of(house, invoice.ref).books_id]
        assert raw["CustomerRef"]["ListID"] == link_of(house, job.ref).books_id
    look(house)
    assert house.states() == {}, house.reasons()
    assert conflicts(house) == []
    found = house.house.core.read(TENANT, [jobs[1].ref])[jobs[1].ref].record
    assert isinstance(found, Job)
    assert found.name == "Kitchen", "the mark is the books' alone"


def test_jobs_of_one_name_planned_while_the_other_is_on_its_way_are_told_apart(house: DesktopHouse) -> None:
    (customer,) = house.customers(1)
    sessions(house)
    first = house.office.job(customer, "Cellar", street="1 Pump St", class_key="service")
    house.session(Mishaps(drop_request=1))
    second = house.office.job(customer, "cellar", street="1 Pump St", class_key="service")
    sessions(house, 3)
    assert house.states() == {}, house.reasons()
    company = house.desktop.file.company
    names = [company.full_name(link_of(house, job.ref).books_id) for job in (first, second)]
    assert names == [f"{customer.name}:Cellar", f"{customer.name}:cellar ({second.id})"]


# -- a customer who bears another name now ---------------------------------------------------------------
def customer_here(house: DesktopHouse, customer: Customer) -> Customer:
    found = house.house.core.read(TENANT, [customer.ref])[customer.ref].record
    assert isinstance(found, Customer)
    return found


def test_the_old_name_above_the_address_of_a_renamed_customer_is_no_street(house: DesktopHouse) -> None:
    (customer,) = house.customers(1)
    sessions(house)
    id = link_of(house, customer.ref).books_id
    assert customer.billing is not None
    block = dict(house.desktop.file.company.records["Customer"][id]["BillAddress"])
    assert block["Addr1"] == customer.name
    house.desktop.rename(id, f"{customer.name} & Daughters")
    look(house)
    now = customer_here(house, customer)
    assert (now.name, now.billing) == (f"{customer.name} & Daughters", customer.billing)
    # Whoever moves him there writes over the street alone.
    house.desktop.bookkeeper.edit("Customer", id, {"BillAddress": {**block, "Addr2": "7 Valve Rd"}})
    look(house)
    moved = customer_here(house, customer).billing
    assert moved == attrs.evolve(customer.billing, line1="7 Valve Rd")
    # An address of the office's puts the name that he has now above it; anything else leaves it as it is.
    for change, above in (
        ({"phone": "775 555 0199"}, customer.name),
        ({"billing": attrs.evolve(moved, line1="9 Main St")}, f"{customer.name} & Daughters"),
    ):
        changed = attrs.evolve(customer_here(house, customer), **change)
        with house.house.core.begin(TENANT, actor=ADMIN) as tx:
            tx.update_customer(changed)
        sessions(house)
        assert house.states() == {}, house.reasons()
        assert conflicts(house) == []
        told = house.desktop.file.company.records["Customer"][id]["BillAddress"]
        assert changed.billing is not None
        assert (told["Addr1"], told["Addr2"]) == (above, changed.billing.line1)


# -- customers who were merged there ---------------------------------------------------------------------
def choose(house: DesktopHouse, ref: RecordRef, choice: str) -> None:
    c = t.conflicts
    query = sa.select(c.c.id).where(c.c.ref == str(ref), c.c.state == "open", c.c.cause == "removed_there")
    with house.house.turn() as turn:
        id = turn.connection.execute(query).scalar_one()
        resolve.resolve(turn, id, choice, actor=ADMIN)


def test_a_payment_of_a_customer_who_was_merged_into_one_of_ours_says_so_and_follows(
    house: DesktopHouse,
) -> None:
    lost, stays = house.customers(2)
    invoice = house.invoice(lost)
    sessions(house)
    ids = [link_of(house, one.ref).books_id for one in (lost, stays)]
    house.desktop.bookkeeper.merge("Customer", *ids)
    house.paid(invoice)
    sessions(house)
    (said,) = (reason for reason in house.reasons() if reason.startswith("payment"))
    assert (
        f"it needs {lost.ref}, and customer#{ids[0]} was deleted in the books, or merged into another one"
        in said
    )
    (shown,) = (reason for reason in conflicts(house) if reason.startswith(str(lost.ref)))
    assert f"was deleted and merged into customer#{ids[1]}" in shown
    choose(house, lost.ref, "merge")
    sessions(house, 3)
    assert house.states() == {}, house.reasons()
    (payment,) = payments_of(house, invoice)
    raw = house.desktop.file.company.records["ReceivePayment"][link_of(house, payment.ref).books_id]
    assert raw["CustomerRef"]["ListID"] == ids[1]
    assert conflicts(house) == []


def test_a_payment_of_a_customer_who_was_merged_into_one_of_theirs_goes_to_that_one(
    house: DesktopHouse,
) -> None:
    (lost,) = house.customers(1)
    invoice = house.invoice(lost)
    sessions(house)
    id = link_of(house, lost.ref).books_id
    other = house.desktop.enter_customer(f"Other {lost.name}", email="", phone="", street="")
    house.desktop.bookkeeper.merge("Customer", id, other)
    house.paid(invoice)
    sessions(house, 3)
    assert house.states() == {}, house.reasons()
    assert link_of(house, lost.ref).books_id == other
    (payment,) = payments_of(house, invoice)
    raw = house.desktop.file.company.records["ReceivePayment"][link_of(house, payment.ref).books_id]
    assert raw["CustomerRef"]["ListID"] == other
    assert conflicts(house) == []


# -- how it fares, for core ------------------------------------------------------------------------------
def test_core_hears_of_the_web_connector_by_the_plugins_hook(house: DesktopHouse) -> None:
    house.session()
    answer = house.house.core.health(TENANT)["quickbooks"]
    assert isinstance(answer.value, PluginHealth), answer.error
    assert answer.value.ok
    assert answer.value.last_contact_at is not None
    assert not answer.value.quiet


# -- long sessions, and two computers ----------------------------------------------------------------------
def test_a_session_that_has_lasted_long_enough_ends_and_the_rest_goes_at_the_next(
    house: DesktopHouse,
) -> None:
    before = house.held()
    house.documents(3)
    s = t.sessions

    def is_old(steps: Steps) -> Outcome:
        """Every set takes an hour."""
        while True:
            try:
                next(steps)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome
            with house.house.core.engine.begin() as connection:
                hour = dt.timedelta(hours=1)
                began = connection.execute(sa.select(s.c.began_at).where(s.c.state == "open")).scalar_one()
                connection.execute(s.update().where(s.c.state == "open").values(began_at=began - hour))

    ended = []
    for _ in range(8):
        outcome = is_old(client(house).steps())
        ended.append(outcome.status)
        assert outcome.ended is Ended.DONE
        if house.states() == {}:
            break
    assert house.states() == {}, house.reasons()
    assert "QuickBooks is left to its users for now. What is left goes at the next run." in ended
    assert house.held() == {kind: count + 3 for kind, count in before.items()}
    assert house.twice() == 0


@pytest.mark.parametrize("forgets", [False, True], ids=["remembers", "forgets"])
@pytest.mark.parametrize("at", [At.ASKED, At.RAN], ids=["before it is run", "after it was run"])
@pytest.mark.parametrize("words", ["<CustomerAddRq", "<InvoiceAddRq", "<ReceivePaymentAddRq"])
def test_a_second_computer_ends_the_first_ones_session_and_its_set_is_asked_about(
    house: DesktopHouse, words: str, at: At, forgets: bool
) -> None:
    before = house.held()
    house.desktop.file.company.switches.forgets_message_sets = forgets
    house.documents(3)
    first = client(house)
    steps = first.steps()
    place, text = next(steps)
    while not (place is at and words in text):
        place, text = next(steps)
    second = client(house)
    asked: list[str] = []
    for _, sent in second.steps():
        asked.append(sent)
    (id,) = re.findall(r'newMessageSetID="(\w+)"', text)
    assert f'newMessageSetID="{id}" oldMessageSetID="{id}"' in asked[0], (
        "its state is asked for before anything else"
    )
    # The first one goes on as if nothing had happened; its ticket is dead.
    for place, _ in steps:
        assert place in (At.RAN, At.TOLD)
    sessions(house, 2)
    house.desktop.file.company.switches.forgets_message_sets = False
    assert house.states() == {}, house.reasons()
    assert house.twice() == 0
    assert house.held() == {kind: count + 3 for kind, count in before.items()}


# -- what their ledger does not tell ------------------------------------------------------------------------
def test_a_class_is_no_difference_to_a_ledger_that_names_none(house: DesktopHouse) -> None:
    (customer,) = house.customers(1)
    job = house.office.job(customer, "Attic", street="1 Pump St", class_key="service")
    invoice = house.invoice(customer, job=job.id)
    sessions(house, 3)
    assert house.states() == {}, house.reasons()
    raw = house.desktop.file.company.records["Invoice"][link_of(house, invoice.ref).books_id]
    assert "ClassRef" in str(raw)
    assert differences(house, invoice.ref) == []
