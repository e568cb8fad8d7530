"""Sign-in desk: what the pages ask of a provider whose books are connected through a consent page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from blueops_qb.engine.connections import SignedIn
from blueops_qb.sdk.provider import Vault


class SignInDesk(Protocol):
    """The sign-in of one provider; `redirect_uri` is the address of the pages' callback."""

    def authorize_url(self, state: str, redirect_uri: str) -> str:
        """Where to send the browser; raises ConnectRefused when the host is not configured for it."""

    def complete(self, query: Mapping[str, str], redirect_uri: str) -> SignedIn:
        """The company behind the answer, read before anything is bound; raises ConnectRefused."""

    def revoke(self, vault: Vault) -> None:
        """End the consent over there; raises ConnectRefused when it was not confirmed."""
