"""Places: what stands for the locations that QuickBooks Desktop does not track (section 5.6).

By the settings they are classes, which the file has, or names in the field “Other” of a sales form, which the settings
name. Either way the catalog offers them as locations, so that the mapping can choose.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueops_qb.domain.documents import SalesForm
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.qbxml.element import Element
from blueops_qb.providers.qbd.settings import LocationAs
from blueops_qb.sdk.outcomes import BooksRecord

#: The member of sales forms that tells a place.
FIELD = "Other"


def offered(records: Iterable[BooksRecord], books: Books) -> Iterator[BooksRecord]:
    """The locations that the catalog offers: its classes under their ids, or names that are ids of their own."""
    match books.settings.location_as:
        case LocationAs.CLASS:
            for record in records:
                if record.kind is BooksKind.CLASS:
                    yield BooksRecord(
                        kind=BooksKind.LOCATION, id=record.id, name=record.name, active=record.active
                    )
        case LocationAs.FIELD:
            for name in books.settings.locations:
                yield BooksRecord(kind=BooksKind.LOCATION, id=name, name=name)
        case LocationAs.NOTHING:
            return


def told_place(document: SalesForm, books: Books) -> BooksRef | None:
    """The location that a form tells in its field; None where that is not the way, or the settings name it no more."""
    location, settings = document.location, books.settings
    if location is None or settings.location_as is not LocationAs.FIELD:
        return None
    return location if location.id in settings.locations else None


def place_of(ret: Element, books: Books) -> BooksRef | None:
    """The location that a form shows in its field; any other text there is the bookkeeper's own."""
    if books.settings.location_as is not LocationAs.FIELD:
        return None
    shown = ret.get(FIELD).strip().casefold()
    found = next((name for name in books.settings.locations if name.casefold() == shown), None)
    return None if found is None else BooksRef(BooksKind.LOCATION, found)
