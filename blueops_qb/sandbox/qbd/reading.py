"""A request as XML, read against the table of its structure: what does not fit the structure fails the whole set,
what only breaks the form of a value fails the request."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import attrs
from lxml import etree

from blueops_qb.sandbox.qbd.enums import ENUMS
from blueops_qb.sandbox.qbd.faults import Refusal, parse_error
from blueops_qb.sandbox.qbd.leaves import canonical
from blueops_qb.sandbox.qbd.notation import Choice, Leaf, Lines, Node, Part, Ref, named
from blueops_qb.sandbox.qbd.values import Obj

#: the key under which the lines of a record stand, and the key of a line's own element name
LINES, TAG = "Lines", "_"
#: the key of an add's macro
MACRO = "_macro"

_ID = Leaf(name="ListID", kind="id")

#: Elements that other editions know: a US company passes over them with a warning (530).
FOREIGN = frozenset(
    [
        "Suffix",
        "Mobile",
        "PrintAs",
        "IsTaxIncluded",
        "TaxAmount",
        "TaxRegistrationNumber",
        "DeliveryMethod",
        "SalesTaxCountry",
        "AmountIncludesVAT",
        "IsUsingCustomerTaxCode",
        "TaxCodeForOldPurchases",
        "Tax1Total",
        "Tax2Total",
        "IsVATExempt",
    ]
)


class Macros(Protocol):
    """Where the names given with ``defMacro`` in this message set are looked up."""

    def resolve(self, macro: str) -> str:
        """The id a macro stands for; raises Refusal (9101) where none was defined."""


@attrs.define(kw_only=True)
class Reader:
    """Reads one request and gathers what is wrong with its values; the first of them decides the status."""

    macros: Macros
    refused: Refusal | None = None
    ignored: list[str] = attrs.field(factory=list)

    def read(self, element: etree._Element, nodes: tuple[Node, ...]) -> Obj:
        """The members of an element; raises ProcessorError (0x80040400) for a wrong structure."""
        if (element.text or "").strip():
            raise parse_error(f"text in {element.tag}")
        children = [child for child in element if self._is_known(child)]
        record, rest = self._sequence(children, 0, nodes)
        if rest < len(children):
            raise parse_error(f"{children[rest].tag} is unknown or out of order in {element.tag}")
        return record

    def _is_known(self, child: etree._Element) -> bool:
        if not isinstance(child.tag, str):
            return False
        if (child.tail or "").strip():
            raise parse_error(f"text behind {child.tag}")
        if child.tag in FOREIGN:
            self.ignored.append(child.tag)
            return False
        return True

    def _sequence(self, children: list[etree._Element], at: int, nodes: tuple[Node, ...]) -> tuple[Obj, int]:
        record: Obj = {}
        for node in nodes:
            match node:
                case Choice():
                    at = self._choice(children, at, node, record)
                case Lines():
                    at = self._lines(children, at, node, record)
                case _:
                    at = self._named(children, at, node, record)
        return record, at

    def _choice(self, children: list[etree._Element], at: int, choice: Choice, record: Obj) -> int:
        name = children[at].tag if at < len(children) else ""
        for branch in choice.branches:
            if any(node.name == name for node in named(branch)):
                members, at = self._sequence(children, at, branch)
                record.update(members)
                return at
        if choice.required:
            raise parse_error(f"none of the required elements stands before {name or 'the end'}")
        return at

    def _lines(self, children: list[etree._Element], at: int, lines: Lines, record: Obj) -> int:
        by_name: Mapping[str, Part] = {part.name: part for part in lines.parts}
        found: list[Obj] = []
        while at < len(children) and (part := by_name.get(str(children[at].tag))) is not None:
            found.append({TAG: part.name, **self._part(children[at], part)})
            at += 1
        if found:
            record[LINES] = found
        elif lines.required:
            raise parse_error("the lines are missing")
        return at

    def _named(self, children: list[etree._Element], at: int, node: Leaf | Ref | Part, record: Obj) -> int:
        found: list[str | Obj] = []
        while at < len(children) and children[at].tag == node.name and (node.repeated or not found):
            found.append(self._value(children[at], node))
            at += 1
        if found:
            record[node.name] = found if node.repeated else found[0]
        elif node.required:
            raise parse_error(f"{node.name} is missing")
        return at

    def _value(self, element: etree._Element, node: Leaf | Ref | Part) -> str | Obj:
        match node:
            case Leaf():
                return self._leaf(element, node)
            case Ref():
                name = Leaf(name="FullName", limit=node.limit)
                return self.read(element, (_ID, name))
            case Part():
                return self._part(element, node)

    def _part(self, element: etree._Element, part: Part) -> Obj:
        record = self.read(element, part.nodes)
        macro = element.get("defMacro")
        if macro:
            record[MACRO] = macro
        return record

    def _leaf(self, element: etree._Element, leaf: Leaf) -> str:
        if len(element):
            raise parse_error(f"{element.tag} holds elements")
        text = element.text or ""
        if "\n" in text or "\r" in text:
            raise parse_error(f"a line break in {element.tag}")
        macro = element.get("useMacro")
        try:
            if macro:
                return self.macros.resolve(macro)
            if leaf.kind == "enum" and text not in ENUMS[leaf.values]:
                raise parse_error(f"{text!r} is no value of {element.tag}")
            return canonical(leaf.name, leaf.kind, _in_codepage(text), limit=leaf.limit)
        except Refusal as refusal:
            self.refused = self.refused or refusal
            return ""


def _in_codepage(text: str) -> str:
    # The file holds Windows-1252; any other character is kept as a question mark.
    return text.encode("cp1252", errors="replace").decode("cp1252", errors="replace")
