"""A QuickBooks that keeps whatever it is told to add and answers as little as it may, for tests of any Web Connector.

It shares no code with the twin or the provider: it takes a message set apart by itself.
"""

import itertools
from collections import Counter
from xml.etree import ElementTree

import attrs

Raw = ElementTree.Element
LISTS = frozenset({"Customer", "Vendor"})


@attrs.define(kw_only=True)
class MinimalQuickBooks:
    """`echoes`: an answer repeats what was sent, with lines, and says no totals; otherwise it says ids alone."""

    echoes: bool = False
    held: list[tuple[str, Raw]] = attrs.field(factory=list)
    #: Ids that were named although they were never given.
    unknown: list[str] = attrs.field(factory=list)
    given: set[str] = attrs.field(factory=set)
    _ids: "itertools.count[int]" = attrs.field(factory=lambda: itertools.count(1))

    def counted(self) -> dict[str, int]:
        """How many objects it holds, by the names of their messages."""
        return dict(sorted(Counter(kind for kind, _ in self.held).items()))

    def process(self, text: str) -> str:
        """A message set there and back."""
        (asked,) = ElementTree.fromstring(text)
        told = ElementTree.Element("QBXMLMsgsRs")
        for request in asked:
            answer = ElementTree.SubElement(told, request.tag[:-2] + "Rs", self._status(request))
            if request.tag.endswith("AddRq"):
                answer.append(self._added(request.tag.removesuffix("AddRq"), request[0]))
        root = ElementTree.Element("QBXML")
        root.append(told)
        return ElementTree.tostring(root, encoding="unicode")

    def _status(self, request: Raw) -> dict[str, str]:
        found = request.tag.endswith("AddRq")
        return {
            "requestID": request.get("requestID", ""),
            "statusCode": "0" if found else "1",
            "statusSeverity": "Info",
            "statusMessage": "Status OK" if found else "Nothing matches.",
        }

    def _added(self, kind: str, sent: Raw) -> Raw:
        ids = [e.text or "" for e in sent.iter() if e.tag in ("ListID", "TxnID", "PaymentTxnID")]
        self.unknown += [id for id in ids if id not in self.given]
        id = f"{next(self._ids):X}-1417040299"
        self.given.add(id)
        self.held.append((kind, sent))
        ret = ElementTree.Element(f"{kind}Ret")
        for name, value in (("ListID" if kind in LISTS else "TxnID", id), ("EditSequence", "1")):
            ElementTree.SubElement(ret, name).text = value
        if self.echoes:
            for name in ("TimeCreated", "TimeModified"):
                ElementTree.SubElement(ret, name).text = "2026-03-04T15:00:00-05:00"
            for member in sent:
                # What deposits and payments settle is only told when it is asked for.
                if not member.tag.startswith(("DepositLine", "AppliedTo")):
                    ret.append(_shown(member))
        return ret


def _shown(member: Raw) -> Raw:
    tag = member.tag
    shown = ElementTree.Element(tag.removesuffix("Add") + "Ret" if tag.endswith("LineAdd") else tag)
    shown.text = member.text
    for child in member:
        shown.append(_shown(child))
    quantity, rate = member.findtext("Quantity"), member.findtext("Rate")
    if quantity and rate and member.find("Amount") is None:
        amount = ElementTree.SubElement(shown, "Amount")
        amount.text = f"{float(quantity) * float(rate):.2f}"
    return shown
