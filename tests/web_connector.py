"""A Web Connector for tests: it writes its own XML, keeps to the protocol, and can be stopped at any point.

It shares no code with the gate that it calls.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape, unescape

import attrs
from werkzeug.test import Client, TestResponse

from blueops_qb.sdk.doors import Answered, Reply

INTUIT = "http://developer.intuit.com/"
HEAD = '<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">'


class Stopped(Exception):
    """The Web Connector, or its computer, was switched off."""


def envelope(method: str, parameters: Sequence[tuple[str, str]] = ()) -> str:
    """A call as the Web Connector writes it."""
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in parameters)
    return f'{HEAD}<soap:Body><{method} xmlns="{INTUIT}">{inner}</{method}></soap:Body></soap:Envelope>'


def host_answers(
    *, file_id: str = "", owner_id: str = "", company: str = "Books F1", extra: str = "", closing: str = ""
) -> str:
    """What goes along with the first request: host, company and preferences."""
    mark = (
        f"<DataExtRet><OwnerID>{{{owner_id}}}</OwnerID><DataExtName>FileID</DataExtName>"
        f"<DataExtType>STR255TYPE</DataExtType><DataExtValue>{{{file_id}}}</DataExtValue></DataExtRet>"
        if file_id
        else ""
    )
    closed = f"<ClosingDate>{closing}</ClosingDate>" if closing else ""
    return (
        '<?xml version="1.0" ?><QBXML><QBXMLMsgsRs>'
        '<HostQueryRs requestID="0" statusCode="0"><HostRet><ProductName>QuickBooks Pro 2021</ProductName>'
        "<Country>US</Country><SupportedQBXMLVersion>12.0</SupportedQBXMLVersion>"
        "<SupportedQBXMLVersion>13.0</SupportedQBXMLVersion><QBFileMode>SingleUser</QBFileMode></HostRet></HostQueryRs>"
        f'<CompanyQueryRs requestID="1" statusCode="0"><CompanyRet><CompanyName>{escape(company)}</CompanyName>'
        f"{extra}{mark}</CompanyRet></CompanyQueryRs>"
        '<PreferencesQueryRs requestID="2" statusCode="0"><PreferencesRet><AccountingPreferences>'
        f"<IsUsingClassTracking>true</IsUsingClassTracking>{closed}</AccountingPreferences></PreferencesRet>"
        "</PreferencesQueryRs></QBXMLMsgsRs></QBXML>"
    )


@attrs.define(kw_only=True)
class RawConnector:
    """One Web Connector with one application; `deliver` hands a request to QuickBooks."""

    client: Client
    user: str
    password: str
    deliver: Callable[[bytes], Reply]
    path: str = "/asked"
    hcp: str = ""
    file: str = r"C:\Books\acme.qbw"
    ticket: str = ""
    #: What was called, in order.
    calls: list[str] = attrs.field(factory=list)
    #: Where it stops: the n-th time that this point is reached.
    stop_at: tuple[str, int] | None = None
    _reached: dict[str, int] = attrs.field(factory=dict)

    def post(self, body: str | bytes, **headers: str) -> TestResponse:
        """Post a body as it is."""
        data = body.encode() if isinstance(body, str) else body
        given = {"Content-Type": "text/xml; charset=utf-8", **headers}
        return self.client.post(self.path, data=data, headers=given)

    def call(self, method: str, *parameters: tuple[str, str]) -> Any:
        """The result of a method: a text, or a list of texts for `authenticate`."""
        self.calls.append(method)
        answer = self.post(envelope(method, parameters), SOAPAction=f'"{INTUIT}{method}"')
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        found = re.search(
            rf'<{method}Response xmlns="{INTUIT}"><{method}Result>(.*)</{method}Result></{method}Response>',
            answer.text,
            re.DOTALL,
        )
        assert found is not None, answer.text
        if method == "authenticate":
            return re.findall("<string>(.*?)</string>", found[1], re.DOTALL)
        return unescape(found[1])

    def authenticate(self) -> list[str]:
        """Begin a session."""
        found: list[str] = self.call(
            "authenticate", ("strUserName", self.user), ("strPassword", self.password)
        )
        self.ticket = found[0]
        return found

    def send(self, hcp: str = "") -> str:
        """Ask for a request."""
        text: str = self.call(
            "sendRequestXML",
            ("ticket", self.ticket),
            ("strHCPResponse", hcp),
            ("strCompanyFileName", self.file),
            ("qbXMLCountry", "US"),
            ("qbXMLMajorVers", "13"),
            ("qbXMLMinorVers", "0"),
        )
        return text

    def receive(self, response: str, hresult: str = "", message: str = "") -> int:
        """Tell an answer."""
        return int(
            self.call(
                "receiveResponseXML",
                ("ticket", self.ticket),
                ("response", response),
                ("hresult", hresult),
                ("message", message),
            )
        )

    def last_error(self) -> str:
        """Ask what the last call meant."""
        text: str = self.call("getLastError", ("ticket", self.ticket))
        return text

    def close(self) -> str:
        """End the session."""
        text: str = self.call("closeConnection", ("ticket", self.ticket))
        return text

    def connection_error(self, hresult: str, message: str = "") -> str:
        """Say that QuickBooks was not reached."""
        text: str = self.call(
            "connectionError", ("ticket", self.ticket), ("hresult", hresult), ("message", message)
        )
        return text

    def run(self) -> str:
        """A whole run; answers what the status column shows at its end. Raises Stopped where it was told to stop."""
        self.call("serverVersion")
        assert self.call("clientVersion", ("strVersion", "2.3.0.215")) == ""
        answer = self.authenticate()
        if answer[1] in ("nvu", "none", "busy"):
            return answer[1]
        hcp = self.hcp
        for _ in range(200):
            request = self.send(hcp)
            if request == "NoOp":  # a pause, then once more
                assert self.last_error() == "NoOp"
                continue
            hcp = ""
            if not request:
                said = self.last_error()
                self.close()
                return said
            self._point("asked")
            reply = self.deliver(request.encode())
            self._point("carried out")
            if isinstance(reply, Answered):
                progress = self.receive(reply.body.decode())
            else:
                progress = self.receive("", "0x80040402", reply.why)
            self._point("told")
            assert progress <= 99
            if progress < 0:
                said = self.last_error()
                self.close()
                return said
        raise AssertionError("the session does not end")

    def _point(self, name: str) -> None:
        self._reached[name] = self._reached.get(name, 0) + 1
        if self.stop_at == (name, self._reached[name]):
            raise Stopped(name)
