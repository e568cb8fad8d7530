"""ID tokens: who the person at the consent page is, signed with a key of this twin (reference sections 1.1, 1.3)."""

from __future__ import annotations

import base64
import functools
import json
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from blueops_qb.sandbox.qbo.wire import Obj

SUBJECT = "twin-bookkeeper"
_KEY_ID = "twin-key-1"
_LIFE = timedelta(hours=1)


@functools.cache
def _key() -> rsa.RSAPrivateKey:
    # Made when first asked for: most twins never sign anything.
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def id_token(*, issuer: str, client_id: str, realm: str, now: datetime) -> str:
    """A signed statement about the person, good for an hour."""
    head = {"alg": "RS256", "typ": "JWT", "kid": _KEY_ID}
    claims = {
        "iss": issuer,
        "aud": [client_id],
        "sub": SUBJECT,
        "realmid": realm,
        "iat": int(now.timestamp()),
        "auth_time": int(now.timestamp()),
        "exp": int((now + _LIFE).timestamp()),
    }
    signed = f"{_packed(json.dumps(head).encode())}.{_packed(json.dumps(claims).encode())}"
    signature = _key().sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{_packed(signature)}"


def key_set() -> Obj:
    """The public key, as the jwks address shows it."""
    numbers = _key().public_key().public_numbers()
    n, e = (_packed(value.to_bytes((value.bit_length() + 7) // 8, "big")) for value in (numbers.n, numbers.e))
    return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": _KEY_ID, "n": n, "e": e}]}


def _packed(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
