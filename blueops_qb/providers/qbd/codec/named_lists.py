"""Named lists: members of lists by their full names in place of their ids.

For work that is made ready before the company file was ever seen (`QbdSettings.lists_by_name`). Parties and
transactions keep their ids; an answer then reads the same whether it tells a member by id, by name or by both.
"""

from __future__ import annotations

import attrs

from blueops_qb.domain.refs import CATALOG_KINDS
from blueops_qb.providers.qbd.codec.members import NAMED
from blueops_qb.providers.qbd.entities import KIND_OF_RET
from blueops_qb.providers.qbd.qbxml.element import Element, leaf

#: How references to parties end.
_PARTIES = ("CustomerRef", "VendorRef", "EntityRef")
_PARENT = "ParentRef"


def by_name(element: Element, *, inside_list: bool = False) -> Element:
    """The same answer, with full names for the ids of lists' members."""
    is_list = inside_list or KIND_OF_RET.get(element.name) in CATALOG_KINDS
    children = tuple(
        by_name(child, inside_list=is_list) if child.children else child for child in element.children
    )
    element = attrs.evolve(element, children=children)
    if KIND_OF_RET.get(element.name) in CATALOG_KINDS or _is_member(element.name, inside_list=is_list):
        return _renamed(element)
    return element


def _is_member(name: str, *, inside_list: bool) -> bool:
    if name == _PARENT:
        return inside_list
    return name.endswith("Ref") and not name.endswith(_PARTIES)


def _renamed(element: Element) -> Element:
    full_name = element.get("FullName") or element.get("Name")
    if not full_name:
        return element
    others = tuple(child for child in element.children if child.name != "ListID")
    return attrs.evolve(element, children=(leaf("ListID", f"{NAMED}{full_name}"), *others))
