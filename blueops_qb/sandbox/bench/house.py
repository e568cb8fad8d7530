"""A house for benches: reference core, plugin folder and engine, connected to given books by an access token."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import attrs
import sqlalchemy as sa

from blueops_qb import bootstrap, root
from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.records import Customer
from blueops_qb.domain.refs import BooksKind, BooksRef, DocumentKey
from blueops_qb.engine import connections
from blueops_qb.engine.engine import Engine
from blueops_qb.engine.linking import link_document
from blueops_qb.engine.settings import EngineSettings
from blueops_qb.providers.qbo.settings import NO_PACE
from blueops_qb.sandbox.core.core import ReferenceCore, open_core
from blueops_qb.sandbox.core.keys import new_key
from blueops_qb.sdk import wire
from blueops_qb.sdk.core import Core
from blueops_qb.sdk.hooks import Switch
from blueops_qb.sdk.provider import Provider
from blueops_qb.store.types import db_now

TENANT = "bench"


@attrs.frozen(kw_only=True)
class BenchHouse:
    """What a bench works with; nothing runs by itself."""

    reference: ReferenceCore
    core: Core
    engine: Engine


def qbo_environment(base_url: str) -> dict[str, str]:
    """The host configuration for a server on this machine that sets no limits."""
    return {
        "BLUEOPS_QB_RUNNER": "none",
        "BLUEOPS_QB_QBO_CLIENT_ID": "bench",
        "BLUEOPS_QB_QBO_CLIENT_SECRET": "bench",
        "BLUEOPS_QB_QBO_API_BASE": base_url,
        "BLUEOPS_QB_QBO_DISCOVERY_URL": f"{base_url}/.well-known/openid_configuration",
        "BLUEOPS_QB_QBO_ALLOW_LOOPBACK_HTTP": "1",
        **NO_PACE,
    }


@contextmanager
def bench_house(
    url: str,
    *,
    environment: Mapping[str, str] | None = None,
    settings: EngineSettings | None = None,
    keys: Sequence[bytes] | None = None,
    tenants: Sequence[str] = (TENANT,),
    extra: Callable[[], Mapping[str, Provider]] = dict,
    clock: Callable[[sa.Connection], dt.datetime] = db_now,
) -> Iterator[BenchHouse]:
    """Core with the plugin switched on for `tenants`, on `url`; `extra` makes further providers by name."""
    os.environ.update({"BLUEOPS_QB_RUNNER": "none", **(environment or {})})
    reference = open_core(url, keys=keys or [new_key()])
    try:
        reference.load_plugins([root()], [])
        for tenant_id in tenants:
            if tenant_id not in {tenant.id for tenant in reference.tenants()}:
                reference.create_tenant(tenant_id, f"{tenant_id.capitalize()} Plumbing")
            reference.set_switch(tenant_id, "quickbooks", Switch.ON, actor="bench")
        core = reference.for_plugin("quickbooks")
        engine = bootstrap.build(core, settings=settings, extra=extra()).engine
        engine.turns = attrs.evolve(engine.turns, clock=clock)
        yield BenchHouse(reference=reference, core=core, engine=engine)
    finally:
        reference.stop()


def connect(
    house: BenchHouse, *, realm: str, token: str, tenant_id: str = TENANT, provider: str = "qbo"
) -> str:
    """Bind the tenant to the company by an access token and go live; answers the connection's id."""
    signed_in = connections.SignedIn(
        company_id=realm, company_name="Bench", secrets={"access_token": token.encode()}
    )
    connection_id = connections.bind(
        house.core, tenant_id, provider, signed_in, actor="bench", keys=house.engine.keys
    )
    with house.engine.turns.open(connection_id) as turn:
        assert turn is not None
        turn.set(state="live", live_since=turn.now)
    return connection_id


def link_customer(house: BenchHouse, connection_id: str, customer: Customer, books_id: str) -> None:
    """Link a customer of core with one that the books have."""
    document = wire.dump_document(CustomerRecord(name=customer.name))
    with house.engine.turns.open(connection_id) as turn:
        assert turn is not None
        link_document(
            turn,
            key=DocumentKey(customer.ref),
            revision=1,
            ours=document,
            place=BooksRef(BooksKind.CUSTOMER, books_id),
            version="0",
            theirs=document,
        )
