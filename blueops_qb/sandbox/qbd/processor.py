"""The request processor: a message set of qbXML in, its answer out; with the store that answers a repeated set."""

from __future__ import annotations

import hashlib
import re
from collections import Counter

import attrs
from lxml import etree

from blueops_qb.sandbox.qbd import books
from blueops_qb.sandbox.qbd.answers import Answer, Request, read_request, write_answer
from blueops_qb.sandbox.qbd.company import Company
from blueops_qb.sandbox.qbd.faults import ProcessorError, Refusal, Status, parse_error
from blueops_qb.sandbox.qbd.profile import VERSIONS
from blueops_qb.sandbox.qbd.requests import perform
from blueops_qb.sandbox.qbd.sessions import MacroTable, Session

_VERSION = re.compile(r"""<\?qbxml\s+version\s*=\s*["']([^"']+)["']\s*\?>""")
_HEAD = '<?xml version="1.0" ?>\n'
_LONGEST_SET_ID = 24
_LONGEST_REQUEST_ID = 50
_ERRORS = frozenset({"continueOnError", "stopOnError"})
_DATA = frozenset({"includeAll", "includeNone"})
CRASH = "0x80040402"


@attrs.define
class Processor:
    """Executes message sets against one company file, one after another."""

    company: Company
    #: requests executed so far, by name
    executed: Counter[str] = attrs.field(factory=Counter)
    #: how they ended, by status code
    statuses: Counter[int] = attrs.field(factory=Counter)

    def process(self, session: Session, text: str) -> str:
        """Run a message set and answer it; raises ProcessorError with an HRESULT where there is no answer.

        Each request is committed by itself: a crash in the middle leaves the earlier ones done.
        """
        root = _parsed(text)
        (rq,) = root
        new, old = rq.get("newMessageSetID", ""), rq.get("oldMessageSetID", "")
        macros = MacroTable()
        # The structure of every request is judged before any of them runs.
        read = [read_request(element, _Later(macros)) for element in rq if isinstance(element.tag, str)]
        if max(len(new), len(old)) > _LONGEST_SET_ID:
            return _empty(rq, 9004)
        if old and old != new:
            known = self.company.store.message_set(old)
            self.company.store.forget_message_sets(old)
            self.company.commit()
            if not new:
                return _empty(rq, 0 if known else 600)
        if new:
            checksum = _checksum(text)
            known = self.company.store.message_set(new)
            if known is not None:
                if known[0] != checksum:
                    return _empty(rq, 9001)
                return known[1] if known[1] is not None else _empty(rq, 9002)
            if old == new:
                return _empty(rq, 9002)
            self.company.store.begin_message_set(new, checksum)
            self.company.commit()
        self._crash(before=True)
        answer = self._run(session, rq, read, macros)
        self._crash(before=False)
        if new:
            self.company.store.end_message_set(new, answer)
            self.company.commit()
        return answer

    def _crash(self, *, before: bool) -> None:
        if self.company.switches.crash_before is before:
            self.company.switches.crash_before = None
            raise _crashed()

    def _crash_after_one(self) -> None:
        switches = self.company.switches
        if switches.crash_after:
            switches.crash_after -= 1
            if not switches.crash_after:
                raise _crashed()

    def _run(self, session: Session, rq: etree._Element, read: list[Request], macros: MacroTable) -> str:
        root, rs = _envelope(rq, 0 if rq.get("newMessageSetID") else None)
        stopped = False
        for request in read:
            if stopped:
                message = "The request has not been processed: an earlier one failed."
                answer = Answer(status=Status(code=3231, message=message))
            else:
                answer = self._one(session, request, macros)
            self.statuses[answer.status.code] += 1
            if rq.get("newMessageSetID"):
                self._crash_after_one()
            stopped = stopped or (answer.status.code >= 1000 and rq.get("onError") == "stopOnError")
            write_answer(
                self.company,
                rs,
                request,
                answer,
                with_data=rq.get("responseData", "includeAll") == "includeAll",
                recoverable=bool(rq.get("newMessageSetID")),
            )
        return _text(root)

    def _one(self, session: Session, request: Request, macros: MacroTable) -> Answer:
        self.executed[request.message.name] += 1
        try:
            if len(request.element.get("requestID", "")) > _LONGEST_REQUEST_ID:
                raise Refusal(1060, f"The requestID is longer than {_LONGEST_REQUEST_ID} characters.")
            if request.element.xpath(".//@useMacro"):
                request = read_request(request.element, macros)
            answer = perform(self.company, session, request, macros)
        except Refusal as refusal:
            books.undo(self.company)
            return Answer(status=Status(code=refusal.code, message=refusal.message))
        except BaseException:
            books.undo(self.company)
            raise
        self.company.commit()
        return answer


class _Later(MacroTable):
    """While a set is only read, a macro may stand for an id that is not there yet."""

    def __init__(self, macros: MacroTable) -> None:
        super().__init__(dict(macros.ids))

    def resolve(self, macro: str) -> str:
        return self.ids.get(macro, "0")


def _crashed() -> ProcessorError:
    return ProcessorError(CRASH, "QuickBooks found an unexpected error and closed.")


def _checksum(text: str) -> str:
    # The status check sends the same set with the old id added: the ids do not count.
    plain = re.sub(r"""\s(new|old)MessageSetID\s*=\s*("[^"]*"|'[^']*')""", "", text)
    return hashlib.sha256(plain.encode()).hexdigest()


def _parsed(text: str) -> etree._Element:
    if not text.isascii():
        raise parse_error("a character beyond ASCII that is not written as a reference")
    if "<!DOCTYPE" in text:
        raise parse_error("a document type")
    found = _VERSION.search(text)
    if found is None:
        raise parse_error("no qbxml processing instruction")
    if found[1] not in VERSIONS:
        raise ProcessorError("0x80040423", f"The qbXML version {found[1]} is not supported.")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True, remove_comments=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError as error:
        raise parse_error(str(error)) from None
    if root.tag != "QBXML" or [child.tag for child in root] != ["QBXMLMsgsRq"]:
        raise parse_error("not one QBXMLMsgsRq in QBXML")
    rq = root[0]
    allowed = {"onError", "newMessageSetID", "oldMessageSetID", "responseData"}
    if set(rq.attrib) - allowed or rq.get("onError") not in _ERRORS:
        raise parse_error("the attributes of QBXMLMsgsRq")
    if rq.get("responseData", "includeAll") not in _DATA:
        raise parse_error("responseData")
    return root


def _envelope(rq: etree._Element, code: int | None) -> tuple[etree._Element, etree._Element]:
    root = etree.Element("QBXML")
    rs = etree.SubElement(root, "QBXMLMsgsRs")
    if rq.get("newMessageSetID"):
        rs.set("newMessageSetID", rq.attrib["newMessageSetID"])
    if code is not None:
        rs.set("messageSetStatusCode", str(code))
    return root, rs


def _empty(rq: etree._Element, code: int) -> str:
    return _text(_envelope(rq, code)[0])


def _text(root: etree._Element) -> str:
    return _HEAD + etree.tostring(root, encoding="unicode")
