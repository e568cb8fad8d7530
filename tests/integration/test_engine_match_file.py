"""The match plan as a file: out for a spreadsheet, decisions back; a foreign or broken file changes nothing."""

import csv
import io
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueops_qb.domain.documents import CustomerRecord
from blueops_qb.domain.match_parties import Bucket, MatchRules
from blueops_qb.engine import by_hand, match_csv, matching
from blueops_qb.engine.match_rows import rows, rules_of
from tests.engine_house import EngineHouse
from tests.fake_books import FakeBooks

pytest_plugins = ["tests.engine_fixtures", "tests.fresh_books"]

Fresh = Callable[[FakeBooks], EngineHouse]


@pytest.fixture
def plan(house: EngineHouse, fresh: Fresh) -> EngineHouse:
    """Three customers: one is there, one may be, one is not; the last with a name that is a formula."""
    house.customer("Ann Lee", email="")
    house.customer("Bob Stone", email="")
    house.customer('=HYPERLINK("http://x.example","pay")', email="")
    books = FakeBooks("F2")
    for name in ("Ann Lee", "Robert Stone"):
        books.enter(CustomerRecord(name=name))
    fresh(books)
    with house.turn() as turn:
        matching.build(turn)
    return house


def exported(house: EngineHouse) -> list[list[str]]:
    with house.turn() as turn:
        text = match_csv.export(turn)
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def taken(
    house: EngineHouse, lines: list[list[str]], *, delimiter: str = ",", encoding: str = "utf-8"
) -> match_csv.Taken:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(lines)
    with house.turn() as turn:
        return match_csv.take(turn, text.getvalue().encode(encoding), actor="bookkeeper")


def decisions(house: EngineHouse) -> dict[str, tuple[str, str]]:
    with house.turn() as turn:
        return {row.name: (row.decision, row.books_id) for row in rows(turn.connection, house.id)}


def test_a_file_names_every_row_by_ids_of_its_connection_and_no_cell_is_a_formula(plan: EngineHouse) -> None:
    header, *lines = exported(plan)
    assert tuple(header) == match_csv.COLUMNS
    assert len(lines) == 3
    assert {line[0] for line in lines} == {plan.id}
    assert all(not cell.startswith(match_csv.FORMULA) for line in lines for cell in line)
    assert any(line[2].startswith("'=HYPERLINK") for line in lines)


@pytest.mark.parametrize(
    ("delimiter", "encoding"), [(",", "utf-8"), (";", "utf-8"), (",", "utf-8-sig"), (";", "utf-8-sig")]
)
def test_decisions_come_back_whatever_the_spreadsheet_made_of_the_file(
    plan: EngineHouse, delimiter: str, encoding: str
) -> None:
    header, *lines = exported(plan)
    for line in lines:
        if line[2] == "Bob Stone":
            line[5], line[6] = "link", line[8].split()[0]
        elif "HYPERLINK" in line[2]:
            line[5] = "'create"[1:]
    answer = taken(plan, [header, *lines], delimiter=delimiter, encoding=encoding)
    assert answer.decided == {"link": 1, "create": 1}
    assert answer.unchanged == 1
    found = decisions(plan)
    assert found["Bob Stone"][0] == "link"
    assert found['=HYPERLINK("http://x.example","pay")'] == ("create", "")
    assert taken(plan, exported(plan)).decided == {}


def test_two_rows_of_one_file_may_swap_their_records(plan: EngineHouse) -> None:
    header, *lines = exported(plan)
    ann, bob = (next(line for line in lines if line[2] == name) for name in ("Ann Lee", "Bob Stone"))
    ann[5:7], bob[5:7] = ["link", ann[6]], ["link", bob[8].split()[0]]
    taken(plan, [header, *lines])
    before = decisions(plan)
    header, *lines = exported(plan)
    ann, bob = (next(line for line in lines if line[2] == name) for name in ("Ann Lee", "Bob Stone"))
    ann[6], bob[6] = bob[6], ann[6]
    taken(plan, [header, ann, bob])
    after = decisions(plan)
    assert (after["Ann Lee"], after["Bob Stone"]) == (before["Bob Stone"], before["Ann Lee"])


def spoiled(house: EngineHouse, how: str) -> bytes:
    header, *lines = exported(house)
    first = next(line for line in lines if line[2] == "Ann Lee")
    second = next(line for line in lines if line[2] == "Bob Stone")
    second[5:7] = ["create", ""]
    match how:
        case "foreign":
            first[0] = "0123456789abcdef"
        case "unknown row":
            first[1] = "customer:99999"
        case "twice":
            lines.append(first)
        case "no such decision":
            first[5] = "marry"
        case "no id":
            first[5:7] = ["link", ""]
        case "no such record":
            first[5:7] = ["link", "99999"]
        case "given twice":
            second[5:7] = ["link", first[6]]
            first[5] = "link"
        case "cut":
            lines[-1] = lines[-1][:3]
        case "no header":
            header = ["a", "b"]
    text = io.StringIO()
    csv.writer(text).writerows([header, *lines])
    data = text.getvalue().encode()
    return {"latin-1": data + b"\xe9", "zip": b"PK\x03\x04\x00", "empty": b""}.get(how, data)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("foreign", "row [234]: it belongs to another connection"),
        ("unknown row", "row [234]: customer:99999 is not in this plan"),
        ("twice", "row 5: customer:\\d+ stands in row [234] already"),
        ("no such decision", "“marry” is none of link, create, skip, wait"),
        ("no id", "link needs the id"),
        ("no such record", "there is no customer 99999 in the books"),
        ("given twice", "is matched with"),
        ("cut", "too few"),
        ("no header", "names no column connection, row"),
        ("latin-1", "is not UTF-8"),
        ("zip", "zero bytes"),
        ("empty", "names no column"),
    ],
)
def test_a_file_with_a_mistake_is_refused_by_row_and_changes_nothing(
    plan: EngineHouse, how: str, said: str
) -> None:
    before = decisions(plan)
    data = spoiled(plan, how)
    with pytest.raises(match_csv.CannotImport, match=said), plan.turn() as turn:
        match_csv.take(turn, data, actor="bookkeeper")
    assert decisions(plan) == before
    # Within a page the sentence is shown, and the turn ends well: nothing was changed all the same.
    with plan.turn() as turn, pytest.raises(match_csv.CannotImport):
        match_csv.take(turn, data, actor="bookkeeper")
    assert decisions(plan) == before


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\tx",
        "'x",
        "'=x",
        "plain",
        "",
        "O'Brien",
        "Smith;=A1",
        "a\t\t'b",
        ";;=",
        "'\t=x",
        "a;'b",
    ],
)
def test_a_cell_comes_back_as_it_went(cell: str) -> None:
    out = match_csv.neutral(cell)
    assert not out.startswith(match_csv.FORMULA)
    assert match_csv.plain(out) == cell


@given(st.text(alphabet=";\t'=+-@\r\nab", max_size=9))
def test_whatever_a_cell_holds_it_comes_back_and_none_of_its_parts_is_computed(cell: str) -> None:
    out = match_csv.neutral(cell)
    assert not any(part[:1] in ("=", "+", "-", "@") for part in re.split("[;\t]", out))
    assert match_csv.plain(out) == cell


def test_what_somebody_decided_since_the_export_is_not_overwritten(plan: EngineHouse) -> None:
    header, *lines = exported(plan)
    bob = next(line for line in lines if line[2] == "Bob Stone")
    with plan.turn() as turn:
        by_hand.match(turn, bob[1], "skip", actor="the other bookkeeper")
    untouched = taken(plan, [header, *lines])
    assert (untouched.decided, decisions(plan)["Bob Stone"]) == ({}, ("skip", ""))
    bob[5:7] = ["create", ""]
    with pytest.raises(match_csv.CannotImport, match=r"decided “skip” by the other bookkeeper after"):
        taken(plan, [header, *lines])
    assert decisions(plan)["Bob Stone"] == ("skip", "")


def test_whole_buckets_are_accepted_or_decided_alike(plan: EngineHouse) -> None:
    with plan.turn() as turn:
        assert matching.accept(turn, [Bucket.EXACT], actor="admin") == 1
        assert matching.settle_open(turn, [Bucket.WEAK], "skip", actor="admin") == 1
        assert matching.undecided(turn.connection, plan.id) == 0
        with pytest.raises(ValueError, match="a link names one record"):
            matching.settle_open(turn, [Bucket.WEAK], "link", actor="admin")
    assert decisions(plan)["Bob Stone"] == ("skip", "")


def test_rules_are_kept_with_the_connection_and_make_the_next_plan(plan: EngineHouse) -> None:
    wanted = MatchRules(require=frozenset({"email"}), ignore=frozenset({"phone"}), create=False)
    with plan.turn() as turn:
        matching.set_rules(turn, wanted, actor="admin")
    with plan.turn() as turn:
        assert rules_of(turn.row) == wanted
        matching.build(turn)
    assert {decision for decision, _ in decisions(plan).values()} == {"open"}
