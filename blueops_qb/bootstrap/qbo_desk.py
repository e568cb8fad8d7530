"""QBO desk: the sign-in at Intuit as the pages use it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import attrs

from blueops_qb.engine.connections import ConnectRefused, SignedIn
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import Misconfigured
from blueops_qb.providers.qbo.signin import IntuitSignIn, SignInFailed, error_sentence
from blueops_qb.providers.qbo.tokens import TOKENS, stored
from blueops_qb.sdk.provider import Vault


@attrs.frozen
class QboSignInDesk:
    """Implements `web.signin.SignInDesk` for QuickBooks Online."""

    provider: QboProvider
    now: Callable[[], dt.datetime]

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """The consent page's address; raises ConnectRefused when the host is not configured for it."""
        try:
            return self._signin(redirect_uri).authorize_url(state)
        except Misconfigured as problem:
            raise ConnectRefused(str(problem)) from problem

    def complete(self, query: Mapping[str, str], redirect_uri: str) -> SignedIn:
        """Exchange the code and read the company before anything is bound; raises ConnectRefused."""
        if query.get("error"):
            raise ConnectRefused(error_sentence(query["error"]))
        code, realm = query.get("code", ""), query.get("realmId", "")
        if not code or not realm:
            raise ConnectRefused(
                "Intuit's answer names no company or holds no code. Nothing was changed; press Connect again."
            )
        signin = self._signin(redirect_uri)
        try:
            tokens = signin.exchange_code(code, self.now())
            company = signin.read_company(tokens.access_token, realm)
        except (SignInFailed, Misconfigured) as problem:
            raise ConnectRefused(str(problem)) from problem
        return SignedIn(company_id=realm, company_name=company.company_name, secrets={TOKENS: tokens.dump()})

    def revoke(self, vault: Vault) -> None:
        """End the consent at Intuit; raises ConnectRefused when Intuit does not confirm."""
        tokens = stored(vault)
        if tokens is None or not tokens.refresh_token:
            return
        try:
            self.provider.signin.revoke(tokens)
        except (SignInFailed, Misconfigured) as problem:
            raise ConnectRefused(str(problem)) from problem

    def _signin(self, redirect_uri: str) -> IntuitSignIn:
        settings = self.provider.settings
        if settings.redirect_uri or not settings.allow_loopback_http:
            return self.provider.signin
        # Only the sandbox, whose port is not known beforehand, takes the page's own address.
        return IntuitSignIn(attrs.evolve(settings, redirect_uri=redirect_uri))
