"""QuickBooks Desktop puts the customer's name above the address of a job, and leaves it there when he is renamed."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pytest
import sqlalchemy as sa

from blueops_qb.domain.records import Job
from blueops_qb.domain.refs import RecordRef
from blueops_qb.engine import due
from blueops_qb.sandbox.demo.house import TENANT
from blueops_qb.store import tables as t
from tests.desktop_house import ADMIN, DesktopHouse, sqlite_house

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DesktopHouse]:
    with sqlite_house(tmp_path_factory.mktemp("jobs")) as found:
        found.session()
        yield found


def place_of(house: DesktopHouse, ref: RecordRef) -> str:
    d, lk = t.documents, t.links
    query = (
        sa.select(lk.c.books_id)
        .select_from(lk.join(d, d.c.id == lk.c.document_id))
        .where(d.c.source_kind == ref.kind.value, d.c.source_id == ref.id, lk.c.state == "live")
    )
    with house.house.core.engine.connect() as connection:
        return str(connection.execute(query).scalar_one())


def look(house: DesktopHouse) -> None:
    with house.house.turn() as turn:
        due.hurry(turn)
    for _ in range(2):
        house.session()
    assert house.states() == {}, house.reasons()


def job_here(house: DesktopHouse, job: Job) -> Job:
    found = house.house.core.read(TENANT, [job.ref])[job.ref].record
    assert isinstance(found, Job)
    return found


@pytest.mark.parametrize("renamed", ["in QuickBooks", "in BlueOps"])
def test_the_old_name_of_its_customer_above_the_address_of_a_job_is_no_street(
    house: DesktopHouse, renamed: str
) -> None:
    (customer,) = house.customers(1)
    job = house.office.job(customer, "Kitchen", street="1 Pump St", class_key="service")
    for _ in range(3):
        house.session()
    id, parent = place_of(house, job.ref), place_of(house, customer.ref)
    company = house.desktop.file.company
    block = company.records["Customer"][id]["ShipAddress"]
    named = {**block, "Addr1": customer.name, "Addr2": block["Addr1"]}
    house.desktop.bookkeeper.edit("Customer", id, {"ShipAddress": named})
    look(house)
    assert job_here(house, job).site == job.site
    if renamed == "in QuickBooks":
        house.desktop.rename(parent, f"{customer.name} & Sons")
    else:
        with house.house.core.begin(TENANT, actor=ADMIN) as tx:
            tx.update_customer(attrs.evolve(customer, name=f"{customer.name} & Sons"))
    look(house)
    # Whoever moves the job there writes over the street alone.
    house.desktop.bookkeeper.edit("Customer", id, {"ShipAddress": {**named, "Addr2": "7 Valve Rd"}})
    look(house)
    assert job.site is not None
    moved = attrs.evolve(job.site, line1="7 Valve Rd")
    assert job_here(house, job).site == moved
    house.desktop.bookkeeper.edit("Customer", id, {"Phone": "775 555 0199"})
    look(house)
    assert job_here(house, job).site == moved
    # A line of another name above the street is the bookkeeper's own.
    house.desktop.bookkeeper.edit(
        "Customer", id, {"ShipAddress": {**named, "Addr1": "Harbor Plaza", "Addr2": "7 Valve Rd"}}
    )
    look(house)
    site = job_here(house, job).site
    assert site is not None
    assert (site.line1, site.line2) == ("Harbor Plaza", "7 Valve Rd")
