"""Keys are rotated while everything runs, killed in the middle and run again, and the audit log stays verifiable."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from flask import Flask
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from blueops_qb import bootstrap
from blueops_qb.cli import main
from blueops_qb.engine import audit, rotate_keys
from blueops_qb.engine.audit import Entry, Keys
from blueops_qb.engine.vault import MissingKey, SealedVault, Sealer, key_name
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.keys import ENVIRONMENT
from blueops_qb.store import tables as t
from blueops_qb.store.types import db_now
from blueops_qb.web.app import COOKIE, make_flask
from tests.engine_house import KEY, OTHER_KEY

TENANT = "acme"
ROTATE = [sys.executable, "-c", "from blueops_qb.cli import main; main(['keys', 'rotate', '--json'])"]
#: The same, killed as by a power cut before it seals its fortieth secret.
DIES = """
import os, signal
from blueops_qb.cli import main
from blueops_qb.engine.vault import Sealer
seal, left = Sealer.seal, 40
def until_it_dies(*secret):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return seal(*secret)
Sealer.seal = until_it_dies
main(["keys", "rotate", "--json"])
"""


@pytest.fixture
def core(database_url: str) -> Iterator[ReferenceCore]:
    """Core with the older key only, a tenant, and our tables."""
    opened = open_core(database_url, keys=[KEY], durable=False)
    bootstrap.migrate(opened.engine)
    opened.create_tenant(TENANT, "Acme")
    yield opened
    opened.stop()


def with_keys(core: ReferenceCore, *keys: bytes) -> ReferenceCore:
    """The same core as a process sees it that was started with these keys."""
    view = core.for_plugin("quickbooks")
    view._keys = keys
    return view


def vault(core: ReferenceCore, name: str, *keys: bytes) -> SealedVault:
    return SealedVault(with_keys(core, *keys), TENANT, name)


def keep(core: ReferenceCore, number: int) -> None:
    for n in range(number):
        vault(core, f"c{n}", KEY).put("tokens", f"secret {n}".encode())


def note(core: ReferenceCore, what: str, *keys: bytes) -> None:
    with core.begin(TENANT) as tx:
        now = db_now(tx.connection)
        audit.append(tx.connection, TENANT, [Entry(action=what)], keys=Keys(lambda: keys), now=now)


def verified(core: ReferenceCore, *keys: bytes) -> bool:
    with core.engine.connect() as connection:
        return audit.verify(connection, TENANT, keys=Keys(lambda: keys)).ok


def test_everything_is_sealed_again_and_the_older_key_can_be_withdrawn(core: ReferenceCore) -> None:
    keep(core, 3)
    note(core, "of the old time", KEY)
    both = with_keys(core, OTHER_KEY, KEY)
    before = rotate_keys.status(both)
    assert [(k.name, k.newest, k.secrets, k.audit_entries, k.withdrawable) for k in before.keys] == [
        (key_name(OTHER_KEY), True, 0, 0, False),
        (key_name(KEY), False, 3, 1, False),
    ]
    done = rotate_keys.rotate(both)
    assert (done.newest, done.resealed, done.already, done.left, done.unopened) == (
        key_name(OTHER_KEY),
        3,
        2,
        0,
        (),
    )
    assert done.chain_keys_kept == 2
    old = rotate_keys.status(both).keys[1]
    assert (old.secrets, old.audit_entries, old.withdrawable) == (0, 1, True)
    note(core, "of the new time", OTHER_KEY, KEY)
    for n in range(3):
        assert vault(core, f"c{n}", OTHER_KEY).get("tokens") == f"secret {n}".encode()
        with pytest.raises(MissingKey):
            vault(core, f"c{n}", KEY).get("tokens")
    assert verified(core, OTHER_KEY), "the chain key of the withdrawn key is kept"
    again = rotate_keys.rotate(both)
    assert (again.resealed, again.already) == (0, 5)


def test_without_a_rotation_a_withdrawn_key_breaks_the_proof(core: ReferenceCore) -> None:
    note(core, "of the old time", KEY)
    assert not verified(core, OTHER_KEY)


def test_a_chain_key_that_somebody_put_there_proves_nothing(core: ReferenceCore) -> None:
    """Who can write the tables but has no key of core cannot make the verifier trust a key of his own."""
    forger = b"Zm9yZ2VyZm9yZ2VyZm9yZ2VyZm9yZ2VyZm9yZ2VyZm8="
    note(core, "forged", forger)
    rotate_keys.rotate(with_keys(core, forger))
    assert not verified(core, KEY)


def test_two_rotations_in_a_row_keep_every_chain_key(core: ReferenceCore) -> None:
    third = b"dGhpcmR0aGlyZHRoaXJkdGhpcmR0aGlyZHRoaXJkdGg="
    for keys in ((KEY,), (OTHER_KEY, KEY), (third, OTHER_KEY)):
        note(core, "then", *keys)
        rotate_keys.rotate(with_keys(core, *keys))
    assert verified(core, third)


def test_a_secret_that_no_key_opens_is_named_and_left_alone(core: ReferenceCore) -> None:
    keep(core, 1)
    done = rotate_keys.rotate(with_keys(core, OTHER_KEY))
    assert (done.resealed, done.unopened) == (0, ("c0 tokens",))
    assert vault(core, "c0", KEY).get("tokens") == b"secret 0"
    assert rotate_keys.status(with_keys(core, OTHER_KEY)).unopened == ("c0 tokens",)
    with pytest.raises(MissingKey, match="core gives no secret key"):
        rotate_keys.rotate(with_keys(core))


def test_what_a_worker_renews_meanwhile_is_never_put_back(
    core: ReferenceCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between reading and writing one secret somebody stores a rotated token: his is the one that stays."""
    keep(core, 2)
    seal = Sealer.seal
    renewed: list[bool] = []

    def meanwhile(self: Sealer, connection_id: str, purpose: str, secret: bytes) -> str:
        if connection_id == "c0" and not renewed:
            renewed.append(True)
            vault(core, "c0", KEY, OTHER_KEY).put("tokens", b"rotated")
        return seal(self, connection_id, purpose, secret)

    monkeypatch.setattr(Sealer, "seal", meanwhile)
    done = rotate_keys.rotate(with_keys(core, OTHER_KEY, KEY))
    assert (done.resealed, done.left) == (2, 0)
    assert vault(core, "c0", OTHER_KEY).get("tokens") == b"rotated"


def test_workers_with_either_order_of_keys_go_on_reading_and_writing(core: ReferenceCore) -> None:
    keep(core, 4)
    stop, troubles = threading.Event(), []
    written: dict[str, bytes] = {}

    def work(name: str, *keys: bytes) -> None:
        mine, n = vault(core, name, *keys), 0
        while not stop.is_set():
            try:
                n += 1
                mine.put("tokens", f"{name} {n}".encode())
                written[name] = f"{name} {n}".encode()
                assert mine.get("tokens") == written[name]
            except Exception as problem:
                troubles.append(problem)
                return

    orders = ((KEY, OTHER_KEY), (OTHER_KEY, KEY))
    threads = [threading.Thread(target=work, args=(f"c{n}", *orders[n % 2])) for n in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        rotate_keys.rotate(with_keys(core, OTHER_KEY, KEY))
        time.sleep(0.02)
    stop.set()
    for thread in threads:
        thread.join(60)
    assert troubles == []
    assert rotate_keys.rotate(with_keys(core, OTHER_KEY, KEY)).left == 0
    for name, secret in written.items():
        assert vault(core, name, OTHER_KEY).get("tokens") == secret


def test_a_rotation_that_is_killed_goes_on_where_it_ended(tmp_path: Path, project_root: Path) -> None:
    number = 160
    url = f"sqlite:///{tmp_path / 'core.sqlite3'}"
    core = open_core(url, keys=[KEY], durable=False)
    bootstrap.migrate(core.engine)
    core.create_tenant(TENANT, "Acme")
    sealer = Sealer(lambda: [KEY])
    rows = [
        {"connection_id": f"c{n}", "purpose": "tokens", "sealed": sealer.seal(f"c{n}", "tokens", b"x")}
        for n in range(number)
    ]
    with core.engine.begin() as connection:
        connection.execute(t.secrets.insert(), rows)
    environment = {
        **os.environ,
        ENVIRONMENT: f"{OTHER_KEY.decode()},{KEY.decode()}",
        "BLUEOPS_QB_DB": url,
        "PYTHONPATH": str(project_root),
    }
    dead = subprocess.run([sys.executable, "-c", DIES], env=environment, timeout=300, check=False)
    assert dead.returncode == -signal.SIGKILL
    some = resealed(core)
    assert 10 <= some < number
    done = subprocess.run(ROTATE, env=environment, capture_output=True, text=True, timeout=300, check=True)
    told = json.loads(done.stdout)
    assert (told["resealed"], told["left"]) == (number - some, 0)
    assert told["already"] == some + 2, "the secrets done before, and two chain keys"
    assert resealed(core) == number
    core.stop()


def resealed(core: ReferenceCore) -> int:
    sealer = Sealer(lambda: [OTHER_KEY])
    with core.engine.connect() as connection:
        s = t.secrets
        sealed = connection.execute(sa.select(s.c.sealed).where(s.c.purpose == "tokens")).scalars().all()
    return sum(sealer.name_of(text) is not None for text in sealed)


def test_the_commands_tell_what_hangs_on_which_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'core.sqlite3'}"
    monkeypatch.setenv(ENVIRONMENT, KEY.decode())
    core = open_core(url, keys=[KEY], durable=False)
    bootstrap.migrate(core.engine)
    core.create_tenant(TENANT, "Acme")
    keep(core, 2)
    core.stop()
    run = CliRunner()
    fresh = run.invoke(main, ["keys", "new", "--db", url])
    assert len(fresh.output.strip()) == 44
    monkeypatch.setenv(ENVIRONMENT, f"{fresh.output.strip()},{KEY.decode()}")
    told = run.invoke(main, ["keys", "status", "--db", url])
    assert told.exit_code == 0
    assert "2 secrets, 0 audit entries; run `blueops-qb keys rotate` first" in told.output
    told = run.invoke(main, ["keys", "rotate", "--db", url])
    assert (told.exit_code, "2 sealed again, 2 were already" in told.output) == (0, True), told.output
    assert "may be withdrawn" in run.invoke(main, ["keys", "status", "--db", url]).output
    monkeypatch.setenv(ENVIRONMENT, OTHER_KEY.decode())
    for command in ("status", "rotate"):
        told = run.invoke(main, ["keys", command, "--db", url])
        assert (told.exit_code, "no key opens: c0 tokens" in told.output) == (1, True), told.output
    for key in (fresh.output.strip(), KEY.decode(), OTHER_KEY.decode()):
        assert key not in told.output


def test_a_session_of_the_pages_outlives_a_change_of_keys(sqlite_url: str) -> None:
    core = open_core(sqlite_url, keys=[KEY], durable=False)
    bootstrap.migrate(core.engine)
    house = bootstrap.build(core, environment={})

    def app(secret: bytes, *older: bytes) -> Flask:
        return make_flask(house.engine, sign_ins=house.sign_ins, secret=secret, prefix="", older=older)

    def sessions(app: Flask, cookie: str) -> SessionMixin | None:
        with app.test_request_context(headers={"Cookie": f"{COOKIE}={cookie}"}) as context:
            return app.session_interface.open_session(app, context.request)

    first = app(b"a" * 32)
    signer = SecureCookieSessionInterface().get_signing_serializer(first)
    assert signer is not None
    cookie = str(signer.dumps({"sid": "7"}))
    assert dict(sessions(app(b"b" * 32, b"a" * 32), cookie) or {}) == {"sid": "7"}
    assert not sessions(app(b"b" * 32), cookie)
    core.stop()
