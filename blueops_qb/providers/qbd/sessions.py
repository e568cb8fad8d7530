"""Sessions: what each call of the Web Connector does and answers; states and rules of its protocol.

Facts: reference/quickbooks-desktop.md sections 1.2 to 1.6. A session hands out one exchange after the other until
nothing is due, so that what waits for an answer goes as soon as it is there, or until it has lasted long enough for
those who work in QuickBooks. What goes wrong on our side is answered in the protocol's own words, never with a fault:
the Web Connector then ends the session, and its next one begins by asking what became of the exchange that was out.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Mapping

import attrs

from blueops_qb.providers.qbd.gate_reply import Reply
from blueops_qb.providers.qbd.hresults import UNLISTED, Failure, Fate, Next, code_of, failure_of
from blueops_qb.providers.qbd.sessions_company import LONGEST_FACT, facts, same_id
from blueops_qb.providers.qbd.silence import CODE
from blueops_qb.sdk.calling import Call, Calls, NoEntry
from blueops_qb.sdk.doors import Answered, Unknown

log = logging.getLogger(__name__)

#: Words of the protocol (section 1.2 and 1.3).
NO_OP, DONE, WRONG, BUSY = "NoOp", "done", "nvu", "busy"
#: Progress of receiveResponseXML: it goes on below 100, and ends below 0.
MOST, FINISHED, FAILED = 99, 100, -1
#: A failure that only passes on what QuickBooks says.
PASSED_ON = "0x80040421"
_NOT_LET_IN = (
    "Nothing was exchanged: user name or password are wrong, or a run is just being ended elsewhere."
)
_GONE = "This session is over. It goes on at the next run."
_FAILED = "BlueOps could not answer; whoever runs it finds the reason in its log. It is tried again at the next run."
_ALL_DONE = "All is done."
_ENOUGH = "QuickBooks is left to its users for now. What is left goes at the next run."
_WAITING = "Nothing more can go just now. What waits, and for what, is shown in BlueOps."
#: The message set that an answer belongs to.
_SET = re.compile(r'<QBXMLMsgsRs\b[^>]*?\bnewMessageSetID="([^"]*)"')
Answer = str | int | tuple[str, ...]
Parameters = Mapping[str, str]


@attrs.frozen(kw_only=True)
class WebConnector:
    """Answers calls. `owner_id` is the mark of this application in every company file.

    A session that lasts for `most_seconds` ends once its set is answered; 0 = it may last.
    """

    calls: Calls
    owner_id: str
    version: str
    most_seconds: int = 0

    def answer(self, method: str, parameters: Parameters) -> Answer:
        """The result of a method of `soap_methods.METHODS`; never raises."""
        handle, otherwise = _HANDLERS[method]
        try:
            return handle(self, parameters)
        except Exception as problem:
            # Texts of exceptions quote business data; the log gets their kind and the place.
            place = traceback.extract_tb(problem.__traceback__)[-1]
            kind = type(problem).__name__
            log.error(
                "%s could not be answered (%s at %s:%d)", method, kind, place.filename, place.lineno or 0
            )
            return otherwise

    def knows(self, ticket: str) -> bool:
        """Whether a ticket is of a session that is open."""
        session = self.calls.session(ticket) if ticket else None
        return session is not None and not session.closed

    # -- before a session --------------------------------------------------------------------------
    def server_version(self, _: Parameters) -> Answer:
        return f"BlueOps {self.version}"

    def client_version(self, _: Parameters) -> Answer:
        """Every version is welcome."""
        return ""

    def authenticate(self, given: Parameters) -> Answer:
        """A ticket, and the company file that is open in QuickBooks."""
        match self.calls.enter(given["strUserName"], given["strPassword"]):
            case NoEntry.WRONG:
                return ("", WRONG)
            case NoEntry.BUSY:
                return ("", BUSY)
            case ticket:
                return (ticket, "")

    # -- within one --------------------------------------------------------------------------------
    def send_request(self, given: Parameters) -> Answer:
        """The next request; empty when there is none, and `getLastError` says why."""
        with self.calls.call(given["ticket"]) as call:
            if call is None:
                return NO_OP if self._is_handled(given["ticket"]) else ""
            why = self._is_other(call, given)
            if not why and (why := call.rests()):
                call.finish(Unknown(why="the session asked for more before it told the answer"))
            if not why and self._is_over(call):
                why = _ENOUGH
            if not why:
                outgoing = call.next_exchange()
                if outgoing is not None:
                    call.note(said="")
                    return outgoing.body.decode("utf-8")
                why = _WAITING if call.left() else _ALL_DONE
            call.note(said=why)
            return ""

    def receive_response(self, given: Parameters) -> Answer:
        """Progress in percent; a negative number where QuickBooks cannot be worked with any more."""
        with self.calls.call(given["ticket"]) as call:
            if call is None:
                return FAILED
            out = call.session.exchange_id
            belongs = _SET.search(given["response"][:4000])
            if not out or (belongs is not None and belongs[1] not in ("", out)):
                # A repeated one, or a late one of an exchange that is asked about already.
                log.info("an answer that nobody waits for was left aside")
                return _progress(call)
            hresult = code_of(given["hresult"])
            reply = Reply(
                response="" if hresult else given["response"], hresult=hresult, message=given["message"]
            )
            call.finish(Answered(body=reply.dump()))
            failure = failure_of(hresult)
            if not hresult or failure.fate is Fate.UNREADABLE:
                if not self._is_over(call) or not call.left():
                    return _progress(call)
                call.note(said=_ENOUGH)
                return FINISHED
            _tell(call, failure, given)
            return FAILED

    def connection_error(self, given: Parameters) -> Answer:
        """The path of the company file that we know, once, where QuickBooks has none open; else `done`."""
        with self.calls.call(given["ticket"]) as call:
            if call is None:
                return DONE
            failure = failure_of(given["hresult"])
            path = self.calls.facts(call.session.caller.company_id).get("file", "")
            if failure.next is Next.OFFER_PATH and path and not call.session.notes.get("path_tried"):
                call.note(path_tried="yes")
                return path
            _tell(call, failure, given)
            return DONE

    def last_error(self, given: Parameters) -> Answer:
        """What the last call meant, also of a session that is closed."""
        if not given["ticket"]:
            return _NOT_LET_IN
        session = self.calls.session(given["ticket"])
        if session is None:
            return _GONE
        if session.handled:
            return NO_OP
        return session.notes.get("said") or (_GONE if session.closed else _FAILED)

    def close(self, given: Parameters) -> Answer:
        """What is shown as the result of the run."""
        with self.calls.call(given["ticket"]) as call:
            if call is None:
                return _GONE if given["ticket"] else _NOT_LET_IN
            call.close()
            said = call.session.notes.get("said", _ALL_DONE)
            return said if said != _ALL_DONE else f"{_ALL_DONE} Exchanges: {call.session.carried}."

    # -- never needed ------------------------------------------------------------------------------
    def nothing(self, _: Parameters) -> Answer:
        """There is no page to open."""
        return ""

    def interactive_done(self, _: Parameters) -> Answer:
        """Nothing is waited for."""
        return "Done"

    def interactive_rejected(self, _: Parameters) -> Answer:
        return "BlueOps asks nothing here. Open it in the browser."

    # -- steps -------------------------------------------------------------------------------------
    def _is_handled(self, ticket: str) -> bool:
        session = self.calls.session(ticket)
        return session is not None and session.handled

    def _is_over(self, call: Call) -> bool:
        """Whether a session has lasted long enough; what the books were never asked for is no reason to leave."""
        return 0 < self.most_seconds <= call.session.seconds and call.session.carried > 0

    def _is_other(self, call: Call, given: Parameters) -> str:
        """Why the company that is open is not worked with; empty where it is the right one or nobody can say."""
        session = call.session
        if session.notes.get("opened"):
            return session.notes.get("refused", "")
        company = session.caller.company_id
        told = facts(given["strHCPResponse"], owner_id=self.owner_id)
        known = dict(self.calls.facts(company))
        # A company that bore our mark once still bears it; one that is told without it is another one.
        unmarked = "company" in told and "file_id" not in told and "file_id" in known
        if unmarked or ("file_id" in told and not same_id(told["file_id"], company)):
            open_one = f"“{told['company']}”" if told.get("company") else "another company file"
            why = (
                f"The company file that is open is {open_one}, but this connection belongs to "
                f"“{session.caller.company_name}”. Nothing was read or written. Open the right company file, or "
                "connect the other one to its own company in BlueOps."
            )
            call.trouble(why)
            call.note(opened="yes", refused=why)
            return why
        if given["strCompanyFileName"].strip():
            told["file"] = given["strCompanyFileName"].strip()[:LONGEST_FACT]
        if given["qbXMLMajorVers"].strip():
            told["processor"] = f"{given['qbXMLMajorVers'].strip()}.{given['qbXMLMinorVers'].strip() or '0'}"
        if told and known | told != known:
            call.opened(known | told)
        call.note(opened="yes")
        return ""


def _tell(call: Call, failure: Failure, given: Parameters) -> None:
    """Say on the pages and in the Web Connector why QuickBooks cannot be worked with."""
    own = " ".join(given["message"].split())[:300]
    passed_on = failure is UNLISTED or code_of(given["hresult"]) == PASSED_ON
    said = f" ({code_of(given['hresult'])}: {own or 'it gives no reason'})" if passed_on else ""
    sentence = f"{failure.message}{said} {failure.remedy}"
    call.trouble(sentence)
    call.note(said=sentence, **{CODE: code_of(given["hresult"])})


def _progress(call: Call) -> int:
    carried = call.session.carried
    return min(MOST, 100 * carried // max(1, carried + call.left()))


Handler = Callable[[WebConnector, Parameters], Answer]

#: Method -> what handles it, and what is answered where that fails.
_HANDLERS: Mapping[str, tuple[Handler, Answer]] = {
    "serverVersion": (WebConnector.server_version, ""),
    "clientVersion": (WebConnector.client_version, ""),
    "authenticate": (WebConnector.authenticate, ("", BUSY)),
    "sendRequestXML": (WebConnector.send_request, ""),
    "receiveResponseXML": (WebConnector.receive_response, FAILED),
    "connectionError": (WebConnector.connection_error, DONE),
    "getLastError": (WebConnector.last_error, _FAILED),
    "closeConnection": (WebConnector.close, _FAILED),
    "getServerVersion": (WebConnector.server_version, ""),
    "getInteractiveURL": (WebConnector.nothing, ""),
    "interactiveDone": (WebConnector.interactive_done, "Done"),
    "isInteractiveDone": (WebConnector.interactive_done, "Done"),
    "interactiveRejected": (WebConnector.interactive_rejected, ""),
}
