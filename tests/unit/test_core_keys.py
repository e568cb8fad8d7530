"""The host's keys come from its environment, or from a file beside a SQLite database."""

from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from blueops_qb.sandbox.core.database import make_engine
from blueops_qb.sandbox.core.keys import ENVIRONMENT, NoKeys, host_keys


def test_a_new_sqlite_database_gets_a_key_that_stays(sqlite_url: str) -> None:
    keys = host_keys(sqlite_url, {})
    assert host_keys(sqlite_url, {}) == keys
    assert Fernet(keys[0]).decrypt(Fernet(keys[0]).encrypt(b"secret")) == b"secret"
    file = Path(sqlite_url.removeprefix("sqlite:///") + ".keys")
    assert file.stat().st_mode & 0o777 == 0o600


def test_the_environment_names_the_newest_first(sqlite_url: str) -> None:
    assert host_keys(sqlite_url, {ENVIRONMENT: "new, old"}) == [b"new", b"old"]


def test_another_database_needs_a_key_in_the_environment() -> None:
    with pytest.raises(NoKeys, match=f"set {ENVIRONMENT}"):
        host_keys("postgresql:///blueops", {})


def test_an_emptied_key_file_is_a_named_refusal(sqlite_url: str) -> None:
    Path(sqlite_url.removeprefix("sqlite:///") + ".keys").touch()
    with pytest.raises(NoKeys, match="holds no key"):
        host_keys(sqlite_url, {})


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://x/y"])
def test_core_refuses_a_database_that_cannot_carry_it(url: str) -> None:
    with pytest.raises(ValueError, match=r"SQLite"):
        make_engine(url)
