"""The twin as one WSGI application, and a server for it.

Paths: /.well-known, /connect, /oauth2, /v1, /v2, /op (sign-in), /v3 (the API), /twin (switches for tests),
/books (a person plays the bookkeeper).  The application can be mounted beside others by these prefixes.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
from collections.abc import Iterable, Sequence
from typing import Any

import attrs
from waitress.channel import ClientDisconnected
from waitress.server import create_server

from blueops_qb.sandbox.qbo import downloads
from blueops_qb.sandbox.qbo.admin import Admin
from blueops_qb.sandbox.qbo.api import Api
from blueops_qb.sandbox.qbo.books import Books
from blueops_qb.sandbox.qbo.clock import Clock, fine_stamp
from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.http import (
    Request,
    Response,
    StartResponse,
    Wsgi,
    json_response,
    read_request,
    send,
)
from blueops_qb.sandbox.qbo.oauth import App, Rotation, Tokens
from blueops_qb.sandbox.qbo.refusals import Refusal, refused_call, refused_items
from blueops_qb.sandbox.qbo.signin import SignIn
from blueops_qb.sandbox.qbo.storm import Broken, Fate, Lost, break_off, endure, hang_up
from blueops_qb.sandbox.qbo.throttle import Limits, Throttle
from blueops_qb.sandbox.qbo.weather import Plan, Stats, Trouble, Weather
from blueops_qb.sandbox.qbo.webhooks import Hook, Webhooks

PREFIXES = (
    "/.well-known",
    "/connect",
    "/oauth2",
    "/op",
    "/v1",
    "/v2",
    "/v3",
    "/attachments",
    "/twin",
    "/books",
)
THREADS = 24


def _secret(prefix: str) -> str:
    return prefix + secrets.token_urlsafe(24)


@attrs.frozen(kw_only=True)
class Settings:
    """How a twin is set up; every secret has a random default."""

    access_token: str = attrs.field(factory=lambda: _secret("twin-"))  #: never expires
    client_id: str = attrs.field(factory=lambda: _secret("AB"))
    client_secret: str = attrs.field(factory=lambda: _secret("cs"))
    redirect_uris: tuple[str, ...] = ()
    any_loopback: bool = True  #: redirect addresses on this machine need no registration
    rotation: Rotation = Rotation.DAILY
    limits: Limits | None = None  #: None = no throttle
    latency: float = 0.0  #: seconds
    webhook: Hook | None = None  #: None = changes are told to nobody


class TwinApp:
    """The WSGI application; its parts are open to tests that run in the same process."""

    def __init__(self, company: Company, *, settings: Settings, others: Sequence[Company] = ()) -> None:
        self.company, self.settings = company, settings
        self.companies = {each.realm: each for each in (company, *others)}
        self.tokens = Tokens(company.clock, rotation=settings.rotation)
        self.tokens.apps[settings.client_id] = App(
            client_id=settings.client_id,
            client_secret=settings.client_secret,
            redirect_uris=settings.redirect_uris,
            any_loopback=settings.any_loopback,
        )
        self.tokens.add_fixed(settings.access_token, company.realm)
        self.throttle = Throttle(settings.limits)
        self.weather = Weather(latency=settings.latency)
        self.stats = Stats()
        self.api = Api(
            self.companies,
            tokens=self.tokens,
            throttle=self.throttle,
            weather=self.weather,
            stats=self.stats,
        )
        self.sign_in = SignIn(self.companies, self.tokens)
        self.books = Books(self.companies)
        self.webhooks = Webhooks(self.companies)
        self.admin = Admin(
            self.companies,
            tokens=self.tokens,
            throttle=self.throttle,
            weather=self.weather,
            stats=self.stats,
            webhooks=self.webhooks,
        )
        if settings.webhook is not None:
            self.webhooks.configure(settings.webhook)

    @property
    def clock(self) -> Clock:
        """The time of the first company and of the token endpoint."""
        return self.company.clock

    def end(self) -> None:
        """Let nothing of the application go on: no waiting call, no webhook."""
        self.weather.end()
        self.webhooks.stop()

    def connect(self, realm: str | None = None) -> str:
        """Allow the app for a company without the consent page and answer the refresh token."""
        app = self.tokens.apps[self.settings.client_id]
        return self.tokens.connect(app, realm=realm or self.company.realm).refresh_token

    def __call__(self, environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = read_request(environ)
        response = self._answer(request)
        if isinstance(response, Lost):
            hang_up(request, response)
            raise ClientDisconnected
        if isinstance(response, Broken):
            return break_off(response, start, self.weather)
        return send(response, request, start)

    def _answer(self, request: Request) -> Fate:
        if request.path.startswith("/twin"):
            return self.admin.answer(request)
        if request.path.startswith("/books"):
            return self.books.answer(request)
        if self.weather.latency:
            self.weather.wait(self.weather.latency)
        target = request.path + (f"?{request.query_string}" if request.query_string else "")
        plan = self.weather.next_for(request.method, target)
        return self._in_weather(request, plan) if plan else self._calm(request)

    def _calm(self, request: Request) -> Response:
        if request.path.startswith("/v3/company/"):
            return self.api.answer(request)
        if request.path.startswith(downloads.PREFIX + "/"):
            return downloads.download(self.companies, request)
        response = self.sign_in.answer(request)
        if response is not None:
            self.stats.calls[f"{request.method} {request.path}"] += 1
            return response
        return json_response({"error": f"{request.method} {request.path} is not served here"}, status=404)

    def _refused(self, request: Request, trouble: Trouble, refusal: Refusal) -> Response:
        now = self.clock.now()
        if trouble is Trouble.REFUSED_ITEMS:
            return refused_items(refusal, request, self._calm, time=fine_stamp(now))
        return refused_call(refusal, time=fine_stamp(now), now_ms=int(now.timestamp() * 1000))

    def _in_weather(self, request: Request, plan: Plan) -> Fate:
        self.stats.calls[f"trouble {plan.trouble.value}"] += 1
        if plan.refusal is not None:
            return self._refused(request, plan.trouble, plan.refusal)
        return endure(
            plan,
            request,
            weather=self.weather,
            answer=self._calm,
            throttled=lambda xml: self.api.throttled(xml=xml),
        )


def make_app(
    company: Company, *, settings: Settings | None = None, others: Sequence[Company] = ()
) -> TwinApp:
    """The twin of a company (and of others beside it) as a WSGI application."""
    return TwinApp(company, settings=settings or Settings(), others=others)


class Server:
    """A waitress server of a WSGI application on a loopback address; port 0 takes a free one."""

    def __init__(self, app: Wsgi, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._server = create_server(
            app,
            host=host,
            port=port,
            threads=THREADS,
            connection_limit=500,
            channel_timeout=130,
            max_request_body_size=110 * 2**20,
            asyncore_use_poll=True,
            ident=None,
            clear_untrusted_proxy_headers=True,
        )
        self.base_url = f"http://{host}:{self._server.effective_port}"
        self._stopping = threading.Event()

    def run(self) -> None:
        """Serve until `stop` is called from another thread or a signal handler."""
        server = self._server
        while not self._stopping.is_set():
            server.asyncore.loop(timeout=1, map=server._map, use_poll=True, count=1)
        # Workers first: one that still ends its answer would wake a loop that is already closed.
        server.task_dispatcher.shutdown(timeout=2)
        for channel in list(server.active_channels.values()):
            channel.handle_close()
        server.close()

    def stop(self) -> None:
        """End `run`, from any thread or from a signal handler."""
        self._stopping.set()
        with contextlib.suppress(OSError):
            self._server.pull_trigger()


def serve(app: Wsgi, host: str = "127.0.0.1", port: int = 0) -> Server:
    """Bind a server for the application; call its `run`."""
    return Server(app, host=host, port=port)
