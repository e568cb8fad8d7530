"""Transport: carries the bytes of an exchange to Intuit with the connection's credentials, and nothing else.

A sign-in exchange is carried out here too: the rotated refresh token is in the vault before the answer is
told.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from typing import Any

import attrs
import requests

from blueops_qb.providers.qbo.framing import Answer, Request
from blueops_qb.providers.qbo.settings import Misconfigured, QboSettings
from blueops_qb.providers.qbo.signin import IntuitSignIn, token_error
from blueops_qb.providers.qbo.tokens import Tokens, from_answer, keep, stored
from blueops_qb.providers.qbo.wire_calls import Bearer, call, open_session
from blueops_qb.sdk.doors import Answered, NotSent, Reply
from blueops_qb.sdk.provider import Vault


@attrs.define(kw_only=True, eq=False)
class QboTransport:
    """One connection's way to QuickBooks Online; implements `blueops_qb.sdk.provider.Transport`."""

    settings: QboSettings
    signin: IntuitSignIn
    vault: Vault
    company_id: str
    now: Callable[[], dt.datetime]
    _session: requests.Session = attrs.field(init=False, repr=False)

    @_session.default
    def _open(self) -> requests.Session:
        return open_session(self.settings)

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
        self._session.close()

    def _call(self, request: Request, tokens: Tokens) -> Reply:
        realm = f"/v3/company/{self.company_id}/"
        if not request.path.startswith(realm):
            return NotSent(why=f"the request is not for company {self.company_id}")
        answer = call(
            self._session,
            self.settings,
            request.method,
            self.settings.api_base.rstrip("/") + request.path,
            auth=Bearer(tokens.access_token),
            headers=request.headers,
            data=None if request.body is None else request.body.encode(),
        )
        return Answered(body=answer.to_bytes()) if isinstance(answer, Answer) else answer

    def _sign_in(self, frame: Mapping[str, Any], tokens: Tokens | None) -> Reply:
        if tokens is None or not tokens.refresh_token:
            return _told(400, {"error": "no_tokens"})
        if tokens.obtained_at is not None and tokens.obtained_at >= dt.datetime.fromisoformat(
            frame["asked_at"]
        ):
            return _told(200, {"renewed_by": "another"})  # somebody else was faster
        form = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
        answer = self.signin.ask_tokens(form)
        if not isinstance(answer, Answer):
            return answer
        error = token_error(answer)
        if error:
            return _told(answer.status, {"error": error}, answer.headers)
        now = self.now()
        renewed = from_answer(answer.json() or {}, now, tokens)
        keep(self.vault, renewed)
        lasts = int((renewed.expires_at - now).total_seconds()) if renewed.expires_at else 0
        return _told(200, {"expires_in": lasts}, answer.headers)


def _told(status: int, said: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answered:
    text = json.dumps(dict(said), separators=(",", ":"), sort_keys=True)
    return Answered(body=Answer(status=status, headers=headers or {}, text=text).to_bytes())
