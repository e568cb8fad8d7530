"""Between the two: what people do at the plugin's pages, and what the host does, beside whatever books."""

from __future__ import annotations

import sqlalchemy as sa

from blueops_qb.domain.refs import RecordKind, RecordRef
from blueops_qb.engine import by_hand, census, resolve
from blueops_qb.engine.outbox import State
from blueops_qb.sandbox.soak.coding import note_chosen
from blueops_qb.sandbox.soak.office import NothingThere
from blueops_qb.sandbox.soak.world import PLUGIN, TENANT, World
from blueops_qb.sdk.hooks import Switch

#: Choices that leave both sides as they are, by the cause of the conflict: accepted as they stand.
ACCEPTING = frozenset({("changed_there", "accept"), ("variance", "theirs")})


class Died(BaseException):
    """The process ended here: nothing after this point was done."""


class LeaseBroken(AssertionError):
    """A process or session got work although another one holds the lease."""


def mend(w: World) -> str:
    """A person does what the overview asks for: sign in again, or go on."""
    health = w.row()["health"]
    if health == "sign_in":
        w.connect()
    elif health == "stopped":
        with w.turn() as turn:
            resolve.resume(turn, "admin")
    else:
        raise NothingThere
    return str(health)


def switch(w: World) -> str:
    """The plugin is paused, or goes on."""
    paused = w.core.switches(TENANT).get(PLUGIN) is Switch.PAUSED
    w.core.set_switch(TENANT, PLUGIN, Switch.ON if paused else Switch.PAUSED, actor="admin")
    return "on" if paused else "paused"


# -- looks ----------------------------------------------------------------------------------------
def look(w: World) -> str:
    """Somebody presses Look now."""
    w.look()
    return ""


def core_sweep(w: World) -> str:
    """The host's scheduler runs."""
    w.sweep_core()
    return ""


# -- people at the plugin's pages --------------------------------------------------------------------
def choose(w: World) -> str:
    """Somebody settles a conflict, either way."""
    with w.core.engine.connect() as connection:
        found = census.open_conflicts(connection, w.connection_id)
    if not found:
        raise NothingThere
    row = w.chance.choice(sorted(found, key=lambda row: int(row["id"])))
    choices = resolve.CHOICES[row["cause"]]
    # What is accepted as it is stays apart for good, so mostly the first choice is taken.
    choice = choices[0] if w.chance.random() < 0.6 else w.chance.choice(choices)
    with w.turn() as turn:
        resolve.resolve(turn, row["id"], choice, "admin")
    w.chosen[row["ref"]] += 1
    if (row["cause"], choice) == ("variance", "ours"):
        w.sent_again.add(row["ref"])
    if choice == "theirs":
        note_chosen(w, row["ref"])
    if row["ref"] and (choice == "close" or (row["cause"], choice) in ACCEPTING):
        w.accepted.add(row["ref"])
    return f"{row['cause']} of {row['ref'] or row['books_kind'] + ' ' + row['books_id']}: {choice}"


def retry(w: World) -> str:
    """Somebody presses Retry on everything that is held."""
    rows = w.rows(
        "SELECT DISTINCT ref_kind, ref_id FROM blueops_qb_outbox"
        " WHERE tenant_id = :tenant AND state = :state ORDER BY ref_kind, ref_id",
        state=State.HELD.value,
    )
    with w.turn() as turn:
        refs = [RecordRef(RecordKind(row.ref_kind), row.ref_id) for row in rows]
        return f"{by_hand.try_again(turn, refs, actor='admin')} events"


def map_key(w: World) -> str:
    """The admin maps the key that nobody thought of."""
    w.map_forgotten()
    return ""


def unmap_key(w: World) -> str:
    """The admin takes the rule out again."""
    w.unmap_forgotten()
    return ""


def hook_missed(w: World) -> str:
    """An event did not reach the outbox: its row is as if it had never been written."""
    o = sa.table("blueops_qb_outbox", *map(sa.column, ("id", "tenant_id", "state", "revision")))
    # The sweep has seen to what is older: such an event was heard, whatever became of it.
    swept = w.rows("SELECT swept_revision FROM blueops_qb_tenants WHERE tenant_id = :tenant")[
        0
    ].swept_revision
    with w.core.begin(TENANT) as tx:
        newest = tx.connection.execute(
            sa.select(o.c.id)
            .where(o.c.tenant_id == TENANT, o.c.state == State.PENDING.value, o.c.revision > (swept or 0))
            .order_by(o.c.id.desc())
            .limit(1)
        ).scalar_one_or_none()
        if newest is None:
            raise NothingThere
        tx.connection.execute(sa.delete(o).where(o.c.id == newest))
    return ""
