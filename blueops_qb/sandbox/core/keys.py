"""Finds the host's secret keys: from the environment, else from a file beside the SQLite database."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import sqlalchemy as sa

#: Fernet keys separated by commas, newest first.
ENVIRONMENT = "BLUEOPS_CORE_KEYS"


class NoKeys(RuntimeError):
    """There is no secret key; the message says where one is looked for."""


def new_key() -> bytes:
    """A fresh key: 32 random bytes, url-safe base64."""
    return base64.urlsafe_b64encode(os.urandom(32))


def host_keys(url: str, environment: Mapping[str, str]) -> Sequence[bytes]:
    """The keys of the host for a database; a new SQLite database gets a key file (mode 0600) beside it."""
    named = [key.strip().encode() for key in environment.get(ENVIRONMENT, "").split(",") if key.strip()]
    if named:
        return named
    address = sa.make_url(url)
    if address.get_backend_name() != "sqlite" or not address.database:
        raise NoKeys(
            f"there is no secret key for this database: set {ENVIRONMENT} to a key made by `new_key`"
        )
    file = Path(f"{address.database}.keys")
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as fresh:
            fresh.write(new_key() + b"\n")
    keys = file.read_bytes().split()
    if not keys:
        raise NoKeys(f"{file} holds no key: restore it, or move it away to begin with a new key")
    return keys
