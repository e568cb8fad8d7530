"""A person at the twin's consent page, and a first call with the token that came of it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import requests

from blueops_qb.sandbox.qbo.running import REALM, RunningTwin

CALLBACK = "http://127.0.0.1:9/callback"


def decide(url: str, *, allow: bool = True, realm: str = "") -> dict[str, str]:
    """Open the consent page, press a button and answer what came back in the redirect."""
    page = requests.get(url, timeout=60)
    assert page.status_code == 200
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    form = {**asked, "realm": realm or REALM, "decision": "allow" if allow else "deny"}
    sent = requests.post(url.partition("?")[0], data=form, allow_redirects=False, timeout=60)
    assert sent.status_code == 302
    location = sent.headers["Location"]
    assert location.startswith(CALLBACK)
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def company_name(twin: RunningTwin, token: str, realm: str = REALM) -> requests.Response:
    """Read the company with an access token."""
    url = f"{twin.base_url}/v3/company/{realm}/companyinfo/{realm}"
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
    return requests.get(url, headers=headers, timeout=60)
