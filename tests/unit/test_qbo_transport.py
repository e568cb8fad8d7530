"""The transport tells what surely never left from what may have happened, and adds credentials only."""

import contextlib
import datetime as dt
import gzip
import json
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.providers.qbo.tokens import ACCESS_TOKEN
from blueops_qb.sdk.doors import Answered, NotSent, Unknown
from blueops_qb.sdk.outcomes import Applied, NotKnown, SignIn, Throttled
from tests.one_answer import (
    OK,
    WRITE,
    ReplyWith,
    answering,
    closed_port,
    hangs_up,
    outcome,
    resets,
    says,
    stays_silent,
    told,
    transport_to,
)
from tests.qbo_documents import MemoryVault


# -- what goes out ---------------------------------------------------------------------------------
def test_the_body_goes_out_unchanged_with_the_token_and_nothing_else() -> None:
    with (
        answering(says("200 OK", OK, "intuit_tid: 1-abc")) as server,
        transport_to(server.port) as (provider, way),
    ):
        framed = provider.encode(WRITE, BooksProfile())
        reply = way.send(framed)
        (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    assert body.decode() == json.loads(framed)["body"]
    assert b"POST /v3/company/9130/batch?requestid=exchange1&minorversion=75 HTTP/1.1" in head
    lines = {line.split(b":")[0].lower(): line.split(b": ", 1)[1] for line in head.split(b"\r\n")[1:]}
    assert lines[b"authorization"] == b"Bearer the-token"
    assert lines[b"accept-encoding"] == b"gzip"
    assert b"cookie" not in lines
    applied = outcome(reply)
    assert isinstance(applied, Applied)
    assert applied.reference == "1-abc"


def test_a_cookie_of_the_server_is_not_sent_back() -> None:
    tasty = says("200 OK", OK, "Set-Cookie: taste=sweet; Path=/")
    with answering(tasty) as server, transport_to(server.port) as (provider, transport):
        for _ in range(2):
            transport.send(provider.encode(WRITE, BooksProfile()))
        assert len(server.requests) == 2
        assert not any(b"taste" in request for request in server.requests)


def test_a_packed_answer_is_unpacked() -> None:
    assert isinstance(
        outcome(told(says("200 OK", gzip.compress(OK.encode()), "Content-Encoding: gzip"))), Applied
    )


def test_a_request_for_another_company_never_leaves() -> None:
    with answering(says("200 OK", OK)) as server, transport_to(server.port) as (provider, transport):
        other = attrs.evolve(WRITE, company_id="42")
        assert isinstance(transport.send(provider.encode(other, BooksProfile())), NotSent)
        assert server.requests == []


def test_the_netrc_of_the_server_is_no_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with answering(says("200 OK", OK)) as server, transport_to(server.port) as (provider, transport):
        transport.send(provider.encode(WRITE, BooksProfile()))
        assert b"Authorization: Bearer the-token" in server.requests[0]


# -- what surely never left ------------------------------------------------------------------------
def test_a_refused_connection_was_not_sent() -> None:
    with transport_to(closed_port()) as (provider, transport):
        reply = transport.send(provider.encode(WRITE, BooksProfile()))
    assert isinstance(reply, NotSent)
    assert "refused" in reply.why


def test_a_name_that_does_not_resolve_was_not_sent() -> None:
    settings = attrs.evolve(
        QboSettings(),
        api_base="https://nowhere.invalid",
        allowed_hosts=frozenset({"nowhere.invalid", *_hosts()}),
    )
    vault = MemoryVault()
    vault.put(ACCESS_TOKEN, b"t")
    provider = QboProvider(settings)
    transport = provider.transport(vault, "9130")
    reply = transport.send(provider.encode(WRITE, BooksProfile()))
    transport.close()
    assert isinstance(reply, NotSent)
    assert "nowhere.invalid" in reply.why


def _hosts() -> frozenset[str]:
    return QboSettings().allowed_hosts


def test_a_connection_that_is_not_accepted_in_time_was_not_sent() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        with contextlib.ExitStack() as stack:
            for _ in range(3):  # fill the queue of the listener
                waiting = stack.enter_context(socket.socket())
                waiting.setblocking(False)
                with contextlib.suppress(BlockingIOError):
                    waiting.connect(("127.0.0.1", port))
            with transport_to(port, connect_timeout=0.2) as (provider, transport):
                reply = transport.send(provider.encode(WRITE, BooksProfile()))
    assert isinstance(reply, NotSent)
    assert "in time" in reply.why


def self_signed(folder: Path) -> ssl.SSLContext:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    certificate = builder.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "pair.pem").write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    return context


def test_a_certificate_that_is_not_trusted_was_not_sent(tmp_path: Path) -> None:
    context, heard = self_signed(tmp_path), []

    def shakes_hands(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            heard.append(secure.recv(1))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=shakes_hands, args=(listener,), daemon=True)
        thread.start()
        vault = MemoryVault()
        vault.put(ACCESS_TOKEN, b"t")
        provider = QboProvider(QboSettings.sandbox(f"https://127.0.0.1:{listener.getsockname()[1]}"))
        transport = provider.transport(vault, "9130")
        reply = transport.send(provider.encode(WRITE, BooksProfile()))
        transport.close()
        thread.join(timeout=60)
    assert isinstance(reply, NotSent)
    assert "certificate" in reply.why
    assert not any(heard)


def test_a_sign_in_that_cannot_be_opened_was_not_sent() -> None:
    class Locked(MemoryVault):
        def get(self, key: str, default: Any = None) -> bytes:
            raise RuntimeError(f"{key} {default}: key 2026-01 is missing")

    with transport_to(closed_port(), Locked()) as (provider, transport):
        reply = transport.send(provider.encode(WRITE, BooksProfile()))
    assert isinstance(reply, NotSent)
    assert "key 2026-01" in reply.why


def test_a_missing_sign_in_asks_for_a_person() -> None:
    with transport_to(closed_port(), MemoryVault()) as (provider, transport):
        reply = transport.send(provider.encode(WRITE, BooksProfile()))
    signed_out = outcome(reply)
    assert isinstance(signed_out, SignIn)
    assert not signed_out.refresh


# -- what may have happened ------------------------------------------------------------------------
@pytest.mark.parametrize("reply", [resets, hangs_up, stays_silent, says("200 OK", OK, cut=5)])
def test_a_lost_answer_is_unknown(reply: ReplyWith) -> None:
    lost = told(reply, read_timeout=0.3)
    assert isinstance(lost, Unknown)
    assert "127.0.0.1" in lost.why


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (says("200 OK", "<html>We'll be right back</html>", "Content-Type: text/html"), NotKnown),
        (says("200 OK", b"\xff\xfe\x00"), NotKnown),
        (says("500 Oops", ""), NotKnown),
        (
            says(
                "429 Slow",
                '<IntuitResponse><Fault type="SERVICE"><Error code="3001"/></Fault></IntuitResponse>',
            ),
            Throttled,
        ),
        (says("401 No", "{}"), SignIn),
        (says("302 Found", "", "Location: http://127.0.0.1:1/elsewhere"), NotKnown),
    ],
)
def test_what_is_answered_is_passed_on_as_it_is(reply: ReplyWith, expected: type) -> None:
    assert isinstance(outcome(told(reply)), expected)


def test_a_redirect_is_not_followed() -> None:
    with answering(says("200 OK", OK)) as target:
        reply = told(says("307 Here", "", f"Location: http://127.0.0.1:{target.port}/v3/"))
        assert isinstance(reply, Answered)
        assert target.requests == []
