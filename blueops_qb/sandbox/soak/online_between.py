"""The line to QuickBooks Online: carrying, lost and late answers, processes that end anywhere, weather, mail."""

from __future__ import annotations

import datetime as dt

import attrs

from blueops_qb.engine import connections
from blueops_qb.sandbox.bench.kill_points import PointedCore, PointedTransport
from blueops_qb.sandbox.qbo.weather import Plan, Trouble
from blueops_qb.sandbox.qbo.webhooks_format import Format
from blueops_qb.sandbox.soak.between import Died, LeaseBroken
from blueops_qb.sandbox.soak.office import NothingThere
from blueops_qb.sandbox.soak.online_world import OnlineWorld, Out, post
from blueops_qb.sandbox.soak.world import PLUGIN, SETTINGS, TENANT

#: What may go wrong with a call; slow ones are left out, because time is the soak's.
TROUBLES = (
    Trouble.DROP_BEFORE,
    Trouble.DROP_AFTER,
    Trouble.ERROR_BEFORE,
    Trouble.ERROR_AFTER,
    Trouble.UNAVAILABLE,
    Trouble.HTML,
    Trouble.HTML_AFTER,
    Trouble.THROTTLED,
    Trouble.THROTTLED_XML,
    Trouble.TRUNCATED,
    Trouble.BAD_GATEWAY,
    Trouble.GATEWAY_TIMEOUT,
    Trouble.EXTRA_MEMBERS,
    Trouble.OLD_SPELLING,
)
#: By how many seconds reads may lag: less than a look-up waits for what may have arrived.
_LAGS = (0, 1, 4)


# -- carrying ----------------------------------------------------------------------------------------
def carry(w: OnlineWorld) -> str:
    """Some exchanges there and back."""
    return f"{w.carry(w.chance.randint(1, 4))} exchanges"


def hand_out(w: OnlineWorld) -> str:
    """An exchange is handed out and is under way while other things happen."""
    out = w.hand_out()
    return f"exchange {_name(w, out)}" if out else "nothing due"


def deliver(w: OnlineWorld) -> str:
    """One that is under way reaches the books; the answer is not heard yet."""
    out = _some_out(w, [out for out in w.outs if out.reply is None])
    deliver_one(w, out)
    return f"exchange {_name(w, out)} {'was answered' if out.reply else 'never left'}"


def deliver_one(w: OnlineWorld, out: Out) -> None:
    """Call the books, unless the line has given up long ago: a call that arrives after that is nobody's to defend."""
    if out.outgoing.deadline <= w.time.moment:
        w.outs.remove(out)
    else:
        w.deliver(out)


def hear(w: OnlineWorld) -> str:
    """The answer of one that is under way is heard, however late, whichever process asked."""
    out = _some_out(w, w.outs)
    if out.reply is None:
        deliver_one(w, out)
    if out.reply is not None:
        w.hear(out)
    return f"exchange {_name(w, out)}"


def lose(w: OnlineWorld) -> str:
    """The answer of the next exchange, or of one that is under way, is never heard; it did arrive, or did not."""
    out = w.chance.choice(w.outs) if w.outs and w.chance.random() < 0.3 else w.hand_out()
    if out is None:
        raise NothingThere
    arrived = w.chance.random() < 0.6 and out.outgoing.deadline > w.time.moment
    if arrived:
        w.deliver(out)
    w.outs.remove(out)
    return f"exchange {_name(w, out)} {'arrived' if arrived or out.reply else 'did not arrive'}"


def hear_twice(w: OnlineWorld) -> str:
    """The next answer is told twice."""
    out = w.hand_out()
    if out is None:
        raise NothingThere
    w.deliver(out)
    w.hear(out)
    w.hear(out)
    return f"exchange {_name(w, out)}"


def _some_out(w: OnlineWorld, outs: list[Out]) -> Out:
    if not outs:
        raise NothingThere
    return w.chance.choice(outs)


def _name(w: OnlineWorld, out: Out | None) -> str:
    """Exchange ids are random: a log that can be compared numbers them."""
    return str(list(w.witness.bodies).index(out.outgoing.exchange_id)) if out else ""


# -- processes ---------------------------------------------------------------------------------------
def restart(w: OnlineWorld) -> str:
    """The process ends between two steps, with whatever it has under way; the lease stays behind."""
    w.zombies = [*w.zombies, w.worker][-2:]
    w.begin_process()
    return w.worker.owner


def die(w: OnlineWorld) -> str:
    """The process ends before or after some commit or call of its next exchanges."""
    left = w.chance.randint(1, 14)
    point = "nowhere"

    def passed(name: str) -> None:
        nonlocal left, point
        left -= 1
        if not left:
            point = name
            raise Died(name)

    context = [""]
    host = PointedCore(w.core.for_plugin(PLUGIN), passed, context)
    # The same process as before as far as the lease knows, so that it may work at once.
    worker = w.new_worker(host)
    settings = attrs.evolve(worker.engine.settings, owner=w.worker.owner)
    worker.engine.settings = settings
    worker.engine.turns = attrs.evolve(worker.engine.turns, settings=settings)
    transport = PointedTransport(w.transport(), passed, context)
    try:
        for _ in range(4):
            outgoing = worker.engine.next_exchange(w.connection_id)
            if outgoing is None:
                break
            w.exchanges += 1
            w.witness.leaves(outgoing.exchange_id, outgoing.body)
            worker.engine.finish(outgoing.exchange_id, transport.send(outgoing.body))
    except Died:
        pass
    restart(w)
    return point


def zombie(w: OnlineWorld) -> str:
    """A former process that was only asleep asks for work; it gets none while another holds the lease."""
    if not w.zombies:
        raise NothingThere
    former = w.chance.choice(w.zombies)
    held, until = _holder(w, former.owner)
    out = w.hand_out(former)
    if out is not None and held and w.time.moment < until:
        raise LeaseBroken(f"{former.owner} was given work while {held} holds the lease")
    return f"{former.owner} {'got work' if out else 'got nothing'}"


def _holder(w: OnlineWorld, but: str) -> tuple[str, dt.datetime]:
    """Who else holds the lease now, and until when; one that ends too far ahead is of a clock that was set back."""
    row, now = w.row(), w.time.moment
    until: dt.datetime | None = row["lease_until"]
    span = dt.timedelta(seconds=2 * SETTINGS.lease_seconds)
    if until is None or not now < until <= now + span or row["lease_owner"] == but:
        return "", now
    return str(row["lease_owner"]), until


# -- weather -----------------------------------------------------------------------------------------
def trouble(w: OnlineWorld) -> str:
    """Some of the next calls go wrong."""
    plan = Plan(
        trouble=w.chance.choice(TROUBLES),
        count=w.chance.randint(1, 3),
        skip=w.chance.randint(0, 2),
        match=w.chance.choice(("/v3/company", "/batch")),
    )
    if len(w.twin.app.weather.plans) < 3:
        w.twin.app.weather.add(plan)
    return f"{plan.trouble.value} x{plan.count}"


def forget_request_ids(w: OnlineWorld) -> str:
    """The books forget, or remember again, the ids of calls."""
    weather = w.twin.app.weather
    weather.requestid_ignored = not weather.requestid_ignored
    return "ignored" if weather.requestid_ignored else "kept"


def lag(w: OnlineWorld) -> str:
    """What was written shows some seconds later to whoever asks, or at once again."""
    seconds = w.chance.choice(_LAGS)
    w.company.lag(seconds, w.chance.choice((("query",), ("query", "cdc"), ("query", "cdc", "read"))))
    return f"{seconds} s"


def expire(w: OnlineWorld) -> str:
    """The access token ends before its time."""
    w.twin.app.tokens.expire_access()
    return ""


def revoke(w: OnlineWorld) -> str:
    """Somebody removes the app in the books: a person must sign in again."""
    w.twin.app.tokens.revoke_all()
    # The readers' and the bookkeeper's own way in is no matter of the app's.
    w.twin.app.tokens.add_fixed(w.twin.access_token, w.twin.realm)
    return ""


def disconnect(w: OnlineWorld) -> str:
    """The company is disconnected, and connected again at once or later by `mend`."""
    host = w.core.for_plugin(PLUGIN)
    connections.retire(host, w.connection_id, TENANT, actor="admin", keys=w.worker.engine.keys)
    w.connect()
    return ""


# -- mail and looks ----------------------------------------------------------------------------------
def webhooks(w: OnlineWorld) -> str:
    """What changed in the books is told: in order or not, whole or not, now and then twice."""
    bodies = w.mail.take(w.chance.choice(list(Format)))
    bodies = [body for body in bodies if w.chance.random() > 0.2]
    if w.chance.random() < 0.4:
        bodies += w.chance.sample(w.mail.old, min(3, len(w.mail.old)))
    w.chance.shuffle(bodies)
    post(w, bodies)
    return f"{len(bodies)} messages"
