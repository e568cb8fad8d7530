"""The general ledger report as lines: by column key, in parts, refused as a whole where it does not add up."""

from __future__ import annotations

import copy
import datetime as dt
import itertools
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from blueops_qb.domain.profile import BooksProfile
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.providers.qbo.framing import Answer
from blueops_qb.providers.qbo.ledger import decode_ledger, encode_ledger
from blueops_qb.sdk.outcomes import Found, LedgerLine, Outcome, Refused, SignIn, Throttled, Why
from blueops_qb.sdk.provider import Exchange, Operation, Unencodable, Verb
from blueops_qb.sdk.simple_wire import outcome_from_json, outcome_to_json
from tests.ledger_reports import COLUMNS, Json, column, line, report, sale, section, total

D = Decimal


def asked(start: str = "2026-01-01", end: str = "2026-01-31", **params: str) -> Exchange:
    operation = Operation(
        id="7", verb=Verb.LEDGER, params={"start": start, "end": end, "reading": "5", **params}
    )
    return Exchange(
        id="x1",
        connection_id="c",
        company_id="77",
        operations=(operation,),
        created_at=dt.datetime(2026, 6, 1, tzinfo=dt.UTC),
    )


def heard(value: Json | str, exchange: Exchange | None = None, *, status: int = 200) -> Outcome:
    text = value if isinstance(value, str) else json.dumps(value)
    answer = Answer(status=status, headers={"intuit_tid": "tid-1"}, text=text)
    return decode_ledger(exchange or asked(), answer, BooksProfile())["7"]


def refusal(value: Json) -> str:
    outcome = heard(value)
    assert isinstance(outcome, Refused), outcome
    assert outcome.why is Why.INVALID
    assert outcome.remedy
    return outcome.message


# -- asking ------------------------------------------------------------------------------------------
def test_the_call_names_period_basis_and_columns() -> None:
    request = encode_ledger(asked(), BooksProfile(), minorversion="75")
    address = urlsplit(request.path)
    query = parse_qs(address.query)
    assert (request.method, address.path) == ("GET", "/v3/company/77/reports/GeneralLedger")
    assert query["start_date"] == ["2026-01-01"]
    assert query["end_date"] == ["2026-01-31"]
    assert query["accounting_method"] == ["Accrual"], "whatever the company prefers"
    assert {"tx_date", "txn_type", "account_name", "debt_amt", "credit_amt"} <= set(
        query["columns"][0].split(",")
    )


def test_a_company_with_several_currencies_is_asked_for_its_home_currency() -> None:
    path = encode_ledger(asked(), BooksProfile(multicurrency=True), minorversion="75").path
    columns = parse_qs(urlsplit(path).query)["columns"][0].split(",")
    assert {"debt_home_amt", "credit_home_amt"} <= set(columns)
    assert "debt_amt" not in columns


def test_a_long_period_is_asked_for_in_parts_of_six_months() -> None:
    starts, exchange = [], asked("2025-02-10", "2026-03-05")
    while True:
        query = parse_qs(urlsplit(encode_ledger(exchange, BooksProfile(), minorversion="75").path).query)
        start, end = query["start_date"][0], query["end_date"][0]
        starts.append((start, end))
        empty = report(StartPeriod=start, EndPeriod=end, Option=[{"Name": "NoReportData", "Value": "true"}])
        outcome = heard({**empty, "Rows": {}}, exchange)
        assert isinstance(outcome, Found)
        assert outcome.complete == (not outcome.then)
        if not outcome.then:
            break
        (want,) = outcome.then
        assert (want.verb, want.params["reading"]) == (Verb.LEDGER, "5")
        exchange = asked(want.params["start"], want.params["end"])
    assert starts == [
        ("2025-02-10", "2025-07-31"),
        ("2025-08-01", "2026-01-31"),
        ("2026-02-01", "2026-03-05"),
    ]


@pytest.mark.parametrize(
    "params", [{"start": "", "end": "2026-01-01"}, {"start": "2026-02-01", "end": "2026-01-01"}], ids=str
)
def test_a_period_that_is_none_is_not_sent(params: dict[str, str]) -> None:
    with pytest.raises(Unencodable, match="ledger"):
        encode_ledger(asked(**params), BooksProfile(), minorversion="75")


# -- reading -----------------------------------------------------------------------------------------
def test_lines_are_signed_and_named() -> None:
    outcome = heard(sale())
    assert isinstance(outcome, Found)
    assert outcome.reference == "tid-1"
    assert outcome.ledger[0] == LedgerLine(
        account=BooksRef(BooksKind.ACCOUNT, "84"),
        account_name="Accounts Receivable",
        date=dt.date(2026, 1, 5),
        kind=BooksKind.INVOICE,
        id="9",
        type="Invoice",
        number="1041",
        name="Hill, Ada",
        amount=D("1108.00"),
    )
    assert [(found.account.id, found.amount) for found in outcome.ledger] == [
        ("84", D("1108.00")),
        ("79", D("-1000.00")),
        ("89", D("-108.00")),
    ]


def test_the_order_of_columns_and_the_older_form_of_their_keys_do_not_matter() -> None:
    usual = heard(sale())
    turned = sale()
    turned["Columns"]["Column"].reverse()
    for part in turned["Rows"]["Row"]:
        for row in part["Rows"]["Row"]:
            row["ColData"].reverse()
        part.pop("Summary", None)
    assert heard(turned) == usual
    older = sale()
    older["Columns"]["Column"] = [{"ColTitle": "", "ColType": key} for key in COLUMNS]
    assert heard(older) == usual


def test_columns_that_are_not_needed_may_be_missing() -> None:
    poor = sale()
    gone = [COLUMNS.index(key) for key in ("doc_num", "name", "account_name", "subt_nat_amount")]
    for place in sorted(gone, reverse=True):
        del poor["Columns"]["Column"][place]
        for part in poor["Rows"]["Row"]:
            part.pop("Summary", None)
            for row in part["Rows"]["Row"]:
                del row["ColData"][place]
    outcome = heard(poor)
    assert isinstance(outcome, Found)
    assert [found.amount for found in outcome.ledger] == [D("1108.00"), D("-1000.00"), D("-108.00")]
    assert {found.number for found in outcome.ledger} == {""}


def test_sub_accounts_stand_in_their_parent_and_its_own_lines_without_a_header() -> None:
    own = {"type": "Section", "Rows": {"Row": [line("2026-01-02", "40.00", "", "40.00")]}}
    child = section("91", "Vans", line("2026-01-03", "25.00", "", "25.00"))
    # A heading that names no account: its lines say which they are on.
    named = {"value": "Fuel:Boats:Dinghy", "id": "93"}
    boats = section("", "Boats", line("2026-01-04", "5.00", "", "5.00", account_name=named))
    parent = section(
        "90", "Fuel", own, child, boats, foot=total("Total for Fuel with sub-accounts", "70.00", "", "70.00")
    )
    bank = section("35", "Checking", line("2026-01-04", "", "70.00", "-70.00"))
    outcome = heard(report(parent, bank))
    assert isinstance(outcome, Found)
    assert [(found.account.id, found.amount) for found in outcome.ledger] == [
        ("90", D(40)),
        ("91", D(25)),
        ("93", D(5)),
        ("35", D(-70)),
    ]


def test_the_balance_before_the_period_is_no_line() -> None:
    value = sale()
    opening = line("Beginning Balance", txn_type={"value": ""})
    odd = line("", "500.00", txn_type={"value": "Beginning Balance"})
    value["Rows"]["Row"][0]["Rows"]["Row"][:0] = [opening, odd]
    assert heard(value) == heard(sale())


def test_balances_are_signed_where_the_side_is_known() -> None:
    value = sale()
    value["Columns"]["Column"].append(column("rbal_nat_amount"))
    for part, shown in zip(value["Rows"]["Row"], ("1500.00", "2500.00", ""), strict=True):
        part.pop("Summary", None)
        part["Rows"]["Row"][0]["ColData"].append({"value": shown})
    outcome = heard(value)
    assert isinstance(outcome, Found)
    assert [found.balance for found in outcome.ledger] == [D("1500.00"), D("-2500.00"), None]


def test_kinds_are_in_our_words_where_there_is_one() -> None:
    words = {
        "Bill Payment (Check)": BooksKind.BILL_PAYMENT,
        "Check": BooksKind.EXPENSE,
        "Credit Card Credit": BooksKind.EXPENSE,
        "Journal Entry": BooksKind.JOURNAL,
        "Inventory Starting Value": None,
        "Sales Tax Payment": None,
    }
    rows = [line("2026-01-02", "1.00", "1.00", txn_type={"value": word, "id": "3"}) for word in words]
    outcome = heard(report(section("35", "Checking", *rows)))
    assert isinstance(outcome, Found)
    assert [(found.type, found.kind) for found in outcome.ledger] == list(words.items())


@pytest.mark.parametrize("rows", [{}, {"Row": []}], ids=["none", "no rows"])
def test_a_period_without_data_is_an_empty_ledger(rows: Json) -> None:
    value = report(Option=[{"Name": "NoReportData", "Value": "true"}]) | {"Rows": rows}
    outcome = heard(value)
    assert isinstance(outcome, Found)
    assert (outcome.ledger, outcome.complete) == ((), True)


# -- a report that was cut -----------------------------------------------------------------------------
def cut(start: str, end: str) -> Outcome:
    notice = line("Unable to display more data. Please reduce the date range.", txn_type={"value": ""})
    value = report(section("84", "A/R", notice), StartPeriod=start, EndPeriod=end)
    return heard(value, asked(start, end))


@pytest.mark.parametrize(
    ("start", "end", "parts"),
    [
        ("2026-01-01", "2026-04-30", [("2026-01-01", "2026-02-28"), ("2026-03-01", "2026-04-30")]),
        ("2026-01-01", "2026-02-03", [("2026-01-01", "2026-01-31"), ("2026-02-01", "2026-02-03")]),
        ("2026-01-10", "2026-01-20", [("2026-01-10", "2026-01-15"), ("2026-01-16", "2026-01-20")]),
        ("2026-01-10", "2026-01-11", [("2026-01-10", "2026-01-10"), ("2026-01-11", "2026-01-11")]),
    ],
)
def test_a_cut_report_is_asked_for_again_in_halves(
    start: str, end: str, parts: list[tuple[str, str]]
) -> None:
    outcome = cut(start, end)
    assert isinstance(outcome, Found)
    assert (outcome.ledger, outcome.complete) == ((), False)
    assert [(want.params["start"], want.params["end"]) for want in outcome.then] == parts


def test_the_rest_of_a_long_period_is_not_forgotten_when_its_first_part_is_cut() -> None:
    exchange = asked("2026-01-01", "2026-12-31")
    notice = line("Unable to display more data. Please reduce the date range.")
    outcome = heard(report(section("84", "A/R", notice), EndPeriod="2026-06-30"), exchange)
    assert isinstance(outcome, Found)
    spans = [(want.params["start"], want.params["end"]) for want in outcome.then]
    assert spans[0][0] == "2026-01-01"
    assert spans[-1] == ("2026-07-01", "2026-12-31")
    for (_, before), (after, _) in itertools.pairwise(spans):
        assert dt.date.fromisoformat(after) - dt.date.fromisoformat(before) == dt.timedelta(days=1)


def test_a_day_that_is_cut_is_refused() -> None:
    outcome = cut("2026-01-10", "2026-01-10")
    assert isinstance(outcome, Refused)
    assert "single day" in outcome.message


# -- what does not add up --------------------------------------------------------------------------------
def _change(value: Json, change: Any) -> Json:
    changed = copy.deepcopy(value)
    change(changed)
    return changed


def _cells(value: Json, part: int = 0) -> list[Json]:
    found: list[Json] = value["Rows"]["Row"][part]["Rows"]["Row"][0]["ColData"]
    return found


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        (lambda v: _cells(v)[5].update(value="1107.99"), "its sides come to 1107.99"),
        (lambda v: v["Rows"]["Row"].pop(), "its debits come to 1108.00, its credits to 1000.00"),
        (lambda v: v["Rows"]["Row"][0]["Summary"]["ColData"][5].update(value="1108.01"), "its total"),
        (lambda v: v["Rows"]["Row"][0]["Summary"]["ColData"][7].update(value="0.00"), "its total"),
        (lambda v: _cells(v)[0].update(value="2026-02-01"), "outside the period"),
        (lambda v: _cells(v)[0].update(value="05/01/2026"), "where its date should be"),
        (lambda v: _cells(v)[5].update(value="one thousand"), "where an amount should be"),
        (lambda v: _cells(v)[5].update(value="1.108,00"), "where an amount should be"),
        (lambda v: _cells(v)[5].update(value="1108.005"), "whole cents"),
        (lambda v: v["Header"].update(ReportBasis="Cash"), "on Cash basis"),
        (lambda v: v["Header"].update(StartPeriod="2025-12-01"), "StartPeriod is 2025-12-01"),
        (lambda v: v["Columns"]["Column"].pop(5), "lacks the columns debt_amt"),
        (lambda v: v["Rows"]["Row"][0]["Header"]["ColData"][0].pop("id"), "which account"),
        (lambda v: v.update(Rows={}), "shows no row"),
        (lambda v: v["Rows"]["Row"][0]["Rows"]["Row"][0].update(ColData=_cells(v)[:3]), "lacks its debt_amt"),
    ],
)
def test_a_report_that_contradicts_itself_is_refused_with_the_cause(change: Any, cause: str) -> None:
    assert isinstance(heard(sale()), Found), "as it is, it is taken"
    assert cause in refusal(_change(sale(), change))


def test_lines_of_an_account_that_change_their_side_are_refused() -> None:
    rows = [line("2026-01-02", "1.00", "", "1.00"), line("2026-01-03", "", "1.00", "1.00")]
    assert "change their sign" in refusal(report(section("35", "Checking", *rows)))


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("<html>502</html>", 502, Throttled),
        ("", 200, Throttled),
        ("{}", 200, Throttled),
        (
            '{"Fault": {"Error": [{"code": "3001", "Message": "ThrottleExceeded"}], "type": "SERVICE"}}',
            429,
            Throttled,
        ),
        (
            '{"fault": {"error": [{"code": "3200", "message": "dead"}], "type": "AUTHENTICATION"}}',
            401,
            SignIn,
        ),
        ('{"Fault": {"Error": [{"code": "5020", "Message": "Permission Denied"}]}}', 400, Refused),
        ('{"Fault": {"Error": [{"code": "610", "Message": "Object Not Found"}]}}', 400, Refused),
    ],
)
def test_faults_mean_what_they_mean_elsewhere(body: str, status: int, kind: type[Any]) -> None:
    assert isinstance(heard(body, status=status), kind)


def test_lines_survive_the_plain_wire_of_simple_providers() -> None:
    outcome = heard(sale())
    assert outcome_from_json(json.loads(json.dumps(outcome_to_json(outcome)))) == outcome
