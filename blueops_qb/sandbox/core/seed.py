"""Sets up a practice company: a plumbing business with its people, categories, branches and taxes."""

from __future__ import annotations

from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.people import Choice, ChoiceFamily, Role, add_choices, add_user, hashed
from blueops_qb.sdk.core import Tenant

#: The password of the practice users; their logins are `admin`, `bookkeeper` and `viewer`.
PASSWORD = "practice"

CHOICES: dict[ChoiceFamily, tuple[Choice, ...]] = {
    ChoiceFamily.SERVICE: (
        Choice("repair", "Repair"),
        Choice("install", "Installation"),
        Choice("drain_cleaning", "Drain cleaning"),
        Choice("inspection", "Inspection"),
        Choice("maintenance_visit", "Maintenance visit"),
        Choice("service_call", "Service call"),
    ),
    ChoiceFamily.MATERIAL: (
        Choice("pipe_fittings", "Pipe and fittings"),
        Choice("fixtures", "Fixtures"),
        Choice("water_heater", "Water heaters"),
        Choice("general", "General material"),
    ),
    ChoiceFamily.EXPENSE: (
        Choice("materials", "Job materials"),
        Choice("subcontractor", "Subcontractors"),
        Choice("rental", "Equipment rental"),
        Choice("fuel", "Fuel"),
        Choice("tools", "Small tools"),
        Choice("freight", "Freight"),
    ),
    ChoiceFamily.FEE: (
        Choice("trip", "Trip fee"),
        Choice("diagnostic", "Diagnostic fee"),
        Choice("late", "Late fee"),
    ),
    ChoiceFamily.BRANCH: (Choice("north", "North branch"), Choice("south", "South branch")),
    ChoiceFamily.CLASS: (
        Choice("service", "Service"),
        Choice("install", "Install"),
        Choice("drain", "Drain"),
        Choice("maintenance", "Maintenance"),
    ),
    ChoiceFamily.TAX: (
        Choice("ca_county", "California, 8.25 %", "8.25"),
        Choice("out_of_scope", "No sales tax", "0"),
    ),
    ChoiceFamily.METHOD: (
        Choice("check", "Check"),
        Choice("cash", "Cash"),
        Choice("card", "Card"),
        Choice("ach", "Bank transfer"),
    ),
    ChoiceFamily.ACCOUNT: (
        Choice("checking", "Operating checking account"),
        Choice("company_card", "Company credit card"),
        Choice("petty_cash", "Petty cash"),
    ),
}


def practice_company(
    core: ReferenceCore,
    tenant_id: str = "bluewater",
    name: str = "Bluewater Plumbing",
    *,
    password: str = PASSWORD,
) -> Tenant:
    """Enter the company with everything that forms offer, and a user per role; no records."""
    tenant = core.create_tenant(tenant_id, name)
    password_hash = hashed(password)
    with core.begin(tenant_id, actor="setup") as tx:
        for family, entries in CHOICES.items():
            add_choices(tx.connection, tenant_id, family, entries)
        for role in Role:
            add_user(
                tx.connection,
                id=f"{tenant_id}-{role.value}",
                login=role.value,
                name=f"{role.value.capitalize()} of {name}",
                password_hash=password_hash,
                roles={tenant_id: role},
            )
    return tenant
