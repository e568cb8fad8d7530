"""How fast QuickBooks Online may be called, what a call costs, and how a cut window of changes goes on."""

import datetime as dt
from typing import Any

import pytest

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind
from blueops_qb.providers.qbo.entities import CAP, FEED_KINDS
from blueops_qb.providers.qbo.exact_json import dumps, loads
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.providers.qbo.metering import BATCHES, MINUTE, SECOND
from blueops_qb.providers.qbo.provider import QboProvider, make_provider
from blueops_qb.providers.qbo.settings import NO_PACE, PREFIX, Misconfigured, QboSettings
from blueops_qb.sdk.outcomes import Found
from blueops_qb.sdk.provider import WRITES, Cost, Operation, Pace, Verb
from tests.qbo_documents import exchange

PROVIDER = QboProvider(QboSettings())
ALL = frozenset({BATCHES, MINUTE, SECOND})
SINCE = {"by": "created", "since": "2026-01-02T12:00:00+00:00"}


def paces(**environment: str) -> dict[str, Pace]:
    provider = make_provider({f"{PREFIX}{name.upper()}": value for name, value in environment.items()})
    return {pace.name: pace for pace in provider.describe().limits.paces}


# -- the pace --------------------------------------------------------------------------------------
def test_no_span_sees_more_than_intuit_allows() -> None:
    allowed = {BATCHES: 40, MINUTE: 500, SECOND: 10}  # reference section 9.1
    found = paces()
    assert set(found) == set(allowed)
    for name, most in allowed.items():
        assert found[name].calls + found[name].burst <= most
    assert found[BATCHES].calls == 38
    assert (found[MINUTE].calls, found[SECOND].calls) == (0.8 * 500, 0.8 * 10)
    assert PROVIDER.describe().limits.open_exchanges == 8


def test_ten_thousand_invoices_fit_into_nine_minutes() -> None:
    pace = paces()[BATCHES]
    batches = -(-10_000 // PROVIDER.describe().limits.operations_per_exchange)
    assert (batches - pace.burst) * pace.seconds / pace.calls < 9 * 60


def test_the_host_says_how_fast() -> None:
    found = paces(batches_per_minute="20", calls_per_minute="100", calls_per_second="2.5")
    assert [found[name].calls for name in (BATCHES, MINUTE, SECOND)] == [20, 100, 2.5]
    assert make_provider(NO_PACE).describe().limits.paces == ()
    limits = make_provider({f"{PREFIX}CALLS_AT_ONCE": "3", f"{PREFIX}READS_PER_MONTH": "7"}).describe().limits
    assert (limits.open_exchanges, limits.reads_per_month) == (3, 7)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BATCHES_PER_MINUTE", "-1"),
        ("CALLS_PER_MINUTE", "nan"),
        ("CALLS_PER_SECOND", "fast"),
        ("CALLS_AT_ONCE", "0"),
        ("READS_PER_MONTH", "1.5"),
    ],
)
def test_a_pace_that_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(Misconfigured, match=f"{PREFIX}{name}"):
        make_provider({f"{PREFIX}{name}": value})


# -- what a call costs -----------------------------------------------------------------------------
def cost(verb: Verb, count: int = 1, kind: BooksKind | None = None, **params: str) -> Cost:
    operations = [Operation(id=str(n), verb=verb, kind=kind, params=params) for n in range(count)]
    return PROVIDER.cost(operations)


@pytest.mark.parametrize("verb", sorted(WRITES))
def test_a_batch_of_writes_is_one_call_and_free_of_reads(verb: Verb) -> None:
    assert cost(verb, 30) == Cost(paces=ALL, writes=30)


def test_an_upload_is_a_call_but_no_batch() -> None:
    assert cost(Verb.CREATE, kind=BooksKind.ATTACHMENT) == Cost(paces=ALL - {BATCHES}, writes=1)


def test_a_sign_in_is_no_call_of_the_accounting_api() -> None:
    assert cost(Verb.SIGN_IN) == Cost()


def test_changes_of_all_kinds_are_one_metered_read_and_no_batch() -> None:
    assert cost(Verb.CHANGES, cursor="2026-01-02T12:00:00+00:00") == Cost(paces=ALL - {BATCHES}, reads=1)
    assert cost(Verb.READ, kind=BooksKind.INVOICE) == Cost(paces=ALL - {BATCHES}, reads=1)


@pytest.mark.parametrize(
    ("operation", "encoded"),
    [
        (Operation(id="1", verb=Verb.CATALOG), None),
        (Operation(id="1", verb=Verb.CATALOG, params={"page": "2", "kinds": "account,item"}), 2),
        (Operation(id="1", verb=Verb.CHANGES, params={"full": "1"}), None),
        (Operation(id="1", verb=Verb.CHANGES, params={"full": "1", "compare": "1"}), len(FEED_KINDS)),
        (Operation(id="1", verb=Verb.FIND, kind=BooksKind.INVOICE, params=SINCE), 2),
        (Operation(id="1", verb=Verb.FIND, params={"by": "name", "name": "Hill"}), 3),
        (Operation(id="1", verb=Verb.FIND, kind=BooksKind.BILL, params={"by": "number", "number": "7"}), 1),
    ],
)
def test_each_query_of_a_batch_is_metered(operation: Operation, encoded: int | None) -> None:
    one = exchange(operation)
    body = loads(loads(PROVIDER.encode(one, BooksProfile()).decode())["body"])
    items = len(body["BatchItemRequest"])
    assert PROVIDER.cost(one.operations) == Cost(paces=ALL, reads=items)
    assert encoded in (None, items)


def test_look_ups_that_share_their_queries_are_metered_together() -> None:
    names = [Operation(id=n, verb=Verb.FIND, params={"by": "name", "name": n}) for n in ("Hill", "Moss")]
    assert PROVIDER.cost(names).reads == 3


# -- cut windows -----------------------------------------------------------------------------------
NOON = dt.datetime(2026, 1, 2, 12, tzinfo=dt.UTC)


def page(*minutes: float, kind: str = "Vendor") -> dict[str, Any]:
    rows = [
        {"Id": str(n), "MetaData": {"LastUpdatedTime": (NOON + dt.timedelta(minutes=m)).isoformat()}}
        for n, m in enumerate(minutes)
    ]
    return {"CDCResponse": [{"QueryResponse": [{kind: rows}]}], "time": "2026-01-02T23:00:00+00:00"}


def heard(value: Any, **params: str) -> Found:
    operation = Operation(id="1", verb=Verb.CHANGES, params={"cursor": NOON.isoformat(), **params})
    answer = Answer(status=200, headers={}, text=dumps(value))
    outcome = PROVIDER.decode(exchange(operation), answer.to_bytes(), BooksProfile())["1"]
    assert isinstance(outcome, Found)
    return outcome


def test_a_thousand_of_one_kind_out_of_order_are_compared_in_full() -> None:
    """What was cut off may be older than the newest that was shown."""
    ordered = heard(page(*range(CAP)), kinds="vendor")
    assert [want.params["cursor"] for want in ordered.then] == [
        (NOON + dt.timedelta(minutes=CAP - 1)).isoformat()
    ]
    assert not ordered.too_old
    shuffled = heard(page(5, *range(1, CAP)), kinds="vendor")
    assert shuffled.then == ()
    assert shuffled.too_old
    assert str(shuffled.cursor).startswith("2026-01-02T23:00:00+00:00 asked ")


def test_a_thousand_objects_count_whatever_they_are() -> None:
    """Kinds that we do not keep fill the window as well."""
    found = heard(page(*range(CAP), kind="TimeActivity"))
    assert found.records == ()
    assert not found.complete
    assert found.cursor is None


def test_every_kind_of_a_cut_window_is_asked_for_in_the_end() -> None:
    """Each part of a split that is full is split again; none is dropped, and none is asked for twice."""
    todo, asked = [heard(page(*range(CAP))).then[0]], []
    while todo:
        params = dict(todo.pop().params)
        kinds = params["kinds"].split(",")
        full = len(kinds) > 2
        found = heard(page(*range(CAP)) if full else page(1), **params)
        if not full:
            asked += kinds
        todo += found.then
        assert found.complete == (not found.then)
    assert sorted(asked) == sorted(kind.value for kind in FEED_KINDS)


def test_a_kind_that_the_plan_lacks_does_not_silence_the_others() -> None:
    lacking = {BooksKind.BILL.value, BooksKind.CLASS.value}
    fault = {"Fault": {"Error": [{"code": "5030", "Message": "Feature not supported"}], "type": "x"}}
    names = ",".join(kind.value for kind in FEED_KINDS)
    todo: list[dict[str, str]] = [{"kinds": names}]
    shown: list[str] = []
    cursors: list[str | None] = []
    for _ in range(4 * len(FEED_KINDS)):
        if not todo:
            break
        params = todo.pop()
        kinds = params["kinds"].split(",")
        refused = bool(lacking & set(kinds))
        found = heard(fault | {"time": "2026-01-02T23:00:00+00:00"} if refused else page(1), **params)
        shown += [] if refused else kinds
        cursors.append(found.cursor)
        todo += [dict(want.params) for want in found.then]
    assert todo == []
    assert sorted(shown) == sorted({kind.value for kind in FEED_KINDS} - lacking)
    assert str(cursors[-1]).startswith("2026-01-02T23:00:00+00:00 asked ")
    assert set(cursors[:-1]) == {None}


def test_a_comparison_lists_everything_that_the_feed_would_tell_of() -> None:
    operation = Operation(id="1", verb=Verb.CHANGES, params={"full": "1", "compare": "1", "since": "x"})
    body = loads(loads(PROVIDER.encode(exchange(operation), BooksProfile()).decode())["body"])
    queries = [row["Query"] for row in body["BatchItemRequest"]]
    assert len(queries) == len(FEED_KINDS)
    assert not any("Balance" in query or "LastUpdatedTime" in query for query in queries)
