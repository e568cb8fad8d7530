"""Gates: what the outside world may call without a login: a support page and the providers' own gates."""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import sqlalchemy as sa
from flask import Flask, Response, render_template

import blueops_qb
from blueops_qb.engine import due
from blueops_qb.engine.engine import Engine
from blueops_qb.sdk.provider import WSGIApp
from blueops_qb.store import tables as t
from blueops_qb.store.types import new_id

log = logging.getLogger(__name__)
#: No more hints than this of one call are kept; they only say "look", so nothing is lost.
MOST_HINTS = 500


@attrs.frozen
class HintDesk:
    """Stores hints of a provider's gate and makes the change feed due (`sdk.provider.GateDesk`)."""

    engine: Engine
    provider: str

    def tell(self, company_id: str, hints: Sequence[Mapping[str, str]]) -> None:
        """Store hints for the company; one that is connected nowhere is ignored."""
        c = t.connections
        with self.engine.core.engine.connect() as connection:
            connection_id = connection.execute(
                sa.select(c.c.id).where(
                    c.c.provider == self.provider, c.c.company_id == company_id, c.c.state != "retired"
                )
            ).scalar_one_or_none()
        if connection_id is None or not hints:
            return
        with self.engine.turns.open(connection_id) as turn:
            assert turn is not None, "a turn without a lease is always given"
            rows = [self._row(company_id, hint, turn.now) for hint in hints[:MOST_HINTS]]
            turn.connection.execute(t.hints.insert(), rows)
            due.hurry(turn)

    def _row(self, company_id: str, hint: Mapping[str, str], now: dt.datetime) -> dict[str, Any]:
        return {
            "id": new_id(),
            "provider": self.provider,
            "company_id": company_id,
            "payload": json.dumps(dict(hint), sort_keys=True),
            "received_at": now,
        }


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
