"""The OAuth paths: discovery, consent page, token endpoint, revocation, user info (reference section 1)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from urllib.parse import unquote, urlencode

from blueops_qb.sandbox.qbo.company import Company
from blueops_qb.sandbox.qbo.http import Request, Response, html_response, json_response, redirect
from blueops_qb.sandbox.qbo.identity import SUBJECT, id_token, key_set
from blueops_qb.sandbox.qbo.oauth import ACCOUNTING, OPENID, PAYMENTS, SCOPES, App, OAuthError, Tokens
from blueops_qb.sandbox.qbo.pages import render
from blueops_qb.sandbox.qbo.wire import Obj, loads

HARD_EXPIRY = "HTTP_X_INCLUDE_REFRESH_TOKEN_HARD_EXPIRES_IN"


class SignIn:
    """Answers the OAuth paths for the companies of one twin."""

    def __init__(self, companies: dict[str, Company], tokens: Tokens) -> None:
        self.companies, self.tokens = companies, tokens
        self.paths: dict[tuple[str, str], Callable[[Request], Response]] = {
            ("GET", "/.well-known/openid_configuration"): self._discovery,
            ("GET", "/.well-known/openid_sandbox_configuration"): self._discovery,
            ("GET", "/connect/oauth2"): self._consent,
            ("POST", "/connect/oauth2"): self._decide,
            ("POST", "/oauth2/v1/tokens/bearer"): self._token,
            ("POST", "/v2/oauth2/tokens/revoke"): self._revoke,
            ("GET", "/v1/openid_connect/userinfo"): self._userinfo,
            ("GET", "/op/v1/jwks"): self._jwks,
        }

    def answer(self, request: Request) -> Response | None:
        """Answer a sign-in path, or None when the path is none of them."""
        handler = self.paths.get((request.method, request.path.rstrip("/")))
        return handler(request) if handler else None

    def _discovery(self, request: Request) -> Response:
        base = request.base_url
        return json_response(
            {
                "issuer": f"{base}/op/v1",
                "authorization_endpoint": f"{base}/connect/oauth2",
                "token_endpoint": f"{base}/oauth2/v1/tokens/bearer",
                "userinfo_endpoint": f"{base}/v1/openid_connect/userinfo",
                "revocation_endpoint": f"{base}/v2/oauth2/tokens/revoke",
                "jwks_uri": f"{base}/op/v1/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid", "email", "profile", "address", "phone"],
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
            }
        )

    def _consent(self, request: Request) -> Response:
        asked = {name: request.one(name) for name in ("client_id", "scope", "redirect_uri", "state")}
        problem = self._problem(asked) or (
            "" if request.one("response_type") == "code" else "response_type must be code"
        )
        if problem:
            return html_response(render("problem.html", problem=problem), status=400)
        companies = [(realm, company.info["CompanyName"]) for realm, company in self.companies.items()]
        return html_response(render("consent.html", companies=companies, asked=asked, base=request.base_url))

    def _decide(self, request: Request) -> Response:
        form = request.form()
        asked = {name: form.get(name, "") for name in ("client_id", "scope", "redirect_uri", "state")}
        problem = self._problem(asked)
        realm = form.get("realm", "")
        if not problem and realm not in self.companies:
            problem = f"there is no company {realm!r} here"
        if problem:
            return html_response(render("problem.html", problem=problem), status=400)
        target = asked["redirect_uri"] + ("&" if "?" in asked["redirect_uri"] else "?")
        if form.get("decision") != "allow":
            return redirect(target + urlencode({"error": "access_denied", "state": asked["state"]}))
        app = self.tokens.apps[asked["client_id"]]
        code = self.tokens.issue_code(
            app, realm=realm, scope=asked["scope"], redirect_uri=asked["redirect_uri"]
        )
        back = {"code": code, "state": asked["state"]}
        if {ACCOUNTING, PAYMENTS} & set(asked["scope"].split()):
            back["realmId"] = realm
        return redirect(target + urlencode(back))

    def _problem(self, asked: dict[str, str]) -> str:
        app = self.tokens.apps.get(asked["client_id"])
        if app is None:
            return "the client_id is not known here"
        if not app.may_redirect_to(asked["redirect_uri"]):
            return "the redirect_uri is not registered for this app"
        unknown = sorted(set(asked["scope"].split()) - SCOPES)
        if unknown:
            return f"the scope {unknown[0]} is not known (invalid_scope)"
        return "" if asked["scope"].strip() else "no scope was asked for"

    def _token(self, request: Request) -> Response:
        form = request.form()
        try:
            if not request.content_type.startswith("application/x-www-form-urlencoded"):
                raise OAuthError("invalid_request")
            app = self._app(request, form)
            hard = request.headers.get(HARD_EXPIRY, "").lower() == "true"
            match form.get("grant_type"):
                case "authorization_code":
                    code, back = _needed(form, "code"), _needed(form, "redirect_uri")
                    answer = self.tokens.exchange(app, code=code, redirect_uri=back, hard=hard)
                    answer |= self._identity(request, answer["access_token"])
                case "refresh_token":
                    token = _needed(form, "refresh_token")
                    answer = self.tokens.refresh(app, refresh_token=token, hard=hard)
                case None:
                    raise OAuthError("invalid_request")
                case _:
                    raise OAuthError("unsupported_grant_type")
        except OAuthError as error:
            return _uncached(json_response(error.body(), status=error.status))
        return _uncached(json_response(answer))

    def _identity(self, request: Request, access_token: str) -> Obj:
        # An ID token comes with the code only, and only when openid was asked for.
        grant = self.tokens.connection_of(access_token)
        if grant is None or OPENID not in grant.scope.split():
            return {}
        token = id_token(
            issuer=f"{request.base_url}/op/v1",
            client_id=grant.client_id,
            realm=grant.realm,
            now=self.tokens.clock.now(),
        )
        return {"id_token": token}

    def _revoke(self, request: Request) -> Response:
        try:
            form = _revocation(request)
            self._app(request, form)
        except OAuthError as error:
            return json_response(error.body(), status=error.status)
        if not self.tokens.revoke(str(form.get("token", ""))):
            return json_response({"error": "invalid_request"}, status=400)
        return Response(content_type="application/json")

    def _app(self, request: Request, form: Obj) -> App:
        scheme, _, value = request.authorization.partition(" ")
        if scheme.lower() == "basic":
            try:
                client_id, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
            except (binascii.Error, UnicodeDecodeError):
                raise OAuthError("invalid_client", status=401) from None
            try:
                return self.tokens.authenticate(client_id, secret)
            except OAuthError:
                # Some clients percent-encode the two parts before they encode them (RFC 6749, section 2.3.1).
                return self.tokens.authenticate(unquote(client_id), unquote(secret))
        return self.tokens.authenticate(str(form.get("client_id", "")), str(form.get("client_secret", "")))

    def _userinfo(self, request: Request) -> Response:
        opened = self.tokens.opened_by(request.authorization.partition(" ")[2].strip())
        if opened is None:
            return json_response({"error": "invalid_token"}, status=401)
        if OPENID not in opened.scopes:
            return json_response({"error": "insufficient_scope"}, status=403)
        return json_response(
            {"sub": SUBJECT, "email": "books@example.com", "emailVerified": True, "givenName": "Bo"}
        )

    def _jwks(self, request: Request) -> Response:
        del request
        return json_response(key_set())


def _needed(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value:
        raise OAuthError("invalid_request")
    return value


def _revocation(request: Request) -> Obj:
    if "json" in request.content_type:
        try:
            body = loads(request.body)
        except ValueError:
            raise OAuthError("invalid_request") from None
        return body if isinstance(body, dict) else {}
    return dict(request.form())


def _uncached(response: Response) -> Response:
    response.headers += [("Cache-Control", "no-store"), ("Pragma", "no-cache")]
    return response
