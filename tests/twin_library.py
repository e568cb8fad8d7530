"""python-quickbooks as its users have it, pointed at the QuickBooks Online twin instead of Intuit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from intuitlib.client import AuthClient
from quickbooks import QuickBooks

from blueops_qb.sandbox.qbo.running import RunningTwin


@contextmanager
def library(twin: RunningTwin) -> Iterator[Any]:
    """A QuickBooks client of the twin's first company."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
        patch.setattr(QuickBooks, "api_url_v3", f"{twin.base_url}/v3")
        auth = AuthClient(
            twin.client_id,
            twin.client_secret,
            "http://127.0.0.1/callback",
            f"{twin.base_url}/.well-known/openid_sandbox_configuration",
            access_token=twin.access_token,
        )
        client = QuickBooks(
            auth_client=auth, refresh_token=twin.refresh_token, company_id=twin.realm, minorversion=75
        )
        try:
            yield client
        finally:
            client.session.close()
            auth.close()
