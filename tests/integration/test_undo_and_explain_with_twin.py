"""Explain, undo and moves between accounts against QuickBooks Online's twin, over real HTTP."""

import json
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
import requests

from blueops_qb.domain.mapping import Family, Mapping, MapRule, Target
from blueops_qb.domain.mapping_change import revised
from blueops_qb.domain.policy import ClosedPeriod
from blueops_qb.domain.records import CostLine, Expense, ExpenseType, Payout
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordRef
from blueops_qb.engine import explain, reclass, rules_desk, undo, undo_plan
from blueops_qb.sdk import wire
from blueops_qb.store import tables as t
from tests.core_house import TENANT
from tests.office import DAY, D, Office, office


@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url) as made:
        made.go_live()
        yield made


def place(shop: Office, ref: RecordRef) -> BooksRef:
    with shop.turn() as turn:
        (document,) = [d for d in explain.explain(turn, ref).documents if d.key == str(ref)]
    kind, _, id = document.books.partition("#")
    return BooksRef(BooksKind(kind), id)


def ask(shop: Office, *records: Any) -> undo_plan.UndoPlan:
    with shop.turn() as turn:
        return undo.apply(turn, actor="ann", refs=[r.ref for r in records])


def balances(shop: Office) -> dict[str, float]:
    """What the twin's own books have on each account."""
    url = f"{shop.twin.base_url}/v3/company/{shop.twin.realm}/query"
    headers = {"Authorization": f"Bearer {shop.twin.access_token}", "Accept": "application/json"}
    query = {"query": "select * from Account maxresults 1000"}
    answer = requests.get(url, params=query, headers=headers, timeout=60).json()
    accounts = answer["QueryResponse"]["Account"]
    return {a["Name"]: float(a.get("CurrentBalance") or 0) for a in accounts}


def spend(shop: Office) -> Expense:
    line = CostLine(line_id="1", description="Pipe", amount=D("80.00"), expense_category="materials")
    with shop.core.begin(TENANT, actor="office") as tx:
        return tx.record_expense(
            Expense(
                id="",
                type=ExpenseType.CARD,
                date=DAY,
                total=D("80.00"),
                payment_account_key="company_card",
                lines=(line,),
            )
        )


def test_explain_shows_its_own_part_of_the_batch_as_it_stood_there(shop: Office) -> None:
    invoice = shop.invoice(shop.customer())
    shop.drain()
    with shop.turn() as turn:
        part = explain.explain(turn, invoice.ref).documents[0].messages[0]
        whole = explain.explain(turn, invoice.ref, whole=True).documents[0].messages[0]
    head, _, body = part.request.partition("\n")
    assert head.startswith(f"POST /v3/company/{shop.twin.realm}/batch?")
    item = json.loads(body)
    assert item["Invoice"]["DocNumber"] == f"BO-{invoice.number}"
    assert body in json.loads(whole.request)["body"], "word for word"
    status, _, answer = part.answer.partition("\n")
    assert status.startswith("HTTP 200, intuit_tid ")
    assert json.loads(answer)["Invoice"]["Id"] == place(shop, invoice.ref).id
    assert "Bearer" not in whole.request + whole.answer
    assert shop.twin.access_token not in whole.request + whole.answer


def test_an_invoice_its_payment_and_a_cost_are_undone_and_the_books_are_as_before(shop: Office) -> None:
    before = balances(shop)
    ann = shop.customer()
    invoice = shop.invoice(ann)
    shop.drain()
    payment, cost = shop.pay(invoice, "100.00"), spend(shop)
    shop.drain()
    assert shop.state(cost.ref) == "done"
    places = {r.ref: place(shop, r.ref) for r in (invoice, payment, cost)}
    assert balances(shop) != before
    plan = ask(shop, invoice, payment, cost)
    assert {s.document: s.way for s in plan.steps} == {
        str(payment.ref): "void",
        str(cost.ref): "delete",
        str(invoice.ref): "unapply_first",
    }
    assert [s.document for s in plan.steps][-1] == str(invoice.ref)
    shop.drain()
    shop.drain()
    assert {shop.state(r.ref) for r in (invoice, payment, cost)} == {"not_posted"}
    assert float(shop.read("Invoice", places[invoice.ref].id)["TotalAmt"]) == 0
    assert float(shop.read("Payment", places[payment.ref].id)["TotalAmt"]) == 0
    assert balances(shop) == before
    shop.poll()
    shop.drain()
    assert balances(shop) == before


def test_what_was_undone_comes_back_when_somebody_says_so(shop: Office) -> None:
    invoice, cost = shop.invoice(shop.customer()), spend(shop)
    shop.drain()
    written = balances(shop)
    place_before = place(shop, invoice.ref)
    ask(shop, invoice, cost)
    shop.drain()
    shop.drain()
    assert balances(shop) != written
    with shop.turn() as turn:
        undo.take_back(turn, [invoice.ref, cost.ref], actor="ann")
    shop.drain()
    shop.drain()
    with shop.turn() as turn:
        print([(str(r.ref), explain.explain(turn, r.ref).events[0]) for r in (invoice, cost)])
    assert {shop.state(r.ref) for r in (invoice, cost)} == {"done"}
    assert place(shop, invoice.ref) == place_before
    assert balances(shop) == written


def test_a_worker_killed_with_the_undo_out_undoes_once(shop: Office) -> None:
    cost = spend(shop)
    shop.drain()
    ask(shop, cost)
    outgoing = shop.engine.next_exchange(shop.id)
    assert outgoing is not None
    provider = shop.engine.turns.provider(shop.id)
    transport = provider.transport(shop.engine.vault(shop.id), shop.twin.realm)
    assert transport is not None
    transport.send(outgoing.body)  # and the worker is killed before it hears the answer
    transport.close()
    after = balances(shop)
    with shop.turn() as turn:
        turn.connection.execute(
            t.exchanges.update().where(t.exchanges.c.state == "sent").values(deadline=turn.now)
        )
    assert ask(shop, cost).steps == ()
    for _ in range(40):
        shop.drain()
        with shop.turn() as turn:
            turn.connection.execute(
                t.exchanges.update().where(t.exchanges.c.state == "uncertain").values(settle_at=turn.now)
            )
        if shop.state(cost.ref) == "not_posted":
            break
    assert shop.state(cost.ref) == "not_posted"
    assert balances(shop) == after


def test_a_bookkeepers_touch_keeps_a_document(shop: Office) -> None:
    invoice = shop.invoice(shop.customer())
    shop.drain()
    there = shop.read("Invoice", place(shop, invoice.ref).id)
    shop.api(
        "Invoice",
        {
            "Id": there["Id"],
            "SyncToken": there["SyncToken"],
            "sparse": True,
            "CustomerMemo": {"value": "thanks"},
        },
    )
    shop.poll()
    shop.drain()
    plan = ask(shop, invoice)
    assert plan.steps == ()
    shop.drain()
    assert float(shop.read("Invoice", there["Id"])["TotalAmt"]) == 100.0


def test_the_past_moves_to_the_new_account_in_the_twins_own_books(shop: Office) -> None:
    invoice = shop.invoice(shop.customer(), "100.00")
    shop.drain()
    with shop.turn() as turn:
        present, catalog = turn.mapping, turn.catalog
        old = present.find(Family.SERVICE, "repair")
        assert old is not None
        assert old.item is not None
        old_account = catalog.item_accounts[old.item.id]
        other = next(
            ref
            for ref, entry in catalog.entries.items()
            if ref.kind is BooksKind.ITEM
            and entry.active
            and catalog.item_accounts.get(ref.id, old_account) != old_account
            and catalog.entries[BooksRef(BooksKind.ACCOUNT, catalog.item_accounts[ref.id])].facts[
                "account_type"
            ]
            == "Income"
        )
        names = [
            catalog.entries[BooksRef(BooksKind.ACCOUNT, id)].name
            for id in (old_account, catalog.item_accounts[other.id])
        ]
        rule = MapRule(family=Family.SERVICE, key="repair", target=Target(item=other))
        draft = Mapping(version=present.version, rules=revised(present, [rule]))
        shown = reclass.plan(turn, draft)
    assert [m.documents for m in shown.months] == [1], shown
    with shop.turn() as turn:
        rules_desk.take_draft(turn, draft, actor="admin")
        (ref,) = reclass.carry_out(turn, actor="admin", approved=shown.digest)
    shop.drain()
    assert shop.state(ref) == "done"
    entry = shop.read("JournalEntry", place(shop, ref).id)
    moved = {
        (
            d["PostingType"],
            catalog.entries[BooksRef(BooksKind.ACCOUNT, d["AccountRef"]["value"])].name,
            float(line["Amount"]),
        )
        for line in entry["Line"]
        if (d := line.get("JournalEntryLineDetail"))
    }
    assert moved == {("Debit", names[0], 100.0), ("Credit", names[1], 100.0)}
    assert shop.state(invoice.ref) == "done"


def test_a_deposit_goes_before_its_payment_and_the_payment_before_its_invoice(shop: Office) -> None:
    before = balances(shop)
    invoice = shop.invoice(shop.customer())
    shop.drain()
    payment = shop.pay(invoice, "100.00")
    shop.drain()
    with shop.core.begin(TENANT, actor="office") as tx:
        payout = tx.settle_payout(
            Payout(
                id="",
                date=DAY,
                account_key="checking",
                payment_ids=(payment.id,),
                fees=D("3.00"),
                net=D("97.00"),
            )
        )
    shop.drain()
    assert shop.state(payout.ref) == "done"
    alone = ask(shop, payment)
    assert alone.steps == ()
    assert f"{payout.ref} (deposit#" in alone.kept[0].reason
    plan = ask(shop, invoice, payment, payout)
    assert [s.document for s in plan.steps] == [str(payout.ref), str(payment.ref), str(invoice.ref)]
    for _ in range(3):
        shop.drain()
    assert {shop.state(r.ref) for r in (invoice, payment, payout)} == {"not_posted"}
    assert balances(shop) == before


def test_in_a_closed_period_the_books_get_a_credit_on_the_first_open_day(shop: Office) -> None:
    before = balances(shop)
    invoice, cost = shop.invoice(shop.customer()), spend(shop)
    shop.drain()
    with shop.turn() as turn:
        profile = attrs.evolve(turn.profile, closing_date=DAY)
        turn.set(profile_json=wire.dump(profile))
        policy = attrs.evolve(turn.policy, closed_period=ClosedPeriod.REDATE)
        rules_desk.change_policy(turn, policy, actor="admin")
    plan = ask(shop, invoice, cost)
    assert {s.document: (s.way, s.reversed_by) for s in plan.steps} == {
        str(invoice.ref): ("reverse", "credit_memo"),
        str(cost.ref): ("reverse", "journal"),
    }
    shop.drain()
    assert {shop.state(r.ref) for r in (invoice, cost)} == {"not_posted"}
    assert float(shop.read("Invoice", place(shop, invoice.ref).id)["TotalAmt"]) == 100.0
    assert balances(shop) == before, "credit memo and entry take the effect back in the open period"


def test_a_customer_is_set_inactive_once_its_invoice_is_void(shop: Office) -> None:
    ann = shop.customer()
    invoice = shop.invoice(ann)
    shop.drain()
    there = place(shop, ann.ref)
    plan = ask(shop, ann, invoice)
    assert [(s.document, s.way) for s in plan.steps] == [
        (str(invoice.ref), "unapply_first"),
        (str(ann.ref), "deactivate"),
    ]
    for _ in range(3):
        shop.drain()
    assert {shop.state(r.ref) for r in (invoice, ann)} == {"not_posted"}
    assert shop.read("Customer", there.id)["Active"] is False
