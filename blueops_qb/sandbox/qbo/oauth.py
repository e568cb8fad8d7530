"""OAuth 2.0 of the twin: codes, access tokens, refresh tokens that change daily, revocation (section 1)."""

from __future__ import annotations

import enum
import secrets
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import attrs

from blueops_qb.sandbox.qbo.clock import Clock
from blueops_qb.sandbox.qbo.wire import Obj

ACCOUNTING, PAYMENTS, OPENID = "com.intuit.quickbooks.accounting", "com.intuit.quickbooks.payment", "openid"
#: what an app may ask for (reference section 1.3)
SCOPES = frozenset(
    {
        ACCOUNTING,
        PAYMENTS,
        *(OPENID, "profile", "email", "phone", "address"),
        "project-management.project",
        "app-foundations.custom-field-definitions",
        "app-foundations.custom-field-definitions.read",
        "indirect-tax.tax-calculation.quickbooks",
    }
)
CODE_LIFE = timedelta(minutes=10)
ACCESS_LIFE = timedelta(hours=1)
REFRESH_LIFE = timedelta(seconds=8_726_400)
HARD_LIFE = timedelta(seconds=157_680_000)
DAILY = timedelta(hours=24)


class Rotation(enum.Enum):
    """When a refresh answers a new refresh token."""

    DAILY = "daily"  #: the same value within 24 hours, then a new one
    ALWAYS = "always"  #: a new one each time


class OAuthError(Exception):
    """An error answer of the token endpoint: ``error`` and its HTTP status."""

    def __init__(self, error: str, *, description: str = "", status: int = 400) -> None:
        super().__init__(error)
        self.error, self.description, self.status = error, description, status

    def body(self) -> Obj:
        """The JSON of the answer."""
        return {"error": self.error} | ({"error_description": self.description} if self.description else {})


@attrs.frozen(kw_only=True)
class App:
    """A registered client and the redirect addresses it may use."""

    client_id: str
    client_secret: str
    redirect_uris: tuple[str, ...] = ()
    any_loopback: bool = True  #: any http(s) address on this machine is accepted too

    def may_redirect_to(self, uri: str) -> bool:
        """Is this redirect address registered?"""
        if uri in self.redirect_uris:
            return True
        host = urlsplit(uri).hostname or ""
        return self.any_loopback and (host in ("localhost", "::1") or host.startswith("127."))


@attrs.define(kw_only=True)
class Grant:
    """One connection of an app to a company."""

    client_id: str
    realm: str
    scope: str
    refresh_token: str
    rotated_at: datetime  #: when the present refresh token was made
    used_at: datetime
    connected_at: datetime
    revoked: bool = False
    former_token: str = ""  #: the refresh token before the present one


@attrs.frozen(kw_only=True)
class Opened:
    """What a living access token opens."""

    realm: str
    client_id: str  #: of the app it was given to; empty for the fixed token of the command line
    scopes: frozenset[str]

    @property
    def accounting(self) -> bool:
        """May it call the Accounting API?"""
        return ACCOUNTING in self.scopes


@attrs.frozen(kw_only=True)
class _Code:
    client_id: str
    realm: str
    scope: str
    redirect_uri: str
    expires: datetime


@attrs.frozen(kw_only=True)
class _Access:
    grant: Grant | None  #: None for the fixed token of the command line
    realm: str
    expires: datetime | None


class Tokens:
    """Everything that was granted."""

    def __init__(self, clock: Clock, *, rotation: Rotation = Rotation.DAILY) -> None:
        self.clock, self.rotation = clock, rotation
        self.former_lives = timedelta(0)  #: how long a rotated refresh token is still taken
        self.former_revokes = False  #: a rotated refresh token that is shown again ends the connection
        self.apps: dict[str, App] = {}
        self.grants: list[Grant] = []
        #: called after every change of who is let in
        self.listeners: list[Callable[[], None]] = []
        self._lock = threading.RLock()
        self._codes: dict[str, _Code] = {}
        self._access: dict[str, _Access] = {}

    def add_fixed(self, token: str, realm: str) -> None:
        """An access token that never expires."""
        self._access[token] = _Access(grant=None, realm=realm, expires=None)

    def realm_of(self, token: str) -> str | None:
        """The company that a living access token opens, or None."""
        opened = self.opened_by(token)
        return opened.realm if opened is not None else None

    def opened_by(self, token: str) -> Opened | None:
        """What a living access token opens, or None for a dead or unknown one."""
        access = self._access.get(token)
        if access is None or (access.grant is not None and access.grant.revoked):
            return None
        if access.expires is not None and access.expires <= self.clock.now():
            return None
        if access.grant is None:
            return Opened(realm=access.realm, client_id="", scopes=SCOPES)
        scopes = frozenset(access.grant.scope.split())
        return Opened(realm=access.realm, client_id=access.grant.client_id, scopes=scopes)

    def issue_code(self, app: App, *, realm: str, scope: str, redirect_uri: str) -> str:
        """The code that goes with the redirect: single use, ten minutes."""
        code = "XAB" + secrets.token_urlsafe(30)
        expires = self.clock.now() + CODE_LIFE
        with self._lock:
            self._codes[code] = _Code(
                client_id=app.client_id, realm=realm, scope=scope, redirect_uri=redirect_uri, expires=expires
            )
        return code

    def exchange(self, app: App, *, code: str, redirect_uri: str, hard: bool = False) -> Obj:
        """Code for tokens; raises OAuthError invalid_grant for a used, old or foreign code."""
        with self._lock:
            kept = self._codes.pop(code, None)
            if kept is None or kept.client_id != app.client_id or kept.redirect_uri != redirect_uri:
                raise OAuthError("invalid_grant")
            if kept.expires < self.clock.now():
                raise OAuthError("invalid_grant")
            grant = self.connect(app, realm=kept.realm, scope=kept.scope)
            return self._answer(grant, hard=hard)

    def connect(self, app: App, *, realm: str, scope: str = ACCOUNTING) -> Grant:
        """A new connection, as if a person had allowed it."""
        now = self.clock.now()
        grant = Grant(
            client_id=app.client_id,
            realm=realm,
            scope=scope,
            refresh_token=_refresh_value(),
            rotated_at=now,
            used_at=now,
            connected_at=now,
        )
        with self._lock:
            self.grants.append(grant)
            self._tell()
        return grant

    def refresh(self, app: App, *, refresh_token: str, hard: bool = False) -> Obj:
        """A new access token; the refresh token changes by the rotation rule. Raises OAuthError."""
        now = self.clock.now()
        with self._lock:
            grant = next((g for g in self.grants if g.refresh_token == refresh_token and not g.revoked), None)
            grant = grant or self._by_former_token(refresh_token, now)
            lapsed = grant is not None and (
                now - grant.used_at > REFRESH_LIFE or now - grant.connected_at > HARD_LIFE
            )
            if grant is None or grant.client_id != app.client_id or lapsed:
                raise OAuthError("invalid_grant", description="Incorrect or invalid refresh token")
            if self.rotation is Rotation.ALWAYS or now - grant.rotated_at >= DAILY:
                grant.former_token, grant.refresh_token = grant.refresh_token, _refresh_value()
                grant.rotated_at = now
            grant.used_at = now
            self._tell()
            return self._answer(grant, hard=hard)

    def _by_former_token(self, token: str, now: datetime) -> Grant | None:
        # What becomes of a rotated token is not documented: dead by default, and two switches for the rumours.
        grant = next((g for g in self.grants if token and g.former_token == token and not g.revoked), None)
        if grant is None:
            return None
        if now - grant.rotated_at < self.former_lives:
            return grant
        if self.former_revokes:
            grant.revoked = True
            self._tell()
        return None

    def revoke(self, token: str) -> bool:
        """End the connection that a refresh or access token belongs to; False when it is unknown."""
        with self._lock:
            access = self._access.get(token)
            grant = access.grant if access else None
            grant = grant or next((g for g in self.grants if g.refresh_token == token), None)
            if grant is None or grant.revoked:
                return False
            grant.revoked = True
            self._tell()
            return True

    def revoke_all(self) -> None:
        """A person disconnected the app on the other side."""
        with self._lock:
            for grant in self.grants:
                grant.revoked = True
            self._tell()

    def _tell(self) -> None:
        for listener in self.listeners:
            listener()

    def expire_access(self) -> None:
        """Every access token but the fixed one is dead from now on."""
        with self._lock:
            self._access = {token: a for token, a in self._access.items() if a.expires is None}

    def authenticate(self, client_id: str, client_secret: str) -> App:
        """The app with these credentials; raises OAuthError invalid_client."""
        app = self.apps.get(client_id)
        if app is None or not secrets.compare_digest(app.client_secret.encode(), client_secret.encode()):
            raise OAuthError("invalid_client", status=401)
        return app

    def dump(self) -> Obj:
        """Apps and living connections as JSON; access tokens are not kept."""
        with self._lock:
            return {
                "apps": [attrs.asdict(app) for app in self.apps.values()],
                "grants": [
                    {
                        name: value.isoformat() if isinstance(value, datetime) else value
                        for name, value in attrs.asdict(grant).items()
                    }
                    for grant in self.grants
                    if not grant.revoked
                ],
            }

    def restore(self, access: Obj) -> None:
        """Let in again who was let in before."""
        for grant in access.get("grants", []):
            moments = {
                name: datetime.fromisoformat(grant[name])
                for name in ("rotated_at", "used_at", "connected_at")
            }
            self.grants.append(Grant(**{**grant, **moments}))

    def connection_of(self, access_token: str) -> Grant | None:
        """The connection that an access token was given to, or None."""
        access = self._access.get(access_token)
        return access.grant if access is not None else None

    def _answer(self, grant: Grant, *, hard: bool) -> Obj:
        now = self.clock.now()
        token = "eyJ" + secrets.token_urlsafe(48)
        self._access[token] = _Access(grant=grant, realm=grant.realm, expires=now + ACCESS_LIFE)
        body: Obj = {
            "token_type": "bearer",
            "access_token": token,
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "refresh_token": grant.refresh_token,
            "x_refresh_token_expires_in": int(REFRESH_LIFE.total_seconds()),
        }
        if hard:
            left = grant.connected_at + HARD_LIFE - now
            body["x_refresh_token_hard_expires_in"] = int(left.total_seconds())
        return body


def _refresh_value() -> str:
    return "RT1-" + secrets.token_urlsafe(30)
