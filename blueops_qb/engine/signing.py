"""Signing: the Ed25519 key pair of the installation, sealed in the vault; the public half may be shown to anybody."""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from blueops_qb.engine.vault import Sealer
from blueops_qb.sdk.core import Core
from blueops_qb.store import tables as t
from blueops_qb.store.bulk import upsert

#: Under this name, instead of a connection's, the vault keeps the pair; it serves nothing but certificates.
KEEPER, PURPOSE = "agreement", "certificate key"
#: SQLite's way to begin as a writer; others ignore it.
_WRITING = {"sqlite_begin": "IMMEDIATE"}


class NotAKey(ValueError):
    """A text is no public key that certificates are signed with."""


def private_key(core: Core) -> Ed25519PrivateKey:
    """The installation's key, made when it is asked for first. Raises vault.MissingKey when it cannot be opened."""
    sealer, s = Sealer(core.secret_keys), t.secrets
    query = sa.select(s.c.sealed).where(s.c.connection_id == KEEPER, s.c.purpose == PURPOSE)
    with core.engine.connect() as connection:
        sealed = connection.execute(query).scalar_one_or_none()
    if sealed is None:
        fresh = Ed25519PrivateKey.generate().private_bytes_raw()
        row = {
            "connection_id": KEEPER,
            "purpose": PURPOSE,
            "sealed": sealer.seal(KEEPER, PURPOSE, fresh.hex().encode()),
            "updated_at": core.now(),
        }
        with core.engine.execution_options(**_WRITING).begin() as connection:
            # Two that come at once agree on whichever was first.
            upsert(connection, s, [row], keep=("sealed", "updated_at"))
            sealed = connection.execute(query).scalar_one()
    return Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex(sealer.open(KEEPER, PURPOSE, str(sealed)).decode())
    )


def exported(key: Ed25519PublicKey) -> str:
    """The public key in PEM form."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint(key: Ed25519PublicKey) -> str:
    """Sixteen hex digits that name a key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]
