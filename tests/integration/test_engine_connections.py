"""A tenant is bound to one company for ever; switches, lost keys and sign-ins end in a sentence, not in a loss."""

import datetime as dt

import attrs
import pytest
import sqlalchemy as sa
from cryptography.fernet import Fernet

from blueops_qb import bootstrap
from blueops_qb.engine import audit, connections, rotate_keys
from blueops_qb.engine.connections import ConnectRefused, SignedIn
from blueops_qb.engine.vault import MissingKey, SealedVault, Sealer
from blueops_qb.sandbox.core.core import ReferenceCore
from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.provider import Vault
from blueops_qb.store import tables as t
from tests.engine_house import (
    KEY,
    OTHER_KEY,
    PLUGIN,
    RULES,
    TENANT,
    EngineHouse,
    carrier_for,
    connect,
    engine_for,
    found_company,
    go_live,
    move_in,
)
from tests.fake_books import FakeBooks
from tests.fakes import CalledFake

pytest_plugins = ["tests.engine_fixtures"]


def signed_in(company: str = "F1", **secrets: bytes) -> SignedIn:
    return SignedIn(company_id=company, company_name=f"Books {company}", secrets=secrets)


def bind(house: EngineHouse, company: str, tenant: str = TENANT, **secrets: bytes) -> str:
    return connections.bind(
        house.engine.core,
        tenant,
        house.provider.name,
        signed_in(company, **secrets),
        actor="admin",
        keys=house.engine.keys,
    )


def disconnect(house: EngineHouse) -> None:
    connections.retire(house.engine.core, house.id, TENANT, actor="admin", keys=house.engine.keys)


# -- binding -------------------------------------------------------------------------------------------
def test_signing_in_to_the_same_company_again_renews_the_connection(house: EngineHouse) -> None:
    house.set(t.connections, t.connections.c.id == house.id, health="sign_in", health_reason="Sign in again")
    assert bind(house, "F1", token=b"fresh") == house.id
    row = house.connection_row()
    assert (row.health, row.health_reason, row.state) == ("ok", "", "live")
    assert house.engine.vault(house.id).get("token") == b"fresh"


def test_another_company_on_reconnect_is_refused_and_changes_nothing(house: EngineHouse) -> None:
    before = house.connection_row()
    with pytest.raises(ConnectRefused) as refused:
        bind(house, "F2", token=b"stolen")
    assert "You signed in to “Books F2” (F2)" in str(refused.value)
    assert "(F1)" in str(refused.value)
    assert "Nothing was changed" in str(refused.value)
    assert house.connection_row() == before
    assert house.engine.vault(house.id).get("token") == b"open sesame"


def test_a_company_is_live_in_one_tenant_only(house: EngineHouse) -> None:
    found_company(house.core, "beta", "Beta Plumbing")
    with pytest.raises(ConnectRefused, match="connected to another BlueOps company already"):
        bind(house, "F1", "beta")
    disconnect(house)
    assert bind(house, "F1", "beta") != house.id


def test_a_disconnected_company_comes_back_with_its_links_and_mapping(house: EngineHouse) -> None:
    ann = house.customer()
    house.drain()
    disconnect(house)
    assert house.connection_row().state == "retired"
    assert house.engine.vault(house.id).get("token") is None
    house.change(ann, email="new@example.com")
    assert house.engine.next_exchange(house.id) is None
    assert house.state(ann) == "pending"
    assert bind(house, "F1", token=b"fresh") == house.id
    house.drain()
    assert house.there(ann).email == "new@example.com"
    assert len(house.books.records) == len(FakeBooks().records) + 1
    with house.turn() as turn:
        assert len(turn.mapping.rules) == len(RULES)


def test_another_company_after_disconnecting_starts_from_nothing(house: EngineHouse) -> None:
    house.customer()
    house.drain()
    disconnect(house)
    other = bind(house, "F2", token=b"fresh")
    assert other != house.id
    (row,) = house.rows(t.connections, t.connections.c.id == other)
    assert (row.state, row.mapping_version, row.live_since) == ("matching", 0, None)
    assert house.rows(t.links, t.links.c.connection_id == other) == []


def test_nothing_is_written_before_the_match_plan_is_approved(house: EngineHouse) -> None:
    disconnect(house)
    house.books = FakeBooks("F2")
    house.provider.books = house.books
    house.id = bind(house, "F2")
    house.restart()
    house.customer()
    house.drain()
    assert [ref for ref, kept in house.books.records.items() if kept.document] == []
    assert house.counted() == {"pending": 1}
    go_live(house)
    house.drain()
    assert house.counted() == {"done": 1}


# -- sign-in states ------------------------------------------------------------------------------------
def open_state(house: EngineHouse, session: str = "session-1") -> str:
    return connections.open_state(house.engine.core, TENANT, house.provider.name, session)


def use(house: EngineHouse, state: str, *, session: str = "session-1", tenant: str = TENANT) -> None:
    connections.use_state(house.engine.core, tenant, house.provider.name, session, state)


def test_a_state_is_good_once(house: EngineHouse) -> None:
    state = open_state(house)
    use(house, state)
    with pytest.raises(ConnectRefused, match="used already"):
        use(house, state)


def test_a_state_of_another_session_tenant_or_provider_is_refused(house: EngineHouse) -> None:
    found_company(house.core, "beta", "Beta Plumbing")
    state = open_state(house)
    core, name = house.engine.core, house.provider.name
    for tenant, provider, session in (
        (TENANT, name, "session-2"),
        ("beta", name, "session-1"),
        (TENANT, "another", "session-1"),
    ):
        with pytest.raises(ConnectRefused, match="Nothing was changed; press Connect again"):
            connections.use_state(core, tenant, provider, session, state)
    use(house, state)


@pytest.mark.parametrize("wrong", ["", "x", "nonce.signature", "é.è", "a.b.c", "." * 2000])
def test_a_state_that_was_not_made_here_is_refused(house: EngineHouse, wrong: str) -> None:
    open_state(house)
    with pytest.raises(ConnectRefused):
        use(house, wrong)


def test_a_state_whose_signature_was_changed_is_refused(house: EngineHouse) -> None:
    state = open_state(house)
    nonce, _, signature = state.partition(".")
    with pytest.raises(ConnectRefused):
        use(house, f"{nonce}.{signature[::-1]}")


def test_a_state_that_was_signed_elsewhere_is_refused_although_its_row_is_here(house: EngineHouse) -> None:
    state = open_state(house)
    foreign = with_keys(house, [OTHER_KEY])
    with pytest.raises(ConnectRefused):
        connections.use_state(foreign, TENANT, house.provider.name, "session-1", state)


def test_an_expired_state_is_refused(house: EngineHouse) -> None:
    state = open_state(house)
    (row,) = house.rows(t.sign_in_states)
    house.set(
        t.sign_in_states,
        t.sign_in_states.c.nonce == row.nonce,
        expires_at=row.expires_at - dt.timedelta(minutes=connections.STATE_MINUTES),
    )
    with pytest.raises(ConnectRefused, match="within the last 10 minutes"):
        use(house, state)


def test_states_are_not_stored_readably(house: EngineHouse) -> None:
    state = open_state(house)
    (row,) = house.rows(t.sign_in_states)
    assert state.partition(".")[0] not in str(tuple(row))


# -- switches ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("switch", [Switch.PAUSED, Switch.OFF])
def test_nothing_is_handed_out_while_paused_or_off_and_what_is_out_is_heard(
    house: EngineHouse, switch: Switch
) -> None:
    ann = house.customer()
    bob = house.customer("Bob", email="bob@example.com")
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    house.change(bob, email="later@example.com")
    house.core.set_switch(TENANT, PLUGIN, switch, actor="admin")
    assert house.engine.next_exchange(house.id) is None
    assert house.engine.work_pending(house.id) is False
    assert house.engine.finish(outgoing.exchange_id, house.provider.deliver(outgoing.body)) is True
    assert house.state(ann) == "done"
    assert house.drain() == 0
    house.core.set_switch(TENANT, PLUGIN, Switch.ON, actor="admin")
    house.drain()
    assert house.there(bob).email == "later@example.com"
    assert house.quiet()


def test_what_is_out_is_heard_after_disconnecting(house: EngineHouse) -> None:
    ann = house.customer()
    outgoing = house.engine.next_exchange(house.id)
    assert outgoing is not None
    disconnect(house)
    assert house.engine.finish(outgoing.exchange_id, house.provider.deliver(outgoing.body)) is True
    assert house.state(ann) == "done"
    assert house.engine.next_exchange(house.id) is None


# -- keys ----------------------------------------------------------------------------------------------
def with_keys(house: EngineHouse, keys: list[bytes]) -> ReferenceCore:
    view = house.core.for_plugin(PLUGIN)
    view._keys = tuple(keys)
    return view


@pytest.fixture
def keyless(house: EngineHouse) -> ReferenceCore:
    """Core that has lost its keys."""
    return with_keys(house, [])


def test_a_lost_key_is_refused_with_words_that_name_the_secret(house: EngineHouse) -> None:
    sealed = house.engine.vault(house.id)
    assert sealed.get("token") == b"open sesame"
    lost = connections_vault(house, [OTHER_KEY])
    with pytest.raises(MissingKey) as missing:
        lost.get("token")
    assert f"the token of connection {house.id} was sealed with a key that core no longer gives" in str(
        missing.value
    )
    assert "put that key back" in str(missing.value)


def connections_vault(house: EngineHouse, keys: list[bytes]) -> SealedVault:
    return SealedVault(with_keys(house, keys), TENANT, house.id)


def test_no_key_at_all_is_said_too(keyless: ReferenceCore, house: EngineHouse) -> None:
    with pytest.raises(MissingKey, match="core gives no secret key"):
        connections_vault(house, []).get("token")
    with pytest.raises(MissingKey, match="no sign-in can be started"):
        connections.open_state(keyless, TENANT, house.provider.name, "s")
    with pytest.raises(MissingKey, match="the audit log cannot be written"):
        audit.Keys(keyless.secret_keys).newest()


def test_a_lost_key_stops_the_connection_with_the_reason_and_loses_nothing(
    house: EngineHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = house.customer()

    def needs(self: CalledFake, vault: Vault, now: dt.datetime) -> bool:
        del self, now
        return vault.get("token") is None

    monkeypatch.setattr(type(house.provider), "needs_sign_in", needs)
    monkeypatch.setattr(house.core, "_keys", (OTHER_KEY,))
    house.engine = engine_for(house.core, house.provider)
    assert house.engine.next_exchange(house.id) is None
    row = house.connection_row()
    assert row.health == "stopped"
    assert "sealed with a key that core no longer gives" in row.health_reason
    assert house.state(ann) == "pending"
    monkeypatch.setattr(house.core, "_keys", (OTHER_KEY, KEY))
    house.set(t.connections, t.connections.c.id == house.id, health="ok", health_reason="")
    house.restart()
    house.drain()
    assert house.state(ann) == "done"


def test_a_secret_opens_for_its_own_connection_and_purpose_only(house: EngineHouse) -> None:
    sealer = Sealer(lambda: [KEY])
    sealed = sealer.seal(house.id, "token", b"x")
    assert sealer.open(house.id, "token", sealed) == b"x"
    with pytest.raises(MissingKey, match="belongs to another one"):
        sealer.open(house.id, "other", sealed)
    with pytest.raises(MissingKey, match="belongs to another one"):
        sealer.open("another", "token", sealed)


def test_a_sign_in_outlives_a_change_of_keys(house: EngineHouse) -> None:
    """Begun in a process whose newest key is the old one, answered in one whose newest is the new one."""
    name = house.provider.name
    state = connections.open_state(with_keys(house, [KEY, OTHER_KEY]), TENANT, name, "s")
    connections.use_state(with_keys(house, [OTHER_KEY, KEY]), TENANT, name, "s", state)
    state = connections.open_state(with_keys(house, [KEY]), TENANT, name, "s")
    with pytest.raises(ConnectRefused):
        connections.use_state(with_keys(house, [OTHER_KEY]), TENANT, name, "s", state)


def test_secrets_are_sealed_again_under_a_new_key_without_a_pause(house: EngineHouse) -> None:
    assert rotate_keys.rotate(with_keys(house, [OTHER_KEY, KEY])).resealed == 1
    assert connections_vault(house, [OTHER_KEY]).get("token") == b"open sesame"
    with pytest.raises(MissingKey):
        connections_vault(house, [KEY]).get("token")


def test_secrets_lie_sealed_in_the_database_and_nowhere_else(house: EngineHouse) -> None:
    house.customer()
    house.drain()
    with house.core.engine.connect() as connection:
        for table in t.metadata.sorted_tables:
            for row in connection.execute(sa.select(table)):
                assert "open sesame" not in str(tuple(row))
    (row,) = house.rows(t.secrets)
    assert Fernet(KEY).decrypt(row.sealed.encode())


# -- two tenants ---------------------------------------------------------------------------------------
def test_two_tenants_never_mix(house: EngineHouse) -> None:
    found_company(house.core, "beta", "Beta Plumbing")
    books = FakeBooks("F2")
    provider = type(house.provider)(books)
    engine = engine_for(house.core, provider)
    id = connect(engine, books, provider.name, "beta")
    beta = EngineHouse(
        core=house.core,
        books=books,
        provider=provider,
        engine=engine,
        carrier=carrier_for(engine, provider),
        id=id,
        tenant="beta",
    )
    go_live(beta)
    for side, email in ((house, "ann@acme.example"), (beta, "ann@beta.example")):
        ann = side.customer(email=email)
        invoice = side.invoice(ann, "100.00" if side is house else "200.00")
        side.pay(invoice, "10.00")
    held = beta.invoice(ann, service="unmapped")
    house.drain()
    assert beta.counted() == {"pending": 4}
    assert [len(books.log), len(house.books.log)] == [0, 4]
    beta.drain()
    assert house.counted() == {"done": 3}
    assert beta.counted() == {"done": 3, "held": 1}
    assert house.there(ann).email == "ann@acme.example"
    assert beta.there(ann).email == "ann@beta.example"
    # The same ids on both sides of both companies: a change here moves nothing there.
    house.books.edit(house.place(ann), phone="+1 415 555 1111")
    house.poll()
    assert house.here(ann.ref).phone == "+1 415 555 1111"
    assert beta.here(ann.ref).phone == ""
    house.map(attrs.evolve(RULES[0], key="unmapped"))
    house.drain()
    beta.drain()
    assert beta.state(held) == "held"
    house.core.set_switch("beta", PLUGIN, Switch.OFF, actor="admin")
    house.change(house.here(ann.ref), email="new@acme.example")
    house.drain()
    assert house.there(ann).email == "new@acme.example"
    assert house.verdict().ok
    assert beta.verdict().ok
    assert {row.tenant_id for row in house.rows(t.audit)} == {TENANT, "beta"}


def test_a_provider_that_is_gone_names_itself(house: EngineHouse) -> None:
    built = bootstrap.build(house.core.for_plugin(PLUGIN), environment={})
    with pytest.raises(KeyError, match=house.provider.name):
        built.engine.next_exchange(house.id)
    assert move_in(house.core, "called").id == house.id
