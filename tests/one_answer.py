"""A server on this machine that treats every request in one way: answers, resets, hangs up, stays silent."""

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from typing import Any

import attrs

from blueops_qb.domain.documents import VendorRecord
from blueops_qb.domain.profile import BooksProfile
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.providers.qbo.tokens import ACCESS_TOKEN
from blueops_qb.sdk.doors import Answered, Reply
from blueops_qb.sdk.provider import Operation, Transport, Verb
from tests.qbo_documents import NOON, MemoryVault, exchange, operation

ReplyWith = Callable[[socket.socket], None]
OK = json.dumps(
    {"BatchItemResponse": [{"bId": "0", "Vendor": {"Id": "7", "SyncToken": "0", "DisplayName": "Acme"}}]}
)


@attrs.define
class OneAnswer:
    """A server on this machine that treats every request in the same way and keeps what it was sent."""

    reply: ReplyWith
    port: int = 0
    requests: list[bytes] = attrs.field(factory=list)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                self.requests.append(_whole_request(connection))
                with contextlib.suppress(OSError):
                    self.reply(connection)


def _whole_request(connection: socket.socket) -> bytes:
    connection.settimeout(60)
    data = b""
    while b"\r\n\r\n" not in data:
        if not (more := connection.recv(65536)):
            return data
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else 0
    while len(body) < length:
        if not (more := connection.recv(65536)):
            break
        body += more
    return head + b"\r\n\r\n" + body


def says(status: str, body: str | bytes = "", *headers: str, cut: int = 0) -> ReplyWith:
    """A complete answer; `cut` leaves that many bytes of the body out."""
    content = body.encode() if isinstance(body, str) else body

    def reply(connection: socket.socket) -> None:
        head = [f"HTTP/1.1 {status}", f"Content-Length: {len(content)}", "Connection: close", *headers]
        connection.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + content[: len(content) - cut])

    return reply


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def hangs_up(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_RDWR)


def stays_silent(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.recv(1)


@contextlib.contextmanager
def answering(reply: ReplyWith) -> Iterator[OneAnswer]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = OneAnswer(reply, listener.getsockname()[1])
        thread = threading.Thread(target=server.serve, args=(listener,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listener.shutdown(socket.SHUT_RDWR)
    thread.join(timeout=60)


@contextlib.contextmanager
def transport_to(
    port: int, vault: MemoryVault | None = None, **settings: Any
) -> Iterator[tuple[QboProvider, Transport]]:
    base = QboSettings.sandbox(f"http://127.0.0.1:{port}", client_id="id", client_secret="secret")
    provider = QboProvider(attrs.evolve(base, **settings), lambda: NOON)
    if vault is None:
        vault = MemoryVault()
        vault.put(ACCESS_TOKEN, b"the-token")
    transport = provider.transport(vault, "9130")
    try:
        yield provider, transport
    finally:
        transport.close()


WRITE = exchange(operation(VendorRecord(name="Acme")))
READ = exchange(Operation(id="op1", verb=Verb.CATALOG))


def told(reply: ReplyWith, **settings: Any) -> Reply:
    with answering(reply) as server, transport_to(server.port, **settings) as (provider, transport):
        return transport.send(provider.encode(WRITE, BooksProfile()))


def outcome(reply: Reply) -> Any:
    assert isinstance(reply, Answered)
    return QboProvider(QboSettings()).decode(WRITE, reply.body, BooksProfile())["op1"]


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
