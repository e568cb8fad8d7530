"""What a member of an entity may hold: the field type that the entity tables are written in."""

from __future__ import annotations

import enum
from collections.abc import Mapping

import attrs


class Shape(enum.Enum):
    """The form of a member's value on the wire."""

    TEXT = "text"  #: a string, at most ``limit`` characters
    FLAG = "flag"  #: true or false
    DAY = "day"  #: ``YYYY-MM-DD``
    MOMENT = "moment"  #: ISO 8601 with offset
    NUMBER = "number"  #: a decimal of at most 15 digits
    WHOLE = "whole"  #: an integer
    REF = "ref"  #: ``{"value": id, "name": shown}``; ``target`` is the kind it points to
    CHOICE = "choice"  #: one of ``values``
    PART = "part"  #: an object with the members of ``table``
    ROWS = "rows"  #: a list of such objects
    LOOSE = "loose"  #: accepted in a request, neither checked nor stored


@attrs.frozen(kw_only=True)
class Field:
    """One member: name, form and what the service says about it."""

    name: str
    shape: Shape
    limit: int = 0
    target: str = ""
    values: tuple[str, ...] = ()
    table: Mapping[str, Field] = attrs.field(factory=dict)
    required: bool = False  #: must be sent on create and on a full update (fault 2020)
    read_only: bool = False  #: silently dropped from a request
    filterable: bool = False  #: may stand in a WHERE clause


Table = Mapping[str, Field]


def table(*fields: Field) -> dict[str, Field]:
    """A set of members by name."""
    return {field.name: field for field in fields}


def text(name: str, limit: int = 4000, *, required: bool = False, filterable: bool = False) -> Field:
    """A writable string."""
    return Field(name=name, shape=Shape.TEXT, limit=limit, required=required, filterable=filterable)


def flag(name: str, *, filterable: bool = False) -> Field:
    """A writable boolean."""
    return Field(name=name, shape=Shape.FLAG, filterable=filterable)


def day(name: str, *, filterable: bool = False) -> Field:
    """A writable calendar day."""
    return Field(name=name, shape=Shape.DAY, filterable=filterable)


def number(name: str, *, required: bool = False, filterable: bool = False) -> Field:
    """A writable decimal."""
    return Field(name=name, shape=Shape.NUMBER, required=required, filterable=filterable)


def whole(name: str) -> Field:
    """A writable integer."""
    return Field(name=name, shape=Shape.WHOLE)


def ref(name: str, target: str, *, required: bool = False, filterable: bool = False) -> Field:
    """A writable reference to a record of kind ``target``."""
    return Field(name=name, shape=Shape.REF, target=target, required=required, filterable=filterable)


def choice(name: str, *values: str, required: bool = False, filterable: bool = False) -> Field:
    """A writable enumeration."""
    return Field(name=name, shape=Shape.CHOICE, values=values, required=required, filterable=filterable)


def part(name: str, members: Table, *, filterable: bool = False) -> Field:
    """A nested object."""
    return Field(name=name, shape=Shape.PART, table=members, filterable=filterable)


def rows(name: str, members: Table, *, required: bool = False) -> Field:
    """A list of nested objects."""
    return Field(name=name, shape=Shape.ROWS, table=members, required=required)


def fixed(field: Field) -> Field:
    """The same member, but computed by the service: what a request says is dropped."""
    return attrs.evolve(field, read_only=True)


def loose(*names: str) -> tuple[Field, ...]:
    """Members that a client may send and the service neither checks nor keeps."""
    return tuple(Field(name=name, shape=Shape.LOOSE) for name in names)


ADDRESS = table(
    *(text(f"Line{n}", 500) for n in range(1, 6)),
    text("City", 255),
    text("Country", 255),
    text("CountrySubDivisionCode", 255),
    text("PostalCode", 30),
    *loose("Id", "CountryCode", "County", "PostalCodeSuffix", "Lat", "Long", "Tag", "Note"),
)
EMAIL = table(text("Address", 100), *loose("Id", "Default", "Tag"))
PHONE = table(
    text("FreeFormNumber", 30),
    *loose("Id", "DeviceType", "CountryCode", "AreaCode", "ExchangeCode", "Extension", "Default", "Tag"),
)
WEB = table(text("URI", 1000), *loose("Id", "Default", "Tag"))
MEMO = table(text("value", 1000))
CUSTOM = table(
    text("DefinitionId", 10, required=True),
    text("Name", 100),
    text("Type", 20),
    text("StringValue", 500),
    *loose("BooleanValue", "DateValue", "NumberValue"),
)
LINKED = table(text("TxnId", 20, required=True), text("TxnType", 40, required=True), text("TxnLineId", 20))
NAME_VALUE = table(text("Name"), text("Value"))


def system() -> tuple[Field, ...]:
    """The members that every record has and no request may set."""
    return (
        fixed(text("Id", 20, filterable=True)),
        fixed(text("SyncToken", 20)),
        fixed(
            part(
                "MetaData",
                table(
                    Field(name="CreateTime", shape=Shape.MOMENT, filterable=True),
                    Field(name="LastUpdatedTime", shape=Shape.MOMENT, filterable=True),
                ),
            )
        ),
        *loose("domain", "sparse", "status", "AttachableRef"),
    )


def address(name: str) -> Field:
    """A postal address."""
    return part(name, ADDRESS)


def email(name: str, *, filterable: bool = False) -> Field:
    """An e-mail address."""
    return part(name, EMAIL, filterable=filterable)


def phone(name: str) -> Field:
    """A telephone number."""
    return part(name, PHONE)
