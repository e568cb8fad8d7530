"""What the soak has found about lines that a bookkeeper coded: only what he coded himself is his."""

from blueops_qb.domain.documents import PurchaseLine
from blueops_qb.domain.line_merge import LineStep
from blueops_qb.domain.refs import BooksKind, BooksRef
from blueops_qb.engine.pull import _coded_lines
from tests.plumbing import D

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
