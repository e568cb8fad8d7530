"""Puts core's pages and the plugins' apps under one roof: `pages` behind the login, `gates` outside it.

A plugin's pages get who asks in the environment (`blueops.user`, `blueops.tenant`, `blueops.role`,
`blueops.session`) and never see core's own cookie; its gates see no cookies and can set none.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask

from blueops_qb.sandbox.core.calls import Plugin
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sandbox.core.pages import here
from blueops_qb.sandbox.core.pages.app import COOKIE, make_pages

Headers = list[tuple[str, str]]
Filter = Callable[[Headers], Headers]


def make_wsgi(core: ReferenceCore, others: Mapping[str, WSGIApplication] | None = None) -> WSGIApplication:
    """Everything on one port; `others` are apps of the sandbox by prefix (a twin), outside the login."""
    return Host(core, others or {})


class Host:
    """The WSGI application of the whole house."""

    def __init__(self, core: ReferenceCore, others: Mapping[str, WSGIApplication]) -> None:
        self._core = core
        self._app = make_pages(core)
        self._others = others
        self._mounted: dict[tuple[str, object], tuple[WSGIApplication | None, WSGIApplication | None]] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._core.forked:
            with self._lock:
                if self._core.forked:
                    self._core.start()
        path = environ.get("PATH_INFO", "")
        for prefix, other in self._others.items():
            if _under(path, prefix):
                return other(environ, start_response)
        for plugin in self._core.world.ready():
            assert plugin.manifest is not None
            if plugin.manifest.pages and _under(path, plugin.manifest.pages):
                return self._pages(plugin, plugin.manifest.pages, environ, start_response)
            if plugin.manifest.gates and _under(path, plugin.manifest.gates):
                return self._gates(plugin, plugin.manifest.gates, environ, start_response)
        return self._app(environ, start_response)

    def _pages(
        self, plugin: Plugin, prefix: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        session = self._session(self._app, environ)
        member = here.find_member(self._core, session.get(here.USER), session.get(here.TENANT))
        if member is None:
            wanted = prefix
            if environ.get("REQUEST_METHOD") == "GET":
                query = environ.get("QUERY_STRING", "")
                wanted = quote(environ.get("PATH_INFO", "")) + (f"?{query}" if query else "")
            place = f"{environ.get('SCRIPT_NAME', '')}/login?next={quote(wanted, safe='/')}"
            return _answer(start_response, "303 See Other", "Sign in first.", [("Location", place)])
        inner = _shifted(environ, prefix)
        inner["HTTP_COOKIE"] = _without_ours(environ.get("HTTP_COOKIE", ""))
        inner["blueops.user"] = member.user_id
        inner["blueops.tenant"] = member.tenant_id
        inner["blueops.role"] = member.role.value
        inner["blueops.session"] = session.get(here.SESSION_ID, "")
        return self._run(plugin, 0, inner, start_response, _keep_our_cookie)

    def _gates(
        self, plugin: Plugin, prefix: str, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        inner = _shifted(environ, prefix)
        inner.pop("HTTP_COOKIE", None)
        return self._run(plugin, 1, inner, start_response, _without_cookies)

    def _run(
        self,
        plugin: Plugin,
        which: int,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        kept: Filter,
    ) -> Iterable[bytes]:
        def start(status: str, headers: Headers, *rest: Any) -> Any:
            return start_response(status, kept(headers), *rest)

        try:
            app = self._apps(plugin)[which]
            if app is None:
                return _answer(start_response, "404 Not Found", f"{plugin.name} has nothing here.")
            return app(environ, start)
        except Exception as problem:
            self._core.world.calls.note(plugin, f"request {environ.get('PATH_INFO', '')}", problem)
            text = f"{plugin.name} failed on this page; an administrator finds the reason in Settings."
            return _answer(start_response, "500 Internal Server Error", text)

    def _apps(self, plugin: Plugin) -> tuple[WSGIApplication | None, WSGIApplication | None]:
        """The plugin's two apps, made once; made anew after it was installed again."""
        manifest = plugin.manifest
        assert manifest is not None
        key = (plugin.id, id(plugin.modules))
        with self._lock:
            if key not in self._mounted:
                if not manifest.app:
                    return None, None
                module, _, name = manifest.app.partition(":")
                make = getattr(importlib.import_module(module), name)
                pages, gates = make(self._core.for_plugin(plugin.id))
                self._mounted[key] = (pages, gates)
            return self._mounted[key]

    @staticmethod
    def _session(app: Flask, environ: WSGIEnvironment) -> Mapping[str, Any]:
        opened = app.session_interface.open_session(app, app.request_class(environ))
        return opened or {}


def _under(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")


def _shifted(environ: WSGIEnvironment, prefix: str) -> WSGIEnvironment:
    inner = {key: value for key, value in environ.items() if not key.startswith("blueops.")}
    inner["SCRIPT_NAME"] = environ.get("SCRIPT_NAME", "") + prefix
    inner["PATH_INFO"] = environ.get("PATH_INFO", "")[len(prefix) :]
    return inner


def _without_ours(header: str) -> str:
    parts = (part.strip() for part in header.split(";"))
    return "; ".join(part for part in parts if part.partition("=")[0].strip() != COOKIE)


def _keep_our_cookie(headers: Headers) -> Headers:
    return [(n, v) for n, v in headers if n.lower() != "set-cookie" or not v.startswith(f"{COOKIE}=")]


def _without_cookies(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() != "set-cookie"]


def _answer(
    start_response: StartResponse, status: str, text: str, headers: Headers | None = None
) -> Iterable[bytes]:
    body = text.encode()
    plain = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(status, plain + (headers or []))
    return [body]
