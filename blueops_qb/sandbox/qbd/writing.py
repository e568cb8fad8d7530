"""Answers as XML: a record written in the order of its table, with nothing where there is nothing to say."""

from __future__ import annotations

from collections.abc import Callable, Collection

from lxml import etree

from blueops_qb.sandbox.qbd.notation import Choice, Leaf, Lines, Node, Part, Ref
from blueops_qb.sandbox.qbd.reading import LINES, TAG
from blueops_qb.sandbox.qbd.values import Obj

#: Says the current full name of what a reference points to, by its ListID.
NameOf = Callable[[str], str]


def write(
    parent: etree._Element,
    nodes: tuple[Node, ...],
    record: Obj,
    *,
    name_of: NameOf,
    only: Collection[str] = (),
) -> None:
    """Append the members of a record to an element; ``only``: the names asked for, empty = all."""
    for node in nodes:
        match node:
            case Choice(branches=branches):
                for branch in branches:
                    write(parent, branch, record, name_of=name_of, only=only)
            case Lines(parts=parts):
                by_name = {part.name: part for part in parts}
                for line in record.get(LINES, []):
                    part = by_name[line[TAG]]
                    if not only or part.name in only:
                        _part(parent, part, line, name_of)
            case _:
                value = record.get(node.name)
                if only and node.name not in only:
                    continue
                if not value:
                    # What the schema requires stands there even with nothing to say.
                    if value == "" and node.required and isinstance(node, Leaf):
                        etree.SubElement(parent, node.name)
                    continue
                for one in value if node.repeated else [value]:
                    match node:
                        case Part():
                            _part(parent, node, one, name_of)
                        case Ref():
                            _ref(parent, node, one, name_of)
                        case _:
                            etree.SubElement(parent, node.name).text = one


def _part(parent: etree._Element, part: Part, record: Obj, name_of: NameOf) -> None:
    element = etree.SubElement(parent, part.name)
    write(element, part.nodes, record, name_of=name_of)
    if not len(element):
        parent.remove(element)


def _ref(parent: etree._Element, ref: Ref, value: Obj, name_of: NameOf) -> None:
    identity = value["ListID"]
    if not identity:
        return
    element = etree.SubElement(parent, ref.name)
    etree.SubElement(element, "ListID").text = identity
    etree.SubElement(element, "FullName").text = name_of(identity)
