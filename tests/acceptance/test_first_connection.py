"""First connection to books kept by hand: who is who is found, nobody is mistaken, nothing is written unasked."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
import requests

from blueops_qb.domain.records import Address, Customer
from blueops_qb.engine import canary, match_csv, matching, resolve
from blueops_qb.engine.match_rows import counted, rows
from blueops_qb.store import tables as t
from tests.disguised import Crowd, Party, crowd
from tests.office import Office, office

#: Of 200 in disguise: at least so many are proposed, and so many are not taken for new ones.
PROPOSED, SEEN = 0.85, 0.95


def enter_ours(office: Office, party: Party) -> Customer:
    street = Address(line1=party.street, city=party.city, state="NV", postal_code=party.zip)
    record = Customer(
        id="",
        name=party.name,
        company=party.company,
        given_name=party.given,
        family_name=party.family,
        email=party.email,
        phone=party.phone,
        billing=street if party.street else None,
    )
    with office.core.begin(office.tenant, actor="office") as tx:
        found: Customer = tx.create_customer(record)
    return found


def enter_theirs(books: Any, number: int, party: Party) -> str:
    """A bookkeeper types a customer; two of one name are told apart as QuickBooks wants it."""
    body: dict[str, Any] = {"DisplayName": party.name.replace(":", " -")}
    names = {"CompanyName": party.company, "GivenName": party.given, "FamilyName": party.family}
    body |= {member: text for member, text in names.items() if text}
    if party.email:
        body["PrimaryEmailAddr"] = {"Address": party.email}
    if party.phone:
        body["PrimaryPhone"] = {"FreeFormNumber": party.phone}
    if party.street:
        body["BillAddr"] = {"Line1": party.street, "City": party.city, "PostalCode": party.zip}
    answer = books.post("customer", body)
    if answer.status_code != 200:
        body["DisplayName"] = f"{body['DisplayName']} ({number})"
        answer = books.post("customer", body)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["Customer"]["Id"])


class Books:
    """A bookkeeper at the twin's own interface."""

    def __init__(self, house: Office) -> None:
        self._base = f"{house.twin.base_url}/v3/company/{house.twin.realm}"
        self._session = requests.Session()
        self._session.headers.update(
            {"Authorization": f"Bearer {house.twin.access_token}", "Accept": "application/json"}
        )

    def post(self, entity: str, body: dict[str, Any]) -> Any:
        return self._session.post(f"{self._base}/{entity}", json=body, timeout=60)

    def count(self, entity: str) -> int:
        query = {"query": f"select count(*) from {entity}"}
        answer = self._session.get(f"{self._base}/query", params=query, timeout=60)
        return int(answer.json()["QueryResponse"]["totalCount"])


@attrs.frozen(kw_only=True)
class Met:
    """Both sides entered and read, nothing matched yet."""

    office: Office
    books: Books
    crowd: Crowd
    ours: dict[str, int]
    theirs: dict[str, int]
    #: What the twin held and had been asked to write when the bookkeeper was through.
    before: tuple[int, dict[str, Any]]


@pytest.fixture(params=[7, 2026])
def met(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Met]:
    """500 customers in BlueOps; in the books 200 of them in disguise, and 100 others who look like one."""
    people = crowd(request.param)
    assert (len(people.ours), len(people.theirs), len(people.truth)) == (500, 300, 200)
    with office(f"sqlite:///{tmp_path / 'first.db'}") as house:
        books = Books(house)
        theirs = {enter_theirs(books, n, party): n for n, party in enumerate(people.theirs)}
        before = written(house)
        ours = {str(enter_ours(house, party).ref): n for n, party in enumerate(people.ours)}
        house.bind()
        house.drain()
        yield Met(office=house, books=books, crowd=people, ours=ours, theirs=theirs, before=before)


def written(house: Office) -> tuple[int, dict[str, Any]]:
    """How often the twin was asked to write, and all that it holds, as it tells itself."""
    base = f"{house.twin.base_url}/twin"
    asked = requests.get(f"{base}/stats", timeout=60).json()["writes"]
    dump = requests.get(f"{base}/dump", timeout=60).json()
    return int(asked), {"records": dump["records"], "deleted": dump["deleted"]}


def nobody_is_mistaken_and_most_are_found(met: Met) -> None:
    with met.office.turn() as turn:
        matching.build(turn)
        plan = rows(turn.connection, turn.id, kinds=["customer"])
    assert len(plan) == 500
    found: Counter[str] = Counter()
    for row in plan:
        place = met.ours[row.key]
        if row.chosen == "link":
            assert met.theirs[row.books_id] == met.crowd.truth.get(place), (row, met.crowd.ours[place])
        if place in met.crowd.truth:
            found[row.bucket] += 1
    assert (found["exact"] + found["strong"]) / 200 >= PROPOSED, found
    assert (200 - found["none"] - found["taken"]) / 200 >= SEEN, found
    given = [row.books_id for row in plan if row.books_id]
    assert len(given) == len(set(given))
    assert written(met.office) == met.before


def test_the_first_connection_finds_who_is_who_and_writes_nothing_before_every_row_is_decided(
    met: Met,
) -> None:
    nobody_is_mistaken_and_most_are_found(met)
    house, before = met.office, met.before
    customers = met.books.count("Customer")
    with pytest.raises(matching.NotDecided, match="not decided yet"), house.turn() as turn:
        matching.approve(turn, actor="admin", supervised=True)
    house.drain()
    assert written(house) == before
    with house.turn() as turn:
        decisions = match_csv.export(turn)
    # The office decides in a spreadsheet: each open row is who it is, or is left waiting.
    edited = io.StringIO()
    writer = csv.writer(edited)
    for cells in csv.reader(io.StringIO(decisions.removeprefix("\ufeff"))):
        if cells[5] == "open":
            place = met.crowd.truth.get(met.ours.get(cells[1], -1))
            theirs = next((id for id, n in met.theirs.items() if n == place), None)
            cells[5:7] = ["link", theirs] if theirs else ["wait", ""]
        writer.writerow(cells)
    with house.turn() as turn:
        taken = match_csv.take(turn, edited.getvalue().encode("utf-8-sig"), actor="admin")
        assert taken.decided["link"] + taken.decided["wait"] == sum(taken.decided.values())
        assert not [key for key in counted(turn.connection, turn.id) if key[1] == "open"]
    house.drain()
    assert written(house) == before
    with house.turn() as turn:
        linked = matching.approve(turn, actor="admin", supervised=True)
    assert linked == 200
    house.drain()
    row = house.row()
    assert (row["health"], row["canary_left"]) == ("stopped", 0)
    assert "first 10 records are in the books" in row["health_reason"]
    assert met.books.count("Customer") == customers + 10
    assert house.engine.next_exchange(house.id) is None
    with house.turn() as turn:
        assert canary.left(turn) == 0
        resolve.resume(turn, "admin")
    house.drain()
    assert house.row()["health"] == "ok"
    waiting = _states(house)["held"]
    assert waiting == taken.decided["wait"]
    assert met.books.count("Customer") == customers + 300 - waiting


def _states(house: Office) -> Counter[str]:
    query = t.outbox.select().with_only_columns(t.outbox.c.state)
    with house.core.engine.connect() as connection:
        return Counter(connection.execute(query).scalars())


def test_the_generator_is_the_same_for_a_seed_and_another_for_another() -> None:
    assert crowd(3) == crowd(3)
    assert crowd(3) != crowd(4)
