"""QuickBooks on the machine: the company file opened for a session, or the HRESULT why it cannot be."""

from __future__ import annotations

import attrs
from lxml import etree

from blueops_qb.sandbox.qbd.company_file import CompanyFile
from blueops_qb.sandbox.qbd.faults import ProcessorError
from blueops_qb.sandbox.qbd.sessions import Session

_NOT_RUNNING = ProcessorError(
    "0x80040416",
    "If QuickBooks is not running, a call to BeginSession must include the name of the data file.",
)
_NO_FILE = ProcessorError(
    "0x80040417",
    "If there is no company file open, a call to BeginSession must include the name of the data file.",
)
_OTHER_FILE = ProcessorError(
    "0x8004040a", "A QuickBooks company data file is already open and it is different from the one requested."
)
_DIALOG = ProcessorError("0x80040414", "A modal dialog box is showing in the QuickBooks user interface.")
_BAD_NAME = ProcessorError("0x80040406", "The company file name is not valid: no such file.")


@attrs.define(kw_only=True)
class QuickBooks:
    """QuickBooks with one company file at hand."""

    file: CompanyFile
    #: the owner whose private data the Web Connector reads along, the OwnerID of the .qwc file
    owner: str = ""

    def begin(self, path: str) -> Session:
        """Begin a session with the file at ``path``, empty for the open one; raises ProcessorError."""
        switches = self.file.company.switches
        if switches.dialog_open:
            raise _DIALOG
        if path and path != self.file.path:
            raise _OTHER_FILE if not (switches.closed or switches.no_file_open) else _BAD_NAME
        if switches.other_file:
            raise _OTHER_FILE
        if switches.closed and not path:
            raise _NOT_RUNNING
        if switches.no_file_open and not path:
            raise _NO_FILE
        return self.file.session()

    def run(self, session: Session, text: str) -> str:
        """Run a message set; raises ProcessorError."""
        if self.file.company.switches.dialog_open:
            raise _DIALOG
        return self.file.processor.process(session, text)

    def profile(self, session: Session) -> str:
        """Host, company and preferences, as the first request of a session carries them."""
        owner = f"<OwnerID>{self.owner}</OwnerID>" if self.owner else ""
        return self.file.processor.process(
            session,
            '<?xml version="1.0"?><?qbxml version="13.0"?><QBXML><QBXMLMsgsRq onError="continueOnError">'
            f"<HostQueryRq/><CompanyQueryRq>{owner}</CompanyQueryRq><PreferencesQueryRq/></QBXMLMsgsRq></QBXML>",
        )


def truncated(text: str) -> str:
    """The first two thirds of an answer, as an HTTP limit would cut it: no XML any more."""
    cut = text[: len(text) * 2 // 3]
    try:
        etree.fromstring(cut.encode())
    except etree.XMLSyntaxError:
        return cut
    return cut[:-1]
