"""What leaves for QuickBooks Online: the same exchange gives the same bytes, without credentials, fast."""

import datetime as dt
import json
import time
from decimal import Decimal as D
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.documents import Document, SalesInvoice, SalesLine
from blueops_qb.domain.profile import BooksProfile, SalesTax
from blueops_qb.domain.refs import BooksKind, BooksRef, RecordKind, RecordRef
from blueops_qb.providers.qbo.exact_json import dumps, loads
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.providers.qbo.positions import Position
from blueops_qb.providers.qbo.provider import QboProvider
from blueops_qb.providers.qbo.settings import QboSettings
from blueops_qb.sdk.outcomes import Applied, Found, NotKnown, SignIn, Throttled
from blueops_qb.sdk.provider import Operation, Unencodable, Verb
from tests.qbo_documents import DOCUMENTS, NOON, exchange, operation
from tests.qbo_echo import Echo

PROVIDER = QboProvider(QboSettings(client_id="the-client", client_secret="the-secret"))
PROFILE = BooksProfile(company_id="9130", sales_tax=SalesTax.AUTOMATIC)
ITEM = BooksRef(BooksKind.ITEM, "1")
INVOICE = SalesInvoice(
    customer=BooksRef(BooksKind.CUSTOMER, "1"),
    date=dt.date(2026, 1, 2),
    lines=tuple(
        SalesLine(item=ITEM, description=f"Line {n}", quantity=D(2), unit_price=D("3.5"), amount=D("7.00"))
        for n in range(3)
    ),
    tax=D("0.00"),
    total=D("21.00"),
)


def frame(*operations: Operation, profile: BooksProfile = PROFILE) -> dict[str, Any]:
    framed: dict[str, Any] = json.loads(PROVIDER.encode(exchange(*operations), profile))
    return framed


def items(*operations: Operation) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = loads(frame(*operations)["body"])["BatchItemRequest"]
    return rows


def answered(operation: Operation, value: Any, status: int = 200) -> Any:
    text = value if isinstance(value, str) else dumps(value)
    answer = Answer(status=status, headers={"intuit_tid": "1-abc"}, text=text)
    return PROVIDER.decode(exchange(operation), answer.to_bytes(), PROFILE)[operation.id]


# -- writes ----------------------------------------------------------------------------------------
@given(st.lists(DOCUMENTS, min_size=1, max_size=4))
def test_the_same_exchange_gives_the_same_bytes(documents: list[Document]) -> None:
    profile = attrs.evolve(PROFILE, locations=True)
    ops = [operation(document, id=f"op{n}", marker=f"m:{n}") for n, document in enumerate(documents)]
    assert PROVIDER.encode(exchange(*ops), profile) == PROVIDER.encode(exchange(*ops), profile)


def test_one_write_is_a_batch_too_with_the_exchange_as_its_request_id() -> None:
    framed = frame(operation(INVOICE))
    assert framed["method"] == "POST"
    assert framed["path"] == "/v3/company/9130/batch?requestid=exchange1&minorversion=75"
    assert set(framed) == {"method", "path", "headers", "body"}
    assert not {name.lower() for name in framed["headers"]} & {"authorization", "cookie"}
    assert [row["bId"] for row in items(operation(INVOICE))] == ["0"]


def test_writes_of_every_verb_share_a_batch() -> None:
    ops = (
        operation(INVOICE, id="a"),
        operation(INVOICE, id="b", verb=Verb.UPDATE, target_id="5", version="1"),
        operation(id="c", verb=Verb.WITHDRAW, kind=BooksKind.INVOICE, target_id="6", version="0"),
        operation(id="d", verb=Verb.WITHDRAW, kind=BooksKind.BILL, target_id="7", version="0"),
    )
    assert {PROVIDER.envelope(op) for op in ops} == {"batch"}
    rows = items(*ops)
    assert [(row["operation"], row.get("optionsData")) for row in rows] == [
        ("create", None),
        ("update", None),
        ("update", "void"),
        ("delete", None),
    ]


def test_what_cannot_be_written_names_its_operation() -> None:
    unbound = attrs.evolve(INVOICE, customer=RecordRef(RecordKind.CUSTOMER, "7"))
    with pytest.raises(Unencodable, match="customer:7") as caught:
        PROVIDER.encode(exchange(operation(INVOICE, id="good"), operation(unbound, id="bad")), PROFILE)
    assert caught.value.operation_id == "bad"


@pytest.mark.parametrize("verb", [Verb.LEDGER])
def test_what_this_version_cannot_do_is_refused_before_it_leaves(verb: Verb) -> None:
    with pytest.raises(Unencodable):
        PROVIDER.encode(exchange(Operation(id="1", verb=verb)), PROFILE)


def test_a_placeholder_of_a_preview_stays_readable_and_in_its_place() -> None:
    document = attrs.evolve(INVOICE, customer=BooksRef(BooksKind.CUSTOMER, "<new customer 1041>"))
    (row,) = items(operation(document))
    assert row["Invoice"]["CustomerRef"] == {"value": "<new customer 1041>"}


# -- questions -------------------------------------------------------------------------------------
def test_the_catalog_is_one_batch_of_eleven_questions() -> None:
    queries = [row["Query"] for row in items(Operation(id="1", verb=Verb.CATALOG))]
    assert len(queries) == 11
    assert queries[0] == "select * from CompanyInfo"
    assert (
        "select * from Account where Active in (true, false) orderby Id startposition 1 maxresults 1000"
        in queries
    )


def test_absent_preferences_are_tolerated() -> None:
    rows = [
        {
            "bId": "company",
            "QueryResponse": {"CompanyInfo": [{"Id": "1", "CompanyName": "X", "Country": "US"}]},
        }
    ]
    rows += [{"bId": "prefs", "Fault": {"Error": [{"code": "500"}]}}]
    rows += [{"bId": str(n), "QueryResponse": {}} for n in range(8)]
    outcome = answered(Operation(id="1", verb=Verb.CATALOG), {"BatchItemResponse": rows})
    assert isinstance(outcome, Found)
    assert outcome.complete
    assert outcome.profile is not None
    assert (outcome.profile.company_name, outcome.profile.sales_tax) == ("X", SalesTax.UNKNOWN)
    assert "Preferences not shown" in outcome.detail


def test_a_list_of_a_thousand_goes_on_with_its_next_page_alone() -> None:
    accounts = [{"Id": str(n), "Name": f"A{n}", "AccountType": "Bank"} for n in range(1000)]
    rows: list[dict[str, Any]] = [{"bId": "0", "QueryResponse": {"Account": accounts}}]
    rows += [{"bId": str(n), "QueryResponse": {}} for n in range(1, 8)]
    outcome = answered(Operation(id="1", verb=Verb.CATALOG), {"BatchItemResponse": rows})
    (want,) = outcome.then
    assert not outcome.complete
    assert want.params == {"page": "2", "kinds": "account"}
    (row,) = items(Operation(id="1", verb=want.verb, params=want.params))
    assert "startposition 1001" in row["Query"]


def test_a_server_that_cannot_filter_is_asked_without() -> None:
    rows: list[dict[str, Any]] = [
        {"bId": "0", "Fault": {"Error": [{"code": "4001", "Detail": "not queryable"}]}}
    ]
    rows += [{"bId": str(n), "QueryResponse": {}} for n in range(1, 8)]
    outcome = answered(Operation(id="1", verb=Verb.CATALOG), {"BatchItemResponse": rows})
    (want,) = outcome.then
    (row,) = items(Operation(id="1", verb=want.verb, params=want.params))
    assert row["Query"] == "select * from Account orderby Id startposition 1 maxresults 1000"


def test_a_read_is_a_call_of_its_own() -> None:
    op = Operation(id="1", verb=Verb.READ, kind=BooksKind.JOURNAL, target_id="7")
    assert PROVIDER.envelope(op) == ""
    framed = frame(op)
    assert (framed["method"], framed["path"], framed["body"]) == (
        "GET",
        "/v3/company/9130/journalentry/7?requestid=exchange1&minorversion=75",
        None,
    )


def test_a_read_cannot_be_led_elsewhere() -> None:
    path = frame(Operation(id="1", verb=Verb.READ, kind=BooksKind.INVOICE, target_id="../../9/x?a=b"))["path"]
    assert path == "/v3/company/9130/invoice/______9_x_a_b?requestid=exchange1&minorversion=75"


def test_quotes_and_backslashes_are_escaped() -> None:
    op = Operation(id="1", verb=Verb.FIND, params={"by": "name", "name": "O'Leary \\ Sons"})
    (query, *_) = [row["Query"] for row in items(op)]
    assert "'O\\'Leary \\\\ Sons'" in query


def test_a_name_that_cannot_stand_in_a_query_travels_alone_by_its_beginning() -> None:
    op = Operation(id="1", verb=Verb.FIND, params={"by": "name", "name": "Joe\u2019s Diner"})
    assert PROVIDER.envelope(op) == ""
    assert "DisplayName like 'Joe%'" in items(op)[0]["Query"]


def test_a_query_that_cannot_be_parsed_is_asked_again_and_compared_here() -> None:
    op = Operation(id="1", verb=Verb.FIND, params={"by": "name", "name": "Hill, Ada"})
    outcome = answered(op, {"BatchItemResponse": [{"bId": "0", "Fault": {"Error": [{"code": "4000"}]}}]})
    assert isinstance(outcome, Found)
    (want,) = outcome.then
    again = Operation(id="1", verb=want.verb, params=want.params)
    assert "DisplayName" not in items(again)[0]["Query"]
    people = [{"Id": "5", "DisplayName": "hill,  ada"}, {"Id": "6", "DisplayName": "Hill, Adam"}]
    rows = [{"bId": "0", "QueryResponse": {"Customer": people}}]
    rows += [{"bId": str(n), "QueryResponse": {}} for n in (1, 2)]
    found = answered(again, {"BatchItemResponse": rows})
    assert [record.id for record in found.records] == ["5"]


def test_a_look_up_that_is_cut_settles_nothing() -> None:
    op = Operation(id="1", verb=Verb.FIND, params={"by": "name", "name": "Hill, Ada"})
    outcome = answered(op, {"BatchItemResponse": [{"bId": "0", "QueryResponse": {}}]})
    assert isinstance(outcome, Throttled)


def test_what_was_created_is_asked_with_its_deletions() -> None:
    params = {"by": "created", "kinds": "invoice,vendor", "since": "2026-01-02T12:00:00+00:00"}
    rows = items(Operation(id="1", verb=Verb.FIND, params=params))
    assert "MetaData.CreateTime >= '2026-01-02T11:57:00+00:00'" in rows[0]["Query"]
    assert "Active in (true, false)" in rows[1]["Query"]
    assert rows[2]["CDCQuery"] == {"Entities": "Invoice,Vendor", "ChangedSince": "2026-01-02T11:57:00+00:00"}


def test_deletions_of_a_busy_time_are_followed_to_the_end() -> None:
    params = {"by": "created", "kinds": "invoice", "since": "2026-01-02T12:00:00+00:00"}
    op = Operation(id="1", verb=Verb.FIND, params=params)
    stamp = {"LastUpdatedTime": "2026-01-02T12:05:00+00:00"}
    many = [{"Id": str(n), "MetaData": stamp} for n in range(999)]
    stub = {"Id": "2000", "status": "Deleted", "MetaData": stamp}
    feed_item = {"bId": "cdc", "CDCResponse": [{"QueryResponse": [{"Invoice": [*many, stub]}]}]}
    rows = [{"bId": "0", "QueryResponse": {}}, feed_item]
    first = answered(op, {"BatchItemResponse": rows})
    assert isinstance(first, Found)
    assert not first.complete
    assert first.records == ()
    assert first.deleted == (BooksRef(BooksKind.INVOICE, "2000"),)
    (want,) = first.then
    again = Operation(id="1", verb=want.verb, params=want.params)
    (row,) = items(again)
    assert row["CDCQuery"]["ChangedSince"] == "2026-01-02T12:05:00+00:00"
    stuck = answered(again, {"BatchItemResponse": [feed_item]})
    assert isinstance(stuck, Throttled)
    done = answered(again, {"BatchItemResponse": [{"bId": "cdc", "CDCResponse": [{"QueryResponse": [{}]}]}]})
    assert isinstance(done, Found)
    assert done.complete


def test_a_look_up_that_is_refused_never_looks_like_nothing_found() -> None:
    params = {"by": "created", "kinds": "invoice", "since": "2026-01-02T12:00:00+00:00"}
    op = Operation(id="1", verb=Verb.FIND, params=params)
    for detail in ("changedSince date x which is older than fixed days", "Object Not Found"):
        code = "6000" if "older" in detail else "610"
        fault = {"bId": "cdc", "Fault": {"Error": [{"code": code, "Detail": detail}]}}
        outcome = answered(op, {"BatchItemResponse": [{"bId": "0", "QueryResponse": {}}, fault]})
        assert isinstance(outcome, Throttled)


def test_an_old_look_up_asks_no_feed() -> None:
    params = {"by": "created", "kinds": "invoice", "since": "2025-11-02T12:00:00+00:00"}
    assert [set(row) for row in items(Operation(id="1", verb=Verb.FIND, params=params))] == [{"bId", "Query"}]


@pytest.mark.parametrize(("minutes", "asked_again"), [(0, False), (-60, False), (3, False), (90, True)])
def test_a_look_up_in_books_whose_clock_is_behind_asks_from_as_much_earlier(
    minutes: int, asked_again: bool
) -> None:
    since = NOON - dt.timedelta(minutes=10)
    look = Operation(
        id="1", verb=Verb.FIND, kind=BooksKind.INVOICE, params={"by": "created", "since": since.isoformat()}
    )
    behind = NOON - dt.timedelta(minutes=minutes)
    empty = {"BatchItemResponse": [{"bId": "0", "QueryResponse": {}}, {"bId": "cdc", "CDCResponse": [{}]}]}
    first = answered(look, {**empty, "time": behind.isoformat()})
    assert first.complete is not asked_again
    if asked_again:
        (want,) = first.then
        assert dt.datetime.fromisoformat(want.params["since"]) == since - dt.timedelta(minutes=minutes)
        again = Operation(id="1", verb=want.verb, kind=want.kind, params=want.params)
        assert answered(again, {**empty, "time": behind.isoformat()}).complete


# -- feeds -----------------------------------------------------------------------------------------
FEED = Operation(id="1", verb=Verb.CHANGES, params={"cursor": "2026-01-02T12:00:00-08:00"})


def feed(
    objects: dict[str, list[dict[str, Any]]], moment: str = "2026-01-02T12:10:00-08:00"
) -> dict[str, Any]:
    return {
        "CDCResponse": [{"QueryResponse": [{name: rows} for name, rows in objects.items()]}],
        "time": moment,
    }


def stands(outcome: Any) -> str:
    """The books' time at which the feed stands after an answer."""
    return Position.parse(outcome.cursor).at.isoformat()


def vendors(count: int, moment: str) -> dict[str, list[dict[str, Any]]]:
    rows = [
        {"Id": str(n), "DisplayName": f"V{n}", "MetaData": {"LastUpdatedTime": moment}} for n in range(count)
    ]
    return {"Vendor": rows}


def test_the_overlap_is_subtracted_when_asking_not_when_storing() -> None:
    assert "changedSince=2026-01-02T11%3A57%3A00-08%3A00" in frame(FEED)["path"]
    outcome = answered(FEED, feed({}))
    assert stands(outcome) == "2026-01-02T12:10:00-08:00"
    assert outcome.complete


def test_the_first_position_is_the_books_own_time() -> None:
    outcome = answered(Operation(id="1", verb=Verb.CHANGES), feed({}, "2026-01-02T04:00:07-08:00"))
    assert stands(outcome) == "2026-01-02T04:00:07-08:00"
    assert (
        f"changedSince={(NOON - dt.timedelta(minutes=3)).strftime('%Y-%m-%dT%H')}"
        in frame(Operation(id="1", verb=Verb.CHANGES))["path"]
    )


def test_a_cut_answer_is_asked_again_in_halves_and_gives_no_position_before_the_end() -> None:
    first = answered(FEED, feed(vendors(1000, "2026-01-02T12:05:00-08:00")))
    assert first.cursor is None
    (want,) = first.then
    assert want.params["kinds"].startswith("account,")
    follow = Operation(id="1", verb=want.verb, params=want.params)
    assert "changedSince=2026-01-02T11%3A57%3A00-08%3A00" in frame(follow)["path"]  # not subtracted twice
    second = answered(follow, feed({}, "2026-01-02T12:11:00-08:00"))
    assert second.cursor is None
    (last,) = second.then
    third = answered(
        Operation(id="1", verb=last.verb, params=last.params), feed({}, "2026-01-02T12:12:00-08:00")
    )
    assert stands(third) == "2026-01-02T12:10:00-08:00"  # the time of the first answer
    assert third.complete


def test_one_kind_goes_on_from_the_newest_moment_it_showed() -> None:
    alone = Operation(id="1", verb=Verb.CHANGES, kind=BooksKind.VENDOR, params=FEED.params)
    outcome = answered(alone, feed(vendors(1000, "2026-01-02T12:05:00-08:00")))
    (want,) = outcome.then
    assert want.params["cursor"] == "2026-01-02T12:05:00-08:00"
    again = Operation(id="1", verb=want.verb, params=want.params)
    assert "entities=Vendor&" in frame(again)["path"]
    stuck = answered(again, feed(vendors(1000, "2026-01-02T12:05:00-08:00")))
    assert stuck.too_old  # a thousand in one moment: compare everything
    assert stuck.cursor


def test_a_feed_that_does_not_reach_back_starts_anew_from_the_books_present() -> None:
    detail = "Operation cdc with changedSince date 2025-11-01 which is older than fixed days is not supported"
    fault = {"Fault": {"Error": [{"code": "6000", "Detail": detail}]}, "time": "2026-01-02T12:10:00-08:00"}
    outcome = answered(FEED, fault, status=400)
    assert isinstance(outcome, Found)
    assert (outcome.too_old, stands(outcome)) == (True, "2026-01-02T12:10:00-08:00")


#: (books' time of the last answer, ours when it was asked), the same of this one, whether everything is compared.
CLOCKS = {
    "both go on": ("12:00:00", "19:59:59", "12:10:00", "20:09:59", False),
    "theirs is set back by more than an hour": ("12:00:00", "19:59:59", "10:50:00", "20:09:59", True),
    "theirs was set back and has come past the old position": (
        "12:00:00",
        "19:59:59",
        "12:10:00",
        "21:09:59",
        True,
    ),
    "theirs is set back by less than the overlap hides": (
        "12:00:00",
        "19:59:59",
        "11:59:50",
        "20:00:09",
        False,
    ),
    "ours is set back": ("12:00:00", "19:59:59", "12:10:00", "19:09:59", False),
    "theirs is set on": ("12:00:00", "19:59:59", "13:10:00", "20:09:59", False),
    "both are set back": ("12:00:00", "19:59:59", "11:10:00", "19:09:59", True),
    "ours was not kept": ("12:00:00", "", "12:10:00", "23:00:00", False),
}


@pytest.mark.parametrize("case", CLOCKS)
def test_a_clock_of_the_books_that_was_set_back_leads_to_a_full_comparison(case: str) -> None:
    theirs, ours, now, asked, everything = CLOCKS[case]
    before = dt.datetime.fromisoformat(f"2026-01-02T{ours}+00:00") if ours else None
    position = Position(at=dt.datetime.fromisoformat(f"2026-01-02T{theirs}-08:00"), asked=before)
    look = Operation(id="1", verb=Verb.CHANGES, params={"cursor": str(position)})
    asking = attrs.evolve(exchange(look), created_at=dt.datetime.fromisoformat(f"2026-01-02T{asked}+00:00"))
    shown = feed(vendors(1, "2026-01-02T10:45:00-08:00"), f"2026-01-02T{now}-08:00")
    answer = Answer(status=200, headers={}, text=dumps(shown))
    outcome = PROVIDER.decode(asking, answer.to_bytes(), PROFILE)["1"]
    assert isinstance(outcome, Found)
    assert outcome.too_old is everything
    assert outcome.complete
    assert [record.id for record in outcome.records] == ["0"]  # what the window shows counts all the same
    assert stands(outcome) == f"2026-01-02T{now}-08:00"


def test_deleted_stubs_are_told_and_unknown_kinds_passed_over() -> None:
    stub = {"Id": "9", "status": "Deleted", "domain": "QBO"}
    outcome = answered(FEED, feed({"Invoice": [stub], "TimeActivity": [{"Id": "1"}]}))
    assert outcome.deleted == (BooksRef(BooksKind.INVOICE, "9"),)
    assert outcome.records == ()


# -- sign-in ---------------------------------------------------------------------------------------
def test_a_sign_in_says_nothing_but_when_it_was_asked_for() -> None:
    framed = frame(Operation(id="1", verb=Verb.SIGN_IN))
    assert framed == {"sign_in": "refresh", "asked_at": NOON.isoformat()}


@pytest.mark.parametrize(
    ("status", "value", "expected"),
    [
        (200, {"expires_in": 3600}, Applied),
        (400, {"error": "invalid_grant"}, SignIn),
        (401, {"error": "invalid_client"}, SignIn),
        (503, {"error": "http_503"}, Throttled),
        (429, {"error": "http_429"}, Throttled),
    ],
)
def test_what_a_sign_in_comes_to(status: int, value: Any, expected: type) -> None:
    outcome = answered(Operation(id="1", verb=Verb.SIGN_IN), value, status=status)
    assert isinstance(outcome, expected)
    assert not isinstance(outcome, SignIn) or not outcome.refresh


# -- figures ---------------------------------------------------------------------------------------
def test_a_batch_of_thirty_is_written_and_read_in_milliseconds() -> None:
    ops = tuple(
        operation(attrs.evolve(INVOICE, number=f"BO-{n}"), id=f"op{n}", marker=f"invoice:{n}.1")
        for n in range(30)
    )
    envelope = exchange(*ops)
    echo = Echo(PROFILE)
    rows = [
        {"bId": row["bId"], "Invoice": echo.show(BooksKind.INVOICE, row["Invoice"])} for row in items(*ops)
    ]
    reply = Answer(status=200, text=dumps({"BatchItemResponse": rows})).to_bytes()

    def best(work: Any) -> float:
        """Of its own time: what others do on the machine meanwhile does not count."""

        def once() -> float:
            start = time.thread_time()
            work()
            return time.thread_time() - start

        return min(once() for _ in range(7))

    assert all(isinstance(outcome, Applied) for outcome in PROVIDER.decode(envelope, reply, PROFILE).values())
    assert best(lambda: PROVIDER.encode(envelope, PROFILE)) < 0.006 * 2  # twice the aim: machines differ
    assert best(lambda: PROVIDER.decode(envelope, reply, PROFILE)) < 0.010 * 2


def test_a_write_without_an_answer_of_its_own_is_not_known() -> None:
    rows = [{"bId": "1", "Invoice": {"Id": "7", "SyncToken": "0"}}]
    assert isinstance(answered(operation(INVOICE), {"BatchItemResponse": rows}), NotKnown)
