"""Who works for a tenant and what it chooses from: users, roles, logins, categories, branches, taxes."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence

import attrs
import sqlalchemy as sa
from werkzeug.security import check_password_hash, generate_password_hash

from blueops_qb.sandbox.core.tables import choices, memberships, tenants, users
from blueops_qb.sdk.core import Permission


class Role(enum.StrEnum):
    """What somebody is in a company."""

    #: May do everything, plugins included.
    ADMIN = "admin"
    #: Enters and changes records.
    BOOKKEEPER = "bookkeeper"
    #: Looks.
    VIEWER = "viewer"


#: Roles that enter and change records.
EDITORS = frozenset({Role.ADMIN, Role.BOOKKEEPER})
#: What a role may do with a plugin that does not say otherwise in its plugin.toml.
PERMISSIONS: Mapping[Permission, frozenset[str]] = {
    Permission.VIEW: frozenset(Role),
    Permission.RESOLVE: frozenset(EDITORS),
    Permission.CONFIGURE: frozenset({Role.ADMIN}),
}


class ChoiceFamily(enum.StrEnum):
    """The lists from which forms let people choose."""

    SERVICE = "service_category"
    MATERIAL = "material_category"
    EXPENSE = "expense_category"
    FEE = "fee_type"
    BRANCH = "branch"
    CLASS = "class"
    #: `value` is the percentage, or those of the authorities as 6.25+1+0.5.
    TAX = "tax"
    METHOD = "payment_method"
    ACCOUNT = "payment_account"


@attrs.frozen
class Choice:
    """One entry of such a list."""

    key: str
    label: str
    value: str = ""


@attrs.frozen(kw_only=True)
class Member:
    """Somebody with the role that he has in a company."""

    user_id: str
    login: str
    name: str
    tenant_id: str
    tenant_name: str
    role: Role


def hashed(password: str) -> str:
    """A password as it is kept: salted and slow to try (scrypt)."""
    return generate_password_hash(password)


def add_user(
    connection: sa.Connection,
    *,
    id: str,
    login: str,
    name: str,
    password_hash: str,
    roles: Mapping[str, Role],
) -> None:
    """Enter a user with a role per tenant; `password_hash` comes from `hashed`."""
    connection.execute(
        sa.insert(users).values(id=id, login=login.lower(), name=name, password=password_hash, active=True)
    )
    rows = [{"user_id": id, "tenant_id": tenant, "role": role.value} for tenant, role in roles.items()]
    if rows:
        connection.execute(sa.insert(memberships), rows)


def signed_in(connection: sa.Connection, login: str, password: str) -> str | None:
    """The id of the active user with this login and password, else None."""
    question = sa.select(users.c.id, users.c.password).where(
        users.c.login == login.strip().lower(), users.c.active
    )
    found = connection.execute(question).one_or_none()
    if found is None or not check_password_hash(found.password, password):
        return None
    id: str = found.id
    return id


def members(
    connection: sa.Connection, *, user_id: str | None = None, tenant_id: str | None = None
) -> list[Member]:
    """The active memberships of a user or of a tenant, by tenant and name."""
    question = (
        sa.select(
            users.c.id.label("user_id"),
            users.c.login,
            users.c.name,
            memberships.c.tenant_id,
            tenants.c.name.label("tenant_name"),
            memberships.c.role,
        )
        .join(memberships, memberships.c.user_id == users.c.id)
        .join(tenants, tenants.c.id == memberships.c.tenant_id)
        .where(users.c.active)
        .order_by(memberships.c.tenant_id, users.c.name)
    )
    if user_id is not None:
        question = question.where(users.c.id == user_id)
    if tenant_id is not None:
        question = question.where(memberships.c.tenant_id == tenant_id)
    rows = connection.execute(question).mappings()
    return [Member(**{**row, "role": Role(row["role"])}) for row in rows]


def role_of(connection: sa.Connection, tenant_id: str, user_id: str) -> Role | None:
    """What the active user is in the tenant, or None."""
    question = (
        sa.select(memberships.c.role)
        .join(users, users.c.id == memberships.c.user_id)
        .where(memberships.c.user_id == user_id, memberships.c.tenant_id == tenant_id, users.c.active)
    )
    found = connection.execute(question).scalar_one_or_none()
    return Role(found) if found else None


def add_choices(
    connection: sa.Connection, tenant_id: str, family: ChoiceFamily, entries: Sequence[Choice]
) -> None:
    """Put entries into a list."""
    rows = [{"tenant_id": tenant_id, "family": family.value, **attrs.asdict(entry)} for entry in entries]
    connection.execute(sa.insert(choices), rows)


def all_choices(connection: sa.Connection, tenant_id: str) -> dict[ChoiceFamily, list[Choice]]:
    """Every list of a tenant, its entries by label."""
    found: dict[ChoiceFamily, list[Choice]] = {family: [] for family in ChoiceFamily}
    question = (
        sa.select(choices.c.family, choices.c.key, choices.c.label, choices.c.value)
        .where(choices.c.tenant_id == tenant_id)
        .order_by(choices.c.family, choices.c.label)
    )
    for family, key, label, value in connection.execute(question):
        found[ChoiceFamily(family)].append(Choice(key, label, value))
    return found
