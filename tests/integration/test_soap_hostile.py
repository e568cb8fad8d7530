"""Whoever finds the gate: floods, bombs and guesses are refused in no time and in little memory, and reach nothing.

What bounds the work is counted: the bytes that were taken, the memory that is held (50 MiB for all). That an attempt is
refused within a second, the median of this file's attempts shows by the clock; a single one may meet a machine that
stands still for a while, so no more is asked of it than that it is not the minutes that a bomb would take.
"""

import os
import socket
import statistics
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueops_qb.engine import callers
from blueops_qb.providers.qbd.soap import HEAD, LARGEST
from blueops_qb.sdk.provider import WSGIApp
from blueops_qb.store import tables as t
from blueops_qb.web.app import make_gates
from tests.engine_house import TENANT, EngineHouse
from tests.web_connector import INTUIT, envelope

pytest_plugins = ["tests.engine_fixtures"]

MIB = 1024 * 1024
#: How long every attempt took by the clock, in seconds.
TOOK: list[float] = []
#: What no single attempt may take, in seconds of work: a fraction of what the bombs here take a parser without limits.
MINUTES = 30.0
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
BEGIN = f'<s:Envelope xmlns:s="{SOAP}"><s:Body>'


class Endless:
    """A body that is made while it is read: a head, as many bytes of filling as wanted, a tail."""

    def __init__(self, head: str | bytes, filling: bytes = b"", size: int = 0, tail: str = "") -> None:
        self.head = head.encode() if isinstance(head, str) else head
        self.filling, self.left, self.tail = filling, size, tail.encode()
        self.length = len(self.head) + size + len(self.tail)
        self.taken = 0

    def read(self, n: int) -> bytes:
        if self.head:
            piece, self.head = self.head[:n], self.head[n:]
        elif self.left:
            piece = (self.filling * (n // len(self.filling) + 1))[: min(n, self.left)]
            self.left -= len(piece)
        else:
            piece, self.tail = self.tail[:n], self.tail[n:]
        self.taken += len(piece)
        return piece


@pytest.fixture
def gate(asking: EngineHouse) -> WSGIApp:
    return make_gates(asking.engine)


def post(
    gate: WSGIApp, body: Endless, *, chunked: bool = False, content_type: str = "text/xml"
) -> tuple[str, str]:
    """(status, text) of a post; how long it took is kept for the median."""
    started: list[str] = []
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/asked",
        "QUERY_STRING": "",
        "CONTENT_TYPE": content_type,
        "wsgi.input": body,
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
    }
    if chunked:
        environ["wsgi.input_terminated"] = True
    else:
        environ["CONTENT_LENGTH"] = str(body.length)
    begin, worked = time.perf_counter(), time.thread_time()
    text = b"".join(gate(environ, lambda status, _: started.append(status)))
    assert time.thread_time() - worked < MINUTES
    TOOK.append(time.perf_counter() - begin)
    return started[0], text.decode()


def peak() -> int:
    """The most memory that was held since `forget_peak`, in bytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def held() -> int:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


@pytest.fixture
def small() -> Iterator[None]:
    """What happens meanwhile takes less than 50 MiB."""
    forget_peak()
    before = held()
    yield
    grown = peak() - before
    print(f"{len(TOOK)} attempts so far, the longest {max(TOOK, default=0.0):.3f} s")
    print(f"grown by {grown / MIB:.1f} MiB")  # shown by -rP
    assert grown < 50 * MIB


@pytest.fixture(scope="module", autouse=True)
def refused_within_a_second() -> Iterator[None]:
    """The median of the attempts of the tests that ran is below one second by the clock."""
    TOOK.clear()
    yield
    assert not TOOK or statistics.median(TOOK) < 1.0


def test_the_measure_of_memory_sees_what_is_filled() -> None:
    forget_peak()
    before = held()
    filled = bytearray(os.urandom(1) * (60 * MIB))
    del filled
    assert peak() - before > 50 * MIB


BOMB = (
    "<!DOCTYPE a [<!ENTITY a0 '"
    + "x" * 100
    + "'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 30))
    + "]>"
)
IN_DEFAULTS = BOMB.replace("]>", "<!ATTLIST Envelope z CDATA '&a29;'>]>")


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE a>",
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE a [<!ENTITY % e SYSTEM "file:///etc/passwd"> %e;]>',
        BOMB,
        IN_DEFAULTS,
        "<!DOCTYPE a [" + "<!ELEMENT x ANY>" * 100_000,
    ],
    ids=["bare", "external", "entity", "parameter entity", "bomb", "bomb in a default", "endless subset"],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_document_type_is_refused_before_it_is_read(
    gate: WSGIApp, small: None, doctype: str, encoding: str
) -> None:
    del small
    call = envelope("clientVersion", [("strVersion", "&e;&a29;")]).replace("&amp;", "&")
    body = Endless((doctype + call[len('<?xml version="1.0" encoding="utf-8"?>') :]).encode(encoding))
    status, text = post(gate, body, content_type=f"text/xml; charset={encoding}")
    assert status == "400 Bad Request"
    assert "no document type" in text
    assert "root:" not in text
    assert body.taken <= 2 * HEAD


def test_nothing_is_fetched_from_files_or_the_network(gate: WSGIApp, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # whoever opens it waits for ever
    came = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def wait() -> None:
            try:
                server.accept()
                came.set()
            except OSError:
                pass

        waiting = threading.Thread(target=wait)
        waiting.start()
        port = server.getsockname()[1]
        for place in (pipe.as_uri(), f"http://127.0.0.1:{port}/x.dtd"):
            for doctype in (f'<!DOCTYPE a SYSTEM "{place}">', f'<!DOCTYPE a [<!ENTITY e SYSTEM "{place}">]>'):
                assert post(gate, Endless(f"{doctype}<a>&e;</a>"))[0] == "400 Bad Request"
            hint = f'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:a {place}"/>'
            assert post(gate, Endless(hint))[0] == "400 Bad Request"
            sheet = f'<?xml-stylesheet type="text/xsl" href="{place}"?>{envelope("serverVersion")[38:]}'
            assert post(gate, Endless(sheet))[0] == "200 OK"  # an instruction is left unread
            include = envelope("getLastError", [("ticket", "t")]).replace(
                "<ticket>", f'<ticket xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{place}"/>'
            )
            assert post(gate, Endless(include))[0] == "400 Bad Request"
        server.shutdown(socket.SHUT_RDWR)  # nobody came who could be let in
        waiting.join()
    assert not came.is_set()


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("method", ["authenticate", "sendRequestXML", "receiveResponseXML"])
def test_twenty_megabytes_of_a_stranger_are_not_even_read(
    gate: WSGIApp, small: None, method: str, chunked: bool
) -> None:
    del small
    head, tail = envelope(method, [("ticket", "guess"), ("response", "@")]).split("@")
    body = Endless(head, b"x", 20 * MIB, tail)
    status, _ = post(gate, body, chunked=chunked)
    assert status == "413 Content Too Large"
    assert body.taken <= 3 * HEAD


@pytest.mark.parametrize("chunked", [False, True])
def test_seventy_megabytes_with_a_right_ticket_are_refused_as_well(
    asking: EngineHouse, gate: WSGIApp, chunked: bool
) -> None:
    ticket = let_in(asking, gate)
    head, tail = envelope("receiveResponseXML", [("ticket", ticket), ("response", "@")]).split("@")
    body = Endless(head, b"x", 20 * MIB, tail)
    assert post(gate, body, chunked=chunked)[0] == "413 Content Too Large"
    assert body.taken <= LARGEST + 3 * HEAD


@pytest.mark.parametrize(
    ("head", "filling"),
    [
        ("", b"<a>"),
        (BEGIN, b"<a>"),
        (f'{BEGIN}<authenticate xmlns="{INTUIT}">', b"<a/>"),
        (f'{BEGIN}<authenticate xmlns="{INTUIT}"><strUserName ', b"a='1' "),
        (f'{BEGIN}<authenticate xmlns="{INTUIT}"><strUserName a="', b"x"),
        (f'{BEGIN}<authenticate xmlns="{INTUIT}"><strUserName>', b"&lt;"),
        (f"{BEGIN}<!--", b"x"),
        (f"{BEGIN}<?x ", b"x"),
        (f"{BEGIN}<", b"x"),
        ("<s:Envelope ", b"xmlns:a='urn:a' "),
        ("", b"\x00"),
        ("", b"\xff\xfe"),
    ],
    ids=[
        "depth", "depth in the body", "elements", "attributes", "attribute", "references",
        "comment", "instruction", "name", "namespaces", "zeros", "no characters",
    ],
)  # fmt: skip
def test_what_would_keep_a_parser_busy_is_refused(
    gate: WSGIApp, small: None, head: str, filling: bytes
) -> None:
    del small
    body = Endless(head, filling, 10 * MIB)
    status, _ = post(gate, body)
    assert status[0] in "45"
    assert body.taken <= 3 * HEAD


def test_a_right_ticket_opens_no_way_to_fill_the_memory_with_elements(
    asking: EngineHouse, gate: WSGIApp, small: None
) -> None:
    del small
    ticket = let_in(asking, gate)
    head = envelope("receiveResponseXML", [("ticket", ticket), ("response", "@")]).split("@")[0]
    for filling in (b"<a/>", b"<a>", b"<a b='c'>"):
        for text in ("", "x" * 2 * HEAD):  # in the head of the call, and behind it
            body = Endless(head + text, filling, 10 * MIB)
            assert post(gate, body)[0] == "400 Bad Request"
            assert body.taken <= 6 * HEAD
    for filling in (b"<!--a-->", b"<?a?>"):  # left unread, so they fill nothing
        post(gate, Endless(head, filling, 10 * MIB))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "x",
        "<a/>",
        f"{BEGIN}</s:Body></s:Envelope>",
        f'{BEGIN}<authenticate xmlns="urn:other"/></s:Body></s:Envelope>',
        f'{BEGIN}<unheard xmlns="{INTUIT}"/></s:Body></s:Envelope>',
        f'{BEGIN}<closeConnection xmlns="{INTUIT}"/><closeConnection xmlns="{INTUIT}"/></s:Body></s:Envelope>',
        f'{BEGIN}<closeConnection xmlns="{INTUIT}"><ticket>a</ticket><ticket>b</ticket></closeConnection></s:Body>'
        "</s:Envelope>",
        f'{BEGIN}<closeConnection xmlns="{INTUIT}">',
        envelope("serverVersion").replace("xmlsoap.org/soap", "w3.org/2003/05/soap"),
    ],
    ids=[
        "nothing",
        "text",
        "other XML",
        "no call",
        "namespace",
        "method",
        "two calls",
        "twice",
        "cut",
        "SOAP 1.2",
    ],
)
def test_what_is_no_call_is_answered_with_a_fault(gate: WSGIApp, body: str) -> None:
    status, text = post(gate, Endless(body))
    assert status[0] in "45"
    assert "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>" in text


@pytest.mark.parametrize("header", ["<a>" * 9 + "</a>" * 9, "<a/>" * 100], ids=["deep", "many"])
def test_a_header_is_neither_deep_nor_has_it_many_elements(gate: WSGIApp, header: str) -> None:
    call = f'{BEGIN}<serverVersion xmlns="{INTUIT}"/></s:Body></s:Envelope>'
    assert post(gate, Endless(call.replace("<s:Body>", "<s:Header><a/></s:Header><s:Body>")))[0] == "200 OK"
    status, text = post(gate, Endless(call.replace("<s:Body>", f"<s:Header>{header}</s:Header><s:Body>")))
    assert status == "400 Bad Request"
    assert "neither deep" in text


def test_a_body_that_is_shorter_than_it_says_is_refused(gate: WSGIApp) -> None:
    body = Endless(envelope("serverVersion"))
    body.length += 10
    assert post(gate, body)[0] == "400 Bad Request"


def let_in(house: EngineHouse, gate: WSGIApp) -> str:
    who = callers.new_password(house.core, TENANT, house.id, actor="admin", keys=house.engine.keys)
    parts = [("strUserName", who.caller.user), ("strPassword", who.password)]
    _, text = post(gate, Endless(envelope("authenticate", parts)))
    return text.split("<string>")[1].split("</string>")[0]


def test_a_thousand_guesses_change_nothing_and_the_right_one_comes_in(
    asking: EngineHouse, gate: WSGIApp, small: None
) -> None:
    del small
    let_in(asking, gate)
    (row,) = asking.rows(t.callers)
    sessions = asking.rows(t.sessions)
    for n in range(1000):
        user = row.user_name if n % 2 else f"blueops-{n}"
        parts = [("strUserName", user), ("strPassword", f"guess {n}")]
        _, text = post(gate, Endless(envelope("authenticate", parts)))
        assert "<string></string><string>nvu</string>" in text
    assert asking.rows(t.callers) == [row]
    assert asking.rows(t.sessions) == sessions
    assert let_in(asking, gate)


def test_a_thousand_guessed_tickets_bring_nothing(asking: EngineHouse, gate: WSGIApp, small: None) -> None:
    del small
    asking.customer()
    let_in(asking, gate)
    for n in range(1000):
        _, text = post(
            gate, Endless(envelope("sendRequestXML", [("ticket", f"{n:08x}-0000-4000-8000-000000000000")]))
        )
        assert "<sendRequestXMLResult></sendRequestXMLResult>" in text
    assert asking.rows(t.exchanges, t.exchanges.c.state == "sent") == []
