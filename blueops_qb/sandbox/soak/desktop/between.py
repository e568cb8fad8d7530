"""The way to QuickBooks Desktop: sessions move by move, lost and spoiled answers, breakdowns, windows, clocks."""

from __future__ import annotations

import datetime as dt

import attrs

from blueops_qb.engine import connections
from blueops_qb.sandbox.bench.kill_points import PointedCore
from blueops_qb.sandbox.qbd.connector import At, Mishaps
from blueops_qb.sandbox.soak.between import Died, LeaseBroken
from blueops_qb.sandbox.soak.desktop.world import DesktopWorld
from blueops_qb.sandbox.soak.office import NothingThere, young
from blueops_qb.sandbox.soak.world import PLUGIN, TENANT
from blueops_qb.web.gates import Gates

#: The farthest that the clocks of both sides are apart.
_MOST_APART = dt.timedelta(seconds=240)
#: The farthest that the books' clock falls behind what it has shown.
_MOST_BACK = dt.timedelta(seconds=150)


# -- sessions ----------------------------------------------------------------------------------------
def carry(w: DesktopWorld) -> str:
    """Some message sets there and back."""
    return f"{w.carry(w.chance.randint(1, 4))} message sets"


def take(w: DesktopWorld) -> str:
    """The Web Connector takes a message set and is slow: other things happen meanwhile."""
    return "taken" if w.go_to(At.ASKED) else "nothing due"


def run(w: DesktopWorld) -> str:
    """QuickBooks carries a message set out; its answer is not told yet."""
    return "carried out" if w.go_to(At.RAN) else "nothing due"


def drop(w: DesktopWorld) -> str:
    """The machine goes away in the middle of a session; nobody is told of what was under way."""
    if w.visit is None:
        raise NothingThere
    at = w.visit.at
    w.drop()
    return at.value if at else "before the first"


def fall_asleep(w: DesktopWorld) -> str:
    """The machine sleeps in the middle of a session, and another one is begun before it wakes."""
    if w.visit is None:
        raise NothingThere
    w.former = [*w.former, w.visit][-2:]
    w.drop()
    return f"{w.carry(1)} message sets in the next session"


def wake(w: DesktopWorld) -> str:
    """A machine that slept goes on with its session, which is over: it gets no work."""
    if not w.former:
        raise NothingThere
    former = w.former.pop(w.chance.randrange(len(w.former)))
    told = former.at is At.ASKED or former.at is At.RAN
    while (at := former.go()) is not None:
        if at is At.ASKED:
            raise LeaseBroken("a session that another one has ended was given work")
    return "told late" if told else "asked for work"


# -- processes ---------------------------------------------------------------------------------------
def restart(w: DesktopWorld) -> str:
    """The process ends between two calls; the session goes on with the next one."""
    w.begin_process()
    return w.worker.owner


def die(w: DesktopWorld) -> str:
    """The process ends before or after some commit within the next calls of the Web Connector."""
    left, point = w.chance.randint(1, 24), "nowhere"

    def passed(name: str) -> None:
        nonlocal left, point
        left -= 1
        if not left:
            point = name
            raise Died(name)

    worker = w.new_worker(PointedCore(w.core.for_plugin(PLUGIN), passed, [""]))
    worker.engine.settings = attrs.evolve(worker.engine.settings, owner=w.worker.owner)
    w.gates = Gates(worker.engine)
    try:
        w.carry(4)
    except Died:
        # The call is not answered: the Web Connector ends the session.
        w.drop()
    w.begin_process()
    return point


# -- trouble -----------------------------------------------------------------------------------------
def mishap(w: DesktopWorld) -> str:
    """Something goes wrong on the way with one of the next message sets."""
    assert w.connector is not None
    what = w.chance.choice(("drop_request", "drop_answer", "garbage", "double_answer", "drop_close"))
    number = w.connector.sets + w.chance.randint(1, 3)
    w.connector.mishaps = {
        "drop_request": Mishaps(drop_request=number),
        "drop_answer": Mishaps(drop_answer=number),
        "garbage": Mishaps(garbage=number),
        "double_answer": Mishaps(double_answer=number),
        "drop_close": Mishaps(drop_close=True),
    }[what]
    return what


def break_down(w: DesktopWorld) -> str:
    """QuickBooks closes unexpectedly at its next message set: before or after it, or with a part of it carried out."""
    switches = w.company.switches
    where = w.chance.choice(("before", "after", "in the middle"))
    if where == "in the middle":
        switches.crash_after = w.chance.randint(1, 6)
        return f"after {switches.crash_after} requests"
    switches.crash_before = where == "before"
    return where


def internal_errors(w: DesktopWorld) -> str:
    """Some requests fail without a reason."""
    w.company.switches.internal_errors = w.chance.randint(1, 3)
    return str(w.company.switches.internal_errors)


def forget_sets(w: DesktopWorld) -> str:
    """QuickBooks forgets its message sets from session to session, or keeps them again."""
    switches = w.company.switches
    switches.forgets_message_sets = not switches.forgets_message_sets
    return "forgotten" if switches.forgets_message_sets else "kept"


def in_the_way(w: DesktopWorld) -> str:
    """A dialog is open, QuickBooks is closed or has another file open; or all that is over."""
    switches = w.company.switches
    switches.dialog_open = switches.closed = switches.no_file_open = switches.other_file = False
    what = w.chance.choice(("dialog_open", "closed", "no_file_open", "other_file", ""))
    if what:
        setattr(switches, what, True)
    return what or "nothing any more"


def window(w: DesktopWorld) -> str:
    """Somebody has a record open, so that nobody else can change it; or closes all windows."""
    if w.company.switches.in_use:
        w.company.switches.in_use.clear()
        return "all closed"
    kind = w.chance.choice(("Customer", "Invoice", "ReceivePayment", "Bill", "Check"))
    id = young(w, list(w.company.records[kind]))
    w.company.switches.in_use.append(id)
    return f"{kind} {id}"


def touched(w: DesktopWorld) -> str:
    """A payment moves the invoices that it settles, as some versions do, or does not."""
    switches = w.company.switches
    switches.payments_touch_documents = not switches.payments_touch_documents
    return "moved" if switches.payments_touch_documents else "not moved"


def disconnect(w: DesktopWorld) -> str:
    """The company is disconnected, and the Web Connector invited again with a new password."""
    host = w.core.for_plugin(PLUGIN)
    connections.retire(host, w.connection_id, TENANT, actor="admin", keys=w.worker.engine.keys)
    w.connect()
    return ""


# -- clocks ------------------------------------------------------------------------------------------
def minutes(w: DesktopWorld) -> str:
    """A while passes."""
    seconds = w.chance.choice((5, 30, 70, 200, 900))
    w.time.advance(seconds)
    return f"{seconds} s"


def days(w: DesktopWorld) -> str:
    """A night, a weekend, or a month."""
    hours = w.chance.choice((2, 14, 60, 24 * 8, 24 * 31))
    w.time.advance(hours * 3600)
    return f"{hours} h"


def clock_back(w: DesktopWorld) -> str:
    """The clock of BlueOps is set back; the books' does not follow."""
    seconds = w.chance.choice((1, 20, 100))
    if w.shift + dt.timedelta(seconds=seconds) > _MOST_APART:
        raise NothingThere
    w.time.advance(-seconds)
    w.shift += dt.timedelta(seconds=seconds)
    return f"{seconds} s"


def skew(w: DesktopWorld) -> str:
    """The books' clock goes another way than ours."""
    by = dt.timedelta(seconds=w.chance.choice((-140, -60, 60, 200)))
    shift = max(-_MOST_APART, min(_MOST_APART, w.shift + by))
    if shift < w.shift - _MOST_BACK:
        raise NothingThere
    w.shift = shift
    return f"{w.shift.total_seconds():.0f} s apart"
