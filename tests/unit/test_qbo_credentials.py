"""Keys and tokens go to the one address that was meant: verified TLS, no redirect followed, no host but the allowed."""

import base64
import contextlib
import datetime as dt
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.providers.qbo.signin import IntuitSignIn, SignInFailed
from blueops_qb.providers.qbo.tokens import Tokens, keep
from blueops_qb.sdk.doors import NotSent
from blueops_qb.sdk.provider import Operation, Verb
from tests.one_answer import READ, WRITE, answering, says
from tests.qbo_documents import NOON, MemoryVault, exchange

CLIENT_SECRET, ACCESS, REFRESH, CODE = (
    "the-client-secret",
    "the-access-token",
    "the-refresh-token",
    "the-code",
)
TOKENS = Tokens(access_token=ACCESS, refresh_token=REFRESH, obtained_at=NOON - dt.timedelta(hours=2))
Act = Callable[[QboSettings], Any]


def _signin(settings: QboSettings) -> IntuitSignIn:
    return IntuitSignIn(settings)


def _send(settings: QboSettings, what: Any) -> Any:
    vault = MemoryVault()
    keep(vault, TOKENS)
    provider = QboProvider(settings, lambda: NOON)
    transport = provider.transport(vault, "9130")
    try:
        return transport.send(provider.encode(what, BooksProfile()))
    finally:
        transport.close()


def renew(settings: QboSettings) -> Any:
    return _send(settings, exchange(Operation(id="op1", verb=Verb.SIGN_IN)))


#: Every call that carries a credential.
ACTS: dict[str, Act] = {
    "write": lambda settings: _send(settings, WRITE),
    "read": lambda settings: _send(settings, READ),
    "renew": renew,
    "exchange the code": lambda settings: _signin(settings).exchange_code(CODE, NOON),
    "revoke": lambda settings: _signin(settings).revoke(TOKENS),
    "read the company": lambda settings: _signin(settings).read_company(ACCESS, "9130"),
}


def settings_at(base: str) -> QboSettings:
    return QboSettings.sandbox(
        base, client_id="id", client_secret=CLIENT_SECRET, redirect_uri="http://127.0.0.1/cb"
    )


def carried(requests: list[bytes]) -> bool:
    """Whether one of the requests held a credential; the credentials of the app travel in base64."""
    basic = base64.b64encode(f"id:{CLIENT_SECRET}".encode()).decode()
    told = b"\n".join(requests)
    return any(secret.encode() in told for secret in (CLIENT_SECRET, ACCESS, REFRESH, CODE, basic))


# -- redirects -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
@pytest.mark.parametrize("act", ACTS)
def test_no_redirect_is_followed_with_credentials(act: str, status: str) -> None:
    with answering(says("200 OK", "{}")) as elsewhere:
        location = f"Location: http://127.0.0.1:{elsewhere.port}/v3/company/9130/x"
        with answering(says(f"{status} Moved", "", location)) as server:
            with contextlib.suppress(SignInFailed):
                ACTS[act](settings_at(f"http://127.0.0.1:{server.port}"))
            assert carried(server.requests), "the call itself was made"
        assert elsewhere.requests == []


# -- TLS -----------------------------------------------------------------------------------------------
def certificate(folder: Path) -> ssl.SSLContext:
    """Right in everything but that nobody we trust has signed it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + dt.timedelta(days=1))
    signed = builder.add_extension(here, critical=False).sign(key, hashes.SHA256())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "pair.pem").write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "pair.pem")
    return context


@contextlib.contextmanager
def secure_server(folder: Path) -> Iterator[tuple[str, list[bytes]]]:
    """An HTTPS server; what it was told behind the handshake is kept."""
    context = certificate(folder)
    heard: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
                secure.settimeout(60)
                heard.append(secure.recv(65536))
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", heard
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(60)


@pytest.mark.parametrize("act", ACTS)
def test_a_certificate_that_nobody_trusts_hears_no_credential(act: str, tmp_path: Path) -> None:
    with secure_server(tmp_path) as (base, heard):
        said = ""
        try:
            reply = ACTS[act](settings_at(base))
        except SignInFailed as problem:
            said = str(problem)
        else:
            assert isinstance(reply, NotSent), "it surely never left"
            said = reply.why
    assert "the certificate of 127.0.0.1 is not trusted" in said
    assert not any(heard)


def test_the_test_server_is_a_real_one_that_somebody_who_trusts_it_reaches(tmp_path: Path) -> None:
    with secure_server(tmp_path) as (base, heard):
        context = ssl.create_default_context(cafile=str(tmp_path / "pair.pem"))
        host, port = base.removeprefix("https://").split(":")
        with (
            socket.create_connection((host, int(port)), timeout=60) as plain,
            context.wrap_socket(plain, server_hostname=host) as secure,
        ):
            secure.sendall(b"GET / HTTP/1.1\r\n\r\n")
            assert secure.recv(100).startswith(b"HTTP/1.1 200")
    assert any(heard)


# -- hosts ---------------------------------------------------------------------------------------------
def discovery(**found: str) -> str:
    names = ("authorization_endpoint", "token_endpoint", "revocation_endpoint")
    return json.dumps({**dict.fromkeys(names, "https://oauth.platform.intuit.com/x"), **found})


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "revocation_endpoint"])
@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example.com/oauth2/v1/tokens/bearer",
        "http://oauth.platform.intuit.com/oauth2/v1/tokens/bearer",
        "https://oauth.platform.intuit.com@evil.example.com/",
        "https://oauth.platform.intuit.com.evil.example.com/",
        "https://user@oauth.platform.intuit.com/",
        "//evil.example.com/",
        "",
    ],
)
def test_a_discovery_document_cannot_send_credentials_elsewhere(name: str, address: str) -> None:
    with answering(says("200 OK", discovery(**{name: address}))) as server:
        settings = settings_at(f"http://127.0.0.1:{server.port}")
        endpoints = _signin(settings).endpoints()
    assert endpoints.token == f"http://127.0.0.1:{server.port}/oauth2/v1/tokens/bearer"
    assert "evil" not in repr(endpoints)


def test_a_discovery_document_within_the_allowed_hosts_counts() -> None:
    with answering(says("200 OK", discovery())) as server:
        endpoints = _signin(settings_at(f"http://127.0.0.1:{server.port}")).endpoints()
    assert endpoints.token == "https://oauth.platform.intuit.com/x"


def test_credentials_of_the_users_own_netrc_never_replace_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with answering(says("200 OK", "{}")) as server:
        _send(settings_at(f"http://127.0.0.1:{server.port}"), WRITE)
        (request,) = server.requests
    assert f"Authorization: Bearer {ACCESS}".encode() in request
    assert b"Basic" not in request
