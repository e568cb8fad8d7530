"""Books that are a file: a look at the changes names what must be there; one that was put back stops everything."""

import copy
import datetime as dt
import json

from blueops_qb.domain.refs import BooksKind
from blueops_qb.engine import resolve
from blueops_qb.store import tables as t
from tests.engine_house import EngineHouse

pytest_plugins = ["tests.engine_fixtures"]


def looks(house: EngineHouse) -> list[dict[str, str]]:
    """The parameters of the looks at the changes, those that compare everything left out."""
    rows = house.rows(t.operations, t.operations.c.verb == "changes")
    told = [json.loads(row.params_json) for row in sorted(rows, key=lambda row: str(row.created_at))]
    return [params for params in told if "full" not in params]


def named(house: EngineHouse) -> list[tuple[str, str]]:
    """Which records the newest look names."""
    house.poll()
    return [(kind, id) for kind, id, *_ in json.loads(looks(house)[-1].get("witnesses", "[]"))]


def test_a_look_names_the_newest_documents_that_are_linked(asking: EngineHouse) -> None:
    assert named(asking) == []
    ann = asking.customer()
    sales = [asking.invoice(ann, number=f"10{n}") for n in range(3)]
    asking.drain()
    assert named(asking) == [("invoice", asking.place(sale).id) for sale in reversed(sales[1:])]


def test_a_file_that_lacks_one_stops_the_connection_and_nothing_of_it_is_read(asking: EngineHouse) -> None:
    sale = asking.invoice(ann := asking.customer())
    asking.drain()
    asking.poll()
    asking.books.put_back(asking.place(sale))
    asking.books.edit(asking.place(ann), name="Ann of the backup")
    asking.poll()
    row = asking.connection_row()
    assert row.health == "stopped"
    assert (
        row.health_reason == f"The invoice {asking.place(sale).id} is not in the file. Open the right file."
    )
    assert asking.here(ann.ref).name == "Ann Lee"
    asking.customer("Bob", email="bob@example.com")
    asking.drain()
    assert len(asking.books.of(BooksKind.CUSTOMER)) == 1


def test_a_person_who_takes_the_file_as_it_is_has_everything_compared(asking: EngineHouse) -> None:
    kept = asking.invoice(ann := asking.customer(), number="1001")
    lost = asking.invoice(ann, number="1002")
    asking.drain()
    place = asking.place(lost)
    asking.poll()
    asking.books.put_back(place)
    asking.poll()
    with asking.turn() as turn:
        resolve.resume(turn, "admin")
    asking.drain()
    assert asking.connection_row().health == "ok"
    (conflict,) = asking.conflicts()
    (document,) = asking.rows(t.documents, t.documents.c.id == conflict.document_id)
    assert (document.source_id, conflict.cause) == (lost.id, "removed_there")
    assert named(asking) == [("invoice", asking.place(kept).id)]
    assert asking.connection_row().health == "ok"


def test_what_stands_in_a_file_that_is_taken_as_it_is_counts_although_it_is_older(
    asking: EngineHouse,
) -> None:
    ann = asking.customer()
    asking.drain()
    asking.poll()
    place = asking.place(ann)
    before = copy.copy(asking.books.records[place])
    sale = asking.invoice(ann)
    asking.books.edit(place, email="later@example.com")
    asking.drain()
    asking.poll()
    assert asking.here(ann.ref).email == "later@example.com"
    asking.books.records[place] = before
    asking.books.put_back(asking.place(sale))
    asking.poll()
    with asking.turn() as turn:
        resolve.resume(turn, "admin")
    asking.drain()
    assert asking.books.document(place).email == asking.here(ann.ref).email


def test_what_is_entered_while_the_clock_of_a_file_is_behind_is_read(asking: EngineHouse) -> None:
    """Versions of a file follow its clock; neither tells what is newer."""
    ann = asking.customer()
    asking.drain()
    asking.poll()
    place = asking.place(ann)
    asking.books.edit(place, email="behind@example.com")
    kept = asking.books.records[place]
    kept.updated_at -= dt.timedelta(hours=3)
    kept.version = 0
    asking.poll()
    assert asking.here(ann.ref).email == "behind@example.com"
