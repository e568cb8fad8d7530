"""Data extensions: the mark by which a company file is known, a private field of our own (section 4.12)."""

from __future__ import annotations

from blueops_qb.providers.qbd.codec.company import FILE_ID
from blueops_qb.providers.qbd.codec.refusals import checked
from blueops_qb.providers.qbd.qbxml.element import Element, branch, leaf

_OF_COMPANY = "Company"


def mark_requests(owner_id: str, file_id: str) -> list[Element]:
    """Defines the private field FileID and sets it on the company; `owner_id` in braces, `file_id` without.

    A private field needs its definition first, and one that is there already is no harm. Raises Unwritable.
    """
    definition = [
        leaf("OwnerID", owner_id),
        leaf("DataExtName", FILE_ID),
        leaf("DataExtType", "STR255TYPE"),
        leaf("AssignToObject", _OF_COMPANY),
    ]
    value = [
        leaf("OwnerID", owner_id),
        leaf("DataExtName", FILE_ID),
        leaf("OtherDataExtType", _OF_COMPANY),
        leaf("DataExtValue", f"{{{file_id}}}"),
    ]
    return [
        checked("DataExtDefAddRq", [branch("DataExtDefAdd", definition)]),
        checked("DataExtAddRq", [branch("DataExtAdd", value)]),
    ]
