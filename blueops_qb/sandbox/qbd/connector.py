"""The Web Connector: polls a service, carries its message sets to QuickBooks and the answers back."""

from __future__ import annotations

import enum
import time
from collections import Counter
from collections.abc import Callable, Generator

import attrs

from blueops_qb.sandbox.qbd.faults import ProcessorError
from blueops_qb.sandbox.qbd.quickbooks import QuickBooks, truncated
from blueops_qb.sandbox.qbd.sessions import Session
from blueops_qb.sandbox.qbd.soap import Service, ServiceError

VERSION = "2.3.0.215"
_QBXML = (13, 0)
_MOST_PATHS = 3
_MOST_CALLS = 100_000


class Ended(enum.Enum):
    """How a session ended."""

    DONE = "done"  #: the service said that all is done, or that there is no more
    NOTHING = "nothing"  #: the service had no work (``none``)
    REFUSED = "refused"  #: user or password were not taken (``nvu``)
    BUSY = "busy"  #: the service was busy, or put the session off
    OUTDATED = "outdated"  #: the service wants another version of the Web Connector
    ERROR = "error"  #: the service named an error, or QuickBooks could not be opened
    BROKEN = "broken"  #: an answer of the service did not fit the contract, or none came
    STOPPED = "stopped"  #: the machine went away in the middle, as it was told to


@attrs.frozen(kw_only=True)
class Mishaps:
    """What is to go wrong, by the number of the message set in this run, counted from 1."""

    drop_request: int = 0  #: gone after sendRequestXML, before anything is executed
    drop_answer: int = 0  #: gone after it was executed, before receiveResponseXML
    garbage: int = 0  #: the answer arrives cut off
    double_answer: int = 0  #: the answer is delivered twice
    drop_close: bool = False  #: gone before closeConnection


class At(enum.Enum):
    """Where a session stands between two of its moves."""

    ASKED = "asked"  #: a message set came and is not carried out yet
    RAN = "ran"  #: it was carried out, and nobody was told yet
    TOLD = "told"  #: the service has the answer


class _Gone(Exception):
    """The machine went away."""


@attrs.frozen(kw_only=True)
class Outcome:
    """One session: how it ended, and the texts that the Web Connector shows."""

    ended: Ended
    status: str = ""
    error: str = ""
    #: seconds that the service asked to wait before the next session, and its least interval
    wait: int = 0
    interval: int = 0


#: A session move by move: where it stands, with the message set; whoever lets go of it is a machine that went away.
Steps = Generator[tuple[At, str], None, Outcome]


@attrs.define(kw_only=True)
class Connector:
    """One application in the Web Connector: a service with user and password, and a company file."""

    service: Service
    quickbooks: QuickBooks
    user: str
    password: str
    mishaps: Mishaps = attrs.field(factory=Mishaps)
    pause: float = 5.0
    sleep: Callable[[float], object] = time.sleep
    #: message sets that were carried in this run
    sets: int = 0
    hresults: Counter[str] = attrs.field(factory=Counter)

    def run_session(self) -> Outcome:
        """One update session from serverVersion to closeConnection; never raises for what the service does."""
        steps = self.steps()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                outcome: Outcome = end.value
                return outcome

    def steps(self) -> Steps:
        """The same session, whose caller decides when it goes on."""
        try:
            return (yield from self._session())
        except ServiceError as error:
            return Outcome(ended=Ended.BROKEN, error=str(error))
        except _Gone:
            return Outcome(ended=Ended.STOPPED)

    def _session(self) -> Steps:
        self.service.server_version()
        word = self.service.client_version(VERSION)
        if word[:2] in ("E:", "O:"):
            return Outcome(ended=Ended.OUTDATED, status=word)
        answer = self.service.authenticate(self.user, self.password)
        ticket, what = answer[:2]
        wait, interval = (int(text) if text.strip().isdigit() else 0 for text in [*answer[2:], "", ""][:2])
        early = {"none": Ended.NOTHING, "nvu": Ended.REFUSED, "busy": Ended.BUSY}.get(what.lower())
        if wait:
            early = Ended.BUSY
        if early is not None:
            status = self.service.close_connection(ticket)
            error = (
                "QBWC1012: the user name or the password was not accepted" if early is Ended.REFUSED else ""
            )
            return Outcome(ended=early, status=status, error=error, wait=wait, interval=interval)
        outcome = yield from self._open(ticket, what)
        return attrs.evolve(outcome, interval=interval)

    def _open(self, ticket: str, path: str) -> Steps:
        for _ in range(_MOST_PATHS):
            try:
                session = self.quickbooks.begin(path)
            except ProcessorError as error:
                self.hresults[error.hresult] += 1
                path = self.service.connection_error(ticket, hresult=error.hresult, message=error.message)
                if path.lower() == "done":
                    break
            else:
                return (yield from self._exchange(ticket, session))
        status = self._close(ticket)
        return Outcome(ended=Ended.ERROR, status=status, error="QuickBooks could not be opened")

    def _exchange(self, ticket: str, session: Session) -> Steps:
        try:
            hcp = self.quickbooks.profile(session)
        except ProcessorError as error:
            # The answers are only handed along: the session goes on without them.
            self.hresults[error.hresult] += 1
            hcp = ""
        for _ in range(_MOST_CALLS):
            text = self.service.send_request_xml(
                ticket, hcp=hcp, file=self.quickbooks.file.path, country="US", version=_QBXML
            )
            hcp = ""
            if text in ("", "NoOp"):
                last = self.service.get_last_error(ticket)
                if last != "NoOp":
                    return Outcome(ended=Ended.DONE, status=self._close(ticket), error=last)
                self.sleep(self.pause)
                continue
            done = yield from self._carry(ticket, session, text)
            yield At.TOLD, text
            if done < 0:
                last = self.service.get_last_error(ticket)
                return Outcome(ended=Ended.ERROR, status=self._close(ticket), error=last)
            if done == 100:
                return Outcome(ended=Ended.DONE, status=self._close(ticket))
        raise ServiceError("sendRequestXML", f"the session did not end after {_MOST_CALLS} calls")

    def _carry(self, ticket: str, session: Session, text: str) -> Generator[tuple[At, str], None, int]:
        self.sets += 1
        yield At.ASKED, text
        if self.sets == self.mishaps.drop_request:
            raise _Gone
        response, hresult, message = "", "", ""
        try:
            response = self.quickbooks.run(session, text)
        except ProcessorError as error:
            hresult, message = error.hresult, error.message
            self.hresults[hresult] += 1
        yield At.RAN, text
        if self.sets == self.mishaps.drop_answer:
            raise _Gone
        if self.sets == self.mishaps.garbage:
            response = truncated(response)
        done = 0
        for _ in range(2 if self.sets == self.mishaps.double_answer else 1):
            done = self.service.receive_response_xml(
                ticket, response=response, hresult=hresult, message=message
            )
        return done

    def _close(self, ticket: str) -> str:
        if self.mishaps.drop_close:
            raise _Gone
        return self.service.close_connection(ticket)
