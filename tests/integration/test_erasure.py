"""Erasure: nothing of our own history tells of the person any more, and the audit log can still be verified."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from blueops_qb.cli import main
from blueops_qb.domain.records import Address
from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import erasure
from blueops_qb.engine.erasure import CannotErase, Erased
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from blueops_qb.store import tables as t
from tests.engine_house import KEY, TENANT, EngineHouse
from tests.office import PAGES, Office, office

pytest_plugins = ["tests.engine_fixtures"]
NAME, EMAIL, PHONE, STREET = "Wilhelmina Ördög", "mina@canary.example", "+1 775 555 0199", "17 Canary Row"
#: What both sides are compared by; it goes when BlueOps no longer has the record.
WORKING = {"blueops_qb_documents", "blueops_qb_links", "blueops_qb_mirror"}


def person(house: EngineHouse, **fields: Any) -> Any:
    address = Address(line1=STREET, city="Reno", state="NV", postal_code="89501")
    return house.customer(NAME, email=EMAIL, phone=PHONE, billing=address, **fields)


def places(house: EngineHouse, *words: str) -> dict[str, int]:
    """In which tables of ours, in how many rows, one of the words can be read, as it is or as JSON writes it."""
    found: dict[str, int] = {}
    with house.core.engine.connect() as connection:
        for table in t.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                text = "\n".join(
                    value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    for value in row
                )
                if any(word in text or json.dumps(word)[1:-1] in text for word in words):
                    found[table.name] = found.get(table.name, 0) + 1
    return found


def erase(house: EngineHouse, ref: RecordRef) -> Erased:
    return erasure.erase(house.core, TENANT, ref, actor="admin", keys=house.engine.keys)


def lived(house: EngineHouse) -> tuple[Any, Any]:
    """A person with a history of every kind: events, operations, a decided conflict, texts of the audit log."""
    mina = person(house)
    invoice = house.invoice(mina)
    house.drain()
    house.pay(invoice, "40.00")
    house.drain()
    mina = house.change(mina, mobile="775 555 0198")
    house.drain()
    with house.turn() as turn:
        turn.note("held", str(invoice.ref), reason=f"{NAME} is not known")
        turn.note("remarked", "connection", remark=f"somebody called {EMAIL} wrote")
    with house.work() as tx:
        closed = {
            "id": 77,
            "connection_id": house.id,
            "cause": "overlap",
            "books_kind": "customer",
            "books_id": "1",
            "ref": str(mina.ref),
            "group": "contact",
            "ours": NAME,
            "theirs": EMAIL,
            "reason": f"{NAME} was changed on both sides",
            "state": "resolved",
        }
        tx.connection.execute(t.conflicts.insert(), closed)
    return mina, invoice


def test_while_blueops_has_the_person_only_what_is_compared_by_stays(house: EngineHouse) -> None:
    mina, invoice = lived(house)
    other = house.customer("Somebody Else")
    house.drain()
    before = places(house, NAME, EMAIL, PHONE, STREET)
    assert {
        "blueops_qb_outbox",
        "blueops_qb_operations",
        "blueops_qb_conflicts",
        "blueops_qb_audit_payloads",
    } <= set(before)
    done = erase(house, mina.ref)
    assert set(places(house, NAME, EMAIL, PHONE, STREET)) <= WORKING
    assert done.records == 3, "the customer, the invoice and the payment"
    assert {"outbox", "operations", "conflicts", "audit_payloads"} <= set(done.erased)
    assert any("because BlueOps still has them" in sentence for sentence in done.kept)
    assert house.event(other).payload != "", "somebody else's history is not touched"
    assert house.event(invoice).payload == ""


def test_the_audit_log_is_verifiable_and_says_that_it_was_done_and_by_whom(house: EngineHouse) -> None:
    mina, _ = lived(house)
    entries = house.verdict().entries
    done = erase(house, mina.ref)
    verdict = house.verdict()
    assert (verdict.ok, verdict.entries) == (True, entries + 1)
    assert verdict.erased == done.erased["audit_payloads"] > 0
    last = house.rows(t.audit)[-1]
    assert (last.action, last.subject, last.actor, last.digest) == ("erased", str(mina.ref), "admin", "")
    assert f"outbox {done.erased['outbox']}" in last.numbers


def test_the_records_go_on_afterwards(house: EngineHouse) -> None:
    mina, invoice = lived(house)
    erase(house, mina.ref)
    house.reprice(invoice, "130.00")
    house.change(mina, phone="775 555 0000")
    house.drain()
    house.poll()
    assert (house.state(invoice), house.state(mina)) == ("done", "done")
    assert house.conflicts() == []


def test_once_blueops_no_longer_has_the_person_nothing_is_left(house: EngineHouse) -> None:
    """Deleted here and taken out over there; then even what was compared by goes."""
    mina = person(house)
    house.drain()
    place = house.place(mina)
    with house.work() as tx:
        tx.delete_customer(mina.id)
    house.drain()
    with house.work() as tx:
        # As after a removal that leaves nothing behind, or an unlinking by a person.
        tx.connection.execute(t.links.update().values(state="withdrawn"))
        m = t.mirror
        tx.connection.execute(m.update().where(m.c.books_id == place.id).values(deleted=True))
    done = erase(house, mina.ref)
    assert places(house, NAME, EMAIL, PHONE, STREET) == {}
    assert {"documents", "links", "mirror"} <= set(done.erased)
    assert not any("because BlueOps still has" in sentence for sentence in done.kept)
    assert erase(house, mina.ref).erased == {}, "a second time there is nothing left"
    assert house.verdict().ok


def test_what_waits_or_travels_is_kept_and_said(house: EngineHouse) -> None:
    mina = person(house)
    house.drain()
    held = house.invoice(mina, service="unmapped")
    house.drain()
    waiting = house.change(mina, phone="775 555 0000")
    out = house.engine.next_exchange(house.id)
    assert out is not None
    done = erase(house, mina.ref)
    assert house.event(held).payload != ""
    assert house.event(waiting).payload != ""
    assert any("events that are on their way or wait for a person" in sentence for sentence in done.kept)
    assert any("operations that are not closed" in sentence for sentence in done.kept)
    (row,) = house.rows(t.exchanges, t.exchanges.c.id == out.exchange_id)
    assert row.body == out.body
    assert all(op.content for op in house.rows(t.operations, t.operations.c.exchange_id == out.exchange_id))


def test_an_exchange_of_unknown_fate_keeps_what_it_is_settled_by(house: EngineHouse) -> None:
    mina, _ = lived(house)
    (operation, *_) = house.rows(t.operations, t.operations.c.content.is_not(None))
    house.set(t.exchanges, t.exchanges.c.id == operation.exchange_id, state="uncertain")
    done = erase(house, mina.ref)
    left = house.rows(t.operations, t.operations.c.content.is_not(None))
    assert {one.exchange_id for one in left} == {operation.exchange_id}
    assert any("operations that are not closed" in sentence for sentence in done.kept)


def test_what_the_books_are_still_linked_to_is_kept_and_said(house: EngineHouse) -> None:
    """Deleted in BlueOps, and the removal over there is still to come: it needs what was agreed on."""
    mina = person(house)
    house.drain()
    with house.work() as tx:
        tx.delete_customer(mina.id)
    done = erase(house, mina.ref)
    (document,) = house.rows(t.documents, t.documents.c.source_id == mina.id)
    (link,) = house.rows(t.links, t.links.c.document_id == document.id)
    assert document.content
    assert link.base_ours
    assert link.base_theirs
    assert any("the books are still linked to" in sentence for sentence in done.kept)
    house.drain()
    assert house.state(mina) == "done"


def test_a_vendor_is_erased_with_his_bills(house: EngineHouse) -> None:
    vendor = house.vendor("Zebulon Canary", email="zeb@canary.example")
    house.drain()
    done = erase(house, vendor.ref)
    assert set(places(house, "Zebulon Canary", "zeb@canary.example")) <= WORKING
    assert done.erased["outbox"] == 1


def test_only_people_who_are_known_can_be_erased(house: EngineHouse) -> None:
    with pytest.raises(CannotErase, match="invoice:1 is no person: erase the customer or vendor"):
        erase(house, RecordRef(RecordKind.INVOICE, "1"))
    with pytest.raises(CannotErase, match="unknown to BlueOps and to this integration"):
        erase(house, RecordRef(RecordKind.CUSTOMER, "4711"))


def test_another_companys_history_of_the_same_number_is_not_touched(house: EngineHouse) -> None:
    mina, _ = lived(house)
    row = {c.name: getattr(house.event(mina), c.name) for c in t.outbox.columns}
    with house.work() as tx:
        tx.connection.execute(t.outbox.insert(), {**row, "id": 1, "tenant_id": "other"})
    erase(house, mina.ref)
    (other,) = house.rows(t.outbox, t.outbox.c.tenant_id == "other")
    assert NAME.split()[0] in other.payload


def test_the_command_asks_first_and_tells_what_it_did(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT, KEY.decode())
    mina, _ = lived(house)
    url = house.core.engine.url.render_as_string(hide_password=False)
    call = ["erase", str(mina.ref), "--db", url, "--tenant", TENANT]
    refused = CliRunner().invoke(main, call, input="n\n")
    assert (refused.exit_code, NAME in str(places(house, NAME))) == (1, False)
    assert "blueops_qb_outbox" in places(house, NAME)
    told = CliRunner().invoke(main, [*call, "--yes"])
    assert told.exit_code == 0, told.output
    assert f"{mina.ref} and 2 records of it:" in told.output
    assert "Not touched:\n  BlueOps' own records" in told.output
    assert set(places(house, NAME)) <= WORKING
    told = CliRunner().invoke(main, ["erase", "invoice:1", "--db", url, "--tenant", TENANT, "--yes"])
    assert (told.exit_code, "is no person" in told.output) == (1, True)
    told = CliRunner().invoke(main, ["audit", "verify", "--db", url, "--tenant", TENANT])
    assert "entries were erased" in told.output
    assert told.exit_code == 0


# -- the page ------------------------------------------------------------------------------------------
@pytest.fixture
def shop(sqlite_url: str) -> Iterator[Office]:
    with office(sqlite_url, seed="empty") as made:
        made.go_live()
        yield made


def test_an_admin_erases_on_the_record_page_after_writing_whom(shop: Office) -> None:
    ann = shop.customer(NAME)
    shop.drain()
    page = f"{PAGES}/records/customer/{ann.id}"
    admin, bookkeeper = shop.browser(), shop.browser("bookkeeper")
    assert f"{page}/erase" in admin.get(page).text
    assert f"{page}/erase" not in bookkeeper.get(page).text
    assert bookkeeper.get(f"{page}/erase").status_code == 403
    asked = admin.get(f"{page}/erase")
    assert f"Erase the history of {NAME}" in asked.text
    assert "It cannot be undone" in asked.text
    unsure = admin.post(f"{page}/erase", sure="yes")
    assert (unsure.status_code, "write customer:" in unsure.text) == (422, True)
    assert payloads(shop) == 1
    done = admin.post(f"{page}/erase", sure=f"customer:{ann.id}")
    assert done.status_code == 200, done.text
    assert f"The history of customer:{ann.id} is erased" in done.text
    assert "Not touched" in done.text
    assert payloads(shop) == 0
    assert "The log is whole" in admin.post(f"{PAGES}/audit/verify").text
    assert admin.get(page).status_code == 200
    assert admin.get(f"{PAGES}/records/invoice/1/erase").status_code == 404


def payloads(shop: Office) -> int:
    query = sa.select(sa.func.count()).select_from(t.outbox).where(t.outbox.c.payload != "")
    with shop.core.engine.connect() as connection:
        return int(connection.execute(query).scalar_one())
