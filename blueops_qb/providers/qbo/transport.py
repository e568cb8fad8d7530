"""Transport: carries the bytes of an exchange to Intuit with the connection's credentials, and nothing else.

A sign-in exchange is carried out here too: the rotated refresh token is in the vault before the answer is
told.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import requests

from blueops_qb.providers.qbo.framing import Answer, Request
from blueops_qb.providers.qbo.settings import Misconfigured, QboSettings
from blueops_qb.providers.qbo.signin import IntuitSignIn, token_error
from blueops_qb.providers.qbo.tokens import Tokens, from_answer, keep, stored
from blueops_qb.providers.qbo.wire_calls import Bearer, call, open_session
from blueops_qb.providers.qbo.wire_log import WireLog
from blueops_qb.sdk.doors import Answered, NotSent, Reply, Unknown
from blueops_qb.sdk.provider import Vault


@attrs.define(kw_only=True, eq=False)
class QboTransport:
    """One connection's way to QuickBooks Online; implements `blueops_qb.sdk.provider.Transport`."""

    settings: QboSettings
    signin: IntuitSignIn
    vault: Vault
    company_id: str
    now: Callable[[], dt.datetime]
    #: The HTTP session of this connection; a host may mount adapters on it.
    session: requests.Session = attrs.field(init=False, repr=False)
    #: The access token that the books refused last.
    _refused: str = attrs.field(default="", init=False, repr=False)
    #: Renewed tokens that could not be stored yet.
    _unsaved: Tokens | None = attrs.field(default=None, init=False, repr=False)
    _wire_log: WireLog | None = attrs.field(init=False, repr=False)

    @session.default
    def _open(self) -> requests.Session:
        return open_session(self.settings)

    @_wire_log.default
    def _open_log(self) -> WireLog | None:
        return WireLog(Path(self.settings.wire_log)) if self.settings.wire_log else None

    def send(self, body: bytes) -> Reply:
        """Send once; never raises for what the network or the books do."""
        frame = json.loads(body)
        try:
            tokens = stored(self.vault)
        except Exception as problem:  # a lost key, a dead database: surely nothing has left yet
            return NotSent(why=f"the stored sign-in of this connection cannot be read: {problem}")
        try:
            if "sign_in" in frame:
                return self._sign_in(frame, tokens)
            if tokens is None:
                return _told(401, {"error": "no_tokens"})
            return self._call(Request.from_frame(frame), tokens)
        except Misconfigured as problem:
            return NotSent(why=str(problem))

    def close(self) -> None:
        """Let go of the connections."""
        self.session.close()

    def _call(self, request: Request, tokens: Tokens) -> Reply:
        realm = f"/v3/company/{self.company_id}/"
        if not request.path.startswith(realm):
            return NotSent(why=f"the request is not for company {self.company_id}")
        sent_at = self.now()
        data, headers = request.sent()
        answer = call(
            self.session,
            self.settings,
            request.method,
            self.settings.api_base.rstrip("/") + request.path,
            auth=Bearer(tokens.access_token),
            headers=headers,
            data=data,
        )
        if self._wire_log is not None:
            secrets = (tokens.access_token, tokens.refresh_token, self.settings.client_secret)
            self._wire_log.note(request, answer, sent_at=sent_at, secrets=secrets)
        if not isinstance(answer, Answer):
            return answer
        if answer.status == 401:
            self._refused = tokens.access_token
        return Answered(body=answer.to_bytes())

    def _sign_in(self, frame: Mapping[str, Any], tokens: Tokens | None) -> Reply:
        if self._unsaved is not None and not _is_newer(tokens, self._unsaved):
            return self._save(self._unsaved)
        self._unsaved = None
        if tokens is None or not tokens.refresh_token:
            return _told(400, {"error": "no_tokens"})
        if self._renewed_since(dt.datetime.fromisoformat(frame["asked_at"]), tokens):
            return _told(200, {"renewed_by": "another"})  # somebody else was faster
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        answer = self.signin.ask_tokens(form)
        if not isinstance(answer, Answer):
            return answer
        error = token_error(answer)
        if error == "invalid_grant" and self._rotated_by_another(tokens):
            return _told(200, {"renewed_by": "another"}, answer.headers)
        if error:
            return _told(answer.status, {"error": error}, answer.headers)
        return self._save(from_answer(answer.json() or {}, self.now(), tokens), answer.headers)

    def _renewed_since(self, asked_at: dt.datetime, tokens: Tokens) -> bool:
        """Whether these tokens came after somebody asked for new ones.

        The two moments are of two clocks, so tokens that are about to expire, or that the books have refused
        here, are renewed whatever the moments say.
        """
        if tokens.obtained_at is None or tokens.obtained_at < asked_at:
            return False
        return not tokens.is_stale(self.now()) and tokens.access_token != self._refused

    def _rotated_by_another(self, tokens: Tokens) -> bool:
        """Whether the vault holds another refresh token by now than the one that Intuit has just refused."""
        try:
            newest = stored(self.vault)
        except Exception:  # it cannot be opened: the next look at the secrets says why
            return False
        return newest is not None and newest.refresh_token not in ("", tokens.refresh_token)

    def _save(self, renewed: Tokens, headers: Mapping[str, str] | None = None) -> Reply:
        """Store before use; what cannot be stored now is kept at hand, because Intuit may not give it twice."""
        try:
            keep(self.vault, renewed)
        except Exception as problem:  # a dead database, a lost key
            self._unsaved = renewed
            return Unknown(why=f"the renewed sign-in could not be stored: {type(problem).__name__}")
        self._unsaved = None
        lasts = int((renewed.expires_at - self.now()).total_seconds()) if renewed.expires_at else 0
        return _told(200, {"expires_in": lasts}, headers)


def _told(status: int, said: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answered:
    text = json.dumps(dict(said), separators=(",", ":"), sort_keys=True)
    return Answered(body=Answer(status=status, headers=headers or {}, text=text).to_bytes())


def _is_newer(tokens: Tokens | None, than: Tokens) -> bool:
    """Whether somebody has signed in again since."""
    if tokens is None or tokens.obtained_at is None or than.obtained_at is None:
        return False
    return tokens.obtained_at > than.obtained_at
