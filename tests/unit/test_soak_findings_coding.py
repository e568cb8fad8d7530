"""What the soak has found about lines that a bookkeeper coded: only what he coded himself is his."""

from collections import Counter, defaultdict
from types import SimpleNamespace
from typing import Any

from blueops_qb.domain.documents import PurchaseLine
from blueops_qb.domain.line_merge import LineStep
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.pull import _coded_lines
from blueops_qb.sandbox.reader.values import Cost, CostLine, Found
from blueops_qb.sandbox.soak.coding import as_coded, note_chosen, note_coding, recoded_over
from blueops_qb.sandbox.soak.online_costs import lines_of
from tests.plumbing import DAY, D

PARTS, TOOLS = (BooksRef(BooksKind.ACCOUNT, id) for id in ("5010", "5020"))
KITCHEN = BooksRef(BooksKind.CLASS, "K")


def _line(account: BooksRef, class_: BooksRef | None = None) -> PurchaseLine:
    return PurchaseLine(line_id="1", account=account, amount=D("10.00"), class_=class_)


def test_a_recoded_line_keeps_its_account_and_follows_ours_in_the_class_that_nobody_gave_it() -> None:
    before = _line(PARTS)
    step = LineStep(
        ours_id="1", books_id="9", base_ours=before, ours=before, base_theirs=before, theirs=_line(TOOLS)
    )
    # The line's job, which was brought in with it, has a class.
    posted = {"1": _line(PARTS, KITCHEN)}
    assert _coded_lines(["1"], [step], posted, {}) == {"1": {"account": TOOLS}}


def test_an_account_that_was_given_before_stays_when_only_the_amount_moves() -> None:
    line = _line(TOOLS)
    step = LineStep(ours_id="1", books_id="9", base_ours=line, ours=line, base_theirs=line, theirs=line)
    kept = {"1": {"account": TOOLS}}
    assert _coded_lines(["1"], [step], {"1": _line(PARTS, KITCHEN)}, kept) == kept


def test_a_class_that_the_bookkeeper_took_away_stays_away() -> None:
    before = _line(PARTS, KITCHEN)
    step = LineStep(
        ours_id="1", books_id="9", base_ours=before, ours=before, base_theirs=before, theirs=_line(PARTS)
    )
    assert _coded_lines(["1"], [step], {"1": before}, {}) == {"1": {"class_": None}}


def _world(*accounts: str) -> Any:
    """As much of a soak's world as coding looks at: bill 3 of expense 3, a line of 10.00 on each account."""
    lines = [
        {"Description": f"Bought {n}", "AccountBasedExpenseLineDetail": {"AccountRef": {"value": account}}}
        for n, account in enumerate(accounts, start=1)
    ]
    records: dict[str, dict[str, Any]] = defaultdict(dict)
    records["Account"] = {id: {"AcctNum": id} for id in ("5010", "5020", "6050")}
    records["Bill"]["3"] = {"PrivateNote": "[BO:expense:3.1]", "Line": lines}
    company: Any = SimpleNamespace(records=records)
    return SimpleNamespace(
        company=company,
        cost_lines=lambda: lines_of(company),
        witness=SimpleNamespace(coded={}, coded_before={}),
        chosen=Counter(),
    )


def _ours(*accounts: str) -> Found:
    lines = tuple(
        CostLine(description=f"Bought {n}", amount=D("10.00"), account=account, job="", class_name="")
        for n, account in enumerate(accounts, start=1)
    )
    cost = Cost(
        kind="bill",
        vendor="Copper Supply",
        date=DAY,
        number="V3",
        due=None,
        terms="",
        account="2000",
        lines=lines,
        total=D("10.00") * len(lines),
        location="",
        effect={},
        id="expense:3",
    )
    return Found(costs=(cost,))


def _accounts(found: Found) -> list[str]:
    return [line.account for line in found.costs[0].lines]


def test_where_a_person_chose_the_books_side_of_a_cost_its_lines_stay_on_the_accounts_that_they_show() -> (
    None
):
    w = _world("5020", "5010")
    assert _accounts(as_coded(w, _ours("6050", "5010"))) == ["6050", "5010"], "nobody chose that"
    note_chosen(w, "expense:4")
    assert _accounts(as_coded(w, _ours("6050", "5010"))) == ["6050", "5010"], "that was another cost"
    note_chosen(w, "expense:3")
    assert _accounts(as_coded(w, _ours("6050", "5010"))) == ["5020", "5010"]
    w.company.records["Bill"] = _world("5010", "5010").company.records["Bill"]
    assert _accounts(as_coded(w, _ours("6050", "5010"))) == ["6050", "5010"], "the books show it no more"


def test_where_a_person_chose_blueops_side_the_coding_that_was_agreed_on_before_stays() -> None:
    w = _world("5020", "5010")
    note_coding(w, "expense:3", "Bought 1", "5020", before="6050")
    note_coding(w, "expense:3", "Bought 1", "5010", before="5020")
    assert _accounts(as_coded(w, _ours("6050", "5010"))) == ["6050", "5010"], "nobody chose that"
    w.chosen["expense:3"] += 1
    assert _accounts(as_coded(w, _ours("6050", "5010"))) == ["5020", "5010"]


def test_a_bookkeeper_who_stores_the_account_that_a_line_has_gives_it_none() -> None:
    w = _world("6050")
    apart: Any = SimpleNamespace(ours=frozenset())
    note_coding(w, "expense:3", "Bought 1", "5020", before="5020")
    assert recoded_over(w, apart) == [], (
        "the office gave the line another category since, and nobody lost a thing"
    )
    note_coding(w, "expense:3", "Bought 1", "5020", before="5010")
    (fault,) = recoded_over(w, apart)
    assert "account 5020 of the bookkeeper was written over, it is 6050" in fault
