"""Gates: what the outside world may call without a login: a support page and the providers' own gates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import attrs
from flask import Flask, Response, render_template

import blueops_qb
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.hints import keep
from blueops_qb.engine.sessions import ConnectionCalls
from blueops_qb.sdk.provider import Hints, WSGIApp


@attrs.frozen
class HintDesk:
    """What a provider's gate may start (`sdk.provider.GateDesk`). Hints are stored; the work begins elsewhere.

    Hints open no turn: a turn may wait for work in progress, and whoever knocks must not.
    """

    engine: Engine
    provider: str

    def tell(self, company_id: str, hints: Hints) -> None:
        """Store the hints of one company; one that is connected nowhere is ignored."""
        self.tell_all({company_id: hints})

    def tell_all(self, hints: Mapping[str, Hints]) -> None:
        """Store hints by company id with one statement."""
        keep(self.engine.core.engine, self.provider, hints)

    @property
    def calls(self) -> ConnectionCalls:
        """Sessions of books that call."""
        return ConnectionCalls(engine=self.engine, provider=self.provider)


class Gates:
    """`/status`, and under `/NAME` the gate of the provider of that name."""

    def __init__(self, engine: Engine) -> None:
        self._status = _status_app().wsgi_app
        self._gates: dict[str, WSGIApp] = {}
        for name, provider in engine.providers.items():
            gate = provider.gate(HintDesk(engine, name))
            if gate is not None:
                self._gates[name] = gate

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        name = path.lstrip("/").partition("/")[0]
        gate = self._gates.get(name)
        if gate is None:
            return self._status(environ, start_response)
        environ = {
            **environ,
            "SCRIPT_NAME": f"{environ.get('SCRIPT_NAME', '')}/{name}",
            "PATH_INFO": path[len(name) + 1 :],
        }
        return gate(environ, start_response)


def make_gates(engine: Engine) -> WSGIApp:
    """The gates of every installed provider; no cookies, no login, nothing of any company is told."""
    return Gates(engine)


def _status_app() -> Flask:
    app = Flask("blueops_qb.web", static_folder="static")

    def status() -> str:
        return render_template("status.html", version=blueops_qb.__version__)

    def closed(_: Exception) -> tuple[str, int]:
        return render_template("status.html", version=blueops_qb.__version__, missing=True), 404

    def headers(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = "default-src 'self'; frame-ancestors 'none'"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    app.add_url_rule("/status", view_func=status)
    app.register_error_handler(404, closed)
    app.after_request(headers)
    return app
