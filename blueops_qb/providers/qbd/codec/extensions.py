"""Custom fields: values of the company's own fields, written by requests of their own (section 4.12)."""

from __future__ import annotations

from collections.abc import Iterator

from blueops_qb.domain.documents import Document, SalesForm
from blueops_qb.domain.refs import BooksRef
from blueops_qb.providers.qbd.codec.books import Books
from blueops_qb.providers.qbd.codec.forms import form_of
from blueops_qb.providers.qbd.codec.members import Unwritable, exactly
from blueops_qb.providers.qbd.codec.queries import PUBLIC
from blueops_qb.providers.qbd.codec.refusals import checked
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf

#: What is shown of a public field.
LENGTH = 30


def fields_of(document: Document, books: Books) -> dict[str, str]:
    """Name and value of the custom fields that a document sets."""
    given = document.custom if isinstance(document, SalesForm) else ()
    defined = {field.name.casefold(): field.name for field in books.profile.custom_fields}
    return {
        defined[value.name.casefold()]: value.value for value in given if value.name.casefold() in defined
    }


def extension_requests(document: Document, books: Books, *, id: str, new: bool) -> Iterator[Element]:
    """One request per custom field of a transaction that stands under `id`; raises Unwritable.

    A changed field is written as a Mod, which is said to create a missing value too (not verified).
    """
    message = form_of(document).message(document)
    for name, value in fields_of(document, books).items():
        shown = exactly(value, LENGTH, f"The field {name}")
        block = "DataExtAdd" if new else "DataExtMod"
        if not shown:
            continue
        yield checked(
            f"{block}Rq",
            [
                branch(
                    block,
                    [
                        leaf("OwnerID", PUBLIC),
                        leaf("DataExtName", exactly(name, 31, "The name of a field")),
                        leaf("TxnDataExtType", message),
                        leaf("TxnID", id),
                        leaf("DataExtValue", shown),
                    ],
                )
            ],
        )


def item_extension(item: BooksRef, *, name: str, value: str) -> Element:
    """A public field of a list element, such as an item; raises Unwritable."""
    if not value:
        raise Unwritable(f"The field {name} has no value; nothing is written.")
    body = [
        leaf("OwnerID", PUBLIC),
        leaf("DataExtName", exactly(name, 31, "The name of a field")),
        leaf("ListDataExtType", item.kind.value.capitalize()),
        branch("ListObjRef", [leaf("ListID", item.id)]),
        leaf("DataExtValue", exactly(value, LENGTH, f"The field {name}")),
    ]
    return checked("DataExtAddRq", [branch("DataExtAdd", body)])
