"""A name that a customer bore once and that still stands above his address is no street."""

import attrs

from blueops_qb.domain.documents import CustomerRecord, VendorRecord
from blueops_qb.domain.former_names import without_former_name
from blueops_qb.domain.party_records import Address

HERE = Address(line1="1 Pump St", line2="Suite 4", city="Reno")
ADA = CustomerRecord(name="Ada Hill", company="Hill Co", given_name="Ada", family_name="Hill", billing=HERE)
RENAMED = attrs.evolve(ADA, name="Ada Moor", family_name="Moor", company="Moor Co")


def below(line: str, address: Address = HERE) -> Address:
    return attrs.evolve(address, line1=line, line2=f"{address.line1} {address.line2}".strip())


def shown(theirs: CustomerRecord, base: CustomerRecord = ADA, ours: CustomerRecord = ADA) -> Address | None:
    return without_former_name(theirs, base, ours)[0].billing


def test_the_name_the_company_or_the_person_of_before_is_left_out() -> None:
    for line in ("Ada Hill", "HILL CO", "Hill, Ada"):
        assert shown(attrs.evolve(RENAMED, billing=below(line))) == HERE
    moved = attrs.evolve(HERE, line1="7 Valve Rd", line2="")
    assert shown(attrs.evolve(RENAMED, billing=below("Ada Hill", moved))) == moved


def test_other_lines_and_other_changes_stay() -> None:
    for line in ("Harbor Plaza", "Ada Hill 2", ""):
        assert shown(attrs.evolve(RENAMED, billing=below(line))) == below(line)
    assert shown(attrs.evolve(ADA, billing=below("Ada Hill"))) == below("Ada Hill"), (
        "he bears that name still"
    )
    alone = attrs.evolve(HERE, line1="Ada Hill", line2="")
    assert shown(attrs.evolve(RENAMED, billing=alone)) == alone, "nothing else tells a street"
    assert shown(attrs.evolve(RENAMED, billing=None)) is None
    named = attrs.evolve(ADA, billing=below("Ada Hill"))
    assert shown(attrs.evolve(RENAMED, billing=below("Ada Hill")), named, named) == below("Ada Hill")


def test_a_line_that_stood_there_when_both_agreed_stays_left_out() -> None:
    base = attrs.evolve(RENAMED, billing=below("Ada Hill"))
    now = attrs.evolve(base, phone="775 555 0100")
    theirs, then = without_former_name(now, base, RENAMED)
    assert (theirs.billing, then.billing) == (HERE, HERE)
    moved = attrs.evolve(HERE, line1="7 Valve Rd", line2="")
    assert shown(attrs.evolve(base, billing=below("Ada Hill", moved)), base, RENAMED) == moved
    assert shown(attrs.evolve(base, billing=HERE), base, RENAMED) == HERE


def test_a_former_name_of_its_customer_above_the_address_of_a_job_is_left_out() -> None:
    job = CustomerRecord(name="Kitchen", billing=HERE)
    above = attrs.evolve(job, billing=below("Hill, Ada"))
    assert without_former_name(above, job, job) == (above, job), "nobody told that name"
    found = without_former_name(above, job, job, above=("Ada Moor", "Ada Hill"))
    assert found == (job, job)
    named = attrs.evolve(job, billing=below("Ada Hill"))
    assert without_former_name(named, named, named, above=("Ada Hill",)) == (named, named), (
        "both agreed on that line"
    )


def test_vendors_are_left_alone() -> None:
    shop = VendorRecord(name="Shop", address=HERE)
    assert without_former_name(shop, shop, shop) == (shop, shop)


def test_a_name_that_was_put_above_the_place_of_work_is_left_out() -> None:
    base = attrs.evolve(ADA, shipping=HERE)
    for line in ("Ada Hill", "Hill Co"):
        now = attrs.evolve(base, shipping=below(line))
        assert without_former_name(now, base, base)[0] == base
    plaza = attrs.evolve(base, shipping=below("Hill Co"))
    moved = attrs.evolve(plaza, shipping=below("Hill Co", attrs.evolve(HERE, line1="7 Valve Rd", line2="")))
    assert without_former_name(moved, plaza, plaza) == (moved, plaza), "both agreed on that line"
